//! What a loaded model tells about itself.

/// A model as the description functions of the API show it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelInfo {
    /// Name: the stem of the converter's `--output`.
    pub name: String,
    /// Chip the model was converted for, for example `Ascend310P3`; empty when the file does not say.
    pub soc_version: String,
    /// Inputs in index order. A geared model's last one is `ascend_mbatch_shape_data`.
    pub inputs: Vec<TensorInfo>,
    /// Outputs in index order.
    pub outputs: Vec<TensorInfo>,
    /// Bytes of work memory that the model asks for.
    pub work_size: usize,
    /// Bytes of weight memory that the model asks for.
    pub weight_size: usize,
    /// Shapes it was converted for.
    pub gears: Gears,
}

/// One input or output.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TensorInfo {
    /// Name: an input's is that of the source graph, an output's is `node:index:tensor`.
    pub name: String,
    /// Element type in acl numbering (`aclDataType`).
    pub dtype: i32,
    /// Memory layout in acl numbering (`aclFormat`).
    pub format: i32,
    /// Shape; -1 in dynamic positions.
    pub dims: Vec<i64>,
    /// Shape as `aclmdlGetInputDimsV2` gives it: before static image preprocessing.
    pub dims_v2: Vec<i64>,
    /// Smallest and largest value of each dim, -1 for no largest, of an input whose shape the program sets; else empty.
    pub ranges: Vec<[i64; 2]>,
    /// Bytes to allocate: of the largest gear; 0 if unknown.
    pub size: usize,
}

/// The shapes that a geared model was converted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gears {
    /// One shape only.
    None,
    /// Batch sizes.
    Batch(Vec<u64>),
    /// Height and width.
    ImageSize(Vec<[u64; 2]>),
    /// One value for each -1 among the inputs' dims, in input order.
    Dims(Vec<Vec<u64>>),
}

impl From<ascend_om::describe::Gears> for Gears {
    fn from(gears: ascend_om::describe::Gears) -> Self {
        use ascend_om::describe::Gears as File;
        match gears {
            File::None => Self::None,
            File::Batch(b) => Self::Batch(b),
            File::ImageSize(s) => Self::ImageSize(s),
            File::Dims(d) => Self::Dims(d),
        }
    }
}

impl Gears {
    /// Counts the gears; 0 for [`Gears::None`].
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Batch(v) => v.len(),
            Self::ImageSize(v) => v.len(),
            Self::Dims(v) => v.len(),
        }
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gets gear `index` as one value for each dynamic position.
    #[must_use]
    pub fn values(&self, index: usize) -> Option<Vec<u64>> {
        match self {
            Self::None => None,
            Self::Batch(v) => v.get(index).map(|&b| vec![b]),
            Self::ImageSize(v) => v.get(index).map(|g| g.to_vec()),
            Self::Dims(v) => v.get(index).cloned(),
        }
    }
}

/// One tensor that a run made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputTensor {
    /// Element type in acl numbering.
    pub dtype: i32,
    /// Shape of this run.
    pub dims: Vec<i64>,
    /// Contents: little-endian, C order, no padding.
    pub bytes: Vec<u8>,
}
