//! What refers to secrets of a manager: our own mapping, templates of Vault Agent and its annotations, ExternalSecrets,
//! the secrets store driver, Terraform. Only references that name their secret in full are read.

use super::braces::{attribute, inside, quoted_before};
use super::undeclared::{mapped, quoted_in};
use super::yaml::{Entry, child, children, documents, named};
use super::{Remark, is_dynamic, text as owned};
use crate::model::{Holder, Reference, Span};

/// See [`super::Reader::words`].
pub(super) const WORDS: &[&str] = &[
    "secret \"",
    "agent-inject-secret-",
    "remoteRef",
    "extract:",
    "secretPath",
    "\"vault_",
    "\"aws_secretsmanager_secret",
    "\"google_secret_manager_secret_version",
    "\"azurerm_key_vault_secret",
    "[secrets.",
];

/// Every reference of `text`.
pub(super) fn read(text: &[u8], sink: &mut dyn FnMut(Remark)) {
    let mut tell = |span: Span, reference: Reference| {
        let named = [Some(&reference.path), reference.field.as_ref(), reference.version.as_ref()];
        if !span.is_empty() && named.into_iter().flatten().all(|part| !is_dynamic(part.as_bytes())) {
            let why = format!("refers to {reference}").into();
            sink(Remark { span, reference: Some(reference), why });
        }
    };
    templates(text, &mut tell);
    terraform(text, &mut tell);
    let all = documents(text);
    let stores: Vec<Store> = all.iter().filter_map(|entries| Store::of(text, entries)).collect();
    for entries in &all {
        manifest(text, entries, &stores, &mut tell);
    }
    mapping(text, &mut tell);
}

type Tell<'t> = dyn FnMut(Span, Reference) + 't;

/// `{{ with secret "secret/data/db" }}`.
fn templates(text: &[u8], tell: &mut Tell<'_>) {
    const CALL: &[u8] = b"secret \"";
    for at in memchr::memmem::find_iter(text, CALL) {
        let line = text[..at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        let before = &text[line..at];
        let Some(open) = memchr::memmem::rfind(before, b"{{") else { continue };
        if memchr::memmem::find(&before[open..], b"}}").is_some() || before.ends_with(b"_") {
            continue;
        }
        let start = at + CALL.len();
        let Some(end) = memchr::memchr2(b'"', b'\n', &text[start..]).map(|i| start + i) else { continue };
        // What is written has arguments.
        if !text[end..].trim_ascii_start().starts_with(b"\" }}") && !closes(&text[end + 1..]) {
            continue;
        }
        tell(Span::new(start, end), vault(&owned(&text[start..end])));
    }
}

/// Whether the template's action ends here: a call with more arguments writes.
fn closes(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    [&b"}}"[..], b"-}}", b"|", b")"].iter().any(|end| rest.starts_with(end))
}

/// A path of Vault, with the version that its query names.
fn vault(path: &str) -> Reference {
    let (path, query) = path.split_once('?').map_or((path, ""), |(path, query)| (path, query));
    let version = query.strip_prefix("version=").map(str::to_owned);
    Reference { version, ..Reference::to(Holder::Vault, path.trim_matches('/')) }
}

/// Data sources and ephemeral resources.
fn terraform(text: &[u8], tell: &mut Tell<'_>) {
    for at in memchr::memchr_iter(b'{', text) {
        let Some(name) = quoted_before(text, at) else { continue };
        let Some(kind) = quoted_before(text, name.start - 1) else { continue };
        let line = text[..kind.start].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        if !matches!(text[line..kind.start - 1].trim_ascii(), b"data" | b"ephemeral") {
            continue;
        }
        let Some(body) = inside(text, at) else { continue };
        let of = |name: &str| attribute(text, body, name);
        let word = |span: Option<Span>| span.map(|span| owned(span.of(text)));
        let version = || word(of("version"));
        match kind.of(text) {
            b"vault_generic_secret" | b"vault_kv_secret" => {
                if let Some(path) = of("path") {
                    tell(path, vault(&owned(path.of(text))));
                }
            }
            b"vault_kv_secret_v2" => {
                if let (Some(mount), Some(name)) = (of("mount"), of("name")) {
                    let path = format!("{}/{}", owned(mount.of(text)), owned(name.of(text)));
                    tell(name, vault(&path));
                }
            }
            b"aws_secretsmanager_secret" | b"aws_secretsmanager_secret_version" => {
                if let Some(name) = of("secret_id").or_else(|| of("arn")).or_else(|| of("name")) {
                    let version = word(of("version_id"));
                    tell(name, Reference { version, ..Reference::to(Holder::Aws, owned(name.of(text))) });
                }
            }
            b"google_secret_manager_secret_version" => {
                if let Some(name) = of("secret") {
                    tell(
                        name,
                        Reference {
                            version: version(),
                            ..Reference::to(Holder::Google, owned(name.of(text)))
                        },
                    );
                }
            }
            b"azurerm_key_vault_secret" => {
                if let Some(name) = of("name") {
                    tell(
                        name,
                        Reference {
                            version: version(),
                            ..Reference::to(Holder::Azure, owned(name.of(text)))
                        },
                    );
                }
            }
            _ => {}
        }
    }
}

/// A store of External Secrets.
struct Store {
    name: String,
    holder: Holder,
    /// The mount that keys lie below, in Vault.
    mount: Option<String>,
}

impl Store {
    fn of(text: &[u8], entries: &[Entry]) -> Option<Self> {
        let kind = named(text, entries, None, "kind")?;
        matches!(kind.of(text), b"SecretStore" | b"ClusterSecretStore").then_some(())?;
        let name = owned(named(text, entries, Some("metadata"), "name")?.of(text));
        let provider = entries.iter().position(|e| e.key.of(text) == b"provider")?;
        let (at, entry) = children(entries, provider).next()?;
        let holder = match entry.key.of(text) {
            b"vault" => Holder::Vault,
            b"aws" => Holder::Aws,
            b"azurekv" => Holder::Azure,
            b"gcpsm" => Holder::Google,
            _ => Holder::Any,
        };
        let mount = child(text, entries, at, "path").filter(|_| holder == Holder::Vault);
        Some(Self {
            name,
            holder,
            mount: mount.map(|span| owned(span.of(text)).trim_matches('/').to_owned()),
        })
    }
}

/// References of one document.
fn manifest(text: &[u8], entries: &[Entry], stores: &[Store], tell: &mut Tell<'_>) {
    for (at, entry) in entries.iter().enumerate() {
        let key = entry.key.of(text);
        if memchr::memmem::find(key, b"/agent-inject-secret-").is_some() {
            tell(entry.value, vault(&owned(entry.value.of(text))));
        } else if key == b"secretPath" {
            let field = siblings(text, entries, at, b"secretKey");
            let field = field.map(|span| owned(span.of(text)));
            tell(entry.value, Reference { field, ..vault(&owned(entry.value.of(text))) });
        }
    }
    let external = named(text, entries, None, "kind")
        .is_some_and(|kind| matches!(kind.of(text), b"ExternalSecret" | b"ClusterExternalSecret"));
    if !external {
        return;
    }
    let store = entries.iter().position(|e| e.key.of(text) == b"secretStoreRef");
    let store = store.and_then(|at| child(text, entries, at, "name")).map(|span| owned(span.of(text)));
    let store = stores.iter().find(|known| Some(&known.name) == store.as_ref());
    for (at, entry) in entries.iter().enumerate() {
        if !matches!(entry.key.of(text), b"remoteRef" | b"extract") {
            continue;
        }
        let of = |name: &str| child(text, entries, at, name);
        let Some(key) = of("key") else { continue };
        let word = |span: Option<Span>| span.map(|span| owned(span.of(text)));
        let holder = store.map_or(Holder::Any, |store| store.holder);
        let path = owned(key.of(text));
        let path = match store.and_then(|store| store.mount.as_ref()) {
            Some(mount) if !path.starts_with(&format!("{mount}/")) => format!("{mount}/{path}"),
            _ => path,
        };
        let (version, field) = (word(of("version")), word(of("property")));
        tell(key, Reference { version, field, ..Reference::to(holder, path) });
    }
}

/// The value of `key` in the same map as the entry at `at`.
fn siblings(text: &[u8], entries: &[Entry], at: usize, key: &[u8]) -> Option<Span> {
    let indent = entries[at].indent;
    let first = (0..=at).rev().find(|&i| entries[i].indent == indent && entries[i].item).unwrap_or(at);
    let rest = &entries[first..];
    let end = rest[1..].iter().position(|e| e.indent < indent || (e.indent == indent && e.item));
    let map = &rest[..end.map_or(rest.len(), |end| end + 1)];
    map.iter().find(|e| e.indent == indent && e.key.of(text) == key).map(|e| e.value)
}

/// Our own mapping.
fn mapping(text: &[u8], tell: &mut Tell<'_>) {
    let Some(table) = mapped(text) else { return };
    let kind = |provider: &str| table.get("providers")?.get(provider)?.get("kind")?.as_str();
    for (name, entry) in table.get("secrets").and_then(toml::Value::as_table).into_iter().flatten() {
        let word = |key: &str| entry.get(key).and_then(toml::Value::as_str);
        let holder = word("provider").and_then(kind);
        let holder = Holder::ALL.into_iter().find(|h| Some(h.as_str()) == holder && *h != Holder::Any);
        let path = word("path").unwrap_or(name);
        // A folder stands for all that lies below it.
        if let (Some(holder), Some(span), false) = (holder, quoted_in(text, path), path.ends_with('*')) {
            let field = word("field").map(str::to_owned);
            tell(span, Reference { field, ..Reference::to(holder, path) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        read(text.as_bytes(), &mut |r| all.extend(r.reference.map(|reference| reference.to_string())));
        all
    }

    #[test]
    fn templates_and_annotations_name_paths_of_vault() {
        assert_eq!(
            found("{{ with secret \"secret/data/db?version=3\" }}{{ .Data.data.password }}{{ end }}"),
            ["vault:secret/data/db?3"]
        );
        assert_eq!(found("{{- with secret \"kv/a\" -}}"), ["vault:kv/a"]);
        assert_eq!(
            found(
                "metadata:\n  annotations:\n    vault.hashicorp.com/agent-inject-secret-db: 'secret/data/db'\n"
            ),
            ["vault:secret/data/db"]
        );
        for text in [
            "{{ with secret \"pki/issue/x\" \"common_name=a\" }}",
            "{{ with secret (printf \"secret/%s\" .x) }}",
            "a secret \"x\" is told",
            "{{ secret \"a/${b}\" }}",
            "{{ secret \"",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn external_secrets_are_read_with_their_store() {
        let external = |store: &str| {
            format!(
                "kind: ExternalSecret\nspec:\n  secretStoreRef:\n    name: {store}\n  data:\n  - secretKey: x\n    remoteRef:\n      key: prod/db\n      property: password\n  dataFrom:\n  - extract:\n      key: prod/all\n"
            )
        };
        let stores = "kind: SecretStore\nmetadata:\n  name: v\nspec:\n  provider:\n    vault:\n      server: https://v\n      path: secret\n---\nkind: ClusterSecretStore\nmetadata:\n  name: a\nspec:\n  provider:\n    aws:\n      service: SecretsManager\n---\n";
        assert_eq!(
            found(&format!("{stores}{}", external("v"))),
            ["vault:secret/prod/db#password", "vault:secret/prod/all"]
        );
        assert_eq!(found(&format!("{stores}{}", external("a")))[0], "aws:prod/db#password");
        assert_eq!(found(&external("elsewhere"))[0], "any:prod/db#password");
        assert!(found(&external("v").replace("ExternalSecret", "PushSecret")).is_empty());
        assert!(found(&external("v").replace("prod/", "{{ .env }}/")).is_empty());
        let driver = "kind: SecretProviderClass\nspec:\n  parameters:\n    objects: |\n      - objectName: a\n        secretPath: \"secret/data/db\"\n        secretKey: \"password\"\n      - objectName: b\n        secretPath: kv/b\n";
        assert_eq!(found(driver), ["vault:secret/data/db#password", "vault:kv/b"]);
    }

    #[test]
    fn terraform_names_secrets_of_every_manager() {
        let text = "data \"vault_kv_secret_v2\" \"a\" {\n  mount = \"secret\"\n  name  = \"db\"\n}\nephemeral \"vault_generic_secret\" \"b\" { path = \"kv/b\" }\ndata \"aws_secretsmanager_secret_version\" \"c\" {\n  secret_id = \"prod/c\"\n}\ndata \"google_secret_manager_secret_version\" \"d\" {\n  secret = \"d\"\n  version = \"4\"\n}\ndata \"azurerm_key_vault_secret\" \"e\" {\n  name = \"e\"\n  key_vault_id = data.x.id\n}\nresource \"aws_secretsmanager_secret\" \"f\" {\n  name = \"made-here\"\n}\ndata \"aws_secretsmanager_secret\" \"g\" {\n  arn = var.arn\n}\n";
        assert_eq!(found(text), ["vault:secret/db", "vault:kv/b", "aws:prod/c", "gcp:d?4", "azure:e"]);
    }

    #[test]
    fn our_own_mapping_is_read() {
        let text = "[providers.v]\nkind = 'vault'\n[providers.here]\nkind = 'file'\n[secrets.db]\nprovider = 'v'\npath = 'secret/db'\nfield = 'password'\n[secrets.'all/*']\nprovider = 'v'\npath = 'secret/all/*'\n[secrets.local]\nprovider = 'here'\npath = 'x'\n"; // leakward:allow
        assert_eq!(found(text), ["vault:secret/db#password"]);
    }
}
