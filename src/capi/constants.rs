//! The numbers that structures and calls are given.

/// Where AscendCL comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Backend {
    /// The library that the variable ACL_LIBRARY names, else the one that the toolkit installed.
    Auto = 0,
    /// The library at a path.
    Library = 1,
    /// The simulator inside this library.
    Simulator = 2,
}

/// The two sides of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Side {
    /// What the caller fills.
    Inputs = 0,
    /// What the model gives.
    Outputs = 1,
}

/// A language of explanations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Language {
    /// English.
    English = 0,
    /// Chinese.
    Chinese = 1,
}

/// How much the log tells; each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum LogLevel {
    /// Nothing.
    Off = 0,
    /// What went wrong and no status could tell.
    Error = 1,
    /// What may go wrong later.
    Warn = 2,
    /// What a user may want to know.
    Info = 3,
    /// What was looked for, found and decided.
    Debug = 4,
    /// Every step.
    Trace = 5,
}

/// What a picture is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum PictureKind {
    /// An image file: data is its path, UTF-8 with a zero byte at its end. JPEG, PNG, BMP or PNM, told
    /// by the content. The other members are not looked at.
    File = 0,
    /// The bytes of an image file: data and bytes. The other members are not looked at.
    Encoded = 1,
    /// Pixels of three bytes: R, G, B.
    Rgb = 2,
    /// Pixels of three bytes: B, G, R, as OpenCV holds pictures.
    Bgr = 3,
    /// A plane of Y, and behind its last row a plane of half the height, rounded up, with U, V for
    /// each two by two pixels; both with the same stride. BT.601, limited range.
    Nv12 = 4,
}

/// A distance between features; smaller is nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Metric {
    /// The length of the difference, from 0.
    Euclidean = 0,
    /// One minus the cosine of the angle, from 0 to 2.
    Cosine = 1,
    /// Minus the scalar product.
    Dot = 2,
}

/// Rules of counting in an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Protocol {
    /// Those of Market-1501: average precision by steps, queries without an answer left out.
    Market1501 = 0,
    /// Those of DG-Net's repository: average precision by trapezia, divided by all queries.
    DgNet = 1,
    /// Those of CUHK03: one gallery row drawn for each person, ten times for each query, with seed 0.
    Cuhk03 = 2,
}
