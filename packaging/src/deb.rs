//! Debian packages: `libascend-reid0` for programs that run, `libascend-reid-dev` to write some.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use md5::{Digest, Md5};

use crate::elf::Elf;
use crate::layout::{Content, DOCS, Entry, Part};
use crate::library::VERSION;
use crate::tarball::{Archive, write};
use crate::{Error, Result};

/// The revision of the packages of one version.
const REVISION: u32 = 1;

/// What all packages of a build share.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The shared library.
    pub elf: &'a Elf,
    /// `Name <mail>` of who answers for the packages.
    pub maintainer: &'a str,
    /// Seconds since 1970 that the files carry.
    pub time: u64,
}

/// The names of the two packages: that of the library has its soname's number.
fn names(elf: &Elf) -> [String; 2] {
    let major = elf.soname.rsplit('.').next().unwrap_or_default();
    [
        format!("libascend-reid{major}"),
        "libascend-reid-dev".to_owned(),
    ]
}

/// Checks what goes into a line of the control file: a name and an address.
///
/// # Errors
/// If it is something else.
pub fn maintainer(text: &str) -> Result<&str> {
    let fine = text.split_once('<').is_some_and(|(name, mail)| {
        !name.trim().is_empty() && mail.ends_with('>') && mail.contains('@')
    });
    if fine && !text.contains(char::is_control) {
        return Ok(text);
    }
    Err(Error::Value {
        what: "--maintainer",
        found: text.to_owned(),
        wanted: "a name and an address, as \"Ada Lovelace <ada@example.org>\"",
    })
}

/// Writes both packages into a folder and returns their paths, the library's first.
///
/// The entries are those of a layout with the prefix `/usr`.
///
/// # Errors
/// If the maintainer is none, a file cannot be read, or a package not be written.
/// Source: `deb(5)`, `deb-control(5)`, `deb-shlibs(5)`, `deb-triggers(5)`.
pub fn packages(entries: &[Entry], origin: Origin<'_>, out: &Path) -> Result<Vec<PathBuf>> {
    maintainer(origin.maintainer)?;
    let names = names(origin.elf);
    let mut paths = Vec::new();
    for (part, name) in [Part::Runtime, Part::Development].into_iter().zip(&names) {
        let architecture = origin.elf.architecture;
        let file = format!("{name}_{VERSION}-{REVISION}_{architecture}.deb");
        let path = out.join(file);
        let bytes = package(entries, origin, part, &names)?;
        write(&path, &bytes)?;
        paths.push(path);
    }
    Ok(paths)
}

fn package(
    entries: &[Entry],
    origin: Origin<'_>,
    part: Part,
    names: &[String; 2],
) -> Result<Vec<u8>> {
    let [library, development] = names;
    let name = if part == Part::Runtime {
        library
    } else {
        development
    };
    let pack = |what: &str| Error::file("pack", Path::new(what));
    let mut data = Archive::new(origin.time);
    let (mut sums, mut size) = (String::new(), 0);
    let copyright = Entry {
        path: format!("share/doc/{name}/copyright"),
        content: Content::Bytes(copyright().into_bytes()),
        part,
    };
    for entry in entries.iter().chain([&copyright]) {
        if entry.part != part {
            continue;
        }
        let mut entry = entry.clone();
        if let Some(document) = entry.path.strip_prefix(DOCS) {
            // A package's documents have a folder of its own, so that two versions can be installed.
            entry.path = format!("share/doc/{name}{document}");
        }
        data.entry("./usr/", &entry)?;
        if !matches!(entry.content, Content::Link(_)) {
            let bytes = entry.content.bytes()?;
            size += bytes.len();
            let sum = Md5::digest(&bytes);
            for byte in sum {
                write_to(&mut sums, format_args!("{byte:02x}"));
            }
            write_to(&mut sums, format_args!("  usr/{}\n", entry.path));
        }
    }
    let data = data.finish().map_err(pack("data.tar.gz"))?;

    let mut control = Archive::new(origin.time);
    let text = control_file(origin, part, names, size.div_ceil(1024));
    let mut files = vec![("control", text), ("md5sums", sums)];
    if part == Part::Runtime {
        let major = library.trim_start_matches("libascend-reid");
        let shlibs = format!("libascend_reid {major} {library} (>= {VERSION})\n");
        files.push(("shlibs", shlibs));
        files.push(("triggers", "activate-noawait ldconfig\n".to_owned()));
    }
    for (file, text) in files {
        control
            .file(&format!("./{file}"), text.as_bytes())
            .map_err(pack(file))?;
    }
    let control = control.finish().map_err(pack("control.tar.gz"))?;

    let mut deb = ar::Builder::new(Vec::new());
    let members: [(&str, &[u8]); 3] = [
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", &control),
        ("data.tar.gz", &data),
    ];
    for (member, bytes) in members {
        let mut header = ar::Header::new(member.as_bytes().to_vec(), bytes.len() as u64);
        header.set_mode(0o100_644);
        header.set_mtime(origin.time);
        deb.append(&header, bytes).map_err(pack(member))?;
    }
    deb.into_inner().map_err(pack("the package"))
}

fn write_to(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(more);
}

fn control_file(origin: Origin<'_>, part: Part, names: &[String; 2], kibibytes: usize) -> String {
    let [library, development] = names;
    let elf = origin.elf;
    let version = format!("{VERSION}-{REVISION}");
    let libc = match elf.glibc {
        Some((major, minor)) => format!("libc6 (>= {major}.{minor})"),
        None => "libc6".to_owned(),
    };
    let mut depends = vec![libc];
    for (soname, package) in [
        ("libgcc_s.so.1", "libgcc-s1"),
        ("libstdc++.so.6", "libstdc++6"),
    ] {
        if elf.needed.iter().any(|needed| needed == soname) {
            depends.push(package.to_owned());
        }
    }
    let (name, section, depends, title, more) = match part {
        Part::Runtime => (
            library,
            "libs",
            depends.join(", "),
            "person re-identification on Huawei Ascend, shared library",
            "This package holds the shared library.",
        ),
        Part::Development => (
            development,
            "libdevel",
            format!("{library} (= {version})"),
            "person re-identification on Huawei Ascend, development files",
            "This package holds the headers for C and C++, the static library, the\n \
             files for pkg-config and CMake, and examples.",
        ),
    };
    format!(
        "Package: {name}\n\
         Source: ascend-reid\n\
         Version: {version}\n\
         Architecture: {}\n\
         Multi-Arch: same\n\
         Section: {section}\n\
         Priority: optional\n\
         Maintainer: {}\n\
         Installed-Size: {kibibytes}\n\
         Depends: {depends}\n\
         Homepage: {}\n\
         Description: {title}\n \
         Runs compiled .om models on Ascend cards, or on a simulator of them that is\n \
         part of the library: features of photos of people, galleries that are\n \
         searched, evaluation, and generated photos.\n .\n {more}\n",
        elf.architecture,
        origin.maintainer,
        env!("CARGO_PKG_REPOSITORY"),
    )
}

/// What Debian wants to know about rights.
///
/// Source: the Debian project's machine-readable copyright format 1.0.
fn copyright() -> String {
    let source = env!("CARGO_PKG_REPOSITORY");
    let own = include_str!("../../LICENSE-MIT");
    let mut mit = String::new();
    for line in own.lines() {
        let line = if line.is_empty() { "." } else { line };
        write_to(&mut mit, format_args!(" {line}\n"));
    }
    format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: ascend-reid\n\
         Source: {source}\n\
         Comment: What is linked into the library has licences of its own; all of them\n \
         are in the file THIRD-PARTY beside this one, or in that of the library's package.\n\n\
         Files: *\n\
         Copyright: the authors of ascend-reid\n\
         License: Expat or Apache-2.0\n\n\
         License: Expat\n{mit}\n\
         License: Apache-2.0\n On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_maintainer_needs_a_name_and_an_address_on_one_line() {
        assert!(maintainer("Ada Lovelace <ada@example.org>").is_ok());
        for text in [
            "",
            "Ada",
            "<a@b>",
            "Ada <ada>",
            "Ada <a@b>\nEssential: yes",
            "Ada <a@b",
        ] {
            let error = maintainer(text).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{text}");
        }
    }
}
