//! Stands for the fast path on processors that have none.

use super::{Normaliser, Recipe, RgbImage};

/// There is no value of this type.
#[derive(Debug)]
pub(super) enum Fused {}

impl Fused {
    pub(super) fn new(_: Recipe, _: &Normaliser) -> Option<Fused> {
        None
    }

    pub(super) fn write(&mut self, _: &RgbImage, _: &mut [f32], _: Option<&mut [f32]>) {
        match *self {}
    }
}
