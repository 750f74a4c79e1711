//! Operators on maps: dilated convolutions, mirrored margins, enlargement.
use super::builder::{Attribute, Builder};
use super::error::BuildError;
use super::operators::{Window, int, mismatch, number, slide, window_attributes};
use super::value::{Dim, Value, show};

impl Builder {
    /// Adds a convolution without padding, whose taps are `dilation` apart.
    ///
    /// `input` is N x C x H x W, `weight` is O x C x k x k, `bias` has O numbers.
    ///
    /// # Errors
    /// [`BuildError`] if the shapes do not fit or the name is taken.
    pub fn conv_apart(
        &mut self,
        name: &str,
        input: Value,
        [weight, bias]: [Value; 2],
        stride: usize,
        dilation: usize,
    ) -> Result<Value, BuildError> {
        let [batch, channels, height, width] = self.image(name, input)?;
        let [filters, depth, kernel_height, kernel_width] = self.image(name, weight)?;
        self.wants(
            name,
            weight,
            &[filters, channels, kernel_height, kernel_width],
        )?;
        self.wants(name, bias, &[filters])?;
        if dilation == 0 {
            return Err(mismatch(name, "dilation 0".into(), "one or more".into()));
        }
        let kernel = [number(name, kernel_height)?, number(name, kernel_width)?];
        let window = |kernel| Window {
            kernel,
            stride: [stride; 2],
            pad: [0; 2],
        };
        let reach = kernel.map(|taps| taps.saturating_sub(1) * dilation + 1);
        let [rows, columns] = slide(name, [height, width], window(reach))?;
        let per_pixel = number(name, filters)? * number(name, depth)? * kernel[0] * kernel[1];
        self.multiply_accumulates += (per_pixel * rows * columns) as u64;
        let mut attributes = vec![
            ("dilations", Attribute::Ints(vec![int(dilation); 2])),
            ("group", Attribute::Int(1)),
        ];
        attributes.extend(window_attributes(window(kernel)));
        let shape = vec![batch, filters, Dim::Fixed(rows), Dim::Fixed(columns)];
        self.node(name, "Conv", vec![input, weight, bias], attributes, shape)
    }

    /// Takes `count` positions of one dimension, from `first` downwards.
    ///
    /// `count` is at most `first`: a slice that ends before position 0 would need a number
    /// that converters treat differently.
    ///
    /// # Errors
    /// [`BuildError`] if the range does not fit or the name is taken.
    pub fn slice_back(
        &mut self,
        name: &str,
        input: Value,
        axis: usize,
        first: usize,
        count: usize,
    ) -> Result<Value, BuildError> {
        let mut shape = self.record(name, input)?.shape.clone();
        match shape.get(axis) {
            Some(&Dim::Fixed(size)) if first < size && count > 0 && count <= first => {}
            _ => {
                return Err(mismatch(
                    name,
                    format!(
                        "{count} positions back from {first} of dimension {axis} of {}",
                        show(&shape)
                    ),
                    "a range inside the input that leaves position 0 out".into(),
                ));
            }
        }
        shape[axis] = Dim::Fixed(count);
        let mut inputs = vec![input];
        let parts = [
            ("starts", int(first)),
            ("ends", int(first - count)),
            ("axes", int(axis)),
            ("steps", -1),
        ];
        for (part, number) in parts {
            inputs.push(self.integers(&format!("{name}.{part}"), &[number])?);
        }
        self.node(name, "Slice", inputs, Vec::new(), shape)
    }

    /// Adds `pad` rows and columns on each side, mirrored without repeating the edge.
    ///
    /// Written as slices and concatenations, because the converter's `Pad` does not mirror in
    /// all its versions. `input` is N x C x H x W. Returns the input itself when `pad` is 0.
    ///
    /// # Errors
    /// [`BuildError`] if a side is below `pad + 2` or a name is taken.
    pub fn mirror_pad(
        &mut self,
        name: &str,
        input: Value,
        pad: usize,
    ) -> Result<Value, BuildError> {
        let mut x = input;
        if pad == 0 {
            return Ok(x);
        }
        let sides = [
            (2, "rows", ["above", "below"]),
            (3, "columns", ["left", "right"]),
        ];
        for (axis, what, ends) in sides {
            let size = number(name, self.image(name, x)?[axis])?;
            if size < pad + 2 {
                return Err(mismatch(
                    name,
                    format!("{size} {what} to mirror {pad} of"),
                    format!("{} or more; take a larger image", pad + 2),
                ));
            }
            let before = self.slice_back(&format!("{name}.{}", ends[0]), x, axis, pad, pad)?;
            let after = self.slice_back(&format!("{name}.{}", ends[1]), x, axis, size - 2, pad)?;
            x = self.concat(&format!("{name}.{what}"), &[before, x, after], axis)?;
        }
        Ok(x)
    }

    /// Adds the map at twice its height and width, each number four times (`Resize`, nearest).
    ///
    /// # Errors
    /// [`BuildError`] if the input is not N x C x H x W or a name is taken.
    pub fn double(&mut self, name: &str, input: Value) -> Result<Value, BuildError> {
        let [batch, channels, height, width] = self.image(name, input)?;
        let twice = |dim| Ok::<_, BuildError>(Dim::Fixed(2 * number(name, dim)?));
        let shape = vec![batch, channels, twice(height)?, twice(width)?];
        // The region of interest is read in another mode only, but its place must be filled.
        let region = self.floats(&format!("{name}.roi"), &[0], &[])?;
        let scales = self.floats(&format!("{name}.scales"), &[4], &[1.0, 1.0, 2.0, 2.0])?;
        let attributes = vec![
            (
                "coordinate_transformation_mode",
                Attribute::Text("asymmetric"),
            ),
            ("mode", Attribute::Text("nearest")),
            ("nearest_mode", Attribute::Text("floor")),
        ];
        self.node(
            name,
            "Resize",
            vec![input, region, scales],
            attributes,
            shape,
        )
    }
}
