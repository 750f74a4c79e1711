//! Arrays in a `.npz`, which is a ZIP archive of `.npy` files.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::ZipArchive;

use super::array::{Array, Values, decode};
use crate::features::FeatureError;
use crate::features::npy_header::NpyHeader;

pub(super) fn read(
    path: &Path,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<HashMap<String, Array>, FeatureError> {
    let file = File::open(path).map_err(FeatureError::io(path))?;
    let broken = |error: zip::result::ZipError| match error {
        zip::result::ZipError::Io(source) if source.kind() != io::ErrorKind::UnexpectedEof => {
            FeatureError::io(path)(source)
        }
        other => FeatureError::foreign(
            path,
            format!(
                "no whole ZIP archive ({other}), wanted a .npz; write it again with numpy's savez"
            ),
        ),
    };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    let mut arrays = HashMap::new();
    for name in names {
        let Some(key) = name.strip_suffix(".npy").filter(|key| wanted(key)) else {
            continue;
        };
        let mut entry = archive.by_name(&name).map_err(broken)?;
        let size = entry.size();
        let array = read_array(&path.join(key), &mut entry, size)?;
        arrays.insert(key.to_owned(), array);
    }
    Ok(arrays)
}

fn read_array(path: &Path, entry: &mut dyn Read, size: u64) -> Result<Array, FeatureError> {
    let header = NpyHeader::read(path, entry)?;
    let mut bytes = Vec::new();
    entry
        .take(size)
        .read_to_end(&mut bytes)
        .map_err(|error| match error.kind() {
            // The archive's checksum, or the compressed stream, does not hold.
            io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::UnexpectedEof => FeatureError::Damaged {
                path: path.to_owned(),
                problem: error.to_string(),
            },
            _ => FeatureError::io(path)(error),
        })?;
    let values = decode(&header.descr, &bytes);
    let is_label = path.ends_with("query_label")
        || path.ends_with("query_cam")
        || path.ends_with("gallery_label")
        || path.ends_with("gallery_cam");
    let values = match values {
        Some(Values::F64(_)) if !is_label => None,
        None if header.descr == "<f4" => {
            return Err(FeatureError::Damaged {
                path: path.to_owned(),
                problem: "the file is cut".to_owned(),
            });
        }
        values => values,
    };
    let Some(values) = values else {
        return Err(if is_label {
            FeatureError::foreign(
                path,
                format!(
                    "dtype {}, wanted whole numbers; convert it with numpy's astype('<i8')",
                    header.descr
                ),
            )
        } else {
            FeatureError::Dtype {
                path: path.to_owned(),
                found: header.descr,
            }
        });
    };
    if header.fortran_order && !is_label {
        return Err(FeatureError::Layout {
            path: path.to_owned(),
            found: "Fortran order".to_owned(),
        });
    }
    let count = match &values {
        Values::F32(values) => values.len(),
        Values::F64(values) => values.len(),
        Values::Whole(values) => values.len(),
    };
    let announced = header
        .axes
        .iter()
        .try_fold(1_usize, |n, &axis| n.checked_mul(axis));
    if announced != Some(count) {
        return Err(FeatureError::Damaged {
            path: path.to_owned(),
            problem: format!("{count} numbers, its header announces ({})", header.shape),
        });
    }
    Ok(Array {
        axes: header.axes,
        by_columns: header.fortran_order,
        dtype: header.descr,
        values,
    })
}
