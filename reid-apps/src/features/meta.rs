//! `meta.json`: where features come from and which row is whom.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::{Camera, Item, Label, PersonId};
use crate::files::hex;

/// The version of the folder's layout that this program writes and reads.
pub const FORMAT: u32 = 1;

/// Holds `meta.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// The layout's version, [`FORMAT`].
    pub format: u32,
    /// Where the features come from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// The rows of both sets and the hashes of their files.
    pub sets: Sets,
}

/// Tells where features come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Names the extraction; hexadecimal, see [`new_run_id`].
    pub run: String,
    /// Whether a simulator stood in for the card.
    pub simulated: bool,
    /// What the model ran on.
    pub device: DeviceInfo,
    /// The model.
    pub model: ModelInfo,
    /// The images.
    pub data: DataInfo,
    /// Images that have no row, and why.
    #[serde(default)]
    pub failed: Vec<FailedImage>,
    /// The program that wrote the folder.
    pub tool: ToolInfo,
}

/// Tells what a model ran on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// The chip's name as the runtime gives it.
    pub soc: String,
    /// The path of the runtime library, or `in process`.
    pub library: String,
    /// The runtime's version.
    pub version: String,
}

/// Tells which model ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// The file's name.
    pub file: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Numbers in one row.
    pub dim: usize,
    /// Images in one execution.
    pub batch: usize,
}

/// Tells which images were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataInfo {
    /// The root folder as it was given.
    pub root: String,
    /// The data set's protocol, such as `market1501`.
    pub protocol: String,
}

/// Names an image without features.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedImage {
    /// The file.
    pub file: String,
    /// The reason, in one line.
    pub error: String,
}

/// Names a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Default for ToolInfo {
    fn default() -> Self {
        Self {
            name: "reid".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// Holds what `meta.json` says of both sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sets {
    /// The images that are searched for.
    pub query: SetMeta,
    /// The images that are searched.
    pub gallery: SetMeta,
}

/// Holds what `meta.json` says of one set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetMeta {
    /// One entry per row, in order.
    pub rows: Vec<Row>,
    /// SHA-256 of the plain features' file, hexadecimal.
    pub plain_sha256: String,
    /// SHA-256 of the mirrored features' file, hexadecimal.
    pub flip_sha256: String,
}

/// Says whom one row shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The image's name in its set, unique there.
    pub name: String,
    /// The person.
    pub id: PersonId,
    /// The camera.
    pub camera: Camera,
}

impl Row {
    /// Returns person and camera.
    #[must_use]
    pub fn label(&self) -> Label {
        Label {
            id: self.id,
            camera: self.camera,
        }
    }
}

impl From<&Item> for Row {
    fn from(item: &Item) -> Self {
        Self {
            name: item.name.clone(),
            id: item.label.id,
            camera: item.label.camera,
        }
    }
}

/// Makes a name for a new extraction: 16 hexadecimal digits from the clock and the process.
///
/// It only has to tell runs apart; whether files belong together is decided by their hashes.
#[must_use]
pub fn new_run_id() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let seed = format!("{}.{}", now.as_nanos(), std::process::id());
    hex(&Sha256::digest(seed.as_bytes())[..8])
}
