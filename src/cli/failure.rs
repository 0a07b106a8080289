//! What a subcommand says when it cannot do its work.

use std::fmt::Display;
use std::io::Write;

use crate::scan::ScanError;
use crate::source::SourceError;

/// A message for the user: lower case, no full stop, naming the thing and the cause; and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    help: Option<String>,
}

impl Failure {
    /// Says `message`.
    pub(crate) fn new(message: impl Display) -> Self {
        Self { message: message.to_string(), help: None }
    }

    /// Adds what the user can do.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Display) -> Self {
        self.help = Some(help.to_string());
        self
    }

    /// Writes the message to standard error.
    pub(super) fn print(&self) {
        let bold = anstyle::Style::new().bold();
        let red = anstyle::AnsiColor::Red.on_default().bold();
        let mut err = anstream::stderr().lock();
        // Where standard error is gone, nobody is left to be told.
        let _ = writeln!(err, "{red}error:{red:#} {}", self.message);
        if let Some(help) = &self.help {
            let _ = writeln!(err, "{bold}help:{bold:#} {help}");
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::new(error)
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
