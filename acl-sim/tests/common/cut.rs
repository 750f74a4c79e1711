//! Files of models that lack something, sealed again so that nothing else is wrong with them.
#![allow(dead_code)]

use ascend_om::container::{Om, PartitionKind};
use ascend_om::writer::{self, Layout};

/// Seals a file: it ends with the checksum of what comes before its digits.
pub(crate) fn seal(file: &mut [u8]) {
    let digits = file.len() - 8;
    let text = format!("{:08x}", crc32fast::hash(&file[..digits]));
    file[digits..].copy_from_slice(text.as_bytes());
}

/// The file with those of its partitions that `keep` says.
pub(crate) fn with(om: &[u8], keep: impl Fn(PartitionKind) -> bool) -> Vec<u8> {
    let parsed = Om::parse(om).expect("a good file");
    let parts: Vec<_> = parsed
        .root()
        .partitions
        .iter()
        .filter(|part| keep(part.kind))
        .map(|part| (part.kind, part.bytes))
        .collect();
    writer::write("cut", Layout::Wide, &parts).expect("there are few partitions")
}

/// The file without one of its partitions; the seal is at the end of TASK_INFO.
pub(crate) fn without(om: &[u8], kind: PartitionKind) -> Vec<u8> {
    let mut file = with(om, |one| one != kind);
    if kind != PartitionKind::TASK_INFO {
        seal(&mut file);
    }
    file
}
