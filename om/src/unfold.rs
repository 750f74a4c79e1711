//! From the device's layouts to logical ones.
//!
//! The device works on blocks of 16 channels (32 for bytes), so constants are stored cut into blocks and padded with
//! zeros. [`unfold`] puts them together again: the array in its logical layout, without the padding.
//!
//! | stored | array | place of an element |
//! |---|---|---|
//! | `FRACTAL_Z` | `[C1*H*W, N1, N0, C0]` | filter `n = N0*n1+n0`, channel `c = C0*c1+c0` |
//! | `FRACTAL_Z:g`, depthwise | `[G1*H*W, 1, N0, C0]` | filter `k` of `g` on the diagonal of block `k/N0` |
//! | `FRACTAL_NZ` | `[…, N1, M1, M0, N0]` | row `M0*m1+m0`, column `N0*n1+n0` of each matrix |
//! | `NC1HWC0` | `[N, C1, H, W, C0]` | channel `c = C0*c1+c0` |
//! | others | as they are | |
//!
//! **Source**: measured on real files: all 127 filters of a converted network equal those of the ONNX it was made of.

use half::{bf16, f16};

use crate::constants::Constant;
use crate::dtype;

/// A constant in its logical layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logical {
    /// Dims; empty for a scalar.
    pub dims: Vec<usize>,
    /// Element type, acl numbering.
    pub dtype: i32,
    /// Contents, little-endian, last dim fastest.
    pub bytes: Vec<u8>,
}

impl Logical {
    /// Widens the elements of an array, in order; `None` for types that are no numbers.
    #[must_use]
    pub fn values(&self) -> Option<Vec<f64>> {
        fn each<const N: usize>(bytes: &[u8], wide: impl Fn([u8; N]) -> f64) -> Vec<f64> {
            let (elements, _) = bytes.as_chunks::<N>();
            elements.iter().map(|element| wide(*element)).collect()
        }
        let bytes = &self.bytes;
        #[allow(clippy::cast_precision_loss)] // statistics of integers beyond 2^53
        Some(match dtype::name(self.dtype) {
            "FLOAT" => each(bytes, |b| f64::from(f32::from_le_bytes(b))),
            "FLOAT16" => each(bytes, |b| f16::from_le_bytes(b).to_f64()),
            "BF16" => each(bytes, |b| bf16::from_le_bytes(b).to_f64()),
            "DOUBLE" => each(bytes, f64::from_le_bytes),
            "INT8" => each(bytes, |[b]| f64::from(b.cast_signed())),
            "UINT8" | "BOOL" => each(bytes, |[b]| f64::from(b)),
            "INT16" => each(bytes, |b| f64::from(i16::from_le_bytes(b))),
            "UINT16" => each(bytes, |b| f64::from(u16::from_le_bytes(b))),
            "INT32" => each(bytes, |b| f64::from(i32::from_le_bytes(b))),
            "UINT32" => each(bytes, |b| f64::from(u32::from_le_bytes(b))),
            "INT64" => each(bytes, |b| i64::from_le_bytes(b) as f64),
            "UINT64" => each(bytes, |b| u64::from_le_bytes(b) as f64),
            _ => return None,
        })
    }
}

/// Tells why a constant has no logical form here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("constant {name}: found {found}, wanted {wanted}")]
pub struct UnfoldError {
    /// The constant.
    pub name: String,
    /// What it has.
    pub found: String,
    /// What can be read.
    pub wanted: &'static str,
}

/// Sizes of a filter: number, channels, height, width.
#[derive(Clone, Copy)]
struct Filter {
    n: usize,
    c: usize,
    h: usize,
    w: usize,
}

/// Puts a constant together in its logical layout.
///
/// # Errors
/// [`UnfoldError`] for layouts that nobody has documented, and for sizes that contradict each other.
pub fn unfold(constant: &Constant<'_>) -> Result<Logical, UnfoldError> {
    let wrong = |found: String, wanted| UnfoldError {
        name: constant.name.clone(),
        found,
        wanted,
    };
    if constant.external {
        let found = "weights in a file of their own".into();
        return Err(wrong(found, "weights in the .om"));
    }
    let size = dtype::size_of(constant.dtype).ok_or_else(|| {
        let found = format!("element type {}", dtype::name(constant.dtype));
        wrong(found, "a type of whole bytes")
    })?;
    let sides = |dims: &[i64]| -> Option<Vec<usize>> {
        dims.iter().map(|&d| usize::try_from(d).ok()).collect()
    };
    let (stored, logical) = sides(&constant.dims)
        .zip(sides(&constant.origin_dims))
        .ok_or_else(|| wrong(format!("dims {:?}", constant.dims), "dims from 0 on"))?;
    let count = |dims: &[usize]| dims.iter().try_fold(size, |n, &d| n.checked_mul(d));
    let (Some(wanted_bytes), Some(logical_bytes)) = (count(&stored), count(&logical)) else {
        return Err(wrong(format!("dims {stored:?}"), "dims whose product fits"));
    };
    if constant.bytes.len() < wanted_bytes {
        let found = format!("{} bytes for dims {stored:?}", constant.bytes.len());
        return Err(wrong(found, "as many bytes as the dims need"));
    }
    // A block holds at most 16 or 32 elements for one, so anything beyond is no padding but a lie.
    if logical_bytes > wanted_bytes {
        let found = format!("logical dims {logical:?} of stored dims {stored:?}");
        return Err(wrong(found, "no more elements than are stored"));
    }
    let (layout, groups) = match constant.layout.split_once(':') {
        Some((layout, groups)) => (layout, groups.parse().unwrap_or(0)),
        None => (constant.layout.as_str(), 1),
    };
    let unknown = || wrong(format!("layout {}", constant.layout), "a documented layout");
    let contradiction = || {
        let found = format!("{} {stored:?} for {logical:?}", constant.layout);
        wrong(found, "sizes that fit each other")
    };
    let place: Box<dyn Fn(usize) -> Option<usize>> = match layout {
        "FRACTAL_Z" => {
            let axes = Axes::of(&constant.origin_layout, &logical).ok_or_else(unknown)?;
            fractal_z(axes, &stored, groups).ok_or_else(contradiction)?
        }
        "FRACTAL_NZ" => fractal_nz(&logical, &stored).ok_or_else(contradiction)?,
        "NC1HWC0" => {
            let axes = Axes::of(&constant.origin_layout, &logical).ok_or_else(unknown)?;
            blocks(axes, &stored).ok_or_else(contradiction)?
        }
        layout if wanted_bytes == logical_bytes && !is_private(layout) => Box::new(Some),
        _ => return Err(unknown()),
    };
    let total = logical_bytes / size;
    let mut bytes = Vec::with_capacity(logical_bytes);
    for i in 0..total {
        let at = place(i).ok_or_else(contradiction)?;
        let element = at
            .checked_mul(size)
            .and_then(|at| constant.bytes.get(at..at + size));
        bytes.extend_from_slice(element.ok_or_else(contradiction)?);
    }
    Ok(Logical {
        dims: logical,
        dtype: constant.dtype,
        bytes,
    })
}

/// Whether a layout is one of the device's own, so that equal numbers of elements say nothing.
fn is_private(layout: &str) -> bool {
    layout.contains("FRACTAL") || layout.contains("C0") || layout.contains("C04")
}

/// A logical array of four named axes.
#[derive(Clone)]
struct Axes {
    filter: Filter,
    /// Strides of the logical array, in the order n, c, h, w.
    strides: [usize; 4],
}

impl Axes {
    /// Names the axes of an array; one of fewer dims has channels alone.
    fn of(layout: &str, dims: &[usize]) -> Option<Self> {
        let letters = match (layout, dims.len()) {
            ("NCHW" | "NHWC" | "HWCN" | "CHWN", 4) => layout,
            (_, 1) => "C",
            _ => return None,
        };
        let mut sizes = [1; 4];
        let mut strides = [0; 4];
        let mut stride = 1;
        for (letter, &dim) in letters.chars().rev().zip(dims.iter().rev()) {
            let axis = "NCHW".find(letter)?;
            (sizes[axis], strides[axis]) = (dim, stride);
            stride *= dim;
        }
        let [n, c, h, w] = sizes;
        Some(Self {
            filter: Filter { n, c, h, w },
            strides,
        })
    }

    /// The place of each axis that an element of the logical array has.
    fn split(&self, element: usize) -> [usize; 4] {
        let sizes = [self.filter.n, self.filter.c, self.filter.h, self.filter.w];
        std::array::from_fn(|axis| match self.strides[axis] {
            0 => 0,
            stride => element / stride % sizes[axis],
        })
    }
}

type Place = Box<dyn Fn(usize) -> Option<usize>>;

fn fractal_z(axes: Axes, stored: &[usize], groups: usize) -> Option<Place> {
    let [first, n1, n0, c0] = *<&[usize; 4]>::try_from(stored).ok()?;
    let Filter { n, c, h, w } = axes.filter;
    if n0 == 0 || c0 == 0 {
        return None;
    }
    if groups == 1 {
        let sound = first == c.div_ceil(c0) * h * w && n1 == n.div_ceil(n0);
        return sound.then(|| -> Place {
            Box::new(move |element| {
                let [n, c, y, x] = axes.split(element);
                let block = (c / c0 * h + y) * w + x;
                Some(((block * n1 + n / n0) * n0 + n % n0) * c0 + c % c0)
            })
        });
    }
    // Depthwise alone is documented: one channel for each filter, as many groups as filters.
    let depthwise = c == 1 && n == groups && n0 == c0 && n1 == 1;
    (depthwise && first == n.div_ceil(n0) * h * w).then(|| -> Place {
        Box::new(move |element| {
            let [n, _, y, x] = axes.split(element);
            let block = (n / n0 * h + y) * w + x;
            Some((block * n0 + n % n0) * c0 + n % c0)
        })
    })
}

fn fractal_nz(logical: &[usize], stored: &[usize]) -> Option<Place> {
    let (batch, matrix) = stored.split_at_checked(stored.len().checked_sub(4)?)?;
    let [n1, m1, m0, n0] = *<&[usize; 4]>::try_from(matrix).ok()?;
    // A single row may be logically one-dimensional.
    let (rest, rows, columns) = match logical {
        [columns] => (&[][..], 1, *columns),
        [rest @ .., rows, columns] => (rest, *rows, *columns),
        [] => return None,
    };
    let sound = m0 > 0 && n0 > 0 && m1 == rows.div_ceil(m0) && n1 == columns.div_ceil(n0);
    (sound && rest == batch).then(|| -> Place {
        Box::new(move |element| {
            let (matrix, row, column) = (
                element / (rows * columns),
                element / columns % rows,
                element % columns,
            );
            let block = (matrix * n1 + column / n0) * m1 + row / m0;
            Some((block * m0 + row % m0) * n0 + column % n0)
        })
    })
}

fn blocks(axes: Axes, stored: &[usize]) -> Option<Place> {
    let [n, c1, h, w, c0] = *<&[usize; 5]>::try_from(stored).ok()?;
    let filter = axes.filter;
    let sound =
        c0 > 0 && c1 == filter.c.div_ceil(c0) && (n, h, w) == (filter.n, filter.h, filter.w);
    sound.then(|| -> Place {
        Box::new(move |element| {
            let [n, c, y, x] = axes.split(element);
            Some((((n * c1 + c / c0) * h + y) * w + x) * c0 + c % c0)
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn constant(
        layout: &str,
        dims: &[i64],
        origin: (&str, &[i64]),
        bytes: &'static [u8],
    ) -> Constant<'static> {
        Constant {
            name: "w".into(),
            dtype: dtype::ACL_UINT8,
            layout: layout.into(),
            dims: dims.to_vec(),
            origin_layout: origin.0.into(),
            origin_dims: origin.1.to_vec(),
            offset: None,
            bytes,
            external: false,
        }
    }

    /// Stores by the table of the module's documentation, element by element.
    fn store(dims: &[usize], place: impl Fn(&mut dyn FnMut(&[usize], u8))) -> &'static [u8] {
        let mut bytes = vec![0; dims.iter().product()];
        place(&mut |at, value| {
            let index = at.iter().zip(dims).fold(0, |i, (a, d)| i * d + a);
            bytes[index] = value;
        });
        Vec::leak(bytes)
    }

    fn value(n: usize, c: usize, y: usize, x: usize) -> u8 {
        u8::try_from((n * 61 + c * 17 + y * 5 + x) % 251 + 1).unwrap()
    }

    #[test]
    fn filters_come_out_of_their_blocks_in_either_logical_order() {
        let (n, c, h, w) = (20, 33, 2, 3);
        let bytes = store(&[3 * h * w, 2, 16, 16], |put| {
            for i in 0..n * c * h * w {
                let (a, b, y, x) = (i / (c * h * w), i / (h * w) % c, i / w % h, i % w);
                put(
                    &[b / 16 * h * w + y * w + x, a / 16, a % 16, b % 16],
                    value(a, b, y, x),
                );
            }
        });
        let stored = [18, 2, 16, 16];
        let found = unfold(&constant(
            "FRACTAL_Z",
            &stored,
            ("NCHW", &[20, 33, 2, 3]),
            bytes,
        ))
        .unwrap();
        let wanted: Vec<u8> = (0..n * c * h * w)
            .map(|i| value(i / (c * h * w), i / (h * w) % c, i / w % h, i % w))
            .collect();
        assert_eq!(found.bytes, wanted);
        let found = unfold(&constant(
            "FRACTAL_Z",
            &stored,
            ("HWCN", &[2, 3, 33, 20]),
            bytes,
        ))
        .unwrap();
        let wanted: Vec<u8> = (0..n * c * h * w)
            .map(|i| value(i % n, i / n % c, i / (n * c * w), i / (n * c) % w))
            .collect();
        assert_eq!(found.bytes, wanted);
    }

    #[test]
    fn depthwise_filters_come_off_the_diagonals() {
        let bytes = store(&[2 * 4, 1, 16, 16], |put| {
            for i in 0..18 * 4 {
                let (k, y, x) = (i / 4, i / 2 % 2, i % 2);
                put(
                    &[k / 16 * 4 + y * 2 + x, 0, k % 16, k % 16],
                    value(k, 0, y, x),
                );
            }
        });
        let made = constant(
            "FRACTAL_Z:18",
            &[8, 1, 16, 16],
            ("NCHW", &[18, 1, 2, 2]),
            bytes,
        );
        let wanted: Vec<u8> = (0..72).map(|i| value(i / 4, 0, i / 2 % 2, i % 2)).collect();
        assert_eq!(unfold(&made).unwrap().bytes, wanted);
        let grouped = constant(
            "FRACTAL_Z:9",
            &[8, 1, 16, 16],
            ("NCHW", &[18, 2, 2, 2]),
            bytes,
        );
        assert!(
            unfold(&grouped)
                .unwrap_err()
                .to_string()
                .contains("FRACTAL_Z:9")
        );
    }

    #[test]
    fn matrices_and_blocks_of_channels_lose_their_padding() {
        let bytes = store(&[2, 2, 2, 16, 16], |put| {
            for i in 0..2 * 20 * 17 {
                let (b, m, n) = (i / 340, i / 17 % 20, i % 17);
                put(&[b, n / 16, m / 16, m % 16, n % 16], value(b, m, n, 0));
            }
        });
        let made = constant(
            "FRACTAL_NZ",
            &[2, 2, 2, 16, 16],
            ("ND", &[2, 20, 17]),
            bytes,
        );
        let wanted: Vec<u8> = (0..680)
            .map(|i| value(i / 340, i / 17 % 20, i % 17, 0))
            .collect();
        assert_eq!(unfold(&made).unwrap().bytes, wanted);

        let bytes = store(&[1, 2, 1, 1, 16], |put| {
            (0..20).for_each(|c| put(&[0, c / 16, 0, 0, c % 16], value(0, c, 0, 0)));
        });
        let made = constant("NC1HWC0", &[1, 2, 1, 1, 16], ("NCHW", &[20]), bytes);
        let wanted: Vec<u8> = (0..20).map(|c| value(0, c, 0, 0)).collect();
        assert_eq!(unfold(&made).unwrap().bytes, wanted);
    }

    #[test]
    fn sizes_that_contradict_each_other_are_refused() {
        static ZEROS: [u8; 1024] = [0; 1024];
        for (layout, stored, logical) in [
            ("FRACTAL_Z", &[1, 1, 16, 16][..], &[17, 1, 1, 1][..]),
            ("FRACTAL_Z", &[1, 1, 16], &[1, 1, 1, 1]),
            ("FRACTAL_Z", &[9, 9, 16, 16], &[1, 1, 1, 1]),
            ("FRACTAL_Z", &[i64::MAX, i64::MAX, 16, 16], &[1, 1, 1, 1]),
            ("FRACTAL_NZ", &[1, 1, 16, 16], &[17, 16]),
            ("NC1HWC0", &[1, 1, 1, 1, 0], &[1, 1, 1, 1]),
            ("NCHW", &[-1, 2], &[2, 2]),
            ("FRACTAL_Z_3D", &[2, 2], &[2, 2]),
            ("NCHW", &[2, 2], &[2, 3]),
        ] {
            let made = constant(layout, stored, ("NCHW", logical), &ZEROS);
            assert!(unfold(&made).is_err(), "{layout} {stored:?} {logical:?}");
        }
    }
}
