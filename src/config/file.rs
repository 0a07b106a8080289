//! The file's shape, and its way from text to [`Config`].

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::value::Datetime;

use super::error::line_of;
use super::{Config, ConfigError, LiveConsent};
use crate::suppress::{Allow, PathGlobs};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct File {
    scan: Scan,
    rules: Rules,
    allow: Vec<Spanned<Entry>>,
    managers: toml::Table,
    audit: Audit,
    live: Live,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Live {
    allow: Option<OneOrMore>,
    deny: OneOrMore,
    rate: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Audit {
    log: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Scan {
    exclude: Option<Spanned<OneOrMore>>,
    baseline: Option<String>,
    require_reason: bool,
    max_file_size: Option<Spanned<u64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Rules {
    enable: Vec<String>,
    disable: Vec<String>,
    extend: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: Option<OneOrMore>,
    path: Option<OneOrMore>,
    path_regex: Option<Spanned<String>>,
    value: Option<Spanned<String>>,
    line: Option<Spanned<String>>,
    #[serde(default)]
    reason: String,
    expires: Option<Spanned<Datetime>>,
}

/// A string, or a list of strings.
#[derive(Default)]
struct OneOrMore(Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E>(self, one: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore(vec![one.to_owned()]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMore, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = seq.next_element()? {
                    all.push(one);
                }
                Ok(OneOrMore(all))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Where a text is, for errors about it.
struct Source<'t> {
    name: &'t str,
    text: &'t str,
}

impl Source<'_> {
    fn error(
        &self,
        at: &std::ops::Range<usize>,
        cause: impl Into<String>,
        help: Option<&str>,
    ) -> ConfigError {
        ConfigError::new(self.name, Some(line_of(self.text, at)), cause, help.map(str::to_owned))
    }
}

pub(super) fn parse(name: &str, bytes: &[u8]) -> Result<Config, ConfigError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = bytes[..e.valid_up_to()].iter().filter(|&&b| b == b'\n').count() + 1;
        ConfigError::new(name, Some(line), "not UTF-8", None)
    })?;
    let file: File = toml::from_str(text).map_err(|e| ConfigError::of_parser(name, text, &e))?;
    let source = Source { name, text };
    let File { scan, rules: Rules { enable, disable, extend }, allow, managers, audit, live } = file;
    let mut config = Config {
        baseline: scan.baseline,
        require_reason: scan.require_reason,
        max_file_size: scan.max_file_size.map(Spanned::into_inner),
        enable,
        disable,
        extend,
        managers,
        audit_log: audit.log,
        live: LiveConsent { allow: live.allow.map(|globs| globs.0), deny: live.deny.0, rate: live.rate },
        ..Config::default()
    };
    if let Some(exclude) = scan.exclude {
        let at = exclude.span();
        let globs = PathGlobs::new(&exclude.into_inner().0);
        config.exclude = Some(globs.map_err(|e| source.error(&at, format!("scan.exclude: {e}"), None))?);
    }
    for entry in allow {
        read_entry(&source, entry, &mut config)?;
    }
    Ok(config)
}

fn read_entry(source: &Source<'_>, entry: Spanned<Entry>, config: &mut Config) -> Result<(), ConfigError> {
    let at = entry.span();
    let Entry { rule, path, path_regex, value, line, reason, expires } = entry.into_inner();
    let empty = |list: &Option<OneOrMore>| list.as_ref().is_some_and(|l| l.0.is_empty());
    if empty(&rule) || empty(&path) {
        return Err(source.error(&at, "[[allow]]: an empty list allows nothing", None));
    }
    let patterns = [&path_regex, &value, &line];
    if rule.is_none() && path.is_none() && patterns.iter().all(|pattern| pattern.is_none()) {
        let help = "state at least one of rule, path, path_regex, value and line";
        return Err(source.error(&at, "[[allow]] without a condition would allow everything", Some(help)));
    }
    let on_line = line_of(source.text, &at);
    if reason.trim().is_empty() {
        config.warnings.push(format!("{}: line {on_line}: [[allow]] without a reason", source.name));
    }
    let mut allow = Allow::new(reason).stated_at(format!("{}: line {on_line}", source.name));
    if let Some(OneOrMore(ids)) = rule {
        config.allowed_rules.extend(ids.iter().map(|id| (id.clone(), on_line)));
        allow = allow.rules(ids);
    }
    if let Some(OneOrMore(globs)) = path {
        allow = allow.path(&globs).map_err(|e| source.error(&at, format!("[[allow]]: {e}"), None))?;
    }
    if let Some(pattern) = path_regex {
        let cause = |e| format!("[[allow]]: path_regex: {}", in_one_line(e));
        let wrong = |e| source.error(&pattern.span(), cause(e), None);
        allow = allow.path_regex(pattern.get_ref()).map_err(wrong)?;
    }
    if let Some(pattern) = value {
        let wrong = |e| source.error(&pattern.span(), format!("[[allow]]: value: {}", in_one_line(e)), None);
        allow = allow.value(pattern.get_ref()).map_err(wrong)?;
    }
    if let Some(pattern) = line {
        let wrong = |e| source.error(&pattern.span(), format!("[[allow]]: line: {}", in_one_line(e)), None);
        allow = allow.line(pattern.get_ref()).map_err(wrong)?;
    }
    if let Some(expires) = expires {
        let date = date(expires.get_ref()).ok_or_else(|| {
            let help = "write a date, such as 2027-06-30, without quotes; it is the last day on which the entry holds";
            source.error(&expires.span(), "[[allow]]: expires: not a date", Some(help))
        })?;
        allow = allow.expires(date);
    }
    config.allow.push(allow);
    Ok(())
}

fn date(written: &Datetime) -> Option<Date> {
    let date = written.date.filter(|_| written.time.is_none() && written.offset.is_none())?;
    Date::new(i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?)
        .ok()
}

/// The last line of a regular expression's error says what is wrong; those above draw a picture.
fn in_one_line(error: impl std::fmt::Display) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FILE_NAME;
    use crate::rule::RulePack;

    fn config(text: &str) -> Config {
        Config::parse(FILE_NAME, text.as_bytes()).unwrap()
    }

    fn error(text: &str) -> (String, Option<String>) {
        let error = Config::parse(FILE_NAME, text.as_bytes()).unwrap_err();
        (error.to_string(), error.help().map(str::to_owned))
    }

    #[test]
    fn every_key_is_read() {
        let config = config(
            "[scan]\nexclude = ['third_party/**']\nbaseline = 'b.jsonl'\nmax_file_size = 5_000\n\
             require_reason = true\n\
             [rules]\nenable = ['a']\ndisable = ['b']\nextend = ['r.toml']\n\
             [[allow]]\nrule = 'a'\npath = ['tests/**', 'docs/']\nvalue = '^x'\nline = 'y'\nreason = 'z'\n\
             expires = 2027-06-30\n[managers.prod]\nprovider = 'vault'\n\
             [audit]\nlog = 'l'\n[live]\nallow = 'github-*'\ndeny = ['a']\nrate = 2\n",
        );
        assert_eq!(config.exclude.unwrap().patterns(), ["third_party/**"]);
        assert_eq!(config.baseline.as_deref(), Some("b.jsonl"));
        assert_eq!((config.max_file_size, config.require_reason), (Some(5000), true));
        assert_eq!((&config.enable[..], &config.disable[..]), (&["a".to_owned()][..], &["b".to_owned()][..]));
        assert_eq!(config.extend, ["r.toml"]);
        assert_eq!(config.allow[0].reason(), "z");
        assert!(config.managers.contains_key("prod"));
        assert_eq!(config.audit_log.as_deref(), Some("l"));
        assert_eq!(config.live.allow.as_deref(), Some(&["github-*".to_owned()][..]));
        assert_eq!((config.live.deny, config.live.rate), (vec!["a".to_owned()], Some(2)));
        assert!(config.warnings.is_empty());
    }

    #[test]
    fn the_empty_file_says_nothing() {
        let config = config("");
        assert!(config.exclude.is_none() && config.allow.is_empty() && config.warnings.is_empty());
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest() {
        let (message, help) = error("[scan]\n\nexlude = ['x']\n");
        assert_eq!(message, ".leakward.toml: line 3: unknown key exlude");
        assert_eq!(help.as_deref(), Some("did you mean exclude?"));
        let (message, help) = error("[[allow]]\nrule = 'a'\nwhatever = 1\n");
        assert_eq!(message, ".leakward.toml: line 3: unknown key whatever");
        assert_eq!(help.as_deref(), Some("known here: rule, path, path_regex, value, line, reason, expires"));
        assert_eq!(error("[sca]\n").1.as_deref(), Some("did you mean scan?"));
    }

    #[test]
    fn malformed_text_is_one_error_with_a_line() {
        for (text, begin) in [
            ("[scan\nexclude = 1", "line 1: "),
            (
                "[scan]\nexclude = 1",
                "line 2: invalid type: integer `1`, expected a string or a list of strings",
            ),
            ("[scan]\nexclude = [", "line 2: "),
            ("[rules]\ndisable = 'a'", "line 2: invalid type: "),
            ("[scan]\nexclude = ['a[']", "line 2: scan.exclude: path pattern \"a[\": "),
            ("\n[[allow]]\nvalue = '('", "line 3: [[allow]]: value: unclosed group"),
            ("[[allow]]\npath = 'a['", "line 1: [[allow]]: path pattern \"a[\": "),
            ("[[allow]]\nrule = []", "line 1: [[allow]]: an empty list allows nothing"),
            ("[[allow]]\nreason = 'x'", "line 1: [[allow]] without a condition"),
            ("[[allow]]\nrule = 'a'\nexpires = '2027-06-30'", "line 3: "),
            (
                "[[allow]]\nrule = 'a'\nexpires = 2027-06-30T00:00:00Z",
                "line 3: [[allow]]: expires: not a date",
            ),
        ] {
            let (message, _) = error(text);
            assert!(message.starts_with(&format!("{FILE_NAME}: {begin}")), "{text:?}: {message}");
            assert!(!message.contains('\n'), "{message}");
        }
        let latin = Config::parse(FILE_NAME, b"# a\n# \xe9\n").unwrap_err();
        assert_eq!(latin.to_string(), ".leakward.toml: line 2: not UTF-8");
    }

    #[test]
    fn an_allow_entry_without_a_reason_is_warned_of() {
        let config = config("\n[[allow]]\nrule = 'a'\n");
        assert_eq!(config.warnings, [".leakward.toml: line 2: [[allow]] without a reason"]);
    }

    #[test]
    fn an_unknown_rule_is_an_error_where_it_would_silence_others() {
        let mut pack = RulePack::new(["jwt", "github-pat"].map(crate::rule::Rule::named));
        let wrong = config("[rules]\nenable = ['github-pa']").choose(FILE_NAME, &mut pack).unwrap_err();
        assert_eq!(wrong.to_string(), ".leakward.toml: rules.enable: no rule is called github-pa");
        assert_eq!(wrong.help(), Some("did you mean github-pat?"));
        let config =
            config("[rules]\ndisable = ['jwt', 'jwd']\n[[allow]]\nrule = 'github_pat'\nreason = 'r'");
        let warnings = config.choose(FILE_NAME, &mut pack).unwrap();
        assert_eq!(
            warnings,
            [
                ".leakward.toml: rules.disable: no rule is called jwd; did you mean jwt?",
                ".leakward.toml: line 3: [[allow]]: no rule is called github_pat; did you mean github-pat?"
            ]
        );
        assert_eq!(pack.rules().iter().map(|r| r.id.as_ref()).collect::<Vec<_>>(), ["github-pat"]);
    }
}
