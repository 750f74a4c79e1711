//! Whether an `.om` and an ONNX file are the same network.
//!
//! Converters fold, fuse and rename, so operators cannot be compared one by one. Weights can: the converter stores those
//! of convolutions and matrix products rounded to half precision, and [`crate::unfold`] brings them back to logical
//! order. Two networks with the same inputs, outputs, and the same set of filters are the same up to what no file tells
//! (paddings and dilations of fused operators). The sets are compared both ways: a network that holds all filters of the
//! `.om` and one more computes something else.

mod surplus;

use std::collections::{HashMap, HashSet};

use crate::attrs::{AttrTables, Attrs};
use crate::constants::constants;
use crate::describe::describe;
use crate::dtype;
use crate::model_def::ModelDef;
use crate::onnx::{GraphProto, ModelProto, NodeProto, TensorProto, elem};
use crate::unfold::{Logical, unfold};
use half::f16;
use serde::Serialize;

use crate::OmError;

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Differences of inputs and outputs; empty when they agree.
    pub interface: Vec<String>,
    /// Filters of convolutions in the `.om`, other filters, and matrices with at least [`LEAST`] elements.
    pub filters: usize,
    /// Convolutions of the `.om`, transposed ones aside; several may use one filter.
    pub convolutions: usize,
    /// How many of them the ONNX has, bit for bit after rounding to half precision.
    pub equal: usize,
    /// How many convolutions have a filter of those.
    pub convolutions_equal: usize,
    /// How many it has once the batch normalisation that follows is folded in, up to [`CLOSE`] steps of half precision.
    pub folded: usize,
    /// Those that it has not.
    pub missing: Vec<Missing>,
    /// Filters that the ONNX computes its outputs with and the `.om` has not.
    pub surplus: Vec<Surplus>,
    /// Constants that could not be brought to logical order, and why.
    pub unread: Vec<String>,
}

/// A filter of the `.om` that the ONNX has not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Missing {
    /// The operator that holds it.
    pub name: String,
    /// Its logical dims.
    pub dims: Vec<usize>,
    /// The weights of the same operator in the ONNX, where the names tell which it is.
    pub counterpart: Option<String>,
    /// The largest difference to them.
    pub difference: Option<f64>,
}

/// A filter of the ONNX that the `.om` has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Surplus {
    /// Its name in the ONNX.
    pub name: String,
    /// Its dims.
    pub dims: Vec<usize>,
}

/// Constants with fewer elements are scales, shapes and slopes, which converters make up.
pub const LEAST: usize = 16;

/// How many steps of half precision a folded filter may be off: converters fold in another order of operations.
pub const CLOSE: u32 = 2;

impl Comparison {
    /// Whether the two are the same network as far as files can tell.
    #[must_use]
    pub fn same(&self) -> bool {
        self.interface.is_empty()
            && self.missing.is_empty()
            && self.surplus.is_empty()
            && self.unread.is_empty()
            && self.filters > 0
    }
}

/// Tells why a model and an ONNX file cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MatchError {
    /// The description of the `.om` contradicts itself.
    #[error("the .om: {0}")]
    Om(OmError),
    /// The bytes are no ONNX file with a graph.
    #[error("the ONNX: {0}")]
    Onnx(OmError),
    /// Weights lie elsewhere.
    #[error(
        "the ONNX: the weights of {tensor} are in a file of their own, wanted them in the ONNX; save it as one file"
    )]
    External {
        /// The first such tensor.
        tensor: String,
    },
}

/// An array rounded to half precision.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Rounded {
    dims: Vec<usize>,
    values: Vec<u16>,
}

fn bits(value: f32) -> u16 {
    // Both zeros are one number.
    match f16::from_f32(value).to_bits() {
        0x8000 => 0,
        bits => bits,
    }
}

impl Rounded {
    /// Whether all numbers are one: converters make such arrays, and drop them.
    fn is_fill(&self) -> bool {
        self.values
            .iter()
            .all(|value| Some(value) == self.values.first())
    }

    fn of_om(array: &Logical) -> Option<Self> {
        let wide = array.values()?;
        #[allow(clippy::cast_possible_truncation)] // rounded to half precision next
        let values = wide.iter().map(|v| bits(*v as f32));
        Some(Self {
            dims: array.dims.clone(),
            values: values.collect(),
        })
    }

    fn of_onnx(tensor: &TensorProto) -> Option<Self> {
        let dims: Option<Vec<usize>> = tensor
            .dims
            .iter()
            .map(|&d| usize::try_from(d).ok())
            .collect();
        let values: Vec<u16> = match (tensor.data_type, &tensor.raw_data) {
            (elem::FLOAT, Some(raw)) => {
                let (all, _) = raw.as_chunks::<4>();
                all.iter().map(|b| bits(f32::from_le_bytes(*b))).collect()
            }
            (elem::FLOAT, None) => tensor.float_data.iter().map(|v| bits(*v)).collect(),
            (elem::FLOAT16, Some(raw)) => {
                let (all, _) = raw.as_chunks::<2>();
                all.iter()
                    .map(|b| bits(f16::from_le_bytes(*b).to_f32()))
                    .collect()
            }
            _ => return None,
        };
        let dims = dims?;
        let fits = dims.iter().try_fold(1_usize, |n, &d| n.checked_mul(d)) == Some(values.len());
        fits.then_some(Self { dims, values })
    }

    /// The same numbers with the axes in another order.
    fn permuted(&self, order: &[usize]) -> Self {
        let mut strides = vec![1; self.dims.len()];
        for axis in (1..self.dims.len()).rev() {
            strides[axis - 1] = strides[axis] * self.dims[axis];
        }
        let dims: Vec<usize> = order.iter().map(|&axis| self.dims[axis]).collect();
        let place = |mut i: usize| {
            let mut at = 0;
            for (&axis, &dim) in order.iter().zip(&dims).rev() {
                at += i % dim * strides[axis];
                i /= dim;
            }
            at
        };
        let values = (0..self.values.len())
            .map(|i| self.values[place(i)])
            .collect();
        Self { dims, values }
    }

    /// The same filters turned by half a circle.
    fn turned(&self) -> Self {
        let window: usize = self.dims.iter().skip(2).product();
        let mut values = self.values.clone();
        values.chunks_mut(window.max(1)).for_each(<[u16]>::reverse);
        Self {
            dims: self.dims.clone(),
            values,
        }
    }

    /// The forms in which a converter may store an array: as it is, a matrix transposed, a filter as HWCN, and a filter
    /// of a transposed convolution with its first axes swapped, and turned by half a circle.
    fn forms(&self) -> Vec<Self> {
        match self.dims.len() {
            2 => vec![self.permuted(&[1, 0]), self.clone()],
            4 => {
                let swapped = self.permuted(&[1, 0, 2, 3]);
                let hwcn = self.permuted(&[2, 3, 1, 0]);
                vec![self.clone(), hwcn, swapped.turned(), swapped]
            }
            _ => vec![self.clone()],
        }
    }
}

/// Compares the model of an `.om`, whose weights are `weights`, with an ONNX file.
///
/// # Errors
/// [`MatchError`] with what cannot be read.
pub fn compare(
    model: &ModelDef,
    weights: &[u8],
    onnx: &ModelProto,
) -> Result<Comparison, MatchError> {
    let empty = GraphProto::default();
    let graph = onnx.graph.as_ref().unwrap_or(&empty);
    let tensors = tensors(graph);
    if let Some((name, _)) = tensors.iter().find(|(_, t)| t.data_location == 1) {
        return Err(MatchError::External {
            tensor: (*name).to_owned(),
        });
    }
    let rounded: HashMap<&str, Rounded> = tensors
        .iter()
        .filter_map(|(name, tensor)| Some((*name, Rounded::of_onnx(tensor)?)))
        .collect();
    let mut known: HashMap<Rounded, Vec<&str>> = HashMap::new();
    for (name, array) in &rounded {
        for form in array.forms() {
            known.entry(form).or_default().push(name);
        }
    }
    let folded: Vec<(&str, Rounded)> = folded(graph, &tensors)
        .iter()
        .flat_map(|(name, array)| array.forms().into_iter().map(|form| (*name, form)))
        .collect();
    // Weights of the ONNX that were found in the model.
    let mut used: HashSet<&str> = HashSet::new();
    let description = describe(model).map_err(MatchError::Om)?;
    let mut found = Comparison {
        interface: interface(&description.inputs, &description.outputs, graph),
        filters: 0,
        convolutions: 0,
        equal: 0,
        convolutions_equal: 0,
        folded: 0,
        missing: Vec::new(),
        surplus: Vec::new(),
        unread: Vec::new(),
    };
    let users = users(model);
    let convolved = convolved(model);
    let all = constants(model, weights).map_err(MatchError::Om)?;
    for constant in &all {
        // Dims without a product are no reason to leave a constant out: unfolding says what is wrong with them.
        let small = elements(&constant.origin_dims).is_some_and(|n| n < LEAST);
        let convolutions = convolved.get(&constant.name).copied().unwrap_or(0);
        let weight = convolutions > 0 || (constant.origin_dims.len() >= 2 && !small);
        if !weight || !matches!(dtype::name(constant.dtype), "FLOAT" | "FLOAT16") {
            continue;
        }
        found.filters += 1;
        found.convolutions += convolutions;
        let array = match unfold(constant) {
            Ok(array) => Rounded::of_om(&array),
            Err(error) => {
                found.unread.push(error.to_string());
                continue;
            }
        };
        let Some(array) = array else { continue };
        if array.is_fill() && convolutions == 0 {
            found.filters -= 1;
            continue;
        }
        if let Some(names) = known.get(&array) {
            found.equal += 1;
            found.convolutions_equal += convolutions;
            used.extend(names);
            continue;
        }
        let mut near = folded.iter().filter(|(_, other)| close(other, &array));
        if let Some((first, _)) = near.next() {
            found.folded += 1;
            used.insert(first);
            used.extend(near.map(|(name, _)| name));
            continue;
        }
        let counterpart = counterpart(&constant.name, &users, graph, &rounded);
        let difference = counterpart.as_ref().and_then(|name| {
            let forms = rounded.get(name.as_str())?.forms();
            let same = |form: &Rounded| form.dims == array.dims;
            forms
                .iter()
                .filter(|f| same(f))
                .map(|f| difference(f, &array))
                .min_by(f64::total_cmp)
        });
        found.missing.push(Missing {
            name: constant.name.clone(),
            dims: array.dims,
            counterpart,
            difference,
        });
    }
    found.surplus = surplus::filters(graph, &rounded, &used);
    Ok(found)
}

/// Counts the elements of an array, which dims below 0 and an overflow leave open.
fn elements(dims: &[i64]) -> Option<usize> {
    let product = |n: usize, dim: &i64| n.checked_mul(usize::try_from(*dim).ok()?);
    dims.iter().try_fold(1, product)
}

/// Whether two arrays agree up to [`CLOSE`] steps of half precision.
fn close(a: &Rounded, b: &Rounded) -> bool {
    // Numbers of the line of all half-precision values, so that steps can be counted across zero.
    let place = |bits: u16| {
        let magnitude = i32::from(bits & 0x7FFF);
        if bits & 0x8000 == 0 {
            magnitude
        } else {
            -magnitude
        }
    };
    let near = |(a, b): (&u16, &u16)| place(*a).abs_diff(place(*b)) <= CLOSE;
    a.dims == b.dims && a.values.iter().zip(&b.values).all(near)
}

/// The filters of convolutions that a batch normalisation follows, with that folded in, and their names.
fn folded<'a>(graph: &'a GraphProto, tensors: &[(&str, &TensorProto)]) -> Vec<(&'a str, Rounded)> {
    let floats = |name: &String| {
        let (_, tensor) = tensors.iter().find(|(known, _)| known == name)?;
        (tensor.data_type == elem::FLOAT).then(|| match &tensor.raw_data {
            Some(raw) => raw
                .as_chunks::<4>()
                .0
                .iter()
                .map(|b| f32::from_le_bytes(*b))
                .collect(),
            None => tensor.float_data.clone(),
        })
    };
    let mut all = Vec::new();
    for node in &graph.node {
        let out_axis = match node.op_type.as_str() {
            "Conv" => 0,
            "ConvTranspose" => 1,
            _ => continue,
        };
        let follows = |n: &&NodeProto| {
            n.op_type == "BatchNormalization" && n.input.first() == node.output.first()
        };
        let Some(norm) = graph.node.iter().find(follows) else {
            continue;
        };
        let (Some(name), [_, scale, _, _, variance]) = (node.input.get(1), norm.input.as_slice())
        else {
            continue;
        };
        let dims = tensors
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, t)| &t.dims);
        let dims: Option<Vec<usize>> =
            dims.and_then(|d| d.iter().map(|&d| usize::try_from(d).ok()).collect());
        let (Some(dims), Some(mut values)): (_, Option<Vec<f32>>) = (dims, floats(name)) else {
            continue;
        };
        let (Some(scale), Some(variance)): (Option<Vec<f32>>, Option<Vec<f32>>) =
            (floats(scale), floats(variance))
        else {
            continue;
        };
        let epsilon = norm
            .attribute
            .iter()
            .find(|a| a.name == "epsilon")
            .and_then(|a| a.f)
            .unwrap_or(1e-5);
        let stride: usize = dims.iter().skip(out_axis + 1).product();
        let count: usize = dims.iter().product();
        let sound = dims.len() > out_axis && count == values.len() && dims[out_axis] == scale.len();
        if !sound || scale.len() != variance.len() || stride == 0 {
            continue;
        }
        for (i, value) in values.iter_mut().enumerate() {
            let channel = i / stride % scale.len();
            *value *= scale[channel] / (variance[channel] + epsilon).sqrt();
        }
        let values = values.iter().map(|v| bits(*v)).collect();
        all.push((name.as_str(), Rounded { dims, values }));
    }
    all
}

fn difference(a: &Rounded, b: &Rounded) -> f64 {
    let value = |bits: &u16| f16::from_bits(*bits).to_f64();
    let pairs = a.values.iter().zip(&b.values);
    pairs
        .map(|(a, b)| (value(a) - value(b)).abs())
        .fold(0.0, f64::max)
}

/// The constants of a graph by the names of their values.
fn tensors(graph: &GraphProto) -> Vec<(&str, &TensorProto)> {
    let listed = graph.initializer.iter().map(|t| (t.name.as_str(), t));
    let nodes = graph.node.iter().filter(|n| n.op_type == "Constant");
    let made = nodes.filter_map(|n| {
        let value = n.attribute.iter().find(|a| a.name == "value")?;
        Some((n.output.first()?.as_str(), value.t.as_ref()?))
    });
    listed.chain(made).collect()
}

/// Compares what goes in and comes out. The converter renames outputs, and open dims of the ONNX were given to it.
fn interface(
    inputs: &[crate::describe::TensorInfo],
    outputs: &[crate::describe::TensorInfo],
    graph: &GraphProto,
) -> Vec<String> {
    let mut differences = Vec::new();
    let agree = |om: &[i64], onnx: &[i64]| {
        om.len() == onnx.len() && om.iter().zip(onnx).all(|(a, b)| a == b || *a < 0 || *b < 0)
    };
    let wanted = graph.data_inputs();
    let hidden = |name: &str| {
        name == crate::describe::GEAR_INPUT || name.starts_with("ascend_dynamic_aipp_data")
    };
    let fed: Vec<_> = inputs.iter().filter(|i| !hidden(&i.name)).collect();
    if fed.len() != wanted.len() {
        differences.push(format!(
            "{} inputs in the .om, {} in the ONNX",
            fed.len(),
            wanted.len()
        ));
    }
    for input in &fed {
        // Image preprocessing changes an input on purpose; its name stays.
        match wanted.iter().find(|w| w.name == input.name) {
            None => differences.push(format!("input {} is not in the ONNX", input.name)),
            Some(value) => {
                let dims = value.dims().unwrap_or_default();
                let aipp = dtype::name(input.dtype) == "UINT8" && value.elem_type() == elem::FLOAT;
                if !aipp && !dims.is_empty() && !agree(&input.dims, &dims) {
                    differences.push(format!(
                        "input {}: {:?} in the .om, {dims:?} in the ONNX",
                        input.name, input.dims
                    ));
                }
            }
        }
    }
    if outputs.len() != graph.output.len() {
        differences.push(format!(
            "{} outputs in the .om, {} in the ONNX",
            outputs.len(),
            graph.output.len()
        ));
    }
    for (index, (output, value)) in outputs.iter().zip(&graph.output).enumerate() {
        let dims = value.dims().unwrap_or_default();
        if !dims.is_empty() && !agree(&output.dims, &dims) {
            differences.push(format!(
                "output {index}: {:?} in the .om, {dims:?} in the ONNX",
                output.dims
            ));
        }
    }
    differences
}

/// The constants that are filters of convolutions, and of how many each: these count however small they are.
fn convolved(model: &ModelDef) -> HashMap<String, usize> {
    let mut found = HashMap::new();
    for op in model.graph.iter().flat_map(|graph| &graph.op) {
        if !matches!(op.r#type.as_slice(), b"Conv2D" | b"DepthwiseConv2D") {
            continue;
        }
        let filter = op.input.get(1).map(|input| String::from_utf8_lossy(input));
        if let Some((source, _)) = filter.as_deref().and_then(|text| text.rsplit_once(':')) {
            *found.entry(source.to_owned()).or_default() += 1;
        }
    }
    found
}

/// Which operators of the source each constant's users stand for.
fn users(model: &ModelDef) -> HashMap<String, Vec<String>> {
    let tables = AttrTables::of(model);
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for op in model.graph.iter().flat_map(|graph| &graph.op) {
        let names = Attrs::new(&op.attr, &tables).texts("_datadump_original_op_names");
        let names = names.unwrap_or_default();
        let own = String::from_utf8_lossy(&op.name).into_owned();
        for input in &op.input {
            let text = String::from_utf8_lossy(input);
            let Some((source, _)) = text.rsplit_once(':') else {
                continue;
            };
            let entry = found.entry(source.to_owned()).or_default();
            entry.push(own.clone());
            entry.extend(names.iter().map(|n| n.clone().into_owned()));
        }
    }
    found
}

/// The weights of the operator of the ONNX that a constant's user stands for.
fn counterpart(
    constant: &str,
    users: &HashMap<String, Vec<String>>,
    graph: &GraphProto,
    rounded: &HashMap<&str, Rounded>,
) -> Option<String> {
    let names = users.get(constant)?;
    let node = graph.node.iter().find(|node| names.contains(&node.name))?;
    node.input
        .iter()
        .find(|input| rounded.contains_key(input.as_str()))
        .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dims_whose_product_wraps_to_nothing_are_not_taken_for_a_small_constant() {
        assert_eq!(elements(&[4, 3]), Some(12));
        assert_eq!(elements(&[1 << 32, 1 << 32]), None);
        assert_eq!(elements(&[-1, 64]), None);
    }
}
