//! Constants as arrays: statistics, and `.npy` files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ascend_om::constants::{Constant, constants};
use ascend_om::dtype;
use ascend_om::unfold::{Logical, unfold};
use serde::Serialize;

use super::{InspectError, Opened};
use crate::files::write_file;

/// acl number of a 16-bit brain float.
const BF16: i32 = 27;

/// One constant, as `reid om show --weights` and the list beside the `.npy` files tell of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeightSummary {
    /// Name of the operator that holds it.
    pub name: String,
    /// Element type.
    pub dtype: &'static str,
    /// Layout as stored.
    pub layout: String,
    /// Dims as stored.
    pub stored_dims: Vec<i64>,
    /// Logical layout; empty when the file does not say.
    pub origin_layout: String,
    /// Logical dims.
    pub dims: Vec<i64>,
    /// Smallest, mean and largest value; `None` where the constant has no logical form here, or no elements.
    pub range: Option<[f64; 3]>,
    /// How many elements are zero.
    pub zeros: usize,
    /// How many are no finite numbers.
    pub not_finite: usize,
    /// The `.npy` file, where one was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Why there is no logical form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// The type in the header of a `.npy` file; brain floats have none and are written as their 16 bits.
fn npy_type(acl: i32) -> Option<&'static str> {
    Some(match dtype::name(acl) {
        "FLOAT" => "<f4",
        "FLOAT16" => "<f2",
        _ if acl == BF16 => "<u2",
        "DOUBLE" => "<f8",
        "INT8" => "|i1",
        "UINT8" => "|u1",
        "BOOL" => "|b1",
        "INT16" => "<i2",
        "UINT16" => "<u2",
        "INT32" => "<i4",
        "UINT32" => "<u4",
        "INT64" => "<i8",
        "UINT64" => "<u8",
        _ => return None,
    })
}

fn summarise(constant: &Constant<'_>) -> (WeightSummary, Option<Logical>) {
    let mut summary = WeightSummary {
        name: constant.name.clone(),
        dtype: dtype::name(constant.dtype),
        layout: constant.layout.clone(),
        stored_dims: constant.dims.clone(),
        origin_layout: constant.origin_layout.clone(),
        dims: constant.origin_dims.clone(),
        range: None,
        zeros: 0,
        not_finite: 0,
        file: None,
        refused: None,
    };
    let array = match unfold(constant) {
        Ok(array) => array,
        Err(error) => {
            summary.refused = Some(error.to_string());
            return (summary, None);
        }
    };
    let all = array.values().unwrap_or_default();
    summary.zeros = all.iter().filter(|v| **v == 0.0).count();
    let finite: Vec<f64> = all.iter().copied().filter(|v| v.is_finite()).collect();
    summary.not_finite = all.len() - finite.len();
    if !finite.is_empty() {
        #[allow(clippy::cast_precision_loss)] // a count of elements in memory
        let mean = finite.iter().sum::<f64>() / finite.len() as f64;
        let least = finite.iter().copied().fold(f64::INFINITY, f64::min);
        let most = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        summary.range = Some([least, mean, most]);
    }
    (summary, Some(array))
}

/// Lists the constants with their statistics.
///
/// # Errors
/// [`InspectError::Om`] when a constant lies outside of the weights.
pub fn list(file: &Opened<'_>) -> Result<Vec<WeightSummary>, InspectError> {
    let found = constants(&file.model, file.weights()).map_err(InspectError::om(file.path))?;
    Ok(found.iter().map(|constant| summarise(constant).0).collect())
}

/// Writes each constant that has a logical form as `NAME.npy` into a folder, and the list of all as `weights.json`.
///
/// Characters of names that files cannot have become `_`; of equal names later ones get a number.
///
/// # Errors
/// [`InspectError`] with the file that could not be read or written.
pub fn write(file: &Opened<'_>, folder: &Path) -> Result<Vec<WeightSummary>, InspectError> {
    let found = constants(&file.model, file.weights()).map_err(InspectError::om(file.path))?;
    std::fs::create_dir_all(folder).map_err(InspectError::io(folder))?;
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut all = Vec::with_capacity(found.len());
    for constant in &found {
        let (mut summary, array) = summarise(constant);
        let kind = npy_type(constant.dtype);
        if let Some((array, kind)) = array.zip(kind) {
            let name = free_name(&constant.name, &mut taken);
            let path: PathBuf = folder.join(&name);
            write_file(&path, |to| {
                to.write_all(&npy_header(kind, &array.dims))?;
                to.write_all(&array.bytes)
            })
            .map_err(InspectError::io(&path))?;
            summary.file = Some(name);
        } else if summary.refused.is_none() {
            summary.refused = Some(format!("element type {} has no .npy form", summary.dtype));
        }
        all.push(summary);
    }
    let list = folder.join("weights.json");
    let text = serde_json::to_vec_pretty(&all).unwrap_or_default();
    write_file(&list, |to| to.write_all(&text)).map_err(InspectError::io(&list))?;
    Ok(all)
}

fn free_name(name: &str, taken: &mut HashMap<String, usize>) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    // Names may be longer than file systems allow, and must not begin with a dot.
    let base: String = name.chars().map(safe).take(200).collect();
    let base = base.trim_start_matches('.').to_owned();
    let base = if base.is_empty() {
        "constant".to_owned()
    } else {
        base
    };
    loop {
        // Counted without regard to case, for file systems that have none.
        let count = taken.entry(base.to_lowercase()).or_default();
        *count += 1;
        let candidate = if *count == 1 {
            base.clone()
        } else {
            format!("{base}-{count}")
        };
        if *count == 1 || !taken.contains_key(&candidate.to_lowercase()) {
            taken.entry(candidate.to_lowercase()).or_insert(1);
            return format!("{candidate}.npy");
        }
    }
}

/// The header of a `.npy` file of format 1.0, padded so that the data begins at a multiple of 64.
fn npy_header(kind: &str, dims: &[usize]) -> Vec<u8> {
    let shape: String = dims.iter().map(|d| format!("{d}, ")).collect();
    let shape = if dims.len() > 1 {
        shape.trim_end_matches(", ")
    } else {
        shape.trim_end()
    };
    let mut text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}");
    let length = (10 + text.len() + 1).next_multiple_of(64) - 10;
    text.extend(std::iter::repeat_n(' ', length - text.len() - 1));
    text.push('\n');
    // Dims of an array in memory: the text is far shorter than 64 KiB.
    let length = u16::try_from(length).unwrap_or(u16::MAX);
    [
        b"\x93NUMPY\x01\x00",
        length.to_le_bytes().as_slice(),
        text.as_bytes(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_become_files_that_any_system_has() {
        let mut taken = HashMap::new();
        let names = ["a/b:c", "a_b_c", "A_b_c", "../../etc", "", "\u{4f60}"];
        let made: Vec<String> = names.iter().map(|n| free_name(n, &mut taken)).collect();
        assert_eq!(made[..3], ["a_b_c.npy", "a_b_c-2.npy", "A_b_c-3.npy"]);
        assert_eq!(made[3], "_.._etc.npy");
        assert_eq!(made[4..], ["constant.npy", "_.npy"]);
    }

    #[test]
    fn headers_are_what_the_library_reads() {
        for dims in [&[][..], &[5], &[2, 3, 4]] {
            let mut bytes = npy_header("<f4", dims);
            assert_eq!(bytes.len() % 64, 0);
            let count: usize = dims.iter().product();
            bytes.extend((0..count * 4).map(|_| 0));
            let npy: ndarray::ArrayD<f32> =
                ndarray_npy::ReadNpyExt::read_npy(bytes.as_slice()).unwrap();
            assert_eq!(npy.shape(), dims);
        }
    }
}
