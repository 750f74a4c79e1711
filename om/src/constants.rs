//! The constants of a model: where each lies, and how.

use crate::OmError;
use crate::attrs::{AttrTables, Attrs};
use crate::dtype;
use crate::model_def::{AttrValue, ModelDef, OpDef, TensorDescriptor};

/// A constant as it is stored: on the device's layout, with what is known of the logical one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constant<'a> {
    /// Name of the operator that holds it.
    pub name: String,
    /// Element type, acl numbering.
    pub dtype: i32,
    /// Layout as stored, for example `FRACTAL_Z:96`.
    pub layout: String,
    /// Dims as stored.
    pub dims: Vec<i64>,
    /// Logical layout, for example `NCHW`; empty when the file does not say.
    pub origin_layout: String,
    /// Logical dims; those as stored when the file does not say.
    pub origin_dims: Vec<i64>,
    /// Offset in the weights partition; `None` for one that lies in the description.
    pub offset: Option<u64>,
    /// Contents; empty for one whose weights are in a file of their own.
    pub bytes: &'a [u8],
    /// Whether the contents are in a file beside the model (`--external_weight`).
    pub external: bool,
}

/// Lists the constants of all graphs, in file order.
///
/// `weights` is the WEIGHTS_DATA partition, empty when there is none.
///
/// # Errors
/// [`OmError::Model`] when a constant lies outside of the partition.
pub fn constants<'a>(model: &'a ModelDef, weights: &'a [u8]) -> Result<Vec<Constant<'a>>, OmError> {
    let tables = AttrTables::of(model);
    let ops = model.graph.iter().flat_map(|graph| &graph.op);
    let found = ops.filter_map(|op| constant(op, &tables, weights).transpose());
    found.collect()
}

fn constant<'a>(
    op: &'a OpDef,
    tables: &AttrTables,
    weights: &'a [u8],
) -> Result<Option<Constant<'a>>, OmError> {
    let name = String::from_utf8_lossy(&op.name).into_owned();
    if op.r#type == b"FileConstant" {
        let desc = op.output_desc.first();
        return Ok(desc.map(|desc| Constant {
            external: true,
            ..described(name, desc, tables)
        }));
    }
    if !matches!(op.r#type.as_slice(), b"Const" | b"Constant") {
        return Ok(None);
    }
    // By hand, because what is found lives longer than the tables.
    let value = op
        .attr
        .iter()
        .rev()
        .find(|e| tables.name(&e.key).0 == b"value");
    let Some(AttrValue::T(tensor)) = value.and_then(|e| e.value.as_ref()?.value.as_ref()) else {
        return Ok(None);
    };
    let Some(desc) = &tensor.desc else {
        return Ok(None);
    };
    let found = described(name, desc, tables);
    if !tensor.data.is_empty() || desc.weight_size == 0 {
        return Ok(Some(Constant {
            bytes: &tensor.data,
            ..found
        }));
    }
    // Phone models keep the place in an attribute.
    let merged = Attrs::new(&desc.attr, tables).int("merged_offset");
    let offset = merged.unwrap_or(desc.data_offset);
    let place = |value: i64| usize::try_from(value).ok();
    let range = place(offset).zip(place(desc.weight_size));
    let bytes = range
        .and_then(|(start, size)| Some((start, start.checked_add(size)?)))
        .and_then(|(start, end)| weights.get(start..end));
    let bytes = bytes.ok_or_else(|| {
        OmError::Model(format!(
            "constant {}: found it at {offset} with {} bytes, wanted it inside the {} bytes of weights; \
             the file is damaged, convert the model again",
            found.name,
            desc.weight_size,
            weights.len()
        ))
    })?;
    Ok(Some(Constant {
        offset: u64::try_from(offset).ok(),
        bytes,
        ..found
    }))
}

fn described<'a>(name: String, desc: &TensorDescriptor, tables: &AttrTables) -> Constant<'a> {
    let attrs = Attrs::new(&desc.attr, tables);
    let dims = desc.shape.as_ref().map_or_else(Vec::new, |s| s.dim.clone());
    let origin_dims = attrs.ints("origin_shape").map(<[i64]>::to_vec);
    Constant {
        name,
        dtype: dtype::proto_to_acl(desc.dtype),
        layout: String::from_utf8_lossy(&desc.layout).into_owned(),
        origin_layout: attrs
            .text("origin_format")
            .map_or_else(String::new, std::borrow::Cow::into_owned),
        origin_dims: origin_dims.unwrap_or_else(|| dims.clone()),
        dims,
        offset: None,
        bytes: &[],
        external: false,
    }
}
