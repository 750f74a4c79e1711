//! An operator of the description with what is needed of it.

use ascend_om::attrs::{AttrTables, Attrs};
use ascend_om::model_def::OpDef;

use super::view::View;

/// An operator, read.
pub(super) struct Operator<'a> {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) attrs: Attrs<'a>,
    /// Views of all input slots, absent ones as `None`.
    pub(super) inputs: Vec<Option<View>>,
    pub(super) outputs: Vec<View>,
}

impl<'a> Operator<'a> {
    pub(super) fn of(op: &'a OpDef, tables: &'a AttrTables) -> Result<Self, String> {
        let absent = |layout: &[u8]| layout == b"FORMAT_RESERVED";
        let mut inputs = Vec::new();
        for (slot, desc) in op.input_desc.iter().enumerate() {
            let connected = op.input.get(slot).is_some_and(|source| !source.is_empty());
            inputs.push(if connected && !absent(&desc.layout) {
                Some(View::of(desc, tables)?)
            } else {
                None
            });
        }
        let outputs = op.output_desc.iter().map(|desc| View::of(desc, tables));
        let attrs = Attrs::new(&op.attr, tables);
        let kind = match op.r#type.as_slice() {
            // An operator of the framework: its own name for it counts.
            b"FrameworkOp" => attrs.text("original_type").unwrap_or_default().into_owned(),
            kind => String::from_utf8_lossy(kind).into_owned(),
        };
        Ok(Self {
            name: String::from_utf8_lossy(&op.name).into_owned(),
            kind,
            attrs,
            inputs,
            outputs: outputs.collect::<Result<_, _>>()?,
        })
    }

    /// The operators that a fused one stands for, by the name of its kernel; `None` for one that is not fused.
    pub(super) fn chain(&self) -> Option<Vec<&'static str>> {
        let own = format!("{}_kernelname", self.name);
        let kernel = self
            .attrs
            .text(&own)
            .or_else(|| self.attrs.text("_kernelname"))?;
        super::fused::chain(&kernel)
    }

    pub(super) fn is_fused(&self) -> bool {
        let flagged = self.attrs.get("_is_compiled_fusion_op").is_some();
        flagged || self.chain().is_some()
    }

    pub(super) fn input(&self, slot: usize) -> Result<&View, String> {
        let view = self.inputs.get(slot).and_then(Option::as_ref);
        view.ok_or_else(|| format!("input {slot} is absent"))
    }

    pub(super) fn output(&self) -> Result<&View, String> {
        self.outputs
            .first()
            .ok_or_else(|| "it has no output".into())
    }

    /// A list of as many integers from 0 on as wanted.
    pub(super) fn sizes(&self, name: &str, count: usize) -> Result<Vec<usize>, String> {
        let list = self.attrs.ints(name);
        let list = list.ok_or_else(|| format!("the attribute {name} is absent"))?;
        let sizes: Option<Vec<usize>> = list.iter().map(|&v| usize::try_from(v).ok()).collect();
        let sizes = sizes.filter(|sizes| sizes.len() == count);
        sizes.ok_or_else(|| format!("the attribute {name} is {list:?}, wanted {count} sizes"))
    }

    /// A truth value; `None` when it is absent.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.attrs.get(name)? {
            ascend_om::model_def::AttrValue::B(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn float(&self, name: &str) -> Option<f32> {
        match self.attrs.get(name)? {
            ascend_om::model_def::AttrValue::F(value) => Some(*value),
            _ => None,
        }
    }
}
