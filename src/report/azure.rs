//! Logging commands of Azure Pipelines, which its agent reads from the log.
//!
//! The agent takes `##vso[` for a command wherever it stands in a line, so no text from a file may hold it.

use std::cmp::Reverse;
use std::io::{self, Write};

use super::plain::plain;
use super::totals::Totals;
use super::view::{View, views};
use super::{Reporter, Summary, verdict};
use crate::model::Gap;
use crate::rule::Severity;

/// Writes logging commands.
pub(super) struct Azure {
    pub(super) show_secrets: bool,
}

impl Reporter for Azure {
    fn report(&self, summary: &Summary<'_>, out: &mut dyn Write) -> io::Result<()> {
        let totals = Totals::new(summary);
        for gap in &summary.tally.gaps {
            missed(gap, out)?;
        }
        let views = views(summary.findings, self.show_secrets);
        let mut worst: Vec<View<'_>> = views.filter(|v| v.finding.suppressed.is_none()).collect();
        worst.sort_by_key(|v| Reverse((v.finding.severity, v.finding.confidence)));
        for view in &worst {
            finding(view, &summary.root.prefix, out)?;
        }
        for note in &summary.tally.notes {
            writeln!(out, "##vso[task.logissue type=warning]leakward: {}", message(note))?;
        }
        let told = [vec![totals.verdict()], totals.details()].concat().join(" · ");
        writeln!(out, "leakward: {}", message(&told))
    }
}

fn missed(gap: &Gap, out: &mut dyn Write) -> io::Result<()> {
    let told = format!("not scanned: {}: {}", plain(&gap.what), plain(gap.why.as_bytes()));
    writeln!(out, "##vso[task.logissue type=error]leakward: {}", message(&told))
}

fn finding(view: &View<'_>, prefix: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let finding = view.finding;
    let kind = match finding.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium | Severity::Low => "warning",
    };
    let start = finding.region.start;
    let path = [prefix, &view.named_path()].concat();
    write!(out, "##vso[task.logissue type={kind};sourcepath={}", property(&String::from_utf8_lossy(&path)))?;
    write!(out, ";linenumber={};columnnumber={}", start.line, start.column)?;
    let why: Vec<&str> = finding.why.iter().map(AsRef::as_ref).collect();
    let verdict = finding.verdict.as_deref().map(|v| format!(" Verdict: {}.", verdict::words(v)));
    let verdict = verdict.unwrap_or_default();
    let told =
        format!("{}: {} ({}).{verdict} {}", finding.rule.title, view.secret(), why.join(", "), view.remedy());
    writeln!(out, ";code={}]{}", property(&finding.rule.id), message(&told))
}

/// `text` as a message: on one line, and without a command in it.
fn message(text: &str) -> String {
    let line = text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A");
    line.replace("##vso[", "## vso[").replace("##[", "## [")
}

/// `text` as a property of a command.
fn property(text: &str) -> String {
    message(text).replace(';', "%3B").replace(']', "%5D")
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
        Azure { show_secrets: false }.report(&sample::summary(findings, tally, &pack), &mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_finding_is_one_command() {
        let lines =
            report(&[sample::finding("src/a.py", &format!("\nk='{TOKEN}'"), TOKEN)], &Tally::default());
        assert_eq!(
            lines[0],
            "##vso[task.logissue type=error;sourcepath=src/a.py;linenumber=2;columnnumber=4;code=acme-key]\
             Acme access key: tok_****************************WXYZ (prefix tok_, checksum passed). \
             Revoke it at https://acme.example/settings/keys"
        );
        assert!(lines[1].starts_with("leakward: 1 secret in 1 file · "));
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn text_of_files_is_no_command() {
        let path = "a\n##vso[task.setvariable variable=x]y;z%.py";
        let mut finding = sample::finding(path, &format!("k={TOKEN}"), TOKEN);
        finding.why = vec!["one\r\n##vso[task.complete result=Succeeded]".into()];
        let mut tally = Tally::default();
        tally.gap("b##vso[x", "##[error]why");
        tally.notes.push("n ##vso[task.complete]".into());
        let lines = report(&[finding], &tally);
        assert_eq!(lines.len(), 4, "{lines:?}");
        for line in &lines {
            assert!(line.rfind("##vso[").is_none_or(|at| at == 0), "{line}");
            assert!(
                line.starts_with("##vso[task.logissue type=") || line.starts_with("leakward: "),
                "{line}"
            );
        }
        assert!(
            lines[1].contains("sourcepath=a%0A## vso[task.setvariable variable=x%5Dy%3Bz%AZP25.py;"),
            "{lines:?}"
        );
    }

    #[test]
    fn what_was_not_scanned_is_an_error() {
        let mut tally = Tally::default();
        tally.gap("locked.txt", "permission denied");
        let lines = report(&[], &tally);
        assert_eq!(
            lines[0],
            "##vso[task.logissue type=error]leakward: not scanned: locked.txt: permission denied"
        );
    }
}
