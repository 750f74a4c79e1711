//! Calls of the C interface through the table of this process.
#![allow(dead_code, unused_macros)]

use std::ffi::{CStr, c_void};
use std::sync::Once;

/// Calls a function of the table by its C name.
macro_rules! call {
    ($name:ident($($argument:expr),* $(,)?)) => {{
        let function = ascendcl::api().$name.unwrap();
        // SAFETY: the tests give pointers to variables that live through the call, memory that was
        // allocated for it, null, or handles, which the simulator checks before it uses them.
        unsafe { function($($argument),*) }
    }};
}

/// Calls a function that must succeed.
macro_rules! ok {
    ($name:ident($($argument:expr),* $(,)?)) => {{
        let code = call!($name($($argument),*));
        assert_eq!(code, 0, "{}: {}", stringify!($name), crate::call::messages());
    }};
}

/// Initialises the process, once, and makes device 0 that of this thread.
pub(crate) fn start() {
    static INIT: Once = Once::new();
    INIT.call_once(|| ok!(aclInit(std::ptr::null())));
    ok!(aclrtSetDevice(0));
    messages();
}

/// Takes the texts of this thread's recent failures.
pub(crate) fn messages() -> String {
    let text = call!(aclGetRecentErrMsg());
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the text is not null, and good until the next call of aclGetRecentErrMsg on this
    // thread.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned()
}

/// Allocates device memory.
pub(crate) fn malloc(size: usize) -> *mut c_void {
    let mut pointer = std::ptr::null_mut();
    ok!(aclrtMalloc(
        &raw mut pointer,
        size,
        acl_sys::aclrtMemMallocPolicy::ACL_MEM_MALLOC_HUGE_FIRST
    ));
    pointer
}

/// Copies from the program to the device.
pub(crate) fn upload(to: *mut c_void, bytes: &[u8]) {
    ok!(aclrtMemcpy(
        to,
        bytes.len(),
        bytes.as_ptr().cast(),
        bytes.len(),
        acl_sys::aclrtMemcpyKind::ACL_MEMCPY_HOST_TO_DEVICE
    ));
}

/// Copies from the device to the program.
pub(crate) fn download(from: *const c_void, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    ok!(aclrtMemcpy(
        bytes.as_mut_ptr().cast(),
        size,
        from,
        size,
        acl_sys::aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_HOST
    ));
    bytes
}

/// Makes a stream in this thread's context.
pub(crate) fn stream() -> *mut c_void {
    let mut stream = std::ptr::null_mut();
    ok!(aclrtCreateStream(&raw mut stream));
    stream
}

/// Makes an event.
pub(crate) fn event() -> *mut c_void {
    let mut event = std::ptr::null_mut();
    ok!(aclrtCreateEvent(&raw mut event));
    event
}

/// A handle or an address on its way to another thread.
#[derive(Clone, Copy)]
pub(crate) struct Sent(usize);

impl Sent {
    pub(crate) fn new(pointer: *mut c_void) -> Self {
        Self(pointer.expose_provenance())
    }

    pub(crate) fn get(self) -> *mut c_void {
        std::ptr::with_exposed_provenance_mut(self.0)
    }
}
