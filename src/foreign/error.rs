//! What is wrong with another scanner's file.

/// What is wrong with another scanner's file. Its author must fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {cause}")]
pub struct ForeignError {
    name: String,
    cause: String,
    help: Option<String>,
}

impl ForeignError {
    /// `cause` is what is wrong with the file called `name`: lower case, no full stop, without the file's text.
    pub(super) fn new(name: &str, cause: impl Into<String>) -> Self {
        Self { name: name.to_owned(), cause: cause.into(), help: None }
    }

    /// Adds what its author can do.
    #[must_use]
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// What its author can do.
    pub fn remedy(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// From the parser's error about `text`, whose own rendering would quote it.
    pub(super) fn of_parser(name: &str, text: &str, error: &toml::de::Error) -> Self {
        let offset = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = 1 + text.as_bytes()[..offset].iter().filter(|&&b| b == b'\n').count();
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        Self::new(name, format!("line {line}: {message}"))
    }
}
