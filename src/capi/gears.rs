//! The sizes that a model was compiled for.

use std::sync::Arc;

use acl::Gears;

use super::Status;
use super::error::{Result, fail, guard};
use super::handle::get;
use super::model::ModelState;
use super::opaque::ModelHandle;
use super::pointer::{Out, slice_mut};

/// What the gears of a model change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum GearKind {
    /// Nothing: the shapes are fixed.
    Static = 0,
    /// The batch size, by areid_model_set_batch: one number a gear.
    Batch = 1,
    /// Height and width, by areid_model_set_image_size: two numbers a gear.
    ImageSize = 2,
    /// All dims of all inputs, by areid_model_set_dims: as many numbers a gear as there are dims.
    Dims = 3,
}

/// Kind, numbers a gear, and all numbers in a row.
fn numbers(gears: &Gears) -> Result<(GearKind, usize, Vec<i64>)> {
    let signed = |value: &u64| {
        i64::try_from(*value).or_else(|_| fail(Status::Unsupported, format!("the gear {value}")))
    };
    Ok(match gears {
        Gears::Static => (GearKind::Static, 0, Vec::new()),
        Gears::Batch(list) => {
            let all = list.iter().map(signed).collect::<Result<_>>()?;
            (GearKind::Batch, 1, all)
        }
        Gears::ImageSize(list) => {
            let all = list.iter().flatten().map(signed).collect::<Result<_>>()?;
            (GearKind::ImageSize, 2, all)
        }
        Gears::Dims(list) => {
            let width = list.first().map_or(0, Vec::len);
            (GearKind::Dims, width, list.concat())
        }
        _ => {
            return fail(
                Status::Unsupported,
                "gears of a kind that C has no name for",
            );
        }
    })
}

/// Lists the sizes that a model with dynamic inputs was compiled for; it runs at these and no other.
///
/// kind is one of areid_gear_kind, count the number of gears, and width the numbers of each.
/// values, int64 [count, width], is filled if capacity, its room in numbers, is enough; with a
/// capacity of 0 it is left alone.
///
/// Errors: AREID_SIZE_MISMATCH if capacity is neither 0 nor enough; AREID_BUSY once the model was
/// given to an embedder.
///
/// # Safety
/// kind, count and width are writable, values for capacity numbers, and none overlaps another.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn areid_model_gears(
    model: *const ModelHandle,
    kind: *mut i32,
    count: *mut usize,
    width: *mut usize,
    values: *mut i64,
    capacity: usize,
) -> Status {
    guard("areid_model_gears", || {
        // SAFETY: handed on from the caller.
        let kind = unsafe { Out::new("kind", kind) }?;
        // SAFETY: handed on from the caller.
        let count = unsafe { Out::new("count", count) }?;
        // SAFETY: handed on from the caller.
        let width = unsafe { Out::new("width", width) }?;
        // SAFETY: handed on from the caller.
        let values = unsafe { slice_mut("values", values, capacity) }?;
        let gears = get::<Arc<ModelState>>(model)?.gears()?;
        let (found, each, all) = numbers(&gears)?;
        if capacity > 0 {
            let Some(places) = values.get_mut(..all.len()) else {
                let want = all.len();
                let text = format!("capacity is {capacity}, want 0 or at least {want}");
                return fail(Status::SizeMismatch, text);
            };
            places.copy_from_slice(&all);
        }
        kind.set(found as i32);
        count.set(gears.len());
        width.set(each);
        Ok(())
    })
}
