//! Beginning, end, and the order of both.

use acl::{Context, Device, DeviceBuffer, Error, Event, Model, PinnedBuffer, Runtime, Stream};

use crate::mock::{host, state, world};

#[test]
fn the_first_runtime_initialises_and_the_last_object_finalizes() {
    let api = world::<0>();
    let first = Runtime::init(api).unwrap();
    let second = Runtime::init(api).unwrap();
    assert_eq!(state::<0>().count("aclInit"), 1);
    drop(first);
    assert_eq!(state::<0>().count("aclFinalize"), 0);
    let device = second.device(0).unwrap();
    drop(second);
    assert_eq!(state::<0>().count("aclFinalize"), 0);
    drop(device);
    let state = state::<0>();
    assert_eq!(state.count("aclFinalize"), 1);
    assert_eq!(
        state.calls[state.calls.len() - 2..],
        ["aclrtResetDevice", "aclFinalize"]
    );
}

#[test]
fn a_host_that_initialised_first_is_left_alone() {
    let api = world::<1>();
    assert_eq!(host::init(api), 0);
    let runtime = Runtime::init(api).unwrap();
    let device = runtime.device(1).unwrap();
    drop((runtime, device));
    let state = state::<1>();
    assert_eq!(state.count("aclFinalize"), 0);
    assert_eq!(state.count("aclrtResetDevice"), 0);
    assert!(state.initialised);
}

#[test]
fn a_host_that_finalizes_first_does_no_harm() {
    let api = world::<2>();
    let runtime = Runtime::init(api).unwrap();
    assert_eq!(host::finalize(api), 0);
    runtime.close().unwrap();
}

#[test]
fn a_library_can_be_initialised_again_after_its_end() {
    let api = world::<3>();
    Runtime::init(api).unwrap().close().unwrap();
    Runtime::init(api).unwrap().close().unwrap();
    assert_eq!(
        state::<3>().calls,
        ["aclInit", "aclFinalize", "aclInit", "aclFinalize"]
    );
}

#[test]
fn a_configuration_that_would_be_ignored_is_an_error() {
    let api = world::<4>();
    let runtime = Runtime::init(api).unwrap();
    let error = Runtime::init_with_config(api, "acl.json").unwrap_err();
    assert!(
        matches!(&error, Error::AlreadyInitialised { config } if config == "acl.json"),
        "{error}"
    );
    drop(runtime);
    Runtime::init_with_config(api, "acl.json").unwrap();
}

#[test]
fn closing_what_is_in_use_gives_it_back() {
    let api = world::<5>();
    let runtime = Runtime::init(api).unwrap();
    let device = runtime.device(0).unwrap();
    let (runtime, error) = runtime.close().unwrap_err();
    assert!(
        matches!(
            error,
            Error::InUse {
                what: "Runtime",
                holders: 1
            }
        ),
        "{error}"
    );
    let context = Context::new(&device).unwrap();
    let (device, _) = device.close().unwrap_err();
    let stream = Stream::new(&context).unwrap();
    let (context, _) = context.close().unwrap_err();
    stream.close().unwrap();
    context.close().unwrap();
    device.close().unwrap();
    runtime.close().unwrap();
}

#[test]
fn a_close_that_fails_gives_the_object_back_and_can_be_repeated() {
    let api = world::<6>();
    let context = Context::new(&Runtime::init(api).unwrap().device(0).unwrap()).unwrap();
    let buffer = DeviceBuffer::alloc(&context, 8).unwrap();
    state::<6>().fail.insert("aclrtFree", 507_899);
    let (buffer, error) = buffer.close().unwrap_err();
    assert_eq!(error.status().unwrap().0, 507_899);
    buffer.close().unwrap();
    state::<6>().fail.insert("aclrtDestroyContext", 507_899);
    let (context, _) = context.close().unwrap_err();
    context.close().unwrap();
    assert!(state::<6>().live.is_empty(), "{:?}", state::<6>().live);
}

#[test]
fn a_drop_that_fails_neither_panics_nor_touches_the_next_call() {
    let api = world::<7>();
    let context = Context::new(&Runtime::init(api).unwrap().device(0).unwrap()).unwrap();
    for (call, object) in [
        (
            "aclrtDestroyStream",
            Box::new(Stream::new(&context).unwrap()) as Box<dyn std::any::Any>,
        ),
        ("aclrtDestroyEvent", Box::new(Event::new(&context).unwrap())),
        (
            "aclmdlUnload",
            Box::new(Model::from_memory(&context, b"static").unwrap()),
        ),
    ] {
        state::<7>().fail.insert(call, 507_899);
        drop(object);
    }
    Event::new(&context).unwrap();
}

/// One of everything, by letter, so that every order of drops can be tried.
fn everything(api: &'static acl::Api) -> Vec<Box<dyn std::any::Any>> {
    let runtime = Runtime::init(api).unwrap();
    let device = Device::new(&runtime, 0).unwrap();
    let context = Context::new(&device).unwrap();
    let model = Model::from_memory(&context, b"static").unwrap();
    let bindings = model.bindings().unwrap().with_staging().unwrap();
    let stream = Stream::new(&context).unwrap();
    let pending = bindings
        .upload_async(&stream)
        .unwrap()
        .execute(&model, &stream)
        .unwrap();
    let copy = DeviceBuffer::alloc(&context, 8)
        .unwrap()
        .copy_from_pinned_async(PinnedBuffer::alloc(&context, 8).unwrap(), &stream)
        .unwrap();
    vec![
        Box::new(runtime),
        Box::new(context),
        Box::new(device),
        Box::new(model),
        Box::new(stream),
        Box::new(pending),
        Box::new(copy),
    ]
}

fn permutations(items: &mut Vec<usize>, from: usize, each: &mut impl FnMut(&[usize])) {
    if from == items.len() {
        return each(items);
    }
    for i in from..items.len() {
        items.swap(from, i);
        permutations(items, from + 1, each);
        items.swap(from, i);
    }
}

#[test]
fn every_order_of_drops_ends_in_the_right_order_of_c_calls() {
    let api = world::<8>();
    // Miri is slow: four objects there, seven (5040 orders) elsewhere.
    let count = if cfg!(miri) { 4 } else { 7 };
    permutations(&mut (0..count).collect(), 0, &mut |order| {
        state::<8>().calls.clear();
        let mut objects: Vec<_> = everything(api).into_iter().map(Some).collect();
        for index in order {
            objects[*index] = None;
        }
        drop(objects);
        let state = state::<8>();
        assert!(state.live.is_empty(), "{order:?} leaves {:?}", state.live);
        let last = |name| state.calls.iter().rposition(|call| *call == name).unwrap();
        let end = ["aclrtDestroyContext", "aclrtResetDevice", "aclFinalize"].map(last);
        assert!(end.is_sorted(), "{order:?}");
        for child in [
            "aclrtDestroyStream",
            "aclrtFree",
            "aclrtFreeHost",
            "aclmdlUnload",
        ] {
            assert!(last(child) < end[0], "{order:?}: {child}");
        }
    });
}
