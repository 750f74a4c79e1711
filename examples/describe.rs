//! Says what an `.om` model takes and gives, and runs it once on zeros.
//!
//! ```text
//! cargo run --release --example describe -- model.om          # on the card of this machine
//! ACL_LIBRARY=target/release/libascendcl.so \
//!     cargo run --release --example describe -- model.om      # on the simulator
//! ```
#![forbid(unsafe_code)]

use acl::{Api, Context, Model, Runtime, TensorDesc};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: describe MODEL.om")?;
    let runtime = Runtime::init(Api::find()?)?;
    let device = runtime.device(0)?;
    println!("{} on {}", device.soc_name()?, runtime.source());

    let context = Context::new(&device)?;
    let model = Model::from_file(&context, &path)?;
    println!("{path}: {}", model.desc().gears);
    let show = |kind: &str, tensor: &TensorDesc| {
        println!(
            "  {kind} {}: {} {:?}, {}, {} bytes",
            tensor.real_name, tensor.dtype, tensor.dims, tensor.format, tensor.size
        );
    };
    model
        .desc()
        .inputs
        .iter()
        .for_each(|tensor| show("in ", tensor));
    model
        .desc()
        .outputs
        .iter()
        .for_each(|tensor| show("out", tensor));

    let mut bindings = model.bindings()?;
    let sizes: Vec<_> = model
        .desc()
        .data_inputs()
        .map(|(index, t)| (index, t.size))
        .collect();
    for (index, size) in sizes {
        bindings.write_bytes(index, &vec![0; size])?;
    }
    let start = std::time::Instant::now();
    model.execute(&mut bindings)?;
    println!("one run: {:.2} ms", start.elapsed().as_secs_f64() * 1e3);
    Ok(())
}
