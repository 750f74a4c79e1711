//! The `.om` container: header, partition tables, partitions.
//!
//! The same 256-byte header has been written since 2020, but its tail, and the width of the table after it, depend on
//! fields before it; and the same `modeltype` numbers mean other things in phone models. This module settles those
//! questions once, and hands out slices of the caller's bytes.
//!
//! **Source**: the container as seen in files of CANN 3.1 to 8.0 and in HiAI DDK test files; the rules are stated at
//! each check.

use std::fmt;

use crate::OmError;

/// First four bytes of every `.om`.
pub const MAGIC: &[u8; 4] = b"IMOD";
/// Length of the header.
pub const HEADER_LEN: usize = 256;
/// Header version of phone models and of converters up to early 2021.
pub const VERSION_1: u32 = 0x1000_0000;
/// Header version since.
pub const VERSION_2: u32 = 0x2000_0000;

/// Most partitions in one table of an ordinary model.
const MAX_PARTITIONS: u32 = 8;
/// Most partitions in the table of a flow model or a bundle.
const MAX_FLOW_PARTITIONS: u32 = 4096;
/// Most models in one file.
const MAX_MODELS: u32 = 1024;

/// What a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PartitionKind(pub u32);

impl PartitionKind {
    /// Protobuf `ge.proto.ModelDef`.
    pub const MODEL_DEF: Self = Self(0);
    /// Raw weights.
    pub const WEIGHTS_DATA: Self = Self(1);
    /// Protobuf `domi.ModelTaskDef`.
    pub const TASK_INFO: Self = Self(2);
    /// Machine code of the operators.
    pub const TBE_KERNELS: Self = Self(3);
    /// Machine code for the control processor.
    pub const CUST_AICPU_KERNELS: Self = Self(4);
    /// Libraries for the host.
    pub const SO_BINS: Self = Self(5);
    /// Inputs and outputs in a form that needs no protobuf, see [`crate::inout_info`].
    pub const MODEL_INOUT_INFO: Self = Self(8);

    /// Gets the name, or `None` for a number that is not known.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "MODEL_DEF",
            1 => "WEIGHTS_DATA",
            2 => "TASK_INFO",
            3 => "TBE_KERNELS",
            4 => "CUST_AICPU_KERNELS",
            5 => "SO_BINS",
            6 => "FLOW_MODEL",
            7 => "FLOW_SUBMODEL",
            8 => "MODEL_INOUT_INFO",
            9 => "STATIC_TASK_DESC",
            10 => "DYNAMIC_TASK_DESC",
            11 => "TASK_PARAM",
            12 => "TILING_DATA",
            20 => "PRE_MODEL_DESC",
            21 => "PRE_MODEL_SQE",
            22 => "PRE_KERNEL_ARGS",
            23 => "PRE_MODEL_DESC_EXTEND",
            24 => "BUNDLE_MODEL_INFO",
            25 => "BUNDLE_MODEL_VAR_INFO",
            26 => "CUSTOM_OPS",
            _ => return None,
        })
    }
}

impl fmt::Display for PartitionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "UNKNOWN_{}", self.0),
        }
    }
}

/// What family a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flavour {
    /// A compiled device model.
    Device,
    /// A model for phones (HiAI): same container, other contents.
    Phone,
    /// A graph of several models connected by queues.
    Flow,
    /// Several complete `.om` files in one.
    Bundle,
}

/// The header's fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// [`VERSION_1`] or [`VERSION_2`].
    pub version: u32,
    /// Length field (32 bits); 0 when `model_length` is used.
    pub length: u32,
    /// Length field (64 bits), CANN 8 and later; else 0.
    pub model_length: u64,
    /// `modeltype` as stored; see [`Om::flavour`] for what it means.
    pub model_type: u8,
    /// Name, cut to 31 bytes by the converter.
    pub name: String,
    /// Platform version, for example `1.11.z.0` (CANN) or `3.51.z.0` (HiAI).
    pub platform_version: String,
    /// Number of models in the file, at least 1.
    pub model_num: u32,
    /// Whether the header says that shapes are only known at run time.
    pub is_unknown_model: bool,
}

/// One partition: what it is, where it lies in the file, and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition<'a> {
    /// What it holds.
    pub kind: PartitionKind,
    /// Byte offset in the file.
    pub offset: u64,
    /// Offset that the table states, relative to the table's end; the vendor's loader ignores it, and so do we.
    pub stated_offset: u64,
    /// Contents.
    pub bytes: &'a [u8],
}

/// One model of a file: its partitions in file order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubModel<'a> {
    /// Byte offset of its partition table.
    pub table_offset: u64,
    /// Whether the table has 64-bit entries.
    pub wide: bool,
    /// Partitions in file order.
    pub partitions: Vec<Partition<'a>>,
}

impl<'a> SubModel<'a> {
    /// Finds a partition; of several with one kind the first counts, as for the vendor's loader.
    #[must_use]
    pub fn find(&self, kind: PartitionKind) -> Option<&'a [u8]> {
        self.partitions
            .iter()
            .find(|p| p.kind == kind)
            .map(|p| p.bytes)
    }

    /// Finds a partition that must be there.
    ///
    /// # Errors
    /// [`OmError::MissingPartition`].
    pub fn require(&self, kind: PartitionKind) -> Result<&'a [u8], OmError> {
        self.find(kind).ok_or_else(|| OmError::MissingPartition {
            what: kind.name().unwrap_or("unnamed"),
            found: self
                .partitions
                .iter()
                .map(|p| p.kind.to_string())
                .collect::<Vec<_>>()
                .join(", "),
        })
    }
}

/// A parsed container. It borrows the file's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Om<'a> {
    /// The header.
    pub header: Header,
    /// The models; the first is the root graph.
    pub models: Vec<SubModel<'a>>,
}

impl<'a> Om<'a> {
    /// Parses a whole file. Partition contents are not looked into.
    ///
    /// Costs nothing that depends on the file's size: only header and tables are read.
    ///
    /// # Errors
    /// [`OmError`] with the byte offset, what was found there and what was wanted.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, OmError> {
        check_magic(bytes)?;
        let reader = Reader { bytes };
        let header = parse_header(&reader)?;
        let flavour = flavour_of(&header);
        check_length(&header, flavour, bytes.len())?;
        let mut models = Vec::new();
        let mut position = HEADER_LEN;
        for _ in 0..header.model_num {
            let (model, end) = parse_model(&reader, position, &header, flavour)?;
            models.push(model);
            position = end;
        }
        if position != bytes.len() {
            return Err(OmError::Size {
                offset: position as u64,
                what: "end of the last partition".into(),
                found: (bytes.len() - position) as u64,
                wanted: 0,
            });
        }
        Ok(Self { header, models })
    }

    /// Tells what family the file belongs to.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        flavour_of(&self.header)
    }

    /// Gets the root model.
    #[must_use]
    pub fn root(&self) -> &SubModel<'a> {
        &self.models[0]
    }

    /// Tells whether shapes are only known at run time (several models, or the header says so).
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        self.header.version >= VERSION_2
            && (self.header.model_num > 1 || self.header.is_unknown_model)
    }
}

/// Phone models carry another platform version; in files of header version 1 that is the only mark, since
/// `modeltype` 0 may be either.
fn flavour_of(header: &Header) -> Flavour {
    if header.version < VERSION_2 {
        let phone = header.model_type >= 3 || header.platform_version.starts_with("3.");
        return if phone {
            Flavour::Phone
        } else {
            Flavour::Device
        };
    }
    match header.model_type {
        3 => Flavour::Flow,
        5 => Flavour::Bundle,
        _ => Flavour::Device,
    }
}

fn check_magic(bytes: &[u8]) -> Result<(), OmError> {
    if bytes.starts_with(MAGIC) {
        return if bytes.len() >= HEADER_LEN + 4 {
            Ok(())
        } else {
            Err(OmError::Size {
                offset: 0,
                what: "header and partition table".into(),
                found: bytes.len() as u64,
                wanted: (HEADER_LEN + 4) as u64,
            })
        };
    }
    let head = &bytes[..bytes.len().min(8)];
    let (found, hint): (String, &'static str) = if bytes.is_empty() {
        ("an empty file".into(), "copy or convert the model again")
    } else if head.starts_with(b"PK\x03\x04") {
        (
            "a zip archive".into(),
            "this is the newer packed container, which is not read here; give the plain .om",
        )
    } else if head.starts_with(b"PICO") {
        (
            "the magic \"PICO\"".into(),
            "this is a model for the small vision chips; give an .om made by atc",
        )
    } else if head.starts_with(b"version ") {
        (
            "a git-lfs pointer".into(),
            "fetch the real file with `git lfs pull`",
        )
    } else if head.first() == Some(&0x08) {
        (
            format!("{} (perhaps an ONNX file)", hex(head)),
            "an ONNX file must be converted first: atc-sim --framework=5 --model=FILE --output=STEM",
        )
    } else {
        (
            hex(head),
            "the file is not an .om, or it is encrypted as a whole by the program that made it; give the plain .om",
        )
    };
    Err(OmError::NotOm { found, hint })
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    format!("bytes {}", digits.join(" "))
}

fn parse_header(r: &Reader<'_>) -> Result<Header, OmError> {
    let head_size = r.u32(4, "headsize")?;
    if head_size as usize != HEADER_LEN {
        return Err(field(4, "headsize", head_size.into(), "256"));
    }
    let version = r.u32(8, "version")?;
    if version != VERSION_1 && version != VERSION_2 {
        return Err(field(
            8,
            "header version",
            version.into(),
            "0x10000000 or 0x20000000",
        ));
    }
    let encrypted = r.u8(80, "is_encrypt")?;
    if encrypted != 0 {
        return Err(OmError::Encrypted(encrypted));
    }
    let v2 = version >= VERSION_2;
    let model_num = if v2 {
        r.u32(156, "model_num")?.max(1)
    } else {
        1
    };
    if model_num > MAX_MODELS {
        return Err(field(156, "model_num", model_num.into(), "at most 1024"));
    }
    Ok(Header {
        version,
        length: r.u32(76, "length")?,
        model_length: if v2 { r.u64(184, "model_length")? } else { 0 },
        model_type: r.u8(82, "modeltype")?,
        name: r.text(84, 32)?,
        platform_version: r.text(if v2 { 160 } else { 156 }, 20)?,
        model_num,
        is_unknown_model: v2 && r.u8(193, "is_unknow_model")? != 0,
    })
}

/// The loader's own check: the stated body length is the file's length less the header. A bundle states the whole.
fn check_length(header: &Header, flavour: Flavour, file_len: usize) -> Result<(), OmError> {
    if flavour == Flavour::Bundle {
        return Ok(());
    }
    let (offset, stated) = if header.model_length != 0 {
        (184, header.model_length)
    } else {
        (76, u64::from(header.length))
    };
    let present = (file_len - HEADER_LEN) as u64;
    if stated == present {
        return Ok(());
    }
    Err(OmError::Size {
        offset,
        what: "body (file without its header)".into(),
        found: present,
        wanted: stated,
    })
}

fn parse_model<'a>(
    r: &Reader<'a>,
    table: usize,
    header: &Header,
    flavour: Flavour,
) -> Result<(SubModel<'a>, usize), OmError> {
    let wide = header.version >= VERSION_2
        && (header.model_length != 0 || matches!(flavour, Flavour::Flow | Flavour::Bundle));
    let num = r.u32(table, "number of partitions")?;
    let many = matches!(flavour, Flavour::Flow | Flavour::Bundle);
    let most = if many {
        MAX_FLOW_PARTITIONS
    } else {
        MAX_PARTITIONS
    };
    if num == 0 || num > most {
        let wanted = if many { "1 to 4096" } else { "1 to 8" };
        return Err(field(
            table as u64,
            "number of partitions",
            num.into(),
            wanted,
        ));
    }
    let (head, entry) = if wide { (8, 24) } else { (4, 12) };
    // num is at most 4096, so neither product nor sum can overflow.
    let mut position = table + head + num as usize * entry;
    if position > r.bytes.len() {
        return Err(OmError::Size {
            offset: table as u64,
            what: "partition table".into(),
            found: (r.bytes.len() - table) as u64,
            wanted: (position - table) as u64,
        });
    }
    let mut partitions = Vec::new();
    for i in 0..num as usize {
        let at = table + head + i * entry;
        let kind = PartitionKind(r.u32(at, "partition type")?);
        let (stated_offset, size) = if wide {
            (
                r.u64(at + 8, "partition offset")?,
                r.u64(at + 16, "partition size")?,
            )
        } else {
            let offset = r.u32(at + 4, "partition offset")?;
            (offset.into(), r.u32(at + 8, "partition size")?.into())
        };
        let left = (r.bytes.len() - position) as u64;
        let length = usize::try_from(size).ok().filter(|_| size <= left);
        let Some(length) = length else {
            return Err(OmError::Size {
                offset: position as u64,
                what: format!("partition {kind}"),
                found: left,
                wanted: size,
            });
        };
        partitions.push(Partition {
            kind,
            offset: position as u64,
            stated_offset,
            bytes: &r.bytes[position..position + length],
        });
        position += length;
    }
    let model = SubModel {
        table_offset: table as u64,
        wide,
        partitions,
    };
    Ok((model, position))
}

fn field(offset: u64, what: &'static str, found: u64, wanted: &'static str) -> OmError {
    OmError::Field {
        offset,
        what,
        found,
        wanted,
    }
}

/// Checked access to the file's bytes.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take<const N: usize>(&self, at: usize, what: &str) -> Result<[u8; N], OmError> {
        self.slice(at, N, what).map(|s| {
            let mut out = [0; N];
            out.copy_from_slice(s);
            out
        })
    }

    fn slice(&self, at: usize, len: usize, what: &str) -> Result<&'a [u8], OmError> {
        at.checked_add(len)
            .and_then(|end| self.bytes.get(at..end))
            .ok_or_else(|| OmError::Size {
                offset: at as u64,
                what: what.into(),
                found: self.bytes.len().saturating_sub(at) as u64,
                wanted: len as u64,
            })
    }

    fn u8(&self, at: usize, what: &str) -> Result<u8, OmError> {
        self.take::<1>(at, what).map(|b| b[0])
    }

    fn u32(&self, at: usize, what: &str) -> Result<u32, OmError> {
        self.take(at, what).map(u32::from_le_bytes)
    }

    fn u64(&self, at: usize, what: &str) -> Result<u64, OmError> {
        self.take(at, what).map(u64::from_le_bytes)
    }

    fn text(&self, at: usize, len: usize) -> Result<String, OmError> {
        let raw = self.slice(at, len, "header text")?;
        let end = raw.iter().position(|&b| b == 0).unwrap_or(len);
        Ok(String::from_utf8_lossy(&raw[..end]).into_owned())
    }
}
