//! The decoded image.

/// Holds an 8-bit RGB image: rows from the top, pixels from the left, three bytes R, G, B each, no
/// padding between rows.
///
/// Decoding into the same value again reuses its memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RgbImage {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl RgbImage {
    /// Makes an empty image of 0 x 0, to be decoded into.
    #[must_use]
    pub fn new() -> RgbImage {
        RgbImage::default()
    }

    /// Takes `height * width * 3` bytes as an image; `None` when the length is another.
    #[must_use]
    pub fn from_bytes(width: usize, height: usize, bytes: Vec<u8>) -> Option<RgbImage> {
        let wanted = width.checked_mul(height)?.checked_mul(3)?;
        (bytes.len() == wanted).then_some(RgbImage {
            width,
            height,
            bytes,
        })
    }

    /// Returns the width in pixels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Returns the height in pixels.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Returns the bytes, `[height, width, 3]`.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the bytes, `[height, width, 3]`, to be changed in place.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Gives back the bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Takes on a size. The bytes are whatever was there: the caller writes all of them.
    pub(super) fn reshape(&mut self, width: usize, height: usize) -> &mut [u8] {
        self.width = width;
        self.height = height;
        self.bytes.resize(width * height * 3, 0);
        &mut self.bytes
    }
}
