//! The reports of gitleaks, byte for byte, for programs that read them: JSON, CSV and JUnit.
//!
//! It knows neither suppressed findings nor what was not scanned; the exit code still tells the latter. Masked like
//! every format.

mod csv;
mod junit;

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::PrettyFormatter;

use super::view::{View, views};
use super::{Reporter, Summary, time};
use crate::model::{Commit, Finding, Place};
use crate::rule::{Extractor, Rule};

/// Writes a report of gitleaks.
pub(super) struct Gitleaks {
    pub(super) show_secrets: bool,
    pub(super) kind: GitleaksKind,
    /// Percentage of each secret that is cut off, as gitleaks does it; `None`: masked as elsewhere.
    pub(super) redact: Option<u8>,
}

/// A report that gitleaks writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GitleaksKind {
    /// A list.
    #[default]
    Json,
    /// A table.
    Csv,
    /// Failed tests.
    JUnit,
}

/// One finding. Names and order of the fields are gitleaks' (8.30, observed).
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'f> {
    #[serde(rename = "RuleID")]
    rule_id: &'f str,
    description: &'f str,
    start_line: u64,
    end_line: u64,
    start_column: u64,
    end_column: u64,
    #[serde(rename = "Match")]
    matched: String,
    secret: String,
    file: String,
    symlink_file: &'f str,
    commit: &'f str,
    #[serde(serialize_with = "go_float")]
    entropy: f32,
    author: String,
    email: String,
    date: String,
    message: String,
    tags: Vec<String>,
    fingerprint: String,
}

impl Reporter for Gitleaks {
    fn report(&self, summary: &Summary<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let views = views(summary.findings, self.show_secrets);
        let views: Vec<View<'_>> = views.map(|view| view.redacting(self.redact)).collect();
        let open = views.iter().filter(|v| v.finding.suppressed.is_none());
        let entries: Vec<Entry<'_>> = open.map(entry).collect();
        let text = match self.kind {
            GitleaksKind::Json => json(&entries, b" ")? + "\n",
            GitleaksKind::Csv => csv::csv(&entries),
            GitleaksKind::JUnit => junit::junit(&entries)?,
        };
        out.write_all(text.as_bytes())
    }
}

/// `value` as Go writes JSON, `indent` for each level.
fn json(value: &impl Serialize, indent: &[u8]) -> io::Result<String> {
    let mut out = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(indent)))?;
    let mut text = String::from_utf8(out).map_err(io::Error::other)?;
    // Outside of strings none of these stands.
    for (plain, escaped) in [
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ] {
        if text.contains(plain) {
            text = text.replace(plain, escaped);
        }
    }
    Ok(text)
}

/// A number without a point where it is whole.
fn go_float<S: serde::Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    if value.fract() == 0.0 {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f32(*value)
    }
}

fn entry<'v>(view: &'v View<'_>) -> Entry<'v> {
    let finding = view.finding;
    let region = finding.matched_region;
    let columns = finding.matched_offsets;
    let file = String::from_utf8_lossy(&view.path_bytes()).into_owned();
    let none = Commit::default();
    let commit = view.commit();
    let Commit { author, email, message, .. } = commit.unwrap_or(&none);
    let id = commit.map_or("", |c| &c.id);
    // Of a rule that looks at paths alone gitleaks tells no place.
    let by_path = finding.rule.extractor == Extractor::PathOnly;
    let in_text = |n: u64| if by_path { 0 } else { n };
    let place = format!("{file}:{}:{}", finding.rule.id, in_text(region.start.line));
    Entry {
        rule_id: &finding.rule.id,
        description: description(&finding.rule),
        start_line: in_text(region.start.line),
        end_line: in_text(region.end.line),
        start_column: in_text(column(region.start.line, columns.start) + 1),
        end_column: in_text(column(region.end.line, columns.end)),
        matched: if by_path { format!("file detected: {file}") } else { view.matched() },
        secret: view.secret_as_is(),
        symlink_file: "",
        commit: id,
        entropy: finding.entropy,
        author: view.text(author),
        email: view.text(email),
        date: commit.map_or_else(|| no_date(finding).to_owned(), |c| time::rfc3339(c.time)),
        message: view.text(message),
        tags: tags(view),
        fingerprint: if id.is_empty() { place } else { format!("{id}:{place}") },
        file,
    }
}

/// The date where there is no commit: of what is staged, gitleaks prints that of a commit not yet made.
const fn no_date(finding: &Finding) -> &'static str {
    if matches!(finding.origin.place, Place::Index) { "0001-01-01T00:00:00Z" } else { "" }
}

/// The rule's title; a rule of gitleaks' configuration that had none goes by its id here, and by nothing there.
fn description(rule: &Rule) -> &str {
    let foreign = rule.extractor.is_foreign() || rule.extractor == Extractor::PathOnly;
    let nameless = foreign && rule.title == rule.id;
    if nameless { "" } else { &rule.title }
}

/// gitleaks counts columns in bytes, and from the line end before a line, so that all but the first line's are one
/// too high (8.30, observed).
const fn column(line: u64, offset: u64) -> u64 {
    if line > 1 { offset + 1 } else { offset }
}

/// The rule's tags, then one per decoding layer and their number.
fn tags(view: &View<'_>) -> Vec<String> {
    let mut tags: Vec<String> = view.finding.rule.tags.iter().map(|t| t.clone().into_owned()).collect();
    let layers = &view.finding.layers;
    tags.extend(layers.iter().map(|layer| format!("decoded:{layer}")));
    tags.extend(view.finding.verdict.as_ref().map(|v| format!("verdict:{}", v.state().as_str())));
    if !layers.is_empty() {
        tags.push(format!("decode-depth:{}", layers.len()));
    }
    tags
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::model::{Origin, Suppression, Tally};
    use crate::report::sample;

    const TOKEN: &str = "tok_0123456789abcdefghijklmnopqrstuvWXYZ";

    fn report(findings: &[Finding], show_secrets: bool) -> (String, Value) {
        let mut out = Vec::new();
        let (tally, pack) = (Tally::default(), sample::pack());
        Gitleaks { show_secrets, kind: GitleaksKind::Json, redact: None }
            .report(&sample::summary(findings, &tally, &pack), &mut out)
            .unwrap();
        let text = String::from_utf8(out).unwrap();
        let value = serde_json::from_str(&text).unwrap();
        (text, value)
    }

    #[test]
    fn fields_stand_in_gitleaks_order() {
        let (text, _) = report(&[sample::finding("a.py", &format!("k='{TOKEN}'"), TOKEN)], false);
        let keys: Vec<_> = text.lines().filter_map(|l| l.strip_prefix("  \"")?.split_once("\": ")).collect();
        let keys: Vec<_> = keys.into_iter().map(|(key, _)| key).collect();
        assert_eq!(
            keys.join(" "),
            "RuleID Description StartLine EndLine StartColumn EndColumn Match Secret File SymlinkFile Commit \
             Entropy Author Email Date Message Tags Fingerprint"
        );
        assert!(text.starts_with("[\n {\n  \"RuleID\": \"acme-key\",\n"));
    }

    #[test]
    fn no_finding_is_an_empty_list() {
        let mut suppressed = sample::finding("a", TOKEN, TOKEN);
        suppressed.suppressed = Some(Suppression::Marker("leakward:allow"));
        assert_eq!(report(&[], false).0, "[]\n");
        assert_eq!(report(&[suppressed], false).0, "[]\n");
    }

    /// Columns as gitleaks 8.30 gave them for the same texts.
    #[test]
    fn columns_follow_gitleaks_rule() {
        let columns = |text: &str| {
            let (_, report) = report(&[sample::finding("a", text, TOKEN)], false);
            ["StartLine", "EndLine", "StartColumn", "EndColumn"].map(|k| report[0][k].as_u64().unwrap())
        };
        assert_eq!(columns(&format!("token = '{TOKEN}'\n")), [1, 1, 10, 49]);
        assert_eq!(columns(&format!("\n\nhéé token = '{TOKEN}' # x\n")), [3, 3, 17, 56]);
        assert_eq!(columns(&format!("a\r\nkey '{TOKEN}'\r\n")), [2, 2, 7, 46]);
    }

    #[test]
    fn redaction_cuts_off_a_percentage_of_the_bytes() {
        let finding = [sample::finding("a", &format!("k='{TOKEN}' # {TOKEN}"), TOKEN)];
        let told = |percent| {
            let mut out = Vec::new();
            let (tally, pack) = (Tally::default(), sample::pack());
            let report = Gitleaks { show_secrets: true, kind: GitleaksKind::Json, redact: Some(percent) };
            report.report(&sample::summary(&finding, &tally, &pack), &mut out).unwrap();
            let report: Value = serde_json::from_slice(&out).unwrap();
            report[0]["Secret"].as_str().unwrap().to_owned()
        };
        assert_eq!(told(100), "REDACTED");
        assert_eq!(told(90), "tok_...");
        assert_eq!(told(255), "REDACTED");
    }

    #[test]
    fn a_commit_s_fields_are_filled() {
        let mut finding = sample::finding("a.py", TOKEN, TOKEN);
        let commit = Commit {
            order: 0,
            id: "c0ffee".into(),
            author: "A".into(),
            email: "a@b".into(),
            time: 0,
            message: format!("add {TOKEN}"),
        };
        finding.origin = Origin::new("a.py", Place::Commit(Arc::new(commit)));
        finding.layers = vec!["base64", "hex"];
        let (_, report) = report(&[finding], false);
        assert_eq!(report[0]["Date"], "1970-01-01T00:00:00Z");
        assert_eq!(report[0]["Fingerprint"], "c0ffee:a.py:acme-key:1");
        assert_eq!(report[0]["Message"], "add ********");
        assert_eq!(
            report[0]["Tags"],
            serde_json::json!(["cloud", "decoded:base64", "decoded:hex", "decode-depth:2"])
        );
    }

    #[test]
    fn secrets_are_shown_on_demand_alone() {
        let finding = [sample::finding("a", &format!("k='{TOKEN}'"), TOKEN)];
        assert!(!report(&finding, false).0.contains(&TOKEN[4..]));
        let (_, open) = report(&finding, true);
        assert_eq!((&open[0]["Secret"], &open[0]["Match"]), (&TOKEN.into(), &TOKEN.into()));
    }
}
