//! A copy under way owns both ends.
fn peek(
    device: acl::DeviceBuffer,
    pinned: acl::PinnedBuffer,
    stream: &acl::Stream,
) -> acl::Result<()> {
    let pending = device.copy_to_pinned_async(pinned, stream)?;
    println!("{:?}", pinned.as_bytes());
    pending.wait()?;
    Ok(())
}

fn main() {}
