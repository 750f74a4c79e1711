//! What a call through C costs beside the Rust call that it makes.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
#[path = "common/nets.rs"]
mod nets;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ffi::CString;
use std::ptr::{null, null_mut};
use std::time::Instant;

use ascend_reid::acl::{Context, Model, Runtime};
use ascend_reid::capi::{
    DeviceHandle, Input, ModelHandle, Output, RuntimeHandle, RuntimeOptions, Status,
    areid_device_free, areid_device_open, areid_model_free, areid_model_load_file, areid_model_run,
    areid_runtime_free, areid_runtime_new,
};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// Counts what the calling thread allocates.
struct Counting;

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // At a thread's exit the counter may be gone.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: handed on from the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: handed on from the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// A model by both ways.
struct Both {
    runtime: *mut RuntimeHandle,
    device: *mut DeviceHandle,
    model: *mut ModelHandle,
    rust: Model,
}

impl Both {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        nets::write_all(folder.path());
        let path = folder.path().join("relu.om");
        let name = CString::new(path.to_str().unwrap()).unwrap();
        let options = RuntimeOptions {
            struct_size: size_of::<RuntimeOptions>(),
            backend: 2,
            reserved: 0,
            library: null(),
            profile: null(),
        };
        let (mut runtime, mut device, mut model) = (null_mut(), null_mut(), null_mut());
        // SAFETY: the options are whole and the place is writable.
        let made = unsafe { areid_runtime_new(&raw const options, &raw mut runtime) };
        assert_eq!(made, Status::Ok);
        // SAFETY: the place is writable.
        let opened = unsafe { areid_device_open(runtime, 0, &raw mut device) };
        assert_eq!(opened, Status::Ok);
        // SAFETY: the path ends in a zero byte, and the place is writable.
        let loaded = unsafe { areid_model_load_file(device, name.as_ptr(), &raw mut model) };
        assert_eq!(loaded, Status::Ok);
        let api = reid_apps::backend::Backend::Simulator.open().unwrap();
        let context = Context::new(&Runtime::init(api).unwrap().device(0).unwrap()).unwrap();
        let rust = Model::from_file(&context, path).unwrap();
        Self {
            runtime,
            device,
            model,
            rust,
        }
    }

    /// Runs `measure` on a call through C, then on the same in Rust.
    fn each<T>(&self, mut measure: impl FnMut(&mut dyn FnMut()) -> T) -> [T; 2] {
        let x = [-1.0_f32, 2.0, -3.0, 4.0].map(f32::to_ne_bytes).concat();
        let mut y = [0_u8; 16];
        let input = Input {
            data: x.as_ptr().cast(),
            bytes: x.len(),
        };
        let output = Output {
            data: y.as_mut_ptr().cast(),
            bytes: y.len(),
        };
        let c = measure(&mut || {
            let (input, output) = (&raw const input, &raw const output);
            // SAFETY: one input and one output, of whole buffers that nothing else uses.
            let status = unsafe { areid_model_run(self.model, input, 1, output, 1) };
            assert_eq!(status, Status::Ok);
        });
        let mut bindings = self.rust.bindings().unwrap();
        let rust = measure(&mut || {
            bindings.write_bytes(0, &x).unwrap();
            self.rust.execute(&mut bindings).unwrap();
            bindings.read_bytes(0, &mut y).unwrap();
        });
        [c, rust]
    }
}

impl Drop for Both {
    fn drop(&mut self) {
        assert_eq!(areid_model_free(self.model), Status::Ok);
        assert_eq!(areid_device_free(self.device), Status::Ok);
        assert_eq!(areid_runtime_free(self.runtime), Status::Ok);
    }
}

#[test]
fn a_run_through_c_allocates_no_memory_beside_what_the_simulator_does() {
    let both = Both::open();
    let count = |call: &mut dyn FnMut()| {
        (0..10).for_each(|_| call());
        let before = ALLOCATIONS.get();
        (0..100).for_each(|_| call());
        ALLOCATIONS.get() - before
    };
    let [c, rust] = both.each(count);
    assert_eq!(c, rust);
}

#[test]
#[ignore = "a measurement: cargo test --release -p ascend-reid --test c_cost -- --ignored --nocapture"]
fn how_long_a_call_takes() {
    let both = Both::open();
    let mut ways = [Vec::new(), Vec::new()];
    for _ in 0..200 {
        let nanoseconds = both.each(|call| {
            let start = Instant::now();
            (0..200).for_each(|_| call());
            start.elapsed().as_nanos() / 200
        });
        ways.iter_mut()
            .zip(nanoseconds)
            .for_each(|(way, ns)| way.push(ns));
    }
    let [c, rust] = ways.map(|mut way| {
        way.sort_unstable();
        way[way.len() / 2]
    });
    println!("median of a run: {c} ns through C, {rust} ns in Rust");
}
