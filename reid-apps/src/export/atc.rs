use std::fmt;
use std::path::{Path, PathBuf};

use crate::graph::onnx::Batch;

/// Batch sizes of a file whose batch is left open.
const GEARS: &str = "1,2,4,8,16,32";

/// The call of the vendor's converter for an exported file; its `Display` is the line for a shell.
///
/// **Source**: the options of atc as its manual lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AtcLine {
    /// The ONNX file.
    pub onnx: PathBuf,
    /// The chip, for example `Ascend310P3`.
    pub soc: String,
    /// The batch in the file.
    pub batch: Batch,
    /// Inputs with their dims behind the batch.
    pub inputs: Vec<(String, Vec<usize>)>,
    /// A list of operators that stay in float32, if there is one.
    pub keep_dtype: Option<PathBuf>,
}

impl AtcLine {
    /// Begins a line for one file.
    #[must_use]
    pub fn new(onnx: &Path, soc: &str, batch: Batch, inputs: Vec<(String, Vec<usize>)>) -> Self {
        Self {
            onnx: onnx.to_owned(),
            soc: soc.to_owned(),
            batch,
            inputs,
            keep_dtype: None,
        }
    }

    /// Lists the arguments, the program's name first.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let batch = match self.batch {
            Batch::Dynamic => "-1".to_owned(),
            Batch::Fixed(batch) => batch.to_string(),
        };
        let shapes: Vec<String> = self
            .inputs
            .iter()
            .map(|(name, dims)| {
                let dims: String = dims.iter().map(|d| format!(",{d}")).collect();
                format!("{name}:{batch}{dims}")
            })
            .collect();
        let mut all = vec![
            "atc".to_owned(),
            "--framework=5".to_owned(),
            format!("--model={}", self.onnx.display()),
            format!("--output={}", self.onnx.with_extension("").display()),
            "--input_format=NCHW".to_owned(),
            format!("--input_shape={}", shapes.join(";")),
        ];
        if self.batch == Batch::Dynamic {
            all.push(format!("--dynamic_batch_size={GEARS}"));
        }
        if let Some(list) = &self.keep_dtype {
            all.push(format!("--keep_dtype={}", list.display()));
        }
        all.push(format!("--soc_version={}", self.soc));
        all
    }
}

impl fmt::Display for AtcLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted: Vec<String> = self.arguments().iter().map(|a| quote(a)).collect();
        f.write_str(&quoted.join(" "))
    }
}

/// Quotes an argument for a POSIX shell where it needs that.
fn quote(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_survives_a_shell_whatever_the_folder_is_called() {
        let inputs = vec![("a".to_owned(), vec![3]), ("b".to_owned(), vec![1, 2])];
        let line = AtcLine::new(
            Path::new("my nets/it's.onnx"),
            "Ascend310P3",
            Batch::Fixed(4),
            inputs,
        );
        assert_eq!(
            line.to_string(),
            r"atc --framework=5 '--model=my nets/it'\''s.onnx' '--output=my nets/it'\''s' --input_format=NCHW '--input_shape=a:4,3;b:4,1,2' --soc_version=Ascend310P3"
        );
    }

    #[test]
    fn an_open_batch_becomes_gears() {
        let line = AtcLine::new(
            Path::new("m.onnx"),
            "Ascend310",
            Batch::Dynamic,
            vec![("image".into(), vec![3, 384, 128])],
        );
        let text = line.to_string();
        assert!(
            text.contains("--input_shape=image:-1,3,384,128 --dynamic_batch_size=1,2,4,8,16,32"),
            "{text}"
        );
    }
}
