//! Several threads at once.

use acl::{Context, DeviceBuffer, Model, Runtime, Stream};

use crate::common::{self, RELU};

#[test]
fn each_thread_works_in_its_own_context() {
    let Some(om) = RELU.om() else { return };
    let runtime = Runtime::init(common::api()).unwrap();
    std::thread::scope(|scope| {
        for number in 0..4_u8 {
            let (runtime, om) = (&runtime, &om);
            scope.spawn(move || {
                let context = Context::new(&runtime.device(0).unwrap()).unwrap();
                let model = Model::from_memory(&context, om).unwrap();
                let mut bindings = model.bindings().unwrap();
                for round in 0..20_u8 {
                    let value = f32::from(number) * 100.0 + f32::from(round);
                    bindings.write_slice("x", &[value; 8]).unwrap();
                    model.execute(&mut bindings).unwrap();
                    let mut y = [0.0_f32; 8];
                    bindings.read_slice(0, &mut y).unwrap();
                    assert_eq!(y, [value; 8]);
                }
            });
        }
    });
}

#[test]
fn one_context_serves_several_threads() {
    let context = common::context();
    let buffer = DeviceBuffer::from_host(&context, &[1_u8, 2, 3, 4]).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let stream = Stream::new(&context).unwrap();
                for _ in 0..20 {
                    let mut bytes = [0_u8; 4];
                    buffer.copy_to_host(&mut bytes).unwrap();
                    assert_eq!(bytes, [1, 2, 3, 4]);
                    stream.synchronize().unwrap();
                }
            });
        }
    });
}

#[test]
fn work_queued_on_one_thread_is_waited_for_on_another() {
    let Some(om) = RELU.om() else { return };
    let context = common::context();
    let (stream, model) = (
        Stream::new(&context).unwrap(),
        Model::from_memory(&context, &om).unwrap(),
    );
    let (send, receive) = std::sync::mpsc::channel();
    let waiting = std::thread::spawn(move || {
        let mut count = 0;
        for pending in receive {
            let pending: acl::Pending<acl::Bindings> = pending;
            pending.wait().unwrap();
            count += 1;
        }
        count
    });
    for _ in 0..5 {
        let bindings = model.bindings().unwrap();
        send.send(model.execute_async(bindings, &stream).unwrap())
            .unwrap();
    }
    drop(send);
    assert_eq!(waiting.join().unwrap(), 5);
}
