//! The C library installed and packaged, and programs built with what was installed.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
#[path = "common/nets.rs"]
mod nets;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use packaging::layout::{Entry, Prefix, layout};
use packaging::{Built, Elf, Library, Wishes};

/// The library that cargo built with the tests, prepared once for all of them.
static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let deps = common::deps();
    let built = Built {
        shared: deps.join("libascend_reid.so"),
        rlib: deps.join("libascend_reid.rlib"),
        deps,
        target: None,
    };
    let wishes = Wishes {
        archive: true,
        keep_debug: false,
    };
    Library::prepare(&built, wishes).unwrap()
});

const LICENCES: &str = "licences of others\n";

fn entries(prefix: Prefix<'_>, libdir: &str) -> Vec<Entry> {
    layout(&LIBRARY, common::root(), prefix, libdir, LICENCES).unwrap()
}

/// Whether a program is there; tells if not.
fn there(program: &str) -> bool {
    let found = common::compiler(&program.to_uppercase().replace('-', "_"), program).is_some();
    if !found {
        eprintln!("SKIPPED: {program} was not found");
    }
    found
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = told(&output);
    assert!(output.status.success(), "{command:?}: {text}");
    String::from_utf8(output.stdout).unwrap()
}

fn told(output: &Output) -> String {
    let texts = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    texts.concat()
}

/// Compiles the example that runs any model, and runs it.
fn use_it(folder: &Path, flags: &str, environment: &[(&str, &Path)]) {
    let program = folder.join("run_model");
    let mut compile = Command::new("cc");
    compile.args(["-std=c99", "-Wall", "-Werror"]);
    compile.arg(common::root().join("examples/c/run_model.c"));
    compile.arg("-o").arg(&program);
    run(compile.args(flags.split_whitespace()));
    check(&program, environment);
}

fn check(program: &Path, environment: &[(&str, &Path)]) {
    let folder = tempfile::tempdir().unwrap();
    nets::write_all(folder.path());
    let mut command = Command::new(program);
    command.env_remove("LD_LIBRARY_PATH");
    command.envs(
        environment
            .iter()
            .map(|(name, value)| (name, value.as_os_str())),
    );
    let text = run(command.arg(folder.path().join("relu.om")));
    assert!(text.ends_with(": 0 0 1 2\n"), "{text}");
}

fn pkg_config(pc: &Path, sysroot: Option<&Path>, arguments: &[&str]) -> String {
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_LIBDIR", pc).args(arguments);
    if let Some(folder) = sysroot {
        command.env("PKG_CONFIG_SYSROOT_DIR", folder);
    }
    run(&mut command)
}

fn names(folder: &Path) -> Vec<String> {
    let list = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = list
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_tree_installed_for_another_root_has_every_file_and_works_through_pkg_config() {
    let stage = tempfile::tempdir().unwrap();
    let list = entries(Prefix::Fixed("/opt/reid"), "lib64");
    let paths = packaging::install(&list, Some(stage.path()), "/opt/reid").unwrap();
    assert_eq!(paths.len(), list.len());
    let lib = stage.path().join("opt/reid/lib64");
    let real = format!("libascend_reid.so.{}", packaging::VERSION);
    let want = [
        "cmake",
        "libascend_reid.a",
        "libascend_reid.so",
        "libascend_reid.so.0",
        &real,
        "pkgconfig",
    ];
    assert_eq!(names(&lib), want);
    for link in ["libascend_reid.so", "libascend_reid.so.0"] {
        assert_eq!(
            lib.join(link).canonicalize().unwrap(),
            lib.join(&real).canonicalize().unwrap()
        );
    }
    let text = std::fs::read_to_string(lib.join("pkgconfig/ascend_reid.pc")).unwrap();
    assert!(text.contains("prefix=/opt/reid\n"), "{text}");
    let small = std::fs::metadata(lib.join(&real)).unwrap().len();
    let large = std::fs::metadata(common::deps().join("libascend_reid.so"))
        .unwrap()
        .len();
    assert!(
        small * 2 < large,
        "{small} of {large} bytes: the line tables are gone"
    );
    if there("pkg-config") {
        let pc = lib.join("pkgconfig");
        let flags = pkg_config(
            &pc,
            Some(stage.path()),
            &["--cflags", "--libs", "ascend_reid"],
        );
        use_it(stage.path(), &flags, &[("LD_LIBRARY_PATH", &lib)]);
        assert_eq!(
            pkg_config(&pc, None, &["--modversion", "ascend_reid"]).trim(),
            packaging::VERSION
        );
    }
}

#[test]
fn the_tarball_works_wherever_it_is_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let first = &PACKAGES.1[0];
    let place = folder.path().join("some where");
    std::fs::create_dir(&place).unwrap();
    run(Command::new("tar")
        .arg("xzf")
        .arg(first)
        .arg("-C")
        .arg(&place));
    let [name] = &names(&place)[..] else {
        panic!("one folder holds everything: {:?}", names(&place));
    };
    assert_eq!(
        format!("{name}.tar.gz"),
        first.file_name().unwrap().to_str().unwrap()
    );
    let root = place.join(name);
    let text = std::fs::read_to_string(root.join("share/doc/ascend_reid/THIRD-PARTY")).unwrap();
    assert_eq!(text, LICENCES);
    if there("cmake") {
        cmake(&root, folder.path());
    }
    // The words of pkg-config are split by the test, which spaces in paths would confuse.
    let moved = folder.path().join("moved");
    std::fs::rename(&root, &moved).unwrap();
    if there("pkg-config") {
        let pc = moved.join("lib/pkgconfig");
        let flags = pkg_config(&pc, None, &["--cflags", "--libs", "ascend_reid"]);
        use_it(
            folder.path(),
            &flags,
            &[("LD_LIBRARY_PATH", &moved.join("lib"))],
        );
    }
}

/// Builds programs with CMake against an unpacked tree: shared and static, and a wrong version.
fn cmake(root: &Path, folder: &Path) {
    let source = folder.join("cmake");
    std::fs::create_dir(&source).unwrap();
    let list = format!(
        "cmake_minimum_required(VERSION 3.10)\n\
         project(main C CXX)\n\
         set(CMAKE_C_STANDARD 99)\n\
         set(CMAKE_CXX_STANDARD 17)\n\
         find_package(ascend_reid ${{WANTED}} REQUIRED)\n\
         find_package(ascend_reid ${{WANTED}} REQUIRED)\n\
         foreach(kind ascend_reid static)\n\
           add_executable(with_${{kind}} {0}/examples/c/run_model.c)\n\
           target_link_libraries(with_${{kind}} PRIVATE ascend_reid::${{kind}})\n\
         endforeach()\n\
         add_executable(in_cpp {0}/examples/cpp/run_model.cpp)\n\
         target_link_libraries(in_cpp PRIVATE ascend_reid::ascend_reid)\n",
        common::root().display()
    );
    std::fs::write(source.join("CMakeLists.txt"), list).unwrap();
    let configure = |wanted: &str| {
        let mut command = Command::new("cmake");
        command
            .arg("-S")
            .arg(&source)
            .arg("-B")
            .arg(source.join(wanted));
        command.arg(format!("-DWANTED={wanted}"));
        command.arg(format!("-DCMAKE_PREFIX_PATH={}", root.display()));
        command.output().unwrap()
    };
    for wanted in ["0.2", "1.0", "0.1.99"] {
        let output = configure(wanted);
        assert!(!output.status.success(), "{wanted}");
        assert!(
            told(&output).contains("version: 0.1.0"),
            "{}",
            told(&output)
        );
    }
    let output = configure("0.1");
    assert!(output.status.success(), "{}", told(&output));
    let built = source.join("0.1");
    run(Command::new("cmake").arg("--build").arg(&built));
    check(&built.join("with_ascend_reid"), &[]);
    check(&built.join("with_static"), &[]);
    check(&built.join("in_cpp"), &[]);
    let needed = run(Command::new("readelf")
        .arg("-d")
        .arg(built.join("with_static")));
    assert!(!needed.contains("libascend_reid"), "{needed}");
}

#[test]
fn the_static_library_has_the_exports_as_its_only_global_symbols() {
    let archive = LIBRARY.archive.as_ref().unwrap();
    let output = run(Command::new("nm")
        .args(["--extern-only", "--defined-only"])
        .arg(archive));
    let lines = output.lines().filter_map(|line| line.split_once(' '));
    let defined: Vec<_> = lines
        .filter_map(|(_, rest)| rest.split_once(' '))
        .map(|(_, name)| name)
        .collect();
    let mut sorted = defined.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, LIBRARY.elf.exports.iter().collect::<Vec<_>>());
    assert!(defined.len() >= 20, "{defined:?}");
    let undefined = run(Command::new("nm").arg("--undefined-only").arg(archive));
    let open: Vec<_> = undefined
        .lines()
        .filter(|line| line.contains(" acl"))
        .collect();
    assert!(
        open.is_empty(),
        "the host's AscendCL is not linked: {open:?}"
    );
    let bytes = std::fs::metadata(archive).unwrap().len();
    assert!(bytes < 60 << 20, "{bytes} bytes");
}

#[test]
fn a_program_with_an_acl_of_its_own_takes_the_static_library_through_pkg_config() {
    if !there("pkg-config") {
        return;
    }
    let stage = tempfile::tempdir().unwrap();
    let list = entries(Prefix::Anywhere, "lib");
    packaging::install(&list, Some(stage.path()), "/").unwrap();
    let pc = stage.path().join("lib/pkgconfig");
    let flags = pkg_config(&pc, None, &["--cflags", "--libs", "ascend_reid-static"]);
    use_it(stage.path(), &flags, &[]);
    let needed = run(Command::new("readelf")
        .arg("-d")
        .arg(stage.path().join("run_model")));
    assert!(!needed.contains("libascend_reid"), "{needed}");

    // A torn JPEG is refused by unwinding through the C code that decodes.
    nets::write_all(stage.path());
    let embed = stage.path().join("embed_two");
    let mut compile = Command::new("cc");
    compile.arg(common::root().join("examples/c/embed_two.c"));
    compile.arg("-o").arg(&embed);
    run(compile.args(flags.split_whitespace()));
    let of = |photo: &str| {
        let mut command = Command::new(&embed);
        let command = command
            .current_dir(stage.path())
            .args(["mgn.om", "red.ppm"]);
        command.arg(photo).output().unwrap()
    };
    assert_eq!(told(&of("red.ppm")), "similarity 1.0000\n");
    assert!(
        told(&of("torn.jpg")).starts_with("AREID_PICTURE: "),
        "{}",
        told(&of("torn.jpg"))
    );

    let main = stage.path().join("main.c");
    let text = "#include <ascend_reid.h>\n\
                #include <stdio.h>\n\
                int aclInit(const char *path) { puts(path); return 0; }\n\
                int main(void) {\n\
                    areid_runtime_options options = {sizeof options, AREID_BACKEND_SIMULATOR, 0, 0, 0};\n\
                    areid_runtime *runtime = 0;\n\
                    if (areid_runtime_new(&options, &runtime)) return 1;\n\
                    areid_runtime_free(runtime);\n\
                    return aclInit(\"mine\");\n\
                }\n";
    std::fs::write(&main, text).unwrap();
    let program = stage.path().join("main");
    let mut compile = Command::new("cc");
    compile.arg(&main).arg("-o").arg(&program);
    run(compile.args(flags.split_whitespace()));
    assert_eq!(run(&mut Command::new(&program)), "mine\n");
}

/// The packages, made once for all tests.
static PACKAGES: LazyLock<(tempfile::TempDir, Vec<PathBuf>)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let paths = packages(folder.path());
    (folder, paths)
});

fn packages(out: &Path) -> Vec<PathBuf> {
    let maintainer = "Ada Lovelace <ada@example.org>";
    packaging::cli::packages(&LIBRARY, LICENCES, out, maintainer, 1_700_000_000).unwrap()
}

#[test]
fn debian_packages_are_accepted_by_dpkg_and_what_they_install_works() {
    if !there("dpkg-deb") || !there("dpkg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let paths = &PACKAGES.1;
    let file = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let architecture = run(Command::new("dpkg").arg("--print-architecture"));
    let ends = format!("_0.1.0-1_{}.deb", architecture.trim());
    assert_eq!(file(&paths[1]), format!("libascend-reid0{ends}"));
    assert_eq!(file(&paths[2]), format!("libascend-reid-dev{ends}"));

    let field =
        |path: &PathBuf, name: &str| run(Command::new("dpkg-deb").arg("-f").arg(path).arg(name));
    let depends = field(&paths[1], "Depends");
    let (major, minor) = LIBRARY.elf.glibc.unwrap();
    assert!(
        depends.contains(&format!("libc6 (>= {major}.{minor})")),
        "{depends}"
    );
    assert_eq!(
        field(&paths[2], "Depends").trim(),
        "libascend-reid0 (= 0.1.0-1)"
    );
    // Into a root of its own, with the C library's packages taken as given.
    let root = folder.path().join("root");
    std::fs::create_dir_all(root.join("var/lib/dpkg/updates")).unwrap();
    std::fs::write(root.join("var/lib/dpkg/status"), "").unwrap();
    std::fs::write(root.join("var/lib/dpkg/available"), "").unwrap();
    for path in &paths[1..] {
        let output = Command::new("dpkg")
            .arg(format!("--root={}", root.display()))
            .args([
                "--force-depends",
                "--force-not-root",
                "--force-script-chrootless",
                "--install",
            ])
            .arg(path)
            .env(
                "PATH",
                format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap()),
            )
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", told(&output));
    }
    let usr = root.join("usr");
    let lib = usr.join("lib").join(LIBRARY.elf.triplet);
    for path in [
        "share/doc/libascend-reid0/copyright",
        "share/doc/libascend-reid-dev/examples/c/run_model.c",
    ] {
        assert!(usr.join(path).is_file(), "{path}");
    }
    // dpkg compares every file with its sum.
    let verified = run(Command::new("dpkg")
        .arg(format!("--root={}", root.display()))
        .arg("--verify"));
    assert_eq!(verified, "");
    if there("pkg-config") {
        let flags = pkg_config(
            &lib.join("pkgconfig"),
            Some(&root),
            &["--cflags", "--libs", "ascend_reid"],
        );
        use_it(folder.path(), &flags, &[("LD_LIBRARY_PATH", &lib)]);
    }
}

#[test]
fn the_packages_have_each_file_in_one_of_them_and_the_same_bytes_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (&PACKAGES.1, packages(folder.path()));
    for (one, other) in first.iter().zip(&second) {
        assert!(
            std::fs::read(one).unwrap() == std::fs::read(other).unwrap(),
            "{}",
            one.display()
        );
    }
    assert_eq!(names(folder.path()).len(), 3, "and nothing temporary");
    if there("dpkg-deb") {
        let list = |path: &Path| -> Vec<String> {
            let text = run(Command::new("dpkg-deb").arg("-c").arg(path));
            let lines = text.lines().filter(|line| !line.starts_with('d'));
            lines
                .map(|line| line.split_whitespace().nth(5).unwrap().to_owned())
                .collect()
        };
        let mut all: Vec<_> = second[1..].iter().flat_map(|path| list(path)).collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count, "no file is in both");
        // Two copyright files, over what the tree has.
        assert_eq!(count, entries(Prefix::Fixed("/usr"), "lib").len() + 2);
    }
}

#[test]
fn what_cannot_be_packaged_is_refused_with_a_reason() {
    let root = common::root();
    let refused = |prefix, libdir| layout(&LIBRARY, root, prefix, libdir, "").unwrap_err();
    assert!(
        refused(Prefix::Fixed("usr"), "lib")
            .to_string()
            .contains("--prefix is \"usr\"")
    );
    for libdir in ["", "/lib", "lib/", "../lib", "lib//x"] {
        assert_eq!(refused(Prefix::Anywhere, libdir).exit_code(), 2, "{libdir}");
    }
    let absent = layout(&LIBRARY, Path::new("/absent"), Prefix::Anywhere, "lib", "").unwrap_err();
    assert!(absent.to_string().contains("/absent"), "{absent}");
    let other = Elf::read(&common::simulator()).unwrap();
    assert_eq!(other.soname, "libascendcl.so");
    let built = Built {
        shared: common::simulator(),
        rlib: PathBuf::from("/absent.rlib"),
        deps: common::deps(),
        target: None,
    };
    let wishes = Wishes {
        archive: false,
        keep_debug: false,
    };
    let error = Library::prepare(&built, wishes).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("found the soname libascendcl.so, want libascend_reid.so.0"),
        "{text}"
    );
    assert_eq!(error.exit_code(), 3);
}

#[test]
fn the_licences_of_what_is_linked_are_told_and_those_of_tests_are_not() {
    let text = packaging::third_party(common::root()).unwrap();
    let (list, texts) = text.split_once("=====").unwrap();
    for name in ["mozjpeg-sys", "rten", "rayon", "serde"] {
        assert!(list.contains(&format!("\n{name} ")), "{name} is linked");
    }
    for name in [
        "criterion",
        "trybuild",
        "cbindgen",
        "ascendcl",
        "reid-apps",
        "tar",
    ] {
        assert!(!list.contains(&format!("\n{name} ")), "{name} is not");
    }
    let without = list.lines().find(|line| line.contains(": -;"));
    assert_eq!(without, None, "a package names no licence");
    assert!(texts.contains("Permission is hereby granted"));
    assert!(texts.contains("Apache License"));
    // libjpeg's, which asks to be named.
    assert!(texts.contains("Independent JPEG Group"));
    let elsewhere = tempfile::tempdir().unwrap();
    let error = packaging::third_party(elsewhere.path()).unwrap_err();
    assert!(error.to_string().contains("Cargo.toml"), "{error}");
}
