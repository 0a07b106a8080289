//! The shape of gitleaks' configuration. Keys that gitleaks does not know are taken as it takes them: in silence
//! there, told here.

use serde::Deserialize;
use toml::Value;

use super::ForeignError;

/// A configuration as its file states it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct File {
    pub(super) extend: Extend,
    pub(super) rules: Vec<Rule>,
    pub(super) allowlist: Option<Allowlist>,
    pub(super) allowlists: Vec<Allowlist>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Extend {
    pub(super) path: String,
    pub(super) url: String,
    #[serde(rename = "usedefault")]
    pub(super) use_default: bool,
    #[serde(rename = "disabledrules")]
    pub(super) disabled_rules: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) regex: String,
    pub(super) path: String,
    #[serde(rename = "secretgroup")]
    pub(super) secret_group: usize,
    pub(super) entropy: f64,
    pub(super) keywords: Vec<String>,
    pub(super) tags: Vec<String>,
    #[serde(rename = "skipreport")]
    pub(super) skip_report: bool,
    pub(super) required: Vec<Required>,
    pub(super) allowlist: Option<Allowlist>,
    pub(super) allowlists: Vec<Allowlist>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Required {
    pub(super) id: String,
    #[serde(rename = "withinlines")]
    pub(super) within_lines: Option<u32>,
    #[serde(rename = "withincolumns")]
    pub(super) within_columns: Option<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Allowlist {
    #[serde(rename = "targetrules")]
    pub(super) target_rules: Vec<String>,
    pub(super) description: String,
    pub(super) condition: String,
    pub(super) commits: Vec<String>,
    pub(super) paths: Vec<String>,
    #[serde(rename = "regextarget")]
    pub(super) regex_target: String,
    pub(super) regexes: Vec<String>,
    #[serde(rename = "stopwords")]
    pub(super) stopwords: Vec<String>,
}

/// Reads `text`, the content of the file called `name`. Keys are read whatever their case, and numbers where decimals
/// are meant, as gitleaks does.
pub(super) fn parse(name: &str, text: &str) -> Result<File, ForeignError> {
    let table: toml::Table =
        toml::from_str(text).map_err(|error| ForeignError::of_parser(name, text, &error))?;
    let lower = lower_case(Value::Table(table));
    lower.try_into().map_err(|e: toml::de::Error| {
        ForeignError::new(name, e.message().lines().collect::<Vec<_>>().join(", "))
    })
}

/// Keys in `text` that gitleaks does not know, such as those that betterleaks adds: `rule x: validate`.
pub(super) fn unknown_keys(text: &str) -> Vec<String> {
    const TOP: &[&str] =
        &["title", "description", "minversion", "extend", "rules", "allowlist", "allowlists"];
    const EXTEND: &[&str] = &["path", "url", "usedefault", "disabledrules"];
    const RULE: &[&str] = &[
        "id",
        "description",
        "regex",
        "path",
        "secretgroup",
        "entropy",
        "keywords",
        "tags",
        "skipreport",
        "required",
        "allowlist",
        "allowlists",
    ];
    let Ok(table) = toml::from_str::<toml::Table>(text) else { return Vec::new() };
    let named = |table: &toml::Table, known: &[&str], of: &str| -> Vec<String> {
        let odd = table.keys().filter(|key| !known.contains(&&*key.to_ascii_lowercase()));
        odd.map(|key| format!("{of}{key}")).collect()
    };
    let mut odd = named(&table, TOP, "");
    let at = |wanted: &str| table.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, v)| v);
    if let Some(Value::Table(extend)) = at("extend") {
        odd.extend(named(extend, EXTEND, "extend."));
    }
    let rules = at("rules").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
    for rule in rules {
        let id = rule.iter().find(|(key, _)| key.eq_ignore_ascii_case("id")).and_then(|(_, v)| v.as_str());
        odd.extend(named(rule, RULE, &format!("rule {}: ", id.unwrap_or("without id"))));
    }
    odd
}

/// The same with every key in lower case, and a lone string or table where a list is meant left as it is.
fn lower_case(value: Value) -> Value {
    match value {
        Value::Table(table) => Value::Table(
            table.into_iter().map(|(key, v)| (key.to_ascii_lowercase(), entry(&key, v))).collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(lower_case).collect()),
        other => other,
    }
}

fn entry(key: &str, value: Value) -> Value {
    match (key.to_ascii_lowercase().as_str(), value) {
        ("entropy", Value::Integer(n)) => Value::Float(n as f64),
        (_, value) => lower_case(value),
    }
}

/// Whether `text` is a configuration of gitleaks rather than one of ours.
pub fn looks_so(text: &str) -> bool {
    const THEIRS: [&str; 7] =
        ["title", "rules", "allowlist", "allowlists", "extend", "minversion", "description"];
    let Ok(Value::Table(table)) = toml::from_str::<toml::Table>(text).map(|t| lower_case(Value::Table(t)))
    else {
        return false;
    };
    table.iter().any(|(key, value)| match key.as_str() {
        // Ours is a table.
        "rules" => value.is_array(),
        key => THEIRS.contains(&key),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_whatever_their_case() {
        let file =
            parse("a", "[[Rules]]\nID = 'x'\nsecretgroup = 2\nEntropy = 3\n[Extend]\nusedefault = true")
                .unwrap();
        let rule = &file.rules[0];
        assert_eq!((rule.id.as_str(), rule.secret_group, rule.entropy), ("x", 2, 3.0));
        assert!(file.extend.use_default);
    }

    #[test]
    fn keys_that_betterleaks_adds_are_named() {
        let text = "minVersion = '1'\nprefilter = 'x'\n[[rules]]\nid = 'a'\nregex = 'b'\nvalidate = 'c'\nfilter = 'd'\n";
        assert_eq!(unknown_keys(text), ["prefilter", "rule a: filter", "rule a: validate"]);
        assert!(unknown_keys("[extend]\nUseDefault = true\n[[Rules]]\nID = 'a'\nKeywords = []\n").is_empty());
    }

    #[test]
    fn a_configuration_of_ours_is_told_from_theirs() {
        assert!(
            looks_so("title = 'x'") && looks_so("[[rules]]\nid = 'a'") && looks_so("[allowlist]\npaths = []")
        );
        assert!(!looks_so("") && !looks_so("[rules]\ndisable = ['a']") && !looks_so("[[allow]]\nrule = 'a'"));
    }

    #[test]
    fn an_error_never_quotes_the_text() {
        let error = parse("a.toml", "\n[[rules]]\nid = hunter2\n").unwrap_err();
        assert!(error.to_string().starts_with("a.toml: line 3: "), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
