//! A table of plain Rust functions that stand for AscendCL: no library, no threads, no device.
//!
//! Each test takes a world of its own by number, so that tests run in parallel. A world notes every
//! call, can be told to fail one, and keeps queued work until somebody waits for it, with the raw
//! addresses that it was given: under Miri, memory that is freed too early is found.
//!
//! The models are twelve lines: `y = 2 x` over four columns, in the variants that [`Kind`] lists.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use acl_sys::*;

const WORLDS: usize = 64;

/// What a world remembers.
pub(crate) struct State {
    pub(crate) taken: bool,
    /// Every call, in order.
    pub(crate) calls: Vec<&'static str>,
    pub(crate) initialised: bool,
    /// Function → code to return at its next call, once.
    pub(crate) fail: BTreeMap<&'static str, i32>,
    pub(crate) text: Option<&'static CStr>,
    next: usize,
    /// Live handles: number → kind.
    pub(crate) live: BTreeMap<usize, &'static str>,
    device: BTreeMap<i32, usize>,
    memory: BTreeMap<usize, Block>,
    streams: BTreeMap<usize, VecDeque<Op>>,
    /// Event → stream whose queue still has its record.
    recorded: BTreeMap<usize, usize>,
    /// With the context that each was loaded in.
    models: BTreeMap<u32, (Kind, usize)>,
    descs: BTreeMap<usize, Kind>,
    /// What a sync of any stream returns next, in order.
    pub(crate) sync_codes: VecDeque<i32>,
    gear: usize,
    pub(crate) run_on_device: bool,
}

struct Block {
    address: *mut u8,
    layout: Layout,
}
// SAFETY: the world owns its blocks.
unsafe impl Send for Block {}

enum Op {
    Run(Box<dyn FnOnce()>),
    Record(usize),
    Wait(usize),
}
// SAFETY: the work is run under the world's lock.
unsafe impl Send for Op {}

/// The models: what stands in the "file".
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Static,
    Batch,
    Size,
    Dims,
    Open,
    Aipp,
}

impl Kind {
    fn parse(bytes: &[u8]) -> Option<Self> {
        Some(match bytes {
            b"static" => Self::Static,
            b"batch" => Self::Batch,
            b"size" => Self::Size,
            b"dims" => Self::Dims,
            b"open" => Self::Open,
            b"aipp" => Self::Aipp,
            _ => return None,
        })
    }

    fn in_dims(self) -> &'static [i64] {
        match self {
            Self::Static | Self::Aipp => &[2, 4],
            Self::Batch | Self::Open => &[-1, 4],
            Self::Size => &[1, -1, -1],
            Self::Dims => &[-1, -1],
        }
    }

    fn out_dims(self, gear: usize) -> &'static [i64] {
        match (self, gear) {
            (Self::Static | Self::Aipp, _) | (Self::Batch, 1) => &[2, 4],
            (Self::Batch, 0) => &[1, 4],
            (Self::Batch, _) => &[4, 4],
            (Self::Open, _) => &[-1, 4],
            (Self::Size, 0) => &[1, 2, 3],
            (Self::Size, _) => &[1, 4, 5],
            (Self::Dims, 0) => &[3, 2],
            (Self::Dims, _) => &[2, 5],
        }
    }

    fn size(self) -> usize {
        match self {
            Self::Static | Self::Aipp => 32,
            Self::Batch => 64,
            Self::Size => 80,
            Self::Dims => 40,
            Self::Open => 0,
        }
    }

    fn hidden(self) -> Option<&'static CStr> {
        match self {
            Self::Static | Self::Open => None,
            Self::Aipp => Some(c"ascend_dynamic_aipp_data"),
            _ => Some(c"ascend_mbatch_shape_data"),
        }
    }
}

static STATES: [Mutex<State>; WORLDS] = [const { Mutex::new(State::new()) }; WORLDS];
static TABLES: [OnceLock<Api>; WORLDS] = [const { OnceLock::new() }; WORLDS];

thread_local! {
    static CURRENT: RefCell<BTreeMap<usize, usize>> = const { RefCell::new(BTreeMap::new()) };
}

impl State {
    const fn new() -> Self {
        Self {
            taken: false,
            calls: Vec::new(),
            initialised: false,
            fail: BTreeMap::new(),
            text: None,
            next: 0,
            live: BTreeMap::new(),
            device: BTreeMap::new(),
            memory: BTreeMap::new(),
            streams: BTreeMap::new(),
            recorded: BTreeMap::new(),
            models: BTreeMap::new(),
            descs: BTreeMap::new(),
            sync_codes: VecDeque::new(),
            gear: 0,
            run_on_device: false,
        }
    }

    fn make(&mut self, kind: &'static str) -> usize {
        self.next += 0x100;
        self.live.insert(self.next, kind);
        self.next
    }

    fn end(&mut self, handle: usize, kind: &'static str) -> i32 {
        match self.live.remove(&handle) {
            Some(found) if found == kind => 0,
            _ => ACL_ERROR_RT_INVALID_HANDLE,
        }
    }

    /// Does the queued work of a stream, up to the record of an event if one is given.
    fn drain(&mut self, stream: usize, until: Option<usize>) {
        while let Some(op) = self.streams.get_mut(&stream).and_then(VecDeque::pop_front) {
            match op {
                Op::Run(work) => work(),
                Op::Record(event) => {
                    self.recorded.remove(&event);
                    if until == Some(event) {
                        return;
                    }
                }
                Op::Wait(event) => {
                    if let Some(other) = self.recorded.get(&event).copied() {
                        self.drain(other, Some(event));
                    }
                }
            }
        }
    }

    /// Models are loaded, run and unloaded under one context.
    fn wrong_context(&self, model: u32, current: usize) -> bool {
        self.models
            .get(&model)
            .is_some_and(|(_, context)| *context != current)
    }

    /// Counts the calls of a function.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.calls.iter().filter(|call| **call == name).count()
    }

    fn alloc(&mut self, bytes: usize, kind: &'static str) -> *mut c_void {
        let layout = Layout::from_size_align(bytes, 64).unwrap();
        // SAFETY: the layout has a size, because 0 bytes are refused before.
        let address = unsafe { alloc(layout) };
        self.live.insert(address.addr(), kind);
        self.memory
            .insert(address.addr(), Block { address, layout });
        address.cast()
    }

    fn free(&mut self, address: *mut c_void, kind: &'static str) -> i32 {
        let code = self.end(address.addr(), kind);
        if let Some(block) = self.memory.remove(&address.addr()) {
            // SAFETY: allocated with this layout, and freed once.
            unsafe { dealloc(block.address, block.layout) };
        }
        code
    }
}

pub(crate) fn state<const N: usize>() -> MutexGuard<'static, State> {
    STATES[N].lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes a call; returns the code that it is told to fail with.
fn note<const N: usize>(name: &'static str) -> (MutexGuard<'static, State>, i32) {
    let mut state = state::<N>();
    state.calls.push(name);
    let code = state.fail.remove(name).unwrap_or(0);
    (state, code)
}

pub(crate) fn current<const N: usize>() -> usize {
    CURRENT.with_borrow(|map| map.get(&N).copied().unwrap_or(0))
}

fn set_current<const N: usize>(context: usize) {
    CURRENT.with_borrow_mut(|map| map.insert(N, context));
}

fn handle<T>(number: usize) -> *mut T {
    ptr::without_provenance_mut(number)
}

/// Notes the call, returns early on a failure that was asked for.
macro_rules! begin {
    ($n:ident, $name:ident) => {{
        let (state, code) = note::<$n>(stringify!($name));
        if code != 0 {
            return code;
        }
        state
    }};
}

macro_rules! functions {
    ($(fn $name:ident<$n:ident>($($arg:ident: $type:ty),*) -> i32 |$state:ident| $body:block)*) => {
        $(
            #[allow(non_snake_case)]
            unsafe extern "C" fn $name<const $n: usize>($($arg: $type),*) -> i32 {
                // The mock's own allocations are not the wrapper's.
                let _pause = crate::steady::pause();
                #[allow(unused_mut, unused_variables)]
                let mut $state = begin!($n, $name);
                // SAFETY: the wrapper under test passes valid places; that is what is tested.
                #[allow(unused_unsafe)]
                unsafe { $body }
            }
        )*
    };
}

functions! {
    fn aclInit<N>(_config: *const c_char) -> i32 |s| {
        if std::mem::replace(&mut s.initialised, true) { ACL_ERROR_REPEAT_INITIALIZE } else { 0 }
    }
    fn aclFinalize<N>() -> i32 |s| {
        if std::mem::replace(&mut s.initialised, false) { 0 } else { ACL_ERROR_REPEAT_FINALIZE }
    }
    fn aclrtGetVersion<N>(a: *mut i32, b: *mut i32, c: *mut i32) -> i32 |s| {
        (*a, *b, *c) = (1, 17, 0);
        0
    }
    fn aclrtGetDeviceCount<N>(count: *mut u32) -> i32 |s| { *count = 2; 0 }
    fn aclrtSetDevice<N>(id: i32) -> i32 |s| {
        if !(0..2).contains(&id) { return ACL_ERROR_RT_INVALID_DEVICEID; }
        let context = match s.device.get(&id) {
            Some(context) => *context,
            None => { let made = s.make("default context"); s.device.insert(id, made); made }
        };
        set_current::<N>(context);
        0
    }
    fn aclrtResetDevice<N>(id: i32) -> i32 |s| {
        match s.device.remove(&id) {
            Some(context) => s.end(context, "default context"),
            None => ACL_ERROR_RT_INVALID_DEVICEID,
        }
    }
    fn aclrtSynchronizeDevice<N>() -> i32 |s| {
        if current::<N>() == 0 { ACL_ERROR_RT_CONTEXT_NULL } else { 0 }
    }
    fn aclrtGetRunMode<N>(mode: *mut aclrtRunMode) -> i32 |s| {
        *mode = if s.run_on_device { aclrtRunMode::ACL_DEVICE } else { aclrtRunMode::ACL_HOST };
        0
    }
    fn aclrtGetMemInfo<N>(_kind: aclrtMemAttr, free: *mut usize, total: *mut usize) -> i32 |s| {
        if !s.live.contains_key(&current::<N>()) { return ACL_ERROR_RT_CONTEXT_NULL; }
        (*free, *total) = (1 << 20, 1 << 21);
        0
    }
    fn aclrtGetCurrentContext<N>(context: *mut aclrtContext) -> i32 |s| {
        if current::<N>() == 0 { return ACL_ERROR_RT_CONTEXT_NULL; }
        *context = handle(current::<N>());
        0
    }
    fn aclrtSetCurrentContext<N>(context: aclrtContext) -> i32 |s| {
        if !s.live.contains_key(&context.addr()) { return ACL_ERROR_RT_CONTEXT_NULL; }
        set_current::<N>(context.addr());
        0
    }
    fn aclrtCreateContext<N>(context: *mut aclrtContext, _device: i32) -> i32 |s| {
        let made = s.make("context");
        *context = handle(made);
        set_current::<N>(made);
        0
    }
    fn aclrtDestroyContext<N>(context: aclrtContext) -> i32 |s| {
        // As on a card, whoever has it current keeps a stale one.
        s.end(context.addr(), "context")
    }
    fn aclrtCreateStream<N>(stream: *mut aclrtStream) -> i32 |s| {
        let made = s.make("stream");
        s.streams.insert(made, VecDeque::new());
        *stream = handle(made);
        0
    }
    fn aclrtDestroyStream<N>(stream: aclrtStream) -> i32 |s| { s.end(stream.addr(), "stream") }
    fn aclrtSynchronizeStream<N>(stream: aclrtStream) -> i32 |s| {
        s.drain(stream.addr(), None);
        s.sync_codes.pop_front().unwrap_or(0)
    }
    fn aclrtStreamWaitEvent<N>(stream: aclrtStream, event: aclrtEvent) -> i32 |s| {
        s.streams.get_mut(&stream.addr()).unwrap().push_back(Op::Wait(event.addr()));
        0
    }
    fn aclrtCreateEvent<N>(event: *mut aclrtEvent) -> i32 |s| {
        *event = handle(s.make("event"));
        0
    }
    fn aclrtDestroyEvent<N>(event: aclrtEvent) -> i32 |s| { s.end(event.addr(), "event") }
    fn aclrtRecordEvent<N>(event: aclrtEvent, stream: aclrtStream) -> i32 |s| {
        s.recorded.insert(event.addr(), stream.addr());
        s.streams.get_mut(&stream.addr()).unwrap().push_back(Op::Record(event.addr()));
        0
    }
    fn aclrtQueryEvent<N>(event: aclrtEvent, status: *mut aclrtEventStatus) -> i32 |s| {
        *status = if s.recorded.contains_key(&event.addr()) {
            aclrtEventStatus::ACL_EVENT_STATUS_NOT_READY
        } else {
            aclrtEventStatus::ACL_EVENT_STATUS_COMPLETE
        };
        0
    }
    fn aclrtMalloc<N>(p: *mut *mut c_void, bytes: usize, _policy: aclrtMemMallocPolicy) -> i32 |s| {
        if bytes == 0 { return ACL_ERROR_INVALID_PARAM; }
        *p = s.alloc(bytes, "device memory");
        0
    }
    fn aclrtFree<N>(p: *mut c_void) -> i32 |s| { s.free(p, "device memory") }
    fn aclrtMallocHost<N>(p: *mut *mut c_void, bytes: usize) -> i32 |s| {
        *p = s.alloc(bytes, "pinned memory");
        0
    }
    fn aclrtFreeHost<N>(p: *mut c_void) -> i32 |s| { s.free(p, "pinned memory") }
    fn aclrtMemcpy<N>(dst: *mut c_void, room: usize, src: *const c_void, count: usize,
                      _kind: aclrtMemcpyKind) -> i32 |s| {
        if count > room { return ACL_ERROR_RT_PARAM_INVALID; }
        ptr::copy_nonoverlapping(src.cast::<u8>(), dst.cast::<u8>(), count);
        0
    }
    fn aclrtMemcpyAsync<N>(dst: *mut c_void, room: usize, src: *const c_void, count: usize,
                           _kind: aclrtMemcpyKind, stream: aclrtStream) -> i32 |s| {
        if count > room { return ACL_ERROR_RT_PARAM_INVALID; }
        s.streams.get_mut(&stream.addr()).unwrap().push_back(Op::Run(Box::new(move || {
            // SAFETY: the wrapper promised that both ranges live until the stream is idle.
            unsafe { ptr::copy_nonoverlapping(src.cast::<u8>(), dst.cast::<u8>(), count) };
        })));
        0
    }
    fn aclrtMemset<N>(p: *mut c_void, _room: usize, value: i32, count: usize) -> i32 |s| {
        ptr::write_bytes(p.cast::<u8>(), value.to_le_bytes()[0], count);
        0
    }
    fn aclmdlLoadFromFile<N>(path: *const c_char, id: *mut u32) -> i32 |s| {
        let path = CStr::from_ptr(path).to_bytes();
        let Some(kind) = Kind::parse(path) else { return 145_002 };
        s.next += 1;
        *id = u32::try_from(s.next).unwrap();
        s.models.insert(*id, (kind, current::<N>()));
        0
    }
    fn aclmdlLoadFromMem<N>(model: *const c_void, size: usize, id: *mut u32) -> i32 |s| {
        let bytes = std::slice::from_raw_parts(model.cast::<u8>(), size);
        let Some(kind) = Kind::parse(bytes) else { return 145_006 };
        s.next += 1;
        *id = u32::try_from(s.next).unwrap();
        s.models.insert(*id, (kind, current::<N>()));
        0
    }
    fn aclmdlUnload<N>(id: u32) -> i32 |s| {
        if s.wrong_context(id, current::<N>()) { return ACL_ERROR_RT_MODEL_CONTEXT; }
        if s.models.remove(&id).is_some() { 0 } else { 145_003 }
    }
    fn aclmdlGetDesc<N>(desc: *mut aclmdlDesc, id: u32) -> i32 |s| {
        let Some((kind, _)) = s.models.get(&id).copied() else { return 145_003 };
        s.descs.insert(desc.addr(), kind);
        0
    }
    fn aclmdlDestroyDesc<N>(desc: *mut aclmdlDesc) -> i32 |s| {
        s.descs.remove(&desc.addr());
        s.end(desc.addr(), "desc")
    }
    fn aclmdlGetInputDims<N>(desc: *const aclmdlDesc, index: usize, dims: *mut aclmdlIODims) -> i32 |s| {
        let list = if index == 0 { s.descs[&desc.addr()].in_dims() } else { &[1] };
        put(&mut *dims, list);
        0
    }
    fn aclmdlGetOutputDims<N>(desc: *const aclmdlDesc, _index: usize, dims: *mut aclmdlIODims) -> i32 |s| {
        put(&mut *dims, s.descs[&desc.addr()].out_dims(9));
        0
    }
    fn aclmdlGetCurOutputDims<N>(desc: *const aclmdlDesc, _i: usize, dims: *mut aclmdlIODims) -> i32 |s| {
        put(&mut *dims, s.descs[&desc.addr()].out_dims(s.gear));
        0
    }
    fn aclmdlGetDynamicBatch<N>(desc: *const aclmdlDesc, list: *mut aclmdlBatch) -> i32 |s| {
        if s.descs[&desc.addr()] == Kind::Batch {
            (*list).batchCount = 3;
            (&mut (*list).batch)[..3].copy_from_slice(&[1, 2, 4]);
        }
        0
    }
    fn aclmdlGetDynamicHW<N>(desc: *const aclmdlDesc, _i: usize, list: *mut aclmdlHW) -> i32 |s| {
        if s.descs[&desc.addr()] == Kind::Size {
            (*list).hwCount = 2;
            (&mut (*list).hw)[..2].copy_from_slice(&[[2, 3], [4, 5]]);
        }
        0
    }
    fn aclmdlGetInputDynamicGearCount<N>(desc: *const aclmdlDesc, _i: usize, n: *mut usize) -> i32 |s| {
        *n = if s.descs[&desc.addr()] == Kind::Dims { 2 } else { 0 };
        0
    }
    fn aclmdlGetInputDynamicDims<N>(_d: *const aclmdlDesc, _i: usize, list: *mut aclmdlIODims, n: usize) -> i32 |s| {
        let list = std::slice::from_raw_parts_mut(list, n);
        put(&mut list[0], &[3, 2]);
        put(&mut list[1], &[2, 5]);
        0
    }
    fn aclmdlSetDynamicBatchSize<N>(_id: u32, set: *mut aclmdlDataset, i: usize, batch: u64) -> i32 |s| {
        s.gear = match batch { 1 => 0, 2 => 1, 4 => 2, _ => return 145_013 };
        assert_eq!(i, 1, "the hidden input");
        assert_eq!((*set.cast::<Vec<*mut Range>>()).len(), 2);
        0
    }
    fn aclmdlSetDynamicHWSize<N>(_id: u32, _set: *mut aclmdlDataset, i: usize, h: u64, w: u64) -> i32 |s| {
        s.gear = match [h, w] { [2, 3] => 0, [4, 5] => 1, _ => return 145_013 };
        assert_eq!(i, 1, "the hidden input");
        0
    }
    fn aclmdlSetInputDynamicDims<N>(_id: u32, _set: *mut aclmdlDataset, i: usize, dims: *const aclmdlIODims) -> i32 |s| {
        let dims = &*dims;
        s.gear = match &dims.dims[..dims.dimCount] { [3, 2] => 0, [2, 5] => 1, _ => return 145_013 };
        assert_eq!(i, 1, "the hidden input");
        0
    }
    fn aclDestroyDataBuffer<N>(buffer: *const aclDataBuffer) -> i32 |s| {
        drop(Box::from_raw(buffer.cast_mut().cast::<Range>()));
        s.end(buffer.addr(), "data buffer")
    }
    fn aclUpdateDataBuffer<N>(buffer: *mut aclDataBuffer, p: *mut c_void, size: usize) -> i32 |s| {
        *buffer.cast::<Range>() = Range(p.cast(), size);
        0
    }
    fn aclmdlAddDatasetBuffer<N>(set: *mut aclmdlDataset, buffer: *mut aclDataBuffer) -> i32 |s| {
        (*set.cast::<Vec<*mut Range>>()).push(buffer.cast());
        0
    }
    fn aclmdlDestroyDataset<N>(set: *const aclmdlDataset) -> i32 |s| {
        drop(Box::from_raw(set.cast_mut().cast::<Vec<*mut Range>>()));
        s.end(set.addr(), "data set")
    }
    fn aclmdlExecute<N>(id: u32, inputs: *const aclmdlDataset, outputs: *mut aclmdlDataset) -> i32 |s| {
        if s.wrong_context(id, current::<N>()) { return ACL_ERROR_RT_MODEL_CONTEXT; }
        double(inputs, outputs);
        0
    }
    fn aclmdlExecuteAsync<N>(id: u32, inputs: *const aclmdlDataset, outputs: *mut aclmdlDataset,
                             stream: aclrtStream) -> i32 |s| {
        if s.wrong_context(id, current::<N>()) { return ACL_ERROR_RT_MODEL_CONTEXT; }
        s.streams.get_mut(&stream.addr()).unwrap().push_back(Op::Run(Box::new(move || {
            // SAFETY: the wrapper promised that the data sets live until the stream is idle.
            unsafe { double(inputs, outputs) };
        })));
        0
    }
}

/// A data buffer.
struct Range(*mut u8, usize);

/// # Safety
///
/// Both are live data sets over live memory.
unsafe fn double(inputs: *const aclmdlDataset, outputs: *mut aclmdlDataset) {
    // SAFETY: the caller's promise.
    let (from, to) = unsafe {
        let from = &*(&(*inputs.cast::<Vec<*mut Range>>()))[0];
        let to = &*(&(*outputs.cast::<Vec<*mut Range>>()))[0];
        (from, to)
    };
    for i in (0..from.1.min(to.1)).step_by(4) {
        // SAFETY: within both ranges, by the caller's promise.
        unsafe {
            let x = from.0.add(i).cast::<f32>().read();
            to.0.add(i).cast::<f32>().write(2.0 * x);
        }
    }
}

fn put(dims: &mut aclmdlIODims, list: &[i64]) {
    dims.dimCount = list.len();
    dims.dims[..list.len()].copy_from_slice(list);
}

#[allow(non_snake_case)]
mod getters {
    use super::*;

    pub(super) unsafe extern "C" fn aclGetRecentErrMsg<const N: usize>() -> *const c_char {
        state::<N>().text.take().map_or(ptr::null(), CStr::as_ptr)
    }
    pub(super) unsafe extern "C" fn aclrtGetSocName<const N: usize>() -> *const c_char {
        c"Ascend310P3".as_ptr()
    }
    pub(super) unsafe extern "C" fn aclmdlCreateDesc<const N: usize>() -> *mut aclmdlDesc {
        handle(state::<N>().make("desc"))
    }
    pub(super) unsafe extern "C" fn aclmdlGetNumInputs<const N: usize>(
        d: *mut aclmdlDesc,
    ) -> usize {
        1 + usize::from(state::<N>().descs[&d.addr()].hidden().is_some())
    }
    pub(super) unsafe extern "C" fn aclmdlGetNumOutputs<const N: usize>(
        _: *mut aclmdlDesc,
    ) -> usize {
        1
    }
    pub(super) unsafe extern "C" fn aclmdlGetInputSizeByIndex<const N: usize>(
        d: *mut aclmdlDesc,
        i: usize,
    ) -> usize {
        if i == 0 {
            state::<N>().descs[&d.addr()].size()
        } else {
            8
        }
    }
    pub(super) unsafe extern "C" fn aclmdlGetOutputSizeByIndex<const N: usize>(
        d: *mut aclmdlDesc,
        _: usize,
    ) -> usize {
        state::<N>().descs[&d.addr()].size()
    }
    pub(super) unsafe extern "C" fn aclmdlGetInputNameByIndex<const N: usize>(
        d: *const aclmdlDesc,
        i: usize,
    ) -> *const c_char {
        let hidden = state::<N>().descs[&d.addr()].hidden();
        if i == 0 {
            c"x".as_ptr()
        } else {
            hidden.map_or(ptr::null(), CStr::as_ptr)
        }
    }
    pub(super) unsafe extern "C" fn aclmdlGetOutputNameByIndex<const N: usize>(
        _: *const aclmdlDesc,
        _: usize,
    ) -> *const c_char {
        c"Mul_0:0:y".as_ptr()
    }
    pub(super) unsafe extern "C" fn dtype<const N: usize>(
        _: *const aclmdlDesc,
        i: usize,
    ) -> aclDataType {
        if i == 0 {
            aclDataType::ACL_FLOAT
        } else {
            aclDataType::ACL_INT64
        }
    }
    pub(super) unsafe extern "C" fn format<const N: usize>(
        _: *const aclmdlDesc,
        _: usize,
    ) -> aclFormat {
        aclFormat::ACL_FORMAT_ND
    }
    pub(super) unsafe extern "C" fn aclmdlCreateDataset<const N: usize>() -> *mut aclmdlDataset {
        let set: *mut Vec<*mut Range> = Box::into_raw(Box::default());
        state::<N>().live.insert(set.addr(), "data set");
        set.cast()
    }
    pub(super) unsafe extern "C" fn aclCreateDataBuffer<const N: usize>(
        p: *mut c_void,
        size: usize,
    ) -> *mut aclDataBuffer {
        let buffer = Box::into_raw(Box::new(Range(p.cast(), size)));
        state::<N>().live.insert(buffer.addr(), "data buffer");
        buffer.cast()
    }
}

/// Takes world `N` and returns its table; each number serves one test.
pub(crate) fn world<const N: usize>() -> &'static Api {
    let taken = std::mem::replace(&mut state::<N>().taken, true);
    assert!(!taken, "world {N} is used by two tests");
    table::<N>()
}

macro_rules! table {
    ($n:ident: $($name:ident),* $(,)?) => {
        Api { $($name: Some($name::<$n>),)* ..Api::default() }
    };
}

fn table<const N: usize>() -> &'static Api {
    use getters::*;
    TABLES[N].get_or_init(|| Api {
        aclmdlGetInputDataType: Some(dtype::<N>),
        aclmdlGetOutputDataType: Some(dtype::<N>),
        aclmdlGetInputFormat: Some(format::<N>),
        aclmdlGetOutputFormat: Some(format::<N>),
        ..table! { N:
            aclInit, aclFinalize, aclrtGetVersion, aclrtGetDeviceCount, aclrtSetDevice,
            aclrtResetDevice, aclrtSynchronizeDevice, aclrtGetRunMode, aclrtGetMemInfo,
            aclrtGetCurrentContext, aclrtSetCurrentContext, aclrtCreateContext,
            aclrtDestroyContext, aclrtCreateStream, aclrtDestroyStream, aclrtSynchronizeStream,
            aclrtStreamWaitEvent, aclrtCreateEvent, aclrtDestroyEvent, aclrtRecordEvent,
            aclrtQueryEvent, aclrtMalloc, aclrtFree, aclrtMallocHost, aclrtFreeHost, aclrtMemcpy,
            aclrtMemcpyAsync, aclrtMemset, aclmdlLoadFromFile, aclmdlLoadFromMem, aclmdlUnload,
            aclmdlGetDesc, aclmdlDestroyDesc, aclmdlGetInputDims, aclmdlGetOutputDims,
            aclmdlGetCurOutputDims, aclmdlGetDynamicBatch, aclmdlGetDynamicHW,
            aclmdlGetInputDynamicGearCount, aclmdlGetInputDynamicDims, aclmdlSetDynamicBatchSize,
            aclmdlSetDynamicHWSize, aclmdlSetInputDynamicDims, aclDestroyDataBuffer,
            aclUpdateDataBuffer, aclmdlAddDatasetBuffer, aclmdlDestroyDataset, aclmdlExecute,
            aclmdlExecuteAsync, aclGetRecentErrMsg, aclrtGetSocName, aclmdlCreateDesc,
            aclmdlGetNumInputs, aclmdlGetNumOutputs, aclmdlGetInputSizeByIndex,
            aclmdlGetOutputSizeByIndex, aclmdlGetInputNameByIndex, aclmdlGetOutputNameByIndex,
            aclmdlCreateDataset, aclCreateDataBuffer,
        }
    })
}

/// What a host does, on its own, with the same library.
pub(crate) mod host {
    use super::*;

    pub(crate) fn init(api: &Api) -> i32 {
        // SAFETY: a null path asks for the defaults.
        unsafe { api.aclInit.unwrap()(ptr::null()) }
    }

    pub(crate) fn finalize(api: &Api) -> i32 {
        // SAFETY: takes nothing.
        unsafe { api.aclFinalize.unwrap()() }
    }

    /// Makes a context, which is then current.
    pub(crate) fn context(api: &Api) -> usize {
        let mut context = ptr::null_mut();
        // SAFETY: the place is valid.
        assert_eq!(
            unsafe { api.aclrtCreateContext.unwrap()(&raw mut context, 0) },
            0
        );
        context.addr()
    }
}
