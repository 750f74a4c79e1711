//! Which shapes a model is converted for.

use ascend_om::describe::bytes_of;
use ascend_om::onnx::{GraphProto, ValueInfoProto};
use ascend_om::{describe, dtype};

use super::{AtcError, Format, Options, ranges};
use crate::exec::tensor;

/// Fewest and most gears that the vendor's converter takes.
const GEARS: std::ops::RangeInclusive<usize> = 2..=100;

const BATCH: &str = "--dynamic_batch_size";
const IMAGE: &str = "--dynamic_image_size";
const DIMS: &str = "--dynamic_dims";

/// Most bytes that the inputs of one gear may have: what a card with the most memory could hold.
const MOST_BYTES: u64 = 64 << 30;

/// One input of the model being converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) name: String,
    /// acl element type that the caller feeds.
    pub(crate) dtype: i32,
    /// Shape; -1 in positions that gears fill.
    pub(crate) dims: Vec<i64>,
    /// Smallest and largest value of each dim, -1 for no largest; empty when all are fixed.
    pub(crate) ranges: Vec<[i64; 2]>,
}

/// All shapes of a conversion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shapes {
    pub(crate) inputs: Vec<Input>,
    pub(crate) gears: describe::Gears,
    /// Dims of every input by gear; one entry when there are no gears.
    pub(crate) by_gear: Vec<Vec<Vec<i64>>>,
    /// The gear with the largest inputs.
    pub(crate) largest: usize,
    /// Dims stay open: [`Self::by_gear`] holds two trials, which tell which dims of outputs follow.
    pub(crate) open: bool,
}

impl Shapes {
    /// Settles the shapes from the graph and the options.
    pub(crate) fn settle(graph: &GraphProto, options: &Options) -> Result<Self, AtcError> {
        let inputs = inputs(graph, options)?;
        let (gears, mut fillings) = gears(&inputs, options)?;
        let open = gears == describe::Gears::None && inputs.iter().any(|i| i.dims.contains(&-1));
        if open {
            fillings = trials(&inputs);
        }
        let by_gear: Vec<Vec<Vec<i64>>> = fillings.iter().map(|f| fill(&inputs, f)).collect();
        let total = |shapes: &Vec<Vec<i64>>| -> u64 {
            inputs
                .iter()
                .zip(shapes)
                .map(|(i, s)| bytes_of(s, i.dtype))
                .sum()
        };
        // A size that overflows counts as 0, and no dim is 0, so either end of the range is absurd.
        let absurd = |shapes: &&Vec<Vec<i64>>| {
            let sizes = inputs
                .iter()
                .zip(*shapes)
                .map(|(i, s)| bytes_of(s, i.dtype));
            sizes.clone().any(|b| b == 0) || sizes.fold(0, u64::saturating_add) > MOST_BYTES
        };
        if let Some(shapes) = by_gear.iter().find(absurd) {
            return Err(AtcError::option(
                "--input_shape",
                &format!("{shapes:?}"),
                "inputs of at most 64 GiB together",
            ));
        }
        let largest = (0..by_gear.len())
            .max_by_key(|&g| total(&by_gear[g]))
            .unwrap_or(0);
        Ok(Self {
            inputs,
            gears,
            by_gear,
            largest,
            open,
        })
    }

    /// Tells whether the stored graph has open dims: gears fill them, or the program.
    pub(crate) fn is_open(&self) -> bool {
        self.open || self.is_geared()
    }

    /// Tells whether there is more than one shape.
    pub(crate) fn is_geared(&self) -> bool {
        self.gears != describe::Gears::None
    }
}

/// Two different values for each open dim, within its range: small ones for the first dim of an
/// input, which is a batch nearly always, and sizes that a network does not shrink to nothing for
/// the others.
fn trials(inputs: &[Input]) -> Vec<Vec<u64>> {
    let pair = |place: usize, [low, high]: [i64; 2]| {
        let high = if high == -1 { i64::MAX } else { high };
        let (one, other) = if place == 0 { (1, 2) } else { (64, 128) };
        match (one.clamp(low, high), other.clamp(low, high)) {
            (one, other) if one == other => [low, high.min(low.saturating_mul(2))],
            (one, other) => [one, other],
        }
    };
    let pairs: Vec<[i64; 2]> = inputs
        .iter()
        .flat_map(|input| {
            let dims = input.dims.iter().zip(&input.ranges).enumerate();
            dims.filter(|(_, (dim, _))| **dim == -1)
                .map(|(place, (_, range))| pair(place, *range))
        })
        .collect();
    let filling = |which: usize| {
        pairs
            .iter()
            .map(|pair| pair[which].unsigned_abs())
            .collect()
    };
    vec![filling(0), filling(1)]
}

fn inputs(graph: &GraphProto, options: &Options) -> Result<Vec<Input>, AtcError> {
    let declared = graph.data_inputs();
    let known = || {
        declared
            .iter()
            .map(|i| show(i))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let exists = |name: &str| declared.iter().any(|i| i.name == name);
    let unknown = |option, found: &String| AtcError::UnknownInput {
        option,
        found: found.clone(),
        known: known(),
    };
    if let Some((name, _)) = options.input_shape.iter().find(|(n, _)| !exists(n)) {
        return Err(unknown("--input_shape", name));
    }
    if let Some((name, _)) = options.input_shape_range.iter().find(|(n, _)| !exists(n)) {
        return Err(unknown("--input_shape_range", name));
    }
    if let Some(name) = options.input_fp16_nodes.iter().find(|n| !exists(n)) {
        return Err(unknown("--input_fp16_nodes", name));
    }
    if declared.is_empty() {
        return Err(AtcError::Graph {
            detail: "found no input in it, wanted at least one".into(),
        });
    }
    declared.iter().map(|value| input(value, options)).collect()
}

fn input(value: &ValueInfoProto, options: &Options) -> Result<Input, AtcError> {
    let own = value.dims();
    let range = of(&options.input_shape_range, &value.name);
    let open = range.map(|range| ranges::open(range));
    let given = of(&options.input_shape, &value.name).or(open.as_ref());
    let missing = || AtcError::MissingShape {
        name: value.name.clone(),
        model: show(value),
    };
    let dims = match (given, own) {
        (Some(given), Some(own)) if given.len() != own.len() => {
            return Err(AtcError::Rank {
                name: value.name.clone(),
                found: given.clone(),
                rank: own.len(),
                model: show(value),
            });
        }
        (Some(given), _) => given.clone(),
        (None, Some(own)) if !own.contains(&-1) => own,
        (None, _) => return Err(missing()),
    };
    let no_gears = options.dynamic_batch_size.is_empty()
        && options.dynamic_image_size.is_empty()
        && options.dynamic_dims.is_empty();
    // Without gears an open dim stays open, where the command line wants it so.
    if dims.contains(&-1) && no_gears && given.is_none() {
        return Err(missing());
    }
    let half = options.input_fp16_nodes.contains(&value.name);
    let acl = if half {
        dtype::ACL_FLOAT16
    } else {
        dtype::onnx_to_acl(value.elem_type())
    };
    if !tensor::is_supported(acl) {
        return Err(AtcError::Graph {
            detail: format!(
                "input \"{}\": found element type {}, wanted float32, float16, float64, int64, int32, int8, uint8 or bool",
                value.name,
                dtype::name(acl)
            ),
        });
    }
    Ok(Input {
        name: value.name.clone(),
        dtype: acl,
        ranges: if no_gears {
            bounds(&dims, range)
        } else {
            Vec::new()
        },
        dims,
    })
}

/// Finds what the command line says of an input.
fn of<'a, T>(list: &'a [(String, T)], name: &str) -> Option<&'a T> {
    list.iter().find(|(n, _)| n == name).map(|(_, value)| value)
}

/// The ranges of an input's dims: those that were given, and any value for other open dims.
fn bounds(dims: &[i64], given: Option<&Vec<[i64; 2]>>) -> Vec<[i64; 2]> {
    if !dims.contains(&-1) {
        return Vec::new();
    }
    let any = |dim: &i64| if *dim == -1 { [1, -1] } else { [*dim, *dim] };
    given.map_or_else(|| dims.iter().map(any).collect(), Clone::clone)
}

fn show(value: &ValueInfoProto) -> String {
    match value.dims() {
        Some(dims) => format!("{} {dims:?}", value.name),
        None => format!("{} (rank unknown)", value.name),
    }
}

/// Finds the gears, and for each the values of all -1 in input order.
fn gears(
    inputs: &[Input],
    options: &Options,
) -> Result<(describe::Gears, Vec<Vec<u64>>), AtcError> {
    let open: Vec<(usize, usize)> = inputs
        .iter()
        .enumerate()
        .flat_map(|(i, input)| {
            let dims = input.dims.iter().enumerate();
            dims.filter(|(_, d)| **d == -1)
                .map(move |(axis, _)| (i, axis))
        })
        .collect();
    let given = [
        (BATCH, options.dynamic_batch_size.len()),
        (IMAGE, options.dynamic_image_size.len()),
        (DIMS, options.dynamic_dims.len()),
    ];
    let used: Vec<_> = given.into_iter().filter(|(_, n)| *n > 0).collect();
    let (option, count) = match used.as_slice() {
        [] => return Ok((describe::Gears::None, vec![Vec::new()])),
        [one] => *one,
        [first, second, ..] => {
            let found = format!("{} as well", second.0);
            return Err(wrong(first.0, found, "one kind of gears only"));
        }
    };
    if !options.input_shape_range.is_empty() {
        let found = "with ranges of dims".to_owned();
        return Err(wrong(option, found, "either gears or ranges"));
    }
    if !GEARS.contains(&count) {
        return Err(wrong(option, format!("{count} gears"), "2 to 100"));
    }
    if open.is_empty() {
        let wanted = "--input_shape with -1 in the dynamic positions";
        let found = "no -1 among the input shapes".into();
        return Err(wrong(option, found, wanted));
    }
    check_positions(option, &open, inputs, options)?;
    let (gears, fillings): (_, Vec<Vec<u64>>) = match option {
        BATCH => {
            let list = &options.dynamic_batch_size;
            let fillings = list.iter().map(|&b| vec![b; open.len()]).collect();
            (describe::Gears::Batch(list.clone()), fillings)
        }
        IMAGE => {
            let list = &options.dynamic_image_size;
            let fillings = list.iter().map(|s| s.repeat(open.len() / 2)).collect();
            (describe::Gears::ImageSize(list.clone()), fillings)
        }
        _ => {
            let list = &options.dynamic_dims;
            (describe::Gears::Dims(list.clone()), list.clone())
        }
    };
    let distinct: std::collections::HashSet<&Vec<u64>> = fillings.iter().collect();
    if distinct.len() != fillings.len() {
        return Err(wrong(option, "a gear twice".into(), "distinct gears"));
    }
    Ok((gears, fillings))
}

/// Checks that every -1 stands where this kind of gears may fill in.
fn check_positions(
    option: &'static str,
    open: &[(usize, usize)],
    inputs: &[Input],
    options: &Options,
) -> Result<(), AtcError> {
    let shapes: Vec<String> = inputs
        .iter()
        .map(|i| format!("{} {:?}", i.name, i.dims))
        .collect();
    let found = format!("-1 in {}", shapes.join(", "));
    if option == BATCH {
        if open.iter().any(|&(_, axis)| axis != 0) {
            return Err(wrong(option, found, "-1 in the first dim only"));
        }
    } else if option == IMAGE {
        let axes = options.input_format.image_axes();
        let whole =
            |c: &[(usize, usize)]| matches!(c, [(a, h), (b, w)] if a == b && [*h, *w] == axes);
        if !open.chunks(2).all(whole) {
            let wanted = "-1 in height and width (of --input_format) only";
            return Err(wrong(option, found, wanted));
        }
    } else if options.input_format != Format::Nd {
        let found = format!("--input_format={}", options.input_format.name());
        return Err(wrong(option, found, "--input_format=ND with it"));
    } else if let Some(gear) = options.dynamic_dims.iter().find(|g| g.len() != open.len()) {
        let wanted = format!("{} values in each gear, one for every {found}", open.len());
        return Err(wrong(option, format!("{gear:?}"), &wanted));
    }
    Ok(())
}

fn wrong(option: &'static str, found: String, wanted: &str) -> AtcError {
    AtcError::Gears {
        option,
        found,
        wanted: wanted.into(),
    }
}

fn fill(inputs: &[Input], values: &[u64]) -> Vec<Vec<i64>> {
    let mut values = values.iter();
    let mut next = |d: &i64| match d {
        -1 => values
            .next()
            .and_then(|&v| i64::try_from(v).ok())
            .unwrap_or(-1),
        d => *d,
    };
    inputs
        .iter()
        .map(|i| i.dims.iter().map(&mut next).collect())
        .collect()
}
