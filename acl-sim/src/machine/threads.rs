//! Threads of the program's: which have ended.
//!
//! A program names the thread that is to run callbacks by its number, which says nothing of whether
//! that thread lives; asking the system about the number of a thread that has ended is not allowed.
//! So each thread that calls this library leaves a mark that goes when the thread ends.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{device_memory, report};

/// Threads that have called this library, and whether they live. The system gives the numbers of
/// threads that have ended to new ones, so that the map does not grow without end.
static KNOWN: Mutex<Option<HashMap<u64, bool>>> = Mutex::new(None);

fn known() -> MutexGuard<'static, Option<HashMap<u64, bool>>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lives as long as its thread.
struct Mark(u64);

impl Drop for Mark {
    fn drop(&mut self) {
        known().get_or_insert_default().insert(self.0, false);
        report::thread_ended(self.0);
    }
}

thread_local! {
    static MARK: RefCell<Option<Mark>> = const { RefCell::new(None) };
}

/// Returns the number of the calling thread, and lets it be known that it lives.
pub(crate) fn here() -> u64 {
    let number = device_memory::thread();
    // A thread that is ending has no place for a mark any more; it will run no callbacks either.
    let _ = MARK.try_with(|mark| {
        mark.borrow_mut().get_or_insert_with(|| {
            known().get_or_insert_default().insert(number, true);
            Mark(number)
        });
    });
    number
}

/// Says whether a thread that called this library has ended.
pub(crate) fn has_ended(thread: u64) -> bool {
    known().get_or_insert_default().get(&thread) == Some(&false)
}

/// Says whether a thread has ended, or its number cannot be that of one.
pub(crate) fn is_none(thread: u64) -> bool {
    let lives = known().get_or_insert_default().get(&thread).copied();
    !lives.unwrap_or_else(|| is_mapped(thread))
}

/// Says whether the number of a thread is an address of this process, as those of live threads are
/// with every C library of Linux.
fn is_mapped(address: u64) -> bool {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else {
        return true;
    };
    maps.lines().any(|line| {
        let range = line
            .split(' ')
            .next()
            .and_then(|range| range.split_once('-'));
        let Some((from, to)) = range else {
            return false;
        };
        let number = |digits| u64::from_str_radix(digits, 16).unwrap_or(0);
        (number(from)..number(to)).contains(&address)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_thread_that_called_is_known_to_live_until_it_ends() {
        let me = here();
        assert!(!has_ended(me));
        let other = std::thread::spawn(move || {
            let other = here();
            assert!(!has_ended(other));
            assert_ne!(other, me);
            other
        });
        // Another test's thread may have taken the number since; that one lives.
        let number = other.join().unwrap();
        let _ = has_ended(number);
    }

    #[test]
    fn a_number_that_is_no_address_is_no_thread() {
        assert!(is_none(7) && is_none(u64::MAX));
        assert!(!has_ended(7), "it never was");
    }
}
