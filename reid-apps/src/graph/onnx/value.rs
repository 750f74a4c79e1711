use std::fmt;

/// The first dimension of a network's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Batch {
    /// A batch size written into the file.
    Fixed(usize),
    /// Any batch size; the dimension is called `batch` in the file.
    Dynamic,
}

/// One dimension of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dim {
    /// The dynamic batch.
    Batch,
    /// A known number.
    Fixed(usize),
}

impl Dim {
    /// The number, or `None` for the dynamic batch.
    #[must_use]
    pub fn fixed(self) -> Option<usize> {
        match self {
            Dim::Batch => None,
            Dim::Fixed(size) => Some(size),
        }
    }
}

impl From<Batch> for Dim {
    fn from(batch: Batch) -> Dim {
        match batch {
            Batch::Fixed(size) => Dim::Fixed(size),
            Batch::Dynamic => Dim::Batch,
        }
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Batch => f.write_str("batch"),
            Dim::Fixed(size) => write!(f, "{size}"),
        }
    }
}

/// A tensor of a graph under construction.
///
/// A handle, good only for the [`Builder`](super::Builder) that returned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value(pub(super) usize);

/// Writes a shape as `batchx3x384x128`.
pub(super) fn show(shape: &[Dim]) -> String {
    if shape.is_empty() {
        return "a scalar".to_owned();
    }
    let parts: Vec<String> = shape.iter().map(ToString::to_string).collect();
    parts.join("x")
}
