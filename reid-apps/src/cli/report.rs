//! The HTML report, for the commands that evaluate.

use std::path::Path;

use super::exit::Failure;
use crate::eval::Report;
use crate::features::Features;
use crate::report::{HtmlReport, command_line};

/// Writes the report; `data` is where the pictures are, if not where the features say.
pub(super) fn write(
    path: &Path,
    report: &Report,
    features: &Features,
    data: Option<&Path>,
    note: Option<&str>,
) -> Result<(), Failure> {
    let mut html = HtmlReport {
        command: command_line(),
        note: note.map(str::to_owned),
        ..HtmlReport::new(report, features)
    };
    if let Some(data) = data {
        html.data = data.to_owned();
    }
    html.write(path).map_err(Failure::ran)
}
