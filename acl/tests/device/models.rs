//! Models, described and run.

use std::sync::Arc;

use acl::{DataType, DeviceBuffer, Error, Gear, Gears, LoadOptions, Model, Role, Stream};
use half::f16;
use ndarray::{Array2, Array4, ArrayD, array};

use crate::common::{self, BATCH, DIMS, HALF, IMAGE, RELU, TestModel};

fn load(model: &TestModel) -> Option<Model> {
    Some(Model::from_memory(&common::context(), &model.om()?).unwrap())
}

fn ramp(rows: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, 4), |(i, j)| (4 * i + j) as f32 - 3.0)
}

fn relu(input: &Array2<f32>) -> ArrayD<f32> {
    input.mapv(|value| value.max(0.0)).into_dyn()
}

#[test]
fn a_static_model_describes_itself_and_runs() {
    let Some(model) = load(&RELU) else { return };
    let desc = model.desc();
    assert_eq!((desc.inputs.len(), desc.outputs.len()), (1, 1));
    let (x, y) = (&desc.inputs[0], &desc.outputs[0]);
    assert_eq!((x.name.as_str(), x.dtype, x.size), ("x", DataType::F32, 32));
    assert_eq!(
        (x.dims.as_slice(), y.dims.as_slice()),
        (&[2, 4][..], &[2, 4][..])
    );
    assert_eq!((y.dtype, y.size), (DataType::F32, 32));
    assert!(desc.gears.is_empty());
    let mut bindings = model.bindings().unwrap();
    assert_eq!(bindings.gear(), Gear::Static);
    bindings.write("x", ramp(2).view()).unwrap();
    model.execute(&mut bindings).unwrap();
    assert_eq!(bindings.read::<f32>(0).unwrap(), relu(&ramp(2)));
    // Columns first: other strides, the same values.
    let columns = ramp(2).t().to_owned();
    bindings.write("x", columns.t()).unwrap();
    model.execute(&mut bindings).unwrap();
    assert_eq!(bindings.read::<f32>(0).unwrap(), relu(&ramp(2)));
    let wrong = bindings.write("x", array![[1.0_f32]].view()).unwrap_err();
    assert!(matches!(wrong, Error::ShapeMismatch { .. }), "{wrong}");
}

#[test]
fn a_model_loads_from_a_file_and_says_what_memory_it_needs() {
    let Some(om) = RELU.om() else { return };
    let context = common::context();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relu.om");
    std::fs::write(&path, &om).unwrap();
    let memory = Model::query_size(&context, &path).unwrap();
    assert_eq!(
        memory,
        Model::query_size_from_memory(&context, &om).unwrap()
    );
    let model = Model::from_file(&context, &path).unwrap();
    let mut bindings = model.bindings().unwrap();
    model.execute(&mut bindings).unwrap();
    let (model, error) = model.close().unwrap_err();
    assert!(
        matches!(error, Error::InUse { what: "Model", .. }),
        "{error}"
    );
    bindings.close();
    model.close().unwrap();
}

#[test]
fn models_share_the_callers_memory() {
    let Some(om) = RELU.om() else { return };
    let context = common::context();
    let memory = Model::query_size_from_memory(&context, &om).unwrap();
    let alloc = |bytes: usize| Arc::new(DeviceBuffer::alloc(&context, bytes.max(1)).unwrap());
    let options = LoadOptions::default()
        .work(alloc(memory.work))
        .weights(alloc(memory.weights));
    let models = [(); 2].map(|()| Model::from_memory_with(&context, &om, options.clone()).unwrap());
    drop(options);
    for model in &models {
        let mut bindings = model.bindings().unwrap();
        bindings.write("x", ramp(2).view()).unwrap();
        model.execute(&mut bindings).unwrap();
        assert_eq!(bindings.read::<f32>(0).unwrap(), relu(&ramp(2)));
    }
}

#[test]
fn half_precision_outputs_are_read_as_such() {
    let Some(model) = load(&HALF) else { return };
    let mut bindings = model.bindings().unwrap();
    bindings.write("x", ramp(2).view()).unwrap();
    model.execute(&mut bindings).unwrap();
    assert_eq!(model.desc().outputs[0].dtype, DataType::F16);
    let y: ArrayD<f16> = bindings.read(0).unwrap();
    assert_eq!(y.mapv(f16::to_f32), ramp(2).mapv(f32::abs).into_dyn());
    assert!(matches!(
        bindings.read::<f32>(0),
        Err(Error::DtypeMismatch { .. })
    ));
}

#[test]
fn a_model_runs_at_each_of_its_batch_sizes() {
    let Some(model) = load(&BATCH) else { return };
    assert_eq!(model.desc().gears, Gears::Batch(vec![1, 2, 4]));
    assert_eq!(model.desc().inputs.last().unwrap().role, Role::Gear);
    let mut bindings = model.bindings().unwrap().with_staging().unwrap();
    for rows in [4, 1, 2, 4] {
        bindings.set_batch(rows as u64).unwrap();
        bindings.write("x", ramp(rows).view()).unwrap();
        model.execute(&mut bindings).unwrap();
        assert_eq!(
            bindings.read::<f32>(0).unwrap(),
            relu(&ramp(rows)),
            "{rows}"
        );
        let input = bindings.stage_array::<f32>("x").unwrap();
        let mut input = input.into_dimensionality::<ndarray::Ix2>().unwrap();
        input.assign(&(ramp(rows) * 2.0));
        bindings.upload().unwrap();
        model.execute(&mut bindings).unwrap();
        bindings.download().unwrap();
        assert_eq!(
            bindings.staged_array::<f32>(0).unwrap(),
            relu(&(ramp(rows) * 2.0))
        );
    }
    let error = bindings.set_batch(3).unwrap_err();
    assert!(error.to_string().contains("[1, 2, 4]"), "{error}");
}

#[test]
fn bindings_of_one_model_keep_their_own_batch_size() {
    let Some(model) = load(&BATCH) else { return };
    let (mut one, mut four) = (model.bindings().unwrap(), model.bindings().unwrap());
    one.set_batch(1).unwrap();
    one.write("x", ramp(1).view()).unwrap();
    four.write("x", ramp(4).view()).unwrap();
    for _ in 0..2 {
        model.execute(&mut one).unwrap();
        model.execute(&mut four).unwrap();
        assert_eq!(one.read::<f32>(0).unwrap(), relu(&ramp(1)));
        assert_eq!(four.read::<f32>(0).unwrap(), relu(&ramp(4)));
    }
}

#[test]
fn a_model_runs_at_each_of_its_image_sizes() {
    let Some(model) = load(&IMAGE) else { return };
    assert_eq!(model.desc().gears, Gears::ImageSize(vec![[2, 3], [4, 5]]));
    let mut bindings = model.bindings().unwrap();
    for [height, width] in [[2, 3], [4, 5], [2, 3]] {
        bindings
            .set_image_size(height as u64, width as u64)
            .unwrap();
        let image =
            Array4::from_shape_fn((1, 1, height, width), |(_, _, i, j)| i as f32 - j as f32);
        bindings.write("x", image.view()).unwrap();
        model.execute(&mut bindings).unwrap();
        let want = image.mapv(|value| value.max(0.0)).into_dyn();
        assert_eq!(bindings.read::<f32>(0).unwrap(), want);
    }
}

#[test]
fn a_model_runs_at_each_of_its_dims() {
    let Some(model) = load(&DIMS) else { return };
    assert_eq!(
        model.desc().gears,
        Gears::Dims(vec![vec![3, 2], vec![2, 5]])
    );
    let mut bindings = model.bindings().unwrap();
    for dims in [[3, 2], [2, 5]] {
        bindings
            .set_dims(&dims.map(|dim: usize| dim as i64))
            .unwrap();
        let input = Array2::from_shape_fn(dims, |(i, j)| i as f32 - j as f32);
        bindings.write("x", input.view()).unwrap();
        model.execute(&mut bindings).unwrap();
        assert_eq!(bindings.read::<f32>(0).unwrap(), relu(&input));
    }
}

#[test]
fn a_pipeline_of_slots_overlaps_and_keeps_its_results_apart() {
    let Some(model) = load(&RELU) else { return };
    let context = model.context().clone();
    let stream = || Stream::new(&context).unwrap();
    let (run, mut under_way) = (stream(), std::collections::VecDeque::new());
    let lanes: Vec<_> = (0..3).map(|_| (stream(), stream())).collect();
    let mut free: Vec<_> = lanes
        .iter()
        .map(|_| model.bindings().unwrap().with_staging().unwrap())
        .collect();
    let check = |(round, pending): (u16, acl::Pending<acl::Bindings>)| {
        let slot = pending.wait_last().unwrap();
        assert_eq!(slot.staged::<f32>(0).unwrap(), [f32::from(round); 8]);
        slot
    };
    for round in 0..30_u16 {
        let mut slot = match free.pop() {
            Some(slot) => slot,
            None => check(under_way.pop_front().unwrap()),
        };
        let (up, down) = &lanes[usize::from(round) % lanes.len()];
        slot.stage::<f32>("x").unwrap().fill(f32::from(round));
        let pending = slot
            .upload_async(up)
            .unwrap()
            .execute(&model, &run)
            .unwrap();
        under_way.push_back((round, pending.download(down).unwrap()));
    }
    under_way.into_iter().for_each(|last| drop(check(last)));
    run.synchronize().unwrap();
}

#[test]
fn runs_in_turn_keep_their_order_on_streams_of_their_own() {
    let Some(model) = load(&RELU) else { return };
    let streams: Vec<_> = (0..3)
        .map(|_| Stream::new(model.context()).unwrap())
        .collect();
    let began = acl::Event::new(model.context()).unwrap();
    let mut slots: Vec<_> = (0..3)
        .map(|_| Some(model.bindings().unwrap().with_staging().unwrap()))
        .collect();
    let mut under_way = std::collections::VecDeque::new();
    for round in 0..30_u8 {
        let slot = usize::from(round % 3);
        if under_way.len() == 3 {
            let (index, wanted, pending): (usize, f32, acl::Pending<acl::Bindings>) =
                under_way.pop_front().unwrap();
            let bindings = pending.wait().unwrap();
            assert_eq!(bindings.staged::<f32>(0).unwrap(), [wanted; 8]);
            slots[index] = Some(bindings);
        }
        let mut bindings = slots[slot].take().unwrap();
        let value = f32::from(round);
        bindings.stage::<f32>("x").unwrap().fill(value);
        let stream = &streams[slot];
        let pending = bindings
            .upload_async(stream)
            .unwrap()
            .execute_in_turn(&model, stream, Some(&began))
            .unwrap()
            .download(stream)
            .unwrap();
        under_way.push_back((slot, value, pending));
    }
    // A run that is not in turn is on a stream that knows nothing of the others.
    let other = Stream::new(model.context()).unwrap();
    let refused = model
        .execute_async(model.bindings().unwrap(), &other)
        .unwrap_err();
    assert!(matches!(refused.error, Error::Busy { .. }), "{refused}");
    for (_, wanted, pending) in under_way {
        let bindings = pending.wait().unwrap();
        assert_eq!(bindings.staged::<f32>(0).unwrap(), [wanted; 8]);
    }
    // And a run in turn does not overtake one that is not.
    let under_way = model.execute_async(refused.value.unwrap(), &other).unwrap();
    let next = model.bindings().unwrap().with_staging().unwrap();
    let refused = next
        .upload_async(&streams[0])
        .unwrap()
        .execute_in_turn(&model, &streams[0], None)
        .unwrap_err();
    assert!(matches!(refused.error, Error::Busy { .. }), "{refused}");
    under_way.wait().unwrap();
}

/// An open shape: `x` of any rows and four columns.
const OPEN: TestModel = TestModel {
    name: "open",
    ops: &["Relu"],
    dims: &[-1, 4],
    options: |options| options.input_shape = vec![("x".into(), vec![-1, 4])],
    atc: "--input_shape=x:-1,4",
};

#[test]
fn open_shapes_are_set_for_each_run_and_known_of_outputs_after_it() {
    let Some(model) = load(&OPEN) else { return };
    let refused = model.bindings().unwrap_err().to_string();
    assert!(refused.contains("open_bindings"), "{refused}");
    let mut bindings = model
        .open_bindings(&[64], &[64])
        .unwrap()
        .with_staging()
        .unwrap();
    for rows in [1_usize, 4, 2] {
        bindings
            .set_shapes(&[vec![i64::try_from(rows).unwrap(), 4]])
            .unwrap();
        let input = ramp(rows);
        bindings
            .stage::<f32>("x")
            .unwrap()
            .copy_from_slice(input.as_slice().unwrap());
        bindings.upload().unwrap();
        model.execute(&mut bindings).unwrap();
        bindings.download().unwrap();
        assert_eq!(bindings.staged_array::<f32>(0).unwrap(), relu(&input));
        // The same on a stream.
        let stream = Stream::new(model.context()).unwrap();
        bindings = bindings
            .upload_async(&stream)
            .unwrap()
            .execute_in_turn(&model, &stream, None)
            .unwrap()
            .download(&stream)
            .unwrap()
            .wait()
            .unwrap();
        bindings.read_shapes().unwrap();
        assert_eq!(bindings.staged_array::<f32>(0).unwrap(), relu(&input));
    }
    let more = bindings.set_shapes(&[vec![5, 4]]).unwrap_err().to_string();
    assert!(more.contains("got 64 bytes, want 80 bytes"), "{more}");
    let wrong = bindings.set_shapes(&[vec![2, 3]]).unwrap_err();
    assert!(matches!(wrong, Error::ShapeMismatch { .. }), "{wrong}");
    assert!(bindings.set_shapes(&[]).is_err());
    assert!(model.open_bindings(&[], &[64]).is_err());
}
