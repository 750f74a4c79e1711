//! Runs ONNX bytes on the CPU, without the simulator in between.
#![allow(dead_code)] // each test file uses its own part

use rten::Model;
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

/// A model's output: shape and numbers.
pub(crate) struct Output {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Vec<f32>,
}

/// Runs a model with one N x C x H x W input; returns all outputs in order.
pub(crate) fn run(onnx: &[u8], input: &[f32], shape: [usize; 4]) -> Vec<Output> {
    run_loaded(&Model::load(onnx.to_vec()).unwrap(), input, shape)
}

/// As [`run`], with a model that is loaded already.
pub(crate) fn run_loaded(model: &Model, input: &[f32], shape: [usize; 4]) -> Vec<Output> {
    let input = NdTensor::from_data(shape, input.to_vec());
    let ids = vec![(model.input_ids()[0], input.into())];
    let outputs = model.run(ids, model.output_ids(), None).unwrap();
    outputs
        .into_iter()
        .map(|value| {
            let tensor: Tensor<f32> = value.try_into().unwrap();
            Output {
                shape: tensor.shape().to_vec(),
                data: tensor.to_vec(),
            }
        })
        .collect()
}

/// The largest difference, relative to the largest wanted number.
pub(crate) fn difference(found: &[f32], wanted: &[f32]) -> f32 {
    assert_eq!(found.len(), wanted.len());
    let largest = wanted.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
    let apart = found.iter().zip(wanted).fold(0.0_f32, |m, (a, b)| {
        let d = (a - b).abs();
        // A NaN must not hide behind `max`.
        if d.is_nan() { f32::INFINITY } else { m.max(d) }
    });
    apart / largest
}

/// Runs a model whose inputs are given by name; returns all outputs by name, in order.
pub(crate) fn run_named(
    onnx: &[u8],
    inputs: &[(&str, Vec<f32>, Vec<usize>)],
) -> Vec<(String, Output)> {
    let model = Model::load(onnx.to_vec()).unwrap();
    let inputs = inputs
        .iter()
        .map(|(name, data, shape)| {
            let tensor = Tensor::from_data(shape, data.clone());
            (model.node_id(name).unwrap(), tensor.into())
        })
        .collect();
    let outputs = model.run(inputs, model.output_ids(), None).unwrap();
    let names = model.output_ids().iter().map(|&id| {
        let info = model.node_info(id).unwrap();
        info.name().unwrap().to_owned()
    });
    names
        .zip(outputs)
        .map(|(name, value)| {
            let tensor: Tensor<f32> = value.try_into().unwrap();
            let output = Output {
                shape: tensor.shape().to_vec(),
                data: tensor.to_vec(),
            };
            (name, output)
        })
        .collect()
}
