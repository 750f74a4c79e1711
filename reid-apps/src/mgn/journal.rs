//! What an extraction has done so far, on disk, so that an interrupted run goes on.
//!
//! Below the output folder lies `extract.partial/`: one raw file of float32 rows per set and pass,
//! and `journal.jsonl`, whose first line is the fingerprint of the run and whose further lines say
//! batch by batch what has been written. A line is written after its rows, and the rows of a line
//! that is missing are cut off on resuming, so that a crash at any moment costs one batch.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// One of the two sets of a re-identification benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Set {
    /// The images that are searched for.
    Query,
    /// The images that are searched.
    Gallery,
}

impl Set {
    /// Both sets, in the order in which they are extracted.
    pub const ALL: [Self; 2] = [Self::Query, Self::Gallery];

    /// Returns the set's name in files and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Gallery => "gallery",
        }
    }

    fn position(self) -> usize {
        match self {
            Self::Query => 0,
            Self::Gallery => 1,
        }
    }
}

/// An image without features, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The image's position in its set.
    pub position: usize,
    /// The file.
    pub file: PathBuf,
    /// The reason, in one line.
    pub error: String,
}

/// What must be equal for a run to go on where another stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The version of this layout.
    pub format: u32,
    /// SHA-256 of the model file.
    pub model: String,
    /// SHA-256 over the names and sizes of the images, in order.
    pub data: String,
    /// The library that ran the model, simulated or not.
    pub device: String,
    /// Numbers in a row.
    pub dim: usize,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    set: Set,
    images: usize,
    failed: Vec<Failed>,
}

/// Tells why the journal could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}: the extraction's progress cannot be kept there; free space or choose another --out", .path.display())]
pub struct JournalError {
    path: PathBuf,
    source: std::io::Error,
}

struct Rows {
    path: [PathBuf; 2],
    file: [File; 2],
}

/// The progress of one extraction.
pub struct Journal {
    folder: PathBuf,
    log: File,
    dim: usize,
    rows: [Rows; 2],
    images: [usize; 2],
    failed: [Vec<Failed>; 2],
}

/// The rows of one set, when all is done.
#[derive(Debug)]
pub struct Extracted {
    /// Features of the images as they are, row after row.
    pub plain: Vec<f32>,
    /// Features of the mirrored images.
    pub flip: Vec<f32>,
    /// The images that gave none.
    pub failed: Vec<Failed>,
}

impl Journal {
    /// Opens the journal below `out`, going on if it belongs to the same run.
    ///
    /// Another run's progress is discarded: its rows could not be mixed with new ones.
    ///
    /// # Errors
    ///
    /// [`JournalError`] when the folder cannot be written.
    pub fn open(out: &Path, fingerprint: &Fingerprint) -> Result<Self, JournalError> {
        let folder = out.join("extract.partial");
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| JournalError { path, source }
        };
        std::fs::create_dir_all(&folder).map_err(at(&folder))?;
        let log_path = folder.join("journal.jsonl");
        let entries = match File::open(&log_path) {
            Ok(file) => read_entries(BufReader::new(file), fingerprint),
            Err(_) => Vec::new(),
        };
        let rows = [
            Rows::open(&folder, Set::Query)?,
            Rows::open(&folder, Set::Gallery)?,
        ];
        let mut journal = Self {
            log: File::create(folder.join("journal.new")).map_err(at(&folder))?,
            folder,
            dim: fingerprint.dim,
            rows,
            images: [0; 2],
            failed: [Vec::new(), Vec::new()],
        };
        journal
            .replay(fingerprint, entries)
            .map_err(at(&log_path))?;
        std::fs::rename(journal.folder.join("journal.new"), &log_path).map_err(at(&log_path))?;
        Ok(journal)
    }

    /// Keeps the entries whose rows are all there, and cuts the row files to them.
    fn replay(&mut self, fingerprint: &Fingerprint, entries: Vec<Entry>) -> std::io::Result<()> {
        writeln!(self.log, "{}", serde_json::to_string(fingerprint)?)?;
        for entry in entries {
            let i = entry.set.position();
            let kept = self.images[i] + entry.images - self.failed[i].len() - entry.failed.len();
            if self.rows[i].available(self.dim)? < kept {
                break;
            }
            self.images[i] += entry.images;
            writeln!(self.log, "{}", serde_json::to_string(&entry)?)?;
            self.failed[i].extend(entry.failed);
        }
        for i in 0..2 {
            let rows = self.images[i] - self.failed[i].len();
            self.rows[i].cut(rows * self.dim * size_of::<f32>())?;
        }
        Ok(())
    }

    /// Returns how many images of the set are done, those that failed included.
    #[must_use]
    pub fn images(&self, set: Set) -> usize {
        self.images[set.position()]
    }

    /// Returns the failed images of both sets so far.
    pub fn failed(&self) -> impl Iterator<Item = &Failed> {
        self.failed.iter().flatten()
    }

    /// Writes one batch: the next `images` images of `set`, of which `failed` gave no row.
    ///
    /// `plain` and `flip` hold `(images - failed.len()) * dim` numbers.
    ///
    /// # Errors
    ///
    /// [`JournalError`]; the batch then counts as not done.
    pub fn append(
        &mut self,
        set: Set,
        images: usize,
        plain: &[f32],
        flip: &[f32],
        failed: Vec<Failed>,
    ) -> Result<(), JournalError> {
        let i = set.position();
        assert_eq!(
            plain.len(),
            (images - failed.len()) * self.dim,
            "one row per good image"
        );
        assert_eq!(flip.len(), plain.len(), "both passes have the same rows");
        for (pass, numbers) in [plain, flip].into_iter().enumerate() {
            let path = &self.rows[i].path[pass];
            self.rows[i].file[pass]
                .write_all(bytemuck::cast_slice(numbers))
                .map_err(|source| JournalError {
                    path: path.clone(),
                    source,
                })?;
        }
        let entry = Entry {
            set,
            images,
            failed,
        };
        let line = serde_json::to_string(&entry).map_err(std::io::Error::from);
        line.and_then(|line| writeln!(self.log, "{line}"))
            .map_err(|source| JournalError {
                path: self.folder.join("journal.jsonl"),
                source,
            })?;
        self.images[i] += images;
        self.failed[i].extend(entry.failed);
        Ok(())
    }

    /// Reads all rows of a set back.
    ///
    /// # Errors
    ///
    /// [`JournalError`] when a row file cannot be read.
    pub fn extracted(&mut self, set: Set) -> Result<Extracted, JournalError> {
        let i = set.position();
        let count = (self.images[i] - self.failed[i].len()) * self.dim;
        let mut read = |pass: usize| {
            let path = self.rows[i].path[pass].clone();
            read_rows(&mut self.rows[i].file[pass], count)
                .map_err(|source| JournalError { path, source })
        };
        Ok(Extracted {
            plain: read(0)?,
            flip: read(1)?,
            failed: self.failed[i].clone(),
        })
    }

    /// Removes the journal; the features are in their files.
    ///
    /// # Errors
    ///
    /// [`JournalError`] when the folder cannot be removed.
    pub fn remove(self) -> Result<(), JournalError> {
        std::fs::remove_dir_all(&self.folder).map_err(|source| JournalError {
            path: self.folder,
            source,
        })
    }
}

impl Rows {
    fn open(folder: &Path, set: Set) -> Result<Self, JournalError> {
        let path = ["", "_flip"].map(|pass| folder.join(format!("{}{pass}.f32", set.name())));
        let open = |path: &Path| {
            OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)
                .map_err(|source| JournalError {
                    path: path.to_owned(),
                    source,
                })
        };
        let file = [open(&path[0])?, open(&path[1])?];
        Ok(Self { path, file })
    }

    fn available(&self, dim: usize) -> std::io::Result<usize> {
        let shorter = self.file[0]
            .metadata()?
            .len()
            .min(self.file[1].metadata()?.len());
        Ok(usize::try_from(shorter).unwrap_or(usize::MAX) / (dim * size_of::<f32>()))
    }

    fn cut(&mut self, bytes: usize) -> std::io::Result<()> {
        for file in &mut self.file {
            file.set_len(bytes as u64)?;
            file.seek(SeekFrom::End(0))?;
        }
        Ok(())
    }
}

fn read_rows(file: &mut File, count: usize) -> std::io::Result<Vec<f32>> {
    let mut numbers = vec![0.0_f32; count];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(bytemuck::cast_slice_mut(&mut numbers))?;
    Ok(numbers)
}

/// Reads what belongs to this run; a line cut off by a crash ends it.
fn read_entries(file: impl BufRead, fingerprint: &Fingerprint) -> Vec<Entry> {
    let mut lines = file.lines().map_while(Result::ok);
    let first = lines
        .next()
        .and_then(|line| serde_json::from_str::<Fingerprint>(&line).ok());
    if first.as_ref() != Some(fingerprint) {
        return Vec::new();
    }
    lines
        .map_while(|line| serde_json::from_str(&line).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fingerprint(model: &str) -> Fingerprint {
        Fingerprint {
            format: 1,
            model: model.to_owned(),
            data: "d".to_owned(),
            device: "x".to_owned(),
            dim: 2,
        }
    }

    fn failed(position: usize) -> Failed {
        Failed {
            position,
            file: "a.jpg".into(),
            error: "cut".to_owned(),
        }
    }

    fn two_batches(out: &Path) {
        let mut journal = Journal::open(out, &fingerprint("m")).unwrap();
        journal
            .append(Set::Query, 2, &[1., 2., 3., 4.], &[5., 6., 7., 8.], vec![])
            .unwrap();
        journal
            .append(Set::Gallery, 2, &[9., 9.], &[8., 8.], vec![failed(1)])
            .unwrap();
    }

    #[test]
    fn a_run_goes_on_where_it_stopped() {
        let out = tempfile::tempdir().unwrap();
        two_batches(out.path());
        let mut journal = Journal::open(out.path(), &fingerprint("m")).unwrap();
        assert_eq!(
            (journal.images(Set::Query), journal.images(Set::Gallery)),
            (2, 2)
        );
        journal
            .append(Set::Gallery, 1, &[0., 1.], &[1., 0.], vec![])
            .unwrap();
        let gallery = journal.extracted(Set::Gallery).unwrap();
        assert_eq!(gallery.plain, [9., 9., 0., 1.]);
        assert_eq!(gallery.flip, [8., 8., 1., 0.]);
        assert_eq!(gallery.failed, [failed(1)]);
        journal.remove().unwrap();
        assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
    }

    #[test]
    fn another_model_begins_anew() {
        let out = tempfile::tempdir().unwrap();
        two_batches(out.path());
        let mut journal = Journal::open(out.path(), &fingerprint("other")).unwrap();
        assert_eq!(journal.images(Set::Query), 0);
        assert_eq!(journal.extracted(Set::Query).unwrap().plain, [0.0_f32; 0]);
    }

    #[test]
    fn a_crash_between_rows_and_line_costs_that_batch_alone() {
        let out = tempfile::tempdir().unwrap();
        two_batches(out.path());
        let folder = out.path().join("extract.partial");
        // Rows of a batch whose line is missing, and a line that was cut.
        let append = |name: &str, bytes: &[u8]| {
            let mut file = OpenOptions::new()
                .append(true)
                .open(folder.join(name))
                .unwrap();
            file.write_all(bytes).unwrap();
        };
        append("gallery.f32", &[1; 13]);
        append("journal.jsonl", b"{\"set\":\"gallery\",\"ima");
        let mut journal = Journal::open(out.path(), &fingerprint("m")).unwrap();
        journal
            .append(Set::Gallery, 1, &[0., 1.], &[1., 0.], vec![])
            .unwrap();
        assert_eq!(
            journal.extracted(Set::Gallery).unwrap().plain,
            [9., 9., 0., 1.]
        );
    }

    #[test]
    fn a_line_whose_rows_are_missing_counts_as_not_done() {
        let out = tempfile::tempdir().unwrap();
        two_batches(out.path());
        let rows = out.path().join("extract.partial/gallery_flip.f32");
        OpenOptions::new()
            .write(true)
            .open(rows)
            .unwrap()
            .set_len(4)
            .unwrap();
        let journal = Journal::open(out.path(), &fingerprint("m")).unwrap();
        assert_eq!(
            (journal.images(Set::Query), journal.images(Set::Gallery)),
            (2, 0)
        );
        assert_eq!(journal.failed().count(), 0);
    }
}
