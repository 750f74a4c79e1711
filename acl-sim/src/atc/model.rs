//! The description inside the file: `ModelDef` as real files have it.
//!
//! Inputs are `Data` operators, outputs the inputs of `NetOutput`, constants `Const` operators that point into the
//! weights partition; names follow the vendor's converter (outputs are `node:index:tensor`, the sink is
//! `Node_Output`). Operators between keep their ONNX type and attributes: nothing executes them from here, they are
//! for people and tools that look.
//!
//! A geared model has the form of real ones: the main graph holds the inputs, the hidden `ascend_mbatch_shape_data`,
//! and a `Case` operator that calls one sub-graph for each gear.

use std::collections::{HashMap, HashSet};

use ascend_om::attrs;
use ascend_om::describe::{Description, GEAR_INPUT, Gears, bytes_of, describe};
use ascend_om::dtype;
use ascend_om::model_def::{
    AttrEntry, AttrValue, GraphDef, ListValue, ModelDef, OpDef, ShapeDef, TensorDef,
    TensorDescriptor,
};
use ascend_om::onnx::{AttributeProto, NodeProto, TensorProto, attr_type};

use super::aipp::Aipp;
use super::learn::Learned;
use super::shapes::Shapes;
use super::skeleton::Skeleton;
use super::{AtcError, Options, OutputType};
use crate::exec::{aipp_plan, payload};

/// Version that the file states; says that no device converter made it.
const ATC_VERSION: &str = concat!("atc-sim ", env!("CARGO_PKG_VERSION"));
/// Memory borders of the device's planner.
const MEMORY_ALIGN: u64 = 512;
/// Name of the sink in real files.
const NET_OUTPUT: &str = "Node_Output";

/// Everything that the description is made from.
pub(crate) struct Source<'a> {
    pub(crate) name: &'a str,
    pub(crate) options: &'a Options,
    pub(crate) shapes: &'a Shapes,
    /// Preprocessing, for each input.
    pub(crate) aipp: &'a [Option<Aipp>],
    pub(crate) skeleton: &'a Skeleton,
    pub(crate) learned: &'a Learned,
}

/// One output, settled.
struct Output {
    /// Operator and index that make it.
    source: (String, usize),
    /// Name of the tensor in the ONNX graph.
    tensor: String,
    dtype: i32,
    /// Dims in the largest gear.
    dims: Vec<i64>,
}

/// Builds the message, its description, and the bytes of work memory.
pub(crate) fn build(source: &Source<'_>) -> Result<(ModelDef, Description, u64), AtcError> {
    let names = op_names(source);
    let producers = producers(source, &names);
    let outputs = outputs(source, &producers)?;
    let memory = work_memory(source, &outputs);
    let graph = if source.shapes.is_geared() {
        geared_graphs(source, &names, &producers, &outputs)
    } else {
        vec![whole_graph(source, &names, &producers, &outputs, "")]
    };
    let model = ModelDef {
        name: source.name.into(),
        version: 2,
        custom_version: b"1.11.z.0".to_vec(),
        graph,
        attr: model_attrs(source, &outputs, memory),
    };
    let description = describe(&model)?;
    Ok((model, description, memory))
}

fn model_attrs(source: &Source<'_>, outputs: &[Output], memory: u64) -> Vec<AttrEntry> {
    let signed = |v: u64| i64::try_from(v).unwrap_or(i64::MAX);
    let weights = signed(source.skeleton.weights_len as u64);
    let full = |o: &Output| format!("{}:{}:{}", o.source.0, o.source.1, o.tensor);
    let names: Vec<String> = outputs.iter().map(full).collect();
    vec![
        attrs::text("atc_version", ATC_VERSION),
        attrs::text("atc_cmdline", &source.options.command_line),
        attrs::text("soc_version", &source.options.soc_version),
        attrs::text("framework_type", "Onnx"),
        attrs::text("target_type", "MINI"),
        attrs::texts("attr_model_out_nodes_name", &names),
        attrs::int("memory_size", signed(memory)),
        attrs::int("weight_size", weights),
        attrs::int("zero_copy_memory_size", signed(io_memory(source, outputs))),
        attrs::int("variable_size", 0),
        attrs::int("stream_num", 1),
        attrs::int("event_num", 0),
        attrs::int("label_num", 0),
        attrs::int(payload::VERSION_ATTR, payload::VERSION),
        attrs::entry(
            payload::GRAPH_ATTR,
            AttrValue::Bt(source.learned.graph.clone()),
        ),
    ]
}

fn nodes<'a>(source: &Source<'a>) -> &'a [NodeProto] {
    source
        .skeleton
        .model
        .graph
        .as_ref()
        .map_or(&[], |g| &g.node)
}

fn constants<'a>(source: &Source<'a>) -> &'a [TensorProto] {
    source
        .skeleton
        .model
        .graph
        .as_ref()
        .map_or(&[], |g| &g.initializer)
}

/// Names the operators: their own names where they have one that is free, else type and position.
fn op_names(source: &Source<'_>) -> Vec<String> {
    let mut taken: HashSet<String> = source
        .shapes
        .inputs
        .iter()
        .map(|i| i.name.clone())
        .collect();
    taken.extend(constants(source).iter().map(|c| c.name.clone()));
    let mut names = Vec::new();
    for (i, node) in nodes(source).iter().enumerate() {
        let mut name = node.name.clone();
        if name.is_empty() || taken.contains(&name) {
            name = format!("{}_{i}", node.op_type);
        }
        while taken.contains(&name) {
            name.push('_');
        }
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// Finds which operator makes each value.
fn producers(source: &Source<'_>, names: &[String]) -> HashMap<String, (String, usize)> {
    let mut map = HashMap::new();
    let own = source.shapes.inputs.iter().map(|i| &i.name);
    for name in own.chain(constants(source).iter().map(|c| &c.name)) {
        map.insert(name.clone(), (name.clone(), 0));
    }
    for (node, name) in nodes(source).iter().zip(names) {
        for (k, value) in node
            .output
            .iter()
            .enumerate()
            .filter(|(_, v)| !v.is_empty())
        {
            map.insert(value.clone(), (name.clone(), k));
        }
    }
    map
}

fn outputs(
    source: &Source<'_>,
    producers: &HashMap<String, (String, usize)>,
) -> Result<Vec<Output>, AtcError> {
    let graph_outputs = source
        .skeleton
        .model
        .graph
        .as_ref()
        .map_or(&[][..], |g| &g.output);
    let mut list = Vec::new();
    for (i, value) in graph_outputs.iter().enumerate() {
        let made_by = producers
            .get(&value.name)
            .cloned()
            .ok_or_else(|| AtcError::Graph {
                detail: format!("output \"{}\": found no operator that makes it", value.name),
            })?;
        let declared = dtype::onnx_to_acl(value.elem_type());
        let own = if declared >= 0 {
            declared
        } else {
            source.learned.output_types[i]
        };
        let chosen = match &source.options.output_type {
            OutputType::Keep => own,
            OutputType::All(t) => *t,
            OutputType::Nodes(list) => list
                .iter()
                .find(|(n, k, _)| (n, k) == (&made_by.0, &made_by.1))
                .map_or(own, |(_, _, t)| *t),
        };
        if !crate::exec::tensor::is_supported(chosen) {
            return Err(AtcError::Graph {
                detail: format!(
                    "output \"{}\": found element type {}, which the engine does not have",
                    value.name,
                    dtype::name(chosen)
                ),
            });
        }
        list.push(Output {
            source: made_by,
            tensor: value.name.clone(),
            dtype: chosen,
            dims: output_dims(source, i),
        });
    }
    Ok(list)
}

/// The dims of an output: in the largest gear, or with -1 where they follow an open dim of an input.
fn output_dims(source: &Source<'_>, index: usize) -> Vec<i64> {
    let by_gear = &source.learned.outputs;
    let dims = by_gear[source.shapes.largest][index].clone();
    if !source.shapes.open {
        return dims;
    }
    let same = |place: usize, dim: i64| {
        by_gear
            .iter()
            .all(|outputs| outputs[index].get(place) == Some(&dim))
    };
    let open = |(place, dim)| if same(place, dim) { dim } else { -1 };
    dims.into_iter().enumerate().map(open).collect()
}

/// Inputs and outputs, each at its own border.
fn io_memory(source: &Source<'_>, outputs: &[Output]) -> u64 {
    let largest = &source.shapes.by_gear[source.shapes.largest];
    let inputs = source
        .shapes
        .inputs
        .iter()
        .zip(largest)
        .map(|(i, d)| bytes_of(d, i.dtype));
    let outputs = outputs.iter().map(|o| bytes_of(&o.dims, o.dtype));
    inputs
        .chain(outputs)
        .map(|b| b.next_multiple_of(MEMORY_ALIGN))
        .sum()
}

/// An estimate of what a device's planner would ask for: inputs, outputs, and the two largest intermediate values,
/// since values whose last reader ran are overwritten.
fn work_memory(source: &Source<'_>, outputs: &[Output]) -> u64 {
    let values = nodes(source).iter().flat_map(|n| &n.output);
    let mut sizes: Vec<u64> = values
        .filter_map(|v| source.learned.value_dims(v))
        .map(|d| bytes_of(&d, dtype::ACL_FLOAT).next_multiple_of(MEMORY_ALIGN))
        .collect();
    sizes.sort_unstable();
    io_memory(source, outputs) + sizes.iter().rev().take(2).sum::<u64>()
}

pub(crate) fn descriptor(dims: &[i64], acl: i32, layout: &str) -> TensorDescriptor {
    TensorDescriptor {
        dtype: dtype::acl_to_proto(acl),
        shape: Some(ShapeDef { dim: dims.to_vec() }),
        layout: layout.into(),
        size: i64::try_from(bytes_of(dims, acl)).unwrap_or(i64::MAX),
        device_type: b"NPU".to_vec(),
        real_dim_cnt: i64::try_from(dims.len()).unwrap_or(0),
        ..TensorDescriptor::default()
    }
}

/// Sizes of outputs carry the device's padding: up to 32 bytes, and 32 more.
fn padded(mut desc: TensorDescriptor) -> TensorDescriptor {
    desc.size = (desc.size.saturating_add(31) & !31).saturating_add(32);
    desc
}

/// Builds operators one after the other, numbering them.
struct Builder<'a> {
    source: &'a Source<'a>,
    producers: &'a HashMap<String, (String, usize)>,
    suffix: &'a str,
    ops: Vec<OpDef>,
}

impl Builder<'_> {
    fn push(&mut self, mut op: OpDef) {
        op.id = i64::try_from(self.ops.len()).unwrap_or(i64::MAX);
        self.ops.push(op);
    }

    fn name(&self, name: &str) -> String {
        format!("{name}{}", self.suffix)
    }

    fn data(&mut self, name: &str, index: usize, desc: TensorDescriptor, open: Option<&[i64]>) {
        self.data_with(name, index, desc, open, Vec::new());
    }

    fn data_with(
        &mut self,
        name: &str,
        index: usize,
        desc: TensorDescriptor,
        open: Option<&[i64]>,
        more: Vec<AttrEntry>,
    ) {
        let mut attr = vec![attrs::int("index", i64::try_from(index).unwrap_or(0))];
        attr.extend(more);
        if let Some(dims) = open {
            attr.push(attrs::ints("_mbatch_origin_input_dims", dims));
        }
        self.push(OpDef {
            name: self.name(name).into(),
            r#type: b"Data".to_vec(),
            attr,
            output_desc: vec![padded(desc.clone())],
            input_desc: vec![TensorDescriptor {
                input_tensor: true,
                ..desc
            }],
            ..OpDef::default()
        });
    }

    fn inputs(&mut self, open: bool) {
        let source = self.source;
        let layout = source.options.input_format.name();
        let dims = &source.shapes.by_gear[source.shapes.largest];
        for (i, (input, dims)) in source.shapes.inputs.iter().zip(dims).enumerate() {
            // Branches of a geared model begin behind the preprocessing.
            if let Some(aipp) = source.aipp[i].as_ref().filter(|_| self.suffix.is_empty()) {
                let (desc, more, origin) = aipp.data(input, dims, source.options.input_format);
                let origin = origin.filter(|_| open);
                self.data_with(&input.name, i, desc, origin.as_deref(), more);
                continue;
            }
            let origin = (open && input.dims.contains(&-1)).then_some(input.dims.as_slice());
            let dims = if source.shapes.open {
                &input.dims
            } else {
                dims
            };
            let mut desc = descriptor(dims, input.dtype, layout);
            if source.shapes.open && !input.ranges.is_empty() {
                desc.attr.push(attrs::pairs("shape_range", &input.ranges));
            }
            self.data(&input.name, i, desc, origin);
        }
    }

    /// The inputs with the parameters of dynamic preprocessing; tells how many.
    fn parameters(&mut self) -> usize {
        let source = self.source;
        let mut count = 0;
        for aipp in source.aipp.iter().flatten() {
            let Some(name) = &aipp.parameters else {
                continue;
            };
            let mode = attrs::text(aipp_plan::MODE, aipp_plan::PARAMETERS);
            let index = source.shapes.inputs.len() + count;
            self.data_with(name, index, aipp.parameters(), None, vec![mode]);
            if let Some(op) = self.ops.last_mut() {
                op.r#type = b"AippData".to_vec();
            }
            count += 1;
        }
        count
    }

    fn constants(&mut self) {
        let layout = self.source.options.input_format.name();
        for tensor in constants(self.source) {
            let acl = dtype::onnx_to_acl(tensor.data_type);
            let layout = if tensor.dims.len() == 4 { layout } else { "ND" };
            let mut desc = descriptor(&tensor.dims, acl, layout);
            desc.attr = vec![
                attrs::text("origin_format", layout),
                attrs::ints("origin_shape", &tensor.dims),
            ];
            let mut data = Vec::new();
            if let Some(&(offset, length)) = self.source.skeleton.places.get(&tensor.name) {
                desc.data_offset = i64::try_from(offset).unwrap_or(0);
                desc.weight_size = i64::try_from(length).unwrap_or(0);
            } else if let Some(raw) = &tensor.raw_data {
                data = raw.to_vec();
            }
            let output = padded(desc.clone());
            let value = TensorDef {
                desc: Some(Box::new(desc)),
                data,
            };
            self.push(OpDef {
                name: self.name(&tensor.name).into(),
                r#type: b"Const".to_vec(),
                attr: vec![attrs::entry("value", AttrValue::T(Box::new(value)))],
                output_desc: vec![output],
                ..OpDef::default()
            });
        }
    }

    /// Describes a value between operators; its element type is not known here.
    fn between(&self, value: &str) -> TensorDescriptor {
        let dims = self
            .source
            .learned
            .value_dims(value)
            .unwrap_or_else(|| vec![-2]);
        TensorDescriptor {
            dtype: 0,
            size: 0,
            ..descriptor(&dims, dtype::ACL_UNDEFINED, "ND")
        }
    }

    fn node(&mut self, node: &NodeProto, name: &str) {
        let mut op = OpDef {
            name: self.name(name).into(),
            r#type: node.op_type.clone().into(),
            attr: node.attribute.iter().filter_map(attribute).collect(),
            ..OpDef::default()
        };
        op.attr.push(attrs::texts(payload::ORIGINAL_NAMES, &[name]));
        let constants = &self.source.skeleton.places;
        for value in &node.input {
            let Some((from, index)) = self.producers.get(value) else {
                op.input.push(Vec::new());
                op.is_input_const.push(false);
                continue;
            };
            let from = self.name(from);
            op.input.push(format!("{from}:{index}").into());
            op.src_name.push(from.into());
            op.src_index.push(i64::try_from(*index).unwrap_or(0));
            op.is_input_const.push(constants.contains_key(value));
            op.input_desc.push(self.between(value));
        }
        op.output_desc = node.output.iter().map(|v| self.between(v)).collect();
        self.push(op);
    }

    fn net_output(&mut self, outputs: &[Output], from: Option<&str>, dynamic: Vec<String>) {
        let layout = self.source.options.input_format.name();
        let mut op = OpDef {
            name: self.name(NET_OUTPUT).into(),
            r#type: b"NetOutput".to_vec(),
            ..OpDef::default()
        };
        for (i, output) in outputs.iter().enumerate() {
            let (source, index) = match from {
                Some(case) => (case.to_owned(), i),
                None => (self.name(&output.source.0), output.source.1),
            };
            op.input.push(format!("{source}:{index}").into());
            op.src_name.push(source.into());
            op.src_index.push(i64::try_from(index).unwrap_or(0));
            op.is_input_const.push(false);
            let layout = if output.dims.len() == 4 { layout } else { "ND" };
            let desc = padded(descriptor(&output.dims, output.dtype, layout));
            op.input_desc.push(TensorDescriptor {
                output_tensor: true,
                ..desc
            });
        }
        if !dynamic.is_empty() {
            op.attr.push(attrs::texts("_dynamic_output_dims", &dynamic));
        }
        self.push(op);
    }
}

fn whole_graph(
    source: &Source<'_>,
    names: &[String],
    producers: &HashMap<String, (String, usize)>,
    outputs: &[Output],
    suffix: &str,
) -> GraphDef {
    let mut b = Builder {
        source,
        producers,
        suffix,
        ops: Vec::new(),
    };
    b.inputs(false);
    if suffix.is_empty() {
        b.parameters();
    }
    b.constants();
    for (node, name) in nodes(source).iter().zip(names) {
        b.node(node, name);
    }
    b.net_output(outputs, None, Vec::new());
    GraphDef {
        name: format!("{}{suffix}", source.name).into(),
        op: b.ops,
        ..GraphDef::default()
    }
}

fn geared_graphs(
    source: &Source<'_>,
    names: &[String],
    producers: &HashMap<String, (String, usize)>,
    outputs: &[Output],
) -> Vec<GraphDef> {
    let (kind, gears): (i64, Vec<Vec<u64>>) = match &source.shapes.gears {
        Gears::None => (0, Vec::new()),
        Gears::Batch(b) => (1, b.iter().map(|&v| vec![v]).collect()),
        Gears::ImageSize(s) => (2, s.iter().map(|s| s.to_vec()).collect()),
        Gears::Dims(d) => (3, d.clone()),
    };
    let case = "ascend_mbatch_case";
    let mut b = Builder {
        source,
        producers,
        suffix: "",
        ops: Vec::new(),
    };
    b.inputs(true);
    let parameters = b.parameters();
    let values = gears.first().map_or(0, Vec::len);
    let dims = [i64::try_from(values).unwrap_or(1)];
    b.data(
        GEAR_INPUT,
        source.shapes.inputs.len() + parameters,
        descriptor(&dims, dtype::ACL_INT32, "ND"),
        None,
    );
    let mut attr = vec![
        attrs::int("_batch_num", i64::try_from(gears.len()).unwrap_or(0)),
        attrs::int("mbatch_dynamic_type", kind),
    ];
    for (k, gear) in gears.iter().enumerate() {
        let signed: Vec<i64> = gear
            .iter()
            .map(|&v| i64::try_from(v).unwrap_or(i64::MAX))
            .collect();
        attr.push(attrs::ints(&format!("_pred_value_{k}"), &signed));
    }
    let suffixes: Vec<String> = (0..gears.len())
        .map(|k| format!("_ascend_mbatch_batch_{k}"))
        .collect();
    // The gear chooses the branch, so it comes first, then the data inputs.
    let fed =
        std::iter::once(GEAR_INPUT).chain(source.shapes.inputs.iter().map(|i| i.name.as_str()));
    let fed: Vec<Vec<u8>> = fed.map(|n| n.as_bytes().to_vec()).collect();
    b.push(OpDef {
        name: case.into(),
        r#type: b"Case".to_vec(),
        attr,
        input: fed.iter().map(|n| [n.as_slice(), b":0"].concat()).collect(),
        src_index: vec![0; fed.len()],
        src_name: fed,
        subgraph_name: suffixes
            .iter()
            .map(|s| format!("{}{s}", source.name).into())
            .collect(),
        ..OpDef::default()
    });
    let mut dynamic = Vec::new();
    for (gear, all) in source.learned.outputs.iter().enumerate() {
        for (i, dims) in all.iter().enumerate() {
            let dims: String = dims.iter().map(|d| format!(",{d}")).collect();
            dynamic.push(format!("{gear},{i}{dims}"));
        }
    }
    b.net_output(outputs, Some(case), dynamic);
    let main = GraphDef {
        name: source.name.into(),
        op: b.ops,
        ..GraphDef::default()
    };
    let branch = |s: &String| whole_graph(source, names, producers, outputs, s);
    std::iter::once(main)
        .chain(suffixes.iter().map(branch))
        .collect()
}

/// Keeps the attributes that a viewer can show; graphs and tensors stay in the payload.
fn attribute(a: &AttributeProto) -> Option<AttrEntry> {
    let value = match a.r#type {
        attr_type::FLOAT => AttrValue::F(a.f?),
        attr_type::INT => AttrValue::I(a.i?),
        attr_type::STRING => AttrValue::S(a.s.clone()?),
        attr_type::FLOATS => AttrValue::List(Box::new(ListValue {
            f: a.floats.clone(),
            val_type: 3,
            ..ListValue::default()
        })),
        attr_type::INTS => return Some(attrs::ints(&a.name, &a.ints)),
        _ => return None,
    };
    Some(attrs::entry(&a.name, value))
}
