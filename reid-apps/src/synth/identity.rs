use serde::{Deserialize, Serialize};

use super::colour::{HAIR, LOWER, UPPER};
use super::{Colour, Dice};

/// What is printed or woven on the upper garment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// One colour.
    Plain,
    /// Stripes around the body.
    HorizontalStripes,
    /// Stripes along the body.
    VerticalStripes,
    /// Both.
    Check,
    /// A disc on the chest, not on the back.
    Logo,
    /// The lower half in the second colour.
    TwoTone,
    /// An open jacket over a shirt of the second colour.
    Jacket,
}

/// How far the sleeves reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sleeve {
    /// To the wrist.
    Long,
    /// To the middle of the upper arm.
    Short,
}

/// The lower garment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lower {
    /// To the ankle.
    Trousers,
    /// To the knee.
    Shorts,
    /// A skirt to the knee.
    Skirt,
    /// One garment with the upper one.
    Dress,
}

/// What is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bag {
    /// Nothing.
    None,
    /// On the back, with two straps in front.
    Backpack,
    /// At the hip, with a strap across the chest.
    Shoulder,
    /// In one hand.
    Hand,
}

/// How the hair is worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HairCut {
    /// Above the ears.
    Short,
    /// To the shoulders.
    Long,
}

/// What can change hands: the clothes and what is carried.
///
/// Kept apart from [`Body`], so that the clothes of one person can be drawn on
/// the body and in the pose of another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Appearance {
    /// Colour of the upper garment.
    pub upper: Colour,
    /// Second colour of the upper garment.
    pub accent: Colour,
    /// Where the second colour goes.
    pub pattern: Pattern,
    /// Number of stripes, 3 to 8.
    pub stripes: u8,
    /// Length of the sleeves.
    pub sleeve: Sleeve,
    /// Kind of the lower garment.
    pub lower: Lower,
    /// Colour of the lower garment.
    pub lower_colour: Colour,
    /// Colour of the shoes.
    pub shoes: Colour,
    /// Kind of bag.
    pub bag: Bag,
    /// Colour of the bag.
    pub bag_colour: Colour,
    /// Colour of the hat, if one is worn.
    pub hat: Option<Colour>,
}

/// What stays when the clothes change.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// Colour of the skin.
    pub skin: Colour,
    /// Colour of the hair.
    pub hair: Colour,
    /// Length of the hair.
    pub hair_cut: HairCut,
    /// Breadth; 1 is the mean, 0.8 to 1.25.
    pub build: f32,
    /// Height; 1 is the mean, 0.88 to 1.1.
    pub height: f32,
}

/// One person: what makes two pictures show the same one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// The clothes.
    pub appearance: Appearance,
    /// The body.
    pub body: Body,
}

impl Appearance {
    /// Dresses somebody at random.
    #[must_use]
    pub fn random(dice: &mut Dice) -> Self {
        const PATTERNS: [Pattern; 8] = [
            Pattern::Plain,
            Pattern::Plain,
            Pattern::HorizontalStripes,
            Pattern::VerticalStripes,
            Pattern::Check,
            Pattern::Logo,
            Pattern::TwoTone,
            Pattern::Jacket,
        ];
        const LOWERS: [Lower; 5] = [
            Lower::Trousers,
            Lower::Trousers,
            Lower::Shorts,
            Lower::Skirt,
            Lower::Dress,
        ];
        const BAGS: [Bag; 5] = [
            Bag::None,
            Bag::None,
            Bag::Backpack,
            Bag::Shoulder,
            Bag::Hand,
        ];
        let bags = if dice.chance(0.6) { UPPER } else { LOWER };
        Self {
            upper: Colour::random(dice, UPPER, 1.0),
            accent: Colour::random(dice, UPPER, 1.0),
            pattern: dice.pick(&PATTERNS),
            stripes: u8::try_from(dice.between(3, 8)).expect("at most 8"),
            sleeve: dice.pick(&[Sleeve::Long, Sleeve::Short]),
            lower: dice.pick(&LOWERS),
            lower_colour: Colour::random(dice, LOWER, 1.0),
            shoes: Colour::random(dice, LOWER, 1.0),
            bag: dice.pick(&BAGS),
            bag_colour: Colour::random(dice, bags, 1.0),
            hat: dice.chance(0.15).then(|| Colour::random(dice, UPPER, 1.0)),
        }
    }
}

impl Body {
    /// Makes a body at random.
    #[must_use]
    pub fn random(dice: &mut Dice) -> Self {
        Self {
            skin: Colour::hsv(
                0.06 + dice.normal() * 0.01,
                0.35 + 0.25 * dice.unit(),
                0.35 + 0.55 * dice.unit(),
            ),
            hair: Colour::random(dice, HAIR, 0.5),
            hair_cut: if dice.chance(0.4) {
                HairCut::Long
            } else {
                HairCut::Short
            },
            build: (1.0 + dice.normal() * 0.1).clamp(0.8, 1.25),
            height: (1.0 + dice.normal() * 0.05).clamp(0.88, 1.1),
        }
    }
}

impl Identity {
    /// Makes a person at random.
    #[must_use]
    pub fn random(dice: &mut Dice) -> Self {
        Self {
            appearance: Appearance::random(dice),
            body: Body::random(dice),
        }
    }

    /// Makes a near-twin: the clothes and hair of `self`, but two attributes
    /// and the figure of `other`. These are the pairs that colour alone
    /// cannot tell apart.
    #[must_use]
    pub fn twin(&self, other: &Self, dice: &mut Dice) -> Self {
        let mut twin = *self;
        let (from, to) = (&other.appearance, &mut twin.appearance);
        let first = dice.below(8);
        let second = (first + 1 + dice.below(7)) % 8;
        for attribute in [first, second] {
            match attribute {
                0 => to.lower_colour = from.lower_colour,
                1 => to.accent = from.accent,
                2 => to.bag = from.bag,
                3 => to.pattern = from.pattern,
                4 => to.lower = from.lower,
                5 => to.upper = from.upper,
                6 => twin.body.hair = other.body.hair,
                _ => twin.body.skin = other.body.skin,
            }
        }
        twin.body.build = other.body.build;
        twin.body.height = other.body.height;
        twin
    }
}
