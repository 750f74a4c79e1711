//! The programs of the chip's cores that a model carries.

use crate::OmError;

/// What each item begins with.
const MAGIC: u32 = 0x5D77_6EFD;

/// A program: its name and its ELF image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel<'a> {
    /// Name, as the operators' attribute `_kernelname` has it.
    pub name: &'a [u8],
    /// Contents.
    pub image: &'a [u8],
}

/// Lists the items of a TBE_KERNELS or CUST_AICPU_KERNELS partition.
///
/// # Errors
/// [`OmError`] with the offset in the partition where an item is cut or none begins.
pub fn kernels(partition: &[u8]) -> Result<Vec<Kernel<'_>>, OmError> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < partition.len() {
        let cut = |wanted: u64| OmError::Size {
            offset: at as u64,
            what: "item of the kernel store (offset in its partition)".into(),
            found: (partition.len() - at) as u64,
            wanted,
        };
        let number = |index: usize| {
            let bytes = partition.get(at + 4 * index..at + 4 * index + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        let (Some(magic), Some(name), Some(image)) = (number(0), number(1), number(2)) else {
            return Err(cut(12));
        };
        if magic != MAGIC {
            return Err(OmError::Field {
                offset: at as u64,
                what: "magic number of a kernel (offset in its partition)",
                found: magic.into(),
                wanted: "0x5d776efd",
            });
        }
        let (name, image) = (name as usize, image as usize);
        let rest = &partition[at + 12..];
        if name.checked_add(image).is_none_or(|size| size > rest.len()) {
            return Err(cut(12 + name as u64 + image as u64));
        }
        let (name, rest) = rest.split_at(name);
        found.push(Kernel {
            name,
            image: &rest[..image],
        });
        at += 12 + name.len() + image;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn item(name: &[u8], image: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_le_bytes().to_vec();
        for part in [name, image] {
            bytes.extend(u32::try_from(part.len()).unwrap().to_le_bytes());
        }
        [bytes.as_slice(), name, image].concat()
    }

    #[test]
    fn items_are_listed_and_cut_ones_refused() {
        let store = [item(b"te_add", b"\x7fELF1"), item(b"", b"")].concat();
        let found = kernels(&store).unwrap();
        assert_eq!(
            (found[0].name, found[0].image),
            (&b"te_add"[..], &b"\x7fELF1"[..])
        );
        assert_eq!(found.len(), 2);
        for cut in 1..store.len() {
            let whole = kernels(&store[..cut]);
            assert_eq!(whole.is_ok(), cut == store.len() - 12, "cut at {cut}");
        }
        let mut huge = item(b"x", b"y");
        huge[4..12].fill(0xFF);
        assert!(
            kernels(&huge)
                .unwrap_err()
                .to_string()
                .contains("truncated")
        );
    }
}
