//! onnxruntime as the engine, opened at run time: `ACL_SIM_ENGINE=onnxruntime`, with the library's
//! path in `ORT_DYLIB_PATH`.
//!
//! It is faster than the default engine and is neither built nor shipped with the simulator. The
//! graph lies in a temporary folder, because onnxruntime maps weights from files and so keeps them
//! in memory once.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, TensorElementType, TensorRef};

use super::engine::{Elements, Engine, EngineError, Tensor};
use super::rten_engine::WEIGHTS_FILE;

/// A graph loaded by onnxruntime.
pub(crate) struct OrtEngine {
    /// Runs take turns: a session's run wants it alone, and one run uses all cores.
    session: Mutex<Session>,
    inputs: usize,
    outputs: usize,
    /// Holds the weights that the session maps.
    _folder: tempfile::TempDir,
}

impl std::fmt::Debug for OrtEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrtEngine")
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}

fn describe(error: impl std::fmt::Display) -> EngineError {
    EngineError(format!("onnxruntime: {error}"))
}

/// Opens the library, once a process.
fn environment() -> Result<&'static Environment, EngineError> {
    static LIBRARY: OnceLock<Result<Environment, EngineError>> = OnceLock::new();
    let open = || {
        let path = std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty());
        let path = path.map(PathBuf::from).ok_or_else(|| {
            EngineError(
                "ACL_SIM_ENGINE is onnxruntime: name its library in ORT_DYLIB_PATH".to_owned(),
            )
        })?;
        let named = |error: &dyn std::fmt::Display| {
            EngineError(format!("ORT_DYLIB_PATH is {}: {error}", path.display()))
        };
        let builder = ort::init_from(&path).map_err(|error| named(&error))?;
        builder.build().map_err(|error| named(&error))
    };
    LIBRARY.get_or_init(open).as_ref().map_err(Clone::clone)
}

impl OrtEngine {
    /// Loads ONNX bytes and the weights that lie outside of them.
    pub(crate) fn load(onnx: &[u8], weights: &[u8], threads: usize) -> Result<Self, EngineError> {
        let environment = environment()?;
        let folder = tempfile::tempdir().map_err(describe)?;
        let path = folder.path().join("model.onnx");
        std::fs::write(&path, onnx).map_err(describe)?;
        std::fs::write(folder.path().join(WEIGHTS_FILE), weights).map_err(describe)?;
        let mut builder = Session::builder(environment)
            .map_err(describe)?
            .with_intra_threads(threads)
            .map_err(describe)?;
        let session = builder.commit_from_file(&path).map_err(describe)?;
        Ok(Self {
            inputs: session.inputs().len(),
            outputs: session.outputs().len(),
            session: Mutex::new(session),
            _folder: folder,
        })
    }
}

impl Engine for OrtEngine {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn value_dims(&self, _: &str) -> Option<Vec<i64>> {
        None
    }

    fn run(&self, inputs: &[Tensor<'_>]) -> Result<Vec<Tensor<'static>>, EngineError> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let wide: Vec<bool> = session
            .inputs()
            .iter()
            .map(|input| input.dtype().tensor_type() == Some(TensorElementType::Int64))
            .collect();
        let values = inputs
            .iter()
            .zip(wide)
            .map(|(tensor, wide)| value(tensor, wide))
            .collect::<Result<Vec<_>, _>>()?;
        let outputs = session.run(values.as_slice()).map_err(describe)?;
        outputs.values().map(|value| owned(&value)).collect()
    }
}

fn value<'a>(tensor: &'a Tensor<'_>, wide: bool) -> Result<SessionInputValue<'a>, EngineError> {
    let dims = tensor.dims.as_slice();
    macro_rules! borrowed {
        ($elements:expr) => {
            TensorRef::from_array_view((dims, $elements.as_ref()))
                .map(SessionInputValue::from)
                .map_err(describe)
        };
    }
    match &tensor.elements {
        Elements::F32(v) => borrowed!(v),
        Elements::I8(v) => borrowed!(v),
        Elements::U8(v) => borrowed!(v),
        // The narrow form stands for the wide one too.
        Elements::I32(v) if wide => {
            let v: Vec<i64> = v.iter().map(|v| i64::from(*v)).collect();
            let tensor = ort::value::Tensor::from_array((dims.to_vec(), v)).map_err(describe)?;
            Ok(SessionInputValue::from(tensor))
        }
        Elements::I32(v) => borrowed!(v),
    }
}

fn owned(value: &DynValue) -> Result<Tensor<'static>, EngineError> {
    macro_rules! copied {
        ($variant:ident, $type:ty, $convert:expr) => {{
            let (shape, data) = value.try_extract_tensor::<$type>().map_err(describe)?;
            let dims = shape
                .iter()
                .map(|dim| usize::try_from(*dim).unwrap_or(0))
                .collect();
            let elements = data
                .iter()
                .map($convert)
                .collect::<Result<Vec<_>, EngineError>>()?;
            Ok(Tensor {
                dims,
                elements: Elements::$variant(Cow::Owned(elements)),
            })
        }};
    }
    match value.dtype().tensor_type() {
        Some(TensorElementType::Float32) => copied!(F32, f32, |v| Ok(*v)),
        Some(TensorElementType::Int32) => copied!(I32, i32, |v| Ok(*v)),
        Some(TensorElementType::Int64) => {
            copied!(I32, i64, |v| i32::try_from(*v).map_err(describe))
        }
        Some(TensorElementType::Bool) => copied!(I32, bool, |v| Ok(i32::from(*v))),
        Some(TensorElementType::Int8) => copied!(I8, i8, |v| Ok(*v)),
        Some(TensorElementType::Uint8) => copied!(U8, u8, |v| Ok(*v)),
        other => Err(EngineError(format!(
            "onnxruntime: an output has the type {other:?}, which no engine gives here"
        ))),
    }
}
