//! YAML files of other scanners, read without their errors quoting them.

use serde_yaml_ng::Value;

use super::ForeignError;

/// The document that `text`, the content of the file called `name`, holds.
pub(super) fn parse(name: &str, text: &str) -> Result<Value, ForeignError> {
    serde_yaml_ng::from_str(text).map_err(|error| {
        // The parser's own message could quote the text.
        let place = error.location().map_or_else(String::new, |at| format!("line {}: ", at.line()));
        ForeignError::new(name, format!("{place}not YAML"))
    })
}

/// The strings of a list, or the one string that stands in its place.
pub(super) fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Sequence(items)) => items.iter().filter_map(text).collect(),
        Some(one) => text(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// A string, or a number as one.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The names of the keys of a table.
pub(super) fn keys(value: &Value) -> impl Iterator<Item = &str> {
    value.as_mapping().into_iter().flat_map(|table| table.keys()).filter_map(Value::as_str)
}
