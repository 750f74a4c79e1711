//! The loaded model: what the API layer holds.

use std::collections::HashMap;
use std::path::Path;

use ascend_om::OmError;
use ascend_om::attrs::{AttrTables, Attrs};
use ascend_om::container::{Flavour, Om, PartitionKind};
use ascend_om::describe::{self, Description};
use ascend_om::dtype;
use ascend_om::inout_info::InOutInfo;
use ascend_om::model_def::{ModelDef, decode_model, decode_tasks};

use super::aipp_plan::{self, Role};
use super::choice::EngineKind;
use super::engine::{Engine, Tensor};
use super::info::{ModelInfo, OutputTensor, TensorInfo};
use super::vendor::{self, VendorOptions};
use super::{ModelError, payload, tensor};

/// A parsed `.om` with its graph ready to run.
///
/// It owns everything: the bytes it was made from may go. Runs may happen on several threads at once.
#[derive(Debug)]
pub struct ModelImage {
    info: ModelInfo,
    /// Output dims by gear, then output; empty without gears.
    gear_outputs: Vec<Vec<Vec<i64>>>,
    /// Number of inputs that carry data: all but the hidden ones.
    data_inputs: usize,
    /// What each input is, hidden ones too.
    roles: Vec<Role>,
    engine: Box<dyn Engine>,
    /// Operators, and what they are called in the source graph.
    original_names: HashMap<String, String>,
}

/// What a file holds, checked.
struct Parts {
    graph: Vec<u8>,
    description: Description,
    roles: Vec<Role>,
    /// Work and weight memory.
    sizes: (usize, usize),
    /// Where the weights lie in the file.
    weights: std::ops::Range<usize>,
    original_names: HashMap<String, String>,
}

impl Parts {
    /// Checks header, partitions and seal, and reads all but the weights; `None` for a model of the vendor's converter.
    fn of(bytes: &[u8]) -> Result<Option<Self>, ModelError> {
        let om = Om::parse(bytes)?;
        let sealed = payload::check_seal(bytes)?;
        refuse_other_kinds(&om)?;
        let mut model = decode_model(om.root().require(PartitionKind::MODEL_DEF)?)?;
        let graph = payload::take_graph(&mut model, sealed);
        if graph.is_err() {
            // A partition that is missing has a code of its own.
            sizes(&om)?;
        }
        let graph = graph?;
        let description = describe::describe(&model)?;
        let original_names = original_names(&model);
        let roles = aipp_plan::roles(&model, &description.inputs);
        drop(model);
        let Some(graph) = graph else {
            return Ok(None);
        };
        let weights = om.root().require(PartitionKind::WEIGHTS_DATA)?;
        let start = weights.as_ptr().addr() - bytes.as_ptr().addr();
        Ok(Some(Self {
            graph,
            description,
            roles: roles?,
            sizes: sizes(&om)?,
            weights: start..start + weights.len(),
            original_names,
        }))
    }

    fn load(self, weights: Vec<u8>, kind: EngineKind) -> Result<ModelImage, ModelError> {
        let engine = kind
            .load(self.graph, weights)
            .map_err(|e| ModelError::Graph { detail: e.0 })?;
        let mut image = ModelImage::build(self.description, self.roles, self.sizes, engine)?;
        image.original_names = self.original_names;
        Ok(image)
    }
}

impl ModelImage {
    /// Loads a model: checks header, partitions and seal, reads the description, prepares the graph.
    ///
    /// Weights are copied once, out of `bytes`; nothing else grows with them.
    ///
    /// # Errors
    /// [`ModelError`]; in particular [`ModelError::VendorModel`] for a file that the simulator's converter did not
    /// write, and [`ModelError::Damaged`] for one that changed since it did.
    pub fn parse(bytes: &[u8]) -> Result<Self, ModelError> {
        let kind = EngineKind::from_environment();
        Self::parse_for(bytes, kind.map_err(|e| ModelError::Graph { detail: e.0 })?)
    }

    /// Parses a model as [`Self::parse`] does, for an engine of the caller's choice.
    ///
    /// # Errors
    /// [`ModelError`], also where the engine cannot be had.
    pub fn parse_for(bytes: &[u8], kind: EngineKind) -> Result<Self, ModelError> {
        match Parts::of(bytes)? {
            Some(parts) => {
                let weights = bytes[parts.weights.clone()].to_vec();
                parts.load(weights, kind)
            }
            None => Self::of_vendor(bytes, kind, &options(None)?),
        }
    }

    /// Loads a model as [`Self::parse`] does, from the bytes of the file `path`, which it may keep: the weights stay
    /// where they are read, so that a large model needs no more memory than its file. A vendor's model may be run by
    /// the ONNX that lies beside it.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn take(mut bytes: Vec<u8>, path: &Path) -> Result<Self, ModelError> {
        let kind = EngineKind::from_environment();
        let kind = kind.map_err(|e| ModelError::Graph { detail: e.0 })?;
        let Some(parts) = Parts::of(&bytes)? else {
            return Self::of_vendor(&bytes, kind, &options(Some(path))?);
        };
        // Moved to the front, where the engine finds its values aligned.
        bytes.truncate(parts.weights.end);
        bytes.drain(..parts.weights.start);
        parts.load(bytes, kind)
    }

    /// Loads a model of the vendor's converter, with which `options` says what it may be run.
    ///
    /// # Errors
    /// [`ModelError::VendorModel`] with the reason when it cannot be run on a CPU, or is no such model.
    pub fn of_vendor(
        bytes: &[u8],
        kind: EngineKind,
        options: &VendorOptions,
    ) -> Result<Self, ModelError> {
        let om = Om::parse(bytes)?;
        refuse_other_kinds(&om)?;
        let model = decode_model(om.root().require(PartitionKind::MODEL_DEF)?)?;
        let description = describe::describe(&model)?;
        let weights = om.root().find(PartitionKind::WEIGHTS_DATA).unwrap_or(&[]);
        let engine = vendor::engine(&model, weights, &description, options, kind)
            .map_err(|why| vendor_model(VENDOR, &description, why))?;
        let names = original_names(&model);
        let roles = aipp_plan::roles(&model, &description.inputs)?;
        let mut image = Self::build(description, roles, sizes(&om)?, engine)?;
        image.original_names = names;
        Ok(image)
    }

    fn build(
        description: Description,
        roles: Vec<Role>,
        (work_size, weight_size): (usize, usize),
        engine: Box<dyn Engine>,
    ) -> Result<Self, ModelError> {
        let parameters = |role: &Role| matches!(role, Role::Parameters);
        let hidden = description
            .inputs
            .iter()
            .zip(&roles)
            .filter(|(i, role)| i.name == describe::GEAR_INPUT || parameters(role))
            .count();
        let data_inputs = description.inputs.len() - hidden;
        let info = ModelInfo {
            name: description.name,
            soc_version: description.soc_version,
            inputs: tensor_infos(description.inputs),
            outputs: tensor_infos(description.outputs),
            work_size,
            weight_size,
            gears: description.gears.into(),
        };
        let listed = (data_inputs, info.outputs.len());
        let graph = (engine.inputs(), engine.outputs());
        if listed != graph {
            return Err(ModelError::Graph {
                detail: format!(
                    "found {} inputs and {} outputs in it, wanted the {} and {} of the description",
                    graph.0, graph.1, listed.0, listed.1
                ),
            });
        }
        Ok(Self {
            info,
            gear_outputs: description.output_dims,
            data_inputs,
            roles,
            engine,
            original_names: HashMap::new(),
        })
    }

    /// Gets the bytes of work and weight memory without preparing the graph. Real device models answer too.
    ///
    /// # Errors
    /// [`ModelError`] when the container is damaged, or holds a graph only.
    pub fn query_size(bytes: &[u8]) -> Result<(usize, usize), ModelError> {
        let om = Om::parse(bytes)?;
        payload::check_seal(bytes)?;
        sizes(&om)
    }

    /// Describes a file without loading it, by its MODEL_INOUT_INFO partition only, as `aclmdlGetDescFromMem` does.
    ///
    /// Real device models that carry the partition (CANN 6 and later) answer too. Name, chip and memory sizes are not
    /// in that partition: they are empty and 0.
    ///
    /// # Errors
    /// [`ModelError::Container`] when the container is damaged or too old to have the partition.
    pub fn describe(bytes: &[u8]) -> Result<ModelInfo, ModelError> {
        let om = Om::parse(bytes)?;
        payload::check_seal(bytes)?;
        let info = InOutInfo::parse(om.root().require(PartitionKind::MODEL_INOUT_INFO)?)?;
        Ok(ModelInfo {
            name: String::new(),
            soc_version: String::new(),
            inputs: tensor_infos(info.inputs),
            outputs: tensor_infos(info.outputs),
            work_size: 0,
            weight_size: 0,
            gears: info.gears.into(),
        })
    }

    /// Gets what the model tells about itself.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// Gets the dims of output `index`: with a gear's index those of that gear, else the static ones (of a geared
    /// model: those of the largest gear). `None` when there is no such output or gear.
    #[must_use]
    pub fn output_dims(&self, index: usize, gear: Option<usize>) -> Option<Vec<i64>> {
        match gear {
            Some(gear) => self.gear_outputs.get(gear)?.get(index).cloned(),
            None => self.info.outputs.get(index).map(|o| o.dims.clone()),
        }
    }

    /// Gets the names that an operator has in the source graph, with semicolons between; empty for one that the
    /// converter made, `None` when there is no such operator.
    #[must_use]
    pub fn original_names(&self, operator: &str) -> Option<&str> {
        self.original_names.get(operator).map(String::as_str)
    }

    /// Runs the graph on the CPU.
    ///
    /// `inputs` are the data inputs in index order, then those with the parameters of dynamic AIPP (the hidden
    /// `ascend_mbatch_shape_data` is not passed); `shapes` are the data inputs' dims for this run: those of the
    /// description, with the gear's values in dynamic positions. A buffer of a geared model may be longer than the
    /// gear needs (callers allocate for the largest); the rest is not read. The result holds one tensor for each
    /// output, in the element types of the description.
    ///
    /// # Errors
    /// [`ModelError`] when inputs do not fit, or an operator fails.
    pub fn run(
        &self,
        inputs: &[&[u8]],
        shapes: &[Vec<i64>],
    ) -> Result<Vec<OutputTensor>, ModelError> {
        let parameters = self.roles.iter().filter(|r| matches!(r, Role::Parameters));
        let wanted = [self.data_inputs + parameters.count(), self.data_inputs];
        for (found, wanted) in [inputs.len(), shapes.len()].into_iter().zip(wanted) {
            if found != wanted {
                return Err(ModelError::InputCount { found, wanted });
            }
        }
        let mut tensors = Vec::with_capacity(inputs.len());
        for (index, (bytes, shape)) in inputs.iter().zip(shapes).enumerate() {
            let parameters = match self.roles[index] {
                Role::Dynamic(_, index) => inputs.get(index).copied(),
                _ => None,
            };
            tensors.push(self.input(index, bytes, shape, parameters)?);
        }
        self.check_gear(shapes)?;
        let results = self
            .engine
            .run(&tensors)
            .map_err(|e| ModelError::Run { detail: e.0 })?;
        let outputs = self.info.outputs.iter().zip(&results);
        outputs.map(|(info, tensor)| output(info, tensor)).collect()
    }

    /// Gets what input `index` is, hidden ones too.
    pub(crate) fn role(&self, index: usize) -> &Role {
        self.roles.get(index).unwrap_or(&Role::Plain)
    }

    /// Counts the bytes that data input `index` must have when its shape is `shape`.
    pub(crate) fn input_bytes(&self, index: usize, shape: &[i64]) -> usize {
        match self.roles[index].plan() {
            Some(plan) => plan.bytes(shape).unwrap_or(usize::MAX),
            None => usize::try_from(describe::bytes_of(shape, self.info.inputs[index].dtype))
                .unwrap_or(usize::MAX),
        }
    }

    fn input<'a>(
        &self,
        index: usize,
        bytes: &'a [u8],
        shape: &[i64],
        parameters: Option<&[u8]>,
    ) -> Result<Tensor<'a>, ModelError> {
        let info = &self.info.inputs[index];
        let wrong = |found: String, wanted: String| ModelError::Input {
            index,
            name: info.name.clone(),
            found,
            wanted,
        };
        let same = |(&have, &want): (&i64, &i64)| have == want || (want == -1 && have >= 0);
        if shape.len() != info.dims.len() || !shape.iter().zip(&info.dims).all(same) {
            return Err(wrong(
                format!("shape {shape:?}"),
                format!("shape {:?}", info.dims),
            ));
        }
        let need = self.input_bytes(index, shape);
        let exact = self.info.gears.is_empty();
        if bytes.len() < need || (exact && bytes.len() != need) {
            return Err(wrong(
                format!("{} bytes", bytes.len()),
                format!("{need} bytes"),
            ));
        }
        if let Some(plan) = self.roles[index].plan() {
            let made = plan.run(shape, &bytes[..need], parameters);
            return made.map_err(|detail| ModelError::Aipp {
                input: info.name.clone(),
                detail,
            });
        }
        let elements = tensor::decode(&bytes[..need], info.dtype)
            .map_err(|found| wrong(found, "values that fit".into()))?;
        let dims = shape
            .iter()
            .map(|&d| usize::try_from(d).expect("checked above to be 0 or more"));
        Ok(Tensor {
            dims: dims.collect(),
            elements,
        })
    }

    /// A chip runs only the shapes it was compiled for, so others are refused although the engine would take them.
    fn check_gear(&self, shapes: &[Vec<i64>]) -> Result<(), ModelError> {
        if self.info.gears.is_empty() {
            return Ok(());
        }
        let open = self
            .info
            .inputs
            .iter()
            .zip(shapes)
            .flat_map(|(info, shape)| {
                let pairs = info.dims.iter().zip(shape);
                pairs
                    .filter(|(d, _)| **d == -1)
                    .map(|(_, s)| s.unsigned_abs())
            });
        let chosen: Vec<u64> = open.collect();
        // Several inputs may share a batch or an image size: then one gear's values repeat.
        let fits = |gear: Vec<u64>| {
            chosen.len() >= gear.len()
                && chosen
                    .chunks(gear.len().max(1))
                    .all(|c| c == gear.as_slice())
        };
        let known = (0..self.info.gears.len()).filter_map(|i| self.info.gears.values(i));
        if known.into_iter().any(fits) {
            return Ok(());
        }
        Err(ModelError::Gear {
            found: format!("{chosen:?}"),
            wanted: format!("{:?}", self.info.gears),
        })
    }
}

/// Lists all operators with the names that the converter recorded for them.
fn original_names(model: &ModelDef) -> HashMap<String, String> {
    let tables = AttrTables::of(model);
    let ops = model.graph.iter().flat_map(|graph| &graph.op);
    ops.map(|op| {
        let attrs = Attrs::new(&op.attr, &tables);
        let names = attrs.texts(payload::ORIGINAL_NAMES).unwrap_or_default();
        let name = String::from_utf8_lossy(&op.name).into_owned();
        (name, names.join(";"))
    })
    .collect()
}

fn output(info: &TensorInfo, tensor: &Tensor<'_>) -> Result<OutputTensor, ModelError> {
    let bytes = tensor::encode(tensor, info.dtype).ok_or_else(|| ModelError::Dtype {
        what: format!("output {}", info.name),
        name: dtype::name(info.dtype).into(),
    })?;
    let dims = tensor
        .dims
        .iter()
        .map(|&d| i64::try_from(d).unwrap_or(i64::MAX));
    Ok(OutputTensor {
        dtype: info.dtype,
        dims: dims.collect(),
        bytes,
    })
}

fn tensor_infos(list: Vec<describe::TensorInfo>) -> Vec<TensorInfo> {
    let convert = |t: describe::TensorInfo| TensorInfo {
        name: t.name,
        dtype: t.dtype,
        format: t.format,
        dims: t.dims,
        dims_v2: t.dims_v2,
        ranges: t.ranges,
        size: usize::try_from(t.size).unwrap_or(usize::MAX),
    };
    list.into_iter().map(convert).collect()
}

/// Sizes by the rule of `aclmdlQuerySize`: work from the tasks of the root model (0 when shapes are dynamic), weights
/// summed over all models.
fn sizes(om: &Om<'_>) -> Result<(usize, usize), ModelError> {
    if !om.is_dynamic() && om.root().partitions.len() == 1 {
        return Err(ModelError::NotExecutable);
    }
    let tasks = decode_tasks(om.root().require(PartitionKind::TASK_INFO)?)?;
    let work = if om.is_dynamic() {
        0
    } else {
        tasks.memory_size
    };
    if !om.is_dynamic() {
        om.root().require(PartitionKind::WEIGHTS_DATA)?;
    }
    let weights = om
        .models
        .iter()
        .filter_map(|m| m.find(PartitionKind::WEIGHTS_DATA));
    let weight = weights.map(<[u8]>::len).sum();
    Ok((usize::try_from(work).unwrap_or(usize::MAX), weight))
}

fn refuse_other_kinds(om: &Om<'_>) -> Result<(), ModelError> {
    let kind = match om.flavour() {
        Flavour::Device => return Ok(()),
        Flavour::Phone => "a phone model (HiAI)",
        Flavour::Flow => "a flow model",
        Flavour::Bundle => "a bundle of models",
        _ => "a model of an unknown kind",
    };
    let described = om.root().find(PartitionKind::MODEL_DEF).map(decode_model);
    match described.transpose()?.map(|m| describe::describe(&m)) {
        Some(Ok(description)) => {
            let why = "its operators are those of phones".into();
            Err(vendor_model(kind, &description, why))
        }
        _ => Err(ModelError::Container(OmError::Model(format!(
            "found {kind}, wanted a single device model"
        )))),
    }
}

const VENDOR: &str = "a model converted by the vendor's atc";

fn options(path: Option<&Path>) -> Result<VendorOptions, ModelError> {
    VendorOptions::from_environment(path).map_err(|detail| ModelError::Graph { detail })
}

/// Files of CANN 3.x and older say neither chip nor version.
fn vendor_model(kind: &'static str, description: &Description, why: String) -> ModelError {
    let or = |text: &str, other: &str| {
        if text.is_empty() {
            other.to_owned()
        } else {
            text.to_owned()
        }
    };
    ModelError::VendorModel {
        kind,
        soc: or(&description.soc_version, "Ascend310"),
        atc: or(&description.atc_version, "not stated"),
        why,
    }
}
