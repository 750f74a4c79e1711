//! What the wrapper costs: an inference through `acl` beside the same C calls by hand, in turns.
//!
//! ```text
//! cargo bench -p ascendcl --bench overhead
//! ```
//!
//! Copy in, execute, copy back, on the simulator, a model of one Relu over 256 numbers. Rounds
//! alternate, and the medians of both are compared, because the machine's load changes.

use std::ffi::c_void;
use std::time::Instant;

use acl::{Bindings, Context, DeviceBuffer, Model, Runtime};
use acl_sys::{aclDataBuffer, aclError, aclmdlDataset, aclrtMemcpyKind};
use ascend_om::onnx::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};

const BYTES: usize = 1024;
const ROUNDS: usize = 201;
const RUNS: u32 = 200;

type Failure = Box<dyn std::error::Error>;

fn relu() -> Result<Vec<u8>, Failure> {
    let onnx = ModelProto {
        ir_version: 6,
        opset_import: vec![OperatorSetIdProto {
            version: 11,
            ..Default::default()
        }],
        graph: Some(GraphProto {
            name: "relu".into(),
            node: vec![NodeProto {
                op_type: "Relu".into(),
                input: vec!["x".into()],
                output: vec!["y".into()],
                ..Default::default()
            }],
            input: vec![ValueInfoProto::tensor("x", 1, &[1, 256])],
            output: vec![ValueInfoProto::tensor("y", 1, &[1, 256])],
            ..Default::default()
        }),
        ..Default::default()
    };
    let options = ascendcl::atc::Options::default();
    Ok(ascendcl::atc::convert_bytes(
        &onnx.write(),
        "relu",
        &options,
    )?)
}

fn check(code: aclError) -> Result<(), Failure> {
    if code == 0 {
        Ok(())
    } else {
        Err(format!("status {code}").into())
    }
}

/// The C calls of an inference, with everything made before.
struct ByHand {
    copy:
        unsafe extern "C" fn(*mut c_void, usize, *const c_void, usize, aclrtMemcpyKind) -> aclError,
    execute: unsafe extern "C" fn(u32, *const aclmdlDataset, *mut aclmdlDataset) -> aclError,
    model: u32,
    sets: [*mut aclmdlDataset; 2],
    buffers: [*mut aclDataBuffer; 2],
    api: &'static acl::Api,
    memory: [DeviceBuffer; 2],
}

impl ByHand {
    fn new(api: &'static acl::Api, context: &Context, model: &Model) -> Result<Self, Failure> {
        let memory = [
            DeviceBuffer::alloc(context, BYTES)?,
            DeviceBuffer::alloc(context, BYTES)?,
        ];
        let create = api.aclmdlCreateDataset.ok_or("no aclmdlCreateDataset")?;
        let buffer = api.aclCreateDataBuffer.ok_or("no aclCreateDataBuffer")?;
        let add = api
            .aclmdlAddDatasetBuffer
            .ok_or("no aclmdlAddDatasetBuffer")?;
        let mut sets = [std::ptr::null_mut(); 2];
        let mut buffers = [std::ptr::null_mut(); 2];
        for ((set, made), memory) in sets.iter_mut().zip(&mut buffers).zip(&memory) {
            // SAFETY: the function takes nothing.
            *set = unsafe { create() };
            // SAFETY: the memory is device memory of that size and lives as long as the set.
            *made = unsafe { buffer(memory.as_raw(), BYTES) };
            // SAFETY: both were just made.
            check(unsafe { add(*set, *made) })?;
        }
        Ok(Self {
            copy: api.aclrtMemcpy.ok_or("no aclrtMemcpy")?,
            execute: api.aclmdlExecute.ok_or("no aclmdlExecute")?,
            model: model.as_raw(),
            sets,
            buffers,
            api,
            memory,
        })
    }

    fn run(&self, numbers: &mut [u8]) -> Result<(), Failure> {
        let (up, down) = (
            aclrtMemcpyKind::ACL_MEMCPY_HOST_TO_DEVICE,
            aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_HOST,
        );
        let [input, output] = &self.memory;
        let host = numbers.as_mut_ptr().cast::<c_void>();
        // SAFETY: both ranges have `BYTES` bytes and live on.
        check(unsafe { (self.copy)(input.as_raw(), BYTES, host, BYTES, up) })?;
        // SAFETY: the model is loaded, and the sets hold memory of its sizes.
        check(unsafe { (self.execute)(self.model, self.sets[0], self.sets[1]) })?;
        // SAFETY: both ranges have `BYTES` bytes and live on.
        check(unsafe { (self.copy)(host, BYTES, output.as_raw(), BYTES, down) })
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        let (Some(set), Some(buffer)) =
            (self.api.aclmdlDestroyDataset, self.api.aclDestroyDataBuffer)
        else {
            return;
        };
        for index in 0..2 {
            // SAFETY: made by `new`, and nothing runs with it any more.
            let of_set = unsafe { set(self.sets[index]) };
            // SAFETY: made by `new`, and its set is gone.
            let of_buffer = unsafe { buffer(self.buffers[index]) };
            let ends = [of_set, of_buffer];
            for code in ends {
                if code != 0 {
                    eprintln!("not released: status {code}");
                }
            }
        }
    }
}

fn wrapped(model: &Model, bindings: &mut Bindings, numbers: &mut [u8]) -> Result<(), Failure> {
    bindings.write_bytes(0, numbers)?;
    model.execute(bindings)?;
    Ok(bindings.read_bytes(0, numbers)?)
}

/// Returns microseconds per run.
fn time(mut run: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    let begin = Instant::now();
    for _ in 0..RUNS {
        run()?;
    }
    Ok(begin.elapsed().as_secs_f64() * 1e6 / f64::from(RUNS))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<(), Failure> {
    let api = ascendcl::api();
    let context = Context::new(&Runtime::init(api)?.device(0)?)?;
    let model = Model::from_memory(&context, &relu()?)?;
    let mut bindings = model.bindings()?;
    let mut numbers = vec![0; BYTES];
    // Leaves the context current on this thread, as a program in C would have it.
    wrapped(&model, &mut bindings, &mut numbers)?;
    let by_hand = ByHand::new(api, &context, &model)?;
    compare("each call asks which context is current", &by_hand, || {
        wrapped(&model, &mut bindings, &mut numbers)
    })?;
    context.scope(|| {
        compare("within a scope", &by_hand, || {
            wrapped(&model, &mut bindings, &mut numbers)
        })
    })?
}

/// Times both in turns and prints what the wrapper costs.
fn compare(
    what: &str,
    by_hand: &ByHand,
    mut through_acl: impl FnMut() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut numbers = vec![0; BYTES];
    let (mut with, mut without, mut more) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let (mut a, mut b) = (0.0, 0.0);
        // Who is first changes, too.
        for turn in 0..2 {
            if (round + turn) % 2 == 0 {
                a = time(&mut through_acl)?;
            } else {
                b = time(|| by_hand.run(&mut numbers))?;
            }
        }
        with.push(a);
        without.push(b);
        more.push(a - b);
    }
    let (with, without, more) = (median(with), median(without), median(more));
    println!(
        "copy in, execute, copy back, {what}: {with:.3} us through acl, {without:.3} us by hand; {more:.3} us \
         more = {:.2} %",
        100.0 * more / without
    );
    Ok(())
}
