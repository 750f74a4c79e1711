//! The names of what the pipeline writes.
//!
//! A pair is named by the numbers of both persons and by the content's file:
//! `000_001_gan0872_c4s2_090259_02` is the structure of person 0 with the clothes of person 1, as
//! seen on `0872_c4s2_090259_02.jpg`. The structure's file is not in it.

use super::error::DgnetError;
use super::people::Sample;

/// Whose names the pictures get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Naming {
    /// The guide for Ascend: `off-gan_id/<structure>/<content>_<structure>_gan<name>.jpg` and the
    /// same file in `off-gan_bg/<content>/`, where the name begins with another `gan`.
    #[default]
    Guide,
    /// The repository DG-Net: `off-gan_id/<content>/<structure>_<content>_gan<name>.jpg` and the
    /// same file in `off-gan_bg/<structure>/`.
    Upstream,
}

/// What a pair is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairName {
    /// The structure's person.
    pub structure: String,
    /// The content's person.
    pub content: String,
    /// `gan` and the content's file without its extension.
    pub picture: String,
}

/// Parts of a content's file name that the reference keeps.
const PARTS: usize = 4;

impl PairName {
    /// Names a pair of images.
    ///
    /// # Errors
    /// [`DgnetError::Name`] when the content's file has fewer than three underscores: the pictures
    /// of such files would lose a part of their name.
    pub fn of(structure: &Sample, content: &Sample) -> Result<PairName, DgnetError> {
        let base = content.base_name();
        let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
        check(stem, base)?;
        Ok(PairName {
            structure: format!("{:03}", structure.class),
            content: format!("{:03}", content.class),
            picture: format!("gan{stem}"),
        })
    }

    /// Reads the name of a result: `000_001_gan0872_c4s2_090259_02_0.bin`, as the runner writes
    /// it, with the number of the output behind the name.
    ///
    /// What follows the fourth part of the content's name is left out, as the reference does it.
    ///
    /// # Errors
    /// [`DgnetError::Name`] when there are too few underscores or no numbers in front.
    pub fn parse(file_name: &str) -> Result<PairName, DgnetError> {
        let stem = file_name.split('.').next().unwrap_or(file_name);
        let wrong = |found: String, wanted| DgnetError::Name {
            name: file_name.to_owned(),
            found,
            wanted,
        };
        let parts: Vec<&str> = stem.split('_').collect();
        if parts.len() < 3 + PARTS {
            return Err(wrong(
                format!("{} underscores", parts.len() - 1),
                "six: two persons, four parts of the content's name, the output's number",
            ));
        }
        for part in &parts[..2] {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong(
                    format!("{part:?} where a person's number belongs"),
                    "the numbers of structure and content in front",
                ));
            }
        }
        Ok(PairName {
            structure: parts[0].to_owned(),
            content: parts[1].to_owned(),
            picture: parts[2..2 + PARTS].join("_"),
        })
    }

    /// Returns the name of the pair's network inputs and results, without extension.
    #[must_use]
    pub fn stem(&self) -> String {
        format!("{}_{}_{}", self.structure, self.content, self.picture)
    }

    /// Returns the two files of the generated picture below the output folder, `off-gan_id` first.
    ///
    /// `extension` is `jpg` or `png`.
    #[must_use]
    pub fn pictures(&self, naming: Naming, extension: &str) -> [String; 2] {
        let (structure, content) = (&self.structure, &self.content);
        let whole = self.picture.split('_').take(PARTS);
        let picture = whole.collect::<Vec<_>>().join("_");
        match naming {
            Naming::Guide => {
                let file = format!("{content}_{structure}_gan{picture}.{extension}");
                [
                    format!("off-gan_id/{structure}/{file}"),
                    format!("off-gan_bg/{content}/{file}"),
                ]
            }
            Naming::Upstream => {
                let name = self.picture.strip_prefix("gan").unwrap_or(&self.picture);
                let file = format!("{structure}_{content}_gan{name}.{extension}");
                [
                    format!("off-gan_id/{content}/{file}"),
                    format!("off-gan_bg/{structure}/{file}"),
                ]
            }
        }
    }
}

fn check(stem: &str, base: &str) -> Result<(), DgnetError> {
    let underscores = stem.matches('_').count();
    if underscores + 1 >= PARTS {
        return Ok(());
    }
    Err(DgnetError::Name {
        name: base.to_owned(),
        found: format!("{underscores} underscores"),
        wanted: "three: person, camera, frame and box",
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sample(class: usize, name: &str) -> Sample {
        Sample {
            path: name.into(),
            name: name.to_owned(),
            class,
        }
    }

    #[test]
    fn a_pair_is_named_after_both_persons_and_the_contents_file() {
        let content = sample(1, "0872/0872_c4s2_090259_02.jpg");
        let pair = PairName::of(&sample(0, "0870/0870_c1s1_000000_01.jpg"), &content).unwrap();
        assert_eq!(pair.stem(), "000_001_gan0872_c4s2_090259_02");
        let read = PairName::parse("000_001_gan0872_c4s2_090259_02_0.bin").unwrap();
        assert_eq!(read, pair);
        assert_eq!(
            pair.pictures(Naming::Guide, "jpg"),
            [
                "off-gan_id/000/001_000_gangan0872_c4s2_090259_02.jpg",
                "off-gan_bg/001/001_000_gangan0872_c4s2_090259_02.jpg"
            ]
        );
        assert_eq!(
            pair.pictures(Naming::Upstream, "png"),
            [
                "off-gan_id/001/000_001_gan0872_c4s2_090259_02.png",
                "off-gan_bg/000/000_001_gan0872_c4s2_090259_02.png"
            ]
        );
    }

    #[test]
    fn names_with_too_few_underscores_are_refused_by_name() {
        let text = PairName::of(&sample(0, "a.jpg"), &sample(1, "0001/0001_c1_02.jpg"))
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("0001_c1_02.jpg") && text.contains("2 underscores"),
            "{text}"
        );
        for name in [
            "000_001_gan0872_c4s2_090259.bin",
            "x_001_gan0872_c4s2_090259_02_0.bin",
        ] {
            let text = PairName::parse(name).unwrap_err().to_string();
            assert!(text.contains(name), "{text}");
        }
    }

    #[test]
    fn parts_behind_the_fourth_are_cut_by_the_guides_rule_alone() {
        let pair =
            PairName::of(&sample(0, "a"), &sample(1, "1/0872_c4s2_090259_02_x.jpg")).unwrap();
        assert!(pair.pictures(Naming::Guide, "jpg")[0].ends_with("gangan0872_c4s2_090259_02.jpg"));
        assert!(
            pair.pictures(Naming::Upstream, "jpg")[0].ends_with("gan0872_c4s2_090259_02_x.jpg")
        );
    }
}
