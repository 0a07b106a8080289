//! A `.secrets.baseline` of detect-secrets: what it accepts and what its filters leave out.

use serde::Deserialize;
use serde_json::Value;

use super::carried::{Accepted, AllowText, Hashed};
use super::{Carried, ForeignError};

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    plugins_used: Vec<Value>,
    #[serde(default)]
    filters_used: Vec<Value>,
    results: std::collections::BTreeMap<String, Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    hashed_secret: String,
    #[serde(default)]
    line_number: Option<u64>,
    #[serde(default)]
    is_secret: Option<bool>,
}

/// Reads `source`, the content of the file called `name`. What was labelled a real secret is not accepted.
///
/// # Errors
/// It is no such baseline.
pub fn baseline(name: &str, source: &str) -> Result<Carried, ForeignError> {
    // The parser's own message could quote the text.
    let file: File = serde_json::from_str(source).map_err(|e| {
        let cause = format!("line {}, column {}: not a baseline of detect-secrets", e.line(), e.column());
        ForeignError::new(name, cause)
    })?;
    let mut carried = Carried::default();
    let mut real = 0;
    for (path, entries) in file.results {
        let path = path.replace('\\', "/");
        let path = path.trim_start_matches("./");
        for entry in entries {
            if entry.is_secret == Some(true) {
                real += 1;
                continue;
            }
            let label = if entry.is_secret == Some(false) { "labelled no secret" } else { "not labelled" };
            let reason = format!("detect-secrets baseline: {}, {label}", entry.kind);
            let hash = Hashed::Sha1(entry.hashed_secret.to_lowercase());
            carried.accepted.push(Accepted {
                hash,
                path: Some(path.to_owned()),
                line: entry.line_number,
                reason,
            });
        }
    }
    if real > 0 {
        let entries = if real == 1 { "1 entry is".to_owned() } else { format!("{real} entries are") };
        carried.lost.push(format!("{name}: {entries} labelled a real secret: reported until revoked"));
    }
    for filter in &file.filters_used {
        filtered(name, filter, &mut carried);
    }
    let own = file.plugins_used.iter().filter_map(|plugin| plugin["path"].as_str());
    carried.lost.extend(
        own.map(|path| format!("{name}: the plugin {path} is Python: write a rule for what it finds")),
    );
    Ok(carried)
}

/// What one filter leaves out. Those that detect-secrets always runs have counterparts in how we judge values.
fn filtered(name: &str, filter: &Value, carried: &mut Carried) {
    let path = filter["path"].as_str().unwrap_or_default();
    let last = path.rsplit('.').next().unwrap_or_default();
    let pattern = |pattern: &Value| pattern.as_str().map(str::to_owned);
    let patterns: Vec<String> = match &filter["pattern"] {
        Value::Array(all) => all.iter().filter_map(pattern).collect(),
        one => pattern(one).into_iter().collect(),
    };
    if path.starts_with("detect_secrets.filters.wordlist") {
        carried.lost.push(format!("{name}: the word list is not read: write its words as [[allow]] values"));
    } else if path.starts_with("file://") || !path.starts_with("detect_secrets.") {
        carried.lost.push(format!("{name}: the filter {path} is Python"));
    }
    for pattern in patterns {
        let allow = AllowText { reason: "excluded in detect-secrets", ..AllowText::default() };
        let allow = match last {
            "should_exclude_file" => AllowText { path_regex: Some(&pattern), ..allow },
            "should_exclude_line" => AllowText { line: Some(&pattern), ..allow },
            "should_exclude_secret" => AllowText { value: Some(&pattern), ..allow },
            _ => continue,
        };
        match allow.text() {
            Ok(text) => carried.allow.push(text),
            Err(cause) => carried.lost.push(format!("{name}: {last}: {cause}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entry: &str, filters: &str) -> Carried {
        let text = format!(
            r#"{{"version":"1.5.0","plugins_used":[],"filters_used":[{filters}],"results":{{"src\\a.py":[{entry}]}}}}"#
        );
        baseline("b", &text).unwrap()
    }

    #[test]
    fn labels_decide_what_is_accepted() {
        let entry = |label: &str| format!(r#"{{"type":"T","hashed_secret":"AB","line_number":3{label}}}"#);
        let open = read(&entry(""), "");
        assert_eq!(open.accepted[0].path.as_deref(), Some("src/a.py"));
        assert_eq!((open.accepted[0].line, &open.accepted[0].hash), (Some(3), &Hashed::Sha1("ab".into())));
        assert_eq!(read(&entry(r#","is_secret":false"#), "").accepted.len(), 1);
        let real = read(&entry(r#","is_secret":true"#), "");
        assert!(real.accepted.is_empty() && real.lost[0].contains("labelled a real secret"), "{real:?}");
    }

    #[test]
    fn filters_with_patterns_are_entries() {
        let filters = r#"{"path":"detect_secrets.filters.regex.should_exclude_file","pattern":["^docs/"]},
            {"path":"detect_secrets.filters.regex.should_exclude_line","pattern":["(?!x)"]},
            {"path":"detect_secrets.filters.heuristic.is_lock_file"},{"path":"file://own.py::f"}"#;
        let carried = read(r#"{"type":"T","hashed_secret":"AB"}"#, filters);
        assert_eq!(
            carried.allow,
            ["[[allow]]\npath_regex = '^docs/'\nreason = 'excluded in detect-secrets'\n"]
        );
        assert_eq!(carried.lost.len(), 2, "{:?}", carried.lost);
    }

    #[test]
    fn what_is_none_is_told_without_its_text() {
        let error = baseline("b", "{\"results\": hunter2}").unwrap_err().to_string();
        assert!(error.starts_with("b: line 1, ") && !error.contains("hunter2"), "{error}");
    }
}
