//! Which engine runs the graphs.

use super::engine::{Engine, EngineError};
use super::rten_engine::RtenEngine;

/// The engines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EngineKind {
    /// rten: pure Rust, always there.
    #[default]
    Rten,
    /// An onnxruntime that is opened at run time (`ORT_DYLIB_PATH`); needs the feature
    /// `onnxruntime`.
    OnnxRuntime,
}

impl EngineKind {
    /// Returns the engine that `ACL_SIM_ENGINE` names (`rten` or `onnxruntime`), or the default.
    ///
    /// # Errors
    /// [`EngineError`] for another name.
    pub fn from_environment() -> Result<Self, EngineError> {
        match std::env::var("ACL_SIM_ENGINE").as_deref() {
            Err(_) | Ok("" | "rten") => Ok(Self::Rten),
            Ok("onnxruntime") => Ok(Self::OnnxRuntime),
            Ok(other) => Err(EngineError(format!(
                "ACL_SIM_ENGINE is {other:?}, wanted rten or onnxruntime"
            ))),
        }
    }

    /// Loads a graph and the weights that lie outside of it.
    pub(crate) fn load(
        self,
        onnx: Vec<u8>,
        weights: Vec<u8>,
    ) -> Result<Box<dyn Engine>, EngineError> {
        match self {
            Self::Rten => Ok(Box::new(RtenEngine::load(onnx, weights)?)),
            #[cfg(feature = "onnxruntime")]
            Self::OnnxRuntime => Ok(Box::new(super::ort_engine::OrtEngine::load(
                &onnx,
                &weights,
                super::rten_engine::threads(),
            )?)),
            #[cfg(not(feature = "onnxruntime"))]
            Self::OnnxRuntime => Err(EngineError(
                "this simulator was built without the feature onnxruntime".to_owned(),
            )),
        }
    }
}
