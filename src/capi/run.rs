//! Runs that go on while the caller does something else.
//!
//! Each model has one thread for them, made with its first submitted run, which takes them in order.

use std::ffi::{CString, c_char, c_void};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use super::Status;
use super::error::{Result, caught, fail, guard};
use super::handle::{get, insert, take};
use super::model::{Input, ModelState, Output};
use super::opaque::{ModelHandle, RunHandle};
use super::pointer::{Out, slice};

/// Is told the end of a run that was submitted: its status, and why if that is not AREID_OK (else
/// NULL), valid during the call.
///
/// Called once, on a thread of the library, after the outputs were written. It may call every
/// function of the library but wait for runs of the same model, and must not throw.
pub type RunCallback =
    Option<unsafe extern "C" fn(user: *mut c_void, status: Status, error: *const c_char)>;

/// A run, done or not.
pub(super) struct RunState {
    outcome: Mutex<Option<Result<()>>>,
    done: Condvar,
    /// The thread that does it.
    worker: ThreadId,
}

impl RunState {
    fn lock(&self) -> MutexGuard<'_, Option<Result<()>>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_done(&self) -> bool {
        self.lock().is_some()
    }

    /// Tells whether this is the thread that does it, which must not wait for it.
    fn is_here(&self) -> bool {
        self.worker == thread::current().id()
    }

    fn finish(&self, outcome: Result<()>) {
        *self.lock() = Some(outcome);
        self.done.notify_all();
    }

    /// Waits for the outcome, `None` if the time is over before.
    fn wait(&self, limit: Option<Duration>) -> Option<Result<()>> {
        // A time beyond the clock's end is no limit.
        let end = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut outcome = self.lock();
        loop {
            if let Some(outcome) = &*outcome {
                return Some(outcome.clone());
            }
            outcome = match end {
                None => self
                    .done
                    .wait(outcome)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(end) => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return None;
                    }
                    let waited = self.done.wait_timeout(outcome, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// A run in the queue.
pub(super) struct Job {
    model: Arc<ModelState>,
    run: Arc<RunState>,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    callback: RunCallback,
    user: *mut c_void,
}

// SAFETY: `areid_model_submit` asks for buffers that stay until the run is done, and for a callback
// and a user pointer that a thread of the library may use.
unsafe impl Send for Job {}

impl Job {
    fn work(self) {
        let model = self.model;
        // SAFETY: `areid_model_submit` asks for buffers that stay until the run is done.
        let outcome = caught(|| unsafe { model.run(&self.inputs, &self.outputs) });
        model.landed();
        // Whoever learns of the end may free the model and leave: this share must be gone by then.
        drop(model);
        if let Some(callback) = self.callback {
            let (status, text) = match &outcome {
                Ok(()) => (Status::Ok, None),
                Err(failure) => {
                    let text = CString::new(failure.text.replace('\0', " "));
                    (failure.status, Some(text.unwrap_or_default()))
                }
            };
            let text = text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr());
            // SAFETY: `areid_model_submit` asks for a callback that takes these; the text lives until
            // it returns.
            unsafe { callback(self.user, status, text) };
        }
        self.run.finish(outcome);
    }
}

/// The way to the thread of a model's runs.
pub(super) struct Worker {
    sender: Sender<Job>,
    thread: ThreadId,
}

/// Makes the thread of a model's runs.
pub(super) fn worker() -> Result<Worker> {
    let (sender, receiver): (_, Receiver<Job>) = channel();
    let made = thread::Builder::new()
        .name("areid-runs".to_owned())
        .spawn(move || {
            // Ends when the model, which has the sender, is gone.
            while let Ok(job) = receiver.recv() {
                job.work();
            }
        });
    match made {
        Ok(handle) => Ok(Worker {
            sender,
            thread: handle.thread().id(),
        }),
        Err(error) => fail(
            Status::Busy,
            format!("no thread could be made for the runs of a model: {error}"),
        ),
    }
}

/// Submits a run, which goes on while the caller does something else.
///
/// Arguments as those of areid_model_run; what can be checked is checked before this returns. The lists
/// are copied; the buffers that they name belong to the run until it is done: until the callback
/// is called, or areid_run_wait or areid_run_poll say so, or areid_run_free has returned. Runs of a
/// model are done in the order of submission, and take turns with areid_model_run. The gear cannot be
/// changed while runs are under way.
///
/// callback may be NULL, and so may run; not both, as nobody could learn of the end. A run whose
/// handle was not asked for needs no areid_run_free. run is written before the callback can be called.
/// Freeing the model does not end runs under way.
///
/// Errors: as areid_model_run before the run; AREID_INVALID_ARGUMENT without callback and run.
/// The callback is then not called.
///
/// # Safety
/// The lists are readable for their counts; until the run is done each input is readable for its bytes,
/// and each output is writable for its bytes and overlaps nothing else that is in use; callback may be
/// called with user from another thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_model_submit(
    model: *const ModelHandle,
    inputs: *const Input,
    input_count: usize,
    outputs: *const Output,
    output_count: usize,
    callback: RunCallback,
    user: *mut c_void,
    run: *mut *mut RunHandle,
) -> Status {
    guard("areid_model_submit", || {
        let out = match run.is_null() {
            true if callback.is_none() => {
                let text = "callback and run are both null, want one to learn of the end";
                return fail(Status::InvalidArgument, text);
            }
            true => None,
            // SAFETY: handed on from the caller.
            false => Some(unsafe { Out::new("run", run) }?),
        };
        let state = get::<Arc<ModelState>>(model)?;
        // SAFETY: handed on from the caller.
        let inputs = unsafe { slice("inputs", inputs, input_count) }?;
        // SAFETY: handed on from the caller.
        let outputs = unsafe { slice("outputs", outputs, output_count) }?;
        let send = |worker: &Worker| {
            let run = Arc::new(RunState {
                outcome: Mutex::default(),
                done: Condvar::new(),
                worker: worker.thread,
            });
            let job = Job {
                model: Arc::clone(&state),
                run: Arc::clone(&run),
                inputs: inputs.to_vec(),
                outputs: outputs.to_vec(),
                callback,
                user,
            };
            if let Some(out) = out {
                // Before the run is sent: its callback may look at the handle.
                out.set(insert(run)?);
            }
            match worker.sender.send(job) {
                Ok(()) => Ok(()),
                Err(_) => fail(
                    Status::Internal,
                    "the thread of the model's runs has ended by a fault",
                ),
            }
        };
        // SAFETY: handed on from the caller.
        unsafe { state.submit(inputs, outputs, send) }
    })
}

/// Tells by 1 or 0 whether a run is done, without waiting. How it ended areid_run_wait tells.
///
/// # Safety
/// done is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_run_poll(run: *const RunHandle, done: *mut i32) -> Status {
    guard("areid_run_poll", || {
        // SAFETY: handed on from the caller.
        let out = unsafe { Out::new("done", done) }?;
        let state = get::<Arc<RunState>>(run)?;
        out.set(state.is_done().into());
        Ok(())
    })
}

/// Waits until a run is done, at most timeout_ms milliseconds (0 looks once, negative is for ever), and
/// returns how it ended. May be called again, and from several threads.
///
/// Errors: AREID_TIMEOUT if it is not done by then; AREID_BUSY from inside of a callback of the
/// same model, which would wait for itself; else those of the run, as areid_model_run has them.
#[unsafe(no_mangle)]
pub extern "C" fn areid_run_wait(run: *const RunHandle, timeout_ms: i64) -> Status {
    guard("areid_run_wait", || {
        let state = get::<Arc<RunState>>(run)?;
        if state.is_here() && !state.is_done() {
            let text = "the run cannot be done before this callback of its model has returned";
            return fail(Status::Busy, text);
        }
        let limit = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
        state.wait(limit).unwrap_or_else(|| {
            let text = format!("the run was not done within {timeout_ms} ms");
            fail(Status::Timeout, text)
        })
    })
}

/// Frees a run; one that is not done is waited for, so that afterwards its buffers are the caller's.
/// NULL is allowed.
///
/// From inside of a callback of the same model it does not wait: the run goes on, and its buffers are
/// its own until it is done. How the run ended is lost.
#[unsafe(no_mangle)]
pub extern "C" fn areid_run_free(run: *mut RunHandle) -> Status {
    guard("areid_run_free", || {
        let Some(state) = take::<Arc<RunState>>(run)? else {
            return Ok(());
        };
        if !state.is_here() {
            // Its end is not asked for.
            drop(state.wait(None));
        }
        Ok(())
    })
}
