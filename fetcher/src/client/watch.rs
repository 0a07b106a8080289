//! The changes of one secret, as a stream that ends its interest when dropped.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::watch;

use super::core::Held;
use crate::cache::{Reading, Slot};
use crate::secret::Version;

/// The changes of one secret: one item for each version that comes into force, starting with the one
/// that is in force. A slow consumer gets the newest, not each one.
pub struct Watch {
    held: Held,
    _pinned: Pinned,
    receiver: watch::Receiver<Option<Version>>,
    next: Option<Next>,
}

/// Waits for a change and hands the receiver back; `None` when no change can come any more.
type Next = Pin<Box<dyn Future<Output = Option<watch::Receiver<Option<Version>>>> + Send + Sync>>;

impl Watch {
    pub(crate) fn new(held: Held) -> Self {
        let now = held.core.clock.now();
        let pinned = Pinned::new(held.slot.clone());
        let slot = &held.slot;
        let mut state = slot.lock();
        let version = slot.usable(now).map(|entry| entry.version().clone());
        let has_value = version.is_some();
        let sender = state.changes.get_or_insert_with(|| watch::Sender::new(version));
        let mut receiver = sender.subscribe();
        if has_value {
            receiver.mark_changed();
        }
        let asked = has_value || state.flight.is_some();
        drop(state);
        if !asked && !held.core.is_closed() {
            held.core.flight(slot);
        }
        Self { held, _pinned: pinned, receiver, next: None }
    }

    /// The next version that comes into force, with its value. `None` when the client was shut down.
    pub async fn changed(&mut self) -> Option<Reading> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The value held now, if it is usable.
    fn reading(&self) -> Option<Reading> {
        self.held.slot.reading(self.held.core.clock.now())
    }
}

impl Stream for Watch {
    type Item = Reading;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Reading>> {
        loop {
            let mut receiver = self.receiver.clone();
            let next = self.next.get_or_insert_with(|| {
                Box::pin(async move { receiver.changed().await.is_ok().then_some(receiver) })
            });
            let Poll::Ready(seen) = next.as_mut().poll(context) else { return Poll::Pending };
            self.next = None;
            let Some(mut receiver) = seen else { return Poll::Ready(None) };
            let gone = receiver.borrow_and_update().is_none();
            self.receiver = receiver;
            if self.held.core.is_closed() {
                return Poll::Ready(None);
            }
            // A value that went away is no new version: wait for one.
            if gone {
                continue;
            }
            if let Some(reading) = self.reading() {
                return Poll::Ready(Some(reading));
            }
        }
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Watch").field(self.held.slot.key()).finish()
    }
}

/// A slot that keeps its place and is refreshed though nobody reads it. Does not keep the client alive.
pub(crate) struct Pinned(pub(crate) Arc<Slot>);

impl Pinned {
    pub(crate) fn new(slot: Arc<Slot>) -> Self {
        slot.take_handle();
        slot.pin();
        Self(slot)
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        self.0.unpin();
        self.0.release_handle();
    }
}
