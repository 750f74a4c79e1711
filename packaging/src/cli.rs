//! The commands `install` and `package`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::UNIX_EPOCH;

use clap::{Args, Parser, Subcommand};

use crate::deb::Origin;
use crate::layout::{Prefix, check, layout};
use crate::library::{Built, Library, VERSION, Wishes};
use crate::{Error, Result, deb, install, tarball, third_party};

/// Installs libascend_reid, or makes packages of it; builds it first.
#[derive(Debug, Parser)]
#[command(name = "packaging", version)]
struct Cli {
    #[command(subcommand)]
    command: Commands,
}

#[derive(Debug, Subcommand)]
enum Commands {
    /// Install library, headers, pkg-config and CMake files, documents and examples; prints the paths
    Install {
        /// Where they will be used
        #[arg(long, default_value = "/usr/local")]
        prefix: String,
        /// Folder to put before the prefix, to install for another machine
        #[arg(long)]
        destdir: Option<PathBuf>,
        /// Folder of libraries below the prefix
        #[arg(long, default_value = "lib")]
        libdir: String,
        #[command(flatten)]
        build: Build,
    },
    /// Make a tarball that works wherever it is unpacked, and Debian packages; prints the paths
    Package {
        /// Folder for the packages
        #[arg(long)]
        out: PathBuf,
        /// Who answers for the Debian packages
        #[arg(
            long,
            default_value = "The authors of ascend-reid <ascend-reid@localhost>"
        )]
        maintainer: String,
        #[command(flatten)]
        build: Build,
    },
}

#[derive(Debug, Args)]
struct Build {
    /// Leave the static library out
    #[arg(long)]
    no_static: bool,
    /// Keep the line tables of the shared library, which make it several times larger
    #[arg(long)]
    keep_debug: bool,
    /// Target triple, to build for another machine; then LD, OBJCOPY and AR name its binutils
    #[arg(long)]
    target: Option<String>,
}

impl Build {
    fn library(&self) -> Result<Library> {
        let built = Built::by_cargo(root(), self.target.as_deref())?;
        let wishes = Wishes {
            archive: !self.no_static,
            keep_debug: self.keep_debug,
        };
        Library::prepare(&built, wishes)
    }
}

/// The checkout that this program was built from.
fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// What the variable `SOURCE_DATE_EPOCH` says.
fn epoch() -> Result<Option<u64>> {
    let Some(text) = std::env::var_os("SOURCE_DATE_EPOCH") else {
        return Ok(None);
    };
    let text = text.to_string_lossy().into_owned();
    text.parse().map(Some).map_err(|_| Error::Value {
        what: "SOURCE_DATE_EPOCH",
        found: text,
        wanted: "seconds since 1970",
    })
}

/// The time of the commit, else that of the library's file.
fn time(library: &Path) -> Result<u64> {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["log", "-1", "--format=%ct"]);
    let output = git.output().ok().filter(|output| output.status.success());
    let text = output.and_then(|output| String::from_utf8(output.stdout).ok());
    if let Some(time) = text.and_then(|text| text.trim().parse().ok()) {
        return Ok(time);
    }
    let modified = std::fs::metadata(library).and_then(|data| data.modified());
    let modified = modified.map_err(Error::file("read the time of", library))?;
    Ok(modified
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs()))
}

fn run(command: &Commands) -> Result<Vec<PathBuf>> {
    match command {
        Commands::Install {
            prefix,
            destdir,
            libdir,
            build,
        } => {
            let fixed = Prefix::Fixed(prefix);
            check(fixed, libdir)?;
            let library = build.library()?;
            let licences = third_party(root())?;
            let entries = layout(&library, root(), fixed, libdir, &licences)?;
            install(&entries, destdir.as_deref(), prefix)
        }
        Commands::Package {
            out,
            maintainer,
            build,
        } => {
            deb::maintainer(maintainer)?;
            let epoch = epoch()?;
            let library = build.library()?;
            let licences = third_party(root())?;
            let time = epoch.map_or_else(|| time(&library.shared), Ok)?;
            packages(&library, &licences, out, maintainer, time)
        }
    }
}

/// Makes the tarball and the Debian packages of a library, and returns their paths.
///
/// # Errors
/// As [`tarball`] and [`deb::packages`].
pub fn packages(
    library: &Library,
    licences: &str,
    out: &Path,
    maintainer: &str,
    time: u64,
) -> Result<Vec<PathBuf>> {
    let elf = &library.elf;
    let entries = layout(library, root(), Prefix::Anywhere, "lib", licences)?;
    let machine = elf.triplet.trim_end_matches("-gnu");
    let name = format!("ascend-reid-{VERSION}-{machine}");
    let libdir = format!("lib/{}", elf.triplet);
    let below_usr = layout(library, root(), Prefix::Fixed("/usr"), &libdir, licences)?;
    let origin = Origin {
        elf,
        maintainer,
        time,
    };
    let mut paths = deb::packages(&below_usr, origin, out)?;
    paths.insert(0, tarball(&entries, &name, out, time)?);
    Ok(paths)
}

/// Runs the program with its arguments and returns its exit code: 0 done, 1 failed, 2 usage, 3
/// something is missing on the machine.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Where nothing can be written, there is nobody to tell.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run(&cli.command) {
        Ok(paths) => {
            use std::io::Write;
            let mut out = std::io::stdout().lock();
            for path in paths {
                // A closed pipe ends the list, not the work.
                if writeln!(out, "{}", path.display()).is_err() {
                    break;
                }
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("packaging: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
