//! `acl_mdl.h`: preprocessing of pictures.

use acl_sys::{
    aclAippDims, aclAippInfo, aclAippInputFormat, aclDataType, aclFormat, aclmdlAIPP,
    aclmdlDataset, aclmdlInputAippType,
};

use super::model::io_dims;
use super::{getter, put, require, status};
use crate::exec::TensorInfo;
use crate::exec::aipp_config::Config;
use crate::exec::aipp_plan::{Plan, Role};
use crate::machine::aipp;
use crate::machine::failure::Result;
use crate::machine::handle::Handle;
use crate::machine::model::{self, Loaded};

/// What `aclmdlGetAippType` tells where no input is attached.
const NOTHING_ATTACHED: usize = 0xFFFF_FFFF;

status! {
    fn aclmdlDestroyAIPP(set: *const aclmdlAIPP) {
        aipp::destroy(Handle::from_ptr(set))
    }

    fn aclmdlSetAIPPInputFormat(set: *mut aclmdlAIPP, format: aclAippInputFormat) {
        let format = aipp::format(format.0)?;
        aipp::change_head(Handle::from_ptr(set), |head| head.format = format)
    }

    fn aclmdlSetAIPPRbuvSwapSwitch(set: *mut aclmdlAIPP, on: i8) {
        let on = aipp::switch(on)?;
        aipp::change_head(Handle::from_ptr(set), |head| head.swap_rbuv = on)
    }

    fn aclmdlSetAIPPAxSwapSwitch(set: *mut aclmdlAIPP, on: i8) {
        let on = aipp::switch(on)?;
        aipp::change_head(Handle::from_ptr(set), |head| head.swap_ax = on)
    }

    fn aclmdlSetAIPPSrcImageSize(set: *mut aclmdlAIPP, width: i32, height: i32) {
        let (width, height) = (aipp::side(width)?, aipp::side(height)?);
        aipp::change_head(Handle::from_ptr(set), |head| (head.width, head.height) = (width, height))
    }

    fn aclmdlSetAIPPCscParams(
        set: *mut aclmdlAIPP,
        on: i8,
        r0c0: i16,
        r0c1: i16,
        r0c2: i16,
        r1c0: i16,
        r1c1: i16,
        r1c2: i16,
        r2c0: i16,
        r2c1: i16,
        r2c2: i16,
        output0: u8,
        output1: u8,
        output2: u8,
        input0: u8,
        input1: u8,
        input2: u8,
    ) {
        let on = aipp::switch(on)?;
        aipp::change_head(Handle::from_ptr(set), |head| {
            head.csc = on;
            head.matrix = [r0c0, r0c1, r0c2, r1c0, r1c1, r1c2, r2c0, r2c1, r2c2];
            head.output_bias = [output0, output1, output2];
            head.input_bias = [input0, input1, input2];
        })
    }

    fn aclmdlSetAIPPScfParams(
        set: *mut aclmdlAIPP,
        on: i8,
        from_width: i32,
        from_height: i32,
        to_width: i32,
        to_height: i32,
        picture: u64,
    ) {
        let on = aipp::no_resize(on)?;
        aipp::change(Handle::from_ptr(set), picture, |record| {
            record.resize = on;
            record.scale = [from_width, from_height, to_width, to_height];
        })
    }

    fn aclmdlSetAIPPCropParams(
        set: *mut aclmdlAIPP,
        on: i8,
        x: i32,
        y: i32,
        width: i32,
        height: i32,
        picture: u64,
    ) {
        let on = aipp::switch(on)?;
        let window = aipp::window(on, [x, y, width, height])?;
        aipp::change(Handle::from_ptr(set), picture, |record| {
            record.crop = on;
            record.window = window;
        })
    }

    fn aclmdlSetAIPPPaddingParams(
        set: *mut aclmdlAIPP,
        on: i8,
        top: i32,
        bottom: i32,
        left: i32,
        right: i32,
        picture: u64,
    ) {
        let on = aipp::switch(on)?;
        let sides = aipp::padding(on, [top, bottom, left, right])?;
        aipp::change(Handle::from_ptr(set), picture, |record| {
            record.padding = on;
            record.sides = sides;
        })
    }

    fn aclmdlSetAIPPDtcPixelMean(
        set: *mut aclmdlAIPP,
        mean0: i16,
        mean1: i16,
        mean2: i16,
        mean3: i16,
        picture: u64,
    ) {
        let mean = aipp::mean([mean0, mean1, mean2, mean3])?;
        aipp::change(Handle::from_ptr(set), picture, |record| record.mean = mean)
    }

    fn aclmdlSetAIPPDtcPixelMin(
        set: *mut aclmdlAIPP,
        min0: f32,
        min1: f32,
        min2: f32,
        min3: f32,
        picture: u64,
    ) {
        let min = aipp::halves([min0, min1, min2, min3])?;
        aipp::change(Handle::from_ptr(set), picture, |record| record.min = min)
    }

    fn aclmdlSetAIPPPixelVarReci(
        set: *mut aclmdlAIPP,
        factor0: f32,
        factor1: f32,
        factor2: f32,
        factor3: f32,
        picture: u64,
    ) {
        let factor = aipp::halves([factor0, factor1, factor2, factor3])?;
        aipp::change(Handle::from_ptr(set), picture, |record| record.factor = factor)
    }

    fn aclmdlSetInputAIPP(
        id: u32,
        dataset: *mut aclmdlDataset,
        index: usize,
        set: *const aclmdlAIPP,
    ) {
        aipp::put(id, Handle::from_ptr(dataset), index, Handle::from_ptr(set))
    }

    fn aclmdlSetAIPPByInputIndex(
        id: u32,
        dataset: *mut aclmdlDataset,
        index: usize,
        set: *const aclmdlAIPP,
    ) {
        aipp::put_for(id, Handle::from_ptr(dataset), index, Handle::from_ptr(set))
    }

    fn aclmdlGetAippType(
        id: u32,
        index: usize,
        kind: *mut aclmdlInputAippType,
        attached: *mut usize,
    ) {
        require(kind, "kind")?;
        require(attached, "attached")?;
        let (found, input) = aipp::with_role(id, index, |_, role| match role {
            Role::Plain => (aclmdlInputAippType::ACL_DATA_WITHOUT_AIPP, NOTHING_ATTACHED),
            Role::Static(_) => (aclmdlInputAippType::ACL_DATA_WITH_STATIC_AIPP, NOTHING_ATTACHED),
            Role::Dynamic(_, input) => (aclmdlInputAippType::ACL_DATA_WITH_DYNAMIC_AIPP, *input),
            Role::Parameters => (aclmdlInputAippType::ACL_DYNAMIC_AIPP_NODE, NOTHING_ATTACHED),
        })?;
        put!(kind, found)?;
        put!(attached, input)
    }

    fn aclmdlGetFirstAippInfo(id: u32, index: usize, info: *mut aclAippInfo) {
        require(info, "info")?;
        let all = aipp::with_role(id, index, |model, role| {
            let plan = role.plan().ok_or_else(|| aipp::absent(index))?;
            describe(model, index, plan)
        })??;
        put!(info, *all)
    }
}

getter! {
    fn aclmdlCreateAIPP(batch: u64) -> *mut aclmdlAIPP, or std::ptr::null_mut(); {
        Ok(aipp::create(batch)?.as_ptr())
    }
}

/// Tells a configuration and the shapes before and behind, for each gear. Of a dynamic one only the latter mean
/// something.
fn describe(model: &Loaded, index: usize, plan: &Plan) -> Result<Box<aclAippInfo>> {
    let info = model.info();
    let input = &info.inputs[index];
    let shapes: Vec<Vec<i64>> = if info.gears.is_empty() {
        vec![input.dims.clone()]
    } else {
        let gears = 0..info.gears.len();
        gears
            .filter_map(|gear| model::gear_shapes(info, gear).get(index).cloned())
            .collect()
    };
    let mut all = empty(&plan.config)?;
    let number = |value: i64| i32::try_from(value).unwrap_or(0);
    all.srcFormat = aclFormat(number(plan.origin[0]));
    all.srcDatatype = aclDataType(number(plan.origin[1]));
    all.srcDimNum = usize::try_from(plan.origin[2]).unwrap_or(0);
    all.shapeCount = shapes.len().min(all.outDims.len());
    for (place, shape) in all.outDims.iter_mut().zip(&shapes) {
        *place = dims(model, input, index, plan, shape)?;
    }
    if let (false, Some(shape)) = (plan.config.is_dynamic(), shapes.first()) {
        // What was left to the model is told as what it came to.
        let target = plan.target(shape).1;
        if let Ok((source, _)) = plan.config.settle(target) {
            let side = |size: usize| i32::try_from(size).unwrap_or(i32::MAX);
            (all.srcImageSizeW, all.srcImageSizeH) = (side(source.width), side(source.height));
        }
    }
    Ok(all)
}

fn dims(
    model: &Loaded,
    input: &TensorInfo,
    index: usize,
    plan: &Plan,
    shape: &[i64],
) -> Result<aclAippDims> {
    // As in descriptions, a name that does not fit its place is not told.
    let name = std::ffi::CString::new(input.name.as_str()).unwrap_or_default();
    let name = if name.count_bytes() > 127 { c"" } else { &name };
    Ok(aclAippDims {
        srcDims: io_dims(name, shape)?,
        srcSize: model.image.input_bytes(index, shape),
        aippOutdims: io_dims(name, &plan.network(shape))?,
        aippOutSize: plan.made(shape),
    })
}

fn empty(config: &Config) -> Result<Box<aclAippInfo>> {
    let int = |key: &str| i32::try_from(config.int(key)).unwrap_or(i32::MAX);
    let on = |key: &str| i8::from(config.flag(key));
    let none = io_dims(c"", &[])?;
    let shape = aclAippDims {
        srcDims: none,
        srcSize: 0,
        aippOutdims: none,
        aippOutSize: 0,
    };
    Ok(Box::new(aclAippInfo {
        inputFormat: aclAippInputFormat(config.pixels().map_or(0, |p| p.number().into())),
        srcImageSizeW: int("src_image_size_w"),
        srcImageSizeH: int("src_image_size_h"),
        cropSwitch: on("crop"),
        loadStartPosW: int("load_start_pos_w"),
        loadStartPosH: int("load_start_pos_h"),
        cropSizeW: int("crop_size_w"),
        cropSizeH: int("crop_size_h"),
        resizeSwitch: on("resize"),
        resizeOutputW: int("resize_output_w"),
        resizeOutputH: int("resize_output_h"),
        paddingSwitch: on("padding"),
        leftPaddingSize: int("left_padding_size"),
        rightPaddingSize: int("right_padding_size"),
        topPaddingSize: int("top_padding_size"),
        bottomPaddingSize: int("bottom_padding_size"),
        cscSwitch: on("csc_switch"),
        rbuvSwapSwitch: on("rbuv_swap_switch"),
        axSwapSwitch: on("ax_swap_switch"),
        singleLineMode: on("single_line_mode"),
        matrixR0C0: int("matrix_r0c0"),
        matrixR0C1: int("matrix_r0c1"),
        matrixR0C2: int("matrix_r0c2"),
        matrixR1C0: int("matrix_r1c0"),
        matrixR1C1: int("matrix_r1c1"),
        matrixR1C2: int("matrix_r1c2"),
        matrixR2C0: int("matrix_r2c0"),
        matrixR2C1: int("matrix_r2c1"),
        matrixR2C2: int("matrix_r2c2"),
        outputBias0: int("output_bias_0"),
        outputBias1: int("output_bias_1"),
        outputBias2: int("output_bias_2"),
        inputBias0: int("input_bias_0"),
        inputBias1: int("input_bias_1"),
        inputBias2: int("input_bias_2"),
        meanChn0: int("mean_chn_0"),
        meanChn1: int("mean_chn_1"),
        meanChn2: int("mean_chn_2"),
        meanChn3: int("mean_chn_3"),
        minChn0: config.float("min_chn_0"),
        minChn1: config.float("min_chn_1"),
        minChn2: config.float("min_chn_2"),
        minChn3: config.float("min_chn_3"),
        varReciChn0: config.float("var_reci_chn_0"),
        varReciChn1: config.float("var_reci_chn_1"),
        varReciChn2: config.float("var_reci_chn_2"),
        varReciChn3: config.float("var_reci_chn_3"),
        srcFormat: aclFormat::ACL_FORMAT_UNDEFINED,
        srcDatatype: aclDataType::ACL_DT_UNDEFINED,
        srcDimNum: 0,
        shapeCount: 0,
        outDims: [shape; 128],
        aippExtend: std::ptr::null_mut(),
    }))
}
