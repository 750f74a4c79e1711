//! Between two pictures: codes read from one model, mixed, and drawn by another.
//!
//! A model that only draws pictures has no place to take hold of. So this wants two models of one
//! network: the generator whose further outputs are the codes, and the decoder alone.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use acl::{Context, DataType, Model};

use super::error::DgnetError;
use super::generator::GeneratorError;
use super::picture::denormalise;
use super::run::Task;
use crate::graph::dgnet::Config;
use crate::imaging::{Channels, Preprocessor, Recipe};
use crate::view::Picture;

/// What a pair is inside the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Codes {
    /// Pose and background: a map of features.
    pub structure: Vec<f32>,
    /// Clothes: the maxima of the body's parts.
    pub appearance: Vec<f32>,
}

impl Codes {
    /// Mixes two appearances on the structure of `self`: at 0 its own, at 1 the other's.
    #[must_use]
    pub fn towards_appearance(&self, other: &Codes, share: f32) -> Codes {
        Codes {
            structure: self.structure.clone(),
            appearance: mixed(&self.appearance, &other.appearance, share),
        }
    }

    /// Mixes two structures in the appearance of `self`: at 0 its own, at 1 the other's.
    #[must_use]
    pub fn towards_structure(&self, other: &Codes, share: f32) -> Codes {
        Codes {
            structure: mixed(&self.structure, &other.structure, share),
            appearance: self.appearance.clone(),
        }
    }
}

fn mixed(from: &[f32], to: &[f32], share: f32) -> Vec<f32> {
    let mix = |(a, b): (&f32, &f32)| a * (1.0 - share) + b * share;
    from.iter().zip(to).map(mix).collect()
}

/// A generator that gives its codes, and the decoder that takes them.
#[derive(Debug)]
pub struct Coder {
    encoder: Network,
    decoder: Network,
    size: [usize; 2],
}

impl Coder {
    /// Loads both models and checks that they are halves of one network.
    ///
    /// The encoder has the inputs `image1` and `image2` and the outputs `structure` and
    /// `appearance`; the decoder has inputs of these names, with as many numbers, and the output
    /// `output`. All float32.
    ///
    /// # Errors
    /// [`GeneratorError`] naming the file and the tensor.
    pub fn open(
        context: &Context,
        encoder: &Path,
        decoder: &Path,
    ) -> Result<Coder, GeneratorError> {
        let encoder = Network::open(context, encoder)?;
        let decoder = Network::open(context, decoder)?;
        let image = encoder.input(Config::CONTENT_IMAGE)?;
        encoder.input(Config::STRUCTURE_IMAGE)?;
        let side = |axis: usize| image.get(axis).copied().unwrap_or(0);
        let size = [side(2), side(3)];
        for code in [Config::STRUCTURE_CODE, Config::APPEARANCE_CODE] {
            let (given, taken) = (encoder.output(code)?, decoder.input(code)?);
            if given.iter().skip(1).ne(taken.iter().skip(1)) {
                return Err(decoder.misfit(
                    format!("its input {code} has shape {taken:?}"),
                    format!("{given:?}, as {} gives it", encoder.path.display()),
                ));
            }
        }
        let picture = decoder.output(Config::OUTPUT)?;
        if picture.iter().skip(1).ne([3, size[0], size[1]].iter()) {
            return Err(decoder.misfit(
                format!("its output has shape {picture:?}"),
                format!(
                    "pictures of 3 x {} x {}, as the encoder takes",
                    size[0], size[1]
                ),
            ));
        }
        Ok(Coder {
            encoder,
            decoder,
            size,
        })
    }

    /// Reads the codes of each pair of image files.
    ///
    /// # Errors
    /// [`DgnetError::Image`], [`DgnetError::Model`].
    pub fn encode(&self, tasks: &[Task<'_>]) -> Result<Vec<Codes>, DgnetError> {
        let mut structures = self.preprocessor(Channels::Grey);
        let mut contents = self.preprocessor(Channels::Rgb);
        let mut codes = Vec::with_capacity(tasks.len());
        for batch in tasks.chunks(self.encoder.batch) {
            let (mut structure, mut content) = (Vec::new(), Vec::new());
            for task in batch {
                for (numbers, preprocessor, file) in [
                    (&mut structure, &mut structures, task.structure),
                    (&mut content, &mut contents, task.content),
                ] {
                    let start = numbers.len();
                    numbers.resize(start + preprocessor.output_len(), 0.0);
                    preprocessor.run_file(file, &mut numbers[start..], None)?;
                }
            }
            let inputs = [
                (Config::STRUCTURE_IMAGE, structure),
                (Config::CONTENT_IMAGE, content),
            ];
            let names = [Config::STRUCTURE_CODE, Config::APPEARANCE_CODE];
            let [structure, appearance] = self.encoder.run(inputs, names)?;
            let rows = self
                .encoder
                .rows(&structure)
                .zip(self.encoder.rows(&appearance));
            codes.extend(rows.take(batch.len()).map(|(structure, appearance)| Codes {
                structure: structure.to_vec(),
                appearance: appearance.to_vec(),
            }));
        }
        Ok(codes)
    }

    /// Draws the picture of each pair of codes.
    ///
    /// # Errors
    /// [`DgnetError::Model`]; [`DgnetError::Result`] for a picture that is not finite.
    pub fn decode(&self, codes: &[Codes]) -> Result<Vec<Picture>, DgnetError> {
        let mut pictures = Vec::with_capacity(codes.len());
        for batch in codes.chunks(self.decoder.batch) {
            let structure = batch
                .iter()
                .flat_map(|c| c.structure.iter().copied())
                .collect();
            let appearance = batch
                .iter()
                .flat_map(|c| c.appearance.iter().copied())
                .collect();
            let inputs = [
                (Config::STRUCTURE_CODE, structure),
                (Config::APPEARANCE_CODE, appearance),
            ];
            let [output] = self.decoder.run(inputs, [Config::OUTPUT])?;
            for row in self.decoder.rows(&output).take(batch.len()) {
                let picture = denormalise(row, self.size[0], self.size[1]);
                pictures.push(picture.map_err(|found| DgnetError::Result {
                    path: self.decoder.path.clone(),
                    found: format!("a picture with {found}"),
                    wanted: "finite numbers".to_owned(),
                })?);
            }
        }
        Ok(pictures)
    }

    fn preprocessor(&self, channels: Channels) -> Preprocessor {
        Preprocessor::new(Recipe {
            height: self.size[0],
            width: self.size[1],
            channels,
            ..Recipe::DGNET_CONTENT
        })
    }
}

/// A model whose tensors are all float32 and share the batch in front.
#[derive(Debug)]
struct Network {
    path: PathBuf,
    model: Model,
    batch: usize,
    inputs: HashMap<String, Vec<usize>>,
}

impl Network {
    fn open(context: &Context, path: &Path) -> Result<Network, GeneratorError> {
        let bytes = std::fs::read(path).map_err(|source| GeneratorError::Read {
            path: path.to_owned(),
            source,
        })?;
        let model = Model::from_memory(context, &bytes).map_err(|source| GeneratorError::Load {
            path: path.to_owned(),
            source,
        })?;
        let mut network = Network {
            path: path.to_owned(),
            model,
            batch: 0,
            inputs: HashMap::new(),
        };
        let inputs: Vec<_> = network
            .model
            .desc()
            .data_inputs()
            .map(|(_, input)| input.clone())
            .collect();
        for input in inputs {
            let name = &input.real_name;
            let sizes = sizes(&input.dims);
            let (Some(sizes), DataType::F32) = (sizes, input.dtype) else {
                return Err(network.misfit(
                    format!(
                        "its input {name} has shape {:?} of {}",
                        input.dims, input.dtype
                    ),
                    "fixed sizes and f32".to_owned(),
                ));
            };
            network.batch = sizes.first().copied().unwrap_or(0);
            network.inputs.insert(name.clone(), sizes);
        }
        Ok(network)
    }

    /// The shape of an input.
    fn input(&self, name: &str) -> Result<&[usize], GeneratorError> {
        match self.inputs.get(name) {
            Some(shape) if shape.first() == Some(&self.batch) && self.batch > 0 => Ok(shape),
            _ => {
                let names: Vec<_> = self.inputs.keys().map(String::as_str).collect();
                let found = format!("it has the inputs {}", names.join(", "));
                Err(self.misfit(found, format!("one called {name}")))
            }
        }
    }

    /// The shape of an output, which must be float32.
    fn output(&self, name: &str) -> Result<Vec<usize>, GeneratorError> {
        let desc = self.model.desc();
        let output = desc
            .output(name)
            .ok()
            .and_then(|index| desc.outputs.get(index));
        let shape = output.filter(|output| output.dtype == DataType::F32);
        shape.and_then(|output| sizes(&output.dims)).ok_or_else(|| {
            let names: Vec<_> = desc.outputs.iter().map(|o| o.real_name.as_str()).collect();
            let found = format!("it has the outputs {}", names.join(", "));
            self.misfit(found, format!("one called {name} of f32"))
        })
    }

    fn misfit(&self, found: String, wanted: String) -> GeneratorError {
        GeneratorError::NotDgnet {
            path: self.path.clone(),
            found,
            wanted,
        }
    }

    /// Runs one batch, filled up with zeros.
    fn run<const I: usize, const O: usize>(
        &self,
        inputs: [(&str, Vec<f32>); I],
        outputs: [&str; O],
    ) -> Result<[Vec<f32>; O], GeneratorError> {
        let mut bindings = self.model.bindings()?;
        for (name, mut numbers) in inputs {
            let count = self
                .inputs
                .get(name)
                .map_or(0, |shape| shape.iter().product());
            numbers.resize(count, 0.0);
            bindings.write_slice(name, &numbers)?;
        }
        self.model.execute(&mut bindings)?;
        let mut all = [const { Vec::new() }; O];
        for (numbers, name) in all.iter_mut().zip(outputs) {
            *numbers = bindings.read::<f32>(name)?.iter().copied().collect();
        }
        Ok(all)
    }

    /// The rows of an output.
    fn rows<'a>(&self, numbers: &'a [f32]) -> std::slice::ChunksExact<'a, f32> {
        numbers.chunks_exact((numbers.len() / self.batch).max(1))
    }
}

fn sizes(dims: &[i64]) -> Option<Vec<usize>> {
    let sizes = dims
        .iter()
        .map(|dim| usize::try_from(*dim).ok().filter(|n| *n > 0));
    sizes.collect()
}
