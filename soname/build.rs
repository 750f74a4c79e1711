//! Gives `libascend_reid.so` its name.
//!
//! Cargo hands the linker arguments of a dependency's library on to the libraries that hold it, in
//! the order of the packages' names, and the last name wins. The simulator names its own library;
//! this package stands behind it in that order.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libascend_reid.so.0");
}
