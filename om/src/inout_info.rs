//! The MODEL_INOUT_INFO partition: inputs and outputs without protobuf.
//!
//! Converters of CANN 6 and later write it so that a program can describe a model without loading it
//! (`aclmdlGetDescFromFile` reads nothing else). It is a sequence of tag, length, payload.
//!
//! **Source**: files of CANN 8.0 (tags 0 and 1); the writer's order for tags 2 to 4 follows the graph engine's.

use crate::OmError;
use crate::describe::{Gears, TensorInfo};

/// Contents of the partition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InOutInfo {
    /// Inputs in index order.
    pub inputs: Vec<TensorInfo>,
    /// Outputs in index order.
    pub outputs: Vec<TensorInfo>,
    /// Gears.
    pub gears: Gears,
}

const INPUTS: u32 = 0;
const OUTPUTS: u32 = 1;
const BATCH: u32 = 2;
const IMAGE_SIZE: u32 = 3;
const DIMS: u32 = 4;

impl InOutInfo {
    /// Reads a partition. Unknown tags are skipped.
    ///
    /// # Errors
    /// [`OmError::Size`] when a record ends early; offsets count from the partition's start.
    pub fn parse(bytes: &[u8]) -> Result<Self, OmError> {
        let mut info = Self::default();
        let mut r = Cursor { bytes, at: 0 };
        while r.at < bytes.len() {
            let tag = r.u32()?;
            let len = u64::from(r.u32()?);
            let start = r.at;
            let mut body = Cursor {
                bytes: &bytes[..start + r.skip(len)?],
                at: start,
            };
            match tag {
                INPUTS => info.inputs = body.tensors()?,
                OUTPUTS => info.outputs = body.tensors()?,
                BATCH => info.gears = Gears::Batch(body.counted()?),
                IMAGE_SIZE => {
                    let sizes = body.lists()?;
                    let pairs = sizes.iter().filter_map(|s| Some([*s.first()?, *s.get(1)?]));
                    info.gears = Gears::ImageSize(pairs.collect());
                }
                DIMS => info.gears = Gears::Dims(body.lists()?),
                _ => {}
            }
        }
        Ok(info)
    }

    /// Writes a partition.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        record(&mut out, INPUTS, &tensors(&self.inputs));
        record(&mut out, OUTPUTS, &tensors(&self.outputs));
        match &self.gears {
            Gears::None => {}
            Gears::Batch(b) => {
                let mut body = count(b.len()).to_vec();
                body.extend(b.iter().flat_map(|v| v.to_le_bytes()));
                record(&mut out, BATCH, &body);
            }
            Gears::ImageSize(s) => {
                let lists: Vec<Vec<u64>> = s.iter().map(|p| p.to_vec()).collect();
                record(&mut out, IMAGE_SIZE, &lists_body(&lists));
            }
            Gears::Dims(d) => record(&mut out, DIMS, &lists_body(d)),
        }
        out
    }
}

/// Lengths here are those of names, shapes and gear lists: far below 4 GiB.
fn count(n: usize) -> [u8; 4] {
    u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes()
}

fn record(out: &mut Vec<u8>, tag: u32, body: &[u8]) {
    out.extend(tag.to_le_bytes());
    out.extend(count(body.len()));
    out.extend(body);
}

fn tensors(list: &[TensorInfo]) -> Vec<u8> {
    let mut out = count(list.len()).to_vec();
    for t in list {
        out.extend(t.size.to_le_bytes());
        // Stored as unsigned; "undefined" is -1 and keeps its bits.
        out.extend(t.format.to_le_bytes());
        out.extend(t.dtype.to_le_bytes());
        out.extend(count(t.name.len()));
        out.extend(count(t.dims.len() * 8));
        out.extend(count(t.dims_v2.len() * 8));
        out.extend(count(t.ranges.len() * 16));
        out.extend(t.name.as_bytes());
        out.extend(t.dims.iter().flat_map(|d| d.to_le_bytes()));
        out.extend(t.dims_v2.iter().flat_map(|d| d.to_le_bytes()));
        out.extend(t.ranges.iter().flatten().flat_map(|d| d.to_le_bytes()));
    }
    out
}

fn lists_body(lists: &[Vec<u64>]) -> Vec<u8> {
    let mut out = count(lists.len()).to_vec();
    out.extend(lists.iter().flat_map(|l| count(l.len())));
    out.extend(lists.iter().flatten().flat_map(|v| v.to_le_bytes()));
    out
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, len: u64) -> Result<&'a [u8], OmError> {
        let start = self.at;
        let len = self.skip(len)?;
        Ok(&self.bytes[start..start + len])
    }

    /// Moves on by `len` if that much is left.
    fn skip(&mut self, len: u64) -> Result<usize, OmError> {
        let left = self.bytes.len() - self.at;
        let fits = usize::try_from(len).ok().filter(|&l| l <= left);
        let len = fits.ok_or_else(|| OmError::Size {
            offset: self.at as u64,
            what: "MODEL_INOUT_INFO record".into(),
            found: left as u64,
            wanted: len,
        })?;
        self.at += len;
        Ok(len)
    }

    fn u32(&mut self) -> Result<u32, OmError> {
        let b = self.take(4)?;
        Ok(u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }

    fn u64s(&mut self, bytes: u32) -> Result<Vec<u64>, OmError> {
        let raw = self.take(bytes.into())?;
        let words = raw.chunks_exact(8);
        Ok(words
            .map(|c| u64::from_le_bytes(c.try_into().expect("8 bytes each")))
            .collect())
    }

    fn counted(&mut self) -> Result<Vec<u64>, OmError> {
        let n = u64::from(self.u32()?);
        let raw = self.take(n * 8)?;
        let words = raw.chunks_exact(8);
        Ok(words
            .map(|c| u64::from_le_bytes(c.try_into().expect("8 bytes each")))
            .collect())
    }

    fn lists(&mut self) -> Result<Vec<Vec<u64>>, OmError> {
        let n = u64::from(self.u32()?);
        let raw = self.take(n * 4)?;
        let sizes: Vec<u32> = raw
            .chunks_exact(4)
            .map(|c| u32::from_le_bytes(c.try_into().expect("4 bytes each")))
            .collect();
        let mut lists = Vec::new();
        for size in sizes {
            let raw = self.take(u64::from(size) * 8)?;
            let words = raw.chunks_exact(8);
            lists.push(
                words
                    .map(|c| u64::from_le_bytes(c.try_into().expect("8 bytes each")))
                    .collect(),
            );
        }
        Ok(lists)
    }

    fn tensors(&mut self) -> Result<Vec<TensorInfo>, OmError> {
        let n = self.u32()?;
        let mut list = Vec::new();
        for _ in 0..n {
            let size = u64::from_le_bytes(self.take(8)?.try_into().expect("8 bytes"));
            let format = self.u32()?.cast_signed();
            let dtype = self.u32()?.cast_signed();
            let (name, dims) = (self.u32()?, self.u32()?);
            let (dims_v2, range) = (self.u32()?, self.u32()?);
            let name = String::from_utf8_lossy(self.take(name.into())?).into_owned();
            let signed = |v: Vec<u64>| v.into_iter().map(u64::cast_signed).collect::<Vec<_>>();
            let dims = signed(self.u64s(dims)?);
            let dims_v2 = signed(self.u64s(dims_v2)?);
            let ranges = signed(self.u64s(range)?);
            list.push(TensorInfo {
                name,
                dtype,
                format,
                dims,
                dims_v2,
                ranges: ranges.as_chunks::<2>().0.to_vec(),
                size,
            });
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sample(gears: Gears) -> InOutInfo {
        let tensor = |name: &str| TensorInfo {
            name: name.into(),
            dtype: 1,
            format: 0,
            dims: vec![-1, 3, 4],
            dims_v2: vec![2, 3, 4],
            ranges: vec![[1, -1], [3, 3], [2, 4]],
            size: 48,
        };
        InOutInfo {
            inputs: vec![tensor("a"), tensor("")],
            outputs: vec![tensor("node:0:out")],
            gears,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let kinds = [
            Gears::None,
            Gears::Batch(vec![1, 4]),
            Gears::ImageSize(vec![[3, 4], [5, 6]]),
            Gears::Dims(vec![vec![1, 2, 3], vec![4, 5, 6]]),
        ];
        for gears in kinds {
            let info = sample(gears);
            assert_eq!(InOutInfo::parse(&info.write()).unwrap(), info);
        }
    }

    #[test]
    fn a_record_cut_anywhere_is_refused_or_shorter_but_never_wrong() {
        let bytes = sample(Gears::Batch(vec![1, 4])).write();
        for cut in 1..bytes.len() {
            if let Ok(info) = InOutInfo::parse(&bytes[..cut]) {
                assert!(
                    info.outputs.is_empty() || info.gears == Gears::None,
                    "cut at {cut}"
                );
            }
        }
    }
}
