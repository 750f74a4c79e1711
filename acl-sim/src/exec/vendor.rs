//! Models of the vendor's converter: run by the ONNX they were made from, or by their description.
//!
//! An ONNX beside the `.om`, or in the folder that `ACL_SIM_ONNX_DIR` names, is taken when [`ascend_om::matching`] finds the
//! same filters, inputs and outputs in both. Without one the description itself is worked out ([`super::unfused`]),
//! which refuses the operators that it does not say enough of.

use std::path::{Path, PathBuf};

use ascend_om::describe::{Description, TensorInfo};
use ascend_om::matching::{Comparison, compare};
use ascend_om::model_def::ModelDef;
use ascend_om::onnx::ModelProto;

use super::choice::EngineKind;
use super::engine::Engine;
use super::half_graph;
use super::unfused::{Assumptions, Plan};

/// What a vendor's model may be run with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VendorOptions {
    /// ONNX files that it may have been made from; the first that exists is compared with it.
    pub sources: Vec<PathBuf>,
    /// Folders in which `NAME.onnx` is looked for, NAME being the model's own.
    pub folders: Vec<PathBuf>,
    /// What fused operators are assumed to do, with commas between; see the simulator's documentation.
    pub assume: String,
    /// The seed of operators that draw numbers.
    pub seed: u64,
}

impl VendorOptions {
    /// Reads `ACL_SIM_ONNX_DIR`, `ACL_SIM_ASSUME` and `ACL_SIM_SEED`; `path` is where the model came from, if from a file.
    ///
    /// # Errors
    /// A text when a variable holds something else than it should.
    pub fn from_environment(path: Option<&Path>) -> Result<Self, String> {
        let folder = std::env::var_os("ACL_SIM_ONNX_DIR").filter(|folder| !folder.is_empty());
        let folders: Vec<PathBuf> = folder.map(PathBuf::from).into_iter().collect();
        let mut sources = Vec::new();
        if let Some(path) = path {
            sources.push(path.with_extension("onnx"));
            if let Some(stem) = path.file_stem() {
                let file = Path::new(stem).with_added_extension("onnx");
                sources.extend(folders.iter().map(|folder| folder.join(&file)));
            }
        }
        let seed = match std::env::var("ACL_SIM_SEED") {
            Ok(text) if !text.is_empty() => text
                .parse()
                .map_err(|_| format!("ACL_SIM_SEED is {text:?}, wanted a number from 0 on"))?,
            _ => 0,
        };
        Ok(Self {
            sources,
            folders,
            assume: std::env::var("ACL_SIM_ASSUME").unwrap_or_default(),
            seed,
        })
    }

    /// Finds the ONNX to compare with.
    fn source(&self, name: &str) -> Option<PathBuf> {
        // A name comes from the file, and may not lead out of the folder.
        let plain = !name.is_empty() && !name.contains(['/', '\\', '\0']) && !name.starts_with('.');
        let by_name = |folder: &PathBuf| folder.join(format!("{name}.onnx"));
        let named = self.folders.iter().map(by_name).filter(|_| plain);
        self.sources
            .iter()
            .cloned()
            .chain(named)
            .find(|path| path.is_file())
    }
}

/// Makes an engine for a vendor's model; the error says why there is none.
pub(super) fn engine(
    model: &ModelDef,
    weights: &[u8],
    description: &Description,
    options: &VendorOptions,
    kind: EngineKind,
) -> Result<Box<dyn Engine>, String> {
    if let Some(path) = options.source(&description.name) {
        let wrong = |detail: String| format!("its ONNX {}: {detail}", path.display());
        let bytes = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
        let onnx = ModelProto::read(bytes.into()).map_err(|error| wrong(error.to_string()))?;
        let found = compare(model, weights, &onnx).map_err(|error| wrong(error.to_string()))?;
        if !found.same() {
            return Err(wrong(difference(&found)));
        }
        let onnx = half_graph::rounded(onnx, &names(&description.inputs)).map_err(wrong)?;
        return kind.load(onnx, Vec::new()).map_err(|error| wrong(error.0));
    }
    let assumed = Assumptions::parse(&options.assume)?;
    let plan = Plan::new(
        model,
        weights,
        &description.soc_version,
        &assumed,
        options.seed,
    )?;
    Ok(Box::new(plan))
}

/// The inputs that carry data, in index order.
fn names(inputs: &[TensorInfo]) -> Vec<String> {
    let hidden = |name: &str| {
        name == ascend_om::describe::GEAR_INPUT || name.starts_with(super::aipp_plan::INPUT)
    };
    let data = inputs.iter().filter(|input| !hidden(&input.name));
    data.map(|input| input.name.clone()).collect()
}

fn difference(found: &Comparison) -> String {
    let mut parts = found.interface.clone();
    parts.extend(found.unread.iter().cloned());
    let missing = found.missing.len();
    if missing > 0 {
        parts.push(format!(
            "{missing} of the {} filters are not in it, the first is {} {:?}",
            found.filters, found.missing[0].name, found.missing[0].dims
        ));
    }
    if let Some(first) = found.surplus.first() {
        parts.push(format!(
            "{} filters of the ONNX are not in the model, the first is {} {:?}",
            found.surplus.len(),
            first.name,
            first.dims
        ));
    }
    if found.filters == 0 {
        parts.push("the model has no filter to compare".into());
    }
    format!("not shown to be the same network ({})", parts.join("; "))
}
