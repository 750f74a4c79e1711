//! Writing a trace while the program runs.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::{Arguments, Record, Value};

static THREADS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static THREAD: Cell<Option<u64>> = const { Cell::new(None) };
}

/// A trace that is being written. Any thread may use it.
#[derive(Debug)]
pub struct Writer {
    file: Mutex<File>,
    begin: Instant,
}

/// A call that has been entered.
#[derive(Debug)]
pub struct Started {
    seq: u64,
    call: &'static str,
    args: Arguments,
    at: Instant,
}

impl Writer {
    /// Begins a trace; `%p` in the file's name becomes the process's number.
    ///
    /// # Errors
    ///
    /// When the file cannot be made, with its path.
    pub fn create(path: &Path) -> io::Result<Self> {
        let path = PathBuf::from(
            path.to_string_lossy()
                .replace("%p", &std::process::id().to_string()),
        );
        let file = File::create(&path).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
        Ok(Self {
            file: Mutex::new(file),
            begin: Instant::now(),
        })
    }

    /// Notes that a call is entered.
    #[must_use]
    pub fn enter(&self, seq: u64, call: &'static str, args: Vec<(&'static str, Value)>) -> Started {
        let args = args
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        Started {
            seq,
            call,
            args: Arguments(args.collect()),
            at: Instant::now(),
        }
    }

    /// Writes a call that returned. What cannot be written is lost: a trace must not stop a program.
    pub fn leave(&self, started: Started, result: Value) {
        let took = started.at.elapsed();
        let thread = THREAD.try_with(|thread| {
            thread.get().unwrap_or_else(|| {
                let number = THREADS.fetch_add(1, Ordering::Relaxed);
                thread.set(Some(number));
                number
            })
        });
        let record = Record {
            seq: started.seq,
            thread: thread.unwrap_or(u64::MAX),
            call: started.call.to_owned(),
            args: started.args,
            result,
            at_us: clamp(started.at.duration_since(self.begin).as_micros()),
            took_ns: clamp(took.as_nanos()),
        };
        let Ok(mut line) = serde_json::to_string(&record) else {
            return;
        };
        line.push('\n');
        // One write a line, so that a program which dies leaves whole lines.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = file.write_all(line.as_bytes());
    }
}

fn clamp(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
