use std::path::PathBuf;

/// Why a picture could not be made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// The bytes are not a picture of this size.
    #[error("a {width}x{height} RGB picture has width * height * 3 bytes, found {found}")]
    Size {
        /// Width in picture elements.
        width: usize,
        /// Height in picture elements.
        height: usize,
        /// Bytes given.
        found: usize,
    },
    /// The PNG encoder refused the picture.
    #[error("{}: cannot encode as PNG: {source}", path.display())]
    Encode {
        /// The file that was to be written.
        path: PathBuf,
        /// What the encoder says.
        source: ::png::EncodingError,
    },
    /// The file could not be written.
    #[error("{}: cannot write the picture: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}
