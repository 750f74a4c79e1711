//! Where numbers lie, and how tensors look at them.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

use super::error::{DAMAGED, Problem};
use super::{Described, Element};

/// A tensor: a view of a storage.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Index among the file's storages.
    pub(super) storage: usize,
    pub(super) element: Element,
    /// In numbers from the storage's beginning.
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    /// In numbers, one for each dim.
    pub(super) strides: Vec<usize>,
}

impl Entry {
    pub(super) fn describe(&self) -> Described {
        Described {
            shape: self.shape.clone(),
            element: self.element,
        }
    }

    /// Counts the numbers; [`Entry::check`] has seen that they can be counted.
    pub(super) fn count(&self) -> usize {
        self.shape
            .iter()
            .try_fold(1_usize, |n, &d| n.checked_mul(d))
            .unwrap_or(usize::MAX)
    }

    /// Checks that every number lies inside the storage.
    pub(super) fn check(&self, name: &str, storages: &Storages) -> Result<(), Problem> {
        let held = storages.size(self.storage) / self.element.size();
        if self.shape.contains(&0) {
            return Ok(());
        }
        let last = self
            .shape
            .iter()
            .zip(&self.strides)
            .try_fold(self.offset, |at, (&dim, &stride)| {
                at.checked_add(stride.checked_mul(dim - 1)?)
            });
        let inside = last.is_some_and(|last| last < held);
        // A dim of stride 0 repeats a number; such a tensor may announce any count.
        if inside && self.count() <= held {
            return Ok(());
        }
        Err(Problem::damaged(
            format!(
                "tensor {name} of shape {:?} and strides {:?} from number {} of {held}",
                self.shape, self.strides, self.offset
            ),
            "every number inside its storage, and no more numbers than that has",
        ))
    }

    /// Reads the numbers of a checked entry, last dim fastest.
    pub(super) fn numbers(&self, bytes: &[u8]) -> Vec<f32> {
        let count = self.count();
        let read = |at: usize| self.element.read(bytes, at);
        let mut dense = 1_usize;
        let is_dense = self
            .shape
            .iter()
            .zip(&self.strides)
            .rev()
            .all(|(&dim, &stride)| {
                let fits = dim == 1 || stride == dense;
                dense = dense.saturating_mul(dim);
                fits
            });
        if is_dense || count == 0 {
            return (self.offset..).take(count).map(read).collect();
        }
        let mut index = vec![0_usize; self.shape.len()];
        let mut at = self.offset;
        let mut out = Vec::with_capacity(count);
        for _ in 0..count {
            out.push(read(at));
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                at += self.strides[axis];
                if index[axis] < self.shape[axis] {
                    break;
                }
                at -= self.strides[axis] * self.shape[axis];
                index[axis] = 0;
            }
        }
        out
    }
}

/// The bytes of one storage.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// As they are in the file.
    Plain(Range<usize>),
    /// Deflated; the second is the size once inflated.
    Deflated(Range<usize>, usize),
    /// Announced by the table, absent from the file.
    Absent(String),
}

/// The file and where its storages lie.
#[derive(Debug, Default)]
pub(super) struct Storages {
    pub(super) file: Vec<u8>,
    pub(super) places: Vec<Place>,
}

impl Storages {
    pub(super) fn file_bytes(&self) -> usize {
        self.file.len()
    }

    /// Counts the bytes of a storage.
    pub(super) fn size(&self, index: usize) -> usize {
        match self.places.get(index) {
            Some(Place::Plain(range)) => range.len(),
            Some(Place::Deflated(_, size)) => *size,
            Some(Place::Absent(_)) | None => 0,
        }
    }

    /// Gets the bytes of a storage.
    pub(super) fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>, Problem> {
        let absent = |what: &str| Problem::new(what, "the numbers of each tensor", DAMAGED);
        match self.places.get(index) {
            Some(Place::Plain(range)) => self
                .file
                .get(range.clone())
                .map(Cow::Borrowed)
                .ok_or_else(|| absent("a storage beyond the end of the file")),
            Some(Place::Deflated(range, size)) => {
                let packed = self.file.get(range.clone()).unwrap_or_default();
                let mut bytes = Vec::with_capacity(*size);
                let reader = flate2::read::DeflateDecoder::new(packed);
                let read = reader.take(*size as u64 + 1).read_to_end(&mut bytes);
                if read.is_err() || bytes.len() != *size {
                    return Err(Problem::damaged(
                        format!("a deflated storage of {} bytes", bytes.len()),
                        format!("{size} bytes"),
                    ));
                }
                Ok(Cow::Owned(bytes))
            }
            Some(Place::Absent(key)) => Err(absent(&format!("no storage {key}"))),
            None => Err(absent("no storage")),
        }
    }
}
