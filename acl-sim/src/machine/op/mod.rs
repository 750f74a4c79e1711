//! Single operators: what is computed, and by which rules a call of one is refused.
//!
//! An operator is planned before it runs: the plan checks types, shapes and attributes, infers the
//! shapes of the outputs, and holds the work, which a stream carries out on bytes. Handles keep
//! plans; `aclopInferShape` makes one for its shapes alone.
//!
//! # The simulator's own choices
//!
//! The public documents name the codes 100020 to 100029 and not when each comes up. Here: wrong
//! inputs (number, type, shape) are 100021, outputs 100022, attributes 100023; a type that an
//! operator does not take is 100026, a format 100027; an operator that nothing has loaded or
//! compiled is 100024; open shapes where none may be are 148050; an operator that is not simulated
//! is 200001 with its name. A buffer that is too small is 100000.
//!
//! Arithmetic: float16 and bfloat16 are computed in float32 and rounded once, to nearest even.
//! Integers wrap; an integer divided by 0 is 0. A cast to an integer cuts the fraction off and stops
//! at the type's ends, NaN is 0; between integers the low bits stay.

pub(crate) mod attr;
mod cast;
mod elementwise;
pub(crate) mod gemm;
mod matmul;
mod numbers;
pub(crate) mod registry;
pub(crate) mod run;
mod softmax;
mod transdata;
mod transpose;

use std::ops::RangeInclusive;
use std::sync::Arc;

use acl_sys::{
    ACL_ERROR_API_NOT_SUPPORT, ACL_ERROR_FORMAT_NOT_MATCH, ACL_ERROR_OP_ATTR_NOT_MATCH,
    ACL_ERROR_OP_INPUT_NOT_MATCH, ACL_ERROR_OP_OUTPUT_NOT_MATCH, ACL_ERROR_OP_UNSUPPORTED_DYNAMIC,
    ACL_ERROR_UNSUPPORTED_DATA_TYPE, aclDataType, aclFormat,
};

pub(crate) use transdata::transformed;

use self::attr::{Attributes, Value};
use super::failure::{Result, fail};
use super::objects::{TensorDesc, dtype_size};

/// A tensor of a call, as it lies in memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) dtype: aclDataType,
    pub(crate) format: aclFormat,
    /// Negative ones are open.
    pub(crate) dims: Vec<i64>,
    /// Its contents, where they are known when the call is made.
    pub(crate) value: Option<Vec<u8>>,
}

impl Tensor {
    pub(crate) fn new(dtype: aclDataType, dims: Vec<i64>) -> Self {
        Self {
            dtype,
            format: aclFormat::ACL_FORMAT_ND,
            dims,
            value: None,
        }
    }

    pub(crate) fn of(desc: &TensorDesc) -> Self {
        Self {
            dtype: desc.dtype,
            format: desc.storage_format.unwrap_or(desc.format),
            dims: desc.storage_dims.as_ref().unwrap_or(&desc.dims).clone(),
            value: desc.constant.clone(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.dims.iter().any(|dim| *dim < 0)
    }

    /// Returns the dims of a tensor without open ones.
    fn sizes(&self) -> Result<Vec<usize>> {
        sizes(&self.dims)
    }

    /// Returns the bytes it takes.
    pub(crate) fn bytes(&self) -> Result<usize> {
        let bytes = self
            .sizes()?
            .iter()
            .try_fold(dtype_size(self.dtype), |product, dim| {
                product.checked_mul(*dim)
            });
        bytes.ok_or_else(|| {
            fail!(
                ACL_ERROR_OP_INPUT_NOT_MATCH,
                "the dims {:?} have more elements than memory has addresses",
                self.dims
            )
        })
    }
}

fn sizes(dims: &[i64]) -> Result<Vec<usize>> {
    let sizes = dims.iter().map(|dim| usize::try_from(*dim)).collect();
    let sizes: std::result::Result<Vec<usize>, _> = sizes;
    sizes.map_err(|_| {
        fail!(
            ACL_ERROR_OP_UNSUPPORTED_DYNAMIC,
            "the dims {dims:?} are open: say which they are"
        )
    })
}

fn signed(sizes: &[usize]) -> Vec<i64> {
    let dims = sizes.iter().map(|size| i64::try_from(*size));
    dims.map(|dim| dim.unwrap_or(i64::MAX)).collect()
}

/// What an operator does with the bytes of its inputs; gives those of its outputs.
pub(crate) type Work = dyn Fn(&[Vec<u8>]) -> Result<Vec<Vec<u8>>> + Send + Sync;

/// A checked operator.
#[derive(Clone)]
pub(crate) struct Plan {
    /// The dims of the outputs.
    pub(crate) outputs: Vec<Vec<i64>>,
    pub(crate) work: Arc<Work>,
}

impl Plan {
    fn one(
        dims: Vec<i64>,
        work: impl Fn(&[Vec<u8>]) -> Result<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            outputs: vec![dims],
            work: Arc::new(move |inputs| Ok(vec![work(inputs)?])),
        }
    }
}

/// A call of an operator: its name, and what it is called with.
pub(crate) struct Call<'a> {
    pub(crate) op: &'a str,
    pub(crate) inputs: &'a [Tensor],
    pub(crate) outputs: &'a [Tensor],
    pub(crate) attributes: &'a Attributes,
}

type Planner = fn(&Call<'_>) -> Result<Plan>;

/// Returns how an operator is planned.
fn planner(op: &str) -> Result<Planner> {
    Ok(match op {
        "Add" | "AddV2" | "Sub" | "Mul" | "Div" | "RealDiv" | "Maximum" | "Minimum" => {
            elementwise::binary
        }
        "Relu" | "Sigmoid" | "Tanh" | "Sqrt" | "Rsqrt" | "Exp" | "Log" | "Abs" | "Neg"
        | "Square" => elementwise::unary,
        "Identity" => elementwise::identity,
        "Softmax" | "SoftmaxV2" => softmax::plan,
        "Cast" => cast::plan,
        "MatMul" | "MatMulV2" | "BatchMatMul" | "BatchMatMulV2" => matmul::plan,
        "GEMM" => gemm::plan,
        "TransData" => transdata::plan,
        "Transpose" | "TransposeD" => transpose::plan,
        _ => {
            return Err(fail!(
                ACL_ERROR_API_NOT_SUPPORT,
                "the operator {op:?} is not one that this simulator computes"
            ));
        }
    })
}

/// Returns which inputs of an operator must be known when the call is made.
pub(crate) fn values_of(op: &str) -> &'static [usize] {
    match op {
        "Transpose" => &[1],
        _ => &[],
    }
}

/// Checks a call and plans its work.
pub(crate) fn plan(call: &Call<'_>) -> Result<Plan> {
    let planner = planner(call.op)?;
    if let Some(open) = call.inputs.iter().position(Tensor::is_open) {
        return Err(fail!(
            ACL_ERROR_OP_UNSUPPORTED_DYNAMIC,
            "input {open} of {} has the dims {:?}: when it runs they must be known",
            call.op,
            call.inputs[open].dims
        ));
    }
    let plan = planner(call)?;
    let matches = |found: &[i64], wanted: &[i64]| {
        found == [-2]
            || found.len() == wanted.len()
                && found.iter().zip(wanted).all(|(f, w)| *f < 0 || f == w)
    };
    for (index, (output, wanted)) in call.outputs.iter().zip(&plan.outputs).enumerate() {
        if !matches(&output.dims, wanted) {
            return Err(fail!(
                ACL_ERROR_OP_OUTPUT_NOT_MATCH,
                "output {index} of {} has the dims {:?}, wanted {wanted:?}",
                call.op,
                output.dims
            ));
        }
    }
    Ok(plan)
}

/// Checks as much of a call as can be checked while dims of its inputs are open.
pub(crate) fn check(call: &Call<'_>) -> Result<()> {
    planner(call.op)?;
    if call.inputs.iter().any(Tensor::is_open) {
        return Ok(());
    }
    plan(call).map(drop)
}

impl Call<'_> {
    /// Checks the numbers of inputs and outputs.
    fn counts(&self, inputs: RangeInclusive<usize>) -> Result<&Tensor> {
        if !inputs.contains(&self.inputs.len()) {
            return Err(fail!(
                ACL_ERROR_OP_INPUT_NOT_MATCH,
                "{} was given {} inputs, wanted {} to {}",
                self.op,
                self.inputs.len(),
                inputs.start(),
                inputs.end()
            ));
        }
        match self.outputs {
            [output] => Ok(output),
            _ => Err(fail!(
                ACL_ERROR_OP_OUTPUT_NOT_MATCH,
                "{} was given {} outputs, wanted 1",
                self.op,
                self.outputs.len()
            )),
        }
    }

    /// Checks that the type of an input is one of those that the operator takes.
    fn takes(&self, index: usize, types: &[aclDataType]) -> Result<()> {
        let found = self.inputs[index].dtype;
        if types.contains(&found) {
            return Ok(());
        }
        Err(fail!(
            ACL_ERROR_UNSUPPORTED_DATA_TYPE,
            "input {index} of {} has the data type {}, wanted one of {}",
            self.op,
            found.0,
            types
                .iter()
                .map(|dtype| dtype.0.to_string())
                .collect::<Vec<_>>()
                .join(", ")
        ))
    }

    /// Checks that two inputs have one type.
    fn same_type(&self, a: usize, b: usize) -> Result<()> {
        let (found, wanted) = (self.inputs[b].dtype, self.inputs[a].dtype);
        if found == wanted {
            return Ok(());
        }
        Err(fail!(
            ACL_ERROR_OP_INPUT_NOT_MATCH,
            "input {b} of {} has the data type {}, and input {a} has {}",
            self.op,
            found.0,
            wanted.0
        ))
    }

    /// Checks the type of the output.
    fn gives(&self, types: &[aclDataType]) -> Result<()> {
        let found = self.outputs[0].dtype;
        if types.contains(&found) {
            return Ok(());
        }
        Err(fail!(
            ACL_ERROR_OP_OUTPUT_NOT_MATCH,
            "the output of {} has the data type {}, wanted {}",
            self.op,
            found.0,
            types
                .iter()
                .map(|dtype| dtype.0.to_string())
                .collect::<Vec<_>>()
                .join(" or ")
        ))
    }

    /// Checks that all tensors lie row by row, as matrices do.
    fn plain(&self) -> Result<()> {
        let all = self.inputs.iter().chain(self.outputs);
        for tensor in all {
            if !transdata::is_plain(tensor.format) {
                return Err(fail!(
                    ACL_ERROR_FORMAT_NOT_MATCH,
                    "a tensor of {} has the format {}, wanted ND: use TransData first",
                    self.op,
                    tensor.format.0
                ));
            }
        }
        Ok(())
    }

    fn attribute<T>(
        &self,
        name: &str,
        wanted: &str,
        take: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(value) = self.attributes.get(name) else {
            return Ok(None);
        };
        take(value).map(Some).ok_or_else(|| {
            fail!(
                ACL_ERROR_OP_ATTR_NOT_MATCH,
                "the attribute {name} of {} is {value:?}, wanted {wanted}",
                self.op
            )
        })
    }

    fn flag(&self, name: &str) -> Result<bool> {
        let value = self.attribute(name, "a bool", |value| match value {
            Value::Bool(value) => Some(*value),
            _ => None,
        })?;
        Ok(value.unwrap_or(false))
    }

    fn int(&self, name: &str) -> Result<Option<i64>> {
        self.attribute(name, "an int", |value| match value {
            Value::Int(value) => Some(*value),
            Value::DataType(value) => Some(i64::from(value.0)),
            _ => None,
        })
    }

    fn ints(&self, name: &str) -> Result<Option<Vec<i64>>> {
        self.attribute(name, "a list of ints", |value| match value {
            Value::ListInt(values) => Some(values.clone()),
            _ => None,
        })
    }

    fn text(&self, name: &str) -> Result<Option<String>> {
        self.attribute(name, "a string", |value| match value {
            Value::Text(value) => Some(value.clone()),
            _ => None,
        })
    }
}

/// Returns which calls made attributes and operator handles that are live, for the list of leaks.
pub(crate) fn live() -> [(Vec<Option<super::calls::Site>>, &'static str); 3] {
    [
        (attr::live(), "operator attributes"),
        (run::live(), "operator handle"),
        (registry::live_options(), "graph dump options"),
    ]
}
