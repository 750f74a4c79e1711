//! Handles: values that look like pointers, and are never dereferenced.
//!
//! A handle holds what it is, where it lies in a table, and how often that place has been used
//! before, so that a handle of another kind, a destroyed one and a made-up one are told apart and
//! refused. The top byte is not zero, so that a program which dereferences one dies at once, as it
//! should: the vendor's handles are opaque too.

use std::ffi::c_void;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::calls::{self, Site};

/// Lists the kinds: name, the top byte of its handles, what a message calls it.
macro_rules! kinds {
    ($($kind:ident = $byte:literal, $name:literal;)*) => {
        /// What a handle stands for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Kind {
            $($kind = $byte,)*
        }

        impl Kind {
            const ALL: &[Self] = &[$(Self::$kind),*];

            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    Context = 0x41, "context";
    Stream = 0x42, "stream";
    Event = 0x43, "event";
    DataBuffer = 0x44, "data buffer";
    Dataset = 0x45, "dataset";
    ModelDesc = 0x46, "model description";
    TensorDesc = 0x47, "tensor description";
    ModelConfig = 0x48, "model load configuration";
    Exception = 0x49, "description of an exception";
    ProfilingConfig = 0x4a, "profiling configuration";
    StepInfo = 0x4b, "step information";
    PicDesc = 0x4c, "picture description";
    ChannelDesc = 0x4d, "channel description";
    StreamDesc = 0x4e, "stream description";
    RoiConfig = 0x4f, "rectangle";
    ResizeConfig = 0x50, "resize configuration";
    OpAttr = 0x70, "set of operator attributes";
    OpHandle = 0x71, "operator handle";
    KernelDesc = 0x72, "kernel description";
    GraphDumpOption = 0x73, "set of graph dump options";
    Aipp = 0x51, "set of AIPP parameters";
    BatchPicDesc = 0x52, "batch of picture descriptions";
    BorderConfig = 0x53, "border configuration";
    Hist = 0x54, "histogram";
    LutMap = 0x55, "table of values";
    JpegeConfig = 0x58, "JPEG encoding configuration";
    VdecChannel = 0x59, "video decoding channel description";
    VdecFrameConfig = 0x5a, "video decoding frame configuration";
    VencChannel = 0x5b, "video encoding channel description";
    VencFrameConfig = 0x5c, "video encoding frame configuration";
    FvInitPara = 0x78, "initial parameters of retrieval";
    FvFeatureInfo = 0x79, "information on features";
    FvRepoRange = 0x7a, "range of a repository";
    FvQueryTable = 0x7b, "query table";
    FvSearchInput = 0x7c, "search input";
    FvSearchResult = 0x7d, "search result";
    Stamp = 0x7e, "stamp";
    SubscribeConfig = 0x7f, "subscription configuration";
    TdtChannel = 0x80, "tensor channel";
    TdtDataItem = 0x81, "data item";
    TdtDataset = 0x82, "dataset of tensors";
}

/// A handle as C holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Handle(pub(crate) u64);

impl Handle {
    pub(crate) fn from_ptr<T>(pointer: *const T) -> Self {
        Self(pointer.addr() as u64)
    }

    pub(crate) fn as_ptr<T>(self) -> *mut T {
        let address = usize::try_from(self.0).expect("the simulator runs on 64-bit machines");
        std::ptr::without_provenance_mut::<c_void>(address).cast()
    }

    fn kind(self) -> Option<Kind> {
        Kind::ALL
            .iter()
            .copied()
            .find(|kind| u64::from(*kind as u8) == self.0 >> 56)
    }

    fn generation(self) -> u32 {
        u32::try_from((self.0 >> 32) & 0xff_ffff).expect("24 bits fit")
    }

    fn index(self) -> usize {
        usize::try_from(self.0 & 0xffff_ffff).expect("32 bits fit")
    }

    /// Says what is wrong with a handle that should be a live one of `wanted`.
    fn complaint(self, wanted: Kind) -> String {
        let wanted = wanted.name();
        match self.kind() {
            _ if self.0 == 0 => format!("the {wanted} is null"),
            Some(kind) if kind.name() != wanted => {
                format!(
                    "the handle {:#x} is one of a {}, wanted a {wanted}",
                    self.0,
                    kind.name()
                )
            }
            Some(_) => format!("the {wanted} {:#x} has been destroyed", self.0),
            None => format!("{:#x} is no {wanted} of this library", self.0),
        }
    }
}

struct Place<T> {
    generation: u32,
    value: Option<T>,
    /// The call that made the value.
    made: Option<Site>,
}

struct Places<T> {
    all: Vec<Place<T>>,
    free: Vec<usize>,
}

/// The live objects of one kind. Values are cheap to clone (an `Arc`).
pub(crate) struct Table<T> {
    kind: Kind,
    places: RwLock<Places<T>>,
}

impl<T: Clone> Table<T> {
    pub(crate) const fn new(kind: Kind) -> Self {
        let places = Places {
            all: Vec::new(),
            free: Vec::new(),
        };
        Self {
            kind,
            places: RwLock::new(places),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Places<T>> {
        self.places.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Places<T>> {
        self.places.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self, generation: u32, index: usize) -> Handle {
        Handle(u64::from(self.kind as u8) << 56 | u64::from(generation) << 32 | index as u64)
    }

    fn is(&self, place: &Place<T>, handle: Handle) -> bool {
        handle.kind() == Some(self.kind) && place.generation == handle.generation()
    }

    /// Puts a value in, made from its own handle.
    pub(crate) fn insert(&self, make: impl FnOnce(Handle) -> T) -> Handle {
        let mut places = self.write();
        let index = places.free.pop().unwrap_or_else(|| {
            places.all.push(Place {
                generation: 0,
                value: None,
                made: None,
            });
            places.all.len() - 1
        });
        let place = &mut places.all[index];
        place.generation = (place.generation + 1) & 0xff_ffff;
        let handle = self.handle(place.generation, index);
        place.value = Some(make(handle));
        place.made = calls::site();
        handle
    }

    /// Returns the value of a live handle, or what is wrong with the handle.
    pub(crate) fn get(&self, handle: Handle) -> Result<T, String> {
        let places = self.read();
        let place = places
            .all
            .get(handle.index())
            .filter(|place| self.is(place, handle));
        place
            .and_then(|place| place.value.clone())
            .ok_or_else(|| handle.complaint(self.kind))
    }

    /// Takes the value of a live handle out; the handle is dead from now on.
    pub(crate) fn remove(&self, handle: Handle) -> Result<T, String> {
        let mut places = self.write();
        let place = places
            .all
            .get_mut(handle.index())
            .filter(|place| self.is(place, handle));
        match place.and_then(|place| place.value.take()) {
            Some(value) => {
                places.free.push(handle.index());
                Ok(value)
            }
            None => Err(handle.complaint(self.kind)),
        }
    }

    /// Returns all live values.
    pub(crate) fn all(&self) -> Vec<(Handle, T)> {
        let places = self.read();
        let live = places.all.iter().enumerate().filter_map(|(index, place)| {
            place
                .value
                .clone()
                .map(|value| (self.handle(place.generation, index), value))
        });
        live.collect()
    }

    /// Returns which calls made the live values that `wanted` picks.
    pub(crate) fn made(&self, wanted: impl Fn(&T) -> bool) -> Vec<Option<Site>> {
        let places = self.read();
        let live = places
            .all
            .iter()
            .filter(|place| place.value.as_ref().is_some_and(&wanted));
        live.map(|place| place.made).collect()
    }

    /// Returns how many are live.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        let places = self.read();
        places.all.len() - places.free.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_handle_is_good_until_it_is_removed_and_its_place_is_used_again() {
        let table = Table::new(Kind::Stream);
        let first = table.insert(|_| 1);
        assert_eq!(table.get(first).unwrap(), 1);
        assert_eq!(table.remove(first).unwrap(), 1);
        let second = table.insert(|_| 2);
        assert_eq!(first.index(), second.index(), "the place is used again");
        assert!(table.get(first).unwrap_err().contains("destroyed"));
        assert!(table.remove(first).unwrap_err().contains("destroyed"));
        assert_eq!(table.get(second).unwrap(), 2);
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn foreign_handles_are_named_for_what_they_are() {
        let streams = Table::new(Kind::Stream);
        let events = Table::new(Kind::Event);
        let event = events.insert(|_| ());
        streams.insert(|_| ());
        assert!(streams.get(event).unwrap_err().contains("one of a event"));
        assert!(streams.get(Handle(0)).unwrap_err().contains("null"));
        assert!(
            streams
                .get(Handle(0x7fff_1234_5678))
                .unwrap_err()
                .contains("no stream")
        );
    }
}
