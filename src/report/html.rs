//! One page for people, complete in itself: it asks nobody for anything and works from a disk.
//!
//! The findings go along as JSON in a script element; page.js shows them as text and never as markup. What the page
//! may do is said by its content security policy: run the one script of that hash, use the one style sheet, load nothing.

use std::collections::HashMap;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::plain::plain;
use super::totals::Totals;
use super::view::{View, same_secrets, views};
use super::{Reporter, Summary, place_words, spread, time, verdict};
use crate::model::Suppression;

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// Writes the page.
pub(super) struct Html {
    pub(super) show_secrets: bool,
}

/// What the script reads. Texts that repeat stand once in a table and are named by their number.
#[derive(Serialize)]
struct Data<'s> {
    version: &'static str,
    subject: String,
    verdict: String,
    details: Vec<String>,
    exit_code: u8,
    open: bool,
    notes: Vec<String>,
    gaps: Vec<(String, &'s str)>,
    rules: Vec<Rule<'s>>,
    paths: Vec<String>,
    commits: Vec<Commit>,
    findings: Vec<Entry>,
}

#[derive(Serialize)]
struct Rule<'s> {
    id: &'s str,
    title: &'s str,
    remedy: String,
}

#[derive(Serialize)]
struct Commit {
    id: String,
    author: String,
    date: String,
    message: String,
}

#[derive(Serialize)]
struct Entry {
    /// Numbers of the rule, the path, and the commit.
    r: usize,
    p: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    c: Option<usize>,
    severity: &'static str,
    confidence: &'static str,
    line: u64,
    column: u64,
    place: &'static str,
    /// Findings of one secret have one number.
    same: usize,
    mask: String,
    /// The line before the secret, what stands for it, and after it.
    text: [String; 3],
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    told: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    why: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    spread: Vec<String>,
}

/// Texts, each once, with their numbers.
#[derive(Default)]
struct Table(HashMap<Vec<u8>, usize>);

impl Table {
    /// The number of `key`, and whether it is new.
    fn number(&mut self, key: &[u8]) -> (usize, bool) {
        let next = self.0.len();
        let number = *self.0.entry(key.to_vec()).or_insert(next);
        (number, number == next)
    }
}

impl Reporter for Html {
    fn report(&self, summary: &Summary<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let data = in_a_script(&serde_json::to_string(&self.data(summary))?);
        let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            hash(SCRIPT),
            hash(STYLE)
        );
        let mut rest = PAGE;
        for (name, text) in [("policy", &*policy), ("style", STYLE), ("data", &data), ("script", SCRIPT)] {
            let mark = format!("<!--{name}-->");
            let (before, after) = rest.split_once(&mark).expect("the page has a place for each part");
            out.write_all(before.as_bytes())?;
            out.write_all(text.as_bytes())?;
            rest = after;
        }
        out.write_all(rest.as_bytes())
    }
}

impl Html {
    fn data<'s>(&self, summary: &'s Summary<'s>) -> Data<'s> {
        let totals = Totals::new(summary);
        let same = same_secrets(summary.findings);
        let (mut rules, mut paths, mut commits) = (Table::default(), Table::default(), Table::default());
        let mut data = Data {
            version: env!("CARGO_PKG_VERSION"),
            subject: plain(summary.subject.as_bytes()),
            verdict: totals.verdict(),
            details: totals.details(),
            exit_code: summary.exit_code,
            open: self.show_secrets,
            notes: summary.tally.notes.clone(),
            gaps: summary.tally.gaps.iter().map(|gap| (plain(&gap.what), &*gap.why)).collect(),
            rules: Vec::new(),
            paths: Vec::new(),
            commits: Vec::new(),
            findings: Vec::with_capacity(summary.findings.len()),
        };
        for (view, same) in views(summary.findings, self.show_secrets).zip(same) {
            let rule = &*view.finding.rule;
            let (r, new) = rules.number(rule.id.as_bytes());
            if new {
                data.rules.push(Rule { id: &rule.id, title: &rule.title, remedy: view.remedy() });
            }
            let path = view.path();
            let (p, new) = paths.number(path.as_bytes());
            if new {
                data.paths.push(path);
            }
            let c = view.commit().map(|commit| {
                let (c, new) = commits.number(commit.id.as_bytes());
                if new {
                    data.commits.push(Commit {
                        id: commit.id.clone(),
                        author: plain(view.text(&commit.author).as_bytes()),
                        date: time::rfc3339(commit.time),
                        message: view.text(&commit.message),
                    });
                }
                c
            });
            data.findings.push(Entry { r, p, c, ..entry(&view, same) });
        }
        data
    }
}

fn entry(view: &View<'_>, same: usize) -> Entry {
    let finding = view.finding;
    let shown = view.excerpt();
    let (before, rest) = shown.text.split_at(shown.secret.start);
    let (secret, after) = rest.split_at(shown.secret.len());
    let before = format!("{}{before}", if shown.cut_before { "…" } else { "" });
    Entry {
        r: 0,
        p: 0,
        c: None,
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        line: finding.region.start.line,
        column: finding.region.start.column,
        place: place_words(&finding.origin.place),
        same,
        mask: view.secret(),
        text: [before, secret.to_owned(), after.to_owned()],
        id: finding.fingerprint.to_string(),
        state: finding.verdict.as_deref().map(|verdict| verdict.state().as_str()),
        told: finding.verdict.as_deref().map(verdict::words),
        suppressed: finding.suppressed.as_ref().map(suppressed),
        why: finding.why.iter().map(|why| plain(why.as_bytes())).collect(),
        spread: finding.spread.as_deref().map(|s| spread::words(view, s)).unwrap_or_default(),
    }
}

fn suppressed(by: &Suppression) -> String {
    let text = match by {
        Suppression::Marker(name) => format!("marker {name}"),
        Suppression::Allow(reason) => format!("allowed: {reason}"),
        Suppression::Baseline(Some(reason)) => format!("baseline: {reason}"),
        Suppression::Baseline(None) => "baseline".to_owned(),
    };
    plain(text.as_bytes())
}

/// `json` with no character that could end the script element or begin a comment in it.
fn in_a_script(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::model::Tally;
    use crate::report::sample;

    const TOKEN: &str = "tok_0123456789abcdefghijklmnopqrstuvWXYZ";

    fn page(show_secrets: bool, path: &str, text: &str) -> String {
        let pack = sample::pack();
        let findings = [sample::finding(path, text, TOKEN), sample::finding("z.py", text, TOKEN)];
        let mut out = Vec::new();
        let mut tally = Tally::default();
        tally.gap("</script><b>", "damaged");
        Html { show_secrets }.report(&sample::summary(&findings, &tally, &pack), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn data(page: &str) -> Value {
        let (_, rest) = page.split_once(r#"<script type="application/json" id="data">"#).unwrap();
        serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
    }

    #[test]
    fn values_are_masked_unless_asked_for() {
        let text = format!("key = '{TOKEN}'");
        assert!(!page(false, "a.py", &text).contains(TOKEN));
        let data = data(&page(true, "a.py", &text));
        assert_eq!(data["findings"][0]["text"], serde_json::json!(["key = '", TOKEN, "'"]));
        assert_eq!(data["open"], true);
    }

    #[test]
    fn nothing_found_ends_the_element_that_holds_it() {
        let page = page(false, "</script><script>alert(1)//.py", &format!("<!-- {TOKEN}</script>"));
        let data = data(&page);
        assert_eq!(data["paths"][0], "</script><script>alert(1)//.py");
        assert_eq!(data["findings"][0]["text"][0], "<!-- ");
        assert_eq!(page.matches("<script").count(), 2);
        assert_eq!(page.matches("</script>").count(), 2);
        assert_eq!(data["gaps"][0][0], "</script><b>");
    }

    #[test]
    fn one_secret_in_two_places_has_one_number() {
        let data = data(&page(false, "a.py", &format!("k={TOKEN}")));
        assert_eq!(data["findings"][0]["same"], data["findings"][1]["same"]);
        assert_eq!(
            (data["paths"].as_array().unwrap().len(), data["rules"].as_array().unwrap().len()),
            (2, 1)
        );
    }

    #[test]
    fn the_policy_names_the_script_and_the_style_that_the_page_has() {
        let page = page(false, "a.py", TOKEN);
        let between = |from: &str, to: &str| page.split_once(from).unwrap().1.split_once(to).unwrap().0;
        for (text, kind) in
            [(between("<script>", "</script>"), "script"), (between("<style>", "</style>"), "style")]
        {
            let hash = STANDARD.encode(Sha256::digest(text));
            assert!(page.contains(&format!("{kind}-src 'sha256-{hash}'")), "{kind}");
        }
        assert!(!page.contains("http://") && !page.contains("src=") && !page.contains("@import"));
    }
}
