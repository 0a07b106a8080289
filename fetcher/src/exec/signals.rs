//! Signals by name, and those that are passed on.

use std::fmt;
use std::io;
use std::str::FromStr;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;

use super::Message;

/// A signal that a program can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(rustix::process::Signal);

/// A signal is not known by that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}: not one of HUP, INT, QUIT, TERM, USR1, USR2, WINCH")]
pub struct SignalError(String);

/// Names of those that are passed on and may be asked for.
const NAMES: &[(&str, Signal)] = &[
    ("HUP", Signal(rustix::process::Signal::HUP)),
    ("INT", Signal(rustix::process::Signal::INT)),
    ("QUIT", Signal(rustix::process::Signal::QUIT)),
    ("TERM", Signal::TERM),
    ("USR1", Signal(rustix::process::Signal::USR1)),
    ("USR2", Signal(rustix::process::Signal::USR2)),
    ("WINCH", Signal(rustix::process::Signal::WINCH)),
];

impl Signal {
    /// The polite request to end.
    pub const TERM: Signal = Signal(rustix::process::Signal::TERM);

    /// Its number on this system.
    pub fn number(self) -> i32 {
        self.0.as_raw()
    }

    pub(super) const fn raw(self) -> rustix::process::Signal {
        self.0
    }

    /// Whether it asks a program to end.
    pub(super) fn ends(self) -> bool {
        matches!(self.to_string().as_str(), "SIGINT" | "SIGTERM" | "SIGQUIT" | "SIGHUP")
    }

    /// Whether a terminal sends it to all programs in front.
    pub(super) fn is_from_keyboard(self) -> bool {
        matches!(self.to_string().as_str(), "SIGINT" | "SIGQUIT" | "SIGWINCH")
    }
}

impl FromStr for Signal {
    type Err = SignalError;

    fn from_str(text: &str) -> Result<Self, SignalError> {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, signal)| *signal).ok_or_else(|| SignalError(text.to_owned()))
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, signal)| signal == self).map_or("?", |(name, _)| name);
        write!(f, "SIG{name}")
    }
}

/// Has every signal that can be passed on told to `sender` from now on.
pub(super) fn listen(sender: &UnboundedSender<Message>) -> io::Result<()> {
    for (_, known) in NAMES {
        let mut stream = signal(SignalKind::from_raw(known.number()))?;
        let (sender, known) = (sender.clone(), *known);
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                if sender.send(Message::Signal(known)).is_err() {
                    return;
                }
            }
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names() {
        assert_eq!("SIGHUP".parse::<Signal>().unwrap().to_string(), "SIGHUP");
        assert_eq!("term".parse::<Signal>(), Ok(Signal::TERM));
        assert!("KILL".parse::<Signal>().is_err() && "".parse::<Signal>().is_err());
    }
}
