//! Image preprocessing put before the network (`--insert_op_conf`): which input gets which configuration, and what the
//! input becomes.
//!
//! A static one makes an input of bytes in the form of pictures: `[N, height, width, channels]`, NHWC; NV12 counts as
//! one channel, and as three halves of the rows in the dims whose product is the size. A dynamic one keeps the dims
//! that the network has and takes `max_src_image_size` bytes; a further input holds its parameters, 64 bytes and 96 for
//! each picture of the largest batch.
//!
//! Choices: widths of padded pictures end at 1080 (4096 for Ascend910B and Ascend310B); dims that stay open without gears are refused.

use std::path::Path;

use ascend_om::attrs;
use ascend_om::describe::{Gears, bytes_of};
use ascend_om::dtype;
use ascend_om::model_def::{AttrEntry, AttrValue, NamedAttrs, TensorDescriptor};

use super::aipp_text::{self, Block};
use super::model::descriptor;
use super::shapes::{Input, Shapes};
use super::{AtcError, Format, Options};
use crate::exec::aipp::{Pixels, Source, Target};
use crate::exec::aipp_config::Config;
use crate::exec::{aipp_packed, aipp_plan};

/// Preprocessing of one input.
#[derive(Clone, Debug)]
pub(crate) struct Aipp {
    config: Config,
    /// The name of the input with the parameters, where it is dynamic.
    pub(crate) parameters: Option<String>,
    /// The largest batch.
    batch: i64,
    /// The source pictures, where it is static, in the largest gear.
    source: Option<Source>,
    /// Height and width are open, for gears of image sizes.
    any_size: bool,
}

/// Settles the configurations: one for each input, or none.
pub(crate) fn settle(options: &Options, shapes: &Shapes) -> Result<Vec<Option<Aipp>>, AtcError> {
    let mut list = vec![None; shapes.inputs.len()];
    let Some(path) = &options.insert_op_conf else {
        return Ok(list);
    };
    let told = |line: Option<usize>, detail: String| AtcError::Config {
        place: place(path, line),
        detail,
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| told(None, format!("cannot read it ({error})")))?;
    let blocks = aipp_text::parse(&text).map_err(|m| told(Some(m.line), m.detail))?;
    let mut dynamic = 0;
    for Block { line, config } in blocks {
        let told = |detail| told(Some(line), detail);
        let index = related(&config, shapes).map_err(told)?;
        let name = &shapes.inputs[index].name;
        if list[index].is_some() {
            return Err(told(format!("found a second aipp_op for input \"{name}\"")));
        }
        let mut made = one(config, index, options, shapes)
            .map_err(|detail| told(format!("input \"{name}\": {detail}")))?;
        if made.config.is_dynamic() {
            made.parameters = Some(match dynamic {
                0 => aipp_plan::INPUT.to_owned(),
                n => format!("{}_{n}", aipp_plan::INPUT),
            });
            dynamic += 1;
        }
        list[index] = Some(made);
    }
    Ok(list)
}

fn place(path: &Path, line: Option<usize>) -> String {
    let path = path.display();
    line.map_or_else(|| path.to_string(), |line| format!("{path}:{line}"))
}

/// Finds the input that a block is for, by name or by position.
fn related(config: &Config, shapes: &Shapes) -> Result<usize, String> {
    let inputs = &shapes.inputs;
    let named = config.text("related_input_name").filter(|n| !n.is_empty());
    if let Some(name) = named {
        if config.is_given("related_input_rank") {
            return Err(
                "found both related_input_name and related_input_rank, wanted one".to_owned(),
            );
        }
        return inputs.iter().position(|i| i.name == name).ok_or_else(|| {
            let known: Vec<_> = inputs.iter().map(|i| i.name.as_str()).collect();
            let known = known.join(", ");
            format!("found related_input_name \"{name}\", wanted one of {known}")
        });
    }
    let rank = config.size("related_input_rank");
    if rank < inputs.len() {
        return Ok(rank);
    }
    let count = inputs.len();
    Err(format!(
        "found related_input_rank {rank}, the model has {count} inputs, counted from 0"
    ))
}

fn one(config: Config, index: usize, options: &Options, shapes: &Shapes) -> Result<Aipp, String> {
    let input = &shapes.inputs[index];
    check_input(input, options, shapes)?;
    if !config.is_given("aipp_mode") {
        return Err("aipp_mode is missing, wanted static or dynamic".into());
    }
    let any_size = matches!(shapes.gears, Gears::ImageSize(_)) && input.dims.contains(&-1);
    let largest = &shapes.by_gear[shapes.largest][index];
    let batches = shapes.by_gear.iter().map(|dims| dims[index][0]);
    let mut made = Aipp {
        batch: batches.max().unwrap_or(1),
        source: None,
        parameters: None,
        any_size,
        config,
    };
    let config = &made.config;
    if config.is_dynamic() {
        if config.size("max_src_image_size") == 0 {
            return Err("max_src_image_size is missing, which dynamic AIPP needs".into());
        }
        let most = aipp_packed::MOST;
        if usize::try_from(made.batch).map_or(true, |batch| batch > most) {
            let batch = made.batch;
            return Err(format!(
                "a batch of {batch}, dynamic AIPP takes at most {most}"
            ));
        }
        return Ok(made);
    }
    let sized = config.size("src_image_size_w") + config.size("src_image_size_h") > 0;
    if any_size && (config.flag("crop") || config.flag("padding") || sized) {
        return Err(
            "found crop, padding or src_image_size_* together with --dynamic_image_size, wanted none"
                .into(),
        );
    }
    for dims in &shapes.by_gear {
        config.settle(target(&dims[index], options.input_format))?;
    }
    let goal = target(largest, options.input_format);
    let widest = widest_padded(&options.soc_version);
    if config.flag("padding") && goal.width > widest {
        let (width, soc) = (goal.width, &options.soc_version);
        return Err(format!(
            "padding to a width of {width}, {soc} takes at most {widest}"
        ));
    }
    made.source = Some(config.settle(goal)?.0);
    Ok(made)
}

fn widest_padded(soc: &str) -> usize {
    let newer = ["Ascend910B", "Ascend310B"];
    if newer.iter().any(|known| soc.starts_with(known)) {
        4096
    } else {
        1080
    }
}

fn check_input(input: &Input, options: &Options, shapes: &Shapes) -> Result<(), String> {
    if options.input_format == Format::Nd {
        return Err("found --input_format=ND, wanted NCHW or NHWC with AIPP".into());
    }
    if input.dims.len() != 4 {
        let dims = &input.dims;
        return Err(format!(
            "found the shape {dims:?}, wanted four dims for AIPP"
        ));
    }
    if matches!(shapes.gears, Gears::Dims(_)) {
        return Err("found --dynamic_dims, which AIPP does not go with".into());
    }
    if shapes.open {
        return Err(
            "found open dims without gears, which AIPP is not simulated with; give fixed dims or gears"
                .into(),
        );
    }
    if options.input_fp16_nodes.contains(&input.name) {
        return Err("found it in --input_fp16_nodes too, wanted only one of both".into());
    }
    let known = [dtype::ACL_FLOAT, dtype::ACL_FLOAT16, dtype::ACL_UINT8];
    if !known.contains(&input.dtype) {
        let found = dtype::name(input.dtype);
        return Err(format!(
            "found element type {found}, wanted float32, float16 or uint8"
        ));
    }
    Ok(())
}

fn target(dims: &[i64], format: Format) -> Target {
    let size = |axis: usize| usize::try_from(dims[axis]).unwrap_or(0);
    let [height, width] = format.image_axes();
    let interleaved = format == Format::Nhwc;
    Target {
        channels: size(if interleaved { 3 } else { 1 }),
        height: size(height),
        width: size(width),
        interleaved,
    }
}

/// A description for people and tools: format, element type, name, bytes, rank, dims.
fn text(format: &str, element: &str, name: &str, bytes: i64, dims: &[i64]) -> String {
    let rank = dims.len();
    let dims: Vec<_> = dims.iter().map(ToString::to_string).collect();
    format!(
        "{format}:{element}:{name}:{bytes}:{rank}:{}",
        dims.join(",")
    )
}

fn signed(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Aipp {
    /// The operator `Data` of the input: its tensor, its attributes, and the dims that gears leave open.
    pub(crate) fn data(
        &self,
        input: &Input,
        largest: &[i64],
        format: Format,
    ) -> (TensorDescriptor, Vec<AttrEntry>, Option<Vec<i64>>) {
        let geared = input.dims.contains(&-1);
        let halves = input.dtype != dtype::ACL_UINT8;
        let element = if halves { "DT_FLOAT16" } else { "DT_UINT8" };
        let made = if halves {
            dtype::ACL_FLOAT16
        } else {
            dtype::ACL_UINT8
        };
        let made = i64::try_from(bytes_of(largest, made)).unwrap_or(i64::MAX);
        let rank = signed(largest.len());
        let layout = if format == Format::Nhwc { 1 } else { 0 };
        let func = NamedAttrs {
            name: aipp_plan::CONFIG.into(),
            attr: self.config.attrs(),
        };
        let mut attr = vec![
            attrs::entry(aipp_plan::CONFIG, AttrValue::Func(Box::new(func))),
            attrs::ints(aipp_plan::ORIGIN, &[layout, input.dtype.into(), rank]),
            attrs::texts(
                aipp_plan::OUTPUTS,
                &[text(format.name(), element, &input.name, made, &input.dims)],
            ),
        ];
        let Some(source) = &self.source else {
            let size = signed(self.config.size("max_src_image_size"));
            attr.push(attrs::text(aipp_plan::MODE, aipp_plan::DYNAMIC));
            attr.push(attrs::text(
                aipp_plan::MAP,
                self.parameters.as_deref().unwrap_or_default(),
            ));
            attr.push(attrs::ints("_dynamic_aipp_input_dims", &input.dims));
            let before = text("ND", "DT_UINT8", &input.name, size, &[size]);
            attr.push(attrs::texts(aipp_plan::INPUTS, &[before]));
            let desc = descriptor(&[size], dtype::ACL_UINT8, format.name());
            return (desc, attr, None);
        };
        let stored = |batch: i64, open: bool, pixels: Pixels, rows: fn(Pixels, usize) -> usize| {
            let side = |size: usize| if open { -1 } else { signed(size) };
            vec![
                batch,
                side(rows(pixels, source.height)),
                side(source.width),
                signed(pixels.stored_channels()),
            ]
        };
        let plain: fn(Pixels, usize) -> usize = |_, height| height;
        let dims = stored(largest[0], false, source.pixels, plain);
        let open = stored(input.dims[0], self.any_size, source.pixels, plain);
        let exact = stored(
            input.dims[0],
            self.any_size,
            source.pixels,
            Pixels::stored_rows,
        );
        let size = signed(source.bytes()).saturating_mul(largest[0]);
        attr.push(attrs::text(aipp_plan::MODE, aipp_plan::STATIC));
        attr.push(attrs::ints("input_dims", &exact));
        let before = text("NHWC", "DT_UINT8", &input.name, size, &open);
        attr.push(attrs::texts(aipp_plan::INPUTS, &[before]));
        let desc = TensorDescriptor {
            size,
            ..descriptor(&dims, dtype::ACL_UINT8, "NHWC")
        };
        (desc, attr, geared.then_some(open))
    }

    /// The tensor with the parameters of a dynamic one.
    pub(crate) fn parameters(&self) -> TensorDescriptor {
        let batch = usize::try_from(self.batch).unwrap_or(1);
        let size = signed(aipp_packed::bytes(batch));
        descriptor(&[size], dtype::ACL_UINT8, "ND")
    }
}
