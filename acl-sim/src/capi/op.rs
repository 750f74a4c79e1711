//! `acl_op.h`: single operators, from models or by handle.

use std::ffi::{OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, ACL_ERROR_OP_UNSUPPORTED_DYNAMIC, aclDataBuffer, aclMemType,
    aclTensorDesc, aclopAttr, aclopHandle, aclrtStream,
};

use super::op_attr::number;
use super::runtime::handle;
use super::{getter, host, lossy, put, require, slice, status, text};
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;
use crate::machine::objects::{self, DataBuffer};
use crate::machine::op::attr::{self, Attributes};
use crate::machine::op::{self, Call, Plan, Tensor, registry, run};
use crate::machine::{memory, model, process};

status! {
    fn aclopSetModelDir(folder: *const c_char) {
        registry::set_folder(Path::new(OsStr::from_bytes(text!(folder)?.to_bytes())))
    }

    fn aclopLoad(model: *const c_void, size: usize) {
        require(model, "the model")?;
        registry::load(slice!(model.cast::<u8>(), size)?)
    }

    fn aclopExecute(
        op: *const c_char,
        input_count: c_int,
        input_descs: *const *const aclTensorDesc,
        inputs: *const *const aclDataBuffer,
        output_count: c_int,
        output_descs: *const *const aclTensorDesc,
        outputs: *const *mut aclDataBuffer,
        attr: *const aclopAttr,
        stream: aclrtStream,
    ) {
        model::require_init()?;
        let given = Given::new(
            op,
            (input_count, input_descs, inputs),
            (output_count, output_descs, outputs.cast()),
            attr,
        )?;
        given.execute(false, stream)
    }

    fn aclopExecuteV2(
        op: *const c_char,
        input_count: c_int,
        input_descs: *mut *mut aclTensorDesc,
        inputs: *mut *mut aclDataBuffer,
        output_count: c_int,
        output_descs: *mut *mut aclTensorDesc,
        outputs: *mut *mut aclDataBuffer,
        attr: *mut aclopAttr,
        stream: aclrtStream,
    ) {
        model::require_init()?;
        let given = Given::new(
            op,
            (input_count, input_descs.cast_const().cast(), inputs.cast_const().cast()),
            (output_count, output_descs.cast_const().cast(), outputs.cast_const().cast()),
            attr,
        )?;
        given.execute(true, stream)
    }

    fn aclopInferShape(
        op: *const c_char,
        input_count: c_int,
        input_descs: *mut *mut aclTensorDesc,
        inputs: *mut *mut aclDataBuffer,
        output_count: c_int,
        output_descs: *mut *mut aclTensorDesc,
        attr: *mut aclopAttr,
    ) {
        process::require_init()?;
        let op = lossy(text!(op)?);
        let count = number(input_count)?;
        let handles = descs(count, input_descs.cast_const().cast())?;
        // Few operators look into their inputs, so the others need no memory.
        let buffers = if inputs.is_null() {
            vec![DataBuffer::default(); count]
        } else {
            buffers(count, inputs.cast_const().cast())?
        };
        let mut tensors = tensors(&handles)?;
        values(&op, &handles, &mut tensors, &buffers)?;
        let outputs = descs(number(output_count)?, output_descs.cast_const().cast())?;
        let mut wanted = self::tensors(&outputs)?;
        wanted.iter_mut().for_each(|output| output.dims = vec![-2]);
        let attributes = attr::copy(Handle::from_ptr(attr))?;
        let plan = op::plan(&Call {
            op: &op,
            inputs: &tensors,
            outputs: &wanted,
            attributes: &attributes,
        })?;
        infer(&outputs, &plan)
    }

    fn aclopCast(
        from: *const aclTensorDesc,
        source: *const aclDataBuffer,
        to: *const aclTensorDesc,
        target: *mut aclDataBuffer,
        _truncate: u8,
        stream: aclrtStream,
    ) {
        let given = Given {
            op: "Cast".to_owned(),
            inputs: vec![Handle::from_ptr(from)],
            input_buffers: vec![buffer(Handle::from_ptr(source))?],
            outputs: vec![Handle::from_ptr(to)],
            output_buffers: vec![buffer(Handle::from_ptr(target))?],
            attributes: Attributes::new(),
        };
        given.execute(false, stream)
    }

    fn aclopCreateHandle(
        op: *const c_char,
        input_count: c_int,
        input_descs: *const *const aclTensorDesc,
        output_count: c_int,
        output_descs: *const *const aclTensorDesc,
        attr: *const aclopAttr,
        made: *mut *mut aclopHandle,
    ) {
        require(made, "the handle's place")?;
        let inputs = descs(number(input_count)?, input_descs)?;
        let outputs = descs(number(output_count)?, output_descs)?;
        let attributes = attr::copy(Handle::from_ptr(attr))?;
        put!(made, planned(&lossy(text!(op)?), &inputs, &outputs, &attributes)?.as_ptr())
    }

    fn aclopCreateHandleForCast(
        from: *mut aclTensorDesc,
        to: *mut aclTensorDesc,
        _truncate: u8,
        made: *mut *mut aclopHandle,
    ) {
        require(made, "the handle's place")?;
        let (from, to) = (Handle::from_ptr(from), Handle::from_ptr(to));
        put!(made, planned("Cast", &[from], &[to], &Attributes::new())?.as_ptr())
    }

    fn aclopExecWithHandle(
        made: *mut aclopHandle,
        input_count: c_int,
        inputs: *const *const aclDataBuffer,
        output_count: c_int,
        outputs: *const *mut aclDataBuffer,
        stream: aclrtStream,
    ) {
        let inputs = buffers(number(input_count)?, inputs)?;
        let outputs = buffers(number(output_count)?, outputs.cast())?;
        let stream = process::stream(handle(stream))?;
        run::planned(Handle::from_ptr(made), &inputs, &outputs, &stream)
    }
}

getter! {
    fn aclopDestroyHandle(made: *mut aclopHandle) -> (), or (); {
        run::destroy(Handle::from_ptr(made))
    }
}

/// The arguments that all calls of operators share.
pub(super) struct Given {
    pub(super) op: String,
    inputs: Vec<Handle>,
    input_buffers: Vec<DataBuffer>,
    outputs: Vec<Handle>,
    output_buffers: Vec<DataBuffer>,
    attributes: Attributes,
}

/// A count, descriptions and buffers.
type Tensors = (
    c_int,
    *const *const aclTensorDesc,
    *const *const aclDataBuffer,
);

impl Given {
    pub(super) fn new(
        op: *const c_char,
        (input_count, input_descs, inputs): Tensors,
        (output_count, output_descs, outputs): Tensors,
        attr: *const aclopAttr,
    ) -> Result<Self> {
        let (input_count, output_count) = (number(input_count)?, number(output_count)?);
        Ok(Self {
            op: lossy(text!(op)?),
            inputs: descs(input_count, input_descs)?,
            input_buffers: buffers(input_count, inputs)?,
            outputs: descs(output_count, output_descs)?,
            output_buffers: buffers(output_count, outputs)?,
            attributes: attr::copy(Handle::from_ptr(attr))?,
        })
    }

    /// Takes the operator as compiled for these tensors.
    pub(super) fn compile(&self) -> Result<()> {
        let (inputs, outputs) = (tensors(&self.inputs)?, tensors(&self.outputs)?);
        registry::compiled(&Call {
            op: &self.op,
            inputs: &inputs,
            outputs: &outputs,
            attributes: &self.attributes,
        });
        Ok(())
    }

    /// Describes the operator and its tensors in words, one a line.
    pub(super) fn graph(&self) -> Result<String> {
        let (inputs, outputs) = (tensors(&self.inputs)?, tensors(&self.outputs)?);
        op::check(&Call {
            op: &self.op,
            inputs: &inputs,
            outputs: &outputs,
            attributes: &self.attributes,
        })?;
        let line = |what: &str, tensor: &Tensor| {
            format!(
                "  {what}: data type {}, format {}, dims {:?}\n",
                tensor.dtype.0, tensor.format.0, tensor.dims
            )
        };
        let mut text = format!("{}\n", self.op);
        text.extend(inputs.iter().map(|tensor| line("input", tensor)));
        text.extend(outputs.iter().map(|tensor| line("output", tensor)));
        let attributes = self.attributes.iter();
        text.extend(attributes.map(|(name, value)| format!("  {name}: {value:?}\n")));
        Ok(text)
    }

    /// Runs the operator; `dynamic` ones may leave the dims of outputs open, and learn them.
    pub(super) fn execute(&self, dynamic: bool, stream: aclrtStream) -> Result<()> {
        let stream = process::stream(handle(stream))?;
        let mut inputs = tensors(&self.inputs)?;
        let mut outputs = tensors(&self.outputs)?;
        values(&self.op, &self.inputs, &mut inputs, &self.input_buffers)?;
        let call = Call {
            op: &self.op,
            inputs: &inputs,
            outputs: &outputs,
            attributes: &self.attributes,
        };
        let plan = op::plan(&call)?;
        if !dynamic {
            closed(&outputs)?;
        }
        registry::require(&call)?;
        for (output, dims) in outputs.iter_mut().zip(&plan.outputs) {
            output.dims.clone_from(dims);
        }
        let sources = inputs.iter().zip(&self.input_buffers).enumerate();
        let sources = sources.map(|(index, (tensor, buffer))| run::source(index, tensor, *buffer));
        let sources = sources.collect::<Result<_>>()?;
        let targets = outputs.iter().zip(&self.output_buffers).enumerate();
        let targets = targets.map(|(index, (tensor, buffer))| run::target(index, tensor, *buffer));
        run::queue(&stream, &plan, sources, targets.collect::<Result<_>>()?)?;
        if dynamic {
            infer(&self.outputs, &plan)?;
        }
        Ok(())
    }
}

/// Makes a handle of an operator that may be run.
fn planned(
    op: &str,
    inputs: &[Handle],
    outputs: &[Handle],
    attributes: &Attributes,
) -> Result<Handle> {
    process::require_init()?;
    let (inputs, outputs) = (tensors(inputs)?, tensors(outputs)?);
    let call = Call {
        op,
        inputs: &inputs,
        outputs: &outputs,
        attributes,
    };
    let plan = op::plan(&call)?;
    closed(&outputs)?;
    registry::require(&call)?;
    Ok(run::create(run::Planned {
        plan,
        inputs,
        outputs,
    }))
}

fn closed(outputs: &[Tensor]) -> Result<()> {
    if let Some(open) = outputs.iter().find(|output| output.is_open()) {
        return Err(fail!(
            ACL_ERROR_OP_UNSUPPORTED_DYNAMIC,
            "an output has the dims {:?}: aclopExecuteV2 takes open ones, this call does not",
            open.dims
        ));
    }
    Ok(())
}

/// Tells descriptions of outputs their dims.
fn infer(outputs: &[Handle], plan: &Plan) -> Result<()> {
    for (output, dims) in outputs.iter().zip(&plan.outputs) {
        let desc = objects::tensor(*output)?;
        let mut desc = desc.lock();
        match &mut desc.storage_dims {
            Some(stored) => stored.clone_from(dims),
            None => desc.dims.clone_from(dims),
        }
    }
    Ok(())
}

pub(super) fn descs(count: usize, descs: *const *const aclTensorDesc) -> Result<Vec<Handle>> {
    let descs: &[*const aclTensorDesc] = slice!(descs, count)?;
    Ok(descs.iter().map(|desc| Handle::from_ptr(*desc)).collect())
}

pub(super) fn tensors(descs: &[Handle]) -> Result<Vec<Tensor>> {
    let tensor = |desc: &Handle| Ok(Tensor::of(&objects::tensor(*desc)?.lock()));
    descs.iter().map(tensor).collect()
}

fn buffer(buffer: Handle) -> Result<DataBuffer> {
    Ok(*objects::buffer(buffer)?.lock())
}

fn buffers(count: usize, buffers: *const *const aclDataBuffer) -> Result<Vec<DataBuffer>> {
    let buffers: &[*const aclDataBuffer] = slice!(buffers, count)?;
    let buffers = buffers.iter().map(|one| buffer(Handle::from_ptr(*one)));
    buffers.collect()
}

/// Reads the inputs whose contents must be known now: those in host memory, which the program may
/// free after the call, and those that decide the shapes of outputs.
fn values(
    op: &str,
    descs: &[Handle],
    tensors: &mut [Tensor],
    buffers: &[DataBuffer],
) -> Result<()> {
    let needed = op::values_of(op);
    for (index, tensor) in tensors.iter_mut().enumerate() {
        let on_host = objects::tensor(descs[index])?.lock().place != aclMemType::ACL_MEMTYPE_DEVICE;
        if tensor.value.is_some() || !(on_host || needed.contains(&index)) {
            continue;
        }
        let (need, buffer) = (tensor.bytes()?, buffers[index]);
        if buffer.size < need {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the memory of input {index} has {} bytes, its tensor takes {need}",
                buffer.size
            ));
        }
        tensor.value = Some(if need == 0 {
            Vec::new()
        } else if on_host && !memory::is_device(buffer.address) {
            let address = std::ptr::with_exposed_provenance::<u8>(buffer.address);
            host!(address, need).to_vec()
        } else {
            memory::resolve(buffer.address, need)?.read(<[u8]>::to_vec)
        });
    }
    Ok(())
}
