//! Models whose shapes are open: how much memory their inputs and outputs need.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use acl::{Bindings, DataType, Model};

use super::error::InferError;
use super::inputs::InputFiles;
use super::npy::NpyHeader;

/// Memory that an output of unknown size is given at first.
const FIRST_GUESS: usize = 1 << 20;
/// Memory beyond which an output is not grown.
const LARGEST_GUESS: usize = 1 << 31;

/// The shapes of all data inputs for one run.
pub(super) type Shapes = Vec<Vec<i64>>;

/// What bindings of open shapes are made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rooms {
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    first: Shapes,
}

/// Reads the shapes of the files of one sample.
pub(super) fn shapes_of<'a>(
    files: impl IntoIterator<Item = &'a Path>,
) -> Result<Shapes, InferError> {
    files
        .into_iter()
        .map(|path| {
            let mut file = File::open(path).map_err(InferError::io(path))?;
            Ok(NpyHeader::read(path, &mut file)?.shape)
        })
        .collect()
}

/// Lists the different shapes of all samples.
pub(super) fn all_shapes(files: &InputFiles) -> Result<Vec<Shapes>, InferError> {
    let mut all = BTreeSet::new();
    for sample in 0..files.len() {
        let paths = files.lists.iter().map(|list| list[sample].as_path());
        all.insert(shapes_of(paths)?);
    }
    Ok(all.into_iter().collect())
}

fn bytes(dtype: DataType, dims: &[i64]) -> usize {
    dims.iter()
        .map(|dim| usize::try_from(*dim).unwrap_or(0))
        .fold(dtype.size().unwrap_or(1), usize::saturating_mul)
}

impl Rooms {
    /// Finds the memory for all of `shapes`, by running the model once with each: outputs begin with
    /// `given` bytes, or a guess, and are doubled while the run fails.
    pub(super) fn find(
        model: &Model,
        shapes: &[Shapes],
        given: &[usize],
    ) -> Result<Self, InferError> {
        let desc = model.desc();
        let Some(first) = shapes.first() else {
            return Err(InferError::Misfit("no shape was given".to_owned()));
        };
        if !given.is_empty() && given.len() != desc.outputs.len() {
            return Err(InferError::Misfit(format!(
                "--outputSize has {} sizes, the model has {} outputs",
                given.len(),
                desc.outputs.len()
            )));
        }
        let mut rooms = Self {
            inputs: desc.inputs.iter().map(|tensor| tensor.size).collect(),
            outputs: (0..desc.outputs.len())
                .map(|index| match (given.get(index), desc.outputs[index].size) {
                    (Some(given), _) => (*given).max(1),
                    (None, 0) => FIRST_GUESS,
                    (None, size) => size,
                })
                .collect(),
            first: first.clone(),
        };
        for shapes in shapes {
            for ((index, tensor), dims) in desc.data_inputs().zip(shapes) {
                let room = &mut rooms.inputs[index];
                *room = (*room).max(bytes(tensor.dtype, dims));
            }
        }
        let mut needs = vec![1; rooms.outputs.len()];
        for shapes in shapes {
            let bindings = rooms.grow_until_it_runs(model, shapes)?;
            for (index, need) in needs.iter_mut().enumerate() {
                let dims = bindings.output_dims(index)?;
                *need = (*need).max(bytes(desc.outputs[index].dtype, dims));
            }
        }
        // Every slot has as much: no more than is needed.
        rooms.outputs = needs;
        Ok(rooms)
    }

    fn grow_until_it_runs(
        &mut self,
        model: &Model,
        shapes: &Shapes,
    ) -> Result<Bindings, InferError> {
        loop {
            let mut bindings = self.make(model, shapes)?;
            bindings.upload()?;
            match model.execute(&mut bindings) {
                Ok(()) => {
                    bindings.download()?;
                    return Ok(bindings);
                }
                Err(error) if self.outputs.iter().all(|room| *room < LARGEST_GUESS) => {
                    log::info!(
                        "outputs of {:?} bytes were not enough, or the model failed: {error}; \
                         trying twice as much",
                        self.outputs
                    );
                    self.outputs.iter_mut().for_each(|room| *room *= 2);
                }
                Err(error) => {
                    return Err(InferError::Misfit(format!(
                        "the model fails with the shapes {shapes:?}, also with outputs of {:?} \
                         bytes: {error}",
                        self.outputs
                    )));
                }
            }
        }
    }

    fn make(&self, model: &Model, shapes: &Shapes) -> acl::Result<Bindings> {
        let mut bindings = model
            .open_bindings(&self.inputs, &self.outputs)?
            .with_staging()?;
        bindings.set_shapes(shapes)?;
        Ok(bindings)
    }

    /// Makes bindings with the first shapes set.
    pub(super) fn bindings(&self, model: &Model) -> acl::Result<Bindings> {
        self.make(model, &self.first)
    }
}
