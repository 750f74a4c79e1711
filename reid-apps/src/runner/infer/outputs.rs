//! Outputs to files: one per sample and output.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use acl::{DataType, TensorDesc};
use half::{bf16, f16};

use super::error::InferError;
use super::npy;

/// How outputs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutFormat {
    /// The raw little-endian array.
    Bin,
    /// An array that numpy reads.
    Npy,
    /// Decimals with six digits and a blank behind each; a line per row of the last axis.
    Txt,
}

impl FromStr for OutFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_uppercase().as_str() {
            "BIN" => Ok(Self::Bin),
            "NPY" => Ok(Self::Npy),
            "TXT" => Ok(Self::Txt),
            _ => Err(format!("{text:?} is no format; BIN, NPY and TXT are")),
        }
    }
}

impl OutFormat {
    /// Returns the file name's ending.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Bin => "bin",
            Self::Npy => "npy",
            Self::Txt => "txt",
        }
    }
}

/// Writes outputs into a folder.
#[derive(Clone, Debug)]
pub struct Writer {
    /// The folder.
    pub folder: PathBuf,
    /// The format.
    pub format: OutFormat,
    /// The axis along which an output holds the samples of a batch.
    pub axis: usize,
    /// The number of the first output in file names: 0, and 1 for benchmark.x86_64's names.
    pub first: usize,
    /// Whether a stem ends at the first dot of a name (else at the last).
    pub first_dot: bool,
}

impl Writer {
    /// Returns what the names of a sample's outputs begin with.
    #[must_use]
    pub fn stem(&self, input: &Path) -> String {
        let name = super::inputs::file_name(input);
        let cut = if self.first_dot {
            name.find('.')
        } else {
            name.rfind('.')
        };
        cut.map_or(name.as_str(), |cut| &name[..cut]).to_owned()
    }

    /// Returns the file of output `index` of a sample.
    #[must_use]
    pub fn path(&self, stem: &str, index: usize) -> PathBuf {
        let number = index + self.first;
        self.folder
            .join(format!("{stem}_{number}.{}", self.format.extension()))
    }

    /// Cuts an output of shape `dims` into `rows` samples and returns the shape and bytes of one.
    ///
    /// # Errors
    ///
    /// [`InferError::Misfit`] if the axis cannot be divided so.
    pub(super) fn sample(
        &self,
        tensor: &TensorDesc,
        dims: &[i64],
        (row, rows): (usize, usize),
        bytes: &[u8],
    ) -> Result<(Vec<i64>, Vec<u8>), InferError> {
        if rows == 1 {
            return Ok((dims.to_vec(), bytes.to_vec()));
        }
        let axis = dims
            .get(self.axis)
            .and_then(|dim| usize::try_from(*dim).ok());
        let Some(length) = axis.filter(|length| length.is_multiple_of(rows)) else {
            return Err(InferError::Misfit(format!(
                "output {} has the shape {dims:?}, and its axis {} cannot be divided among the \
                 {rows} samples of a batch; --output_batchsize_axis names another axis",
                tensor.real_name, self.axis
            )));
        };
        let product = |dims: &[i64]| -> usize {
            dims.iter()
                .map(|dim| usize::try_from(*dim).unwrap_or(0))
                .product()
        };
        let outer = product(&dims[..self.axis]);
        let block = bytes.len() / outer.max(1);
        let part = block / rows;
        let mut cut = Vec::with_capacity(outer * part);
        for outer in bytes.chunks_exact(block.max(1)) {
            cut.extend_from_slice(&outer[row * part..(row + 1) * part]);
        }
        let mut shape = dims.to_vec();
        shape[self.axis] = i64::try_from(length / rows).unwrap_or(i64::MAX);
        Ok((shape, cut))
    }

    /// Writes one sample's output; nothing half-written stays under the name.
    pub(super) fn write(
        &self,
        path: &Path,
        dtype: DataType,
        shape: &[i64],
        bytes: &[u8],
    ) -> Result<(), InferError> {
        whole(path, |file| match self.format {
            OutFormat::Bin => file.write_all(bytes),
            OutFormat::Npy => npy::write(file, dtype, shape, bytes),
            OutFormat::Txt => write_text(file, dtype, shape, bytes),
        })
        .map_err(InferError::io(path))
    }
}

/// Writes under a temporary name and renames. Unlike `write_file` it does not wait for the disk,
/// which would take longer than most models run; a run that ends by itself has written everything.
fn whole(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".partial");
    let partial = path.with_file_name(name);
    let written = (|| {
        let mut file = BufWriter::with_capacity(1 << 16, File::create(&partial)?);
        fill(&mut file)?;
        file.flush()?;
        fs::rename(&partial, path)
    })();
    if written.is_err() {
        drop(fs::remove_file(&partial));
    }
    written
}

fn write_text(
    file: &mut dyn Write,
    dtype: DataType,
    shape: &[i64],
    bytes: &[u8],
) -> std::io::Result<()> {
    let last = shape.last().copied().unwrap_or(1).max(1);
    let row = usize::try_from(last).unwrap_or(usize::MAX);
    let size = dtype.size().unwrap_or(1);
    for (index, element) in bytes.chunks_exact(size).enumerate() {
        write!(file, "{:.6} ", number(dtype, element))?;
        if (index + 1) % row == 0 {
            writeln!(file)?;
        }
    }
    Ok(())
}

/// Reads an element as a number; 64-bit integers beyond 2^53 are rounded.
fn number(dtype: DataType, bytes: &[u8]) -> f64 {
    fn of<const N: usize>(bytes: &[u8]) -> [u8; N] {
        let mut all = [0; N];
        all.copy_from_slice(&bytes[..N]);
        all
    }
    match dtype {
        DataType::F32 => f64::from(f32::from_le_bytes(of(bytes))),
        DataType::F16 => f64::from(f16::from_le_bytes(of(bytes))),
        DataType::BF16 => f64::from(bf16::from_le_bytes(of(bytes))),
        DataType::F64 => f64::from_le_bytes(of(bytes)),
        DataType::I8 => f64::from(i8::from_le_bytes(of(bytes))),
        DataType::I16 => f64::from(i16::from_le_bytes(of(bytes))),
        DataType::U16 => f64::from(u16::from_le_bytes(of(bytes))),
        DataType::I32 => f64::from(i32::from_le_bytes(of(bytes))),
        DataType::U32 => f64::from(u32::from_le_bytes(of(bytes))),
        DataType::I64 => i64::from_le_bytes(of(bytes)) as f64,
        DataType::U64 => u64::from_le_bytes(of(bytes)) as f64,
        _ => f64::from(bytes[0]),
    }
}
