//! Why a model cannot be loaded or run, with the number that the API answers.

use ascend_om::OmError;

/// A model that cannot be loaded or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The container or its description is damaged or of another kind.
    #[error("not a model this simulator can load: {0}")]
    Container(#[from] OmError),
    /// The file was made by `atc-sim`, and changed since.
    #[error("the .om is damaged: {detail}; copy it again, or convert the ONNX again with atc-sim")]
    Damaged {
        /// What differs.
        detail: String,
    },
    /// A real device model, or one for a phone.
    #[error(
        "{kind} for {soc} (atc version {atc}) holds device machine code, and no graph of it can be run on a CPU: {why}; \
         put the ONNX it was made from beside it as NAME.onnx or into the folder ACL_SIM_ONNX_DIR, or convert that with \
         atc-sim --framework=5 --model=MODEL.onnx --output=MODEL --soc_version={soc}"
    )]
    VendorModel {
        /// What the file is, for example "a model converted by the vendor's atc".
        kind: &'static str,
        /// Chip it was made for.
        soc: String,
        /// Version of the converter.
        atc: String,
        /// Why neither its ONNX nor its description can be run.
        why: String,
    },
    /// The engine does not take the graph.
    #[error("the graph inside the model cannot be prepared: {detail}")]
    Graph {
        /// The engine's words, with the operator's name.
        detail: String,
    },
    /// An input does not fit the model.
    #[error(
        "input {index} ({name}): found {found}, wanted {wanted}; give a buffer of the size that the model's description tells"
    )]
    Input {
        /// Index of the input.
        index: usize,
        /// Its name.
        name: String,
        /// What was given.
        found: String,
        /// What the model takes.
        wanted: String,
    },
    /// The number of inputs is not the model's.
    #[error("found {found} inputs, wanted {wanted}; the dynamic-shape input is not counted here")]
    InputCount {
        /// Number given.
        found: usize,
        /// Number the model takes.
        wanted: usize,
    },
    /// The attributes that say how an input is preprocessed contradict each other.
    #[error(
        "input {input}: found {detail} among the attributes of its preprocessing (AIPP); convert the ONNX again with atc-sim"
    )]
    AippMode {
        /// Its name.
        input: String,
        /// What is wrong.
        detail: String,
    },
    /// An input cannot be preprocessed.
    #[error("input {input}: its preprocessing (AIPP) cannot be done: {detail}")]
    Aipp {
        /// Its name.
        input: String,
        /// What is wrong.
        detail: String,
    },
    /// The shapes are none of those that the model was converted for.
    #[error(
        "dynamic dims: found {found}, wanted one of the gears {wanted}; choose one of them, or convert the model with more"
    )]
    Gear {
        /// Values given for the dynamic positions.
        found: String,
        /// The gears.
        wanted: String,
    },
    /// The file holds a graph only, nothing to execute.
    #[error(
        "found a graph-only .om (one partition), wanted an executable one; convert the model without the graph-only option"
    )]
    NotExecutable,
    /// An operator failed while running.
    #[error("the graph failed while running: {detail}")]
    Run {
        /// The engine's words, with the operator's name.
        detail: String,
    },
    /// An element type that the engine cannot take or give.
    #[error(
        "{what}: element type {name} is not supported by the simulator's engine; convert the model with float32, float16, int32, int64, int8, uint8 or bool there"
    )]
    Dtype {
        /// Which tensor.
        what: String,
        /// Name of the type.
        name: String,
    },
}

/// `ACL_ERROR_GE_PARAM_INVALID`.
const GE_PARAM_INVALID: i32 = 145_000;
/// `ACL_ERROR_GE_EXEC_MODEL_DATA_SIZE_INVALID`.
const GE_MODEL_DATA_SIZE: i32 = 145_006;
/// `ACL_ERROR_GE_DYNAMIC_BATCH_SIZE_INVALID`: any gear that was not compiled.
const GE_DYNAMIC_BATCH_SIZE: i32 = 145_013;
/// `ACL_ERROR_GE_AIPP_MODE_INVALID`.
const GE_AIPP_MODE: i32 = 145_016;
/// `ACL_ERROR_GE_INTERNAL_ERROR`.
const GE_INTERNAL: i32 = 545_000;
/// `ACL_ERROR_GE_EXEC_LOAD_MODEL_PARTITION_FAILED`.
const GE_LOAD_MODEL_PARTITION: i32 = 545_002;
/// `ACL_ERROR_GE_EXEC_LOAD_WEIGHT_PARTITION_FAILED`.
const GE_LOAD_WEIGHT_PARTITION: i32 = 545_003;
/// `ACL_ERROR_GE_EXEC_LOAD_TASK_PARTITION_FAILED`.
const GE_LOAD_TASK_PARTITION: i32 = 545_004;

impl ModelError {
    /// Gets the AscendCL code that a load or a run answers with.
    ///
    /// The runtime library checks magic and length first and answers 145006 for both; a damaged body becomes the
    /// code of the partition that could not be loaded; a file without machine code for this "device" is an invalid
    /// parameter (145000), as an uncompiled model is; a wrong buffer is 145000 as well. **Source**: the error
    /// numbers of `ge_error_codes.h` and the behaviour of the loader described for them.
    #[must_use]
    pub fn code(&self) -> i32 {
        match self {
            Self::Container(OmError::MissingPartition { what, .. }) => match *what {
                "WEIGHTS_DATA" => GE_LOAD_WEIGHT_PARTITION,
                "TASK_INFO" => GE_LOAD_TASK_PARTITION,
                "MODEL_DEF" => GE_LOAD_MODEL_PARTITION,
                _ => GE_PARAM_INVALID,
            },
            // A table that no model has is no matter of sizes.
            Self::Container(OmError::Field {
                what: "number of partitions",
                ..
            }) => GE_PARAM_INVALID,
            Self::Container(
                OmError::NotOm { .. }
                | OmError::Size { .. }
                | OmError::Field { .. }
                | OmError::Encrypted(_),
            )
            | Self::Damaged { .. } => GE_MODEL_DATA_SIZE,
            Self::Container(_) => GE_LOAD_MODEL_PARTITION,
            Self::Gear { .. } => GE_DYNAMIC_BATCH_SIZE,
            Self::AippMode { .. } => GE_AIPP_MODE,
            Self::VendorModel { .. }
            | Self::NotExecutable
            | Self::Input { .. }
            | Self::Aipp { .. }
            | Self::InputCount { .. }
            | Self::Dtype { .. } => GE_PARAM_INVALID,
            Self::Graph { .. } | Self::Run { .. } => GE_INTERNAL,
        }
    }
}
