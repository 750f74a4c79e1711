//! What the commands write as JSON, held against the schemas below docs/schema.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "common/json_schema.rs"]
mod json_schema;
mod small_models;

use std::fs;

use json_schema::Schema;
use serde_json::{Value, json};
use small_models::*;

fn fits(schema: &Schema, value: &Value) {
    assert_eq!(schema.complaints(value), [""; 0], "{value:#}");
}

/// All variants of a value with one thing wrong: a key taken away or added, a value of another kind
/// or below zero. `optional` are the ends of places that may be missing.
fn spoiled(value: &Value, optional: &[&str]) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut places = vec![String::new()];
    while let Some(at) = places.pop() {
        let here = value.pointer(&at).unwrap();
        let mut spoil = |what: &str, change: &dyn Fn(&mut Value)| {
            let mut copy = value.clone();
            change(copy.pointer_mut(&at).unwrap());
            all.push((format!("{at}: {what}"), copy));
        };
        spoil("another kind", &|value| {
            *value = if value.is_array() {
                json!("x")
            } else {
                json!([[]])
            };
        });
        match here {
            Value::Object(object) => {
                spoil("a key more", &|value| value["unknown key"] = json!(1));
                for key in object.keys() {
                    let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                    if !optional.iter().any(|end| place.ends_with(end)) {
                        spoil(&format!("without {key}"), &|value| {
                            value.as_object_mut().unwrap().remove(key);
                        });
                    }
                    places.push(place);
                }
            }
            Value::Array(list) => places.extend((0..list.len()).map(|i| format!("{at}/{i}"))),
            Value::Number(_) => spoil("below zero", &|value| *value = json!(-1)),
            _ => {}
        }
    }
    all
}

fn each_fault_is_found(schema: &Schema, value: &Value, optional: &[&str]) {
    let all = spoiled(value, optional);
    assert!(all.len() > 100, "{}", all.len());
    for (what, value) in all {
        assert!(
            !schema.complaints(&value).is_empty(),
            "{what} goes unnoticed"
        );
    }
}

/// Places that may be missing in both kinds of files: stages that did not happen.
const STAGES: [&str; 7] = [
    "stages/read",
    "stages/postprocess",
    "stages/H2D",
    "stages/execute",
    "stages/D2H",
    "stages/write",
    "/simulator",
];

#[test]
fn summaries_are_as_their_schema_says() {
    let schema = Schema::read("infer-summary.json");
    let case = Case::relu(2, 5);
    case.files(&["--shard", "0/1"]);
    let summary = json(&case.path("out/r_summary.json"));
    fits(&schema, &summary);
    let files = [
        "filesinfo/0",
        "filesinfo/1",
        "filesinfo/2",
        "filesinfo/3",
        "filesinfo/4",
    ];
    let optional = [&STAGES[..], &files, &["reid/shard"]].concat();
    each_fault_is_found(&schema, &summary, &optional);

    // The whole of its parts; printed; without files; with a batch that failed.
    let merged = case.text("whole");
    ok(&["merge", "--output", &merged, &case.text("out/r")]);
    fits(&schema, &json(&case.path("whole_summary.json")));
    let printed = case.ok(&["--json", "--loop", "3"]);
    fits(&schema, &serde_json::from_str(&printed).unwrap());
    bin(&case.path("in/s3.bin"), &[1.0; 3]);
    let (input, output) = (case.text("in"), case.text("out"));
    let all = ["--input", &input, "--output", &output];
    let failing = [&all[..], &["--output_dirname", "f"]].concat();
    case.fails(&failing, 1, &["s3.bin"]);
    let summary = json(&case.path("out/f_summary.json"));
    assert_eq!(summary["reid"]["failed"].as_array().unwrap().len(), 1);
    fits(&schema, &summary);
    each_fault_is_found(&schema, &summary, &[&STAGES[..], &files].concat());
}

#[test]
fn a_summary_with_a_lost_device_is_as_its_schema_says() {
    let schema = Schema::read("infer-summary.json");
    let case = Case::relu(2, 40);
    let profile = include_str!("../../acl-sim/profiles/310p3.toml");
    let two = profile.replace("chips = 1", "chips = 2");
    fs::write(case.path("two.toml"), two).unwrap();
    let input = case.text("in");
    let all = case.arguments(&["--input", &input, "--device", "0,1", "--json"]);
    let run = command(&strs(&all))
        .env("ACL_SIM_PROFILE", case.path("two.toml"))
        .env("ACL_SIM_FAULTS", "[[execution]]\nnth = 8\ncode = 507010")
        .output()
        .unwrap();
    assert!(run.status.success(), "{:?}", texts(&run));
    let summary: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(summary["reid"]["lost"].as_array().unwrap().len(), 1);
    fits(&schema, &summary);
}

#[test]
fn reports_of_bench_are_as_their_schema_says() {
    let schema = Schema::read("bench-report.json");
    let case = Case::relu(2, 5);
    let (model, input) = (case.text("m.om"), case.text("in"));
    let all = ["bench", "--backend", "sim", "--model", &model];
    let run =
        |more: &[&str]| -> Value { serde_json::from_str(&ok(&[&all[..], more].concat())).unwrap() };
    let report = run(&["--loop", "200", "--json"]);
    fits(&schema, &report);
    each_fault_is_found(&schema, &report, &STAGES);
    fits(
        &schema,
        &run(&["--input", &input, "--loop", "50", "--json"]),
    );
    let failing = command(&[&all[..], &["--loop", "50", "--json"]].concat())
        .env("ACL_SIM_FAULTS", "[[execution]]\nnth = 5\ncode = 507011")
        .output()
        .unwrap();
    let mut report: Value = serde_json::from_slice(&failing.stdout).unwrap();
    assert_eq!(report["failed"].as_array().unwrap().len(), 1);
    fits(&schema, &report);
    // Outliers come by chance.
    report["outliers"] = json!([{
        "batch": 17, "stage": "execute", "ms": 3.5, "at": 0.25, "device": 0, "slot": 2
    }]);
    fits(&schema, &report);
    each_fault_is_found(&schema, &report, &STAGES);
}

#[test]
fn what_both_schemas_speak_of_they_describe_alike() {
    let schemas = ["infer-summary.json", "bench-report.json"].map(Schema::read);
    for part in ["quantiles", "run", "throughput", "stages", "failed_batch"] {
        let [summary, bench] = schemas.each_ref().map(|schema| schema.part(part));
        assert!(summary.is_some() && summary == bench, "{part}");
    }
}
