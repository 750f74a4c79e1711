//! What a user may state about the fused operators of a file.

use std::fmt;

/// Something that the file does not say and the user does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assumption {
    /// Fused convolutions have no dilation.
    Dilation1,
    /// Fused convolutions are padded as their framework does: TensorFlow by SAME or VALID, others equally on both sides.
    UsualPadding,
    /// A fused chain of abs, mul, mul and add over two numbers is a leaky ReLU.
    LeakyRelu,
}

impl Assumption {
    const ALL: [Self; 3] = [Self::Dilation1, Self::UsualPadding, Self::LeakyRelu];
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dilation1 => "dilation-1",
            Self::UsualPadding => "usual-padding",
            Self::LeakyRelu => "leaky-relu",
        })
    }
}

/// The assumptions that were stated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Assumptions(Vec<Assumption>);

impl Assumptions {
    /// Reads names with commas between.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let named = |name: &str| {
            let found = Assumption::ALL.into_iter().find(|a| a.to_string() == name);
            found.ok_or_else(|| {
                let all: Vec<String> = Assumption::ALL.iter().map(ToString::to_string).collect();
                format!(
                    "ACL_SIM_ASSUME names {name:?}, wanted some of {}",
                    all.join(", ")
                )
            })
        };
        let names = text.split(',').map(str::trim).filter(|n| !n.is_empty());
        names.map(named).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn hold(&self, assumption: Assumption) -> bool {
        self.0.contains(&assumption)
    }
}
