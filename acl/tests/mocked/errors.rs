//! What errors say.

use acl::{Context, DeviceBuffer, Error, Runtime, Status, Stream};

use crate::mock::{state, world};

#[test]
fn one_line_says_call_arguments_code_meaning_vendor_text_and_cure() {
    let api = world::<20>();
    let context = Context::new(&Runtime::init(api).unwrap().device(0).unwrap()).unwrap();
    {
        let mut state = state::<20>();
        state.fail.insert("aclrtMalloc", 207_001);
        state.text = Some(c"EL0004: out of memory.\n  Solution: free some.\n");
    }
    let error = DeviceBuffer::alloc(&context, 4096).unwrap_err();
    let text = error.to_string();
    assert_eq!(
        text,
        "aclrtMalloc(4096 bytes, policy 0) failed: ACL_ERROR_RT_MEMORY_ALLOCATION (207001), \
         device memory allocation failed; the library says: EL0004: out of memory. | Solution: \
         free some.; free device memory, use a smaller batch, or see who else uses the card with \
         `npu-smi info`"
    );
    assert_eq!(error.status(), Some(Status(207_001)));
}

#[test]
fn an_unknown_code_survives() {
    let api = world::<21>();
    let runtime = Runtime::init(api).unwrap();
    state::<21>().fail.insert("aclrtGetDeviceCount", 424_242);
    let error = runtime.device_count().unwrap_err();
    assert_eq!(
        error.to_string(),
        "aclrtGetDeviceCount() failed: unknown status (424242)"
    );
}

#[test]
fn a_function_that_the_library_lacks_names_itself_and_its_release() {
    let api = world::<22>();
    let context = Context::new(&Runtime::init(api).unwrap().device(0).unwrap()).unwrap();
    let stream = Stream::new(&context).unwrap();
    let error = stream
        .synchronize_timeout(std::time::Duration::from_secs(1))
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Unsupported {
                symbol: "aclrtSynchronizeStreamWithTimeout",
                since: "6.0.1"
            }
        ),
        "{error}"
    );
    assert_eq!(
        error.to_string(),
        "this AscendCL library has no aclrtSynchronizeStreamWithTimeout, which exists since CANN \
         6.0.1; update CANN"
    );
}

#[test]
fn a_wrong_device_says_so_and_leaves_nothing_behind() {
    let api = world::<23>();
    let runtime = Runtime::init(api).unwrap();
    let error = runtime.device(7).unwrap_err();
    assert_eq!(error.status(), Some(Status(107_001)));
    assert!(error.to_string().contains("npu-smi info"), "{error}");
    runtime.close().unwrap();
}

#[test]
fn lengths_are_checked_before_c_is_called() {
    let api = world::<24>();
    let context = Context::new(&Runtime::init(api).unwrap().device(0).unwrap()).unwrap();
    assert!(matches!(
        DeviceBuffer::alloc(&context, 0),
        Err(Error::InvalidArgument { .. })
    ));
    let mut buffer = DeviceBuffer::from_host(&context, &[1_u8, 2, 3, 4]).unwrap();
    let calls = state::<24>().calls.len();
    assert!(buffer.copy_from_host(&[0_u8; 5]).is_err());
    assert!(buffer.copy_to_host(&mut [0_u8; 3]).is_err());
    assert!(buffer.slice(3..5).is_err());
    assert!(buffer.slice_mut(..=4).is_err());
    #[expect(clippy::reversed_empty_ranges, reason = "the mistake that is tested")]
    let reversed = 3..1;
    assert!(buffer.slice(reversed).is_err());
    assert_eq!(state::<24>().calls.len(), calls);
    let mut two = [0_u8; 2];
    buffer.slice(1..3).unwrap().copy_to_host(&mut two).unwrap();
    assert_eq!(two, [2, 3]);
}

#[test]
fn two_libraries_live_side_by_side() {
    let (a, b) = (world::<25>(), world::<26>());
    let (a, b) = (Runtime::init(a).unwrap(), Runtime::init(b).unwrap());
    let context = |runtime: &Runtime| Context::new(&runtime.device(0).unwrap()).unwrap();
    let (c, d) = (context(&a), context(&b));
    let from = DeviceBuffer::from_host(&c, &[1_u8]).unwrap();
    let mut to = DeviceBuffer::from_host(&d, &[2_u8]).unwrap();
    let error = to.copy_from_device(from.slice(..).unwrap()).unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
    drop((a, c, from));
    assert_eq!(state::<25>().count("aclFinalize"), 1);
    assert_eq!(state::<26>().count("aclFinalize"), 0);
}
