//! The library itself: where it was found, what it lacks, and a run of a few calls.

use acl::{Context, DeviceBuffer, MemoryKind, Runtime, Stream};

use super::Page;
use crate::backend::{Backend, BackendError};

pub(super) fn library(backend: &Backend, device: i32, page: &mut Page) {
    let api = match backend.open() {
        Ok(api) => api,
        Err(BackendError::Load(error)) => {
            for attempt in error.attempts() {
                page.doubt(
                    "library",
                    format!(
                        "{} ({}): {}",
                        attempt.path.display(),
                        attempt.origin,
                        attempt.reason
                    ),
                );
            }
            return page.blocks(
                "library",
                error
                    .to_string()
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .to_owned(),
            );
        }
        Err(error) => return page.blocks("library", error.to_string()),
    };
    let simulated = if api.source.simulator.is_some() {
        "; no card is used"
    } else {
        ""
    };
    page.good("library", format!("{}{simulated}", api.source));
    let missing = missing(api);
    if missing.is_empty() {
        page.good(
            "library",
            "it has every function of the interface (CANN 6.3)",
        );
    } else {
        let shown: Vec<&str> = missing.iter().take(8).copied().collect();
        let more = if missing.len() > shown.len() {
            ", …"
        } else {
            ""
        };
        page.doubt(
            "library",
            format!("it lacks {} functions of CANN 6.3 ({}{more}): an older release, or a part of it that is not installed", missing.len(), shown.join(", ")),
        );
    }
    if let Err((step, error)) = run(api, device, page) {
        page.blocks("smoke run", format!("{step}: {error}"));
    }
}

/// Lists the functions of the interface that a library lacks.
fn missing(api: &acl_sys::Api) -> Vec<&'static str> {
    macro_rules! names {
        ($($name:ident),* $(,)?) => { [$(stringify!($name)),*] };
    }
    let all = acl_sys::for_each_function!(names);
    all.into_iter()
        .filter(|name| api.has(name) == Some(false))
        .collect()
}

/// Runs a few calls; returns the step that failed.
fn run(
    api: &'static acl_sys::Api,
    device: i32,
    page: &mut Page,
) -> Result<(), (&'static str, acl::Error)> {
    fn at<T>(step: &'static str, result: acl::Result<T>) -> Result<T, (&'static str, acl::Error)> {
        result.map_err(|error| (step, error))
    }
    let runtime = at("initialise", Runtime::init(api))?;
    let count = at("count devices", runtime.device_count())?;
    let device = at("set the device", runtime.device(device))?;
    let chip = at("ask the chip's name", device.soc_name())?;
    let memory = at("ask for memory", device.memory(MemoryKind::HBM))?;
    let context = at("make a context", Context::new(&device))?;
    let stream = at("make a stream", Stream::new(&context))?;
    let sent: Vec<u8> = (0..=255).cycle().take(4096).collect();
    let mut buffer = at("allocate", DeviceBuffer::alloc(&context, sent.len()))?;
    at("copy to the device", buffer.copy_from_host(&sent))?;
    let mut back = vec![0; sent.len()];
    at("copy back", buffer.copy_to_host(&mut back))?;
    at("synchronise", stream.synchronize())?;
    if back != sent {
        page.blocks("smoke run", "bytes that were copied to the device and back are not the same: the card or its link is faulty");
        return Ok(());
    }
    page.good(
        "smoke run",
        format!(
            "{count} device(s); {chip}, {} MiB free of {}; 4 KiB went there and back",
            memory.free >> 20,
            memory.total >> 20
        ),
    );
    Ok(())
}
