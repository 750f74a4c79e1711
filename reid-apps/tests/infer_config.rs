//! What `reid infer` hands to the library besides tensors: configurations for aclInit, and gears of
//! image sizes. The simulator's trace of calls shows what arrives there.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, missing_docs)]

mod small_models;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use small_models::*;

/// Runs over the folder `in` into `out/r`, which must succeed; returns what was said and all calls.
fn traced(case: &Case, more: &[&str]) -> (String, Vec<Value>) {
    let (input, output, trace) = (case.text("in"), case.text("out"), case.path("trace"));
    let mut all = case.arguments(&["--input", &input, "--output", &output]);
    all.extend(["--output_dirname", "r"].map(str::to_owned));
    all.extend(more.iter().map(|word| (*word).to_owned()));
    let run = command(&strs(&all))
        .env("ACL_SIM_TRACE", &trace)
        .output()
        .unwrap();
    let (out, err) = texts(&run);
    assert!(run.status.success(), "{out}{err}");
    let calls = fs::read_to_string(&trace).unwrap();
    let calls = calls
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    (err, calls.collect())
}

/// The one argument of aclInit.
fn config(calls: &[Value]) -> Value {
    let init: Vec<_> = calls.iter().filter(|c| c["call"] == "aclInit").collect();
    assert_eq!(init.len(), 1);
    assert_eq!(init[0]["result"], 0);
    let arguments = init[0]["args"].as_object().unwrap();
    assert_eq!(arguments.len(), 1, "{arguments:?}");
    arguments.values().next().unwrap().clone()
}

fn whole(path: &Path) -> String {
    fs::canonicalize(path).unwrap().display().to_string()
}

#[test]
fn profiling_is_asked_of_the_library_with_a_whole_path() {
    let case = Case::relu(2, 3);
    let (_, calls) = traced(&case, &["--profiler", "true"]);
    let written = case.path("out/r/acl.json");
    assert_eq!(config(&calls), json!(written));
    assert_eq!(
        json(&written),
        json!({"profiler": {
            "switch": "on", "aicpu": "on", "aic_metrics": "",
            "output": whole(&case.path("out/r/profiler")),
        }})
    );
    assert_eq!(numbers(&case.path("out/r/s2_0.bin")), relu_of(2));
}

#[test]
fn dumps_are_asked_of_the_library_for_this_model() {
    let case = Case::relu(2, 3);
    let (_, calls) = traced(&case, &["--dump"]);
    let written = case.path("out/r/acl.json");
    assert_eq!(config(&calls), json!(written));
    assert_eq!(
        json(&written),
        json!({"dump": {
            "dump_path": whole(&case.path("out/r/dump")), "dump_mode": "all",
            "dump_list": [{"model_name": "m"}],
        }})
    );
    assert!(!case.path("out/r/profiler").exists());
}

#[test]
fn without_either_the_library_gets_no_configuration() {
    let case = Case::relu(2, 3);
    let (_, calls) = traced(&case, &["--profiler", "false", "--dump", "0"]);
    assert!(!config(&calls).is_string(), "{}", config(&calls));
    assert!(!case.path("out/r/acl.json").exists());
}

#[test]
fn profiling_and_dumps_exclude_each_other_and_need_a_folder() {
    let case = Case::relu(2, 1);
    let (input, output) = (case.text("in"), case.text("out"));
    let all = ["--input", &input, "--output", &output];
    let both = [&all[..], &["--profiler", "--dump"]].concat();
    case.fails(&both, 2, &["--profiler and --dump exclude each other"]);
    assert!(!case.path("out").exists());
    case.fails(&["--profiler"], 2, &["--output"]);
    case.fails(&["--dump"], 2, &["--output"]);
    case.fails(&["--profiler", "perhaps"], 2, &["true or false"]);
}

#[test]
fn a_configuration_of_ones_own_is_passed_as_it_is_and_wins() {
    let case = Case::relu(2, 3);
    let (own, text) = (case.text("own.json"), r#"{"err_msg_mode": 1}"#);
    fs::write(&own, text).unwrap();
    let (said, calls) = traced(&case, &["--acl_json_path", &own]);
    assert_eq!(config(&calls), json!(own));
    assert_eq!(said, "");
    let (said, calls) = traced(
        &case,
        &["--acl-json-path", &own, "--profiler", "--overwrite"],
    );
    assert_eq!(config(&calls), json!(own));
    assert!(
        said.contains("do nothing beside --acl_json_path") && said.contains("own.json"),
        "{said}"
    );
    assert!(!case.path("out/r/acl.json").exists());
    assert_eq!(fs::read_to_string(&own).unwrap(), text);
}

#[test]
fn a_configuration_that_is_missing_or_broken_is_named() {
    let case = Case::relu(2, 1);
    let own = case.text("own.json");
    case.fails(&["--acl_json_path", &own], 2, &["own.json", "No such file"]);
    for (text, wanted) in [
        ("{", "no JSON"),
        (r#"{"err_msg_mode": 7}"#, "err_msg_mode 7, wanted 0"),
    ] {
        fs::write(&own, text).unwrap();
        case.fails(&["--acl_json_path", &own], 3, &["own.json", wanted]);
    }
}

#[test]
fn a_gear_of_image_size_reaches_the_device_and_sizes_files_and_outputs() {
    let case = Case::empty();
    let options = ascendcl::atc::Options {
        input_shape: vec![("x".into(), vec![2, 1, -1, -1])],
        dynamic_image_size: vec![[2, 2], [2, 4], [4, 4]],
        ..Default::default()
    };
    let dims = [2, 1, -1, -1];
    model(&case.path("m.om"), "Relu", &[("x", &dims)], &dims, options);
    fs::create_dir(case.path("in")).unwrap();
    // Three pictures of 2 rows and 4 columns.
    let picture = |sample: u16| [row(sample), row(sample + 10)].concat();
    for sample in 0..3 {
        bin(&case.path(&format!("in/s{sample}.bin")), &picture(sample));
    }
    let (_, calls) = traced(&case, &["--dymHW", "2,4", "--outfmt", "NPY"]);
    // Of each dataset the last word counts; at first it has the largest gear.
    let mut sizes = std::collections::BTreeMap::new();
    for call in &calls {
        if call["call"] == "aclmdlSetDynamicHWSize" {
            assert_eq!(call["result"], 0);
            let arguments = &call["args"];
            let size = [&arguments["height"], &arguments["width"]].map(Value::as_u64);
            sizes.insert(arguments["dataset"].to_string(), size);
        }
    }
    assert!(!sizes.is_empty());
    assert!(
        sizes.values().all(|size| *size == [Some(2), Some(4)]),
        "{sizes:?}"
    );
    let npy = fs::read(case.path("out/r/s2_0.npy")).unwrap();
    let header = String::from_utf8_lossy(&npy[10..128]).into_owned();
    assert!(header.contains("'shape': (1, 1, 2, 4)"), "{header}");
    case.files(&["--dym-hw", "2,4", "--overwrite"]);
    for sample in 0..3 {
        let wanted: Vec<f32> = picture(sample).iter().map(|x| x.max(0.0)).collect();
        assert_eq!(
            numbers(&case.path(&format!("out/r/s{sample}_0.bin"))),
            wanted
        );
    }
    let summary = json(&case.path("out/r_summary.json"));
    assert_eq!(summary["NPU_compute_time"]["count"], 2);
    // The order is height, width.
    case.fails(
        &["--dymHW", "4,2"],
        3,
        &["4 x 2", "[[2, 2], [2, 4], [4, 4]]"],
    );
    let input = case.text("in");
    let other = ["--dymHW", "4,4", "--input", &input];
    case.fails(&other, 1, &["s0.bin", "32 bytes", "128"]);
    // Without files the wish alone sizes the tensors.
    assert!(case.ok(&["--dymHW", "2,2"]).contains("throughput"));
}
