//! JUnit XML, which Jenkins, Azure Pipelines, CircleCI and GitLab show as test results.
//!
//! A finding is a test that failed, a suppressed one a test that was skipped, and what was not scanned a test with
//! an error. A clean run is one test that passed: several readers take a file without tests for a mistake.

use std::io::{self, Write};

use super::plain::plain;
use super::totals::Totals;
use super::view::{View, views};
use super::{Reporter, Summary, verdict};
use crate::model::{Gap, Suppression};

/// Writes JUnit XML.
pub(super) struct JUnit {
    pub(super) show_secrets: bool,
}

impl Reporter for JUnit {
    fn report(&self, summary: &Summary<'_>, out: &mut dyn Write) -> io::Result<()> {
        let totals = Totals::new(summary);
        let skipped = summary.findings.len() - totals.findings;
        let clean = usize::from(summary.findings.is_empty() && totals.gaps == 0);
        let counts = format!(
            "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{skipped}\" time=\"{:.3}\"",
            summary.findings.len() + totals.gaps + clean,
            totals.findings,
            totals.gaps,
            summary.elapsed.unwrap_or_default().as_secs_f64()
        );
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"leakward\" {counts}>")?;
        writeln!(out, "  <testsuite name=\"leakward\" {counts}>")?;
        for view in views(summary.findings, self.show_secrets) {
            finding(&view, &summary.root.prefix, out)?;
        }
        for gap in &summary.tally.gaps {
            missed(gap, out)?;
        }
        if clean == 1 {
            writeln!(out, "    <testcase classname=\"leakward\" name={}/>", text(&totals.verdict()))?;
        }
        let told = [vec![totals.verdict()], totals.details(), summary.tally.notes.clone()].concat();
        writeln!(out, "    <system-out>{}</system-out>", escaped(&told.join("\n"), true))?;
        writeln!(out, "  </testsuite>\n</testsuites>")
    }
}

fn finding(view: &View<'_>, prefix: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let finding = view.finding;
    let start = finding.region.start;
    let path = plain(&[prefix, &view.named_path()].concat());
    let name = format!("{path}:{}:{}: {}", start.line, start.column, finding.rule.title);
    writeln!(
        out,
        "    <testcase classname={} name={} file={}>",
        text(&finding.rule.id),
        text(&name),
        text(&path)
    )?;
    if let Some(by) = &finding.suppressed {
        writeln!(out, "      <skipped message={}/>", text(&suppressed(by)))?;
    } else {
        let message = format!("{}: {}", finding.rule.title, view.secret());
        writeln!(
            out,
            "      <failure type={} message={}>{}</failure>",
            text(finding.severity.as_str()),
            text(&message),
            escaped(&details(view, &path), true)
        )?;
    }
    writeln!(out, "    </testcase>")
}

/// What a person needs to act, one thing on a line.
fn details(view: &View<'_>, path: &str) -> String {
    let finding = view.finding;
    let why: Vec<String> = finding.why.iter().map(|w| plain(w.as_bytes())).collect();
    let mut lines = vec![
        format!("{path}:{}:{}", finding.region.start.line, finding.region.start.column),
        format!("found: {} ({} confidence; {})", view.secret(), finding.confidence.as_str(), why.join(", ")),
    ];
    if let Some(commit) = view.commit() {
        lines.push(format!("commit: {} by {}", commit.id, plain(view.text(&commit.author).as_bytes())));
    }
    lines.extend(finding.verdict.as_deref().map(|v| format!("verdict: {}", verdict::words(v))));
    lines.push(format!("remedy: {}", view.remedy()));
    lines.push(format!("fingerprint: {}", finding.fingerprint));
    lines.join("\n")
}

fn suppressed(by: &Suppression) -> String {
    match by {
        Suppression::Marker(name) => format!("suppressed by the marker {name}"),
        Suppression::Allow(reason) => format!("suppressed by [[allow]]: {reason}"),
        Suppression::Baseline(Some(reason)) => format!("suppressed by the baseline: {reason}"),
        Suppression::Baseline(None) => "suppressed by the baseline".to_owned(),
    }
}

fn missed(gap: &Gap, out: &mut dyn Write) -> io::Result<()> {
    let (what, why) = (plain(&gap.what), plain(gap.why.as_bytes()));
    writeln!(out, "    <testcase classname=\"leakward\" name={}>", text(&format!("{what}: not scanned")))?;
    writeln!(out, "      <error type=\"not scanned\" message={}/>", text(&why))?;
    writeln!(out, "    </testcase>")
}

/// `value` as an attribute's value, quoted.
fn text(value: &str) -> String {
    format!("\"{}\"", escaped(value, false))
}

/// `value` as XML text. What XML cannot hold at all is replaced; line ends stay where `lines`.
fn escaped(value: &str, lines: bool) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' if lines => out.push(c),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Finding, Tally};
    use crate::report::sample;

    const TOKEN: &str = "tok_0123456789abcdefghijklmnopqrstuvWXYZ";

    fn report(findings: &[Finding], tally: &Tally) -> String {
        let mut out = Vec::new();
        let pack = sample::pack();
        JUnit { show_secrets: false }.report(&sample::summary(findings, tally, &pack), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_finding_is_a_failure_and_a_suppressed_one_is_skipped() {
        let found = sample::finding("src/a.py", &format!("\nk='{TOKEN}'"), TOKEN);
        let mut accepted = found.clone();
        accepted.suppressed = Some(Suppression::Baseline(Some("old <ones>".into())));
        let text = report(&[found, accepted], &Tally::default());
        for part in [
            "tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"0.012\"",
            "<testcase classname=\"acme-key\" name=\"src/a.py:2:4: Acme access key\" file=\"src/a.py\">",
            "<failure type=\"critical\" message=\"Acme access key: tok_****************************WXYZ\">",
            "<skipped message=\"suppressed by the baseline: old &lt;ones&gt;\"/>",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn what_was_not_scanned_is_an_error() {
        let mut tally = Tally::default();
        tally.gap("a\u{1b}\"b", "permission denied");
        let text = report(&[], &tally);
        assert!(text.contains("tests=\"1\" failures=\"0\" errors=\"1\""), "{text}");
        assert!(text.contains("name=\"a␛&quot;b: not scanned\""), "{text}");
    }

    #[test]
    fn a_clean_run_is_one_test_that_passed() {
        let text = report(&[], &Tally { blobs: 1, ..Tally::default() });
        assert!(text.contains("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\""), "{text}");
        assert!(text.contains("<testcase classname=\"leakward\" name=\"no secrets found\"/>"), "{text}");
    }

    #[test]
    fn names_cannot_break_out_of_the_xml() {
        let text = report(&[sample::finding("a\"><x>&\n\u{ffff}", TOKEN, TOKEN)], &Tally::default());
        assert!(text.contains("file=\"a&quot;&gt;&lt;x&gt;&amp;␊\u{fffd}\""), "{text}");
    }
}
