use std::collections::{HashMap, HashSet};

use super::{LEAST, Rounded, Surplus};
use crate::onnx::GraphProto;

/// Lists the filters and matrices that the outputs depend on and that are not in `used`, in the order of the graph.
///
/// Only weights that an operator reads directly count: one that it reads through other operators reaches the model in
/// another form.
pub(super) fn filters(
    graph: &GraphProto,
    arrays: &HashMap<&str, Rounded>,
    used: &HashSet<&str>,
) -> Vec<Surplus> {
    // Operators that no output needs are dropped by the converter.
    let mut needed: HashSet<&str> = graph.output.iter().map(|o| o.name.as_str()).collect();
    let mut listed = HashSet::new();
    let mut found = Vec::new();
    // Producers come before their users in an ONNX graph, so one pass from the end meets all.
    for node in graph.node.iter().rev() {
        if !node
            .output
            .iter()
            .any(|name| needed.contains(name.as_str()))
        {
            continue;
        }
        needed.extend(node.input.iter().map(String::as_str));
        let read = match node.op_type.as_str() {
            "Conv" | "ConvTranspose" => node.input.get(1..2),
            "Gemm" | "MatMul" => node.input.get(0..2),
            _ => None,
        };
        for name in read.unwrap_or_default() {
            let Some(array) = arrays.get(name.as_str()) else {
                continue;
            };
            let weight = array.dims.len() >= 2 && array.values.len() >= LEAST && !array.is_fill();
            if weight && !used.contains(name.as_str()) && listed.insert(name) {
                found.push(Surplus {
                    name: name.clone(),
                    dims: array.dims.clone(),
                });
            }
        }
    }
    found.reverse();
    found
}
