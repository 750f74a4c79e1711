//! Which library the tests use, and the models that they run.
//!
//! | `ACL_TEST_LIBRARY` | library |
//! |---|---|
//! | not set | the simulator, in this process |
//! | `auto` | what `Api::find` finds: a card's |
//! | a path | that library |
//!
//! The simulator's models are converted here. For a card, `ACL_TEST_MODELS` names a folder with the
//! same models compiled by the vendor's atc; a test whose model is missing writes the ONNX file
//! there, prints the atc command that compiles it, says `SKIPPED` and passes.

use std::path::PathBuf;

use acl::{Api, Context, Runtime};
use ascend_om::onnx::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};
use ascendcl::atc::{self, Options, OutputType};

/// Returns the table of the library under test.
pub(crate) fn api() -> &'static Api {
    match std::env::var_os("ACL_TEST_LIBRARY") {
        None => ascendcl::api(),
        Some(choice) if choice == "auto" => Api::find().unwrap(),
        Some(path) => Api::open(path).unwrap(),
    }
}

pub(crate) fn context() -> Context {
    Context::new(&Runtime::init(api()).unwrap().device(0).unwrap()).unwrap()
}

/// A test model: a chain of operators over one input, all of one shape.
pub(crate) struct TestModel {
    pub(crate) name: &'static str,
    pub(crate) ops: &'static [&'static str],
    pub(crate) dims: &'static [i64],
    pub(crate) options: fn(&mut Options),
    /// The same as options, for the vendor's atc.
    pub(crate) atc: &'static str,
}

/// y = relu(x), [2, 4].
pub(crate) const RELU: TestModel = TestModel {
    name: "relu",
    ops: &["Relu"],
    dims: &[2, 4],
    options: |_| {},
    atc: "",
};

/// y = |x|, [2, 4], half-precision output.
pub(crate) const HALF: TestModel = TestModel {
    name: "half",
    ops: &["Abs"],
    dims: &[2, 4],
    options: |options| options.output_type = OutputType::All(acl::DataType::F16.0),
    atc: "--output_type=FP16",
};

/// y = relu(x), batch sizes 1, 2, 4 over four columns.
pub(crate) const BATCH: TestModel = TestModel {
    name: "batch",
    ops: &["Relu"],
    dims: &[-1, 4],
    options: |options| {
        options.input_shape = vec![("x".into(), vec![-1, 4])];
        options.dynamic_batch_size = vec![1, 2, 4];
    },
    atc: "--input_shape=x:-1,4 --dynamic_batch_size=1,2,4",
};

/// y = relu(x), images of 2 x 3 and 4 x 5.
pub(crate) const IMAGE: TestModel = TestModel {
    name: "image",
    ops: &["Relu"],
    dims: &[1, 1, -1, -1],
    options: |options| {
        options.input_shape = vec![("x".into(), vec![1, 1, -1, -1])];
        options.dynamic_image_size = vec![[2, 3], [4, 5]];
    },
    atc: "--input_shape=x:1,1,-1,-1 --dynamic_image_size=2,3;4,5",
};

/// y = relu(x), dims 3 x 2 and 2 x 5.
pub(crate) const DIMS: TestModel = TestModel {
    name: "dims",
    ops: &["Relu"],
    dims: &[-1, -1],
    options: |options| {
        options.input_format = atc::Format::Nd;
        options.input_shape = vec![("x".into(), vec![-1, -1])];
        options.dynamic_dims = vec![vec![3, 2], vec![2, 5]];
    },
    atc: "--input_format=ND --input_shape=x:-1,-1 --dynamic_dims=3,2;2,5",
};

impl TestModel {
    /// Returns the bytes of the ONNX file.
    pub(crate) fn onnx(&self) -> Vec<u8> {
        let value = |i: usize| match i {
            0 => "x".to_owned(),
            i if i == self.ops.len() => "y".to_owned(),
            i => format!("v{i}"),
        };
        let node = |(i, op): (usize, &&str)| NodeProto {
            op_type: (*op).to_owned(),
            name: format!("{op}_{i}"),
            input: vec![value(i)],
            output: vec![value(i + 1)],
            ..NodeProto::default()
        };
        let graph = GraphProto {
            name: self.name.to_owned(),
            node: self.ops.iter().enumerate().map(node).collect(),
            input: vec![ValueInfoProto::tensor("x", 1, self.dims)],
            output: vec![ValueInfoProto::tensor("y", 1, self.dims)],
            ..GraphProto::default()
        };
        let opset_import = vec![OperatorSetIdProto {
            version: 11,
            ..Default::default()
        }];
        ModelProto {
            ir_version: 6,
            graph: Some(graph),
            opset_import,
            ..Default::default()
        }
        .write()
    }

    /// Returns the bytes of the `.om`; `None`, with a line that says so, if a card lacks it.
    pub(crate) fn om(&self) -> Option<Vec<u8>> {
        if std::env::var_os("ACL_TEST_LIBRARY").is_none()
            || Runtime::init(api()).unwrap().is_simulated()
        {
            let mut options = Options::default();
            (self.options)(&mut options);
            return Some(atc::convert_bytes(&self.onnx(), self.name, &options).unwrap());
        }
        let folder = PathBuf::from(std::env::var_os("ACL_TEST_MODELS").unwrap_or_default());
        let path = folder.join(self.name);
        let om = std::fs::read(path.with_extension("om")).ok();
        if om.is_none() {
            let onnx = path.with_extension("onnx");
            std::fs::write(&onnx, self.onnx()).unwrap();
            println!(
                "SKIPPED: no {0}.om; make it with `atc --framework=5 --model={0}.onnx --output={0} \
                 --soc_version=… {1}`",
                path.display(),
                self.atc
            );
        }
        om
    }
}
