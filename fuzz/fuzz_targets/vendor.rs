//! Models of the vendor's converter on the simulator, by their description alone; those that load and are small run.
#![no_main]

use ascendcl::exec::{EngineKind, ModelImage, VendorOptions};
use libfuzzer_sys::fuzz_target;

/// Numbers in an input of a model that is run.
const MOST: usize = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    let mut options = VendorOptions::default();
    options.assume = "dilation-1,usual-padding,leaky-relu".into();
    let Ok(model) = ModelImage::of_vendor(bytes, EngineKind::Rten, &options) else {
        return;
    };
    let tensors = model.info().inputs.iter().chain(&model.info().outputs);
    if tensors.clone().any(|tensor| tensor.size > MOST) {
        return;
    }
    let inputs: Vec<Vec<u8>> = model.info().inputs.iter().map(|i| vec![0; i.size]).collect();
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let dims: Vec<Vec<i64>> = model.info().inputs.iter().map(|i| i.dims.clone()).collect();
    drop(model.run(&inputs, &dims));
});
