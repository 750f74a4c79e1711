//! The layers as data: one list, read by the state dict, the graph builder,
//! the drawing of weights and the calibration, so that these cannot disagree.
use super::config::{Channels, Parameter, ParameterKind};

/// A convolution without bias and the batch norm behind it.
#[derive(Debug, Clone)]
pub(super) struct ConvNorm {
    /// Prefix of the convolution's tensors.
    pub(super) conv: String,
    /// Prefix of the batch norm's tensors.
    pub(super) norm: String,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Side of the square kernel.
    pub(super) kernel: usize,
    pub(super) stride: usize,
}

impl ConvNorm {
    /// Zero rows and columns on each side: "same" at stride one.
    pub(super) fn pad(&self) -> usize {
        self.kernel / 2
    }

    /// Name of a tensor of the batch norm.
    pub(super) fn norm_tensor(&self, part: &str) -> String {
        format!("{}.{part}", self.norm)
    }

    /// Name of the filters.
    pub(super) fn filters(&self) -> String {
        format!("{}.weight", self.conv)
    }
}

/// A residual block: 1x1, 3x3 (with the stride), 1x1, and the way past them.
#[derive(Debug, Clone)]
pub(super) struct Bottleneck {
    pub(super) prefix: String,
    pub(super) convs: [ConvNorm; 3],
    pub(super) downsample: Option<ConvNorm>,
}

/// One of the three branches.
#[derive(Debug, Clone)]
pub(super) struct Branch {
    /// `p1`, `p2` or `p3`.
    pub(super) name: &'static str,
    pub(super) blocks: Vec<Bottleneck>,
    /// Horizontal stripes besides the whole; 0 for none.
    pub(super) stripes: usize,
}

/// The whole network.
#[derive(Debug, Clone)]
pub(super) struct Architecture {
    pub(super) stem: ConvNorm,
    pub(super) trunk: Vec<Bottleneck>,
    pub(super) branches: [Branch; 3],
    pub(super) reduction: ConvNorm,
    /// Prefixes of the linear layers, in the order of the eight features.
    pub(super) classifiers: [&'static str; 8],
    channels: Channels,
}

/// What a run of equal bottlenecks is.
struct Run {
    planes: usize,
    inputs: usize,
    stride: usize,
}

impl Architecture {
    pub(super) fn new(channels: &Channels) -> Architecture {
        let Channels { stem, planes, .. } = *channels;
        let wide = planes.map(|n| n * Channels::EXPANSION);
        let mut trunk = Vec::new();
        for (layer, blocks) in [(0, 3), (1, 4)] {
            let inputs = if layer == 0 { stem } else { wide[layer - 1] };
            let run = Run {
                planes: planes[layer],
                inputs,
                stride: layer + 1,
            };
            let prefix = format!("backbone.{}", layer + 4);
            trunk.extend((0..blocks).map(|i| bottleneck(format!("{prefix}.{i}"), &run, i == 0)));
        }
        let first = Run {
            planes: planes[2],
            inputs: wide[1],
            stride: 2,
        };
        trunk.push(bottleneck("backbone.6".to_owned(), &first, true));

        let branches = [("p1", 2, 0), ("p2", 1, 2), ("p3", 1, 3)].map(|(name, stride, stripes)| {
            let rest = Run {
                planes: planes[2],
                inputs: wide[2],
                stride: 1,
            };
            let last = Run {
                planes: planes[3],
                inputs: wide[2],
                stride,
            };
            let mut blocks: Vec<Bottleneck> = (0..5)
                .map(|i| bottleneck(format!("{name}.0.{i}"), &rest, false))
                .collect();
            blocks.extend((0..3).map(|i| bottleneck(format!("{name}.1.{i}"), &last, i == 0)));
            Branch {
                name,
                blocks,
                stripes,
            }
        });

        Architecture {
            stem: conv_norm("backbone.0", "backbone.1", 3, stem, 7, 2),
            trunk,
            branches,
            reduction: conv_norm(
                "reduction.0",
                "reduction.1",
                wide[3],
                channels.feature,
                1,
                1,
            ),
            classifiers: [
                "fc_id_2048_0",
                "fc_id_2048_1",
                "fc_id_2048_2",
                "fc_id_256_1_0",
                "fc_id_256_1_1",
                "fc_id_256_2_0",
                "fc_id_256_2_1",
                "fc_id_256_2_2",
            ],
            channels: *channels,
        }
    }

    /// Every convolution with its batch norm, in state-dict order.
    pub(super) fn conv_norms(&self) -> Vec<&ConvNorm> {
        let blocks = self
            .trunk
            .iter()
            .chain(self.branches.iter().flat_map(|branch| &branch.blocks));
        let mut all = vec![&self.stem];
        for block in blocks {
            all.extend(&block.convs);
            all.extend(&block.downsample);
        }
        all.push(&self.reduction);
        all
    }

    pub(super) fn parameters(&self) -> Vec<Parameter> {
        let mut all = Vec::new();
        let mut push = |name: String, shape: Vec<usize>, kind: ParameterKind| {
            all.push(Parameter { name, shape, kind });
        };
        for layer in self.conv_norms() {
            let shape = vec![layer.outputs, layer.inputs, layer.kernel, layer.kernel];
            push(layer.filters(), shape, ParameterKind::Parameter);
            for (part, kind) in [
                ("weight", ParameterKind::Parameter),
                ("bias", ParameterKind::Parameter),
                ("running_mean", ParameterKind::Statistic),
                ("running_var", ParameterKind::Statistic),
            ] {
                push(layer.norm_tensor(part), vec![layer.outputs], kind);
            }
            let counter = layer.norm_tensor("num_batches_tracked");
            push(counter, Vec::new(), ParameterKind::Counter);
        }
        let Channels {
            feature, classes, ..
        } = self.channels;
        for name in self.classifiers {
            let weight = vec![classes, feature];
            push(format!("{name}.weight"), weight, ParameterKind::Parameter);
            push(
                format!("{name}.bias"),
                vec![classes],
                ParameterKind::Parameter,
            );
        }
        all
    }

    /// Whether a tensor belongs to a classifier, which the features do without.
    pub(super) fn is_classifier(&self, name: &str) -> bool {
        let layer = name.rsplit_once('.').map_or(name, |(layer, _)| layer);
        self.classifiers.contains(&layer)
    }
}

/// The first block of a layer has a convolution in the way past, as in all
/// layers of ResNet-50; the others pass their input on.
fn bottleneck(prefix: String, run: &Run, first: bool) -> Bottleneck {
    let outputs = run.planes * Channels::EXPANSION;
    let (inputs, stride) = if first {
        (run.inputs, run.stride)
    } else {
        (outputs, 1)
    };
    let part = |number: usize, inputs, outputs, kernel, stride| {
        let conv = format!("{prefix}.conv{number}");
        let norm = format!("{prefix}.bn{number}");
        conv_norm(&conv, &norm, inputs, outputs, kernel, stride)
    };
    let convs = [
        part(1, inputs, run.planes, 1, 1),
        part(2, run.planes, run.planes, 3, stride),
        part(3, run.planes, outputs, 1, 1),
    ];
    let downsample = first.then(|| {
        let conv = format!("{prefix}.downsample.0");
        let norm = format!("{prefix}.downsample.1");
        conv_norm(&conv, &norm, inputs, outputs, 1, stride)
    });
    Bottleneck {
        prefix,
        convs,
        downsample,
    }
}

fn conv_norm(
    conv: &str,
    norm: &str,
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
) -> ConvNorm {
    ConvNorm {
        conv: conv.to_owned(),
        norm: norm.to_owned(),
        inputs,
        outputs,
        kernel,
        stride,
    }
}
