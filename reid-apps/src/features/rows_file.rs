//! A `.npy` file of features, read a few rows at a time.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use super::FeatureError;
use super::npy_header::NpyHeader;
use crate::files::HashingReader;

/// Reads float32 rows in order, hashing the file on the way.
pub(crate) struct RowsFile {
    path: PathBuf,
    reader: HashingReader<BufReader<File>>,
    rows: usize,
    dim: usize,
    next: usize,
    bytes: Vec<u8>,
}

impl RowsFile {
    /// Opens a file and checks its header and its size.
    pub(crate) fn open(path: &Path) -> Result<Self, FeatureError> {
        let io = |source| FeatureError::Io {
            path: path.to_owned(),
            source,
        };
        let damaged = |problem: String| FeatureError::Damaged {
            path: path.to_owned(),
            problem,
        };
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut reader = HashingReader::new(BufReader::with_capacity(1 << 20, file));
        let NpyHeader {
            descr: found,
            fortran_order,
            axes,
            shape,
            length: header,
        } = NpyHeader::read(path, &mut reader)?;
        if found != "<f4" {
            let path = path.to_owned();
            return Err(FeatureError::Dtype { path, found });
        }
        let layout = |found: String| FeatureError::Layout {
            path: path.to_owned(),
            found,
        };
        let [rows, dim] = axes[..] else {
            return Err(layout(format!("{} axes", axes.len())));
        };
        if fortran_order {
            return Err(layout("Fortran order".to_owned()));
        }
        let wanted = rows.checked_mul(dim).and_then(|n| n.checked_mul(4));
        let wanted = wanted.and_then(|n| n.checked_add(header));
        let Some(wanted) = wanted.map(|n| n as u64) else {
            return Err(damaged(format!("its shape ({shape}) is beyond any file")));
        };
        if length < wanted {
            return Err(damaged(format!(
                "the file is cut: {length} bytes, its header announces {wanted}"
            )));
        }
        if length > wanted {
            return Err(damaged(format!("{} bytes too many", length - wanted)));
        }
        Ok(Self {
            path: path.to_owned(),
            reader,
            rows,
            dim,
            next: 0,
            bytes: Vec::new(),
        })
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the next rows, at most `count`, into `into`, and returns how many they are.
    pub(crate) fn read(
        &mut self,
        count: usize,
        into: &mut Vec<f32>,
    ) -> Result<usize, FeatureError> {
        let count = count.min(self.rows - self.next);
        self.bytes.resize(count * self.dim * 4, 0);
        self.reader.read_exact(&mut self.bytes).map_err(|error| {
            let path = self.path.clone();
            match error.kind() {
                // It was whole when it was opened.
                io::ErrorKind::UnexpectedEof => FeatureError::Damaged {
                    path,
                    problem: "the file became shorter while it was read".to_owned(),
                },
                _ => FeatureError::Io {
                    path,
                    source: error,
                },
            }
        })?;
        into.clear();
        let four = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        into.extend(self.bytes.chunks_exact(4).map(four));
        self.next += count;
        Ok(count)
    }

    /// Returns the SHA-256 of the file, of which all rows have been read.
    pub(crate) fn finish(self) -> String {
        self.reader.finish()
    }
}
