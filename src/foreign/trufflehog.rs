//! Custom detectors of trufflehog, as rules.

use serde_yaml_ng::Value;

use super::carried::{AllowText, RuleText, kebab};
use super::yaml::{keys, parse, strings, text};
use super::{Carried, ForeignError, translate_go_regex};

/// Reads `source`, the content of the file called `name`.
///
/// # Errors
/// It is not YAML.
pub fn detectors(name: &str, source: &str) -> Result<Carried, ForeignError> {
    let file = parse(name, source)?;
    let mut carried = Carried::default();
    for key in keys(&file).filter(|key| *key != "detectors") {
        carried.lost.push(format!("{name}: `{key}` is not about custom detectors"));
    }
    let detectors = file.get("detectors").and_then(Value::as_sequence);
    for detector in detectors.into_iter().flatten() {
        add(name, detector, &mut carried);
    }
    Ok(carried)
}

fn add(name: &str, detector: &Value, carried: &mut Carried) {
    let title = detector.get("name").and_then(text).unwrap_or_default();
    let id = kebab(&title);
    let of = format!("{name}: detector {title}");
    let patterns = detector.get("regex").and_then(Value::as_mapping);
    let patterns: Vec<_> =
        patterns.into_iter().flatten().filter_map(|(k, v)| Some((text(k)?, text(v)?))).collect();
    if patterns.is_empty() {
        carried.lost.push(format!("{of}: it has no regex"));
        return;
    }
    for key in keys(detector) {
        let why = match key {
            "name"
            | "keywords"
            | "regex"
            | "entropy"
            | "exclude_words"
            | "exclude_regexes_capture"
            | "exclude_regexes_match"
            | "description" => continue,
            "verify" => "its own verification is not asked; see `leakward verify` and live checks",
            "primary_regex_name" => "each part is reported at its own place",
            _ => "nothing here does the same",
        };
        carried.lost.push(format!("{of}: {key}: {why}"));
    }
    let part = |n: usize| if n == 0 { id.clone() } else { format!("{id}-{}", kebab(&patterns[n].0)) };
    let mut rules = Vec::new();
    for (n, (key, pattern)) in patterns.iter().enumerate() {
        let rule = translate_go_regex(pattern).map_err(|e| e.to_string()).and_then(|pattern| {
            let rule = RuleText {
                id: part(n),
                title: &title,
                pattern,
                min_entropy: detector.get("entropy").and_then(Value::as_f64),
                stopwords: strings(detector.get("exclude_words")),
                requires: if n == 0 { (1..patterns.len()).map(part).collect() } else { Vec::new() },
                ..RuleText::default()
            };
            rule.text()
        });
        match rule {
            Ok(rule) => rules.push(rule),
            Err(cause) => carried.lost.push(format!("{of}: regex {key}: {cause}")),
        }
    }
    if rules.len() == patterns.len() {
        // Parts stand before what requires them.
        carried.rules.extend(rules.into_iter().rev());
        excluded(&of, &id, detector, carried);
    }
}

/// What the detector leaves out.
fn excluded(of: &str, id: &str, detector: &Value, carried: &mut Carried) {
    let rules = [id.to_owned()];
    for key in ["exclude_regexes_capture", "exclude_regexes_match"] {
        for pattern in strings(detector.get(key)) {
            let allow = translate_go_regex(&pattern).map_err(|e| e.to_string()).and_then(|pattern| {
                let allow = AllowText {
                    rules: &rules,
                    reason: "left out by the custom detector",
                    ..AllowText::default()
                };
                // Of the match our entries see the lines that it covers.
                let (value, line) =
                    if key.ends_with("capture") { (Some(&*pattern), None) } else { (None, Some(&*pattern)) };
                AllowText { value, line, ..allow }.text()
            });
            match allow {
                Ok(text) => carried.allow.push(text),
                Err(cause) => carried.lost.push(format!("{of}: {key}: {cause}")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detector_is_a_rule_and_what_it_asks_elsewhere_is_told() {
        let text = "detectors:\n- name: Acme Key\n  keywords: [acme]\n  regex:\n    key: '\\bacme_([a-z0-9]{20})\\b'\n  \
                    entropy: 3.5\n  exclude_words: [sample]\n  exclude_regexes_capture: ['^0000']\n  \
                    verify:\n  - endpoint: http://x\n";
        let carried = detectors("c.yml", text).unwrap();
        assert_eq!(carried.rules.len(), 1, "{carried:?}");
        let rule = &carried.rules[0];
        assert!(rule.contains("id = 'acme-key'") && rule.contains("min_entropy = 3.5"), "{rule}");
        assert!(rule.contains("stopwords = ['sample']"), "{rule}");
        assert!(carried.allow[0].contains("rule = ['acme-key']") && carried.allow[0].contains("^0000"));
        assert_eq!(carried.lost.len(), 1, "{:?}", carried.lost);
        assert!(carried.lost[0].starts_with("c.yml: detector Acme Key: verify: "));
    }

    #[test]
    fn parts_of_a_detector_require_each_other() {
        let text =
            "detectors:\n- name: Pair\n  regex:\n    id: 'id_([a-z]{12})'\n    secret: 'sec_([a-z]{12})'\n";
        let carried = detectors("c.yml", text).unwrap();
        assert_eq!(carried.rules.len(), 2);
        assert!(carried.rules[1].contains("requires = [{ rule = 'pair-secret'"), "{carried:?}");
        let mut pack = crate::rule::RulePack::default();
        crate::rule::load(&mut pack, "x", &carried.rules.concat()).unwrap();
    }

    #[test]
    fn what_cannot_be_read_is_told_without_its_text() {
        let carried = detectors("c.yml", "detectors:\n- name: A\n  regex: {a: '(?=hunter2)'}\n").unwrap();
        assert!(carried.rules.is_empty() && carried.lost[0].contains("look-around"), "{carried:?}");
        let error = detectors("c.yml", "a: [hunter2\n").unwrap_err().to_string();
        assert!(error.starts_with("c.yml: ") && !error.contains("hunter2"), "{error}");
    }
}
