//! The log, handed to the host.

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::{OnceLock, PoisonError, RwLock};

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::Status;
use super::error::{fail, guard};

/// Takes a line of the log: its level (one of areid_log_level), the module that tells it, and the
/// text, both with a zero byte and valid during the call.
///
/// Called from any thread, also from several at once. It must neither throw nor free what the library
/// is using; lines that its own calls of the library cause are dropped.
pub type LogCallback = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        level: i32,
        target: *const c_char,
        message: *const c_char,
    ),
>;

#[derive(Clone, Copy)]
struct Sink {
    callback: unsafe extern "C" fn(*mut c_void, i32, *const c_char, *const c_char),
    user: *mut c_void,
}

// SAFETY: `areid_log_set` asks for a callback and a user pointer that any thread may use.
unsafe impl Send for Sink {}
// SAFETY: as above.
unsafe impl Sync for Sink {}

static SINK: RwLock<Option<Sink>> = RwLock::new(None);

thread_local! {
    /// Whether the callback runs on this thread.
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

struct Forward;

impl Log for Forward {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        // At a thread's exit the flag may be gone: then nothing is told.
        let busy = TELLING.try_with(|telling| telling.replace(true));
        if busy != Ok(false) {
            return;
        }
        let text = |text: String| CString::new(text.replace('\0', " ")).unwrap_or_default();
        let target = text(record.target().to_owned());
        let message = text(record.args().to_string());
        let level = match record.level() {
            Level::Error => 1,
            Level::Warn => 2,
            Level::Info => 3,
            Level::Debug => 4,
            Level::Trace => 5,
        };
        // Held during the call, so that after `areid_log_set` the old callback is not called.
        let sink = SINK.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(sink) = *sink {
            let (target, message): (&CStr, &CStr) = (&target, &message);
            // SAFETY: `areid_log_set` asks for a callback that takes these; the texts end in zero and
            // live until it returns.
            unsafe { (sink.callback)(sink.user, level, target.as_ptr(), message.as_ptr()) };
        }
        drop(sink);
        let _ = TELLING.try_with(|telling| telling.set(false));
    }

    fn flush(&self) {}
}

/// Hands the log to a callback; NULL or AREID_LOG_OFF ends that. Nothing is told unless asked for.
///
/// Replaces the callback before it, which is not called any more once this has returned. user is
/// handed to the callback as it is.
///
/// Errors: AREID_INVALID_ARGUMENT for another level; AREID_BUSY from inside of the callback, or if
/// a Rust host of this package has a logger of its own.
///
/// # Safety
/// Until it is replaced, callback may be called with user from any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_log_set(
    callback: LogCallback,
    user: *mut c_void,
    level: i32,
) -> Status {
    static OURS: OnceLock<bool> = OnceLock::new();
    guard("areid_log_set", || {
        let level = match level {
            0 => LevelFilter::Off,
            1 => LevelFilter::Error,
            2 => LevelFilter::Warn,
            3 => LevelFilter::Info,
            4 => LevelFilter::Debug,
            5 => LevelFilter::Trace,
            other => {
                let text = format!("level is {other}, want 0 (off) to 5 (trace)");
                return fail(Status::InvalidArgument, text);
            }
        };
        if TELLING.try_with(Cell::get) == Ok(true) {
            return fail(
                Status::Busy,
                "the log cannot be set from inside of its callback",
            );
        }
        if !*OURS.get_or_init(|| log::set_logger(&Forward).is_ok()) {
            return fail(Status::Busy, "the log of this process has another receiver");
        }
        let sink = callback.filter(|_| level != LevelFilter::Off);
        let sink = sink.map(|callback| Sink { callback, user });
        let level = sink.map_or(LevelFilter::Off, |_| level);
        let mut place = SINK.write().unwrap_or_else(PoisonError::into_inner);
        *place = sink;
        log::set_max_level(level);
        Ok(())
    })
}
