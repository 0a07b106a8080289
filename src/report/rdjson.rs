//! rdjson, the diagnostic format of reviewdog. Suppressed findings are left out: they are no diagnostics.
//!
//! Its columns count bytes of UTF-8.

use std::io;

use bstr::ByteSlice;
use serde::Serialize;

use super::plain::plain;
use super::view::{View, views};
use super::{Reporter, Summary, verdict};
use crate::model::Finding;
use crate::rule::Severity;

/// Writes rdjson.
pub(super) struct RdJson {
    pub(super) show_secrets: bool,
}

#[derive(Serialize)]
struct Report<'s> {
    source: Source,
    diagnostics: Vec<Diagnostic<'s>>,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
    url: &'static str,
}

#[derive(Serialize)]
struct Diagnostic<'s> {
    message: String,
    location: Location,
    severity: &'static str,
    code: Code<'s>,
}

#[derive(Serialize)]
struct Location {
    path: String,
    range: Range,
}

#[derive(Serialize)]
struct Range {
    start: At,
    end: At,
}

#[derive(Serialize)]
struct At {
    line: u64,
    column: u64,
}

#[derive(Serialize)]
struct Code<'s> {
    value: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'s str>,
}

impl Reporter for RdJson {
    fn report(&self, summary: &Summary<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let views: Vec<View<'_>> = views(summary.findings, self.show_secrets).collect();
        let open = views.iter().filter(|v| v.finding.suppressed.is_none());
        let diagnostics = open.map(|v| diagnostic(v, &summary.root.prefix)).collect();
        let source = Source { name: env!("CARGO_PKG_NAME"), url: super::HOME };
        serde_json::to_writer_pretty(&mut *out, &Report { source, diagnostics })?;
        out.write_all(b"\n")
    }

    fn warnings(&self, summary: &Summary<'_>) -> Vec<String> {
        match summary.tally.gaps.len() {
            0 => Vec::new(),
            n => vec![format!(
                "rdjson report: it cannot tell that {n} could not be scanned; the exit code does"
            )],
        }
    }
}

fn diagnostic<'v>(view: &'v View<'_>, prefix: &[u8]) -> Diagnostic<'v> {
    let rule = &view.finding.rule;
    let url = Some(&*rule.source).filter(|url| url.starts_with("https://") && !url.contains(' '));
    Diagnostic {
        message: message(view),
        location: Location {
            path: [prefix, &view.named_path()].concat().to_str_lossy().into_owned(),
            range: range(view.finding),
        },
        severity: match view.finding.severity {
            Severity::Critical | Severity::High => "ERROR",
            Severity::Medium => "WARNING",
            Severity::Low => "INFO",
        },
        code: Code { value: &rule.id, url },
    }
}

fn message(view: &View<'_>) -> String {
    let finding = view.finding;
    let why: Vec<String> = finding.why.iter().map(|w| plain(w.as_bytes())).collect();
    let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join(", ")) };
    let verdict = finding.verdict.as_deref().map(|v| format!(". Verdict: {}", verdict::words(v)));
    let verdict = verdict.unwrap_or_default();
    format!("{}: {}{why}{verdict}. {}.", finding.rule.title, view.secret(), view.remedy())
}

/// The secret's place with columns in bytes, as far as the lines around it tell them.
fn range(finding: &Finding) -> Range {
    let (start, end) = (finding.region.start, finding.region.end);
    let excerpt = &finding.excerpt;
    // Measured, not shown.
    let text = excerpt.text.expose();
    let (from, to) = (excerpt.secret.start.min(text.len()), excerpt.secret.end.min(text.len()));
    if from >= to || excerpt.first_line != start.line {
        let at = |p: crate::model::Position| At { line: p.line, column: p.column };
        return Range { start: at(start), end: at(end) };
    }
    let first = excerpt.cut_before + from;
    let before = &text[from..to];
    let last = match before.rfind_byteset(b"\r\n") {
        Some(line_end) if start.line < end.line => before.len() - line_end - 1,
        _ => first + before.len(),
    };
    let at = |line, bytes: usize| At { line, column: bytes as u64 + 1 };
    Range { start: at(start.line, first), end: at(end.line, last) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Suppression, Tally};
    use crate::report::sample;

    const TOKEN: &str = "tok_0123456789abcdefghijklmnopqrstuvWXYZ";

    fn report(findings: &[Finding]) -> Value {
        let (tally, pack) = (Tally::default(), sample::pack());
        let mut out = Vec::new();
        RdJson { show_secrets: false }.report(&sample::summary(findings, &tally, &pack), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn columns_count_bytes() {
        let report = report(&[sample::finding("a.py", &format!("\n# é k='{TOKEN}'"), TOKEN)]);
        let range = &report["diagnostics"][0]["location"]["range"];
        assert_eq!(range["start"], json!({ "line": 2, "column": 9 }));
        assert_eq!(range["end"], json!({ "line": 2, "column": 49 }));
    }

    #[test]
    fn a_secret_of_many_lines_ends_on_its_last() {
        let pem = "-----BEGIN KEY-----\nMIIB\n-----END KEY-----";
        let report = report(&[sample::finding("k.pem", &format!("key: {pem};"), pem)]);
        let range = &report["diagnostics"][0]["location"]["range"];
        assert_eq!(range["start"], json!({ "line": 1, "column": 6 }));
        assert_eq!(range["end"], json!({ "line": 3, "column": 18 }));
    }

    #[test]
    fn a_diagnostic_names_rule_and_remedy() {
        let report = report(&[sample::finding("a.py", TOKEN, TOKEN)]);
        let one = &report["diagnostics"][0];
        assert_eq!((&one["severity"], &one["code"]["value"]), (&"ERROR".into(), &"acme-key".into()));
        assert_eq!(
            one["message"],
            "Acme access key: tok_****************************WXYZ (prefix tok_, checksum passed). Revoke it at \
             https://acme.example/settings/keys."
        );
    }

    #[test]
    fn what_is_suppressed_is_left_out() {
        let mut finding = sample::finding("a", TOKEN, TOKEN);
        finding.suppressed = Some(Suppression::Baseline(None));
        assert_eq!(report(&[finding])["diagnostics"], json!([]));
    }
}
