/// Measures of a sheet, in picture elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Size of the cell of a crop: twice 64x128 by default. At least 32x32 is used.
    pub crop: (usize, usize),
    /// Most crops in a line; further answers of a ranking stand on lines below.
    pub columns: usize,
    /// Whether it is known who is right. Otherwise answers have grey frames and no marks.
    pub judged: bool,
    /// Thickness of the coloured frames.
    pub frame: usize,
    /// Space around the sheet.
    pub margin: usize,
    /// Space between crops.
    pub gap: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            crop: (128, 256),
            columns: 10,
            judged: true,
            frame: 5,
            margin: 28,
            gap: 10,
        }
    }
}

impl Style {
    /// Gives the size of a cell, never too small to draw in.
    pub(super) fn cell(&self) -> (usize, usize) {
        (self.crop.0.max(32), self.crop.1.max(32))
    }

    /// Gives the width from one crop to the next.
    pub(super) fn pitch(&self) -> usize {
        self.cell().0 + 2 * self.frame + self.gap
    }
}
