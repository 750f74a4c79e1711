//! Why an evaluation could not be made.

/// Tells why an evaluation could not be made. Rows count from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// Two things that belong together differ in size.
    #[error("{what}: found {found}, wanted {wanted}; both must come from the same extraction")]
    Shape {
        /// What was counted.
        what: &'static str,
        /// Its size.
        found: usize,
        /// The size it should have.
        wanted: usize,
    },
    /// A set has no rows.
    #[error("{set}: no rows, wanted at least one; extract the features again")]
    Empty {
        /// The set.
        set: &'static str,
    },
    /// A feature is zero throughout, so it cannot be brought to length one.
    #[error(
        "{what}: row {row} is zero throughout, wanted a direction; extract the features of this image again"
    )]
    ZeroFeature {
        /// The matrix.
        what: &'static str,
        /// The row.
        row: usize,
    },
    /// A feature is NaN or infinite, or too large to square.
    #[error(
        "{what}: row {row} is not finite, wanted finite numbers; extract the features of this image again"
    )]
    NotFinite {
        /// The matrix.
        what: &'static str,
        /// The row.
        row: usize,
    },
    /// A distance is NaN, so it has no place in any order.
    #[error(
        "distances: query {query}, gallery row {gallery} is NaN, wanted a number; check what made the distances"
    )]
    NotANumber {
        /// The query.
        query: usize,
        /// The gallery row.
        gallery: usize,
    },
    /// No query has a right answer in the gallery.
    #[error(
        "{queries} queries: none has the same person under another camera in the gallery, wanted at least one; check that query and gallery belong together"
    )]
    NoAnswer {
        /// The number of queries.
        queries: usize,
    },
    /// Too few images to find `k1` neighbours among.
    #[error(
        "re-ranking: {images} images (query and gallery together), wanted at least k1+1 = {wanted}; lower k1 or evaluate without re-ranking"
    )]
    TooFewImages {
        /// Query and gallery rows together.
        images: usize,
        /// The least number.
        wanted: usize,
    },
    /// The features do not fit into the memory that may be taken.
    #[error(
        "{what} compares every image with every other and needs all features at once: found {found} bytes of memory, wanted {wanted}; raise --memory, or leave it out"
    )]
    Memory {
        /// What needs them.
        what: &'static str,
        /// Bytes that are needed.
        wanted: usize,
        /// Bytes that may be taken.
        found: usize,
    },
    /// A parameter is out of its range.
    #[error("{name}: found {found}, wanted {wanted}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// Its value.
        found: String,
        /// Its range.
        wanted: &'static str,
    },
    /// A row that does not exist was asked for.
    #[error("query row {row}: there are {rows}, wanted one below that")]
    NoSuchQuery {
        /// The row.
        row: usize,
        /// The number of rows.
        rows: usize,
    },
}
