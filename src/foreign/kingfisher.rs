//! Rules of kingfisher, as rules of ours.

use serde_yaml_ng::Value;

use super::carried::{RuleText, kebab};
use super::yaml::{keys, parse, strings, text};
use super::{Carried, ForeignError};

/// Reads `source`, the content of the file called `name`.
///
/// # Errors
/// It is not YAML.
pub fn rules(name: &str, source: &str) -> Result<Carried, ForeignError> {
    let file = parse(name, source)?;
    let mut carried = Carried::default();
    for rule in file.get("rules").and_then(Value::as_sequence).into_iter().flatten() {
        add(name, rule, &mut carried);
    }
    Ok(carried)
}

/// Whether `source` is such a file.
pub fn is_rules(source: &str) -> bool {
    let Ok(file) = parse("", source) else { return false };
    let rules = file.get("rules").and_then(Value::as_sequence);
    rules.is_some_and(|rules| {
        rules.iter().any(|rule| ["id", "name", "pattern"].iter().all(|key| rule.get(key).is_some()))
    })
}

fn add(name: &str, rule: &Value, carried: &mut Carried) {
    let said = |key: &str| rule.get(key).and_then(text).unwrap_or_default();
    let of = format!("{name}: rule {}", said("id"));
    let demands = rule.get("pattern_requirements");
    for key in keys(rule) {
        let why = match key {
            "name"
            | "id"
            | "pattern"
            | "confidence"
            | "min_entropy"
            | "examples"
            | "references"
            | "pattern_requirements"
            | "categories" => continue,
            "visible" if rule.get(key).and_then(Value::as_bool) == Some(true) => continue,
            "visible" => "what it finds is reported",
            "validation" | "revocation" => "providers are asked by live checks of our own rules alone",
            "depends_on_rule" => "it is reported whether or not the other rule finds something",
            _ => "nothing here does the same",
        };
        carried.lost.push(format!("{of}: {key}: {why}"));
    }
    for key in demands.into_iter().flat_map(keys).filter(|key| *key != "ignore_if_contains") {
        carried.lost.push(format!("{of}: pattern_requirements.{key}: not asked for, so more may be found"));
    }
    let confidence = match said("confidence").to_lowercase().as_str() {
        "low" => Some("low"),
        "medium" => Some("medium"),
        "high" => Some("high"),
        _ => None,
    };
    let id = said("id");
    let rule = RuleText {
        id: kebab(id.trim_start_matches("kingfisher.")),
        title: &said("name"),
        pattern: said("pattern").trim_end().to_owned(),
        min_entropy: rule.get("min_entropy").and_then(Value::as_f64),
        confidence,
        stopwords: strings(demands.and_then(|d| d.get("ignore_if_contains"))),
        ..RuleText::default()
    };
    match rule.text() {
        Ok(text) => carried.rules.push(text),
        Err(cause) => carried.lost.push(format!("{of}: pattern: {cause}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "rules:\n- name: Acme\n  id: kingfisher.acme.1\n  pattern: |\n    (?xi)\n    \\b acme_\n    \
                         ( [a-z0-9]{20} )\n    \\b\n  min_entropy: 3.0\n  confidence: medium\n  \
                         pattern_requirements:\n    min_digits: 2\n    ignore_if_contains: [sample]\n  \
                         validation: {type: Http}\n";

    #[test]
    fn a_rule_keeps_its_pattern_floor_and_words() {
        assert!(is_rules(RULES) && !is_rules("rules: [a]") && !is_rules("a: ["));
        let carried = rules("k.yml", RULES).unwrap();
        assert_eq!(carried.rules.len(), 1, "{carried:?}");
        let mut pack = crate::rule::RulePack::default();
        crate::rule::load(&mut pack, "x", &carried.rules[0]).unwrap();
        assert!(pack.rule("acme-1").is_some());
        assert!(carried.rules[0].contains("stopwords = ['sample']"), "{carried:?}");
        assert_eq!(carried.lost.len(), 2, "{:?}", carried.lost);
        assert!(carried.lost.iter().any(|lost| lost.contains("min_digits")));
    }
}
