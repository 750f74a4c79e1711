//! What may cross threads, and what must not compile.
#![allow(clippy::unwrap_used)]

use acl::{
    Bindings, Context, Device, DeviceBuffer, DeviceSlice, Error, Event, Model, Pending,
    PinnedBuffer, Refused, Runtime, Stream,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};

assert_impl_all!(Runtime: Send, Sync, Clone);
assert_impl_all!(Device: Send, Sync, Clone);
assert_impl_all!(Context: Send, Sync, Clone);
assert_impl_all!(Event: Send, Sync);
assert_impl_all!(DeviceBuffer: Send, Sync);
assert_impl_all!(DeviceSlice<'static>: Send, Sync);
assert_impl_all!(PinnedBuffer: Send, Sync);
assert_impl_all!(Stream: Send);
assert_impl_all!(Model: Send);
assert_impl_all!(Bindings: Send);
assert_impl_all!(Pending<Bindings>: Send);
assert_impl_all!(Pending<(DeviceBuffer, PinnedBuffer)>: Send);
assert_impl_all!(Error: Send, Sync, std::error::Error);
assert_impl_all!(Refused<Bindings>: Send, std::error::Error);

assert_not_impl_any!(Stream: Sync, Clone);
assert_not_impl_any!(Model: Sync, Clone);
assert_not_impl_any!(Bindings: Sync, Clone);
assert_not_impl_any!(Pending<Bindings>: Clone);
assert_not_impl_any!(Pending<std::rc::Rc<u8>>: Send);
assert_not_impl_any!(DeviceBuffer: Clone);

/// The messages are those of the toolchain that the project pins.
#[test]
#[cfg(not(miri))]
fn misuse_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
