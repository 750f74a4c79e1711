//! A program behind the tracing library runs as without it, and leaves a trace.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::PathBuf;
use std::process::Command;

use acl_sys::{Api, aclrtMemMallocPolicy};

const SCENE: &str = "ACL_TRACE_TEST_SCENE";

/// A library that cargo built for this test.
fn built(name: &str) -> PathBuf {
    let path = std::env::current_exe().unwrap().with_file_name(name);
    assert!(path.exists(), "{} is not built", path.display());
    path
}

#[test]
fn the_child_calls_through_the_library() {
    if std::env::var_os(SCENE).is_none() {
        return;
    }
    let api = Api::open(built("libacl_trace_preload.so")).unwrap();
    println!("said: {:?}", api.source.simulator);
    let mut pointer = std::ptr::null_mut();
    let policy = aclrtMemMallocPolicy::ACL_MEM_MALLOC_NORMAL_ONLY;
    // SAFETY: null stands for the defaults.
    let init = unsafe { api.aclInit.unwrap()(std::ptr::null()) };
    // SAFETY: the function takes a number.
    let set = unsafe { api.aclrtSetDevice.unwrap()(0) };
    // SAFETY: the pointer is a variable that lives through the call.
    let malloc = unsafe { api.aclrtMalloc.unwrap()(&raw mut pointer, 64, policy) };
    // SAFETY: the memory was just allocated, and is not used again.
    let free = unsafe { api.aclrtFree.unwrap()(pointer) };
    // SAFETY: the address was freed: the simulator refuses it.
    let again = unsafe { api.aclrtFree.unwrap()(pointer) };
    // SAFETY: the function takes a number.
    let reset = unsafe { api.aclrtResetDevice.unwrap()(0) };
    // SAFETY: nothing of the library is used any more.
    let finalize = unsafe { api.aclFinalize.unwrap()() };
    println!("said: {init} {set} {malloc} {free} {again} {reset} {finalize}");
}

#[test]
fn what_passes_through_is_what_the_library_behind_sees() {
    let folder = tempfile::tempdir().unwrap();
    let (front, behind) = (folder.path().join("front"), folder.path().join("behind"));
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "the_child_calls_through_the_library",
            "--nocapture",
        ])
        .env(SCENE, "1")
        .env("ACL_TRACE_LIBRARY", built("libascendcl.so"))
        .env("ACL_TRACE", &front)
        .env("ACL_SIM_TRACE", &behind)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("said: 0 0 0 0 107000 0 0"), "{output:?}");
    assert!(
        text.contains("Some(\"ascendcl-sim"),
        "the simulator is not hidden: {text}"
    );
    let (front, behind) = (
        acl_trace::read(&front).unwrap(),
        acl_trace::read(&behind).unwrap(),
    );
    let calls: Vec<_> = front.iter().map(|record| record.call.as_str()).collect();
    let wanted = [
        "aclInit",
        "aclrtSetDevice",
        "aclrtMalloc",
        "aclrtFree",
        "aclrtFree",
        "aclrtResetDevice",
        "aclFinalize",
    ];
    assert_eq!(calls, wanted);
    assert_eq!(acl_trace::compare(&front, &behind), []);
    assert_eq!(
        front[2].args.get("size"),
        Some(&acl_trace::Value::Integer(64))
    );
}
