//! Arrays in a `.mat` of version 5.
//!
//! A file is a header of 128 bytes and elements of a type, a size and data; an array is an element
//! whose data are elements again: flags, axes, name, numbers, which run along columns and may be
//! stored in a smaller type than the array's. Elements can be compressed by zlib.
//!
//! Source: MathWorks, "MAT-File Format", R2019b, chapter 1.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::ZlibDecoder;

use super::array::{Array, Values, decode};
use crate::features::FeatureError;

const HEADER: usize = 128;
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;
/// An array's flag for a second, imaginary part.
const COMPLEX: u32 = 0x0800;
/// Compressed data expand 1032-fold at most; more is no zlib.
const EXPANSION: u64 = 1100;

pub(super) fn read(
    path: &Path,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<HashMap<String, Array>, FeatureError> {
    let bytes = fs::read(path).map_err(FeatureError::io(path))?;
    let wrong = |problem: &str| FeatureError::foreign(path, problem.to_owned());
    if bytes.starts_with(b"MATLAB 7.3") || bytes.starts_with(b"\x89HDF") {
        return Err(wrong(
            "version 7.3, wanted version 5; save it again with MATLAB's -v7 or scipy's savemat",
        ));
    }
    if bytes.len() < HEADER || !matches!(&bytes[126..HEADER], b"IM" | b"MI") {
        return Err(wrong(
            "it does not begin as a .mat of version 5 does; save it again with MATLAB's -v7 or scipy's savemat",
        ));
    }
    if &bytes[126..HEADER] == b"MI" {
        return Err(wrong(
            "written on a big-endian machine, wanted little-endian; save it again elsewhere",
        ));
    }
    let mut arrays = HashMap::new();
    let mut rest = &bytes[HEADER..];
    while !rest.is_empty() {
        let element = next(&mut rest).ok_or_else(|| wrong(CUT))?;
        let expanded;
        let element = if element.kind == COMPRESSED {
            let limit = (element.data.len() as u64).saturating_mul(EXPANSION);
            let mut all = Vec::new();
            ZlibDecoder::new(element.data)
                .take(limit)
                .read_to_end(&mut all)
                .map_err(|error| {
                    wrong(&format!(
                        "a compressed part is damaged ({error}); save it again"
                    ))
                })?;
            expanded = all;
            next(&mut &expanded[..]).ok_or_else(|| wrong(CUT))?
        } else {
            element
        };
        if element.kind != MATRIX {
            continue;
        }
        if let Some((name, array)) = read_array(path, element.data, wanted)? {
            arrays.insert(name, array);
        }
    }
    Ok(arrays)
}

const CUT: &str = "the file is cut, wanted a whole .mat; save it again";

struct Element<'a> {
    kind: u32,
    data: &'a [u8],
}

/// Takes the next element, with what fills it up to eight bytes.
fn next<'a>(rest: &mut &'a [u8]) -> Option<Element<'a>> {
    let word = |at: usize| -> Option<u32> {
        let bytes = rest.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let first = word(0)?;
    // Up to four bytes stand beside their type and size.
    let (kind, size, start) = match first >> 16 {
        0 => (first, word(4)? as usize, 8),
        size => (first & 0xffff, size as usize, 4),
    };
    let end = start + size;
    let data = rest.get(start..end)?;
    // Only compressed elements are not filled up; the last element of a file may not be either.
    let whole = if start == 4 {
        8
    } else if kind == COMPRESSED {
        end
    } else {
        end.next_multiple_of(8)
    };
    *rest = rest.get(whole..).unwrap_or_default();
    Some(Element { kind, data })
}

fn read_array(
    path: &Path,
    mut data: &[u8],
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Option<(String, Array)>, FeatureError> {
    let mut part = || next(&mut data).ok_or_else(|| FeatureError::foreign(path, CUT.to_owned()));
    let (flags, axes, name) = (part()?, part()?, part()?);
    let name = String::from_utf8_lossy(name.data).into_owned();
    if !wanted(&name) {
        return Ok(None);
    }
    let path = &path.join(&name);
    let wrong = |problem: String| FeatureError::foreign(path, problem);
    let flags = match flags.data.first_chunk() {
        Some(&word) => u32::from_le_bytes(word),
        None => return Err(wrong(CUT.to_owned())),
    };
    // Classes 6 to 15 are double, single and whole numbers of 8 to 64 bits.
    let class = flags & 0xff;
    if !(6..=15).contains(&class) || flags & COMPLEX != 0 {
        return Err(wrong(format!(
            "an array of class {class}{}, wanted full and real numbers; convert it with MATLAB's full, real or single",
            if flags & COMPLEX != 0 {
                " with an imaginary part"
            } else {
                ""
            }
        )));
    }
    let axes: Vec<usize> = match decode("<i4", axes.data) {
        Some(Values::Whole(axes)) => axes.into_iter().flat_map(usize::try_from).collect(),
        _ => Vec::new(),
    };
    let numbers = part()?;
    let (descr, dtype) = match numbers.kind {
        1 => ("|i1", "int8"),
        2 => ("|u1", "uint8"),
        3 => ("<i2", "int16"),
        4 => ("<u2", "uint16"),
        5 => ("<i4", "int32"),
        6 => ("<u4", "uint32"),
        7 => ("<f4", "single"),
        9 => ("<f8", "double"),
        12 => ("<i8", "int64"),
        13 => ("<u8", "uint64"),
        other => {
            return Err(wrong(format!(
                "numbers of type {other}; save it again as single"
            )));
        }
    };
    let values = decode(descr, numbers.data).ok_or_else(|| wrong(CUT.to_owned()))?;
    let (count, values) = match values {
        Values::F32(values) => (values.len(), Values::F32(values)),
        Values::F64(values) => (values.len(), Values::F64(values)),
        // Whole numbers of a double or single array are stored as such to save space.
        Values::Whole(values) if class <= 7 => {
            let values = values.into_iter().map(|value| value as f64);
            (values.len(), Values::F64(values.collect()))
        }
        Values::Whole(values) => (values.len(), Values::Whole(values)),
    };
    let announced = axes
        .iter()
        .try_fold(1_usize, |n, &axis| n.checked_mul(axis));
    if announced != Some(count) {
        return Err(wrong(format!(
            "{count} numbers for the axes {axes:?}; the file is damaged, save it again"
        )));
    }
    let array = Array {
        axes,
        by_columns: true,
        dtype: dtype.to_owned(),
        values,
    };
    Ok(Some((name, array)))
}
