//! Tensors between the program and a device: channels of `acl_tdt.h`, queues of `acl_tdt_queue.h`.
//!
//! No model of the simulator takes from a channel or puts into one, so both ends are the program's:
//! what is sent to a channel is what a handle of the same device and name receives.
//!
//! # The simulator's own choices
//!
//! * Times are milliseconds, -1 is for ever, and what is less is 107000. Where nothing can be had in
//!   time the code is 207013, where there is no room in time it is 207014.
//! * A channel is known by its device and name, and lives as long as one of its handles; the first
//!   handle sets the capacity (128 tensors unless it is given). `acltdtQueryChannelSize` tells how
//!   many wait in it.
//! * `acltdtStopChannel` ends a channel for all its handles: who waits, and who comes later, gets
//!   507005. So does who waits at a channel whose last handle is destroyed.
//! * Sending copies the items' memory, the program's or the device's. `acltdtReceiveTensor` fills a
//!   dataset with items that belong to it and go with it, or with the next that it receives; a
//!   dataset to which the program has added items receives nothing (100000).
//! * Queues ([`queue`]) belong to the process, and no other process reaches them: attaching succeeds
//!   at once, and granting to another process is remembered by nobody.
//! * Buffers ([`buffer`]) lie in host memory of either type, all of a buffer counts as data until its
//!   length is set, and 96 bytes of each are the user's own.

pub(crate) mod channel;
pub(crate) mod item;

use std::sync::{Condvar, MutexGuard, PoisonError};
use std::time::Duration;

/// Gives one kind of object its three functions.
macro_rules! kind_of_object {
    ($table:ident, $kind:ident, $type:ty, $add:ident, $get:ident, $remove:ident) => {
        static $table: $crate::machine::handle::Table<
            std::sync::Arc<$crate::machine::objects::Shared<$type>>,
        > = $crate::machine::handle::Table::new($crate::machine::handle::Kind::$kind);

        pub(crate) fn $add(value: $type) -> $crate::machine::handle::Handle {
            $table.insert(|_| $crate::machine::objects::Shared::new(value))
        }

        pub(crate) fn $get(
            handle: $crate::machine::handle::Handle,
        ) -> $crate::machine::failure::Result<
            std::sync::Arc<$crate::machine::objects::Shared<$type>>,
        > {
            $table.get(handle).map_err(|complaint| {
                $crate::machine::failure::fail!(acl_sys::ACL_ERROR_INVALID_PARAM, "{complaint}")
            })
        }

        pub(crate) fn $remove(
            handle: $crate::machine::handle::Handle,
        ) -> $crate::machine::failure::Result<
            std::sync::Arc<$crate::machine::objects::Shared<$type>>,
        > {
            $table.remove(handle).map_err(|complaint| {
                $crate::machine::strict::find(
                    $crate::machine::strict::Finding::BadHandle,
                    complaint.clone(),
                );
                $crate::machine::failure::fail!(acl_sys::ACL_ERROR_INVALID_PARAM, "{complaint}")
            })
        }
    };
}
use kind_of_object;

/// Waits while a condition holds, but no longer than a time; the condition is looked at afterwards.
fn wait<'a, T>(
    changed: &Condvar,
    guard: MutexGuard<'a, T>,
    timeout: Option<Duration>,
    condition: impl FnMut(&mut T) -> bool,
) -> MutexGuard<'a, T> {
    match timeout {
        None => changed
            .wait_while(guard, condition)
            .unwrap_or_else(PoisonError::into_inner),
        Some(timeout) => {
            changed
                .wait_timeout_while(guard, timeout, condition)
                .unwrap_or_else(PoisonError::into_inner)
                .0
        }
    }
}

/// Stops everything, at the end of the library's use.
pub(crate) fn clear() {
    channel::clear();
}
