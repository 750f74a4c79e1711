use std::collections::HashMap;

use super::config::{Channels, Config, Deviation, Form};
use super::error::DgnetError;
use super::layers::{Block, Layers, Mlp, Norm};
use super::weights::Weights;
use crate::graph::onnx::{Builder, Value};

/// Added to a variance before its root is taken, and to the deviation of [`Norm::Layer`].
pub(super) const EPSILON: f32 = 1e-5;

/// Slope of the generator's activations below zero.
const SLOPE: f32 = 0.2;

/// Builds the ONNX file of a DG-Net, or of the part of it that [`Config::form`] names: the bytes of
/// a `ModelProto`.
///
/// Images are float32, normalised; names and shapes are at [`Form`]. The same configuration and
/// weights give the same bytes.
///
/// # Errors
/// [`DgnetError::Config`] for sizes that make no network, [`DgnetError::Weights`] listing missing,
/// surplus and wrongly shaped tensors.
///
/// **Source**: see the [module](super).
pub fn build(config: &Config, weights: &Weights) -> Result<Vec<u8>, DgnetError> {
    Ok(graph(config, weights)?.finish()?)
}

/// Counts the multiply-accumulates of the built network for one pair of images.
///
/// # Errors
/// As [`build`].
pub fn multiply_accumulates(config: &Config, weights: &Weights) -> Result<u64, DgnetError> {
    Ok(graph(config, weights)?.multiply_accumulates())
}

fn graph(config: &Config, weights: &Weights) -> Result<Builder, DgnetError> {
    config.check()?;
    weights.check(config)?;
    let layers = Layers::new(&config.channels);
    let c = &config.channels;
    let (height, width) = (config.height, config.width);
    let mut net = Net {
        builder: Builder::new("dgnet"),
        weights,
        deviation: config.deviation,
        units: HashMap::new(),
    };
    let mut input = |name, rest: &[usize]| net.builder.input(name, config.batch, rest);
    match config.form {
        Form::Generator | Form::GeneratorWithCodes => {
            let image1 = input(Config::STRUCTURE_IMAGE, &[1, height, width])?;
            let image2 = input(Config::CONTENT_IMAGE, &[3, height, width])?;
            let structure = net.structure(&layers, image1)?;
            let appearance = net.appearance(&layers, image2)?;
            let output = net.decode(&layers, structure, appearance)?;
            net.builder.output(output)?;
            if config.form == Form::GeneratorWithCodes {
                net.builder.output(structure)?;
                net.builder.output(appearance)?;
            }
        }
        Form::Decoder => {
            let map = [c.structure(), height / 4, width / 4];
            let structure = input(Config::STRUCTURE_CODE, &map)?;
            let appearance = input(Config::APPEARANCE_CODE, &[c.appearance()])?;
            let output = net.decode(&layers, structure, appearance)?;
            net.builder.output(output)?;
        }
        Form::Embedding => {
            let image2 = input(Config::CONTENT_IMAGE, &[3, height, width])?;
            let embedding = net.embedding(&layers, image2)?;
            net.builder.output(embedding)?;
        }
    }
    Ok(net.builder)
}

pub(super) struct Net<'a> {
    pub(super) builder: Builder,
    pub(super) weights: &'a Weights,
    deviation: Deviation,
    /// Scale one and shift zero for each width, which the operator wants to be told.
    units: HashMap<usize, [Value; 2]>,
}

impl Net<'_> {
    /// Structure image to structure code.
    fn structure(&mut self, layers: &Layers, image: Value) -> Result<Value, DgnetError> {
        let mut x = image;
        for block in &layers.head {
            x = self.block(block, x, None)?;
        }
        for pair in &layers.residuals {
            x = self.residual(pair, x, [None, None])?;
        }
        let mut views = vec![self.block(&layers.near, x, None)?];
        for [narrow, wide] in &layers.far {
            let view = self.block(narrow, x, None)?;
            views.push(self.block(wide, view, None)?);
        }
        let views = self
            .builder
            .concat("gen_a.enc_content.model.5.concat", &views, 1)?;
        let fused = self.convolved(&layers.fuse, views)?;
        self.instance_norm(Config::STRUCTURE_CODE, fused, layers.fuse.outputs)
    }

    /// Structure code and appearance code to an image.
    fn decode(
        &mut self,
        layers: &Layers,
        structure: Value,
        appearance: Value,
    ) -> Result<Value, DgnetError> {
        let length = layers.scales.first().map_or(0, |mlp| mlp.sizes[0]);
        let mut x = structure;
        for (k, pair) in layers.adaptive.iter().enumerate() {
            // By position, as the published network does it: the code is channel by channel, so
            // a quarter of it is a quarter of the channels with all parts, not one part.
            let name = format!("appearance.{k}");
            let (start, end) = (k * length, (k + 1) * length);
            let quarter = self.builder.slice(&name, appearance, 1, start, end)?;
            let [first_scale, second_scale] = self.planes(&layers.scales[k], quarter)?;
            let [first_shift, second_shift] = self.planes(&layers.shifts[k], quarter)?;
            let styles = [
                Some([first_scale, first_shift]),
                Some([second_scale, second_shift]),
            ];
            x = self.residual(pair, x, styles)?;
        }
        for block in &layers.rises {
            x = self.builder.double(&block.tensor("double"), x)?;
            x = self.block(block, x, None)?;
        }
        for block in &layers.tail {
            x = self.block(block, x, None)?;
        }
        Ok(x)
    }

    fn residual(
        &mut self,
        pair: &[Block; 2],
        input: Value,
        styles: [Option<[Value; 2]>; 2],
    ) -> Result<Value, DgnetError> {
        let mut x = input;
        for (block, style) in pair.iter().zip(styles) {
            x = self.block(block, x, style)?;
        }
        let name = pair[1].tensor("add");
        Ok(self.builder.add(&name, input, x)?)
    }

    fn block(
        &mut self,
        block: &Block,
        input: Value,
        style: Option<[Value; 2]>,
    ) -> Result<Value, DgnetError> {
        let mut x = self.convolved(block, input)?;
        x = match block.norm {
            Norm::None => x,
            Norm::Instance | Norm::Adaptive => {
                self.instance_norm(&block.tensor("norm"), x, block.outputs)?
            }
            Norm::Layer => self.layer_norm(block, x)?,
        };
        if let Some([scale, shift]) = style {
            x = self
                .builder
                .multiply(&block.tensor("norm.scaled"), x, scale)?;
            x = self
                .builder
                .add_spread(&block.tensor("norm.shifted"), x, shift)?;
        }
        if block.active {
            x = self
                .builder
                .leaky_relu(&block.tensor("activation"), x, SLOPE)?;
        }
        Ok(x)
    }

    fn convolved(&mut self, block: &Block, input: Value) -> Result<Value, DgnetError> {
        let padded = self
            .builder
            .mirror_pad(&block.tensor("pad"), input, block.pad())?;
        let weight = self.constant(&block.tensor("conv.weight"))?;
        let bias = self.constant(&block.tensor("conv.bias"))?;
        // The last convolution is the picture.
        let last = block.outputs == 3 && !block.active;
        let name = if last {
            Config::OUTPUT.to_owned()
        } else {
            block.tensor("conv")
        };
        let tensors = [weight, bias];
        Ok(self
            .builder
            .conv_apart(&name, padded, tensors, block.stride, block.dilation)?)
    }

    fn instance_norm(
        &mut self,
        name: &str,
        input: Value,
        width: usize,
    ) -> Result<Value, DgnetError> {
        let unit = match self.units.get(&width) {
            Some(unit) => *unit,
            None => {
                let ones = vec![1.0; width];
                let scale = self
                    .builder
                    .floats(&format!("ones.{width}"), &[width], &ones)?;
                let zeros = vec![0.0; width];
                let shift = self
                    .builder
                    .floats(&format!("zeros.{width}"), &[width], &zeros)?;
                self.units.insert(width, [scale, shift]);
                [scale, shift]
            }
        };
        Ok(self.builder.instance_norm(name, input, unit, EPSILON)?)
    }

    /// Over channels, rows and columns of an image together; the small number is added to the
    /// deviation, not to the variance.
    fn layer_norm(&mut self, block: &Block, input: Value) -> Result<Value, DgnetError> {
        let name = |part: &str| block.tensor(&format!("norm.{part}"));
        let shape = [1, block.outputs, 1, 1];
        let constant = |part: &str| -> Result<Vec<f32>, DgnetError> {
            Ok(self.weights.tensor(&name(part))?.data.clone())
        };
        let (gamma, beta) = (constant("gamma")?, constant("beta")?);
        let sizes = self.builder.shape(input).unwrap_or_default();
        let count: usize = sizes.iter().skip(1).filter_map(|d| d.fixed()).product();
        let g = &mut self.builder;
        let mean = g.mean_of_rows(&name("mean"), input)?;
        let centred = g.subtract(&name("centred"), input, mean)?;
        let squares = g.power(&name("squares"), centred, 2.0)?;
        let mut variance = g.mean_of_rows(&name("variance"), squares)?;
        if self.deviation == Deviation::Unbiased {
            let ratio = count as f64 / (count as f64 - 1.0);
            #[allow(clippy::cast_possible_truncation)] // rounded once
            let ratio = g.floats(&name("ratio"), &[1, 1, 1, 1], &[ratio as f32])?;
            variance = g.multiply(&name("unbiased"), variance, ratio)?;
        }
        let deviation = g.sqrt(&name("deviation"), variance)?;
        let epsilon = g.floats(&name("epsilon"), &[1, 1, 1, 1], &[EPSILON])?;
        let deviation = g.add_spread(&name("divisor"), deviation, epsilon)?;
        let x = g.divide(&name("normal"), centred, deviation)?;
        let gamma = g.floats(&name("gamma"), &shape, &gamma)?;
        let x = g.multiply(&name("scaled"), x, gamma)?;
        let beta = g.floats(&name("beta"), &shape, &beta)?;
        Ok(g.add_spread(&name("shifted"), x, beta)?)
    }

    /// A quarter of the appearance code to N x C x 1 x 1 for each convolution of a residual block.
    fn planes(&mut self, mlp: &Mlp, quarter: Value) -> Result<[Value; 2], DgnetError> {
        let mut x = quarter;
        for i in 0..3 {
            let name = format!("{}.model.{i}.fc", mlp.name);
            let weight = self.constant(&format!("{name}.weight"))?;
            let bias = self.constant(&format!("{name}.bias"))?;
            x = self.builder.gemm(&name, x, weight, bias)?;
            if i < 2 {
                let name = format!("{}.model.{i}.activation", mlp.name);
                x = self.builder.leaky_relu(&name, x, SLOPE)?;
            }
        }
        let width = mlp.sizes[3] / 2;
        let mut halves = [x; 2];
        for (i, half) in halves.iter_mut().enumerate() {
            let name = format!("{}.half{i}", mlp.name);
            let numbers = self
                .builder
                .slice(&name, x, 1, i * width, (i + 1) * width)?;
            let name = format!("{name}.planes");
            *half = self.builder.reshape(&name, numbers, &[width, 1, 1])?;
        }
        Ok(halves)
    }

    /// A tensor of the state dict under its own name.
    pub(super) fn constant(&mut self, name: &str) -> Result<Value, DgnetError> {
        let tensor = self.weights.tensor(name)?;
        Ok(self.builder.floats(name, &tensor.shape, &tensor.data)?)
    }

    /// The number of parts that the appearance code is pooled from.
    pub(super) const PARTS: usize = Channels::PARTS;
}
