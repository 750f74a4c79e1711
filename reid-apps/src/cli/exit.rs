//! How a command ends: the exit codes, and which errors lead to which.

use std::error::Error;
use std::process::ExitCode;

/// The end of a command that did not do all it was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It ran, and something of it failed: 1.
    Ran(Box<dyn Error + Send + Sync>),
    /// The arguments ask for something impossible: 2.
    Usage(String),
    /// A library, a device or a model is absent or unusable: 3.
    Environment(Box<dyn Error + Send + Sync>),
    /// The user stopped it: 130.
    Interrupted(String),
    /// The reader of the output went away, which is no failure: 0.
    BrokenPipe,
}

impl Failure {
    pub(crate) fn ran(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Ran(error.into())
    }

    pub(crate) fn environment(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Environment(error.into())
    }

    /// Returns the text for the user, or `None` where there is nothing to say.
    pub(crate) fn message(&self) -> Option<String> {
        match self {
            Self::Ran(error) | Self::Environment(error) => Some(chain(error.as_ref())),
            Self::Usage(text) | Self::Interrupted(text) => Some(text.clone()),
            Self::BrokenPipe => None,
        }
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::BrokenPipe => 0,
            Self::Ran(_) => 1,
            Self::Usage(_) => 2,
            Self::Environment(_) => 3,
            Self::Interrupted(_) => 130,
        })
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::BrokenPipe
        } else {
            Self::Ran(error.into())
        }
    }
}

/// Joins an error with its causes, leaving out a cause whose text the error already holds.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
