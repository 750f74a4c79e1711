//! What a shared library says about itself.

use std::collections::BTreeSet;
use std::path::Path;

use object::read::elf::{Dyn, ElfFile64, FileHeader, SectionHeader};
use object::{Architecture, Endianness, Object, ObjectSymbol, elf};

use crate::{Error, Result};

/// The parts of a shared library that its packages depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elf {
    /// `DT_SONAME`.
    pub soname: String,
    /// The libraries that it needs, in its order.
    pub needed: Vec<String>,
    /// The symbols of the C library that it exports.
    pub exports: BTreeSet<String>,
    /// The newest version of glibc that one of its symbols asks for, major and minor.
    pub glibc: Option<(u32, u32)>,
    /// The processor, in Debian's word: `amd64`, `arm64`.
    pub architecture: &'static str,
    /// The folder of Debian's that libraries of the processor are in, below `lib`.
    pub triplet: &'static str,
}

impl Elf {
    /// Reads the headers of a shared library.
    ///
    /// # Errors
    /// If the file cannot be read, is no 64-bit ELF library of x86-64 or AArch64, or has no soname.
    /// Source: System V ABI, chapters "Object Files" and "Dynamic Linking"; LSB, "Symbol Versioning".
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::file("read the library", path))?;
        Self::parse(&bytes).map_err(|found| Error::NotTheLibrary {
            path: path.to_owned(),
            found,
            wanted: "a 64-bit ELF shared library with a soname".to_owned(),
        })
    }

    fn parse(bytes: &[u8]) -> std::result::Result<Self, String> {
        let bad = |error: object::Error| error.to_string();
        let file = ElfFile64::<Endianness>::parse(bytes).map_err(bad)?;
        let (architecture, triplet) = match file.architecture() {
            Architecture::X86_64 => ("amd64", "x86_64-linux-gnu"),
            Architecture::Aarch64 => ("arm64", "aarch64-linux-gnu"),
            other => return Err(format!("a library for {other:?}")),
        };
        let endian = file.endian();
        let header = file.elf_header();
        let sections = header.sections(endian, bytes).map_err(bad)?;
        let Some((entries, link)) = sections.dynamic(endian, bytes).map_err(bad)? else {
            return Err("no dynamic section".to_owned());
        };
        let strings = sections.strings(endian, bytes, link).map_err(bad)?;
        let mut soname = None;
        let mut needed = Vec::new();
        for entry in entries {
            let tag = entry.d_tag(endian);
            if tag != elf::DT_SONAME && tag != elf::DT_NEEDED {
                continue;
            }
            let text = entry.string(endian, strings).map_err(bad)?;
            let text = String::from_utf8_lossy(text).into_owned();
            if tag == elf::DT_SONAME {
                soname = Some(text);
            } else {
                needed.push(text);
            }
        }
        let mut glibc = None;
        for section in sections.iter() {
            let Some((mut list, link)) = section.gnu_verneed(endian, bytes).map_err(bad)? else {
                continue;
            };
            let strings = sections.strings(endian, bytes, link).map_err(bad)?;
            while let Some((_, mut versions)) = list.next().map_err(bad)? {
                while let Some(version) = versions.next().map_err(bad)? {
                    let name = version.name(endian, strings).map_err(bad)?;
                    glibc = glibc.max(glibc_version(&String::from_utf8_lossy(name)));
                }
            }
        }
        let exports = file.dynamic_symbols().filter(ObjectSymbol::is_definition);
        let exports = exports.filter_map(|symbol| symbol.name().ok().map(str::to_owned));
        Ok(Self {
            exports: exports.filter(|name| name.starts_with("areid_")).collect(),
            soname: soname.ok_or("no soname")?,
            needed,
            glibc,
            architecture,
            triplet,
        })
    }
}

/// Reads `GLIBC_2.34`; a third number, which none has had since 2.3.4, does not count.
fn glibc_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix("GLIBC_")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn versions_of_glibc_compare_by_number() {
        assert!(glibc_version("GLIBC_2.34") > glibc_version("GLIBC_2.4"));
        assert_eq!(glibc_version("GLIBC_2.3.4"), Some((2, 3)));
        assert_eq!(glibc_version("GCC_3.0"), None);
    }

    #[test]
    fn a_file_that_is_no_library_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.so");
        std::fs::write(&path, "not an ELF file at all").unwrap();
        let error = Elf::read(&path).unwrap_err();
        assert!(error.to_string().contains("text.so: found"), "{error}");
        assert_eq!(error.exit_code(), 3);
        let absent = Elf::read(&folder.path().join("absent.so")).unwrap_err();
        assert_eq!(absent.exit_code(), 3);
    }

    #[test]
    fn a_program_is_not_taken_for_the_library() {
        let error = Elf::read(&std::env::current_exe().unwrap()).unwrap_err();
        assert!(error.to_string().contains("no soname"), "{error}");
    }
}
