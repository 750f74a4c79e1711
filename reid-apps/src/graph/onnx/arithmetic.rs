//! Operators that work number by number or reduce whole rows, and the normalisation they serve.
use super::builder::{Attribute, Builder};
use super::error::BuildError;
use super::operators::{int, mismatch};
use super::value::{Dim, Value, show};

impl Builder {
    /// Adds `x` where it is positive and `slope * x` elsewhere (`LeakyRelu`).
    ///
    /// # Errors
    /// [`BuildError`] if the name is taken.
    pub fn leaky_relu(
        &mut self,
        name: &str,
        input: Value,
        slope: f32,
    ) -> Result<Value, BuildError> {
        let shape = self.record(name, input)?.shape.clone();
        let attributes = vec![("alpha", Attribute::Float(slope))];
        self.node(name, "LeakyRelu", vec![input], attributes, shape)
    }

    /// Adds the square root of each number.
    ///
    /// # Errors
    /// [`BuildError`] if the name is taken.
    pub fn sqrt(&mut self, name: &str, input: Value) -> Result<Value, BuildError> {
        let shape = self.record(name, input)?.shape.clone();
        self.node(name, "Sqrt", vec![input], Vec::new(), shape)
    }

    /// Adds each number raised to the constant `exponent` (`Pow`).
    ///
    /// # Errors
    /// [`BuildError`] if a name is taken.
    pub fn power(&mut self, name: &str, input: Value, exponent: f32) -> Result<Value, BuildError> {
        let shape = self.record(name, input)?.shape.clone();
        let exponent = self.floats(&format!("{name}.exponent"), &[1], &[exponent])?;
        self.node(name, "Pow", vec![input, exponent], Vec::new(), shape)
    }

    /// Adds `a + b`, where each dimension of `b` is that of `a` or 1 and is then repeated.
    ///
    /// # Errors
    /// [`BuildError`] if the shapes do not fit or the name is taken.
    pub fn add_spread(&mut self, name: &str, a: Value, b: Value) -> Result<Value, BuildError> {
        self.spread(name, "Add", a, b)
    }

    /// Adds `a - b`; shapes as in [`Builder::add_spread`].
    ///
    /// # Errors
    /// [`BuildError`] if the shapes do not fit or the name is taken.
    pub fn subtract(&mut self, name: &str, a: Value, b: Value) -> Result<Value, BuildError> {
        self.spread(name, "Sub", a, b)
    }

    /// Adds `a * b`; shapes as in [`Builder::add_spread`].
    ///
    /// # Errors
    /// [`BuildError`] if the shapes do not fit or the name is taken.
    pub fn multiply(&mut self, name: &str, a: Value, b: Value) -> Result<Value, BuildError> {
        self.spread(name, "Mul", a, b)
    }

    /// Adds `a / b`; shapes as in [`Builder::add_spread`].
    ///
    /// # Errors
    /// [`BuildError`] if the shapes do not fit or the name is taken.
    pub fn divide(&mut self, name: &str, a: Value, b: Value) -> Result<Value, BuildError> {
        self.spread(name, "Div", a, b)
    }

    /// Adds the mean over all dimensions but the first; they stay, with size one.
    ///
    /// # Errors
    /// [`BuildError`] if there is only one dimension or the name is taken.
    pub fn mean_of_rows(&mut self, name: &str, input: Value) -> Result<Value, BuildError> {
        let mut shape = self.record(name, input)?.shape.clone();
        if shape.len() < 2 {
            return Err(mismatch(
                name,
                show(&shape),
                "two dimensions or more".into(),
            ));
        }
        let axes = (1..shape.len()).map(int).collect();
        shape[1..].fill(Dim::Fixed(1));
        let attributes = vec![
            ("axes", Attribute::Ints(axes)),
            ("keepdims", Attribute::Int(1)),
        ];
        self.node(name, "ReduceMean", vec![input], attributes, shape)
    }

    /// Adds the normalisation of each plane of each row: less its mean, divided by
    /// `sqrt(variance + epsilon)` with the biased variance, times `scale`, plus `shift`.
    ///
    /// `input` is N x C x H x W, `scale` and `shift` have C numbers.
    ///
    /// # Errors
    /// [`BuildError`] if the shapes do not fit or the name is taken.
    pub fn instance_norm(
        &mut self,
        name: &str,
        input: Value,
        [scale, shift]: [Value; 2],
        epsilon: f32,
    ) -> Result<Value, BuildError> {
        let shape = self.image(name, input)?;
        self.wants(name, scale, &shape[1..2])?;
        self.wants(name, shift, &shape[1..2])?;
        let attributes = vec![("epsilon", Attribute::Float(epsilon))];
        let inputs = vec![input, scale, shift];
        self.node(
            name,
            "InstanceNormalization",
            inputs,
            attributes,
            shape.to_vec(),
        )
    }

    fn spread(
        &mut self,
        name: &str,
        operator: &'static str,
        a: Value,
        b: Value,
    ) -> Result<Value, BuildError> {
        let shape = self.record(name, a)?.shape.clone();
        let other = &self.record(name, b)?.shape;
        let fits = |(b, a): (&Dim, &Dim)| b == a || *b == Dim::Fixed(1);
        if other.len() != shape.len() || !other.iter().zip(&shape).all(fits) {
            return Err(mismatch(
                name,
                show(other),
                format!("{}, or 1 in its place", show(&shape)),
            ));
        }
        self.node(name, operator, vec![a, b], Vec::new(), shape)
    }
}
