//! A rule as SARIF describes it; GitHub shows this beside each alert.

use serde_json::Value;
use serde_sarif::sarif::{
    MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor,
};

use super::level;
use crate::rule::{Confidence, Rule, Severity};

/// Characters that GitHub takes of a description.
const MOST_TEXT: usize = 1024;
/// Tags that GitHub shows.
const MOST_TAGS: usize = 10;

/// Describes `rule`.
pub(super) fn descriptor(rule: &Rule) -> ReportingDescriptor {
    let mut descriptor = ReportingDescriptor::builder()
        .id(rule.id.as_ref())
        .short_description(text(cut(format!("{}.", rule.title))))
        .full_description(text(cut(format!(
            "{} found in the scanned content. Whoever can read the content can use it. Format: {}.",
            rule.title, rule.source
        ))))
        .help(help(rule))
        .default_configuration(
            ReportingConfiguration::builder()
                .level(serde_json::to_value(level(rule.severity)).unwrap_or_default())
                .build(),
        )
        .properties(properties(rule))
        .build();
    // A name that is the id in other letters says nothing, and validators object.
    descriptor.name = rule.id.contains('-').then(|| pascal_case(&rule.id));
    descriptor.help_uri = Some(rule.source.clone().into_owned()).filter(|s| s.starts_with("https://"));
    descriptor
}

fn help(rule: &Rule) -> MultiformatMessageString {
    let revoke = rule.revoke.trim_end_matches('.');
    let first = if revoke.contains(' ') { revoke.to_owned() } else { format!("Revoke it at {revoke}") };
    let plain = format!(
        "1. {first}. 2. Replace it where it is used, from a secrets manager or the environment. \
         3. Take it out of the content; it stays in the history, so the order matters. \
         Not a secret? Add `leakward:allow {}` in a comment on its line.",
        rule.id
    );
    let first = if revoke.contains(' ') { first } else { format!("**Revoke it** at <{revoke}>") };
    let markdown = format!(
        "**{}**\n\n1. {first}.\n2. Replace it where it is used, from a secrets manager or the \
         environment.\n3. Take it out of the content; it stays in the history, so the order matters.\n\n\
         Not a secret? Add `leakward:allow {}` in a comment on its line.\n\nFormat: {}",
        rule.title, rule.id, rule.source
    );
    MultiformatMessageString::builder().text(plain).markdown(markdown).build()
}

fn properties(rule: &Rule) -> PropertyBag {
    let fixed = ["security", "secret", "external/cwe/cwe-798"];
    let mut tags: Vec<String> = fixed.iter().map(|t| (*t).to_owned()).collect();
    tags.extend(rule.tags.iter().map(|t| t.clone().into_owned()).filter(|t| !fixed.contains(&t.as_str())));
    tags.truncate(MOST_TAGS);
    let more = [("precision", precision(rule.confidence)), ("security-severity", score(rule.severity))];
    PropertyBag::builder()
        .tags(tags)
        .additional_properties(more.map(|(key, value)| (key.to_owned(), Value::from(value))))
        .build()
}

/// GitHub's word for how seldom the rule errs.
const fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "very-high",
        Confidence::Medium => "high",
        Confidence::Low => "medium",
    }
}

/// A score in the range that GitHub shows under the severity's own name: from 9.0 on critical, 7.0 high, 4.0 medium.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}

fn text(text: String) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text).build()
}

fn cut(text: String) -> String {
    if text.chars().count() <= MOST_TEXT {
        text
    } else {
        text.chars().take(MOST_TEXT - 1).chain(['…']).collect()
    }
}

/// `github-pat` as `GithubPat`, which is how SARIF viewers expect names.
fn pascal_case(id: &str) -> String {
    let capital = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
    };
    id.split('-').map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(rule: &Rule) -> Value {
        serde_json::to_value(descriptor(rule)).unwrap()
    }

    #[test]
    fn a_rule_has_what_github_asks_for() {
        let rule = described(&Rule::named("acme-key"));
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[text]["text"].as_str().unwrap().is_empty(), "{text}");
        }
        assert!(rule["help"]["markdown"].as_str().unwrap().contains("<https://acme.example/settings/keys>"));
        assert_eq!(rule["name"], "AcmeKey");
        assert_eq!(rule["helpUri"], "https://acme.example/docs/keys");
        assert_eq!(rule["defaultConfiguration"]["level"], "error");
        assert_eq!(rule["properties"]["security-severity"], "9.5");
        assert_eq!(rule["properties"]["precision"], "very-high");
        assert_eq!(rule["properties"]["tags"][0], "security");
    }

    #[test]
    fn texts_and_tags_keep_githubs_limits() {
        let tags: Vec<_> = (0..30).map(|i| format!("t{i}").into()).collect();
        let rule = Rule { title: "x".repeat(3000).into(), tags: tags.into(), ..Rule::named("a") };
        let rule = described(&rule);
        assert_eq!(rule["shortDescription"]["text"].as_str().unwrap().chars().count(), 1024);
        assert_eq!(rule["fullDescription"]["text"].as_str().unwrap().chars().count(), 1024);
        assert_eq!(rule["properties"]["tags"].as_array().unwrap().len(), 10);
    }

    #[test]
    fn a_name_is_more_than_the_id_in_other_letters() {
        assert!(described(&Rule::named("jwt")).get("name").is_none());
    }

    #[test]
    fn a_source_that_is_no_link_is_not_linked() {
        let rule = Rule { source: "RFC 7519".into(), ..Rule::named("a") };
        assert!(described(&rule).get("helpUri").is_none());
    }
}
