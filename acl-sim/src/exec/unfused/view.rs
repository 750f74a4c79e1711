//! How an operator sees a tensor: layout, order of axes, dims, element type.

use ascend_om::attrs::{AttrTables, Attrs};
use ascend_om::dtype;
use ascend_om::model_def::TensorDescriptor;

use super::value::Value;

/// A tensor's description, in logical terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    /// The layout in memory, without what follows its colon.
    pub(super) physical: String,
    /// The order of the logical axes: that of the plain layout, or the origin of a private one.
    pub(super) axes: String,
    /// Logical dims in that order.
    pub(super) dims: Vec<usize>,
    /// Element type, acl numbering.
    pub(super) dtype: i32,
    /// Groups of a filter, from behind the colon.
    pub(super) groups: usize,
}

impl View {
    /// Reads a descriptor.
    pub(super) fn of(desc: &TensorDescriptor, tables: &AttrTables) -> Result<Self, String> {
        let attrs = Attrs::new(&desc.attr, tables);
        let layout = String::from_utf8_lossy(&desc.layout).into_owned();
        let (physical, groups) = match layout.split_once(':') {
            Some((name, groups)) => (name.to_owned(), groups.parse().unwrap_or(0)),
            None => (layout, 1),
        };
        let stored: &[i64] = desc.shape.as_ref().map_or(&[], |s| &s.dim);
        let (axes, dims) = if is_private(&physical) {
            let axes = attrs.text("origin_format").unwrap_or_default().into_owned();
            (axes, attrs.ints("origin_shape").unwrap_or(stored))
        } else {
            (physical.clone(), stored)
        };
        let sides: Option<Vec<usize>> = dims.iter().map(|&d| usize::try_from(d).ok()).collect();
        let sides = sides.ok_or_else(|| format!("the open shape {dims:?}"))?;
        let count = sides.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
        if count.is_none_or(|n| n > MOST) {
            return Err(format!("the shape {dims:?}, too large for a simulation"));
        }
        Ok(Self {
            physical,
            axes,
            dims: sides,
            dtype: dtype::proto_to_acl(desc.dtype),
            groups,
        })
    }

    pub(super) fn count(&self) -> usize {
        self.dims.iter().product()
    }

    /// Finds the places of the letters `wanted` among the axes; `None` for other tensors.
    pub(super) fn order(&self, wanted: &str) -> Option<Vec<usize>> {
        if self.axes.len() != wanted.len() || self.dims.len() != wanted.len() {
            return None;
        }
        wanted.chars().map(|c| self.axes.find(c)).collect()
    }

    pub(super) fn is_private(&self) -> bool {
        is_private(&self.physical)
    }

    fn says(&self) -> String {
        format!("{} {:?}", self.physical, self.dims)
    }
}

/// Most elements of one tensor: a gigabyte of floats.
const MOST: usize = 1 << 28;

fn is_private(layout: &str) -> bool {
    layout.contains("C0") || layout.contains("FRACTAL")
}

/// Whether both are orders of the same four axes.
fn reorderable(from: &View, to: &View) -> Option<Vec<usize>> {
    let four = |v: &View| matches!(v.axes.as_str(), "NCHW" | "NHWC" | "HWCN" | "CHWN");
    if four(from) && four(to) && from.axes != to.axes {
        return from.order(&to.axes);
    }
    None
}

/// Brings a tensor to the view that an operator has of its input. Nothing moves in memory between two operators, so
/// plain layouts are seen anew, and private ones of one kind differ only in what they came from.
pub(super) fn adapt(value: &Value, want: &View) -> Result<Value, String> {
    let have = &value.view;
    let mismatch = || format!("found {}, wanted {}", have.says(), want.says());
    if have.count() != want.count() {
        return Err(mismatch());
    }
    if have.is_private() != want.is_private() {
        return Err(format!("{}, without a TransData between", mismatch()));
    }
    if !have.is_private() {
        let ordered = |v: &View| v.axes != "ND" && v.dims.len() == 4;
        if ordered(have) && ordered(want) && have.axes != want.axes {
            return Err(format!("{}, without a TransData between", mismatch()));
        }
        return Ok(value.seen_as(want.clone()));
    }
    if have.physical != want.physical {
        return Err(format!("{}, without a TransData between", mismatch()));
    }
    convert(value, want)
}

/// Brings a tensor to another layout, as TransData does.
pub(super) fn convert(value: &Value, want: &View) -> Result<Value, String> {
    let have = &value.view;
    let mismatch = || format!("found {}, wanted {}", have.says(), want.says());
    if have.count() != want.count() {
        return Err(mismatch());
    }
    if let Some(order) = reorderable(have, want) {
        let dims: Vec<usize> = order.iter().map(|&axis| have.dims[axis]).collect();
        if dims != want.dims {
            return Err(mismatch());
        }
        return Ok(value.permuted(&order, want.clone()));
    }
    // Blocks of a matrix hold its last two dims, so those may not change while it is in blocks.
    let tail = |v: &View| v.dims[v.dims.len().saturating_sub(2)..].to_vec();
    let in_blocks = have.is_private() && want.is_private();
    if in_blocks && have.dims != want.dims && tail(have) != tail(want) {
        return Err(mismatch());
    }
    Ok(value.seen_as(want.clone()))
}

/// Brings a tensor of four dims to the order `axes`.
pub(super) fn ordered(value: &Value, axes: &str) -> Result<Value, String> {
    let order = value.view.order(axes);
    let order = order.ok_or_else(|| {
        format!(
            "found axes {} and dims {:?}, wanted {axes} in some order",
            value.view.axes, value.view.dims
        )
    })?;
    let view = View {
        axes: axes.to_owned(),
        dims: order.iter().map(|&axis| value.view.dims[axis]).collect(),
        ..value.view.clone()
    };
    Ok(value.permuted(&order, view))
}
