//! The appearance encoder: a ResNet-50 whose last layer keeps its size, and what is read off it.
use super::build::{EPSILON, Net};
use super::config::Config;
use super::error::DgnetError;
use super::layers::{Bottleneck, ConvNorm, Layers};
use crate::graph::onnx::{Dim, Value, Window};

impl Net<'_> {
    /// Appearance image to appearance code: the maxima of four horizontal parts, channel by
    /// channel.
    pub(super) fn appearance(
        &mut self,
        layers: &Layers,
        image: Value,
    ) -> Result<Value, DgnetError> {
        let map = self.map(layers, image)?;
        let [rows, columns] = self.size(map);
        let part = [rows / Self::PARTS, columns];
        let pooled = self.builder.max_pool("id_a.partpool", map, tiles(part))?;
        Ok(self.builder.flatten(Config::APPEARANCE_CODE, pooled)?)
    }

    /// Appearance image to both embeddings, one behind the other.
    pub(super) fn embedding(&mut self, layers: &Layers, image: Value) -> Result<Value, DgnetError> {
        let map = self.map(layers, image)?;
        let size = self.size(map);
        let pooled = self.builder.max_pool("id_a.pool", map, tiles(size))?;
        let pooled = self.builder.flatten("id_a.pooled", pooled)?;
        let mut halves = Vec::new();
        for number in 1..=2 {
            let name = format!("id_a.classifier{number}.add_block");
            halves.push(self.linear_norm(&name, pooled)?);
        }
        Ok(self.builder.concat(Config::EMBEDDING, &halves, 1)?)
    }

    fn map(&mut self, layers: &Layers, image: Value) -> Result<Value, DgnetError> {
        let x = self.conv_norm(&layers.stem, image)?;
        let x = self.builder.relu("id_a.model.relu", x)?;
        let window = Window {
            kernel: [3, 3],
            stride: [2, 2],
            pad: [1, 1],
        };
        let mut x = self.builder.max_pool("id_a.model.maxpool", x, window)?;
        for block in &layers.bottlenecks {
            x = self.bottleneck(block, x)?;
        }
        Ok(x)
    }

    fn bottleneck(&mut self, block: &Bottleneck, input: Value) -> Result<Value, DgnetError> {
        let prefix = &block.prefix;
        let mut x = input;
        for (i, layer) in block.convs.iter().enumerate() {
            x = self.conv_norm(layer, x)?;
            if i < 2 {
                x = self.builder.relu(&format!("{prefix}.relu{}", i + 1), x)?;
            }
        }
        let past = match &block.downsample {
            Some(layer) => self.conv_norm(layer, input)?,
            None => input,
        };
        let x = self.builder.add(&format!("{prefix}.add"), x, past)?;
        Ok(self.builder.relu(&format!("{prefix}.relu3"), x)?)
    }

    /// A convolution with the batch norm in its filters and bias.
    fn conv_norm(&mut self, layer: &ConvNorm, input: Value) -> Result<Value, DgnetError> {
        let name = format!("{}.weight", layer.conv);
        let filters = &self.weights.tensor(&name)?.data;
        let zeros = vec![0.0; layer.outputs];
        let (filters, bias) = self.folded(filters, &zeros, &layer.norm)?;
        let shape = [layer.outputs, layer.inputs, layer.kernel, layer.kernel];
        let filters = self.builder.floats(&name, &shape, &filters)?;
        let name = format!("{}.bias", layer.conv);
        let bias = self.builder.floats(&name, &[layer.outputs], &bias)?;
        let (stride, pad) = ([layer.stride; 2], [layer.kernel / 2; 2]);
        Ok(self
            .builder
            .conv(&layer.conv, input, filters, Some(bias), stride, pad)?)
    }

    /// A linear layer with the batch norm in its weights and bias.
    fn linear_norm(&mut self, name: &str, input: Value) -> Result<Value, DgnetError> {
        let layer = format!("{name}.0");
        let weight = self.weights.tensor(&format!("{layer}.weight"))?;
        let bias = &self.weights.tensor(&format!("{layer}.bias"))?.data;
        let shape = weight.shape.clone();
        let (weight, bias) = self.folded(&weight.data, bias, &format!("{name}.1"))?;
        let weight = self
            .builder
            .floats(&format!("{layer}.weight"), &shape, &weight)?;
        let bias = self
            .builder
            .floats(&format!("{layer}.bias"), &[bias.len()], &bias)?;
        Ok(self.builder.gemm(&layer, input, weight, bias)?)
    }

    /// Puts a batch norm into the layer before it: weights times g / sqrt(var + eps), bias
    /// (bias - mean) times the same, plus b. In double, rounded once.
    fn folded(
        &self,
        weights: &[f32],
        bias: &[f32],
        norm: &str,
    ) -> Result<(Vec<f32>, Vec<f32>), DgnetError> {
        let part = |part: &str| self.weights.tensor(&format!("{norm}.{part}"));
        let scale = &part("weight")?.data;
        let shift = &part("bias")?.data;
        let mean = &part("running_mean")?.data;
        let variance = &part("running_var")?.data;
        let mut new_weights = Vec::with_capacity(weights.len());
        let mut new_bias = Vec::with_capacity(bias.len());
        for (o, row) in weights.chunks_exact(weights.len() / bias.len()).enumerate() {
            let factor = f64::from(scale[o]) / (f64::from(variance[o]) + f64::from(EPSILON)).sqrt();
            new_weights.extend(row.iter().map(|&w| single(f64::from(w) * factor)));
            let centred = f64::from(bias[o]) - f64::from(mean[o]);
            new_bias.push(single(f64::from(shift[o]) + centred * factor));
        }
        Ok((new_weights, new_bias))
    }

    /// Height and width of a map; both are always fixed here.
    fn size(&self, map: Value) -> [usize; 2] {
        let shape = self.builder.shape(map).unwrap_or_default();
        let side = |axis: usize| shape.get(axis).copied().and_then(Dim::fixed).unwrap_or(0);
        [side(2), side(3)]
    }
}

/// A window that cuts the map into equal pieces.
fn tiles(size: [usize; 2]) -> Window {
    Window {
        kernel: size,
        stride: size,
        pad: [0, 0],
    }
}

/// Rounds to float32, which is the point here.
#[allow(clippy::cast_possible_truncation)]
fn single(x: f64) -> f32 {
    x as f32
}
