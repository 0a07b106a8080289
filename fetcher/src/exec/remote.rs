//! Orders for a program that runs, from those who do not send them as signals.

use std::fmt;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Message, Signal};

/// Passes signals on to one program. Clones reach the same one.
#[derive(Clone)]
pub struct Remote(UnboundedSender<Message>);

/// What a [`Remote`] says; for [`run_remotely`](super::run_remotely).
pub struct Orders {
    pub(super) sender: UnboundedSender<Message>,
    pub(super) inbox: UnboundedReceiver<Message>,
}

impl Remote {
    /// One, and where its orders arrive.
    pub fn new() -> (Self, Orders) {
        let (sender, inbox) = unbounded_channel();
        (Self(sender.clone()), Orders { sender, inbox })
    }

    /// Has `signal` passed on to the program; before it has started, one that asks to end is an end without a start.
    /// False when it is over.
    pub fn signal(&self, signal: Signal) -> bool {
        self.0.send(Message::Signal(signal)).is_ok()
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("over", &self.0.is_closed()).finish()
    }
}

impl fmt::Debug for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Orders").finish_non_exhaustive()
    }
}
