//! Which structure each content gets.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::error::DgnetError;
use super::names::{Naming, PairName};
use super::people::People;
use crate::synth::{Dice, Purpose};

/// Two images, by their positions in a [`People`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The image whose pose and background are kept.
    pub structure: usize,
    /// The image whose clothes are put on.
    pub content: usize,
}

/// How the pairs are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pairing<'a> {
    /// Drawn: see [`permuted`].
    Seeded {
        /// The seed.
        seed: u64,
        /// Structures for each content, one or more.
        structures: usize,
    },
    /// Read from a file: see [`read_pairs`].
    File(&'a Path),
}

impl Pairing<'_> {
    /// Makes the pairs, and sees that no two are written to the same file.
    ///
    /// # Errors
    /// [`DgnetError`] for a bad pairs file, names that do not fit, or colliding pairs.
    pub fn pairs(&self, people: &People) -> Result<Vec<Pair>, DgnetError> {
        let pairs = match self {
            Pairing::Seeded { seed, structures } => permuted(people, *seed, *structures)?,
            Pairing::File(path) => read_pairs(path, people)?,
        };
        check(people, &pairs)?;
        Ok(pairs)
    }
}

/// Pairs every content in order with the images in a drawn order, as the reference pairs them.
///
/// The reference draws one permutation from an unstated seed. Here it is the shuffle of Fisher and
/// Yates from the last position down, with PCG-64 seeded by `seed` and the number of the round.
/// `structures` rounds are made; one after the other gives each content one more structure. Names
/// tell a structure's person alone, so a person whom the content has met in an earlier round is
/// passed over for the next image of the shuffle: only the first round is then a permutation.
///
/// # Errors
/// [`DgnetError::TooManyStructures`] when there are fewer persons than rounds.
pub fn permuted(people: &People, seed: u64, structures: usize) -> Result<Vec<Pair>, DgnetError> {
    let count = people.samples.len();
    let class = |sample: usize| people.samples[sample].class;
    let mut seen: Vec<usize> = (0..count).map(class).collect();
    seen.dedup();
    if structures > seen.len() {
        return Err(DgnetError::TooManyStructures {
            wanted: structures,
            people: seen.len(),
        });
    }
    let mut met: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut pairs = Vec::with_capacity(count * structures);
    for round in 0..structures {
        let mut dice = Dice::new(seed, Purpose::Custom, &[round as u64]);
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, dice.below(last + 1));
        }
        for (content, met) in met.iter_mut().enumerate() {
            let mut onwards = order[content..].iter().chain(&order[..content]);
            let free = onwards.find(|structure| !met.contains(&class(**structure)));
            let Some(&structure) = free else { continue };
            met.push(class(structure));
            pairs.push(Pair { structure, content });
        }
    }
    Ok(pairs)
}

/// The first line of a pairs file.
const HEADER: &str = "content\tstructure";

/// Reads a pairs file: a line for each pair, the content's path below the folder of people, a tab,
/// the structure's. Empty lines and lines that begin with `#` are passed over, and so is the
/// heading.
///
/// # Errors
/// [`DgnetError::Read`], or [`DgnetError::Pairs`] with the line.
pub fn read_pairs(path: &Path, people: &People) -> Result<Vec<Pair>, DgnetError> {
    let text = fs::read_to_string(path).map_err(DgnetError::read(path))?;
    let places: HashMap<&str, usize> = people
        .samples
        .iter()
        .enumerate()
        .map(|(place, sample)| (sample.name.as_str(), place))
        .collect();
    let mut pairs = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') || line == HEADER {
            continue;
        }
        let wrong = |found: &str, wanted: String| DgnetError::Pairs {
            path: path.to_owned(),
            line: number + 1,
            found: format!("{found:?}"),
            wanted,
        };
        let Some((content, structure)) = line.split_once('\t') else {
            return Err(wrong(line, "two paths with a tab between them".into()));
        };
        let place = |name: &str| {
            places.get(name).copied().ok_or_else(|| {
                let example = &people.samples[0].name;
                let root = people.root.display();
                wrong(name, format!("an image below {root}, such as {example}"))
            })
        };
        pairs.push(Pair {
            structure: place(structure)?,
            content: place(content)?,
        });
    }
    if pairs.is_empty() {
        return Err(DgnetError::Pairs {
            path: path.to_owned(),
            line: 1,
            found: "no pairs".into(),
            wanted: "at least one line with two paths and a tab between them".into(),
        });
    }
    Ok(pairs)
}

/// Writes pairs so that [`read_pairs`] reads them, with `notes` in front.
#[must_use]
pub fn pairs_text(people: &People, pairs: &[Pair], notes: &[String]) -> String {
    let mut text = String::new();
    for note in notes {
        let _ = writeln!(text, "# {note}");
    }
    let _ = writeln!(text, "{HEADER}");
    for pair in pairs {
        let (content, structure) = (
            &people.samples[pair.content],
            &people.samples[pair.structure],
        );
        let _ = writeln!(text, "{}\t{}", content.name, structure.name);
    }
    text
}

/// Sees that every pair has a name of its own.
fn check(people: &People, pairs: &[Pair]) -> Result<(), DgnetError> {
    let mut names: HashMap<String, Pair> = HashMap::with_capacity(pairs.len());
    let show = |pair: Pair| {
        let name = |place: usize| people.samples[place].name.clone();
        format!("{} on {}", name(pair.content), name(pair.structure))
    };
    for &pair in pairs {
        let (structure, content) = (
            &people.samples[pair.structure],
            &people.samples[pair.content],
        );
        let name = PairName::of(structure, content)?;
        // The guide's file names are the shorter ones.
        let [file, _] = name.pictures(Naming::Guide, "jpg");
        if let Some(first) = names.insert(file, pair) {
            return Err(DgnetError::Collision {
                first: show(first),
                second: show(pair),
                name: name.stem(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::people::Sample;
    use super::*;

    fn people(persons: usize, images: usize) -> People {
        let samples = (0..persons * images).map(|i| {
            let class = i / images;
            let name = format!("{class:04}/{class:04}_c1s1_{i:06}_01.jpg");
            let path = name.clone().into();
            Sample { path, name, class }
        });
        People {
            root: "people".into(),
            classes: (0..persons).map(|class| format!("{class:04}")).collect(),
            samples: samples.collect(),
        }
    }

    #[test]
    fn a_round_is_a_permutation_that_the_seed_decides() {
        let people = people(10, 7);
        let one = permuted(&people, 3, 1).unwrap();
        let contents: Vec<usize> = one.iter().map(|pair| pair.content).collect();
        assert_eq!(contents, (0..70).collect::<Vec<_>>());
        let mut structures: Vec<usize> = one.iter().map(|pair| pair.structure).collect();
        assert_ne!(structures, contents);
        structures.sort_unstable();
        assert_eq!(structures, contents);
        assert_eq!(one, permuted(&people, 3, 1).unwrap());
        assert_ne!(one, permuted(&people, 4, 1).unwrap());
        // Written pairs are part of what users keep: the draw must not change between versions.
        let first: Vec<usize> = one.iter().take(6).map(|pair| pair.structure).collect();
        assert_eq!(first, FIRST);
    }

    const FIRST: [usize; 6] = [14, 54, 26, 19, 23, 21];

    #[test]
    fn more_structures_are_of_other_people_and_never_collide() {
        let people = people(4, 5);
        for structures in 1..=4 {
            let pairing = Pairing::Seeded {
                seed: 9,
                structures,
            };
            let pairs = pairing.pairs(&people).unwrap();
            assert_eq!(pairs.len(), 20 * structures);
            assert_eq!(pairs[..20], permuted(&people, 9, 1).unwrap()[..]);
        }
        let text = permuted(&people, 9, 5).unwrap_err().to_string();
        assert!(text.contains("4 people"), "{text}");
    }

    #[test]
    fn a_pairs_file_is_read_back_and_its_faults_are_named_by_line() {
        let people = people(3, 2);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.tsv");
        let pairs = permuted(&people, 1, 2).unwrap();
        fs::write(&path, pairs_text(&people, &pairs, &["seed 1".to_owned()])).unwrap();
        assert_eq!(Pairing::File(&path).pairs(&people).unwrap(), pairs);

        let known = &people.samples[0].name;
        for (text, wanted) in [
            (String::new(), "no pairs"),
            (format!("{known}\n"), "line 1"),
            (
                format!("# x\n{known}\tnobody.jpg\n"),
                "line 2: found \"nobody.jpg\"",
            ),
            (
                format!(
                    "{known}\t{}\n{known}\t{}\n",
                    people.samples[2].name, people.samples[3].name
                ),
                "different people",
            ),
        ] {
            fs::write(&path, text).unwrap();
            let error = Pairing::File(&path).pairs(&people).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
