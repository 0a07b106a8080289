//! An allocator that wipes what is freed, for programs that want no value left in freed memory,
//! whoever allocated it.
//!
//! This crate wipes its own buffers. What it cannot reach are those of others: rustls copies each decrypted record
//! into a vector and frees it as it is, the SDKs of the clouds copy values several times. A program that installs this
//! allocator wipes all of that, at the cost of writing every block once more when it is freed:
//!
//! ```
//! #[global_allocator]
//! static ALLOCATOR: leakward_fetcher::wipe::WipingAllocator = leakward_fetcher::wipe::WipingAllocator;
//! ```
#![expect(unsafe_code, reason = "an allocator is unsafe by its trait; see each SAFETY")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::copy_nonoverlapping;
use std::slice::from_raw_parts_mut;

use zeroize::Zeroize;

/// Keeps this process's memory out of core dumps, and from other processes of the same user that would trace it. A
/// program that it starts is as it would be without this. Only Linux knows how; elsewhere it does nothing.
///
/// # Errors
/// The system's word for why not.
pub fn keep_out_of_dumps() -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// The system's allocator, with every block wiped before it is freed.
#[derive(Clone, Copy, Debug, Default)]
pub struct WipingAllocator;

// SAFETY: every block comes from and goes back to `System` with the layout that it was asked for with.
unsafe impl GlobalAlloc for WipingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that `System` wants.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller owns the whole block of `layout.size()` bytes and gives it up; nobody else refers to it.
        // Bytes that were never written are overwritten, not read. Then as above.
        unsafe {
            from_raw_parts_mut(block.cast::<std::mem::MaybeUninit<u8>>(), layout.size()).zeroize();
            System.dealloc(block, layout);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The system's own would move the content and free the old block as it is.
        // SAFETY: the caller promises that `size` with this alignment is a valid layout.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: the new block is as large as the part that is copied, and distinct from the old one, which the
        // caller gives up only when there is a new one.
        unsafe {
            let new = self.alloc(wanted);
            if !new.is_null() {
                copy_nonoverlapping(block, new, layout.size().min(size));
                self.dealloc(block, layout);
            }
            new
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn memory_stays_out_of_dumps_once_it_is_asked_for() {
        keep_out_of_dumps().unwrap();
        let now = rustix::process::dumpable_behavior().unwrap();
        assert_eq!(now, rustix::process::DumpableBehavior::NotDumpable);
    }
}
