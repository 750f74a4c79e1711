//! Chooses the AscendCL library that a command runs on.
//!
//! The simulator is never chosen silently: `auto` looks for a real library alone, and every report
//! of a simulated run says so.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use acl_sys::{Api, LoadError};

/// What the user chose by `--backend`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The library that `ACL_LIBRARY` names, else the one that the toolkit installed.
    #[default]
    Auto,
    /// The simulator inside this program.
    Simulator,
    /// The library at this path, or in this folder.
    Path(PathBuf),
}

impl FromStr for Backend {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "auto" => Self::Auto,
            "sim" => Self::Simulator,
            path => Self::Path(PathBuf::from(path)),
        })
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => write!(f, "auto"),
            Self::Simulator => write!(f, "sim"),
            Self::Path(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Tells why no library could be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The search or the named library failed.
    #[error("{0}\n(without a card: `--backend sim` runs on the simulator inside this program)")]
    Load(#[from] LoadError),
    /// This program was built without the simulator.
    #[error(
        "this program was built without the simulator: build it with the feature `sim`, \
         or name a library by --backend PATH"
    )]
    NoSimulator,
    /// The simulator cannot have this profile.
    #[error("{0}")]
    Profile(String),
}

impl Backend {
    /// Opens the library, or takes the simulator's table.
    ///
    /// # Errors
    ///
    /// [`BackendError`], which says what was looked for, where, and what to do.
    pub fn open(&self) -> Result<&'static Api, BackendError> {
        match self {
            Self::Auto => Ok(Api::find()?),
            Self::Path(path) => Ok(Api::open(path)?),
            Self::Simulator => simulator(),
        }
    }
}

#[cfg(feature = "sim")]
fn simulator() -> Result<&'static Api, BackendError> {
    Ok(ascendcl::api())
}

/// Hands what the simulator inside this program finds about wrong calls to the log, in place of
/// standard error.
pub fn log_findings() {
    #[cfg(feature = "sim")]
    ascendcl::tell_findings(Some(|line| log::warn!("{line}")));
}

/// Chooses what the simulator inside this program simulates: the name of a profile that comes with
/// it (`310p3-mgn`), or the path of a TOML file; in place of the variable `ACL_SIM_PROFILE`.
///
/// # Errors
///
/// [`BackendError::Profile`]: what is wrong with the profile, or which other one is in use already;
/// [`BackendError::NoSimulator`].
#[cfg(feature = "sim")]
pub fn choose_profile(named: &str) -> Result<(), BackendError> {
    ascendcl::choose_profile(named.as_ref()).map_err(BackendError::Profile)
}

/// There is no simulator in this program.
///
/// # Errors
///
/// [`BackendError::NoSimulator`].
#[cfg(not(feature = "sim"))]
pub fn choose_profile(_named: &str) -> Result<(), BackendError> {
    Err(BackendError::NoSimulator)
}

#[cfg(not(feature = "sim"))]
fn simulator() -> Result<&'static Api, BackendError> {
    Err(BackendError::NoSimulator)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_three_choices_are_told_apart_and_written_back() {
        for (text, backend) in [
            ("auto", Backend::Auto),
            ("sim", Backend::Simulator),
            ("/opt/x", Backend::Path("/opt/x".into())),
        ] {
            assert_eq!(text.parse::<Backend>().unwrap(), backend);
            assert_eq!(backend.to_string(), text);
        }
    }

    #[test]
    fn a_library_that_is_not_there_is_named_with_the_way_out() {
        let text = Backend::Path("/nonexistent/lib.so".into())
            .open()
            .unwrap_err()
            .to_string();
        assert!(text.contains("/nonexistent/lib.so"), "{text}");
        assert!(text.contains("no such file"), "{text}");
        assert!(text.contains("--backend sim"), "{text}");
    }
}
