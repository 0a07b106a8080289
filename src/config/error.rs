//! What is wrong with a configuration.

use std::fmt;
use std::ops::Range;

/// What is wrong with a configuration or a file that it names. Its author must fix it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    name: String,
    /// Line, from 1, where one is to blame.
    line: Option<usize>,
    cause: String,
    help: Option<String>,
}

impl ConfigError {
    pub(super) fn new(
        name: &str,
        line: Option<usize>,
        cause: impl Into<String>,
        help: Option<String>,
    ) -> Self {
        Self { name: name.to_owned(), line, cause: cause.into(), help }
    }

    /// What the author can do.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// From the parser's error about `text`. The parser's own rendering quotes the text; this one does not.
    pub(super) fn of_parser(name: &str, text: &str, error: &toml::de::Error) -> Self {
        let line = error.span().map(|span| line_of(text, &span));
        let message = error.message();
        let (cause, help) = match unknown_key(message) {
            Some((key, known)) => {
                let help = super::suggest::did_you_mean(key, known.iter().copied());
                let known = || format!("known here: {}", known.join(", "));
                (format!("unknown key {key}"), Some(help.unwrap_or_else(known)))
            }
            None => (message.lines().collect::<Vec<_>>().join(", "), None),
        };
        Self::new(name, line, cause, help)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, line, cause, help: _ } = self;
        match line {
            Some(line) => write!(f, "{name}: line {line}: {cause}"),
            None => write!(f, "{name}: {cause}"),
        }
    }
}

impl std::error::Error for ConfigError {}

/// The line (from 1) on which `span` begins.
pub(super) fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.as_bytes()[..span.start.min(text.len())].iter().filter(|&&b| b == b'\n').count() + 1
}

/// The key that serde's message about an unknown field names, and those it knows.
fn unknown_key(message: &str) -> Option<(&str, Vec<&str>)> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    Some((quoted.next()?, quoted.collect()))
}
