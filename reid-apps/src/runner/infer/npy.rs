//! `.npy` files as bytes: any element type that models have, no conversion.
//!
//! **Source**: numpy's `numpy.lib.format`, versions 1.0 to 3.0 of the format.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use acl::DataType;

use super::error::InferError;

/// What the header of an array says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpyHeader {
    /// The element type as numpy spells it, `<f4` for example.
    pub descr: String,
    /// The shape.
    pub shape: Vec<i64>,
    /// Where the elements begin.
    pub offset: u64,
}

/// Headers are short; a longer one is damage, and no reason to take memory.
const LONGEST: usize = 1 << 16;

const TYPES: [(&str, DataType); 14] = [
    ("<f4", DataType::F32),
    ("<f2", DataType::F16),
    ("|i1", DataType::I8),
    ("<i4", DataType::I32),
    ("|u1", DataType::U8),
    ("<i2", DataType::I16),
    ("<u2", DataType::U16),
    ("<u4", DataType::U32),
    ("<i8", DataType::I64),
    ("<u8", DataType::U64),
    ("<f8", DataType::F64),
    ("|b1", DataType::BOOL),
    ("<c8", DataType::COMPLEX64),
    ("<c16", DataType::COMPLEX128),
];

/// Returns numpy's spelling of an element type; raw bytes where numpy has none (bf16).
pub(super) fn descr(dtype: DataType) -> &'static str {
    let known = TYPES.iter().find(|(_, known)| *known == dtype);
    known.map_or_else(
        || match dtype.size() {
            Some(2) => "|V2",
            _ => "|V1",
        },
        |(descr, _)| descr,
    )
}

impl NpyHeader {
    /// Reads the header; the file is then at the first element.
    ///
    /// # Errors
    ///
    /// [`InferError`] for what is no `.npy` file, and for Fortran order.
    pub fn read(path: &Path, file: &mut File) -> Result<Self, InferError> {
        let bad = |problem: &str| {
            InferError::file(
                path,
                format!("{problem}, wanted a .npy array; save it with numpy.save"),
            )
        };
        let mut exact = |count: usize| {
            let mut bytes = vec![0; count];
            match file.read_exact(&mut bytes) {
                Ok(()) => Ok(bytes),
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    Err(bad("the file is cut in its header"))
                }
                Err(error) => Err(InferError::io(path)(error)),
            }
        };
        let start = exact(8)?;
        if &start[..6] != b"\x93NUMPY" {
            return Err(bad(&format!("it begins with {:02x?}", &start[..6])));
        }
        let width = match start[6] {
            1 => 2,
            2 | 3 => 4,
            other => return Err(bad(&format!("its format is of version {other}"))),
        };
        let length = exact(width)?
            .iter()
            .rev()
            .fold(0, |sum, &byte| sum << 8 | usize::from(byte));
        if length > LONGEST {
            return Err(bad(&format!("its header is said to have {length} bytes")));
        }
        let header = exact(length)?;
        let header = String::from_utf8_lossy(&header);
        let after = |key: &str| {
            let rest = &header[header.find(key)? + key.len()..];
            Some(rest.trim_start_matches([':', ' ']))
        };
        if after("'fortran_order'").is_some_and(|rest| rest.starts_with("True")) {
            return Err(InferError::file(
                path,
                "Fortran order, wanted C order; save it again with numpy's ascontiguousarray",
            ));
        }
        let descr = after("'descr'")
            .and_then(|rest| rest.strip_prefix('\'')?.split_once('\''))
            .ok_or_else(|| bad("its header has no dtype"))?
            .0
            .to_owned();
        let shape = after("'shape'")
            .and_then(|rest| rest.strip_prefix('(')?.split_once(')'))
            .ok_or_else(|| bad("its header has no shape"))?
            .0
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::parse)
            .collect::<Result<Vec<i64>, _>>()
            .map_err(|_| bad("its header has no shape"))?;
        Ok(Self {
            descr,
            shape,
            offset: (8 + width + length) as u64,
        })
    }

    /// Checks that the elements are those of a model's input.
    pub(super) fn require(&self, path: &Path, dtype: DataType) -> Result<(), InferError> {
        let wanted = descr(dtype);
        if wanted == self.descr || wanted.starts_with("|V") {
            return Ok(());
        }
        let known = TYPES.iter().find(|(known, _)| *known == self.descr);
        let found = known.map_or_else(String::new, |(_, dtype)| format!(" ({dtype})"));
        Err(InferError::file(
            path,
            format!(
                "dtype {}{found}, the input takes {wanted} ({dtype}); convert it with numpy's \
                 astype('{wanted}')",
                self.descr
            ),
        ))
    }
}

/// Writes an array.
pub(super) fn write(
    into: &mut dyn Write,
    dtype: DataType,
    shape: &[i64],
    bytes: &[u8],
) -> std::io::Result<()> {
    let dims: Vec<String> = shape.iter().map(i64::to_string).collect();
    let comma = if dims.len() == 1 { "," } else { "" };
    let mut header = format!(
        "{{'descr': '{}', 'fortran_order': False, 'shape': ({}{comma}), }}",
        descr(dtype),
        dims.join(", ")
    );
    // Elements begin at a multiple of 64 bytes; the header ends with a line break.
    let padding = (64 - (10 + header.len() + 1) % 64) % 64;
    header.extend(std::iter::repeat_n(' ', padding));
    header.push('\n');
    let length = u16::try_from(header.len()).map_err(std::io::Error::other)?;
    into.write_all(b"\x93NUMPY\x01\x00")?;
    into.write_all(&length.to_le_bytes())?;
    into.write_all(header.as_bytes())?;
    into.write_all(bytes)
}
