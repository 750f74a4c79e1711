//! Runs bindgen over a folder of AscendCL headers.

use std::path::Path;

/// The headers of the API, in the order in which they are included.
pub const HEADERS: [&str; 10] = [
    "acl/acl.h",
    "acl/acl_base.h",
    "acl/acl_op_compiler.h",
    "acl/acl_tdt.h",
    "acl/acl_tdt_queue.h",
    "acl/acl_prof.h",
    "acl/ops/acl_dvpp.h",
    "acl/ops/acl_cblas.h",
    "acl/ops/acl_fv.h",
    "acl/error_codes/rt_error_codes.h",
];

/// Returns the raw bindgen output for the headers below `include`.
///
/// `target` is a clang target triple; `None` means the machine's own. `freestanding` keeps the C
/// library out of it, so that the output depends on the compiler and the headers alone (a user's
/// toolkit may need the C library, ours does not).
pub fn generate(
    include: &Path,
    target: Option<&str>,
    freestanding: bool,
) -> Result<String, String> {
    let mut wrapper = String::from("#define ENABLE_DVPP_INTERFACE\n");
    for header in HEADERS {
        if include.join(header).is_file() {
            wrapper.push_str(&format!("#include \"{header}\"\n"));
        }
    }
    let mut builder = bindgen::Builder::default()
        .header_contents("ascendcl_all.h", &wrapper)
        .clang_arg(format!("-I{}", include.display()))
        .default_enum_style(bindgen::EnumVariation::NewType {
            is_bitfield: false,
            is_global: false,
        })
        .allowlist_function("acl.*")
        .allowlist_type("acl.*")
        .allowlist_var("ACL.*")
        .layout_tests(true)
        .derive_default(false)
        .derive_eq(true)
        .derive_hash(true)
        .prepend_enum_name(false)
        .generate_comments(true)
        .formatter(bindgen::Formatter::None)
        .disable_header_comment();
    if let Some(target) = target {
        builder = builder.clang_arg(format!("--target={target}"));
    }
    if freestanding {
        builder = builder.clang_arg("-ffreestanding");
    }
    builder
        .generate()
        .map(|bindings| bindings.to_string())
        .map_err(|error| error.to_string())
}

/// Says whether libclang can be loaded here.
pub fn libclang_available() -> bool {
    // bindgen panics when the library is missing, so ask the loader that it uses first.
    std::panic::catch_unwind(|| bindgen::clang_version().full).is_ok()
}
