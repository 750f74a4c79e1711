//! A loop over the same bindings allocates nothing: a counting allocator shows it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use acl::{Context, Model, Runtime, Stream};
use ndarray::Array2;

use crate::mock::{state, world};

/// Counts the allocations of a thread, except while it is paused.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static PAUSED: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is left to the system's allocator; the counters do not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if PAUSED.get() == 0 {
            COUNT.set(COUNT.get() + 1);
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(address, layout) }
    }
}

pub(crate) struct Pause;

/// Leaves allocations of this thread uncounted until the guard is dropped.
pub(crate) fn pause() -> Pause {
    PAUSED.set(PAUSED.get() + 1);
    Pause
}

impl Drop for Pause {
    fn drop(&mut self) {
        PAUSED.set(PAUSED.get() - 1);
    }
}

fn allocations(mut work: impl FnMut()) -> usize {
    // Once to make what is made at the first time.
    work();
    let before = COUNT.get();
    for _ in 0..10 {
        work();
    }
    COUNT.get() - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 10);
}

#[test]
fn a_synchronous_loop_allocates_nothing() {
    let context = Context::new(&Runtime::init(world::<60>()).unwrap().device(0).unwrap()).unwrap();
    let model = Model::from_memory(&context, b"batch").unwrap();
    let mut bindings = model.bindings().unwrap().with_staging().unwrap();
    let input = Array2::<f32>::ones((4, 4));
    let mut output = Array2::<f32>::zeros((4, 4));
    let count = allocations(|| {
        for batch in [1, 2, 4] {
            bindings.set_batch(batch).unwrap();
        }
        bindings.write("x", input.view()).unwrap();
        bindings.write("x", input.t()).unwrap();
        model.execute(&mut bindings).unwrap();
        bindings.read_into("y", output.view_mut()).unwrap();
        bindings
            .read_into("y", output.view_mut().reversed_axes())
            .unwrap();
        bindings.stage_array::<f32>("x").unwrap().fill(1.0);
        bindings.upload().unwrap();
        bindings.download().unwrap();
        assert_eq!(bindings.staged::<f32>("y").unwrap().len(), 16);
    });
    assert_eq!(count, 0);
    assert_eq!(output[[3, 3]], 2.0);
}

#[test]
fn a_pipeline_allocates_nothing() {
    let context = Context::new(&Runtime::init(world::<61>()).unwrap().device(0).unwrap()).unwrap();
    let [up, run, down] = [(); 3].map(|()| Stream::new(&context).unwrap());
    let model = Model::from_memory(&context, b"static").unwrap();
    let mut slot = Some(model.bindings().unwrap().with_staging().unwrap());
    let count = allocations(|| {
        let pending = slot.take().unwrap().upload_async(&up).unwrap();
        let pending = pending
            .execute(&model, &run)
            .unwrap()
            .download(&down)
            .unwrap();
        slot = Some(pending.wait().unwrap());
    });
    assert_eq!(count, 0);
    assert!(state::<61>().count("aclmdlExecuteAsync") >= 11);
}
