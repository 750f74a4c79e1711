//! `acl_rt.h`: callbacks of streams.

use std::ffi::c_void;
use std::sync::Arc;

use acl_sys::{ACL_ERROR_INVALID_PARAM, aclrtCallback, aclrtCallbackBlockType, aclrtStream};

use super::runtime::{handle, milliseconds};
use super::status;
use crate::machine::failure::fail;
use crate::machine::stream::Obstacle;
use crate::machine::{process, report};

/// What a callback is called with, on whichever thread.
struct UserData(*mut c_void);

// SAFETY: the interface hands the pointer to the callback on another thread; that is its purpose,
// and the program's to make safe.
unsafe impl Send for UserData {}

status! {
    fn aclrtSubscribeReport(thread: u64, stream: aclrtStream) {
        let chip = process::stream(handle(stream))?.chip;
        report::subscribe(thread, process::subscription(handle(stream))?, chip)
    }

    fn aclrtUnSubscribeReport(thread: u64, stream: aclrtStream) {
        report::unsubscribe(thread, process::subscription(handle(stream))?)
    }

    fn aclrtLaunchCallback(
        function: aclrtCallback,
        data: *mut c_void,
        kind: aclrtCallbackBlockType,
        stream: aclrtStream,
    ) {
        let Some(function) = function else {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "the callback is null"));
        };
        let blocks = match kind {
            aclrtCallbackBlockType::ACL_CALLBACK_NO_BLOCK => false,
            aclrtCallbackBlockType::ACL_CALLBACK_BLOCK => true,
            aclrtCallbackBlockType(other) => {
                return Err(fail!(
                    ACL_ERROR_INVALID_PARAM,
                    "the kind of callback is {other}, wanted 0 (no block) or 1 (block)"
                ));
            }
        };
        let queue = process::stream(handle(stream))?;
        let sender = process::subscription(handle(stream))?;
        let mailbox = report::mailbox(sender)?;
        let data = UserData(data);
        let held = Arc::clone(&queue);
        queue.queue(Box::new(move || {
            let callback = move || {
                let data: UserData = data;
                // SAFETY: the program gave the function and its argument for this call.
                unsafe { function(data.0) };
            };
            let done = mailbox.send(sender, Box::new(callback));
            if blocks {
                held.held(Obstacle::Callback(mailbox.thread), || done.wait());
            }
            Ok(())
        }))
    }

    fn aclrtProcessReport(timeout: i32) {
        report::process(milliseconds(timeout)?)
    }
}
