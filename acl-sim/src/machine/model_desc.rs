//! Descriptions of models, as programs hold them.
//!
//! They hand out pointers to names, which stay valid as long as the description lives, whatever it
//! describes meanwhile.

use std::collections::BTreeMap;
use std::ffi::{CString, c_char};
use std::sync::Arc;

use acl_sys::ACL_ERROR_INVALID_PARAM;

use super::failure::{Result, fail};
use super::handle::{Handle, Kind, Table};
use super::model::Loaded;
use super::objects::Shared;
use crate::exec::{ModelInfo, TensorInfo};

/// A description of a model, as the program holds it.
#[derive(Default)]
pub(crate) struct Desc {
    pub(crate) model: Option<Arc<Loaded>>,
    /// The description alone, where it was read from a file.
    pub(crate) info: Option<Arc<ModelInfo>>,
    /// The names by which the API gives the tensors: inputs, then outputs; and the full ones.
    pub(crate) names: [Vec<CString>; 2],
    pub(crate) real: [Vec<CString>; 2],
    /// Names of what was described before: the program may still hold pointers to them.
    replaced: Vec<CString>,
    /// Attributes of operators that were told.
    attributes: BTreeMap<String, CString>,
}

static DESCS: Table<Arc<Shared<Desc>>> = Table::new(Kind::ModelDesc);

/// The longest name that the API's structures hold.
const NAME: usize = 127;

impl Desc {
    /// Describes a loaded model.
    pub(crate) fn of_model(model: Arc<Loaded>) -> Self {
        let mut desc = Self::of_info(model.info(), model.id);
        desc.model = Some(model);
        desc
    }

    /// Describes a model that is not loaded.
    pub(crate) fn of_info(info: &ModelInfo, id: u32) -> Self {
        let sides = [(&info.inputs, "input"), (&info.outputs, "output")];
        let text =
            |text: String| CString::new(text.replace('\0', " ")).expect("its NULs were replaced");
        let names = sides.map(|(tensors, side)| {
            let short = |(index, tensor): (usize, &TensorInfo)| {
                if tensor.name.len() > NAME {
                    text(format!("acl_modelId_{id}_{side}_{index}"))
                } else {
                    text(tensor.name.clone())
                }
            };
            tensors.iter().enumerate().map(short).collect()
        });
        let real = sides.map(|(tensors, _)| tensors.iter().map(|t| text(t.name.clone())).collect());
        Self {
            model: None,
            info: Some(Arc::new(info.clone())),
            names,
            real,
            replaced: Vec::new(),
            attributes: BTreeMap::new(),
        }
    }

    /// Describes something else; the names that were told stay where they are.
    pub(crate) fn replace(&mut self, fresh: Self) {
        let old = std::mem::replace(self, fresh);
        self.replaced = old.replaced;
        self.replaced.extend(old.attributes.into_values());
        if (&old.names, &old.real) == (&self.names, &self.real) {
            (self.names, self.real) = (old.names, old.real);
        } else {
            let names = old.names.into_iter().chain(old.real);
            self.replaced.extend(names.flatten());
        }
    }

    /// Returns the names that an operator of the loaded model has in its source, empty for one that
    /// the converter made; the text lives as long as the description.
    pub(crate) fn original_names(&mut self, op: &str) -> Result<*const c_char> {
        let known = self
            .model
            .as_ref()
            .and_then(|model| model.image.original_names(op));
        let names = known
            .ok_or_else(|| fail!(ACL_ERROR_INVALID_PARAM, "the model has no operator {op}"))?;
        let text = || CString::new(names.replace('\0', " ")).unwrap_or_default();
        let kept = self.attributes.entry(op.to_owned()).or_insert_with(text);
        Ok(kept.as_ptr())
    }

    /// Returns what is described; fails before `aclmdlGetDesc`.
    pub(crate) fn info(&self) -> Result<&ModelInfo> {
        self.info.as_deref().ok_or_else(|| {
            fail!(
                ACL_ERROR_INVALID_PARAM,
                "the description is empty: call aclmdlGetDesc first"
            )
        })
    }
}

pub(crate) fn add() -> Handle {
    DESCS.insert(|_| Shared::new(Desc::default()))
}

pub(crate) fn get(handle: Handle) -> Result<Arc<Shared<Desc>>> {
    DESCS
        .get(handle)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}

pub(crate) fn remove(handle: Handle) -> Result<()> {
    let removed = DESCS.remove(handle);
    removed
        .map(drop)
        .map_err(|complaint| fail!(ACL_ERROR_INVALID_PARAM, "{complaint}"))
}
