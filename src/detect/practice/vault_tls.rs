//! Settings of Vault, OpenBao and their clients that send secrets unprotected: TLS off, certificates not checked, plain
//! HTTP to another machine.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::Remark;
use super::braces::{header, inside, opening};
use crate::model::Span;

/// See [`super::Reader::words`].
pub(super) const WORDS: &[&str] = &[
    "tls_disable",
    "tlsDisable",
    "tls_skip_verify",
    "skip_tls_verify",
    "VAULT_SKIP_VERIFY",
    "BAO_SKIP_VERIFY",
    "VAULT_ADDR",
    "BAO_ADDR",
];

/// One setting on a line of its own, or a variable of a container with its value on the next.
static SETTING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"(?m)^[ \t]*(?:-[ \t]+)?(?:export[ \t]+|ENV[ \t]+|name:[ \t]*|[A-Za-z]+:[ \t]*)?["']?"#,
        r#"(?P<name>tls_disable|tlsDisable|tls_skip_verify|skip_tls_verify|(?:VAULT|BAO)_(?:SKIP_VERIFY|ADDR))["']?"#,
        r#"(?:[ \t]*[:=][ \t]*|[ \t]+|["']?,?[ \t]*\r?\n[ \t]*["']?value["']?:[ \t]*)["']?(?P<value>[^"'\s,#]+)"#,
    ))
    .ok()
});

/// What each of `text`'s settings switches off.
pub(super) fn read(text: &[u8], sink: &mut dyn FnMut(Remark)) {
    for found in SETTING.iter().flat_map(|r| r.captures_iter(text)) {
        let (Some(name), Some(value)) = (found.name("name"), found.name("value")) else { continue };
        let on = [&b"true"[..], b"True", b"TRUE", b"1", b"yes"].contains(&value.as_bytes());
        let why = match name.as_bytes() {
            b"tls_disable" | b"tlsDisable" if on && !is_local(text, name.start()) => "TLS is off",
            b"tls_skip_verify" | b"skip_tls_verify" if on && is_of_vault(text, name.start()) => {
                "the server's certificate is not checked"
            }
            b"VAULT_SKIP_VERIFY" | b"BAO_SKIP_VERIFY" if on => "the server's certificate is not checked",
            b"VAULT_ADDR" | b"BAO_ADDR" if is_plain_elsewhere(value.as_bytes()) => {
                "secrets cross the network in plain HTTP"
            }
            _ => continue,
        };
        sink(Remark { span: Span::new(name.start(), value.end()), reference: None, why: why.into() });
    }
}

/// Whether the listener around `at` serves this machine alone.
fn is_local(text: &[u8], at: usize) -> bool {
    let Some(open) = opening(text, at) else { return false };
    let Some(body) = inside(text, open) else { return false };
    let holds = |part: &str| memchr::memmem::find(body.of(text), part.as_bytes()).is_some();
    let unix = memchr::memmem::find(header(text, open), b"unix").is_some();
    unix || ["\"127.0.0.1", "\"localhost", "\"[::1]", "unix://"].into_iter().any(holds)
}

/// Whether the block around `at` is about Vault: other clients have settings of these names.
fn is_of_vault(text: &[u8], at: usize) -> bool {
    let head = opening(text, at).map_or(&b""[..], |open| header(text, open));
    [&b"vault"[..], b"bao"].into_iter().any(|word| memchr::memmem::find(head, word).is_some())
}

/// Whether `address` is plain HTTP to a host that is not this machine, nor a neighbour without a domain.
fn is_plain_elsewhere(address: &[u8]) -> bool {
    let Some(rest) = address.strip_prefix(b"http://") else { return false };
    let host = rest.split(|b| b":/".contains(b)).next().unwrap_or_default();
    let local = [&b"127."[..], b"0.0.0.0", b"10.0.2.2"].iter().any(|start| host.starts_with(start));
    let named = host.iter().all(|b| b.is_ascii_alphanumeric() || b".-".contains(b));
    named
        && host.contains(&b'.')
        && !local
        && !host.ends_with(b".localhost")
        && host != b"host.docker.internal"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        read(text.as_bytes(), &mut |r| all.push(format!("{}: {}", &text[r.span.start..r.span.end], r.why)));
        all
    }

    #[test]
    fn settings_that_switch_protection_off_are_told() {
        let listener = "listener \"tcp\" {\n  address = \"0.0.0.0:8200\"\n  tls_disable = 1\n}\n";
        assert_eq!(found(listener), ["tls_disable = 1: TLS is off"]);
        for text in [
            "export VAULT_SKIP_VERIFY=true\n",
            "ENV VAULT_SKIP_VERIFY 1\n",
            "env:\n  - name: VAULT_SKIP_VERIFY\n    value: \"true\"\n",
            "  BAO_SKIP_VERIFY: 'true'\n",
            "provider \"vault\" {\n  skip_tls_verify = true\n}\n",
            "vault {\n  tls_skip_verify = true\n}\n",
            "global:\n  tlsDisable: true\n",
            "VAULT_ADDR=http://vault.prod.example:8200\n",
            "- name: VAULT_ADDR\n  value: http://vault.vault.svc.cluster.local:8200\n",
        ] {
            assert_eq!(found(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn look_alikes_are_left_alone() {
        for text in [
            "listener \"tcp\" {\n  address = \"127.0.0.1:8200\"\n  tls_disable = true\n}\n",
            "listener \"unix\" {\n  tls_disable = true\n}\n",
            "listener \"tcp\" {\n  tls_disable = 0\n  tls_disable_client_certs = true\n}\n",
            "# tls_disable = 1\n",
            "VAULT_ADDR=https://vault.prod.example:8200\n",
            "VAULT_ADDR=http://127.0.0.1:8200\nVAULT_ADDR=http://localhost:8200\nVAULT_ADDR=http://vault:8200\n",
            "VAULT_ADDR=http://${HOST}:8200\n",
            "VAULT_SKIP_VERIFY=false\n",
            "provider \"rancher\" {\n  skip_tls_verify = true\n}\n",
            "The variable VAULT_SKIP_VERIFY is read\n",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
