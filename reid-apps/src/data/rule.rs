//! What a data set demands of its file names.

use std::fmt;

use super::Label;

/// Says what a file in a set's folder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// An image that counts.
    Keep(Label),
    /// An image that the data set itself marks as unusable: dropped and counted.
    Junk,
    /// A file that looks like an image and cannot be placed: dropped and reported.
    Reject(NameError),
    /// No image at all, such as `Thumbs.db`.
    Ignore,
}

/// Judges files by their base names.
///
/// One implementation per family of names; it is all that a scan needs to know of a data set.
pub trait NameRule: Sync {
    /// Returns a name that the rule accepts, for messages.
    fn example(&self) -> &'static str;

    /// Judges one base name.
    fn judge(&self, base_name: &str) -> Verdict;
}

/// Names the part of a file name that was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NamePart {
    /// The number of the person.
    Person,
    /// The number of the camera.
    Camera,
    /// The number of the video sequence.
    Sequence,
    /// The number of the frame.
    Frame,
    /// The number of the box in the frame.
    Box,
    /// What follows the first dot.
    Extension,
    /// The number or the characters of the fields.
    Shape,
}

impl fmt::Display for NamePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person => "the person",
            Self::Camera => "the camera",
            Self::Sequence => "the sequence",
            Self::Frame => "the frame",
            Self::Box => "the box",
            Self::Extension => "the extension",
            Self::Shape => "the shape of the name",
        })
    }
}

/// Tells which part of a file name is outside the grammar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {part} is {found:?}, wanted {wanted}; a name looks like {example}")]
pub struct NameError {
    /// The base name.
    pub name: String,
    /// The part that is wrong.
    pub part: NamePart,
    /// What stands there.
    pub found: String,
    /// What should.
    pub wanted: &'static str,
    /// A name that would do.
    pub example: &'static str,
}
