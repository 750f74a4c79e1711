//! The files by which build systems find the library.

use crate::layout::Prefix;
use crate::library::{Library, VERSION};

const DESCRIPTION: &str =
    "Person re-identification, and any .om model, on Huawei Ascend or its simulator";

/// The way from a folder below the prefix up to it: `..` for each part.
fn up(folder: &str) -> String {
    vec![".."; folder.split('/').count()].join("/")
}

/// `ascend_reid.pc`.
///
/// Source: `pc(5)`.
pub(crate) fn pkg_config(library: &Library, prefix: Prefix<'_>, libdir: &str) -> String {
    let mut text = pkg_config_head("ascend_reid", prefix, libdir);
    text.push_str("Libs: -L${libdir} -lascend_reid\n");
    if library.archive.is_some() {
        text.push_str(&format!("Libs.private: {}\n", library.native.join(" ")));
    }
    text
}

/// `ascend_reid-static.pc`: the linker takes a shared library before a static one of the same name, so
/// the archive is named in full.
pub(crate) fn pkg_config_static(library: &Library, prefix: Prefix<'_>, libdir: &str) -> String {
    let head = pkg_config_head("ascend_reid-static", prefix, libdir);
    let native = library.native.join(" ");
    format!("{head}Libs: -L${{libdir}} -l:libascend_reid.a {native}\n")
}

fn pkg_config_head(name: &str, prefix: Prefix<'_>, libdir: &str) -> String {
    let prefix = match prefix {
        Prefix::Fixed(path) => path.to_owned(),
        Prefix::Anywhere => format!("${{pcfiledir}}/{}", up(&format!("{libdir}/pkgconfig"))),
    };
    format!(
        "prefix={prefix}\n\
         libdir=${{prefix}}/{libdir}\n\
         includedir=${{prefix}}/include\n\n\
         Name: {name}\n\
         Description: {DESCRIPTION}\n\
         Version: {VERSION}\n\
         Cflags: -I${{includedir}}\n"
    )
}

/// `ascend_reid-config.cmake`: the target `ascend_reid::ascend_reid`, and where the static library is
/// installed `ascend_reid::static`.
///
/// Source: `cmake-packages(7)`.
pub(crate) fn cmake_config(library: &Library, libdir: &str) -> String {
    let up = up(&format!("{libdir}/cmake/ascend_reid"));
    let soname = &library.elf.soname;
    let mut text = format!(
        "# Targets: ascend_reid::ascend_reid (shared), ascend_reid::static (where it is installed).\n\
         cmake_minimum_required(VERSION 3.10)\n\
         get_filename_component(_ascend_reid_prefix \"${{CMAKE_CURRENT_LIST_DIR}}/{up}\" ABSOLUTE)\n\
         set(_ascend_reid_shared \"${{_ascend_reid_prefix}}/{libdir}/libascend_reid.so.{VERSION}\")\n\
         if(NOT EXISTS \"${{_ascend_reid_shared}}\")\n\
         \x20 set(ascend_reid_FOUND FALSE)\n\
         \x20 set(ascend_reid_NOT_FOUND_MESSAGE \"${{_ascend_reid_shared}} is missing: install the library again\")\n\
         \x20 return()\n\
         endif()\n\
         if(NOT TARGET ascend_reid::ascend_reid)\n\
         \x20 add_library(ascend_reid::ascend_reid SHARED IMPORTED)\n\
         \x20 set_target_properties(ascend_reid::ascend_reid PROPERTIES\n\
         \x20   IMPORTED_LOCATION \"${{_ascend_reid_shared}}\"\n\
         \x20   IMPORTED_SONAME \"{soname}\"\n\
         \x20   INTERFACE_INCLUDE_DIRECTORIES \"${{_ascend_reid_prefix}}/include\")\n\
         endif()\n"
    );
    if library.archive.is_some() {
        let native = library.native.join(";");
        text.push_str(&format!(
            "set(_ascend_reid_static \"${{_ascend_reid_prefix}}/{libdir}/libascend_reid.a\")\n\
             if(NOT TARGET ascend_reid::static AND EXISTS \"${{_ascend_reid_static}}\")\n\
             \x20 add_library(ascend_reid::static STATIC IMPORTED)\n\
             \x20 set_target_properties(ascend_reid::static PROPERTIES\n\
             \x20   IMPORTED_LOCATION \"${{_ascend_reid_static}}\"\n\
             \x20   INTERFACE_INCLUDE_DIRECTORIES \"${{_ascend_reid_prefix}}/include\"\n\
             \x20   INTERFACE_LINK_LIBRARIES \"{native}\")\n\
             endif()\n\
             unset(_ascend_reid_static)\n"
        ));
    }
    text.push_str(
        "unset(_ascend_reid_shared)\n\
         unset(_ascend_reid_prefix)\n",
    );
    text
}

/// `ascend_reid-config-version.cmake`: before version 1 a minor version may change anything.
pub(crate) fn cmake_version() -> String {
    let mut parts = VERSION.split('.');
    let (major, minor) = (parts.next().unwrap_or("0"), parts.next().unwrap_or("0"));
    let same = if major == "0" {
        format!(
            "\"${{PACKAGE_FIND_VERSION_MAJOR}}.${{PACKAGE_FIND_VERSION_MINOR}}\" STREQUAL \"{major}.{minor}\""
        )
    } else {
        format!("\"${{PACKAGE_FIND_VERSION_MAJOR}}\" STREQUAL \"{major}\"")
    };
    format!(
        "set(PACKAGE_VERSION \"{VERSION}\")\n\
         if(PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION)\n\
         \x20 set(PACKAGE_VERSION_COMPATIBLE FALSE)\n\
         elseif({same})\n\
         \x20 set(PACKAGE_VERSION_COMPATIBLE TRUE)\n\
         \x20 if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)\n\
         \x20   set(PACKAGE_VERSION_EXACT TRUE)\n\
         \x20 endif()\n\
         else()\n\
         \x20 set(PACKAGE_VERSION_COMPATIBLE FALSE)\n\
         endif()\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_up_has_a_step_for_each_folder() {
        assert_eq!(up("lib/pkgconfig"), "../..");
        assert_eq!(up("lib/x86_64-linux-gnu/pkgconfig"), "../../..");
    }
}
