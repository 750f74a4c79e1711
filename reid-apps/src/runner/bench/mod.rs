//! Figures that can be trusted: from where a run has settled, written, drawn and compared.

mod page;
mod report;
mod warm;

pub use page::page;
pub use report::{BenchReport, Comparison, Outlier, Setup, compare};
pub use warm::Warm;
