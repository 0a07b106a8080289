//! Vault and OpenBao policies that let every secret of a mount be read.

use super::Remark;
use super::braces::{inside, quoted, quoted_before};
use crate::model::Span;

/// See [`super::Reader::words`].
pub(super) const WORDS: &[&str] = &["capabilities"];

/// What of a policy's paths is wide, as `path "secret/*" { capabilities = ["read"] }` is, or the same in JSON.
pub(super) fn read(text: &[u8], sink: &mut dyn FnMut(Remark)) {
    for at in memchr::memmem::find_iter(text, "capabilities") {
        let Some(path) = path_before(text, at) else { continue };
        if !reads(text, at) {
            continue;
        }
        if let Some(what) = width(path.of(text)) {
            let why = format!("lets {what} be read").into();
            sink(Remark { span: path, reference: None, why });
        }
    }
}

/// The path of the block whose list of capabilities begins at `at`.
fn path_before(text: &[u8], at: usize) -> Option<Span> {
    let line = text[..at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    let before = text[line..at].trim_ascii_start();
    if before.starts_with(b"#") || before.starts_with(b"//") {
        return None;
    }
    let open = text[..at].iter().rposition(|b| b"{}".contains(b)).filter(|&i| text[i] == b'{')?;
    quoted_before(text, open)
}

/// Whether the list after `at` gives the right to read.
fn reads(text: &[u8], at: usize) -> bool {
    let rest = &text[at..text.len().min(at + 64)];
    let Some(open) = memchr::memchr(b'[', rest).map(|i| at + i) else { return false };
    let Some(list) = inside(text, open) else { return false };
    let named = quoted(text, list);
    named.iter().any(|span| span.of(text) == b"read") && !named.iter().any(|span| span.of(text) == b"deny")
}

/// What `path` covers, where that is all of a mount or more.
fn width(path: &[u8]) -> Option<&'static str> {
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let segments: Vec<&[u8]> = path.split(|&b| b == b'/').collect();
    let any = |segment: &[u8]| segment == b"*" || segment == b"+";
    if segments.iter().all(|s| any(s)) {
        return Some("every path of the server");
    }
    let (mount, rest) = segments.split_first()?;
    let wide =
        |rest: &[&[u8]]| !rest.is_empty() && rest.iter().all(|s| any(s)) && rest.last() != Some(&&b"+"[..]);
    match rest.split_first() {
        Some((&b"data", rest)) if wide(rest) => Some("every secret of the mount"),
        Some((&b"creds", rest)) if wide(rest) => Some("the credentials of every role"),
        _ if wide(rest) && keeps_secrets(mount) => Some("every secret of the mount"),
        _ => None,
    }
}

/// Whether a mount of this name is likely a key/value store.
fn keeps_secrets(mount: &[u8]) -> bool {
    let mount = mount.to_ascii_lowercase();
    ["secret", "kv"].iter().any(|word| memchr::memmem::find(&mount, word.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        read(text.as_bytes(), &mut |r| all.push(format!("{}: {}", &text[r.span.start..r.span.end], r.why)));
        all
    }

    fn policy(path: &str, capabilities: &str) -> String {
        format!("path \"{path}\" {{\n  # what it may\n  capabilities = [{capabilities}]\n}}\n")
    }

    #[test]
    fn whole_mounts_are_wide_and_folders_are_not() {
        for (path, what) in [
            ("*", "every path of the server"),
            ("+/*", "every path of the server"),
            ("secret/*", "every secret of the mount"),
            ("secret/data/*", "every secret of the mount"),
            ("team/data/+/*", "every secret of the mount"),
            ("kv-prod/*", "every secret of the mount"),
            ("database/creds/*", "the credentials of every role"),
        ] {
            assert_eq!(
                found(&policy(path, "\"read\", \"list\"")),
                [format!("{path}: lets {what} be read")],
                "{path}"
            );
        }
        for path in [
            "secret/data/app/*",
            "sys/*",
            "auth/*",
            "secret/metadata/*",
            "secret/data/{{identity.entity.id}}/*",
            "secret/+",
            "transit/*",
        ] {
            assert!(found(&policy(path, "\"read\"")).is_empty(), "{path}");
        }
        assert!(found(&policy("secret/*", "\"list\"")).is_empty());
        assert!(found(&policy("secret/*", "\"deny\"")).is_empty());
    }

    #[test]
    fn json_and_several_blocks_are_read() {
        let json = r#"{"path": {"secret/*": {"capabilities": ["create", "read"]}, "secret/data/a": {"capabilities": ["read"]}}}"#;
        assert_eq!(found(json), ["secret/*: lets every secret of the mount be read"]);
        let two = policy("secret/data/a", "\"read\"") + &policy("kv/*", "\"read\"");
        assert_eq!(found(&two).len(), 1);
        assert!(found("capabilities = [\"read\"").is_empty() && found("{ capabilities").is_empty());
    }
}
