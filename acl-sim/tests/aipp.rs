//! Image preprocessing (AIPP), from the converter's configuration or the program's calls to results.
//!
//! Results are compared with a computation of this file that goes stage by stage over whole pictures and finds the
//! nearest half float by trying all.
#![allow(clippy::unwrap_used, missing_docs)]

#[macro_use]
#[path = "common/call.rs"]
mod call;
#[path = "common/models.rs"]
mod graphs;
#[path = "aipp/naive.rs"]
mod naive;

use std::ffi::{c_char, c_void};
use std::ptr::{null, null_mut};

use acl_sys::{
    aclAippInfo, aclAippInputFormat as Format, aclDataType, aclFormat, aclmdlAIPP, aclmdlDataset,
    aclmdlIODims, aclmdlInputAippType as Type,
};
use ascend_om::onnx::elem;
use ascendcl::atc::{self, Options, convert_bytes};
use call::{download, malloc, messages, start, stream, upload};
use graphs::{floats, unary};
use naive::{Naive, bytes as noise};

const PARAMETERS: &std::ffi::CStr = c"ascend_dynamic_aipp_data";

/// Converts `y = x` with a configuration.
fn convert(text: &str, dims: &[i64], elem_type: i32, options: Options) -> Vec<u8> {
    try_convert(text, dims, elem_type, options).unwrap_or_else(|error| panic!("{error}"))
}

fn try_convert(
    text: &str,
    dims: &[i64],
    elem_type: i32,
    options: Options,
) -> Result<Vec<u8>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aipp.cfg");
    std::fs::write(&path, text).unwrap();
    let options = Options {
        insert_op_conf: Some(path),
        ..options
    };
    let onnx = unary("Identity", elem_type, dims);
    convert_bytes(&onnx, "m", &options).map_err(|error| error.to_string())
}

/// A loaded model with its datasets.
struct Model {
    id: u32,
    inputs: *mut aclmdlDataset,
    outputs: *mut aclmdlDataset,
    addresses: Vec<*mut c_void>,
    sizes: Vec<usize>,
    result: *mut c_void,
    result_size: usize,
}

fn dims() -> aclmdlIODims {
    aclmdlIODims {
        name: [0; 128],
        dimCount: 0,
        dims: [0; 128],
    }
}

fn add(set: *mut aclmdlDataset, address: *mut c_void, size: usize) {
    let buffer = call!(aclCreateDataBuffer(address, size));
    ok!(aclmdlAddDatasetBuffer(set, buffer));
}

impl Model {
    fn load(om: &[u8]) -> Self {
        let mut id = 0;
        ok!(aclmdlLoadFromMem(om.as_ptr().cast(), om.len(), &raw mut id));
        let desc = call!(aclmdlCreateDesc());
        ok!(aclmdlGetDesc(desc, id));
        let inputs = call!(aclmdlCreateDataset());
        let (mut addresses, mut sizes) = (Vec::new(), Vec::new());
        for index in 0..call!(aclmdlGetNumInputs(desc)) {
            let size = call!(aclmdlGetInputSizeByIndex(desc, index));
            let address = malloc(size);
            add(inputs, address, size);
            addresses.push(address);
            sizes.push(size);
        }
        let outputs = call!(aclmdlCreateDataset());
        let result_size = call!(aclmdlGetOutputSizeByIndex(desc, 0));
        let result = malloc(result_size);
        add(outputs, result, result_size);
        ok!(aclmdlDestroyDesc(desc));
        Self {
            id,
            inputs,
            outputs,
            addresses,
            sizes,
            result,
            result_size,
        }
    }

    fn run(&self, pictures: &[u8]) -> Vec<u8> {
        upload(self.addresses[0], pictures);
        ok!(aclmdlExecute(self.id, self.inputs, self.outputs));
        download(self.result, self.result_size)
    }

    fn code(&self) -> i32 {
        call!(aclmdlExecute(self.id, self.inputs, self.outputs))
    }

    fn dims(&self, index: usize) -> [Vec<i64>; 2] {
        let desc = call!(aclmdlCreateDesc());
        ok!(aclmdlGetDesc(desc, self.id));
        let (mut plain, mut exact) = (dims(), dims());
        ok!(aclmdlGetInputDims(desc, index, &raw mut plain));
        ok!(aclmdlGetInputDimsV2(desc, index, &raw mut exact));
        assert_eq!(
            call!(aclmdlGetInputDataType(desc, index)),
            aclDataType::ACL_UINT8
        );
        ok!(aclmdlDestroyDesc(desc));
        [plain, exact].map(|dims| dims.dims[..dims.dimCount].to_vec())
    }

    fn kind(&self, index: usize) -> (Type, usize) {
        let (mut kind, mut attached) = (Type::ACL_DATA_WITHOUT_AIPP, 0);
        ok!(aclmdlGetAippType(
            self.id,
            index,
            &raw mut kind,
            &raw mut attached
        ));
        (kind, attached)
    }

    fn index_of(&self, name: &std::ffi::CStr) -> usize {
        let desc = call!(aclmdlCreateDesc());
        ok!(aclmdlGetDesc(desc, self.id));
        let mut index = 0;
        let name: *const c_char = name.as_ptr();
        ok!(aclmdlGetInputIndexByName(desc, name, &raw mut index));
        ok!(aclmdlDestroyDesc(desc));
        index
    }
}

/// Checks one static configuration on a batch of two against the naive computation.
fn check_static(naive: &Naive, [channels, height, width]: [usize; 3]) {
    let text = naive.text();
    let shape = [2, channels, height, width].map(|d| i64::try_from(d).unwrap());
    let model = Model::load(&convert(&text, &shape, elem::FLOAT, Options::default()));
    let pictures = noise(2 * naive.size());
    assert_eq!(model.sizes, [pictures.len()], "{text}");
    let made = floats(&model.run(&pictures));
    let one = channels * height * width;
    for (index, picture) in pictures.chunks_exact(naive.size()).enumerate() {
        let wanted = naive.planes(picture, channels);
        assert_eq!(wanted.len(), one, "{text}");
        assert_eq!(
            made[index * one..][..one],
            wanted,
            "picture {index} of {text}"
        );
    }
    ok!(aclmdlUnload(model.id));
}

#[test]
fn every_format_passes_through_every_stage() {
    start();
    let plain = |format| Naive::new(format, 12, 8);
    for format in [1, 3] {
        check_static(&plain(format), [3, 8, 12]);
        check_static(&plain(format).swapped(), [3, 8, 12]);
        check_static(&plain(format).normalised(), [3, 8, 12]);
        check_static(&plain(format).converted(), [3, 8, 12]);
        check_static(&plain(format).converted().swapped(), [3, 8, 12]);
        check_static(&plain(format).cropped(2, 4, 7, 3), [3, 3, 7]);
        check_static(&plain(format).padded(1, 2, 3, 4), [3, 11, 19]);
        let all = plain(format).swapped().converted().normalised();
        check_static(&all.cropped(4, 2, 5, 5).padded(3, 0, 32, 1), [3, 8, 38]);
    }
    check_static(&plain(2), [4, 8, 12]);
    check_static(&plain(2), [3, 8, 12]);
    check_static(&plain(2).swapped(), [4, 8, 12]);
    check_static(&plain(2).swapped().normalised(), [4, 8, 12]);
    check_static(&plain(2).without_x().converted().normalised(), [3, 8, 12]);
    let all = plain(2).swapped().without_x().converted().normalised();
    check_static(&all.cropped(1, 3, 5, 5).padded(3, 0, 32, 1), [3, 8, 38]);
    check_static(&plain(4), [1, 8, 12]);
    let all = plain(4).normalised().cropped(1, 3, 5, 5).padded(3, 0, 2, 1);
    check_static(&all, [1, 8, 8]);
    check_static(&plain(1), [1, 8, 12]);
}

#[test]
fn channels_may_lie_beside_each_other_and_bytes_stay_bytes() {
    start();
    let naive = Naive::new(3, 6, 4).normalised().padded(1, 0, 0, 2);
    let options = || Options {
        input_format: atc::Format::Nhwc,
        ..Options::default()
    };
    let picture = noise(naive.size());
    let planes = naive.planes(&picture, 3);
    let beside: Vec<f32> = (0..planes.len())
        .map(|i| planes[i % 3 * 40 + i / 3])
        .collect();
    let om = convert(&naive.text(), &[1, 5, 8, 3], elem::FLOAT, options());
    let model = Model::load(&om);
    assert_eq!(floats(&model.run(&picture)), beside);
    // The configuration's mean and factor have no effect from bytes to bytes; the padding's value has.
    let raw = Naive::new(3, 6, 4).padded(1, 0, 0, 2);
    let wanted: Vec<u8> = raw
        .planes(&picture, 3)
        .iter()
        .map(|v| (0..=255).find(|b| (f32::from(*b) - v).abs() < 0.5).unwrap())
        .collect();
    let om = convert(
        &naive.text(),
        &[1, 3, 5, 8],
        elem::UINT8,
        Options::default(),
    );
    let model = Model::load(&om);
    assert_eq!(model.run(&picture), wanted);
}

#[test]
fn gears_of_batches_and_of_image_sizes_take_static_preprocessing() {
    start();
    let naive = Naive::new(1, 8, 6).converted().cropped(2, 2, 4, 3);
    let options = Options {
        input_shape: vec![("x".into(), vec![-1, 3, 3, 4])],
        dynamic_batch_size: vec![1, 3],
        ..Options::default()
    };
    let om = convert(&naive.text(), &[-1, 3, 3, 4], elem::FLOAT, options);
    let model = Model::load(&om);
    assert_eq!(model.sizes[0], 3 * 72);
    assert_eq!(model.dims(0), [vec![-1, 6, 8, 1], vec![-1, 9, 8, 1]]);
    let pictures = noise(3 * 72);
    for batch in [1, 3] {
        ok!(aclmdlSetDynamicBatchSize(
            model.id,
            model.inputs,
            1,
            batch as u64
        ));
        let made = floats(&model.run(&pictures));
        let wanted: Vec<f32> = pictures
            .chunks_exact(72)
            .take(batch)
            .flat_map(|picture| naive.planes(picture, 3))
            .collect();
        assert_eq!(made[..wanted.len()], wanted);
    }

    let options = Options {
        input_shape: vec![("x".into(), vec![1, 3, -1, -1])],
        dynamic_image_size: vec![[4, 6], [8, 2]],
        ..Options::default()
    };
    let text = "aipp_op { aipp_mode: static input_format: RGB888_U8 rbuv_swap_switch: true }";
    let om = convert(text, &[1, 3, -1, -1], elem::FLOAT, options.clone());
    let model = Model::load(&om);
    for (height, width) in [(4, 6), (8, 2)] {
        ok!(aclmdlSetDynamicHWSize(
            model.id,
            model.inputs,
            1,
            height as u64,
            width as u64
        ));
        let naive = Naive::new(3, width, height).swapped();
        let picture = noise(naive.size());
        let wanted = naive.planes(&picture, 3);
        assert_eq!(floats(&model.run(&picture))[..wanted.len()], wanted);
    }
    let crop = "aipp_op { aipp_mode: static input_format: RGB888_U8 crop: true src_image_size_w: 9 src_image_size_h: 9 }";
    let refused = try_convert(crop, &[1, 3, -1, -1], elem::FLOAT, options).unwrap_err();
    assert!(refused.contains("--dynamic_image_size"), "{refused}");
}

#[test]
fn a_static_input_describes_pictures() {
    start();
    for (format, channels, plain, exact) in [
        (1, 3, [2, 8, 12, 1], [2, 12, 12, 1]),
        (2, 4, [2, 8, 12, 4], [2, 8, 12, 4]),
        (3, 3, [2, 8, 12, 3], [2, 8, 12, 3]),
        (4, 1, [2, 8, 12, 1], [2, 8, 12, 1]),
    ] {
        let naive = Naive::new(format, 12, 8).normalised();
        let om = convert(
            &naive.text(),
            &[2, channels, 8, 12],
            elem::FLOAT,
            Options::default(),
        );
        let model = Model::load(&om);
        assert_eq!(model.dims(0), [plain.to_vec(), exact.to_vec()]);
        let product: i64 = exact.iter().product();
        assert_eq!(model.sizes[0], usize::try_from(product).unwrap());
        assert_eq!(
            model.kind(0),
            (Type::ACL_DATA_WITH_STATIC_AIPP, 0xFFFF_FFFF)
        );
        let info = first_info(&model, 0);
        assert_eq!(info.inputFormat, Format(u32::from(format)));
        assert_eq!((info.srcImageSizeW, info.srcImageSizeH), (12, 8));
        assert_eq!((info.meanChn0, info.meanChn2), (104, 124));
        assert_eq!(info.varReciChn1.to_bits(), 0.25f32.to_bits());
        assert_eq!((info.matrixR0C0, info.outputBias0), (298, 16));
        assert_eq!((info.cropSwitch, info.cscSwitch), (0, 0));
        assert_eq!(info.srcFormat, aclFormat::ACL_FORMAT_NCHW);
        assert_eq!(info.srcDatatype, aclDataType::ACL_FLOAT);
        assert_eq!((info.srcDimNum, info.shapeCount), (4, 1));
        let first = &info.outDims[0];
        assert_eq!(first.srcSize, model.sizes[0]);
        assert_eq!(first.srcDims.dims[..4], plain);
        assert_eq!(first.aippOutdims.dims[..4], [2, channels, 8, 12]);
        assert_eq!(
            first.aippOutSize,
            usize::try_from(2 * 2 * channels * 96).unwrap()
        );
    }
}

fn first_info(model: &Model, index: usize) -> Box<aclAippInfo> {
    let mut info: Box<std::mem::MaybeUninit<aclAippInfo>> = Box::new_uninit();
    ok!(aclmdlGetFirstAippInfo(model.id, index, info.as_mut_ptr()));
    // SAFETY: the call succeeded, so it has written the whole structure.
    unsafe { info.assume_init() }
}

const DYNAMIC: &str = "aipp_op { aipp_mode: dynamic max_src_image_size: 2000 }";

fn dynamic(batch: i64) -> Model {
    let shape = [batch, 3, 8, 12];
    Model::load(&convert(DYNAMIC, &shape, elem::FLOAT, Options::default()))
}

/// Makes a set that says what the naive computation says.
fn set_of(pictures: &[Naive]) -> *mut aclmdlAIPP {
    let set = call!(aclmdlCreateAIPP(pictures.len() as u64));
    assert!(!set.is_null(), "{}", messages());
    let i32 = |value: usize| i32::try_from(value).unwrap();
    let head = &pictures[0];
    ok!(aclmdlSetAIPPInputFormat(
        set,
        Format(u32::from(head.format))
    ));
    ok!(aclmdlSetAIPPSrcImageSize(
        set,
        i32(head.width),
        i32(head.height)
    ));
    ok!(aclmdlSetAIPPRbuvSwapSwitch(set, i8::from(head.swap_rbuv)));
    ok!(aclmdlSetAIPPAxSwapSwitch(set, i8::from(head.swap_ax)));
    let m = naive::MATRIX;
    let [o, i] = [naive::OUTPUT_BIAS, naive::INPUT_BIAS];
    ok!(aclmdlSetAIPPCscParams(
        set,
        i8::from(head.csc),
        m[0][0],
        m[0][1],
        m[0][2],
        m[1][0],
        m[1][1],
        m[1][2],
        m[2][0],
        m[2][1],
        m[2][2],
        o[0],
        o[1],
        o[2],
        i[0],
        i[1],
        i[2],
    ));
    for (index, p) in pictures.iter().enumerate() {
        let index = index as u64;
        ok!(aclmdlSetAIPPScfParams(set, 0, 0, 0, 0, 0, index));
        if let Some([x, y, w, h]) = p.crop {
            ok!(aclmdlSetAIPPCropParams(
                set,
                1,
                i32(x),
                i32(y),
                i32(w),
                i32(h),
                index
            ));
        }
        let [top, bottom, left, right] = p.sides.map(i32);
        ok!(aclmdlSetAIPPPaddingParams(
            set, 1, top, bottom, left, right, index
        ));
        let [a, b, c, d] = p.mean;
        ok!(aclmdlSetAIPPDtcPixelMean(set, a, b, c, d, index));
        let [a, b, c, d] = p.min;
        ok!(aclmdlSetAIPPDtcPixelMin(set, a, b, c, d, index));
        let [a, b, c, d] = p.factor;
        ok!(aclmdlSetAIPPPixelVarReci(set, a, b, c, d, index));
    }
    set
}

/// Two pictures of 20 x 10 that become 12 x 8 in different ways.
fn two(format: u8) -> [Naive; 2] {
    let head = || {
        let head = Naive::new(format, 20, 10).unpadded_value();
        if format == 2 { head.without_x() } else { head }
    };
    [
        head().converted().normalised().cropped(4, 2, 12, 8),
        head().converted().cropped(0, 0, 9, 6).padded(2, 0, 1, 2),
    ]
}

#[test]
fn each_picture_of_a_batch_has_its_own_parameters_at_run_time() {
    start();
    let model = dynamic(2);
    assert_eq!(model.sizes, [2000, 64 + 2 * 96]);
    assert_eq!(model.index_of(PARAMETERS), 1);
    assert_eq!(model.dims(0)[0], [2, 3, 8, 12]);
    assert_eq!(model.dims(1)[0], [256]);
    assert_eq!(model.kind(0), (Type::ACL_DATA_WITH_DYNAMIC_AIPP, 1));
    assert_eq!(model.kind(1), (Type::ACL_DYNAMIC_AIPP_NODE, 0xFFFF_FFFF));
    let info = first_info(&model, 0);
    assert_eq!((info.srcDimNum, info.shapeCount), (4, 1));
    assert_eq!(info.outDims[0].aippOutdims.dims[..4], [2, 3, 8, 12]);
    for (format, by_input) in [(1, false), (2, true), (3, false)] {
        let naive = two(format);
        let set = set_of(&naive);
        if by_input {
            ok!(aclmdlSetAIPPByInputIndex(model.id, model.inputs, 0, set));
        } else {
            ok!(aclmdlSetInputAIPP(model.id, model.inputs, 1, set));
        }
        // The set has been copied.
        ok!(aclmdlDestroyAIPP(set));
        let size = naive[0].size();
        let pictures = noise(2 * size);
        let wanted: Vec<f32> = naive
            .iter()
            .zip(pictures.chunks_exact(size))
            .flat_map(|(naive, picture)| naive.planes(picture, 3))
            .collect();
        assert_eq!(floats(&model.run(&pictures)), wanted, "format {format}");
        let stream = stream();
        upload(model.result, &vec![0; model.result_size]);
        ok!(aclmdlExecuteAsync(
            model.id,
            model.inputs,
            model.outputs,
            stream
        ));
        ok!(aclrtSynchronizeStream(stream));
        assert_eq!(floats(&download(model.result, model.result_size)), wanted);
        ok!(aclrtDestroyStream(stream));
    }
}

#[test]
fn parameters_may_be_written_by_the_program_itself() {
    start();
    let model = dynamic(1);
    let naive = Naive::new(3, 12, 8).unpadded_value();
    let picture = noise(naive.size());
    let mut raw = [0u8; 160];
    raw[0] = 3;
    raw[4] = 1;
    raw[8] = 12;
    raw[12] = 8;
    for channel in 0..3 {
        // The half 2.
        raw[64 + 72 + 2 * channel + 1] = 0x40;
    }
    upload(model.addresses[1], &raw);
    let wanted: Vec<f32> = naive.planes(&picture, 3).iter().map(|v| v * 2.0).collect();
    assert_eq!(floats(&model.run(&picture)), wanted);
    raw[4] = 2;
    upload(model.addresses[1], &raw);
    assert_eq!(model.code(), 145_000);
    assert!(messages().contains("2 pictures"));
    upload(model.addresses[1], &[0; 160]);
    assert_eq!(model.code(), 145_000);
    assert!(messages().contains("set all parameters"));
}

#[test]
fn a_set_is_made_for_the_batch_of_the_gear() {
    start();
    let options = Options {
        input_shape: vec![("x".into(), vec![-1, 3, 8, 12])],
        dynamic_batch_size: vec![1, 2],
        ..Options::default()
    };
    let model = Model::load(&convert(DYNAMIC, &[-1, 3, 8, 12], elem::FLOAT, options));
    assert_eq!(model.sizes[..2], [2000, 256]);
    assert_eq!(model.index_of(c"ascend_mbatch_shape_data"), 2);
    let naive = two(3);
    let pictures = noise(2 * naive[0].size());
    for batch in [1, 2] {
        let set = set_of(&naive[..batch]);
        ok!(aclmdlSetInputAIPP(model.id, model.inputs, 1, set));
        ok!(aclmdlSetDynamicBatchSize(
            model.id,
            model.inputs,
            2,
            batch as u64
        ));
        let wanted: Vec<f32> = naive[..batch]
            .iter()
            .zip(pictures.chunks_exact(naive[0].size()))
            .flat_map(|(naive, picture)| naive.planes(picture, 3))
            .collect();
        assert_eq!(floats(&model.run(&pictures))[..wanted.len()], wanted);
        ok!(aclmdlDestroyAIPP(set));
    }
    // The set is still that for two.
    ok!(aclmdlSetDynamicBatchSize(model.id, model.inputs, 2, 1));
    assert_eq!(model.code(), 145_000);
    messages();
}

#[test]
fn values_out_of_range_are_refused_by_their_setters() {
    start();
    let set = call!(aclmdlCreateAIPP(2));
    assert!(call!(aclmdlCreateAIPP(128)).is_null());
    assert!(call!(aclmdlCreateAIPP(u64::MAX)).is_null());
    let bad = 100_000;
    for format in [0, 5, 7, 65535] {
        assert_eq!(call!(aclmdlSetAIPPInputFormat(set, Format(format))), bad);
    }
    for (width, height) in [(0, 8), (8, -1), (4097, 8)] {
        assert_eq!(call!(aclmdlSetAIPPSrcImageSize(set, width, height)), bad);
    }
    ok!(aclmdlSetAIPPSrcImageSize(set, 1, 4096));
    assert_eq!(call!(aclmdlSetAIPPRbuvSwapSwitch(set, 2)), bad);
    assert_eq!(call!(aclmdlSetAIPPAxSwapSwitch(set, -1)), bad);
    let csc = call!(aclmdlSetAIPPCscParams(
        set, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    ));
    assert_eq!(csc, bad);
    assert_eq!(call!(aclmdlSetAIPPCropParams(set, 1, -1, 0, 1, 1, 0)), bad);
    assert_eq!(call!(aclmdlSetAIPPCropParams(set, 1, 0, 0, 0, 1, 0)), bad);
    assert_eq!(call!(aclmdlSetAIPPCropParams(set, 3, 0, 0, 1, 1, 0)), bad);
    assert_eq!(call!(aclmdlSetAIPPCropParams(set, 1, 0, 0, 1, 1, 2)), bad);
    ok!(aclmdlSetAIPPCropParams(set, 0, 0, 0, 0, 0, 1));
    assert_eq!(
        call!(aclmdlSetAIPPPaddingParams(set, 1, 33, 0, 0, 0, 0)),
        bad
    );
    assert_eq!(
        call!(aclmdlSetAIPPPaddingParams(set, 1, 0, 0, -1, 0, 0)),
        bad
    );
    assert_eq!(
        call!(aclmdlSetAIPPPaddingParams(set, 4, 0, 0, 0, 0, 0)),
        bad
    );
    assert_eq!(call!(aclmdlSetAIPPDtcPixelMean(set, 256, 0, 0, 0, 0)), bad);
    assert_eq!(call!(aclmdlSetAIPPDtcPixelMean(set, 0, 0, 0, -1, 0)), bad);
    assert_eq!(call!(aclmdlSetAIPPDtcPixelMean(set, 0, 0, 0, 0, 2)), bad);
    assert_eq!(
        call!(aclmdlSetAIPPDtcPixelMin(set, f32::NAN, 0.0, 0.0, 0.0, 0)),
        bad
    );
    assert_eq!(
        call!(aclmdlSetAIPPPixelVarReci(set, 1.0, 65505.0, 0.0, 0.0, 0)),
        bad
    );
    let resized = call!(aclmdlSetAIPPScfParams(set, 1, 2, 2, 1, 1, 0));
    assert_eq!(resized, 200_001);
    ok!(aclmdlDestroyAIPP(set));
    assert_eq!(call!(aclmdlDestroyAIPP(set)), bad);
    assert_eq!(call!(aclmdlDestroyAIPP(null())), bad);
    assert_eq!(call!(aclmdlSetAIPPAxSwapSwitch(set, 0)), bad);
    assert_eq!(call!(aclmdlSetAIPPAxSwapSwitch(null_mut(), 0)), bad);
    messages();
}

#[test]
fn wrong_inputs_of_parameters_have_the_documented_codes() {
    start();
    let model = dynamic(2);
    let untouched = download(model.addresses[1], 256);
    let good = set_of(&two(3));
    let put = |dataset, index, set: *mut aclmdlAIPP| {
        call!(aclmdlSetInputAIPP(model.id, dataset, index, set))
    };
    assert_eq!(put(model.inputs, 0, good), 100_000);
    assert_eq!(put(model.inputs, 9, good), 100_000);
    assert_eq!(put(null_mut(), 1, good), 100_000);
    assert_eq!(put(model.inputs, 1, null_mut()), 100_000);
    let unknown = call!(aclmdlSetInputAIPP(4_000_000, model.inputs, 1, good));
    assert_eq!(unknown, 145_003);
    let by_index = |index| {
        call!(aclmdlSetAIPPByInputIndex(
            model.id,
            model.inputs,
            index,
            good
        ))
    };
    assert_eq!([by_index(1), by_index(9)], [100_000; 2]);

    let with = |address, size| {
        let set = call!(aclmdlCreateDataset());
        add(set, model.addresses[0], model.sizes[0]);
        add(set, address, size);
        set
    };
    assert_eq!(put(with(null_mut(), 0), 1, good), 145_011);
    assert_eq!(put(with(model.addresses[1], 255), 1, good), 145_012);
    let empty = call!(aclmdlCreateAIPP(0));
    assert_eq!(put(model.inputs, 1, empty), 145_014);
    let larger = [two(3), two(3)].concat();
    assert_eq!(put(model.inputs, 1, set_of(&larger)), 145_012);
    assert_eq!(put(model.inputs, 1, set_of(&two(3)[..1])), 100_000);
    assert!(messages().contains("batches of [2]"));

    let refused = |change: &dyn Fn(*mut aclmdlAIPP), word: &str| {
        let set = set_of(&two(3));
        messages();
        change(set);
        assert_eq!(put(model.inputs, 1, set), 100_000, "{word}");
        let text = messages();
        assert!(text.contains(word), "{text}");
    };
    refused(
        &|set| ok!(aclmdlSetAIPPCropParams(set, 1, 9, 2, 12, 8, 0)),
        "leaves",
    );
    refused(
        &|set| ok!(aclmdlSetAIPPCropParams(set, 1, 0, 0, 11, 8, 0)),
        "11 x 8",
    );
    refused(
        &|set| ok!(aclmdlSetAIPPInputFormat(set, Format::ACL_YUV400_U8)),
        "YUV400_U8",
    );
    refused(
        &|set| ok!(aclmdlSetAIPPSrcImageSize(set, 200, 100)),
        "max_src_image_size",
    );
    let fresh = call!(aclmdlCreateAIPP(2));
    assert_eq!(put(model.inputs, 1, fresh), 100_000);
    assert!(messages().contains("format"));
    // Nothing of all that has reached the device.
    assert_eq!(download(model.addresses[1], 256), untouched);

    let om = convert_bytes(
        &unary("Identity", elem::FLOAT, &[1, 3, 2, 2]),
        "plain",
        &Options::default(),
    );
    let plain = Model::load(&om.unwrap());
    assert_eq!(plain.kind(0), (Type::ACL_DATA_WITHOUT_AIPP, 0xFFFF_FFFF));
    let mut info: Box<std::mem::MaybeUninit<aclAippInfo>> = Box::new_uninit();
    let mut code = |id, index| call!(aclmdlGetFirstAippInfo(id, index, info.as_mut_ptr()));
    assert_eq!(code(plain.id, 0), 145_015);
    assert_eq!(code(model.id, 1), 145_015);
    assert_eq!(code(plain.id, 1), 100_000);
    assert_eq!(
        call!(aclmdlGetFirstAippInfo(plain.id, 0, null_mut())),
        100_000
    );
    let none = call!(aclmdlSetAIPPByInputIndex(plain.id, plain.inputs, 0, good));
    assert_eq!(none, 100_000);
    messages();
}

#[test]
fn configurations_that_do_not_fit_the_model_are_refused_with_their_place() {
    let shape = [1, 3, 8, 12];
    let refused =
        |text: &str, options: Options| try_convert(text, &shape, elem::FLOAT, options).unwrap_err();
    let fixed = "aipp_mode: static input_format: RGB888_U8";
    for (text, word) in [
        ("aipp_op {\n  mean_chan: 1\n}".to_owned(), "aipp.cfg:2"),
        ("\naipp_op { }".to_owned(), "aipp.cfg:2"),
        ("aipp_op { aipp_mode: static }".to_owned(), "input_format"),
        (
            "aipp_op { aipp_mode: dynamic }".to_owned(),
            "max_src_image_size",
        ),
        (
            format!("aipp_op {{ {fixed} related_input_rank: 1 }}"),
            "1 inputs",
        ),
        (
            format!("aipp_op {{ {fixed} related_input_name: \"z\" }}"),
            "one of x",
        ),
        (
            format!("aipp_op {{ {fixed} }}\naipp_op {{ {fixed} }}"),
            "second aipp_op",
        ),
        (
            format!("aipp_op {{ {fixed} src_image_size_w: 8 src_image_size_h: 8 }}"),
            "8 x 8",
        ),
        (
            "aipp_op { aipp_mode: static input_format: YUV400_U8 }".to_owned(),
            "channels",
        ),
    ] {
        let error = refused(&text, Options::default());
        assert!(
            error.contains(word) && error.contains("aipp.cfg"),
            "{error}"
        );
    }
    let nd = Options {
        input_format: atc::Format::Nd,
        ..Options::default()
    };
    let half = Options {
        input_fp16_nodes: vec!["x".into()],
        ..Options::default()
    };
    let good = format!("aipp_op {{ {fixed} }}");
    assert!(refused(&good, nd).contains("NCHW or NHWC"));
    assert!(refused(&good, half).contains("--input_fp16_nodes"));
    let flat = try_convert(&good, &[1, 36], elem::FLOAT, Options::default());
    assert!(flat.unwrap_err().contains("four dims"));
    let wide = "aipp_op { aipp_mode: static input_format: RGB888_U8 src_image_size_w: 1079 \
                src_image_size_h: 2 padding: true left_padding_size: 2 }";
    let padded = try_convert(wide, &[1, 3, 2, 1081], elem::FLOAT, Options::default());
    assert!(padded.unwrap_err().contains("1080"));
}
