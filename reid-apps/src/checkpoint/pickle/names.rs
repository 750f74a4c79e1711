use super::super::Element;

/// The names that a pickle may refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Name {
    /// `collections.OrderedDict`.
    OrderedDict,
    /// `torch._utils._rebuild_tensor` and `_rebuild_tensor_v2`.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`.
    RebuildParameter,
    /// `torch.Size`.
    Size,
    /// `torch.device`.
    Device,
    /// `set` and `frozenset`.
    Set,
    /// `torch.FloatStorage` and its siblings.
    Storage(Element),
    /// `torch.float32` and its siblings: a constant that says nothing here.
    ElementType,
}

impl Name {
    /// Looks a name up; `None` for all that are refused.
    pub(super) fn of(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Self::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Self::RebuildParameter,
            ("torch", "Size") => Self::Size,
            ("torch", "device") => Self::Device,
            ("builtins" | "__builtin__", "set" | "frozenset") => Self::Set,
            (
                "torch",
                "float" | "float16" | "float32" | "float64" | "double" | "half" | "bfloat16"
                | "int8" | "int16" | "int32" | "int64" | "uint8" | "bool" | "long",
            ) => Self::ElementType,
            // `torch.cuda.FloatStorage` is what old versions wrote for tensors on a card.
            ("torch" | "torch.cuda", storage) => Self::Storage(Element::of_storage(storage)?),
            _ => return None,
        })
    }

    /// Spells the name, for messages.
    pub(super) fn spelled(self) -> &'static str {
        match self {
            Self::OrderedDict => "collections.OrderedDict",
            Self::RebuildTensor => "torch._utils._rebuild_tensor_v2",
            Self::RebuildParameter => "torch._utils._rebuild_parameter",
            Self::Size => "torch.Size",
            Self::Device => "torch.device",
            Self::Set => "builtins.set",
            Self::Storage(_) => "torch.*Storage",
            Self::ElementType => "a torch element type",
        }
    }
}

/// Says why a name is refused and what to do, as far as the module tells.
pub(super) fn refusal(module: &str, name: &str) -> String {
    let spelled = format!(
        "{}.{}",
        super::heap::shortened(module),
        super::heap::shortened(name)
    );
    let module_or_model = "the file holds whole objects and not a state_dict alone; load it where its classes are \
                           known, and save with torch.save(model.state_dict(), file)";
    let (why, cure) = match module {
        "numpy.core.multiarray" | "numpy._core.multiarray" | "numpy" => (
            "a value of numpy",
            "leave it out: torch.save(checkpoint['state_dict'], file)",
        ),
        _ if module.starts_with("__torch__") => (
            "a class of TorchScript",
            "save the state_dict of the module before it was scripted",
        ),
        "torch._utils" | "torch.storage" | "torch._tensor" => (
            "a kind of tensor that is not read here",
            "move the tensors to the CPU as plain dense ones and save the state_dict again",
        ),
        _ => ("a name that no state_dict needs", module_or_model),
    };
    format!("refused {spelled}, {why}; nothing of it was run; {cure}")
}
