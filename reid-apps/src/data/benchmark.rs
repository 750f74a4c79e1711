//! A copy of any benchmark, once its lists are read.

use std::path::{Path, PathBuf};

use super::{DataError, DataSetKind, Folder, NameRule, ReidDataset};

const FOLDERS: &str = "query/ and bounding_box_test/";

/// Holds the lists of a benchmark.
#[derive(Clone, Debug)]
pub(super) struct Benchmark {
    pub(super) kind: DataSetKind,
    pub(super) root: PathBuf,
    pub(super) query: Folder,
    pub(super) gallery: Folder,
    pub(super) train: Option<Folder>,
}

impl Benchmark {
    /// Reads `query/`, `bounding_box_test/` and, where it is, `bounding_box_train/`.
    pub(super) fn open(
        root: &Path,
        kind: DataSetKind,
        rule: &dyn NameRule,
    ) -> Result<Self, DataError> {
        check_root(root)?;
        Ok(Self {
            kind,
            root: root.to_path_buf(),
            query: Folder::scan(&subfolder(root, "query")?, rule)?,
            gallery: Folder::scan(&subfolder(root, "bounding_box_test")?, rule)?,
            train: train(root, rule)?,
        })
    }
}

impl ReidDataset for Benchmark {
    fn protocol(&self) -> &'static str {
        self.kind.name()
    }

    fn root(&self) -> &Path {
        &self.root
    }

    fn query(&self) -> &Folder {
        &self.query
    }

    fn gallery(&self) -> &Folder {
        &self.gallery
    }

    fn train(&self) -> Result<Option<Folder>, DataError> {
        Ok(self.train.clone())
    }
}

/// Demands that the root is a folder.
pub(super) fn check_root(root: &Path) -> Result<(), DataError> {
    if !root.exists() {
        return Err(DataError::MissingRoot {
            root: root.to_path_buf(),
            wanted: FOLDERS,
        });
    }
    if !root.is_dir() {
        return Err(DataError::NotAFolder {
            path: root.to_path_buf(),
        });
    }
    Ok(())
}

/// Returns a folder of the root that must be there.
pub(super) fn subfolder(root: &Path, name: &str) -> Result<PathBuf, DataError> {
    let folder = root.join(name);
    if folder.exists() {
        return Ok(folder);
    }
    // CUHK03-np comes as two sets in one folder, and each is a root of its own.
    let inner = ["labeled", "detected"].map(|inner| root.join(inner));
    if inner.iter().any(|inner| inner.join(name).is_dir()) {
        return Err(DataError::UnknownKind {
            root: root.to_path_buf(),
            problem: "holds labeled/ and detected/, two sets of CUHK03-np; give one of them"
                .to_owned(),
        });
    }
    Err(DataError::MissingFolder {
        folder,
        root: root.to_path_buf(),
        wanted: FOLDERS,
    })
}

/// Reads the training part, which no evaluation needs.
pub(super) fn train(root: &Path, rule: &dyn NameRule) -> Result<Option<Folder>, DataError> {
    let folder = root.join("bounding_box_train");
    if !folder.exists() {
        return Ok(None);
    }
    match Folder::scan(&folder, rule) {
        // A copy for evaluation may well have the folder, and nothing in it.
        Err(DataError::EmptyFolder { .. }) => Ok(None),
        other => other.map(Some),
    }
}
