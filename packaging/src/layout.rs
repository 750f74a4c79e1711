//! Which file goes where.

use std::path::{Path, PathBuf};

use crate::library::{Library, VERSION};
use crate::{Error, Result, texts};

/// Where the tree will be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix<'a> {
    /// Below this absolute folder, and nowhere else.
    Fixed(&'a str),
    /// Wherever somebody unpacks it: the files find each other.
    Anywhere,
}

/// Who needs a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Programs that run.
    Runtime,
    /// People who write programs.
    Development,
}

/// What a place holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A copy of a file.
    File(PathBuf),
    /// These bytes.
    Bytes(Vec<u8>),
    /// A symbolic link to a file beside it.
    Link(String),
}

impl Content {
    /// Reads the bytes; none for a link.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        match self {
            Self::File(path) => std::fs::read(path).map_err(Error::file("read", path)),
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::Link(_) => Ok(Vec::new()),
        }
    }
}

/// A file of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place below the prefix, with `/` between folders.
    pub path: String,
    /// What it holds.
    pub content: Content,
    /// Who needs it.
    pub part: Part,
}

/// The folder of documents, below the prefix.
pub const DOCS: &str = "share/doc/ascend_reid";

/// Checks a folder that is below the prefix, as `lib` or `lib/x86_64-linux-gnu`.
fn below(what: &'static str, folder: &str) -> Result<()> {
    let fine = |part: &str| !part.is_empty() && part != "." && part != "..";
    if folder.split('/').all(fine) {
        return Ok(());
    }
    Err(Error::Value {
        what,
        found: folder.to_owned(),
        wanted: "a folder below the prefix, as lib or lib64",
    })
}

/// Checks where a tree shall go, before anything is built for it.
///
/// # Errors
/// If the prefix is not absolute, or `libdir` is not below it.
pub fn check(prefix: Prefix<'_>, libdir: &str) -> Result<()> {
    below("--libdir", libdir)?;
    match prefix {
        Prefix::Fixed(path) if !path.starts_with('/') => Err(Error::Value {
            what: "--prefix",
            found: path.to_owned(),
            wanted: "an absolute path, as /usr/local",
        }),
        _ => Ok(()),
    }
}

/// Lists the whole tree, sorted by path.
///
/// `root` is the checkout, `libdir` the folder of libraries below the prefix, `third_party` the text
/// with the licences of what is inside of the library.
///
/// # Errors
/// As [`check`], and if the checkout cannot be read.
pub fn layout(
    library: &Library,
    root: &Path,
    prefix: Prefix<'_>,
    libdir: &str,
    third_party: &str,
) -> Result<Vec<Entry>> {
    check(prefix, libdir)?;
    use Part::{Development, Runtime};
    let mut entries = Vec::new();
    let mut put = |path: String, content: Content, part: Part| {
        entries.push(Entry {
            path,
            content,
            part,
        });
    };
    let text = |text: String| Content::Bytes(text.into_bytes());
    let file = |name: &str| Content::File(root.join(name));

    let real = format!("libascend_reid.so.{VERSION}");
    let soname = &library.elf.soname;
    put(
        format!("{libdir}/{real}"),
        Content::File(library.shared.clone()),
        Runtime,
    );
    put(format!("{libdir}/{soname}"), Content::Link(real), Runtime);
    let link = Content::Link(soname.clone());
    put(format!("{libdir}/libascend_reid.so"), link, Development);
    if let Some(archive) = &library.archive {
        let archive = Content::File(archive.clone());
        put(format!("{libdir}/libascend_reid.a"), archive, Development);
    }
    for header in ["ascend_reid.h", "ascend_reid.hpp"] {
        put(
            format!("include/{header}"),
            file(&format!("include/{header}")),
            Development,
        );
    }
    let pc = texts::pkg_config(library, prefix, libdir);
    put(
        format!("{libdir}/pkgconfig/ascend_reid.pc"),
        text(pc),
        Development,
    );
    if library.archive.is_some() {
        let pc = texts::pkg_config_static(library, prefix, libdir);
        let path = format!("{libdir}/pkgconfig/ascend_reid-static.pc");
        put(path, text(pc), Development);
    }
    let cmake = format!("{libdir}/cmake/ascend_reid");
    let config = texts::cmake_config(library, libdir);
    put(
        format!("{cmake}/ascend_reid-config.cmake"),
        text(config),
        Development,
    );
    let version = texts::cmake_version();
    put(
        format!("{cmake}/ascend_reid-config-version.cmake"),
        text(version),
        Development,
    );

    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        put(format!("{DOCS}/{licence}"), file(licence), Runtime);
    }
    put(
        format!("{DOCS}/THIRD-PARTY"),
        text(third_party.to_owned()),
        Runtime,
    );
    put(
        format!("{DOCS}/CHANGELOG.md"),
        file("CHANGELOG.md"),
        Runtime,
    );
    for page in ["c-library.md", "c-packaging.md"] {
        put(
            format!("{DOCS}/{page}"),
            file(&format!("docs/{page}")),
            Development,
        );
    }
    for language in ["c", "cpp", "python"] {
        for name in examples(&root.join("examples").join(language))? {
            let path = format!("examples/{language}/{name}");
            put(format!("{DOCS}/{path}"), file(&path), Development);
        }
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

/// The names of the examples of this library; `hello_acl.c` is for AscendCL itself.
fn examples(folder: &Path) -> Result<Vec<String>> {
    let failed = || Error::file("list the examples", folder);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed())? {
        let name = entry.map_err(failed())?.file_name();
        let Some(name) = name.to_str() else { continue };
        let ours = [".c", ".cpp", ".py"].iter().any(|end| name.ends_with(end));
        if ours && name != "hello_acl.c" {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}
