//! The table behind the handles.

use std::ffi::c_void;
use std::sync::{Arc, PoisonError, RwLock};

use super::Status;
use super::embedder::EmbedderState;
use super::error::{Result, fail};
use super::gallery::GalleryState;
use super::generator::GeneratorState;
use super::model::ModelState;
use super::opaque::{
    DeviceHandle, EmbedderHandle, GalleryHandle, GeneratorHandle, ModelHandle, RunHandle,
    RuntimeHandle,
};
use super::run::RunState;

/// What a handle stands for.
#[derive(Clone)]
pub(super) enum Object {
    Runtime(acl::Runtime),
    Device(acl::Context),
    Model(Arc<ModelState>),
    Run(Arc<RunState>),
    Embedder(Arc<EmbedderState>),
    Gallery(Arc<GalleryState>),
    Generator(Arc<GeneratorState>),
}

/// By the numbers of the kinds.
const NAMES: [&str; 7] = [
    "areid_runtime",
    "areid_device",
    "areid_model",
    "areid_run",
    "areid_embedder",
    "areid_gallery",
    "areid_generator",
];

/// A kind of object that handles stand for.
pub(super) trait Handled: Sized {
    /// What the header calls it.
    type Opaque;
    /// The index of the kind's name.
    const KIND: usize;
    fn of(object: &Object) -> Option<Self>;
    fn into_object(self) -> Object;
}

macro_rules! handled {
    ($type:ty, $opaque:ty, $variant:ident, $kind:literal) => {
        impl Handled for $type {
            type Opaque = $opaque;
            const KIND: usize = $kind;
            fn of(object: &Object) -> Option<Self> {
                match object {
                    Object::$variant(inner) => Some(inner.clone()),
                    _ => None,
                }
            }
            fn into_object(self) -> Object {
                Object::$variant(self)
            }
        }
    };
}
handled!(acl::Runtime, RuntimeHandle, Runtime, 0);
handled!(acl::Context, DeviceHandle, Device, 1);
handled!(Arc<ModelState>, ModelHandle, Model, 2);
handled!(Arc<RunState>, RunHandle, Run, 3);
handled!(Arc<EmbedderState>, EmbedderHandle, Embedder, 4);
handled!(Arc<GalleryState>, GalleryHandle, Gallery, 5);
handled!(Arc<GeneratorState>, GeneratorHandle, Generator, 6);

#[derive(Default)]
struct Slot {
    generation: u32,
    object: Option<Object>,
}

#[derive(Default)]
struct Table {
    slots: Vec<Slot>,
    /// Places without an object that may be used again.
    free: Vec<usize>,
}

static TABLE: RwLock<Table> = RwLock::new(Table {
    slots: Vec::new(),
    free: Vec::new(),
});

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
pub(super) fn insert<T: Handled>(object: T) -> Result<*mut T::Opaque> {
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    let index = match table.free.pop() {
        Some(index) => index,
        None => {
            table.slots.push(Slot::default());
            table.slots.len() - 1
        }
    };
    if index > 0x0fff_ffff {
        table.slots.pop();
        return fail(Status::Busy, "too many objects live: free some");
    }
    let slot = &mut table.slots[index];
    slot.generation += 1;
    let bits = number(T::KIND, slot.generation, index);
    slot.object = Some(object.into_object());
    Ok(std::ptr::without_provenance_mut(bits))
}

fn wrong<T>(handle: *const c_void, wanted: usize) -> Result<T> {
    let want = NAMES[wanted];
    if handle.is_null() {
        return fail(Status::NullPointer, format!("the {want} is null"));
    }
    let what = match split(handle) {
        Some((kind, _, _)) if kind == wanted => format!("an {want} that was freed"),
        Some((kind, _, _)) if kind < NAMES.len() => format!("an {}", NAMES[kind]),
        _ => "no handle of this library".to_owned(),
    };
    fail(Status::InvalidHandle, format!("got {what}, want an {want}"))
}

/// Returns the object of a handle; it lives at least as long as what is returned.
pub(super) fn get<T: Handled>(handle: *const T::Opaque) -> Result<T> {
    let handle = handle.cast();
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    let found = split(handle).and_then(|(kind, generation, index)| {
        let slot = table.slots.get(index)?;
        let same = kind == T::KIND && slot.generation == generation;
        slot.object.as_ref().filter(|_| same).and_then(T::of)
    });
    found.map_or_else(|| wrong(handle, T::KIND), Ok)
}

/// Takes a handle out of the table and returns its object; null is none.
pub(super) fn take<T: Handled>(handle: *const T::Opaque) -> Result<Option<T>> {
    if handle.is_null() {
        return Ok(None);
    }
    let object = get::<T>(handle)?;
    let handle = handle.cast();
    let removed = split(handle).and_then(|(_, generation, index)| {
        let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
        let slot = table.slots.get_mut(index)?;
        let removed = slot.object.take_if(|_| slot.generation == generation)?;
        if slot.generation < LAST_GENERATION {
            table.free.push(index);
        }
        Some(removed)
    });
    // Dropped outside of the lock: an object's end calls AscendCL.
    removed.map_or_else(|| wrong(handle, T::KIND), |_| Ok(Some(object)))
}

/// Takes a handle out of the table and lets its object go; null is none.
pub(super) fn remove<T: Handled>(handle: *const T::Opaque) -> Result<()> {
    take::<T>(handle).map(drop)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use reid_apps::eval::Metric;
    use reid_apps::search::MemoryGallery;

    fn gallery() -> Arc<GalleryState> {
        let gallery = MemoryGallery::new(1, Metric::Dot).unwrap();
        Arc::new(GalleryState::new(gallery))
    }

    #[test]
    fn a_place_is_used_again_but_its_old_handle_is_refused() {
        let first = insert(gallery()).unwrap();
        remove::<Arc<GalleryState>>(first).unwrap();
        // Other tests use the table too, so the place is looked for.
        let later: Vec<_> = (0..64).map(|_| insert(gallery()).unwrap()).collect();
        let place = |handle: *mut GalleryHandle| split(handle.cast()).unwrap().2;
        assert!(later.iter().any(|other| place(*other) == place(first)));
        let refused = get::<Arc<GalleryState>>(first).err().unwrap();
        assert_eq!(refused.status, Status::InvalidHandle);
        assert!(refused.text.contains("freed"), "{}", refused.text);
        for handle in later {
            remove::<Arc<GalleryState>>(handle).unwrap();
        }
    }

    #[test]
    fn a_handle_of_another_type_is_named() {
        let handle = insert(gallery()).unwrap();
        let refused = get::<Arc<ModelState>>(handle.cast()).err().unwrap();
        assert_eq!(refused.text, "got an areid_gallery, want an areid_model");
        remove::<Arc<GalleryState>>(handle).unwrap();
    }
}
