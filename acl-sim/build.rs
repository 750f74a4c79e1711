//! Builds the variadic shim, and gives the shared library its name without a version.

fn main() {
    println!("cargo::rerun-if-changed=src/capi/app_log.c");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libascendcl.so");
    // The threads of streams run its code: closing the library must not take that away.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    cc::Build::new()
        .file("src/capi/app_log.c")
        .std("c99")
        .warnings(true)
        .extra_warnings(true)
        .warnings_into_errors(true)
        .compile("ascendcl_sim_app_log");
}
