//! The converter: an ONNX graph becomes an `.om` that the simulator runs.
//!
//! It stands where the vendor's `atc` stands, takes its options by their names, and writes the real container, so that
//! a program written for a card finds the same steps and the same files here. What it does not do is compile: the
//! graph travels inside the file and is run in 32-bit floats by the simulator's engine, where a card computes in half
//! precision. The file says so (`atc_version` is `atc-sim …`), and a card refuses it for want of machine code.
//!
//! Steps, one module each: [`Options`] · settling shapes and gears · splitting weights from the graph · running once
//! with zeros to learn shapes · building the description · writing.
#![forbid(unsafe_code)]

mod aipp;
mod aipp_text;
pub mod cli;
mod error;
mod learn;
mod model;
mod options;
mod ranges;
mod shapes;
mod skeleton;

use std::io::Write;
use std::path::{Path, PathBuf};

use ascend_om::OmError;
use ascend_om::container::PartitionKind;
use ascend_om::inout_info::InOutInfo;
use ascend_om::model_def::ModelTaskDef;
use ascend_om::onnx::{Bytes, GraphProto, ModelProto, ValueInfoProto};
use ascend_om::writer::{self, Layout};
use prost::Message;

pub use error::AtcError;
pub use options::{
    Format, Options, OutputType, parse_batches, parse_dims, parse_image_sizes, parse_input_shape,
};

pub use ranges::{DimRanges, parse_input_shape_range};

use crate::exec::payload;

/// Converts an ONNX file and writes the `.om` beside it, or where `options.output` says.
///
/// Returns the path written. The file appears complete or not at all: it is written under a temporary name in the same
/// folder, then renamed.
///
/// # Errors
/// [`AtcError`] with what was found, what was wanted and what to do.
pub fn convert(onnx_path: &Path, options: &Options) -> Result<PathBuf, AtcError> {
    let bytes = std::fs::read(onnx_path).map_err(|source| AtcError::Read {
        path: onnx_path.into(),
        source,
    })?;
    let target = target(onnx_path, options);
    let name = target
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let om = build(
        bytes.into(),
        &onnx_path.display().to_string(),
        &name,
        options,
    )?;
    write(&target, &om)?;
    Ok(target)
}

/// Converts the bytes of an ONNX file to those of an `.om` called `name`.
///
/// # Errors
/// As [`convert`].
pub fn convert_bytes(onnx: &[u8], name: &str, options: &Options) -> Result<Vec<u8>, AtcError> {
    build(Bytes::copy_from_slice(onnx), name, name, options)
}

/// Appends `.om` unless it is there; without `--output` the source's name is taken.
fn target(onnx_path: &Path, options: &Options) -> PathBuf {
    let Some(output) = &options.output else {
        return onnx_path.with_extension("om");
    };
    if output.extension().is_some_and(|e| e == "om") {
        return output.clone();
    }
    let mut with_ending = output.clone().into_os_string();
    with_ending.push(".om");
    with_ending.into()
}

fn write(target: &Path, bytes: &[u8]) -> Result<(), AtcError> {
    let failed = |source| AtcError::Write {
        path: target.into(),
        source,
    };
    let folder = match target.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".atc-sim-")
        .permissions(permissions())
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(target).map_err(|e| failed(e.error))?;
    Ok(())
}

/// Temporary files are private by default; a model is made for others to read, as far as the umask lets them.
fn permissions() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o666)
}

fn build(onnx: Bytes, file: &str, name: &str, options: &Options) -> Result<Vec<u8>, AtcError> {
    options::check_soc(&options.soc_version)?;
    if let Some(path) = &options.keep_dtype {
        std::fs::metadata(path).map_err(|source| AtcError::Read {
            path: path.clone(),
            source,
        })?;
    }
    let model = read(onnx, file, options)?;
    let graph = model
        .graph
        .as_ref()
        .expect("read() refuses a model without a graph");
    let shapes = shapes::Shapes::settle(graph, options)?;
    let aipp = aipp::settle(options, &shapes)?;
    let skeleton = skeleton::Skeleton::split(model)?;
    let learned = learn::Learned::from(&skeleton, &shapes)?;
    let source = model::Source {
        name,
        options,
        shapes: &shapes,
        aipp: &aipp,
        skeleton: &skeleton,
        learned: &learned,
    };
    let (model, description, memory_size) = model::build(&source)?;
    let info = InOutInfo {
        inputs: description.inputs,
        outputs: description.outputs,
        gears: description.gears,
    };
    let tasks = ModelTaskDef {
        memory_size,
        weight_size: skeleton.weights_len as u64,
        ..ModelTaskDef::default()
    };
    drop(learned);
    assemble(
        name,
        &model.encode_to_vec(),
        &skeleton.weights(),
        &info.write(),
        &tasks,
        shapes.open,
    )
    .map_err(AtcError::Om)
}

/// Puts the partitions in the order of CANN 8. There is no machine code, so its partition is empty.
fn assemble(
    name: &str,
    model: &[u8],
    weights: &[u8],
    info: &[u8],
    tasks: &ModelTaskDef,
    open: bool,
) -> Result<Vec<u8>, OmError> {
    let mut tasks = tasks.encode_to_vec();
    tasks.extend_from_slice(&payload::blank_seal());
    let parts: [(PartitionKind, &[u8]); 5] = [
        (PartitionKind::MODEL_INOUT_INFO, info),
        (PartitionKind::MODEL_DEF, model),
        (PartitionKind::WEIGHTS_DATA, weights),
        (PartitionKind::TBE_KERNELS, &[]),
        (PartitionKind::TASK_INFO, &tasks),
    ];
    let mut file = writer::write(name, Layout::Wide, &parts)?;
    if open {
        writer::mark_unknown_shapes(&mut file);
    }
    payload::seal(&mut file);
    Ok(file)
}

fn read(onnx: Bytes, file: &str, options: &Options) -> Result<ModelProto, AtcError> {
    let not_onnx = |detail: String| AtcError::NotOnnx {
        name: file.into(),
        detail,
    };
    let mut model = ModelProto::read(onnx).map_err(|e| not_onnx(e.to_string()))?;
    let graph = model
        .graph
        .as_mut()
        .expect("read() refuses a model without a graph");
    // Random bytes can decode as a message of unknown fields; a graph without operators is none.
    if graph.node.is_empty() || graph.output.is_empty() {
        return Err(not_onnx("its graph has no operators or no outputs".into()));
    }
    let unsupported = |what: &str| AtcError::NotSupported {
        what: what.into(),
        instead: "export the model without them",
    };
    if !model.functions.is_empty() {
        return Err(unsupported("an ONNX file with model-local functions"));
    }
    if !graph.sparse_initializer.is_empty() {
        return Err(unsupported("an ONNX file with sparse constants"));
    }
    if !options.out_nodes.is_empty() {
        graph.output = choose_outputs(graph, &options.out_nodes)?;
    }
    Ok(model)
}

/// Finds the values that `--out_nodes` names, as values or as `node:index`.
fn choose_outputs(graph: &GraphProto, wanted: &[String]) -> Result<Vec<ValueInfoProto>, AtcError> {
    let find = |text: &String| -> Option<String> {
        let values = graph.node.iter().flat_map(|n| &n.output);
        if let Some(value) = values.into_iter().find(|v| *v == text && !v.is_empty()) {
            return Some(value.clone());
        }
        let (node, index) = text.rsplit_once(':')?;
        let node = graph.node.iter().find(|n| n.name == node)?;
        node.output.get(index.parse::<usize>().ok()?).cloned()
    };
    let declared = graph.output.iter().chain(&graph.value_info);
    let declared: Vec<&ValueInfoProto> = declared.collect();
    let mut list = Vec::new();
    for text in wanted {
        let name = find(text).ok_or_else(|| {
            AtcError::option(
                "--out_nodes",
                text,
                "names of values, or node:index, of this model",
            )
        })?;
        let known = declared
            .iter()
            .find(|v| v.name == name)
            .map(|v| (*v).clone());
        list.push(known.unwrap_or_else(|| ValueInfoProto {
            name,
            ..ValueInfoProto::default()
        }));
    }
    Ok(list)
}
