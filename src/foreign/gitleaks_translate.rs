//! A configuration of gitleaks as rules and allowlists of ours, by gitleaks' semantics: what extends what, what is
//! merged and what replaces, in which order it is checked.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use regex::bytes::Regex;

use super::gitleaks_toml::{self as toml_file, File};
use super::{ForeignError, names, translate_go_regex};
use crate::rule::{Confidence, Extractor, Requirement, Rule, RulePack, Severity, Text, compile, texts};
use crate::suppress::{Allowlist, Foreign, Target};

/// Reads a file that a configuration extends, by the path that it gives.
pub type Read<'r> = dyn Fn(&str) -> Result<Vec<u8>, String> + 'r;

/// What a configuration of gitleaks comes to.
#[derive(Debug, Default)]
pub struct Translated {
    /// The rules that run.
    pub pack: RulePack,
    /// Ids of rules that run only as parts of others.
    pub parts: Vec<Text>,
    /// Its allowlists.
    pub foreign: Foreign,
    /// What its author should know: lower case, no full stop.
    pub warnings: Vec<String>,
}

/// How often one configuration may extend another.
const DEPTH: usize = 2;

/// A configuration with what it extends merged in.
#[derive(Debug, Default)]
struct Merged {
    rules: BTreeMap<String, Merging>,
    global: Vec<Allowlist>,
    /// Ids that the built-in rules are called by, of rules that are switched off.
    disabled: Vec<String>,
    use_default: bool,
    warnings: Vec<String>,
}

/// A rule as far as it is merged.
#[derive(Debug, Clone)]
struct Merging {
    stated: toml_file::Rule,
    allowlists: Vec<Allowlist>,
}

/// Reads `text`, the configuration called `name`; `defaults` stand for the rules that gitleaks has built in.
///
/// # Errors
/// What gitleaks refuses too: a pattern that is none, a rule that finds nothing, an empty allowlist, a target that
/// does not exist.
pub fn translate(
    name: &str,
    text: &[u8],
    defaults: RulePack,
    read: &Read<'_>,
) -> Result<Translated, ForeignError> {
    let text = std::str::from_utf8(text).map_err(|_| ForeignError::new(name, "not UTF-8"))?;
    let mut targeted = Vec::new();
    let merged = load(name, text, 0, read, &mut targeted)?;
    let mut done = Translated { warnings: merged.warnings, ..Translated::default() };
    done.foreign.global = merged.global;
    if merged.use_default {
        done.pack = defaults;
        for id in &merged.disabled {
            let ours = names::ours_in(id, &done.pack);
            if ours.is_empty() && !merged.rules.contains_key(id) {
                done.warnings.push(format!("{name}: disabledRules: nothing here finds what {id} does"));
            }
            done.pack.retain(|rule| !ours.contains(&&*rule.id));
        }
    }
    for (id, rule) in merged.rules {
        done.add(name, id, rule, merged.use_default)?;
    }
    for (id, list) in targeted {
        done.target(name, &id, &list)?;
    }
    Ok(done)
}

impl Translated {
    /// Adds a rule, or what is said of a rule that is built in.
    fn add(&mut self, name: &str, id: String, merging: Merging, default: bool) -> Result<(), ForeignError> {
        let Merging { stated, allowlists } = merging;
        let wrong = |cause: String| ForeignError::new(name, format!("rule {id}: {cause}"));
        if id.trim().is_empty() {
            return Err(ForeignError::new(name, "a rule without `id`"));
        }
        if stated.regex.is_empty() && stated.path.is_empty() {
            let built_in = names::ours_in(&id, &self.pack);
            if default && !built_in.is_empty() {
                return self.amend(name, &id, &stated, &allowlists, &built_in);
            }
            let help = if default {
                "no built-in rule finds what gitleaks' rule of that id does"
            } else {
                "give `regex`"
            };
            return Err(wrong("both `regex` and `path` are missing".to_owned()).help(help));
        }
        if default {
            self.pack.retain(|rule| !names::ours(&id).contains(&&*rule.id));
        }
        let rule = translate_rule(&id, &stated).map_err(wrong)?;
        if stated.skip_report {
            self.parts.push(rule.id.clone());
        }
        self.pack.insert(rule);
        if !allowlists.is_empty() {
            self.foreign.by_rule.entry(id).or_default().extend(allowlists);
        }
        Ok(())
    }

    /// Carries what is said of gitleaks' default rule `id` over to ours.
    fn amend(
        &mut self,
        name: &str,
        id: &str,
        stated: &toml_file::Rule,
        allowlists: &[Allowlist],
        ours: &[&str],
    ) -> Result<(), ForeignError> {
        for rule in ours {
            self.foreign.by_rule.entry((*rule).to_owned()).or_default().extend_from_slice(allowlists);
        }
        let lost = [
            (stated.entropy != 0.0, "entropy"),
            (stated.secret_group != 0, "secretGroup"),
            (!stated.keywords.is_empty(), "keywords"),
            (!stated.tags.is_empty(), "tags"),
            (!stated.description.is_empty(), "description"),
        ];
        let lost: Vec<_> = lost.iter().filter(|(given, _)| *given).map(|(_, key)| *key).collect();
        if !lost.is_empty() {
            self.warnings.push(format!(
                "{name}: rule {id}: {} of a default rule: the built-in {} keeps its own",
                lost.join(", "),
                ours.join(", ")
            ));
        }
        Ok(())
    }

    /// Gives the allowlist `list` to the rule that it names.
    fn target(&mut self, name: &str, id: &str, list: &Allowlist) -> Result<(), ForeignError> {
        let ours = names::ours_in(id, &self.pack);
        if ours.is_empty() {
            return Err(ForeignError::new(name, format!("allowlists: targetRules: no rule is called {id}")));
        }
        for rule in ours {
            self.foreign.by_rule.entry(rule.to_owned()).or_default().push(list.clone());
        }
        Ok(())
    }
}

/// Reads one file and what it extends. Allowlists for single rules go to `targeted`, of the first file alone.
fn load(
    name: &str,
    text: &str,
    depth: usize,
    read: &Read<'_>,
    targeted: &mut Vec<(String, Allowlist)>,
) -> Result<Merged, ForeignError> {
    let File { extend, rules, allowlist, allowlists } = toml_file::parse(name, text)?;
    let mut merged = Merged::default();
    let odd = toml_file::unknown_keys(text);
    if !odd.is_empty() {
        merged
            .warnings
            .push(format!("{name}: not read, because gitleaks knows no such keys: {}", odd.join(", ")));
    }
    for stated in rules {
        let lists = both(name, &stated.id, stated.allowlist.as_ref(), &stated.allowlists)?;
        let lists = lists.into_iter().map(|list| allowlist_of(name, &stated.id, list));
        let allowlists = lists.collect::<Result<_, _>>()?;
        merged.rules.insert(stated.id.clone(), Merging { stated, allowlists });
    }
    check_required(name, &merged.rules)?;
    for list in both(name, "", allowlist.as_ref(), &allowlists)? {
        let done = allowlist_of(name, "", list)?;
        if let Some(warning) = half_anchored(name, list) {
            merged.warnings.push(warning);
        }
        match &list.target_rules[..] {
            [] => merged.global.push(done),
            ids if depth == 0 => targeted.extend(ids.iter().map(|id| (id.clone(), done.clone()))),
            _ => {}
        }
    }
    if depth < DEPTH {
        merged.extend(name, &extend, depth, read)?;
    } else if extend.use_default || !extend.path.is_empty() {
        merged.warnings.push(format!("{name}: extends another a third time, which gitleaks does not follow"));
    }
    Ok(merged)
}

impl Merged {
    fn extend(
        &mut self,
        name: &str,
        extend: &toml_file::Extend,
        depth: usize,
        read: &Read<'_>,
    ) -> Result<(), ForeignError> {
        if !extend.url.is_empty() {
            self.warnings.push(format!("{name}: extend.url is not followed, nor does gitleaks"));
        }
        if extend.use_default && !extend.path.is_empty() {
            return Err(
                ForeignError::new(name, "extend: both `path` and `useDefault`").help("keep one of them")
            );
        }
        if extend.use_default {
            self.use_default = true;
            self.disabled.clone_from(&extend.disabled_rules);
        } else if !extend.path.is_empty() {
            let wrong =
                |cause: String| ForeignError::new(name, format!("extend.path: {}: {cause}", extend.path));
            let bytes = read(&extend.path).map_err(wrong)?;
            let text = String::from_utf8(bytes).map_err(|_| wrong("not UTF-8".to_owned()))?;
            let base = load(&extend.path, &text, depth + 1, read, &mut Vec::new())?;
            self.merge(name, base, &extend.disabled_rules);
        }
        Ok(())
    }

    /// Merges what is extended: its rules are the base, what was said here comes on top.
    fn merge(&mut self, name: &str, base: Self, disabled: &[String]) {
        for id in disabled.iter().filter(|id| !base.rules.contains_key(*id) && !base.use_default) {
            self.warnings.push(format!("{name}: disabledRules: no rule is called {id}"));
        }
        self.use_default = base.use_default;
        self.disabled = base.disabled;
        self.disabled.extend_from_slice(disabled);
        for (id, mut rule) in base.rules {
            if disabled.contains(&id) {
                continue;
            }
            if let Some(own) = self.rules.remove(&id) {
                rule.amend(own);
            }
            self.rules.insert(id, rule);
        }
        self.global.extend(base.global);
        self.warnings.extend(base.warnings);
    }
}

impl Merging {
    /// Lets `own` come on top. Parts and silence stay the base's, as in gitleaks.
    fn amend(&mut self, own: Self) {
        let Self { stated, allowlists } = own;
        let base = &mut self.stated;
        for (mine, its) in [
            (stated.description, &mut base.description),
            (stated.regex, &mut base.regex),
            (stated.path, &mut base.path),
        ] {
            if !mine.is_empty() {
                *its = mine;
            }
        }
        if stated.entropy != 0.0 {
            base.entropy = stated.entropy;
        }
        if stated.secret_group != 0 {
            base.secret_group = stated.secret_group;
        }
        base.tags.extend(stated.tags);
        base.keywords.extend(stated.keywords);
        self.allowlists.extend(allowlists);
    }
}

/// Every part that a rule asks for must be a rule of the same file.
fn check_required(name: &str, rules: &BTreeMap<String, Merging>) -> Result<(), ForeignError> {
    for (id, rule) in rules {
        if let Some(part) = rule.stated.required.iter().find(|part| !rules.contains_key(&part.id)) {
            let cause = format!("rule {id}: required: no rule is called {}", part.id);
            return Err(ForeignError::new(name, cause).help("a part must be a rule of the same file"));
        }
    }
    Ok(())
}

/// The allowlists of either spelling; both at once are an error.
fn both<'l>(
    name: &str,
    rule: &str,
    one: Option<&'l toml_file::Allowlist>,
    many: &'l [toml_file::Allowlist],
) -> Result<Vec<&'l toml_file::Allowlist>, ForeignError> {
    if one.is_some() && !many.is_empty() {
        let of = if rule.is_empty() { String::new() } else { format!("rule {rule}: ") };
        return Err(ForeignError::new(name, format!("{of}both `allowlist` and `allowlists`"))
            .help("move the one into the list"));
    }
    Ok(one.into_iter().chain(many).collect())
}

fn allowlist_of(name: &str, rule: &str, list: &toml_file::Allowlist) -> Result<Allowlist, ForeignError> {
    let of = if rule.is_empty() { String::new() } else { format!("rule {rule}: ") };
    let wrong = |cause: String| ForeignError::new(name, format!("{of}allowlist: {cause}"));
    let all = match list.condition.to_uppercase().as_str() {
        "AND" | "&&" => true,
        "" | "OR" | "||" => false,
        _ => return Err(wrong("condition is neither AND nor OR".to_owned())),
    };
    let target = match list.regex_target.as_str() {
        "" | "secret" => Target::Secret,
        "match" => Target::Match,
        "line" => Target::Line,
        _ => return Err(wrong("regexTarget is neither secret nor match nor line".to_owned())),
    };
    if [&list.commits, &list.paths, &list.regexes, &list.stopwords]
        .iter()
        .all(|criterion| criterion.is_empty())
    {
        return Err(wrong("it states nothing".to_owned()).help("give commits, paths, regexes or stopwords"));
    }
    let words = || AhoCorasick::builder().ascii_case_insensitive(true).build(&list.stopwords).ok();
    Ok(Allowlist {
        description: list.description.clone(),
        all,
        commits: list.commits.iter().map(|id| id.trim().to_ascii_lowercase()).collect(),
        paths: joined(&list.paths).map_err(|cause| wrong(format!("paths: {cause}")))?,
        regexes: joined(&list.regexes).map_err(|cause| wrong(format!("regexes: {cause}")))?,
        target,
        stopwords: if list.stopwords.is_empty() { None } else { words() },
    })
}

/// One expression for all of `patterns`, joined as gitleaks joins them: flags of one hold in those that follow.
fn joined(patterns: &[String]) -> Result<Option<Regex>, String> {
    if patterns.is_empty() {
        return Ok(None);
    }
    patterns.iter().try_for_each(|one| expression(one).map(drop))?;
    expression(&format!("(?:{})", patterns.join("|"))).map(|(_, regex)| Some(regex))
}

/// `pattern` in our notation, and ready to run.
fn expression(pattern: &str) -> Result<(String, Regex), String> {
    let translated = translate_go_regex(pattern).map_err(|e| e.to_string())?;
    let last = |e: regex::Error| {
        e.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
    };
    let regex = compile(&translated).map_err(last)?;
    Ok((translated, regex))
}

/// Tells of alternatives of which `^` and `$` hold the first and the last alone, as one seldom means it.
fn half_anchored(name: &str, list: &toml_file::Allowlist) -> Option<String> {
    let half = |pattern: &&String| {
        let inside = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$'));
        inside.is_some_and(|inside| inside.contains('|') && !inside.contains(['(', '[', '\\']))
    };
    let count = list.regexes.iter().filter(half).count();
    (count > 0).then(|| {
        format!(
            "{name}: an allowlist holds ^a|b|c$, which lets every value pass that holds b; ^(a|b|c)$ does not"
        )
    })
}

fn translate_rule(id: &str, stated: &toml_file::Rule) -> Result<Rule, String> {
    let path = match stated.path.as_str() {
        "" => None,
        path => Some(expression(path).map_err(|cause| format!("path: {cause}"))?.0),
    };
    let extractor = match stated.regex.as_str() {
        "" => Extractor::PathOnly,
        regex => {
            let (pattern, compiled) = expression(regex).map_err(|cause| format!("regex: {cause}"))?;
            let groups = compiled.captures_len() - 1;
            if stated.secret_group > groups {
                return Err(format!(
                    "secretGroup is {}, but the regex has {groups} groups",
                    stated.secret_group
                ));
            }
            Extractor::Whole(pattern.into())
        }
    };
    let requires = stated.required.iter().map(|part| Requirement {
        rule: part.id.clone().into(),
        within_lines: part.within_lines.unwrap_or(u32::MAX),
        within_columns: part.within_columns,
        mandatory: true,
    });
    Ok(Rule {
        id: id.to_owned().into(),
        title: if stated.description.is_empty() { id.to_owned() } else { stated.description.clone() }.into(),
        severity: Severity::High,
        confidence: Confidence::High,
        keywords: texts(stated.keywords.clone()),
        extractor,
        group: stated.secret_group,
        min_entropy: (stated.entropy != 0.0).then_some(stated.entropy as f32),
        checksum: None,
        path: path.map(Text::Owned),
        stopwords: vec![].into(),
        requires: requires.collect::<Vec<_>>().into(),
        reach: 0,
        source: Text::Borrowed(""),
        revoke: Text::Borrowed("Revoke it where it was issued, then give the service a new one"),
        live: None,
        tags: texts(stated.tags.clone()),
        positive: vec![].into(),
        negative: vec![].into(),
    })
}
