//! Writing needs the buffer alone.
fn write(buffer: std::sync::Arc<acl::DeviceBuffer>) -> acl::Result<()> {
    buffer.copy_from_host(&[1_u8])
}

fn main() {}
