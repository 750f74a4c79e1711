//! Channels of tensors.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ffi::{CStr, CString, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};

use acl_sys::{aclDataType as Type, acltdtTensorType as Item};
use acl_sys::{acltdtChannelHandle, acltdtDataItem, acltdtDataset};
use call::{Sent, malloc, messages, start, upload};

const TENSOR: Item = Item::ACL_TENSOR_DATA_TENSOR;
const END: Item = Item::ACL_TENSOR_DATA_END_OF_SEQUENCE;

/// A name that no other test has, because channels are the process's.
fn name() -> CString {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    CString::new(format!("channel {}", COUNT.fetch_add(1, Ordering::Relaxed))).unwrap()
}

fn channel(name: &CStr, capacity: usize) -> *mut acltdtChannelHandle {
    let channel = call!(acltdtCreateChannelWithCapacity(0, name.as_ptr(), capacity));
    assert!(!channel.is_null(), "{}", messages());
    channel
}

fn waiting(channel: *const acltdtChannelHandle) -> usize {
    let mut size = usize::MAX;
    ok!(acltdtQueryChannelSize(channel, &raw mut size));
    size
}

fn item(dims: &[i64], data: &mut [f32]) -> *mut acltdtDataItem {
    let size = size_of_val(data);
    let data = data.as_mut_ptr().cast();
    let item = call!(acltdtCreateDataItem(
        TENSOR,
        dims.as_ptr(),
        dims.len(),
        Type::ACL_FLOAT,
        data,
        size
    ));
    assert!(!item.is_null(), "{}", messages());
    item
}

fn dataset(items: &[*mut acltdtDataItem]) -> *mut acltdtDataset {
    let dataset = call!(acltdtCreateDataset());
    for item in items {
        ok!(acltdtAddDataItem(dataset, *item));
    }
    dataset
}

/// Reads a received item: dims and values.
fn read(dataset: *const acltdtDataset, index: usize) -> (Vec<i64>, Vec<f32>) {
    let item = call!(acltdtGetDataItem(dataset, index));
    assert!(!item.is_null(), "{}", messages());
    let mut dims = vec![-7; call!(acltdtGetDimNumFromItem(item))];
    ok!(acltdtGetDimsFromItem(item, dims.as_mut_ptr(), dims.len()));
    assert_eq!(call!(acltdtGetDataTypeFromItem(item)), Type::ACL_FLOAT);
    let size = call!(acltdtGetDataSizeFromItem(item));
    let data: *const f32 = call!(acltdtGetDataAddrFromItem(item)).cast();
    assert!(data.is_aligned());
    // SAFETY: the item's memory holds as many values, and lives as long as the dataset.
    let values = unsafe { std::slice::from_raw_parts(data, size / 4) };
    (dims, values.to_vec())
}

/// Sends one value.
fn send(channel: *const acltdtChannelHandle, value: f32, timeout: i32) -> i32 {
    let mut data = [value];
    let item = item(&[1], &mut data);
    let dataset = dataset(&[item]);
    let code = call!(acltdtSendTensor(channel, dataset, timeout));
    ok!(acltdtDestroyDataItem(item));
    ok!(acltdtDestroyDataset(dataset));
    code
}

/// Receives one value.
fn receive(channel: *const acltdtChannelHandle, timeout: i32) -> Result<f32, i32> {
    let dataset = dataset(&[]);
    let code = call!(acltdtReceiveTensor(channel, dataset, timeout));
    let value = if code == 0 {
        Ok(read(dataset, 0).1[0])
    } else {
        Err(code)
    };
    ok!(acltdtDestroyDataset(dataset));
    value
}

#[test]
fn what_is_sent_is_received_with_its_dims_its_bytes_and_the_channels_name() {
    start();
    let name = name();
    let (to, from) = (channel(&name, 2), channel(&name, 9));
    let mut data = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let mut scalar = [9.5];
    let block = malloc(8);
    upload(block, &[0, 0, 0, 64, 0, 0, 128, 64]); // 2.0, 4.0
    let on_device = call!(acltdtCreateDataItem(
        TENSOR,
        [2_i64].as_ptr(),
        1,
        Type::ACL_FLOAT,
        block,
        8
    ));
    let end = call!(acltdtCreateDataItem(
        END,
        null(),
        0,
        Type::ACL_FLOAT,
        null_mut(),
        0
    ));
    let items = [
        item(&[2, 3], &mut data),
        item(&[], &mut scalar),
        on_device,
        end,
    ];
    let sent = dataset(&items);
    let called = |dataset: *const acltdtDataset| {
        let name = call!(acltdtGetDatasetName(dataset));
        // SAFETY: a name is a string that lives as long as its dataset, which outlives the closure.
        unsafe { CStr::from_ptr(name) }
    };
    assert_eq!(called(sent), c"");
    ok!(acltdtSendTensor(to, sent, 0));
    // What is changed or gone after the call is sent as it was.
    ok!(aclrtFree(block));
    data[0] = -1.0;
    std::hint::black_box(&mut data);
    for item in items {
        ok!(acltdtDestroyDataItem(item));
    }
    ok!(acltdtDestroyDataset(sent));

    let got = dataset(&[]);
    assert_eq!(waiting(from), 1);
    ok!(acltdtReceiveTensor(from, got, 0));
    assert_eq!(waiting(to), 0);
    assert_eq!(call!(acltdtGetDatasetSize(got)), 4);
    assert_eq!(called(got), name.as_c_str());
    let wanted = (vec![2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(read(got, 0), wanted);
    assert_eq!(read(got, 1), (vec![], vec![9.5]));
    assert_eq!(read(got, 2), (vec![2], vec![2.0, 4.0]));
    let kinds = [0, 1, 2, 3].map(|index| {
        let item = call!(acltdtGetDataItem(got, index));
        call!(acltdtGetTensorTypeFromItem(item))
    });
    assert_eq!(kinds, [TENSOR, TENSOR, TENSOR, END]);
    let end = call!(acltdtGetDataItem(got, 3));
    assert!(call!(acltdtGetDataAddrFromItem(end)).is_null());
    assert_eq!(call!(acltdtGetDataSizeFromItem(end)), 0);

    // Received items go with what takes their place, and with their dataset.
    let first = call!(acltdtGetDataItem(got, 0));
    assert_eq!(call!(acltdtDestroyDataItem(first)), 100_000);
    assert_eq!(call!(acltdtAddDataItem(got, first)), 100_000);
    assert_eq!(send(to, 3.0, 0), 0);
    ok!(acltdtReceiveTensor(from, got, 0));
    assert_eq!(call!(acltdtGetDatasetSize(got)), 1);
    assert_eq!(call!(acltdtGetDataSizeFromItem(first)), 0, "it has gone");
    let second = call!(acltdtGetDataItem(got, 0));
    assert_eq!(call!(acltdtGetDataSizeFromItem(second)), 4);
    // What was received can be sent on.
    ok!(acltdtSendTensor(to, got, 0));
    assert_eq!(receive(from, 0), Ok(3.0));
    ok!(acltdtDestroyDataset(got));
    assert_eq!(call!(acltdtGetDataSizeFromItem(second)), 0);
    ok!(acltdtDestroyChannel(to));
    ok!(acltdtDestroyChannel(from));
    messages();
}

#[test]
fn a_channel_keeps_the_order_and_its_capacity() {
    start();
    let channel = channel(&name(), 2);
    assert_eq!(receive(channel, 0), Err(207_013));
    assert_eq!(receive(channel, 1), Err(207_013));
    assert_eq!(send(channel, 1.0, 0), 0);
    assert_eq!(send(channel, 2.0, -1), 0);
    assert_eq!(send(channel, 3.0, 0), 207_014);
    assert_eq!(send(channel, 3.0, 1), 207_014);
    assert_eq!(receive(channel, -1), Ok(1.0));
    assert_eq!(send(channel, 4.0, 0), 0);
    assert_eq!(receive(channel, 0), Ok(2.0));
    assert_eq!(receive(channel, 0), Ok(4.0));
    assert_eq!(receive(channel, 0), Err(207_013));
    ok!(acltdtDestroyChannel(channel));
    messages();
}

#[test]
fn one_end_waits_for_the_other() {
    start();
    let channel = channel(&name(), 1);
    let sent = Sent::new(channel.cast());
    let sender = std::thread::spawn(move || {
        (0_u8..100).for_each(|value| assert_eq!(send(sent.get().cast(), value.into(), -1), 0));
    });
    for value in 0_u8..100 {
        assert_eq!(receive(channel, -1), Ok(value.into()));
    }
    sender.join().unwrap();
    ok!(acltdtDestroyChannel(channel));
}

#[test]
fn who_waits_is_let_go_by_a_stop_and_by_the_end_of_the_last_handle() {
    start();
    for stop in [true, false] {
        let (name, other) = (name(), name());
        let here = channel(&name, 1);
        let begun = channel(&other, 1);
        let sent = Sent::new(here.cast());
        let sign = Sent::new(begun.cast());
        let waits = std::thread::spawn(move || {
            assert_eq!(send(sign.get().cast(), 1.0, -1), 0);
            receive(sent.get().cast(), -1)
        });
        assert_eq!(receive(begun, -1), Ok(1.0));
        if stop {
            ok!(acltdtStopChannel(here));
            assert_eq!(waits.join().unwrap(), Err(507_005));
            assert_eq!(receive(here, 0), Err(507_005));
            assert_eq!(send(here, 1.0, 0), 507_005);
            ok!(acltdtDestroyChannel(here));
            // The name is free again.
            let again = channel(&name, 1);
            assert_eq!(receive(again, 0), Err(207_013));
            ok!(acltdtDestroyChannel(again));
        } else {
            ok!(acltdtDestroyChannel(here));
            // The thread may have come to the channel only after its end.
            assert!(matches!(waits.join().unwrap(), Err(507_005 | 100_000)));
        }
        ok!(acltdtDestroyChannel(begun));
    }
    messages();
}

#[test]
fn channels_of_other_names_and_devices_are_others() {
    start();
    let (a, b) = (name(), name());
    let (one, other) = (channel(&a, 1), channel(&b, 1));
    assert_eq!(send(one, 1.0, 0), 0);
    assert_eq!(receive(other, 0), Err(207_013));
    ok!(acltdtDestroyChannel(one));
    // It went with its last handle.
    let again = channel(&a, 1);
    assert_eq!(receive(again, 0), Err(207_013));
    ok!(acltdtDestroyChannel(again));
    ok!(acltdtDestroyChannel(other));
    messages();
}

#[test]
fn misuse_of_channels_gives_its_codes() {
    start();
    let (live, gone) = (channel(&name(), 1), channel(&name(), 1));
    ok!(acltdtDestroyChannel(gone));
    let mut data = [1.0];
    let (good, dead) = (item(&[1], &mut data), item(&[1], &mut data));
    let (empty, full, broken) = (dataset(&[]), dataset(&[good]), dataset(&[dead]));
    ok!(acltdtDestroyDataItem(dead));
    let mut dims = [0_i64; 4];
    let mut rows: Vec<(&str, i32, i32)> = Vec::new();
    macro_rules! rows {
        ($($what:literal, $name:ident($($argument:expr),*) => $code:literal;)*) => {
            $(rows.push((
                concat!(stringify!($name), ": ", $what),
                call!($name($($argument),*)),
                $code,
            ));)*
        };
    }
    rows! {
        "no channel", acltdtSendTensor(null(), full, 0) => 100_000;
        "destroyed", acltdtSendTensor(gone, full, 0) => 100_000;
        "no dataset", acltdtSendTensor(live, null(), 0) => 100_000;
        "nothing to send", acltdtSendTensor(live, empty, 0) => 100_000;
        "a destroyed item", acltdtSendTensor(live, broken, 0) => 100_000;
        "time -2", acltdtSendTensor(live, full, -2) => 107_000;
        "no channel", acltdtReceiveTensor(null(), empty, 0) => 100_000;
        "destroyed", acltdtReceiveTensor(gone, empty, 0) => 100_000;
        "no dataset", acltdtReceiveTensor(live, null_mut(), 0) => 100_000;
        "not empty", acltdtReceiveTensor(live, full, 0) => 100_000;
        "time -2", acltdtReceiveTensor(live, empty, -2) => 107_000;
        "nothing there", acltdtReceiveTensor(live, empty, 0) => 207_013;
        "null", acltdtStopChannel(null_mut()) => 100_000;
        "destroyed", acltdtStopChannel(gone) => 100_000;
        "null", acltdtDestroyChannel(null_mut()) => 100_000;
        "twice", acltdtDestroyChannel(gone) => 100_000;
        "another kind", acltdtDestroyChannel(full.cast()) => 100_000;
        "nowhere to put", acltdtQueryChannelSize(live, null_mut()) => 100_000;
        "null", acltdtQueryChannelSize(null(), (&raw mut dims).cast()) => 100_000;
        "no dataset", acltdtAddDataItem(null_mut(), good) => 100_000;
        "no item", acltdtAddDataItem(empty, null_mut()) => 100_000;
        "destroyed", acltdtAddDataItem(empty, dead) => 100_000;
        "null", acltdtDestroyDataItem(null_mut()) => 100_000;
        "twice", acltdtDestroyDataItem(dead) => 100_000;
        "null", acltdtDestroyDataset(null_mut()) => 100_000;
        "no item", acltdtGetDimsFromItem(null(), dims.as_mut_ptr(), 4) => 100_000;
        "no room", acltdtGetDimsFromItem(good, dims.as_mut_ptr(), 0) => 100_000;
        "nowhere to put", acltdtGetDimsFromItem(good, null_mut(), 1) => 100_000;
    }
    rows.retain(|(_, code, wanted)| code != wanted);
    assert_eq!(rows, []);
    assert!(call!(acltdtGetDataItem(full, 1)).is_null());
    assert!(call!(acltdtGetDataItem(null(), 0)).is_null());
    assert_eq!(call!(acltdtGetDatasetSize(null())), 0);
    assert_eq!(call!(acltdtGetDataSizeFromItem(null())), 0);
    assert_eq!(call!(acltdtGetDimNumFromItem(null())), 0);
    assert_eq!(call!(acltdtGetTensorTypeFromItem(null())), Item(-1));
    let byte: *mut c_void = (&raw mut dims).cast();
    let float = Type::ACL_FLOAT;
    for (kind, dims, count, data) in [
        (Item(-1), null(), 0, byte),
        (Item(3), null(), 0, byte),
        (TENSOR, null(), 1, byte),
        (TENSOR, [-1_i64].as_ptr(), 1, byte),
        (TENSOR, dims.as_ptr(), 129, byte),
        (TENSOR, dims.as_ptr(), 1, null_mut()),
    ] {
        assert!(call!(acltdtCreateDataItem(kind, dims, count, float, data, 4)).is_null());
    }
    assert!(call!(acltdtCreateChannel(0, null())).is_null());
    assert!(call!(acltdtCreateChannel(0, c"".as_ptr())).is_null());
    messages();
    assert!(call!(acltdtCreateChannel(999, c"a".as_ptr())).is_null());
    assert!(messages().contains("107001"));
    assert!(call!(acltdtCreateChannelWithCapacity(0, c"a".as_ptr(), 0)).is_null());
    for dataset in [empty, full, broken] {
        ok!(acltdtDestroyDataset(dataset));
    }
    ok!(acltdtDestroyDataItem(good));
    ok!(acltdtDestroyChannel(live));
    messages();
}
