//! What a subcommand says when it cannot do its work.

use std::fmt::Display;
use std::io::Write;

use crate::config::ConfigError;
use crate::rule::RuleError;
use crate::scan::ScanError;
use crate::source::SourceError;
use crate::source::git::GitError;

/// Messages for the user: lower case, no full stop, naming the thing and the cause; and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    first: Message,
    more: Vec<Message>,
}

#[derive(Debug)]
struct Message {
    text: String,
    help: Option<String>,
}

impl Failure {
    /// Says `message`.
    pub(crate) fn new(message: impl Display) -> Self {
        Self { first: Message { text: message.to_string(), help: None }, more: Vec::new() }
    }

    /// Adds what the user can do about the last message.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Display) -> Self {
        self.more.last_mut().unwrap_or(&mut self.first).help = Some(help.to_string());
        self
    }

    /// Adds what `other` says.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.more.push(other.first);
        self.more.extend(other.more);
        self
    }

    /// Writes the messages to standard error.
    pub(super) fn print(&self) {
        let bold = anstyle::Style::new().bold();
        let red = anstyle::AnsiColor::Red.on_default().bold();
        let mut err = anstream::stderr().lock();
        for Message { text, help } in std::iter::once(&self.first).chain(&self.more) {
            // Where standard error is gone, nobody is left to be told.
            let _ = writeln!(err, "{red}error:{red:#} {text}");
            if let Some(help) = help {
                let _ = writeln!(err, "{bold}help:{bold:#} {help}");
            }
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Git(error) => error.into(),
            error => Self::new(error),
        }
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        let failure = Self::new(&error);
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Source(error) => error.into(),
            ScanError::Output(error) => Self::new(error),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let failure = Self::new(&error);
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

#[cfg(feature = "fetcher")]
impl From<crate::verify::VerifyError> for Failure {
    fn from(error: crate::verify::VerifyError) -> Self {
        let failure = Self::new(&error);
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

impl From<RuleError> for Failure {
    fn from(error: RuleError) -> Self {
        let failure = Self::new(&error);
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}
