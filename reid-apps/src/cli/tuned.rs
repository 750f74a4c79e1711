//! What `reid bench --autotune` found: written once, taken by `--profile`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::exit::Failure;
use super::runner_args::RunnerArgs;
use crate::runner::infer::RunInfo;

/// The model and the number of slots with the best rate.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Tuned {
    /// The model with the best rate.
    pub(super) model: PathBuf,
    pub(super) sha256: String,
    pub(super) batch: usize,
    pub(super) slots: usize,
    /// The gear, of a model with dynamic batch.
    pub(super) dym_batch: Option<u64>,
    /// Samples per second of wall-clock time.
    pub(super) samples_per_second: f64,
    pub(super) device: String,
    pub(super) simulated: bool,
    #[serde(default)]
    pub(super) tried: Vec<Tried>,
}

/// One setting that was tried.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Tried {
    pub(super) model: PathBuf,
    pub(super) batch: usize,
    pub(super) slots: usize,
    pub(super) samples_per_second: f64,
    pub(super) execute_median_ms: f64,
}

/// A run's model, and the profile that chose it.
pub(super) struct Choice {
    pub(super) model: PathBuf,
    tuned: Option<(PathBuf, Tuned)>,
}

impl RunnerArgs {
    /// Takes from `--profile` what no option says: the model, the slots, the gear.
    pub(super) fn choose(&mut self, model: Option<&Path>) -> Result<Choice, Failure> {
        let Some(path) = self.profile.clone() else {
            let model = model.ok_or_else(|| {
                Failure::Usage("no model is named; name one by --model or --profile".to_owned())
            })?;
            return Ok(Choice {
                model: model.to_owned(),
                tuned: None,
            });
        };
        let tuned = Tuned::read(&path)?;
        // A path in a profile that was moved with its models counts from the profile.
        let beside = path.parent().unwrap_or(Path::new("")).join(&tuned.model);
        let model = model.map_or(beside, Path::to_owned);
        if !model.exists() {
            return Err(Failure::environment(format!(
                "{}: the model {} is not there; name it by --model, or tune again by reid bench \
                 --autotune",
                path.display(),
                model.display()
            )));
        }
        if self.slots.is_none() {
            self.slots = u8::try_from(tuned.slots).ok();
        }
        if !self.has_shape() {
            self.dym_batch = tuned.dym_batch;
        }
        Ok(Choice {
            model,
            tuned: Some((path, tuned)),
        })
    }
}

impl Choice {
    /// Holds what was opened against the profile.
    pub(super) fn check(&self, info: &RunInfo) -> Result<(), Failure> {
        let Some((path, tuned)) = &self.tuned else {
            return Ok(());
        };
        if tuned.sha256 != info.sha256 {
            return Err(Failure::Usage(format!(
                "{} is a profile of another model: {} has the SHA-256 {}, the profile wants {}; \
                 tune again by reid bench --autotune",
                path.display(),
                self.model.display(),
                info.sha256,
                tuned.sha256
            )));
        }
        if tuned.device != info.device() {
            log::warn!(
                "{} was tuned on {}, this is {}: another number of slots may be faster here",
                path.display(),
                tuned.device,
                info.device()
            );
        }
        Ok(())
    }
}

impl Tuned {
    /// Reads a profile.
    fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
        let misfit = |what: &str| {
            Failure::Usage(format!(
                "{}: {what}; wanted a profile that reid bench --autotune wrote",
                path.display()
            ))
        };
        let tuned: Self =
            toml::from_str(&text).map_err(|error| misfit(error.to_string().trim_end()))?;
        if !(1..=16).contains(&tuned.slots) {
            let slots = tuned.slots;
            return Err(misfit(&format!("slots is {slots}, possible are 1 to 16")));
        }
        Ok(tuned)
    }

    /// Spells TOML; strings are spelled as JSON spells them, which TOML's basic strings take.
    pub(super) fn to_toml(&self) -> String {
        use std::fmt::Write as _;
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let path = |path: &Path| quoted(&path.to_string_lossy());
        let gear = self
            .dym_batch
            .map_or_else(String::new, |gear| format!("dym_batch = {gear}\n"));
        let mut out = format!(
            "# Written by reid bench --autotune.\nmodel = {}\nsha256 = {}\nbatch = {}\nslots = {}\n\
             {gear}samples_per_second = {:.3}\ndevice = {}\nsimulated = {}\n",
            path(&self.model),
            quoted(&self.sha256),
            self.batch,
            self.slots,
            self.samples_per_second,
            quoted(&self.device),
            self.simulated
        );
        for one in &self.tried {
            let _ = write!(
                out,
                "\n[[tried]]\nmodel = {}\nbatch = {}\nslots = {}\nsamples_per_second = {:.3}\n\
                 execute_median_ms = {:.4}\n",
                path(&one.model),
                one.batch,
                one.slots,
                one.samples_per_second,
                one.execute_median_ms
            );
        }
        out
    }
}
