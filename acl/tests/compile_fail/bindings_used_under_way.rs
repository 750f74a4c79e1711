//! What runs owns its memory.
fn peek(model: &acl::Model, bindings: acl::Bindings, stream: &acl::Stream) -> acl::Result<()> {
    let pending = model.execute_async(bindings, stream)?;
    bindings.read::<f32>(0)?;
    pending.wait()?;
    Ok(())
}

fn main() {}
