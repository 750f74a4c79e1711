use super::super::Element;
use super::names::Name;

/// A value of a pickle; what is large is a number into [`Heap`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// An integer of up to 64 bits.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text: index into [`Heap::texts`].
    Text(usize),
    /// A tuple: index into [`Heap::lists`].
    Tuple(usize),
    /// A list or set: index into [`Heap::lists`].
    List(usize),
    /// A dict: index into [`Heap::dicts`].
    Dict(usize),
    /// A storage: index into [`Heap::storages`].
    Storage(usize),
    /// A tensor: index into [`Heap::tensors`].
    Tensor(usize),
    /// A name that may be called or is a constant.
    Name(Name),
    /// Something that is allowed and of no use here: bytes, long integers, devices, element types.
    Other,
}

/// A storage as the pickle announces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageRecord<'a> {
    /// The type of its numbers.
    pub element: Element,
    /// The name of its bytes in the file.
    pub key: &'a str,
    /// How many numbers the bytes hold.
    pub count: usize,
    /// The part of them that this storage is (first number and count), in legacy files.
    pub view: Option<(usize, usize)>,
}

/// A tensor as the pickle announces it; nothing of it is checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorRecord {
    /// Index into [`Heap::storages`].
    pub storage: usize,
    /// First number in the storage.
    pub offset: usize,
    /// Shape.
    pub shape: Vec<usize>,
    /// Strides in numbers.
    pub strides: Vec<usize>,
}

/// All objects of a pickle. Text is borrowed from the stream.
#[derive(Debug, Default)]
pub struct Heap<'a> {
    /// Texts.
    pub texts: Vec<&'a str>,
    /// Tuples, lists and sets.
    pub lists: Vec<Vec<Value>>,
    /// Dicts, in the order of their making.
    pub dicts: Vec<Vec<(Value, Value)>>,
    /// Storages.
    pub storages: Vec<StorageRecord<'a>>,
    /// Tensors.
    pub tensors: Vec<TensorRecord>,
}

impl<'a> Heap<'a> {
    /// Gets a text.
    #[must_use]
    pub fn text(&self, value: Value) -> Option<&'a str> {
        match value {
            Value::Text(id) => self.texts.get(id).copied(),
            _ => None,
        }
    }

    /// Gets the items of a tuple or list.
    #[must_use]
    pub fn items(&self, value: Value) -> Option<&[Value]> {
        match value {
            Value::Tuple(id) | Value::List(id) => self.lists.get(id).map(Vec::as_slice),
            _ => None,
        }
    }

    /// Gets the entries of a dict.
    #[must_use]
    pub fn entries(&self, value: Value) -> Option<&[(Value, Value)]> {
        match value {
            Value::Dict(id) => self.dicts.get(id).map(Vec::as_slice),
            _ => None,
        }
    }

    /// Gets a tuple of sizes or strides; PyTorch knows no more than 64 dims.
    pub(super) fn sizes(&self, value: Value) -> Option<Vec<usize>> {
        let size = |v: &Value| match v {
            Value::Int(i) => usize::try_from(*i).ok(),
            _ => None,
        };
        let items = self.items(value).filter(|items| items.len() <= 64)?;
        items.iter().map(size).collect()
    }

    /// Says what a value is, for messages.
    pub(super) fn kind(&self, value: Value) -> String {
        match value {
            Value::None => "None".into(),
            Value::Bool(b) => b.to_string(),
            Value::Int(i) => i.to_string(),
            Value::Float(f) => f.to_string(),
            Value::Text(_) => format!(
                "the text {:?}",
                shortened(self.text(value).unwrap_or_default())
            ),
            Value::Tuple(_) => "a tuple".into(),
            Value::List(_) => "a list".into(),
            Value::Dict(_) => "a dict".into(),
            Value::Storage(_) => "a storage".into(),
            Value::Tensor(_) => "a tensor".into(),
            Value::Name(name) => format!("the name {}", name.spelled()),
            Value::Other => "a value of another kind".into(),
        }
    }
}

/// Cuts a text that a stranger chose the length of.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(120).collect()
}
