//! The thread's context is the host's: it is put back after every call.

use acl::{Context, DeviceBuffer, Error, Event, MemoryKind, Model, PinnedBuffer, Runtime, Stream};

use crate::mock::{current, host, state, world};

#[test]
fn the_hosts_context_is_unchanged_after_every_call() {
    let api = world::<10>();
    let runtime = Runtime::init(api).unwrap();
    let theirs = host::context(api);
    let same = |what: &str| assert_eq!(current::<10>(), theirs, "{what}");

    let device = runtime.device(0).unwrap();
    same("Device::new");
    device.memory(MemoryKind::HBM).unwrap();
    same("memory");
    device.synchronize().unwrap();
    same("Device::synchronize");
    let context = Context::new(&device).unwrap();
    same("Context::new");
    let stream = Stream::new(&context).unwrap();
    same("Stream::new");
    let event = Event::new(&context).unwrap();
    same("Event::new");
    event.record(&stream).unwrap();
    same("record");
    stream.wait_event(&event).unwrap();
    same("wait_event");
    stream.synchronize().unwrap();
    same("synchronize");
    let mut buffer = DeviceBuffer::from_host(&context, &[1.0_f32, 2.0]).unwrap();
    same("from_host");
    buffer.fill(0).unwrap();
    same("fill");
    let pinned = PinnedBuffer::alloc(&context, 8).unwrap();
    same("PinnedBuffer::alloc");
    let pending = buffer.copy_from_pinned_async(pinned, &stream).unwrap();
    same("copy_from_pinned_async");
    drop(pending.wait().unwrap());
    same("wait");
    let model = Model::from_memory(&context, b"batch").unwrap();
    same("from_memory");
    let mut bindings = model.bindings().unwrap();
    same("bindings");
    bindings.set_batch(2).unwrap();
    same("set_batch");
    bindings.write_slice("x", &[0.0_f32; 8]).unwrap();
    same("write_slice");
    model.execute(&mut bindings).unwrap();
    same("execute");
    bindings.read::<f32>("y").unwrap();
    same("read");
    drop((bindings, model, stream, event, context));
    same("drops");
}

#[test]
fn it_is_put_back_after_a_call_that_fails_too() {
    let api = world::<11>();
    let context = Context::new(&Runtime::init(api).unwrap().device(0).unwrap()).unwrap();
    let theirs = host::context(api);
    state::<11>().fail.insert("aclrtCreateStream", 207_008);
    Stream::new(&context).unwrap_err();
    assert_eq!(current::<11>(), theirs);
    Model::from_memory(&context, b"nonsense").unwrap_err();
    assert_eq!(current::<11>(), theirs);
}

#[test]
fn a_thread_without_a_context_pays_for_setting_it_once() {
    let api = world::<12>();
    let context = Context::new(&Runtime::init(api).unwrap().device(0).unwrap()).unwrap();
    let count = || state::<12>().count("aclrtSetCurrentContext");
    let stream = Stream::new(&context).unwrap();
    let before = count();
    for _ in 0..10 {
        stream.synchronize().unwrap();
    }
    assert_eq!(count(), before);
}

#[test]
fn two_contexts_on_one_thread_are_not_put_back_and_forth() {
    let api = world::<13>();
    let device = Runtime::init(api).unwrap().device(0).unwrap();
    let (a, b) = (
        Context::new(&device).unwrap(),
        Context::new(&device).unwrap(),
    );
    let (a, b) = (Stream::new(&a).unwrap(), Stream::new(&b).unwrap());
    let before = state::<13>().count("aclrtSetCurrentContext");
    for _ in 0..5 {
        a.synchronize().unwrap();
        b.synchronize().unwrap();
    }
    assert_eq!(state::<13>().count("aclrtSetCurrentContext") - before, 10);
}

#[test]
fn within_a_scope_its_context_is_asked_for_once_and_the_hosts_is_put_back() {
    let api = world::<58>();
    let device = Runtime::init(api).unwrap().device(0).unwrap();
    let (a, b) = (
        Context::new(&device).unwrap(),
        Context::new(&device).unwrap(),
    );
    let (in_a, in_b) = (Stream::new(&a).unwrap(), Stream::new(&b).unwrap());
    let theirs = host::context(api);
    let asked = || state::<58>().count("aclrtGetCurrentContext");
    let before = asked();
    a.scope(|| {
        for _ in 0..10 {
            in_a.synchronize().unwrap();
        }
        assert_eq!(asked() - before, 1);
        // What belongs to another context runs in that one, and the scope goes on.
        in_b.synchronize().unwrap();
        b.scope(|| in_a.synchronize().unwrap()).unwrap();
        let again = asked();
        in_a.synchronize().unwrap();
        assert_eq!(asked(), again);
    })
    .unwrap();
    assert_eq!(current::<58>(), theirs);
    let again = asked();
    in_a.synchronize().unwrap();
    assert!(asked() > again, "a scope that is over is still believed in");
    assert_eq!(current::<58>(), theirs);
}

#[test]
fn a_scope_ends_with_a_panic_too() {
    let api = world::<59>();
    let context = Context::new(&Runtime::init(api).unwrap().device(0).unwrap()).unwrap();
    let stream = Stream::new(&context).unwrap();
    let theirs = host::context(api);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        context.scope(|| panic!("on purpose"))
    }));
    assert!(panicked.is_err());
    assert_eq!(current::<59>(), theirs);
    stream.synchronize().unwrap();
    assert_eq!(current::<59>(), theirs);
}

#[test]
fn a_question_to_the_device_within_a_call_does_not_change_the_calls_context() {
    let api = world::<17>();
    let device = Runtime::init(api).unwrap().device(0).unwrap();
    let (a, b) = (
        Context::new(&device).unwrap(),
        Context::new(&device).unwrap(),
    );
    // Loading asks for the run mode, in the device's default context. The mock refuses to run or to
    // unload a model under another context than it was loaded in.
    let models = [&a, &b, &a].map(|context| Model::from_memory(context, b"static").unwrap());
    for model in models {
        model.execute(&mut model.bindings().unwrap()).unwrap();
        model.close().unwrap();
    }
}

#[test]
fn a_stale_context_on_another_thread_is_no_obstacle() {
    let api = world::<14>();
    let device = Runtime::init(api).unwrap().device(0).unwrap();
    let gone = Context::new(&device).unwrap();
    let (to_thread, from_main) = std::sync::mpsc::channel();
    let (to_main, from_thread) = std::sync::mpsc::channel();
    let other = device.clone();
    std::thread::scope(|scope| {
        let gone_too = gone.clone();
        scope.spawn(move || {
            Stream::new(&gone_too).unwrap();
            drop(gone_too);
            to_main.send(()).unwrap();
            from_main.recv().unwrap();
            // The thread's current context was destroyed by the other one.
            let context = Context::new(&other).unwrap();
            Stream::new(&context).unwrap().synchronize().unwrap();
        });
        from_thread.recv().unwrap();
        gone.close().unwrap();
        to_thread.send(()).unwrap();
    });
}

#[test]
fn objects_of_two_contexts_are_refused_before_c_sees_them() {
    let api = world::<15>();
    let device = Runtime::init(api).unwrap().device(0).unwrap();
    let (a, b) = (
        Context::new(&device).unwrap(),
        Context::new(&device).unwrap(),
    );
    let stream = Stream::new(&a).unwrap();
    let event = Event::new(&b).unwrap();
    let calls = state::<15>().calls.len();
    assert!(matches!(
        event.record(&stream),
        Err(Error::ContextMismatch { .. })
    ));
    assert!(matches!(
        stream.wait_event(&event),
        Err(Error::ContextMismatch { .. })
    ));
    assert_eq!(state::<15>().calls.len(), calls);
    let model = Model::from_memory(&b, b"static").unwrap();
    let refused = model
        .execute_async(model.bindings().unwrap(), &stream)
        .unwrap_err();
    assert!(
        matches!(refused.error, Error::ContextMismatch { .. }),
        "{refused}"
    );
    assert!(refused.value.is_some());
}

#[test]
fn objects_move_between_threads() {
    let api = world::<16>();
    let runtime = Runtime::init(api).unwrap();
    let context = Context::new(&runtime.device(0).unwrap()).unwrap();
    let (stream, model) = (
        Stream::new(&context).unwrap(),
        Model::from_memory(&context, b"static").unwrap(),
    );
    let bindings = model.bindings().unwrap().with_staging().unwrap();
    let pending = std::thread::spawn(move || {
        let mut bindings = bindings;
        bindings.stage::<f32>("x").unwrap().fill(3.0);
        bindings
            .upload_async(&stream)
            .unwrap()
            .execute(&model, &stream)
            .unwrap()
            .download(&stream)
            .unwrap()
    })
    .join()
    .unwrap();
    let bindings = std::thread::spawn(move || pending.wait().unwrap())
        .join()
        .unwrap();
    assert_eq!(bindings.staged::<f32>("y").unwrap(), [6.0; 8]);
}
