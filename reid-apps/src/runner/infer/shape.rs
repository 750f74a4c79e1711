//! The sizes at which a model with dynamic shapes is to run, as options spell them.

use acl::{Gear, Gears, ModelDesc};

use super::error::InferError;

/// Shapes by the names of inputs.
pub type NamedDims = Vec<(String, Vec<i64>)>;

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Nothing: fixed shapes, or the largest gear.
    #[default]
    Default,
    /// `--dymBatch N`.
    Batch(u64),
    /// `--dymHW H,W`.
    ImageSize([u64; 2]),
    /// `--dymDims name:d,d;name:d`.
    Dims(NamedDims),
    /// `--dymShape name:d,d;name:d`, for models whose dims are open.
    Open(NamedDims),
    /// `--auto_set_dymdims_mode`: the gear of each file's shape.
    AutoDims,
    /// `--auto_set_dymshape_mode`: the shape of each file.
    AutoOpen,
}

/// Reads `name:d,d,d;name:d,d`. Names may hold colons: the last one counts.
///
/// # Errors
///
/// What is wrong, and an example.
pub fn parse_dims(text: &str) -> Result<NamedDims, String> {
    let bad = |part: &str| {
        format!(
            "{part:?} is no shape; write name:d,d,d and ; between inputs, as in \"x:1,3,224,224\""
        )
    };
    text.split(';')
        .filter(|part| !part.trim().is_empty())
        .map(|part| {
            let (name, dims) = part.trim().rsplit_once(':').ok_or_else(|| bad(part))?;
            let dims = dims
                .split(',')
                .map(|dim| dim.trim().parse::<i64>().ok().filter(|dim| *dim > 0))
                .collect::<Option<Vec<i64>>>()
                .ok_or_else(|| bad(part))?;
            Ok((name.trim().to_owned(), dims))
        })
        .collect()
}

/// Reads `name:1~3,3-6,8;name:…` into all combinations: `a~b` is every number from a to b, `a-b-c`
/// is each of them.
///
/// # Errors
///
/// What is wrong, and an example.
pub fn parse_range(text: &str) -> Result<Vec<NamedDims>, String> {
    /// More runs than this are a slip of the pen.
    const MOST: usize = 100_000;
    let bad = |part: &str| {
        format!(
            "{part:?} is no range; write name:d,a~b,a-b-c and ; between inputs, as in \"x:1,3,224~226,8-16\""
        )
    };
    let mut all: Vec<NamedDims> = vec![Vec::new()];
    for part in text.split(';').filter(|part| !part.trim().is_empty()) {
        let (name, dims) = part.trim().rsplit_once(':').ok_or_else(|| bad(part))?;
        let mut shapes: Vec<Vec<i64>> = vec![Vec::new()];
        for dim in dims.split(',') {
            let number = |word: &str| word.trim().parse::<i64>().ok().filter(|dim| *dim > 0);
            let choices: Option<Vec<i64>> = match dim.split_once('~') {
                Some((from, to)) => number(from)
                    .zip(number(to))
                    .filter(|(from, to)| from <= to)
                    .map(|(from, to)| (from..=to).take(MOST + 1).collect()),
                None => dim.split('-').map(number).collect(),
            };
            let choices = choices
                .filter(|list| !list.is_empty())
                .ok_or_else(|| bad(part))?;
            if shapes.len() * choices.len() * all.len() > MOST {
                return Err(format!(
                    "{text:?} means more than {MOST} runs; narrow the ranges"
                ));
            }
            shapes = shapes
                .iter()
                .flat_map(|shape| {
                    choices.iter().map(|choice| {
                        let mut shape = shape.clone();
                        shape.push(*choice);
                        shape
                    })
                })
                .collect();
        }
        all = all
            .iter()
            .flat_map(|known| {
                shapes.iter().map(|shape| {
                    let mut known = known.clone();
                    known.push((name.trim().to_owned(), shape.clone()));
                    known
                })
            })
            .collect();
    }
    Ok(all)
}

/// Puts shapes by name into the order of the model's data inputs.
///
/// # Errors
///
/// [`InferError::Misfit`], which lists the inputs.
pub fn in_order(
    desc: &ModelDesc,
    option: &str,
    given: &[(String, Vec<i64>)],
) -> Result<Vec<Vec<i64>>, InferError> {
    let inputs: Vec<_> = desc.data_inputs().map(|(_, tensor)| tensor).collect();
    let listed = || {
        let list: Vec<_> = inputs
            .iter()
            .map(|tensor| format!("{} {:?}", tensor.real_name, tensor.dims))
            .collect();
        list.join(", ")
    };
    for (name, _) in given {
        if !inputs
            .iter()
            .any(|i| i.name == *name || i.real_name == *name)
        {
            return Err(InferError::Misfit(format!(
                "{option} names {name}, which is no input of the model; it has {}",
                listed()
            )));
        }
    }
    inputs
        .iter()
        .map(|tensor| {
            let found = given
                .iter()
                .find(|(name, _)| tensor.name == *name || tensor.real_name == *name)
                .map(|(_, dims)| dims.clone())
                .or_else(|| (!tensor.dims.contains(&-1)).then(|| tensor.dims.clone()));
            let Some(dims) = found else {
                return Err(InferError::Misfit(format!(
                    "{option} does not name the input {}, whose shape is open; the inputs are {}",
                    tensor.real_name,
                    listed()
                )));
            };
            let fits = dims.len() == tensor.dims.len()
                && dims
                    .iter()
                    .zip(&tensor.dims)
                    .all(|(got, want)| *want < 0 || got == want);
            if fits {
                return Ok(dims);
            }
            Err(InferError::Misfit(format!(
                "{option} gives {} the shape {dims:?}, the model has {:?}",
                tensor.real_name, tensor.dims
            )))
        })
        .collect()
}

impl Shape {
    /// Checks the wish against the model, and returns the dims of a gear in a row where it needs them.
    ///
    /// # Errors
    ///
    /// [`InferError`], which says what the model has.
    pub fn check(&self, desc: &ModelDesc) -> Result<Option<Vec<i64>>, InferError> {
        let gears = &desc.gears;
        let wrong = |option: &str, wanted: &str| {
            let open = desc.inputs.iter().any(|input| input.dims.contains(&-1));
            let has = if gears.is_empty() && open {
                "open shapes (--dymShape)".to_owned()
            } else {
                gears.to_string()
            };
            Err(InferError::Misfit(format!(
                "{option} wants a model converted with {wanted}; this one has {has}"
            )))
        };
        match self {
            Self::Batch(_) if !matches!(gears, Gears::Batch(_)) => {
                wrong("--dymBatch", "--dynamic_batch_size")
            }
            Self::ImageSize(_) if !matches!(gears, Gears::ImageSize(_)) => {
                wrong("--dymHW", "--dynamic_image_size")
            }
            Self::Dims(_) | Self::AutoDims if !matches!(gears, Gears::Dims(_)) => {
                wrong("--dymDims", "--dynamic_dims")
            }
            Self::Open(_) | Self::AutoOpen
                if !gears.is_empty() || !desc.inputs.iter().any(|i| i.dims.contains(&-1)) =>
            {
                wrong(
                    "--dymShape",
                    "open dims or ranges in --input_shape, without gears",
                )
            }
            Self::Dims(given) => Ok(Some(in_order(desc, "--dymDims", given)?.concat())),
            _ => Ok(None),
        }
    }

    /// Sets the gear, which [`Shape::check`] gave `dims` for.
    ///
    /// # Errors
    ///
    /// [`acl::Error::UnknownGear`], which lists the gears.
    pub fn apply(&self, bindings: &mut acl::Bindings, dims: Option<&[i64]>) -> acl::Result<()> {
        match self {
            Self::Batch(batch) => bindings.set_gear(Gear::Batch(*batch)),
            Self::ImageSize(size) => bindings.set_gear(Gear::ImageSize(*size)),
            Self::Dims(_) => bindings.set_gear(Gear::Dims(dims.unwrap_or_default())),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shapes_and_ranges_are_read_and_slips_are_named() {
        let shapes = parse_dims("a:1,3; b:0:x:2").unwrap();
        assert_eq!(
            shapes,
            [("a".into(), vec![1, 3]), ("b:0:x".into(), vec![2])]
        );
        for bad in ["a", "a:", "a:1,x", "a:0", "a:-1"] {
            assert!(parse_dims(bad).unwrap_err().contains("no shape"), "{bad}");
        }
        let all = parse_range("a:1~2,8-16;b:3").unwrap();
        let firsts: Vec<_> = all.iter().map(|shapes| shapes[0].1.clone()).collect();
        assert_eq!(firsts, [[1, 8], [1, 16], [2, 8], [2, 16]]);
        assert!(all.iter().all(|shapes| shapes[1] == ("b".into(), vec![3])));
        assert!(parse_range("a:3~1").unwrap_err().contains("no range"));
        assert!(parse_range("a:1~999,1~999").unwrap_err().contains("100000"));
    }
}
