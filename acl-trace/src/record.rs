//! One line of a trace.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Value;

/// A call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The number of the call, by when it was entered.
    pub seq: u64,
    /// The number of the thread, by its first call.
    pub thread: u64,
    /// The function.
    pub call: String,
    /// The arguments, in order.
    pub args: Arguments,
    /// The status, or what the function returned.
    pub result: Value,
    /// When it was entered, in microseconds since the first call.
    pub at_us: u64,
    /// How long it took, in nanoseconds.
    pub took_ns: u64,
}

/// The arguments of a call: names and values in the order of the C declaration.
///
/// A JSON object, whose order is kept: the names are those of whoever wrote the trace, so that two
/// traces are compared by position.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments(pub Vec<(String, Value)>);

impl Arguments {
    /// Returns the value of an argument.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }
}

impl Serialize for Arguments {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Arguments;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of arguments")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Arguments, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    all.push(entry);
                }
                Ok(Arguments(all))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
