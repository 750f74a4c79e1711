//! The grammars that are simpler than Market-1501's: a person, a camera, and numbers.
//!
//! | set | name | example |
//! |---|---|---|
//! | DukeMTMC-reID | `ID_cC_fFRAME.jpg` | `0005_c2_f0046985.jpg` |
//! | CUHK03-np | `ID_cC_N.png`, cameras 1 and 2 | `0003_c1_21.png` |
//! | MSMT17, exported | `ID_cC_N.jpg`, or Market-1501's names | `0000_c14_0030.jpg` |
//!
//! No set but Market-1501 has a number for junk: `-1_…` is outside of these grammars.
//!
//! Source: the file names as the sets are distributed (Zheng et al., ICCV 2017; Zhong et al., CVPR
//! 2017; for MSMT17 the layout of common exports of Wei et al., CVPR 2018).

use super::market1501::{Name, looks_like_image, number};
use super::{Label, NameError, NamePart, NameRule, PersonId, Verdict};

/// What stands behind the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    /// `f` and digits.
    Frame,
    /// Digits.
    Number,
}

/// Judges names of the form `ID_cC_TAIL.EXT`.
#[derive(Clone, Copy, Debug)]
pub(super) struct NamedRule {
    example: &'static str,
    tail: Tail,
    extensions: &'static [&'static str],
    /// The largest number of a camera, where the set fixes it.
    cameras: Option<u32>,
    /// Whether a name of Market-1501 will do, too.
    market: bool,
}

/// DukeMTMC-reID.
pub(super) const DUKE: NamedRule = NamedRule {
    example: "0005_c2_f0046985.jpg",
    tail: Tail::Frame,
    extensions: &["jpg", "jpeg", "png"],
    cameras: None,
    market: false,
};

/// CUHK03 with the new protocol.
pub(super) const CUHK03_NP: NamedRule = NamedRule {
    example: "0003_c1_21.png",
    tail: Tail::Number,
    extensions: &["png", "jpg", "jpeg"],
    cameras: Some(2),
    market: false,
};

/// MSMT17 in the folders of Market-1501.
pub(super) const MSMT17_EXPORT: NamedRule = NamedRule {
    example: "0000_c14_0030.jpg",
    tail: Tail::Number,
    extensions: &["jpg", "jpeg", "png"],
    cameras: None,
    market: true,
};

impl NamedRule {
    fn parse(&self, base_name: &str) -> Result<Label, NameError> {
        let wrong = |part, found: &str, wanted| NameError {
            name: base_name.to_owned(),
            part,
            found: found.to_owned(),
            wanted,
            example: self.example,
        };
        let (stem, extension) = base_name.split_once('.').unwrap_or((base_name, ""));
        if !self.extensions.contains(&extension) {
            let wanted = "jpg, jpeg or png in lower case, after the only dot";
            return Err(wrong(NamePart::Extension, extension, wanted));
        }
        let fields: Vec<&str> = stem.split('_').collect();
        if self.market && fields.len() == 4 {
            // Junk of Market-1501 is no junk here, as the set has none.
            let name = Name::parse(base_name)?;
            return match name.id {
                PersonId::JUNK => Err(wrong(NamePart::Person, "-1", "digits")),
                _ => Ok(name.label()),
            };
        }
        let [id, camera, tail] = fields[..] else {
            let wanted = "three fields with _ between them";
            return Err(wrong(NamePart::Shape, stem, wanted));
        };
        let id = number(id)
            .and_then(|id| i32::try_from(id).ok())
            .ok_or_else(|| wrong(NamePart::Person, id, "digits"))?;
        let camera_number = camera
            .strip_prefix('c')
            .and_then(number)
            .ok_or_else(|| wrong(NamePart::Camera, camera, "c and digits"))?;
        if self
            .cameras
            .is_some_and(|most| !(1..=most).contains(&camera_number))
        {
            return Err(wrong(NamePart::Camera, camera, "c1 or c2"));
        }
        match self.tail {
            Tail::Frame => tail
                .strip_prefix('f')
                .and_then(number)
                .ok_or_else(|| wrong(NamePart::Frame, tail, "f and digits"))?,
            Tail::Number => number(tail).ok_or_else(|| wrong(NamePart::Box, tail, "digits"))?,
        };
        Ok(Label::new(id, camera_number))
    }
}

impl NameRule for NamedRule {
    fn example(&self) -> &'static str {
        self.example
    }

    fn judge(&self, base_name: &str) -> Verdict {
        if !looks_like_image(base_name) {
            return Verdict::Ignore;
        }
        match self.parse(base_name) {
            Ok(label) => Verdict::Keep(label),
            Err(error) => Verdict::Reject(error),
        }
    }
}
