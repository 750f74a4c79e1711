//! A drawn data set in the shape of Market-1501.
//!
//! No set of photographs of people can be shipped, and a pipeline that has
//! never seen pictures is not tested. So people are drawn: cartoons, but with
//! what makes the task hard on photographs. Cameras differ in light, colour
//! and sharpness; people turn, walk, carry bags and are half hidden; some wear
//! nearly the same clothes; the detector's frame is off. Colour alone does not
//! find people again, and a network that was never trained stays at chance.
//!
//! Three values are kept apart, each plain data: an [`Identity`] (clothes and
//! body), a [`Pose`], and a [`CameraModel`] with the [`Moment`] of the
//! picture. A [`Scene`] is all of them and draws itself; [`plan`] gives the
//! scenes of a whole set, [`write_market`] its files.
//!
//! Every byte follows from the [`Options`]: no clock, no thread count, no
//! mathematical function of the platform has a say.

mod backdrop;
mod camera;
mod canvas;
mod colour;
mod dice;
mod error;
mod figure;
mod identity;
mod jpeg;
mod market;
mod moment;
mod options;
mod plan;
mod pose;
mod response;
mod scene;

pub use camera::{CameraModel, Ground, Wall};
pub use colour::Colour;
pub use dice::{Dice, Purpose};
pub use error::SynthError;
pub use figure::Figure;
pub use identity::{Appearance, Bag, Body, HairCut, Identity, Lower, Pattern, Sleeve};
pub use jpeg::encode_jpeg;
pub use market::{MANIFEST, Manifest, Summary, write_market, write_market_with};
pub use moment::{Edge, Moment, Occluder};
pub use options::Options;
pub use plan::{Folder, Shot, plan};
pub use pose::Pose;
pub use scene::{HEIGHT, Scene, WIDTH};
