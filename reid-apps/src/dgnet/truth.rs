//! What a swap of drawn people must look like, which no photographs can tell.

use std::collections::BTreeMap;

use super::picture::denormalise;
use crate::imaging::{ImageError, Preprocessor, Recipe, Resizer, RgbImage};
use crate::synth::{Options, Scene, plan};
use crate::view::Picture;

/// The scenes of a drawn set by the names of its files.
#[derive(Debug, Clone)]
pub struct Truth {
    scenes: BTreeMap<String, Scene>,
}

impl Truth {
    /// Plans the set that `options` describe; nothing is drawn yet.
    #[must_use]
    pub fn of(options: &Options) -> Truth {
        let named = |shot: crate::synth::Shot| (shot.file_name(), shot.scene);
        Truth {
            scenes: plan(options).into_iter().map(named).collect(),
        }
    }

    /// Returns the scene of a file, such as `0002_c1s1_000451_03.jpg`.
    #[must_use]
    pub fn scene(&self, name: &str) -> Option<&Scene> {
        self.scenes.get(name)
    }

    /// Returns the structure's scene in the content's clothes; both by the names of their files.
    #[must_use]
    pub fn swap(&self, structure: &str, content: &str) -> Option<Scene> {
        Some(self.scene(structure)?.dressed_as(self.scene(content)?))
    }
}

/// Brings a picture to the size that the network reads and draws, as its inputs are brought there.
#[must_use]
pub fn resized(picture: &Picture, width: usize, height: usize) -> Option<Picture> {
    let (from_width, from_height) = (picture.width(), picture.height());
    if from_width * from_height * width * height == 0 {
        return None;
    }
    let image = RgbImage::from_bytes(from_width, from_height, picture.rgb().to_vec())?;
    let mut out = RgbImage::new();
    Resizer::new().resize(&image, width, height, &mut out);
    Picture::new(width, height, out.into_bytes()).ok()
}

/// Shows a structure image as the network gets it: 256 x 128 without colours.
///
/// # Errors
/// [`ImageError`] for a file that cannot be read.
pub fn as_structure(path: &std::path::Path) -> Result<Option<Picture>, ImageError> {
    let recipe = Recipe::DGNET_STRUCTURE;
    let mut grey = vec![0.0; recipe.output_len()];
    Preprocessor::new(recipe).run_file(path, &mut grey, None)?;
    Ok(denormalise(&grey.repeat(3), recipe.height, recipe.width).ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_swap_changes_the_clothes_and_nothing_else() {
        let options = Options {
            train_identities: 3,
            ..Options::plain(7, 1)
        };
        let truth = Truth::of(&options);
        let shots: Vec<_> = plan(&options)
            .into_iter()
            .filter(|shot| shot.person > 1)
            .collect();
        let other = shots.iter().find(|s| s.person != shots[0].person).unwrap();
        let (structure, content) = (shots[0].file_name(), other.file_name());
        let swapped = truth.swap(&structure, &content).unwrap();
        let clothes = |scene: &Scene| scene.subject.unwrap().identity.appearance;
        assert_eq!(clothes(&swapped), clothes(&other.scene));
        assert_ne!(clothes(&swapped), clothes(&shots[0].scene));
        // Putting the own clothes back gives the own scene: nothing else was touched.
        assert_eq!(swapped.dressed_as(&shots[0].scene), shots[0].scene);
        assert_eq!(
            truth.swap(&structure, &structure).as_ref(),
            truth.scene(&structure)
        );
        assert!(truth.swap(&structure, "9999_c1s1_000001_00.jpg").is_none());
    }

    #[test]
    fn a_structure_is_shown_without_colours_at_the_networks_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        Picture::filled(64, 128, [200, 40, 90])
            .write_png(&path)
            .unwrap();
        let shown = as_structure(&path).unwrap().unwrap();
        assert_eq!((shown.width(), shown.height()), (128, 256));
        let [red, green, blue] = shown.at(5, 5).unwrap();
        let spread = red.max(green).max(blue) - red.min(green).min(blue);
        // The three channels' deviations differ, so equal numbers are not quite equal levels.
        assert!(spread < 30, "{red} {green} {blue}");
        assert!(as_structure(&folder.path().join("b.png")).is_err());
        let grown = resized(&Picture::filled(64, 128, [9, 8, 7]), 128, 256).unwrap();
        assert_eq!(grown.at(127, 255), Some([9, 8, 7]));
        assert!(resized(&grown, 0, 5).is_none());
    }
}
