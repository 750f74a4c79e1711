//! What is exported: every name, also of what is not simulated, and the one variadic function.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[path = "common/lists.rs"]
mod lists;

use std::ptr::null;
use std::sync::Mutex;

use acl_sys::aclLogLevel;
use call::messages;

/// A function of the table as an address, by its name.
macro_rules! addresses {
    ($($name:ident),* $(,)?) => {
        |wanted: &str| -> Option<*const ()> {
            match wanted {
                $(stringify!($name) => ascendcl::api().$name.map(|function| function as *const ()),)*
                _ => None,
            }
        }
    };
}

type Words = (usize, usize, usize, usize, usize, usize);

/// Calls a function that looks at none of its arguments, and returns what it gives in a register of
/// integers or in one of floats.
fn call_with_nothing(function: *const (), gives_float: bool) -> u64 {
    let (a, b, c, d, e, f): Words = Default::default();
    if gives_float {
        type Number = unsafe extern "C" fn(usize, usize, usize, usize, usize, usize) -> f64;
        // SAFETY: the address is that of a function of the C interface which gives a double, and
        // reads no argument.
        let function = unsafe { std::mem::transmute::<*const (), Number>(function) };
        // SAFETY: as above.
        return unsafe { function(a, b, c, d, e, f) }.to_bits();
    }
    type Word = unsafe extern "C" fn(usize, usize, usize, usize, usize, usize) -> u64;
    // SAFETY: the address is that of a function of the C interface which gives a pointer or an
    // integer, and reads no argument.
    let function = unsafe { std::mem::transmute::<*const (), Word>(function) };
    // SAFETY: as above.
    unsafe { function(a, b, c, d, e, f) }
}

#[test]
fn all_that_is_not_simulated_says_so_by_name_and_gives_200001_null_or_nothing() {
    let address = acl_sys::for_each_function!(addresses);
    let lists = lists::not_simulated();
    let mut wrong = Vec::new();
    for (name, returned) in &lists {
        messages();
        let function = address(name).unwrap();
        let value = call_with_nothing(function, returned == "f64");
        // Of a type of 32 bits, the upper half of a register is nobody's.
        let is_wide = returned.starts_with('*') || ["u64", "usize", "f64"].contains(&&returned[..]);
        let value = if is_wide { value } else { value & 0xffff_ffff };
        let wanted = if returned.is_empty() { 200_001 } else { 0 };
        let text = messages();
        if value != wanted || !text.contains(name) || !text.contains("200001") {
            wrong.push(format!("{name}: {value}, wanted {wanted}; {text:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
