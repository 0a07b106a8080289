//! CSV by RFC 4180: a header, then one finding on a line.
//!
//! Spreadsheets run a cell that begins with `=`, `+`, `-` or `@` as a formula, and what begins with a tab or carriage
//! return as what follows. Such a cell gets an apostrophe in front, which spreadsheets hide and programs must drop.

use std::io::{self, Write};

use super::plain::plain;
use super::view::{View, views};
use super::{Reporter, Summary, time, verdict};
use crate::model::Suppression;

/// Writes CSV.
pub(super) struct Csv {
    pub(super) show_secrets: bool,
}

/// Names of the columns.
const COLUMNS: [&str; 22] = [
    "severity",
    "confidence",
    "rule",
    "title",
    "path",
    "line",
    "column",
    "end_line",
    "end_column",
    "secret",
    "verdict",
    "verdict_text",
    "commit",
    "author",
    "email",
    "date",
    "message",
    "decoded",
    "why",
    "suppressed",
    "remedy",
    "fingerprint",
];

impl Reporter for Csv {
    fn report(&self, summary: &Summary<'_>, out: &mut dyn Write) -> io::Result<()> {
        row(&COLUMNS.map(str::to_owned), out)?;
        for view in views(summary.findings, self.show_secrets) {
            row(&cells(&view, &summary.root.prefix), out)?;
        }
        Ok(())
    }

    fn warnings(&self, summary: &Summary<'_>) -> Vec<String> {
        match summary.tally.gaps.len() {
            0 => Vec::new(),
            n => {
                vec![format!("CSV report: it cannot tell that {n} could not be scanned; the exit code does")]
            }
        }
    }
}

fn cells(view: &View<'_>, prefix: &[u8]) -> [String; COLUMNS.len()] {
    let finding = view.finding;
    let (start, end) = (finding.region.start, finding.region.end);
    let commit = view.commit();
    let why: Vec<&str> = finding.why.iter().map(AsRef::as_ref).collect();
    let verdict = finding.verdict.as_deref();
    let told = |text: fn(&crate::model::Commit) -> &str| {
        commit.map_or_else(String::new, |commit| view.text(text(commit)))
    };
    [
        finding.severity.as_str().to_owned(),
        finding.confidence.as_str().to_owned(),
        finding.rule.id.to_string(),
        finding.rule.title.to_string(),
        plain(&[prefix, &view.named_path()].concat()),
        start.line.to_string(),
        start.column.to_string(),
        end.line.to_string(),
        end.column.to_string(),
        view.secret(),
        verdict.map_or_else(String::new, |v| v.state().as_str().to_owned()),
        verdict.map_or_else(String::new, verdict::words),
        commit.map_or_else(String::new, |c| c.id.clone()),
        told(|c| &c.author),
        told(|c| &c.email),
        commit.map_or_else(String::new, |c| time::rfc3339(c.time)),
        told(|c| &c.message),
        finding.layers.join(" "),
        why.join(", "),
        finding.suppressed.as_ref().map_or_else(String::new, suppressed),
        view.remedy(),
        finding.fingerprint.to_string(),
    ]
}

fn suppressed(by: &Suppression) -> String {
    match by {
        Suppression::Marker(name) => format!("marker {name}"),
        Suppression::Allow(reason) => format!("allow: {reason}"),
        Suppression::Baseline(Some(reason)) => format!("baseline: {reason}"),
        Suppression::Baseline(None) => "baseline".to_owned(),
    }
}

fn row(cells: &[String], out: &mut dyn Write) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    write!(out, "{}\r\n", cells.join(","))
}

/// `text` as a cell: quoted where it must be, and never a formula.
fn cell(text: &str) -> String {
    // Full-width signs count as their narrow ones where text is read as Japanese.
    const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let runs = text.starts_with(['\t', '\r', '\n']) || text.trim_start().starts_with(SIGNS);
    let defused = if runs { format!("'{text}") } else { text.to_owned() };
    if defused.contains([',', '"', '\r', '\n', ';']) || defused.starts_with(' ') || defused.ends_with(' ') {
        format!("\"{}\"", defused.replace('"', "\"\""))
    } else {
        defused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Finding, Tally};
    use crate::report::sample;

    const TOKEN: &str = "tok_0123456789abcdefghijklmnopqrstuvWXYZ";

    fn report(findings: &[Finding]) -> String {
        let mut out = Vec::new();
        let (tally, pack) = (Tally::default(), sample::pack());
        Csv { show_secrets: false }.report(&sample::summary(findings, &tally, &pack), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_finding_is_a_line_under_the_header() {
        let text = report(&[sample::finding("src/a.py", &format!("\nk='{TOKEN}'"), TOKEN)]);
        let mut lines = text.split("\r\n");
        assert!(lines.next().unwrap().starts_with("severity,confidence,rule,title,path,line,column,"));
        let line = lines.next().unwrap();
        assert!(
            line.starts_with(
                "critical,high,acme-key,Acme access key,src/a.py,2,4,2,44,tok_****************************WXYZ,,,"
            ),
            "{line}"
        );
        assert!(line.contains("\"prefix tok_, checksum passed\""), "{line}");
        assert_eq!(lines.next(), Some(""));
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (text, want) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            (" =1", "' =1"),
            ("＝1", "'＝1"),
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(cell(text), want);
        }
    }

    #[test]
    fn quotes_and_commas_stay_in_their_cell() {
        assert_eq!(cell("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"");
    }

    #[test]
    fn a_path_that_is_a_formula_is_defused_in_the_report() {
        let text = report(&[sample::finding("=HYPERLINK(\"http://x\",\"y\").py", TOKEN, TOKEN)]);
        assert!(text.contains(",\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\").py\","), "{text}");
    }
}
