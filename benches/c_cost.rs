//! What a run through C costs beside the same run in Rust, over sizes of tensors.
//!
//! A model that copies its input is run in turns by a C loop through `libascend_reid.so` and by Rust
//! through the wrapper, in one process, in blocks of equal count. A line has the medians of the
//! blocks; the difference is that of each pair of neighbours, so that what else the machine does
//! cancels out.
//!
//! `cargo bench -p ascend-reid --bench c_cost`
#![allow(clippy::unwrap_used, missing_docs)]

use std::ffi::{CString, c_char, c_uint, c_void};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use ascend_om::onnx::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};
use ascend_reid::acl::{Context, Model, Runtime};
use libloading::Library;

/// Blocks of each way, of each size.
const BLOCKS: usize = 101;

/// Writes a model that hands `bytes` on as floats.
fn identity(folder: &Path, bytes: usize) -> PathBuf {
    let floats = [i64::try_from(bytes / 4).unwrap()];
    let node = NodeProto {
        op_type: "Identity".into(),
        input: vec!["x".into()],
        output: vec!["y".into()],
        ..Default::default()
    };
    let opset = OperatorSetIdProto {
        version: 11,
        ..Default::default()
    };
    let onnx = ModelProto {
        ir_version: 6,
        opset_import: vec![opset],
        graph: Some(GraphProto {
            name: "identity".into(),
            node: vec![node],
            input: vec![ValueInfoProto::tensor("x", 1, &floats)],
            output: vec![ValueInfoProto::tensor("y", 1, &floats)],
            ..Default::default()
        }),
        ..Default::default()
    };
    let om = ascendcl::atc::convert_bytes(&onnx.write(), "identity", &Default::default()).unwrap();
    let path = folder.join(format!("{bytes}.om"));
    std::fs::write(&path, om).unwrap();
    path
}

/// Compiles the C half and links it with the library that cargo built beside this program.
fn compile(folder: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = std::env::current_exe().unwrap();
    let library = own.with_file_name("libascend_reid.so");
    assert!(library.is_file(), "{} is missing", library.display());
    std::os::unix::fs::symlink(&library, folder.join("libascend_reid.so.0")).unwrap();
    let path = folder.join("run_cost.so");
    let output = Command::new(std::env::var("CC").unwrap_or("cc".into()))
        .args(["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-shared"])
        .args(["-fPIC", "-I"])
        .arg(root.join("include"))
        .arg(root.join("benches/c/run_cost.c"))
        .arg("-o")
        .arg(&path)
        .arg(&library)
        .arg(format!("-Wl,-rpath,{}", folder.display()))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    path
}

type Open = unsafe extern "C" fn(*const c_char) -> *mut c_void;
type Run = unsafe extern "C" fn(*const c_void, *const u8, *mut u8, usize, c_uint) -> f64;
type Call = unsafe extern "C" fn(*const c_void, c_uint) -> f64;
type Close = unsafe extern "C" fn(*mut c_void);

/// The functions of the C half.
struct Half {
    open: Open,
    run: Run,
    call: Call,
    close: Close,
    /// Keeps them loaded.
    _library: Library,
}

impl Half {
    fn load(path: &Path) -> Self {
        // SAFETY: the C half has no initialisers, and those of the library only set tables up.
        let library = unsafe { Library::new(path) }.unwrap();
        // SAFETY: the type is that of `cost_open` in benches/c/run_cost.c.
        let open = *unsafe { library.get::<Open>(b"cost_open") }.unwrap();
        // SAFETY: the type is that of `cost_run`.
        let run = *unsafe { library.get::<Run>(b"cost_run") }.unwrap();
        // SAFETY: the type is that of `cost_call`.
        let call = *unsafe { library.get::<Call>(b"cost_call") }.unwrap();
        // SAFETY: the type is that of `cost_close`.
        let close = *unsafe { library.get::<Close>(b"cost_close") }.unwrap();
        Self {
            open,
            run,
            call,
            close,
            _library: library,
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Compares one size, and prints its line.
fn compare(half: &Half, context: &Context, folder: &Path, bytes: usize) {
    let path = identity(folder, bytes);
    let name = CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: the name ends in a zero byte.
    let cost = unsafe { (half.open)(name.as_ptr()) };
    assert!(!cost.is_null());
    let model = Model::from_file(context, &path).unwrap();
    let mut bindings = model.bindings().unwrap();
    let x: Vec<u8> = (0..bytes)
        .map(|at| u8::try_from(at % 63).unwrap())
        .collect();
    let (mut y, mut z) = (vec![0_u8; bytes], vec![0_u8; bytes]);
    // About a millisecond of each way, at least two runs.
    let count = u32::try_from((2_000_000 / bytes).clamp(2, 50)).unwrap();
    let runs = f64::from(count);
    let [mut c, mut rust, mut more] = [const { Vec::new() }; 3];
    for block in 0..=BLOCKS {
        let mut in_c = || {
            // SAFETY: the model's input and output have that many bytes, as have the buffers.
            let took = unsafe { (half.run)(cost, x.as_ptr(), y.as_mut_ptr(), bytes, count) };
            assert!(took >= 0.0, "a run failed");
            took / runs
        };
        let mut in_rust = || {
            let start = Instant::now();
            for _ in 0..count {
                bindings.write_bytes(0, &x).unwrap();
                model.execute(&mut bindings).unwrap();
                bindings.read_bytes(0, &mut z).unwrap();
            }
            start.elapsed().as_secs_f64() * 1e9 / runs
        };
        // In turns who goes first: a machine that gets busier favours nobody.
        let (took_c, took_rust) = if block % 2 == 0 {
            let first = in_c();
            (first, in_rust())
        } else {
            let first = in_rust();
            (in_c(), first)
        };
        // The first block warms caches up.
        if block > 0 {
            c.push(took_c);
            rust.push(took_rust);
            more.push(took_c - took_rust);
        }
    }
    assert!(x == y && x == z, "both ways hand the bytes on");
    // SAFETY: closed once, and not used afterwards.
    unsafe { (half.close)(cost) };
    let [c, rust, more] = [c, rust, more].map(median);
    let ratio = c / rust;
    println!("{bytes:>10} {c:>12.0} {rust:>12.0} {more:>12.0} {ratio:>8.3}");
}

/// What looking a handle up and guarding against panics costs.
fn call(half: &Half, folder: &Path) {
    let path = identity(folder, 4);
    let name = CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: the name ends in a zero byte.
    let cost = unsafe { (half.open)(name.as_ptr()) };
    assert!(!cost.is_null());
    let count = 10_000;
    let block = |_| {
        // SAFETY: it is open.
        let took = unsafe { (half.call)(cost, count) };
        assert!(took >= 0.0, "a call failed");
        took / f64::from(count)
    };
    let took = median((0..BLOCKS).map(block).collect());
    // SAFETY: closed once, and not used afterwards.
    unsafe { (half.close)(cost) };
    println!("areid_runtime_is_simulated: {took:.0} ns a call");
}

fn main() {
    // Cargo hands `--bench` over; with `--test` it only wants to know that this starts.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let half = Half::load(&compile(folder.path()));
    let api = reid_apps::backend::Backend::Simulator.open().unwrap();
    let context = Context::new(&Runtime::init(api).unwrap().device(0).unwrap()).unwrap();
    call(&half, folder.path());
    println!("nanoseconds a run, medians of {BLOCKS} blocks of each way in turns");
    println!("     bytes            C         Rust       C-Rust   C/Rust");
    for bytes in [1 << 10, 10 << 10, 100 << 10, 1 << 20, 10 << 20] {
        compare(&half, &context, folder.path(), bytes);
    }
}
