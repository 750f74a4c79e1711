use serde::Serialize;

use super::images::{Rows, recipe, reversed};
use super::measure::{Agreement, cosine};
use super::subject::{Port, Subject, VerifyError};

/// What is compared and from where on it is good enough.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// The least cosine between models and between precisions.
    pub threshold: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { threshold: 0.999 }
    }
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// What was asked.
    pub name: String,
    /// The output that was compared.
    pub output: String,
    /// How near the answers are.
    pub agreement: Agreement,
    /// What must hold.
    pub wanted: String,
    /// Whether it does.
    pub passed: bool,
}

/// All lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Verdict {
    /// The lines, in the order of the asking.
    pub checks: Vec<Check>,
}

impl Verdict {
    /// Whether all hold, and there is at least one.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.passed)
    }
}

impl Verdict {
    fn add(&mut self, name: &str, port: &Port, agreement: Agreement, wanted: String, passed: bool) {
        self.checks.push(Check {
            name: name.to_owned(),
            output: port.name.clone(),
            agreement,
            wanted,
            passed,
        });
    }

    fn exact(&mut self, name: &str, ports: &[Port], found: &[Vec<f32>], wanted: &[Vec<f32>]) {
        for ((port, found), wanted) in ports.iter().zip(found).zip(wanted) {
            let agreement = Agreement::between(found, wanted, port.numbers());
            self.add(
                name,
                port,
                agreement,
                "the same numbers".into(),
                agreement.is_exact(),
            );
        }
    }
}

/// Asks a model, and compares it with others.
///
/// # Errors
/// [`VerifyError`] when a model cannot be run; that models differ is no error but a line that does not pass.
pub fn verify(
    subject: &Subject,
    others: &[(String, Subject)],
    rows: &Rows,
    options: Options,
) -> Result<Verdict, VerifyError> {
    let mut verdict = Verdict::default();
    let ports = subject.outputs();
    let base = subject.run(rows)?;
    verdict.exact("repeat", ports, &subject.run(rows)?, &base);
    if rows.count > 1 && subject.batch() > 1 {
        let turned = subject.run(&rows.reversed())?;
        let turned: Vec<Vec<f32>> = turned.iter().map(|o| reversed(o, rows.count)).collect();
        verdict.exact("place in the batch", ports, &turned, &base);
    }
    if rows.count > 1 {
        for (input, port) in subject.inputs().iter().enumerate() {
            let moved = subject.run(&rows.moved(input))?;
            matters(
                &mut verdict,
                ports,
                &format!("input {} matters", port.name),
                &moved,
                &base,
            );
        }
    }
    if rows.count > 1 && subject.inputs().iter().all(|port| recipe(port).is_some()) {
        let mirrored = subject.run(&rows.mirrored(subject.inputs()))?;
        mirrored_is_near(&mut verdict, ports, &mirrored, &base);
    }
    for (name, other) in others {
        let found = other.run(rows)?;
        // One of the two may have the first output alone.
        for ((port, found), wanted) in ports.iter().zip(&found).zip(&base) {
            let agreement = Agreement::between(wanted, found, port.numbers());
            let passed = wanted.len() == found.len() && agreement.least_cosine >= options.threshold;
            let wanted = format!("cosine {} or more", options.threshold);
            verdict.add(name, port, agreement, wanted, passed);
        }
    }
    Ok(verdict)
}

/// Other rows of one input must lead to other answers, or the model does not read it.
fn matters(
    verdict: &mut Verdict,
    ports: &[Port],
    name: &str,
    moved: &[Vec<f32>],
    base: &[Vec<f32>],
) {
    for ((port, moved), base) in ports.iter().zip(moved).zip(base) {
        let agreement = Agreement::between(moved, base, port.numbers());
        let wanted = "other numbers".to_owned();
        verdict.add(
            name,
            port,
            agreement,
            wanted,
            agreement.relative_difference > 1e-3,
        );
    }
}

/// The features of a mirrored image must be nearer to the image's own than those of other images are.
fn mirrored_is_near(
    verdict: &mut Verdict,
    ports: &[Port],
    mirrored: &[Vec<f32>],
    base: &[Vec<f32>],
) {
    for ((port, mirrored), base) in ports.iter().zip(mirrored).zip(base) {
        // Pictures turn round with their input.
        if port.row.len() != 1 {
            continue;
        }
        let width = port.numbers().max(1);
        let rows: Vec<&[f32]> = base.chunks(width).collect();
        let mut others = Vec::new();
        for (i, a) in rows.iter().enumerate() {
            others.extend(rows[i + 1..].iter().map(|b| cosine(a, b)));
        }
        let other = others.iter().sum::<f64>() / others.len().max(1) as f64;
        let agreement = Agreement::between(mirrored, base, width);
        let wanted = format!("mean cosine above {other:.4}, that of other images");
        verdict.add(
            "mirrored",
            port,
            agreement,
            wanted,
            agreement.mean_cosine > other,
        );
    }
}
