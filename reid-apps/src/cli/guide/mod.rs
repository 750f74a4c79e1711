//! The steps of the vendor's guide as commands: `reid mgn save-bin`, `info`, `evaluate-om`, and
//! `reid prepare`.

pub(super) mod evaluate_om;
pub(super) mod info;
pub(super) mod prepare;
pub(super) mod save_bin;

use super::exit::Failure;
use crate::guide::GuideError;

fn failure(error: GuideError) -> Failure {
    match error {
        GuideError::Interrupted { .. } => Failure::Interrupted(error.to_string()),
        other => Failure::ran(other),
    }
}
