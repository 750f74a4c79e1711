//! From a built `libascend_reid.so` to files that other programs can be built with: an installed tree,
//! a tarball, and Debian packages.
//!
//! [`Library`] is what was built, [`layout`] says where each file goes, and [`install`], [`tarball`]
//! and [`deb`] put them there. Everything is written by this crate, so that nothing has to be on the
//! machine but what linked the library: `ld` and `objcopy` of binutils.
#![forbid(unsafe_code)]

pub mod cli;
pub mod deb;
mod elf;
mod error;
mod install;
pub mod layout;
mod library;
mod licences;
mod tarball;
mod texts;
mod tools;

pub use elf::Elf;
pub use error::{Error, Result};
pub use install::install;
pub use library::{Built, Library, VERSION, Wishes};
pub use licences::third_party;
pub use tarball::tarball;
