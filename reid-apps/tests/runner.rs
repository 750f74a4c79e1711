//! The pipeline as a library: order, bounds, failures, and no allocations in the steady state.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, missing_docs)]

mod small_models;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use acl::{Bindings, Context, Event, Model, Runtime, Stream};
use reid_apps::runner::{BatchError, Clock, Done, Lane, Options, Outcome, Pipeline, Stage, Work};

/// Counts allocations of threads that asked for it.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;
static COUNT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static COUNTED: Cell<bool> = const { Cell::new(false) };
}

// SAFETY: everything is left to the system's allocator; the counter does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTED.try_with(Cell::get).unwrap_or(false) {
            COUNT.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(address, layout) }
    }
}

fn model() -> Model {
    let folder = tempfile::tempdir().unwrap();
    let om = small_models::relu(&folder.path().join("m.om"), 2);
    let device = Runtime::init(ascendcl::api()).unwrap().device(0).unwrap();
    Model::from_file(&Context::new(&device).unwrap(), om).unwrap()
}

fn staged(model: &Model) -> acl::Result<Bindings> {
    model.bindings()?.with_staging()
}

/// Each batch is a number, and what comes out is that number.
struct Numbers {
    /// Batches that are filled and not taken yet, and the most there ever were.
    under_way: AtomicUsize,
    most: AtomicUsize,
}

impl Work for Numbers {
    type Batch = f32;
    type Output = f32;
    type Error = String;

    fn fill(
        &self,
        batch: &mut f32,
        passes: &mut [Bindings],
        clock: &mut Clock,
    ) -> Result<(), String> {
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        if *batch < 0.0 {
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            return Err("negative".to_owned());
        }
        clock.items(2);
        clock.time(Stage::Read, || {
            passes[0]
                .stage::<f32>(0)
                .map(|place| place.fill(*batch))
                .map_err(|e| e.to_string())
        })
    }

    fn take(&self, _: &mut f32, passes: &[Bindings], _: &mut Clock) -> Result<f32, String> {
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        let numbers: &[f32] = passes[0].staged(0).map_err(|e| e.to_string())?;
        Ok(numbers[0])
    }
}

fn numbers() -> Numbers {
    Numbers {
        under_way: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
    }
}

fn pipeline(slots: usize, workers: usize, measure: bool) -> Pipeline {
    let lane = Lane::new(model(), 1, measure);
    Pipeline::new(vec![lane], Options { slots, workers }, Box::new(staged)).unwrap()
}

type Seen = (u64, f32, Result<f32, String>);

fn collect(pipeline: &mut Pipeline, work: &Numbers, batches: Vec<f32>) -> (Vec<Seen>, Outcome) {
    let mut seen = Vec::new();
    let sink = |done: Done<f32, f32, String>| {
        seen.push((
            done.number,
            done.batch,
            done.result.map_err(|e| e.to_string()),
        ));
        ControlFlow::Continue(())
    };
    let outcome = pipeline
        .run(work, batches.into_iter(), &AtomicBool::new(false), sink)
        .unwrap();
    (seen, outcome)
}

#[test]
fn results_come_in_order_whatever_the_slots_and_threads() {
    let batches: Vec<f32> = (0..300_u16).map(f32::from).collect();
    for (slots, workers) in [(1, 0), (3, 0), (1, 1), (2, 2), (4, 8)] {
        let work = numbers();
        let (seen, outcome) = collect(&mut pipeline(slots, workers, true), &work, batches.clone());
        assert_eq!((seen.len(), outcome.batches), (300, 300));
        assert!(!outcome.interrupted && outcome.lost.is_empty());
        for (index, (number, batch, result)) in seen.into_iter().enumerate() {
            assert_eq!(number, index as u64);
            assert_eq!(result.unwrap(), batch, "{slots} slots, {workers} workers");
        }
        let most = work.most.load(Ordering::SeqCst);
        assert!(
            most <= slots,
            "{most} batches were under way in {slots} slots"
        );
    }
}

#[test]
fn a_batch_that_cannot_be_filled_is_handed_over_in_its_place_and_the_slots_go_on() {
    let mut pipeline = pipeline(2, 2, false);
    let batches: Vec<f32> = (0..50_i16)
        .map(|i| f32::from(if i % 7 == 3 { -i } else { i }))
        .collect();
    // The same slots serve a second run.
    for _ in 0..2 {
        let (seen, _) = collect(&mut pipeline, &numbers(), batches.clone());
        for (index, (number, batch, result)) in seen.into_iter().enumerate() {
            assert_eq!((number, batch), (index as u64, batches[index]));
            assert_eq!(result.is_err(), batch < 0.0);
        }
    }
}

#[test]
fn a_sink_that_breaks_ends_the_run_and_so_does_the_flag() {
    for workers in [0, 2] {
        let mut pipeline = pipeline(3, workers, false);
        let mut seen = 0;
        let sink = |_: Done<f32, f32, String>| {
            seen += 1;
            if seen < 10 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        let endless = || std::iter::repeat(1.0);
        let outcome = pipeline
            .run(&numbers(), endless(), &AtomicBool::new(false), sink)
            .unwrap();
        assert!(!outcome.interrupted);
        // What was under way comes too.
        assert!((10..=20).contains(&seen), "{seen}");
        let stop = AtomicBool::new(false);
        let sink = |done: Done<f32, f32, String>| {
            if done.number == 5 {
                stop.store(true, Ordering::Relaxed);
            }
            ControlFlow::Continue(())
        };
        let outcome = pipeline.run(&numbers(), endless(), &stop, sink).unwrap();
        assert!(
            outcome.interrupted && (6..=20).contains(&outcome.batches),
            "{outcome:?}"
        );
    }
}

#[test]
fn the_stages_of_a_batch_follow_each_other() {
    let mut traces = Vec::new();
    let sink = |done: Done<f32, f32, String>| {
        assert!(!matches!(done.result, Err(BatchError::Device { .. })));
        traces.push(done.trace);
        ControlFlow::Continue(())
    };
    let batches = (0..100_u16).map(f32::from);
    pipeline(3, 2, true)
        .run(&numbers(), batches, &AtomicBool::new(false), sink)
        .unwrap();
    for trace in &traces {
        let mut last = trace.whole.start;
        for stage in [Stage::Read, Stage::Upload, Stage::Execute, Stage::Download] {
            let span = trace.span(stage).unwrap();
            assert!(span.start >= last, "{stage:?} of {trace:?}");
            last = span.start;
        }
        assert!(trace.span(Stage::Write).is_none());
        assert_eq!(trace.items, 2);
    }
}

/// Runs batches and counts what the device's thread allocates between two of them.
fn counted(batches: usize, from: usize, to: usize) -> usize {
    struct Count {
        from: usize,
        to: usize,
        next: AtomicUsize,
        counts: [AtomicUsize; 2],
    }
    impl Work for Count {
        type Batch = ();
        type Output = ();
        type Error = String;

        fn fill(&self, (): &mut (), _: &mut [Bindings], _: &mut Clock) -> Result<(), String> {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            COUNTED.set(true);
            for (wanted, count) in [self.from, self.to].into_iter().zip(&self.counts) {
                if number == wanted {
                    count.store(COUNT.load(Ordering::Relaxed), Ordering::Relaxed);
                }
            }
            Ok(())
        }

        fn take(&self, (): &mut (), _: &[Bindings], _: &mut Clock) -> Result<(), String> {
            Ok(())
        }
    }
    let work = Count {
        from,
        to,
        next: AtomicUsize::new(0),
        counts: [AtomicUsize::new(0), AtomicUsize::new(0)],
    };
    let stop = AtomicBool::new(false);
    let mut figures = reid_apps::runner::Figures::new(16);
    let sink = |done: Done<(), (), String>| {
        figures.add(&done.trace);
        ControlFlow::Continue(())
    };
    pipeline(1, 0, true)
        .run(&work, (0..batches).map(|_| ()), &stop, sink)
        .unwrap();
    let [first, last] = work.counts.map(AtomicUsize::into_inner);
    last - first
}

/// The same calls of `acl` without the pipeline. The simulator allocates within them: `acl` itself
/// does not, as its own test shows.
fn bare(batches: usize) -> usize {
    let model = model();
    let stream = Stream::new(model.context()).unwrap();
    let events: Vec<Event> = (0..5)
        .map(|_| Event::new(model.context()).unwrap())
        .collect();
    let mut bindings = Some(staged(&model).unwrap());
    COUNTED.set(true);
    let mut before = 0;
    for batch in 0..batches + 20 {
        if batch == 20 {
            before = COUNT.load(Ordering::Relaxed);
        }
        events[0].record(&stream).unwrap();
        let pending = bindings.take().unwrap().upload_async(&stream).unwrap();
        events[1].record(&stream).unwrap();
        let pending = pending
            .execute_in_turn(&model, &stream, Some(&events[2]))
            .unwrap();
        events[3].record(&stream).unwrap();
        let pending = pending.download(&stream).unwrap();
        events[4].record(&stream).unwrap();
        bindings = Some(pending.wait().unwrap());
        for event in &events[1..] {
            event.elapsed_ms_since(&events[0]).unwrap();
        }
    }
    COUNTED.set(false);
    COUNT.load(Ordering::Relaxed) - before
}

#[test]
fn the_pipeline_allocates_nothing_beyond_the_calls_that_it_makes() {
    // Other tests' threads are not counted, but this one's must not run twice at once.
    let with = counted(1000, 100, 900);
    let without = bare(800);
    assert!(without > 0, "the simulator allocates, so the count counts");
    // The simulator's queues grow now and then, in powers of two.
    assert!(
        with <= without + 8,
        "{with} allocations in 800 batches, {without} by the calls alone"
    );
}
