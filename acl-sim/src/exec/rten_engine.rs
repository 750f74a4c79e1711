//! The default engine: rten, pure Rust.
//!
//! rten's own thread pool counts physical cores and was measured to leave cores idle in virtual machines, so one pool
//! over *all* cores is made here and handed to every run; `ACL_SIM_THREADS` overrides the number.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use rten::{Dimension, Model, ModelOptions, RunOptions, ThreadPool, Value, ValueOrView, ValueView};
use rten_tensor::prelude::*;

use super::engine::{Elements, Engine, EngineError, Tensor};

/// Name by which a graph refers to weights outside it; rten wants the ending `.data`.
pub(crate) const WEIGHTS_FILE: &str = "weights.data";

/// A graph loaded by rten.
pub(crate) struct RtenEngine {
    model: Model,
}

impl std::fmt::Debug for RtenEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RtenEngine")
            .field("inputs", &self.inputs())
            .field("outputs", &self.outputs())
            .finish_non_exhaustive()
    }
}

impl RtenEngine {
    /// Loads ONNX bytes; constants stored outside it are slices of `weights`, which is kept and not copied.
    pub(crate) fn load(onnx: Vec<u8>, weights: Vec<u8>) -> Result<Self, EngineError> {
        let mut options = ModelOptions::with_all_ops();
        options.external_data(WEIGHTS_FILE, weights);
        let model = guarded(move || options.load(onnx).map_err(describe))?;
        Ok(Self { model })
    }
}

/// Turns a panic of the engine into an error: graphs come from strangers' files, and nothing may unwind into a C
/// program. The engine's state is not used again after a failed load, and a run leaves none behind.
fn guarded<T>(work: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(EngineError(format!("the engine panicked ({text})")))
    })
}

/// The threads of an engine: those that `ACL_SIM_THREADS` wants, or one per core.
pub(crate) fn threads() -> usize {
    let wanted = std::env::var("ACL_SIM_THREADS").ok();
    wanted
        .and_then(|v| v.parse::<usize>().ok())
        .filter(|&n| (1..=1024).contains(&n))
        .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(1)
}

/// One pool for all models: they share the same cores.
fn pool() -> Arc<ThreadPool> {
    static POOL: OnceLock<Arc<ThreadPool>> = OnceLock::new();
    Arc::clone(POOL.get_or_init(|| Arc::new(ThreadPool::with_num_threads(threads()))))
}

impl Engine for RtenEngine {
    fn inputs(&self) -> usize {
        self.model.input_ids().len()
    }

    fn outputs(&self) -> usize {
        self.model.output_ids().len()
    }

    fn value_dims(&self, name: &str) -> Option<Vec<i64>> {
        let shape = self.model.node_info(self.model.find_node(name)?)?.shape()?;
        let known = |d: &Dimension| match d {
            Dimension::Fixed(n) => i64::try_from(*n).unwrap_or(-1),
            Dimension::Symbolic(_) => -1,
        };
        Some(shape.iter().map(known).collect())
    }

    fn run(&self, inputs: &[Tensor<'_>]) -> Result<Vec<Tensor<'static>>, EngineError> {
        let mut values: Vec<(rten::NodeId, ValueOrView<'_>)> = Vec::new();
        for (&id, tensor) in self.model.input_ids().iter().zip(inputs) {
            values.push((id, view(tensor)?.into()));
        }
        let options = RunOptions::default().with_thread_pool(Some(pool()));
        let outputs = self.model.output_ids();
        let run = || {
            self.model
                .run(values, outputs, Some(options))
                .map_err(describe)
        };
        let results = guarded(run)?;
        results.into_iter().map(owned).collect()
    }
}

fn view<'a>(tensor: &'a Tensor<'_>) -> Result<ValueView<'a>, EngineError> {
    let dims = tensor.dims.as_slice();
    match &tensor.elements {
        Elements::F32(v) => ValueView::from_shape(dims, v.as_ref()).map_err(describe),
        Elements::I32(v) => ValueView::from_shape(dims, v.as_ref()).map_err(describe),
        Elements::I8(v) => ValueView::from_shape(dims, v.as_ref()).map_err(describe),
        Elements::U8(v) => ValueView::from_shape(dims, v.as_ref()).map_err(describe),
    }
}

fn describe(error: impl std::fmt::Display) -> EngineError {
    EngineError(error.to_string())
}

fn owned(value: Value) -> Result<Tensor<'static>, EngineError> {
    let dims = value.shape().to_vec();
    let elements = match value {
        Value::FloatTensor(t) => Elements::F32(Cow::Owned(t.into_data())),
        Value::Int32Tensor(t) => Elements::I32(Cow::Owned(t.into_data())),
        Value::Int8Tensor(t) => Elements::I8(Cow::Owned(t.into_data())),
        Value::UInt8Tensor(t) => Elements::U8(Cow::Owned(t.into_data())),
        _ => {
            return Err(EngineError(
                "an output is not a tensor, which a device model cannot have".into(),
            ));
        }
    };
    Ok(Tensor { dims, elements })
}
