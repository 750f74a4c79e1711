use super::Colour;

/// Samples per picture element along each side.
pub(super) const SUPERSAMPLING: usize = 4;

/// A large picture without anti-aliasing, reduced by a box when it is done.
///
/// Coordinates are in samples, the centre of the first one at 0.5. Shapes are
/// filled by a shading function, which gets coordinates of the shape: so a
/// pattern lies on a surface, not on the screen.
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    samples: Vec<[f32; 3]>,
}

/// One end of a capsule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ball {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) radius: f32,
}

/// Rounds down into `0..=limit`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the value is clamped to the size of a picture"
)]
fn index(value: f32, limit: usize) -> usize {
    value.clamp(0.0, limit as f32) as usize
}

/// The samples whose centres lie between `from` and `to`.
fn span(from: f32, to: f32, limit: usize) -> core::ops::Range<usize> {
    let start = index((from - 0.5).ceil(), limit);
    let end = index((to - 0.5).ceil(), limit);
    start..end.max(start)
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        let (width, height) = (width * SUPERSAMPLING, height * SUPERSAMPLING);
        Self {
            width,
            height,
            samples: vec![[0.0; 3]; width * height],
        }
    }

    /// Fills the rows from `top` to `bottom`. `outline` gives the middle and
    /// half width of a row and whatever else is the same all along it; `shade`
    /// gets how far across (-1 to 1) and that.
    pub(super) fn sweep<R>(
        &mut self,
        (top, bottom): (f32, f32),
        outline: impl Fn(f32) -> (f32, f32, R),
        shade: impl Fn(f32, &R) -> Colour,
    ) {
        for row in span(top, bottom, self.height) {
            let y = row as f32 + 0.5;
            let (middle, half, shared) = outline(y);
            if half <= 0.0 {
                continue;
            }
            let columns = span(middle - half, middle + half, self.width);
            let start = columns.start;
            let line = &mut self.samples[row * self.width..][columns];
            for (column, sample) in (start..).zip(line) {
                let across = (column as f32 + 0.5 - middle) / half;
                *sample = shade(across, &shared).0;
            }
        }
    }

    /// Fills a rectangle.
    pub(super) fn rectangle(&mut self, [left, top, right, bottom]: [f32; 4], colour: Colour) {
        let columns = span(left, right, self.width);
        for row in span(top, bottom, self.height) {
            self.samples[row * self.width..][columns.clone()].fill(colour.0);
        }
    }

    /// Fills an ellipse; `shade` gets both coordinates from -1 to 1.
    pub(super) fn ellipse(
        &mut self,
        (x, y): (f32, f32),
        (radius_x, radius_y): (f32, f32),
        shade: impl Fn(f32, f32) -> Colour,
    ) {
        let half = |row: f32| {
            let t = (row - y) / radius_y;
            radius_x * (1.0 - t * t).max(0.0).sqrt()
        };
        self.sweep(
            (y - radius_y, y + radius_y),
            |row| {
                let half = half(row);
                (x, half, (half / radius_x, (row - y) / radius_y))
            },
            |across, &(share, ty)| shade(across * share, ty),
        );
    }

    /// Multiplies what is inside an ellipse: a soft shadow, strongest (`1 - depth`) in the middle.
    pub(super) fn shadow(
        &mut self,
        (x, y): (f32, f32),
        (radius_x, radius_y): (f32, f32),
        depth: f32,
    ) {
        for row in span(y - radius_y, y + radius_y, self.height) {
            let ty = (row as f32 + 0.5 - y) / radius_y;
            for column in span(x - radius_x, x + radius_x, self.width) {
                let tx = (column as f32 + 0.5 - x) / radius_x;
                let inside = (1.0 - tx * tx - ty * ty).max(0.0);
                let factor = 1.0 - depth * (1.0 - (1.0 - inside) * (1.0 - inside));
                for channel in &mut self.samples[row * self.width + column] {
                    *channel *= factor;
                }
            }
        }
    }

    /// Fills the hull of two discs: a limb. `shade` gets how far along (0 to 1)
    /// and across (-1 to 1).
    pub(super) fn capsule(&mut self, a: Ball, b: Ball, shade: impl Fn(f32, f32) -> Colour) {
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let square = (dx * dx + dy * dy).max(1e-6);
        let length = square.sqrt();
        let radius = a.radius.max(b.radius);
        for row in span(a.y.min(b.y) - radius, a.y.max(b.y) + radius, self.height) {
            let py = row as f32 + 0.5 - a.y;
            for column in span(a.x.min(b.x) - radius, a.x.max(b.x) + radius, self.width) {
                let px = column as f32 + 0.5 - a.x;
                let along = ((px * dx + py * dy) / square).clamp(0.0, 1.0);
                let (ox, oy) = (px - along * dx, py - along * dy);
                let reach = a.radius + (b.radius - a.radius) * along;
                if ox * ox + oy * oy > reach * reach {
                    continue;
                }
                // Across is measured to the right on the screen, whichever way the limb points.
                let side = (ox * dy - oy * dx) / length / reach;
                let side = if dy < 0.0 { -side } else { side };
                self.samples[row * self.width + column] = shade(along, side.clamp(-1.0, 1.0)).0;
            }
        }
    }

    /// Replaces every sample of the rows from `top` to `bottom`. `row` gives
    /// what is the same all along a row; `shade` gets the column and that.
    pub(super) fn paint<R>(
        &mut self,
        (top, bottom): (f32, f32),
        row: impl Fn(f32) -> R,
        shade: impl Fn(f32, &R) -> Colour,
    ) {
        for y in span(top, bottom, self.height) {
            let shared = row(y as f32 + 0.5);
            let line = &mut self.samples[y * self.width..][..self.width];
            for (x, sample) in line.iter_mut().enumerate() {
                *sample = shade(x as f32 + 0.5, &shared).0;
            }
        }
    }

    /// Averages blocks of samples: the picture, rows first, channels last.
    pub(super) fn reduced(&self) -> Vec<[f32; 3]> {
        const SHARE: f32 = 1.0 / (SUPERSAMPLING * SUPERSAMPLING) as f32;
        let (width, height) = (self.width / SUPERSAMPLING, self.height / SUPERSAMPLING);
        let mut picture = vec![[0.0_f32; 3]; width * height];
        for (row, line) in self.samples.chunks_exact(self.width).enumerate() {
            let out = &mut picture[row / SUPERSAMPLING * width..][..width];
            for (pixel, block) in out.iter_mut().zip(line.chunks_exact(SUPERSAMPLING)) {
                for sample in block {
                    for (sum, &channel) in pixel.iter_mut().zip(sample) {
                        *sum += channel.clamp(0.0, 1.0) * SHARE;
                    }
                }
            }
        }
        picture
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: Colour = Colour([1.0; 3]);

    #[test]
    fn a_rectangle_covers_exactly_its_samples() {
        let mut canvas = Canvas::new(4, 4);
        canvas.rectangle([4.0, 4.0, 8.0, 6.0], WHITE);
        let picture = canvas.reduced();
        assert_eq!(picture[5], [0.5; 3]);
        assert_eq!(picture.iter().filter(|p| p[0] > 0.0).count(), 1);
    }

    #[test]
    fn shapes_outside_the_canvas_are_cut_without_a_panic() {
        let mut canvas = Canvas::new(4, 4);
        let far = Ball {
            x: -1e6,
            y: 1e6,
            radius: 3.0,
        };
        canvas.capsule(far, Ball { x: 1e6, ..far }, |_, _| WHITE);
        canvas.rectangle([-1e9, -1e9, -1.0, -1.0], WHITE);
        canvas.ellipse((f32::NAN, 0.0), (1.0, 1.0), |_, _| WHITE);
        assert!(canvas.reduced().iter().all(|p| p[0] == 0.0));
    }

    #[test]
    fn an_ellipse_has_the_area_of_an_ellipse() {
        let mut canvas = Canvas::new(64, 64);
        canvas.ellipse((128.0, 128.0), (100.0, 60.0), |_, _| WHITE);
        let area: f32 = canvas.reduced().iter().map(|p| p[0] * 16.0).sum();
        let wanted = core::f32::consts::PI * 6000.0;
        assert!(
            (area / wanted - 1.0).abs() < 0.01,
            "{area} against {wanted}"
        );
    }
}
