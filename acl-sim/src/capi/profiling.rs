//! `acl_prof.h`, and the dumps of `acl_mdl.h`.

use std::ffi::{OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, aclprofAicoreEvents, aclprofAicoreMetrics, aclprofConfig,
    aclprofStepInfo, aclprofStepTag, aclrtStream,
};

use super::runtime::handle;
use super::{getter, slice, status, text};
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;
use crate::machine::{process, profiling};

status! {
    fn aclprofInit(folder: *const c_char, length: usize) {
        let path: &[c_char] = slice!(folder, length)?;
        if path.is_empty() {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "the folder's name is empty"));
        }
        let bytes: Vec<u8> = path.iter().map(|byte| byte.to_ne_bytes()[0]).collect();
        // Programs pass the length with the final NUL, or without.
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        profiling::init(Path::new(OsStr::from_bytes(&bytes[..end])))
    }

    fn aclprofFinalize() {
        profiling::finalize()
    }

    fn aclprofStart(config: *const aclprofConfig) {
        profiling::start(Handle::from_ptr(config))
    }

    fn aclprofStop(config: *const aclprofConfig) {
        profiling::stop(Handle::from_ptr(config))
    }

    fn aclprofDestroyConfig(config: *const aclprofConfig) {
        profiling::destroy_config(Handle::from_ptr(config))
    }

    fn aclprofGetStepTimestamp(
        info: *mut aclprofStepInfo,
        tag: aclprofStepTag,
        stream: aclrtStream,
    ) {
        profiling::check_step(Handle::from_ptr(info))?;
        if tag.0 > aclprofStepTag::ACL_STEP_END.0 {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the tag is {}, wanted 0 (start) or 1 (end)",
                tag.0
            ));
        }
        process::stream(handle(stream)).map(drop)
    }

    fn aclmdlInitDump() {
        profiling::init_dump()
    }

    fn aclmdlSetDump(path: *const c_char) {
        profiling::set_dump(Path::new(OsStr::from_bytes(text!(path)?.to_bytes())))
    }

    fn aclmdlFinalizeDump() {
        profiling::finalize_dump()
    }
}

getter! {
    fn aclprofCreateConfig(
        devices: *mut u32,
        count: u32,
        metrics: aclprofAicoreMetrics,
        _events: *const aclprofAicoreEvents,
        kinds: u64,
    ) -> *mut aclprofConfig, or std::ptr::null_mut(); {
        check_metrics(metrics)?;
        let devices: &[u32] = slice!(devices.cast_const(), count as usize)?;
        profiling::create_config(devices, kinds).map(Handle::as_ptr)
    }

    fn aclprofCreateStepInfo() -> *mut aclprofStepInfo, or std::ptr::null_mut(); {
        Ok(profiling::create_step().as_ptr())
    }

    fn aclprofDestroyStepInfo(info: *mut aclprofStepInfo) -> (), or (); {
        profiling::destroy_step(Handle::from_ptr(info))
    }
}

pub(super) fn check_metrics(metrics: aclprofAicoreMetrics) -> Result<()> {
    let last = aclprofAicoreMetrics::ACL_AICORE_PIPE_EXECUTE_UTILIZATION;
    if metrics.0 <= last.0 || metrics == aclprofAicoreMetrics::ACL_AICORE_NONE {
        return Ok(());
    }
    Err(fail!(
        ACL_ERROR_INVALID_PARAM,
        "the metrics are {}, wanted 0 to {} or 255",
        metrics.0,
        last.0
    ))
}
