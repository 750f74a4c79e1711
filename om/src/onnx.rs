//! ONNX messages: reading, editing and building graphs.
//!
//! Only the parts of `onnx.proto` that inference graphs use are declared; the rest is skipped on reading (so it is
//! *lost* when such a file is written again: [`ModelProto::functions`] and [`GraphProto::sparse_initializer`] are
//! kept as opaque bytes so that a caller can notice and refuse).
//!
//! Fields whose presence carries meaning on the wire (attribute values, a dimension's value) are `Option`; for all
//! others absent and zero are the same thing, as in proto3. Tensor contents are [`Bytes`]: decoding from a
//! [`Bytes`] takes slices of it, so a model of hundreds of megabytes is not copied.
//!
//! **Source**: the ONNX specification, `onnx/onnx.proto` (field numbers).

use prost::Message;
pub use prost::bytes::Bytes;

use crate::OmError;

/// Element types of [`TensorProto::data_type`] (`TensorProto.DataType`), as numbers on the wire.
pub mod elem {
    /// 32-bit float.
    pub const FLOAT: i32 = 1;
    /// Unsigned byte.
    pub const UINT8: i32 = 2;
    /// Signed byte.
    pub const INT8: i32 = 3;
    /// Unsigned 16-bit integer.
    pub const UINT16: i32 = 4;
    /// Signed 16-bit integer.
    pub const INT16: i32 = 5;
    /// Signed 32-bit integer.
    pub const INT32: i32 = 6;
    /// Signed 64-bit integer.
    pub const INT64: i32 = 7;
    /// Text.
    pub const STRING: i32 = 8;
    /// Truth value, one byte.
    pub const BOOL: i32 = 9;
    /// 16-bit IEEE float.
    pub const FLOAT16: i32 = 10;
    /// 64-bit float.
    pub const DOUBLE: i32 = 11;
    /// Unsigned 32-bit integer.
    pub const UINT32: i32 = 12;
    /// Unsigned 64-bit integer.
    pub const UINT64: i32 = 13;
    /// Two 32-bit floats.
    pub const COMPLEX64: i32 = 14;
    /// Two 64-bit floats.
    pub const COMPLEX128: i32 = 15;
    /// 16-bit brain float.
    pub const BFLOAT16: i32 = 16;
}

/// Kinds of [`AttributeProto::type`] (`AttributeProto.AttributeType`), as numbers on the wire.
pub mod attr_type {
    /// One float.
    pub const FLOAT: i32 = 1;
    /// One integer.
    pub const INT: i32 = 2;
    /// One string.
    pub const STRING: i32 = 3;
    /// One tensor.
    pub const TENSOR: i32 = 4;
    /// One graph.
    pub const GRAPH: i32 = 5;
    /// A list of floats.
    pub const FLOATS: i32 = 6;
    /// A list of integers.
    pub const INTS: i32 = 7;
    /// A list of strings.
    pub const STRINGS: i32 = 8;
}

/// A whole file: one graph, and the operator sets it is written in.
#[derive(Clone, PartialEq, Message)]
pub struct ModelProto {
    /// Version of the file format (6 goes with operator set 11).
    #[prost(int64, tag = "1")]
    pub ir_version: i64,
    /// Program that wrote the file.
    #[prost(string, tag = "2")]
    pub producer_name: String,
    /// Version of that program.
    #[prost(string, tag = "3")]
    pub producer_version: String,
    /// Name space of the model.
    #[prost(string, tag = "4")]
    pub domain: String,
    /// Version of the model itself.
    #[prost(int64, tag = "5")]
    pub model_version: i64,
    /// Free text.
    #[prost(string, tag = "6")]
    pub doc_string: String,
    /// The graph.
    #[prost(message, optional, tag = "7")]
    pub graph: Option<GraphProto>,
    /// Operator sets used.
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<OperatorSetIdProto>,
    /// Free key-value pairs.
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: Vec<StringStringEntryProto>,
    /// Model-local functions, undecoded.
    #[prost(bytes = "bytes", repeated, tag = "25")]
    pub functions: Vec<Bytes>,
}

impl ModelProto {
    /// Reads a file's bytes. Tensor contents become slices of `bytes`, not copies.
    ///
    /// # Errors
    /// [`OmError::Proto`] when the bytes are not an ONNX file, or hold no graph.
    pub fn read(bytes: Bytes) -> Result<Self, OmError> {
        let model = Self::decode(bytes).map_err(|e| OmError::proto("ONNX file", &e))?;
        if model.graph.is_none() {
            return Err(OmError::Proto {
                what: "ONNX file".into(),
                detail: "it holds no graph".into(),
            });
        }
        Ok(model)
    }

    /// Writes the file's bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}

/// One operator set: name space and version.
#[derive(Clone, PartialEq, Message)]
pub struct OperatorSetIdProto {
    /// Name space; empty is the standard one.
    #[prost(string, tag = "1")]
    pub domain: String,
    /// Version.
    #[prost(int64, tag = "2")]
    pub version: i64,
}

/// A key and a value.
#[derive(Clone, PartialEq, Message)]
pub struct StringStringEntryProto {
    /// Key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// A graph: operators in topological order, constants, inputs and outputs.
#[derive(Clone, PartialEq, Message)]
pub struct GraphProto {
    /// Operators, in topological order.
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<NodeProto>,
    /// Name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// Constants, by name.
    #[prost(message, repeated, tag = "5")]
    pub initializer: Vec<TensorProto>,
    /// Free text.
    #[prost(string, tag = "10")]
    pub doc_string: String,
    /// Inputs. Old files list constants here too: see [`GraphProto::data_inputs`].
    #[prost(message, repeated, tag = "11")]
    pub input: Vec<ValueInfoProto>,
    /// Outputs.
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<ValueInfoProto>,
    /// Types and shapes of intermediate values, where known.
    #[prost(message, repeated, tag = "13")]
    pub value_info: Vec<ValueInfoProto>,
    /// Sparse constants, undecoded.
    #[prost(bytes = "bytes", repeated, tag = "15")]
    pub sparse_initializer: Vec<Bytes>,
}

impl GraphProto {
    /// Lists the inputs that a caller must feed: those which no constant of the same name fills.
    #[must_use]
    pub fn data_inputs(&self) -> Vec<&ValueInfoProto> {
        let constants: std::collections::HashSet<&str> =
            self.initializer.iter().map(|t| t.name.as_str()).collect();
        self.input
            .iter()
            .filter(|i| !constants.contains(i.name.as_str()))
            .collect()
    }
}

/// One operator.
#[derive(Clone, PartialEq, Message)]
pub struct NodeProto {
    /// Names of the values read; empty for an optional input left out.
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    /// Names of the values made.
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    /// Name; may be empty.
    #[prost(string, tag = "3")]
    pub name: String,
    /// Operator, for example `Conv`.
    #[prost(string, tag = "4")]
    pub op_type: String,
    /// Attributes.
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<AttributeProto>,
    /// Free text.
    #[prost(string, tag = "6")]
    pub doc_string: String,
    /// Name space of the operator; empty is the standard one.
    #[prost(string, tag = "7")]
    pub domain: String,
}

/// A named attribute of an operator.
#[derive(Clone, PartialEq, Message)]
pub struct AttributeProto {
    /// Name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Value of kind [`attr_type::FLOAT`].
    #[prost(float, optional, tag = "2")]
    pub f: Option<f32>,
    /// Value of kind [`attr_type::INT`].
    #[prost(int64, optional, tag = "3")]
    pub i: Option<i64>,
    /// Value of kind [`attr_type::STRING`].
    #[prost(bytes = "vec", optional, tag = "4")]
    pub s: Option<Vec<u8>>,
    /// Value of kind [`attr_type::TENSOR`].
    #[prost(message, optional, tag = "5")]
    pub t: Option<TensorProto>,
    /// Value of kind [`attr_type::GRAPH`].
    #[prost(message, optional, tag = "6")]
    pub g: Option<GraphProto>,
    /// Value of kind [`attr_type::FLOATS`].
    #[prost(float, repeated, packed = "false", tag = "7")]
    pub floats: Vec<f32>,
    /// Value of kind [`attr_type::INTS`].
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub ints: Vec<i64>,
    /// Value of kind [`attr_type::STRINGS`].
    #[prost(bytes = "vec", repeated, tag = "9")]
    pub strings: Vec<Vec<u8>>,
    /// A list of tensors.
    #[prost(message, repeated, tag = "10")]
    pub tensors: Vec<TensorProto>,
    /// A list of graphs.
    #[prost(message, repeated, tag = "11")]
    pub graphs: Vec<GraphProto>,
    /// Which of the values counts, see [`attr_type`].
    #[prost(int32, tag = "20")]
    pub r#type: i32,
}

impl AttributeProto {
    /// Makes an integer attribute.
    #[must_use]
    pub fn int(name: &str, value: i64) -> Self {
        Self {
            name: name.into(),
            i: Some(value),
            r#type: attr_type::INT,
            ..Self::default()
        }
    }

    /// Makes an attribute that is a list of integers.
    #[must_use]
    pub fn ints(name: &str, values: &[i64]) -> Self {
        Self {
            name: name.into(),
            ints: values.to_vec(),
            r#type: attr_type::INTS,
            ..Self::default()
        }
    }

    /// Makes a float attribute.
    #[must_use]
    pub fn float(name: &str, value: f32) -> Self {
        Self {
            name: name.into(),
            f: Some(value),
            r#type: attr_type::FLOAT,
            ..Self::default()
        }
    }

    /// Makes a string attribute.
    #[must_use]
    pub fn string(name: &str, value: &str) -> Self {
        Self {
            name: name.into(),
            s: Some(value.as_bytes().to_vec()),
            r#type: attr_type::STRING,
            ..Self::default()
        }
    }

    /// Makes a tensor attribute.
    #[must_use]
    pub fn tensor(name: &str, value: TensorProto) -> Self {
        Self {
            name: name.into(),
            t: Some(value),
            r#type: attr_type::TENSOR,
            ..Self::default()
        }
    }
}

/// Where a tensor's contents lie: [`TensorProto::data_location`].
pub mod data_location {
    /// In the message.
    pub const DEFAULT: i32 = 0;
    /// In a file named by `external_data`.
    pub const EXTERNAL: i32 = 1;
}

/// A constant: shape, element type and contents (in one of several fields).
#[derive(Clone, PartialEq, Message)]
pub struct TensorProto {
    /// Shape; empty for a scalar.
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub dims: Vec<i64>,
    /// Element type, see [`elem`].
    #[prost(int32, tag = "2")]
    pub data_type: i32,
    /// Contents of [`elem::FLOAT`].
    #[prost(float, repeated, tag = "4")]
    pub float_data: Vec<f32>,
    /// Contents of the integer types up to 32 bits, bool and the 16-bit floats.
    #[prost(int32, repeated, tag = "5")]
    pub int32_data: Vec<i32>,
    /// Contents of [`elem::STRING`].
    #[prost(bytes = "vec", repeated, tag = "6")]
    pub string_data: Vec<Vec<u8>>,
    /// Contents of [`elem::INT64`].
    #[prost(int64, repeated, tag = "7")]
    pub int64_data: Vec<i64>,
    /// Name.
    #[prost(string, tag = "8")]
    pub name: String,
    /// Contents of any fixed-width type: little-endian, C order, no padding.
    #[prost(bytes = "bytes", optional, tag = "9")]
    pub raw_data: Option<Bytes>,
    /// Contents of [`elem::DOUBLE`].
    #[prost(double, repeated, tag = "10")]
    pub double_data: Vec<f64>,
    /// Contents of [`elem::UINT64`] and [`elem::UINT32`].
    #[prost(uint64, repeated, tag = "11")]
    pub uint64_data: Vec<u64>,
    /// Keys `location`, `offset`, `length` when the contents lie elsewhere.
    #[prost(message, repeated, tag = "13")]
    pub external_data: Vec<StringStringEntryProto>,
    /// Where the contents lie, see [`data_location`].
    #[prost(int32, tag = "14")]
    pub data_location: i32,
}

impl TensorProto {
    /// Makes a float tensor of shape `dims` from values in C order.
    #[must_use]
    pub fn from_f32(name: &str, dims: &[i64], values: &[f32]) -> Self {
        let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self {
            name: name.into(),
            dims: dims.to_vec(),
            data_type: elem::FLOAT,
            raw_data: Some(raw.into()),
            ..Self::default()
        }
    }

    /// Makes a tensor of 64-bit integers of shape `dims` from values in C order.
    #[must_use]
    pub fn from_i64(name: &str, dims: &[i64], values: &[i64]) -> Self {
        let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self {
            name: name.into(),
            dims: dims.to_vec(),
            data_type: elem::INT64,
            raw_data: Some(raw.into()),
            ..Self::default()
        }
    }
}

/// A value's name and type.
#[derive(Clone, PartialEq, Message)]
pub struct ValueInfoProto {
    /// Name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Type.
    #[prost(message, optional, tag = "2")]
    pub r#type: Option<TypeProto>,
    /// Free text.
    #[prost(string, tag = "3")]
    pub doc_string: String,
}

impl ValueInfoProto {
    /// Makes a tensor value with element type `elem_type` and fixed `dims`; a negative dim becomes an unknown one.
    #[must_use]
    pub fn tensor(name: &str, elem_type: i32, dims: &[i64]) -> Self {
        let dim = dims.iter().map(|&d| Dimension::of(d)).collect();
        Self {
            name: name.into(),
            r#type: Some(TypeProto {
                tensor_type: Some(TensorTypeProto {
                    elem_type,
                    shape: Some(TensorShapeProto { dim }),
                }),
                denotation: String::new(),
            }),
            doc_string: String::new(),
        }
    }

    /// Gets the element type, see [`elem`]; 0 when it is not a tensor.
    #[must_use]
    pub fn elem_type(&self) -> i32 {
        self.tensor_type().map_or(0, |t| t.elem_type)
    }

    /// Gets the shape with -1 where a dimension is unknown or symbolic; `None` when even the rank is unknown.
    #[must_use]
    pub fn dims(&self) -> Option<Vec<i64>> {
        let shape = self.tensor_type()?.shape.as_ref()?;
        Some(shape.dim.iter().map(Dimension::known).collect())
    }

    fn tensor_type(&self) -> Option<&TensorTypeProto> {
        self.r#type.as_ref()?.tensor_type.as_ref()
    }
}

/// A type; only tensors are declared.
#[derive(Clone, PartialEq, Message)]
pub struct TypeProto {
    /// A dense tensor.
    #[prost(message, optional, tag = "1")]
    pub tensor_type: Option<TensorTypeProto>,
    /// Free text.
    #[prost(string, tag = "6")]
    pub denotation: String,
}

/// Element type and shape of a tensor.
#[derive(Clone, PartialEq, Message)]
pub struct TensorTypeProto {
    /// Element type, see [`elem`].
    #[prost(int32, tag = "1")]
    pub elem_type: i32,
    /// Shape; absent when the rank is unknown.
    #[prost(message, optional, tag = "2")]
    pub shape: Option<TensorShapeProto>,
}

/// A shape.
#[derive(Clone, PartialEq, Message)]
pub struct TensorShapeProto {
    /// Dimensions, outermost first.
    #[prost(message, repeated, tag = "1")]
    pub dim: Vec<Dimension>,
}

/// One dimension of a shape.
#[derive(Clone, PartialEq, Message)]
pub struct Dimension {
    /// A number, a name, or nothing.
    #[prost(oneof = "DimensionValue", tags = "1, 2")]
    pub value: Option<DimensionValue>,
}

impl Dimension {
    /// Makes a dimension of `size`; negative means unknown.
    #[must_use]
    pub fn of(size: i64) -> Self {
        Self {
            value: (size >= 0).then_some(DimensionValue::Value(size)),
        }
    }

    /// Gets the size, or -1 when it is unknown or a name. (Exporters also write 0 or -1 for "any".)
    #[must_use]
    pub fn known(&self) -> i64 {
        match self.value {
            Some(DimensionValue::Value(v)) if v > 0 => v,
            _ => -1,
        }
    }
}

/// A dimension's size, or its name.
#[derive(Clone, PartialEq, Eq, prost::Oneof)]
pub enum DimensionValue {
    /// Size.
    #[prost(int64, tag = "1")]
    Value(i64),
    /// Name of a size known later.
    #[prost(string, tag = "2")]
    Param(String),
}
