//! Why a conversion fails.

use std::path::PathBuf;

use ascend_om::OmError;

/// A conversion that fails. One line: what was found, what was wanted, what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AtcError {
    /// The source cannot be read.
    #[error("{path}: cannot read it ({source}); check the path given as --model", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The result cannot be written.
    #[error("{path}: cannot write it ({source}); check the folder given by --output", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The source is not an ONNX file.
    #[error(
        "{name}: found something else than an ONNX model ({detail}); give a file exported as .onnx, with --framework=5"
    )]
    NotOnnx {
        /// The file, or the name given for the bytes.
        name: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A file that an option names does not say what it should.
    #[error("{place}: {detail}")]
    Config {
        /// The file, and the line where there is one.
        place: String,
        /// What was found and what was wanted.
        detail: String,
    },
    /// An option's value is not one that it can have.
    #[error("{name}: found \"{found}\", wanted {wanted}")]
    Option {
        /// The option.
        name: &'static str,
        /// Its value.
        found: String,
        /// What it can be.
        wanted: String,
    },
    /// A shape was given for an input that the model does not have.
    #[error("{option}: found the input name \"{found}\", wanted one of the model's: {known}")]
    UnknownInput {
        /// The option.
        option: &'static str,
        /// The name given.
        found: String,
        /// The model's inputs, with shapes.
        known: String,
    },
    /// A shape has another number of axes than the model's input.
    #[error(
        "--input_shape: found {found:?} for input \"{name}\", wanted {rank} dims as in the model's {model}"
    )]
    Rank {
        /// The input.
        name: String,
        /// The shape given.
        found: Vec<i64>,
        /// The number of axes wanted.
        rank: usize,
        /// The model's own shape.
        model: String,
    },
    /// An input has a dimension that neither the model nor an option fixes.
    #[error(
        "input \"{name}\": found the shape {model} with unknown dims, wanted all known; give --input_shape=\"{name}:…\", with numbers, or with -1 and --dynamic_batch_size, --dynamic_image_size or --dynamic_dims"
    )]
    MissingShape {
        /// The input.
        name: String,
        /// The shape as far as known.
        model: String,
    },
    /// Gears and shapes do not fit each other.
    #[error("{option}: found {found}, wanted {wanted}")]
    Gears {
        /// The option.
        option: &'static str,
        /// What was given.
        found: String,
        /// What fits.
        wanted: String,
    },
    /// The vendor's converter can do it, this one cannot.
    #[error("{what} is not supported by the simulator's converter; {instead}")]
    NotSupported {
        /// What was asked for.
        what: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// An operator or constant that the engine does not take.
    #[error("the graph cannot be converted: {detail}")]
    Graph {
        /// The operator's or constant's name and what is wrong with it.
        detail: String,
    },
    /// An operator fails on these shapes.
    #[error(
        "the graph does not run with inputs {shapes}: {detail}; check --input_shape, and whether the export fixed the batch size"
    )]
    Run {
        /// The inputs' shapes.
        shapes: String,
        /// The engine's words, with the operator's name.
        detail: String,
    },
    /// The container cannot be written.
    #[error(transparent)]
    Om(#[from] OmError),
}

impl AtcError {
    pub(crate) fn option(name: &'static str, found: &str, wanted: &str) -> Self {
        Self::Option {
            name,
            found: found.into(),
            wanted: wanted.into(),
        }
    }
}
