//! Markdown, for step summaries and comments. Everything from files is escaped.

use std::fmt::Write as _;
use std::io;

use super::plain::plain;
use super::totals::{Totals, count};
use super::view::{View, views};
use super::{Reporter, Summary, verdict};

/// Writes Markdown.
pub(super) struct Markdown {
    pub(super) show_secrets: bool,
}

/// Size in bytes beyond which findings are counted instead of listed. GitHub drops a step summary above 1,024 kB
/// whole. Source: its documentation of job summaries.
const LIMIT: usize = 900_000;
/// Gaps that are listed; the rest is counted.
const MOST_GAPS: usize = 50;

impl Reporter for Markdown {
    fn report(&self, summary: &Summary<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let totals = Totals::new(summary);
        let title = match (totals.findings, totals.gaps) {
            (0, 0) => capital(&totals.verdict()),
            (0, _) => "The scan is incomplete".to_owned(),
            (n, _) => format!("{} found", count(n as u64, "secret")),
        };
        // Writing to a string cannot fail.
        let mut text = format!("### Leakward: {title}\n\n");
        let _ = writeln!(text, "{}.\n", capital(&escape(&totals.details().join(" · "))));
        for note in &summary.tally.notes {
            let _ = writeln!(text, "> {}\n", escape(note));
        }
        gaps(summary, &mut text);
        let views: Vec<View<'_>> = views(summary.findings, self.show_secrets).collect();
        let (accepted, open): (Vec<_>, Vec<_>) = views.iter().partition(|v| v.finding.suppressed.is_some());
        table(&open, &summary.root.prefix, &mut text);
        if !accepted.is_empty() {
            let _ = writeln!(text, "**Suppressed** ({}):\n", accepted.len());
            table(&accepted, &summary.root.prefix, &mut text);
        }
        out.write_all(text.as_bytes())
    }
}

fn gaps(summary: &Summary<'_>, text: &mut String) {
    let gaps = &summary.tally.gaps;
    if gaps.is_empty() {
        return;
    }
    let _ = writeln!(text, "**Not scanned** ({}):\n", gaps.len());
    for gap in gaps.iter().take(MOST_GAPS) {
        let _ = writeln!(text, "- {}: {}", escape(&plain(&gap.what)), escape(&gap.why));
    }
    if let Some(more) = gaps.len().checked_sub(MOST_GAPS).filter(|&n| n > 0) {
        let _ = writeln!(text, "- … and {more} more");
    }
    text.push('\n');
}

fn table(views: &[&View<'_>], prefix: &[u8], text: &mut String) {
    if views.is_empty() {
        return;
    }
    let verdicts = views.iter().any(|v| v.finding.verdict.is_some());
    let (head, line) = if verdicts { (" verdict |", "---|") } else { ("", "") };
    let _ =
        writeln!(text, "| severity | rule | place | secret |{head} remedy |\n|---|---|---|---|{line}---|");
    for (i, view) in views.iter().enumerate() {
        let row = row(view, prefix, verdicts);
        if text.len() + row.len() > LIMIT {
            let _ = writeln!(text, "\n… and {} more: see the report.\n", views.len() - i);
            return;
        }
        text.push_str(&row);
    }
    text.push('\n');
}

fn row(view: &View<'_>, prefix: &[u8], verdicts: bool) -> String {
    let finding = view.finding;
    let at = view.commit().map(|c| format!(" in {}", escape(c.id.get(..10).unwrap_or(&c.id))));
    let verdict = finding.verdict.as_deref().map(|v| escape(&verdict::words(v))).unwrap_or_default();
    format!(
        "| {} | {} | {}:{}{} | {} |{} {} |\n",
        finding.severity.as_str(),
        escape(&finding.rule.title),
        escape(&plain(&[prefix, &view.named_path()].concat())),
        finding.region.start.line,
        at.unwrap_or_default(),
        verbatim(&view.secret()),
        if verdicts { format!(" {verdict} |") } else { String::new() },
        escape(&finding.rule.revoke),
    )
}

/// `text` with its first letter in upper case.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `text` as code, where no character of it could end the code or the cell.
fn verbatim(text: &str) -> String {
    let tame = |c: char| c.is_ascii_graphic() && !"`|\\<>&".contains(c);
    if !text.is_empty() && text.chars().all(tame) { format!("`{text}`") } else { escape(text) }
}

/// Takes the meaning that Markdown and HTML give to characters from them.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '!' | '\\' | '~' | '#' | '@' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Commit, Finding, Origin, Place, Suppression, Tally, Verdict};
    use crate::report::sample;

    const TOKEN: &str = "tok_0123456789abcdefghijklmnopqrstuvWXYZ";

    fn report(findings: &[Finding], tally: &Tally) -> String {
        let mut out = Vec::new();
        let pack = sample::pack();
        Markdown { show_secrets: false }.report(&sample::summary(findings, tally, &pack), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn found(path: &str) -> Finding {
        sample::finding(path, &format!("\n\nk='{TOKEN}'"), TOKEN)
    }

    #[test]
    fn a_finding_is_a_row() {
        let mut finding = found("src/a.py");
        let commit = Commit { id: "0123456789abcdef".into(), ..Commit::default() };
        finding.origin = Origin::new("src/a.py", Place::Commit(Arc::new(commit)));
        let mut tally = Tally::default();
        tally.notes.push("the range edits .leakward.toml".into());
        let text = report(&[finding], &tally);
        assert!(text.starts_with("### Leakward: 1 secret found\n"), "{text}");
        assert!(
            text.contains(
                "| critical | Acme access key | src/a.py:3 in 0123456789 | `tok_****************************WXYZ` | \
                 https://acme.example/settings/keys |\n"
            ),
            "{text}"
        );
        assert!(text.contains("> the range edits .leakward.toml"), "{text}");
    }

    #[test]
    fn a_path_cannot_break_out_of_its_cell() {
        let text = report(&[found("a|b\n<img src=x>`")], &Tally::default());
        assert!(text.contains("a&#124;b␊&lt;img src=x&gt;&#96;:3"), "{text}");
    }

    #[test]
    fn a_secret_that_could_end_its_code_is_escaped() {
        assert_eq!(verbatim("ab**cd"), "`ab**cd`");
        assert_eq!(verbatim("a`b|c"), "a&#96;b&#124;c");
    }

    #[test]
    fn a_report_is_cut_before_the_service_drops_it() {
        let findings = vec![found(&"x".repeat(2000)); 1000];
        let text = report(&findings, &Tally::default());
        assert!(text.len() < LIMIT + 1000);
        assert!(text.contains("more: see the report."));
    }

    #[test]
    fn an_incomplete_scan_is_never_called_clean() {
        let mut tally = Tally::default();
        tally.gap("b.txt", "permission denied");
        let text = report(&[], &tally);
        assert!(text.starts_with("### Leakward: The scan is incomplete"), "{text}");
        assert!(text.contains("- b.txt: permission denied"), "{text}");
        assert!(report(&[], &Tally::default()).starts_with("### Leakward: Nothing was scanned"));
    }

    #[test]
    fn verdicts_have_a_column_where_there_are_any() {
        let mut finding = found("a");
        finding.verdict = Some(Box::new(Verdict::Unmanaged));
        let text = report(&[finding, found("b")], &Tally::default());
        assert!(text.contains("| severity | rule | place | secret | verdict | remedy |\n"), "{text}");
        assert!(text.contains("| unmanaged: your secrets manager does not hold it |"), "{text}");
        let rows: Vec<_> =
            text.lines().filter(|l| l.starts_with('|')).map(|l| l.matches('|').count()).collect();
        assert_eq!(rows, [7; 4], "{text}");
    }

    #[test]
    fn suppressed_findings_stand_apart() {
        let mut accepted = found("b");
        accepted.suppressed = Some(Suppression::Baseline(None));
        let text = report(&[found("a"), accepted], &Tally::default());
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}\n{text}"));
        assert!(at("| a:3") < at("**Suppressed** (1)") && at("**Suppressed** (1)") < at("| b:3"));
    }
}
