//! The numbers that C functions return.

use std::fmt;

use crate::explain::{self, Explanation, Language};
use crate::tables;

/// A status of the C API. A number that this crate does not know stays that number.
///
/// ```
/// let status = acl::Status(107_002);
/// assert_eq!(status.name(), Some("ACL_ERROR_RT_CONTEXT_NULL"));
/// assert_eq!(status.to_string(), "ACL_ERROR_RT_CONTEXT_NULL (107002)");
/// assert_eq!(acl::Status(424_242).to_string(), "unknown status (424242)");
/// ```
///
/// **Source**: `acl/acl_base.h`, `acl/error_codes/rt_error_codes.h`, `ge_error_codes.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Status(pub i32);

impl Status {
    /// Success.
    pub const SUCCESS: Self = Self(0);
    /// The library was initialised before, by this process.
    pub const REPEAT_INITIALIZE: Self = Self(100_002);
    /// The library was finalized before.
    pub const REPEAT_FINALIZE: Self = Self(100_037);
    /// The thread has no context.
    pub const CONTEXT_NULL: Self = Self(107_002);

    fn row(self) -> Option<&'static (i32, &'static str, &'static str)> {
        let found = tables::STATUS.binary_search_by_key(&self.0, |row| row.0);
        found.ok().map(|index| &tables::STATUS[index])
    }

    /// Returns the constant's name in the headers; `None` for an unknown number.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.row().map(|row| row.1)
    }

    /// Says in a few words what the status means; `None` for an unknown number.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        self.row().map(|row| row.2)
    }

    /// Says what usually helps; `None` for success and for an unknown number.
    #[must_use]
    pub fn cure(self) -> Option<&'static str> {
        let found = self.explain(Language::English)?;
        (self != Self::SUCCESS).then_some(found.cure)
    }

    /// Explains the status: what it means, what usually causes it, what helps; `None` for an unknown number.
    ///
    /// ```
    /// use acl::{Language, Status};
    /// let found = Status(207_001).explain(Language::English).unwrap();
    /// assert!(found.cure.contains("npu-smi info"));
    /// assert_eq!(Status(207_001).explain(Language::Chinese).unwrap().meaning, "设备内存不足");
    /// ```
    #[must_use]
    pub fn explain(self, language: Language) -> Option<Explanation> {
        explain::find(self.0, language)
    }

    /// Finds a status by its constant's name, with or without `ACL_ERROR_`, in any case.
    ///
    /// ```
    /// assert_eq!(acl::Status::by_name("rt_context_null"), Some(acl::Status(107_002)));
    /// ```
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_uppercase();
        // Names that headers of old releases misspelt, or that newer ones replaced.
        let name = match name.strip_prefix("ACL_ERROR_").unwrap_or(&name) {
            "NONE" | "ACL_RT_SUCCESS" => "ACL_SUCCESS",
            "RT_FEATURE_NOT_SUPPROT" => "RT_FEATURE_NOT_SUPPORT",
            "RT_INTERNEL_ERROR" => "RT_INTERNAL_ERROR",
            "RT_DRV_INTERNEL_ERROR" => "RT_DRV_INTERNAL_ERROR",
            "GE_TRANSSHAPE_FORMAT_INVALID" => "GE_FORMAT_INVALID",
            "GE_TRANSSHAPE_SHAPE_INVALID" => "GE_SHAPE_INVALID",
            "GE_TRANSSHAPE_DATATYPE_INVALID" => "GE_DATATYPE_INVALID",
            _ => &name,
        };
        let same = |row: &&(i32, &str, &str)| {
            row.1 == name || row.1.strip_prefix("ACL_ERROR_") == Some(name)
        };
        tables::STATUS.iter().find(same).map(|row| Self(row.0))
    }

    /// Returns all statuses that have a name, in order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        tables::STATUS.iter().map(|row| Self(row.0))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({})",
            self.name().unwrap_or("unknown status"),
            self.0
        )
    }
}
