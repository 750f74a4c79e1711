//! Draws people: a Market-1501-shaped folder for training or for trying things out.
//!
//! ```text
//! cargo run --release -p reid-apps --example draw -- OUT [SEED [TRAIN_IDENTITIES [TEST_IDENTITIES [SHOTS]]]]
//! ```

use std::error::Error;
use std::path::PathBuf;

use reid_apps::synth::{Options, write_market};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().map(PathBuf::from);
    let out = out.ok_or("usage: draw OUT [SEED [TRAIN_IDENTITIES [TEST_IDENTITIES [SHOTS]]]]")?;
    let mut options = Options::default();
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse());
    options.seed = number(options.seed)?;
    options.train_identities = u32::try_from(number(u64::from(options.train_identities))?)?;
    options.identities = u32::try_from(number(u64::from(options.identities))?)?;
    options.shots = u32::try_from(number(u64::from(options.shots))?)?;
    println!("{:?}", write_market(&out, &options)?);
    Ok(())
}
