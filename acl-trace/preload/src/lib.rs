//! `libacl_trace_preload.so`: writes a trace of a program's AscendCL calls, on a card or on the simulator.
//!
//! It has the functions of AscendCL, forwards each to the library behind it, and writes what came
//! and went ([`acl_trace`]) to the file that `ACL_TRACE` names (`acl-trace.jsonl` when it names
//! none; `%p` becomes the process's number).
//!
//! * A program that links AscendCL: `LD_PRELOAD=libacl_trace_preload.so program`.
//! * A program that opens it (as the crate `acl` does): `ACL_LIBRARY=…/libacl_trace_preload.so
//!   ACL_TRACE_LIBRARY=…/libascendcl.so program`.
//!
//! A function that the library behind does not have answers 200001, or null.

use std::any::Any;
use std::ffi::{CString, c_char, c_void};
use std::fmt::Debug;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, OnceLock};

use acl_trace::{Value, Writer};

/// Defines functions that forward to those of the same name in the library behind.
macro_rules! forward {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $returned:ty;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($argument: $type),*) -> $returned {
            crate::traced(
                stringify!($name),
                || vec![$((stringify!($argument), crate::shown(&$argument))),*],
                || {
                    static NEXT: crate::Next = crate::Next::new(stringify!($name));
                    let address = NEXT.address()?;
                    // SAFETY: what the library behind exports under a name of the API has that
                    // function's signature: names are not reused.
                    let next = unsafe {
                        std::mem::transmute::<*mut std::ffi::c_void, acl_sys::fns::$name>(address)
                    };
                    // SAFETY: the arguments are those of our caller, who promises what the
                    // function asks for.
                    Some(unsafe { next($($argument),*) })
                },
            )
        }
    )*};
}
use forward;

#[allow(non_snake_case, reason = "C's names")]
mod functions {
    #[allow(clippy::wildcard_imports)] // most types of the interface
    use acl_sys::*;

    include!(concat!(env!("OUT_DIR"), "/forward.rs"));
}

static SEQUENCE: AtomicU64 = AtomicU64::new(0);

static TRACE: LazyLock<Option<Writer>> = LazyLock::new(|| {
    let path = std::env::var_os("ACL_TRACE").filter(|path| !path.is_empty());
    let path = path.map_or_else(|| PathBuf::from("acl-trace.jsonl"), PathBuf::from);
    Writer::create(&path)
        .map_err(|error| eprintln!("acl-trace: no trace is written: {error}"))
        .ok()
});

/// What a function answers that the library behind does not have.
trait Missing {
    fn missing() -> Self;
}

macro_rules! missing {
    ($($type:ty = $value:expr;)*) => {$(
        impl Missing for $type {
            fn missing() -> Self {
                $value
            }
        }
    )*};
}

missing! {
    () = ();
    i32 = acl_sys::ACL_ERROR_API_NOT_SUPPORT;
    u8 = 0;
    i16 = 0;
    u16 = 0;
    u32 = 0;
    i64 = 0;
    u64 = 0;
    usize = 0;
    f32 = 0.0;
    f64 = 0.0;
    acl_sys::aclFormat = acl_sys::aclFormat::ACL_FORMAT_UNDEFINED;
    acl_sys::aclDataType = acl_sys::aclDataType::ACL_DT_UNDEFINED;
    acl_sys::acldvppBorderType = acl_sys::acldvppBorderType(0);
    acl_sys::acldvppPixelFormat = acl_sys::acldvppPixelFormat(0);
    acl_sys::acldvppStreamFormat = acl_sys::acldvppStreamFormat(0);
    acl_sys::aclprofSubscribeOpFlag = acl_sys::aclprofSubscribeOpFlag(0);
    acl_sys::acltdtTensorType = acl_sys::acltdtTensorType(0);
}

impl<T> Missing for Option<T> {
    fn missing() -> Self {
        None
    }
}

impl<T> Missing for *mut T {
    fn missing() -> Self {
        std::ptr::null_mut()
    }
}

impl<T> Missing for *const T {
    fn missing() -> Self {
        std::ptr::null()
    }
}

/// Forwards a call and writes it to the trace.
fn traced<T: Any + Debug + Missing>(
    name: &'static str,
    arguments: impl FnOnce() -> Vec<(&'static str, Value)>,
    call: impl FnOnce() -> Option<T>,
) -> T {
    let sequence = SEQUENCE.fetch_add(1, Ordering::Relaxed);
    let started = TRACE
        .as_ref()
        .map(|trace| (trace, trace.enter(sequence, name, arguments())));
    let result = call().unwrap_or_else(T::missing);
    if let Some((trace, started)) = started {
        trace.leave(started, shown(&result));
    }
    result
}

fn shown<T: Any + Debug>(value: &T) -> Value {
    // SAFETY: AscendCL asks of its caller that a string be null or end with NUL, and returns such.
    unsafe { acl_trace::show(value) }
}

/// Where the library behind has a function, looked up at its first call.
struct Next {
    name: &'static str,
    address: OnceLock<usize>,
}

impl Next {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            address: OnceLock::new(),
        }
    }

    fn address(&self) -> Option<*mut c_void> {
        let address = *self
            .address
            .get_or_init(|| behind(self.name).expose_provenance());
        (address != 0).then(|| std::ptr::with_exposed_provenance_mut(address))
    }
}

/// The library behind; by default whichever comes next.
static LIBRARY: LazyLock<usize> = LazyLock::new(|| {
    let Some(path) = std::env::var_os("ACL_TRACE_LIBRARY").filter(|path| !path.is_empty()) else {
        return libc::RTLD_NEXT.expose_provenance();
    };
    let text = CString::new(path.as_bytes()).unwrap_or_default();
    // SAFETY: the path is a string that ends with NUL; the user named the library to be opened.
    let library = unsafe { libc::dlopen(text.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if library.is_null() {
        eprintln!(
            "acl-trace: ACL_TRACE_LIBRARY is {}, which cannot be opened: all calls answer 200001",
            path.display()
        );
    }
    library.expose_provenance()
});

fn behind(name: &str) -> *mut c_void {
    let library = std::ptr::with_exposed_provenance_mut(*LIBRARY);
    let name = CString::new(name).unwrap_or_default();
    if *LIBRARY == 0 {
        return std::ptr::null_mut();
    }
    // SAFETY: the handle is RTLD_NEXT or came from dlopen, and is never closed; the name ends with
    // NUL.
    unsafe { libc::dlsym(library, name.as_ptr()) }
}

/// Says what the library behind says of itself: its name and version if it is a simulator, and null
/// if not.
#[unsafe(no_mangle)]
pub extern "C" fn ascendcl_sim_version() -> *const c_char {
    let address = behind("ascendcl_sim_version");
    if address.is_null() {
        return std::ptr::null();
    }
    // SAFETY: only simulators have the symbol, with this signature.
    let version = unsafe {
        std::mem::transmute::<*mut c_void, unsafe extern "C" fn() -> *const c_char>(address)
    };
    // SAFETY: the function takes nothing and has no precondition.
    unsafe { version() }
}
