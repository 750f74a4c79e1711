//! A gallery that people come to and go from, held in memory.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayView2, Axis, Slice};
use rayon::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::Hit;
use super::top::Top;
use crate::eval::{DistanceRows as _, EvalError, FeatureDistances, Metric};
use crate::files::write_file;

/// Gallery rows that are compared at a time; one thread takes that many.
const BLOCK: usize = 1024;
/// Marks a file of this kind, with its version.
const FORMAT: &str = "ascend-reid gallery 1";

/// Tells why a gallery could not be changed, searched, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryGalleryError {
    /// Features of another width.
    #[error(
        "{what}: found {found} numbers per row, wanted {wanted}; make them with the same model"
    )]
    Width {
        /// What was handed over.
        what: String,
        /// Its width.
        found: usize,
        /// The gallery's width.
        wanted: usize,
    },
    /// Ids and rows are not as many.
    #[error("found {ids} ids for {rows} rows of features, wanted one for each")]
    Ids {
        /// Ids.
        ids: usize,
        /// Rows.
        rows: usize,
    },
    /// Rows that have no distance, or none of this metric.
    #[error("{0}")]
    Rows(#[from] EvalError),
    /// A gallery for features of no numbers.
    #[error("found a width of 0, wanted the numbers of a feature, at least 1")]
    NoWidth,
    /// The file cannot be read or written.
    #[error("{}: {source}; check the path, its permissions and the free space", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The file is no gallery.
    #[error("{}: found {found}, wanted a file that a gallery was saved to; save it again", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        found: String,
    },
}

/// Features with ids, to be searched.
///
/// Rows are float32, kept as they were given: bring them to length one before, where the metric asks
/// for it. Several rows may have one id.
///
/// **Threads**: `Send` and `Sync`; a search runs on the calling thread's rayon pool, with the same
/// result for any number of threads.
#[derive(Clone, Debug)]
pub struct MemoryGallery {
    dim: usize,
    metric: Metric,
    ids: Vec<i64>,
    numbers: Vec<f32>,
}

impl MemoryGallery {
    /// Makes an empty gallery for features of `dim` numbers.
    ///
    /// # Errors
    /// [`MemoryGalleryError::NoWidth`].
    pub fn new(dim: usize, metric: Metric) -> Result<Self, MemoryGalleryError> {
        if dim == 0 {
            return Err(MemoryGalleryError::NoWidth);
        }
        Ok(Self {
            dim,
            metric,
            ids: Vec::new(),
            numbers: Vec::new(),
        })
    }

    /// Returns the numbers in a row.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Returns the distance between rows.
    #[must_use]
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// Returns the id of each row, in the order in which they came.
    #[must_use]
    pub fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// Views all rows, `[rows, dim]`.
    #[must_use]
    pub fn rows(&self) -> ArrayView2<'_, f32> {
        view(&self.numbers, self.dim)
    }

    /// Adds rows, `[ids.len(), dim]` one after the other in `rows`; all or none.
    ///
    /// # Errors
    /// [`MemoryGalleryError::Ids`]; [`MemoryGalleryError::Rows`] for numbers that are not finite, and
    /// with the cosine for a row of zeros.
    pub fn add(&mut self, ids: &[i64], rows: &[f32]) -> Result<(), MemoryGalleryError> {
        if ids.len().checked_mul(self.dim) != Some(rows.len()) {
            return Err(MemoryGalleryError::Ids {
                ids: ids.len(),
                rows: rows.len() / self.dim,
            });
        }
        if !ids.is_empty() {
            let rows = view(rows, self.dim);
            // Refuses what has no distance.
            let _ = FeatureDistances::new(self.metric, rows, rows).map_err(added)?;
        }
        self.ids.extend_from_slice(ids);
        self.numbers.extend_from_slice(rows);
        Ok(())
    }

    /// Removes all rows with an id and returns how many they were. The others keep their order.
    pub fn remove(&mut self, id: i64) -> usize {
        let before = self.ids.len();
        let mut kept = 0;
        for row in 0..before {
            if self.ids[row] == id {
                continue;
            }
            if kept != row {
                self.ids[kept] = self.ids[row];
                let from = row * self.dim..(row + 1) * self.dim;
                self.numbers.copy_within(from, kept * self.dim);
            }
            kept += 1;
        }
        self.ids.truncate(kept);
        self.numbers.truncate(kept * self.dim);
        before - kept
    }

    /// Finds the `top` nearest rows of each query, `[queries, dim]`.
    ///
    /// Returns for each query its nearest rows, nearest first, equal ones in row order; fewer than
    /// `top` where the gallery is smaller.
    ///
    /// # Errors
    /// [`MemoryGalleryError::Width`], [`MemoryGalleryError::Rows`].
    pub fn search(
        &self,
        queries: ArrayView2<'_, f32>,
        top: usize,
    ) -> Result<Vec<Vec<Hit>>, MemoryGalleryError> {
        if queries.ncols() != self.dim {
            return Err(MemoryGalleryError::Width {
                what: "the queries".to_owned(),
                found: queries.ncols(),
                wanted: self.dim,
            });
        }
        if queries.nrows() == 0 {
            return Ok(Vec::new());
        }
        // Queries that have no distance are refused of an empty gallery, too.
        let _ = FeatureDistances::new(self.metric, queries, queries)?;
        let all = self.rows();
        let count = self.ids.len();
        let blocks: Vec<Vec<Top>> = (0..count.div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                let first = block * BLOCK;
                let rows = Slice::from(first..count.min(first + BLOCK));
                let rows = all.slice_axis(Axis(0), rows);
                let distances = FeatureDistances::new(self.metric, queries, rows)?;
                let mut values = Array2::zeros((queries.nrows(), rows.nrows()));
                distances.fill(0..queries.nrows(), values.view_mut());
                let best = values.rows().into_iter().map(|values| {
                    let mut best = Top::new(top);
                    for (row, &distance) in values.iter().enumerate() {
                        best.offer(distance, first + row);
                    }
                    best
                });
                Ok(best.collect())
            })
            .collect::<Result<_, EvalError>>()?;
        let mut best = vec![Top::new(top); queries.nrows()];
        let found = blocks
            .into_iter()
            .flat_map(|block| block.into_iter().enumerate());
        for (query, found) in found {
            for (distance, row) in found.into_sorted() {
                best[query].offer(distance, row);
            }
        }
        let hits = best.into_iter().map(|best| {
            let sorted = best.into_sorted().into_iter();
            sorted
                .map(|(distance, row)| Hit { row, distance })
                .collect()
        });
        Ok(hits.collect())
    }

    /// Writes the gallery to a file: safetensors with `ids`, int64 `[rows]`, and `features`, float32
    /// `[rows, dim]`, and in the metadata `format` and `metric`. The file appears whole or not at all.
    ///
    /// # Errors
    /// [`MemoryGalleryError::Io`].
    pub fn save(&self, path: &Path) -> Result<(), MemoryGalleryError> {
        let io = |source| MemoryGalleryError::Io {
            path: path.to_owned(),
            source,
        };
        let ids: Vec<u8> = self.ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        let numbers: Vec<u8> = self.numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        let rows = self.ids.len();
        let tensors = [
            ("ids", Dtype::I64, vec![rows], &ids),
            ("features", Dtype::F32, vec![rows, self.dim], &numbers),
        ]
        .into_iter()
        .map(|(name, dtype, shape, bytes)| Ok((name, TensorView::new(dtype, shape, bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(|error| io(io::Error::other(error)))?;
        let metadata = HashMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            ("metric".to_owned(), self.metric.to_string()),
        ]);
        let bytes = safetensors::serialize(tensors, Some(metadata))
            .map_err(|error| io(io::Error::other(error)))?;
        write_file(path, |writer| writer.write_all(&bytes)).map_err(io)?;
        Ok(())
    }

    /// Reads a gallery that [`MemoryGallery::save`] wrote, with its metric.
    ///
    /// # Errors
    /// [`MemoryGalleryError::Io`]; [`MemoryGalleryError::File`] for another or a damaged file.
    pub fn load(path: &Path) -> Result<Self, MemoryGalleryError> {
        let bytes = std::fs::read(path).map_err(|source| MemoryGalleryError::Io {
            path: path.to_owned(),
            source,
        })?;
        parse(&bytes).map_err(|found| MemoryGalleryError::File {
            path: path.to_owned(),
            found,
        })
    }
}

fn view(numbers: &[f32], dim: usize) -> ArrayView2<'_, f32> {
    let shape = (numbers.len() / dim, dim);
    ArrayView2::from_shape(shape, numbers).expect("rows are whole")
}

/// Names the rows of an error as what they are.
fn added(error: EvalError) -> EvalError {
    let what = "features to add";
    match error {
        EvalError::ZeroFeature { row, .. } => EvalError::ZeroFeature { what, row },
        EvalError::NotFinite { row, .. } => EvalError::NotFinite { what, row },
        other => other,
    }
}

fn parse(bytes: &[u8]) -> Result<MemoryGallery, String> {
    let broken = |error: safetensors::SafeTensorError| format!("no safetensors file ({error})");
    let (_, head) = SafeTensors::read_metadata(bytes).map_err(broken)?;
    let said = |key: &str| head.metadata().as_ref().and_then(|pairs| pairs.get(key));
    if said("format").map(String::as_str) != Some(FORMAT) {
        let found = said("format").map_or("none", String::as_str);
        return Err(format!(
            "the format {found} (this program reads {FORMAT:?})"
        ));
    }
    let metric: Metric = said("metric")
        .ok_or_else(|| "no metric".to_owned())?
        .parse()
        .map_err(|error: EvalError| error.to_string())?;
    let file = SafeTensors::deserialize(bytes).map_err(broken)?;
    let tensor = |name: &str, dtype| {
        let tensor = file.tensor(name).map_err(broken)?;
        match tensor.dtype() == dtype {
            true => Ok(tensor),
            false => Err(format!("{name} of {:?}", tensor.dtype())),
        }
    };
    let (ids, features) = (tensor("ids", Dtype::I64)?, tensor("features", Dtype::F32)?);
    let (&[rows], &[found, dim]) = (ids.shape(), features.shape()) else {
        let shapes = (ids.shape(), features.shape());
        return Err(format!(
            "ids of shape {:?} and features of {:?}",
            shapes.0, shapes.1
        ));
    };
    if rows != found {
        return Err(format!("{rows} ids and {found} rows"));
    }
    let mut gallery = MemoryGallery::new(dim, metric).map_err(|error| error.to_string())?;
    let ids: Vec<i64> = ids
        .data()
        .as_chunks()
        .0
        .iter()
        .map(|b| i64::from_le_bytes(*b))
        .collect();
    let numbers = features.data().as_chunks().0.iter();
    let numbers: Vec<f32> = numbers.map(|b| f32::from_le_bytes(*b)).collect();
    gallery
        .add(&ids, &numbers)
        .map_err(|error| error.to_string())?;
    Ok(gallery)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ndarray::array;

    use super::*;

    fn gallery(metric: Metric) -> MemoryGallery {
        let mut gallery = MemoryGallery::new(2, metric).unwrap();
        let rows = [1.0, 0.0, 0.0, 1.0, 3.0, 4.0, 0.0, 2.0];
        gallery.add(&[7, 8, 7, -9], &rows).unwrap();
        gallery
    }

    fn ids(gallery: &MemoryGallery, query: [f32; 2], top: usize) -> Vec<(i64, f64)> {
        let found = gallery.search(array![query].view(), top).unwrap();
        let hits = found[0].iter();
        hits.map(|hit| (gallery.ids()[hit.row], hit.distance))
            .collect()
    }

    #[test]
    fn the_nearest_rows_come_first_and_each_metric_measures_in_its_way() {
        let euclidean = ids(&gallery(Metric::Euclidean), [0.0, 1.0], 3);
        assert_eq!(euclidean, [(8, 0.0), (-9, 1.0), (7, 2.0_f64.sqrt())]);
        let cosine = ids(&gallery(Metric::Cosine), [0.0, 5.0], 9);
        assert_eq!(
            cosine.iter().map(|hit| hit.0).collect::<Vec<_>>(),
            [8, -9, 7, 7]
        );
        assert_eq!(cosine[0].1, 0.0);
        let dot = ids(&gallery(Metric::Dot), [1.0, 1.0], 1);
        assert_eq!(dot, [(7, -7.0)]);
    }

    #[test]
    fn a_large_gallery_gives_what_a_whole_matrix_gives_on_any_number_of_threads() {
        let mut gallery = MemoryGallery::new(3, Metric::Euclidean).unwrap();
        let count: i16 = 2500;
        let row = |n: i16| [f32::from(n % 7), f32::from(n % 11), f32::from(n % 13)];
        let rows: Vec<f32> = (0..count).flat_map(row).collect();
        let names: Vec<i64> = (0..i64::from(count)).collect();
        gallery.add(&names, &rows).unwrap();
        let queries = array![[1.0, 2.0, 3.0], [6.0, 0.0, 12.0]];
        let whole = FeatureDistances::new(Metric::Euclidean, queries.view(), gallery.rows());
        let whole = crate::eval::full_matrix(&whole.unwrap());
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let found = pool
                .unwrap()
                .install(|| gallery.search(queries.view(), 40))
                .unwrap();
            for (query, hits) in found.iter().enumerate() {
                let mut all: Vec<_> = whole.row(query).iter().copied().zip(0..).collect();
                all.sort_by(|a, b| a.partial_cmp(b).unwrap());
                let wanted: Vec<_> = all[..40].iter().map(|pair| (pair.0, pair.1)).collect();
                let hits: Vec<_> = hits.iter().map(|hit| (hit.distance, hit.row)).collect();
                assert_eq!(hits, wanted);
            }
        }
    }

    #[test]
    fn removing_an_id_takes_all_its_rows_and_leaves_the_others_in_order() {
        let mut gallery = gallery(Metric::Euclidean);
        assert_eq!(gallery.remove(7), 2);
        assert_eq!(gallery.remove(7), 0);
        assert_eq!(gallery.ids(), [8, -9]);
        assert_eq!(gallery.rows(), array![[0.0, 1.0], [0.0, 2.0]]);
    }

    #[test]
    fn what_has_no_distance_is_refused_and_nothing_is_added() {
        let mut gallery = gallery(Metric::Cosine);
        for (ids, rows, word) in [
            (&[1_i64][..], &[1.0_f32][..], "1 ids for 0 rows"),
            (&[1, 2], &[1.0, 2.0], "2 ids for 1 rows"),
            (
                &[1, 2],
                &[1.0, 2.0, f32::NAN, 0.0],
                "features to add: row 1 is not finite",
            ),
            (&[1], &[0.0, 0.0], "row 0 is zero"),
        ] {
            let text = gallery.add(ids, rows).unwrap_err().to_string();
            assert!(text.contains(word), "{text}");
            assert_eq!(gallery.ids().len(), 4);
        }
        gallery.add(&[], &[]).unwrap();
        let wide = gallery
            .search(array![[1.0, 2.0, 3.0]].view(), 1)
            .unwrap_err();
        assert!(
            wide.to_string()
                .contains("found 3 numbers per row, wanted 2")
        );
        let empty = MemoryGallery::new(2, Metric::Cosine).unwrap();
        assert!(empty.search(array![[f32::NAN, 0.0]].view(), 1).is_err());
        assert_eq!(empty.search(array![[1.0, 0.0]].view(), 1).unwrap(), [[]]);
        assert!(MemoryGallery::new(0, Metric::Dot).is_err());
    }

    #[test]
    fn a_saved_gallery_comes_back_and_other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.gallery");
        for rows in [4, 0] {
            let mut gallery = gallery(Metric::Cosine);
            if rows == 0 {
                for id in [7, 8, -9] {
                    gallery.remove(id);
                }
            }
            gallery.save(&path).unwrap();
            let back = MemoryGallery::load(&path).unwrap();
            assert_eq!((back.ids(), back.rows()), (gallery.ids(), gallery.rows()));
            assert_eq!((back.dim(), back.metric()), (2, Metric::Cosine));
        }
        gallery(Metric::Dot).save(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let other = safetensors::serialize::<&str, TensorView<'_>, _>([], None).unwrap();
        for (bytes, word) in [
            (&whole[..whole.len() - 1], "no safetensors file"),
            (b"hello", "no safetensors file"),
            (&other, "the format none"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let text = MemoryGallery::load(&path).unwrap_err().to_string();
            assert!(text.contains(word) && text.contains("a.gallery"), "{text}");
        }
        let absent = folder.path().join("none");
        assert!(
            MemoryGallery::load(&absent)
                .unwrap_err()
                .to_string()
                .contains("none")
        );
        let nowhere = folder.path().join("no/such");
        assert!(gallery(Metric::Dot).save(&nowhere).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
