//! Failures, the last one of each thread, and the guard that no panic passes.

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use reid_apps::backend::BackendError;
use reid_apps::dgnet::{self, GeneratorError};
use reid_apps::eval::EvalError;
use reid_apps::fid::FidError;
use reid_apps::imaging::{ImageError, ImageProblem};
use reid_apps::mgn::{self, EmbedderError};
use reid_apps::search::MemoryGalleryError;

use super::Status;

/// Why a call failed.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) status: Status,
    pub(super) text: String,
}

pub(super) type Result<T> = std::result::Result<T, Failure>;

pub(super) fn fail<T>(status: Status, text: impl Into<String>) -> Result<T> {
    let text = text.into();
    Err(Failure { status, text })
}

thread_local! {
    static LAST: RefCell<CString> = RefCell::default();
}

/// Adds the sources of an error that its own line does not hold already.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let line = error.to_string();
        if !text.contains(&line) {
            text.push_str(": ");
            text.push_str(&line);
        }
        source = error.source();
    }
    text
}

fn of_acl(error: &acl::Error) -> Status {
    match error {
        acl::Error::Acl { .. } => Status::Acl,
        acl::Error::Load(_) => Status::Library,
        acl::Error::Unsupported { .. } => Status::Unsupported,
        acl::Error::ShapeMismatch { .. } | acl::Error::SizeMismatch { .. } => Status::SizeMismatch,
        acl::Error::UnknownGear { .. } => Status::UnknownGear,
        acl::Error::Busy { .. } | acl::Error::InUse { .. } => Status::Busy,
        _ => Status::InvalidArgument,
    }
}

fn of_backend(error: &BackendError) -> Status {
    match error {
        BackendError::Profile(_) => Status::InvalidArgument,
        _ => Status::Library,
    }
}

fn of_embedder(error: &EmbedderError) -> Status {
    match error {
        EmbedderError::Read { .. } => Status::File,
        EmbedderError::NotMgn { .. } => Status::WrongModel,
        EmbedderError::Load { source, .. } | EmbedderError::Run(source) => of_acl(source),
        _ => Status::InvalidArgument,
    }
}

fn of_generator(error: &GeneratorError) -> Status {
    match error {
        GeneratorError::Read { .. } => Status::File,
        GeneratorError::NotDgnet { .. } => Status::WrongModel,
        GeneratorError::Load { source, .. } | GeneratorError::Run(source) => of_acl(source),
        _ => Status::InvalidArgument,
    }
}

fn of_image(error: &ImageError) -> Status {
    match error.problem {
        ImageProblem::Read(_) => Status::File,
        _ => Status::Picture,
    }
}

fn of_mgn(error: &mgn::SessionError) -> Status {
    match error {
        mgn::SessionError::Picture { source, .. } => of_image(source),
        mgn::SessionError::Embedder(error) => of_embedder(error),
        _ => Status::InvalidArgument,
    }
}

fn of_dgnet(error: &dgnet::SessionError) -> Status {
    match error {
        dgnet::SessionError::Picture { source, .. } => of_image(source),
        dgnet::SessionError::Wild { .. } => Status::WrongModel,
        dgnet::SessionError::Generator(error) => of_generator(error),
        _ => Status::InvalidArgument,
    }
}

fn of_gallery(error: &MemoryGalleryError) -> Status {
    match error {
        MemoryGalleryError::Io { .. } | MemoryGalleryError::File { .. } => Status::File,
        MemoryGalleryError::Width { .. } => Status::SizeMismatch,
        _ => Status::InvalidArgument,
    }
}

fn of_numbers<E>(_: &E) -> Status {
    Status::InvalidArgument
}

macro_rules! failure {
    ($($error:ty => $status:ident;)*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let (status, text) = ($status(&error), chain(&error));
                Self { status, text }
            }
        }
    )*};
}
failure! {
    acl::Error => of_acl;
    BackendError => of_backend;
    EmbedderError => of_embedder;
    mgn::SessionError => of_mgn;
    GeneratorError => of_generator;
    dgnet::SessionError => of_dgnet;
    MemoryGalleryError => of_gallery;
    EvalError => of_numbers;
    FidError => of_numbers;
}

/// Panics go to the log and to the last error; a library prints nothing.
fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The tests of this package report their failures by panics.
        if !cfg!(test) {
            std::panic::set_hook(Box::new(|panic| log::error!("{panic}")));
        }
    });
}

/// Runs `body`; a panic becomes a failure.
pub(super) fn caught<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    quiet();
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
        // Dropping what a panic carries may panic again.
        std::mem::forget(panic);
        let said = said.unwrap_or_else(|| "a panic without words".to_owned());
        fail(Status::Internal, format!("a fault of this library: {said}"))
    })
}

/// Runs the body of a C function: a failure or a panic becomes a status and the thread's last text.
pub(super) fn guard(call: &'static str, body: impl FnOnce() -> Result<()>) -> Status {
    match caught(body) {
        Ok(()) => Status::Ok,
        Err(failure) => tell(call, &failure),
    }
}

#[cold]
fn tell(call: &'static str, failure: &Failure) -> Status {
    let text = format!("{call}: {}", failure.text).replace('\0', " ");
    // At a thread's exit the place may be gone already: the status still tells.
    let _ = LAST.try_with(|last| last.replace(CString::new(text).unwrap_or_default()));
    failure.status
}

/// Returns the thread's last text, valid until the next failure on this thread.
pub(super) fn last() -> *const c_char {
    LAST.try_with(|last| last.borrow().as_ptr())
        .unwrap_or(c"".as_ptr())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::ffi::CStr;

    fn said() -> String {
        // SAFETY: `last` returns a text that stays until the next failure on this thread.
        let text = unsafe { CStr::from_ptr(last()) };
        text.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_panic_becomes_a_status_and_its_words_the_last_error() {
        assert_eq!(guard("areid_x", || panic!("five {}", 5)), Status::Internal);
        assert_eq!(said(), "areid_x: a fault of this library: five 5");
        assert_eq!(
            guard("areid_x", || std::panic::panic_any(7)),
            Status::Internal
        );
        assert!(said().ends_with("a panic without words"));
    }

    #[test]
    fn a_zero_byte_in_a_text_does_not_cut_it() {
        let status = guard("areid_x", || fail(Status::Busy, "a\0b"));
        assert_eq!((status, said().as_str()), (Status::Busy, "areid_x: a b"));
        assert_eq!(guard("areid_y", || Ok(())), Status::Ok);
        assert_eq!(
            said(),
            "areid_x: a b",
            "success leaves the last error alone"
        );
    }
}
