//! What gitleaks' files say of hits: its allowlists, its `.gitleaksignore`, an earlier report of its as baseline.

use std::collections::HashMap;

use bstr::{BStr, ByteSlice};
use serde::Deserialize;

use super::seen::{Mark, Seen};
use super::{Allowlist, Hit, Marked, Need};
use crate::model::{Reason, Suppression};

/// What gitleaks' files say.
#[derive(Debug, Clone, Default)]
pub struct Foreign {
    /// Allowlists for every rule.
    pub global: Vec<Allowlist>,
    /// Allowlists by the id of the rule that they are for.
    pub by_rule: HashMap<String, Vec<Allowlist>>,
    /// Places that are ignored.
    pub ignored: Ignored,
    /// Findings of an earlier report.
    pub previous: Previous,
    /// Names that gitleaks has for rules, by our id.
    pub names: HashMap<String, Vec<String>>,
    /// Whether a finding must equal one of `previous` in its place too, and only gitleaks' own markers count.
    pub exact: bool,
}

/// The entries of a `.gitleaksignore`: `file:rule:line` or `commit:file:rule:line`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignored {
    entries: HashMap<String, Line>,
}

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    /// File and line.
    place: String,
    /// Whether a comment right above it, or above those before it, says why.
    has_reason: bool,
}

/// A report of gitleaks, in which every finding is known already.
#[derive(Clone, Default)]
pub struct Previous {
    /// By rule and file.
    findings: HashMap<(String, String), Vec<Known>>,
}

/// One finding of gitleaks' JSON; the other fields follow from these or drift with each rebase.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Known {
    #[serde(rename = "RuleID")]
    rule: String,
    file: String,
    commit: String,
    start_line: u64,
    secret: String,
    #[serde(rename = "Match")]
    matched: String,
}

impl Foreign {
    /// The allowlist that lets `hit` pass. One that does not give what `need` asks for leaves a remark.
    pub(super) fn allowed(
        &self,
        hit: &Hit<'_>,
        text: &Marked<'_, '_>,
        need: Need,
        remarks: &mut Vec<Reason>,
    ) -> Option<Suppression> {
        let own = self.by_rule.get(hit.rule).into_iter().flatten();
        // Of files on disk gitleaks leaves out those whose path fits, whatever else a global list asks for.
        let skipped = |list: &&Allowlist| self.exact && hit.on_disk && list.has_path(hit);
        let first = self.global.iter().filter(skipped);
        let fitting = first.chain(self.global.iter().chain(own).filter(|list| list.fits(hit, text)));
        for list in fitting {
            let about = list.description.trim();
            if need.lacks(Some(about)) {
                remarks.push("a gitleaks allowlist without a description does not count".into());
                continue;
            }
            let about = if about.is_empty() { String::new() } else { format!(": {about}") };
            return Some(Suppression::Allow(format!("gitleaks allowlist{about}")));
        }
        None
    }

    /// The entry of the ignore file or the earlier report that knows `hit`. One without what `need` asks for leaves a
    /// remark; the ignore file's is marked in `seen`.
    pub(super) fn known(
        &self,
        hit: &Hit<'_>,
        text: &Marked<'_, '_>,
        need: Need,
        seen: &Seen,
        remarks: &mut Vec<Reason>,
    ) -> Option<Suppression> {
        let names = || {
            let others = self.names.get(hit.rule).into_iter().flatten();
            std::iter::once(hit.rule).chain(others.map(String::as_str))
        };
        let by = |what: &str| Some(Suppression::Baseline(Some(what.to_owned())));
        if let Some((entry, line)) = names().find_map(|rule| self.ignored.entry(hit, rule)) {
            seen.add(Mark::Ignored(entry.clone()));
            if need == Need::Nothing || line.has_reason {
                return by(".gitleaksignore");
            }
            let remark =
                format!("{} has no comment above it that says why, so it does not count", line.place);
            remarks.push(remark.into());
        }
        if names().any(|rule| self.previous.holds(hit, rule, text, self.exact)) {
            if need == Need::Nothing {
                return by("an earlier report of gitleaks");
            }
            remarks.push("an earlier report of gitleaks knows it, but gives no reason".into());
        }
        None
    }
}

impl Ignored {
    /// Adds the entries of `text`, the content of the file called `name`. Returns the lines (from 1) that are none:
    /// they are kept, and fit nothing.
    pub fn add(&mut self, name: &str, text: &[u8]) -> Vec<usize> {
        let mut odd = Vec::new();
        let mut has_reason = false;
        for (line, entry) in (1..).zip(text.to_str_lossy().lines()) {
            let entry = entry.trim();
            if let Some(comment) = entry.strip_prefix('#') {
                has_reason = comment.contains(char::is_alphanumeric);
                continue;
            }
            if entry.is_empty() {
                has_reason = false;
                continue;
            }
            let mut parts: Vec<String> = entry.split(':').map(str::to_owned).collect();
            match parts.len() {
                3 => parts[0] = parts[0].replace('\\', "/"),
                4 => parts[1] = parts[1].replace('\\', "/"),
                _ => odd.push(line),
            }
            let place = format!("{name}: line {line}");
            self.entries.insert(parts.join(":"), Line { place, has_reason });
        }
        odd
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Where the entries stand that name no commit and are not among `seen`, sorted.
    pub(super) fn unmet(&self, seen: &Seen) -> Vec<String> {
        let idle = self.entries.iter().filter(|(entry, _)| {
            entry.split(':').count() == 3 && !seen.has(&Mark::Ignored((*entry).clone()))
        });
        let mut places: Vec<_> = idle.map(|(_, line)| line.place.clone()).collect();
        places.sort_unstable();
        places
    }

    fn entry(&self, hit: &Hit<'_>, rule: &str) -> Option<(&String, &Line)> {
        if self.is_empty() {
            return None;
        }
        let line = if hit.secret.is_empty() { 0 } else { hit.line };
        let place = format!("{}:{rule}:{line}", hit.path.to_str_lossy());
        let of_commit = || self.entries.get_key_value(&format!("{}:{place}", hit.commit?));
        self.entries.get_key_value(&place).or_else(of_commit)
    }
}

impl Previous {
    /// Reads gitleaks' JSON report.
    ///
    /// # Errors
    /// Where the text is none: line and column.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        // The parser's own message could quote the text.
        let findings: Vec<Known> = serde_json::from_slice(text)
            .map_err(|e| format!("line {}, column {}: not a report of gitleaks", e.line(), e.column()))?;
        let mut previous = Self::default();
        for known in findings {
            let place = (known.rule.clone(), known.file.clone());
            previous.findings.entry(place).or_default().push(known);
        }
        Ok(previous)
    }

    fn holds(&self, hit: &Hit<'_>, rule: &str, text: &Marked<'_, '_>, exact: bool) -> bool {
        if self.findings.is_empty() {
            return false;
        }
        let place = (rule.to_owned(), hit.path.to_str_lossy().into_owned());
        let matched = hit.matched.of(text.lines().bytes());
        self.findings.get(&place).is_some_and(|all| all.iter().any(|k| k.is(hit, matched, exact)))
    }
}

impl Known {
    /// Whether it is `hit`. A redacted secret cannot be compared: then the line decides.
    fn is(&self, hit: &Hit<'_>, matched: &[u8], exact: bool) -> bool {
        let redacted = self.secret == "REDACTED" || self.secret.ends_with("...");
        let same_place = self.start_line == if hit.secret.is_empty() { 0 } else { hit.line };
        if exact {
            let same_commit = self.commit == hit.commit.unwrap_or_default();
            let same_text = redacted || (same(&self.secret, hit.secret) && same(&self.matched, matched));
            return same_commit && same_place && (same_text || hit.secret.is_empty());
        }
        if redacted { same_place } else { same(&self.secret, hit.secret) }
    }
}

fn same(text: &str, bytes: &[u8]) -> bool {
    BStr::new(text) == bytes.to_str_lossy().as_bytes()
}

impl Default for Known {
    fn default() -> Self {
        let text = String::new;
        Self { rule: text(), file: text(), commit: text(), start_line: 0, secret: text(), matched: text() }
    }
}

/// Says how much it knows, not what.
impl std::fmt::Debug for Previous {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Previous").field("places", &self.findings.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LineIndex, Span};

    const TEXT: &[u8] = b"\nkey = s3cret\n";

    fn known(foreign: &Foreign) -> Option<Suppression> {
        let lines = LineIndex::new(TEXT);
        let hit = Hit {
            rule: "acme-key",
            path: "src/a.py".into(),
            secret: b"s3cret", // leakward:allow
            matched: Span::new(1, 13),
            commit: Some("c0ffee"),
            line: 2,
            on_disk: true,
        };
        foreign.known(&hit, &Marked::new(&lines), Need::Nothing, &Seen::default(), &mut Vec::new())
    }

    fn ignoring(text: &str) -> Foreign {
        let mut foreign = Foreign::default();
        foreign.ignored.add(".gitleaksignore", text.as_bytes());
        foreign
    }

    #[test]
    fn an_entry_names_file_rule_and_line_and_may_name_the_commit() {
        for entry in ["src/a.py:acme-key:2", "  src\\a.py:acme-key:2 ", "c0ffee:src/a.py:acme-key:2"] {
            assert!(known(&ignoring(entry)).is_some(), "{entry}");
        }
        for entry in ["src/a.py:acme-key:3", "# src/a.py:acme-key:2", "beef:src/a.py:acme-key:2", "acme-key"]
        {
            assert!(known(&ignoring(entry)).is_none(), "{entry}");
        }
    }

    #[test]
    fn an_entry_may_use_gitleaks_name_of_the_rule() {
        let mut foreign = ignoring("src/a.py:acme-token:2");
        foreign.names.insert("acme-key".into(), vec!["acme-token".into()]);
        assert!(known(&foreign).is_some());
    }

    #[test]
    fn odd_lines_are_told() {
        assert_eq!(Ignored::default().add("i", b"a:b:1\n\na:b\n# x:y\nc:\\d:r:1\n1:2:3:4:5"), [3, 6]);
    }

    #[test]
    fn a_comment_gives_the_entries_below_it_a_reason() {
        let mut ignored = Ignored::default();
        ignored.add("i", b"a:r:1\n# test keys\nb:r:1\nc:r:1\n\nd:r:1\n#\ne:r:1\n");
        let mut with: Vec<_> =
            ignored.entries.iter().filter(|(_, l)| l.has_reason).map(|(e, _)| &e[..1]).collect();
        with.sort_unstable();
        assert_eq!(with, ["b", "c"]);
    }

    fn reported(fields: &str, exact: bool) -> bool {
        let text = format!(r#"[{{"RuleID":"acme-key","File":"src/a.py",{fields}}}]"#);
        let previous = Previous::parse(text.as_bytes()).unwrap();
        known(&Foreign { previous, exact, ..Foreign::default() }).is_some()
    }

    #[test]
    fn an_earlier_finding_is_known_by_its_secret() {
        assert!(reported(r#""Secret":"s3cret","StartLine":9"#, false)); // leakward:allow
        assert!(!reported(r#""Secret":"other","StartLine":2"#, false));
        assert!(reported(r#""Secret":"REDACTED","StartLine":2"#, false));
        assert!(!reported(r#""Secret":"REDACTED","StartLine":3"#, false));
    }

    #[test]
    fn an_exact_comparison_wants_the_place_too() {
        let whole = r#""Secret":"s3cret","Match":"key = s3cret","Commit":"c0ffee","StartLine":2"#; // leakward:allow
        assert!(reported(whole, true));
        assert!(!reported(&whole.replace(":2", ":3"), true));
        assert!(!reported(&whole.replace("c0ffee", "beef"), true));
    }

    #[test]
    fn what_is_no_report_is_named_without_its_text() {
        let error = Previous::parse(b"[{\"Secret\": hunter2}]").unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
