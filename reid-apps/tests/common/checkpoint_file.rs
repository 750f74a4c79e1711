//! Writes checkpoints as torch.save does, in both arrangements.
#![allow(dead_code)] // each test uses its own part

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A float32 tensor: name, shape, numbers.
pub(crate) type Named = (String, Vec<usize>, Vec<f32>);

/// The instructions of a pickle, protocol 2.
struct Program(Vec<u8>);

impl Program {
    fn new() -> Self {
        Self(b"\x80\x02".to_vec())
    }

    fn text(&mut self, text: &str) {
        self.0.push(b'X');
        let length = u32::try_from(text.len()).unwrap();
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn int(&mut self, value: usize) {
        self.0.push(b'J');
        let value = i32::try_from(value).unwrap();
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn tuple(&mut self, sizes: &[usize]) {
        self.0.push(b'(');
        sizes.iter().for_each(|&s| self.int(s));
        self.0.push(b't');
    }

    fn tensor(&mut self, key: usize, shape: &[usize], count: usize, legacy: bool) {
        self.0
            .extend_from_slice(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        self.text("storage");
        self.0.extend_from_slice(b"ctorch\nFloatStorage\n");
        self.text(&key.to_string());
        self.text("cpu");
        self.int(count);
        self.0
            .extend_from_slice(if legacy { b"NtQ" } else { b"tQ" });
        self.int(0);
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis];
        }
        self.tuple(shape);
        self.tuple(&strides);
        self.0
            .extend_from_slice(b"\x89ccollections\nOrderedDict\n)RtR");
    }

    /// A state_dict, under `key` of another dict where one is given.
    fn dict(tensors: &[Named], key: Option<&str>, legacy: bool) -> Vec<u8> {
        let mut program = Self::new();
        if let Some(key) = key {
            program.0.push(b'}');
            program.text(key);
        }
        program
            .0
            .extend_from_slice(b"ccollections\nOrderedDict\n)R(");
        for (index, (name, shape, data)) in tensors.iter().enumerate() {
            program.text(name);
            program.tensor(index, shape, data.len(), legacy);
        }
        program.0.push(b'u');
        if key.is_some() {
            program.0.push(b's');
        }
        program.0.push(b'.');
        program.0
    }
}

fn bytes(data: &[f32]) -> Vec<u8> {
    data.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// The zip arrangement.
pub(crate) fn zipped(tensors: &[Named], key: Option<&str>) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut put = |name: String, data: &[u8]| {
        archive.start_file(name, options).unwrap();
        archive.write_all(data).unwrap();
    };
    put(
        "archive/data.pkl".into(),
        &Program::dict(tensors, key, false),
    );
    for (index, (.., data)) in tensors.iter().enumerate() {
        put(format!("archive/data/{index}"), &bytes(data));
    }
    put("archive/version".into(), b"3\n");
    archive.finish().unwrap().into_inner()
}

/// The arrangement before it.
pub(crate) fn legacy(tensors: &[Named], key: Option<&str>) -> Vec<u8> {
    let mut out = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".to_vec();
    out.extend_from_slice(b"\x80\x02M\xe9\x03.\x80\x02}X\x0d\x00\x00\x00little_endian\x88s.");
    out.extend(Program::dict(tensors, key, true));
    let mut keys = Program::new();
    keys.0.extend_from_slice(b"](");
    (0..tensors.len()).for_each(|index| keys.text(&index.to_string()));
    keys.0.extend_from_slice(b"e.");
    out.extend(keys.0);
    for (.., data) in tensors {
        out.extend((data.len() as u64).to_le_bytes());
        out.extend(bytes(data));
    }
    out
}
