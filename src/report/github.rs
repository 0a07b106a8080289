//! Annotations of a GitHub workflow: commands that the runner reads from the log.
//!
//! The runner takes any line that begins with `::` for a command. So every text that comes from a file is escaped
//! into its command's own line, and all other lines begin with our name.

use std::cmp::Reverse;
use std::io::{self, Write};

use super::plain::plain;
use super::totals::{Totals, count};
use super::view::{View, views};
use super::{Reporter, Summary, verdict};
use crate::model::Gap;
use crate::rule::Severity;

/// Writes workflow commands.
pub(super) struct Github {
    pub(super) show_secrets: bool,
}

/// Annotations of one kind that GitHub shows per step; it drops the rest without a word.
const MOST: usize = 10;

impl Reporter for Github {
    fn report(&self, summary: &Summary<'_>, out: &mut dyn Write) -> io::Result<()> {
        let totals = Totals::new(summary);
        let views = views(summary.findings, self.show_secrets);
        let mut worst: Vec<View<'_>> = views.filter(|v| v.finding.suppressed.is_none()).collect();
        worst.sort_by_key(|v| Reverse((v.finding.severity, v.finding.confidence)));
        let shown = worst.len().min(MOST - usize::from(totals.gaps > 0));
        if let Some(first) = summary.tally.gaps.first() {
            gaps(first, totals.gaps, out)?;
        }
        for view in &worst[..shown] {
            finding(view, &String::from_utf8_lossy(&summary.root.prefix), out)?;
        }
        if worst.len() > shown {
            let more = count((worst.len() - shown) as u64, "more secret");
            writeln!(out, "::notice title=leakward::{more}; the other reports list them all")?;
        }
        for note in &summary.tally.notes {
            writeln!(out, "::notice title=leakward::{}", escaped(note))?;
        }
        writeln!(out, "leakward: {} · {}", totals.verdict(), totals.details().join(" · "))
    }
}

fn gaps(first: &Gap, all: usize, out: &mut dyn Write) -> io::Result<()> {
    let first = format!("{}: {}", plain(&first.what), plain(first.why.as_bytes()));
    let more = if all > 1 { format!(" (and {} more)", all - 1) } else { String::new() };
    writeln!(out, "::error title=leakward: not scanned::{}{more}", escaped(&first))
}

fn finding(view: &View<'_>, prefix: &str, out: &mut dyn Write) -> io::Result<()> {
    let finding = view.finding;
    let kind = match finding.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "notice",
    };
    let (start, end) = (finding.region.start, finding.region.end);
    let path = format!("{prefix}{}", String::from_utf8_lossy(&view.path_bytes()));
    write!(out, "::{kind} file={},line={}", property(&path), start.line)?;
    // Where the region spans lines the runner ignores columns; it complains about them too.
    if end.line == start.line {
        write!(out, ",col={},endColumn={}", start.column, end.column - 1)?;
    } else {
        write!(out, ",endLine={}", end.line)?;
    }
    let why: Vec<&str> = finding.why.iter().map(AsRef::as_ref).collect();
    let verdict =
        finding.verdict.as_deref().map_or_else(String::new, |v| format!(" Verdict: {}.", verdict::words(v)));
    let message = format!("{} ({}).{verdict} {}", view.secret(), why.join(", "), view.remedy());
    writeln!(out, ",title={}::{}", property(&finding.rule.title), escaped(&message))
}

/// `text` as a command's message.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// `text` as a property of a command.
fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Finding, Tally};
    use crate::report::sample;

    const TOKEN: &str = "tok_0123456789abcdefghijklmnopqrstuvWXYZ";

    fn report(findings: &[Finding], tally: &Tally) -> Vec<String> {
        let mut out = Vec::new();
        let pack = sample::pack();
        Github { show_secrets: false }.report(&sample::summary(findings, tally, &pack), &mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_finding_is_one_command() {
        let lines =
            report(&[sample::finding("src/a.py", &format!("\nk='{TOKEN}'"), TOKEN)], &Tally::default());
        assert_eq!(
            lines[0],
            "::error file=src/a.py,line=2,col=4,endColumn=43,title=Acme access key::\
             tok_****************************WXYZ (prefix tok_, checksum passed). \
             Revoke it at https://acme.example/settings/keys"
        );
        assert!(lines[1].starts_with("leakward: 1 secret in 1 file · "));
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn text_of_files_cannot_begin_a_line_or_a_property() {
        let path = "a\n::stop-commands::x,line=9:%0A.py";
        let mut finding = sample::finding(path, &format!("k={TOKEN}"), TOKEN);
        finding.why = vec!["one\r\n::set-output::".into()];
        let mut tally = Tally::default();
        tally.gap("b\n::error::x", "why\n::error::y");
        tally.notes.push("n\n::error::z".into());
        let lines = report(&[finding], &tally);
        assert!(
            lines[1].starts_with("::error file=a%0A%3A%3Astop-commands%3A%3Ax%2Cline=9%3A%250A.py,line=1,")
        );
        assert_eq!(lines.len(), 4);
        assert!(
            lines
                .iter()
                .all(|l| l.starts_with("::error ") || l.starts_with("::notice ") || l.starts_with("leak"))
        );
    }

    #[test]
    fn the_ten_worst_come_first_and_the_rest_is_counted() {
        let mut findings: Vec<Finding> =
            (0..13).map(|i| sample::finding(&format!("{i:02}"), &format!("k={TOKEN}"), TOKEN)).collect();
        findings[0].severity = Severity::Low;
        findings[1].severity = Severity::Medium;
        let lines = report(&findings, &Tally::default());
        assert_eq!(lines.iter().filter(|l| l.starts_with("::error ")).count(), 10);
        assert!(lines[0].contains("file=02,"));
        assert_eq!(lines[10], "::notice title=leakward::3 more secrets; the other reports list them all");
    }

    #[test]
    fn a_gap_is_an_error_that_ten_findings_do_not_push_out() {
        let findings: Vec<Finding> =
            (0..12).map(|i| sample::finding(&format!("{i:02}"), &format!("k={TOKEN}"), TOKEN)).collect();
        let mut tally = Tally::default();
        tally.gap("locked.txt", "permission denied");
        tally.gap("other.txt", "permission denied");
        let lines = report(&findings, &tally);
        assert_eq!(
            lines[0],
            "::error title=leakward: not scanned::locked.txt: permission denied (and 1 more)"
        );
        assert_eq!(lines.iter().filter(|l| l.starts_with("::error ")).count(), 10);
    }
}
