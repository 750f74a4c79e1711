//! `reid infer`, option by option, run as its users run it, on the simulator.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, missing_docs)]

mod small_models;

use std::fs;

use small_models::*;

#[test]
fn files_are_grouped_into_batches_and_the_padding_of_the_last_is_dropped() {
    let case = Case::relu(4, 11);
    let out = case.files(&[]);
    assert!(
        out.contains("execute") && out.contains("simulated"),
        "{out}"
    );
    let wanted: Vec<String> = {
        let mut names: Vec<_> = (0..11).map(|sample| format!("s{sample}_0.bin")).collect();
        names.sort();
        names
    };
    assert_eq!(names(&case.path("out/r")), wanted);
    for sample in 0..11 {
        let file = case.path(&format!("out/r/s{sample}_0.bin"));
        assert_eq!(numbers(&file), relu_of(sample));
    }
    let summary = json(&case.path("out/r_summary.json"));
    let files = summary["filesinfo"].as_object().unwrap();
    assert_eq!(files.len(), 11);
    // Natural order: s2 comes before s10.
    assert!(
        files["2"]["infiles"][0]
            .as_str()
            .unwrap()
            .ends_with("in/s2.bin")
    );
    assert!(
        files["10"]["outfiles"][0]
            .as_str()
            .unwrap()
            .ends_with("r/s10_0.bin")
    );
    assert_eq!(summary["reid"]["samples"], 11);
    assert_eq!(summary["NPU_compute_time"]["count"], 3);
}

#[test]
fn the_summary_has_the_keys_that_readers_of_the_vendors_tool_know_and_ours() {
    let case = Case::relu(2, 4);
    case.files(&[]);
    let summary = json(&case.path("out/r_summary.json"));
    for key in ["NPU_compute_time", "H2D_latency", "D2H_latency"] {
        let part = summary[key].as_object().unwrap();
        let mut keys: Vec<_> = part.keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            ["count", "max", "mean", "median", "min", "percentile(99%)"]
        );
        let number = |key: &str| part[key].as_f64().unwrap();
        assert!(number("min") <= number("median") && number("median") <= number("max"));
    }
    let mean = summary["NPU_compute_time"]["mean"].as_f64().unwrap();
    let throughput = summary["throughput"].as_f64().unwrap();
    assert!(
        (throughput * mean / 2000.0 - 1.0).abs() < 1e-9,
        "1000 x 2 / mean"
    );
    assert!(summary["args"].is_object());
    let ours = &summary["reid"];
    assert_eq!(ours["format"], 1);
    assert_eq!(ours["run"]["simulated"], true);
    assert_eq!(ours["run"]["sha256"].as_str().unwrap().len(), 64);
    assert!(ours["run"]["machine"]["cores"].as_u64().unwrap() > 0);
    for stage in ["read", "H2D", "execute", "D2H", "write"] {
        for key in [
            "min", "mean", "median", "p50", "p90", "p95", "p99", "p99.9", "max",
        ] {
            assert!(ours["stages"][stage][key].is_number(), "{stage} {key}");
        }
    }
    assert!(ours["throughput"]["wall"].as_f64().unwrap() > 0.0);
}

#[test]
fn outputs_are_written_raw_for_numpy_and_as_text() {
    let case = Case::relu(2, 3);
    case.files(&["--outfmt", "NPY"]);
    let npy = fs::read(case.path("out/r/s2_0.npy")).unwrap();
    assert!(npy.starts_with(b"\x93NUMPY\x01\x00"));
    let header = String::from_utf8_lossy(&npy[10..128]).into_owned();
    assert!(
        header.contains("'descr': '<f4'") && header.contains("'shape': (1, 4)"),
        "{header}"
    );
    assert_eq!(npy.len(), 128 + 16);
    case.files(&["--outfmt", "TXT", "--overwrite"]);
    let text = fs::read_to_string(case.path("out/r/s2_0.txt")).unwrap();
    assert_eq!(text, "1.000000 2.000000 3.000000 4.000000 \n");
}

#[test]
fn npy_inputs_are_read_and_those_of_another_type_are_refused() {
    let case = Case::relu(2, 3);
    case.files(&["--outfmt", "NPY"]);
    fs::rename(case.path("out/r"), case.path("next")).unwrap();
    let next = case.text("next");
    let output = case.text("out");
    case.ok(&[
        "--input",
        &next,
        "--output",
        &output,
        "--output_dirname",
        "again",
    ]);
    assert_eq!(numbers(&case.path("out/again/s1_0_0.bin")), relu_of(1));
    let mut bytes = fs::read(case.path("next/s1_0.npy")).unwrap();
    let at = bytes.windows(3).position(|three| three == b"<f4").unwrap();
    bytes[at..at + 3].copy_from_slice(b"<i4");
    fs::write(case.path("next/s1_0.npy"), bytes).unwrap();
    case.fails(
        &["--input", &next],
        1,
        &["s1_0.npy", "<i4", "astype('<f4')", "s0_0.npy"],
    );
}

#[test]
fn a_file_that_does_not_fit_is_told_with_the_arithmetic_and_the_others_go_through() {
    let case = Case::relu(2, 5);
    bin(&case.path("in/s3.bin"), &[1.0; 3]);
    let (input, output) = (case.text("in"), case.text("out"));
    let all = [
        "--input",
        &input,
        "--output",
        &output,
        "--output_dirname",
        "r",
    ];
    case.fails(
        &all,
        1,
        &[
            "s3.bin",
            "12 bytes",
            "2x4 x 4 bytes (f32) = 32",
            "2 samples",
            "16 bytes a file",
            "1 batches failed",
        ],
    );
    assert_eq!(
        names(&case.path("out/r")),
        ["s0_0.bin", "s1_0.bin", "s4_0.bin"]
    );
    let summary = json(&case.path("out/r_summary.json"));
    assert_eq!(summary["filesinfo"].as_object().unwrap().len(), 3);
    let failed = &summary["reid"]["failed"][0];
    assert_eq!(failed["samples"], serde_json::json!([2, 3]));
    assert!(failed["files"][1].as_str().unwrap().ends_with("s3.bin"));

    let mut strict = all.to_vec();
    strict.extend(["--strict", "--overwrite", "--slots", "1", "--threads", "1"]);
    fs::remove_dir_all(case.path("out/r")).unwrap();
    case.fails(&strict, 1, &["s3.bin"]);
    assert_eq!(names(&case.path("out/r")), ["s0_0.bin", "s1_0.bin"]);

    // The first file decides about the batch.
    bin(&case.path("in/s0.bin"), &[1.0; 5]);
    case.fails(&all, 2, &["holds files", "--overwrite"]);
    case.fails(
        &["--input", &input],
        1,
        &[
            "s0.bin",
            "20 bytes",
            "32 / 20 = 1.600",
            "do not make a batch of 2",
        ],
    );
    bin(&case.path("in/s0.bin"), &[1.0; 16]);
    case.fails(&["--input", &input], 1, &["64 bytes", "2 times as many"]);
    bin(&case.path("in/s0.bin"), &[1.0; 2]);
    case.fails(&["--input", &input], 1, &["8 bytes", "uint8"]);
    fs::write(case.path("in/s0.bin"), b"").unwrap();
    case.fails(&["--input", &input], 1, &["the file is empty"]);
}

#[test]
fn several_inputs_are_paired_by_position_and_counted() {
    let case = Case::empty();
    add(&case.path("m.om"), 2);
    for (folder, factor) in [("a", 1.0), ("b", 10.0)] {
        fs::create_dir(case.path(folder)).unwrap();
        for (index, sample) in [1.0_f32, 2.0, 3.0].into_iter().enumerate() {
            let name = format!("{folder}/{folder}_{}.bin", 9 + index);
            bin(&case.path(&name), &[sample * factor; 3]);
        }
    }
    let (a, b, out) = (case.text("a"), case.text("b"), case.text("out"));
    case.ok(&[
        "--input",
        &format!("{a},{b}"),
        "--output",
        &out,
        "--output_dirname",
        "r",
    ]);
    assert_eq!(
        names(&case.path("out/r")),
        ["a_10_0.bin", "a_11_0.bin", "a_9_0.bin"]
    );
    assert_eq!(numbers(&case.path("out/r/a_10_0.bin")), [22.0; 3]);
    // The same by files: first all of the first input.
    let files: Vec<String> = ["a/a_9.bin", "a/a_10.bin", "b/b_9.bin", "b/b_10.bin"]
        .map(|name| case.text(name))
        .to_vec();
    case.ok(&[
        "--input",
        &files.join(","),
        "--output",
        &out,
        "--output_dirname",
        "f",
    ]);
    assert_eq!(numbers(&case.path("out/f/a_9_0.bin")), [11.0; 3]);
    case.fails(
        &["--input", &a],
        2,
        &["1 folders or lists", "2 inputs (a, b)"],
    );
    case.fails(
        &["--input", &files[..3].join(",")],
        2,
        &["3 files", "multiple of 2"],
    );
    case.fails(&["--input", &format!("{a},{}", files[0])], 2, &["mixes"]);
    fs::remove_file(case.path("b/b_9.bin")).unwrap();
    case.fails(
        &["--input", &format!("{a},{b}")],
        2,
        &["input a has 3 files, input b has 2"],
    );
}

#[test]
fn lists_are_read_and_what_is_wrong_in_them_is_told_by_line() {
    let case = Case::relu(2, 3);
    let info = case.path("list.info");
    fs::write(&info, "0 in/s2.bin 4 1\n1 ./in/s0.bin 4 1\n").unwrap();
    let (list, out) = (case.text("list.info"), case.text("out"));
    case.ok(&["--input", &list, "--output", &out, "--output_dirname", "r"]);
    assert_eq!(names(&case.path("out/r")), ["s0_0.bin", "s2_0.bin"]);
    assert_eq!(numbers(&case.path("out/r/s2_0.bin")), relu_of(2));
    fs::write(&info, "0 in/s2.bin 4 1\nnonsense\n").unwrap();
    case.fails(
        &["--input", &list],
        1,
        &["list.info", "line 2", "INDEX PATH"],
    );
    // A file of another kind is not quoted whole.
    fs::write(&info, "x".repeat(1 << 20)).unwrap();
    let failed = reid(&strs(&case.arguments(&["--input", &list])));
    check_failure(&failed, 1, &["line 1", "and so on"]);
    assert!(failed.stderr.len() < 1000, "{}", failed.stderr.len());
    fs::write(&info, "0 in/absent.bin 4 1\n").unwrap();
    case.fails(&["--input", &list], 1, &["absent.bin", "relative to"]);
}

#[test]
fn what_is_not_there_is_named() {
    let case = Case::relu(2, 1);
    fs::create_dir(case.path("empty")).unwrap();
    fs::write(case.path("empty/readme.md"), "x").unwrap();
    case.fails(
        &["--input", &case.text("empty")],
        1,
        &["no .bin and no .npy", "1 entries"],
    );
    case.fails(&["--input", "nowhere"], 1, &["nowhere", "relative to"]);
    case.fails(
        &["--device", "7"],
        2,
        &["--device 7", "there is one device, 0"],
    );
    case.fails(&["--output_dirname", "x"], 2, &["--output"]);
    fails(
        &["infer", "--backend", "sim", "--model", "nowhere.om"],
        1,
        &["nowhere.om", "relative"],
    );
    let text = case.text("empty/readme.md");
    fails(
        &["infer", "--backend", "sim", "--model", &text],
        1,
        &["readme.md"],
    );
    fs::write(case.path("in/s0.x.bin"), [0; 16]).unwrap();
    case.fails(
        &["--input", &case.text("in"), "--output", &case.text("out")],
        1,
        &["s0.x.bin", "s0_0.bin", "rename one"],
    );
}

#[test]
fn pure_inference_needs_no_files_and_counts_its_loops() {
    let case = Case::relu(4, 0);
    let out = case.ok(&[
        "--loop",
        "7",
        "--pure_data_type",
        "random",
        "--display_all_summary",
        "1",
    ]);
    assert!(
        out.contains("count 7") && out.contains("H2D") && out.contains("D2H"),
        "{out}"
    );
    let output = case.text("out");
    case.ok(&[
        "--pure_data_type",
        "random",
        "--output",
        &output,
        "--output_dirname",
        "r",
    ]);
    let random = numbers(&case.path("out/r/pure_infer_data_0.bin"));
    assert_eq!(random.len(), 16);
    assert!(random.iter().all(|x| (0.0..1.0).contains(x)) && random[0] != random[1]);
    case.ok(&["--output", &output, "--output_dirname", "z"]);
    assert_eq!(
        numbers(&case.path("out/z/pure_infer_data_0.bin")),
        [0.0; 16]
    );
    case.fails(&["--pure_data_type", "one"], 2, &["zero or random"]);
}

#[test]
fn rounds_run_each_batch_again_and_the_batch_size_scales_the_formula_alone() {
    let case = Case::relu(2, 3);
    case.files(&["--loop", "5", "--batchsize", "100", "--warmup_count", "3"]);
    let summary = json(&case.path("out/r_summary.json"));
    assert_eq!(summary["NPU_compute_time"]["count"], 10);
    let mean = summary["NPU_compute_time"]["mean"].as_f64().unwrap();
    let formula = summary["throughput"].as_f64().unwrap();
    assert!((formula * mean / 100_000.0 - 1.0).abs() < 1e-9);
    assert_eq!(names(&case.path("out/r")).len(), 3);
}

#[test]
fn the_newer_spellings_mean_the_same() {
    let case = Case::relu(2, 3);
    let (model, input, out) = (case.text("m.om"), case.text("in"), case.text("out"));
    ok(&[
        "infer",
        "--backend",
        "sim",
        "--om-model",
        &model,
        "-i",
        &input,
        "-o",
        &out,
        "--output-dirname",
        "r",
        "--batch-size",
        "2",
        "--warmup-count",
        "0",
        "--run-mode",
        "full",
        "--pure-data-type",
        "zero",
        "--output-batchsize-axis",
        "0",
        "--pipeline",
        "1",
        "-d",
        "0",
        "--display-all-summary",
    ]);
    assert_eq!(names(&case.path("out/r")).len(), 3);
}

#[test]
fn older_tools_names_and_files_are_made_on_demand() {
    let case = Case::relu(2, 3);
    case.files(&["--compat", "2022"]);
    assert!(json(&case.path("out/r/sumary.json"))["filesinfo"]["0"].is_object());
    let (input, out) = (case.text("in"), case.text("result"));
    case.ok(&["--input", &input, "--output", &out, "--compat", "benchmark"]);
    let folder = case.path("result/dumpOutput_device0");
    assert_eq!(names(&folder), ["s0_1.txt", "s1_1.txt", "s2_1.txt"]);
    let dumps = reid_apps::features::read_text_dumps(&folder).unwrap();
    assert_eq!(dumps.features.row(2).to_vec(), relu_of(2));
    let perf =
        fs::read_to_string(case.path("result/perf_vision_batchsize_2_device_0.txt")).unwrap();
    // As its readers do: what lies between a colon and a comma, line ends being commas.
    let text = format!("{},", perf.replace('\n', ","));
    let values: Vec<&str> = text
        .split(',')
        .filter_map(|pair| Some(pair.split_once(':')?.1.trim()))
        .collect();
    let rate: f64 = values[7]
        .strip_suffix("samples/s")
        .unwrap()
        .parse()
        .unwrap();
    assert!(rate > 0.0, "{perf}");
}

#[test]
fn a_failed_execution_is_told_with_its_files_and_the_others_have_outputs() {
    let case = Case::relu(2, 12);
    let (input, output) = (case.text("in"), case.text("out"));
    let all = case.arguments(&[
        "--input",
        &input,
        "--output",
        &output,
        "--output_dirname",
        "r",
        "--warmup_count",
        "0",
        "--threads",
        "1",
    ]);
    let run = command(&strs(&all))
        .env("ACL_SIM_FAULTS", "[[execution]]\nnth = 3\ncode = 507011")
        .output()
        .unwrap();
    check_failure(&run, 1, &["507011", "s4.bin", "s5.bin", "1 batches failed"]);
    let there = names(&case.path("out/r"));
    assert_eq!(there.len(), 10);
    assert!(!there.contains(&"s4_0.bin".to_owned()) && !there.contains(&"s5_0.bin".to_owned()));
    for sample in [0, 3, 6, 11] {
        assert_eq!(
            numbers(&case.path(&format!("out/r/s{sample}_0.bin"))),
            relu_of(sample)
        );
    }
}

#[test]
fn several_devices_share_the_batches_and_the_results_are_the_same() {
    let case = Case::relu(2, 40);
    let profile = case.path("four.toml");
    let text = include_str!("../../acl-sim/profiles/310p3.toml").replace("chips = 1", "chips = 4");
    fs::write(&profile, text).unwrap();
    let (input, output) = (case.text("in"), case.text("out"));
    let all = case.arguments(&[
        "--input",
        &input,
        "--output",
        &output,
        "--output_dirname",
        "r",
        "--device",
        "0,1,2,3",
    ]);
    let run = command(&strs(&all))
        .env("ACL_SIM_PROFILE", &profile)
        .output()
        .unwrap();
    assert!(run.status.success(), "{:?}", texts(&run));
    for sample in 0..40 {
        assert_eq!(
            numbers(&case.path(&format!("out/r/s{sample}_0.bin"))),
            relu_of(sample)
        );
    }
    let files = json(&case.path("out/r_summary.json"))["filesinfo"].clone();
    assert_eq!(files.as_object().unwrap().len(), 40);
}

#[test]
fn a_device_that_is_gone_ends_the_run_with_what_was_done() {
    let case = Case::relu(1, 60);
    let (input, output) = (case.text("in"), case.text("out"));
    let all = case.arguments(&[
        "--input",
        &input,
        "--output",
        &output,
        "--output_dirname",
        "r",
    ]);
    let run = command(&strs(&all))
        .env("ACL_SIM_FAULTS", "lose_device_after = 700")
        .output()
        .unwrap();
    check_failure(&run, 3, &["device 0 is gone", "507010"]);
    let there = names(&case.path("out/r"));
    assert!(!there.is_empty() && there.len() < 60, "{}", there.len());
    assert!(
        there.iter().all(|name| name.ends_with("_0.bin")),
        "{there:?}"
    );
    let summary = json(&case.path("out/r_summary.json"));
    assert_eq!(summary["filesinfo"].as_object().unwrap().len(), there.len());
    assert_eq!(summary["reid"]["interrupted"], true);
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_done_and_writes_the_summary() {
    use std::io::Read as _;
    let case = Case::relu(1, 40);
    let (input, output) = (case.text("in"), case.text("out"));
    let all = case.arguments(&[
        "--input",
        &input,
        "--output",
        &output,
        "--output_dirname",
        "r",
        "--loop",
        "100000",
        "-v",
    ]);
    let mut child = command(&strs(&all))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // The line says that the batches have begun.
    let mut text = String::new();
    let mut err = child.stderr.take().unwrap();
    let mut byte = [0];
    while !text.contains("batches begin") && err.read(&mut byte).unwrap() == 1 {
        text.push(char::from(byte[0]));
    }
    let id = child.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    err.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{text}");
    assert!(text.contains("what was done is kept"), "{text}");
    let summary = json(&case.path("out/r_summary.json"));
    assert_eq!(summary["reid"]["interrupted"], true);
    let there = names(&case.path("out/r")).len();
    assert_eq!(summary["filesinfo"].as_object().unwrap().len(), there);
    assert!(there < 40, "it was stopped long before its end");
}

#[test]
fn the_batches_of_a_lost_device_go_to_the_others() {
    let case = Case::relu(2, 40);
    let profile = case.path("two.toml");
    let text = include_str!("../../acl-sim/profiles/310p3.toml").replace("chips = 1", "chips = 2");
    fs::write(&profile, text).unwrap();
    let (input, output) = (case.text("in"), case.text("out"));
    let all = case.arguments(&[
        "--input",
        &input,
        "--output",
        &output,
        "--output_dirname",
        "r",
        "--device",
        "0,1",
    ]);
    let run = command(&strs(&all))
        .env("ACL_SIM_PROFILE", &profile)
        .env("ACL_SIM_FAULTS", "[[execution]]\nnth = 8\ncode = 507010")
        .output()
        .unwrap();
    let (out, err) = texts(&run);
    assert!(run.status.success(), "{out}{err}");
    assert!(err.contains("is gone") && err.contains("507010"), "{err}");
    for sample in 0..40 {
        let file = case.path(&format!("out/r/s{sample}_0.bin"));
        assert_eq!(numbers(&file), relu_of(sample));
    }
    let summary = json(&case.path("out/r_summary.json"));
    assert_eq!(summary["filesinfo"].as_object().unwrap().len(), 40);
    assert_eq!(summary["reid"]["lost"].as_array().unwrap().len(), 1);
}
