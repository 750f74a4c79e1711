//! What stands where in the toolkit, and how it gets there whole.
//!
//! The toolkit is built in a folder beside its place and renamed into it: whoever looks sees the old
//! one, the new one, or for a moment none, and never a part of one.

use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::env;

const HEADERS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/headers.rs"));

/// The file that marks a toolkit as made here, and so as replaceable.
const MARK: &str = ".acl-sim-toolkit";

const LIBRARY: &str = "libascendcl.so";

/// The other names that programs link.
const ALIASES: &[&str] = &[
    "acl_cblas",
    "acl_dvpp",
    "acl_op_compiler",
    "acl_retr",
    "acl_tdt_channel",
    "acl_tdt_queue",
    "ascend_hal",
    "msprofiler",
    "runtime",
];

/// Links, and what they lead to from where they stand.
const LINKS: &[(&str, &str)] = &[
    ("runtime/include", "../include"),
    ("runtime/lib64", "../lib64"),
    ("acllib/include", "../include"),
    ("acllib/lib64", "../lib64"),
    ("fwkacllib/include", "../include"),
    ("fwkacllib/lib64", "../lib64"),
    ("compiler/include", "../include"),
    ("compiler/lib64", "../lib64"),
    ("compiler/bin", "../bin"),
    ("atc/bin", "../bin"),
    ("atc/include", "../include"),
    ("x86_64-linux/include", "../include"),
    ("x86_64-linux/lib64", "../lib64"),
    ("x86_64-linux/devlib", "../lib64/stub"),
    ("aarch64-linux/include", "../include"),
    ("aarch64-linux/lib64", "../lib64"),
    ("aarch64-linux/devlib", "../lib64/stub"),
    ("devlib", "lib64/stub"),
    ("lib64/stub/linux/x86_64", "../../stub"),
    ("lib64/stub/linux/aarch64", "../../stub"),
    ("runtime/version.info", "../version.cfg"),
    ("latest", "."),
    ("ascend-toolkit", "."),
];

/// What [`install`] is asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The folder to make.
    pub prefix: PathBuf,
    /// The simulator's library; by default it is looked for beside the running program.
    pub library: Option<PathBuf>,
    /// Link to the library and the converter where they are instead of copying them.
    pub link: bool,
    /// Take the place of a folder that is no toolkit of ours, which is kept under another name.
    pub force: bool,
}

/// What [`install`] did.
#[derive(Clone, Debug)]
pub struct Installed {
    /// The toolkit's folder, absolute.
    pub prefix: PathBuf,
    /// The library that was copied or linked.
    pub library: PathBuf,
    /// The converter behind `bin/atc`, when it was found.
    pub converter: Option<PathBuf>,
    /// Where the folder went that stood in the place.
    pub moved: Option<PathBuf>,
}

/// Why a toolkit was not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The library is nowhere it was looked for.
    #[error(
        "{LIBRARY} was not found ({looked}): build it with `cargo build --release -p ascendcl-sim`, \
         or name it with --library"
    )]
    NoLibrary {
        /// The places.
        looked: String,
    },
    /// The prefix is something else.
    #[error(
        "{} exists and is no toolkit of acl-sim: choose another --prefix, or move it aside with --force",
        .0.display()
    )]
    Foreign(PathBuf),
    /// The name that the old folder would get is taken.
    #[error("{} exists already, and nothing is overwritten: move it away first", .0.display())]
    Taken(PathBuf),
    /// A file or folder could not be made.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Adds the path to a failure.
fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, InstallError> {
    result.map_err(|source| InstallError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Lays out a toolkit.
///
/// A toolkit that was laid out before is replaced.
///
/// # Errors
///
/// When the library is not found, the prefix is something else, or a file cannot be written; the
/// prefix is then as it was.
pub fn install(options: &Options) -> Result<Installed, InstallError> {
    let library = find_library(options.library.as_deref())?;
    let converter = beside(&["atc-sim", "../atc-sim"]);
    let prefix = at(&options.prefix, std::path::absolute(&options.prefix))?;
    let parent = prefix.parent().unwrap_or(Path::new("/")).to_owned();
    let replaces = inspect(&prefix, options.force)?;
    at(&parent, std::fs::create_dir_all(&parent))?;
    let new = tempfile::Builder::new()
        .prefix(".acl-sim-new-")
        .tempdir_in(&parent);
    let new = at(&parent, new)?;
    // A temporary folder is private; a toolkit is for everybody.
    let readable = std::fs::Permissions::from_mode(0o755);
    at(new.path(), std::fs::set_permissions(new.path(), readable))?;
    fill(
        new.path(),
        &prefix,
        &library,
        converter.as_deref(),
        options.link,
    )?;
    let moved = put_in_place(new, &prefix, &parent, replaces)?;
    Ok(Installed {
        prefix,
        library,
        converter,
        moved,
    })
}

/// What stands where the toolkit shall be.
#[derive(Clone, Copy, PartialEq)]
enum Found {
    Nothing,
    Ours,
    Foreign,
}

fn inspect(prefix: &Path, force: bool) -> Result<Found, InstallError> {
    if prefix.symlink_metadata().is_err() {
        return Ok(Found::Nothing);
    }
    if prefix.join(MARK).is_file() {
        return Ok(Found::Ours);
    }
    let mut entries = std::fs::read_dir(prefix).into_iter().flatten();
    if prefix.is_dir() && entries.next().is_none() {
        return Ok(Found::Ours);
    }
    if !force {
        return Err(InstallError::Foreign(prefix.to_owned()));
    }
    let aside = aside(prefix);
    if aside.symlink_metadata().is_ok() {
        return Err(InstallError::Taken(aside));
    }
    Ok(Found::Foreign)
}

/// The name that a folder gets which is not ours to delete.
fn aside(prefix: &Path) -> PathBuf {
    let mut name = prefix.as_os_str().to_owned();
    name.push(".before-acl-sim");
    name.into()
}

fn put_in_place(
    new: tempfile::TempDir,
    prefix: &Path,
    parent: &Path,
    found: Found,
) -> Result<Option<PathBuf>, InstallError> {
    let (old, moved) = match found {
        Found::Nothing => (None, None),
        Found::Ours => {
            let bin = tempfile::Builder::new()
                .prefix(".acl-sim-old-")
                .tempdir_in(parent);
            (Some(at(parent, bin)?), None)
        }
        Found::Foreign => (None, Some(aside(prefix))),
    };
    let away = old.as_ref().map(|bin| bin.path().join("toolkit"));
    let away = away.or_else(|| moved.clone());
    if let Some(away) = &away {
        at(prefix, std::fs::rename(prefix, away))?;
    }
    if let Err(source) = std::fs::rename(new.path(), prefix) {
        if let Some(away) = &away {
            at(prefix, std::fs::rename(away, prefix))?;
        }
        return at(prefix, Err(source));
    }
    // It has its place now, and nothing is left to delete.
    let _ = new.keep();
    Ok(moved)
}

/// Writes the whole toolkit into an empty folder.
fn fill(
    root: &Path,
    prefix: &Path,
    library: &Path,
    converter: Option<&Path>,
    link: bool,
) -> Result<(), InstallError> {
    for (name, text) in HEADERS {
        write(&root.join("include").join(name), text)?;
    }
    let lib = root.join("lib64");
    bring(library, &lib.join(LIBRARY), link)?;
    connect(
        &lib.join("stub").join(LIBRARY),
        Path::new("../libascendcl.so"),
    )?;
    for alias in ALIASES {
        let name = format!("lib{alias}.so");
        connect(&lib.join(&name), Path::new(LIBRARY))?;
        connect(
            &lib.join("stub").join(&name),
            Path::new("../libascendcl.so"),
        )?;
    }
    at(root, std::fs::create_dir_all(root.join("bin")))?;
    if let Some(converter) = converter {
        bring(converter, &root.join("bin/atc-sim"), link)?;
        connect(&root.join("bin/atc"), Path::new("atc-sim"))?;
    }
    for (name, target) in LINKS {
        connect(&root.join(name), Path::new(target))?;
    }
    write(&root.join("version.cfg"), &env::version())?;
    write(&root.join("set_env.sh"), &env::set_env(prefix))?;
    write(&root.join(MARK), concat!(env!("CARGO_PKG_VERSION"), "\n"))
}

fn make_parent(path: &Path) -> Result<(), InstallError> {
    let parent = path.parent().unwrap_or(path);
    at(parent, std::fs::create_dir_all(parent))
}

fn write(path: &Path, text: &str) -> Result<(), InstallError> {
    make_parent(path)?;
    at(path, std::fs::write(path, text))
}

fn connect(path: &Path, target: &Path) -> Result<(), InstallError> {
    make_parent(path)?;
    at(path, symlink(target, path))
}

fn bring(from: &Path, to: &Path, link: bool) -> Result<(), InstallError> {
    if link {
        return connect(to, from);
    }
    make_parent(to)?;
    at(from, std::fs::copy(from, to)).map(drop)
}

fn find_library(named: Option<&Path>) -> Result<PathBuf, InstallError> {
    if let Some(named) = named {
        let file = if named.is_dir() {
            named.join(LIBRARY)
        } else {
            named.to_owned()
        };
        if !file.is_file() {
            let looked = file.display().to_string();
            return Err(InstallError::NoLibrary { looked });
        }
        return at(&file, file.canonicalize());
    }
    // Cargo puts it beside the program or into `deps`; a toolkit has it in `lib64`.
    let places = [
        LIBRARY,
        "deps/libascendcl.so",
        "../lib64/libascendcl.so",
        "../libascendcl.so",
    ];
    beside(&places).ok_or_else(|| InstallError::NoLibrary {
        looked: "beside acl-sim, in deps/ and in ../lib64".to_owned(),
    })
}

/// The first of these that exists, by its path from the folder of the running program.
fn beside(names: &[&str]) -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?.canonicalize().ok()?;
    let folder = program.parent()?;
    let mut paths = names.iter().map(|name| folder.join(name));
    paths.find(|path| path.is_file())?.canonicalize().ok()
}
