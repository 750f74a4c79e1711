//! What a file is and holds.

use std::collections::BTreeMap;

use ascend_om::attrs::{AttrTables, Attrs};
use ascend_om::constants::constants;
use ascend_om::container::{Flavour, PartitionKind};
use ascend_om::describe::{Gears, TensorInfo, describe};
use ascend_om::dtype;
use ascend_om::kernels::kernels;
use ascend_om::model_def::{AttrValue, OpDef};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{InspectError, Opened};
use crate::files::hex;

/// A file, as `reid om show` tells of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The file's name.
    pub file: String,
    /// Bytes of the file.
    pub bytes: usize,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// What kind of file it is.
    pub kind: &'static str,
    /// Name of the model.
    pub name: String,
    /// Version of the header, in hexadecimal.
    pub header_version: String,
    /// Platform version, for example `1.11.z.0`; not the release of CANN.
    pub platform_version: String,
    /// Number of models in the file.
    pub models: usize,
    /// Whether shapes are only known at run time.
    pub dynamic: bool,
    /// Chip; empty when the file does not say.
    pub soc_version: String,
    /// Version of the converter; empty when the file does not say.
    pub atc_version: String,
    /// Release of CANN that this converter belongs to, where that is known.
    pub cann: Option<&'static str>,
    /// The converter's command line; empty when the file does not say.
    pub atc_cmdline: String,
    /// The framework that the network came from; empty when the file does not say.
    pub framework: String,
    /// Whether names of attributes are compressed (CANN 8).
    pub compressed_attributes: bool,
    /// Parts of the file.
    pub partitions: Vec<PartitionSummary>,
    /// Inputs.
    pub inputs: Vec<TensorSummary>,
    /// Outputs.
    pub outputs: Vec<TensorSummary>,
    /// Shapes that it was converted for.
    pub gears: Gears,
    /// Bytes of work memory.
    pub work_bytes: u64,
    /// Bytes of weight memory.
    pub weight_bytes: u64,
    /// Streams, events, labels.
    pub resources: BTreeMap<&'static str, i64>,
    /// Operators by type, most frequent first.
    pub operators: Vec<(String, usize)>,
    /// Graphs: the main one and those that it calls.
    pub graphs: usize,
    /// Constants by type and layout: how many, and their bytes.
    pub constants: Vec<ConstantSummary>,
    /// Programs of the chip's cores.
    pub kernels: KernelSummary,
    /// What is odd about the file without making it unreadable.
    pub remarks: Vec<String>,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartitionSummary {
    /// What it holds.
    pub kind: String,
    /// Offset in the file.
    pub offset: u64,
    /// Bytes.
    pub bytes: usize,
}

/// An input or output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TensorSummary {
    /// Name.
    pub name: String,
    /// Element type, for example `FLOAT16`.
    pub dtype: &'static str,
    /// Format, for example `NCHW`.
    pub format: &'static str,
    /// Shape; -1 where it is open.
    pub dims: Vec<i64>,
    /// Bytes; 0 if unknown.
    pub bytes: u64,
    /// Image preprocessing of this input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aipp: Option<Aipp>,
}

/// Image preprocessing of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Aipp {
    /// `static_aipp`, `dynamic_aipp`, or how the file calls it.
    pub mode: String,
    /// Settings that are not zero, as the file has them.
    pub settings: BTreeMap<String, String>,
}

/// Constants of one type and layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConstantSummary {
    /// Element type.
    pub dtype: &'static str,
    /// Layout without what follows its colon.
    pub layout: String,
    /// How many.
    pub count: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Programs of the chip's cores.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct KernelSummary {
    /// How many.
    pub count: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Releases of CANN by the beginning of the converter's version. **Source**: real files of known releases.
const RELEASES: [(&str, &str); 4] = [
    ("1.75.", "3.1 (20.2)"),
    ("1.80.", "5.0.4"),
    ("1.82.", "5.1"),
    ("7.6.", "8.0"),
];

impl Summary {
    /// Sums a file up.
    ///
    /// # Errors
    /// [`InspectError::Om`] when what the partitions hold cannot be read.
    pub fn of(file: &Opened<'_>) -> Result<Self, InspectError> {
        let wrong = || InspectError::om(file.path);
        let (om, model) = (&file.om, &file.model);
        let description = describe(model).map_err(wrong())?;
        let found = constants(model, file.weights()).map_err(wrong())?;
        let plain = AttrTables::default();
        let attrs = Attrs::new(&model.attr, &plain);
        let text = |key| attrs.text(key).unwrap_or_default().into_owned();
        let mut remarks = Vec::new();
        let mut by_kind: BTreeMap<(&'static str, String), (usize, u64)> = BTreeMap::new();
        for constant in &found {
            let layout = constant.layout.split(':').next().unwrap_or_default();
            let entry = by_kind
                .entry((dtype::name(constant.dtype), layout.to_owned()))
                .or_default();
            *entry = (entry.0 + 1, entry.1 + constant.bytes.len() as u64);
        }
        let external = found.iter().filter(|c| c.external).count();
        if external > 0 {
            remarks.push(format!(
                "{external} constants are in files of their own (weight/ beside the .om)"
            ));
        }
        let mut programs = KernelSummary::default();
        for kind in [
            PartitionKind::TBE_KERNELS,
            PartitionKind::CUST_AICPU_KERNELS,
        ] {
            let Some(partition) = om.root().find(kind) else {
                continue;
            };
            // Phone models keep something else there.
            match kernels(partition) {
                Ok(list) => {
                    programs.count += list.len();
                    programs.bytes += list.iter().map(|k| k.image.len() as u64).sum::<u64>();
                }
                Err(error) if om.flavour() == Flavour::Device => {
                    remarks.push(format!("{kind}: {error}"))
                }
                Err(_) => {}
            }
        }
        let mut stated = 0;
        for partition in &om.root().partitions {
            if partition.stated_offset != stated && om.flavour() == Flavour::Device {
                remarks.push(format!(
                    "the table states {} for {}, which lies at {stated} behind it (the vendor's loader ignores that)",
                    partition.stated_offset, partition.kind
                ));
            }
            stated += partition.bytes.len() as u64;
        }
        let resource = |key: &'static str, shown| attrs.int(key).map(|number| (shown, number));
        let resources = [
            resource("stream_num", "streams"),
            resource("event_num", "events"),
            resource("label_num", "labels"),
            resource("notify_num", "notifies"),
        ];
        let mut operators = description.operators.clone();
        operators.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let cann = RELEASES
            .iter()
            .find(|(start, _)| description.atc_version.starts_with(start));
        let tensors = |list: &[TensorInfo]| list.iter().map(|t| tensor(file, t)).collect();
        Ok(Self {
            file: file
                .path
                .file_name()
                .map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
            bytes: file.bytes.len(),
            sha256: hex(&Sha256::digest(file.bytes)),
            kind: match om.flavour() {
                Flavour::Phone => "model for phones (HiAI)",
                _ => "model for Ascend chips",
            },
            name: if description.name.is_empty() {
                om.header.name.clone()
            } else {
                description.name.clone()
            },
            header_version: format!("{:#010x}", om.header.version),
            platform_version: om.header.platform_version.clone(),
            models: om.models.len(),
            dynamic: om.is_dynamic(),
            cann: cann.map(|(_, release)| *release),
            framework: text("framework_type"),
            compressed_attributes: attrs.int("om_compress_version").is_some(),
            partitions: partitions(file),
            inputs: tensors(&description.inputs),
            outputs: tensors(&description.outputs),
            gears: description.gears,
            work_bytes: description.memory_size,
            weight_bytes: description.weight_size,
            soc_version: description.soc_version,
            atc_version: description.atc_version,
            atc_cmdline: description.atc_cmdline,
            resources: resources.into_iter().flatten().collect(),
            operators,
            graphs: model.graph.len(),
            constants: by_kind
                .into_iter()
                .map(|((dtype, layout), (count, bytes))| ConstantSummary {
                    dtype,
                    layout,
                    count,
                    bytes,
                })
                .collect(),
            kernels: programs,
            remarks,
        })
    }
}

fn partitions(file: &Opened<'_>) -> Vec<PartitionSummary> {
    let all = file.om.models.iter().flat_map(|model| &model.partitions);
    all.map(|p| PartitionSummary {
        kind: p.kind.to_string(),
        offset: p.offset,
        bytes: p.bytes.len(),
    })
    .collect()
}

fn tensor(file: &Opened<'_>, tensor: &TensorInfo) -> TensorSummary {
    let tables = AttrTables::of(&file.model);
    let ops = file.model.graph.iter().flat_map(|graph| &graph.op);
    let own = |op: &&OpDef| op.r#type == b"Data" && op.name == tensor.name.as_bytes();
    let aipp = ops.into_iter().find(own).and_then(|op| aipp(op, &tables));
    TensorSummary {
        name: tensor.name.clone(),
        dtype: dtype::name(tensor.dtype),
        format: dtype::format_name(tensor.format),
        dims: tensor.dims.clone(),
        bytes: tensor.size,
        aipp,
    }
}

/// Reads what an input's operator says of its preprocessing.
fn aipp(op: &OpDef, tables: &AttrTables) -> Option<Aipp> {
    let attrs = Attrs::new(&op.attr, tables);
    let mode = attrs.text("_data_related_aipp_mode")?.into_owned();
    let mut settings = BTreeMap::new();
    if let Some(AttrValue::Func(named)) = attrs.get("aipp") {
        for (key, value) in Attrs::new(&named.attr, tables).iter() {
            let text = match &value.value {
                Some(AttrValue::I(i)) if *i != 0 => i.to_string(),
                Some(AttrValue::F(f)) if *f != 0.0 => f.to_string(),
                Some(AttrValue::B(true)) => "true".into(),
                Some(AttrValue::S(s)) if !s.is_empty() => String::from_utf8_lossy(s).into_owned(),
                Some(AttrValue::List(list)) if list.i.iter().any(|&i| i != 0) => {
                    format!("{:?}", list.i)
                }
                Some(AttrValue::List(list)) if list.f.iter().any(|&f| f != 0.0) => {
                    format!("{:?}", list.f)
                }
                _ => continue,
            };
            settings.insert(String::from_utf8_lossy(key).into_owned(), text);
        }
    }
    Some(Aipp { mode, settings })
}
