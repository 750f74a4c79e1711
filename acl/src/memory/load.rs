//! Loading models: the places where addresses of work and weight memory are passed.

use std::ffi::c_void;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use super::DeviceBuffer;
use crate::raw::model::Areas;
use crate::raw::{ModelHandle, c_string};
use crate::{Context, LoadOptions, Result, RunMode};

/// Where a model comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin<'a> {
    File(&'a Path),
    Memory(&'a [u8]),
}

/// Loads a model in `context`, which is current. The caller keeps the options with the model, so
/// that the work and weight memory outlives it.
pub(crate) fn load(
    context: &Context,
    origin: Origin<'_>,
    options: &LoadOptions,
) -> Result<ModelHandle> {
    let raw = context.raw();
    let areas = areas(context, options)?;
    match (origin, areas) {
        (Origin::File(path), None) => raw.load_file(&c_path(path)?),
        (Origin::File(path), Some(areas)) => {
            let path = c_path(path)?;
            // SAFETY: the areas are live device memory, and the caller keeps their owners.
            unsafe { raw.load_file_with(&path, areas) }
        }
        (Origin::Memory(bytes), areas) => {
            // On the device's own processor, the bytes must lie in device memory.
            let on_device = match context.device().run_mode()? {
                RunMode::Device => Some(DeviceBuffer::from_host(context, bytes)?),
                _ => None,
            };
            let address = match &on_device {
                Some(buffer) => buffer.as_raw().cast_const(),
                None => bytes.as_ptr().cast(),
            };
            match areas {
                // SAFETY: `address` is `len` readable bytes of the right kind for the run mode.
                None => unsafe { raw.load_memory(address, bytes.len()) },
                // SAFETY: as above; the areas are live, and the caller keeps their owners.
                Some(areas) => unsafe { raw.load_memory_with(address, bytes.len(), areas) },
            }
        }
    }
}

pub(crate) fn c_path(path: &Path) -> Result<std::ffi::CString> {
    c_string("model path", path.as_os_str().as_bytes())
}

fn areas(context: &Context, options: &LoadOptions) -> Result<Option<Areas>> {
    if options.work.is_none() && options.weights.is_none() {
        return Ok(None);
    }
    let area = |buffer: Option<&DeviceBuffer>, what| -> Result<(*mut c_void, usize)> {
        let Some(buffer) = buffer else {
            return Ok((ptr::null_mut(), 0));
        };
        context.require(buffer.context(), what)?;
        Ok((buffer.as_raw(), buffer.len()))
    };
    Ok(Some(Areas {
        work: area(options.work.as_deref(), "the work memory")?,
        weight: area(options.weights.as_deref(), "the weight memory")?,
    }))
}
