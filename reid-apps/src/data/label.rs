//! Who is on an image, and which camera took it.

use serde::{Deserialize, Serialize};

/// Numbers a person; unique within one data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(pub i32);

impl PersonId {
    /// Marks a box that shows no usable person; such files are dropped and counted.
    pub const JUNK: Self = Self(-1);
    /// Marks a person or background who is never searched for; such files stay in the gallery.
    pub const DISTRACTOR: Self = Self(0);
}

impl std::fmt::Display for PersonId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Numbers a camera; unique within one data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Camera(pub u32);

impl std::fmt::Display for Camera {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Holds the truth about one image, which is all that an evaluation needs to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Label {
    /// The person.
    pub id: PersonId,
    /// The camera.
    pub camera: Camera,
}

impl Label {
    /// Makes a label from bare numbers.
    #[must_use]
    pub const fn new(id: i32, camera: u32) -> Self {
        Self {
            id: PersonId(id),
            camera: Camera(camera),
        }
    }
}
