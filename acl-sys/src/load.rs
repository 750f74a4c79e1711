//! Finds and opens the AscendCL library.
//!
//! | order | where | who chose it |
//! |---|---|---|
//! | 1 | the path given to [`Api::open`] | the caller |
//! | 2 | `ACL_LIBRARY`: a library, or the folder that holds it | the user |
//! | 3 | `$ASCEND_TOOLKIT_HOME/lib64` | `set_env.sh` of the toolkit |
//! | 4 | `$ASCEND_HOME_PATH/lib64` | `set_env.sh` of newer toolkits |
//! | 5 | `/usr/local/Ascend/{ascend-toolkit/latest,nnrt/latest,cann}/lib64` | the installer |
//! | 6 | `libascendcl.so` by the dynamic loader (`LD_LIBRARY_PATH`, `ld.so.cache`) | the system |
//!
//! An explicit choice (1, 2) is never overridden: if it fails, loading fails. A library below a
//! folder called `stub` or `devlib` is refused, because each of its functions only returns 100039.

use std::collections::BTreeMap;
use std::ffi::{CStr, OsString, c_char, c_void};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use once_cell::sync::OnceCell;

use crate::Api;

/// The libraries that together hold the API, in the order in which symbols are looked up.
///
/// Up to CANN 8.3 the first holds the core; from 8.5 on the core is split over `libacl_rt.so`,
/// `libacl_mdl.so` and `libacl_op_executor.so`. Those absent from a folder are passed over.
pub const LIBRARIES: [&str; 11] = [
    "libascendcl.so",
    "libacl_rt.so",
    "libacl_mdl.so",
    "libacl_op_executor.so",
    "libacl_dvpp.so",
    "libacl_op_compiler.so",
    "libacl_cblas.so",
    "libacl_retr.so",
    "libacl_tdt_channel.so",
    "libacl_tdt_queue.so",
    "libmsprofiler.so",
];

/// The functions without which a library is no AscendCL: what a synchronous inference calls.
pub const REQUIRED: [&str; 31] = [
    "aclInit",
    "aclFinalize",
    "aclrtGetDeviceCount",
    "aclrtSetDevice",
    "aclrtResetDevice",
    "aclrtCreateContext",
    "aclrtDestroyContext",
    "aclrtSetCurrentContext",
    "aclrtGetCurrentContext",
    "aclrtCreateStream",
    "aclrtDestroyStream",
    "aclrtSynchronizeStream",
    "aclrtMalloc",
    "aclrtFree",
    "aclrtMallocHost",
    "aclrtFreeHost",
    "aclrtMemcpy",
    "aclmdlLoadFromFile",
    "aclmdlLoadFromMem",
    "aclmdlUnload",
    "aclmdlCreateDesc",
    "aclmdlDestroyDesc",
    "aclmdlGetDesc",
    "aclmdlGetNumInputs",
    "aclmdlGetNumOutputs",
    "aclmdlCreateDataset",
    "aclmdlDestroyDataset",
    "aclmdlAddDatasetBuffer",
    "aclmdlExecute",
    "aclCreateDataBuffer",
    "aclDestroyDataBuffer",
];

/// The symbol by which a library says that it simulates a device: `const char *f(void)`, the
/// simulator's name and version.
pub const SIMULATOR_MARK: &str = "ascendcl_sim_version";

const ROOTS: [&str; 3] = [
    "/usr/local/Ascend/ascend-toolkit/latest/lib64",
    "/usr/local/Ascend/nnrt/latest/lib64",
    "/usr/local/Ascend/cann/lib64",
];

/// Says where the entries of a table come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The library's path; `None` for a table in this process.
    pub path: Option<&'static Path>,
    /// The simulator's name and version; `None` for a real device.
    pub simulator: Option<&'static str>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path {
            Some(path) => write!(f, "{}", path.display())?,
            None => write!(f, "in process")?,
        }
        match self.simulator {
            Some(version) => write!(f, " (simulated: {version})"),
            None => Ok(()),
        }
    }
}

/// Gives out functions by name.
///
/// # Safety
///
/// `get::<F>(name)` must return a pointer to a function which has the signature that the headers
/// declare for `name`, and which stays valid for ever. `F` is that function-pointer type.
pub unsafe trait Symbols {
    /// Returns the function called `name`, or `None` where it is absent.
    fn get<F: Copy>(&mut self, name: &'static str) -> Option<F>;
}

/// Says what led the search to a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The caller named it.
    Explicit,
    /// The environment variable of this name holds it.
    Variable(&'static str),
    /// An installer puts the library there.
    WellKnown,
    /// The dynamic loader was asked for the bare name.
    Loader,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explicit => write!(f, "given"),
            Self::Variable(name) => write!(f, "{name}"),
            Self::WellKnown => write!(f, "usual place"),
            Self::Loader => write!(f, "dynamic loader"),
        }
    }
}

/// One path that was tried, and why it did not serve.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The path as it was tried.
    pub path: PathBuf,
    /// What led there.
    pub origin: Origin,
    /// Why it failed, in one line.
    pub reason: String,
}

/// Tells why no AscendCL library could be loaded.
///
/// Its text names every path that was tried, and says what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// No path led to a library.
    #[error("no AscendCL library could be loaded; tried:{}\n{ADVICE}", List(.attempts))]
    NotFound {
        /// Every path, in the order of the search.
        attempts: Vec<Attempt>,
    },
    /// The library lacks functions which every AscendCL library has.
    #[error("{} is not a usable AscendCL library: it lacks {}", .path.display(), .symbols.join(", "))]
    MissingSymbols {
        /// The library's path.
        path: PathBuf,
        /// All required symbols that it lacks.
        symbols: Vec<&'static str>,
    },
}

impl LoadError {
    /// Returns the paths that were tried; empty when a library was found but is unusable.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        match self {
            Self::NotFound { attempts } => attempts,
            Self::MissingSymbols { .. } => &[],
        }
    }
}

const ADVICE: &str = "install the CANN toolkit or runtime and source its set_env.sh, \
    or set ACL_LIBRARY to libascendcl.so (the simulator's works without a card)";

struct List<'a>(&'a [Attempt]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|attempt| {
            write!(
                f,
                "\n  {} ({}): {}",
                attempt.path.display(),
                attempt.origin,
                attempt.reason
            )
        })
    }
}

impl Api {
    /// Opens the library at `path` (or `libascendcl.so` in the folder `path`) and fills the table.
    ///
    /// A library is opened once per process and never closed: opening the same file again returns
    /// the same table. Functions that it lacks are `None`, unless they are [`REQUIRED`].
    ///
    /// # Errors
    ///
    /// [`LoadError::NotFound`] with the single attempt, or [`LoadError::MissingSymbols`].
    pub fn open(path: impl AsRef<Path>) -> Result<&'static Self, LoadError> {
        open_all(vec![(path.as_ref().to_owned(), Origin::Explicit)])
    }

    /// Searches for the library, in the order that the table above gives, and fills the table.
    ///
    /// # Errors
    ///
    /// [`LoadError`], which names every path tried and why it failed.
    pub fn find() -> Result<&'static Self, LoadError> {
        open_all(candidates(|name| std::env::var_os(name)))
    }
}

/// Lists the paths to try. A choice of the user stands alone.
fn candidates(variable: impl Fn(&str) -> Option<OsString>) -> Vec<(PathBuf, Origin)> {
    let set = |name: &str| {
        variable(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(path) = set("ACL_LIBRARY") {
        return vec![(path, Origin::Variable("ACL_LIBRARY"))];
    }
    let mut found = Vec::new();
    for name in ["ASCEND_TOOLKIT_HOME", "ASCEND_HOME_PATH"] {
        if let Some(home) = set(name) {
            found.push((home.join("lib64"), Origin::Variable(name)));
        }
    }
    found.extend(
        ROOTS
            .iter()
            .map(|root| (PathBuf::from(root), Origin::WellKnown)),
    );
    found.push((PathBuf::from(LIBRARIES[0]), Origin::Loader));
    found
}

fn open_all(candidates: Vec<(PathBuf, Origin)>) -> Result<&'static Api, LoadError> {
    let mut attempts = Vec::new();
    for (path, origin) in candidates {
        match open_one(&path, &origin) {
            Ok(api) => {
                log::debug!("AscendCL: {} ({origin}) loaded", api.source);
                return Ok(api);
            }
            Err(Failure::Unusable(error)) => return Err(error),
            Err(Failure::Absent { path, reason }) => {
                log::debug!("AscendCL: {} ({origin}): {reason}", path.display());
                attempts.push(Attempt {
                    path,
                    origin,
                    reason,
                });
            }
        }
    }
    Err(LoadError::NotFound { attempts })
}

enum Failure {
    Absent { path: PathBuf, reason: String },
    Unusable(LoadError),
}

fn open_one(path: &Path, origin: &Origin) -> Result<&'static Api, Failure> {
    let absent = |path: &Path, reason: String| Failure::Absent {
        path: path.to_owned(),
        reason,
    };
    let path = if *origin == Origin::Loader {
        path.to_owned()
    } else {
        let file = if path.is_dir() {
            path.join(LIBRARIES[0])
        } else {
            path.to_owned()
        };
        if !file.exists() {
            return Err(absent(&file, "no such file".to_owned()));
        }
        // One file is one library, however it was spelled.
        file.canonicalize()
            .map_err(|error| absent(&file, error.to_string()))?
    };
    if let Some(folder) = stub_folder(&path) {
        let reason = format!(
            "a link-time stub (below a folder called {folder}); at run time use the library in lib64"
        );
        return Err(absent(&path, reason));
    }
    let cell = slot(&path);
    cell.get_or_try_init(|| load(&path)).copied()
}

/// The table of one library, filled when it is first opened.
type Slot = Arc<OnceCell<&'static Api>>;

/// Returns the slot for `path`, made at the first call.
fn slot(path: &Path) -> Slot {
    static OPENED: Mutex<BTreeMap<PathBuf, Slot>> = Mutex::new(BTreeMap::new());
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(opened.entry(path.to_owned()).or_default())
}

fn stub_folder(path: &Path) -> Option<&'static str> {
    let parent = path.parent()?;
    ["stub", "devlib"]
        .into_iter()
        .find(|name| parent.components().any(|part| part.as_os_str() == *name))
}

fn load(path: &Path) -> Result<&'static Api, Failure> {
    let first = open_library(path).map_err(|reason| Failure::Absent {
        path: path.to_owned(),
        reason,
    })?;
    let mut libraries = vec![first];
    libraries.extend(companions(path));

    let simulator = symbol(&libraries, SIMULATOR_MARK).and_then(|address| {
        // SAFETY: the mark is defined by the simulator alone, with this signature.
        let version = unsafe {
            std::mem::transmute::<*const c_void, unsafe extern "C" fn() -> *const c_char>(address)
        };
        // SAFETY: the function takes nothing and has no precondition.
        let text = unsafe { version() };
        // A library that forwards to another has the mark, and null where the other is none.
        if text.is_null() {
            return None;
        }
        // SAFETY: it returns a NUL-terminated constant, which lives as long as the library.
        let text = unsafe { CStr::from_ptr(text) };
        Some(&*Box::leak(
            text.to_string_lossy().into_owned().into_boxed_str(),
        ))
    });
    let source = Source {
        path: Some(Box::leak(path.to_owned().into_boxed_path())),
        simulator,
    };
    let mut loaded = Loaded(libraries);
    let api = Api::from_symbols(source, &mut loaded);
    // The table's addresses must stay valid, so the libraries are never closed.
    std::mem::forget(loaded);

    let missing: Vec<_> = REQUIRED
        .into_iter()
        .filter(|name| api.has(name) != Some(true))
        .collect();
    if missing.is_empty() {
        Ok(Box::leak(Box::new(api)))
    } else {
        let path = path.to_owned();
        Err(Failure::Unusable(LoadError::MissingSymbols {
            path,
            symbols: missing,
        }))
    }
}

struct Loaded(Vec<Library>);

// SAFETY: the addresses are those of functions in AscendCL libraries, which define each name as
// the headers declare it; `load` never closes the libraries.
unsafe impl Symbols for Loaded {
    fn get<F: Copy>(&mut self, name: &'static str) -> Option<F> {
        const { assert!(size_of::<F>() == size_of::<*const c_void>()) };
        let address = symbol(&self.0, name)?;
        // SAFETY: `F` is the function-pointer type that the headers give this name (the trait's
        // caller is the generated table), and the sizes are equal (checked above).
        Some(unsafe { std::mem::transmute_copy::<*const c_void, F>(&address) })
    }
}

/// Opens the other AscendCL libraries beside `path`; one that cannot be opened is passed over,
/// because the functions of the first serve without it.
fn companions(path: &Path) -> Vec<Library> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let by_loader = folder.as_os_str().is_empty();
    LIBRARIES[1..]
        .iter()
        .map(|name| folder.join(name))
        .filter(|file| by_loader || file.exists())
        .filter_map(|file| match open_library(&file) {
            Ok(library) => Some(library),
            Err(reason) => {
                log::debug!("AscendCL: {} passed over: {reason}", file.display());
                None
            }
        })
        .collect()
}

fn open_library(path: &Path) -> Result<Library, String> {
    // SAFETY: loading runs the initialisers of a library that the user, the toolkit's environment
    // or the system's loader configuration names; that trust is the purpose of this function.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| {
        let text = std::error::Error::source(&error).map_or(error.to_string(), |e| e.to_string());
        text.replace('\n', " ")
    })
}

fn symbol(libraries: &[Library], name: &str) -> Option<*const c_void> {
    libraries.iter().find_map(|library| {
        // SAFETY: the symbol is only looked up here; who calls it vouches for its type.
        let found = unsafe { library.get::<*const c_void>(name) }.ok()?;
        let address = found.into_raw().cast_const();
        (!address.is_null()).then_some(address)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn paths(variables: &[(&str, &str)]) -> Vec<String> {
        candidates(|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.into())
        })
        .into_iter()
        .map(|(path, origin)| format!("{} ({origin})", path.display()))
        .collect()
    }

    #[test]
    fn the_search_follows_the_documented_order() {
        let found = paths(&[("ASCEND_HOME_PATH", "/h"), ("ASCEND_TOOLKIT_HOME", "/t")]);
        assert_eq!(
            found,
            [
                "/t/lib64 (ASCEND_TOOLKIT_HOME)",
                "/h/lib64 (ASCEND_HOME_PATH)",
                "/usr/local/Ascend/ascend-toolkit/latest/lib64 (usual place)",
                "/usr/local/Ascend/nnrt/latest/lib64 (usual place)",
                "/usr/local/Ascend/cann/lib64 (usual place)",
                "libascendcl.so (dynamic loader)",
            ]
        );
    }

    #[test]
    fn a_choice_of_the_user_stands_alone_and_an_empty_one_is_none() {
        assert_eq!(
            paths(&[("ACL_LIBRARY", "/x.so"), ("ASCEND_HOME_PATH", "/h")]),
            ["/x.so (ACL_LIBRARY)"]
        );
        assert_eq!(paths(&[("ACL_LIBRARY", "")]).len(), 4);
    }

    #[test]
    fn a_stub_is_refused_and_the_error_names_the_path_and_the_cure() {
        let folder = tempfile::tempdir().unwrap();
        let stub = folder.path().join("stub");
        std::fs::create_dir(&stub).unwrap();
        std::fs::write(stub.join(LIBRARIES[0]), b"").unwrap();
        let text = Api::open(&stub).unwrap_err().to_string();
        assert!(text.contains("stub/libascendcl.so"), "{text}");
        assert!(text.contains("lib64"), "{text}");
    }

    #[test]
    fn a_file_that_is_no_library_and_a_missing_one_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("libascendcl.so");
        let text = Api::open(&file).unwrap_err().to_string();
        assert!(text.contains("no such file"), "{text}");
        std::fs::write(&file, b"not an ELF file").unwrap();
        let error = Api::open(&file).unwrap_err();
        assert!(
            !error.attempts()[0].reason.contains("no such file"),
            "{error}"
        );
        assert!(error.to_string().contains("ACL_LIBRARY"), "{error}");
    }

    #[test]
    fn every_required_function_is_one_of_the_api() {
        let api = Api::default();
        for name in REQUIRED {
            assert_eq!(api.has(name), Some(false), "{name}");
        }
        assert_eq!(api.has("aclNoSuchFunction"), None);
    }
}
