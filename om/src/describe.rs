//! From the protobuf to what a caller sees: inputs, outputs, gears, attributes.
//!
//! The rules are those by which the vendor's runtime answers `aclmdlGetDesc`; on every sample file that also carries
//! the ready-made description ([`crate::inout_info`]) both agree.

use std::collections::HashMap;

use crate::OmError;
use crate::attrs::{AttrTables, Attrs};
use crate::dtype;
use crate::model_def::{GraphDef, ModelDef, OpDef, TensorDescriptor};

/// Name of the hidden input that tells a geared model its gear (`ACL_DYNAMIC_TENSOR_NAME`).
pub const GEAR_INPUT: &str = "ascend_mbatch_shape_data";

/// One input or output.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TensorInfo {
    /// Name.
    pub name: String,
    /// Element type, acl numbering (see [`crate::dtype`]).
    pub dtype: i32,
    /// Format, acl numbering.
    pub format: i32,
    /// Shape to feed; -1 in dynamic positions.
    pub dims: Vec<i64>,
    /// Shape before static image preprocessing.
    pub dims_v2: Vec<i64>,
    /// Smallest and largest value of each dim, -1 for no largest, of an input whose shape the program sets; else empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<[i64; 2]>,
    /// Bytes to allocate; 0 if unknown.
    pub size: u64,
}

/// The shapes that a geared model was converted for.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub enum Gears {
    /// One shape only.
    #[default]
    None,
    /// Batch sizes.
    Batch(Vec<u64>),
    /// Height and width.
    ImageSize(Vec<[u64; 2]>),
    /// One value for each -1 among the inputs' dims, in input order.
    Dims(Vec<Vec<u64>>),
}

/// What a model tells about itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Description {
    /// Full name.
    pub name: String,
    /// Inputs in index order.
    pub inputs: Vec<TensorInfo>,
    /// Outputs in index order.
    pub outputs: Vec<TensorInfo>,
    /// Gears.
    pub gears: Gears,
    /// Output dims by gear: `output_dims[gear][output]`; empty without gears.
    pub output_dims: Vec<Vec<Vec<i64>>>,
    /// Chip it was converted for; empty when the file does not say.
    pub soc_version: String,
    /// Version of the converter; empty when the file does not say.
    pub atc_version: String,
    /// The converter's command line; empty when the file does not say.
    pub atc_cmdline: String,
    /// Bytes of work memory.
    pub memory_size: u64,
    /// Bytes of weights.
    pub weight_size: u64,
    /// Number of operators by type, in the main graph and its sub-graphs.
    pub operators: Vec<(String, usize)>,
}

/// Describes a model.
///
/// # Errors
/// [`OmError::Model`] when there is no graph. A model without the `NetOutput` operator has no outputs.
pub fn describe(model: &ModelDef) -> Result<Description, OmError> {
    let main = model
        .graph
        .first()
        .ok_or_else(|| OmError::Model("found no graph, wanted one; the file is damaged".into()))?;
    let tables = AttrTables::of(model);
    let plain = AttrTables::default();
    let attrs = Attrs::new(&model.attr, &plain);
    let text = |key| attrs.text(key).unwrap_or_default().into_owned();
    let size = |key| {
        attrs
            .int(key)
            .and_then(|v| u64::try_from(v).ok())
            .unwrap_or(0)
    };
    let inputs = inputs(main, &tables);
    let outputs = outputs(main, &attrs, &tables);
    let gears = gears(main, &tables);
    Ok(Description {
        name: lossy(&model.name),
        output_dims: output_dims(main, &tables, &gears, outputs.len()),
        inputs,
        outputs,
        gears,
        soc_version: text("soc_version"),
        atc_version: text("atc_version"),
        atc_cmdline: text("atc_cmdline"),
        memory_size: size("memory_size"),
        weight_size: size("weight_size"),
        operators: operators(model),
    })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn inputs(graph: &GraphDef, tables: &AttrTables) -> Vec<TensorInfo> {
    let data = |op: &&OpDef| matches!(op.r#type.as_slice(), b"Data" | b"AippData" | b"AnnData");
    let mut found: Vec<(i64, TensorInfo)> = Vec::new();
    for (order, op) in graph.op.iter().filter(data).enumerate() {
        let attrs = Attrs::new(&op.attr, tables);
        let order = i64::try_from(order).unwrap_or(i64::MAX);
        let index = attrs.int("index").unwrap_or(order);
        let empty = TensorDescriptor::default();
        let desc = op
            .input_desc
            .first()
            .or(op.output_desc.first())
            .unwrap_or(&empty);
        let shape = shape_of(desc);
        let dims = attrs
            .ints("_dynamic_aipp_input_dims")
            .or_else(|| attrs.ints("_mbatch_origin_input_dims"))
            .unwrap_or(shape);
        let dims_v2 = attrs.ints("input_dims").unwrap_or(dims);
        let acl = dtype::proto_to_acl(desc.dtype);
        // Exact for static models; a model with unknown shapes stores nothing useful here.
        let stored = u64::try_from(desc.size).unwrap_or(0);
        let size = if stored > 0 {
            stored
        } else {
            bytes_of(shape, acl)
        };
        let ranges = Attrs::new(&desc.attr, tables).pairs("shape_range");
        let info = TensorInfo {
            ranges: ranges
                .filter(|ranges| ranges.len() == dims.len())
                .unwrap_or_default(),
            name: lossy(&op.name),
            dtype: acl,
            format: dtype::format_number(&lossy(&desc.layout)),
            dims: dims.to_vec(),
            dims_v2: dims_v2.to_vec(),
            size,
        };
        found.push((index, info));
    }
    // Stable: equal indices, which only a damaged file has, keep file order.
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, info)| info).collect()
}

fn outputs(graph: &GraphDef, model: &Attrs<'_>, tables: &AttrTables) -> Vec<TensorInfo> {
    let Some(net) = graph.op.iter().find(|op| op.r#type == b"NetOutput") else {
        return Vec::new();
    };
    let names = model.texts("attr_model_out_nodes_name").unwrap_or_default();
    let named = names.len() == net.input_desc.len();
    let mut list = Vec::new();
    for (i, desc) in net.input_desc.iter().enumerate() {
        let source = net.src_index.get(i).copied().unwrap_or(0);
        let name = match names.get(i) {
            Some(n) if named && n.contains(':') => n.to_string(),
            Some(n) if named => format!("{n}:{source}"),
            _ => {
                let node = net.src_name.get(i).map(|n| lossy(n)).unwrap_or_default();
                format!("output_{i}_{node}_{source}")
            }
        };
        let acl = dtype::proto_to_acl(desc.dtype);
        let dims = shape_of(desc).to_vec();
        let special = Attrs::new(&desc.attr, tables)
            .int("_special_input_size")
            .and_then(|v| u64::try_from(v).ok())
            .filter(|&v| v > 0);
        list.push(TensorInfo {
            name,
            dtype: acl,
            format: dtype::format_number(&lossy(&desc.layout)),
            size: special.unwrap_or_else(|| bytes_of(&dims, acl)),
            dims_v2: dims.clone(),
            ranges: Vec::new(),
            dims,
        });
    }
    list
}

fn shape_of(desc: &TensorDescriptor) -> &[i64] {
    desc.shape.as_ref().map_or(&[], |s| s.dim.as_slice())
}

/// Counts the bytes of a tensor; 0 when a dimension or the type is unknown, or the product is absurd.
#[must_use]
pub fn bytes_of(dims: &[i64], acl_dtype: i32) -> u64 {
    let Some(element) = dtype::size_of(acl_dtype) else {
        return 0;
    };
    dims.iter()
        .try_fold(element as u64, |acc, &d| {
            acc.checked_mul(u64::try_from(d).ok()?)
        })
        .unwrap_or(0)
}

fn gears(graph: &GraphDef, tables: &AttrTables) -> Gears {
    let Some(case) = graph.op.iter().find(|op| op.r#type == b"Case") else {
        return Gears::None;
    };
    let attrs = Attrs::new(&case.attr, tables);
    let count = attrs.int("_batch_num").unwrap_or(0);
    let mut lists: Vec<Vec<u64>> = Vec::new();
    for k in 0..count {
        let Some(list) = attrs.ints(&format!("_pred_value_{k}")) else {
            break;
        };
        lists.push(
            list.iter()
                .map(|&v| u64::try_from(v).unwrap_or(0))
                .collect(),
        );
    }
    if lists.is_empty() {
        return Gears::None;
    }
    let wide_enough = |n: usize| lists.iter().all(|l| l.len() >= n);
    match attrs.int("mbatch_dynamic_type") {
        Some(1) if wide_enough(1) => Gears::Batch(lists.iter().map(|l| l[0]).collect()),
        Some(2) if wide_enough(2) => Gears::ImageSize(lists.iter().map(|l| [l[0], l[1]]).collect()),
        _ => Gears::Dims(lists),
    }
}

/// Reads `_dynamic_output_dims` of the `NetOutput` operator: one text `gear,output,dim,dim,…` each.
fn output_dims(
    graph: &GraphDef,
    tables: &AttrTables,
    gears: &Gears,
    outputs: usize,
) -> Vec<Vec<Vec<i64>>> {
    let count = match gears {
        Gears::None => return Vec::new(),
        Gears::Batch(v) => v.len(),
        Gears::ImageSize(v) => v.len(),
        Gears::Dims(v) => v.len(),
    };
    let net = graph.op.iter().find(|op| op.r#type == b"NetOutput");
    let lines = net
        .and_then(|op| Attrs::new(&op.attr, tables).texts("_dynamic_output_dims"))
        .unwrap_or_default();
    // A description smaller than gears x outputs says too little to be used.
    if lines.len() < count.saturating_mul(outputs) {
        return Vec::new();
    }
    let mut table = vec![vec![Vec::new(); outputs]; count];
    for line in lines {
        let numbers: Vec<i64> = line
            .split(',')
            .filter_map(|n| n.trim().parse().ok())
            .collect();
        let [gear, output, dims @ ..] = numbers.as_slice() else {
            continue;
        };
        let slot = usize::try_from(*gear)
            .ok()
            .and_then(|g| table.get_mut(g))
            .and_then(|row| row.get_mut(usize::try_from(*output).ok()?));
        if let Some(slot) = slot {
            *slot = dims.to_vec();
        }
    }
    table
}

fn operators(model: &ModelDef) -> Vec<(String, usize)> {
    let mut counts: HashMap<&[u8], usize> = HashMap::new();
    for op in model.graph.iter().flat_map(|g| &g.op) {
        *counts.entry(&op.r#type).or_default() += 1;
    }
    let mut list: Vec<(String, usize)> = counts.into_iter().map(|(t, n)| (lossy(t), n)).collect();
    list.sort();
    list
}
