//! The text of the headers that this package was built with.

/// Names the headers and includes their text.
macro_rules! headers {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../vendor-headers/", $path)))),*]
    };
}

/// The vendored headers: path below an include folder, and text.
///
/// They are this project's own, written from tables of the API's facts. **Source**: the folder
/// `vendor-headers`; a test compares the list with it.
pub const HEADERS: &[(&str, &str)] = headers![
    "acl/acl.h",
    "acl/acl_base.h",
    "acl/acl_mdl.h",
    "acl/acl_op.h",
    "acl/acl_op_compiler.h",
    "acl/acl_prof.h",
    "acl/acl_rt.h",
    "acl/acl_tdt.h",
    "acl/acl_tdt_queue.h",
    "acl/error_codes/ge_error_codes.h",
    "acl/error_codes/rt_error_codes.h",
    "acl/ops/acl_cblas.h",
    "acl/ops/acl_dvpp.h",
    "acl/ops/acl_fv.h",
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::HEADERS;
    use std::path::Path;

    fn count(folder: &Path) -> usize {
        let entries = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        entries
            .map(|path| if path.is_dir() { count(&path) } else { 1 })
            .sum()
    }

    #[test]
    fn each_header_of_the_folder_is_in_the_list() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vendor-headers/acl");
        assert_eq!(count(&folder), HEADERS.len());
    }
}
