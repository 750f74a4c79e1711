use serde::{Deserialize, Serialize};

use super::SynthError;

/// How many pictures to draw, and how hard to tell apart.
///
/// The default is the default difficulty: 60 people before 6 cameras, 3
/// gallery pictures each time somebody is seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Everything drawn follows from this number.
    pub seed: u64,
    /// People of the evaluation (`query/`, `bounding_box_test/`), 1 to 9999 with the training ones.
    pub identities: u32,
    /// People of `bounding_box_train/`, none of whom is in the evaluation; may be 0.
    pub train_identities: u32,
    /// Cameras, 2 to 9: the file names have one digit for them.
    pub cameras: u32,
    /// Gallery pictures of a person before one camera, 1 to 99; one query more.
    pub shots: u32,
    /// How much cameras differ: 0 not at all, 0.5 default, 1 hard.
    pub camvar: f32,
    /// Share of the background's colours drawn anew in each picture, 0 to 1. At
    /// 0 the background gives the camera away.
    pub bgmix: f32,
    /// Share of people who wear the clothes of another but for two attributes.
    pub twins: f32,
    /// Detector jitter, occluders and bystanders: 0 none, 1 default.
    pub hard: f32,
    /// Distractors (`0000_`); `None` is `identities * shots`.
    pub distractors: Option<u32>,
    /// Junk detections (`-1_`); `None` is `identities`.
    pub junk: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 7,
            identities: 60,
            train_identities: 0,
            cameras: 6,
            shots: 3,
            camvar: 0.5,
            bgmix: 0.6,
            twins: 0.3,
            hard: 1.0,
            distractors: None,
            junk: None,
        }
    }
}

impl Options {
    /// A set for looking at clothes rather than for telling people apart: whole figures in the
    /// middle of the picture, nobody's twin, cameras that differ little, no distractors, no junk.
    #[must_use]
    pub fn plain(seed: u64, identities: u32) -> Self {
        Self {
            seed,
            identities,
            shots: 1,
            camvar: 0.3,
            twins: 0.0,
            hard: 0.0,
            distractors: Some(0),
            junk: Some(0),
            ..Self::default()
        }
    }

    /// Gives the number of distractors.
    #[must_use]
    pub fn distractor_count(&self) -> u32 {
        self.distractors
            .unwrap_or(self.identities.saturating_mul(self.shots))
    }

    /// Gives the number of junk detections.
    #[must_use]
    pub fn junk_count(&self) -> u32 {
        self.junk.unwrap_or(self.identities)
    }

    /// Checks every value.
    ///
    /// # Errors
    /// [`SynthError::Option`] names the first value outside its range.
    pub fn check(&self) -> Result<(), SynthError> {
        let whole = [
            ("identities", self.identities, 1, 9999),
            ("train_identities", self.train_identities, 0, 9998),
            (
                "identities + train_identities",
                self.identities.saturating_add(self.train_identities),
                1,
                9999,
            ),
            ("cameras", self.cameras, 2, 9),
            ("shots", self.shots, 1, 99),
            ("distractors", self.distractor_count(), 0, 700_000),
            ("junk", self.junk_count(), 0, 99_999),
        ];
        for (name, found, low, high) in whole {
            if !(low..=high).contains(&found) {
                return Err(SynthError::Option {
                    name,
                    found: found.to_string(),
                    wanted: format!("a whole number from {low} to {high}"),
                });
            }
        }
        let shares = [
            ("camvar", self.camvar, 2.0),
            ("bgmix", self.bgmix, 1.0),
            ("twins", self.twins, 1.0),
            ("hard", self.hard, 2.0),
        ];
        for (name, found, high) in shares {
            // A NaN is in no range.
            if !(0.0..=high).contains(&found) {
                return Err(SynthError::Option {
                    name,
                    found: found.to_string(),
                    wanted: format!("a number from 0 to {high}"),
                });
            }
        }
        Ok(())
    }
}
