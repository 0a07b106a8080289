//! How much may be unpacked from one container on disk, whatever is nested in it.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Bytes that may still be unpacked.
#[derive(Debug)]
pub(super) struct Budget {
    left: Cell<u64>,
    whole: u64,
}

impl Budget {
    /// Unpacked bytes allowed for each packed one. Logs shrink to a thirtieth; what shrinks more is made to.
    const RATIO: u64 = 200;
    /// Unpacked bytes allowed however small the container is.
    const LEAST: u64 = 64 << 20;
    /// Unpacked bytes allowed however large the container is.
    const MOST: u64 = 8 << 30;
    /// What each member costs beside its bytes: a million empty ones are work too.
    pub(super) const MEMBER: u64 = 512;

    /// The budget of a container of `size` bytes.
    pub(super) fn of(size: u64) -> Self {
        Self::new(size.saturating_mul(Self::RATIO).clamp(Self::LEAST, Self::MOST))
    }

    /// A budget of `bytes`.
    pub(super) const fn new(bytes: u64) -> Self {
        Self { left: Cell::new(bytes), whole: bytes }
    }

    /// The bytes it began with.
    pub(super) const fn whole(&self) -> u64 {
        self.whole
    }

    /// The bytes that are left.
    pub(super) fn left(&self) -> u64 {
        self.left.get()
    }

    pub(super) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    /// Takes `bytes` out, or what is left. Returns whether there was enough.
    pub(super) fn spend(&self, bytes: u64) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(bytes));
        left > bytes
    }
}

/// A stream whose bytes are paid for.
pub(super) struct Metered<R> {
    stream: R,
    budget: Rc<Budget>,
}

impl<R> Metered<R> {
    pub(super) fn new(stream: R, budget: &Rc<Budget>) -> Self {
        Self { stream, budget: Rc::clone(budget) }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.budget.is_spent() {
            return Err(io::Error::other("over the safety limit"));
        }
        let n = self.stream.read(buffer)?;
        self.budget.spend(n as u64);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_ends_in_an_error_where_the_budget_ends() {
        let budget = Rc::new(Budget::new(1000));
        let mut read = Vec::new();
        assert!(Metered::new(io::repeat(7), &budget).take(5000).read_to_end(&mut read).is_err());
        assert!(budget.is_spent() && read.len() >= 1000 && read.len() < 5000);
    }

    #[test]
    fn what_fits_is_read_whole() {
        let budget = Rc::new(Budget::new(1000));
        let mut read = Vec::new();
        Metered::new(&[1u8; 999][..], &budget).read_to_end(&mut read).unwrap();
        assert_eq!((read.len(), budget.is_spent()), (999, false));
    }

    #[test]
    fn a_large_container_may_hold_more() {
        assert_eq!(Budget::of(10).whole(), Budget::LEAST);
        assert_eq!(Budget::of(1 << 20).whole(), 200 << 20);
        assert_eq!(Budget::of(u64::MAX).whole(), Budget::MOST);
    }
}
