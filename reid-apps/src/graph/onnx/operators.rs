//! The operators: each checks its shapes, works out its output's, and adds a
//! node.
use super::builder::{Attribute, Builder};
use super::error::BuildError;
use super::value::{Dim, Value, show};

/// A window that slides over the two last dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Steps downwards and to the right.
    pub stride: [usize; 2],
    /// Rows added above and below, columns added left and right.
    pub pad: [usize; 2],
}

impl Builder {
    /// Adds a 2-d convolution (`Conv`, opset 11).
    ///
    /// `input` is N x C x H x W, `weight` is O x C x kh x kw, `bias` has O
    /// numbers, `pad` is `[rows, columns]` on both sides. Output N x O x H' x W'.
    ///
    /// # Errors
    /// [`BuildError`] if the shapes do not fit or the name is taken.
    pub fn conv(
        &mut self,
        name: &str,
        input: Value,
        weight: Value,
        bias: Option<Value>,
        stride: [usize; 2],
        pad: [usize; 2],
    ) -> Result<Value, BuildError> {
        let [batch, channels, height, width] = self.image(name, input)?;
        let [filters, depth, kernel_height, kernel_width] = self.image(name, weight)?;
        if depth != channels {
            return Err(mismatch(
                name,
                format!("{channels} input channels"),
                format!("{depth}, as the filters have"),
            ));
        }
        let kernel = [number(name, kernel_height)?, number(name, kernel_width)?];
        let window = Window {
            kernel,
            stride,
            pad,
        };
        let [rows, columns] = slide(name, [height, width], window)?;
        let mut inputs = vec![input, weight];
        if let Some(bias) = bias {
            self.wants(name, bias, &[filters])?;
            inputs.push(bias);
        }
        let per_pixel = number(name, filters)? * number(name, depth)? * kernel[0] * kernel[1];
        self.multiply_accumulates += (per_pixel * rows * columns) as u64;
        let mut attributes = vec![
            ("dilations", Attribute::Ints(vec![1, 1])),
            ("group", Attribute::Int(1)),
        ];
        attributes.extend(window_attributes(window));
        let shape = vec![batch, filters, Dim::Fixed(rows), Dim::Fixed(columns)];
        self.node(name, "Conv", inputs, attributes, shape)
    }

    /// Adds a batch normalisation with fixed statistics (opset 9).
    ///
    /// `parameters` are scale, bias, mean and variance, each with as many
    /// numbers as `input` has channels. Output as `input`.
    ///
    /// # Errors
    /// [`BuildError`] if the shapes do not fit or the name is taken.
    pub fn batch_norm(
        &mut self,
        name: &str,
        input: Value,
        parameters: [Value; 4],
        epsilon: f32,
    ) -> Result<Value, BuildError> {
        let shape = self.image(name, input)?;
        let mut inputs = vec![input];
        for parameter in parameters {
            self.wants(name, parameter, &shape[1..2])?;
            inputs.push(parameter);
        }
        let attributes = vec![("epsilon", Attribute::Float(epsilon))];
        self.node(
            name,
            "BatchNormalization",
            inputs,
            attributes,
            shape.to_vec(),
        )
    }

    /// Adds max(x, 0), number by number.
    ///
    /// # Errors
    /// [`BuildError`] if the name is taken.
    pub fn relu(&mut self, name: &str, input: Value) -> Result<Value, BuildError> {
        let shape = self.record(name, input)?.shape.clone();
        self.node(name, "Relu", vec![input], Vec::new(), shape)
    }

    /// Adds the sum of two values of the same shape.
    ///
    /// # Errors
    /// [`BuildError`] if the shapes differ or the name is taken.
    pub fn add(&mut self, name: &str, a: Value, b: Value) -> Result<Value, BuildError> {
        let shape = self.record(name, a)?.shape.clone();
        self.wants(name, b, &shape)?;
        self.node(name, "Add", vec![a, b], Vec::new(), shape)
    }

    /// Adds the largest number of each window; padding counts as minus infinity.
    ///
    /// `input` is N x C x H x W.
    ///
    /// # Errors
    /// [`BuildError`] if the window does not fit or the name is taken.
    pub fn max_pool(
        &mut self,
        name: &str,
        input: Value,
        window: Window,
    ) -> Result<Value, BuildError> {
        let [batch, channels, height, width] = self.image(name, input)?;
        let [rows, columns] = slide(name, [height, width], window)?;
        let shape = vec![batch, channels, Dim::Fixed(rows), Dim::Fixed(columns)];
        let attributes = window_attributes(window).to_vec();
        self.node(name, "MaxPool", vec![input], attributes, shape)
    }

    /// Joins values along one dimension; the others must be equal.
    ///
    /// # Errors
    /// [`BuildError`] if the shapes do not fit or the name is taken.
    pub fn concat(
        &mut self,
        name: &str,
        inputs: &[Value],
        axis: usize,
    ) -> Result<Value, BuildError> {
        let none = || mismatch(name, "no inputs".into(), "at least one".into());
        let first = *inputs.first().ok_or_else(none)?;
        let mut shape = self.record(name, first)?.shape.clone();
        let mut length = 0;
        for &input in inputs {
            let other = &self.record(name, input)?.shape;
            let same = other.len() == shape.len()
                && (0..shape.len()).all(|i| i == axis || other[i] == shape[i]);
            match other.get(axis).copied() {
                Some(Dim::Fixed(size)) if same => length += size,
                _ => {
                    return Err(mismatch(
                        name,
                        show(other),
                        format!("{} but for dimension {axis}", show(&shape)),
                    ));
                }
            }
        }
        shape[axis] = Dim::Fixed(length);
        let attributes = vec![("axis", Attribute::Int(int(axis)))];
        self.node(name, "Concat", inputs.to_vec(), attributes, shape)
    }

    /// Takes the positions `start..end` of one dimension.
    ///
    /// # Errors
    /// [`BuildError`] if the range does not fit or the name is taken.
    pub fn slice(
        &mut self,
        name: &str,
        input: Value,
        axis: usize,
        start: usize,
        end: usize,
    ) -> Result<Value, BuildError> {
        let mut shape = self.record(name, input)?.shape.clone();
        match shape.get(axis) {
            Some(&Dim::Fixed(size)) if start < end && end <= size => {}
            _ => {
                return Err(mismatch(
                    name,
                    format!("{start}..{end} of dimension {axis} of {}", show(&shape)),
                    "a range inside the input".into(),
                ));
            }
        }
        shape[axis] = Dim::Fixed(end - start);
        let mut inputs = vec![input];
        for (part, number) in [("starts", start), ("ends", end), ("axes", axis)] {
            inputs.push(self.integers(&format!("{name}.{part}"), &[int(number)])?);
        }
        self.node(name, "Slice", inputs, Vec::new(), shape)
    }

    /// Makes a matrix: the first dimension stays, the others become one.
    ///
    /// # Errors
    /// [`BuildError`] if the input has no first dimension or the name is taken.
    pub fn flatten(&mut self, name: &str, input: Value) -> Result<Value, BuildError> {
        let shape = &self.record(name, input)?.shape;
        let Some((&rows, rest)) = shape.split_first() else {
            return Err(mismatch(name, show(shape), "one dimension or more".into()));
        };
        let mut columns = 1;
        for &dim in rest {
            columns *= number(name, dim)?;
        }
        let attributes = vec![("axis", Attribute::Int(1))];
        let shape = vec![rows, Dim::Fixed(columns)];
        self.node(name, "Flatten", vec![input], attributes, shape)
    }

    /// Drops dimensions of size one; `axes` ascending.
    ///
    /// # Errors
    /// [`BuildError`] if one of them is not of size one or the name is taken.
    pub fn squeeze(
        &mut self,
        name: &str,
        input: Value,
        axes: &[usize],
    ) -> Result<Value, BuildError> {
        let shape = self.record(name, input)?.shape.clone();
        if axes.iter().any(|&a| shape.get(a) != Some(&Dim::Fixed(1))) {
            return Err(mismatch(
                name,
                show(&shape),
                format!("size 1 in dimensions {axes:?}"),
            ));
        }
        let left = (0..shape.len())
            .filter(|i| !axes.contains(i))
            .map(|i| shape[i])
            .collect();
        let attribute = Attribute::Ints(axes.iter().map(|&a| int(a)).collect());
        self.node(
            name,
            "Squeeze",
            vec![input],
            vec![("axes", attribute)],
            left,
        )
    }

    /// Gives each row of the batch the shape `rest`, in C order.
    ///
    /// The first dimension stays as it is, fixed or dynamic.
    ///
    /// # Errors
    /// [`BuildError`] if the count of numbers differs or the name is taken.
    pub fn reshape(
        &mut self,
        name: &str,
        input: Value,
        rest: &[usize],
    ) -> Result<Value, BuildError> {
        let shape = self.record(name, input)?.shape.clone();
        let have = shape
            .iter()
            .skip(1)
            .try_fold(1, |n, d| Some(n * d.fixed()?));
        if shape.is_empty() || have != Some(rest.iter().product()) {
            return Err(mismatch(
                name,
                show(&shape),
                format!("as many numbers a row as {rest:?} has"),
            ));
        }
        // 0 copies the dimension of the input, so a dynamic batch stays one.
        let mut target = vec![0];
        target.extend(rest.iter().map(|&d| int(d)));
        let target = self.integers(&format!("{name}.shape"), &target)?;
        let mut dims = vec![shape[0]];
        dims.extend(rest.iter().copied().map(Dim::Fixed));
        self.node(name, "Reshape", vec![input, target], Vec::new(), dims)
    }

    /// Adds `input` times the transpose of `weight`, plus `bias`: a linear layer.
    ///
    /// `input` is N x C, `weight` O x C, `bias` has O numbers. Output N x O.
    ///
    /// # Errors
    /// [`BuildError`] if the shapes do not fit or the name is taken.
    pub fn gemm(
        &mut self,
        name: &str,
        input: Value,
        weight: Value,
        bias: Value,
    ) -> Result<Value, BuildError> {
        let [rows, depth] = self.dims(name, input)?;
        let [columns, _] = self.dims(name, weight)?;
        self.wants(name, weight, &[columns, depth])?;
        self.wants(name, bias, &[columns])?;
        self.multiply_accumulates += (number(name, columns)? * number(name, depth)?) as u64;
        let attributes = vec![
            ("alpha", Attribute::Float(1.0)),
            ("beta", Attribute::Float(1.0)),
            ("transB", Attribute::Int(1)),
        ];
        let inputs = vec![input, weight, bias];
        self.node(name, "Gemm", inputs, attributes, vec![rows, columns])
    }

    pub(super) fn image(&self, node: &str, value: Value) -> Result<[Dim; 4], BuildError> {
        self.dims(node, value)
    }

    pub(super) fn dims<const N: usize>(
        &self,
        node: &str,
        value: Value,
    ) -> Result<[Dim; N], BuildError> {
        let shape = &self.record(node, value)?.shape;
        <[Dim; N]>::try_from(shape.as_slice())
            .map_err(|_| mismatch(node, show(shape), format!("{N} dimensions")))
    }

    pub(super) fn wants(&self, node: &str, value: Value, shape: &[Dim]) -> Result<(), BuildError> {
        let record = self.record(node, value)?;
        if record.shape == shape {
            return Ok(());
        }
        Err(mismatch(
            node,
            format!("{} ({})", show(&record.shape), record.name),
            show(shape),
        ))
    }
}

pub(super) fn mismatch(node: &str, found: String, wanted: String) -> BuildError {
    BuildError::Shape {
        node: node.to_owned(),
        found,
        wanted,
    }
}

/// A size that must be known, which all but the batch are.
pub(super) fn number(node: &str, dim: Dim) -> Result<usize, BuildError> {
    dim.fixed()
        .ok_or_else(|| mismatch(node, "a dynamic dimension".into(), "a fixed size".into()))
}

pub(super) fn int(size: usize) -> i64 {
    i64::try_from(size).expect("a tensor that fits in memory has dimensions below 2^63")
}

pub(super) fn slide(node: &str, size: [Dim; 2], window: Window) -> Result<[usize; 2], BuildError> {
    let mut out = [0; 2];
    for axis in 0..2 {
        let length = number(node, size[axis])?;
        let (kernel, stride) = (window.kernel[axis], window.stride[axis]);
        let padded = length + 2 * window.pad[axis];
        if kernel == 0 || stride == 0 || padded < kernel {
            return Err(mismatch(
                node,
                format!("length {length} with a window {kernel}, stride {stride}"),
                "a window of one or more, inside the padded input".into(),
            ));
        }
        out[axis] = (padded - kernel) / stride + 1;
    }
    Ok(out)
}

pub(super) fn window_attributes(window: Window) -> [(&'static str, Attribute); 3] {
    let ints = |numbers: &[usize]| Attribute::Ints(numbers.iter().map(|&n| int(n)).collect());
    let [rows, columns] = window.pad;
    [
        ("kernel_shape", ints(&window.kernel)),
        ("pads", ints(&[rows, columns, rows, columns])),
        ("strides", ints(&window.stride)),
    ]
}
