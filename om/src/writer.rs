//! Writing a container.
//!
//! Written are the header version in use since 2021, one model, and either width of the partition table: the narrow one
//! is what converters up to CANN 5.1 write, the wide one what CANN 8 writes (and what holds more than 4 GiB). The
//! checksum field stays zero, as in every real file.

use crate::OmError;
use crate::container::{HEADER_LEN, MAGIC, PartitionKind, VERSION_2};

/// Width of the partition table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// 32-bit entries, as CANN up to 5.1.
    Narrow,
    /// 64-bit entries, as CANN 8.
    #[default]
    Wide,
}

/// Builds a container's bytes: header, table, then `partitions` one after the other.
///
/// `name` is cut to 31 bytes at a character border, as converters do. Contents are copied once, into the result.
///
/// # Errors
/// [`OmError::Size`] when the parts do not fit the narrow table's 32-bit fields.
pub fn write(
    name: &str,
    layout: Layout,
    partitions: &[(PartitionKind, &[u8])],
) -> Result<Vec<u8>, OmError> {
    let (head, entry) = match layout {
        Layout::Narrow => (4, 12),
        Layout::Wide => (8, 24),
    };
    let table = head + partitions.len() * entry;
    let body: usize = table + partitions.iter().map(|(_, b)| b.len()).sum::<usize>();
    let mut out = Vec::with_capacity(HEADER_LEN + body);
    header(&mut out, name, layout, body)?;
    let num = u32::try_from(partitions.len()).map_err(|_| too_large(partitions.len()))?;
    out.extend(num.to_le_bytes());
    if layout == Layout::Wide {
        out.extend([0; 4]);
    }
    let mut offset = 0usize;
    for (kind, bytes) in partitions {
        out.extend(kind.0.to_le_bytes());
        match layout {
            Layout::Wide => {
                out.extend([0; 4]);
                out.extend((offset as u64).to_le_bytes());
                out.extend((bytes.len() as u64).to_le_bytes());
            }
            Layout::Narrow => {
                let small = |n: usize| u32::try_from(n).map_err(|_| too_large(n));
                out.extend(small(offset)?.to_le_bytes());
                out.extend(small(bytes.len())?.to_le_bytes());
            }
        }
        offset += bytes.len();
    }
    for (_, bytes) in partitions {
        out.extend_from_slice(bytes);
    }
    Ok(out)
}

/// Marks a container in the current header version as one of a model whose shapes are set at run time.
pub fn mark_unknown_shapes(file: &mut [u8]) {
    if let Some(mark) = file.get_mut(193) {
        *mark = 1;
    }
}

fn too_large(found: usize) -> OmError {
    OmError::Size {
        offset: HEADER_LEN as u64,
        what: "narrow partition table (use the wide one)".into(),
        found: found as u64,
        wanted: u32::MAX.into(),
    }
}

fn header(out: &mut Vec<u8>, name: &str, layout: Layout, body: usize) -> Result<(), OmError> {
    let mut h = [0u8; HEADER_LEN];
    let mut put = |at: usize, bytes: &[u8]| h[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, MAGIC);
    put(4, &256u32.to_le_bytes());
    put(8, &VERSION_2.to_le_bytes());
    let end = (0..=name.len().min(31))
        .rev()
        .find(|&i| name.is_char_boundary(i))
        .unwrap_or(0);
    put(84, &name.as_bytes()[..end]);
    put(152, &2u32.to_le_bytes());
    put(156, &1u32.to_le_bytes());
    put(160, b"1.11.z.0");
    put(180, &[1]);
    match layout {
        Layout::Narrow => {
            let length = u32::try_from(body).map_err(|_| too_large(body))?;
            put(76, &length.to_le_bytes());
        }
        Layout::Wide => put(184, &(body as u64).to_le_bytes()),
    }
    out.extend_from_slice(&h);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::container::Om;

    #[test]
    fn what_is_written_is_parsed_again_in_both_widths() {
        let parts: [(PartitionKind, &[u8]); 3] = [
            (PartitionKind::MODEL_DEF, b"abc"),
            (PartitionKind::WEIGHTS_DATA, b""),
            (PartitionKind::TASK_INFO, b"0123456789"),
        ];
        for layout in [Layout::Narrow, Layout::Wide] {
            let bytes = write("a_name_longer_than_thirty_one_bytes", layout, &parts).unwrap();
            let om = Om::parse(&bytes).unwrap();
            assert_eq!(om.header.name, "a_name_longer_than_thirty_one_b");
            let found: Vec<_> = om
                .root()
                .partitions
                .iter()
                .map(|p| (p.kind, p.bytes))
                .collect();
            assert_eq!(found, parts);
            assert_eq!(om.root().wide, layout == Layout::Wide);
            assert!(om.header.length == 0 || om.header.model_length == 0);
        }
    }

    #[test]
    fn a_stated_length_other_than_the_files_is_refused() {
        for (layout, at) in [(Layout::Narrow, 76), (Layout::Wide, 184)] {
            let bytes = write("m", layout, &[(PartitionKind::MODEL_DEF, b"abc")]).unwrap();
            for change in [1u8, 255] {
                let mut bad = bytes.clone();
                bad[at] = bad[at].wrapping_add(change);
                let error = Om::parse(&bad).unwrap_err();
                let stated = matches!(error, OmError::Size { offset, .. } if offset == at as u64);
                assert!(stated, "{layout:?} {change}: {error}");
            }
        }
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = write("m", Layout::Wide, &[(PartitionKind::MODEL_DEF, b"abc")]).unwrap();
        for cut in 0..bytes.len() {
            assert!(Om::parse(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let longer = [&bytes[..], b"x"].concat();
        assert!(Om::parse(&longer).is_err());
    }
}
