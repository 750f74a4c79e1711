//! What the environment controls: profiles, faults, findings, reports and traces.
//!
//! The simulator reads its environment once, so that each case is a program of its own: the test
//! starts this binary again, with `ACL_SIM_TEST_SCENE` naming what the child does.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ffi::CStr;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};
use std::ptr::{null, null_mut};

use acl_sys::{aclrtMemAttr, aclrtMemMallocPolicy, aclrtMemcpyKind, aclrtRunMode};
use call::{download, malloc, messages, start, upload};
use serde_json::Value;

const SCENE: &str = "ACL_SIM_TEST_SCENE";

/// Runs a scene in a process of its own.
fn play(scene: &str, environment: &[(&str, &str)]) -> Output {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "the_child_plays_its_scene", "--nocapture"]);
    child.env(SCENE, scene);
    for variable in ["PROFILE", "FAULTS", "REPORT", "TRACE", "STRICT", "TIMING"] {
        child.env_remove(format!("ACL_SIM_{variable}"));
    }
    child.env_remove("ASCEND_RT_VISIBLE_DEVICES");
    child.envs(environment.iter().copied());
    child.output().unwrap()
}

/// What a scene said: the lines after its mark.
fn said(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter_map(|line| line.split_once("said: "));
    lines.map(|(_, said)| said.to_owned()).collect()
}

fn played(scene: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let output = play(scene, environment);
    assert!(output.status.success(), "{output:?}");
    said(&output)
}

#[test]
fn the_child_plays_its_scene() {
    let Ok(scene) = std::env::var(SCENE) else {
        return;
    };
    match scene.as_str() {
        "describe" => describe(),
        "init" => println!("said: {} {}", call!(aclInit(null())), messages()),
        "allocate" => allocate(),
        "copies" => copies(),
        "leak" => leak(),
        "config" => config(),
        "on_device" => on_device(),
        "resets" => resets(),
        "touch" => touch(),
        "early" => early(),
        other => panic!("no scene {other}"),
    }
}

fn describe() {
    let name = call!(aclrtGetSocName());
    // SAFETY: the simulator returns a constant that ends with NUL.
    let name = unsafe { CStr::from_ptr(name) };
    let mut count = 0;
    ok!(aclrtGetDeviceCount(&raw mut count));
    println!("said: {} {count}", name.to_str().unwrap());
}

fn memory() -> usize {
    let (mut free, mut total) = (0, 0);
    // A lost device does not answer.
    call!(aclrtGetMemInfo(
        aclrtMemAttr::ACL_HBM_MEM,
        &raw mut free,
        &raw mut total
    ));
    total
}

fn allocate() {
    start();
    for _ in 0..3 {
        let mut pointer = null_mut();
        let policy = aclrtMemMallocPolicy::ACL_MEM_MALLOC_HUGE_FIRST;
        let code = call!(aclrtMalloc(&raw mut pointer, 4096, policy));
        println!("said: {code}");
    }
    println!("said: {}", memory());
    println!("said: {}", call!(aclFinalize()));
}

fn copies() {
    start();
    let block = malloc(64);
    for _ in 0..2 {
        let begin = std::time::Instant::now();
        upload(block, &[1; 64]);
        println!("said: {}", begin.elapsed().as_millis());
    }
}

fn leak() {
    start();
    malloc(100);
    call::stream();
    let kind = aclrtMemcpyKind::ACL_MEMCPY_HOST_TO_DEVICE;
    call!(aclrtMemcpy(null_mut(), 0, null(), 0, kind));
}

fn config() {
    let path = std::env::var("CONFIG").unwrap();
    let path = std::ffi::CString::new(path).unwrap();
    println!("said: {} {}", call!(aclInit(path.as_ptr())), messages());
    println!("said: {}", call!(aclrtSynchronizeDevice()));
    call!(aclrtSetDevice(77));
    let other = std::thread::spawn(messages).join().unwrap();
    println!("said: {}", other.contains("device 77"));
}

fn on_device() {
    start();
    let mut mode = aclrtRunMode::ACL_HOST;
    ok!(aclrtGetRunMode(&raw mut mode));
    let block = malloc(4);
    // SAFETY: on the device, device memory is the program's own; the block has 4 bytes.
    unsafe { block.cast::<[u8; 4]>().write([1, 2, 3, 4]) };
    println!("said: {} {:?}", mode.0, download(block, 4));
    upload(block, &[9; 4]);
    // SAFETY: as above.
    let bytes = unsafe { block.cast::<[u8; 4]>().read() };
    println!("said: {bytes:?} {}", call!(aclrtFree(block)));
}

fn resets() {
    start();
    ok!(aclrtSetDevice(0));
    println!("said: {}", call!(aclrtResetDevice(0)));
    println!("said: {}", call!(aclrtResetDevice(0)));
    let mut timeout_is_there = null_mut();
    ok!(aclrtSetDevice(0));
    let code = call!(aclrtCreateStreamWithConfig(&raw mut timeout_is_there, 0, 1));
    println!("said: {code} {}", messages());
}

fn touch() {
    start();
    let block = malloc(64);
    // SAFETY: none; it is the mistake that must end this process. The address is reserved without
    // access, so the processor stops the read.
    let byte = unsafe { block.cast::<u8>().read_volatile() };
    println!("said: {byte}");
}

extern "C" fn nothing(_: *mut std::ffi::c_void) {}

/// Reads a block that a queued copy has yet to write: the stream waits for a callback before it.
fn early() {
    start();
    let (stream, block) = (call::stream(), malloc(64));
    let mut pinned = null_mut();
    ok!(aclrtMallocHost(&raw mut pinned, 64));
    // SAFETY: pthread_self has no precondition.
    let thread = unsafe { libc::pthread_self() };
    ok!(aclrtSubscribeReport(thread, stream));
    let blocks = acl_sys::aclrtCallbackBlockType::ACL_CALLBACK_BLOCK;
    ok!(aclrtLaunchCallback(
        Some(nothing),
        null_mut(),
        blocks,
        stream
    ));
    let kind = aclrtMemcpyKind::ACL_MEMCPY_HOST_TO_DEVICE;
    ok!(aclrtMemcpyAsync(block, 64, pinned, 64, kind, stream));
    download(block, 64);
    println!("said: {}", kinds());
    ok!(aclrtProcessReport(1000));
    ok!(aclrtSynchronizeStream(stream));
    download(block, 64);
    println!("said: {}", kinds());
}

fn kinds() -> String {
    let kinds: Vec<_> = ascendcl::findings()
        .iter()
        .map(|found| found.kind)
        .collect();
    kinds.join(" ")
}

#[test]
fn who_reads_what_queued_work_has_yet_to_write_is_told() {
    assert_eq!(played("early", &[]), ["read_early", "read_early"]);
}

#[test]
fn profiles_are_named_or_read_from_a_file() {
    assert_eq!(played("describe", &[]), ["Ascend310P3 1"]);
    assert_eq!(
        played("describe", &[("ACL_SIM_PROFILE", "300i-duo")]),
        ["Ascend310P3 2"]
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    let text = "name='own'\nsoc='Ascend910B1'\nchips=8\nmemory_mib=1\nstreams=4\nevents=4\n";
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(
        played("describe", &[("ACL_SIM_PROFILE", path)]),
        ["Ascend910B1 8"]
    );
    let visible = [
        ("ACL_SIM_PROFILE", path),
        ("ASCEND_RT_VISIBLE_DEVICES", "1,3,2"),
    ];
    assert_eq!(played("describe", &visible), ["Ascend910B1 2"]);
    let none = [("ASCEND_RT_VISIBLE_DEVICES", "")];
    assert_eq!(played("describe", &none), ["Ascend310P3 0"]);
}

#[test]
fn a_profile_that_cannot_be_read_fails_aclinit_with_the_reason() {
    let [line] = played("init", &[("ACL_SIM_PROFILE", "/none.toml")])
        .try_into()
        .unwrap();
    assert!(line.starts_with("100003"), "{line}");
    assert!(
        line.contains("/none.toml") && line.contains("300i-duo"),
        "{line}"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.toml");
    std::fs::write(&path, "name = 'x'\nchip = 3\n").unwrap();
    let [line] = played("init", &[("ACL_SIM_PROFILE", path.to_str().unwrap())])
        .try_into()
        .unwrap();
    assert!(
        line.starts_with("100006") && line.contains("bad.toml"),
        "{line}"
    );
}

#[test]
fn a_call_fails_on_demand_and_memory_runs_out_where_it_is_told_to() {
    let total = (21_504_usize << 20).to_string();
    let inline = "call = [{ name = 'aclrtMalloc', nth = 2, code = 507000 }]";
    let wanted = ["0", "507000", "0", total.as_str(), "0"];
    assert_eq!(played("allocate", &[("ACL_SIM_FAULTS", inline)]), wanted);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faults.toml");
    std::fs::write(&path, "memory = 9000\n").unwrap();
    let file = [("ACL_SIM_FAULTS", path.to_str().unwrap())];
    assert_eq!(played("allocate", &file), ["0", "0", "207001", "9000", "0"]);

    // Calls: aclInit, aclrtSetDevice, messages do not count; then three times aclrtMalloc.
    let lost = played("allocate", &[("ACL_SIM_FAULTS", "lose_device_after = 2")]);
    assert_eq!(lost[..3], ["0", "507010", "507010"]);
}

#[test]
fn a_plan_of_faults_with_a_mistake_fails_aclinit() {
    let cases = [
        (
            "call = [{ name = 'aclrtMallow', code = 1 }]",
            "100000",
            "aclrtMallow",
        ),
        ("calls = 3", "100006", "unknown field"),
        ("/none/faults", "100003", "/none/faults"),
    ];
    for (faults, code, why) in cases {
        let [line] = played("init", &[("ACL_SIM_FAULTS", faults)])
            .try_into()
            .unwrap();
        assert!(
            line.starts_with(code) && line.contains(why),
            "{faults}: {line}"
        );
    }
}

#[test]
fn a_copy_is_late_on_demand_and_takes_the_modelled_time_when_timing_is_on() {
    let late = played(
        "copies",
        &[("ACL_SIM_FAULTS", "copy = [{ nth = 2, delay_ms = 300 }]")],
    );
    assert!(late[1].parse::<u64>().unwrap() >= 300, "{late:?}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slow.toml");
    let text = "name='s'\nsoc='A'\nchips=1\nmemory_mib=1\nstreams=4\nevents=4\n\
                [timing.copy]\nlatency_us=50000\ngib_per_second=1\n";
    std::fs::write(&path, text).unwrap();
    let slow = [
        ("ACL_SIM_PROFILE", path.to_str().unwrap()),
        ("ACL_SIM_TIMING", "1"),
    ];
    let times = played("copies", &slow);
    assert!(
        times.iter().all(|time| time.parse::<u64>().unwrap() >= 50),
        "{times:?}"
    );
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_process_that_leaks_is_reported_with_the_calls_that_made_what_leaks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let output = play("leak", &[("ACL_SIM_REPORT", path.to_str().unwrap())]);
    assert!(output.status.success());
    let report = json(&path);
    assert_eq!(report["finalized"], false);
    assert_eq!(report["profile"], "310p3");
    let texts: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            assert_eq!(finding["kind"], "leak");
            finding["text"].as_str().unwrap()
        })
        .collect();
    let has = |text: &str| texts.iter().any(|found| found.contains(text));
    assert!(
        has("1 of kind stream were never released: made by call 3 (aclrtCreateStream)"),
        "{texts:?}"
    );
    assert!(
        has("1 blocks of device memory (100 bytes) leak: made by call 2 (aclrtMalloc)"),
        "{texts:?}"
    );
    assert!(has("without aclFinalize"), "{texts:?}");
    let silent = play(
        "leak",
        &[
            ("ACL_SIM_STRICT", "0"),
            ("ACL_SIM_REPORT", path.to_str().unwrap()),
        ],
    );
    assert!(silent.stderr.is_empty(), "{silent:?}");
    assert_eq!(json(&path)["findings"].as_array().unwrap().len(), 0);
}

#[test]
fn a_trace_holds_each_call_and_two_runs_of_one_program_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["a", "b"].map(|name| folder.path().join(name));
    for path in &paths {
        assert!(
            play("leak", &[("ACL_SIM_TRACE", path.to_str().unwrap())])
                .status
                .success()
        );
    }
    let [left, right] = paths.map(|path| acl_trace::read(&path).unwrap());
    let calls: Vec<_> = left.iter().map(|record| record.call.as_str()).collect();
    let wanted = [
        "aclInit",
        "aclrtSetDevice",
        "aclrtMalloc",
        "aclrtCreateStream",
        "aclrtMemcpy",
    ];
    assert_eq!(calls, wanted);
    assert_eq!(
        left[2].args.get("size"),
        Some(&acl_trace::Value::Integer(100))
    );
    assert_eq!(left[4].result, acl_trace::Value::Integer(100_000));
    assert_eq!(acl_trace::compare(&left, &right), []);
}

#[test]
fn the_configuration_of_aclinit_sets_a_default_device_and_shares_messages() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acl.json");
    let with = |text: &str| {
        std::fs::write(&path, text).unwrap();
        played("config", &[("CONFIG", path.to_str().unwrap())])
    };
    assert_eq!(with("{}"), ["0 ", "107002", "false"]);
    let both = r#"{"defaultDevice": {"default_device": "0"}, "err_msg_mode": "1"}"#;
    assert_eq!(with(both), ["0 ", "0", "true"]);
    assert!(with(r#"{"err_msg_mode": 5}"#)[0].starts_with("100006"));
    assert!(with(r#"{"defaultDevice": {"default_device": 7}}"#)[0].starts_with("107001"));
}

#[test]
fn on_the_device_itself_its_memory_is_the_programs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rc.toml");
    let text = "name='rc'\nsoc='Ascend310P3'\nchips=1\nmemory_mib=64\nstreams=4\nevents=4\non_device=true\n";
    std::fs::write(&path, text).unwrap();
    let there = [("ACL_SIM_PROFILE", path.to_str().unwrap())];
    assert_eq!(
        played("on_device", &there),
        ["0 [1, 2, 3, 4]", "[9, 9, 9, 9] 0"]
    );
}

#[test]
fn an_older_release_counts_no_resets_and_lacks_what_came_later() {
    assert_eq!(played("resets", &[])[..2], ["0", "0"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.toml");
    let text = "name='old'\nsoc='A'\nchips=1\nmemory_mib=1\nstreams=4\nevents=4\ncann='5.1.RC2'\n";
    std::fs::write(&path, text).unwrap();
    let lines = played("resets", &[("ACL_SIM_PROFILE", path.to_str().unwrap())]);
    assert_eq!(lines[..2], ["0", "107001"]);
    assert!(
        lines[2].starts_with("200001") && lines[2].contains("came with CANN 6.0"),
        "{lines:?}"
    );
}

#[test]
fn a_program_that_reads_a_device_address_is_told_before_it_dies() {
    let output = play("touch", &[]);
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("strict: host_access"), "{text}");
}
