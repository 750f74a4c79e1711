//! A look into `.om` files without a device and without an SDK.
//!
//! [`Summary`] says what a file is and holds; [`weights`] writes its constants as `.npy` in their logical layout;
//! [`matching`] compares it with an ONNX file; [`check`] says whether it will load on a chip; [`drawing`] draws its graph.

pub mod check;
pub mod drawing;
pub mod matching;
mod print;
mod summary;
pub mod weights;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use ascend_om::OmError;
use ascend_om::container::{Om, PartitionKind};
use ascend_om::model_def::{ModelDef, decode_model};

pub use print::print;
pub use summary::{Aipp, ConstantSummary, KernelSummary, PartitionSummary, Summary, TensorSummary};

/// Tells why a file cannot be looked into.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// The file cannot be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("{}: {source}", .path.display())]
    Om {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: OmError,
    },
    /// The file is of a kind that holds several models.
    #[error("{}: found {found}, wanted one model for an Ascend chip; take the models out of it first", .path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
}

impl InspectError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn om(path: &Path) -> impl FnOnce(OmError) -> Self {
        let path = path.to_owned();
        move |source| Self::Om { path, source }
    }
}

/// A file's container and the description of its first model.
#[derive(Debug)]
pub struct Opened<'a> {
    /// The file.
    pub path: &'a Path,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Header and partitions.
    pub om: Om<'a>,
    /// Graphs and attributes.
    pub model: ModelDef,
}

/// Reads a whole file.
///
/// # Errors
/// [`InspectError::Io`].
pub fn read(path: &Path) -> Result<Vec<u8>, InspectError> {
    std::fs::read(path).map_err(InspectError::io(path))
}

/// Reads an `.om`; what does not begin like one may be of any length, and of it the beginning is read, by which
/// [`Opened::new`] tells what it is.
///
/// # Errors
/// [`InspectError::Io`].
pub fn read_om(path: &Path) -> Result<Vec<u8>, InspectError> {
    let mut file = std::fs::File::open(path).map_err(InspectError::io(path))?;
    let mut bytes = Vec::new();
    let head = file.by_ref().take(4096).read_to_end(&mut bytes);
    head.map_err(InspectError::io(path))?;
    if bytes.starts_with(b"IMOD") {
        file.read_to_end(&mut bytes)
            .map_err(InspectError::io(path))?;
    }
    Ok(bytes)
}

impl<'a> Opened<'a> {
    /// Opens the bytes of a file.
    ///
    /// # Errors
    /// [`InspectError::Om`] for what is no `.om`, [`InspectError::Kind`] for files of several models.
    pub fn new(path: &'a Path, bytes: &'a [u8]) -> Result<Self, InspectError> {
        use ascend_om::container::Flavour;
        let om = Om::parse(bytes).map_err(InspectError::om(path))?;
        let found = match om.flavour() {
            Flavour::Flow => "a flow of several models (modeltype 3)",
            Flavour::Bundle => "a bundle of several models (modeltype 5)",
            _ => "",
        };
        if !found.is_empty() {
            let path = path.to_owned();
            return Err(InspectError::Kind { path, found });
        }
        let partition = om.root().require(PartitionKind::MODEL_DEF);
        let model = partition
            .and_then(decode_model)
            .map_err(InspectError::om(path))?;
        Ok(Self {
            path,
            bytes,
            om,
            model,
        })
    }

    /// Returns the weights; empty when the file has none.
    #[must_use]
    pub fn weights(&self) -> &'a [u8] {
        self.om
            .root()
            .find(PartitionKind::WEIGHTS_DATA)
            .unwrap_or(&[])
    }
}

/// Makes text from a stranger safe to show: control characters are spelled out.
pub(crate) fn shown(text: &str) -> String {
    let plain = |c: char| !c.is_control() && c != '\u{202e}';
    if text.chars().all(plain) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| {
            if plain(c) {
                c.to_string()
            } else {
                c.escape_default().to_string()
            }
        })
        .collect()
}
