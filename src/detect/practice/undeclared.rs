//! References that their own file belies: a Compose service that takes a secret which the file does not declare, a
//! `secretKeyRef` to a key that the Secret beside it has not, a mapped secret of a provider that is not there.

use std::collections::BTreeSet;

use super::yaml::{self, Entry, below, children, documents, named};
use super::{Remark, is_dynamic, text as owned};
use crate::model::Span;

/// See [`super::Reader::words`].
pub(super) const WORDS: &[&str] = &["secrets:", "secretKeyRef", "[secrets."];

/// Which references of `text` its own declarations do not bear out.
pub(super) fn read(text: &[u8], sink: &mut dyn FnMut(Remark)) {
    let all = documents(text);
    for document in &all {
        compose(text, document, sink);
    }
    keys(text, &all, sink);
    mapping(text, sink);
}

fn remark(span: Span, why: String) -> Remark {
    Remark { span, reference: None, why: why.into() }
}

/// Services of a Compose file. Only a file that declares secrets is held to have all of them.
fn compose(text: &[u8], entries: &[Entry], sink: &mut dyn FnMut(Remark)) {
    let top = |name: &[u8]| entries.iter().position(|e| e.indent == 0 && !e.item && e.key.of(text) == name);
    let (Some(services), Some(secrets)) = (top(b"services"), top(b"secrets")) else { return };
    if top(b"include").is_some() {
        return;
    }
    let declared: BTreeSet<&[u8]> = children(entries, secrets).map(|(_, e)| e.key.of(text)).collect();
    for (service, _) in children(entries, services) {
        for (list, _) in children(entries, service).filter(|(_, e)| e.key.of(text) == b"secrets") {
            for entry in below(entries, list) {
                let taken = match entry.key.of(text) {
                    b"" if entry.item => entry.value,
                    b"source" => entry.value,
                    _ => continue,
                };
                if !taken.is_empty() && !is_dynamic(taken.of(text)) && !declared.contains(taken.of(text)) {
                    sink(remark(taken, "the file declares no secret of that name".to_owned()));
                }
            }
        }
    }
}

/// Keys of Secrets that the same file makes.
fn keys(text: &[u8], all: &[Vec<Entry>], sink: &mut dyn FnMut(Remark)) {
    let mut made: Vec<(&[u8], BTreeSet<&[u8]>)> = Vec::new();
    for entries in all {
        if named(text, entries, None, "kind").is_none_or(|kind| kind.of(text) != b"Secret") {
            continue;
        }
        let Some(name) = named(text, entries, Some("metadata"), "name") else { continue };
        let data = entries
            .iter()
            .enumerate()
            .filter(|(_, e)| e.indent == 0 && matches!(e.key.of(text), b"data" | b"stringData"));
        let has: BTreeSet<&[u8]> =
            data.flat_map(|(i, _)| children(entries, i)).map(|(_, e)| e.key.of(text)).collect();
        if has.iter().all(|key| !is_dynamic(key)) && !is_dynamic(name.of(text)) {
            made.push((name.of(text), has));
        }
    }
    for entries in all {
        for (at, _) in entries.iter().enumerate().filter(|(_, e)| e.key.of(text) == b"secretKeyRef") {
            let (Some(name), Some(key)) =
                (yaml::child(text, entries, at, "name"), yaml::child(text, entries, at, "key"))
            else {
                continue;
            };
            let mut same = made.iter().filter(|(made, _)| *made == name.of(text)).peekable();
            let known = same.peek().is_some();
            let has = same.any(|(_, keys)| keys.is_empty() || keys.contains(key.of(text)));
            if known && !has && !is_dynamic(key.of(text)) {
                sink(remark(
                    key,
                    format!("the Secret {} of this file has no such key", owned(name.of(text))),
                ));
            }
        }
    }
}

/// Our own mapping: `[secrets."db/main"]` with `provider = "vault"`.
fn mapping(text: &[u8], sink: &mut dyn FnMut(Remark)) {
    let Some(table) = mapped(text) else { return };
    let providers = table.get("providers").and_then(toml::Value::as_table);
    for (name, entry) in table.get("secrets").and_then(toml::Value::as_table).into_iter().flatten() {
        let Some(provider) = entry.get("provider").and_then(toml::Value::as_str) else { continue };
        if providers.is_some_and(|all| !all.contains_key(provider))
            && let Some(span) = quoted_in(text, provider)
        {
            sink(remark(span, format!("secret {name}: the file has no provider of that name")));
        }
    }
}

/// `text` as a mapping file, if it is one.
pub(super) fn mapped(text: &[u8]) -> Option<toml::Table> {
    let holds = |part: &str| memchr::memmem::find(text, part.as_bytes()).is_some();
    if !holds("[secrets.") || !holds("[providers.") {
        return None;
    }
    toml::from_str(std::str::from_utf8(text).ok()?).ok()
}

/// Where `value` stands in quotes.
pub(super) fn quoted_in(text: &[u8], value: &str) -> Option<Span> {
    let found = ['"', '\''].iter().find_map(|quote| {
        memchr::memmem::find(text, format!("{quote}{value}{quote}").as_bytes()).map(|at| at + 1)
    });
    found.map(|at| Span::new(at, at + value.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let mut all = Vec::new();
        read(text.as_bytes(), &mut |r| all.push(&text[r.span.start..r.span.end]));
        all
    }

    #[test]
    fn a_service_takes_what_its_file_declares() {
        let file = "services:\n  web:\n    image: x\n    secrets:\n      - db\n      - source: tls\n        target: t\n      - missing\nsecrets:\n  db:\n    file: ./db\n  tls:\n    external: true\n";
        assert_eq!(found(file), ["missing"]);
        assert!(found(&file.replace("missing", "${X}")).is_empty());
        assert!(found(file.split("\nsecrets:").next().unwrap()).is_empty(), "another file may declare them");
        assert!(found(&format!("include:\n  - base.yml\n{file}")).is_empty());
        assert!(found("jobs:\n  a:\n    secrets:\n      x: y\nsecrets:\n  z: 1\n").is_empty());
    }

    #[test]
    fn a_key_is_looked_for_in_the_secret_of_the_same_file() {
        let reference = |name: &str, key: &str| {
            format!(
                "kind: Secret\nmetadata:\n  name: db\nstringData:\n  user: a\ndata:\n  pass: eA==\n---\nkind: Pod\nspec:\n  containers:\n  - env:\n    - name: X\n      valueFrom:\n        secretKeyRef:\n          name: {name}\n          key: {key}\n"
            )
        };
        assert_eq!(found(&reference("db", "password")), ["password"]);
        assert!(found(&reference("db", "pass")).is_empty() && found(&reference("db", "user")).is_empty());
        assert!(
            found(&reference("other", "password")).is_empty()
                && found(&reference("db", "{{ .key }}")).is_empty()
        );
    }

    #[test]
    fn a_mapped_secret_has_a_provider_of_the_file() {
        let file = "[providers.vault]\nkind = 'vault'\n[secrets.\"db/main\"]\nprovider = 'vault'\n[secrets.other]\nprovider = \"valt\"\n";
        assert_eq!(found(file), ["valt"]);
        assert!(found(&file.replace("valt", "vault")).is_empty());
    }
}
