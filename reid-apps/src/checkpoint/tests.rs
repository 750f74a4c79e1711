#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

use std::path::PathBuf;

use super::*;

fn committed(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/checkpoints")
        .join(name)
}

fn refused(name: &str) -> String {
    Checkpoint::read(&committed(name), None)
        .unwrap_err()
        .to_string()
}

fn refused_bytes(bytes: &[u8]) -> String {
    let error = Checkpoint::parse(Path::new("x.pt"), bytes.to_vec(), None);
    error.unwrap_err().to_string()
}

#[track_caller]
fn is_the_mixed_dict(checkpoint: &Checkpoint) {
    let all = checkpoint.load().unwrap();
    let tensor = |name: &str| (all[name].shape.clone(), all[name].data.clone());
    assert_eq!(all.len(), 9);
    assert_eq!(tensor("plain"), (vec![2, 3], vec![0., 1., 2., 3., 4., 5.]));
    // Strides 1 and 3 from number 6 on: the transpose of a 2 x 3 matrix.
    let turned = vec![6., 9., 7., 10., 8., 11.];
    assert_eq!(tensor("turned"), (vec![3, 2], turned));
    assert_eq!(tensor("parameter"), (vec![2], vec![100., 101.]));
    assert_eq!(tensor("double"), (vec![3], vec![200., 201., 202.]));
    assert_eq!(tensor("half"), (vec![3, 1], vec![300., 301., 302.]));
    // bfloat16 keeps eight bits: 401 loses its last.
    assert_eq!(tensor("bfloat"), (vec![3], vec![400., 400., 402.]));
    assert_eq!(tensor("bytes"), (vec![2], vec![244., 245.]));
    assert_eq!(tensor("counter"), (vec![], vec![600.]));
    assert_eq!(tensor("nothing"), (vec![0, 4], vec![]));
}

#[test]
fn both_arrangements_give_the_same_tensors() {
    for (name, kind) in [
        ("mixed.pt", Kind::Zip),
        ("deflated.pt", Kind::Zip),
        ("legacy.pt", Kind::Legacy),
        ("nested.pt", Kind::Zip),
        ("two.pt", Kind::Legacy),
    ] {
        let checkpoint = Checkpoint::read(&committed(name), None).unwrap();
        assert_eq!(checkpoint.kind(), kind, "{name}");
        is_the_mixed_dict(&checkpoint);
    }
}

#[test]
fn keys_choose_among_several_dicts() {
    let two = committed("two.pt");
    let b = Checkpoint::read(&two, Some("b")).unwrap();
    let names: Vec<&str> = b.tensors().map(|(name, _)| name).collect();
    assert_eq!(names, ["other"]);
    let error = Checkpoint::read(&two, Some("c")).unwrap_err().to_string();
    assert!(
        error.contains("no dict under the key c, but a, b"),
        "{error}"
    );
}

#[test]
fn a_name_that_runs_something_is_refused_by_name_and_nothing_runs() {
    let error = refused("hostile.pt");
    assert!(error.contains("refused posix.system"), "{error}");
    assert!(error.contains("hostile.pt"), "{error}");
    assert!(!Path::new("/tmp/a-checkpoint-was-run").exists());
}

#[test]
fn views_beyond_their_storage_are_refused_before_memory_is_taken() {
    let error = refused("outside.pt");
    assert!(error.contains("tensor plain of shape [2, 2]"), "{error}");
    // 2^40 numbers of one.
    let error = refused("repeated.pt");
    assert!(error.contains("no more numbers than that has"), "{error}");
}

#[test]
fn a_safetensors_file_is_read_whatever_its_numbers_are() {
    use safetensors::Dtype;
    use safetensors::tensor::TensorView;
    let (double, brain) = (1.5_f64.to_le_bytes(), 0x3fc0_u16.to_le_bytes());
    let views = [
        ("d", TensorView::new(Dtype::F64, vec![1], &double).unwrap()),
        ("b", TensorView::new(Dtype::BF16, vec![1], &brain).unwrap()),
    ];
    let bytes = safetensors::serialize(views, None).unwrap();
    let checkpoint = Checkpoint::parse(Path::new("x"), bytes, None).unwrap();
    assert_eq!(checkpoint.kind(), Kind::Safetensors);
    let all = checkpoint.load().unwrap();
    assert_eq!((&all["d"].data, &all["b"].data), (&vec![1.5], &vec![1.5]));
}

#[test]
fn other_files_are_named_for_what_they_are() {
    for (bytes, wanted) in [
        (&b""[..], "an empty file"),
        (b"IMOD0000", "an .om"),
        (b"version https://git-lfs.github.com/spec/v1", "git-lfs"),
        (
            b"\x80\x02}q\x00.",
            "a pickle that torch.save has not written",
        ),
        (b"\x08\x06", "ONNX"),
        (b"PK\x03\x04 and no more", "no whole zip archive"),
    ] {
        let error = refused_bytes(bytes);
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn every_cut_and_every_changed_byte_ends_in_an_error_or_in_numbers() {
    for name in ["mixed.pt", "legacy.pt", "deflated.pt"] {
        let whole = std::fs::read(committed(name)).unwrap();
        for end in 0..whole.len() {
            let cut = Checkpoint::parse(Path::new(name), whole[..end].to_vec(), None);
            assert!(cut.is_err() || cut.unwrap().load().is_err(), "{name} {end}");
        }
        for at in 0..whole.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= change;
                if let Ok(file) = Checkpoint::parse(Path::new(name), bytes, None) {
                    let _ = file.load();
                }
            }
        }
    }
}

#[test]
fn deep_and_endless_pickles_end_in_time_and_memory() {
    // A million tuples in each other, then a dict of dicts that hold each other 2^40 times.
    let deep = [&b"\x80\x02)"[..], &b"\x85".repeat(1 << 20), b"."].concat();
    let (value, ..) = pickle::run(&deep).unwrap();
    assert!(matches!(value, pickle::Value::Tuple(_)));
    let endless = [&b"\x80\x02"[..], &b"N".repeat(5 << 20)].concat();
    let error = pickle::run(&endless).unwrap_err();
    assert!(error.to_string().contains("more than"), "{error}");
    let doubled = b"}q\x00X\x01\x00\x00\x00ah\x00sX\x01\x00\x00\x00bh\x00s";
    let mut program = b"\x80\x02".to_vec();
    for _ in 0..40 {
        program.extend_from_slice(doubled);
    }
    program.push(b'.');
    let (value, heap, _) = pickle::run(&program).unwrap();
    let nothing = |_| Err(error::Problem::damaged("a tensor", "none"));
    // The depth is limited, so this ends; it holds no tensors.
    assert!(tree::plant(&heap, value, &nothing).is_ok());
}

#[test]
fn instructions_and_names_beyond_the_list_are_refused_one_by_one() {
    for (program, wanted) in [
        (&b"\x80\x02cbuiltins\neval\n."[..], "refused builtins.eval"),
        (b"\x80\x02cos\nsystem\n.", "refused os.system"),
        (
            b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
            "refused os.system",
        ),
        (b"\x80\x02c__torch__\nNet\n.", "TorchScript"),
        (
            b"\x80\x02cnumpy.core.multiarray\nscalar\n.",
            "a value of numpy",
        ),
        (b"\x80\x02(ios\nsystem\n.", "INST"),
        (b"\x80\x02\x82\x01.", "EXT"),
        (
            b"\x80\x02ccollections\nOrderedDict\nK\x01\x85R.",
            "a list of pairs",
        ),
        (b"\x80\x02NN\x86}bq.", "a dict or tensor"),
        (b"\x80\x02h\x05.", "no remembered value 5"),
        (b"\x80\x02(\x85.", "empty stack"),
        (b"\x80\x02X\xff\xff\xff\x7fabc", "cut short"),
        (b"\x80\x01.", "protocol 1"),
        (b"cposix\nsystem\n.", "refused posix.system"),
    ] {
        let error = pickle::run(program).unwrap_err().to_string();
        assert!(error.contains(wanted), "{wanted}: {error}");
    }
}
