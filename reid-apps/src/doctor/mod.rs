//! Why does it not run: one page that looks at everything between a program and a card.
//!
//! Each [`Item`] says what was looked at, what was found, and what to do. Nothing is changed on the machine; with a
//! library at hand a smoke run copies some bytes to the device and back.

mod host;
mod look;
mod smoke;

use serde::Serialize;

use crate::backend::Backend;

pub use crate::inspect::check::Weight;
pub use host::Host;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The part of the machine.
    pub section: &'static str,
    /// How bad it is.
    pub weight: Weight,
    /// What was found, and what to do.
    pub text: String,
}

/// Collects items.
#[derive(Debug, Default)]
struct Page(Vec<Item>);

impl Page {
    fn add(&mut self, section: &'static str, weight: Weight, text: impl Into<String>) {
        let text = text.into();
        self.0.push(Item {
            section,
            weight,
            text,
        });
    }

    fn good(&mut self, section: &'static str, text: impl Into<String>) {
        self.add(section, Weight::Good, text);
    }

    fn doubt(&mut self, section: &'static str, text: impl Into<String>) {
        self.add(section, Weight::Doubt, text);
    }

    fn blocks(&mut self, section: &'static str, text: impl Into<String>) {
        self.add(section, Weight::Blocks, text);
    }
}

/// Looks at a machine.
///
/// With a recreated tree the libraries in it are not opened.
#[must_use]
pub fn examine(host: &Host, backend: &Backend, device: i32) -> Vec<Item> {
    let mut page = Page::default();
    // The simulator needs nothing of what a card needs.
    if *backend != Backend::Simulator {
        look::versions(host, &mut page);
        look::nodes(host, &mut page);
        look::container(host, &mut page);
    }
    look::environment(host, &mut page);
    if host.is_this() {
        smoke::library(backend, device, &mut page);
    } else {
        look::library_files(host, &mut page);
    }
    page.0
}
