//! A value with one field changed, byte for byte the same elsewhere.

use leakward_fetcher::Secret;
use leakward_fetcher::secret::{Json, JsonKind, escape_json};
use zeroize::Zeroizing;

use super::RotateError;

/// Names of fields that are rotated when nobody says which, where only one of them is there.
const USUAL: [&str; 10] =
    ["password", "passwd", "pass", "pwd", "secret", "token", "api_key", "apikey", "key", "value"];

/// The field of `value`, the secret at `path`, that is rotated; `None`: all of it.
///
/// # Errors
/// `wanted` is not there, or nothing is wanted and several might be meant.
pub(super) fn field(path: &str, value: &Secret, wanted: Option<&str>) -> Result<Option<String>, RotateError> {
    let names = value.field_names();
    if let Some(wanted) = wanted {
        return match value.field(wanted) {
            Ok(_) if names.iter().any(|n| n == wanted) => Ok(Some(wanted.to_owned())),
            _ => Err(RotateError::NoField { path: path.to_owned(), field: wanted.to_owned() }),
        };
    }
    // The reason to open it: to tell an object from any other text. Nothing of it is kept.
    let is_object = Json::parse(value.expose()).is_ok_and(|json| json.kind() == JsonKind::Object);
    if !is_object {
        return Ok(None);
    }
    let usual: Vec<_> =
        names.iter().filter(|name| USUAL.iter().any(|usual| usual.eq_ignore_ascii_case(name))).collect();
    match (names.as_slice(), usual.as_slice()) {
        ([only], _) => Ok(Some(only.clone())),
        (_, [one]) => Ok(Some((*one).clone())),
        _ => Err(RotateError::WhichField { path: path.to_owned(), fields: names.join(", ") }),
    }
}

/// `value` with `new` in place of `field`, or `new` itself where the whole value is meant.
pub(super) fn with(value: &Secret, field: Option<&str>, new: &Secret) -> Secret {
    let Some(field) = field else { return new.duplicate() };
    // The reason to open both: they are put together, and go back into a secret.
    let (old, new) = (value.expose(), new.expose());
    let json = Json::parse(old).unwrap_or(Json::NULL);
    let mut text = Zeroizing::new(Vec::with_capacity(old.len() + new.len() * 6 + 16));
    let last = json.entries().filter(|(name, _)| name.is_text(field)).count();
    let mut seen = 0;
    text.push(b'{');
    for (i, (name, held)) in json.entries().enumerate() {
        if i > 0 {
            text.push(b',');
        }
        text.extend_from_slice(name.raw());
        text.push(b':');
        seen += usize::from(name.is_text(field));
        if name.is_text(field) && seen == last {
            escape_json(&String::from_utf8_lossy(new), &mut text);
        } else {
            text.extend_from_slice(held.raw());
        }
    }
    text.push(b'}');
    Secret::copy_of(&text)
}

/// The part of `value` that is rotated.
pub(super) fn part(value: &Secret, field: Option<&str>) -> Option<Secret> {
    match field {
        Some(field) => value.field(field).ok(),
        None => Some(value.duplicate()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::copy_of(text.as_bytes())
    }

    #[test]
    fn one_field_changes_and_the_others_stay_as_they_were() {
        let value = secret(r#"{"user":"app","password":"old","port":5432,"tls":{"a":[1, 2]}}"#); // leakward:allow
        let new = with(&value, Some("password"), &secret("n\"ew"));
        let text = r#"{"user":"app","password":"n\"ew","port":5432,"tls":{"a":[1, 2]}}"#; // leakward:allow
        assert_eq!(new.expose_text(), Ok(text));
        assert_eq!(with(&secret("old"), None, &secret("new")).expose(), b"new");
    }

    #[test]
    fn the_field_is_the_only_one_or_the_one_with_a_usual_name() {
        let of = |text: &str, wanted: Option<&str>| field("p", &secret(text), wanted);
        assert_eq!(of(r#"{"anything":"x"}"#, None).unwrap().as_deref(), Some("anything"));
        assert_eq!(of(r#"{"user":"a","Password":"x"}"#, None).unwrap().as_deref(), Some("Password"));
        assert_eq!(of("plain", None).unwrap(), None);
        assert!(matches!(of(r#"{"token":"a","key":"x"}"#, None), Err(RotateError::WhichField { .. })));
        assert!(matches!(of(r#"{"token":"a"}"#, Some("key")), Err(RotateError::NoField { .. })));
    }
}
