//! An ONNX graph that computes as a device in half precision does: constants, inputs and every result that is
//! no copy of its input are rounded.
//!
//! Engines compute in 32 bits, so the rounding is written into the graph. Three operators keep the upper eleven bits of
//! a number x: `g = 8193 x`, then `g - (g - x)`; `Min` and `Max` before them keep it in half precision's range, where
//! chips of the 310 family saturate. Numbers below 2^-14, which half precision holds with fewer bits, keep eleven.
//!
//! **Source**: Dekker, "A floating-point technique for extending the available precision", 1971 (the splitting).

use std::collections::{HashMap, HashSet};

use ascend_om::onnx::{GraphProto, ModelProto, NodeProto, TensorProto, elem};
use half::f16;

/// 2^13 + 1: splits 24 bits into 13 and 11.
const SPLIT: f32 = 8193.0;

/// Operators whose results are numbers of their inputs, which are rounded already.
const COPIES: [&str; 29] = [
    "Relu",
    "MaxPool",
    "GlobalMaxPool",
    "ReduceMax",
    "ReduceMin",
    "Reshape",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Concat",
    "Slice",
    "Split",
    "Identity",
    "Dropout",
    "Gather",
    "GatherElements",
    "GatherND",
    "TopK",
    "Expand",
    "Tile",
    "Pad",
    "Neg",
    "Abs",
    "Max",
    "Min",
    "Where",
    "DepthToSpace",
    "SpaceToDepth",
];

/// Operators whose constants are no weights: rounded scales or bounds would change sizes.
const SETTINGS: [&str; 7] = [
    "Resize", "Upsample", "Clip", "Pad", "Range", "Expand", "OneHot",
];

/// Turns the bytes of an ONNX file into one that computes as a device in half precision does.
///
/// # Errors
/// A text when it is no ONNX file, or has graphs within graphs.
pub fn onnx_in_half_precision(onnx: Vec<u8>) -> Result<Vec<u8>, String> {
    let model = ModelProto::read(onnx.into()).map_err(|error| error.to_string())?;
    let inputs = model.graph.as_ref().map(GraphProto::data_inputs);
    let names = inputs.into_iter().flatten().map(|input| input.name.clone());
    let names: Vec<String> = names.collect();
    rounded(model, &names)
}

/// Writes the rounding into a graph whose inputs shall come in the order of `inputs`; returns the file.
///
/// # Errors
/// A text for graphs with branches or loops, and for inputs that are not there.
pub(super) fn rounded(mut model: ModelProto, inputs: &[String]) -> Result<Vec<u8>, String> {
    let graph = model.graph.as_mut().ok_or("it holds no graph")?;
    let branch = |node: &&NodeProto| matches!(node.op_type.as_str(), "If" | "Loop" | "Scan");
    if let Some(node) = graph.node.iter().find(branch) {
        return Err(format!(
            "its operator {} ({}) has graphs of its own, which are not rounded here",
            node.name, node.op_type
        ));
    }
    order(graph, inputs)?;
    let mut floats = round_constants(graph);
    let mut taken: HashSet<String> = graph
        .node
        .iter()
        .flat_map(|n| n.output.iter().cloned())
        .collect();
    taken.extend(floats.iter().cloned());
    let mut made = Vec::new();
    // Inputs are rounded under new names, and read under those.
    let mut renamed: HashMap<String, String> = HashMap::new();
    let given: Vec<String> = graph
        .data_inputs()
        .iter()
        .filter(|input| input.elem_type() == elem::FLOAT)
        .map(|input| input.name.clone())
        .collect();
    for name in given {
        let fresh = free(&format!("{name}.half"), &mut taken);
        rounding(&name, &fresh, &mut taken, &mut made);
        floats.insert(fresh.clone());
        renamed.insert(name, fresh);
    }
    for mut node in std::mem::take(&mut graph.node) {
        for input in &mut node.input {
            if let Some(fresh) = renamed.get(input) {
                input.clone_from(fresh);
            }
        }
        let float = makes_floats(&node, &floats);
        if float {
            // The others of these are indices and masks.
            let count = match node.op_type.as_str() {
                "TopK" | "MaxPool" | "Dropout" => 1,
                _ => node.output.len(),
            };
            let results = node.output.iter().take(count);
            floats.extend(results.filter(|o| !o.is_empty()).cloned());
        }
        if !float || COPIES.contains(&node.op_type.as_str()) || node.op_type == "Constant" {
            made.push(node);
            continue;
        }
        let mut after = Vec::new();
        for output in node.output.iter_mut().filter(|o| !o.is_empty()) {
            let wide = free(&format!("{output}.wide"), &mut taken);
            rounding(&wide, output, &mut taken, &mut after);
            *output = wide;
        }
        made.push(node);
        made.extend(after);
    }
    graph.node = made;
    for (name, value) in [
        (LIMIT, f16::MAX.to_f32()),
        (LEAST, f16::MIN.to_f32()),
        (FACTOR, SPLIT),
    ] {
        graph
            .initializer
            .push(TensorProto::from_f32(name, &[], &[value]));
    }
    // An output may be an input as it is; then it stays one.
    Ok(model.write())
}

const LIMIT: &str = "ascend.half.max";
const LEAST: &str = "ascend.half.min";
const FACTOR: &str = "ascend.half.split";

/// Appends the nodes that round `from` into `to`.
fn rounding(from: &str, to: &str, taken: &mut HashSet<String>, nodes: &mut Vec<NodeProto>) {
    let step = |op: &str, inputs: [&str; 2], output: &str| NodeProto {
        op_type: op.to_owned(),
        name: output.to_owned(),
        input: inputs.map(str::to_owned).to_vec(),
        output: vec![output.to_owned()],
        ..NodeProto::default()
    };
    let names =
        ["below", "bounded", "product", "rest"].map(|part| free(&format!("{to}.{part}"), taken));
    let [below, bounded, product, rest] = &names;
    nodes.push(step("Min", [from, LIMIT], below));
    nodes.push(step("Max", [below, LEAST], bounded));
    nodes.push(step("Mul", [bounded, FACTOR], product));
    nodes.push(step("Sub", [product, bounded], rest));
    nodes.push(step("Sub", [product, rest], to));
}

fn free(name: &str, taken: &mut HashSet<String>) -> String {
    let mut candidate = name.to_owned();
    while !taken.insert(candidate.clone()) {
        candidate.push('_');
    }
    candidate
}

/// Puts the inputs into the order of the `.om`; constants that are listed as inputs go behind.
fn order(graph: &mut GraphProto, inputs: &[String]) -> Result<(), String> {
    let place = |name: &str| {
        inputs
            .iter()
            .position(|input| input == name)
            .unwrap_or(usize::MAX)
    };
    let data: HashSet<String> = graph.data_inputs().iter().map(|i| i.name.clone()).collect();
    if let Some(absent) = inputs.iter().find(|name| !data.contains(*name)) {
        return Err(format!("the input {absent} of the .om is not in it"));
    }
    graph.input.sort_by_key(|input| place(&input.name));
    Ok(())
}

/// Rounds the weights; returns the names of all float constants.
fn round_constants(graph: &mut GraphProto) -> HashSet<String> {
    let settings: HashSet<String> = graph
        .node
        .iter()
        .filter(|node| SETTINGS.contains(&node.op_type.as_str()))
        .flat_map(|node| node.input.iter().skip(1).cloned())
        .collect();
    let mut floats = HashSet::new();
    for tensor in &mut graph.initializer {
        if tensor.data_type == elem::FLOAT {
            floats.insert(tensor.name.clone());
            if !settings.contains(&tensor.name) {
                round_tensor(tensor);
            }
        }
    }
    for node in graph
        .node
        .iter_mut()
        .filter(|node| node.op_type == "Constant")
    {
        let kept = node.output.iter().any(|o| settings.contains(o));
        for tensor in node.attribute.iter_mut().filter_map(|a| a.t.as_mut()) {
            if tensor.data_type == elem::FLOAT && !kept {
                round_tensor(tensor);
            }
        }
    }
    floats
}

fn round_tensor(tensor: &mut TensorProto) {
    let half = |v: f32| f16::from_f32(v.clamp(f16::MIN.to_f32(), f16::MAX.to_f32())).to_f32();
    match &mut tensor.raw_data {
        Some(raw) => {
            let (all, _) = raw.as_chunks::<4>();
            let bytes: Vec<u8> = all
                .iter()
                .flat_map(|b| half(f32::from_le_bytes(*b)).to_le_bytes())
                .collect();
            *raw = bytes.into();
        }
        None => tensor.float_data.iter_mut().for_each(|v| *v = half(*v)),
    }
}

/// Whether a node's results are floats, which its inputs tell for most.
fn makes_floats(node: &NodeProto, floats: &HashSet<String>) -> bool {
    let reads = |index: usize| {
        node.input
            .get(index)
            .is_some_and(|name| floats.contains(name))
    };
    let attribute = |name: &str| node.attribute.iter().find(|a| a.name == name);
    match node.op_type.as_str() {
        "Cast" => attribute("to").and_then(|a| a.i) == Some(elem::FLOAT.into()),
        "Constant" => {
            attribute("value_float").is_some()
                || attribute("value_floats").is_some()
                || attribute("value")
                    .and_then(|a| a.t.as_ref())
                    .is_some_and(|t| t.data_type == elem::FLOAT)
        }
        "ConstantOfShape" => attribute("value")
            .and_then(|a| a.t.as_ref())
            .is_none_or(|t| t.data_type == elem::FLOAT),
        "Shape" | "Size" | "ArgMax" | "ArgMin" | "NonZero" | "Equal" | "Less" | "LessOrEqual"
        | "Greater" | "GreaterOrEqual" | "And" | "Or" | "Not" | "IsNaN" | "IsInf"
        | "NonMaxSuppression" | "QuantizeLinear" => false,
        "DequantizeLinear" => true,
        "Where" => reads(1),
        "OneHot" => reads(2),
        _ => reads(0),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use ascend_om::onnx::ValueInfoProto;

    fn node(op: &str, input: &[&str], output: &[&str]) -> NodeProto {
        NodeProto {
            op_type: op.to_owned(),
            name: op.to_owned(),
            input: input.iter().map(|&name| name.to_owned()).collect(),
            output: output.iter().map(|&name| name.to_owned()).collect(),
            ..NodeProto::default()
        }
    }

    #[test]
    fn what_is_computed_from_the_largest_numbers_is_rounded_and_their_indices_are_not() {
        let graph = GraphProto {
            input: vec![ValueInfoProto::tensor("x", elem::FLOAT, &[1, 8])],
            output: vec![ValueInfoProto::tensor("y", elem::FLOAT, &[1, 2])],
            node: vec![
                node("TopK", &["x", "k"], &["values", "indices"]),
                node("Mul", &["values", "factor"], &["y"]),
                node("Add", &["indices", "indices"], &["z"]),
            ],
            initializer: vec![TensorProto::from_f32("factor", &[1], &[1.1])],
            ..GraphProto::default()
        };
        let model = ModelProto {
            graph: Some(graph),
            ..ModelProto::default()
        };
        let bytes = rounded(model, &["x".to_owned()]).unwrap();
        let graph = ModelProto::read(bytes.into()).unwrap().graph.unwrap();
        let made = |op: &str| graph.node.iter().find(|n| n.name == op).unwrap().output[0].clone();
        assert_eq!(
            (made("Mul").as_str(), made("Add").as_str()),
            ("y.wide", "z")
        );
        assert_eq!(made("TopK"), "values");
    }
}
