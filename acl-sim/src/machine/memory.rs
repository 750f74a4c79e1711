//! Device memory, pinned memory, and copies between them and the program's own.
//!
//! Contents are kept apart from addresses ([`Arena`]). Each allocation has a lock of its own, taken
//! for a copy or for reading a model's input; of two locks, the one of the lower address is taken
//! first.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use acl_sys::{
    ACL_ERROR_BAD_ALLOC, ACL_ERROR_INVALID_PARAM, ACL_ERROR_RT_MEMORY_ALLOCATION,
    ACL_ERROR_RT_PARAM_INVALID, aclrtMemcpyKind,
};
use bytemuck::{Pod, Zeroable};

use super::calls::{self, Site};
use super::device_memory::{ALIGNMENT, Arena, HostMemory, pinned};
use super::failure::{Result, fail};
use super::profile::profile;
use super::{faults, settings, strict, timing};

/// One cache line, which gives the contents the alignment of the addresses.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([u8; ALIGNMENT]);

/// New memory holds this, not zero: nobody may count on its contents.
const POISON: Line = Line([0xCD; ALIGNMENT]);

/// What a block of device memory holds.
enum Contents {
    /// Kept apart from the addresses.
    Apart(Vec<Line>),
    /// At the addresses themselves, because the program runs on the device.
    There(pinned::Block),
}

impl Contents {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Apart(lines) => bytemuck::cast_slice(lines),
            Self::There(block) => block.bytes(),
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Apart(lines) => bytemuck::cast_slice_mut(lines),
            Self::There(block) => block.bytes_mut(),
        }
    }
}

/// A block of device memory.
pub(crate) struct Allocation {
    pub(crate) address: usize,
    /// What was asked for.
    pub(crate) size: usize,
    /// What can be accessed: rounded up to 32, and 32 more.
    reserved: usize,
    chip: usize,
    /// The call that allocated it.
    made: Option<Site>,
    /// Made when they are first touched: memory that is only reserved costs nothing.
    contents: OnceLock<RwLock<Contents>>,
    /// Queued work that will use it.
    users: AtomicUsize,
    /// Of that, work that will write to it.
    writers: AtomicUsize,
}

impl std::fmt::Debug for Allocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes at {:#x}", self.size, self.address)
    }
}

/// A range in a block. While it lives, the block counts as used.
#[derive(Debug)]
pub(crate) struct Range {
    block: Arc<Allocation>,
    offset: usize,
    len: usize,
    /// Queued work will write to it.
    writes: bool,
}

impl Range {
    fn new(block: Arc<Allocation>, offset: usize, len: usize) -> Self {
        block.users.fetch_add(1, Ordering::Relaxed);
        Self {
            block,
            offset,
            len,
            writes: false,
        }
    }

    /// Marks it as one that queued work will write to, so that who reads it too early is told.
    pub(crate) fn will_be_written(&mut self) {
        if !std::mem::replace(&mut self.writes, true) {
            self.block.writers.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Tells when the contents are read that queued work has yet to write.
    fn check_written(&self) {
        if self.block.writers.load(Ordering::Relaxed) > 0 {
            strict::find(
                strict::Finding::ReadEarly,
                format!(
                    "a block of {} bytes is read while queued work has yet to write to it: \
                     synchronise its stream first",
                    self.block.size
                ),
            );
        }
    }

    /// Returns the address of its first byte.
    pub(crate) fn address(&self) -> usize {
        self.block.address + self.offset
    }

    /// Calls `f` with the contents.
    pub(crate) fn read<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        let lines = self
            .block
            .contents()
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        f(&lines.bytes()[self.offset..self.offset + self.len])
    }

    /// Calls `f` with the contents, to change.
    pub(crate) fn write<R>(&self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        let mut lines = self
            .block
            .contents()
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        f(&mut lines.bytes_mut()[self.offset..self.offset + self.len])
    }

    fn copy_from(&self, source: &Self) {
        let (a, b) = (self.offset, source.offset);
        if Arc::ptr_eq(&self.block, &source.block) {
            self.block
                .whole(|bytes| bytes.copy_within(b..b + self.len, a));
        } else if self.block.address < source.block.address {
            self.write(|to| source.read(|from| to.copy_from_slice(from)));
        } else {
            source.read(|from| self.write(|to| to.copy_from_slice(from)));
        }
    }
}

/// Calls `f` with the contents of several ranges at once.
///
/// Each block is locked once, in the order of the addresses, because ranges may share one.
pub(crate) fn read_all<R>(ranges: &[Range], f: impl FnOnce(&[&[u8]]) -> R) -> R {
    let mut blocks: Vec<&Arc<Allocation>> = ranges.iter().map(|range| &range.block).collect();
    blocks.sort_by_key(|block| block.address);
    blocks.dedup_by_key(|block| block.address);
    let guards: Vec<_> = blocks
        .iter()
        .map(|block| {
            block
                .contents()
                .read()
                .unwrap_or_else(PoisonError::into_inner)
        })
        .collect();
    let slices: Vec<&[u8]> = ranges
        .iter()
        .map(|range| {
            let position = blocks.binary_search_by_key(&range.block.address, |b| b.address);
            let lines = &guards[position.expect("each range's block is in the list")];
            &lines.bytes()[range.offset..range.offset + range.len]
        })
        .collect();
    f(&slices)
}

impl Drop for Range {
    fn drop(&mut self) {
        self.block.users.fetch_sub(1, Ordering::Relaxed);
        if self.writes {
            self.block.writers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Allocation {
    fn contents(&self) -> &RwLock<Contents> {
        self.contents.get_or_init(|| {
            let lines = vec![POISON; self.reserved.div_ceil(ALIGNMENT)];
            RwLock::new(Contents::Apart(lines))
        })
    }

    fn whole<R>(&self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        let mut lines = self
            .contents()
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        f(lines.bytes_mut())
    }
}

#[derive(Default)]
struct Memory {
    blocks: BTreeMap<usize, Arc<Allocation>>,
    /// Where the next block of each chip is looked for.
    next: [usize; 16],
    /// Bytes per chip: blocks, and what models hold.
    used: [usize; 16],
    /// Queued copies share them, so that one which is freed too early does not crash them.
    pinned: BTreeMap<usize, (Arc<pinned::Block>, Option<Site>)>,
}

static MEMORY: Mutex<Option<Memory>> = Mutex::new(None);

/// The registry's lock. Nothing else is locked while it is held.
struct Registry(MutexGuard<'static, Option<Memory>>);

fn registry() -> Registry {
    Registry(MEMORY.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Registry {
    fn memory(&mut self) -> &mut Memory {
        self.0.get_or_insert_default()
    }
}

/// Returns the bytes of memory of a chip, of which a plan of faults may hide some.
fn capacity() -> usize {
    faults::memory(profile().memory)
}

/// Device memory rounds up to 32 bytes and adds 32.
fn rounded(size: usize) -> Option<usize> {
    size.checked_next_multiple_of(32)?.checked_add(32)
}

/// Allocates `size` bytes on a chip.
pub(crate) fn alloc(chip: usize, size: usize) -> Result<usize> {
    if size == 0 {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "size is 0, wanted at least 1"
        ));
    }
    let full = |used: usize| {
        fail!(
            ACL_ERROR_RT_MEMORY_ALLOCATION,
            "{size} bytes of device memory wanted, {} of {} free on device {chip}",
            capacity().saturating_sub(used),
            capacity()
        )
    };
    let mut registry = registry();
    let memory = registry.memory();
    let used = memory.used[chip];
    let reserved = rounded(size).ok_or_else(|| full(used))?;
    if reserved > capacity().saturating_sub(used) {
        return Err(full(used));
    }
    let contents = OnceLock::new();
    let address = if profile().on_device {
        let block = pinned::Block::new(reserved).ok_or_else(|| full(used))?;
        let address = block.address().addr();
        let _ = contents.set(RwLock::new(Contents::There(block)));
        address
    } else {
        let arena = Arena::of(chip).ok_or_else(|| {
            fail!(
                ACL_ERROR_BAD_ALLOC,
                "no address range could be reserved for device {chip}"
            )
        })?;
        memory
            .place(chip, arena, reserved)
            .ok_or_else(|| full(used))?
    };
    memory.used[chip] += reserved;
    let block = Allocation {
        address,
        size,
        reserved,
        chip,
        made: calls::site(),
        contents,
        users: AtomicUsize::new(0),
        writers: AtomicUsize::new(0),
    };
    memory.blocks.insert(address, Arc::new(block));
    Ok(address)
}

impl Memory {
    /// Returns the block in which an address lies.
    fn block_at(&self, address: usize) -> Option<&Arc<Allocation>> {
        let (start, block) = self.blocks.range(..=address).next_back()?;
        (address < start + block.reserved).then_some(block)
    }

    /// Finds a free address. The search goes on where it ended, so that a freed address is not
    /// used again soon and its late users are caught.
    fn place(&mut self, chip: usize, arena: Arena, size: usize) -> Option<usize> {
        // A gap behind each block, so that who runs over the end is caught too.
        let span = size.checked_next_multiple_of(512)?.checked_add(512)?;
        let end = arena.base + arena.size;
        let mut at = arena.base.max(self.next[chip]);
        for _ in 0..2 {
            while at.checked_add(span)? <= end {
                // The last block that begins before the end of the wanted span.
                let before = self.blocks.range(..at + span).next_back();
                let free_from = before
                    .filter(|(start, _)| **start >= arena.base)
                    .map(|(start, block)| (start + block.reserved).next_multiple_of(512) + 512)
                    .filter(|free_from| *free_from > at);
                match free_from {
                    Some(free_from) => at = free_from,
                    None => {
                        self.next[chip] = at + span;
                        return Some(at);
                    }
                }
            }
            at = arena.base;
        }
        None
    }
}

/// Frees a block by its first address; returns its size.
pub(crate) fn free(address: usize) -> Result<()> {
    let mut registry = registry();
    let memory = registry.memory();
    let Some(block) = memory.blocks.remove(&address) else {
        let text = describe_bad(memory, address);
        drop(registry);
        strict::find(strict::Finding::BadFree, format!("aclrtFree of {text}"));
        return Err(fail!(ACL_ERROR_RT_PARAM_INVALID, "{text}"));
    };
    memory.used[block.chip] -= block.reserved;
    drop(registry);
    if block.users.load(Ordering::Relaxed) > 0 {
        strict::find(
            strict::Finding::FreedInUse,
            format!(
                "device memory of {} bytes was freed while queued work uses it, or a loaded model: \
                 synchronise or unload first",
                block.size
            ),
        );
    }
    Ok(())
}

/// Says what an address is that is no live block of device memory.
fn describe_bad(memory: &Memory, address: usize) -> String {
    if let Some((start, block)) = memory.blocks.range(..=address).next_back()
        && address < start + block.reserved
    {
        return format!(
            "{address:#x}, which lies {} bytes into a block of {} bytes: name its first address",
            address - start,
            block.size
        );
    }
    if memory.pinned.contains_key(&address) {
        return format!("{address:#x}, which is host memory: use aclrtFreeHost");
    }
    if !profile().on_device && is_device(address) {
        return format!("{address:#x}, which was freed before or never allocated");
    }
    format!("{address:#x}, which is no device memory")
}

/// Counts bytes that a model holds on a chip; fails when they are not there.
pub(crate) fn hold(chip: usize, bytes: usize) -> Result<()> {
    let mut registry = registry();
    let used = &mut registry.memory().used[chip];
    if bytes > capacity().saturating_sub(*used) {
        return Err(fail!(
            ACL_ERROR_RT_MEMORY_ALLOCATION,
            "the model needs {bytes} bytes of device memory, {} are free on device {chip}",
            capacity().saturating_sub(*used)
        ));
    }
    *used += bytes;
    Ok(())
}

/// Gives back what [`hold`] counted.
pub(crate) fn release(chip: usize, bytes: usize) {
    let mut registry = registry();
    let used = &mut registry.memory().used[chip];
    *used = used.saturating_sub(bytes);
}

/// Returns free and total bytes of a chip.
pub(crate) fn info(chip: usize) -> (usize, usize) {
    let used = registry().memory().used[chip];
    (capacity().saturating_sub(used), capacity())
}

/// Allocates pinned host memory.
pub(crate) fn alloc_host(size: usize) -> Result<*mut u8> {
    if size == 0 {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "size is 0, wanted at least 1"
        ));
    }
    let block = pinned::Block::new(size).ok_or_else(|| {
        fail!(
            ACL_ERROR_RT_MEMORY_ALLOCATION,
            "{size} bytes of host memory could not be had"
        )
    })?;
    let address = block.address();
    registry()
        .memory()
        .pinned
        .insert(address.addr(), (Arc::new(block), calls::site()));
    Ok(address)
}

/// Frees pinned host memory by its first address.
pub(crate) fn free_host(address: usize) -> Result<()> {
    let removed = registry().memory().pinned.remove(&address);
    if let Some((block, _)) = removed {
        if Arc::strong_count(&block) > 1 {
            strict::find(
                strict::Finding::FreedInUse,
                format!(
                    "host memory of {} bytes was freed while queued work uses it: synchronise first",
                    block.size
                ),
            );
        }
        return Ok(());
    }
    let text = if is_device(address) {
        format!("{address:#x} is device memory: use aclrtFree")
    } else {
        format!("{address:#x} is no live block of aclrtMallocHost: freed before, or another's")
    };
    strict::find(strict::Finding::BadFree, format!("aclrtFreeHost: {text}"));
    Err(fail!(ACL_ERROR_RT_PARAM_INVALID, "{text}"))
}

/// Says whether an address belongs to a device.
///
/// Where the program runs on the device, live blocks alone are told from other memory.
pub(crate) fn is_device(address: usize) -> bool {
    if profile().on_device {
        return registry().memory().block_at(address).is_some();
    }
    let chips = usize::try_from(profile().chips).unwrap_or(0);
    (0..chips)
        .filter_map(Arena::of)
        .any(|arena| arena.contains(address))
}

/// Returns the block of pinned memory that holds all of a range.
fn pinned_block(address: usize, len: usize) -> Option<Arc<pinned::Block>> {
    let end = address.checked_add(len)?;
    let mut registry = registry();
    let (start, (block, _)) = registry.memory().pinned.range(..=address).next_back()?;
    (end <= start.checked_add(block.size)?).then(|| Arc::clone(block))
}

/// Resolves a device address and a length.
pub(crate) fn resolve(address: usize, len: usize) -> Result<Range> {
    let mut registry = registry();
    let memory = registry.memory();
    let found = memory
        .blocks
        .range(..=address)
        .next_back()
        .map(|(_, block)| Arc::clone(block));
    match found {
        Some(block) if address < block.address + block.reserved => {
            let offset = address - block.address;
            if len > block.reserved - offset {
                return Err(fail!(
                    ACL_ERROR_RT_PARAM_INVALID,
                    "{len} bytes at offset {offset} of a device block of {} bytes run over its end",
                    block.size
                ));
            }
            if len > block.size.saturating_sub(offset) {
                let size = block.size;
                drop(registry);
                strict::find(
                    strict::Finding::Overrun,
                    format!(
                        "{len} bytes at offset {offset} of a device block of {size} bytes reach into \
                     its padding"
                    ),
                );
            }
            Ok(Range::new(block, offset, len))
        }
        _ => {
            let text = describe_bad(memory, address);
            Err(fail!(ACL_ERROR_RT_PARAM_INVALID, "the address is {text}"))
        }
    }
}

/// One end of a copy.
pub(crate) enum End {
    /// Memory of the program's; pinned memory is kept until the copy is done.
    Host(HostMemory, Option<Arc<pinned::Block>>),
    /// What the program's memory held when the copy was queued.
    Kept(Vec<u8>),
    Device(Range),
}

impl End {
    fn of(memory: HostMemory, len: usize) -> Result<Self> {
        if is_device(memory.address()) {
            resolve(memory.address(), len).map(Self::Device)
        } else if memory.address().checked_add(len).is_none() {
            Err(fail!(
                ACL_ERROR_RT_PARAM_INVALID,
                "{len} bytes at {:#x} run over the end of all addresses",
                memory.address()
            ))
        } else {
            Ok(Self::Host(memory, pinned_block(memory.address(), len)))
        }
    }

    fn on_device(&self) -> bool {
        matches!(self, Self::Device(_))
    }

    /// Says whether it is the program's own memory, which may go without the simulator's knowing.
    fn is_pageable(&self) -> bool {
        matches!(self, Self::Host(_, None))
    }
}

/// A copy that has been checked and can be carried out, now or on a stream.
pub(crate) struct Copy {
    to: End,
    from: End,
}

impl Copy {
    /// Checks a copy. Both ranges have the same length, and lie on the host unless their address
    /// is a device's.
    pub(crate) fn new(
        to: HostMemory,
        from: HostMemory,
        count: usize,
        kind: aclrtMemcpyKind,
    ) -> Result<Self> {
        let copy = Self {
            to: End::of(to, count)?,
            from: End::of(from, count)?,
        };
        let real = match (copy.from.on_device(), copy.to.on_device()) {
            (false, false) => aclrtMemcpyKind::ACL_MEMCPY_HOST_TO_HOST,
            (false, true) => aclrtMemcpyKind::ACL_MEMCPY_HOST_TO_DEVICE,
            (true, false) => aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_HOST,
            (true, true) => aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_DEVICE,
        };
        if let (End::Device(to), End::Device(from)) = (&copy.to, &copy.from)
            && !settings::are_peers(to.block.chip, from.block.chip)
        {
            return Err(fail!(
                ACL_ERROR_RT_PARAM_INVALID,
                "the copy goes from device {} to device {}: call aclrtDeviceEnablePeerAccess first",
                from.block.chip,
                to.block.chip
            ));
        }
        // 4 is "by the addresses", which the headers that are vendored here do not know yet.
        let by_address = kind.0 == 4 && profile().cann.has_default_copies();
        if by_address {
            return Ok(copy);
        }
        if kind.0 > aclrtMemcpyKind::ACL_MEMCPY_DEVICE_TO_DEVICE.0 {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the kind of the copy is {}, wanted 0 to 3 (host to host, host to device, device \
                 to host, device to device)",
                kind.0
            ));
        }
        // On the device itself all copies are made as from device to device.
        if kind != real && strict::on() && !profile().on_device {
            let name = |kind: aclrtMemcpyKind| {
                [
                    "host to host",
                    "host to device",
                    "device to host",
                    "device to device",
                ][kind.0 as usize]
            };
            return Err(fail!(
                ACL_ERROR_RT_PARAM_INVALID,
                "the kind says {}, the addresses {:#x} and {:#x} say {}",
                name(kind),
                from.address(),
                to.address(),
                name(real)
            ));
        }
        Ok(copy)
    }

    /// Tells what a card may punish in an asynchronous copy.
    pub(crate) fn check_async(to: HostMemory, from: HostMemory, count: usize) {
        for (end, memory) in [("destination", to), ("source", from)] {
            let address = memory.address();
            if address % ALIGNMENT != 0 {
                strict::find(
                    strict::Finding::AsyncCopy,
                    format!("aclrtMemcpyAsync: the {end} is not aligned to {ALIGNMENT} bytes"),
                );
            }
            if !is_device(address) && pinned_block(address, count).is_none() {
                strict::find(
                    strict::Finding::AsyncCopy,
                    format!(
                        "aclrtMemcpyAsync: the {end} is host memory that was not allocated by \
                     aclrtMallocHost: on CANN 8.0 and older such a copy fails at times"
                    ),
                );
            }
        }
    }

    /// Tells when it reads, now, what queued work has yet to write.
    pub(crate) fn check_written(&self) {
        if let End::Device(range) = &self.from {
            range.check_written();
        }
    }

    /// Makes it fit to be queued: of pageable memory a source is read now, because the program may
    /// free it after the call; says whether the call must wait, because a destination is pageable.
    pub(crate) fn prepare_queued(&mut self) -> bool {
        if let End::Device(range) = &mut self.to {
            range.will_be_written();
        }
        if self.to.is_pageable() {
            return true;
        }
        if let End::Host(from, None) = self.from {
            self.from = End::Kept(from.to_vec());
        }
        false
    }

    /// Copies.
    pub(crate) fn run(&self) {
        let clock = timing::Clock::start();
        if let Some(delay) = faults::copy() {
            std::thread::sleep(delay);
        }
        self.copy();
        if self.from.on_device() != self.to.on_device() {
            clock.copy(self.len());
        }
    }

    fn len(&self) -> usize {
        match (&self.from, &self.to) {
            (End::Device(range), _) | (_, End::Device(range)) => range.len,
            _ => 0,
        }
    }

    fn copy(&self) {
        match (&self.to, &self.from) {
            (End::Host(to, _), End::Host(from, _)) => to.copy_from(*from),
            (End::Host(to, _), End::Kept(from)) => to.write(from),
            (End::Host(to, _), End::Device(from)) => from.read(|bytes| to.write(bytes)),
            (End::Device(to), End::Host(from, _)) => to.write(|bytes| from.read(bytes)),
            (End::Device(to), End::Kept(from)) => to.write(|bytes| bytes.copy_from_slice(from)),
            (End::Device(to), End::Device(from)) => to.copy_from(from),
            (End::Kept(_), _) => unreachable!("only sources are kept"),
        }
    }
}

/// A fill that has been checked.
pub(crate) struct Fill {
    to: End,
    value: u8,
}

impl Fill {
    pub(crate) fn new(to: HostMemory, count: usize, value: u8) -> Result<Self> {
        Ok(Self {
            to: End::of(to, count)?,
            value,
        })
    }

    /// Makes it fit to be queued; says whether the call must wait, because the destination is
    /// pageable.
    pub(crate) fn prepare_queued(&mut self) -> bool {
        if let End::Device(range) = &mut self.to {
            range.will_be_written();
        }
        self.to.is_pageable()
    }

    /// Fills.
    pub(crate) fn run(&self) {
        match &self.to {
            End::Host(to, _) => to.fill(self.value),
            End::Kept(_) => unreachable!("only sources are kept"),
            End::Device(to) => to.write(|bytes| bytes.fill(self.value)),
        }
    }
}

/// Frees everything, as the end of the process's use does.
pub(crate) fn clear() {
    let mut registry = registry();
    let memory = registry.memory();
    // Pinned memory stays: the program may hold pointers into it, and freeing it would crash that.
    memory.blocks.clear();
    memory.used = [0; 16];
}

/// Tells which memory was never freed.
pub(crate) fn tell_leaks(when: &str) {
    let mut registry = registry();
    let memory = registry.memory();
    let blocks: Vec<_> = memory.blocks.values().map(|block| block.made).collect();
    let bytes: usize = memory.blocks.values().map(|block| block.size).sum();
    let pinned: Vec<_> = memory.pinned.values().map(|(_, made)| *made).collect();
    drop(registry);
    if !blocks.is_empty() {
        let text = format!(
            "{when}: {} blocks of device memory ({bytes} bytes) leak",
            blocks.len()
        );
        strict::find(strict::Finding::Leak, text + &strict::made_by(&blocks));
    }
    if !pinned.is_empty() {
        let text = format!("{when}: {} blocks of pinned host memory leak", pinned.len());
        strict::find(strict::Finding::Leak, text + &strict::made_by(&pinned));
    }
}
