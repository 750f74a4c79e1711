//! Image files to the network's inputs as files, for other runners.

use rayon::prelude::*;
use serde_json::json;

use super::error::DgnetError;
use super::names::PairName;
use super::output::OutputFolder;
use super::pairing::Pair;
use super::people::People;
use crate::imaging::{Preprocessor, Recipe};

/// The two folders, as the guide has them.
#[derive(Debug)]
pub struct InputFolders {
    /// The guide's `bin_path1`: contents, `[3, 256, 128]`, for the model's `image2`.
    pub content: OutputFolder,
    /// The guide's `bin_path2`: structures, `[1, 256, 128]`, for the model's `image1`.
    pub structure: OutputFolder,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Pairs in all.
    pub pairs: usize,
    /// Pairs that an earlier run had written.
    pub before: usize,
}

/// Describes a run, so that another one does not mix its files with this one's.
#[must_use]
pub fn preprocess_record(stream: &str, pairs: &str) -> serde_json::Value {
    json!({
        "command": "dgnet preprocess",
        "format": 1,
        "stream": stream,
        "pairs": pairs,
    })
}

/// Writes both inputs of every pair, float32 little-endian, channels first, each under the name of
/// the pair: `000_001_gan0872_c4s2_090259_02.bin`.
///
/// Files that are there are left; they are whole.
///
/// # Errors
/// [`DgnetError::Image`] for an image that cannot be read, [`DgnetError::Write`]. Files that were
/// written before stay.
pub fn preprocess(
    people: &People,
    pairs: &[Pair],
    folders: &InputFolders,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Written, DgnetError> {
    let done = std::sync::atomic::AtomicUsize::new(0);
    let before = pairs
        .par_iter()
        .map_init(Writer::new, |writer, pair| {
            let already = writer.write(people, *pair, folders)?;
            progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1);
            Ok::<usize, DgnetError>(usize::from(already))
        })
        .try_reduce(|| 0, |a, b| Ok(a + b))?;
    Ok(Written {
        pairs: pairs.len(),
        before,
    })
}

struct Writer {
    content: Preprocessor,
    structure: Preprocessor,
    numbers: Vec<f32>,
}

impl Writer {
    fn new() -> Writer {
        Writer {
            content: Preprocessor::new(Recipe::DGNET_CONTENT),
            structure: Preprocessor::new(Recipe::DGNET_STRUCTURE),
            numbers: vec![0.0; Recipe::DGNET_CONTENT.output_len()],
        }
    }

    fn write(
        &mut self,
        people: &People,
        pair: Pair,
        folders: &InputFolders,
    ) -> Result<bool, DgnetError> {
        let (structure, content) = (
            &people.samples[pair.structure],
            &people.samples[pair.content],
        );
        let name = format!("{}.bin", PairName::of(structure, content)?.stem());
        let mut already = true;
        for (preprocessor, sample, folder) in [
            (&mut self.content, content, &folders.content),
            (&mut self.structure, structure, &folders.structure),
        ] {
            if folder.has(&name) {
                continue;
            }
            already = false;
            let numbers = &mut self.numbers[..preprocessor.output_len()];
            preprocessor.run_file(&sample.path, numbers, None)?;
            folder.write(&name, &little_endian(numbers))?;
        }
        Ok(already)
    }
}

fn little_endian(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
}
