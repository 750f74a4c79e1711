//! The header of a `.npy` file.
//!
//! Source: numpy.lib.format, "NPY format", versions 1 to 3.

use std::io::{self, Read};
use std::path::Path;

use super::FeatureError;

/// Headers are short; a longer one is damage, and no reason to take memory.
const LONGEST: usize = 64 << 10;

/// Tells what follows a header.
pub(super) struct NpyHeader {
    /// The type of the numbers as the file spells it, such as `<f4`.
    pub(super) descr: String,
    pub(super) fortran_order: bool,
    pub(super) axes: Vec<usize>,
    /// The axes as the file spells them.
    pub(super) shape: String,
    /// Bytes that were read.
    pub(super) length: usize,
}

impl NpyHeader {
    /// Reads a header; `path` names the file in errors.
    pub(super) fn read(path: &Path, reader: &mut dyn Read) -> Result<Self, FeatureError> {
        let damaged = |problem: String| FeatureError::Damaged {
            path: path.to_owned(),
            problem,
        };
        let mut exact = |count: usize| {
            let mut bytes = vec![0; count];
            match reader.read_exact(&mut bytes) {
                Ok(()) => Ok(bytes),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    Err(damaged("the file is cut in its header".to_owned()))
                }
                Err(error) => Err(FeatureError::io(path)(error)),
            }
        };
        let start = exact(8)?;
        if &start[..6] != b"\x93NUMPY" {
            return Err(damaged("it does not begin as a .npy file does".to_owned()));
        }
        // Version 1 counts the header in two bytes, later ones in four.
        let width = match start[6] {
            1 => 2,
            2 | 3 => 4,
            other => return Err(damaged(format!("version {other} of .npy is not known"))),
        };
        let digits = exact(width)?;
        let count = digits.iter().rev();
        let count = count.fold(0, |sum, &byte| sum << 8 | usize::from(byte));
        if count > LONGEST {
            return Err(damaged(format!("a header of {count} bytes")));
        }
        let header = exact(count)?;
        let header = String::from_utf8_lossy(&header).into_owned();
        let field = |key: &str| {
            header
                .split_once(&format!("'{key}':"))
                .map(|(_, value)| value.trim_start())
        };
        let (Some(descr), Some(order), Some(shape)) =
            (field("descr"), field("fortran_order"), field("shape"))
        else {
            return Err(damaged(
                "its header lacks descr, fortran_order or shape".to_owned(),
            ));
        };
        let descr = descr.trim_start_matches(['\'', '"']);
        let inside = shape.trim_start_matches('(');
        let inside = inside.split(')').next().unwrap_or("");
        let axes = inside
            .split(',')
            .filter(|axis| !axis.trim().is_empty())
            .map(|axis| axis.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|_| damaged(format!("its shape is ({inside})")))?;
        Ok(Self {
            descr: descr.split(['\'', '"']).next().unwrap_or(descr).to_owned(),
            fortran_order: order.starts_with("True"),
            axes,
            shape: inside.to_owned(),
            length: 8 + width + count,
        })
    }
}
