//! Protobuf messages inside an `.om`: `ge.proto.ModelDef` and `domi.ModelTaskDef`.
//!
//! Text is kept as bytes: names in real files come from other frameworks and may hold anything, attribute keys of
//! compressed files begin with a NUL byte, and a file must not become unreadable because of one odd name. For the same
//! reason maps are lists of entries: order and duplicates survive.
//!
//! Decoding is guarded ([`decode_model`]): a protobuf of a few bytes can announce structures hundreds of times its
//! size, so the message is walked and weighed before anything is allocated.
//!
//! **Source**: `ge_ir.proto` and `task.proto` of the graph engine (field numbers).

use prost::Message;

use crate::OmError;

/// A model: graphs and attributes.
#[derive(Clone, PartialEq, Message)]
pub struct ModelDef {
    /// Full name.
    #[prost(bytes = "vec", tag = "1")]
    pub name: Vec<u8>,
    /// Version of the message, 2.
    #[prost(uint32, tag = "2")]
    pub version: u32,
    /// Platform version, for example `1.11.z.0`.
    #[prost(bytes = "vec", tag = "3")]
    pub custom_version: Vec<u8>,
    /// Graphs: the first is the main one, others are named by [`OpDef::subgraph_name`].
    #[prost(message, repeated, tag = "7")]
    pub graph: Vec<GraphDef>,
    /// Attributes.
    #[prost(message, repeated, tag = "11")]
    pub attr: Vec<AttrEntry>,
}

/// A graph: operators in topological order.
#[derive(Clone, PartialEq, Message)]
pub struct GraphDef {
    /// Name.
    #[prost(bytes = "vec", tag = "1")]
    pub name: Vec<u8>,
    /// Inputs, `op:index`.
    #[prost(bytes = "vec", repeated, tag = "4")]
    pub input: Vec<Vec<u8>>,
    /// Outputs, `op:index`; usually empty.
    #[prost(bytes = "vec", repeated, tag = "5")]
    pub output: Vec<Vec<u8>>,
    /// Operators.
    #[prost(message, repeated, tag = "6")]
    pub op: Vec<OpDef>,
    /// Attributes.
    #[prost(message, repeated, tag = "11")]
    pub attr: Vec<AttrEntry>,
}

/// An operator.
#[derive(Clone, PartialEq, Message)]
pub struct OpDef {
    /// Name.
    #[prost(bytes = "vec", tag = "1")]
    pub name: Vec<u8>,
    /// Type, for example `Data`, `Conv2D`, `NetOutput`.
    #[prost(bytes = "vec", tag = "2")]
    pub r#type: Vec<u8>,
    /// Sources: `op:index`, empty for an optional one left out, `op:-1` for an order without data.
    #[prost(bytes = "vec", repeated, tag = "5")]
    pub input: Vec<Vec<u8>>,
    /// Attributes; keys may be compressed, see [`crate::attrs`].
    #[prost(message, repeated, tag = "10")]
    pub attr: Vec<AttrEntry>,
    /// Whether outputs carry attributes.
    #[prost(bool, tag = "20")]
    pub has_out_attr: bool,
    /// Position in the execution order.
    #[prost(int64, tag = "21")]
    pub id: i64,
    /// Stream.
    #[prost(int64, tag = "22")]
    pub stream_id: i64,
    /// Names of the inputs.
    #[prost(bytes = "vec", repeated, tag = "23")]
    pub input_name: Vec<Vec<u8>>,
    /// Names of the operators that feed the connected inputs.
    #[prost(bytes = "vec", repeated, tag = "24")]
    pub src_name: Vec<Vec<u8>>,
    /// Output index at those operators.
    #[prost(int64, repeated, tag = "25")]
    pub src_index: Vec<i64>,
    /// Names of the operators fed.
    #[prost(bytes = "vec", repeated, tag = "26")]
    pub dst_name: Vec<Vec<u8>>,
    /// Input index at those operators.
    #[prost(int64, repeated, tag = "27")]
    pub dst_index: Vec<i64>,
    /// Offsets of the inputs in work or weight memory.
    #[prost(int64, repeated, tag = "28")]
    pub input_i: Vec<i64>,
    /// Offsets of the outputs in work memory.
    #[prost(int64, repeated, tag = "29")]
    pub output_i: Vec<i64>,
    /// Offsets of scratch memory.
    #[prost(int64, repeated, tag = "30")]
    pub workspace: Vec<i64>,
    /// Bytes of scratch memory.
    #[prost(int64, repeated, tag = "31")]
    pub workspace_bytes: Vec<i64>,
    /// Which inputs are constants.
    #[prost(bool, repeated, tag = "32")]
    pub is_input_const: Vec<bool>,
    /// Descriptions of the inputs.
    #[prost(message, repeated, tag = "33")]
    pub input_desc: Vec<TensorDescriptor>,
    /// Descriptions of the outputs.
    #[prost(message, repeated, tag = "34")]
    pub output_desc: Vec<TensorDescriptor>,
    /// Names of the graphs this operator calls.
    #[prost(bytes = "vec", repeated, tag = "35")]
    pub subgraph_name: Vec<Vec<u8>>,
}

/// Type, shape, layout and size of a tensor.
#[derive(Clone, PartialEq, Message)]
pub struct TensorDescriptor {
    /// Name.
    #[prost(bytes = "vec", tag = "1")]
    pub name: Vec<u8>,
    /// Element type, protobuf numbering (see [`crate::dtype`]).
    #[prost(int32, tag = "2")]
    pub dtype: i32,
    /// Shape.
    #[prost(message, optional, tag = "3")]
    pub shape: Option<ShapeDef>,
    /// Layout, for example `NCHW`.
    #[prost(bytes = "vec", tag = "4")]
    pub layout: Vec<u8>,
    /// Attributes; keys may be compressed.
    #[prost(message, repeated, tag = "5")]
    pub attr: Vec<AttrEntry>,
    /// Whether it carries attributes.
    #[prost(bool, tag = "9")]
    pub has_out_attr: bool,
    /// Bytes; of inputs exact, of outputs with the device's padding.
    #[prost(int64, tag = "10")]
    pub size: i64,
    /// Bytes in the weights partition.
    #[prost(int64, tag = "11")]
    pub weight_size: i64,
    /// Whether memory is shared with an input.
    #[prost(bool, tag = "12")]
    pub reuse_input: bool,
    /// Whether it is an output of the model.
    #[prost(bool, tag = "13")]
    pub output_tensor: bool,
    /// Kind of device, `NPU`.
    #[prost(bytes = "vec", tag = "14")]
    pub device_type: Vec<u8>,
    /// Whether it is an input of the model.
    #[prost(bool, tag = "15")]
    pub input_tensor: bool,
    /// Number of dimensions.
    #[prost(int64, tag = "16")]
    pub real_dim_cnt: i64,
    /// Input whose memory is shared.
    #[prost(int64, tag = "17")]
    pub reuse_input_index: i64,
    /// Offset in the weights partition.
    #[prost(int64, tag = "18")]
    pub data_offset: i64,
    /// Bytes when compressed.
    #[prost(int64, tag = "19")]
    pub cmps_size: i64,
}

/// A shape.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ShapeDef {
    /// Dimensions; -1 unknown, -2 unknown rank; empty for a scalar.
    #[prost(int64, repeated, tag = "1")]
    pub dim: Vec<i64>,
}

/// A constant.
#[derive(Clone, PartialEq, Message)]
pub struct TensorDef {
    /// Type, shape, layout, and where the contents lie.
    #[prost(message, optional, boxed, tag = "1")]
    pub desc: Option<Box<TensorDescriptor>>,
    /// Contents, when they lie here.
    #[prost(bytes = "vec", tag = "2")]
    pub data: Vec<u8>,
}

/// One entry of an attribute map.
#[derive(Clone, PartialEq, Message)]
pub struct AttrEntry {
    /// Key.
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// Value.
    #[prost(message, optional, tag = "2")]
    pub value: Option<AttrDef>,
}

/// An attribute's value.
#[derive(Clone, PartialEq, Message)]
pub struct AttrDef {
    /// The one value that is set.
    #[prost(
        oneof = "AttrValue",
        tags = "1, 2, 3, 4, 5, 7, 10, 11, 12, 13, 14, 15, 16, 17"
    )]
    pub value: Option<AttrValue>,
}

/// The kinds of an attribute's value.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum AttrValue {
    /// A list.
    #[prost(message, tag = "1")]
    List(Box<ListValue>),
    /// Text.
    #[prost(bytes = "vec", tag = "2")]
    S(Vec<u8>),
    /// Integer.
    #[prost(int64, tag = "3")]
    I(i64),
    /// Float.
    #[prost(float, tag = "4")]
    F(f32),
    /// Truth value.
    #[prost(bool, tag = "5")]
    B(bool),
    /// Bytes.
    #[prost(bytes = "vec", tag = "7")]
    Bt(Vec<u8>),
    /// Attributes under a name.
    #[prost(message, tag = "10")]
    Func(Box<NamedAttrs>),
    /// A tensor's description.
    #[prost(message, tag = "11")]
    Td(Box<TensorDescriptor>),
    /// A constant.
    #[prost(message, tag = "12")]
    T(Box<TensorDef>),
    /// A graph.
    #[prost(message, tag = "13")]
    G(Box<GraphDef>),
    /// Lists of integers.
    #[prost(message, tag = "14")]
    ListListInt(Box<ListListInt>),
    /// Element type, acl numbering.
    #[prost(int64, tag = "15")]
    Dt(i64),
    /// Lists of floats.
    #[prost(message, tag = "16")]
    ListListFloat(Box<ListListFloat>),
    /// A symbolic expression.
    #[prost(bytes = "vec", tag = "17")]
    Expression(Vec<u8>),
}

/// A list of values of one kind.
#[derive(Clone, PartialEq, Message)]
pub struct ListValue {
    /// Texts.
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub s: Vec<Vec<u8>>,
    /// Integers.
    #[prost(int64, repeated, tag = "3")]
    pub i: Vec<i64>,
    /// Floats.
    #[prost(float, repeated, tag = "4")]
    pub f: Vec<f32>,
    /// Truth values.
    #[prost(bool, repeated, tag = "5")]
    pub b: Vec<bool>,
    /// Byte strings.
    #[prost(bytes = "vec", repeated, tag = "7")]
    pub bt: Vec<Vec<u8>>,
    /// Element types.
    #[prost(int64, repeated, tag = "12")]
    pub dt: Vec<i64>,
    /// Kind of the elements: 1 text, 2 integer, 3 float, 4 truth value, 5 bytes, 10 element type, …
    #[prost(int32, tag = "20")]
    pub val_type: i32,
}

/// Attributes under a name.
#[derive(Clone, PartialEq, Message)]
pub struct NamedAttrs {
    /// Name.
    #[prost(bytes = "vec", tag = "1")]
    pub name: Vec<u8>,
    /// Attributes.
    #[prost(message, repeated, tag = "2")]
    pub attr: Vec<AttrEntry>,
}

/// Lists of integers.
#[derive(Clone, PartialEq, Message)]
pub struct ListListInt {
    /// The lists.
    #[prost(message, repeated, tag = "1")]
    pub list: Vec<ShapeDef>,
}

/// A list of floats.
#[derive(Clone, PartialEq, Message)]
pub struct ListFloat {
    /// The values.
    #[prost(float, repeated, tag = "1")]
    pub list: Vec<f32>,
}

/// Lists of floats.
#[derive(Clone, PartialEq, Message)]
pub struct ListListFloat {
    /// The lists.
    #[prost(message, repeated, tag = "1")]
    pub list: Vec<ListFloat>,
}

/// What the device executes; only the fields that describe its needs (tasks are left out).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ModelTaskDef {
    /// Version.
    #[prost(bytes = "vec", tag = "1")]
    pub version: Vec<u8>,
    /// Bytes of work memory.
    #[prost(uint64, tag = "11")]
    pub memory_size: u64,
    /// Number of streams; 0 in real files, the model's attribute counts.
    #[prost(uint32, tag = "12")]
    pub stream_num: u32,
    /// Number of events; 0 in real files.
    #[prost(uint32, tag = "13")]
    pub event_num: u32,
    /// Bytes of weights.
    #[prost(uint64, tag = "14")]
    pub weight_size: u64,
}

/// Decodes a MODEL_DEF partition.
///
/// # Errors
/// [`OmError::Proto`] when it is not such a message, [`OmError::TooLarge`] when decoding would need far more memory
/// than the message's size justifies.
pub fn decode_model(bytes: &[u8]) -> Result<ModelDef, OmError> {
    weigh::check(bytes)?;
    ModelDef::decode(bytes).map_err(|e| OmError::proto("MODEL_DEF partition", &e))
}

/// Decodes a TASK_INFO partition's sizes.
///
/// # Errors
/// [`OmError::Proto`] when it is not such a message.
pub fn decode_tasks(bytes: &[u8]) -> Result<ModelTaskDef, OmError> {
    ModelTaskDef::decode(bytes).map_err(|e| OmError::proto("TASK_INFO partition", &e))
}

mod weigh {
    //! Estimates the memory that decoding takes, without allocating.

    use std::mem::size_of;

    use super::{AttrDef, AttrEntry, GraphDef, OmError, OpDef, ShapeDef, TensorDescriptor};

    /// Messages whose elements cost memory, as far as they nest.
    #[derive(Clone, Copy)]
    enum Node {
        Model,
        Graph,
        Op,
        Desc,
        Entry,
        Attr,
        List,
        Named,
        Tensor,
        ListList,
        Leaf,
    }

    /// What a decoded model may need whatever its size, and how many bytes for each byte on the wire. Real files need
    /// less than 10 for each.
    const FLOOR: u64 = 16 << 20;
    const PER_BYTE: u64 = 24;
    const MAX_DEPTH: u32 = 100;

    pub(super) fn check(bytes: &[u8]) -> Result<(), OmError> {
        let limit = FLOOR.saturating_add((bytes.len() as u64).saturating_mul(PER_BYTE));
        let mut left = limit;
        if walk(bytes, Node::Model, 0, &mut left) {
            return Ok(());
        }
        Err(OmError::TooLarge {
            what: "MODEL_DEF partition",
            found: limit + 1,
            wanted: limit,
        })
    }

    /// Walks one message; false when the budget is used up. Malformed bytes end the walk: the decoder names them.
    fn walk(mut bytes: &[u8], node: Node, depth: u32, left: &mut u64) -> bool {
        if depth > MAX_DEPTH {
            return true;
        }
        while !bytes.is_empty() {
            let Some(key) = varint(&mut bytes) else {
                return true;
            };
            let step = match key & 7 {
                0 => varint(&mut bytes).map(|_| 0),
                1 => Some(8),
                5 => Some(4),
                2 => varint(&mut bytes),
                _ => None,
            };
            let Some(step) = step.and_then(|s| usize::try_from(s).ok()) else {
                return true;
            };
            if step > bytes.len() {
                return true;
            }
            let (body, rest) = bytes.split_at(step);
            bytes = rest;
            // Packed numbers grow at most eightfold, anything else is stored as it is; 24 is an empty vector.
            let (cost, child) = child(node, key >> 3);
            let cost =
                (cost as u64 + 24).saturating_add(step as u64 * if key & 7 == 2 { 1 } else { 0 });
            let Some(rest) = left.checked_sub(cost) else {
                return false;
            };
            *left = rest;
            if key & 7 == 2 && !matches!(child, Node::Leaf) && !walk(body, child, depth + 1, left) {
                return false;
            }
        }
        true
    }

    fn child(node: Node, field: u64) -> (usize, Node) {
        match (node, field) {
            (Node::Model, 7) | (Node::Attr, 13) => (size_of::<GraphDef>(), Node::Graph),
            (Node::Graph, 6) => (size_of::<OpDef>(), Node::Op),
            (Node::Model | Node::Graph, 11)
            | (Node::Op, 10)
            | (Node::Desc, 5)
            | (Node::Named, 2) => (size_of::<AttrEntry>(), Node::Entry),
            (Node::Op, 33 | 34) | (Node::Attr, 11) | (Node::Tensor, 1) => {
                (size_of::<TensorDescriptor>(), Node::Desc)
            }
            (Node::Entry, 2) => (size_of::<AttrDef>(), Node::Attr),
            (Node::Attr, 1) => (256, Node::List),
            (Node::Attr, 10) => (64, Node::Named),
            (Node::Attr, 12) => (64, Node::Tensor),
            (Node::Attr, 14 | 16) => (64, Node::ListList),
            (Node::ListList, 1) => (size_of::<ShapeDef>(), Node::Leaf),
            _ => (0, Node::Leaf),
        }
    }

    fn varint(bytes: &mut &[u8]) -> Option<u64> {
        let mut value = 0u64;
        for i in 0..10 {
            let (&b, rest) = bytes.split_first()?;
            *bytes = rest;
            value |= u64::from(b & 0x7f) << (7 * i);
            if b & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A field of kind "bytes" around `body`.
    fn wrap(tag: u8, body: &[u8]) -> Vec<u8> {
        let mut out = vec![tag << 3 | 2];
        prost::encode_length_delimiter(body.len(), &mut out).unwrap();
        out.extend_from_slice(body);
        out
    }

    #[test]
    fn a_small_message_that_announces_a_huge_model_is_refused_before_it_is_built() {
        // Two million empty operators in four megabytes: more than a gigabyte once built.
        let hostile = wrap(7, &[6 << 3 | 2, 0].repeat(2_000_000));
        let error = decode_model(&hostile).unwrap_err();
        assert!(matches!(error, OmError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn nesting_without_end_is_an_error_and_no_overflow() {
        // Attribute -> graph -> attribute -> … , 5000 times.
        let mut body = Vec::new();
        for _ in 0..5000 {
            let graph = wrap(13, &body);
            body = wrap(11, &wrap(2, &graph));
        }
        let error = decode_model(&body).unwrap_err();
        assert!(matches!(error, OmError::Proto { .. }), "{error}");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let model = ModelDef {
            name: b"not utf-8: \xff".to_vec(),
            graph: vec![GraphDef {
                op: vec![OpDef {
                    src_index: vec![-1, 0, 300],
                    is_input_const: vec![true, false],
                    ..OpDef::default()
                }],
                ..GraphDef::default()
            }],
            attr: vec![crate::attrs::int("zero is present", 0)],
            ..ModelDef::default()
        };
        assert_eq!(decode_model(&model.encode_to_vec()).unwrap(), model);
    }
}
