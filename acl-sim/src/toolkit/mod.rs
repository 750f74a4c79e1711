//! A toolkit's folders, laid out as build scripts of AscendCL programs expect them.
//!
//! Such scripts take the headers from one of several include folders, link one of several library
//! names from one of several library folders, and read `version.cfg` and `set_env.sh`. [`install`]
//! lays all of that out, with the one library behind every name.

pub mod cli;

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Puts a folder below that of this machine's architecture, as newer toolkits have it.
macro_rules! concat_arch {
    ($folder:literal) => {
        if cfg!(target_arch = "aarch64") {
            concat!("aarch64-linux/", $folder)
        } else {
            concat!("x86_64-linux/", $folder)
        }
    };
}

/// The folders that hold the headers, and why: the toolkit's own, and those of older layouts.
const INCLUDE: [&str; 5] = [
    "include",
    "runtime/include",
    "acllib/include",
    "fwkacllib/include",
    concat_arch!("include"),
];

/// The folders that hold the libraries.
const LIBRARIES: [&str; 7] = [
    "lib64",
    "lib64/stub",
    "runtime/lib64",
    "runtime/lib64/stub",
    "acllib/lib64",
    "acllib/lib64/stub",
    concat_arch!("lib64"),
];

/// What programs link; all are the one library.
const NAMES: [&str; 10] = [
    "acl_dvpp",
    "acl_op_compiler",
    "acl_cblas",
    "acl_retr",
    "acl_tdt_channel",
    "acl_tdt_queue",
    "msprofiler",
    "runtime",
    "ascend_hal",
    "ge_executor",
];

/// The file by which a folder is known to be a toolkit of ours.
const MARK: &str = "version.cfg";
const MARK_TEXT: &str = "ascendcl-sim";

/// Why a toolkit could not be laid out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The folder holds something else.
    #[error(
        "{}: holds files, and is no toolkit that this program laid out; name another folder, or add \
         --force to write into this one",
        .0.display()
    )]
    Foreign(PathBuf),
    /// The library is not there.
    #[error(
        "{}: there is no such library; build it with `cargo build --release -p ascendcl-sim`, or name \
         it with --library",
        .0.display()
    )]
    NoLibrary(PathBuf),
    /// Something could not be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// What was being written.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> InstallError + '_ {
    |source| InstallError::Write {
        path: path.to_owned(),
        source,
    }
}

/// What to lay out.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder; made if it is not there.
    pub prefix: PathBuf,
    /// The simulator's `libascendcl.so`.
    pub library: PathBuf,
    /// The converter, which becomes `bin/atc`; left out if it is not there.
    pub converter: Option<PathBuf>,
    /// Writes into a folder that holds something else.
    pub force: bool,
}

/// Lays out a toolkit. Doing it again brings an older one up to date.
///
/// # Errors
///
/// [`InstallError`], with the path.
pub fn install(options: &Options) -> Result<(), InstallError> {
    let prefix = &options.prefix;
    if !options.library.is_file() {
        return Err(InstallError::NoLibrary(options.library.clone()));
    }
    let known = fs::read_to_string(prefix.join(MARK)).is_ok_and(|text| text.contains(MARK_TEXT));
    let empty = match fs::read_dir(prefix) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(at(prefix)(error)),
    };
    if !(known || empty || options.force) {
        return Err(InstallError::Foreign(prefix.clone()));
    }
    fs::create_dir_all(prefix).map_err(at(prefix))?;
    // Made absolute, because set_env.sh is read from other folders.
    let prefix = &fs::canonicalize(prefix).map_err(at(prefix))?;
    // The mark first: a folder that was left half done can be completed.
    write(&prefix.join(MARK), &version())?;
    for folder in INCLUDE {
        for (name, text) in acl_sys::HEADERS {
            write(&prefix.join(folder).join(name), text)?;
        }
    }
    let library = prefix.join("lib64/libascendcl.so");
    copy(&options.library, &library)?;
    for folder in LIBRARIES {
        let folder = prefix.join(folder);
        if folder != prefix.join("lib64") {
            link(&library, &folder.join("libascendcl.so"))?;
        }
        for name in NAMES {
            link(&library, &folder.join(format!("lib{name}.so")))?;
        }
    }
    if let Some(converter) = options.converter.as_ref().filter(|path| path.is_file()) {
        copy(converter, &prefix.join("bin/atc"))?;
    }
    write(&prefix.join("set_env.sh"), &set_env(prefix))
}

fn version() -> String {
    format!(
        "# {MARK_TEXT} {}: a simulator of AscendCL on the CPU\nruntime_running_version=[{}:sim]\n",
        env!("CARGO_PKG_VERSION"),
        env!("CARGO_PKG_VERSION")
    )
}

fn set_env(prefix: &Path) -> String {
    // In single quotes, in which the shell changes nothing; a quote itself ends and begins them.
    let root = prefix.display().to_string().replace('\'', r"'\''");
    format!(
        "# Read this file into a shell: . '{root}/set_env.sh'\n\
         export ASCEND_TOOLKIT_HOME='{root}'\n\
         export ASCEND_HOME_PATH=\"$ASCEND_TOOLKIT_HOME\"\n\
         export DDK_PATH=\"$ASCEND_TOOLKIT_HOME\"\n\
         export NPU_HOST_LIB=\"$ASCEND_TOOLKIT_HOME/runtime/lib64/stub\"\n\
         export NPU_HOST_INC=\"$ASCEND_TOOLKIT_HOME/include\"\n\
         export ASCEND_OPP_PATH=\"$ASCEND_TOOLKIT_HOME/opp\"\n\
         export PATH=\"$ASCEND_TOOLKIT_HOME/bin:$PATH\"\n\
         export LD_LIBRARY_PATH=\"$ASCEND_TOOLKIT_HOME/lib64${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\"\n"
    )
}

fn parent(path: &Path) -> Result<(), InstallError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(at(folder))
}

/// Gives what was written beside a path its place there.
fn place(draft: &Path, path: &Path) -> Result<(), InstallError> {
    fs::rename(draft, path).map_err(at(path))
}

fn draft(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    PathBuf::from(name)
}

fn write(path: &Path, text: &str) -> Result<(), InstallError> {
    parent(path)?;
    let draft = draft(path);
    fs::write(&draft, text).map_err(at(path))?;
    place(&draft, path)
}

fn copy(from: &Path, path: &Path) -> Result<(), InstallError> {
    parent(path)?;
    let draft = draft(path);
    fs::copy(from, &draft).map_err(at(path))?;
    place(&draft, path)
}

/// Links by a relative path, so that the toolkit can be moved.
fn link(library: &Path, path: &Path) -> Result<(), InstallError> {
    parent(path)?;
    let root = library.parent().and_then(Path::parent).unwrap_or(library);
    let below = path.strip_prefix(root).unwrap_or(path);
    let mut target = PathBuf::new();
    for _ in below.components().skip(1) {
        target.push("..");
    }
    target.push(library.strip_prefix(root).unwrap_or(library));
    let draft = draft(path);
    symlink(&target, &draft).map_err(at(path))?;
    place(&draft, path)
}
