//! Attribute maps, plain and compressed.
//!
//! Converters of CANN 8 replace attribute names and text values of operators and tensors by numbers into tables that
//! the model carries (`om_compress_version`, `attr_name_enum`, `attr_value_enum`, `attrs_use_string_value`). A reader
//! that does not know this finds most attributes missing. [`Attrs`] answers the same for both forms.
//!
//! A compressed key is a NUL byte and the digits of the index, least significant first, base 127, each stored plus one
//! (so that no further NUL occurs).

use std::borrow::Cow;

use crate::model_def::{AttrDef, AttrEntry, AttrValue, ListListInt, ListValue, ModelDef, ShapeDef};

/// The tables of a compressed model; empty for a plain one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttrTables {
    names: Vec<Vec<u8>>,
    values: Vec<Vec<u8>>,
    is_text: Vec<bool>,
}

impl AttrTables {
    /// Takes the tables out of a model's attributes.
    #[must_use]
    pub fn of(model: &ModelDef) -> Self {
        let plain = Self::default();
        let attrs = Attrs::new(&model.attr, &plain);
        if attrs.int("om_compress_version").is_none() {
            return plain;
        }
        let list = |name: &str| match attrs.get(name) {
            Some(AttrValue::List(l)) => Some(l.clone()),
            _ => None,
        };
        Self {
            names: list("attr_name_enum").map(|l| l.s).unwrap_or_default(),
            values: list("attr_value_enum").map(|l| l.s).unwrap_or_default(),
            is_text: list("attrs_use_string_value")
                .map(|l| l.b)
                .unwrap_or_default(),
        }
    }

    /// Gets the real name of a key, and whether its number stands for a text. A key that is not compressed, or whose
    /// index is out of range, is its own name.
    #[must_use]
    pub fn name<'a>(&'a self, key: &'a [u8]) -> (&'a [u8], bool) {
        let index = index_of(key);
        match index.and_then(|i| Some((self.names.get(i)?, self.is_text.get(i)))) {
            Some((name, text)) => (name, text.copied().unwrap_or(false)),
            None => (key, false),
        }
    }

    fn value(&self, number: i64) -> Option<&[u8]> {
        let index = usize::try_from(number).ok()?;
        self.values.get(index).map(Vec::as_slice)
    }
}

fn index_of(key: &[u8]) -> Option<usize> {
    let (&0, digits) = key.split_first()? else {
        return None;
    };
    let mut index = 0usize;
    for &d in digits.iter().rev() {
        let digit = usize::from(d).checked_sub(1)?;
        index = index.checked_mul(127)?.checked_add(digit)?;
    }
    Some(index)
}

/// The attributes of one model, graph, operator or tensor, readable by name.
#[derive(Debug, Clone, Copy)]
pub struct Attrs<'a> {
    entries: &'a [AttrEntry],
    tables: &'a AttrTables,
}

impl<'a> Attrs<'a> {
    /// Wraps a map's entries. Pass the model's tables for operators and tensors, empty ones for models and graphs.
    #[must_use]
    pub fn new(entries: &'a [AttrEntry], tables: &'a AttrTables) -> Self {
        Self { entries, tables }
    }

    /// Lists names with values, in file order; values of compressed texts are still numbers.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a AttrDef)> {
        let tables = self.tables;
        self.entries
            .iter()
            .filter_map(move |e| Some((tables.name(&e.key).0, e.value.as_ref()?)))
    }

    /// Gets a value as stored; of several entries with one name the last counts, as in every protobuf map.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a AttrValue> {
        self.entry(name).map(|(v, _)| v)
    }

    fn entry(&self, name: &str) -> Option<(&'a AttrValue, bool)> {
        self.entries.iter().rev().find_map(|e| {
            let (real, text) = self.tables.name(&e.key);
            if real != name.as_bytes() {
                return None;
            }
            Some((e.value.as_ref()?.value.as_ref()?, text))
        })
    }

    /// Gets an integer.
    #[must_use]
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            AttrValue::I(i) => Some(*i),
            _ => None,
        }
    }

    /// Gets a text. Bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        match self.entry(name)? {
            (AttrValue::S(s), _) => Some(String::from_utf8_lossy(s)),
            (AttrValue::I(i), true) => self.tables.value(*i).map(String::from_utf8_lossy),
            _ => None,
        }
    }

    /// Gets a list of integers.
    #[must_use]
    pub fn ints(&self, name: &str) -> Option<&'a [i64]> {
        match self.get(name)? {
            AttrValue::List(l) => Some(&l.i),
            _ => None,
        }
    }

    /// Gets a list of pairs of integers; `None` also when an entry is no pair.
    #[must_use]
    pub fn pairs(&self, name: &str) -> Option<Vec<[i64; 2]>> {
        let AttrValue::ListListInt(lists) = self.get(name)? else {
            return None;
        };
        let pair = |list: &ShapeDef| list.dim.as_slice().try_into().ok();
        lists.list.iter().map(pair).collect()
    }

    /// Gets a list of texts. Bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn texts(&self, name: &str) -> Option<Vec<Cow<'a, str>>> {
        let (value, text) = self.entry(name)?;
        let AttrValue::List(list) = value else {
            return None;
        };
        if text && list.s.is_empty() {
            let known = list.i.iter().filter_map(|&i| self.tables.value(i));
            return Some(known.map(String::from_utf8_lossy).collect());
        }
        Some(list.s.iter().map(|s| String::from_utf8_lossy(s)).collect())
    }
}

/// Makes an entry of a map.
#[must_use]
pub fn entry(key: &str, value: AttrValue) -> AttrEntry {
    AttrEntry {
        key: key.as_bytes().to_vec(),
        value: Some(AttrDef { value: Some(value) }),
    }
}

/// Makes an integer entry.
#[must_use]
pub fn int(key: &str, value: i64) -> AttrEntry {
    entry(key, AttrValue::I(value))
}

/// Makes a text entry.
#[must_use]
pub fn text(key: &str, value: &str) -> AttrEntry {
    entry(key, AttrValue::S(value.as_bytes().to_vec()))
}

/// Makes an entry that is a list of integers.
#[must_use]
pub fn ints(key: &str, values: &[i64]) -> AttrEntry {
    let list = ListValue {
        i: values.to_vec(),
        val_type: 2,
        ..ListValue::default()
    };
    entry(key, AttrValue::List(Box::new(list)))
}

/// Makes an entry that is a list of pairs of integers.
#[must_use]
pub fn pairs(key: &str, values: &[[i64; 2]]) -> AttrEntry {
    let list = |pair: &[i64; 2]| ShapeDef { dim: pair.to_vec() };
    let lists = ListListInt {
        list: values.iter().map(list).collect(),
    };
    entry(key, AttrValue::ListListInt(Box::new(lists)))
}

/// Makes an entry that is a list of texts.
#[must_use]
pub fn texts<S: AsRef<str>>(key: &str, values: &[S]) -> AttrEntry {
    let list = ListValue {
        s: values
            .iter()
            .map(|v| v.as_ref().as_bytes().to_vec())
            .collect(),
        val_type: 1,
        ..ListValue::default()
    };
    entry(key, AttrValue::List(Box::new(list)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn compressed_keys_are_base_127_with_one_added() {
        assert_eq!(index_of(b"\0\x01"), Some(0));
        assert_eq!(index_of(b"\0\x80"), Some(127));
        assert_eq!(index_of(b"\0\x01\x02"), Some(127));
        assert_eq!(index_of(b"\0\x03\x02"), Some(129));
        assert_eq!(index_of(b"plain"), None);
        assert_eq!(index_of(b"\0\0"), None);
        assert_eq!(index_of(&[&[0u8][..], &[0x7f; 40]].concat()), None);
    }

    #[test]
    fn a_compressed_text_reads_like_a_plain_one() {
        let list = |s: &[&str]| texts("x", s).value.unwrap().value.unwrap();
        let flags = ListValue {
            b: vec![false, true],
            val_type: 4,
            ..ListValue::default()
        };
        let model = ModelDef {
            attr: vec![
                int("om_compress_version", 1),
                entry("attr_name_enum", list(&["index", "mode"])),
                entry("attr_value_enum", list(&["same", "valid"])),
                entry("attrs_use_string_value", AttrValue::List(Box::new(flags))),
            ],
            ..ModelDef::default()
        };
        let tables = AttrTables::of(&model);
        let ops = [
            AttrEntry {
                key: b"\0\x01".to_vec(),
                ..int("", 7)
            },
            AttrEntry {
                key: b"\0\x02".to_vec(),
                ..int("", 1)
            },
            AttrEntry {
                key: b"\0\x09".to_vec(),
                ..int("", 1)
            },
            text("literal", "yes"),
        ];
        let attrs = Attrs::new(&ops, &tables);
        assert_eq!(attrs.int("index"), Some(7));
        assert_eq!(attrs.text("mode").as_deref(), Some("valid"));
        assert_eq!(attrs.text("literal").as_deref(), Some("yes"));
        assert_eq!(attrs.text("absent"), None);
    }
}
