//! What can be asked about the operators of a model, and about a run that failed.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[path = "common/datasets.rs"]
mod datasets;
#[path = "common/models.rs"]
mod graphs;

use std::ffi::{CStr, c_char};
use std::ptr::{null, null_mut};
use std::sync::Mutex;

use acl_sys::{aclDataType, aclFormat, aclTensorDesc, aclmdlDesc, aclrtExceptionInfo};
use ascend_om::onnx::{GraphProto, ValueInfoProto, elem};
use ascendcl::atc::{Options, convert_bytes};
use call::{malloc, messages, start, upload};
use datasets::{dataset, describe, load};
use graphs::{bytes, node};

const NAMES: *const c_char = c"_datadump_original_op_names".as_ptr();

fn attribute(desc: *mut aclmdlDesc, op: &CStr) -> Option<String> {
    let text = call!(aclmdlGetOpAttr(desc, op.as_ptr(), NAMES));
    if text.is_null() {
        return None;
    }
    // SAFETY: attributes are strings that live as long as their description, which the test keeps.
    Some(unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned())
}

#[test]
fn an_operator_tells_what_it_was_called_in_the_source() {
    start();
    let onnx = graphs::add_relu_argmax(2);
    let id = load(&convert_bytes(&onnx, "m", &Options::default()).unwrap());
    let desc = describe(id);
    assert_eq!(attribute(desc, c"add").as_deref(), Some("add"));
    assert_eq!(attribute(desc, c"relu").as_deref(), Some("relu"));
    assert_eq!(
        attribute(desc, c"x").as_deref(),
        Some(""),
        "an input is no operator of it"
    );
    assert_eq!(attribute(desc, c"sub"), None);
    assert!(messages().contains("no operator sub"));
    let other = call!(aclmdlGetOpAttr(desc, c"add".as_ptr(), c"other".as_ptr()));
    let nulls = [
        other,
        call!(aclmdlGetOpAttr(desc, null(), NAMES)),
        call!(aclmdlGetOpAttr(desc, c"add".as_ptr(), null())),
        call!(aclmdlGetOpAttr(null_mut(), c"add".as_ptr(), NAMES)),
    ];
    assert_eq!(nulls, [null(); 4]);
    // A text that was told stays, though the description describes another model.
    let kept = call!(aclmdlGetOpAttr(desc, c"add".as_ptr(), NAMES));
    let relu = graphs::unary("Relu", elem::FLOAT, &[2, 3]);
    let second = load(&convert_bytes(&relu, "n", &Options::default()).unwrap());
    ok!(aclmdlGetDesc(desc, second));
    assert_eq!(attribute(desc, c"the_op").as_deref(), Some("the_op"));
    assert_eq!(attribute(desc, c"add"), None);
    // SAFETY: as above.
    assert_eq!(unsafe { CStr::from_ptr(kept) }, c"add");
    ok!(aclmdlUnload(second));
    messages();
    assert_eq!(attribute(desc, c"the_op"), None);
    assert!(messages().contains("145003"), "the model is gone");
    ok!(aclmdlUnload(id));
    ok!(aclmdlDestroyDesc(desc));
}

/// y = a + b, of which the first dims are open; it fails where they differ.
fn sum() -> Vec<u8> {
    let onnx = graphs::model(GraphProto {
        name: "g".into(),
        input: vec![
            ValueInfoProto::tensor("a", elem::FLOAT, &[-1, 3]),
            ValueInfoProto::tensor("b", elem::FLOAT, &[-1, 3]),
        ],
        output: vec![ValueInfoProto::tensor("y", elem::FLOAT, &[-1, 3])],
        node: vec![node("Add", "add", &["a", "b"], &["y"], Vec::new())],
        ..GraphProto::default()
    });
    let options = Options {
        input_shape: vec![("a".into(), vec![-1, 3]), ("b".into(), vec![-1, 3])],
        ..Options::default()
    };
    convert_bytes(&onnx, "sum", &options).unwrap()
}

/// Device, stream and task of the last exception.
static SEEN: Mutex<Option<(u32, u32, u32)>> = Mutex::new(None);

unsafe extern "C" fn exception(info: *mut aclrtExceptionInfo) {
    *SEEN.lock().unwrap() = Some((
        call!(aclrtGetDeviceIdFromExceptionInfo(info)),
        call!(aclrtGetStreamIdFromExceptionInfo(info)),
        call!(aclrtGetTaskIdFromExceptionInfo(info)),
    ));
}

/// The arguments of `aclmdlCreateAndGetOpDesc` that are written to.
struct Asked {
    name: [c_char; 16],
    inputs: *mut aclTensorDesc,
    input_count: usize,
    outputs: *mut aclTensorDesc,
    output_count: usize,
}

fn ask(place: (u32, u32, u32), room: usize) -> (i32, Asked) {
    let mut asked = Asked {
        name: [1; 16],
        inputs: null_mut(),
        input_count: 0,
        outputs: null_mut(),
        output_count: 0,
    };
    let code = call!(aclmdlCreateAndGetOpDesc(
        place.0,
        place.1,
        place.2,
        asked.name.as_mut_ptr(),
        room,
        &raw mut asked.inputs,
        &raw mut asked.input_count,
        &raw mut asked.outputs,
        &raw mut asked.output_count
    ));
    (code, asked)
}

#[test]
fn a_queued_run_that_failed_is_described_to_who_saw_the_exception() {
    start();
    ok!(aclrtSetExceptionInfoCallback(Some(exception)));
    let id = load(&sum());
    let stream = call::stream();
    let (a, b, y) = (malloc(36), malloc(36), malloc(36));
    upload(a, &bytes(&[1.0; 9]));
    upload(b, &bytes(&[1.0; 9]));
    let (inputs, outputs) = (dataset(&[(a, 36), (b, 36)]), dataset(&[(y, 36)]));
    for (index, rows) in [(0, 2_i64), (1, 3)] {
        let dims = [rows, 3];
        let desc = call!(aclCreateTensorDesc(
            aclDataType::ACL_FLOAT,
            2,
            dims.as_ptr(),
            aclFormat::ACL_FORMAT_ND
        ));
        ok!(aclmdlSetDatasetTensorDesc(inputs, desc, index));
        call!(aclDestroyTensorDesc(desc));
    }
    ok!(aclmdlExecuteAsync(id, inputs, outputs, stream));
    assert_eq!(call!(aclrtSynchronizeStream(stream)), 545_000);
    let place = SEEN.lock().unwrap().take().unwrap();
    let (code, asked) = ask(place, 16);
    assert_eq!(code, 0, "{}", messages());
    // SAFETY: the call has put a name with its NUL there.
    assert_eq!(unsafe { CStr::from_ptr(asked.name.as_ptr()) }, c"sum");
    assert_eq!((asked.input_count, asked.output_count), (2, 1));
    for (index, (address, rows)) in [(a, 2), (b, 3)].into_iter().enumerate() {
        let desc = call!(aclGetTensorDescByIndex(asked.inputs, index));
        assert_eq!(call!(aclGetTensorDescAddress(desc)), address);
        let mut dim = 0;
        ok!(aclGetTensorDescDimV2(desc, 0, &raw mut dim));
        assert_eq!(dim, rows);
    }
    assert_eq!(call!(aclGetTensorDescAddress(asked.outputs)), y);
    assert!(call!(aclGetTensorDescByIndex(asked.inputs, 2)).is_null());
    let second = call!(aclGetTensorDescByIndex(asked.inputs, 1));
    call!(aclDestroyTensorDesc(asked.inputs));
    call!(aclDestroyTensorDesc(asked.outputs));
    assert_eq!(
        call!(aclGetTensorDescNumDims(second)),
        0,
        "it went with the first"
    );
    messages();

    let (device, number, task) = place;
    let rows = [
        ("another task", ask((device, number, task + 1), 16).0),
        ("another stream", ask((device, number + 1000, task), 16).0),
        ("another device", ask((device + 1, number, task), 16).0),
        ("a short name", ask(place, 3).0),
        ("no room", ask(place, 0).0),
    ];
    for (what, code) in rows {
        assert_eq!(code, 100_000, "{what}");
    }
    let mut count = 0;
    let mut descs = null_mut();
    let code = call!(aclmdlCreateAndGetOpDesc(
        device,
        number,
        task,
        null_mut(),
        16,
        &raw mut descs,
        &raw mut count,
        &raw mut descs,
        &raw mut count
    ));
    assert_eq!(code, 100_000, "no place for the name");
    ok!(aclrtSetExceptionInfoCallback(None));
    ok!(aclrtDestroyStream(stream));
    ok!(aclmdlUnload(id));
    messages();
}
