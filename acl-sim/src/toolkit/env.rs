//! The text files of the toolkit.

use std::path::Path;

/// The CANN version whose interface the headers have.
pub(super) const CANN: &str = "8.0";

/// The text of `version.cfg`, in the form that scripts grep.
pub(super) fn version() -> String {
    let ours = env!("CARGO_PKG_VERSION");
    format!(
        "# A simulator: ascendcl-sim {ours}\n\
         runtime_running_version=[{CANN}:{CANN}]\n\
         runtime_upgrade_version=[{CANN}:{CANN}]\n\
         runtime_installed_version=[{CANN}:{CANN}]\n"
    )
}

/// The text of `set_env.sh`.
///
/// It finds its own folder where the shell tells it (bash, zsh), so that a moved toolkit works; a
/// plain `sh` does not tell, and gets the folder of the installation.
pub(super) fn set_env(prefix: &Path) -> String {
    let prefix = quoted(&prefix.to_string_lossy());
    format!(
        r#"# To be sourced. Points build scripts and programs at the simulator's toolkit.
if [ -n "${{BASH_SOURCE:-}}" ]; then
    _acl_sim_root=$(cd "$(dirname "$BASH_SOURCE")" && pwd -P)
elif [ -n "${{ZSH_VERSION:-}}" ]; then
    eval '_acl_sim_root=${{${{(%):-%x}}:A:h}}'
else
    _acl_sim_root={prefix}
fi
export ASCEND_TOOLKIT_HOME="$_acl_sim_root"
export ASCEND_HOME_PATH="$_acl_sim_root"
export ASCEND_AICPU_PATH="$_acl_sim_root"
export DDK_PATH="$_acl_sim_root"
export NPU_HOST_LIB="$_acl_sim_root/runtime/lib64/stub"
case ":${{LD_LIBRARY_PATH:-}}:" in
    *":$_acl_sim_root/lib64:"*) ;;
    *) export LD_LIBRARY_PATH="$_acl_sim_root/lib64${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}" ;;
esac
case ":$PATH:" in
    *":$_acl_sim_root/bin:"*) ;;
    *) export PATH="$_acl_sim_root/bin:$PATH" ;;
esac
unset _acl_sim_root
"#
    )
}

/// Quotes text for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_a_quote_stays_one_word() {
        assert_eq!(quoted("/a b/it's"), r"'/a b/it'\''s'");
    }
}
