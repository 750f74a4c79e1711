//! A part of a buffer does not outlive it.
fn part(context: &acl::Context) -> acl::Result<acl::DeviceSlice<'static>> {
    let buffer = acl::DeviceBuffer::alloc(context, 8)?;
    buffer.slice(..4)
}

fn main() {}
