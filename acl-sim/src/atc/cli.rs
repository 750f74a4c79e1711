//! The command line of `atc-sim`: the vendor's spelling, the vendor's last line.
//!
//! Options are `--name=value` with underscores. Those of the vendor's that change nothing here (precision, fusion,
//! memory planning, …) are accepted with one warning that lists them, so that an existing script runs as it is; those
//! that would change what the model takes or gives are refused by name.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use super::{AtcError, Format, Options, OutputType};

/// The vendor's line on success.
pub const SUCCESS: &str = "ATC run success, welcome to the next use.";

/// Options that change nothing in a simulated model.
const IGNORED: &[&str] = &[
    "ac_parallel_enable",
    "aicore_num",
    "allow_hf32",
    "atomic_clean_policy",
    "auto_tune_mode",
    "buffer_optimize",
    "check_report",
    "compress_weight_conf",
    "compression_optimize_conf",
    "core_type",
    "customize_dtypes",
    "debug_dir",
    "deterministic",
    "deterministic_level",
    "disable_reuse_memory",
    "display_model_info",
    "enable_attr_compression",
    "enable_compress_weight",
    "enable_scope_fusion_passes",
    "enable_single_stream",
    "enable_small_channel",
    "export_compile_stat",
    "external_weight",
    "fusion_switch_file",
    "host_env_cpu",
    "host_env_os",
    "input_hint_shape",
    "is_weight_clip",
    "jit_compile",
    "mdl_bank_path",
    "modify_mixlist",
    "oo_level",
    "op_bank_path",
    "op_compiler_cache_dir",
    "op_compiler_cache_mode",
    "op_debug_config",
    "op_debug_level",
    "op_precision_mode",
    "op_select_implmode",
    "optypelist_for_implmode",
    "precision_mode",
    "precision_mode_v2",
    "quant_dumpable",
    "save_original_model",
    "sparsity",
    "status_check",
    "tiling_schedule_optimize",
    "virtual_type",
];

/// Options that the vendor's converter has and this one refuses, and what to do instead.
const REFUSED: &[(&str, &str)] = &[
    (
        "is_input_adjust_hw_layout",
        "device layouts are not simulated: convert without it and feed NCHW",
    ),
    (
        "is_output_adjust_hw_layout",
        "device layouts are not simulated: convert without it",
    ),
    (
        "weight",
        "only ONNX (--framework=5) is converted, and it holds its weights",
    ),
    (
        "singleop",
        "single operators are not converted to files here",
    ),
    ("om", "give an ONNX file by --model"),
    ("json", "only --mode=0 exists here"),
    ("dump_mode", "only --mode=0 exists here"),
];

/// Converts an ONNX model to an .om for the simulator, with the options of the vendor's atc.
#[derive(Debug, Parser)]
#[command(name = "atc-sim", version, disable_help_subcommand = true)]
pub struct Args {
    /// 0 converts to .om; nothing else exists here
    #[arg(long = "mode", default_value_t = 0)]
    mode: u32,
    /// Kind of the source: 5, ONNX
    #[arg(long = "framework")]
    framework: u32,
    /// The ONNX file
    #[arg(long = "model")]
    model: PathBuf,
    /// Path of the result; ".om" is appended
    #[arg(long = "output")]
    output: PathBuf,
    /// Shapes, "name:d,d,d;name2:…"; -1 where gears or the program fill in, "1~10" for a range
    #[arg(long = "input_shape", default_value = "")]
    input_shape: String,
    /// Ranges, "name:[1~10,3,-1];name2:…"; the same as ranges in --input_shape
    #[arg(long = "input_shape_range", default_value = "")]
    input_shape_range: String,
    /// NCHW, NHWC or ND
    #[arg(long = "input_format", default_value = "NCHW")]
    input_format: String,
    /// Chip, for example Ascend310P3
    #[arg(long = "soc_version", default_value = "Ascend310P3")]
    soc_version: String,
    /// debug, info, warning, error or null
    #[arg(long = "log", default_value = "null")]
    log: String,
    /// File naming operators to leave in the source's precision; all are, here
    #[arg(long = "keep_dtype")]
    keep_dtype: Option<PathBuf>,
    /// File that says how pictures are preprocessed (AIPP), "aipp_op { … }"
    #[arg(long = "insert_op_conf")]
    insert_op_conf: Option<PathBuf>,
    /// FP32, FP16, UINT8, INT8, … or "node:0:FP16;…"
    #[arg(long = "output_type")]
    output_type: Option<String>,
    /// Inputs fed in half precision, "name;name2"
    #[arg(long = "input_fp16_nodes", default_value = "")]
    input_fp16_nodes: String,
    /// Outputs, "node:0;node2:1" or names of values
    #[arg(long = "out_nodes", default_value = "")]
    out_nodes: String,
    /// Batch sizes, "1,4,8"
    #[arg(long = "dynamic_batch_size")]
    dynamic_batch_size: Option<String>,
    /// Image sizes, "height,width;height,width"
    #[arg(long = "dynamic_image_size")]
    dynamic_image_size: Option<String>,
    /// One value for each -1 per gear, "1,128;4,256"
    #[arg(long = "dynamic_dims")]
    dynamic_dims: Option<String>,
}

impl Args {
    fn options(&self, command_line: String) -> Result<Options, AtcError> {
        if self.mode != 0 {
            return Err(AtcError::option(
                "--mode",
                &self.mode.to_string(),
                "0 (convert to .om)",
            ));
        }
        if self.framework != 5 {
            return Err(AtcError::option(
                "--framework",
                &self.framework.to_string(),
                "5 (ONNX); export the model to ONNX",
            ));
        }
        if !["debug", "info", "warning", "error", "null"].contains(&self.log.as_str()) {
            return Err(AtcError::option(
                "--log",
                &self.log,
                "debug, info, warning, error or null",
            ));
        }
        let names = |text: &str| {
            text.split(';')
                .map(str::trim)
                .filter(|n| !n.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let (input_shape, mut input_shape_range) = super::ranges::parse_shapes(&self.input_shape)?;
        for (name, dims) in super::parse_input_shape_range(&self.input_shape_range)? {
            if input_shape.iter().any(|(known, _)| *known == name) {
                let wanted = "each input in one of --input_shape and --input_shape_range";
                return Err(AtcError::option("--input_shape_range", &name, wanted));
            }
            input_shape_range.push((name, dims));
        }
        Ok(Options {
            output: Some(self.output.clone()),
            input_shape,
            input_shape_range,
            input_format: self.input_format.parse::<Format>()?,
            soc_version: self.soc_version.clone(),
            output_type: self
                .output_type
                .as_deref()
                .map_or(Ok(OutputType::Keep), str::parse)?,
            input_fp16_nodes: names(&self.input_fp16_nodes),
            out_nodes: names(&self.out_nodes),
            dynamic_batch_size: self
                .dynamic_batch_size
                .as_deref()
                .map_or(Ok(Vec::new()), super::parse_batches)?,
            dynamic_image_size: self
                .dynamic_image_size
                .as_deref()
                .map_or(Ok(Vec::new()), super::parse_image_sizes)?,
            dynamic_dims: self
                .dynamic_dims
                .as_deref()
                .map_or(Ok(Vec::new()), super::parse_dims)?,
            keep_dtype: self.keep_dtype.clone(),
            insert_op_conf: self.insert_op_conf.clone(),
            command_line,
        })
    }
}

/// Runs the command: converts, prints the vendor's line on success, or one line of error on stderr.
///
/// Returns the exit code: 0 done, 1 failed, 2 wrong usage.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let (kept, ignored) = match sort_out(&args) {
        Ok(sorted) => sorted,
        Err(error) => return usage(&error),
    };
    let parsed = match Args::try_parse_from(kept) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version are no failures, and go to stdout; clap knows which is which.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    if !ignored.is_empty() {
        eprintln!(
            "atc-sim: warning: without effect on a simulated model: {}",
            ignored.join(", ")
        );
    }
    let command_line: Vec<String> = args
        .iter()
        .map(|a| a.to_string_lossy().into_owned())
        .collect();
    let options = match parsed.options(command_line.join(" ")) {
        Ok(options) => options,
        Err(error) => return usage(&error),
    };
    match super::convert(&parsed.model, &options) {
        Ok(_) => {
            println!("{SUCCESS}");
            0
        }
        Err(error) => {
            eprintln!("atc-sim: error: {error}");
            eprintln!("ATC run failed.");
            1
        }
    }
}

fn usage(error: &AtcError) -> u8 {
    eprintln!("atc-sim: error: {error}");
    eprintln!("ATC run failed; see atc-sim --help.");
    2
}

/// Takes out the options that are ignored (with their values, whichever way they are given) and refuses those that
/// must be refused. A single dash is taken for two, as the vendor's converter does.
fn sort_out(args: &[OsString]) -> Result<(Vec<OsString>, Vec<String>), AtcError> {
    let mut kept = Vec::new();
    let mut ignored = Vec::new();
    let mut rest = args.iter().enumerate().peekable();
    while let Some((i, arg)) = rest.next() {
        let text = arg.to_string_lossy();
        let bare = text.strip_prefix("--").or_else(|| {
            text.strip_prefix('-')
                .filter(|t| t.len() > 1 && t.starts_with(|c: char| c.is_ascii_alphabetic()))
        });
        let Some(bare) = bare.filter(|_| i > 0) else {
            kept.push(arg.clone());
            continue;
        };
        let (name, inline) = bare
            .split_once('=')
            .map_or((bare, false), |(n, _)| (n, true));
        if let Some((_, instead)) = REFUSED.iter().find(|(n, _)| *n == name) {
            return Err(AtcError::NotSupported {
                what: format!("--{name}"),
                instead,
            });
        }
        if IGNORED.contains(&name) {
            ignored.push(format!("--{name}"));
            let value_follows = rest
                .peek()
                .is_some_and(|(_, next)| !next.to_string_lossy().starts_with('-'));
            if !inline && value_follows {
                rest.next();
            }
        } else if text.starts_with("--") {
            kept.push(arg.clone());
        } else {
            kept.push(format!("--{bare}").into());
        }
    }
    Ok((kept, ignored))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sorted(args: &[&str]) -> Result<(Vec<String>, Vec<String>), AtcError> {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let (kept, ignored) = sort_out(&args)?;
        Ok((
            kept.iter()
                .map(|a| a.to_string_lossy().into_owned())
                .collect(),
            ignored,
        ))
    }

    #[test]
    fn options_without_effect_are_taken_out_with_their_values() {
        let (kept, ignored) = sorted(&[
            "atc",
            "--precision_mode",
            "force_fp16",
            "-model=m",
            "--fusion_switch_file=x",
            "--log",
            "info",
        ])
        .unwrap();
        assert_eq!(kept, ["atc", "--model=m", "--log", "info"]);
        assert_eq!(ignored, ["--precision_mode", "--fusion_switch_file"]);
    }

    #[test]
    fn options_that_change_inputs_are_refused_by_name() {
        let error = sorted(&["atc", "--is_input_adjust_hw_layout=true"])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("--is_input_adjust_hw_layout") && error.contains("NCHW"),
            "{error}"
        );
    }

    #[test]
    fn lists_do_not_overlap_with_the_options_that_exist() {
        use clap::CommandFactory;
        let command = Args::command();
        for name in IGNORED.iter().chain(REFUSED.iter().map(|(n, _)| n)) {
            assert!(
                command.get_arguments().all(|a| a.get_long() != Some(name)),
                "{name}"
            );
        }
    }
}
