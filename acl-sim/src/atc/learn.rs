//! Learning shapes by running.
//!
//! The graph is run once with zeros for every gear. That tells the outputs' shapes without a second implementation of
//! shape inference, and it proves that every operator runs on these shapes, so that a model which converts also
//! executes. Shapes of intermediate values, for the description only, are what the engine inferred on loading.

use std::borrow::Cow;

use ascend_om::dtype;

use super::AtcError;
use super::shapes::Shapes;
use super::skeleton::Skeleton;
use crate::exec::engine::{Elements, Engine, EngineError, Tensor};
use crate::exec::rten_engine::RtenEngine;

/// What running told.
pub(crate) struct Learned {
    /// The graph as it is stored: dynamic positions open.
    pub(crate) graph: Vec<u8>,
    /// Dims of every output by gear.
    pub(crate) outputs: Vec<Vec<Vec<i64>>>,
    /// acl element types that the engine gives for the outputs.
    pub(crate) output_types: Vec<i32>,
    /// The engine with the largest gear's shapes, to ask for intermediate values.
    engine: RtenEngine,
}

impl Learned {
    /// Loads and runs.
    pub(crate) fn from(skeleton: &Skeleton, shapes: &Shapes) -> Result<Self, AtcError> {
        let refused = |e: EngineError| AtcError::Graph { detail: e.0 };
        let fixed = skeleton.onnx(shapes, Some(shapes.largest));
        let engine = RtenEngine::load(fixed, skeleton.weights()).map_err(refused)?;
        let graph = skeleton.onnx(shapes, None);
        let open = if shapes.is_open() {
            Some(RtenEngine::load(graph.clone(), skeleton.weights()).map_err(refused)?)
        } else {
            None
        };
        let runner = open.as_ref().unwrap_or(&engine);
        let mut outputs = Vec::new();
        let mut output_types = Vec::new();
        for dims in &shapes.by_gear {
            let inputs: Vec<Tensor<'_>> = shapes
                .inputs
                .iter()
                .zip(dims)
                .map(|(i, d)| zeros(i.dtype, d))
                .collect();
            let results = runner.run(&inputs).map_err(|e| AtcError::Run {
                shapes: shapes
                    .inputs
                    .iter()
                    .zip(dims)
                    .map(|(i, d)| format!("{} {d:?}", i.name))
                    .collect::<Vec<_>>()
                    .join(", "),
                detail: e.0,
            })?;
            output_types = results.iter().map(|t| acl_type(&t.elements)).collect();
            let to_i64 = |d: &usize| i64::try_from(*d).unwrap_or(i64::MAX);
            outputs.push(
                results
                    .iter()
                    .map(|t| t.dims.iter().map(to_i64).collect())
                    .collect(),
            );
        }
        Ok(Self {
            graph,
            outputs,
            output_types,
            engine,
        })
    }

    /// Gets the dims of a value in the largest gear; `None` where the engine could not tell.
    pub(crate) fn value_dims(&self, name: &str) -> Option<Vec<i64>> {
        self.engine.value_dims(name)
    }
}

fn zeros(acl: i32, dims: &[i64]) -> Tensor<'static> {
    let dims: Vec<usize> = dims
        .iter()
        .map(|&d| usize::try_from(d).unwrap_or(0))
        .collect();
    let n = dims.iter().product();
    let elements = match acl {
        dtype::ACL_FLOAT | dtype::ACL_FLOAT16 | dtype::ACL_DOUBLE => {
            Elements::F32(Cow::Owned(vec![0.0; n]))
        }
        dtype::ACL_INT8 => Elements::I8(Cow::Owned(vec![0; n])),
        dtype::ACL_UINT8 => Elements::U8(Cow::Owned(vec![0; n])),
        _ => Elements::I32(Cow::Owned(vec![0; n])),
    };
    Tensor { dims, elements }
}

fn acl_type(elements: &Elements<'_>) -> i32 {
    match elements {
        Elements::F32(_) => dtype::ACL_FLOAT,
        Elements::I32(_) => dtype::ACL_INT32,
        Elements::I8(_) => dtype::ACL_INT8,
        Elements::U8(_) => dtype::ACL_UINT8,
    }
}
