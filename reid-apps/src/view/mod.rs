//! Pictures for people to look at.
//!
//! A mAP says how good a ranking is on the average, not what goes wrong. A
//! sheet with the query and its answers shows at a glance whether a network
//! looks at the clothes, the light or the wall behind. The functions take
//! plain data and know nothing of features or protocols, so they serve any
//! command; they give a [`Picture`], which writes itself as PNG.

mod contact;
mod error;
mod paint;
mod picture;
mod png;
mod ranking;
mod style;
#[cfg(test)]
mod tests;
mod text;

pub use contact::{Group, contact_sheet};
pub use error::ViewError;
pub use picture::Picture;
pub use ranking::{
    Answer, Caption, QUERY_COLOUR, RIGHT_COLOUR, Ranking, WRONG_COLOUR, ranking_sheet,
};
pub use style::Style;
