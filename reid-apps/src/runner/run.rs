//! One run of a pipeline: the threads, and what they share.
//!
//! Workers fill free slots and take finished ones, whichever there is; finished ones come first,
//! because they free slots. One thread per device waits for its batches in the order in which they
//! run. Without workers each device's thread does everything for its own slots.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};

use super::error::BatchError;
use super::lane::{Lane, Prepare, Slot};
use super::pipeline::{Done, Work};
use super::stage::Clock;

/// Statuses after which a device is not asked again: its heartbeat is lost, or it cannot start.
const GONE: [i32; 2] = [507_010, 507_033];

/// A run, as all of its threads see it.
pub(super) struct Run<'a, W: Work, I, S> {
    work: &'a W,
    lanes: &'a [Lane],
    prepare: &'a Prepare,
    stop: &'a AtomicBool,
    origin: Instant,
    workers: usize,
    /// How far a batch may be ahead of the oldest one that the sink has not had.
    window: u64,
    desk: Mutex<Desk<I, W::Batch>>,
    changed: Condvar,
    exit: Mutex<Exit<S, W>>,
}

/// What is left of a run.
pub(super) struct End {
    pub(super) slots: Vec<Slot>,
    pub(super) emitted: u64,
    pub(super) stopped: bool,
    pub(super) lost: Vec<(i32, String)>,
}

/// What the threads take from and bring to.
struct Desk<I, B> {
    source: I,
    free: Vec<Slot>,
    finished: VecDeque<Job<B>>,
    /// Batches that a lost device gave back, and why.
    again: Vec<(u64, B, acl::Error)>,
    /// Batches that the source gave.
    begun: u64,
    /// Batches that no thread has to do with any more.
    settled: u64,
    /// Batches that the sink had.
    emitted: u64,
    /// The source has no more, or is not to be asked.
    exhausted: bool,
    /// It is not asked because the run was stopped from outside.
    stopped: bool,
    /// Slots that exist, wherever they are.
    alive: usize,
    gone: Vec<bool>,
    lost: Vec<(i32, String)>,
}

/// A batch in its slot.
struct Job<B> {
    number: u64,
    batch: B,
    slot: Slot,
    clock: Clock,
    ran: acl::Result<()>,
}

type DoneOf<W> = Done<<W as Work>::Batch, <W as Work>::Output, <W as Work>::Error>;

/// Results on their way out; some wait for earlier ones.
struct Exit<S, W: Work> {
    next: u64,
    waiting: VecDeque<Option<DoneOf<W>>>,
    sink: S,
}

#[expect(
    clippy::large_enum_variant,
    reason = "it is moved once and never kept; a box would be an allocation per batch"
)]
enum Todo<B> {
    Take(Job<B>),
    Fill(u64, B, Slot),
    Leave,
}

/// A panic of another thread is passed on when it is joined; until then its lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a, W, I, S> Run<'a, W, I, S>
where
    W: Work,
    I: Iterator<Item = W::Batch> + Send,
    S: FnMut(DoneOf<W>) -> ControlFlow<()> + Send,
{
    pub(super) fn new(
        work: &'a W,
        lanes: &'a [Lane],
        prepare: &'a Prepare,
        stop: &'a AtomicBool,
        (source, free, sink): (I, Vec<Slot>, S),
        workers: usize,
    ) -> Self {
        let alive = free.len();
        let window = 2 * alive + workers;
        Self {
            work,
            lanes,
            prepare,
            stop,
            origin: Instant::now(),
            workers,
            window: window as u64,
            desk: Mutex::new(Desk {
                source,
                free,
                finished: VecDeque::with_capacity(alive),
                again: Vec::new(),
                begun: 0,
                settled: 0,
                emitted: 0,
                exhausted: false,
                stopped: false,
                alive,
                gone: vec![false; lanes.len()],
                lost: Vec::new(),
            }),
            changed: Condvar::new(),
            exit: Mutex::new(Exit {
                next: 0,
                waiting: VecDeque::with_capacity(window + 1),
                sink,
            }),
        }
    }

    pub(super) fn carry_out(self) -> End {
        if self.workers == 0 {
            std::thread::scope(|scope| {
                for lane in 0..self.lanes.len() {
                    let run = &self;
                    scope.spawn(move || run.alone(lane));
                }
            });
        } else {
            self.with_workers();
        }
        // What lost devices gave back and nobody could take.
        let again = std::mem::take(&mut lock(&self.desk).again);
        for (number, batch, error) in again {
            let clock = Clock::new(self.origin, number, -1, 0);
            self.settle(number, batch, Err(BatchError::Lost(error)), clock, None);
        }
        let desk = self
            .desk
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        End {
            slots: desk.free,
            emitted: desk.emitted,
            stopped: desk.stopped,
            lost: desk.lost,
        }
    }

    fn with_workers(&self) {
        std::thread::scope(|scope| {
            let mut ways = Vec::with_capacity(self.lanes.len());
            for _ in self.lanes {
                let (way, jobs) = crossbeam_channel::bounded(lock(&self.desk).alive.max(1));
                ways.push(way);
                scope.spawn(move || self.wait_for(&jobs));
            }
            for _ in 1..self.workers {
                let ways = ways.clone();
                scope.spawn(move || self.serve(&ways));
            }
            scope.spawn(move || self.serve(&ways));
        });
    }

    /// A device's thread, where workers do the rest.
    fn wait_for(&self, jobs: &Receiver<Job<W::Batch>>) {
        for mut job in jobs {
            job.ran = job.slot.wait(&mut job.clock);
            lock(&self.desk).finished.push_back(job);
            self.changed.notify_all();
        }
    }

    /// A worker.
    fn serve(&self, ways: &[Sender<Job<W::Batch>>]) {
        loop {
            match self.next(None, true) {
                Todo::Take(job) => self.take(job),
                Todo::Fill(number, batch, slot) => {
                    if let Some(job) = self.begin(number, batch, slot) {
                        let lane = job.slot.lane;
                        // The other side ends after the last worker.
                        let _ = ways[lane].send(job);
                    }
                }
                Todo::Leave => return,
            }
        }
    }

    /// A device's thread that does everything for its own slots.
    fn alone(&self, lane: usize) {
        let mut under_way = VecDeque::with_capacity(lock(&self.desk).alive);
        loop {
            match self.next(Some(lane), under_way.is_empty()) {
                Todo::Fill(number, batch, slot) => {
                    under_way.extend(self.begin(number, batch, slot));
                }
                Todo::Take(job) => self.take(job),
                Todo::Leave => match under_way.pop_front() {
                    Some(mut job) => {
                        job.ran = job.slot.wait(&mut job.clock);
                        self.take(job);
                    }
                    None => return,
                },
            }
        }
    }

    /// Finds something to do, for slots of one lane or of all; waits for it if that is wanted, and
    /// else says that there is nothing.
    fn next(&self, lane: Option<usize>, wait: bool) -> Todo<W::Batch> {
        let mut desk = lock(&self.desk);
        loop {
            if let Some(job) = desk.finished.pop_front() {
                return Todo::Take(job);
            }
            if !desk.exhausted && self.stop.load(Ordering::Relaxed) {
                desk.exhausted = true;
                desk.stopped = true;
            }
            if let Some((number, batch, slot)) = self.pick(&mut desk, lane) {
                return Todo::Fill(number, batch, slot);
            }
            let over = desk.exhausted && desk.again.is_empty() && desk.begun == desk.settled;
            let nobody = desk.alive == 0 && desk.finished.is_empty();
            let mine = lane.is_some_and(|lane| desk.gone[lane]);
            if over || nobody || mine || !wait {
                return Todo::Leave;
            }
            desk = self
                .changed
                .wait(desk)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Picks a free slot and a batch for it.
    fn pick(
        &self,
        desk: &mut Desk<I, W::Batch>,
        lane: Option<usize>,
    ) -> Option<(u64, W::Batch, Slot)> {
        let index = match lane {
            None => desk.free.len().checked_sub(1)?,
            Some(lane) => desk.free.iter().rposition(|slot| slot.lane == lane)?,
        };
        if let Some((number, batch, _)) = desk.again.pop() {
            return Some((number, batch, desk.free.remove(index)));
        }
        if desk.exhausted || desk.begun >= desk.emitted + self.window {
            return None;
        }
        let Some(batch) = desk.source.next() else {
            desk.exhausted = true;
            self.changed.notify_all();
            return None;
        };
        desk.begun += 1;
        Some((desk.begun - 1, batch, desk.free.swap_remove(index)))
    }

    /// Fills a slot and hands it to its device.
    fn begin(&self, number: u64, mut batch: W::Batch, mut slot: Slot) -> Option<Job<W::Batch>> {
        let lane = &self.lanes[slot.lane];
        let mut clock = Clock::new(self.origin, number, lane.device(), slot.number);
        if let Err(error) = self.work.fill(&mut batch, &mut slot.passes, &mut clock) {
            let failed = Err(BatchError::Work(error));
            self.settle(number, batch, failed, clock, Some(slot));
            return None;
        }
        match lane.launch(&mut slot, &clock) {
            Ok(()) => Some(Job {
                number,
                batch,
                slot,
                clock,
                ran: Ok(()),
            }),
            Err(error) => {
                self.failed(number, batch, error, clock, slot);
                None
            }
        }
    }

    /// Makes a batch's output, or tells why there is none.
    fn take(&self, job: Job<W::Batch>) {
        let Job {
            number,
            mut batch,
            slot,
            mut clock,
            ran,
        } = job;
        if let Err(error) = ran {
            return self.failed(number, batch, error, clock, slot);
        }
        let result = self
            .work
            .take(&mut batch, &slot.passes, &mut clock)
            .map_err(BatchError::Work);
        self.settle(number, batch, result, clock, Some(slot));
    }

    /// The device failed: the batch goes to another one if this one is gone, and the slot is mended.
    fn failed(&self, number: u64, batch: W::Batch, error: acl::Error, clock: Clock, slot: Slot) {
        let index = slot.lane;
        let lane = &self.lanes[index];
        let device = lane.device();
        if error
            .status()
            .is_some_and(|status| GONE.contains(&status.0))
        {
            let mut desk = lock(&self.desk);
            if !std::mem::replace(&mut desk.gone[index], true) {
                log::error!("device {device} is gone: {error}");
                desk.lost.push((device, error.to_string()));
                let before = desk.free.len();
                desk.free.retain(|slot| slot.lane != index);
                desk.alive -= before - desk.free.len();
            }
            desk.alive -= 1;
            desk.again.push((number, batch, error));
            drop(desk);
            self.changed.notify_all();
            // Its memory is released outside of the lock, as far as that is possible.
            return drop(slot);
        }
        let slot = if slot.is_whole(lane) {
            Some(slot)
        } else {
            let number = slot.number;
            drop(slot);
            lane.slot(index, number, self.prepare)
                .inspect_err(|error| log::error!("device {device}: slot {number} is lost: {error}"))
                .ok()
        };
        if slot.is_none() {
            let mut desk = lock(&self.desk);
            desk.alive -= 1;
            if desk.alive == 0 {
                desk.lost.push((device, error.to_string()));
            }
        }
        let failed = Err(BatchError::Device {
            device,
            source: error,
        });
        self.settle(number, batch, failed, clock, slot);
    }

    /// Hands a batch to the sink when its turn has come, and frees its slot before.
    fn settle(
        &self,
        number: u64,
        batch: W::Batch,
        result: Result<W::Output, BatchError<W::Error>>,
        clock: Clock,
        slot: Option<Slot>,
    ) {
        if let Some(slot) = slot {
            let mut desk = lock(&self.desk);
            if desk.gone[slot.lane] {
                desk.alive -= 1;
            } else {
                desk.free.push(slot);
            }
        }
        let done = Done {
            number,
            batch,
            result,
            trace: clock.finish(),
        };
        let (next, broken) = self.emit(done);
        let mut desk = lock(&self.desk);
        desk.settled += 1;
        desk.emitted = desk.emitted.max(next);
        desk.exhausted |= broken;
        drop(desk);
        self.changed.notify_all();
    }

    /// Returns how many batches the sink has had, and whether it wants no more.
    fn emit(&self, done: DoneOf<W>) -> (u64, bool) {
        let mut exit = lock(&self.exit);
        let exit = &mut *exit;
        let place = usize::try_from(done.number - exit.next).unwrap_or(usize::MAX);
        while exit.waiting.len() <= place {
            exit.waiting.push_back(None);
        }
        exit.waiting[place] = Some(done);
        let mut broken = false;
        while let Some(Some(_)) = exit.waiting.front() {
            let done = exit.waiting.pop_front().flatten();
            exit.next += 1;
            if let Some(done) = done {
                broken |= (exit.sink)(done).is_break();
            }
        }
        (exit.next, broken)
    }
}
