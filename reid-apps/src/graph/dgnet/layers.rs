//! The layers as data: one list, read by the state dict, the graph builder and the drawing of
//! weights, so that these cannot disagree.
use super::config::Channels;
use crate::graph::mgn::{Parameter, ParameterKind};

/// Which part of the network reads a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Structure,
    Appearance,
    Decoder,
    Embedding,
    /// In the checkpoints, and read by nothing that runs.
    Never,
}

/// What stands behind a convolution of the generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Norm {
    None,
    /// Each plane to mean 0 and variance 1.
    Instance,
    /// The same, then scaled and shifted by the appearance.
    Adaptive,
    /// Each image to mean 0 and deviation 1, then learned scales and shifts.
    Layer,
}

/// A convolution with bias over mirrored margins, its normalisation, its activation.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// Prefix of its tensors.
    pub(super) name: String,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) dilation: usize,
    pub(super) norm: Norm,
    pub(super) active: bool,
}

impl Block {
    /// Rows and columns mirrored on each side, which keep the size at stride one.
    pub(super) fn pad(&self) -> usize {
        self.kernel / 2 * self.dilation
    }

    /// Name of a tensor.
    pub(super) fn tensor(&self, part: &str) -> String {
        format!("{}.{part}", self.name)
    }
}

/// A small network of three linear layers.
#[derive(Debug, Clone)]
pub(super) struct Mlp {
    pub(super) name: String,
    /// Numbers in and out of the three.
    pub(super) sizes: [usize; 4],
}

/// A convolution without bias and the batch norm behind it.
#[derive(Debug, Clone)]
pub(super) struct ConvNorm {
    pub(super) conv: String,
    pub(super) norm: String,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
}

/// A residual block of the appearance encoder.
#[derive(Debug, Clone)]
pub(super) struct Bottleneck {
    pub(super) prefix: String,
    pub(super) convs: [ConvNorm; 3],
    pub(super) downsample: Option<ConvNorm>,
}

/// The whole network.
#[derive(Debug, Clone)]
pub(super) struct Layers {
    /// The structure encoder down to a quarter of the size.
    pub(super) head: Vec<Block>,
    pub(super) residuals: Vec<[Block; 2]>,
    /// Four views of different reach, and the convolution that joins them.
    pub(super) near: Block,
    pub(super) far: Vec<[Block; 2]>,
    pub(super) fuse: Block,
    /// The decoder: residual blocks, two rises to the full size, the rest.
    pub(super) adaptive: Vec<[Block; 2]>,
    pub(super) rises: Vec<Block>,
    pub(super) tail: Vec<Block>,
    /// Scales of the adaptive blocks, then their shifts.
    pub(super) scales: Vec<Mlp>,
    pub(super) shifts: Vec<Mlp>,
    /// The appearance encoder.
    pub(super) stem: ConvNorm,
    pub(super) bottlenecks: Vec<Bottleneck>,
    channels: Channels,
}

/// Residual blocks of the encoder, and as many of the decoder.
const RESIDUALS: usize = 4;

impl Layers {
    pub(super) fn new(channels: &Channels) -> Layers {
        let d = channels.dim;
        let at = |name: &str| format!("gen_a.{name}");
        let plain = |index: usize, inputs, outputs, kernel| Block {
            name: at(&format!("enc_content.model.{index}")),
            inputs,
            outputs,
            kernel,
            stride: 1,
            dilation: 1,
            norm: Norm::Instance,
            active: true,
        };
        let half = |block: Block| Block { stride: 2, ..block };
        let pair = |prefix: String, width, norm| {
            [true, false].map(|active| Block {
                name: format!("{prefix}.{}", usize::from(!active)),
                norm,
                active,
                ..plain(0, width, width, 3)
            })
        };
        let aspp = |part: &str, inputs, outputs, kernel, dilation, active| Block {
            name: at(&format!("enc_content.model.5.{part}")),
            dilation,
            active,
            ..plain(0, inputs, outputs, kernel)
        };
        let decoded = |index: usize, inputs, outputs, kernel, norm, active| Block {
            name: at(&format!("dec.model.{index}")),
            norm,
            active,
            ..plain(0, inputs, outputs, kernel)
        };
        let mlps = |kind: char| {
            (1..=RESIDUALS).map(move |k| Mlp {
                name: format!("gen_a.mlp_{kind}{k}"),
                sizes: [channels.identity(), channels.mlp, channels.mlp, 16 * d],
            })
        };
        // The names speak of rates 6, 12 and 18; the rates are half of them.
        let far = [(6, 3), (12, 6), (18, 9)].map(|(name, rate)| {
            [
                aspp(&format!("conv{name}.0"), 4 * d, 2 * d, 1, 1, true),
                aspp(&format!("conv{name}.1"), 2 * d, 2 * d, 3, rate, false),
            ]
        });
        Layers {
            head: vec![
                half(plain(0, 1, d, 3)),
                plain(1, d, 2 * d, 3),
                plain(2, 2 * d, 2 * d, 3),
                half(plain(3, 2 * d, 4 * d, 3)),
            ],
            residuals: (0..RESIDUALS)
                .map(|i| {
                    let prefix = at(&format!("enc_content.model.4.model.{i}.model"));
                    pair(prefix, 4 * d, Norm::Instance)
                })
                .collect(),
            near: aspp("conv1", 4 * d, 2 * d, 1, 1, false),
            far: far.into(),
            fuse: aspp("fuse", 8 * d, 8 * d, 1, 1, false),
            adaptive: (0..RESIDUALS)
                .map(|i| {
                    let prefix = at(&format!("dec.model.1.model.{i}.model"));
                    pair(prefix, 8 * d, Norm::Adaptive)
                })
                .collect(),
            rises: vec![
                decoded(3, 8 * d, 4 * d, 5, Norm::Layer, true),
                decoded(5, 4 * d, 2 * d, 5, Norm::Layer, true),
            ],
            tail: vec![
                decoded(6, 2 * d, 2 * d, 3, Norm::None, true),
                decoded(7, 2 * d, 2 * d, 3, Norm::None, true),
                decoded(8, 2 * d, 3, 1, Norm::None, false),
            ],
            scales: mlps('w').collect(),
            shifts: mlps('b').collect(),
            stem: conv_norm("conv1", "bn1", [3, channels.stem], 7, 2),
            bottlenecks: bottlenecks(channels),
            channels: *channels,
        }
    }

    /// The state dict in the order of the checkpoints, with the part that reads each tensor.
    pub(super) fn parameters(&self) -> Vec<(Parameter, Need)> {
        let mut list = List::default();
        let encoder = self.head.iter().chain(self.residuals.iter().flatten());
        let aspp = [&self.near].into_iter().chain(self.far.iter().flatten());
        for block in encoder.chain(aspp).chain([&self.fuse]) {
            list.block(block, Need::Structure);
        }
        let decoder = self.adaptive.iter().flatten().chain(&self.rises);
        for block in decoder.chain(&self.tail) {
            list.block(block, Need::Decoder);
        }
        for mlp in self.scales.iter().chain(&self.shifts) {
            for (i, sides) in mlp.sizes.windows(2).enumerate() {
                let name = format!("{}.model.{i}.fc", mlp.name);
                list.linear(&name, [sides[0], sides[1]], Need::Decoder);
            }
        }
        list.conv_norm(&self.stem);
        for block in &self.bottlenecks {
            block.convs.iter().for_each(|layer| list.conv_norm(layer));
            block
                .downsample
                .iter()
                .for_each(|layer| list.conv_norm(layer));
        }
        let c = &self.channels;
        list.linear("id_a.model.fc", [c.identity(), 1000], Need::Never);
        for number in 1..=2 {
            let name = format!("id_a.classifier{number}");
            let inner = format!("{name}.add_block");
            let sizes = [c.identity(), c.embedding];
            list.linear(&format!("{inner}.0"), sizes, Need::Embedding);
            list.batch_norm(&format!("{inner}.1"), c.embedding, Need::Embedding);
            let sizes = [c.embedding, c.classes];
            list.linear(&format!("{name}.classifier.0"), sizes, Need::Never);
        }
        list.0
    }
}

/// Four layers of bottlenecks; the last begins without a stride, unlike ResNet-50's.
fn bottlenecks(channels: &Channels) -> Vec<Bottleneck> {
    let mut all = Vec::new();
    let mut inputs = channels.stem;
    for (layer, (blocks, stride)) in [(3, 1), (4, 2), (6, 2), (3, 1)].into_iter().enumerate() {
        let inner = channels.planes[layer];
        let outputs = Channels::EXPANSION * inner;
        for i in 0..blocks {
            let stride = if i == 0 { stride } else { 1 };
            let prefix = format!("layer{}.{i}", layer + 1);
            let part = |number: usize, sides, kernel, stride| {
                let (conv, norm) = (
                    format!("{prefix}.conv{number}"),
                    format!("{prefix}.bn{number}"),
                );
                conv_norm(&conv, &norm, sides, kernel, stride)
            };
            let downsample = (i == 0).then(|| {
                let (conv, norm) = (
                    format!("{prefix}.downsample.0"),
                    format!("{prefix}.downsample.1"),
                );
                conv_norm(&conv, &norm, [inputs, outputs], 1, stride)
            });
            all.push(Bottleneck {
                convs: [
                    part(1, [inputs, inner], 1, 1),
                    part(2, [inner, inner], 3, stride),
                    part(3, [inner, outputs], 1, 1),
                ],
                downsample,
                prefix: format!("id_a.model.{prefix}"),
            });
            inputs = outputs;
        }
    }
    all
}

fn conv_norm(
    conv: &str,
    norm: &str,
    [inputs, outputs]: [usize; 2],
    kernel: usize,
    stride: usize,
) -> ConvNorm {
    ConvNorm {
        conv: format!("id_a.model.{conv}"),
        norm: format!("id_a.model.{norm}"),
        inputs,
        outputs,
        kernel,
        stride,
    }
}

#[derive(Default)]
struct List(Vec<(Parameter, Need)>);

impl List {
    fn push(&mut self, name: String, shape: &[usize], kind: ParameterKind, need: Need) {
        let shape = shape.to_vec();
        self.0.push((Parameter { name, shape, kind }, need));
    }

    fn block(&mut self, block: &Block, need: Need) {
        let width = [block.outputs];
        match block.norm {
            Norm::None | Norm::Instance => {}
            // Kept by the training, never read by the layer that keeps them.
            Norm::Adaptive => {
                for part in ["norm.running_mean", "norm.running_var"] {
                    let kind = ParameterKind::Statistic;
                    self.push(block.tensor(part), &width, kind, Need::Never);
                }
            }
            Norm::Layer => {
                for part in ["norm.gamma", "norm.beta"] {
                    self.push(block.tensor(part), &width, ParameterKind::Parameter, need);
                }
            }
        }
        let filters = [block.outputs, block.inputs, block.kernel, block.kernel];
        let kind = ParameterKind::Parameter;
        self.push(block.tensor("conv.weight"), &filters, kind, need);
        self.push(block.tensor("conv.bias"), &width, kind, need);
    }

    fn linear(&mut self, name: &str, [inputs, outputs]: [usize; 2], need: Need) {
        let kind = ParameterKind::Parameter;
        self.push(format!("{name}.weight"), &[outputs, inputs], kind, need);
        self.push(format!("{name}.bias"), &[outputs], kind, need);
    }

    fn conv_norm(&mut self, layer: &ConvNorm) {
        let filters = [layer.outputs, layer.inputs, layer.kernel, layer.kernel];
        let kind = ParameterKind::Parameter;
        self.push(
            format!("{}.weight", layer.conv),
            &filters,
            kind,
            Need::Appearance,
        );
        self.batch_norm(&layer.norm, layer.outputs, Need::Appearance);
    }

    fn batch_norm(&mut self, name: &str, width: usize, need: Need) {
        for (part, kind) in [
            ("weight", ParameterKind::Parameter),
            ("bias", ParameterKind::Parameter),
            ("running_mean", ParameterKind::Statistic),
            ("running_var", ParameterKind::Statistic),
        ] {
            self.push(format!("{name}.{part}"), &[width], kind, need);
        }
        let counter = format!("{name}.num_batches_tracked");
        self.push(counter, &[], ParameterKind::Counter, Need::Never);
    }
}
