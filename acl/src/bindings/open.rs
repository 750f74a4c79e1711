//! Bindings of models whose shapes are open: set for each run, and known of outputs after it.

use std::sync::Arc;

use super::{Bindings, Rooms};
use crate::model::Inner as ModelInner;
use crate::{Error, Result, TensorDesc};

impl Bindings {
    pub(crate) fn new_open(
        model: &Arc<ModelInner>,
        inputs: &[usize],
        outputs: &[usize],
    ) -> Result<Self> {
        let desc = model.desc();
        let wrong = |what: &'static str, got: String, want: String| Error::InvalidArgument {
            what: what.into(),
            got,
            want,
        };
        if !desc.gears.is_empty() {
            let want = "a model without gears; `bindings` and `set_gear` are for this one";
            return Err(wrong(
                "open bindings",
                desc.gears.to_string(),
                want.to_owned(),
            ));
        }
        for (what, got, want) in [
            ("sizes of inputs", inputs, &desc.inputs),
            ("sizes of outputs", outputs, &desc.outputs),
        ] {
            if got.len() != want.len() {
                return Err(wrong(what, got.len().to_string(), want.len().to_string()));
            }
        }
        let rooms = Rooms {
            inputs: inputs.to_vec(),
            outputs: outputs.to_vec(),
        };
        Self::with_rooms(model, Some(rooms))
    }

    /// Sets the shapes of all data inputs, in their order, for the runs from now on. Shapes of fixed
    /// inputs are given too, as they are.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless made by [`Model::open_bindings`](crate::Model::open_bindings),
    /// or if a shape needs more memory than there is; [`Error::ShapeMismatch`] if one does not fit
    /// the model's; [`Error::Acl`].
    #[doc(alias = "aclmdlSetDatasetTensorDesc")]
    #[doc(alias = "aclCreateTensorDesc")]
    #[doc(alias = "aclDestroyTensorDesc")]
    pub fn set_shapes(&mut self, shapes: &[Vec<i64>]) -> Result<()> {
        let desc = self.0.model.desc();
        let inputs: Vec<usize> = desc.data_inputs().map(|(index, _)| index).collect();
        let wrong = |what: String, got: String, want: String| Error::InvalidArgument {
            what: what.into(),
            got,
            want,
        };
        let Some(rooms) = &self.0.open else {
            let (got, want) = (
                "those of a model's own sizes",
                "bindings made by open_bindings",
            );
            return Err(wrong("bindings".into(), got.into(), want.into()));
        };
        if shapes.len() != inputs.len() {
            let (got, want) = (shapes.len().to_string(), inputs.len().to_string());
            return Err(wrong("shapes".into(), got, want));
        }
        for (index, shape) in inputs.iter().zip(shapes) {
            let tensor = &desc.inputs[*index];
            let fits = |(got, want): (&i64, &i64)| *got >= 0 && (*want < 0 || got == want);
            if shape.len() != tensor.dims.len() || !shape.iter().zip(&tensor.dims).all(fits) {
                return Err(Error::ShapeMismatch {
                    tensor: tensor.real_name.clone(),
                    got: shape.clone(),
                    want: tensor.dims.clone(),
                });
            }
            let (need, room) = (bytes(tensor, shape, usize::MAX), rooms.inputs[*index]);
            if need > room {
                let what = format!("memory of input {} for {shape:?}", tensor.real_name);
                return Err(wrong(
                    what,
                    format!("{room} bytes"),
                    format!("{need} bytes"),
                ));
            }
        }
        let _bound = self.0.model.context().bind()?;
        let raw = self.0.model.context().raw();
        for (index, shape) in inputs.iter().zip(shapes) {
            let tensor = &desc.inputs[*index];
            let kind = (tensor.dtype, tensor.format);
            raw.set_shape(self.0.inputs.handle(), *index, kind, shape)?;
        }
        for (index, shape) in inputs.into_iter().zip(shapes) {
            self.0.input_dims[index].clone_from(shape);
        }
        Ok(())
    }

    /// Reads the shapes that the last run gave the outputs; without open shapes nothing is done.
    ///
    /// [`Bindings::download`] does it by itself; after [`Pending::download`](crate::Pending::download)
    /// it is to be called before the outputs are read.
    ///
    /// # Errors
    ///
    /// [`Error::Acl`].
    #[doc(alias = "aclmdlGetDatasetTensorDesc")]
    #[doc(alias = "aclGetTensorDescNumDims")]
    #[doc(alias = "aclGetTensorDescDimV2")]
    pub fn read_shapes(&mut self) -> Result<()> {
        if self.0.open.is_none() {
            return Ok(());
        }
        let inner = &mut *self.0;
        let _bound = inner.model.context().bind()?;
        let raw = inner.model.context().raw();
        for (index, dims) in inner.output_dims.iter_mut().enumerate() {
            raw.shape_of(inner.outputs.handle(), index, dims)?;
        }
        Ok(())
    }
}

/// Returns the bytes of a shape, at most `room`; all of it while the shape is not known.
pub(super) fn bytes(tensor: &TensorDesc, dims: &[i64], room: usize) -> usize {
    let mut bytes = tensor.dtype.size();
    for dim in dims {
        let dim = usize::try_from(*dim).ok();
        bytes = bytes
            .zip(dim)
            .and_then(|(bytes, dim)| bytes.checked_mul(dim));
    }
    bytes.map_or(room, |bytes| bytes.min(room))
}
