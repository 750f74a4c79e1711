//! What cargo built, made fit for other people's machines.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::elf::Elf;
use crate::tools::{BINUTILS, RUST, run};
use crate::{Error, Result};

/// The version of the library; cargo knows it when this crate is built.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where a build left its results.
#[derive(Clone, Debug)]
pub struct Built {
    /// The shared library.
    pub shared: PathBuf,
    /// The same code as a Rust library, from which the static library is made.
    pub rlib: PathBuf,
    /// The folder of the crates that the Rust library was built with.
    pub deps: PathBuf,
    /// The target triple, where it is not that of this machine.
    pub target: Option<String>,
}

impl Built {
    /// Builds the library of a checkout with cargo, in release mode.
    ///
    /// # Errors
    /// If cargo is absent or fails.
    pub fn by_cargo(root: &Path, target: Option<&str>) -> Result<Self> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        command.current_dir(root).args(["build", "--release"]);
        command.args(["--lib", "-p", "ascend-reid", "--message-format=json"]);
        command.stderr(std::process::Stdio::inherit());
        if let Some(target) = target {
            command.args(["--target", target]);
        }
        let text = run(&mut command, RUST)?;
        let text = String::from_utf8_lossy(&text);
        let files: Vec<PathBuf> = text
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|message| message["reason"] == "compiler-artifact")
            .filter(|message| message["target"]["name"] == "ascend_reid")
            .filter_map(|message| message["filenames"].as_array().cloned())
            .flatten()
            .filter_map(|name| name.as_str().map(PathBuf::from))
            .collect();
        let find = |wanted: &str| {
            let found = files
                .iter()
                .find(|file| file.extension().is_some_and(|e| e == wanted));
            found.cloned().ok_or_else(|| Error::NotTheLibrary {
                path: root.to_owned(),
                found: format!("a build that left no .{wanted}"),
                wanted: "the checkout of ascend-reid".to_owned(),
            })
        };
        let shared = find("so")?;
        let deps = shared.with_file_name("deps");
        Ok(Self {
            rlib: find("rlib")?,
            shared,
            deps,
            target: target.map(str::to_owned),
        })
    }
}

/// What is made of a build.
#[derive(Clone, Copy, Debug)]
pub struct Wishes {
    /// Make the static library too.
    pub archive: bool,
    /// Keep the shared library's line tables, most of its bytes.
    pub keep_debug: bool,
}

/// The library, ready to be packaged.
#[derive(Debug)]
pub struct Library {
    /// What the shared library says about itself.
    pub elf: Elf,
    /// The shared library.
    pub shared: PathBuf,
    /// The static library.
    pub archive: Option<PathBuf>,
    /// What a program that takes the static library is linked with in addition, as `-lgcc_s`.
    pub native: Vec<String>,
    /// Where the copies are.
    _folder: TempDir,
}

impl Library {
    /// Strips the shared library and makes the static one.
    ///
    /// # Errors
    /// If the build is not of this library, if binutils are absent, or if a file cannot be written.
    pub fn prepare(built: &Built, wishes: Wishes) -> Result<Self> {
        let elf = Elf::read(&built.shared)?;
        let major = VERSION.split('.').next().unwrap_or_default();
        let wanted = format!("libascend_reid.so.{major}");
        if elf.soname != wanted {
            return Err(Error::NotTheLibrary {
                path: built.shared.clone(),
                found: format!("the soname {}", elf.soname),
                wanted,
            });
        }
        let folder =
            tempfile::tempdir().map_err(Error::file("make a folder", &std::env::temp_dir()))?;
        let shared = folder.path().join("libascend_reid.so");
        if wishes.keep_debug {
            std::fs::copy(&built.shared, &shared)
                .map_err(Error::file("copy the library", &shared))?;
        } else {
            let mut strip = tool("OBJCOPY", "objcopy");
            strip
                .arg("--strip-unneeded")
                .arg(&built.shared)
                .arg(&shared);
            run(&mut strip, BINUTILS)?;
        }
        let (mut archive, mut native) = (None, Vec::new());
        if wishes.archive {
            let (path, libraries) = static_library(built, &elf.exports, folder.path())?;
            archive = Some(path);
            native = libraries;
        }
        Ok(Self {
            elf,
            shared,
            archive,
            native,
            _folder: folder,
        })
    }
}

/// A program of binutils, which a variable may replace by that of a cross compiler.
fn tool(variable: &str, usual: &str) -> Command {
    Command::new(std::env::var_os(variable).unwrap_or_else(|| usual.into()))
}

/// Makes an archive of one object, whose only global symbols are those that the shared library exports.
///
/// What rustc calls a static library holds every crate whole, with all of their symbols: the
/// simulator's `acl*` would stand in for the host's AscendCL, and two such libraries cannot be linked
/// into one program. Linked here with itself, keeping what is reached from the exports, its inner
/// symbols become local and then go.
fn static_library(
    built: &Built,
    exports: &BTreeSet<String>,
    folder: &Path,
) -> Result<(PathBuf, Vec<String>)> {
    let at = |name: &str| folder.join(name);
    let write =
        |path: &Path, text: &str| std::fs::write(path, text).map_err(Error::file("write", path));
    let (source, whole) = (at("static.rs"), at("whole.a"));
    write(&source, "extern crate ascend_reid;\n")?;
    let natives = at("native-libraries");
    let mut rustc = tool("RUSTC", "rustc");
    rustc.args([
        "--crate-type=staticlib",
        "--edition=2024",
        "--crate-name=whole",
    ]);
    rustc.arg(&source).arg("-o").arg(&whole);
    let mut print = std::ffi::OsString::from("--print=native-static-libs=");
    print.push(&natives);
    rustc.arg(print);
    let option = |name: &str, path: &Path| {
        let mut text = std::ffi::OsString::from(name);
        text.push(path);
        text
    };
    rustc
        .arg("--extern")
        .arg(option("ascend_reid=", &built.rlib));
    rustc.arg("-L").arg(option("dependency=", &built.deps));
    if let Some(target) = &built.target {
        rustc.arg("--target").arg(target);
    }
    run(&mut rustc, RUST)?;

    let (object, hidden) = (at("merged.o"), at("ascend_reid.o"));
    let mut link = tool("LD", "ld");
    link.args(["-r", "--gc-sections", "-o"]).arg(&object);
    for name in exports {
        link.arg("-u").arg(name);
    }
    run(link.arg(&whole), BINUTILS)?;
    // Half a gigabyte that the next step does not need.
    std::fs::remove_file(&whole).map_err(Error::file("remove", &whole))?;

    let keep = at("exports");
    let list: String = exports.iter().map(|name| format!("{name}\n")).collect();
    write(&keep, &list)?;
    let mut hide = tool("OBJCOPY", "objcopy");
    hide.arg(option("--keep-global-symbols=", &keep));
    // The standard library brings bitcode, which says nothing in an object that is linked of many.
    hide.args(["--remove-section=.llvmbc", "--remove-section=.llvmcmd"]);
    hide.arg("--strip-unneeded").arg(&object).arg(&hidden);
    run(&mut hide, BINUTILS)?;
    std::fs::remove_file(&object).map_err(Error::file("remove", &object))?;

    let archive = at("libascend_reid.a");
    let mut pack = tool("AR", "ar");
    run(pack.arg("rcsD").arg(&archive).arg(&hidden), BINUTILS)?;
    std::fs::remove_file(&hidden).map_err(Error::file("remove", &hidden))?;
    let native = std::fs::read_to_string(&natives).map_err(Error::file("read", &natives))?;
    Ok((archive, native_libraries(&native)))
}

/// The libraries that rustc names, each once.
fn native_libraries(text: &str) -> Vec<String> {
    let text = text.trim().trim_start_matches("native-static-libs:");
    let mut seen = BTreeSet::new();
    let words = text.split_whitespace().filter(|word| seen.insert(*word));
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_named_once_and_in_order() {
        let text = "native-static-libs: -lgcc_s -lutil -lm -lgcc_s -lc\n";
        assert_eq!(native_libraries(text), ["-lgcc_s", "-lutil", "-lm", "-lc"]);
        assert_eq!(native_libraries("-lm\n"), ["-lm"]);
    }
}
