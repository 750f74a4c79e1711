//! The benchmarks by name: which one a folder holds, and how it is read.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::benchmark::Benchmark;
use super::named::{CUHK03_NP, DUKE, MSMT17_EXPORT};
use super::{DataError, NameRule, PersonId, ReidDataset, Verdict, market1501, msmt17};

/// Names a benchmark that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataSetKind {
    /// Market-1501, and every set with its names and folders.
    Market1501,
    /// DukeMTMC-reID.
    Duke,
    /// MSMT17, by its list files or exported into the folders of Market-1501.
    Msmt17,
    /// CUHK03 with the new protocol, `labeled` or `detected`.
    Cuhk03Np,
}

impl DataSetKind {
    /// Lists all of them.
    pub const ALL: [Self; 4] = [Self::Market1501, Self::Duke, Self::Msmt17, Self::Cuhk03Np];

    /// Returns the name for the command line and for features.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Market1501 => market1501::PROTOCOL,
            Self::Duke => "duke",
            Self::Msmt17 => "msmt17",
            Self::Cuhk03Np => "cuhk03-np",
        }
    }

    /// Finds the benchmark by the name that features remember.
    #[must_use]
    pub fn of_protocol(protocol: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == protocol)
    }

    /// Returns the number that stands for people nobody searches for, where the benchmark has one.
    /// Elsewhere 0 is a person like any other (MSMT17 counts from 0).
    #[must_use]
    pub const fn distractor(self) -> Option<PersonId> {
        match self {
            Self::Market1501 => Some(PersonId::DISTRACTOR),
            Self::Duke | Self::Msmt17 | Self::Cuhk03Np => None,
        }
    }

    /// Tells whether a person has the same number in the training and in the test part.
    #[must_use]
    pub const fn numbers_people_across_parts(self) -> bool {
        !matches!(self, Self::Msmt17)
    }

    /// Reads the lists of a copy below `root`. Images are not opened.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn open(self, root: &Path) -> Result<Box<dyn ReidDataset>, DataError> {
        Ok(match self {
            Self::Market1501 => Box::new(market1501::Dataset::open(root)?),
            Self::Duke => Box::new(Benchmark::open(root, self, &DUKE)?),
            Self::Cuhk03Np => Box::new(Benchmark::open(root, self, &CUHK03_NP)?),
            Self::Msmt17 if msmt17::has_lists(root) => Box::new(msmt17::open_lists(root)?),
            Self::Msmt17 => Box::new(Benchmark::open(root, self, &MSMT17_EXPORT)?),
        })
    }

    /// Tells which benchmark `root` holds: by the list files of MSMT17, otherwise by the names of
    /// the first files in `query/`.
    ///
    /// # Errors
    /// [`DataError::UnknownKind`] where no grammar or more than one fits; [`DataError`] for a root
    /// or folder that is absent.
    pub fn detect(root: &Path) -> Result<Self, DataError> {
        super::benchmark::check_root(root)?;
        if msmt17::has_lists(root) {
            return Ok(Self::Msmt17);
        }
        let names = first_names(&super::benchmark::subfolder(root, "query")?)?;
        let fits = |rule: &dyn NameRule| {
            let kept = |name: &&String| matches!(rule.judge(name), Verdict::Keep(_));
            names.iter().filter(kept).count()
        };
        let unknown = |problem| DataError::UnknownKind {
            root: root.to_path_buf(),
            problem,
        };
        // One stray file does not decide: the grammar that fits most names does.
        let (market, duke) = (fits(&market1501::Rule), fits(&DUKE));
        let (short, png) = (fits(&MSMT17_EXPORT), fits(&CUHK03_NP));
        let most = market.max(duke).max(short).max(png);
        if names.is_empty() {
            // Opening it says what is missing.
            return Ok(Self::Market1501);
        }
        if most == 0 {
            return Err(unknown(format!(
                "query/ holds {}, which is in no known grammar",
                names[0]
            )));
        }
        if market == most {
            return Ok(Self::Market1501);
        }
        if duke == most {
            return Ok(Self::Duke);
        }
        // `0003_c1_21` is a name in both of the others: CUHK03 has PNG files and two cameras.
        let is_png = |name: &String| name.to_ascii_lowercase().ends_with(".png");
        let two_cameras = png == most;
        match (names.iter().all(is_png), two_cameras) {
            (true, true) => Ok(Self::Cuhk03Np),
            (false, false) => Ok(Self::Msmt17),
            _ => Err(unknown(format!(
                "query/ holds {}, which may be of MSMT17 or of CUHK03-np",
                names[0]
            ))),
        }
    }

    /// Returns the folders below which the names of query and gallery are, for pictures.
    #[must_use]
    pub fn picture_folders(self, root: &Path) -> [PathBuf; 2] {
        if self == Self::Msmt17 && msmt17::has_lists(root) {
            let folder = msmt17::test_folder(root);
            return [folder.clone(), folder];
        }
        [root.join("query"), root.join("bounding_box_test")]
    }
}

/// Returns the folders with the query's and the gallery's pictures of features that remember
/// `protocol`; those of Market-1501 where the protocol is not known.
#[must_use]
pub fn picture_folders(protocol: &str, root: &Path) -> [PathBuf; 2] {
    DataSetKind::of_protocol(protocol)
        .unwrap_or(DataSetKind::Market1501)
        .picture_folders(root)
}

/// Lists the first image names of a folder, in order; enough to tell grammars apart.
fn first_names(folder: &Path) -> Result<Vec<String>, DataError> {
    let io = |source| DataError::Io {
        path: folder.to_path_buf(),
        source,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        let name = name.to_string_lossy().into_owned();
        if market1501::looks_like_image(&name) {
            names.push(name);
        }
    }
    names.sort();
    names.truncate(2000);
    Ok(names)
}

impl fmt::Display for DataSetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Says which benchmark is meant: `auto` looks at the folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataSetChoice {
    /// The one that the folder holds.
    #[default]
    Auto,
    /// This one.
    Kind(DataSetKind),
}

impl DataSetChoice {
    /// Returns the benchmark below `root`.
    ///
    /// # Errors
    /// As [`DataSetKind::detect`].
    pub fn kind(self, root: &Path) -> Result<DataSetKind, DataError> {
        match self {
            Self::Auto => DataSetKind::detect(root),
            Self::Kind(kind) => Ok(kind),
        }
    }

    /// Reads the benchmark below `root`.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn open(self, root: &Path) -> Result<Box<dyn ReidDataset>, DataError> {
        self.kind(root)?.open(root)
    }
}

impl FromStr for DataSetChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        DataSetKind::of_protocol(text)
            .map(Self::Kind)
            .ok_or_else(|| {
                let names = DataSetKind::ALL.map(DataSetKind::name).join(", ");
                format!("no such data set; wanted auto, {names}")
            })
    }
}

impl fmt::Display for DataSetChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Kind(kind) => kind.fmt(f),
        }
    }
}
