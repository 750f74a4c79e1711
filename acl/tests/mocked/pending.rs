//! Work under way owns its memory, and gives it back when it is done.

use acl::{Context, DeviceBuffer, Error, Event, Model, Pending, PinnedBuffer, Runtime, Stream};

use crate::mock::{state, world};

fn context(api: &'static acl::Api) -> Context {
    Context::new(&Runtime::init(api).unwrap().device(0).unwrap()).unwrap()
}

#[test]
fn copies_happen_by_the_time_they_were_waited_for() {
    let context = context(world::<45>());
    let stream = Stream::new(&context).unwrap();
    let mut pinned = PinnedBuffer::alloc(&context, 8).unwrap();
    pinned
        .as_mut_slice::<f32>()
        .unwrap()
        .copy_from_slice(&[1.0, 2.0]);
    let device = DeviceBuffer::alloc(&context, 8).unwrap();
    let (device, pinned) = device
        .copy_from_pinned_async(pinned, &stream)
        .unwrap()
        .wait()
        .unwrap();
    let other = DeviceBuffer::alloc(&context, 8).unwrap();
    let (other, device) = other
        .copy_from_device_async(device, &stream)
        .unwrap()
        .wait()
        .unwrap();
    drop((device, pinned));
    let back = PinnedBuffer::alloc(&context, 8).unwrap();
    let (_, back) = other
        .copy_to_pinned_async(back, &stream)
        .unwrap()
        .wait()
        .unwrap();
    assert_eq!(back.as_slice::<f32>().unwrap(), [1.0, 2.0]);
    assert!(back.as_slice::<[u8; 3]>().is_err());
}

#[test]
fn dropping_waits_before_the_memory_is_freed() {
    let context = context(world::<46>());
    let stream = Stream::new(&context).unwrap();
    let device = DeviceBuffer::alloc(&context, 8).unwrap();
    let pinned = PinnedBuffer::alloc(&context, 8).unwrap();
    state::<46>().calls.clear();
    drop(device.copy_from_pinned_async(pinned, &stream).unwrap());
    let state = state::<46>();
    let at = |name| state.calls.iter().position(|call| *call == name).unwrap();
    assert!(at("aclrtSynchronizeStream") < at("aclrtFree"));
    assert!(at("aclrtSynchronizeStream") < at("aclrtFreeHost"));
}

#[test]
fn a_refused_copy_gives_both_buffers_back() {
    let context = context(world::<47>());
    let stream = Stream::new(&context).unwrap();
    let device = DeviceBuffer::alloc(&context, 8).unwrap();
    let pinned = PinnedBuffer::alloc(&context, 9).unwrap();
    let refused = device.copy_from_pinned_async(pinned, &stream).unwrap_err();
    assert!(matches!(refused.error, Error::InvalidArgument { .. }));
    let (device, pinned) = refused.value.unwrap();
    assert_eq!((device.len(), pinned.len()), (8, 9));
}

#[test]
fn work_that_failed_is_reported_by_wait_and_the_memory_comes_back() {
    let context = context(world::<48>());
    let stream = Stream::new(&context).unwrap();
    let model = Model::from_memory(&context, b"static").unwrap();
    let pending = model
        .execute_async(model.bindings().unwrap(), &stream)
        .unwrap();
    state::<48>().sync_codes.push_back(507_011);
    let refused = pending.wait().unwrap_err();
    assert_eq!(refused.error.status().unwrap().0, 507_011);
    let mut bindings = refused
        .value
        .expect("the second wait found the stream idle");
    model.execute(&mut bindings).unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "leaks on purpose")]
fn memory_is_kept_for_ever_when_the_device_may_still_use_it() {
    let api = world::<49>();
    let context = context(api);
    let stream = Stream::new(&context).unwrap();
    let device = DeviceBuffer::alloc(&context, 8).unwrap();
    let pinned = PinnedBuffer::alloc(&context, 8).unwrap();
    let pending = device.copy_from_pinned_async(pinned, &stream).unwrap();
    state::<49>().sync_codes.extend([507_010, 507_010]);
    let refused = pending.wait().unwrap_err();
    assert!(refused.value.is_none());
    assert_eq!(state::<49>().count("aclrtFree"), 0);
    assert_eq!(state::<49>().count("aclrtFreeHost"), 0);
    // The context, and all that holds it, lives on with the leaked memory.
    drop((context, stream));
    assert_eq!(state::<49>().count("aclFinalize"), 0);
}

#[test]
fn a_model_is_under_way_on_one_stream_at_a_time() {
    let context = context(world::<50>());
    let (a, b) = (
        Stream::new(&context).unwrap(),
        Stream::new(&context).unwrap(),
    );
    let model = Model::from_memory(&context, b"static").unwrap();
    let first = model.execute_async(model.bindings().unwrap(), &a).unwrap();
    let second = model.execute_async(model.bindings().unwrap(), &a).unwrap();
    let refused = model
        .execute_async(model.bindings().unwrap(), &b)
        .unwrap_err();
    assert!(matches!(refused.error, Error::Busy { .. }), "{refused}");
    let mut bindings = refused.value.unwrap();
    assert!(matches!(
        model.execute(&mut bindings),
        Err(Error::Busy { .. })
    ));
    drop(first);
    assert!(matches!(
        model.execute(&mut bindings),
        Err(Error::Busy { .. })
    ));
    second.wait().unwrap();
    model.execute(&mut bindings).unwrap();
    model.execute_async(bindings, &b).unwrap().wait().unwrap();
}

#[test]
fn a_pipeline_over_three_streams_keeps_its_order_and_makes_its_events_once() {
    let context = context(world::<51>());
    let [up, run, down] = [(); 3].map(|()| Stream::new(&context).unwrap());
    let model = Model::from_memory(&context, b"static").unwrap();
    let mut slot = model.bindings().unwrap().with_staging().unwrap();
    for round in 0..5_u8 {
        slot.stage::<f32>("x").unwrap().fill(f32::from(round));
        let pending: Pending<_> = slot
            .upload_async(&up)
            .unwrap()
            .execute(&model, &run)
            .unwrap()
            .download(&down)
            .unwrap();
        slot = pending.wait_last().unwrap();
        assert_eq!(
            slot.staged::<f32>("y").unwrap(),
            [2.0 * f32::from(round); 8]
        );
        assert_eq!(slot.staged_array::<f32>(0).unwrap().shape(), [2, 4]);
    }
    assert_eq!(state::<51>().count("aclrtCreateEvent"), 2);
    assert_eq!(state::<51>().count("aclrtStreamWaitEvent"), 10);
}

#[test]
fn staging_follows_the_gear() {
    let context = context(world::<52>());
    let model = Model::from_memory(&context, b"batch").unwrap();
    let mut slot = model.bindings().unwrap().with_staging().unwrap();
    slot.set_batch(2).unwrap();
    slot.stage_array::<f32>("x").unwrap().fill(5.0);
    assert_eq!(slot.stage::<f32>("x").unwrap().len(), 8);
    assert!(matches!(
        slot.stage::<u8>("x"),
        Err(Error::DtypeMismatch { .. })
    ));
    slot.upload().unwrap();
    model.execute(&mut slot).unwrap();
    slot.download().unwrap();
    assert_eq!(slot.staged::<f32>("y").unwrap(), [10.0; 8]);
    let mut bare = model.bindings().unwrap();
    assert!(bare.stage::<f32>("x").is_err());
    assert!(bare.upload().is_err());
}

#[test]
fn an_event_is_complete_when_its_stream_got_there() {
    let context = context(world::<53>());
    let stream = Stream::new(&context).unwrap();
    let event = Event::new(&context).unwrap();
    event.record(&stream).unwrap();
    // Through aclrtQueryEvent, as on releases that lack aclrtQueryEventStatus.
    assert!(!event.is_complete().unwrap());
    stream.synchronize().unwrap();
    assert!(event.is_complete().unwrap());
}

#[test]
fn a_stream_cannot_be_closed_under_work() {
    let context = context(world::<54>());
    let stream = Stream::new(&context).unwrap();
    let buffer = DeviceBuffer::alloc(&context, 8).unwrap();
    let pinned = PinnedBuffer::alloc(&context, 8).unwrap();
    let pending = buffer.copy_to_pinned_async(pinned, &stream).unwrap();
    let (stream, error) = stream.close().unwrap_err();
    assert!(matches!(error, Error::InUse { what: "Stream", .. }));
    drop(pending);
    stream.close().unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "leaks on purpose")]
fn forgotten_work_leaks_and_frees_nothing() {
    let context = context(world::<55>());
    let stream = Stream::new(&context).unwrap();
    let buffer = DeviceBuffer::alloc(&context, 8).unwrap();
    let pinned = PinnedBuffer::alloc(&context, 8).unwrap();
    std::mem::forget(buffer.copy_to_pinned_async(pinned, &stream).unwrap());
    drop((stream, context));
    let state = state::<55>();
    assert_eq!(
        state.count("aclrtFree") + state.count("aclrtDestroyContext"),
        0
    );
}

#[test]
fn a_run_in_turn_waits_on_the_device_for_the_one_before_on_another_stream() {
    let context = context(world::<62>());
    let model = Model::from_memory(&context, b"static").unwrap();
    let streams = [(); 2].map(|()| Stream::new(&context).unwrap());
    let bindings = [(); 2].map(|()| model.bindings().unwrap().with_staging().unwrap());
    let mut under_way = Vec::new();
    for (bindings, stream) in bindings.into_iter().zip(&streams) {
        state::<62>().calls.clear();
        let pending = bindings
            .upload_async(stream)
            .unwrap()
            .execute_in_turn(&model, stream, None)
            .unwrap();
        under_way.push(pending);
        let state = state::<62>();
        let at = |name| state.calls.iter().position(|call| *call == name);
        let run = at("aclmdlExecuteAsync").unwrap();
        assert!(at("aclrtRecordEvent").unwrap() > run, "its end is marked");
        let waits = at("aclrtStreamWaitEvent");
        match under_way.len() {
            1 => assert_eq!(waits, None, "nothing runs before the first"),
            _ => assert!(waits.unwrap() < run),
        }
    }
    for pending in under_way {
        pending.wait().unwrap();
    }
    // When all were waited for there is nothing to wait for on the device.
    state::<62>().calls.clear();
    let bindings = model.bindings().unwrap().with_staging().unwrap();
    let pending = bindings.upload_async(&streams[0]).unwrap();
    let pending = pending.execute_in_turn(&model, &streams[0], None).unwrap();
    assert!(!state::<62>().calls.contains(&"aclrtStreamWaitEvent"));
    pending.wait().unwrap();
}
