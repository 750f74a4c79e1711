//! The evaluation as one HTML file that stands alone.
//!
//! A report is sent around, opened on a phone, and looked at again in a year. So the file refers to
//! nothing: style, charts (SVG) and thumbnails (JPEG in data URIs) are in it, there is no script,
//! and its content security policy forbids the browser to fetch anything. What came from outside
//! (file names, paths, messages, the command line) passes [`escape`] on its way in.
//!
//! The markup is well-formed XML too, so that a strict parser can check it.

mod charts;
mod error;
mod escape;
mod examples;
mod page;
mod thumbnail;

#[cfg(test)]
mod tests;

pub use error::ReportError;
pub use escape::escape;

use std::path::{Path, PathBuf};

use crate::eval::Report;
use crate::features::Features;
use crate::files::write_file;

/// Holds what a report is made of.
#[derive(Clone, Debug)]
pub struct HtmlReport<'a> {
    /// The evaluation.
    pub report: &'a Report,
    /// The features that were evaluated, for the lists of answers.
    pub features: &'a Features,
    /// The data set's folder with `query/` and `bounding_box_test/`; a picture that is not there is
    /// shown as missing.
    pub data: PathBuf,
    /// The command line that made the report, see [`command_line`].
    pub command: String,
    /// A remark that stands above everything, such as that weights are untrained.
    pub note: Option<String>,
    /// How many of the best and of the worst queries to show.
    pub examples: usize,
    /// How many answers to show for each.
    pub answers: usize,
}

impl<'a> HtmlReport<'a> {
    /// Makes a report of six best and six worst queries with ten answers each; the pictures are
    /// looked for where the features say that the data was.
    #[must_use]
    pub fn new(report: &'a Report, features: &'a Features) -> Self {
        Self {
            report,
            features,
            data: PathBuf::from(&features.provenance.data.root),
            command: String::new(),
            note: None,
            examples: 6,
            answers: 10,
        }
    }

    /// Renders the page.
    ///
    /// # Errors
    /// [`ReportError::Eval`] if features and report do not belong together.
    pub fn render(&self) -> Result<String, ReportError> {
        page::render(self)
    }

    /// Writes the page, under a temporary name until it is whole.
    ///
    /// # Errors
    /// [`ReportError::Write`] if the folder is absent or full, and as [`Self::render`].
    pub fn write(&self, path: &Path) -> Result<(), ReportError> {
        let page = self.render()?;
        write_file(path, |file| file.write_all(page.as_bytes())).map_err(|source| {
            ReportError::Write {
                path: path.to_owned(),
                source,
            }
        })?;
        Ok(())
    }
}

/// Spells the command line of this process as a shell would take it.
#[must_use]
pub fn command_line() -> String {
    let words = std::env::args_os().enumerate().map(|(index, word)| {
        let word = word.to_string_lossy().into_owned();
        if index == 0 {
            // The program, wherever it lies.
            return Path::new(&word)
                .file_name()
                .map_or(word.clone(), |name| name.to_string_lossy().into_owned());
        }
        quoted(&word)
    });
    words.collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
