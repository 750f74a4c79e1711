use std::fmt;

use thiserror::Error;

use crate::graph::onnx::BuildError;

/// Says why a network cannot be built.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MgnError {
    /// The configuration describes no network.
    #[error("MGN configuration, {field}: found {found}, wanted {wanted}; change the configuration")]
    Config {
        /// The field.
        field: &'static str,
        /// What it holds.
        found: String,
        /// What it may hold.
        wanted: String,
    },
    /// The weights are not those of this architecture.
    #[error(
        "MGN weights: {0}; give weights of this architecture and width, or change the configuration to theirs"
    )]
    Weights(Differences),
    /// A tensor whose count of numbers is not that of its shape.
    #[error("MGN weights, {name}: found {found} numbers, wanted {wanted}; the tensor is damaged")]
    Count {
        /// The tensor.
        name: String,
        /// Numbers present.
        found: usize,
        /// Numbers its shape has.
        wanted: usize,
    },
    /// Bytes that are no weights.
    #[error("MGN weights: {detail}; give a safetensors file with F32 or F16 tensors")]
    Safetensors {
        /// What was found.
        detail: String,
    },
    /// Images for the calibration that do not fit.
    #[error(
        "calibration images: found {found} numbers, wanted a multiple of {wanted}, one or more times; give whole images"
    )]
    Images {
        /// Numbers given.
        found: usize,
        /// Numbers an image has.
        wanted: usize,
    },
    /// The graph does not fit together.
    #[error(transparent)]
    Graph(#[from] BuildError),
}

/// Lists how weights differ from the architecture, each list in name order.
///
/// Its `Display` is one line with the first few of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Differences {
    /// Wanted and absent, with the shape wanted.
    pub missing: Vec<(String, Vec<usize>)>,
    /// Present and unknown, with the shape found.
    pub surplus: Vec<(String, Vec<usize>)>,
    /// Present with another shape: name, shape found, shape wanted.
    pub reshaped: Vec<(String, Vec<usize>, Vec<usize>)>,
}

impl Differences {
    /// Tells whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.surplus.is_empty() && self.reshaped.is_empty()
    }
}

/// Names of each kind that the one-line form shows.
const SHOWN: usize = 4;

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = self.missing.iter().map(|(n, s)| format!("{n} {}", dims(s)));
        let surplus = self.surplus.iter().map(|(n, s)| format!("{n} {}", dims(s)));
        let reshaped = self
            .reshaped
            .iter()
            .map(|(n, found, wanted)| format!("{n} found {} wanted {}", dims(found), dims(wanted)));
        let parts: Vec<String> = [
            list("missing", missing),
            list("surplus", surplus),
            list("of another shape", reshaped),
        ]
        .into_iter()
        .flatten()
        .collect();
        if parts.is_empty() {
            return f.write_str("no differences");
        }
        f.write_str(&parts.join("; "))
    }
}

fn list(kind: &str, items: impl ExactSizeIterator<Item = String>) -> Option<String> {
    let count = items.len();
    if count == 0 {
        return None;
    }
    let shown: Vec<String> = items.take(SHOWN).collect();
    let more = count.saturating_sub(SHOWN);
    let tail = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    Some(format!("{count} {kind}: {}{tail}", shown.join(", ")))
}

fn dims(shape: &[usize]) -> String {
    if shape.is_empty() {
        return "scalar".to_owned();
    }
    let parts: Vec<String> = shape.iter().map(ToString::to_string).collect();
    parts.join("x")
}
