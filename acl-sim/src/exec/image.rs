//! The loaded model: what the API layer holds.

use ascend_om::OmError;
use ascend_om::container::{Flavour, Om, PartitionKind};
use ascend_om::describe::{self, Description};
use ascend_om::dtype;
use ascend_om::inout_info::InOutInfo;
use ascend_om::model_def::{decode_model, decode_tasks};

use super::aipp_plan::{self, Role};
use super::choice::EngineKind;
use super::engine::{Engine, Tensor};
use super::info::{ModelInfo, OutputTensor, TensorInfo};
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
        let om = Om::parse(bytes)?;
        let sealed = payload::check_seal(bytes)?;
        refuse_other_kinds(&om)?;
        let mut model = decode_model(om.root().require(PartitionKind::MODEL_DEF)?)?;
        let graph = payload::take_graph(&mut model, sealed)?;
        let description = describe::describe(&model)?;
        let roles = aipp_plan::roles(&model, &description.inputs);
        drop(model);
        let Some(graph) = graph else {
            return Err(vendor_model(
                "a model converted by the vendor's atc",
                &description,
            ));
        };
        let weights = om.root().require(PartitionKind::WEIGHTS_DATA)?;
        let engine = kind
            .load(graph, weights)
            .map_err(|e| ModelError::Graph { detail: e.0 })?;
        Self::build(description, roles?, sizes(&om)?, engine)
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
        Some(Ok(description)) => Err(vendor_model(kind, &description)),
        _ => Err(ModelError::Container(OmError::Model(format!(
            "found {kind}, wanted a single device model"
        )))),
    }
}

/// Files of CANN 3.x and older say neither chip nor version.
fn vendor_model(kind: &'static str, description: &Description) -> ModelError {
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
    }
}
