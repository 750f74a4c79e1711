//! `acl_rt.h`: devices, contexts, streams and events.

use std::ffi::c_void;
use std::sync::Arc;
use std::time::Duration;

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, ACL_ERROR_RT_EVENT_SYNC_TIMEOUT, ACL_ERROR_RT_PARAM_INVALID,
    ACL_ERROR_RT_STREAM_SYNC_TIMEOUT, ACL_EVENT_SYNC, ACL_EVENT_TIME_LINE, aclrtContext,
    aclrtEvent, aclrtEventRecordedStatus, aclrtEventStatus, aclrtEventWaitStatus, aclrtRunMode,
    aclrtStream, aclrtTsId,
};

use super::{put, require, status};
use crate::machine::event::Event;
use crate::machine::failure::{Result, fail};
use crate::machine::handle::Handle;
use crate::machine::profile::profile;
use crate::machine::stream::{Obstacle, Waited};
use crate::machine::{process, settings};

status! {
    fn aclrtGetDeviceCount(count: *mut u32) {
        put!(count, profile().chips)
    }

    fn aclrtSetDevice(id: i32) {
        process::set_device(id)
    }

    fn aclrtResetDevice(id: i32) {
        process::reset_device(id)
    }

    fn aclrtGetDevice(id: *mut i32) {
        require(id, "id")?;
        let chip = process::current()?.chip;
        put!(id, i32::try_from(chip).unwrap_or(i32::MAX))
    }

    fn aclrtGetRunMode(mode: *mut aclrtRunMode) {
        put!(mode, if profile().on_device { aclrtRunMode::ACL_DEVICE } else { aclrtRunMode::ACL_HOST })
    }

    fn aclrtSynchronizeDevice() {
        process::synchronize_device()
    }

    fn aclrtSetTsDevice(ts: aclrtTsId) {
        if ts.0 >= aclrtTsId::ACL_TS_ID_RESERVED.0 {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "the task scheduler is {}, wanted 0 or 1", ts.0));
        }
        process::current().map(drop)
    }

    fn aclrtDeviceCanAccessPeer(can: *mut i32, id: i32, peer: i32) {
        require(can, "can")?;
        check_peer(id)?;
        check_peer(peer)?;
        put!(can, i32::from(id != peer))
    }

    fn aclrtCreateContext(context: *mut aclrtContext, id: i32) {
        require(context, "context")?;
        put!(context, process::create_context(id)?.as_ptr())
    }

    fn aclrtDestroyContext(context: aclrtContext) {
        process::destroy_context(handle(context))
    }

    fn aclrtSetCurrentContext(context: aclrtContext) {
        process::set_current(handle(context))
    }

    fn aclrtGetCurrentContext(context: *mut aclrtContext) {
        require(context, "context")?;
        put!(context, process::current()?.handle.as_ptr())
    }

    fn aclrtCreateStream(stream: *mut aclrtStream) {
        require(stream, "stream")?;
        put!(stream, process::create_stream()?.as_ptr())
    }

    fn aclrtCreateStreamWithConfig(stream: *mut aclrtStream, _priority: u32, _flag: u32) {
        require(stream, "stream")?;
        put!(stream, process::create_stream()?.as_ptr())
    }

    fn aclrtDestroyStream(stream: aclrtStream) {
        process::destroy_stream(handle(stream), false)
    }

    fn aclrtDestroyStreamForce(stream: aclrtStream) {
        process::destroy_stream(handle(stream), true)
    }

    fn aclrtSynchronizeStream(stream: aclrtStream) {
        process::wait_for(&*process::stream(handle(stream))?)
    }

    fn aclrtSynchronizeStreamWithTimeout(stream: aclrtStream, timeout: i32) {
        let stream = process::stream(handle(stream))?;
        match stream.synchronize(milliseconds(timeout)?)? {
            Waited::Done => Ok(()),
            Waited::TimedOut => Err(fail!(
                ACL_ERROR_RT_STREAM_SYNC_TIMEOUT,
                "the stream's work was not done within {timeout} ms"
            )),
        }
    }

    fn aclrtStreamWaitEvent(stream: aclrtStream, event: aclrtEvent) {
        let event = synchronising(event)?;
        let stream = process::stream(handle(stream))?;
        let (wait, waiting) = (event.wait(), Arc::clone(&stream));
        stream.queue(Box::new(move || {
            let Some(timeout) = settings::event_timeout() else {
                waiting.held(Obstacle::Event(event), || wait.wait(None));
                return Ok(());
            };
            if wait.wait(Some(timeout)) {
                return Ok(());
            }
            Err(fail!(
                ACL_ERROR_RT_EVENT_SYNC_TIMEOUT,
                "the event was not recorded within the {timeout:?} of aclrtSetOpWaitTimeout"
            ))
        }))
    }

    fn aclrtCreateEvent(event: *mut aclrtEvent) {
        require(event, "event")?;
        put!(event, process::create_event(true, true)?.as_ptr())
    }

    fn aclrtCreateEventWithFlag(event: *mut aclrtEvent, flag: u32) {
        require(event, "event")?;
        // Time line 8, synchronisation 1, progress 2: any of them together.
        if flag == 0 || flag & !0xB != 0 {
            return Err(fail!(
                ACL_ERROR_RT_PARAM_INVALID,
                "the flag is {flag:#x}, wanted ACL_EVENT_SYNC (1), ACL_EVENT_TIME_LINE (8) or both"
            ));
        }
        let (timed, synchronises) = (flag & ACL_EVENT_TIME_LINE != 0, flag & ACL_EVENT_SYNC != 0);
        put!(event, process::create_event(timed, synchronises)?.as_ptr())
    }

    fn aclrtDestroyEvent(event: aclrtEvent) {
        process::destroy_event(handle(event))
    }

    fn aclrtRecordEvent(event: aclrtEvent, stream: aclrtStream) {
        let event = process::event(handle(event))?;
        let stream = process::stream(handle(stream))?;
        let record = event.record_on(&stream);
        stream.queue(Box::new(move || {
            record.pass();
            Ok(())
        }))
    }

    fn aclrtResetEvent(event: aclrtEvent, stream: aclrtStream) {
        let event = synchronising(event)?;
        process::stream(handle(stream))?.queue(Box::new(move || {
            event.reset();
            Ok(())
        }))
    }

    fn aclrtSynchronizeEvent(event: aclrtEvent) {
        process::wait_for_event(&*process::event(handle(event))?)
    }

    fn aclrtQueryEvent(event: aclrtEvent, status: *mut aclrtEventStatus) {
        let complete = process::event(handle(event))?.is_complete();
        put!(status, if complete {
            aclrtEventStatus::ACL_EVENT_STATUS_COMPLETE
        } else {
            aclrtEventStatus::ACL_EVENT_STATUS_NOT_READY
        })
    }

    fn aclrtQueryEventStatus(event: aclrtEvent, status: *mut aclrtEventRecordedStatus) {
        let complete = process::event(handle(event))?.is_complete();
        put!(status, if complete {
            aclrtEventRecordedStatus::ACL_EVENT_RECORDED_STATUS_COMPLETE
        } else {
            aclrtEventRecordedStatus::ACL_EVENT_RECORDED_STATUS_NOT_READY
        })
    }

    fn aclrtQueryEventWaitStatus(event: aclrtEvent, status: *mut aclrtEventWaitStatus) {
        let over = process::event(handle(event))?.waits_are_over();
        put!(status, if over {
            aclrtEventWaitStatus::ACL_EVENT_WAIT_STATUS_COMPLETE
        } else {
            aclrtEventWaitStatus::ACL_EVENT_WAIT_STATUS_NOT_READY
        })
    }

    fn aclrtEventElapsedTime(ms: *mut f32, start: aclrtEvent, end: aclrtEvent) {
        require(ms, "ms")?;
        let (start, end) = (process::event(handle(start))?, process::event(handle(end))?);
        put!(ms, end.elapsed_ms_since(&start)?)
    }
}

pub(super) fn handle(pointer: *mut c_void) -> Handle {
    Handle::from_ptr(pointer)
}

/// Returns an event that streams may wait for and reset.
fn synchronising(event: aclrtEvent) -> Result<Arc<Event>> {
    let event = process::event(handle(event))?;
    if !event.synchronises {
        return Err(fail!(
            ACL_ERROR_RT_PARAM_INVALID,
            "the event was made without ACL_EVENT_SYNC: streams cannot wait for it or reset it"
        ));
    }
    Ok(event)
}

fn check_peer(id: i32) -> Result<()> {
    if id >= 0 && id.unsigned_abs() < profile().chips {
        return Ok(());
    }
    Err(fail!(
        acl_sys::ACL_ERROR_RT_INVALID_DEVICEID,
        "device {id} was named, this machine has {}",
        profile().chips
    ))
}

/// A time of the C interface: -1 means for ever.
pub(super) fn milliseconds(timeout: i32) -> Result<Option<Duration>> {
    match timeout {
        -1 => Ok(None),
        0.. => Ok(Some(Duration::from_millis(u64::from(
            timeout.unsigned_abs(),
        )))),
        _ => Err(fail!(
            ACL_ERROR_RT_PARAM_INVALID,
            "the time is {timeout}, wanted milliseconds, or -1 for ever"
        )),
    }
}
