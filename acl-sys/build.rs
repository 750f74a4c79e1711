//! Generates the bindings at build time from `vendor-headers/`, or from the user's own toolkit
//! when `ACL_HEADERS` names its include folder.

use std::path::PathBuf;

mod codegen;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-env-changed=ACL_HEADERS");
    println!("cargo::rerun-if-changed=vendor-headers");
    println!("cargo::rerun-if-changed=codegen");
    println!("cargo::rerun-if-changed=src/bindings.rs");
    let checked_in = std::fs::read_to_string("src/bindings.rs")?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?).join("bindings.rs");
    std::fs::write(out, bindings(&checked_in)?)?;
    Ok(())
}

#[cfg(feature = "bindgen")]
fn bindings(checked_in: &str) -> Result<String, Box<dyn std::error::Error>> {
    let own = std::env::var_os("ACL_HEADERS").map(PathBuf::from);
    if !codegen::headers::libclang_available() {
        if let Some(own) = own {
            return Err(format!(
                "ACL_HEADERS={} asks for bindings of your own toolkit, and that needs libclang: \
                 install it (Debian: libclang-dev) or unset ACL_HEADERS",
                own.display()
            )
            .into());
        }
        return Ok(fall_back(checked_in, "libclang was not found"));
    }
    match own {
        Some(own) => {
            if !own.join("acl/acl.h").is_file() {
                return Err(format!(
                    "ACL_HEADERS={} has no acl/acl.h: name the toolkit's include folder, \
                     for example $ASCEND_TOOLKIT_HOME/include",
                    own.display()
                )
                .into());
            }
            println!("cargo::rerun-if-changed={}", own.display());
            let raw = codegen::headers::generate(&own, None, false)?;
            let known = codegen::table::names(checked_in)?;
            Ok(codegen::table::generate(&raw, Some(&known))?)
        }
        None => {
            match codegen::headers::generate("vendor-headers".as_ref(), None, true) {
                Ok(raw) => Ok(codegen::table::generate(&raw, None)?),
                // A libclang without its own headers (stdint.h) loads, but parses nothing.
                Err(error) => Ok(fall_back(
                    checked_in,
                    error.lines().next().unwrap_or("no reason"),
                )),
            }
        }
    }
}

#[cfg(feature = "bindgen")]
fn fall_back(checked_in: &str, why: &str) -> String {
    println!("cargo::warning=using the checked-in AscendCL bindings: {why} (Debian: libclang-dev)");
    checked_in.to_owned()
}

#[cfg(not(feature = "bindgen"))]
fn bindings(checked_in: &str) -> Result<String, Box<dyn std::error::Error>> {
    if let Some(own) = std::env::var_os("ACL_HEADERS") {
        return Err(format!(
            "ACL_HEADERS={} needs the feature `bindgen` of ascendcl-sys",
            PathBuf::from(own).display()
        )
        .into());
    }
    Ok(checked_in.to_owned())
}
