//! A secret as it was read, and how fresh it is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use leakward_fetcher::{Freshness, Reading, Secret};

use crate::{Failure, Name};

/// A secret, or one field of it, as it was read. It stays in memory for as long as this does; then it is wiped.
#[derive(Clone)]
pub struct Value {
    reading: Reading,
    field: Option<Arc<Secret>>,
}

impl Value {
    pub(crate) fn of(reading: Reading, name: &Name) -> Result<Self, Failure> {
        let Some(field) = &name.field else { return Ok(Self { reading, field: None }) };
        let part =
            reading.field(field).map_err(|e| Failure::new("field", format_args!("{}: {e}", name.path)))?;
        Ok(Self { reading, field: Some(Arc::new(part)) })
    }

    /// The bytes. The reason to open it is the caller's.
    pub fn expose(&self) -> &[u8] {
        self.secret().expose()
    }

    /// A field of a value that is a JSON object.
    ///
    /// # Errors
    /// There is no such field, or the value is no object.
    pub fn field(&self, name: &str) -> Result<Self, Failure> {
        let part = self.secret().field(name).map_err(|error| Failure::new("field", error))?;
        Ok(Self { reading: self.reading.clone(), field: Some(Arc::new(part)) })
    }

    /// Names of the fields of a value that is a JSON object; empty for any other.
    pub fn field_names(&self) -> Vec<String> {
        self.secret().field_names()
    }

    /// The manager's name of the version.
    pub fn version(&self) -> &str {
        self.reading.version().as_str()
    }

    /// Whether the value was within its time to live when it was read.
    pub fn is_fresh(&self) -> bool {
        self.reading.is_fresh()
    }

    /// For a stale value the time since it was brought or confirmed, and why there is no newer one.
    pub fn stale(&self) -> Option<(Duration, &'static str)> {
        match self.reading.freshness() {
            Freshness::Fresh => None,
            Freshness::Stale { age, cause } => Some((age, cause.name())),
        }
    }

    fn secret(&self) -> &Secret {
        self.field.as_deref().unwrap_or_else(|| self.reading.secret())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value").field("version", &self.version()).finish_non_exhaustive()
    }
}
