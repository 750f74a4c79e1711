//! Real files: every one is recognised for what it is, and its inputs and outputs are listed.
//!
//! The files are not part of the project. `OM_SAMPLES` names their folder; without it, and without the default folder,
//! these tests say so and pass.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use ascend_om::container::{Flavour, Om, PartitionKind};
use ascend_om::describe::{Description, describe};
use ascend_om::inout_info::InOutInfo;
use ascend_om::model_def::{decode_model, decode_tasks};
use ascend_om::{OmError, dtype};

/// Damaged copies of each file.
const COPIES: usize = 200;

fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = std::env::var_os("OM_SAMPLES").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../shared/om/samples"
            ))
        },
        PathBuf::from,
    );
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!(
            "SKIPPED: sample .om files not found at {}",
            folder.display()
        );
        return Vec::new();
    };
    let mut files: Vec<(String, Vec<u8>)> = entries
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "om"))
        .map(|p| {
            let name = p.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(&p).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn described(om: &Om<'_>) -> Description {
    let bytes = om.root().require(PartitionKind::MODEL_DEF).unwrap();
    describe(&decode_model(bytes).unwrap()).unwrap()
}

#[test]
fn every_sample_is_recognised_and_lists_its_inputs_and_outputs() {
    for (name, bytes) in samples() {
        let om = match Om::parse(&bytes) {
            Ok(om) => om,
            Err(error) => {
                assert!(name.contains("encrypted"), "{name}: {error}");
                assert!(matches!(error, OmError::NotOm { .. }), "{name}: {error}");
                assert!(error.to_string().contains("encrypted"), "{name}: {error}");
                continue;
            }
        };
        let phone = name.starts_with("hiai_");
        let wanted = if phone {
            Flavour::Phone
        } else {
            Flavour::Device
        };
        assert_eq!(om.flavour(), wanted, "{name}");
        let d = described(&om);
        println!(
            "{name}: {:?} soc {:?} atc {:?}",
            om.flavour(),
            d.soc_version,
            d.atc_version
        );
        for (kind, list) in [("in", &d.inputs), ("out", &d.outputs)] {
            for t in list {
                let (dtype, format) = (dtype::name(t.dtype), dtype::format_name(t.format));
                println!(
                    "  {kind} {} {dtype} {format} {:?} {} bytes",
                    t.name, t.dims, t.size
                );
            }
        }
        if phone {
            continue;
        }
        assert!(!d.inputs.is_empty() && !d.outputs.is_empty(), "{name}");
        for t in d.inputs.iter().chain(&d.outputs) {
            assert!(
                !t.name.is_empty() && t.size > 0 && t.dtype >= 0 && t.format >= 0,
                "{name}: {t:?}"
            );
        }
    }
}

#[test]
fn sizes_in_the_description_equal_those_of_the_partitions() {
    for (name, bytes) in samples() {
        let Ok(om) = Om::parse(&bytes) else { continue };
        let (Some(weights), Some(tasks)) = (
            om.root().find(PartitionKind::WEIGHTS_DATA),
            om.root().find(PartitionKind::TASK_INFO),
        ) else {
            continue;
        };
        if om.flavour() == Flavour::Phone {
            continue;
        }
        let d = described(&om);
        assert_eq!(d.weight_size, weights.len() as u64, "{name}");
        assert_eq!(
            d.memory_size,
            decode_tasks(tasks).unwrap().memory_size,
            "{name}"
        );
    }
}

#[test]
fn the_ready_made_description_agrees_with_the_protobuf() {
    let mut seen = 0;
    for (name, bytes) in samples() {
        let Ok(om) = Om::parse(&bytes) else { continue };
        let Some(partition) = om.root().find(PartitionKind::MODEL_INOUT_INFO) else {
            continue;
        };
        let info = InOutInfo::parse(partition).unwrap();
        let d = described(&om);
        assert_eq!(
            (&info.inputs, &info.outputs),
            (&d.inputs, &d.outputs),
            "{name}"
        );
        assert_eq!(
            info.write(),
            partition,
            "{name}: written again it is the same bytes"
        );
        seen += 1;
    }
    println!("{seen} files with MODEL_INOUT_INFO compared");
}

#[test]
fn no_damage_makes_the_parser_panic() {
    for (name, bytes) in samples() {
        // Damage where structure is: header, tables, descriptions. Most of a file is weights.
        let structure = bytes.len().min(200_000);
        let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ bytes.len() as u64);
        let mut parsed = 0;
        for _ in 0..COPIES {
            let mut bad = bytes.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(structure);
                bad[at] = u8::try_from(random.below(256)).unwrap();
            }
            if random.below(4) == 0 {
                bad.truncate(random.below(bad.len()));
            }
            let Ok(om) = Om::parse(&bad) else { continue };
            if let Some(Ok(model)) = om.root().find(PartitionKind::MODEL_DEF).map(decode_model) {
                parsed += usize::from(describe(&model).is_ok());
            }
            if let Some(info) = om.root().find(PartitionKind::MODEL_INOUT_INFO) {
                let _ = InOutInfo::parse(info);
            }
        }
        println!("{name}: {parsed} of {COPIES} damaged copies still parsed");
    }
}

/// SplitMix64: seeded, so that a failure repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n.max(1) as u64).unwrap()
    }
}
