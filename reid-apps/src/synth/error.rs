use std::path::PathBuf;

/// Why a data set could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SynthError {
    /// An option is outside its range.
    #[error("option {name} is {found}, wanted {wanted}")]
    Option {
        /// Name of the field of [`Options`](super::Options).
        name: &'static str,
        /// Its value.
        found: String,
        /// Its range.
        wanted: String,
    },
    /// The folder holds files of something else.
    #[error(
        "{}: holds files that this data set would mix with; name an empty folder or remove it",
        folder.display()
    )]
    Occupied {
        /// The folder.
        folder: PathBuf,
    },
    /// A file or folder could not be made.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// The JPEG encoder refused a picture.
    #[error("{name}: cannot encode as JPEG: {source}")]
    Encode {
        /// File name of the picture.
        name: String,
        /// What the encoder says.
        source: std::io::Error,
    },
}
