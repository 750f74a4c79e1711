//! What can be wrong with a file.

/// A file that cannot be read as what it should be.
///
/// Every variant says where (byte offset from the start of the file, where it is known), what was found, what was
/// wanted, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OmError {
    /// The file does not begin like an `.om`.
    #[error("byte 0: found {found}, wanted the .om magic \"IMOD\"; {hint}")]
    NotOm {
        /// What the first bytes look like.
        found: String,
        /// What to do.
        hint: &'static str,
    },
    /// The file ends before something it announces, or holds more than it announces.
    #[error(
        "byte {offset}: {what}: found {found} bytes, wanted {wanted}; the file is truncated or damaged, copy or convert it again"
    )]
    Size {
        /// Byte offset where the announced thing starts.
        offset: u64,
        /// What it is.
        what: String,
        /// Bytes present.
        found: u64,
        /// Bytes announced.
        wanted: u64,
    },
    /// A field holds a value that no file has.
    #[error(
        "byte {offset}: {what}: found {found}, wanted {wanted}; the file is damaged or of an unknown kind"
    )]
    Field {
        /// Byte offset of the field.
        offset: u64,
        /// Name of the field.
        what: &'static str,
        /// Value present.
        found: u64,
        /// Values allowed.
        wanted: &'static str,
    },
    /// The header says that the contents are encrypted.
    #[error(
        "byte 80: the file says it is encrypted ({0}); it cannot be inspected, use the plain .om or the ONNX it was made from"
    )]
    Encrypted(u8),
    /// A partition that is needed is absent.
    #[error("no {what} partition: found {found}, wanted it; convert the model again")]
    MissingPartition {
        /// Name of the partition.
        what: &'static str,
        /// Names of the partitions present.
        found: String,
    },
    /// A protobuf message that cannot be decoded.
    #[error(
        "{what}: found bytes that are not such a message ({detail}); the file is damaged or of another kind"
    )]
    Proto {
        /// What was decoded.
        what: String,
        /// The decoder's words.
        detail: String,
    },
    /// A message that would need far more memory than its size justifies.
    #[error(
        "{what}: found {found} bytes once decoded, wanted at most {wanted}; the file is hostile or damaged"
    )]
    TooLarge {
        /// What was decoded.
        what: &'static str,
        /// Bytes it would need.
        found: u64,
        /// The limit.
        wanted: u64,
    },
    /// Something that a model must have is absent.
    #[error("model description: {0}")]
    Model(String),
}

impl OmError {
    pub(crate) fn proto(what: &str, error: &prost::DecodeError) -> Self {
        Self::Proto {
            what: what.into(),
            detail: error.to_string(),
        }
    }
}
