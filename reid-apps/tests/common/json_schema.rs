//! The part of JSON Schema (draft 2020-12) that the schemas below docs/schema are written in. A
//! keyword that is not known here is an error, so that none goes unheeded.

use serde_json::Value;

/// A schema from a file of the repository.
pub(crate) struct Schema {
    root: Value,
}

/// Numbers of a pattern: the few that are used, spelled out.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        "^[0-9a-f]{64}$" => {
            let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            text.len() == 64 && text.bytes().all(hex)
        }
        "^(0|[1-9][0-9]*)$" => text
            .parse::<u64>()
            .is_ok_and(|number| number.to_string() == text),
        other => panic!("the pattern {other} is not known here"),
    }
}

impl Schema {
    pub(crate) fn read(name: &str) -> Self {
        let path = format!("{}/../docs/schema/{name}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let root = serde_json::from_slice(&text).unwrap();
        Self { root }
    }

    /// The definition of a part, by its name.
    pub(crate) fn part(&self, name: &str) -> Option<&Value> {
        self.root["$defs"].get(name)
    }

    /// What is wrong with a value, each with its place.
    pub(crate) fn complaints(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.check(&self.root, value, "", &mut found);
        found
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        let mut bad = |wanted: &Value| found.push(format!("{at}: {value}, wanted {wanted}"));
        let schema = schema.as_object().unwrap();
        for (keyword, wanted) in schema {
            match keyword.as_str() {
                "$schema" | "$defs" | "title" | "description" => {}
                "$ref" => {
                    let name = wanted.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                    let part = self.part(name).unwrap_or_else(|| panic!("no {name}"));
                    self.check(part, value, at, found);
                    return self.others(schema, at);
                }
                "const" if value != wanted => bad(wanted),
                "enum" if !wanted.as_array().unwrap().contains(value) => bad(wanted),
                "const" | "enum" => {}
                "type" if !is(wanted.as_str().unwrap(), value) => {
                    // Nothing else can be said about it.
                    return bad(wanted);
                }
                "type" => {}
                "minimum" if value.as_f64() < wanted.as_f64() => bad(wanted),
                "minimum" => {}
                "pattern" if !matches(wanted.as_str().unwrap(), value.as_str().unwrap_or("")) => {
                    bad(wanted);
                }
                "pattern" => {}
                "items" | "properties" | "required" | "additionalProperties" | "propertyNames" => {}
                other => panic!("{at}: the keyword {other} is not known here"),
            }
        }
        if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
            for (index, value) in values.iter().enumerate() {
                self.check(items, value, &format!("{at}/{index}"), found);
            }
        }
        if let Some(object) = value.as_object() {
            self.check_object(schema, object, at, found);
        }
    }

    fn check_object(
        &self,
        schema: &serde_json::Map<String, Value>,
        object: &serde_json::Map<String, Value>,
        at: &str,
        found: &mut Vec<String>,
    ) {
        let list = |keyword| schema.get(keyword).and_then(Value::as_array);
        for key in list("required").into_iter().flatten() {
            if !object.contains_key(key.as_str().unwrap()) {
                found.push(format!("{at}: {key} is missing"));
            }
        }
        let known = schema.get("properties").and_then(Value::as_object);
        for (key, value) in object {
            let at = format!("{at}/{key}");
            if let Some(names) = schema.get("propertyNames") {
                self.check(names, &Value::from(key.as_str()), &at, found);
            }
            match (
                known.and_then(|known| known.get(key)),
                schema.get("additionalProperties"),
            ) {
                (Some(schema), _) => self.check(schema, value, &at, found),
                (None, Some(Value::Bool(false))) => found.push(format!("{at} is not known")),
                (None, Some(schema @ Value::Object(_))) => self.check(schema, value, &at, found),
                (None, other) => {
                    panic!("{at}: additionalProperties is {other:?}; say what is allowed")
                }
            }
        }
    }

    /// Beside `$ref` stands nothing but what it is for.
    fn others(&self, schema: &serde_json::Map<String, Value>, at: &str) {
        for keyword in schema.keys() {
            assert!(
                ["$ref", "description"].contains(&keyword.as_str()),
                "{at}: {keyword}"
            );
        }
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("the type {other} is not known here"),
    }
}
