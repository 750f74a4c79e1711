//! Parameters of dynamic AIPP: sets of them, and putting a set into a model's input.
//!
//! Choices where the documents are silent: a set for 0 pictures can be made, and is 145014 when it is put into an input;
//! one for more than 127, the most that the chip's structure counts, cannot. A fresh set has factors of 1 and everything
//! else 0. A value out of its range is 100000 at its setter; what only shows when all values are together (a crop that
//! leaves the picture, a result that is not the model's size, pictures that need more than `max_src_image_size`) is
//! 100000 when the set is put into the input. Resizing is 200001: it is reserved, and no chip here has it. Of the wrong
//! things about an input, its missing memory (145011) is told before an empty set (145014), then its length (145012),
//! then a batch that is not the model's (100000).

use std::sync::Arc;

use acl_sys::{
    ACL_ERROR_API_NOT_SUPPORT, ACL_ERROR_GE_AIPP_BATCH_EMPTY, ACL_ERROR_GE_AIPP_NOT_EXIST,
    ACL_ERROR_GE_DYNAMIC_INPUT_ADDR_INVALID, ACL_ERROR_GE_DYNAMIC_INPUT_LENGTH_INVALID,
    ACL_ERROR_INVALID_PARAM,
};
use half::f16;

use super::calls::Site;
use super::failure::{Result, fail};
use super::handle::{Handle, Kind, Table};
use super::memory;
use super::model::{self, Loaded};
use super::objects::Shared;
use crate::exec::aipp::{CHANNELS, LARGEST, MOST_PADDING, Pixels, nearest_half};
use crate::exec::aipp_packed::{self, Head, Packed, Record};
use crate::exec::aipp_plan::{self, Plan, Role};

static SETS: Table<Arc<Shared<Packed>>> = Table::new(Kind::Aipp);

fn invalid(text: impl Into<String>) -> super::failure::Failure {
    fail!(ACL_ERROR_INVALID_PARAM, "{}", text.into())
}

/// Makes a set for a batch.
pub(crate) fn create(batch: u64) -> Result<Handle> {
    let most = aipp_packed::MOST;
    let batch = usize::try_from(batch).unwrap_or(usize::MAX);
    if batch > most {
        return Err(invalid(format!(
            "a batch of {batch} pictures; the parameters hold at most {most}"
        )));
    }
    let set = Packed {
        head: Head::default(),
        records: vec![Record::default(); batch],
    };
    Ok(SETS.insert(|_| Shared::new(set)))
}

/// Destroys a set.
pub(crate) fn destroy(handle: Handle) -> Result<()> {
    SETS.remove(handle).map(drop).map_err(|complaint| {
        super::strict::find(super::strict::Finding::BadHandle, complaint.clone());
        invalid(complaint)
    })
}

/// Returns the calls that made the sets that are live.
pub(crate) fn live() -> Vec<Option<Site>> {
    SETS.made(|_| true)
}

fn get(handle: Handle) -> Result<Arc<Shared<Packed>>> {
    SETS.get(handle).map_err(invalid)
}

/// Changes what holds for all pictures.
pub(crate) fn change_head(handle: Handle, change: impl FnOnce(&mut Head)) -> Result<()> {
    change(&mut get(handle)?.lock().head);
    Ok(())
}

/// Changes what holds for one picture.
pub(crate) fn change(handle: Handle, index: u64, change: impl FnOnce(&mut Record)) -> Result<()> {
    let set = get(handle)?;
    let mut set = set.lock();
    let count = set.records.len();
    let place = usize::try_from(index).ok();
    let record = place.and_then(|index| set.records.get_mut(index));
    let record = record.ok_or_else(|| {
        invalid(format!(
            "picture {index} of a set that was made for {count}"
        ))
    })?;
    change(record);
    Ok(())
}

/// Checks a switch.
pub(crate) fn switch(value: i8) -> Result<i8> {
    if (0..=1).contains(&value) {
        return Ok(value);
    }
    Err(invalid(format!("the switch is {value}, wanted 0 or 1")))
}

/// Checks the number of a format.
pub(crate) fn format(number: u32) -> Result<u8> {
    let known = Pixels::from_number(number.into());
    known.map(Pixels::number).ok_or_else(|| {
        invalid(format!(
            "the format is {number}, wanted 1 (ACL_YUV420SP_U8), 2 (ACL_XRGB8888_U8), \
             3 (ACL_RGB888_U8) or 4 (ACL_YUV400_U8)"
        ))
    })
}

/// Checks a width or height of a whole picture.
pub(crate) fn side(value: i32) -> Result<i32> {
    if usize::try_from(value).is_ok_and(|value| (1..=LARGEST).contains(&value)) {
        return Ok(value);
    }
    Err(invalid(format!(
        "a side of the picture is {value}, wanted 1 to {LARGEST}"
    )))
}

/// Checks the start and the size of a part, which count only where the part is cut out.
pub(crate) fn window(on: i8, [x, y, width, height]: [i32; 4]) -> Result<[i32; 4]> {
    if on == 1 && (x < 0 || y < 0 || width <= 0 || height <= 0) {
        return Err(invalid(format!(
            "the part begins at {x},{y} and is {width} x {height}, wanted a start of 0 or more \
             and a size of 1 or more"
        )));
    }
    Ok([x, y, width, height])
}

/// Checks that nothing is to be resized.
pub(crate) fn no_resize(value: i8) -> Result<i8> {
    match switch(value)? {
        0 => Ok(0),
        _ => Err(fail!(
            ACL_ERROR_API_NOT_SUPPORT,
            "resizing in AIPP is reserved, no chip here has it; resize before (DVPP)"
        )),
    }
}

/// Checks the sides of padding, which count only where it is on.
pub(crate) fn padding(on: i8, sides: [i32; 4]) -> Result<[i32; 4]> {
    let fits = |side: i32| usize::try_from(side).is_ok_and(|side| side <= MOST_PADDING);
    match sides.into_iter().find(|side| on == 1 && !fits(*side)) {
        Some(side) => Err(invalid(format!(
            "padding of {side} pixels, wanted 0 to {MOST_PADDING}"
        ))),
        None => Ok(sides),
    }
}

/// Checks means.
pub(crate) fn mean(values: [i16; CHANNELS]) -> Result<[i16; CHANNELS]> {
    match values.into_iter().find(|value| !(0..=255).contains(value)) {
        Some(value) => Err(invalid(format!("a mean is {value}, wanted 0 to 255"))),
        None => Ok(values),
    }
}

/// Rounds minima or factors to what the chip holds.
pub(crate) fn halves(values: [f32; CHANNELS]) -> Result<[f16; CHANNELS]> {
    let most = f16::MAX.to_f32();
    match values.into_iter().find(|v| v.is_nan() || v.abs() > most) {
        Some(value) => Err(invalid(format!(
            "a value is {value}, wanted one from -{most} to {most}"
        ))),
        None => Ok(values.map(|value| nearest_half(value.into()))),
    }
}

/// Puts a set into the input `index` of a dataset, which is the one with the parameters.
pub(crate) fn put(id: u32, dataset: Handle, index: usize, set: Handle) -> Result<()> {
    let model = model::get(id)?;
    let set = get(set)?.lock().clone();
    let pictures = (0..model.info().inputs.len()).find_map(|i| match model.image.role(i) {
        Role::Dynamic(plan, parameters) if *parameters == index => Some((i, plan)),
        _ => None,
    });
    let Some((pictures, plan)) = pictures else {
        return Err(invalid(format!(
            "input {index} takes no AIPP parameters; aclmdlGetInputIndexByName(\
             \"{}\") gives the one that does, of a model with dynamic AIPP",
            aipp_plan::INPUT
        )));
    };
    let buffer = model::nth_buffer(dataset, index)?;
    if buffer.address == 0 {
        return Err(fail!(
            ACL_ERROR_GE_DYNAMIC_INPUT_ADDR_INVALID,
            "the AIPP input {index} has no device memory"
        ));
    }
    if set.records.is_empty() {
        return Err(fail!(
            ACL_ERROR_GE_AIPP_BATCH_EMPTY,
            "the set was made for 0 pictures; make it for the batch: aclmdlCreateAIPP(batch)"
        ));
    }
    let bytes = set.encode();
    if buffer.size < bytes.len() {
        return Err(fail!(
            ACL_ERROR_GE_DYNAMIC_INPUT_LENGTH_INVALID,
            "the AIPP input {index} has {} bytes, a set for {} pictures has {}",
            buffer.size,
            set.records.len(),
            bytes.len()
        ));
    }
    check(&model, pictures, plan, &set, &bytes).map_err(invalid)?;
    memory::resolve(buffer.address, bytes.len())?.write(|to| to.copy_from_slice(&bytes));
    Ok(())
}

/// Says why a set fits none of the shapes that the model was converted for.
fn check(
    model: &Loaded,
    pictures: usize,
    plan: &Plan,
    set: &Packed,
    bytes: &[u8],
) -> std::result::Result<(), String> {
    let info = model.info();
    let shapes: Vec<Vec<i64>> = if info.gears.is_empty() {
        vec![info.inputs[pictures].dims.clone()]
    } else {
        (0..info.gears.len())
            .filter_map(|gear| model::gear_shapes(info, gear).get(pictures).cloned())
            .collect()
    };
    let count = set.records.len();
    let mut wrong = None;
    let mut batches = Vec::new();
    for shape in shapes {
        let (batch, target) = plan.target(&shape);
        if batch != count {
            batches.push(batch);
            continue;
        }
        match aipp_plan::read(bytes, batch, target) {
            Ok((source, _)) => {
                let (need, most) = (source.bytes() * batch, info.inputs[pictures].size);
                if need <= most {
                    return Ok(());
                }
                return Err(format!(
                    "{batch} pictures of {} x {} have {need} bytes, the model was converted for \
                     max_src_image_size {most}",
                    source.width, source.height
                ));
            }
            Err(detail) => wrong = wrong.or(Some(detail)),
        }
    }
    Err(wrong.unwrap_or_else(|| {
        format!("the set was made for {count} pictures, the model takes batches of {batches:?}")
    }))
}

/// Puts a set into the input that holds the parameters of data input `index`.
pub(crate) fn put_for(id: u32, dataset: Handle, index: usize, set: Handle) -> Result<()> {
    let model = model::get(id)?;
    match model.image.role(index) {
        Role::Dynamic(_, parameters) => put(id, dataset, *parameters, set),
        _ => Err(invalid(format!(
            "input {index} has no dynamic AIPP; convert the model with --insert_op_conf and \
             aipp_mode: dynamic"
        ))),
    }
}

/// Calls `f` with what an input is.
pub(crate) fn with_role<R>(
    id: u32,
    index: usize,
    f: impl FnOnce(&Loaded, &Role) -> R,
) -> Result<R> {
    let model = model::get(id)?;
    let count = model.info().inputs.len();
    if index < count {
        return Ok(f(&model, model.image.role(index)));
    }
    Err(invalid(format!(
        "index {index} is beyond the model's {count} inputs"
    )))
}

/// The failure of an input without preprocessing.
pub(crate) fn absent(index: usize) -> super::failure::Failure {
    fail!(
        ACL_ERROR_GE_AIPP_NOT_EXIST,
        "input {index} has no AIPP; convert the model with --insert_op_conf"
    )
}
