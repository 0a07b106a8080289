//! Notices that the process was forked, at the price of one memory read. `getpid` would cost a
//! system call on every cached read; a page that the kernel hands to a child empty costs nothing.

/// Knows whether it is still in the process that made it.
pub(crate) struct ForkGuard {
    #[cfg(target_os = "linux")]
    page: Option<page::Page>,
    /// For systems without such a page; looked at on slow paths only.
    pid: u32,
}

impl ForkGuard {
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            page: page::Page::new(),
            pid: std::process::id(),
        }
    }

    /// Whether this is the process that made the guard; exact, may cost a system call.
    pub(crate) fn is_same_process(&self) -> bool {
        self.is_marked() && std::process::id() == self.pid
    }

    /// The same for cached reads: free, and exact on Linux since 4.14.
    #[inline]
    pub(crate) fn is_marked(&self) -> bool {
        #[cfg(target_os = "linux")]
        if let Some(page) = &self.page {
            return page.is_marked();
        }
        true
    }
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "a page of our own from the kernel; see each SAFETY")]
mod page {
    use std::ptr::{NonNull, null_mut};
    use std::sync::atomic::{AtomicU8, Ordering};

    use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

    const SIZE: usize = 4096;

    /// A page that holds a mark in this process and nothing in a child.
    pub(super) struct Page(NonNull<AtomicU8>);

    // SAFETY: the pointer is to an atomic, which threads may share, in a mapping that lives as long as `Page`.
    unsafe impl Send for Page {}
    // SAFETY: as above.
    unsafe impl Sync for Page {}

    impl Page {
        /// `None` where the kernel cannot do it.
        pub(super) fn new() -> Option<Self> {
            // SAFETY: a new private mapping at an address of the kernel's choice overlaps nothing.
            let address = unsafe {
                let protection = ProtFlags::READ | ProtFlags::WRITE;
                mmap_anonymous(null_mut(), SIZE, protection, MapFlags::PRIVATE).ok()?
            };
            let page = Self(NonNull::new(address.cast())?);
            // SAFETY: the range is the mapping made above; the advice only concerns children.
            unsafe { madvise(address, SIZE, Advice::LinuxWipeOnFork).ok()? };
            page.mark().store(1, Ordering::Relaxed);
            Some(page)
        }

        #[inline]
        pub(super) fn is_marked(&self) -> bool {
            self.mark().load(Ordering::Relaxed) == 1
        }

        #[inline]
        fn mark(&self) -> &AtomicU8 {
            // SAFETY: the mapping is page-aligned, zeroed by the kernel and lives until `drop`.
            unsafe { self.0.as_ref() }
        }
    }

    impl Drop for Page {
        fn drop(&mut self) {
            // SAFETY: the mapping was made by `new` and nothing refers to it any more. A failure leaves it mapped.
            let _ = unsafe { munmap(self.0.as_ptr().cast(), SIZE) };
        }
    }
}
