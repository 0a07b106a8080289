//! Which parts of a stored value may leak by themselves: fields, passwords in URLs, lines of environment files.

use leakward_fetcher::secret::{Json, JsonKind};
use zeroize::Zeroizing;

use super::forms;
use super::key_material;

/// Bytes that are wiped when dropped.
pub(super) type Bytes = Zeroizing<Vec<u8>>;

/// A part of a stored value.
pub(super) struct Piece {
    /// The field that it lies in.
    pub(super) field: Option<String>,
    /// What it is.
    pub(super) kind: PieceKind,
    pub(super) bytes: Bytes,
    /// The name that the value gives beside a password, trimmed.
    pub(super) user: Option<Bytes>,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// A value as it is stored, or a field of it.
    Value,
    /// The password in a URL.
    UrlPassword,
    /// What stands behind `NAME=` on a line.
    Line,
    /// Stored as base64; this is what it encodes.
    Decoded,
    /// The public half of a key or certificate.
    PublicKey,
}

impl PieceKind {
    /// How a report says it; `None` for what needs no word.
    pub(super) const fn word(self) -> Option<&'static str> {
        match self {
            Self::Value => None,
            Self::UrlPassword => Some("password of a URL"),
            Self::Line => Some("line of an environment file"),
            Self::Decoded => Some("stored as base64"),
            Self::PublicKey => Some("public key"),
        }
    }
}

/// Names of fields that say who, where or what, and are no secrets by themselves.
const OPEN_FIELDS: &[&str] = &[
    "user",
    "username",
    "user_name",
    "login",
    "host",
    "hostname",
    "server",
    "port",
    "database",
    "dbname",
    "db",
    "name",
    "region",
    "endpoint",
    "engine",
    "schema",
    "sslmode",
    "email",
    "mail",
    "issuer",
    "owner",
    "team",
    "environment",
    "env",
    "ttl",
    "last_vault_rotation",
    "rotation_period",
    "type",
    "tenant",
    "project",
    "project_id",
    "account",
    "account_id",
    "client_email",
    "auth_uri",
    "token_uri",
    "description",
    "comment",
    "notes",
    "note",
    "created",
    "updated",
    "version",
    "path",
    "scheme",
    "protocol",
    "driver",
    "role",
    "zone",
    "domain",
    "url",
    "uri",
    "key_id",
    "private_key_id",
];
/// Names of fields that hold the name beside a password.
const USER_FIELDS: &[&str] = &["user", "username", "user_name", "login"];
/// Least length of a piece, in bytes: shorter ones stand everywhere.
const SHORTEST: usize = 4;
/// Least number of digits of a piece that is a number.
const DIGITS: usize = 6;
/// How deep documents inside documents are read.
const DEPTH: usize = 4;

/// The parts of `value`, which is as the manager keeps it.
pub(super) fn pieces(value: &[u8]) -> Vec<Piece> {
    let mut all = Vec::new();
    match Json::parse(value) {
        Ok(json) if matches!(json.kind(), JsonKind::Object | JsonKind::Array) => {
            fields(json, "", 0, &mut all)
        }
        Ok(json) if json.kind() == JsonKind::Text => {
            if let Some(text) = json.text() {
                // Taken apart and hashed, not shown.
                leaf(None, text.expose(), None, 0, &mut all);
            }
        }
        _ => leaf(None, value, None, 0, &mut all),
    }
    all
}

fn fields(json: Json<'_>, above: &str, depth: usize, all: &mut Vec<Piece>) {
    let below = |name: &str| if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") };
    let users = json.entries().filter(|(k, _)| k.plain().is_some_and(|k| is_one_of(&k, USER_FIELDS)));
    let user = users.filter_map(|(_, v)| v.text()).next();
    // Compared with the text around a finding, not shown.
    let user = user.map(|u| Bytes::new(u.expose().trim_ascii().to_vec())).filter(|u| !u.is_empty());
    let members = json.entries().map(|(key, value)| (key.plain().unwrap_or_default(), value));
    let items = json.items().enumerate().map(|(i, value)| (i.to_string(), value));
    for (name, value) in members.chain(items) {
        match value.kind() {
            JsonKind::Object | JsonKind::Array if depth < DEPTH => {
                fields(value, &below(&name), depth + 1, all)
            }
            JsonKind::Text => {
                let Some(text) = value.text() else { continue };
                // Taken apart and hashed, not shown.
                let bytes = text.expose();
                if !is_one_of(&name, OPEN_FIELDS) || forms::url_password(bytes).is_some() {
                    leaf(Some(below(&name)), bytes, user.clone(), depth, all);
                }
            }
            JsonKind::Number if value.raw().len() >= DIGITS && !is_one_of(&name, OPEN_FIELDS) => {
                let bytes = Bytes::new(value.raw().to_vec());
                all.push(Piece {
                    field: Some(below(&name)),
                    kind: PieceKind::Value,
                    bytes,
                    user: user.clone(),
                });
            }
            _ => {}
        }
    }
}

fn leaf(field: Option<String>, bytes: &[u8], user: Option<Bytes>, depth: usize, all: &mut Vec<Piece>) {
    let trimmed = bytes.trim_ascii();
    let number = trimmed.iter().all(u8::is_ascii_digit);
    if trimmed.len() < SHORTEST
        || (number && trimmed.len() < DIGITS)
        || matches!(trimmed, b"true" | b"false" | b"null")
    {
        return;
    }
    let mut add = |kind, bytes: &[u8], user: Option<Bytes>| {
        let trimmed = bytes.trim_ascii();
        if trimmed.len() >= SHORTEST {
            all.push(Piece { field: field.clone(), kind, bytes: Bytes::new(bytes.to_vec()), user });
        }
    };
    add(PieceKind::Value, bytes, user.clone());
    if let Some((name, password)) = forms::url_password(trimmed) {
        add(PieceKind::UrlPassword, &password, Some(name));
    }
    if trimmed.contains(&b'\n') && !trimmed.starts_with(b"-----BEGIN") {
        for line in trimmed.split(|&b| b == b'\n') {
            if let Some(value) = environment_line(line) {
                add(PieceKind::Line, value, None);
            }
        }
    }
    if let Some(decoded) = forms::base64(trimmed).filter(|d| d.len() >= 8 && is_text(d)) {
        add(PieceKind::Decoded, &decoded, user);
    }
    for key in key_material::public_keys(trimmed) {
        add(PieceKind::PublicKey, &key, None);
    }
    if depth < DEPTH
        && let Ok(json) = Json::parse(trimmed)
        && json.kind() == JsonKind::Object
    {
        let name = field.clone().unwrap_or_default();
        fields(json, &name, depth + 1, all);
    }
}

/// The value of a line `NAME=value`, `export NAME="value"`.
fn environment_line(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"export ").unwrap_or(line);
    let equals = line.iter().position(|&b| b == b'=')?;
    let name = &line[..equals];
    let named = !name.is_empty() && name.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'_');
    let open = is_one_of(&String::from_utf8_lossy(name), OPEN_FIELDS);
    (named && !open).then(|| forms::unquoted(line[equals + 1..].trim_ascii()))
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|n| n.eq_ignore_ascii_case(name))
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|t| t.chars().all(|c| !c.is_control() || c.is_ascii_whitespace()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(value: &str) -> Vec<(String, String)> {
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        pieces(value.as_bytes())
            .iter()
            .map(|p| (p.field.clone().unwrap_or_default(), text(&p.bytes)))
            .collect()
    }

    fn pair(field: &str, value: &str) -> (String, String) {
        (field.to_owned(), value.to_owned())
    }

    #[test]
    fn fields_that_say_who_and_where_are_left_out() {
        let json = r#"{"username":"app_owner","password":"p-1","host":"db.internal","port":5432,"ssl":true,"n":{"pin":"4711-x"}}"#;
        assert_eq!(
            found(json),
            [pair("password", "p-1"), pair("n.pin", "4711-x")]
                .into_iter()
                .filter(|p| p.1.len() > 3)
                .collect::<Vec<_>>()
        );
        let with_user = pieces(br#"{"username":"app_owner","password":"p-12"}"#); // leakward:allow
        assert_eq!(with_user[0].user.as_ref().unwrap().as_slice(), b"app_owner");
    }

    #[test]
    fn a_url_leaks_by_its_password() {
        let all = found(r#"{"url":"postgres://app:s%40cret-1@db/x","web":"https://example.com"}"#); // leakward:allow
        assert_eq!(all[0], pair("url", "postgres://app:s%40cret-1@db/x")); // leakward:allow
        assert_eq!(all[1], pair("url", "s@cret-1"));
        assert_eq!(all[2], pair("web", "https://example.com"));
    }

    #[test]
    fn lines_and_documents_inside_values_are_read() {
        let all = found(
            r#"{"env":"no","dotenv":"A=first-1\nexport B=\"second-2\"\n# c\n","doc":"{\"key\":\"inner-3\"}"}"#,
        );
        for part in [pair("dotenv", "first-1"), pair("dotenv", "second-2"), pair("doc.key", "inner-3")] {
            assert!(all.contains(&part), "{part:?} in {all:?}");
        }
    }

    #[test]
    fn what_is_no_document_is_one_value() {
        assert_eq!(found("plain-value\n"), [pair("", "plain-value\n")]);
        assert!(
            found("").is_empty()
                && found("abc").is_empty()
                && found("12345").is_empty()
                && found("true").is_empty()
        );
    }
}
