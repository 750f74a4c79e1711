//! Modelled time: with `ACL_SIM_TIMING=1` work takes as long as the profile says, or as long as it
//! really takes here if that is longer.

use std::time::{Duration, Instant};

use super::profile::{Timing, profile};

/// How much of a modelled time is not slept.
const AWAKE: Duration = Duration::from_micros(120);

/// Measures a piece of work, and makes up the rest.
pub(crate) struct Clock(Option<(&'static Timing, Instant)>);

impl Clock {
    /// Begins; costs nothing while timing is off.
    pub(crate) fn start() -> Self {
        Self(
            profile()
                .timing
                .as_ref()
                .map(|timing| (timing, Instant::now())),
        )
    }

    /// Ends a run of a model; its batch is the first dim of its first input.
    pub(crate) fn model(self, name: &str, first: Option<&Vec<i64>>) {
        let batch = first
            .and_then(|dims| u32::try_from(*dims.first()?).ok())
            .unwrap_or(1);
        self.end(|timing| timing.run(name, batch));
    }

    /// Ends a copy between host and device.
    pub(crate) fn copy(self, bytes: usize) {
        self.end(|timing| timing.copy(bytes));
    }

    fn end(self, modelled: impl FnOnce(&Timing) -> Option<Duration>) {
        let Some((timing, begin)) = self.0 else {
            return;
        };
        let Some(time) = modelled(timing) else { return };
        // A sleep ends late, by more than a per cent of a short run: the last part is waited for
        // awake, so that a modelled time is kept to.
        if let Some(left) = time.checked_sub(begin.elapsed() + AWAKE) {
            std::thread::sleep(left);
        }
        while begin.elapsed() < time {
            std::hint::spin_loop();
        }
    }
}
