//! What is simulated: the chip, its memory, its limits, and how long it takes.
//!
//! A profile is data: `ACL_SIM_PROFILE` names a TOML file, or one that comes with the simulator
//! (`310p3`, the default; `300i-duo`, `310p3-mgn`, `310p3-dgnet`). What the public documents do not
//! give is this project's choice, and marked so in the files.
//!
//! A profile that cannot be read fails `aclInit`; what is asked before that gets the default.

use std::ffi::{CString, OsStr, OsString};
use std::path::Path;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use acl_sys::{ACL_ERROR_INVALID_FILE, ACL_ERROR_PARSE_FILE};
use serde::Deserialize;

use super::failure::{Failure, Result, fail};

/// A kind of device.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Profile {
    pub(crate) name: String,
    /// What `aclrtGetSocName` answers.
    pub(crate) soc: CString,
    /// Chips that the process sees, after `ASCEND_RT_VISIBLE_DEVICES`.
    pub(crate) chips: u32,
    /// Bytes of device memory per chip.
    pub(crate) memory: usize,
    /// Streams per chip, the default ones included.
    pub(crate) streams: usize,
    /// Events per chip.
    pub(crate) events: usize,
    /// The interface's version: major, minor, patch (that of the headers).
    pub(crate) version: (i32, i32, i32),
    /// The program runs on the device itself (`aclrtGetRunMode` answers 0): its memory is the
    /// device's.
    pub(crate) on_device: bool,
    /// The release of CANN that is imitated.
    pub(crate) cann: Cann,
    /// How long things take; `None` while timing is off.
    pub(crate) timing: Option<Timing>,
}

/// A release of CANN, as far as releases differ here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cann(u32, u32);

impl std::fmt::Display for Cann {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl Cann {
    /// The oldest release that is imitated.
    pub(crate) const OLDEST: Self = Self(5, 1);
    const NEWEST: Self = Self(8, 0);

    pub(crate) const fn new(major: u32, minor: u32) -> Self {
        Self(major, minor)
    }

    /// Whether all functions of the headers are there.
    pub(crate) fn is_newest(self) -> bool {
        self >= Self::NEWEST
    }

    /// Reads the first two numbers of "5.1", "5.1.RC2", "6.0.1", "8.0".
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut number = || parts.next()?.parse().ok();
        Some(Self(number()?, number()?))
    }

    /// Whether each `aclrtSetDevice` needs an `aclrtResetDevice` of its own; up to 6.x one reset
    /// ended the use of a device.
    pub(crate) fn counts_resets(self) -> bool {
        self >= Self(7, 0)
    }

    /// Whether `aclInit` may follow `aclFinalize`.
    pub(crate) fn may_begin_again(self) -> bool {
        self >= Self(8, 0)
    }

    /// Whether copies know the kind "by the addresses" (4).
    pub(crate) fn has_default_copies(self) -> bool {
        self >= Self(8, 0)
    }
}

/// How long a device takes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Timing {
    #[serde(default)]
    model: Vec<ModelTime>,
    copy: Option<CopyTime>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelTime {
    /// The model's name; a `*` at the end stands for any rest.
    name: String,
    /// Batch size and images per second, by rising batch size.
    images_per_second: Vec<(u32, f64)>,
    /// Where the figures are from.
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct CopyTime {
    latency_us: f64,
    gib_per_second: f64,
}

impl Timing {
    /// Returns how long a run of a model takes; `None` when the profile does not say.
    ///
    /// Between two batch sizes the time of a run is interpolated; outside it is in proportion.
    pub(crate) fn run(&self, model: &str, batch: u32) -> Option<Duration> {
        let matches = |pattern: &str| match pattern.strip_suffix('*') {
            Some(start) => model.starts_with(start),
            None => model == pattern,
        };
        let table = &self.model.iter().find(|entry| matches(&entry.name))?;
        let seconds = |(size, rate): (u32, f64)| f64::from(size) / rate;
        let rows = &table.images_per_second;
        let above = rows.iter().position(|row| row.0 >= batch);
        let time = match above {
            Some(i) if i > 0 => {
                let (low, high) = (rows[i - 1], rows[i]);
                let part = f64::from(batch - low.0) / f64::from(high.0 - low.0);
                seconds(low) + part * (seconds(high) - seconds(low))
            }
            Some(i) => f64::from(batch) / rows[i].1,
            None => f64::from(batch) / rows.last()?.1,
        };
        Duration::try_from_secs_f64(time).ok()
    }

    /// Returns how long a copy between host and device takes.
    pub(crate) fn copy(&self, bytes: usize) -> Option<Duration> {
        let copy = self.copy.as_ref()?;
        #[allow(clippy::cast_precision_loss)] // a time needs no 53 bits
        let seconds =
            copy.latency_us / 1e6 + bytes as f64 / (copy.gib_per_second * 1_073_741_824.0);
        Duration::try_from_secs_f64(seconds).ok()
    }
}

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    soc: String,
    chips: u32,
    memory_mib: usize,
    streams: usize,
    events: usize,
    #[serde(default)]
    on_device: bool,
    #[serde(default = "newest")]
    cann: String,
    timing: Option<Timing>,
}

fn newest() -> String {
    "8.0".to_owned()
}

/// Reads TOML; a mistake is told in one line, with its place.
pub(crate) fn read_toml<T: serde::de::DeserializeOwned>(
    text: &str,
) -> std::result::Result<T, String> {
    toml::from_str(text).map_err(|error| {
        let place = error.span().and_then(|span| text.get(..span.start));
        let line = 1 + place.map_or(0, |before| before.matches('\n').count());
        format!("line {line}: {}", error.message())
    })
}

/// The profiles that come with the simulator.
const SHIPPED: [(&str, &str); 4] = [
    ("310p3", include_str!("../../profiles/310p3.toml")),
    ("300i-duo", include_str!("../../profiles/300i-duo.toml")),
    ("310p3-mgn", include_str!("../../profiles/310p3-mgn.toml")),
    (
        "310p3-dgnet",
        include_str!("../../profiles/310p3-dgnet.toml"),
    ),
];

/// The most chips of a profile, because handles and memory are laid out for as many.
const MOST_CHIPS: u32 = 16;

impl Profile {
    fn parse(text: &str) -> std::result::Result<Self, String> {
        let file: File = read_toml(text)?;
        if !(1..=MOST_CHIPS).contains(&file.chips) {
            return Err(format!("chips is {}, wanted 1 to {MOST_CHIPS}", file.chips));
        }
        let memory = file
            .memory_mib
            .checked_mul(1 << 20)
            .filter(|memory| *memory > 0);
        let memory = memory.ok_or_else(|| format!("memory_mib is {}", file.memory_mib))?;
        let timing = file.timing.unwrap_or_default();
        for model in &timing.model {
            let rows = &model.images_per_second;
            let sorted = rows.windows(2).all(|pair| pair[0].0 < pair[1].0);
            let sound = rows
                .iter()
                .all(|row| row.0 > 0 && row.1 > 0.0 && row.1.is_finite());
            if rows.is_empty() || !sorted || !sound {
                return Err(format!(
                    "images_per_second of model {:?} is {rows:?}, wanted [batch, rate] pairs above \
                     0 with rising batches",
                    model.name
                ));
            }
        }
        if let Some(copy) = &timing.copy
            && !(copy.latency_us >= 0.0 && copy.gib_per_second > 0.0)
        {
            return Err(format!(
                "the times of copies are {copy:?}, wanted figures above 0"
            ));
        }
        Ok(Self {
            soc: CString::new(file.soc).map_err(|_| "soc has a NUL in it".to_owned())?,
            name: file.name,
            chips: file.chips,
            memory,
            streams: file.streams,
            events: file.events,
            version: (1, 17, 0),
            on_device: file.on_device,
            cann: Cann::parse(&file.cann)
                .filter(|cann| *cann >= Cann::OLDEST)
                .ok_or_else(|| {
                    format!("cann is {:?}, wanted a release from \"5.1\" on", file.cann)
                })?,
            timing: Some(timing),
        })
    }

    fn shipped(name: &str) -> Option<Self> {
        let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
        Some(Self::parse(text).expect("a test parses each profile that is shipped"))
    }

    fn find(named: Option<OsString>) -> Result<Self> {
        let Some(named) = named.filter(|named| !named.is_empty()) else {
            return Ok(Self::shipped("310p3").expect("it is shipped"));
        };
        if let Some(profile) = named.to_str().and_then(Self::shipped) {
            return Ok(profile);
        }
        let path = Path::new(&named);
        let text = std::fs::read_to_string(path).map_err(|error| {
            let names: Vec<_> = SHIPPED.iter().map(|(name, _)| *name).collect();
            fail!(
                ACL_ERROR_INVALID_FILE,
                "ACL_SIM_PROFILE is {}: {error}; name a TOML file, or one of {}",
                path.display(),
                names.join(", ")
            )
        })?;
        Self::parse(&text).map_err(|error| {
            fail!(
                ACL_ERROR_PARSE_FILE,
                "ACL_SIM_PROFILE is {}: {}",
                path.display(),
                error.trim_end()
            )
        })
    }
}

/// Counts the devices that `ASCEND_RT_VISIBLE_DEVICES` leaves of `chips`: a list of rising numbers,
/// which is read up to the first that is none, too large or out of order. They are numbered anew
/// from 0.
fn visible(list: &str, chips: u32) -> u32 {
    let mut last = None;
    let good = list.split(',').map_while(|token| {
        let id: u32 = token.trim().parse().ok()?;
        let rising = last.is_none_or(|last| id > last);
        last = Some(id);
        (rising && id < chips).then_some(())
    });
    u32::try_from(good.count()).unwrap_or(chips)
}

fn is_on(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0")
}

/// What a program chose in place of `ACL_SIM_PROFILE`.
static CHOSEN: OnceLock<OsString> = OnceLock::new();

/// Chooses the profile of this process, by a shipped name or a path, in place of `ACL_SIM_PROFILE`.
pub(crate) fn choose(named: &OsStr) -> std::result::Result<(), String> {
    // A profile with a mistake must not become the process's.
    let wanted = Profile::find(Some(named.to_owned()))
        .map_err(|failure| failure.text.replacen("ACL_SIM_PROFILE", "the profile", 1))?;
    CHOSEN.get_or_init(|| named.to_owned());
    if FOUND.1.is_none() && FOUND.0 == finish(wanted) {
        return Ok(());
    }
    Err(format!(
        "the profile is {}, but the simulator of this process runs with {} already; choose one for \
         the whole process, before its first use",
        named.display(),
        FOUND.0.name
    ))
}

/// The profile, and why it is not the one that was asked for.
static FOUND: LazyLock<(Profile, Option<Failure>)> = LazyLock::new(|| {
    let chosen = CHOSEN.get().cloned();
    match Profile::find(chosen.or_else(|| std::env::var_os("ACL_SIM_PROFILE"))) {
        Ok(profile) => (finish(profile), None),
        Err(failure) => {
            let default = Profile::shipped("310p3").expect("it is shipped");
            (finish(default), Some(failure))
        }
    }
});

/// Adds what other variables say.
fn finish(mut profile: Profile) -> Profile {
    if let Ok(list) = std::env::var("ASCEND_RT_VISIBLE_DEVICES") {
        profile.chips = visible(&list, profile.chips);
    }
    profile.timing = profile.timing.filter(|_| is_on("ACL_SIM_TIMING"));
    profile
}

/// Returns the profile of this process.
pub(crate) fn profile() -> &'static Profile {
    &FOUND.0
}

/// Fails when the profile that was asked for could not be had.
pub(crate) fn check() -> Result<()> {
    FOUND.1.clone().map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_profile_that_is_shipped_can_be_read_and_bears_its_name() {
        for (name, text) in SHIPPED {
            assert_eq!(Profile::parse(text).unwrap().name, name);
        }
    }

    #[test]
    fn a_profile_with_a_mistake_is_refused_by_line_or_by_field() {
        let good = SHIPPED[0].1;
        let cases = [
            (good.replace("chips = 1", "chips = 17"), "chips is 17"),
            (
                good.replace("chips = 1", "chip = 1"),
                "unknown field `chip`",
            ),
            (good.replace("streams = 1024", "streams = -1"), "line 11"),
            (format!("{good}\ncann = \"eight\""), "cann is \"eight\""),
            (good.replace("21504", "0"), "memory_mib is 0"),
            (
                format!(
                    "{good}\n[[timing.model]]\nname='m'\nsource=''\nimages_per_second=[[4,1.0],[2,1.0]]"
                ),
                "rising batches",
            ),
        ];
        for (text, wanted) in cases {
            let error = Profile::parse(&text).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn the_time_of_a_run_goes_by_the_table_and_between_its_rows() {
        let timing: Timing = toml::from_str(
            "[[model]]\nname = 'mgn*'\nsource = ''\nimages_per_second = [[1, 100.0], [4, 200.0]]",
        )
        .unwrap();
        let ms = |batch| timing.run("mgn_bs4", batch).unwrap().as_secs_f64() * 1e3;
        for (batch, wanted) in [(1, 10.0), (4, 20.0), (2, 10.0 + 10.0 / 3.0), (8, 40.0)] {
            assert!((ms(batch) - wanted).abs() < 1e-6, "{batch}: {}", ms(batch));
        }
        assert_eq!(timing.run("dgnet", 1), None);
    }

    #[test]
    fn visible_devices_are_read_up_to_the_first_bad_one() {
        let cases = [
            ("0", 1),
            ("1,3", 2),
            ("0,1,2,3", 4),
            ("2,1", 1),
            ("0,x,2", 1),
            ("7", 0),
            ("", 0),
        ];
        for (list, wanted) in cases {
            assert_eq!(visible(list, 4), wanted, "{list:?}");
        }
    }

    #[test]
    fn releases_are_compared_by_number() {
        let parse = |text| Cann::parse(text).unwrap();
        assert!(parse("5.1.RC2") < parse("6.0.1"));
        assert!(parse("10.0") > parse("8.0"));
        assert!(!parse("6.3.RC1").counts_resets() && parse("8.0").counts_resets());
        assert!(Cann::parse("six").is_none());
    }
}
