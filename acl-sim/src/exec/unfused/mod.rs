//! Running a vendor's `.om` from its description, where the description says enough.
//!
//! A real file keeps the graph, the shapes and the weights, but where the converter fused operators it dropped their
//! attributes: strides, paddings, dilations, transpositions. What a fused operator does is then only in its machine
//! code. So each operator is planned when the model is loaded ([`Plan`]): from its attributes, or from its shapes where
//! those leave one solution, or from an [`Assumption`] that the user stated. Anything else is refused, all operators in
//! one list, each with the reason and the assumption that would settle it. No number is guessed silently.
//!
//! Which operators a fused one stands for is in the name of its kernel (`te_fused_op_mat_mul_add_…`).
//!
//! Tensors are logical: the device's layouts ([`view`]) matter only for the order of axes. Every result of half
//! precision is rounded to it, sums are made in float32 (in the order of the filter's rows, columns and channels), so
//! results agree with a device to about a thousandth and not to the bit.
//!
//! **Source**: files of known networks, and a device's recorded output for one of them
//! (`acl-sim/tests/vendor_models.rs`).

mod assume;
mod attributes;
mod conv;
mod elementwise;
mod fused;
mod geometry;
mod half_round;
mod matrix;
mod plan;
mod random;
mod reduce;
mod shape_ops;
mod value;
mod view;

pub(crate) use assume::Assumptions;
pub(crate) use plan::Plan;

use std::borrow::Cow;

use super::engine::{Elements, Engine, EngineError, Tensor};
use value::{Data, Value};

impl Engine for Plan {
    fn inputs(&self) -> usize {
        self.inputs.len()
    }

    fn outputs(&self) -> usize {
        self.outputs.len()
    }

    fn value_dims(&self, _name: &str) -> Option<Vec<i64>> {
        None
    }

    fn run(&self, inputs: &[Tensor<'_>]) -> Result<Vec<Tensor<'static>>, EngineError> {
        let given = inputs.iter().zip(&self.inputs).map(|(tensor, view)| {
            let data = match &tensor.elements {
                Elements::F32(v) => Data::Floats(v.to_vec()),
                Elements::I32(v) => Data::Ints(v.iter().map(|&x| x.into()).collect()),
                Elements::I8(v) => Data::Ints(v.iter().map(|&x| x.into()).collect()),
                Elements::U8(v) => Data::Ints(v.iter().map(|&x| x.into()).collect()),
            };
            Value::new(view.clone(), data)
        });
        let outputs = self.execute(given.collect()).map_err(EngineError)?;
        outputs.iter().map(owned).collect()
    }
}

fn owned(value: &Value) -> Result<Tensor<'static>, EngineError> {
    let elements = match value.data() {
        Data::Floats(v) => Elements::F32(Cow::Owned(v.clone())),
        Data::Ints(v) => {
            let narrow: Result<Vec<i32>, _> = v.iter().map(|&x| i32::try_from(x)).collect();
            let narrow = narrow
                .map_err(|_| EngineError("an output holds an integer beyond 32 bits".to_owned()))?;
            Elements::I32(Cow::Owned(narrow))
        }
    };
    Ok(Tensor {
        dims: value.view.dims.clone(),
        elements,
    })
}
