//! The numbers that C functions return.

use std::fmt;

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

    /// Says what usually helps; `None` where there is no general advice.
    #[must_use]
    pub fn cure(self) -> Option<&'static str> {
        Some(match self.0 {
            100_001 => {
                "keep the Runtime alive while AscendCL is used, and finalize only at the end"
            }
            100_003 | 145_002 => "check that the path exists and can be read by this user",
            100_012 | 100_013 | 145_000 | 145_006 | 545_002..=545_005 => {
                "the file is cut short or corrupt, or was compiled for another CANN release: \
                 compile the model again with this release's atc"
            }
            100_039 => {
                "a link-time stub was loaded: point ACL_LIBRARY or LD_LIBRARY_PATH to the lib64 \
                 folder of the toolkit, not to devlib or stub"
            }
            107_001 | 200_002 => {
                "see the device ids with `npu-smi info`; ASCEND_RT_VISIBLE_DEVICES renumbers them \
                 from 0"
            }
            107_002 => {
                "the thread has no context, or the host reset the device: keep the device set \
                 while this library works"
            }
            145_013 => "use one of the sizes that the model was compiled for",
            200_001 | 200_006 | 207_000 => {
                "this chip, driver or CANN release lacks it: update CANN, or do without"
            }
            200_000 | 207_001 | 207_018 | 245_000 => {
                "free device memory, use a smaller batch, or see who else uses the card with \
                 `npu-smi info`"
            }
            207_004 => {
                "no device is visible: check the driver with `npu-smi info`, and the \
                        permissions of /dev/davinci*"
            }
            207_006 => "add the user to the group of the driver (HwHiAiUser), then log in again",
            207_008 => "the chip is out of streams: close some, or use fewer at once",
            507_008 => {
                "the model was compiled for another chip: pass this chip's name to atc as \
                        --soc_version"
            }
            507_010 | 507_899 | 507_901 => {
                "the device is gone: see `npu-smi info` and the driver's log (dmesg), then reset it"
            }
            507_014..=507_018 => "see the device log in ~/ascend/log for the operator that failed",
            _ => return None,
        })
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
