use super::architecture::{Architecture, Bottleneck, Branch, ConvNorm};
use super::config::{Config, Outputs};
use super::error::MgnError;
use super::weights::Weights;
use crate::graph::onnx::{Builder, Dim, Value, Window};

/// Added to a variance before its square root is taken.
pub(super) const EPSILON: f32 = 1e-5;

/// Builds the ONNX file of an MGN: the bytes of a `ModelProto`.
///
/// Input N x 3 x height x width float32, normalised RGB. First output
/// N x (8 * feature). With [`Outputs::AllTwelve`] then follow `p1.feature`,
/// `p2.feature`, `p3.feature` (N x feature) and the eight `fc_id_*` (N x
/// classes). The shared `reduction` is stored once. The same configuration
/// and weights give the same bytes.
///
/// # Errors
/// [`MgnError::Config`] for sizes that make no network, [`MgnError::Weights`]
/// listing missing, surplus and wrongly shaped tensors.
///
/// **Source**: see the [module](super).
pub fn build(config: &Config, weights: &Weights) -> Result<Vec<u8>, MgnError> {
    Ok(graph(config, weights)?.finish()?)
}

/// Counts the multiply-accumulates of the built network for one image.
///
/// # Errors
/// As [`build`].
pub fn multiply_accumulates(config: &Config, weights: &Weights) -> Result<u64, MgnError> {
    Ok(graph(config, weights)?.multiply_accumulates())
}

pub(super) fn graph(config: &Config, weights: &Weights) -> Result<Builder, MgnError> {
    config.check()?;
    weights.check(config)?;
    let architecture = Architecture::new(&config.channels);
    let mut net = Net {
        builder: Builder::new("mgn"),
        weights,
        fold: config.fold_batch_norm,
    };
    let image = net.builder.input(
        &config.input_name,
        config.batch,
        &[3, config.height, config.width],
    )?;
    let trunk = net.trunk(&architecture, image)?;

    let mut wholes = Vec::new();
    let mut stripes = Vec::new();
    for branch in &architecture.branches {
        let (whole, parts) = net.branch(branch, trunk)?;
        wholes.push(whole);
        stripes.extend(parts);
    }
    let pooled: Vec<Pooled> = wholes.into_iter().chain(stripes).collect();

    let reduction = net.constants(&architecture.reduction)?;
    let mut features = Vec::new();
    for part in &pooled {
        features.push(net.reduce(part, &architecture.reduction, &reduction)?);
    }
    let joined = net.builder.concat(&config.output_name, &features, 1)?;
    net.builder.output(joined)?;
    if config.outputs == Outputs::AllTwelve {
        net.other_outputs(&architecture, &features)?;
    }
    Ok(net.builder)
}

/// A pooled vector, still N x C x 1 x 1.
struct Pooled {
    name: String,
    value: Value,
}

/// The constants of a convolution with its batch norm.
enum Constants {
    /// Filters and bias, with the batch norm in them.
    Folded([Value; 2]),
    /// Filters; scale, bias, mean, variance.
    Apart(Value, [Value; 4]),
}

struct Net<'a> {
    builder: Builder,
    weights: &'a Weights,
    fold: bool,
}

impl Net<'_> {
    /// Input to the end of `backbone.6`.
    fn trunk(&mut self, architecture: &Architecture, image: Value) -> Result<Value, MgnError> {
        let x = self.conv_norm(&architecture.stem, image)?;
        let x = self.builder.relu("backbone.2", x)?;
        let window = Window {
            kernel: [3, 3],
            stride: [2, 2],
            pad: [1, 1],
        };
        let mut x = self.builder.max_pool("backbone.3", x, window)?;
        for block in &architecture.trunk {
            x = self.bottleneck(block, x)?;
        }
        Ok(x)
    }

    fn bottleneck(&mut self, block: &Bottleneck, input: Value) -> Result<Value, MgnError> {
        let [first, second, third] = &block.convs;
        let prefix = &block.prefix;
        let x = self.conv_norm(first, input)?;
        let x = self.builder.relu(&format!("{prefix}.relu1"), x)?;
        let x = self.conv_norm(second, x)?;
        let x = self.builder.relu(&format!("{prefix}.relu2"), x)?;
        let x = self.conv_norm(third, x)?;
        let past = match &block.downsample {
            Some(layer) => self.conv_norm(layer, input)?,
            None => input,
        };
        let x = self.builder.add(&format!("{prefix}.add"), x, past)?;
        Ok(self.builder.relu(&format!("{prefix}.relu3"), x)?)
    }

    /// Returns the pooled whole and the pooled stripes from the top.
    fn branch(&mut self, branch: &Branch, input: Value) -> Result<(Pooled, Vec<Pooled>), MgnError> {
        let mut x = input;
        for block in &branch.blocks {
            x = self.bottleneck(block, x)?;
        }
        let [height, width] = self.map_size(x);
        let name = branch.name;
        let whole = Pooled {
            name: name.to_owned(),
            value: self
                .builder
                .max_pool(&format!("{name}.pool"), x, tiles([height, width]))?,
        };
        let mut parts = Vec::new();
        if let Some(rows) = height.checked_div(branch.stripes) {
            let window = tiles([rows, width]);
            let rows = self
                .builder
                .max_pool(&format!("{name}.stripes.pool"), x, window)?;
            for i in 0..branch.stripes {
                let name = format!("{name}.stripe{i}");
                let cut = format!("{name}.pool");
                let value = self.builder.slice(&cut, rows, 2, i, i + 1)?;
                parts.push(Pooled { name, value });
            }
        }
        Ok((whole, parts))
    }

    /// The shared 1x1 convolution on one pooled vector: N x feature.
    fn reduce(
        &mut self,
        pooled: &Pooled,
        layer: &ConvNorm,
        constants: &Constants,
    ) -> Result<Value, MgnError> {
        let prefix = format!("{}.reduction", pooled.name);
        let names = [format!("{prefix}.0"), format!("{prefix}.1")];
        let x = self.apply(&names, layer, pooled.value, constants)?;
        let x = self.builder.relu(&format!("{prefix}.2"), x)?;
        let name = format!("{}.feature", pooled.name);
        Ok(self.builder.flatten(&name, x)?)
    }

    fn other_outputs(
        &mut self,
        architecture: &Architecture,
        features: &[Value],
    ) -> Result<(), MgnError> {
        for &whole in features.iter().take(3) {
            self.builder.output(whole)?;
        }
        for (name, &feature) in architecture.classifiers.into_iter().zip(features) {
            let weight = self.constant(&format!("{name}.weight"))?;
            let bias = self.constant(&format!("{name}.bias"))?;
            let scores = self.builder.gemm(name, feature, weight, bias)?;
            self.builder.output(scores)?;
        }
        Ok(())
    }

    fn conv_norm(&mut self, layer: &ConvNorm, input: Value) -> Result<Value, MgnError> {
        let constants = self.constants(layer)?;
        let names = [layer.conv.clone(), layer.norm.clone()];
        self.apply(&names, layer, input, &constants)
    }

    fn apply(
        &mut self,
        [conv, norm]: &[String; 2],
        layer: &ConvNorm,
        input: Value,
        constants: &Constants,
    ) -> Result<Value, MgnError> {
        let (stride, pad) = ([layer.stride; 2], [layer.pad(); 2]);
        let builder = &mut self.builder;
        match *constants {
            Constants::Folded([filters, bias]) => {
                Ok(builder.conv(conv, input, filters, Some(bias), stride, pad)?)
            }
            Constants::Apart(filters, parameters) => {
                let x = builder.conv(conv, input, filters, None, stride, pad)?;
                Ok(builder.batch_norm(norm, x, parameters, EPSILON)?)
            }
        }
    }

    fn constants(&mut self, layer: &ConvNorm) -> Result<Constants, MgnError> {
        if self.fold {
            let (filters, bias) = folded(layer, self.weights)?;
            let size = layer.kernel;
            let shape = [layer.outputs, layer.inputs, size, size];
            let filters = self.builder.floats(&layer.filters(), &shape, &filters)?;
            let name = format!("{}.bias", layer.conv);
            let bias = self.builder.floats(&name, &[layer.outputs], &bias)?;
            return Ok(Constants::Folded([filters, bias]));
        }
        let filters = self.constant(&layer.filters())?;
        let parameters = [
            self.constant(&layer.norm_tensor("weight"))?,
            self.constant(&layer.norm_tensor("bias"))?,
            self.constant(&layer.norm_tensor("running_mean"))?,
            self.constant(&layer.norm_tensor("running_var"))?,
        ];
        Ok(Constants::Apart(filters, parameters))
    }

    /// A tensor of the state dict under its own name.
    fn constant(&mut self, name: &str) -> Result<Value, MgnError> {
        let data = self.weights.data(name)?;
        let shape = self.weights.get(name).map_or(&[][..], |t| &t.shape);
        Ok(self.builder.floats(name, shape, data)?)
    }

    /// Height and width of a map; both are always fixed here.
    fn map_size(&self, value: Value) -> [usize; 2] {
        let size = |axis: usize| {
            let shape = self.builder.shape(value);
            shape
                .and_then(|s| s.get(axis).copied())
                .and_then(Dim::fixed)
                .unwrap_or(0)
        };
        [size(2), size(3)]
    }
}

/// A window without overlap.
fn tiles(size: [usize; 2]) -> Window {
    Window {
        kernel: size,
        stride: size,
        pad: [0, 0],
    }
}

/// Puts a batch norm into its convolution: filters times g / sqrt(var + eps),
/// bias b - mean * g / sqrt(var + eps). In double, rounded once.
pub(super) fn folded(
    layer: &ConvNorm,
    weights: &Weights,
) -> Result<(Vec<f32>, Vec<f32>), MgnError> {
    let filters = weights.data(&layer.filters())?;
    let scale = weights.data(&layer.norm_tensor("weight"))?;
    let shift = weights.data(&layer.norm_tensor("bias"))?;
    let mean = weights.data(&layer.norm_tensor("running_mean"))?;
    let variance = weights.data(&layer.norm_tensor("running_var"))?;
    let per_filter = layer.inputs * layer.kernel * layer.kernel;
    let mut out = Vec::with_capacity(filters.len());
    let mut bias = Vec::with_capacity(layer.outputs);
    for (o, filter) in filters.chunks_exact(per_filter).enumerate() {
        let factor = f64::from(scale[o]) / (f64::from(variance[o]) + f64::from(EPSILON)).sqrt();
        out.extend(filter.iter().map(|&w| single(f64::from(w) * factor)));
        bias.push(single(f64::from(shift[o]) - f64::from(mean[o]) * factor));
    }
    Ok((out, bias))
}

/// Rounds to float32, which is the point here.
#[allow(clippy::cast_possible_truncation)]
fn single(x: f64) -> f32 {
    x as f32
}
