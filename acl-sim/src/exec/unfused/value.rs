use std::sync::Arc;

use super::view::View;

/// Numbers in the order of the view, last dim fastest.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Data {
    Floats(Vec<f32>),
    Ints(Vec<i64>),
}

impl Data {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Floats(v) => v.len(),
            Self::Ints(v) => v.len(),
        }
    }
}

/// A tensor on its way through the graph; copies share the numbers.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) view: View,
    data: Arc<Data>,
}

impl Value {
    pub(super) fn new(view: View, data: Data) -> Self {
        Self {
            view,
            data: Arc::new(data),
        }
    }

    pub(super) fn data(&self) -> &Data {
        &self.data
    }

    pub(super) fn floats(&self) -> Result<&[f32], String> {
        match &*self.data {
            Data::Floats(v) => Ok(v),
            Data::Ints(_) => Err("found integers, wanted floats".into()),
        }
    }

    /// The same numbers seen otherwise; the counts are equal, which the caller has checked.
    pub(super) fn seen_as(&self, view: View) -> Self {
        Self {
            view,
            data: Arc::clone(&self.data),
        }
    }

    /// Puts the axes into another order.
    pub(super) fn permuted(&self, order: &[usize], view: View) -> Self {
        let dims = &self.view.dims;
        let mut strides = vec![1; dims.len()];
        for axis in (1..dims.len()).rev() {
            strides[axis - 1] = strides[axis] * dims[axis];
        }
        let place = |mut i: usize| {
            let mut at = 0;
            for &axis in order.iter().rev() {
                at += i % dims[axis] * strides[axis];
                i /= dims[axis];
            }
            at
        };
        let data = match &*self.data {
            Data::Floats(v) => Data::Floats((0..v.len()).map(|i| v[place(i)]).collect()),
            Data::Ints(v) => Data::Ints((0..v.len()).map(|i| v[place(i)]).collect()),
        };
        Self::new(view, data)
    }
}
