//! What was closed is gone.
fn after(runtime: acl::Runtime) -> acl::Result<u32> {
    runtime.close().map_err(|(_, error)| error)?;
    runtime.device_count()
}

fn main() {}
