//! Statistics as `.npz`: `mu` and `sigma`, as TTUR and pytorch-fid keep them.
//!
//! Beside those two our files hold `count`, the number of images, and `record`, the provenance as
//! the bytes of a JSON text. The other programs read the arrays that they know and overlook these.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;

use ndarray::Array2;
use zip::read::ZipFile;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::npy::{NpyReader, write_header};
use super::{FidError, Statistics};
use crate::files::write_file;

/// The longest record that is read back.
const LONGEST_RECORD: usize = 1 << 24;

/// Opens an `.npz`.
pub(super) fn open(path: &Path) -> Result<ZipArchive<BufReader<File>>, FidError> {
    let file = File::open(path).map_err(FidError::io(path))?;
    ZipArchive::new(BufReader::with_capacity(1 << 20, file)).map_err(|error| damaged(path, &error))
}

fn damaged(path: &Path, error: &zip::result::ZipError) -> FidError {
    FidError::file(
        path,
        format!("not a whole .npz file ({error}); copy it again, or save it with numpy.savez"),
    )
}

/// Opens an array of an `.npz`.
pub(super) fn array<'a, 'p, R: Read + Seek>(
    path: &'p Path,
    archive: &'a mut ZipArchive<R>,
    name: &str,
) -> Result<NpyReader<'p, ZipFile<'a, R>>, FidError> {
    let entry = archive
        .by_name(&format!("{name}.npy"))
        .map_err(|error| damaged(path, &error))?;
    NpyReader::new(path, entry)
}

/// Names the arrays of an `.npz`.
pub(super) fn names<R: Read + Seek>(archive: &ZipArchive<R>) -> Vec<String> {
    archive
        .file_names()
        .map(|name| name.strip_suffix(".npy").unwrap_or(name).to_owned())
        .collect()
}

impl Statistics {
    /// Reads statistics from an `.npz` with the arrays `mu`, `[dim]`, and `sigma`, `[dim, dim]`,
    /// float32 or float64, packed or not: those of [`Statistics::write`], TTUR or pytorch-fid.
    ///
    /// # Errors
    ///
    /// [`FidError`]: the file cannot be read, is cut, lacks one of the arrays, or holds something
    /// else in them than mean and covariance.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, FidError> {
        let path = path.as_ref();
        let mut archive = open(path)?;
        let found = names(&archive);
        for name in ["mu", "sigma"] {
            if !found.iter().any(|found| found == name) {
                let found = found.join(", ");
                return Err(FidError::file(
                    path,
                    format!("no array {name} among [{found}], wanted statistics with mu and sigma"),
                ));
            }
        }
        let mu = array(path, &mut archive, "mu")?;
        if mu.shape().len() != 1 {
            let found = format!("mu has shape {:?}, wanted one axis", mu.shape());
            return Err(FidError::file(
                path,
                format!("{found}; make the statistics again"),
            ));
        }
        let mean = mu.whole()?;
        let sigma = array(path, &mut archive, "sigma")?;
        let &[rows, columns] = sigma.shape() else {
            let found = format!("sigma has shape {:?}, wanted two axes", sigma.shape());
            return Err(FidError::file(
                path,
                format!("{found}; make the statistics again"),
            ));
        };
        let sigma = Array2::from_shape_vec((rows, columns), sigma.whole()?)
            .map_err(|error| FidError::file(path, format!("sigma: {error}")))?;
        let count = if found.iter().any(|name| name == "count") {
            let count = array(path, &mut archive, "count")?.whole()?;
            // Counts are far below 2^53 and so exact.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "`as` stops at the ends of u64"
            )]
            count.first().map(|&count| count as u64)
        } else {
            None
        };
        Self::new(path.display().to_string(), mean, sigma, count)
    }

    /// Writes an `.npz` with `mu`, `sigma` (both float64), `count` where it is known, and `record`.
    /// It appears whole or not at all, and equal contents give equal bytes.
    ///
    /// # Errors
    ///
    /// [`FidError::Io`].
    pub fn write(&self, path: impl AsRef<Path>, record: &str) -> Result<(), FidError> {
        let path = path.as_ref();
        // The archive's directory comes last and points back, so the file is put together first.
        let mut archive = ZipWriter::new(io::Cursor::new(Vec::new()));
        self.fill(&mut archive, record)
            .and_then(|()| archive.finish().map_err(io::Error::other))
            .and_then(|bytes| write_file(path, |file| file.write_all(bytes.get_ref())))
            .map_err(FidError::io(path))?;
        Ok(())
    }

    fn fill(&self, archive: &mut ZipWriter<io::Cursor<Vec<u8>>>, record: &str) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default());
        let dim = self.dim();
        let begin = |archive: &mut ZipWriter<_>, name: &str, descr, shape: &[usize]| {
            archive.start_file(format!("{name}.npy"), options)?;
            write_header(archive, descr, shape)
        };
        begin(archive, "mu", "<f8", &[dim])?;
        archive.write_all(&little(self.mean()))?;
        begin(archive, "sigma", "<f8", &[dim, dim])?;
        for row in self.sigma().rows() {
            archive.write_all(&little(&row.to_vec()))?;
        }
        if let Some(count) = self.count() {
            begin(archive, "count", "<i8", &[])?;
            archive.write_all(&count.to_le_bytes())?;
        }
        begin(archive, "record", "|u1", &[record.len()])?;
        archive.write_all(record.as_bytes())
    }
}

fn little(numbers: &[f64]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

/// Reads the record that [`Statistics::write`] left in a file, if there is one.
///
/// # Errors
///
/// [`FidError`] if the file cannot be read or is cut.
pub fn read_record(path: impl AsRef<Path>) -> Result<Option<String>, FidError> {
    let path = path.as_ref();
    let mut archive = open(path)?;
    if !names(&archive).iter().any(|name| name == "record") {
        return Ok(None);
    }
    let record = array(path, &mut archive, "record")?;
    match record.shape() {
        &[length] if length <= LONGEST_RECORD => {}
        shape => {
            let found =
                format!("record has shape {shape:?}, wanted one axis of at most {LONGEST_RECORD}");
            return Err(FidError::file(
                path,
                format!("{found}; make the statistics again"),
            ));
        }
    }
    // The numbers are bytes, which `as` keeps.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bytes stored as numbers"
    )]
    let bytes: Vec<u8> = record
        .whole()?
        .into_iter()
        .map(|number| number as u8)
        .collect();
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|error| FidError::file(path, format!("record is no text ({error})")))
}
