//! Whether a model will load on a chip, said before it is copied there.

use serde::Serialize;

use super::Summary;

/// A chip, as far as loading depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Target {
    /// Name, as `aclrtGetSocName` tells it, for example `Ascend310P3`; empty when unknown.
    pub soc: String,
    /// Free device memory in bytes, where known.
    pub memory: Option<u64>,
    /// Release of CANN, as major and minor, where known.
    pub cann: Option<(u32, u32)>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// All is well.
    Good,
    /// It may go wrong, or could not be checked.
    Doubt,
    /// It will not load.
    Blocks,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was checked.
    pub what: &'static str,
    /// How bad it is.
    pub weight: Weight,
    /// What was found, and what to do.
    pub text: String,
}

/// Checks a model against a chip.
///
/// Chips of one generation differ in their last letters and digits (`Ascend310P1`, `Ascend310P3`); the vendor's runtime
/// takes a model only for the same chip, or for one of the same generation with fewer cores: the latter is a doubt here.
#[must_use]
pub fn check(summary: &Summary, target: &Target) -> Vec<Finding> {
    vec![
        kind(summary),
        chip(summary, target),
        release(summary, target),
        memory(summary, target),
    ]
}

/// The generation of a chip: its name without what comes after the last letter that a digit follows.
fn generation(soc: &str) -> &str {
    soc.trim_end_matches(|c: char| c.is_ascii_digit())
}

fn kind(summary: &Summary) -> Finding {
    let loadable = summary.kind == "model for Ascend chips" && summary.partitions.len() > 1;
    let (weight, text) = if summary.kind != "model for Ascend chips" {
        (
            Weight::Blocks,
            format!(
                "it is a {}: convert the network with atc for an Ascend chip",
                summary.kind
            ),
        )
    } else if loadable {
        (Weight::Good, "a compiled model".to_owned())
    } else {
        let text = "it holds a graph and no programs (one partition): compile it with atc";
        (Weight::Blocks, text.to_owned())
    };
    Finding {
        what: "kind",
        weight,
        text,
    }
}

fn chip(summary: &Summary, target: &Target) -> Finding {
    let made = &summary.soc_version;
    let (weight, text) = match (made.as_str(), target.soc.as_str()) {
        ("", _) => (
            Weight::Doubt,
            "the file does not say for which chip it was made (converters up to CANN 3.x)".into(),
        ),
        (made, "") => (
            Weight::Doubt,
            format!("made for {made}; the chip is unknown: name it by --soc or --backend"),
        ),
        (made, soc) if made == soc => (Weight::Good, format!("made for {made}")),
        (made, soc) if generation(made) == generation(soc) => (
            Weight::Doubt,
            format!(
                "made for {made}, the chip is {soc}, of the same generation: it may be refused; convert with --soc_version={soc}"
            ),
        ),
        (made, soc) => (
            Weight::Blocks,
            format!("made for {made}, the chip is {soc}: convert with --soc_version={soc}"),
        ),
    };
    Finding {
        what: "chip",
        weight,
        text,
    }
}

fn release(summary: &Summary, target: &Target) -> Finding {
    let wide = summary
        .partitions
        .iter()
        .any(|p| p.kind.contains("MODEL_INOUT_INFO"));
    let made = summary.cann.map_or_else(
        || {
            if summary.atc_version.is_empty() {
                "a release that the file does not name".to_owned()
            } else {
                format!("converter {}", summary.atc_version)
            }
        },
        |cann| format!("CANN {cann}"),
    );
    let number = |text: &str| -> Option<(u32, u32)> {
        let mut parts = text.split([' ', '.']).map_while(|p| p.parse().ok());
        Some((parts.next()?, parts.next().unwrap_or(0)))
    };
    let known = summary.cann.and_then(number).or(wide.then_some((8, 0)));
    let (weight, text) = match (known, target.cann) {
        (_, None) => (
            Weight::Doubt,
            format!("made by {made}; the release on the machine is unknown"),
        ),
        (None, Some((major, minor))) => (
            Weight::Doubt,
            format!("made by {made}; the machine has CANN {major}.{minor}"),
        ),
        (Some(made_by), Some(here)) if made_by <= here => (
            Weight::Good,
            format!("made by {made}; the machine has CANN {}.{}", here.0, here.1),
        ),
        (Some(_), Some((major, minor))) => {
            let text = format!(
                "made by {made}, and the machine has CANN {major}.{minor}: older releases need not know newer files; \
                 convert with the machine's atc"
            );
            let weight = if wide && major < 8 {
                Weight::Blocks
            } else {
                Weight::Doubt
            };
            (weight, text)
        }
    };
    Finding {
        what: "release",
        weight,
        text,
    }
}

fn memory(summary: &Summary, target: &Target) -> Finding {
    let tensors = summary.inputs.iter().chain(&summary.outputs);
    let io: u64 = tensors.map(|t| t.bytes).sum();
    let wanted = summary.work_bytes + summary.weight_bytes + io;
    let text = format!(
        "work {}, weights {}, inputs and outputs {}",
        super::print::size(summary.work_bytes),
        super::print::size(summary.weight_bytes),
        super::print::size(io)
    );
    let (weight, text) = match target.memory {
        None => (
            Weight::Doubt,
            format!("{text}; the memory of the chip is unknown: name it by --memory or --backend"),
        ),
        Some(free) if wanted <= free => (
            Weight::Good,
            format!("{text} of {}", super::print::size(free)),
        ),
        Some(free) => (
            Weight::Blocks,
            format!(
                "{text} of {}: convert for a smaller batch",
                super::print::size(free)
            ),
        ),
    };
    Finding {
        what: "memory",
        weight,
        text,
    }
}
