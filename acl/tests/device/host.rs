//! A host that uses AscendCL itself, in the same process.

use std::ffi::c_void;
use std::ptr;

use acl::{Context, DeviceBuffer, Error, MemoryKind, Model, RunMode, Runtime, Stream};

use crate::common::{self, RELU};

/// Asks for this thread's context, as a host would.
fn current() -> *mut c_void {
    let mut context = ptr::null_mut();
    // SAFETY: the place is valid for the call.
    let code = unsafe { common::api().aclrtGetCurrentContext.unwrap()(&raw mut context) };
    if code == 0 { context } else { ptr::null_mut() }
}

#[test]
fn a_device_says_what_it_is() {
    let runtime = Runtime::init(common::api()).unwrap();
    assert!(runtime.device_count().unwrap() >= 1);
    assert_eq!(runtime.version().unwrap().0, 1);
    let device = runtime.device(0).unwrap();
    assert!(
        device.soc_name().unwrap().starts_with("Ascend"),
        "{:?}",
        device.soc_name()
    );
    let memory = [MemoryKind::DDR, MemoryKind::HBM].map(|kind| device.memory(kind).unwrap());
    assert!(
        memory
            .iter()
            .any(|memory| memory.total > 0 && memory.free <= memory.total)
    );
    assert!(matches!(
        device.run_mode().unwrap(),
        RunMode::Host | RunMode::Device
    ));
    device.synchronize().unwrap();
    let error = runtime.device(4711).unwrap_err();
    assert!(error.status().is_some(), "{error}");
    if runtime.is_simulated() {
        assert!(runtime.source().to_string().contains("simulated"));
    }
}

#[test]
fn allocated_memory_is_missed_from_what_is_free() {
    let context = common::context();
    let kind = match context.device().memory(MemoryKind::HBM).unwrap().total {
        0 => MemoryKind::DDR,
        _ => MemoryKind::HBM,
    };
    let buffer = DeviceBuffer::alloc(&context, 64 << 20).unwrap();
    let info = context.device().memory(kind).unwrap();
    assert!(info.total - info.free >= 64 << 20, "{info:?}");
    drop(buffer);
    let error = DeviceBuffer::alloc(&context, info.total + (1 << 30)).unwrap_err();
    assert!(error.to_string().contains("use a smaller batch"), "{error}");
}

#[test]
fn the_hosts_context_stays_current() {
    let api = common::api();
    // Whoever initialises finalizes: this keeps us from doing so under the host's feet.
    let runtime = Runtime::init(api).unwrap();
    let ours = common::context();
    let mut theirs = ptr::null_mut();
    // SAFETY: the place is valid for the call.
    let code = unsafe { api.aclrtCreateContext.unwrap()(&raw mut theirs, 0) };
    assert_eq!(code, 0);
    assert_eq!(current(), theirs);

    let stream = Stream::new(&ours).unwrap();
    assert_eq!(current(), theirs);
    let mut buffer = DeviceBuffer::from_host(&ours, &[1_u8, 2, 3]).unwrap();
    buffer.fill(9).unwrap();
    assert_eq!(current(), theirs);
    if let Some(om) = RELU.om() {
        let model = Model::from_memory(&ours, &om).unwrap();
        let pending = model
            .execute_async(model.bindings().unwrap(), &stream)
            .unwrap();
        assert_eq!(current(), theirs);
        pending.wait().unwrap();
    }
    Context::new(ours.device()).unwrap().close().unwrap();
    drop((buffer, stream, ours));
    assert_eq!(current(), theirs);
    drop(runtime.clone());
    // SAFETY: made above, and not used any more.
    assert_eq!(unsafe { api.aclrtDestroyContext.unwrap()(theirs) }, 0);
}

#[test]
fn errors_of_the_library_carry_its_text() {
    let context = common::context();
    let error = Model::from_file(&context, "/no/such/model.om").unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("aclmdlLoadFromFile") && text.contains("/no/such/model.om"),
        "{text}"
    );
    assert!(text.lines().count() == 1, "{text}");
    if context.device().runtime().is_simulated() {
        assert!(
            matches!(
                &error,
                Error::Acl {
                    detail: Some(_),
                    ..
                }
            ),
            "{error:?}"
        );
    }
}

#[test]
fn a_model_cut_short_or_changed_is_refused_and_never_crashes() {
    let context = common::context();
    let Some(om) = RELU.om() else { return };
    for length in [0, 1, 100, 256, 300, om.len() / 2, om.len() - 1] {
        let error = Model::from_memory(&context, &om[..length]).unwrap_err();
        assert!(error.status().is_some(), "{length}: {error}");
    }
    let mut changed = om.clone();
    changed[0] ^= 1;
    Model::from_memory(&context, &changed).unwrap_err();
}

#[test]
fn the_order_of_drops_does_not_matter() {
    let Some(om) = RELU.om() else { return };
    for backwards in [false, true] {
        let runtime = Runtime::init(common::api()).unwrap();
        let device = runtime.device(0).unwrap();
        let context = Context::new(&device).unwrap();
        let stream = Stream::new(&context).unwrap();
        let model = Model::from_memory(&context, &om).unwrap();
        let pending = model
            .execute_async(model.bindings().unwrap(), &stream)
            .unwrap();
        if backwards {
            drop((pending, model, stream, context, device, runtime));
        } else {
            drop((runtime, device, context, stream, model, pending));
        }
    }
}
