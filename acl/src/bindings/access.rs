//! Arrays, slices and bytes, in and out.

use ndarray::{ArrayD, ArrayView, ArrayViewMut, Dimension, IxDyn};

use crate::{Bindings, Element, Error, Result, TensorDesc, TensorId};

impl Bindings {
    /// Returns how many bytes an input takes, for the gear that is set.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`]; [`Error::InvalidArgument`] for an input that is hidden.
    pub fn input_size<'t>(&self, id: impl Into<TensorId<'t>>) -> Result<usize> {
        Ok(self.input_bytes(self.data_input(id.into())?))
    }

    /// Returns how many bytes an output gives, for the gear that is set.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`].
    pub fn output_size<'t>(&self, id: impl Into<TensorId<'t>>) -> Result<usize> {
        Ok(self.output_bytes(self.desc().output(id)?))
    }

    /// Copies an array into an input.
    ///
    /// The array has the input's element type and shape, for the gear that is set. Any strides are
    /// fine; standard order is copied straight to the device.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`], [`Error::DtypeMismatch`], [`Error::ShapeMismatch`],
    /// [`Error::Acl`].
    #[doc(alias = "aclrtMemcpy")]
    pub fn write<'t, T: Element, D: Dimension>(
        &mut self,
        id: impl Into<TensorId<'t>>,
        array: ArrayView<'_, T, D>,
    ) -> Result<()> {
        let index = self.data_input(id.into())?;
        let tensor = &self.desc().inputs[index];
        check_dtype::<T>(tensor)?;
        check_shape(
            tensor,
            array.shape(),
            [&self.0.input_dims[index], &tensor.dims_v2],
        )?;
        if let Some(values) = array.as_slice() {
            return self.write_checked(index, bytemuck::cast_slice(values));
        }
        let mut scratch = std::mem::take(&mut self.0.scratch);
        scratch.clear();
        for row in array.rows() {
            match row.as_slice() {
                Some(row) => scratch.extend_from_slice(bytemuck::cast_slice(row)),
                None => row
                    .iter()
                    .for_each(|v| scratch.extend_from_slice(bytemuck::bytes_of(v))),
            }
        }
        let written = self.write_checked(index, &scratch);
        self.0.scratch = scratch;
        written
    }

    /// Copies elements in standard order into an input, as many as it has for the gear that is set.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`], [`Error::DtypeMismatch`], [`Error::SizeMismatch`],
    /// [`Error::Acl`].
    #[doc(alias = "aclrtMemcpy")]
    pub fn write_slice<'t, T: Element>(
        &mut self,
        id: impl Into<TensorId<'t>>,
        values: &[T],
    ) -> Result<()> {
        let index = self.data_input(id.into())?;
        check_dtype::<T>(&self.desc().inputs[index])?;
        self.write_checked(index, bytemuck::cast_slice(values))
    }

    /// Copies bytes into an input, whatever its element type.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`], [`Error::SizeMismatch`], [`Error::Acl`].
    #[doc(alias = "aclrtMemcpy")]
    pub fn write_bytes<'t>(&mut self, id: impl Into<TensorId<'t>>, bytes: &[u8]) -> Result<()> {
        let index = self.data_input(id.into())?;
        self.write_checked(index, bytes)
    }

    fn write_checked(&self, index: usize, bytes: &[u8]) -> Result<()> {
        let want = self.input_bytes(index);
        check_size(&self.desc().inputs[index], bytes.len(), want)?;
        self.0.inputs.memory(index).slice(..want)?.write(bytes)
    }

    /// Copies an output into a new array of its shape, for the gear that is set.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`], [`Error::DtypeMismatch`], [`Error::Acl`].
    #[doc(alias = "aclrtMemcpy")]
    pub fn read<'t, T: Element>(&self, id: impl Into<TensorId<'t>>) -> Result<ArrayD<T>> {
        let index = self.desc().output(id)?;
        let tensor = &self.desc().outputs[index];
        check_dtype::<T>(tensor)?;
        let shape = shape(tensor, &self.0.output_dims[index])?;
        let mut array = ArrayD::from_elem(shape, T::default());
        let values = array
            .as_slice_mut()
            .expect("a new array is in standard order");
        self.read_checked(index, bytemuck::cast_slice_mut(values))?;
        Ok(array)
    }

    /// Copies an output into an array of its element type and shape, for the gear that is set.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`], [`Error::DtypeMismatch`], [`Error::ShapeMismatch`],
    /// [`Error::Acl`].
    #[doc(alias = "aclrtMemcpy")]
    pub fn read_into<'t, T: Element, D: Dimension>(
        &mut self,
        id: impl Into<TensorId<'t>>,
        mut array: ArrayViewMut<'_, T, D>,
    ) -> Result<()> {
        let index = self.desc().output(id)?;
        let tensor = &self.desc().outputs[index];
        check_dtype::<T>(tensor)?;
        let dims = &self.0.output_dims[index];
        check_shape(tensor, array.shape(), [dims, dims])?;
        if let Some(values) = array.as_slice_mut() {
            return self.read_checked(index, bytemuck::cast_slice_mut(values));
        }
        let mut scratch = std::mem::take(&mut self.0.scratch);
        scratch.resize(size_of::<T>() * array.len(), 0);
        let read = self.read_checked(index, &mut scratch);
        if read.is_ok() {
            for (value, bytes) in array.iter_mut().zip(scratch.chunks_exact(size_of::<T>())) {
                *value = bytemuck::pod_read_unaligned(bytes);
            }
        }
        self.0.scratch = scratch;
        read
    }

    /// Copies the elements of an output in standard order, as many as it has for the gear set.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`], [`Error::DtypeMismatch`], [`Error::SizeMismatch`],
    /// [`Error::Acl`].
    #[doc(alias = "aclrtMemcpy")]
    pub fn read_slice<'t, T: Element>(
        &self,
        id: impl Into<TensorId<'t>>,
        values: &mut [T],
    ) -> Result<()> {
        let index = self.desc().output(id)?;
        check_dtype::<T>(&self.desc().outputs[index])?;
        self.read_checked(index, bytemuck::cast_slice_mut(values))
    }

    /// Copies the bytes of an output, whatever its element type.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTensor`], [`Error::SizeMismatch`], [`Error::Acl`].
    #[doc(alias = "aclrtMemcpy")]
    pub fn read_bytes<'t>(&self, id: impl Into<TensorId<'t>>, bytes: &mut [u8]) -> Result<()> {
        let index = self.desc().output(id)?;
        self.read_checked(index, bytes)
    }

    fn read_checked(&self, index: usize, bytes: &mut [u8]) -> Result<()> {
        let want = self.output_bytes(index);
        check_size(&self.desc().outputs[index], bytes.len(), want)?;
        self.0
            .outputs
            .memory(index)
            .slice(..want)?
            .copy_to_host(bytes)
    }
}

pub(super) fn check_dtype<T: Element>(tensor: &TensorDesc) -> Result<()> {
    if T::fits(tensor.dtype) {
        return Ok(());
    }
    let tensor_name = tensor.real_name.clone();
    Err(Error::DtypeMismatch {
        tensor: tensor_name,
        got: T::DTYPE,
        want: tensor.dtype,
    })
}

/// Checks a shape against the dims, or the dims before a static AIPP.
fn check_shape(tensor: &TensorDesc, got: &[usize], wanted: [&[i64]; 2]) -> Result<()> {
    let equal = |dims: &[i64]| {
        let same = |(got, want): (&usize, &i64)| usize::try_from(*want) == Ok(*got);
        dims.len() == got.len() && got.iter().zip(dims).all(same)
    };
    if wanted.into_iter().any(equal) {
        return Ok(());
    }
    Err(Error::ShapeMismatch {
        tensor: tensor.real_name.clone(),
        got: got
            .iter()
            .map(|dim| i64::try_from(*dim).unwrap_or(i64::MAX))
            .collect(),
        want: wanted[0].to_vec(),
    })
}

fn check_size(tensor: &TensorDesc, got: usize, want: usize) -> Result<()> {
    if got == want {
        return Ok(());
    }
    Err(Error::SizeMismatch {
        tensor: tensor.real_name.clone(),
        got,
        want,
    })
}

/// Returns dims as an array shape.
pub(super) fn shape(tensor: &TensorDesc, dims: &[i64]) -> Result<IxDyn> {
    let mut shape = IxDyn::zeros(dims.len());
    for (size, dim) in shape.as_array_view_mut().iter_mut().zip(dims) {
        *size = usize::try_from(*dim).map_err(|_| Error::InvalidArgument {
            what: format!("tensor {}", tensor.real_name).into(),
            got: format!("shape {dims:?}, which is open"),
            want: "a concrete shape".to_owned(),
        })?;
    }
    Ok(shape)
}
