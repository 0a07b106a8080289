//! The one container of fetched values. No `Debug` of the value, no serde, no `Display`, no `Clone`.

use std::fmt;
use std::str::Utf8Error;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::{Json, JsonKind, Tag};

/// A value from a secrets manager. Its bytes are wiped when it is dropped; share it behind an `Arc`.
pub struct Secret {
    // Boxed, so that it never moves and never grows: a reallocation would leave a copy behind.
    bytes: Box<[u8]>,
}

impl Secret {
    /// Copies `bytes` into a new secret. Wiping the original is the caller's part.
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into() }
    }

    /// Takes over `bytes`; spare capacity is wiped, not merely released.
    pub fn from_vec(bytes: Vec<u8>) -> Self {
        if bytes.len() == bytes.capacity() {
            return Self { bytes: bytes.into_boxed_slice() };
        }
        Self::copy_of(&Zeroizing::new(bytes))
    }

    /// Takes over `text`; spare capacity is wiped, not merely released.
    pub fn from_string(text: String) -> Self {
        Self::from_vec(text.into_bytes())
    }

    /// The value: the one door. Each caller states its reason in a comment.
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// The value as text.
    ///
    /// # Errors
    /// When it is not UTF-8; the error holds a position, no part of the value.
    pub fn expose_text(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(&self.bytes)
    }

    /// A second, independent copy, for the rare owner that cannot share an `Arc`.
    pub fn duplicate(&self) -> Self {
        Self::copy_of(&self.bytes)
    }

    /// Length of the value in bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether the value has no byte.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// One field of a value that is a JSON object: `password`, or `db.users.0` for nested ones.
    /// Text is unescaped; numbers, booleans, arrays and objects come as their JSON text.
    ///
    /// # Errors
    /// When the value is not JSON, or has no such field, or the field is null.
    pub fn field(&self, name: &str) -> Result<Secret, FieldError> {
        let json = Json::parse(&self.bytes).map_err(|_| FieldError::NotJson)?;
        let field = json.at(name).ok_or_else(|| FieldError::NoField(name.to_owned()))?;
        match field.kind() {
            JsonKind::Null => Err(FieldError::NoField(name.to_owned())),
            JsonKind::Text => field.text().ok_or(FieldError::NotJson),
            _ => Ok(Secret::copy_of(field.raw())),
        }
    }

    /// Names of the fields of a value that is a JSON object, in their order; empty for any other value.
    pub fn field_names(&self) -> Vec<String> {
        let Ok(json) = Json::parse(&self.bytes) else { return Vec::new() };
        json.entries().filter_map(|(name, _)| name.plain()).collect()
    }

    /// A keyed tag of the value: equal values have equal tags within this process, and only there.
    pub fn tag(&self) -> Tag {
        Tag::of(&self.bytes)
    }
}

/// Why a field could not be taken out of a [`Secret`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The value is not a JSON document. The caller, or who stored it, must fix it.
    #[error("the value is not JSON, so it has no fields")]
    NotJson,
    /// The value has no field of this name. The caller must name another.
    #[error("the value has no field {0}")]
    NoField(String),
}

impl PartialEq for Secret {
    /// Takes the same time wherever the values differ; the lengths are compared openly.
    fn eq(&self, other: &Self) -> bool {
        self.bytes.ct_eq(&other.bytes).into()
    }
}

impl Eq for Secret {}

impl Drop for Secret {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_value_nor_length() {
        assert_eq!(format!("{:?}", Secret::copy_of(b"hunter2")), "Secret(..)");
    }

    #[test]
    fn fields_are_selected_by_name_and_by_path() {
        let secret = Secret::copy_of(br#"{"user":"u","port":5432,"no":null,"a":{"b":["x\n","y"]}}"#);
        assert_eq!(secret.field("user").unwrap().expose(), b"u");
        assert_eq!(secret.field("port").unwrap().expose(), b"5432");
        assert_eq!(secret.field("a.b.0").unwrap().expose(), b"x\n");
        assert_eq!(secret.field("no").unwrap_err(), FieldError::NoField("no".into()));
        assert_eq!(secret.field("absent").unwrap_err(), FieldError::NoField("absent".into()));
        assert_eq!(secret.field_names(), ["user", "port", "no", "a"]);
        assert_eq!(Secret::copy_of(b"plain").field("user").unwrap_err(), FieldError::NotJson);
    }

    #[test]
    fn spare_capacity_is_not_handed_on() {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(b"value");
        assert_eq!(Secret::from_vec(bytes).expose(), b"value");
    }

    #[test]
    fn equality_is_by_value() {
        assert_eq!(Secret::copy_of(b"a"), Secret::copy_of(b"a"));
        assert_ne!(Secret::copy_of(b"a"), Secret::copy_of(b"b"));
        assert_ne!(Secret::copy_of(b"a"), Secret::copy_of(b"ab"));
    }
}
