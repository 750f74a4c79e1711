//! PyTorch checkpoints and safetensors, read without Python and without running anything.
//!
//! A checkpoint of PyTorch is a pickle, which is a program for a small stack machine that may call
//! whatever it names. Here only a machine for the few instructions and names that a `state_dict`
//! needs is there ([`pickle`]): it makes dicts, tuples and descriptions of tensors, and refuses
//! everything else by name. The numbers lie beside it, in one of three arrangements:
//!
//! | file begins with | written by | numbers |
//! |---|---|---|
//! | `PK` | `torch.save` since 1.6 | zip archive: `<name>/data.pkl`, one entry `<name>/data/<key>` for each storage |
//! | a pickle of 0x1950a86a20f9469cfc6c | `torch.save` before, or with `_use_new_zipfile_serialization=False` | behind the pickles: a count and the numbers of each storage |
//! | a length and `{` | safetensors | behind a table in JSON |
//!
//! Files come from strangers. What a count announces is compared with the size of the file before
//! memory is taken, the pickle has a limit of instructions, and shared storages cannot multiply
//! ([`Checkpoint::load`]).
//!
//! **Source**: the pickle protocols of Python's `pickletools`, and the files that PyTorch 0.4 to 2
//! write.

mod diff;
mod element;
mod error;
mod legacy;
pub mod pickle;
mod safe;
mod storage;
#[cfg(test)]
mod tests;
mod tree;
mod zipped;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

pub use diff::explain;
pub use element::Element;
pub use error::CheckpointError;

use crate::graph::mgn::Tensor;
use storage::{Entry, Storages};

/// What arrangement a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `torch.save` since 1.6: a zip archive.
    Zip,
    /// `torch.save` before: pickles and numbers in a row.
    Legacy,
    /// A safetensors file.
    Safetensors,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Kind::Zip => "PyTorch checkpoint (zip)",
            Kind::Legacy => "PyTorch checkpoint (legacy)",
            Kind::Safetensors => "safetensors",
        })
    }
}

/// A tensor's place in a file, before its numbers are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its shape; empty for a scalar.
    pub shape: Vec<usize>,
    /// The type of its numbers.
    pub element: Element,
}

/// A checkpoint whose table has been read and checked, and whose numbers have not.
#[derive(Debug)]
pub struct Checkpoint {
    kind: Kind,
    path: PathBuf,
    entries: BTreeMap<String, Entry>,
    storages: Storages,
}

/// Numbers of all tensors together for each byte of the file; four lets every byte be shared by
/// sixteen half-precision views, which no training does.
const NUMBERS_PER_BYTE: usize = 4;

impl Checkpoint {
    /// Reads a file. `key` names the part of a nested dict, as `a` in DG-Net's files; several levels are joined
    /// by dots.
    ///
    /// Without a key the file must hold one set of tensors, on its own or under one key.
    ///
    /// # Errors
    /// [`CheckpointError`] naming the file, what was found, and what to do.
    pub fn read(path: &Path, key: Option<&str>) -> Result<Self, CheckpointError> {
        let io = |source| CheckpointError::Io {
            path: path.to_owned(),
            source,
        };
        let mut file = std::fs::File::open(path).map_err(io)?;
        let mut bytes = Vec::new();
        let mut head = file.by_ref().take(HEAD);
        head.read_to_end(&mut bytes).map_err(io)?;
        // What is no checkpoint may be of any length; the length of a safetensors table is compared with the whole.
        if bytes.get(8) != Some(&b'{') {
            kind_of(&bytes).map_err(|problem| CheckpointError::File {
                path: path.to_owned(),
                problem,
            })?;
        }
        file.read_to_end(&mut bytes).map_err(io)?;
        Self::parse(path, bytes, key)
    }

    /// Reads the bytes of a file; `path` is for messages.
    ///
    /// # Errors
    /// As [`Checkpoint::read`].
    pub fn parse(path: &Path, bytes: Vec<u8>, key: Option<&str>) -> Result<Self, CheckpointError> {
        let file = |problem| CheckpointError::File {
            path: path.to_owned(),
            problem,
        };
        let kind = kind_of(&bytes).map_err(file)?;
        let (all, storages) = match kind {
            Kind::Zip => zipped::open(bytes),
            Kind::Legacy => legacy::open(bytes),
            Kind::Safetensors => safe::open(bytes),
        }
        .map_err(file)?;
        let entries = tree::choose(all, key).map_err(file)?;
        for (name, entry) in &entries {
            entry.check(name, &storages).map_err(file)?;
        }
        Ok(Self {
            kind,
            path: path.to_owned(),
            entries,
            storages,
        })
    }

    /// Tells what arrangement the file has.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Lists the tensors by name.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, Described)> {
        self.entries
            .iter()
            .map(|(name, entry)| (name.as_str(), entry.describe()))
    }

    /// Reads the numbers of all tensors as float32, in C order whatever their strides.
    ///
    /// Half, bfloat16 and integers are widened, double is rounded. Each storage is read once.
    ///
    /// # Errors
    /// [`CheckpointError`] when a storage is absent or of another size, or when views share storages so much
    /// that the numbers would be more than four for each byte of the file.
    pub fn load(&self) -> Result<BTreeMap<String, Tensor>, CheckpointError> {
        let file = |problem| CheckpointError::File {
            path: self.path.clone(),
            problem,
        };
        let limit = self.storages.file_bytes().saturating_mul(NUMBERS_PER_BYTE);
        let count = self
            .entries
            .values()
            .fold(0_usize, |n, entry| n.saturating_add(entry.count()));
        if count > limit {
            return Err(file(error::Problem::new(
                format!("tensors of {count} numbers together"),
                format!("at most {limit} in a file of this size"),
                "save the state_dict again, without expanded views",
            )));
        }
        let mut by_storage: BTreeMap<usize, Vec<(&String, &Entry)>> = BTreeMap::new();
        for (name, entry) in &self.entries {
            by_storage
                .entry(entry.storage)
                .or_default()
                .push((name, entry));
        }
        let mut tensors = BTreeMap::new();
        for (storage, list) in by_storage {
            let bytes = self.storages.bytes(storage).map_err(file)?;
            for (name, entry) in list {
                let tensor = Tensor {
                    shape: entry.shape.clone(),
                    data: entry.numbers(&bytes),
                };
                tensors.insert(name.clone(), tensor);
            }
        }
        Ok(tensors)
    }
}

/// How many bytes tell of what kind a file is.
const HEAD: u64 = 512;

fn kind_of(bytes: &[u8]) -> Result<Kind, error::Problem> {
    if bytes.starts_with(b"PK\x03\x04") {
        return Ok(Kind::Zip);
    }
    if legacy::begins(bytes) {
        return Ok(Kind::Legacy);
    }
    if safe::begins(bytes) {
        return Ok(Kind::Safetensors);
    }
    let (found, cure) = match bytes {
        [] => ("an empty file", "copy the file again"),
        _ if bytes.starts_with(b"version https://git-lfs") => {
            ("a pointer of git-lfs", "fetch the file with `git lfs pull`")
        }
        _ if bytes.starts_with(b"IMOD") => (
            "an .om",
            "look into it with `reid om show`; its weights come out with `reid om weights`",
        ),
        [0x80, 0..=5, ..] => (
            "a pickle that torch.save has not written",
            "save the state_dict with torch.save",
        ),
        _ if bytes.get(257..262) == Some(b"ustar") => (
            "a tar archive, as PyTorch before 0.1.11 wrote them",
            "load it in PyTorch and save its state_dict again",
        ),
        [0x08, ..] => (
            "what looks like an ONNX file",
            "an ONNX file needs no export; convert it with atc",
        ),
        _ => (
            "another kind of file",
            "copy it again, or save the state_dict with torch.save",
        ),
    };
    Err(error::Problem::new(
        found,
        "a checkpoint of PyTorch or a safetensors file",
        cure,
    ))
}
