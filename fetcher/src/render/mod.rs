//! Files made of secrets: a template in Jinja's language, in which `secret("path")` is a secret and
//! `secret("path").field` one of its fields. What is missing is an error, never an empty place.
//!
//! The template engine keeps copies of values while it works, and frees them as they are; see [`crate::wipe`].

mod output;
mod value;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use zeroize::Zeroizing;

use crate::cache::{ReadError, Reading};
use crate::client::{ReadOptions, SecretHandle, SecretsManager};
use crate::secret::{PathError, SecretPath, SecretRef};

pub use output::write_atomically;
use value::SecretValue;

/// The name under which the engine knows the only template.
const NAME: &str = "template";

/// A template, read and checked.
pub struct Template {
    environment: Environment<'static>,
    table: Arc<Mutex<Table>>,
}

/// What the template has asked for so far.
#[derive(Default)]
struct Table {
    readings: BTreeMap<String, Reading>,
    /// Asked for, and not there yet.
    wanted: Vec<String>,
    /// The last field that a secret did not have.
    lacking: Option<(String, String)>,
}

/// A template made into text.
#[derive(Debug)]
pub struct Rendered {
    /// The text.
    pub text: Zeroizing<Vec<u8>>,
    /// The secrets that it is made of.
    pub secrets: Vec<SecretHandle>,
}

/// A template cannot be made into text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// It is not in the template language. Whoever wrote it must fix it.
    #[error("line {line}: {cause}")]
    Syntax {
        /// Where.
        line: usize,
        /// What is wrong.
        cause: String,
    },
    /// It fails while it is made into text. The values that it works on are not repeated.
    #[error("line {line}: {cause}")]
    Work {
        /// Where.
        line: usize,
        /// What is wrong.
        cause: String,
    },
    /// It names a field that a secret does not have.
    #[error("line {line}: {secret} has no field {field}")]
    Field {
        /// Where.
        line: usize,
        /// The secret.
        secret: String,
        /// The field.
        field: String,
    },
    /// It names something that is no path.
    #[error("{0}")]
    Path(#[from] PathError),
    /// A secret cannot be read.
    #[error("{0}")]
    Read(#[from] ReadError),
}

impl RenderError {
    /// The engine's words may be repeated here: it has seen no value yet.
    fn syntax(error: &Error) -> Self {
        let cause = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        Self::Syntax { line: error.line().unwrap_or_default(), cause }
    }
}

impl Template {
    /// Reads and checks a template.
    ///
    /// # Errors
    /// When it is not in the template language.
    pub fn parse(source: &str) -> Result<Self, RenderError> {
        let table = Arc::new(Mutex::new(Table::default()));
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        let syntax = SyntaxConfig::builder().keep_trailing_newline(true).build();
        environment.set_syntax(syntax.map_err(|error| RenderError::syntax(&error))?);
        environment.add_filter("base64", value::base64);
        let asked = table.clone();
        environment
            .add_function("secret", move |path: &str, field: Option<&str>| look_up(&asked, path, field));
        let added = environment.add_template_owned(NAME, source.to_owned());
        added.map_err(|error| RenderError::syntax(&error))?;
        Ok(Self { environment, table })
    }

    /// Makes it into text with what `manager` reads, waiting up to `budget` for each secret.
    ///
    /// # Errors
    /// See [`RenderError`].
    pub async fn render(&self, manager: &SecretsManager, budget: Duration) -> Result<Rendered, RenderError> {
        let mut handles: BTreeMap<String, SecretHandle> = BTreeMap::new();
        let outcome = loop {
            let drawn = self.draw();
            let wanted = std::mem::take(&mut self.table().wanted);
            if wanted.is_empty() {
                break drawn;
            }
            // Each round brings at least one secret more, so this ends with the template's own names.
            for name in wanted {
                let secret = SecretRef::current(SecretPath::parse(&name)?);
                let handle = manager.secret(&secret)?;
                let options = ReadOptions { budget: Some(budget), refuse_stale: false };
                let reading = handle.read_with(options).await;
                handles.insert(name.clone(), handle);
                self.table().readings.insert(name, reading?);
            }
        };
        // Readings keep their values in memory: they end with the text.
        *self.table() = Table::default();
        Ok(Rendered { text: outcome?, secrets: handles.into_values().collect() })
    }

    fn draw(&self) -> Result<Zeroizing<Vec<u8>>, RenderError> {
        self.table().lacking = None;
        let template = self.environment.get_template(NAME).map_err(|error| self.failure(&error))?;
        let text = template.render(minijinja::context! {}).map_err(|error| self.failure(&error))?;
        Ok(Zeroizing::new(text.into_bytes()))
    }

    fn failure(&self, error: &Error) -> RenderError {
        let line = error.line().unwrap_or_default();
        match (error.kind(), self.table().lacking.take()) {
            (ErrorKind::UndefinedError, Some((secret, field))) => RenderError::Field { line, secret, field },
            // Its detail may repeat a value.
            (kind, _) => RenderError::Work { line, cause: kind.to_string() },
        }
    }

    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Template")
    }
}

/// What `secret(path, field)` is in a template.
fn look_up(table: &Arc<Mutex<Table>>, path: &str, field: Option<&str>) -> Result<Value, Error> {
    let mut held = table.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(reading) = held.readings.get(path).cloned() else {
        held.wanted.push(path.to_owned());
        return Err(Error::new(ErrorKind::InvalidOperation, "not read yet"));
    };
    drop(held);
    let value = Arc::new(SecretValue::new(path, reading, table));
    match field {
        None => Ok(Value::from_dyn_object(value)),
        Some(field) => Ok(value.field(field).unwrap_or(Value::UNDEFINED)),
    }
}
