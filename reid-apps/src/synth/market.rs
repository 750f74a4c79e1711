use std::fs;
use std::io;
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Folder, Options, Shot, SynthError, encode_jpeg, plan};

/// Name of the file that says how the set was drawn.
pub const MANIFEST: &str = "synthetic.json";

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// People of the evaluation.
    pub identities: u32,
    /// Cameras.
    pub cameras: u32,
    /// Pictures in `query/`.
    pub query: usize,
    /// Pictures of people in `bounding_box_test/`.
    pub gallery: usize,
    /// Distractors (`0000_`) in `bounding_box_test/`.
    pub distractors: usize,
    /// Junk detections (`-1_`) in `bounding_box_test/`.
    pub junk: usize,
    /// Pictures in `bounding_box_train/`.
    pub train: usize,
}

impl Summary {
    /// Gives the number of all pictures.
    #[must_use]
    pub fn total(&self) -> usize {
        self.query + self.gallery + self.distractors + self.junk + self.train
    }
}

/// How a set was drawn, as `synthetic.json` beside its folders holds it. Its
/// presence says that the people are drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// 1.
    pub format: u32,
    /// Always true.
    pub synthetic: bool,
    /// Program and version.
    pub generator: String,
    /// The options, from which every byte follows.
    pub options: Options,
    /// What was written.
    pub summary: Summary,
}

fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> SynthError {
    move |source| SynthError::Io {
        path: path.to_owned(),
        action,
        source,
    }
}

/// Writes a file under a temporary name and renames it when it is complete.
fn write(path: &Path, bytes: &[u8]) -> Result<(), SynthError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A name that begins with a dot is outside the grammar of every reader.
    let part = path.with_file_name(format!(".{name}.part"));
    let result = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    result.map_err(|error| {
        // The half file is of no use; the first error is the one to tell.
        let _ = fs::remove_file(&part);
        failed(path, "write")(error)
    })
}

/// Says whether `root` already holds a set of the same options and generator.
fn is_ours(root: &Path, manifest: &Manifest) -> bool {
    fs::read(root.join(MANIFEST))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).ok())
        .is_some_and(|found| {
            found.options == manifest.options && found.generator == manifest.generator
        })
}

fn is_empty(folder: &Path) -> Result<bool, SynthError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(failed(folder, "read")(error)),
    }
}

fn count(options: &Options, shots: &[Shot]) -> Summary {
    let mut summary = Summary {
        identities: options.identities,
        cameras: options.cameras,
        ..Summary::default()
    };
    for shot in shots {
        let counter = match (shot.folder, shot.person) {
            (Folder::Query, _) => &mut summary.query,
            (Folder::Train, _) => &mut summary.train,
            (Folder::Gallery, 0) => &mut summary.distractors,
            (Folder::Gallery, -1) => &mut summary.junk,
            (Folder::Gallery, _) => &mut summary.gallery,
        };
        *counter += 1;
    }
    summary
}

/// Writes a Market-1501-shaped set below `root`: `query/`, `bounding_box_test/`
/// and `bounding_box_train/` with 64x128 JPEG files (4:2:0), and
/// `synthetic.json`, written first. Folders are made as needed.
///
/// The same options give the same bytes, at any number of threads; it draws on
/// rayon's current pool. Drawing again over a set of the same options
/// completes it.
///
/// # Errors
/// An option outside its range; a folder that holds anything but a set of the
/// same options; a file that cannot be written.
pub fn write_market(root: &Path, options: &Options) -> Result<Summary, SynthError> {
    write_market_with(root, options, |_| ())
}

/// Does the same as [`write_market`] and calls `done` after each picture, from
/// any thread: for a progress bar.
///
/// # Errors
/// The same as [`write_market`].
pub fn write_market_with(
    root: &Path,
    options: &Options,
    done: impl Fn(&Shot) + Sync,
) -> Result<Summary, SynthError> {
    options.check()?;
    let shots = plan(options);
    let summary = count(options, &shots);
    let manifest = Manifest {
        format: 1,
        synthetic: true,
        generator: concat!("reid-apps ", env!("CARGO_PKG_VERSION")).to_owned(),
        options: options.clone(),
        summary,
    };
    let ours = is_ours(root, &manifest);
    for folder in Folder::ALL {
        let path = root.join(folder.name());
        if !ours && !is_empty(&path)? {
            return Err(SynthError::Occupied { folder: path });
        }
        fs::create_dir_all(&path).map_err(failed(&path, "make the folder"))?;
    }
    // The manifest goes first: what an interruption leaves can be completed.
    let text = serde_json::to_vec_pretty(&manifest).expect("plain values are valid JSON");
    write(&root.join(MANIFEST), &text)?;
    shots.par_iter().try_for_each(|shot| {
        let name = shot.file_name();
        let picture = shot.scene.draw();
        let bytes = encode_jpeg(&picture, shot.scene.camera.quality).map_err(|source| {
            SynthError::Encode {
                name: name.clone(),
                source,
            }
        })?;
        write(&root.join(shot.folder.name()).join(name), &bytes)?;
        done(shot);
        Ok(())
    })?;
    Ok(summary)
}
