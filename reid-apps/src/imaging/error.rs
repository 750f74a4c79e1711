//! What can be wrong with an image.

/// Tells which file could not be used, and why.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct ImageError {
    /// The path as it was given, or `image in memory`.
    pub file: String,
    /// What was found, what was wanted, and what to do.
    #[source]
    pub problem: ImageProblem,
}

/// Tells what is wrong with one image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageProblem {
    /// The file could not be opened or read.
    #[error("cannot be read: {0}; check the path and its permissions")]
    Read(#[source] std::io::Error),
    /// The file has no bytes.
    #[error("empty file; copy it again from its source")]
    Empty,
    /// The content is of no known kind.
    #[error(
        "not an image: starts with {found}; expected JPEG, PNG, BMP or PNM; remove it or replace it"
    )]
    NotAnImage {
        /// The first bytes, as hexadecimal numbers and as text.
        found: String,
    },
    /// The content is an image of a kind that is not read.
    #[error("{format} image with {found} is not supported; convert it to RGB JPEG or PNG")]
    Unsupported {
        /// The kind of file.
        format: &'static str,
        /// The property in the way.
        found: String,
    },
    /// The file ends before the image does.
    #[error("truncated {format}: {found}; copy it again from its source")]
    Truncated {
        /// The kind of file.
        format: &'static str,
        /// How far it could be read.
        found: String,
    },
    /// The file has its end, but what is inside contradicts itself.
    #[error("corrupt {format}: {found}; copy it again from its source")]
    Corrupt {
        /// The kind of file.
        format: &'static str,
        /// What the decoder stumbled over.
        found: String,
    },
    /// The image claims more pixels than any real one has.
    #[error(
        "{width} x {height} pixels, at most {} are read; scale it down",
        super::MAX_PIXELS
    )]
    TooLarge {
        /// Pixels a row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// Pixels that contradict their own description.
    #[error("the pixels: found {found}, wanted {wanted}")]
    Pixels {
        /// What there is.
        found: String,
        /// What there should be.
        wanted: String,
    },
    /// The caller's slice does not have the length of the tensor.
    #[error(
        "the output has room for {found} numbers, the recipe writes {wanted}; size it by output_len()"
    )]
    OutputLength {
        /// The slice's length.
        found: usize,
        /// Channels times height times width.
        wanted: usize,
    },
}

impl ImageProblem {
    /// Names the file.
    pub(crate) fn of(self, file: &str) -> ImageError {
        ImageError {
            file: file.to_owned(),
            problem: self,
        }
    }
}
