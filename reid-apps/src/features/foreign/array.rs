//! An array of another program, before it is known what it is for.

use std::path::Path;

use ndarray::Array2;

use crate::features::FeatureError;

pub(super) struct Array {
    pub(super) axes: Vec<usize>,
    /// Whether the first axis runs fastest.
    pub(super) by_columns: bool,
    /// The type as the file spells it.
    pub(super) dtype: String,
    pub(super) values: Values,
}

pub(super) enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
    Whole(Vec<i64>),
}

impl Array {
    /// Takes the array for features.
    pub(super) fn into_matrix(self, path: &Path) -> Result<Array2<f32>, FeatureError> {
        let [rows, dim] = self.axes[..] else {
            return Err(FeatureError::Layout {
                path: path.to_owned(),
                found: format!("{} axes", self.axes.len()),
            });
        };
        let values = match self.values {
            Values::F32(values) => values,
            Values::F64(values) => values.into_iter().map(to_f32).collect(),
            Values::Whole(_) => {
                return Err(FeatureError::Dtype {
                    path: path.to_owned(),
                    found: self.dtype,
                });
            }
        };
        let matrix = if self.by_columns {
            Array2::from_shape_vec((dim, rows), values).map(|turned| {
                let rows = turned.t();
                rows.as_standard_layout().into_owned()
            })
        } else {
            Array2::from_shape_vec((rows, dim), values)
        };
        matrix.map_err(|error| FeatureError::foreign(path, format!("{error}; write it again")))
    }

    /// Takes the array for numbers of persons or cameras.
    pub(super) fn into_whole_numbers(self, path: &Path) -> Result<Vec<i64>, FeatureError> {
        // MATLAB has no arrays of one axis: 1 by n or n by 1 will do.
        if self.axes.iter().filter(|&&axis| axis != 1).count() > 1 {
            let found = format!("the axes {:?}, wanted one; write it again", self.axes);
            return Err(FeatureError::foreign(path, found));
        }
        let whole = |(row, value): (usize, f64)| {
            // Far below 2^53, so the conversion is exact.
            if value.fract() == 0.0 && value.abs() < 1e15 {
                Ok(to_i64(value))
            } else {
                let found = format!("entry {row} is {value}, wanted a whole number; correct it");
                Err(FeatureError::foreign(path, found))
            }
        };
        match self.values {
            Values::Whole(values) => Ok(values),
            Values::F64(values) => values.into_iter().enumerate().map(whole).collect(),
            Values::F32(values) => {
                let values = values.into_iter().map(f64::from);
                values.enumerate().map(whole).collect()
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to the nearest float32 is meant; what is beyond it becomes infinite and is refused"
)]
fn to_f32(value: f64) -> f32 {
    value as f32
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the caller has checked that the number is whole and small"
)]
fn to_i64(value: f64) -> i64 {
    value as i64
}

/// Turns little-endian bytes into numbers; `descr` is numpy's name of the type. `None` for a type
/// that is not known, or if the bytes are not whole numbers of it.
pub(super) fn decode(descr: &str, bytes: &[u8]) -> Option<Values> {
    fn each<const N: usize, T>(bytes: &[u8], of: fn([u8; N]) -> T) -> Option<Vec<T>> {
        let (numbers, rest) = bytes.as_chunks::<N>();
        rest.is_empty()
            .then(|| numbers.iter().map(|&number| of(number)).collect())
    }
    fn whole<const N: usize>(bytes: &[u8], of: fn([u8; N]) -> i64) -> Option<Values> {
        each(bytes, of).map(Values::Whole)
    }
    match descr {
        "<f4" => each(bytes, f32::from_le_bytes).map(Values::F32),
        "<f8" => each(bytes, f64::from_le_bytes).map(Values::F64),
        "|i1" => whole(bytes, |b| i64::from(i8::from_le_bytes(b))),
        "|u1" => whole(bytes, |b| i64::from(u8::from_le_bytes(b))),
        "<i2" => whole(bytes, |b| i64::from(i16::from_le_bytes(b))),
        "<u2" => whole(bytes, |b| i64::from(u16::from_le_bytes(b))),
        "<i4" => whole(bytes, |b| i64::from(i32::from_le_bytes(b))),
        "<u4" => whole(bytes, |b| i64::from(u32::from_le_bytes(b))),
        "<i8" => whole(bytes, i64::from_le_bytes),
        // Beyond 63 bits is no number of a person; the largest that fits is refused later.
        "<u8" => whole(bytes, |b| {
            i64::try_from(u64::from_le_bytes(b)).unwrap_or(i64::MAX)
        }),
        _ => None,
    }
}
