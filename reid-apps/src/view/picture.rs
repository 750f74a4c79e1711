use std::path::Path;

use super::ViewError;

/// A picture in memory: 8-bit RGB, rows first, channels last, no padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Picture {
    /// Makes a picture of bytes.
    ///
    /// # Errors
    /// [`ViewError::Size`] unless `rgb` has `width * height * 3` bytes.
    pub fn new(width: usize, height: usize, rgb: Vec<u8>) -> Result<Self, ViewError> {
        let wanted = width.checked_mul(height).and_then(|n| n.checked_mul(3));
        if wanted != Some(rgb.len()) {
            return Err(ViewError::Size {
                width,
                height,
                found: rgb.len(),
            });
        }
        Ok(Self { width, height, rgb })
    }

    /// Makes a picture of one colour.
    #[must_use]
    pub fn filled(width: usize, height: usize, colour: [u8; 3]) -> Self {
        Self {
            width,
            height,
            rgb: colour.repeat(width * height),
        }
    }

    /// Gives the width in picture elements.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Gives the height in picture elements.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Gives the bytes: red, green, blue of the first row, then the next row.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Gives the bytes for writing.
    pub fn rgb_mut(&mut self) -> &mut [u8] {
        &mut self.rgb
    }

    /// Gives the colour at a column and row, or `None` outside.
    #[must_use]
    pub fn at(&self, x: usize, y: usize) -> Option<[u8; 3]> {
        if x >= self.width || y >= self.height {
            return None;
        }
        let place = (y * self.width + x) * 3;
        self.rgb.get(place..place + 3)?.try_into().ok()
    }

    /// Writes the picture as PNG, under a temporary name that becomes `path`
    /// when the file is complete.
    ///
    /// # Errors
    /// [`ViewError::Write`] when the folder is absent or full;
    /// [`ViewError::Encode`] when the picture has no elements.
    pub fn write_png(&self, path: &Path) -> Result<(), ViewError> {
        super::png::write(self, path)
    }
}
