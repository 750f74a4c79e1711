//! Items and datasets: tensors on their way into a channel or out of it.

use std::ffi::CString;
use std::sync::Arc;

use acl_sys::{ACL_ERROR_INVALID_PARAM, ACL_ERROR_RT_MEMORY_ALLOCATION, aclDataType};

use super::super::device_memory::pinned::Block;
use super::super::failure::{Result, fail};
use super::super::handle::Handle;
use super::super::objects::Shared;
use super::super::span::Span;
use super::kind_of_object;

/// What kind of message an item is: a tensor, or the end of all.
pub(crate) type ItemKind = i32;

/// What a tensor is, without its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) kind: ItemKind,
    pub(crate) dims: Vec<i64>,
    pub(crate) dtype: aclDataType,
}

/// The bytes of an item.
#[derive(Clone, Debug)]
pub(crate) enum Bytes {
    /// Memory that the program named.
    Program(Span),
    /// Memory that came with the item; none if the tensor has no bytes.
    Received(Option<Arc<Block>>),
}

/// An item as the program holds it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) shape: Shape,
    pub(crate) bytes: Bytes,
}

/// An item on its way, with bytes of its own.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    shape: Shape,
    bytes: Option<Arc<Block>>,
}

/// Items in order.
#[derive(Debug, Default)]
pub(crate) struct Dataset {
    pub(crate) items: Vec<Handle>,
    /// The items came out of a channel, and belong to the dataset.
    received: bool,
    /// The channel's name, if they did.
    name: Arc<CString>,
    /// Names before that: the program may hold pointers to them.
    replaced: Vec<Arc<CString>>,
}

kind_of_object!(ITEMS, TdtDataItem, Item, add_item, item, take_item);
kind_of_object!(
    DATASETS,
    TdtDataset,
    Dataset,
    add_dataset,
    dataset,
    take_dataset
);

impl Item {
    pub(crate) fn address(&self) -> *mut u8 {
        match &self.bytes {
            Bytes::Program(span) => span.start.pointer(),
            Bytes::Received(block) => block
                .as_ref()
                .map_or(std::ptr::null_mut(), |block| block.address()),
        }
    }

    pub(crate) fn size(&self) -> usize {
        match &self.bytes {
            Bytes::Program(span) => span.len,
            Bytes::Received(block) => block.as_ref().map_or(0, |block| block.size),
        }
    }

    /// Copies the item with its bytes.
    fn send(&self) -> Result<Sent> {
        let bytes = match &self.bytes {
            Bytes::Program(span) => span.read(span.len)?,
            Bytes::Received(block) => block
                .as_ref()
                .map_or_else(Vec::new, |block| block.bytes().to_vec()),
        };
        Ok(Sent {
            shape: self.shape.clone(),
            bytes: block(&bytes)?.map(Arc::new),
        })
    }
}

/// Makes a block with some bytes; none for no bytes.
pub(super) fn block(bytes: &[u8]) -> Result<Option<Block>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let mut block = Block::new(bytes.len()).ok_or_else(|| {
        fail!(
            ACL_ERROR_RT_MEMORY_ALLOCATION,
            "{} bytes of host memory could not be had",
            bytes.len()
        )
    })?;
    block.bytes_mut().copy_from_slice(bytes);
    Ok(Some(block))
}

impl Dataset {
    pub(crate) fn name(&self) -> &CString {
        &self.name
    }

    /// Refuses to receive where the program's own items are.
    pub(super) fn check_receives(&self) -> Result<()> {
        if self.received || self.items.is_empty() {
            return Ok(());
        }
        Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the dataset holds {} items of the program's; receive into an empty one",
            self.items.len()
        ))
    }

    fn drop_received(&mut self) {
        if self.received {
            // Not `take_item`: it tells of what the program destroyed itself, and that cannot be.
            for item in self.items.drain(..) {
                let _ = ITEMS.remove(item);
            }
        }
    }
}

impl Drop for Dataset {
    fn drop(&mut self) {
        self.drop_received();
    }
}

/// Ends an item of the program's.
pub(crate) fn destroy_item(handle: Handle) -> Result<()> {
    if matches!(item(handle), Ok(item) if matches!(item.lock().bytes, Bytes::Received(_))) {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the item was received and belongs to its dataset: destroy that"
        ));
    }
    take_item(handle).map(drop)
}

/// Adds an item of the program's to a dataset.
pub(crate) fn add(to: Handle, handle: Handle) -> Result<()> {
    let dataset = dataset(to)?;
    item(handle)?;
    let mut dataset = dataset.lock();
    if dataset.received {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the dataset holds what was received; make another for what is to be sent"
        ));
    }
    dataset.items.push(handle);
    Ok(())
}

/// Copies all items of a dataset with their bytes.
pub(super) fn send(from: Handle) -> Result<Vec<Sent>> {
    let items = dataset(from)?.lock().items.clone();
    let sent = items.into_iter().map(|handle| {
        let item = item(handle)?.lock().clone();
        item.send()
    });
    sent.collect()
}

/// Puts what was received in the place of what was received before.
pub(super) fn receive(to: &Shared<Dataset>, sent: Vec<Sent>, name: &Arc<CString>) -> Result<()> {
    let items = sent.into_iter().map(|sent| {
        add_item(Item {
            shape: sent.shape,
            bytes: Bytes::Received(sent.bytes),
        })
    });
    let mut fresh = Dataset {
        items: items.collect(),
        received: true,
        name: Arc::clone(name),
        replaced: Vec::new(),
    };
    let mut dataset = to.lock();
    dataset.check_receives()?;
    std::mem::swap(&mut *dataset, &mut fresh);
    dataset.replaced = std::mem::take(&mut fresh.replaced);
    if fresh.name != dataset.name {
        dataset.replaced.push(Arc::clone(&fresh.name));
    } else {
        // Equal, but the program may hold a pointer to the one before.
        dataset.name = Arc::clone(&fresh.name);
    }
    drop(dataset);
    // Only now: what is dropped looks into a table.
    drop(fresh);
    Ok(())
}
