//! Copies, streams and events.

use std::time::Duration;

use acl::{DeviceBuffer, Event, PinnedBuffer, Stream};

use crate::common;

#[test]
fn what_goes_to_the_device_comes_back() {
    let context = common::context();
    let values: Vec<f32> = (0..1000_u16).map(f32::from).collect();
    let first = DeviceBuffer::from_host(&context, &values).unwrap();
    let mut second = DeviceBuffer::alloc(&context, first.len()).unwrap();
    second.copy_from_device(first.slice(..).unwrap()).unwrap();
    let mut back = vec![0.0_f32; 1000];
    second.copy_to_host(&mut back).unwrap();
    assert_eq!(back, values);
    second.slice_mut(40..80).unwrap().fill(0).unwrap();
    let mut part = vec![1.0_f32; 20];
    second
        .slice(40..120)
        .unwrap()
        .copy_to_host(&mut part)
        .unwrap();
    assert_eq!(part[..10], [0.0; 10]);
    assert_eq!(part[10..], values[20..30]);
    second
        .slice_mut(..8)
        .unwrap()
        .copy_from_host(&[5.0_f32, 6.0])
        .unwrap();
    second
        .slice(..8)
        .unwrap()
        .copy_to_host(&mut part[..2])
        .unwrap();
    assert_eq!(part[..2], [5.0, 6.0]);
}

#[test]
fn what_goes_asynchronously_comes_back() {
    let context = common::context();
    let stream = Stream::new(&context).unwrap();
    let bytes = 1 << 20;
    let mut pinned = PinnedBuffer::alloc(&context, bytes).unwrap();
    assert!(pinned.as_bytes().iter().all(|byte| *byte == 0));
    for (i, value) in pinned.as_mut_slice::<u32>().unwrap().iter_mut().enumerate() {
        *value = u32::try_from(i).unwrap();
    }
    let device = DeviceBuffer::alloc(&context, bytes).unwrap();
    let (device, mut pinned) = device
        .copy_from_pinned_async(pinned, &stream)
        .unwrap()
        .wait()
        .unwrap();
    pinned.as_mut_bytes().fill(0);
    let other = DeviceBuffer::alloc(&context, bytes).unwrap();
    let (other, device) = other
        .copy_from_device_async(device, &stream)
        .unwrap()
        .wait()
        .unwrap();
    let (_, pinned) = other
        .copy_to_pinned_async(pinned, &stream)
        .unwrap()
        .wait()
        .unwrap();
    assert!(
        pinned
            .as_slice::<u32>()
            .unwrap()
            .iter()
            .enumerate()
            .all(|(i, v)| i == *v as usize)
    );
    let device = device.fill_async(7, &stream).unwrap().wait().unwrap();
    let mut byte = [0_u8];
    device
        .slice(bytes - 1..)
        .unwrap()
        .copy_to_host(&mut byte)
        .unwrap();
    assert_eq!(byte, [7]);
}

#[test]
fn events_order_streams_and_tell_the_time() {
    let context = common::context();
    let (a, b) = (
        Stream::new(&context).unwrap(),
        Stream::new(&context).unwrap(),
    );
    let [start, middle, end] = [(); 3].map(|()| Event::new(&context).unwrap());
    start.record(&a).unwrap();
    let device = DeviceBuffer::alloc(&context, 1 << 20).unwrap();
    let pinned = PinnedBuffer::alloc(&context, 1 << 20).unwrap();
    let pending = device.copy_from_pinned_async(pinned, &a).unwrap();
    middle.record(&a).unwrap();
    end.record(&a).unwrap();
    b.wait_event(&middle).unwrap();
    b.synchronize().unwrap();
    assert!(middle.is_complete().unwrap());
    pending.wait().unwrap();
    end.synchronize().unwrap();
    a.synchronize_timeout(Duration::from_secs(60)).unwrap();
    let whole = end.elapsed_ms_since(&start).unwrap();
    let part = middle.elapsed_ms_since(&start).unwrap();
    assert!(part >= 0.0 && whole >= part, "{part} {whole}");
    end.close().unwrap();
    a.close().unwrap();
}
