//! What is exported: every name, also of what is not simulated, and the one variadic function.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;

use std::ptr::{null, null_mut};
use std::sync::Mutex;

use acl_sys::aclLogLevel;
use call::messages;

/// Calls a function with a status that is not simulated.
macro_rules! missing {
    ($($name:ident($($argument:expr),*);)*) => {$(
        assert_eq!(call!($name($($argument),*)), 200_001, stringify!($name));
        let text = messages();
        assert!(text.contains(stringify!($name)), "it names itself: {text}");
    )*};
}

#[test]
fn what_is_not_simulated_says_so_by_name() {
    missing! {
        aclvencCreateChannel(null_mut());
        acltdtAttachQueue(0, 0, null_mut());
        aclprofGetOpNum(null(), 0, null_mut());
        aclrtSetGroup(0);
    }
}

#[test]
fn what_is_not_simulated_and_has_no_status_gives_null() {
    assert!(call!(acltdtCreateQueueAttr()).is_null());
    assert!(messages().contains("acltdtCreateQueueAttr"));
    assert!(
        call!(aclprofGetOpAttriValue(
            null(),
            0,
            0,
            acl_sys::aclprofSubscribeOpAttri(0)
        ))
        .is_null()
    );
    assert!(messages().contains("aclprofGetOpAttriValue"));
}

#[test]
fn every_function_of_the_interface_is_in_the_table() {
    let api = ascendcl::api();
    // A default table is empty; Debug would not tell, so one function of each library is asked.
    assert!(acl_sys::Api::NAMES.len() >= 500);
    assert!(api.aclInit.is_some() && api.acldvppMalloc.is_some());
    assert!(std::ptr::eq(api, ascendcl::api()), "there is one table");
}

/// Keeps what is logged.
struct Kept(Mutex<Vec<(log::Level, String)>>);

impl log::Log for Kept {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if record.target() == "aclAppLog" {
            let line = (record.level(), record.args().to_string());
            self.0.lock().unwrap().push(line);
        }
    }

    fn flush(&self) {}
}

static KEPT: Kept = Kept(Mutex::new(Vec::new()));

#[test]
fn a_log_line_with_any_number_of_arguments_arrives() {
    log::set_logger(&KEPT).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let (func, file) = (c"main".as_ptr(), c"app.c".as_ptr());
    let info = aclLogLevel::ACL_INFO;
    call!(aclAppLog(
        info,
        func,
        file,
        7_u32,
        c"%d %s".as_ptr(),
        5_i32,
        c"x".as_ptr()
    ));
    call!(aclAppLog(
        aclLogLevel::ACL_ERROR,
        func,
        file,
        8_u32,
        c"%d %d %d %d %d %.2f %lld".as_ptr(),
        1_i32,
        2_i32,
        3_i32,
        4_i32,
        5_i32,
        0.25_f64,
        -6_i64
    ));
    call!(aclAppLog(info, null(), null(), 9_u32, c"plain".as_ptr()));
    call!(aclAppLog(info, func, file, 10_u32, null()));
    let kept = KEPT.0.lock().unwrap();
    let expected = [
        (log::Level::Info, "app.c:7 main: 5 x"),
        (log::Level::Error, "app.c:8 main: 1 2 3 4 5 0.25 -6"),
        (log::Level::Info, "?:9 ?: plain"),
    ];
    let seen: Vec<_> = kept
        .iter()
        .map(|(level, text)| (*level, text.as_str()))
        .collect();
    assert_eq!(seen, expected);
}
