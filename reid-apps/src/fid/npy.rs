//! Numpy's array files, read row by row.
//!
//! A features file may be larger than memory has room for, and the covariance needs one row at a
//! time, so the header is read here and the numbers come as a stream.
//!
//! **Source**: numpy's `numpy.lib.format`, versions 1.0 to 3.0 of the format.

use std::io::{self, Read, Write};
use std::path::Path;

use half::f16;

use super::FidError;

const MAGIC: &[u8] = b"\x93NUMPY";
/// A header is some hundred bytes; a file that promises more is damaged.
const LONGEST_HEADER: usize = 1 << 16;

/// The kinds of numbers that are read, all little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F16,
    F32,
    F64,
    I64,
    U8,
}

impl Kind {
    fn of(descr: &str) -> Option<Self> {
        Some(match descr {
            "<f2" => Self::F16,
            "<f4" => Self::F32,
            "<f8" => Self::F64,
            "<i8" => Self::I64,
            "|u1" => Self::U8,
            _ => return None,
        })
    }

    fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::F16 => 2,
            Self::F32 => 4,
            Self::F64 | Self::I64 => 8,
        }
    }
}

/// An array of which the header was read.
pub(super) struct NpyReader<'a, R> {
    path: &'a Path,
    reader: R,
    kind: Kind,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Most rows of features, and most numbers of one.
const MOST_ROWS: usize = 1 << 24;
const MOST_NUMBERS: usize = 1 << 20;

/// Numbers that are read at a time.
const PIECE: usize = 1 << 16;

impl<'a, R: Read> NpyReader<'a, R> {
    /// Reads the header. `path` stands in errors.
    pub(super) fn new(path: &'a Path, mut reader: R) -> Result<Self, FidError> {
        let no_npy = |what: &str| {
            FidError::file(
                path,
                format!("{what}, wanted a .npy array; save it with numpy.save"),
            )
        };
        let mut fixed = [0; 8];
        read_header(path, &mut reader, &mut fixed)?;
        if !fixed.starts_with(MAGIC) {
            return Err(no_npy(&format!("it begins with {:02x?}", &fixed[..6])));
        }
        let length = match fixed[6] {
            1 => {
                let mut length = [0; 2];
                read_header(path, &mut reader, &mut length)?;
                usize::from(u16::from_le_bytes(length))
            }
            2 | 3 => {
                let mut length = [0; 4];
                read_header(path, &mut reader, &mut length)?;
                usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX)
            }
            version => {
                return Err(no_npy(&format!(
                    "its format is of version {version}, known are 1 to 3"
                )));
            }
        };
        if length > LONGEST_HEADER {
            return Err(no_npy(&format!(
                "its header is said to have {length} bytes"
            )));
        }
        let mut header = vec![0; length];
        read_header(path, &mut reader, &mut header)?;
        let header = String::from_utf8_lossy(&header).into_owned();
        let descr =
            text_after(&header, "'descr'").ok_or_else(|| no_npy("its header has no dtype"))?;
        let kind = Kind::of(descr).ok_or_else(|| {
            FidError::file(
                path,
                format!(
                    "dtype {descr}, wanted <f4, <f8 or <f2; convert it with numpy's astype('<f4')"
                ),
            )
        })?;
        let shape = shape(&header).ok_or_else(|| no_npy("its header has no shape"))?;
        let fortran =
            after(&header, "'fortran_order'").is_some_and(|rest| rest.starts_with("True"));
        if fortran && shape.len() > 1 {
            return Err(FidError::file(
                path,
                "Fortran order, wanted C order; save it again with numpy's ascontiguousarray",
            ));
        }
        Ok(Self {
            path,
            reader,
            kind,
            shape,
            bytes: Vec::new(),
        })
    }

    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Returns rows and numbers per row; axes of length 1 behind the second are overlooked.
    pub(super) fn matrix_shape(&self) -> Result<(usize, usize), FidError> {
        match self.shape[..] {
            [rows, dim] | [rows, dim, 1, 1] if dim > MOST_NUMBERS || rows > MOST_ROWS => {
                // Lists of rows and the first row are made before the file proves to be as long as it says.
                Err(FidError::file(
                    self.path,
                    format!(
                        "shape {:?}, wanted at most {MOST_ROWS} images of at most {MOST_NUMBERS} numbers; \
                         the header is damaged, or split the file",
                        self.shape
                    ),
                ))
            }
            [rows, dim] | [rows, dim, 1, 1] if dim > 0 => Ok((rows, dim)),
            _ => Err(FidError::file(
                self.path,
                format!(
                    "shape {:?}, wanted features of shape [images, numbers]",
                    self.shape
                ),
            )),
        }
    }

    /// Reads the next `into.len()` numbers, which are of row `row` of `rows`.
    pub(super) fn read(
        &mut self,
        into: &mut [f64],
        row: usize,
        rows: usize,
    ) -> Result<(), FidError> {
        let size = self.kind.size();
        self.bytes.resize(into.len() * size, 0);
        self.reader
            .read_exact(&mut self.bytes)
            .map_err(|source| match source.kind() {
                io::ErrorKind::UnexpectedEof => FidError::Cut {
                    path: self.path.to_owned(),
                    row,
                    rows,
                },
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => FidError::file(
                    self.path,
                    format!("row {row} cannot be unpacked ({source}); copy or make the file again"),
                ),
                _ => FidError::io(self.path)(source),
            })?;
        let bytes = self.bytes.as_slice();
        match self.kind {
            Kind::U8 => convert(into, bytes.as_chunks().0, |[byte]| f64::from(byte)),
            Kind::F16 => convert(into, bytes.as_chunks().0, |two| {
                f64::from(f16::from_le_bytes(two))
            }),
            Kind::F32 => convert(into, bytes.as_chunks().0, |four| {
                f64::from(f32::from_le_bytes(four))
            }),
            Kind::F64 => convert(into, bytes.as_chunks().0, f64::from_le_bytes),
            // A number of images, far below 2^53.
            Kind::I64 => convert(into, bytes.as_chunks().0, |eight| {
                i64::from_le_bytes(eight) as f64
            }),
        }
        Ok(())
    }

    /// Checks that nothing follows.
    pub(super) fn end(mut self) -> Result<(), FidError> {
        let mut more = [0];
        match self.reader.read(&mut more) {
            Ok(0) => Ok(()),
            Ok(_) => Err(FidError::file(
                self.path,
                "bytes follow the last row, wanted none; copy or make the file again",
            )),
            // The check sum of a packed array is compared at its end.
            Err(source) => Err(FidError::file(
                self.path,
                format!("it is damaged ({source}); copy or make the file again"),
            )),
        }
    }

    /// Reads all numbers of an array that is known to be small.
    pub(super) fn whole(mut self) -> Result<Vec<f64>, FidError> {
        let count = self
            .shape
            .iter()
            .try_fold(1_usize, |all, axis| all.checked_mul(*axis));
        let Some(count) = count.filter(|count| *count <= 1 << 30) else {
            return Err(FidError::file(
                self.path,
                format!(
                    "an array of shape {:?}, wanted one that fits into memory",
                    self.shape
                ),
            ));
        };
        let rows = self.shape.first().copied().unwrap_or(1).max(1);
        let mut numbers = Vec::new();
        let width = (count / rows).max(1);
        while numbers.len() < count {
            // Grown as the file proves to be as long as it says.
            let known = numbers.len();
            numbers.resize(count.min(known + PIECE), 0.0);
            self.read(&mut numbers[known..], known / width, rows)?;
        }
        self.end()?;
        Ok(numbers)
    }
}

fn read_header(path: &Path, reader: &mut impl Read, into: &mut [u8]) -> Result<(), FidError> {
    reader
        .read_exact(into)
        .map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => FidError::file(
                path,
                "it ends inside the header of a .npy array; copy or make it again",
            ),
            _ => FidError::io(path)(source),
        })
}

fn convert<const N: usize>(into: &mut [f64], from: &[[u8; N]], number: impl Fn([u8; N]) -> f64) {
    for (into, from) in into.iter_mut().zip(from) {
        *into = number(*from);
    }
}

/// Returns what follows a key of the header.
fn after<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(key)?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

fn text_after<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let rest = after(header, key)?.strip_prefix('\'')?;
    Some(rest.split_once('\'')?.0)
}

fn shape(header: &str) -> Option<Vec<usize>> {
    let (inside, _) = after(header, "'shape'")?
        .strip_prefix('(')?
        .split_once(')')?;
    inside
        .split(',')
        .map(str::trim)
        .filter(|axis| !axis.is_empty())
        .map(|axis| axis.parse().ok())
        .collect()
}

/// Writes the header of an array; its numbers follow.
pub(super) fn write_header(
    writer: &mut impl Write,
    descr: &str,
    shape: &[usize],
) -> io::Result<()> {
    let mut axes = String::new();
    for axis in shape {
        axes.push_str(&format!("{axis}, "));
    }
    let axes = match shape.len() {
        1 => axes.trim_end(),
        _ => axes.trim_end_matches(", "),
    };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({axes}), }}");
    // Magic, version, length, header and the last newline fill whole blocks of 64 bytes.
    let used = 10 + header.len() + 1;
    header.push_str(&" ".repeat(used.next_multiple_of(64) - used));
    header.push('\n');
    let length = u16::try_from(header.len()).map_err(io::Error::other)?;
    writer.write_all(MAGIC)?;
    writer.write_all(&[1, 0])?;
    writer.write_all(&length.to_le_bytes())?;
    writer.write_all(header.as_bytes())
}
