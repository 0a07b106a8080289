//! A secret as a template sees it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use base64::Engine as _;
use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, Value};

use super::Table;
use crate::cache::Reading;
use crate::secret::{Json, JsonKind};

/// A secret: printed it is the whole value, its attributes are the fields of a value that is a JSON object.
pub(super) struct SecretValue {
    path: String,
    reading: Reading,
    table: Weak<Mutex<Table>>,
}

impl SecretValue {
    pub(super) fn new(path: &str, reading: Reading, table: &Arc<Mutex<Table>>) -> Self {
        Self { path: path.to_owned(), reading, table: Arc::downgrade(table) }
    }

    /// One field, found as [`crate::Secret::field`] finds it.
    pub(super) fn field(&self, name: &str) -> Option<Value> {
        // The reason to open it: the text that is made of it.
        let json = Json::parse(self.reading.secret().expose()).ok();
        let found = json.and_then(|json| json.at(name)).filter(|found| found.kind() != JsonKind::Null);
        if found.is_none()
            && let Some(table) = self.table.upgrade()
        {
            let lacking = Some((self.path.clone(), name.to_owned()));
            table.lock().unwrap_or_else(PoisonError::into_inner).lacking = lacking;
        }
        found.map(value)
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretValue({})", self.path)
    }
}

impl Object for SecretValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.field(key.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.reading.secret().field_names().into_iter().map(Value::from).collect())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The reason to open it: the text that is made of it. What is not text has no place in one.
        f.write_str(self.reading.secret().expose_text().map_err(|_| fmt::Error)?)
    }
}

/// A JSON value as the template engine has it.
fn value(json: Json<'_>) -> Value {
    match json.kind() {
        JsonKind::Null => Value::from(()),
        JsonKind::Bool => Value::from(json.bool().unwrap_or_default()),
        JsonKind::Text => {
            let text = json.text();
            let text = text.as_ref().and_then(|text| text.expose_text().ok());
            Value::from(text.unwrap_or_default())
        }
        JsonKind::Number => number(json),
        JsonKind::Array => json.items().map(value).collect(),
        JsonKind::Object => {
            let named = json.entries().filter_map(|(name, item)| Some((name.plain()?, value(item))));
            named.collect()
        }
    }
}

/// A number; one that does not fit in 64 bits stays as it is written.
fn number(json: Json<'_>) -> Value {
    let text = std::str::from_utf8(json.raw()).unwrap_or_default();
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(number), _) => Value::from(number),
        (_, Ok(number)) if number.to_string() == text => Value::from(number),
        _ => Value::from(text),
    }
}

/// The filter `base64`.
pub(super) fn base64(value: &Value) -> Result<String, Error> {
    let text = value.to_string();
    Ok(base64::engine::general_purpose::STANDARD.encode(value.as_bytes().unwrap_or(text.as_bytes())))
}
