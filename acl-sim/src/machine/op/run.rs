//! Runs of operators: memory is checked when the call is made, the work is a stream's.

use std::sync::Arc;

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, ACL_ERROR_OP_INPUT_NOT_MATCH, ACL_ERROR_OP_OUTPUT_NOT_MATCH,
};

use super::{Plan, Tensor};
use crate::machine::calls::Site;
use crate::machine::failure::{Failure, Result, fail};
use crate::machine::handle::{Handle, Kind, Table};
use crate::machine::memory::{self, Range};
use crate::machine::objects::DataBuffer;
use crate::machine::stream::Stream;
use crate::machine::strict;

/// Where an input comes from.
pub(crate) enum Source {
    Device(Range),
    /// Contents that were known when the call was made.
    Kept(Vec<u8>),
}

fn too_small(what: &str, index: usize, found: usize, need: usize) -> Failure {
    fail!(
        ACL_ERROR_INVALID_PARAM,
        "the memory of {what} {index} has {found} bytes, its tensor takes {need}"
    )
}

/// Finds the memory of an input.
pub(crate) fn source(index: usize, tensor: &Tensor, buffer: DataBuffer) -> Result<Source> {
    let need = tensor.bytes()?;
    if let Some(value) = &tensor.value {
        if value.len() < need {
            return Err(too_small("input", index, value.len(), need));
        }
        return Ok(Source::Kept(value[..need].to_vec()));
    }
    if buffer.size < need {
        return Err(too_small("input", index, buffer.size, need));
    }
    if need == 0 {
        return Ok(Source::Kept(Vec::new()));
    }
    memory::resolve(buffer.address, need).map(Source::Device)
}

/// Finds the memory of an output; one without elements has none.
pub(crate) fn target(index: usize, tensor: &Tensor, buffer: DataBuffer) -> Result<Option<Range>> {
    let need = tensor.bytes()?;
    if buffer.size < need {
        return Err(too_small("output", index, buffer.size, need));
    }
    if need == 0 {
        return Ok(None);
    }
    memory::resolve(buffer.address, need).map(Some)
}

/// Queues the work of a plan.
pub(crate) fn queue(
    stream: &Arc<Stream>,
    plan: &Plan,
    sources: Vec<Source>,
    mut targets: Vec<Option<Range>>,
) -> Result<()> {
    let work = Arc::clone(&plan.work);
    targets
        .iter_mut()
        .flatten()
        .for_each(Range::will_be_written);
    stream.queue(Box::new(move || {
        let inputs: Vec<Vec<u8>> = sources
            .into_iter()
            .map(|source| match source {
                Source::Device(range) => range.read(<[u8]>::to_vec),
                Source::Kept(bytes) => bytes,
            })
            .collect();
        for (bytes, target) in work(&inputs)?.into_iter().zip(targets) {
            if let Some(target) = target {
                target.write(|to| to.copy_from_slice(&bytes));
            }
        }
        Ok(())
    }))
}

/// An operator that was planned once, to run often.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) inputs: Vec<Tensor>,
    pub(crate) outputs: Vec<Tensor>,
}

static PLANNED: Table<Arc<Planned>> = Table::new(Kind::OpHandle);

pub(crate) fn create(planned: Planned) -> Handle {
    PLANNED.insert(|_| Arc::new(planned))
}

pub(crate) fn destroy(handle: Handle) -> Result<()> {
    PLANNED.remove(handle).map(drop).map_err(|complaint| {
        strict::find(strict::Finding::BadHandle, complaint.clone());
        fail!(ACL_ERROR_INVALID_PARAM, "{complaint}")
    })
}

pub(super) fn live() -> Vec<Option<Site>> {
    PLANNED.made(|_| true)
}

/// Runs the operator of a handle.
pub(crate) fn planned(
    handle: Handle,
    inputs: &[DataBuffer],
    outputs: &[DataBuffer],
    stream: &Arc<Stream>,
) -> Result<()> {
    let planned = PLANNED
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))?;
    for (code, what, found, wanted) in [
        (
            ACL_ERROR_OP_INPUT_NOT_MATCH,
            "inputs",
            inputs.len(),
            planned.inputs.len(),
        ),
        (
            ACL_ERROR_OP_OUTPUT_NOT_MATCH,
            "outputs",
            outputs.len(),
            planned.outputs.len(),
        ),
    ] {
        if found != wanted {
            return Err(fail!(
                code,
                "{found} {what} were given, the handle has {wanted}"
            ));
        }
    }
    let sources = planned.inputs.iter().zip(inputs).enumerate();
    let sources = sources.map(|(index, (tensor, buffer))| source(index, tensor, *buffer));
    let sources = sources.collect::<Result<_>>()?;
    let targets = planned.outputs.iter().zip(outputs).enumerate();
    let targets = targets.map(|(index, (tensor, buffer))| target(index, tensor, *buffer));
    queue(
        stream,
        &planned.plan,
        sources,
        targets.collect::<Result<_>>()?,
    )
}
