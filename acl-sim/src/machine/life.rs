//! The life of a process as a state: initialised or not, and which devices are set how often.
//!
//! Whoever holds its lock may change it; `loom/tests/orders.rs` checks that nothing which is made under
//! that lock outlives the end.

use std::collections::BTreeMap;

/// The state; `C` stands for a device's default context.
pub(crate) struct Life<C> {
    pub(crate) initialised: bool,
    pub(crate) finalized: bool,
    pub(crate) devices: BTreeMap<i32, Device<C>>,
}

pub(crate) struct Device<C> {
    pub(crate) references: usize,
    pub(crate) context: C,
}

/// What became of a device that was reset.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reset<C> {
    /// It was not set.
    NotSet,
    /// It is still set, elsewhere.
    Shared,
    /// It is set no more: this context is to end.
    Last(C),
}

impl<C: Copy> Life<C> {
    pub(crate) const fn new() -> Self {
        Self {
            initialised: false,
            finalized: false,
            devices: BTreeMap::new(),
        }
    }

    /// Ends it, and returns the devices that were still set; `None` if it had not begun.
    pub(crate) fn end(&mut self) -> Option<BTreeMap<i32, Device<C>>> {
        if !self.initialised {
            return None;
        }
        self.initialised = false;
        self.finalized = true;
        Some(std::mem::take(&mut self.devices))
    }

    /// Sets a device once more, and returns its context, which is made if there is none; `None` when
    /// the process is not initialised.
    pub(crate) fn set(&mut self, id: i32, make: impl FnOnce() -> C) -> Option<C> {
        if !self.initialised {
            return None;
        }
        let device = self.devices.entry(id).or_insert_with(|| Device {
            references: 0,
            context: make(),
        });
        device.references += 1;
        Some(device.context)
    }

    /// Takes one reference of a device back, or all where they are not counted.
    pub(crate) fn reset(&mut self, id: i32, counted: bool) -> Reset<C> {
        let Some(device) = self.devices.get_mut(&id) else {
            return Reset::NotSet;
        };
        device.references -= 1;
        if device.references > 0 && counted {
            return Reset::Shared;
        }
        let context = device.context;
        self.devices.remove(&id);
        Reset::Last(context)
    }
}
