//! `.gitguardian.yaml` of ggshield: what it ignores.

use serde_yaml_ng::Value;

use super::carried::{Accepted, Hashed};
use super::yaml::{keys, parse, strings, text};
use super::{Carried, ForeignError};

/// Reads `source`, the content of the file called `name`, of its first or second version.
///
/// # Errors
/// It is not YAML.
pub fn settings(name: &str, source: &str) -> Result<Carried, ForeignError> {
    let file = parse(name, source)?;
    let mut carried = Carried::default();
    let top = ["version", "secret", "instance", "verbose", "paths_ignore", "matches_ignore", "exclude"];
    for key in keys(&file).filter(|key| !top.contains(&&*key.replace('-', "_"))) {
        carried.lost.push(format!("{name}: {key}: nothing here does the same"));
    }
    read(name, &file, &["paths_ignore", "exclude"], "matches_ignore", &mut carried);
    if let Some(secret) = file.get("secret") {
        let known = ["ignored_paths", "ignored_matches", "show_secrets", "ignored_detectors"];
        for key in keys(secret) {
            let plain = key.replace('-', "_");
            if plain == "ignored_detectors" {
                let what = strings(secret.get(key)).join(", ");
                let why = "name rules of ours under [rules] disable";
                carried.lost.push(format!("{name}: ignored_detectors ({what}): {why}"));
            } else if !known.contains(&&*plain) {
                carried.lost.push(format!("{name}: secret.{key}: nothing here does the same"));
            }
        }
        read(name, secret, &["ignored_paths"], "ignored_matches", &mut carried);
    }
    Ok(carried)
}

/// What `table` says under its key `paths` and under `matches`, dashes or not.
fn read(name: &str, table: &Value, paths: &[&str], matches: &str, carried: &mut Carried) {
    let of = |wanted: &str| {
        let key = keys(table).find(|key| key.replace('-', "_") == wanted)?;
        table.get(key)
    };
    for path in paths.iter().flat_map(|key| strings(of(key))) {
        // Their patterns are anchored at the root; ours are where they hold a slash.
        let anchored = path.contains('/') || path.contains('*');
        carried.exclude.push(if anchored { path } else { format!("/{path}") });
    }
    for entry in of(matches).and_then(Value::as_sequence).into_iter().flatten() {
        let value = text(entry).or_else(|| entry.get("match").and_then(text));
        let about = entry.get("name").and_then(text).filter(|name| !name.is_empty());
        let about = about.unwrap_or_else(|| "ignored by ggshield".to_owned());
        let Some(value) = value else {
            carried.lost.push(format!("{name}: an ignored match without a value ({about})"));
            continue;
        };
        let is_hash = value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit());
        // A value that stands there as it is need not stand in our files, too.
        let hash =
            if is_hash { Hashed::Sha256(value.to_lowercase()) } else { Hashed::sha256(value.as_bytes()) };
        carried.accepted.push(Accepted { hash, path: None, line: None, reason: about });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_read() {
        let hash = "0".repeat(64);
        let second = format!(
            "version: 2\nsecret:\n  ignored_paths: ['**/README.md', LICENSE]\n  ignored_matches:\n  - name: docs\n    \
             match: {hash}\n  - match: plain+value\n  ignored_detectors: [Generic Password]\nexit_zero: true\n"
        );
        let carried = settings("g.yaml", &second).unwrap();
        assert_eq!(carried.exclude, ["**/README.md", "/LICENSE"]);
        assert_eq!(carried.accepted[0].hash, Hashed::Sha256(hash.clone()));
        assert_eq!(carried.accepted[0].reason, "docs");
        assert!(carried.accepted[1].hash.is_of(b"plain+value"), "{carried:?}");
        assert_eq!(carried.lost.len(), 2, "{:?}", carried.lost);
        let first = format!("paths-ignore: [doc/*]\nmatches-ignore:\n- {hash}\n- name: x\n  match: {hash}\n");
        let carried = settings("g.yaml", &first).unwrap();
        assert_eq!((carried.exclude.len(), carried.accepted.len(), carried.lost.len()), (1, 2, 0));
    }
}
