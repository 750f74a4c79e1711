//! The table behind the handles.

use std::ffi::c_void;
use std::sync::{Arc, PoisonError, RwLock};

use super::Status;
use super::error::{Result, fail};
use super::model::ModelState;

/// What a handle stands for.
#[derive(Clone)]
pub(super) enum Object {
    Runtime(acl::Runtime),
    Device(acl::Context),
    Model(Arc<ModelState>),
}

impl Object {
    const NAMES: [&'static str; 3] = ["areid_runtime", "areid_device", "areid_model"];

    fn kind(&self) -> usize {
        match self {
            Self::Runtime(_) => 0,
            Self::Device(_) => 1,
            Self::Model(_) => 2,
        }
    }
}

/// A kind of object that handles stand for.
pub(super) trait Handled: Sized {
    /// The index of the kind's name.
    const KIND: usize;
    fn of(object: &Object) -> Option<Self>;
}

macro_rules! handled {
    ($type:ty, $variant:ident, $kind:literal) => {
        impl Handled for $type {
            const KIND: usize = $kind;
            fn of(object: &Object) -> Option<Self> {
                match object {
                    Object::$variant(inner) => Some(inner.clone()),
                    _ => None,
                }
            }
        }
    };
}
handled!(acl::Runtime, Runtime, 0);
handled!(acl::Context, Device, 1);
handled!(Arc<ModelState>, Model, 2);

#[derive(Default)]
struct Slot {
    generation: u32,
    object: Option<Object>,
}

static TABLE: RwLock<Vec<Slot>> = RwLock::new(Vec::new());

/// The last generation of a place, which is then never used again.
const LAST_GENERATION: u32 = 0xff_ffff;
/// High bits of every handle: no address of a user's program has them.
const TAG: usize = 0xa5;

fn number(kind: usize, generation: u32, index: usize) -> usize {
    (TAG << 56) | (kind << 52) | ((generation as usize) << 28) | index
}

fn split(handle: *const c_void) -> Option<(usize, u32, usize)> {
    let bits = handle.addr();
    let generation = u32::try_from((bits >> 28) & LAST_GENERATION as usize).ok()?;
    (bits >> 56 == TAG).then_some(((bits >> 52) & 0xf, generation, bits & 0x0fff_ffff))
}

/// Gives an object a handle.
pub(super) fn insert(object: Object) -> Result<*mut c_void> {
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    let free = |slot: &Slot| slot.object.is_none() && slot.generation < LAST_GENERATION;
    let index = table.iter().position(free).unwrap_or(table.len());
    if index > 0x0fff_ffff {
        return fail(Status::Busy, "too many objects live: free some");
    }
    if index == table.len() {
        table.push(Slot::default());
    }
    let slot = &mut table[index];
    slot.generation += 1;
    let bits = number(object.kind(), slot.generation, index);
    slot.object = Some(object);
    Ok(std::ptr::without_provenance_mut(bits))
}

fn wrong<T>(handle: *const c_void, wanted: usize) -> Result<T> {
    let want = Object::NAMES[wanted];
    if handle.is_null() {
        return fail(Status::NullPointer, format!("the {want} is null"));
    }
    let what = match split(handle) {
        Some((kind, _, _)) if kind == wanted => format!("an {want} that was freed"),
        Some((kind, _, _)) if kind < Object::NAMES.len() => {
            format!("an {}", Object::NAMES[kind])
        }
        _ => "no handle of this library".to_owned(),
    };
    fail(Status::InvalidHandle, format!("got {what}, want an {want}"))
}

/// Returns the object of a handle; it lives at least as long as what is returned.
pub(super) fn get<T: Handled>(handle: *const c_void) -> Result<T> {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    let found = split(handle).and_then(|(kind, generation, index)| {
        let slot = table.get(index)?;
        let same = kind == T::KIND && slot.generation == generation;
        slot.object.as_ref().filter(|_| same).and_then(T::of)
    });
    found.map_or_else(|| wrong(handle, T::KIND), Ok)
}

/// Takes a handle out of the table; null is none.
pub(super) fn remove<T: Handled>(handle: *const c_void) -> Result<()> {
    if handle.is_null() {
        return Ok(());
    }
    get::<T>(handle)?;
    let removed = split(handle).and_then(|(_, generation, index)| {
        let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
        let slot = table.get_mut(index)?;
        slot.object.take_if(|_| slot.generation == generation)
    });
    // Dropped outside of the lock: an object's end calls AscendCL.
    removed.map_or_else(|| wrong(handle, T::KIND), |_| Ok(()))
}
