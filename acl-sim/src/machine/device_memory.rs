//! The one module of the simulator's core with unsafe code: raw memory.
//!
//! * [`Arena`]: addresses of device memory. They are reserved and unreadable, and the contents lie
//!   elsewhere, so that a program which dereferences one dies here as it would beside a card.
//! * [`HostMemory`]: memory of the program, which a C call named by address and length.
//! * [`pinned`]: host memory that the simulator itself hands out.

use std::alloc::Layout;
use std::sync::OnceLock;

/// Addresses per chip. Reserving costs nothing.
const ARENA: usize = 64 << 30;

/// Where so much cannot be reserved (under Valgrind, or a limit on address space), half is tried,
/// and so on down to this.
const SMALLEST_ARENA: usize = 1 << 30;

/// The alignment of every allocation, on the device and in pinned memory.
pub(crate) const ALIGNMENT: usize = 64;

/// A range of addresses that nobody can read or write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arena {
    pub(crate) base: usize,
    pub(crate) size: usize,
}

impl Arena {
    /// Returns the arena of a chip, reserved at the first call.
    pub(crate) fn of(chip: usize) -> Option<Self> {
        static ARENAS: [OnceLock<Option<Arena>>; 16] = [const { OnceLock::new() }; 16];
        *ARENAS.get(chip)?.get_or_init(|| {
            let arena = Self::reserve()?;
            guard::watch(chip, arena.base, arena.size);
            Some(arena)
        })
    }

    fn reserve() -> Option<Self> {
        let halves = std::iter::successors(Some(ARENA), |size| Some(size / 2));
        halves
            .take_while(|size| *size >= SMALLEST_ARENA)
            .find_map(Self::reserve_size)
    }

    fn reserve_size(size: usize) -> Option<Self> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no memory
        // that exists.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), size, libc::PROT_NONE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return None;
        }
        Some(Self {
            base: start.addr(),
            size,
        })
    }

    pub(crate) fn contains(self, address: usize) -> bool {
        address.wrapping_sub(self.base) < self.size
    }
}

/// Memory of the program that uses the simulator.
///
/// It is touched only while a call, or the queued work that the call made, runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostMemory {
    address: *mut u8,
    len: usize,
}

// SAFETY: a host address is the same on all threads of a process; who made the value promised that
// the memory may be used until the work that it was handed to is done.
unsafe impl Send for HostMemory {}

impl HostMemory {
    /// Takes a range by address.
    ///
    /// # Safety
    ///
    /// `len` bytes at `address` must be readable, and writable if they are written to, until the
    /// work that the value is handed to is done. That is what AscendCL asks of its caller.
    pub(crate) unsafe fn new(address: *mut u8, len: usize) -> Self {
        Self { address, len }
    }

    pub(crate) fn address(self) -> usize {
        self.address.addr()
    }

    /// Returns the address as C wants it.
    pub(crate) fn pointer(self) -> *mut u8 {
        self.address
    }

    pub(crate) fn read(self, into: &mut [u8]) {
        assert_eq!(into.len(), self.len, "the caller made both of one length");
        // SAFETY: `new`'s caller promises `len` readable bytes; the destination is a borrow of as
        // many; `copy` allows that they overlap.
        unsafe { std::ptr::copy(self.address, into.as_mut_ptr(), self.len) };
    }

    pub(crate) fn to_vec(self) -> Vec<u8> {
        let mut bytes = vec![0; self.len];
        self.read(&mut bytes);
        bytes
    }

    pub(crate) fn write(self, from: &[u8]) {
        assert_eq!(from.len(), self.len, "the caller made both of one length");
        // SAFETY: `new`'s caller promises `len` writable bytes; the source is a borrow of as many.
        unsafe { std::ptr::copy(from.as_ptr(), self.address, self.len) };
    }

    /// Writes a part of the range, `at` bytes in.
    pub(crate) fn write_at(self, at: usize, from: &[u8]) {
        let end = at.checked_add(from.len());
        assert!(end.is_some_and(|end| end <= self.len), "within the range");
        // SAFETY: `at` lies in the range, as was just checked, and `new`'s caller promises that the
        // range is one of memory.
        let part = unsafe { self.address.add(at) };
        // SAFETY: the range is writable for as many bytes from there, as was just checked.
        unsafe { std::ptr::copy(from.as_ptr(), part, from.len()) };
    }

    pub(crate) fn copy_from(self, source: Self) {
        assert_eq!(source.len, self.len, "the caller made both of one length");
        // SAFETY: both makers promise `len` bytes, and `copy` allows that they overlap.
        unsafe { std::ptr::copy(source.address, self.address, self.len) };
    }

    pub(crate) fn fill(self, value: u8) {
        // SAFETY: `new`'s caller promises `len` writable bytes.
        unsafe { std::ptr::write_bytes(self.address, value, self.len) };
    }
}

/// Host memory that the simulator hands out.
pub(crate) mod pinned {
    use super::{ALIGNMENT, Layout};

    fn layout(size: usize) -> Option<Layout> {
        Layout::from_size_align(size, ALIGNMENT).ok()
    }

    /// Allocates `size` bytes, which are filled but not with zero; returns the address.
    pub(crate) fn alloc(size: usize) -> Option<*mut u8> {
        let layout = layout(size).filter(|layout| layout.size() > 0)?;
        // SAFETY: the layout's size is not zero.
        let address = unsafe { std::alloc::alloc(layout) };
        if address.is_null() {
            return None;
        }
        // SAFETY: the memory was allocated with this size. Nobody may count on what it holds.
        unsafe { std::ptr::write_bytes(address, 0xCD, size) };
        Some(address)
    }

    /// Frees what [`alloc`] returned.
    ///
    /// # Safety
    ///
    /// `address` must come from [`alloc`] with the same `size`, and be freed once.
    pub(crate) unsafe fn free(address: *mut u8, size: usize) {
        let layout = layout(size).expect("it was allocated with this size");
        // SAFETY: the caller promises that this is what `alloc` returned for this layout.
        unsafe { std::alloc::dealloc(address, layout) };
    }

    /// A block in the simulator's list of pinned memory, which owns it.
    #[derive(Debug)]
    pub(crate) struct Block {
        address: *mut u8,
        pub(crate) size: usize,
    }

    // SAFETY: the block is only an address and a size; the memory belongs to the program that
    // asked for it, and any thread may free it.
    unsafe impl Send for Block {}

    // SAFETY: nothing of the block changes while it is shared.
    unsafe impl Sync for Block {}

    impl Block {
        pub(crate) fn new(size: usize) -> Option<Self> {
            alloc(size).map(|address| Self { address, size })
        }

        pub(crate) fn address(&self) -> *mut u8 {
            self.address
        }

        /// Borrows the contents. The program that got the address must not write meanwhile, as with
        /// all memory that a call of AscendCL uses.
        pub(crate) fn bytes(&self) -> &[u8] {
            // SAFETY: the block lives as long as the borrow and was filled when it was made; AscendCL
            // asks of the program that it leave memory alone that a call or queued work uses.
            unsafe { std::slice::from_raw_parts(self.address, self.size) }
        }

        /// Borrows the contents to change them.
        pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
            // SAFETY: as in `bytes`, and the simulator itself has the only borrow.
            unsafe { std::slice::from_raw_parts_mut(self.address, self.size) }
        }
    }

    impl Drop for Block {
        fn drop(&mut self) {
            // SAFETY: `new` allocated it with this size, and the list holds each block once.
            unsafe { free(self.address, self.size) };
        }
    }
}

/// Forks: the child has a copy of this process's state, locks that are held for ever included, and
/// none of its threads.
pub(crate) mod forks {
    use std::sync::Once;
    use std::sync::atomic::{AtomicBool, Ordering};

    static INITIALISED: AtomicBool = AtomicBool::new(false);
    static FORKED: AtomicBool = AtomicBool::new(false);

    extern "C" fn in_child() {
        if INITIALISED.load(Ordering::Relaxed) {
            FORKED.store(true, Ordering::Relaxed);
        }
    }

    /// Says whether a child that is forked from now on would inherit an initialised machine.
    pub(crate) fn watch(initialised: bool) {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // SAFETY: the handler only loads and stores atomics, which is allowed in a child; the
            // library is never unloaded (build.rs), so the handler stays where it is.
            unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        });
        INITIALISED.store(initialised, Ordering::Relaxed);
    }

    /// Says whether this process was forked from an initialised one.
    pub(crate) fn forked() -> bool {
        FORKED.load(Ordering::Relaxed)
    }
}

/// The end of the process.
pub(crate) mod exits {
    use std::sync::{Once, OnceLock};

    static LAST: OnceLock<fn()> = OnceLock::new();

    extern "C" fn run() {
        if let Some(last) = LAST.get() {
            // A panic must not reach C.
            let _ = std::panic::catch_unwind(last);
        }
    }

    /// Runs `last` when the process ends in the ordinary way.
    pub(crate) fn watch(last: fn()) {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let _ = LAST.set(last);
            // SAFETY: the handler may run at any exit; the library is never unloaded (build.rs), so
            // it stays where it is.
            unsafe { libc::atexit(run) };
        });
    }
}

/// A last word when the program reads or writes an address of a device.
pub(crate) mod guard {
    use std::ffi::{c_int, c_void};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// First and last address of each chip's arena.
    static RANGES: [[AtomicUsize; 2]; 16] = [const { [const { AtomicUsize::new(0) }; 2] }; 16];

    /// What the process did with the signal before.
    static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

    const TEXT: &[u8] = b"ascendcl-sim: strict: host_access: the program itself read or wrote an \
address of device memory; copy with aclrtMemcpy. It dies now, as it would beside a card.\n";

    /// Notes the arena of a chip, and listens from the first one on.
    pub(super) fn watch(chip: usize, base: usize, size: usize) {
        if let Some([first, end]) = RANGES.get(chip) {
            first.store(base, Ordering::Relaxed);
            end.store(base + size, Ordering::Relaxed);
        }
        BEFORE.get_or_init(|| {
            // SAFETY: all bytes zero are a value of this C structure.
            let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
            let mut before = action;
            let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = on_signal;
            action.sa_sigaction = handler as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            // SAFETY: both structures live during the call, and the handler does only what is
            // allowed in one.
            unsafe { libc::sigaction(libc::SIGSEGV, &raw const action, &raw mut before) };
            before
        });
    }

    extern "C" fn on_signal(signal: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
        // SAFETY: the kernel hands a valid structure to a handler with SA_SIGINFO.
        let info = unsafe { &*info };
        // SAFETY: the signal is SIGSEGV, for which the structure holds an address.
        let address = unsafe { info.si_addr() }.addr();
        let ours = RANGES.iter().any(|[first, end]| {
            (first.load(Ordering::Relaxed)..end.load(Ordering::Relaxed)).contains(&address)
        });
        if ours {
            // SAFETY: write is allowed in a handler; the text is a constant.
            unsafe { libc::write(libc::STDERR_FILENO, TEXT.as_ptr().cast(), TEXT.len()) };
        }
        // What was there before decides: the access is made again when this returns.
        match BEFORE.get() {
            // SAFETY: the structure came from the same call.
            Some(before) => unsafe { libc::sigaction(signal, before, std::ptr::null_mut()) },
            None => {
                // SAFETY: the default action needs nothing.
                unsafe { libc::signal(signal, libc::SIG_DFL) };
                0
            }
        };
    }
}

/// Returns the process's number.
pub(crate) fn process() -> i32 {
    // SAFETY: getpid has no precondition.
    unsafe { libc::getpid() }
}

/// Returns the calling thread's number, as pthread_self gives it.
pub(crate) fn thread() -> u64 {
    // SAFETY: pthread_self has no precondition.
    unsafe { libc::pthread_self() }
}
