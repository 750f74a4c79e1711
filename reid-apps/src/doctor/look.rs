//! What files and the environment tell.

use super::Page;
use super::host::Host;

const ROOT: &str = "/usr/local/Ascend";

/// Folders in which installers put the libraries, newest layout first.
const HOMES: [&str; 3] = [
    "/usr/local/Ascend/cann",
    "/usr/local/Ascend/ascend-toolkit/latest",
    "/usr/local/Ascend/nnrt/latest",
];

/// Takes the value of a key from lines of `key=value`, whatever the case of the key.
fn value(text: &str, keys: &[&str]) -> Option<String> {
    let lines = text.lines().filter_map(|line| line.split_once('='));
    let mut pairs =
        lines.map(|(key, value)| (key.trim(), value.trim().trim_matches(['"', '[', ']'])));
    let wanted = |key: &str| keys.iter().any(|k| k.eq_ignore_ascii_case(key));
    pairs
        .find(|(key, _)| wanted(key))
        .map(|(_, value)| value.to_owned())
}

/// Compares the first two numbers of two versions.
fn same_release(a: &str, b: &str) -> bool {
    let start = |text: &str| {
        text.split('.')
            .take(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    start(a) == start(b)
}

pub(super) fn versions(host: &Host, page: &mut Page) {
    let installed = host.text("/etc/ascend_install.info").unwrap_or_default();
    let path = |key| value(&installed, &[key]).unwrap_or_else(|| ROOT.to_owned());
    let read = |root: String, part: &str| {
        let text = host.text(&format!("{root}/{part}/version.info"))?;
        value(&text, &["Version"])
    };
    let driver = read(path("Driver_Install_Path_Param"), "driver");
    let firmware = read(path("Firmware_Install_Path_Param"), "firmware");
    match (&driver, &firmware) {
        (None, None) => page.blocks("driver", "no driver is installed (no driver/version.info below /usr/local/Ascend): install driver and firmware for the card"),
        (None, Some(firmware)) => page.blocks("driver", format!("firmware {firmware} without a driver: install the driver; in a container mount /usr/local/Ascend/driver")),
        (Some(driver), None) => page.doubt("driver", format!("driver {driver}; no firmware/version.info (containers often lack it)")),
        (Some(driver), Some(firmware)) if driver == firmware || same_release(driver, firmware) => {
            page.good("driver", format!("driver {driver}, firmware {firmware}"));
        }
        (Some(driver), Some(firmware)) => {
            page.doubt("driver", format!("driver {driver} and firmware {firmware} are of different releases: install a pair that belongs together"));
        }
    }
    let mut found = false;
    for home in HOMES {
        if let Some(version) = toolkit(host, home) {
            found = true;
            page.good("toolkit", format!("{home}: {version}"));
        }
    }
    if let Some(home) = host
        .variable("ASCEND_TOOLKIT_HOME")
        .or(host.variable("ASCEND_HOME_PATH"))
        && !HOMES.contains(&home)
    {
        match toolkit(host, home) {
            Some(version) => {
                found = true;
                page.good("toolkit", format!("{home}: {version}"));
            }
            None => page.doubt(
                "toolkit",
                format!("{home} (from the environment) holds no version.cfg and no install info"),
            ),
        }
    }
    if !found {
        page.doubt("toolkit", "no toolkit and no runtime in the usual places: install CANN (nnrt is enough to run models), or name the library by ACL_LIBRARY");
    }
}

fn toolkit(host: &Host, home: &str) -> Option<String> {
    let config = host.text(&format!("{home}/version.cfg"));
    let running = config.and_then(|text| {
        let running = [
            "toolkit_running_version",
            "runtime_running_version",
            "nnrt_running_version",
            "version",
        ];
        value(&text, &running)
    });
    if running.is_some() {
        return running;
    }
    // The file lies in a folder of the machine's architecture.
    for folder in host.names(home) {
        for name in host.names(&format!("{home}/{folder}")) {
            if name.starts_with("ascend_") && name.ends_with("_install.info") {
                let text = host.text(&format!("{home}/{folder}/{name}"))?;
                return value(&text, &["version", "innerversion"]);
            }
        }
    }
    None
}

pub(super) fn nodes(host: &Host, page: &mut Page) {
    let all = host.names("/dev");
    let card = |name: &&String| {
        name.strip_prefix("davinci")
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let cards: Vec<&String> = all.iter().filter(card).collect();
    if cards.is_empty() {
        let hint = if inside(host).is_some() {
            "start the container with --device=/dev/davinci0 --device=/dev/davinci_manager --device=/dev/devmm_svm \
             --device=/dev/hisi_hdc, or with Ascend's container runtime"
        } else {
            "is the card seated (lspci | grep -i d500 or d801) and the driver loaded (lsmod | grep drv_davinci)?"
        };
        page.blocks(
            "devices",
            format!("no /dev/davinci0 and none of another number: {hint}"),
        );
    }
    let needed = ["davinci_manager", "devmm_svm", "hisi_hdc"].map(String::from);
    for name in cards.into_iter().chain(&needed) {
        let path = format!("/dev/{name}");
        let Some(rights) = host.rights(&path) else {
            page.blocks("devices", format!("{path} is missing: in a container add --device={path}; else the driver is not loaded"));
            continue;
        };
        let owner = host.name_of("/etc/passwd", rights.owner);
        let group = host.name_of("/etc/group", rights.group);
        let shown = format!("{path} {owner}:{group} {:04o}", rights.mode);
        if host.is_this() && !rights.is_device {
            page.blocks(
                "devices",
                format!(
                    "{shown} is an ordinary file and no device: it was mounted or made by mistake"
                ),
            );
        } else if host.may_use(rights) {
            page.good("devices", shown);
        } else {
            page.blocks("devices", format!("{shown}: this user may not use it; add the user to the group {group} (usermod -aG {group} USER) and log in again"));
        }
    }
    let installed = host.text("/etc/ascend_install.info").unwrap_or_default();
    let group = value(&installed, &["UserGroup"]).unwrap_or_else(|| "HwHiAiUser".to_owned());
    if !host.is_root() && host.in_group(&group) == Some(false) {
        page.doubt(
            "devices",
            format!("this user is not in the group {group}, which the driver was installed for"),
        );
    }
}

/// What tells that this is a container.
fn inside(host: &Host) -> Option<&'static str> {
    if host.exists("/.dockerenv") {
        return Some("/.dockerenv");
    }
    if host.exists("/run/.containerenv") {
        return Some("/run/.containerenv");
    }
    let groups = host.text("/proc/1/cgroup").unwrap_or_default();
    ["docker", "kubepods", "containerd", "lxc"]
        .into_iter()
        .find(|word| groups.contains(word))
}

pub(super) fn container(host: &Host, page: &mut Page) {
    let Some(mark) = inside(host) else {
        return;
    };
    let wanted = ["driver/lib64", "driver/version.info"];
    let missing: Vec<String> = wanted
        .iter()
        .map(|part| format!("{ROOT}/{part}"))
        .filter(|path| !host.exists(path))
        .collect();
    if missing.is_empty() {
        page.good(
            "container",
            format!("this is a container ({mark}), with the driver's files mounted"),
        );
    } else {
        page.doubt(
            "container",
            format!("this is a container ({mark}) without {}: mount /usr/local/Ascend/driver and /usr/local/bin/npu-smi from the host", missing.join(" and ")),
        );
    }
}

pub(super) fn environment(host: &Host, page: &mut Page) {
    if let Some(paths) = host.variable("LD_LIBRARY_PATH") {
        for path in paths
            .split(':')
            .filter(|p| p.split('/').any(|part| part == "stub" || part == "devlib"))
        {
            page.doubt("environment", format!("LD_LIBRARY_PATH holds {path}, whose libraries are for linking and answer 100039 at run time: put lib64 before it, or take it out"));
        }
    }
    if let Some(visible) = host.variable("ASCEND_RT_VISIBLE_DEVICES") {
        let sound = visible
            .split(',')
            .all(|part| part.trim().parse::<u32>().is_ok());
        let text = format!(
            "ASCEND_RT_VISIBLE_DEVICES={visible}: only these devices are seen, numbered from 0"
        );
        if sound {
            page.good("environment", text);
        } else {
            page.doubt(
                "environment",
                format!("{text}; it is no list of numbers, so that the runtime may see none"),
            );
        }
    }
    for name in [
        "ASCEND_TOOLKIT_HOME",
        "ASCEND_HOME_PATH",
        "ASCEND_OPP_PATH",
        "ASCEND_AICPU_PATH",
    ] {
        if let Some(path) = host.variable(name)
            && !host.exists(path)
        {
            page.doubt(
                "environment",
                format!(
                    "{name}={path} does not exist: source set_env.sh of the installed toolkit again"
                ),
            );
        }
    }
    let sourced = host
        .variable("ASCEND_TOOLKIT_HOME")
        .or(host.variable("ASCEND_HOME_PATH"))
        .is_some();
    let script = HOMES
        .iter()
        .flat_map(|home| {
            [
                format!("{home}/set_env.sh"),
                format!("{home}/../set_env.sh"),
            ]
        })
        .find(|path| host.exists(path));
    if let Some(script) = script.filter(|_| !sourced) {
        page.doubt("environment", format!("the toolkit's environment is not set: run `source {script}` (operators and logs are found by it)"));
    }
}

/// Says which libraries a recreated tree holds.
pub(super) fn library_files(host: &Host, page: &mut Page) {
    let named = host.variable("ACL_LIBRARY").map(str::to_owned);
    let homes = ["ASCEND_TOOLKIT_HOME", "ASCEND_HOME_PATH"]
        .into_iter()
        .filter_map(|name| host.variable(name));
    let usual = homes
        .map(str::to_owned)
        .chain(HOMES.map(str::to_owned))
        .map(|home| format!("{home}/lib64/libascendcl.so"));
    let paths: Vec<String> = named.map_or_else(|| usual.collect(), |path| vec![path]);
    match paths.iter().find(|path| host.exists(path)) {
        Some(path) => page.good(
            "library",
            format!("{path} is there (not opened: a recreated tree)"),
        ),
        None => page.blocks(
            "library",
            format!("none of {} is there: install CANN", paths.join(", ")),
        ),
    }
}
