//! `reid doctor` on recreated machines, and as a command on this one.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use reid_apps::backend::Backend;
use reid_apps::doctor::{Host, Item, Weight, examine};

struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    fn file(&self, path: &str, text: &str) -> &Self {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
        self
    }

    fn node(&self, name: &str, mode: u32) -> &Self {
        let path = format!("/dev/{name}");
        self.file(&path, "");
        fs::set_permissions(self.path(&path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// A machine on which all is well.
    fn sound() -> Self {
        let tree = Self::new();
        tree.file(
            "/usr/local/Ascend/driver/version.info",
            "Version=23.0.1\nascendhal_version=7.12.3\n",
        )
        .file(
            "/usr/local/Ascend/firmware/version.info",
            "Version=23.0.1\n",
        )
        .file(
            "/usr/local/Ascend/ascend-toolkit/latest/version.cfg",
            "toolkit_running_version=[7.0.0:CANN-7.0]\n",
        )
        .file(
            "/usr/local/Ascend/ascend-toolkit/latest/lib64/libascendcl.so",
            "",
        )
        .file(
            "/etc/ascend_install.info",
            "Driver_Install_Path_Param=/usr/local/Ascend\nUserGroup=HwHiAiUser\n",
        );
        for name in ["davinci0", "davinci_manager", "devmm_svm", "hisi_hdc"] {
            tree.node(name, 0o660);
        }
        let own = fs::metadata(tree.path("/dev/davinci0")).unwrap();
        tree.file(
            "/etc/group",
            &format!("root:x:4242:\nHwHiAiUser:x:{}:\n", own.gid()),
        );
        tree.file(
            "/etc/passwd",
            &format!("HwHiAiUser:x:{}:{}::/:\n", own.uid(), own.gid()),
        );
        tree
    }

    /// Looks at it as a user in the devices' group.
    fn examine(&self, variables: &[(&str, &str)]) -> Vec<Item> {
        let group = fs::metadata(self.0.path()).unwrap().gid();
        self.examine_as(variables, vec![group])
    }

    fn examine_as(&self, variables: &[(&str, &str)], groups: Vec<u32>) -> Vec<Item> {
        let variables: BTreeMap<String, String> = variables
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        let host = Host::recreated(self.0.path(), variables, 4711, groups);
        examine(&host, &Backend::Auto, 0)
    }
}

fn worst(items: &[Item]) -> Weight {
    items.iter().map(|item| item.weight).max().unwrap()
}

fn says(items: &[Item], weight: Weight, text: &str) {
    let found = items
        .iter()
        .any(|item| item.weight == weight && item.text.contains(text));
    assert!(found, "{text} ({weight:?}) in {items:#?}");
}

const HOME: &[(&str, &str)] = &[(
    "ASCEND_TOOLKIT_HOME",
    "/usr/local/Ascend/ascend-toolkit/latest",
)];

#[test]
fn a_sound_machine_is_found_sound_with_its_versions() {
    let items = Tree::sound().examine(HOME);
    assert_eq!(worst(&items), Weight::Good, "{items:#?}");
    says(&items, Weight::Good, "driver 23.0.1, firmware 23.0.1");
    says(&items, Weight::Good, "7.0.0:CANN-7.0");
    says(
        &items,
        Weight::Good,
        "/dev/davinci0 HwHiAiUser:HwHiAiUser 0660",
    );
}

#[test]
fn an_empty_machine_lacks_driver_devices_and_library() {
    let items = Tree::new().examine(&[]);
    says(&items, Weight::Blocks, "no driver is installed");
    says(&items, Weight::Blocks, "no /dev/davinci0");
    says(&items, Weight::Blocks, "/dev/hisi_hdc is missing");
    says(&items, Weight::Blocks, "libascendcl.so");
}

#[test]
fn a_user_outside_of_the_group_is_told_which_one() {
    let items = Tree::sound().examine_as(HOME, vec![77]);
    says(&items, Weight::Blocks, "usermod -aG HwHiAiUser");
    says(&items, Weight::Doubt, "not in the group HwHiAiUser");
}

#[test]
fn a_container_without_its_devices_or_driver_is_told_how_to_start() {
    let tree = Tree::new();
    tree.file("/.dockerenv", "")
        .file("/usr/local/Ascend/nnrt/latest/lib64/libascendcl.so", "");
    let items = tree.examine(&[]);
    says(&items, Weight::Blocks, "--device=/dev/davinci0");
    says(
        &items,
        Weight::Doubt,
        "without /usr/local/Ascend/driver/lib64",
    );
}

#[test]
fn odd_pairs_stubs_and_paths_that_are_gone_raise_doubts() {
    let tree = Tree::sound();
    tree.file(
        "/usr/local/Ascend/firmware/version.info",
        "Version=21.0.4\n",
    )
    .file("/usr/local/Ascend/ascend-toolkit/set_env.sh", "");
    let items = tree.examine(&[
        (
            "LD_LIBRARY_PATH",
            "/a/lib64:/usr/local/Ascend/ascend-toolkit/latest/lib64/stub",
        ),
        ("ASCEND_OPP_PATH", "/gone"),
        ("ASCEND_RT_VISIBLE_DEVICES", "0,x"),
    ]);
    says(&items, Weight::Doubt, "different releases");
    says(&items, Weight::Doubt, "answer 100039");
    says(
        &items,
        Weight::Doubt,
        "ASCEND_OPP_PATH=/gone does not exist",
    );
    says(&items, Weight::Doubt, "no list of numbers");
    says(
        &items,
        Weight::Doubt,
        "source /usr/local/Ascend/ascend-toolkit/latest/../set_env.sh",
    );
    assert_eq!(worst(&items), Weight::Doubt);
}

#[test]
fn a_version_in_the_info_file_of_an_old_toolkit_is_found() {
    let tree = Tree::sound();
    fs::remove_file(tree.path("/usr/local/Ascend/ascend-toolkit/latest/version.cfg")).unwrap();
    tree.file(
        "/usr/local/Ascend/ascend-toolkit/latest/x86_64-linux/ascend_toolkit_install.info",
        "package_name=Ascend-cann-toolkit\nversion=5.1.RC2\n",
    );
    says(&tree.examine(HOME), Weight::Good, "5.1.RC2");
}

#[test]
fn the_command_runs_the_smoke_run_on_the_simulator_and_blocks_without_a_library() {
    let reid = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reid"));
        command
            .arg("doctor")
            .args(arguments)
            .env_remove("ACL_LIBRARY")
            .output()
            .unwrap()
    };
    let sound = reid(&["--backend", "sim"]);
    let text = String::from_utf8(sound.stdout).unwrap();
    assert!(sound.status.success(), "{text}");
    assert!(
        text.contains("4 KiB went there and back") && text.contains("no card is used"),
        "{text}"
    );
    if Path::new("/dev/davinci0").exists() {
        return println!("SKIPPED: this machine has a card");
    }
    let none = reid(&["--backend", "/nowhere/libascendcl.so", "--json"]);
    assert_eq!(none.status.code(), Some(3));
    let items: serde_json::Value = serde_json::from_slice(&none.stdout).unwrap();
    assert!(
        items
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["weight"] == "blocks" && item["section"] == "library")
    );
}
