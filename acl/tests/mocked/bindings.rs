//! What is checked before C is called, and what gets through.

use std::sync::Arc;

use acl::{
    Bindings, Context, DataType, DeviceBuffer, Error, Format, Gear, Gears, Model, Role, Runtime,
};
use ndarray::{Array2, Array3, ArrayD, Axis, arr2, s};

use crate::mock::{state, world};

fn model(api: &'static acl::Api, kind: &str) -> Model {
    let context = Context::new(&Runtime::init(api).unwrap().device(0).unwrap()).unwrap();
    Model::from_memory(&context, kind.as_bytes()).unwrap()
}

fn ramp(rows: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, 4), |(i, j)| (4 * i + j) as f32)
}

#[test]
fn a_model_describes_itself_in_plain_values() {
    let model = model(world::<30>(), "batch");
    let desc = model.desc();
    let x = &desc.inputs[0];
    assert_eq!(
        (x.name.as_str(), x.dtype, x.format),
        ("x", DataType::F32, Format::ND)
    );
    assert_eq!(
        (x.dims.as_slice(), x.size, x.role),
        (&[-1, 4][..], 64, Role::Data)
    );
    assert_eq!(desc.inputs[1].role, Role::Gear);
    assert_eq!(desc.data_inputs().count(), 1);
    assert_eq!(desc.gears, Gears::Batch(vec![1, 2, 4]));
    assert_eq!(
        desc.output("y").unwrap(),
        0,
        "the last part of the name is enough"
    );
    assert_eq!(desc.output("Mul_0:0:y").unwrap(), 0);
}

#[test]
fn an_array_goes_in_and_an_array_comes_out() {
    let model = model(world::<31>(), "static");
    let mut bindings = model.bindings().unwrap();
    bindings.write("x", ramp(2).view()).unwrap();
    model.execute(&mut bindings).unwrap();
    let y: ArrayD<f32> = bindings.read("y").unwrap();
    assert_eq!(y, (ramp(2) * 2.0).into_dyn());
    let mut values = [0.0_f32; 8];
    bindings.read_slice(0, &mut values).unwrap();
    assert_eq!(values[7], 14.0);
}

#[test]
fn arrays_of_any_strides_are_read_and_written() {
    let model = model(world::<32>(), "static");
    let mut bindings = model.bindings().unwrap();
    let wide = Array2::from_shape_fn((4, 4), |(i, j)| (10 * i + j) as f32);
    let views = [
        wide.slice(s![..;2, ..]),
        wide.slice(s![..2, ..;-1]),
        wide.t().slice_move(s![..2, ..]),
    ];
    for view in views {
        bindings.write("x", view).unwrap();
        model.execute(&mut bindings).unwrap();
        assert_eq!(bindings.read::<f32>("y").unwrap(), (&view * 2.0).into_dyn());
        let mut columns = Array2::<f32>::zeros((4, 2));
        bindings
            .read_into("y", columns.view_mut().reversed_axes())
            .unwrap();
        assert_eq!(columns.t(), &view * 2.0);
    }
}

#[test]
fn wrong_shapes_types_sizes_and_names_stop_before_c() {
    let model = model(world::<33>(), "static");
    let mut bindings = model.bindings().unwrap();
    let calls = state::<33>().calls.len();
    let texts = [
        bindings.write("x", ramp(3).view()).unwrap_err(),
        bindings
            .write("x", ramp(2).insert_axis(Axis(0)).view())
            .unwrap_err(),
        bindings
            .write("x", arr2(&[[1_u8; 4]; 2]).view())
            .unwrap_err(),
        bindings.write_slice("x", &[half::f16::ONE; 8]).unwrap_err(),
        bindings.write_slice("x", &[0.0_f32; 7]).unwrap_err(),
        bindings.write_bytes("x", &[0; 33]).unwrap_err(),
        bindings.write_bytes("z", &[0; 32]).unwrap_err(),
        bindings.write_bytes(5, &[0; 32]).unwrap_err(),
        bindings.read::<i32>("y").unwrap_err(),
        bindings.read::<f32>("nose").unwrap_err(),
        bindings
            .read_into("y", Array3::<f32>::zeros((1, 2, 4)).view_mut())
            .unwrap_err(),
        bindings.read_slice("y", &mut [0.0_f32; 9]).unwrap_err(),
    ]
    .map(|error| error.to_string());
    assert_eq!(
        texts,
        [
            "tensor x: got shape [3, 4], want [2, 4]",
            "tensor x: got shape [1, 2, 4], want [2, 4]",
            "tensor x: got elements of type u8, want f32",
            "tensor x: got elements of type f16, want f32",
            "tensor x: got 28 bytes, want 32",
            "tensor x: got 33 bytes, want 32",
            "the model has no input z; it has x",
            "the model has no input 5; it has x",
            "tensor Mul_0:0:y: got elements of type i32, want f32",
            "the model has no output nose; it has Mul_0:0:y",
            "tensor Mul_0:0:y: got shape [1, 2, 4], want [2, 4]",
            "tensor Mul_0:0:y: got 36 bytes, want 32",
        ]
    );
    assert_eq!(state::<33>().calls.len(), calls);
}

#[test]
fn batch_gears_change_shapes_and_are_set_before_each_run() {
    let model = model(world::<34>(), "batch");
    let mut bindings = model.bindings().unwrap();
    assert_eq!(bindings.gear(), Gear::Batch(4), "the largest at first");
    for batch in [1, 4, 2] {
        bindings.set_batch(batch).unwrap();
        let rows = usize::try_from(batch).unwrap();
        assert_eq!(
            bindings.input_dims("x").unwrap(),
            [i64::try_from(batch).unwrap(), 4]
        );
        assert_eq!(
            bindings.output_dims(0).unwrap(),
            [i64::try_from(batch).unwrap(), 4]
        );
        bindings.write("x", ramp(rows).view()).unwrap();
        let before = state::<34>().count("aclmdlSetDynamicBatchSize");
        model.execute(&mut bindings).unwrap();
        assert_eq!(state::<34>().count("aclmdlSetDynamicBatchSize"), before + 1);
        assert_eq!(
            bindings.read::<f32>("y").unwrap(),
            (ramp(rows) * 2.0).into_dyn()
        );
    }
    let error = bindings.set_batch(3).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model has no gear for batch size 3; it has the batch sizes [1, 2, 4]"
    );
    assert_eq!(bindings.gear(), Gear::Batch(2));
    assert!(bindings.set_image_size(2, 2).is_err());
    let hidden = bindings.write_bytes(1, &[0; 8]).unwrap_err();
    assert!(hidden.to_string().contains("hidden"), "{hidden}");
}

#[test]
fn a_gear_that_the_library_refuses_leaves_the_old_one() {
    let model = model(world::<35>(), "batch");
    let mut bindings = model.bindings().unwrap();
    for call in ["aclmdlSetDynamicBatchSize", "aclmdlGetCurOutputDims"] {
        state::<35>().fail.insert(call, 145_013);
        bindings.set_batch(1).unwrap_err();
        assert_eq!(bindings.gear(), Gear::Batch(4));
        assert_eq!(bindings.output_dims(0).unwrap(), [4, 4]);
        assert_eq!(bindings.input_dims(0).unwrap(), [4, 4]);
    }
}

#[test]
fn image_size_and_dims_gears_fill_the_open_dims() {
    let model = model(world::<36>(), "size");
    let mut bindings = model.bindings().unwrap();
    assert_eq!(bindings.gear(), Gear::ImageSize([4, 5]));
    bindings.set_image_size(2, 3).unwrap();
    assert_eq!(bindings.input_dims(0).unwrap(), [1, 2, 3]);
    bindings
        .write("x", Array3::<f32>::ones((1, 2, 3)).view())
        .unwrap();
    model.execute(&mut bindings).unwrap();
    assert_eq!(bindings.read::<f32>(0).unwrap().shape(), [1, 2, 3]);
    let error = bindings.set_image_size(9, 9).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("the image sizes (height, width) [[2, 3], [4, 5]]"),
        "{error}"
    );

    let model = Model::from_memory(model.context(), b"dims").unwrap();
    let mut bindings = model.bindings().unwrap();
    assert_eq!(bindings.gear(), Gear::Dims(&[2, 5]));
    bindings.set_dims(&[3, 2]).unwrap();
    assert_eq!(bindings.input_dims(0).unwrap(), [3, 2]);
    model.execute(&mut bindings).unwrap();
    let error = bindings.set_dims(&[1, 1]).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("it has the dims [[3, 2], [2, 5]]"),
        "{error}"
    );
}

#[test]
fn open_shapes_and_dynamic_aipp_are_refused_with_what_to_do() {
    let model = model(world::<37>(), "open");
    let error = model.bindings().unwrap_err();
    assert!(
        error.to_string().contains("--dynamic_batch_size"),
        "{error}"
    );
    let model = Model::from_memory(model.context(), b"aipp").unwrap();
    assert_eq!(model.desc().inputs[1].role, Role::Aipp);
    let error = model.execute(&mut model.bindings().unwrap()).unwrap_err();
    assert!(error.to_string().contains("AIPP"), "{error}");
}

#[test]
fn bindings_of_another_model_are_refused() {
    let first = model(world::<38>(), "static");
    let second = Model::from_memory(first.context(), b"static").unwrap();
    let mut bindings: Bindings = first.bindings().unwrap();
    assert!(matches!(
        second.execute(&mut bindings),
        Err(Error::InvalidArgument { .. })
    ));
    let stream = acl::Stream::new(first.context()).unwrap();
    let refused = second.execute_async(bindings, &stream).unwrap_err();
    assert!(refused.value.is_some());
}

#[test]
fn device_memory_is_shared_between_models() {
    let first = model(world::<39>(), "static");
    let second = Model::from_memory(first.context(), b"static").unwrap();
    let (mut a, mut b) = (first.bindings().unwrap(), second.bindings().unwrap());
    let between = Arc::new(DeviceBuffer::alloc(first.context(), 64).unwrap());
    let before = Arc::clone(a.output_buffer("y").unwrap());
    let returned = a.bind_output("y", Arc::clone(&between)).unwrap();
    assert!(Arc::ptr_eq(&before, &returned));
    assert!(Arc::ptr_eq(&between, a.output_buffer("y").unwrap()));
    drop(b.bind_input("x", Arc::clone(&between)).unwrap());
    a.write("x", ramp(2).view()).unwrap();
    first.execute(&mut a).unwrap();
    second.execute(&mut b).unwrap();
    assert_eq!(b.read::<f32>("y").unwrap(), (ramp(2) * 4.0).into_dyn());
    let short = Arc::new(DeviceBuffer::alloc(first.context(), 31).unwrap());
    let error = a.bind_output("y", short).unwrap_err();
    assert!(error.to_string().contains("at least 32 bytes"), "{error}");
}

#[test]
fn on_the_devices_own_processor_a_model_is_loaded_from_device_memory() {
    let api = world::<40>();
    state::<40>().run_on_device = true;
    let model = model(api, "static");
    let state = state::<40>();
    let at = |name| state.calls.iter().position(|call| *call == name).unwrap();
    assert!(at("aclrtMemcpy") < at("aclmdlLoadFromMem"));
    drop(state);
    drop(model);
}
