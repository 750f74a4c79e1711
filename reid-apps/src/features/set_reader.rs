//! A features folder read some rows at a time.

use std::path::{Path, PathBuf};

use ndarray::ArrayView2;

use super::store::{
    GALLERY, QUERY, SetNames, check_counts, check_hash, check_rows, check_values, read_meta,
};
use super::{FeatureError, Provenance, Row, RowsFile, SetMeta};

/// Both sets of a folder, of which only names and truth are held.
pub(crate) struct StoredSets {
    pub(crate) provenance: Provenance,
    pub(crate) query: StoredSet,
    pub(crate) gallery: StoredSet,
}

/// One set of a folder.
pub(crate) struct StoredSet {
    folder: PathBuf,
    names: SetNames,
    meta: SetMeta,
    pub(crate) dim: usize,
}

impl StoredSets {
    /// Reads and checks `meta.json`.
    pub(crate) fn open(folder: &Path) -> Result<Self, FeatureError> {
        let meta = read_meta(folder)?;
        let dim = meta.provenance.model.dim;
        let set = |names: SetNames, meta: SetMeta| {
            check_rows(folder, &names, &meta.rows)?;
            let folder = folder.to_owned();
            Ok(StoredSet {
                folder,
                names,
                meta,
                dim,
            })
        };
        Ok(Self {
            query: set(QUERY, meta.sets.query)?,
            gallery: set(GALLERY, meta.sets.gallery)?,
            provenance: meta.provenance,
        })
    }
}

impl StoredSet {
    pub(crate) fn rows(&self) -> &[Row] {
        &self.meta.rows
    }

    /// Goes through all rows once, `count` at a time, checking what a whole reading checks.
    ///
    /// `look` gets the number of the first row, and plain and mirrored features, `[rows, dim]`.
    /// Hashes are compared when all has been read.
    pub(crate) fn for_each<E: From<FeatureError>>(
        &self,
        count: usize,
        mut look: impl FnMut(usize, ArrayView2<'_, f32>, ArrayView2<'_, f32>) -> Result<(), E>,
    ) -> Result<(), E> {
        let rows = self.rows();
        let paths = self.names.files.map(|file| self.folder.join(file));
        let open = |path: &Path| -> Result<RowsFile, FeatureError> {
            let file = RowsFile::open(path)?;
            check_counts(path, (file.rows(), file.dim()), rows.len(), self.dim)?;
            Ok(file)
        };
        let mut files = [open(&paths[0])?, open(&paths[1])?];
        let mut numbers = [Vec::new(), Vec::new()];
        let mut first = 0;
        while first < rows.len() {
            let end = rows.len().min(first + count.max(1));
            for ((file, numbers), path) in files.iter_mut().zip(&mut numbers).zip(&paths) {
                file.read(end - first, numbers)?;
                let view = view(numbers, self.dim);
                check_values(path, view, &rows[first..end], first)?;
            }
            let [plain, flip] = &numbers;
            look(first, view(plain, self.dim), view(flip, self.dim))?;
            first = end;
        }
        let hashes = [&self.meta.plain_sha256, &self.meta.flip_sha256];
        for ((file, path), wanted) in files.into_iter().zip(&paths).zip(hashes) {
            check_hash(path, file.finish(), wanted)?;
        }
        Ok(())
    }
}

fn view(numbers: &[f32], dim: usize) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((numbers.len() / dim.max(1), dim), numbers).expect("rows are whole")
}
