//! What the converter is told, as values; their spelling on the command line is read here too.

use std::path::PathBuf;

use ascend_om::dtype;

use super::AtcError;

/// Options of a conversion, named as the vendor's `atc` names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Path of the result; `.om` is appended if it is not there. `None`: beside the source, with its name.
    pub output: Option<PathBuf>,
    /// Shapes of inputs, by name; -1 in positions that gears fill. Inputs left out keep the source's shape.
    pub input_shape: Vec<(String, Vec<i64>)>,
    /// Ranges of inputs' dims, by name; an input that has them here needs no shape above.
    pub input_shape_range: Vec<(String, super::DimRanges)>,
    /// Memory layout that the inputs' axes have.
    pub input_format: Format,
    /// Chip, for example `Ascend310P3`; written into the file.
    pub soc_version: String,
    /// Element type of the outputs.
    pub output_type: OutputType,
    /// Names of inputs that are to be fed in half precision.
    pub input_fp16_nodes: Vec<String>,
    /// Outputs, as value names or `node:index`; empty keeps the source's.
    pub out_nodes: Vec<String>,
    /// Batch sizes to convert for.
    pub dynamic_batch_size: Vec<u64>,
    /// Height and width pairs to convert for.
    pub dynamic_image_size: Vec<[u64; 2]>,
    /// Values for every -1 among the inputs, in input order, to convert for.
    pub dynamic_dims: Vec<Vec<u64>>,
    /// File naming operators that stay in the source's precision. All do here: the simulator computes in 32 bits.
    pub keep_dtype: Option<PathBuf>,
    /// File that says how pictures are preprocessed before the network (AIPP).
    pub insert_op_conf: Option<PathBuf>,
    /// Command line to record in the file.
    pub command_line: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            output: None,
            input_shape: Vec::new(),
            input_shape_range: Vec::new(),
            input_format: Format::default(),
            soc_version: "Ascend310P3".into(),
            output_type: OutputType::default(),
            input_fp16_nodes: Vec::new(),
            out_nodes: Vec::new(),
            dynamic_batch_size: Vec::new(),
            dynamic_image_size: Vec::new(),
            dynamic_dims: Vec::new(),
            keep_dtype: None,
            insert_op_conf: None,
            command_line: String::new(),
        }
    }
}

/// Memory layout of inputs (`--input_format`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Batch, channels, height, width: the default for ONNX.
    #[default]
    Nchw,
    /// Batch, height, width, channels.
    Nhwc,
    /// No meaning is given to the axes.
    Nd,
}

impl Format {
    /// Gets the name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nchw => "NCHW",
            Self::Nhwc => "NHWC",
            Self::Nd => "ND",
        }
    }

    /// Positions of height and width in a shape of four axes.
    pub(crate) fn image_axes(self) -> [usize; 2] {
        match self {
            Self::Nhwc => [1, 2],
            _ => [2, 3],
        }
    }
}

impl std::str::FromStr for Format {
    type Err = AtcError;

    fn from_str(text: &str) -> Result<Self, AtcError> {
        match text.to_ascii_uppercase().as_str() {
            "NCHW" => Ok(Self::Nchw),
            "NHWC" => Ok(Self::Nhwc),
            "ND" => Ok(Self::Nd),
            _ => Err(AtcError::option("--input_format", text, "NCHW, NHWC or ND")),
        }
    }
}

/// Element type of outputs (`--output_type`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OutputType {
    /// That of the source: the default.
    #[default]
    Keep,
    /// This type (acl number) for all.
    All(i32),
    /// These types (acl number) by node and output index; others keep the source's.
    Nodes(Vec<(String, usize, i32)>),
}

impl std::str::FromStr for OutputType {
    type Err = AtcError;

    fn from_str(text: &str) -> Result<Self, AtcError> {
        let wrong = || {
            AtcError::option(
                "--output_type",
                text,
                "FP32, FP16, UINT8, INT8, INT32, INT64, DOUBLE or \"node:0:FP16;…\"",
            )
        };
        if !text.contains(':') {
            return type_number(text).map(Self::All).ok_or_else(wrong);
        }
        let mut list = Vec::new();
        for part in text.split(';').filter(|p| !p.is_empty()) {
            let (node, kind) = part.rsplit_once(':').ok_or_else(wrong)?;
            let (name, index) = node.rsplit_once(':').ok_or_else(wrong)?;
            let index = index.parse().map_err(|_| wrong())?;
            list.push((name.to_owned(), index, type_number(kind).ok_or_else(wrong)?));
        }
        Ok(Self::Nodes(list))
    }
}

fn type_number(name: &str) -> Option<i32> {
    Some(match name.to_ascii_uppercase().as_str() {
        "FP32" => dtype::ACL_FLOAT,
        "FP16" => dtype::ACL_FLOAT16,
        "UINT8" => dtype::ACL_UINT8,
        "INT8" => dtype::ACL_INT8,
        "INT32" => dtype::ACL_INT32,
        "INT64" => dtype::ACL_INT64,
        "DOUBLE" => dtype::ACL_DOUBLE,
        _ => return None,
    })
}

/// Reads `name:d,d,d;name:d,d` (`--input_shape`). Names may hold colons; the dims are what follows the last one.
///
/// # Errors
/// [`AtcError::Option`] when it is not of that form.
pub fn parse_input_shape(text: &str) -> Result<Vec<(String, Vec<i64>)>, AtcError> {
    let wrong = |found: &str| {
        AtcError::option(
            "--input_shape",
            found,
            "\"name:1,3,384,128;name2:…\", -1 where gears fill in",
        )
    };
    let mut list = Vec::new();
    for part in text.split(';').filter(|p| !p.trim().is_empty()) {
        let (name, dims) = part.rsplit_once(':').ok_or_else(|| wrong(part))?;
        let mut values = Vec::new();
        for dim in dims.split(',').map(str::trim).filter(|d| !d.is_empty()) {
            let value: i64 = dim.parse().map_err(|_| wrong(part))?;
            if value == 0 || value < -1 {
                return Err(wrong(part));
            }
            values.push(value);
        }
        list.push((name.trim().to_owned(), values));
    }
    Ok(list)
}

/// Reads `1,2,4` (`--dynamic_batch_size`).
///
/// # Errors
/// [`AtcError::Option`] when it is not of that form.
pub fn parse_batches(text: &str) -> Result<Vec<u64>, AtcError> {
    numbers(text, "--dynamic_batch_size")
}

/// Reads `h,w;h,w` (`--dynamic_image_size`).
///
/// # Errors
/// [`AtcError::Option`] when it is not of that form.
pub fn parse_image_sizes(text: &str) -> Result<Vec<[u64; 2]>, AtcError> {
    let name = "--dynamic_image_size";
    let pair = |part: &str| {
        let values = numbers(part, name)?;
        values
            .try_into()
            .map_err(|_| AtcError::option(name, part, "\"height,width;height,width\""))
    };
    text.split(';')
        .filter(|p| !p.is_empty())
        .map(pair)
        .collect()
}

/// Reads `a,b;c,d` (`--dynamic_dims`).
///
/// # Errors
/// [`AtcError::Option`] when it is not of that form.
pub fn parse_dims(text: &str) -> Result<Vec<Vec<u64>>, AtcError> {
    let gear = |part| numbers(part, "--dynamic_dims");
    text.split(';')
        .filter(|p| !p.is_empty())
        .map(gear)
        .collect()
}

fn numbers(text: &str, option: &'static str) -> Result<Vec<u64>, AtcError> {
    let wrong = || AtcError::option(option, text, "positive numbers with commas between");
    let parse = |n: &str| n.trim().parse().ok().filter(|&v| v > 0).ok_or_else(wrong);
    text.split(',').map(parse).collect()
}

/// Chips that a model can be converted for.
const CHIPS: &[&str] = &[
    "Ascend310",
    "Ascend310B1",
    "Ascend310B2",
    "Ascend310B3",
    "Ascend310B4",
    "Ascend310P1",
    "Ascend310P2",
    "Ascend310P3",
    "Ascend310P4",
    "Ascend310P5",
    "Ascend310P7",
    "Ascend610",
    "Ascend615",
    "Ascend710",
    "Ascend910",
    "Ascend910A",
    "Ascend910B",
    "Ascend910B1",
    "Ascend910B2",
    "Ascend910B2C",
    "Ascend910B3",
    "Ascend910B4",
    "Ascend910B4-1",
    "Ascend910PremiumA",
    "Ascend910ProA",
    "Ascend910ProB",
];

/// Checks a chip's name.
///
/// # Errors
/// [`AtcError::Option`] with the names that are known.
pub(crate) fn check_soc(name: &str) -> Result<(), AtcError> {
    if CHIPS.contains(&name) {
        return Ok(());
    }
    Err(AtcError::Option {
        name: "--soc_version",
        found: name.into(),
        wanted: format!("one of {}", CHIPS.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn input_shapes_are_read_with_colons_in_names_and_scalars() {
        let shapes = parse_input_shape("image:1,3,-1,128;x:0: 2 ;s:").unwrap();
        let want = [
            ("image", vec![1, 3, -1, 128]),
            ("x:0", vec![2]),
            ("s", vec![]),
        ];
        assert_eq!(shapes, want.map(|(n, d)| (n.to_owned(), d)));
        for bad in ["image", "image:1,x", "image:0,3", "image:-2", "image:1~4,3"] {
            assert!(parse_input_shape(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn gears_and_types_are_read() {
        assert_eq!(parse_batches("1,2, 8").unwrap(), [1, 2, 8]);
        assert!(parse_batches("1,0").is_err());
        assert_eq!(parse_image_sizes("3,4;5,6").unwrap(), [[3, 4], [5, 6]]);
        assert!(parse_image_sizes("3,4,5").is_err());
        assert_eq!(parse_dims("1,2,3;4,5,6").unwrap(), [[1, 2, 3], [4, 5, 6]]);
        assert_eq!("fp16".parse::<OutputType>().unwrap(), OutputType::All(1));
        let nodes = "a:b:0:FP16;c:1:INT8".parse::<OutputType>().unwrap();
        assert_eq!(
            nodes,
            OutputType::Nodes(vec![("a:b".into(), 0, 1), ("c".into(), 1, 2)])
        );
        assert!("FP8".parse::<OutputType>().is_err());
        assert!(check_soc("Ascend310P3").is_ok() && check_soc("Ascend311").is_err());
    }
}
