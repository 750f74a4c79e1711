//! What a loaded model knows of its inputs' preprocessing, read from the attributes of its `Data` operators.
//!
//! A real file has the same attributes: `_data_related_aipp_mode` says what an input is, `aipp` holds a static
//! configuration, `_aipp_outputs` what the network behind takes. Two things no real file has in a form that is known
//! here: `_data_aipp_data_name_map` is the plain name of the input with the parameters, and `atc_sim_aipp_origin` the
//! network's own input (format, element type, rank), which `aclmdlGetFirstAippInfo` tells.

use std::borrow::Cow;

use ascend_om::attrs::{AttrTables, Attrs};
use ascend_om::describe::TensorInfo;
use ascend_om::model_def::{AttrValue, ModelDef, OpDef};
use half::f16;

use super::ModelError;
use super::aipp::{Item, Source, Target, check_fit, picture};
use super::aipp_config::Config;
use super::aipp_packed::{self, Packed};
use super::engine::{Elements, Tensor};

/// Name of the hidden input with the parameters of dynamic AIPP (`ACL_DYNAMIC_AIPP_NAME`); further ones have a number
/// behind it.
pub(crate) const INPUT: &str = "ascend_dynamic_aipp_data";
/// Attribute that says what an input is.
pub(crate) const MODE: &str = "_data_related_aipp_mode";
/// Its values.
pub(crate) const STATIC: &str = "static_aipp";
pub(crate) const DYNAMIC: &str = "dynamic_aipp";
pub(crate) const PARAMETERS: &str = "dynamic_aipp_conf";
/// Attribute with the configuration.
pub(crate) const CONFIG: &str = "aipp";
/// Attributes with the tensors before and behind.
pub(crate) const INPUTS: &str = "_aipp_inputs";
pub(crate) const OUTPUTS: &str = "_aipp_outputs";
/// Attribute with the name of the input that holds the parameters.
pub(crate) const MAP: &str = "_data_aipp_data_name_map";
/// Attribute with the network's own format, element type and rank.
pub(crate) const ORIGIN: &str = "atc_sim_aipp_origin";

/// Fields of a text of [`INPUTS`] and [`OUTPUTS`]: format, element type, name, bytes, rank, dims.
const FIELDS: usize = 6;

/// What an input is.
#[derive(Clone, Debug)]
pub(crate) enum Role {
    /// The network takes it as it comes.
    Plain,
    /// Pictures, preprocessed as the file says.
    Static(Plan),
    /// Pictures, preprocessed as another input says, which has this index.
    Dynamic(Plan, usize),
    /// The parameters of a dynamic one.
    Parameters,
}

impl Role {
    pub(crate) fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Static(plan) | Self::Dynamic(plan, _) => Some(plan),
            Self::Plain | Self::Parameters => None,
        }
    }
}

/// How pictures become the network's input.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) config: Config,
    /// The network's input; -1 where gears fill in.
    dims: [i64; 4],
    interleaved: bool,
    /// Halves, or bytes as they come.
    halves: bool,
    /// Format, element type (both in acl numbering) and rank of the network's own input.
    pub(crate) origin: [i64; 3],
}

fn wrong_mode(input: &str, detail: impl Into<String>) -> ModelError {
    ModelError::AippMode {
        input: input.into(),
        detail: detail.into(),
    }
}

/// Reads what the inputs are, in the order of the description.
pub(crate) fn roles(model: &ModelDef, inputs: &[TensorInfo]) -> Result<Vec<Role>, ModelError> {
    let tables = AttrTables::of(model);
    let ops = model.graph.first().map_or(&[][..], |g| &g.op);
    inputs
        .iter()
        .map(|input| {
            let mut data = ops
                .iter()
                .filter(|op| matches!(op.r#type.as_slice(), b"Data" | b"AippData" | b"AnnData"));
            match data.find(|op| op.name == input.name.as_bytes()) {
                Some(op) => role(op, &tables, inputs),
                None => Ok(Role::Plain),
            }
        })
        .collect()
}

fn role(op: &OpDef, tables: &AttrTables, inputs: &[TensorInfo]) -> Result<Role, ModelError> {
    let attrs = Attrs::new(&op.attr, tables);
    let name = String::from_utf8_lossy(&op.name);
    let Some(mode) = attrs.text(MODE) else {
        return Ok(Role::Plain);
    };
    match &*mode {
        PARAMETERS => Ok(Role::Parameters),
        STATIC => Ok(Role::Static(plan(&attrs, &name)?)),
        DYNAMIC => {
            let from = attrs.text(MAP).unwrap_or_default();
            let index = inputs.iter().position(|input| input.name == from);
            let index = index.ok_or_else(|| {
                wrong_mode(
                    &name,
                    format!("its parameters' input \"{from}\" is missing"),
                )
            })?;
            Ok(Role::Dynamic(plan(&attrs, &name)?, index))
        }
        other => Err(wrong_mode(
            &name,
            format!("the mode \"{other}\", wanted {STATIC}, {DYNAMIC} or {PARAMETERS}"),
        )),
    }
}

fn plan(attrs: &Attrs<'_>, name: &str) -> Result<Plan, ModelError> {
    let Some(AttrValue::Func(config)) = attrs.get(CONFIG) else {
        return Err(wrong_mode(name, format!("no attribute {CONFIG}")));
    };
    let lists = attrs.texts(OUTPUTS).unwrap_or_default();
    let [text] = lists.as_slice() else {
        return Err(wrong_mode(
            name,
            format!("{} texts in {OUTPUTS}, wanted 1", lists.len()),
        ));
    };
    let fields = fields(text).ok_or_else(|| {
        wrong_mode(
            name,
            format!("\"{text}\" in {OUTPUTS}, wanted {FIELDS} fields"),
        )
    })?;
    let [format, dtype, .., dims] = fields;
    let dims: Option<Vec<i64>> = dims.split(',').map(|d| d.parse().ok()).collect();
    let dims = dims.and_then(|dims| <[i64; 4]>::try_from(dims).ok());
    let origin = attrs
        .ints(ORIGIN)
        .and_then(|o| <[i64; 3]>::try_from(o).ok());
    let (Some(dims), Some(origin)) = (dims, origin) else {
        return Err(wrong_mode(
            name,
            format!("\"{text}\" in {OUTPUTS}, wanted 4 dims"),
        ));
    };
    Ok(Plan {
        config: Config::of_attrs(&config.attr),
        dims,
        interleaved: format == "NHWC",
        halves: dtype != "DT_UINT8",
        origin,
    })
}

/// Splits a description of a tensor. The name, which is in the middle, may hold colons itself.
fn fields(text: &str) -> Option<[&str; FIELDS]> {
    let (format, rest) = text.split_once(':')?;
    let (dtype, rest) = rest.split_once(':')?;
    let (rest, dims) = rest.rsplit_once(':')?;
    let (rest, rank) = rest.rsplit_once(':')?;
    let (name, size) = rest.rsplit_once(':')?;
    Some([format, dtype, name, size, rank, dims])
}

impl Plan {
    /// The network's dims when the input has the shape `shape`.
    pub(crate) fn network(&self, shape: &[i64]) -> [i64; 4] {
        let mut dims = self.dims;
        let [height, width] = if self.interleaved { [1, 2] } else { [2, 3] };
        // A static input is a picture of rows and columns whichever order the network has; a dynamic one has the
        // network's own dims.
        let places = if self.config.is_dynamic() {
            [(0, 0), (height, height), (width, width)]
        } else {
            [(0, 0), (height, 1), (width, 2)]
        };
        for (to, from) in places {
            if dims[to] == -1 {
                dims[to] = shape.get(from).copied().unwrap_or(-1);
            }
        }
        dims
    }

    /// Pictures in the batch, and what each becomes.
    pub(crate) fn target(&self, shape: &[i64]) -> (usize, Target) {
        let [n, a, b, c] = self
            .network(shape)
            .map(|dim| usize::try_from(dim).unwrap_or(0));
        let (channels, height, width) = if self.interleaved {
            (c, a, b)
        } else {
            (a, b, c)
        };
        let target = Target {
            channels,
            height,
            width,
            interleaved: self.interleaved,
        };
        (n, target)
    }

    /// Bytes of what it makes.
    pub(crate) fn made(&self, shape: &[i64]) -> usize {
        let (batch, target) = self.target(shape);
        batch * target.len() * if self.halves { size_of::<f16>() } else { 1 }
    }

    /// Bytes of the pictures; those of a dynamic input are as many as the description says.
    pub(crate) fn bytes(&self, shape: &[i64]) -> Option<usize> {
        if self.config.is_dynamic() {
            return Some(self.config.size("max_src_image_size"));
        }
        let (batch, target) = self.target(shape);
        let (source, _) = self.config.settle(target).ok()?;
        Some(source.bytes() * batch)
    }

    /// Makes the network's input.
    pub(crate) fn run(
        &self,
        shape: &[i64],
        bytes: &[u8],
        parameters: Option<&[u8]>,
    ) -> Result<Tensor<'static>, String> {
        let (batch, target) = self.target(shape);
        let (source, items) = match parameters {
            None => {
                let (source, item) = self.config.settle(target)?;
                (source, vec![item; batch])
            }
            Some(parameters) => read(parameters, batch, target)?,
        };
        let one = source.bytes();
        if bytes.len() < one.saturating_mul(batch) {
            return Err(format!(
                "{batch} pictures of {one} bytes are wanted, the input has {}",
                bytes.len()
            ));
        }
        let pictures: Vec<_> = items.iter().zip(bytes.chunks_exact(one.max(1))).collect();
        let pad = if self.config.is_dynamic() {
            f16::ZERO
        } else {
            self.config.padding_value()
        };
        let elements = if self.halves {
            let tables = |item: &Item| {
                let table =
                    |channel| std::array::from_fn(|b| item.normal(channel, byte(b)).to_f32());
                (0..target.channels).map(table).collect()
            };
            Elements::F32(Cow::Owned(all(
                &source,
                target,
                &pictures,
                pad.to_f32(),
                tables,
            )))
        } else {
            // Bytes stay bytes: neither mean nor factor has an effect.
            let table: [u8; 256] = std::array::from_fn(byte);
            let tables = |_: &Item| vec![table; target.channels];
            let below = |value: &u8| f32::from(*value) <= pad.to_f32();
            let pad = table.into_iter().rev().find(below).unwrap_or(0);
            Elements::U8(Cow::Owned(all(&source, target, &pictures, pad, tables)))
        };
        let dims = self.network(shape);
        Ok(Tensor {
            dims: dims.map(|dim| usize::try_from(dim).unwrap_or(0)).to_vec(),
            elements,
        })
    }
}

fn byte(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}

fn all<T: Copy + Default>(
    source: &Source,
    target: Target,
    pictures: &[(&Item, &[u8])],
    pad: T,
    tables: impl Fn(&Item) -> Vec<[T; 256]>,
) -> Vec<T> {
    let mut out = vec![T::default(); target.len() * pictures.len()];
    let places = out.chunks_exact_mut(target.len().max(1));
    // Pictures of a batch mostly share their parameters.
    let mut last: Option<(&Item, Vec<[T; 256]>)> = None;
    for ((item, bytes), out) in pictures.iter().zip(places) {
        if last.as_ref().is_none_or(|(known, _)| known != item) {
            last = Some((item, tables(item)));
        }
        let (_, tables) = last.as_ref().expect("set above");
        picture((source, item, target), bytes, tables, pad, out);
    }
    out
}

/// Reads and checks the parameters of a run.
pub(crate) fn read(
    parameters: &[u8],
    batch: usize,
    target: Target,
) -> Result<(Source, Vec<Item>), String> {
    if batch > aipp_packed::MOST {
        return Err(format!(
            "a batch of {batch} pictures; the parameters hold at most {}",
            aipp_packed::MOST
        ));
    }
    let packed = Packed::decode(parameters, batch)?;
    let source = packed.head.source()?;
    let mut items = Vec::new();
    for (index, record) in packed.records.iter().enumerate() {
        let item = record.item(&source);
        let fits = |item: Item| check_fit(&source, &item, target).map(|()| item);
        let item = item.and_then(fits);
        items.push(item.map_err(|detail| format!("picture {index}: {detail}"))?);
    }
    Ok((source, items))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ascend_om::attrs;
    use ascend_om::model_def::{AttrEntry, GraphDef, NamedAttrs};

    fn model(attr: Vec<AttrEntry>) -> (ModelDef, Vec<TensorInfo>) {
        let op = OpDef {
            name: b"x".to_vec(),
            r#type: b"Data".to_vec(),
            attr,
            ..OpDef::default()
        };
        let model = ModelDef {
            graph: vec![GraphDef {
                op: vec![op],
                ..GraphDef::default()
            }],
            ..ModelDef::default()
        };
        let inputs = ascend_om::describe::describe(&model).unwrap().inputs;
        (model, inputs)
    }

    fn read(attr: Vec<AttrEntry>) -> Result<Role, ModelError> {
        let (model, inputs) = model(attr);
        roles(&model, &inputs).map(|mut roles| roles.remove(0))
    }

    fn config() -> AttrEntry {
        let func = NamedAttrs {
            attr: Config::default().attrs(),
            ..NamedAttrs::default()
        };
        attrs::entry(CONFIG, AttrValue::Func(Box::new(func)))
    }

    #[test]
    fn a_mode_that_is_none_of_the_three_is_145016() {
        let code = |attr| read(attr).unwrap_err().code();
        assert_eq!(code(vec![attrs::text(MODE, "some_aipp")]), 145_016);
        assert_eq!(code(vec![attrs::text(MODE, STATIC)]), 145_016);
        let origin = attrs::ints(ORIGIN, &[0, 0, 4]);
        let with = |outputs: &str| {
            vec![
                attrs::text(MODE, STATIC),
                config(),
                origin.clone(),
                attrs::texts(OUTPUTS, &[outputs]),
            ]
        };
        assert_eq!(code(with("NCHW:DT_FLOAT16:x:4:1,3,2,2")), 145_016);
        assert_eq!(code(with("NCHW:DT_FLOAT16:x:24:3:3,2,2")), 145_016);
        let good = with("NCHW:DT_FLOAT16:a:b:24:4:1,3,2,2");
        assert!(matches!(read(good.clone()), Ok(Role::Static(_))));
        let mut dynamic = good;
        dynamic[0] = attrs::text(MODE, DYNAMIC);
        assert_eq!(code(dynamic), 145_016);
        assert!(matches!(
            read(vec![attrs::text(MODE, PARAMETERS)]),
            Ok(Role::Parameters)
        ));
        assert!(matches!(read(Vec::new()), Ok(Role::Plain)));
    }
}
