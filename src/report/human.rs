//! Text for people: each finding with its line, the secret masked and underlined; then what was scanned.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use super::plain::plain;
use super::totals::Totals;
use super::view::{View, views};
use super::{Reporter, Summary, spread, time, verdict};
use crate::model::{Gap, Place, Suppression};
use crate::rule::{Confidence, Severity};

/// Writes text for people.
pub(super) struct Human {
    pub(super) show_secrets: bool,
    pub(super) color: bool,
    /// Columns of the terminal.
    pub(super) width: usize,
    /// Whether findings are shown, or their number alone.
    pub(super) findings: bool,
}

/// Gaps that are listed; the rest is counted. The other formats list them all.
const MOST_GAPS: usize = 20;

impl Reporter for Human {
    fn report(&self, summary: &Summary<'_>, out: &mut dyn Write) -> io::Result<()> {
        let renderer = if self.color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.term_width(self.width);
        let shown = if self.findings { summary.findings } else { &[] };
        for view in views(shown, self.show_secrets) {
            write!(out, "{}\n\n", self.finding(&view, &renderer))?;
        }
        for note in &summary.tally.notes {
            self.line(out, AnsiColor::Green, "note", &plain(note.as_bytes()))?;
        }
        self.gaps(&summary.tally.gaps, out)?;
        self.totals(&Totals::new(summary), out)
    }
}

impl Human {
    /// One finding.
    fn finding(&self, view: &View<'_>, renderer: &Renderer) -> String {
        let finding = view.finding;
        let (path, first_line) = (view.path(), finding.excerpt.first_line);
        let shown = view.excerpt();
        let dots = if shown.cut_before { "…" } else { "" };
        let text = format!("{dots}{}", shown.text);
        let span = shown.secret.start + dots.len()..shown.secret.end + dots.len();
        let column_shown = text[..span.start].chars().count() + 1;
        let why = why(view);
        let fits = self.fits(first_line, &text, span.end, &why);
        let label = fits.then(|| why.clone());
        let snippet = Snippet::source(text)
            .line_start(first_line as usize)
            .path(path.as_str())
            .annotation(AnnotationKind::Primary.span(span).label(label));
        let title = level(view).primary_title(finding.rule.title.as_ref()).id(finding.rule.id.as_ref());
        let mut group: Group<'_> = title.element(snippet);
        if !fits {
            group = group.element(Level::NOTE.message(why));
        }
        if finding.suppressed.is_none() {
            group = group.element(Level::HELP.message(view.remedy()));
        }
        for note in notes(view) {
            group = group.element(Level::NOTE.message(note));
        }
        // The renderer counts the column in the text that it is given, in which masks stand and which may be cut.
        let place = |column| format!("{path}:{first_line}:{column}");
        let column = finding.region.start.column;
        renderer.render(&[group]).replacen(&place(column_shown as u64), &place(column), 1)
    }

    /// Whether `why` fits behind the underline that ends below `text[end]`, on line `line`.
    fn fits(&self, line: u64, text: &str, end: usize, why: &str) -> bool {
        // The number, a blank, a bar, a blank.
        let margin = line.to_string().len() + 3;
        let columns = |text: &str| text.width() + 3 * text.matches('\t').count();
        margin + columns(text) <= self.width
            && margin + columns(&text[..end]) + 1 + columns(why) <= self.width
    }

    fn gaps(&self, gaps: &[Gap], out: &mut dyn Write) -> io::Result<()> {
        for gap in gaps.iter().take(MOST_GAPS) {
            let text = format!("{}: {}", plain(&gap.what), plain(gap.why.as_bytes()));
            self.line(out, AnsiColor::Yellow, "not scanned", &text)?;
        }
        match gaps.len().saturating_sub(MOST_GAPS) {
            0 => Ok(()),
            more => {
                self.line(out, AnsiColor::Yellow, "not scanned", &format!("{more} more (see --format json)"))
            }
        }
    }

    /// The last line: what was found, in what.
    fn totals(&self, totals: &Totals<'_>, out: &mut dyn Write) -> io::Result<()> {
        let color = if totals.findings > 0 || totals.gaps > 0 { AnsiColor::Red } else { AnsiColor::Green };
        let [on, off] = self.style(color.on_default().bold());
        writeln!(out, "{on}{}{off} · {}", totals.verdict(), totals.details().join(" · "))
    }

    fn line(&self, out: &mut dyn Write, color: AnsiColor, name: &str, text: &str) -> io::Result<()> {
        let [on, off] = self.style(color.on_default().bold());
        writeln!(out, "{on}{name}{off}: {text}")
    }

    /// What switches `style` on and off.
    fn style(&self, style: Style) -> [String; 2] {
        if self.color {
            [style.render().to_string(), style.render_reset().to_string()]
        } else {
            Default::default()
        }
    }
}

fn level<'v>(view: &View<'_>) -> Level<'v> {
    if view.finding.suppressed.is_some() {
        return Level::NOTE.with_name("suppressed");
    }
    let severity = view.finding.severity;
    let level = match severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::INFO,
    };
    level.with_name(severity.as_str())
}

/// Why it fired, and how far it reaches.
fn why(view: &View<'_>) -> String {
    let finding = view.finding;
    let mut parts: Vec<String> = finding.why.iter().map(|w| plain(w.as_bytes())).collect();
    let lines = finding.region.end.line - finding.region.start.line + 1;
    if lines > 1 {
        parts.push(format!("{lines} lines"));
    }
    if finding.confidence < Confidence::High {
        parts.push(format!("{} confidence", finding.confidence.as_str()));
    }
    parts.join(", ")
}

/// What else is worth a line.
fn notes(view: &View<'_>) -> Vec<String> {
    let finding = view.finding;
    let mut notes = Vec::new();
    notes.extend(finding.verdict.as_deref().map(verdict::words));
    match &finding.origin.place {
        Place::Commit(commit) | Place::Message(commit, _) => {
            let (id, author) =
                (commit.id.get(..12).unwrap_or(&commit.id), plain(view.text(&commit.author).as_bytes()));
            let date = time::rfc3339(commit.time);
            notes.push(format!("commit {id} by {author}, {}", date.split('T').next().unwrap_or(&date)));
        }
        Place::Unreachable(id) => notes.push(format!("object {id}, which nothing reachable mentions")),
        Place::File | Place::Stdin | Place::Index => {}
    }
    if let Some(spread) = &finding.spread {
        notes.extend(spread::words(view, spread));
    }
    if !finding.layers.is_empty() {
        notes.push(format!("decoded from {}", finding.layers.join(", then ")));
    }
    for part in &finding.parts {
        let at = part.region.start;
        notes.push(format!("belongs to {} at line {}, column {}", part.rule.id, at.line, at.column));
    }
    match &finding.suppressed {
        Some(Suppression::Marker(name)) => notes.push(format!("suppressed by the marker {name}")),
        Some(Suppression::Allow(reason)) => {
            notes.push(format!("suppressed by [[allow]]: {}", plain(reason.as_bytes())));
        }
        Some(Suppression::Baseline(reason)) => {
            let reason = reason.as_deref().map_or_else(String::new, |r| format!(": {}", plain(r.as_bytes())));
            notes.push(format!("suppressed by the baseline{reason}"));
        }
        None => {}
    }
    notes.push(format!("fingerprint {}", finding.fingerprint));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Finding, Span, Tally};
    use crate::report::sample;

    const TOKEN: &str = "tok_0123456789abcdefghijklmnopqrstuvWXYZ";
    const MASKED: &str = "tok_****************************WXYZ";

    fn render(findings: &[Finding], tally: &Tally, color: bool, width: usize) -> String {
        let human = Human { show_secrets: false, color, width, findings: true };
        let mut out = Vec::new();
        human.report(&sample::summary(findings, tally, &sample::pack()), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn one(text: &str) -> String {
        render(&[sample::finding("src/a.py", text, TOKEN)], &Tally::default(), false, 100)
    }

    #[test]
    fn a_finding_shows_rule_place_reason_remedy_and_name() {
        let text = one(&format!("\n\nkey = '{TOKEN}' # end"));
        for part in [
            "critical[acme-key]: Acme access key",
            "--> src/a.py:3:8",
            &format!("3 | key = '{MASKED}' # end"),
            &format!("{} prefix tok_, checksum passed", "^".repeat(MASKED.len())),
            "help: Revoke it at https://acme.example/settings/keys",
            "note: fingerprint ",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn colours_come_only_when_asked_for() {
        let finding = [sample::finding("a", &format!("k={TOKEN}"), TOKEN)];
        assert!(!render(&finding, &Tally::default(), false, 80).contains('\x1b'));
        assert!(render(&finding, &Tally::default(), true, 80).contains("\x1b["));
    }

    #[test]
    fn text_of_files_cannot_steer_the_terminal() {
        let mut finding =
            sample::finding("a\x1b[2J\n.py", &format!("\x1b]0;x\x07 k={TOKEN} \u{202e}\r"), TOKEN);
        finding.why = vec!["odd \x1b[31m".into()];
        let mut tally = Tally::default();
        tally.gap("b\x1b[2J\n", "broken \x1b[0m");
        tally.notes.push("note \x1b[1m".into());
        let text = render(&[finding], &tally, false, 80);
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        assert!(!text.contains('\u{202e}'));
        assert!(text.contains("--> a␛[2J␊.py:1:"));
    }

    #[test]
    fn other_values_on_the_line_are_masked_too() {
        let line = format!("a=first-value; k={TOKEN}; b=last-value");
        let mut finding = sample::finding("a", &line, TOKEN);
        let at = |v: &str| Span::new(line.find(v).unwrap(), line.find(v).unwrap() + v.len());
        finding.excerpt.others = vec![at("first-value"), at("last-value")];
        let text = render(&[finding], &Tally::default(), false, 100);
        assert!(text.contains(&format!("a=********; k={MASKED}; b=********")), "{text}");
    }

    #[test]
    fn a_long_line_is_cut_around_the_secret() {
        let line = format!("{} k={TOKEN} {}", "x".repeat(3000), "y".repeat(3000));
        for width in [80, 200] {
            let text = render(&[sample::finding("a", &line, TOKEN)], &Tally::default(), false, width);
            let widest = text.lines().filter(|l| l.contains("k=")).map(|l| l.chars().count()).max().unwrap();
            assert!(widest <= width + 2, "{widest} columns at {width}\n{text}");
            assert!(text.contains(MASKED), "{text}");
        }
    }

    #[test]
    fn reasons_that_do_not_fit_beside_the_secret_follow_as_a_note() {
        let finding = [sample::finding("a", &format!("key = '{TOKEN}'"), TOKEN)];
        let wide = render(&finding, &Tally::default(), false, 100);
        assert!(wide.contains("^ prefix tok_, checksum passed"), "{wide}");
        let narrow = render(&finding, &Tally::default(), false, 60);
        assert!(narrow.contains("note: prefix tok_, checksum passed"), "{narrow}");
        assert!(!narrow.contains("^ prefix"), "{narrow}");
    }

    #[test]
    fn wide_characters_keep_the_underline_in_place() {
        let text = one(&format!("鍵漢字 = {TOKEN}"));
        let line = text.lines().find(|l| l.contains("^^")).unwrap();
        let before = line.split_once('|').unwrap().1.find('^').unwrap();
        assert_eq!(before, 1 + 6 + 3, "three wide characters take six columns\n{text}");
    }

    #[test]
    fn a_secret_of_many_lines_is_one_mask() {
        let pem = "-----BEGIN KEY-----\nMIIB\nMIIC\n-----END KEY-----";
        let finding = sample::finding("k.pem", &format!("x\nkey: {pem}\ny"), pem);
        let text = render(&[finding], &Tally::default(), false, 100);
        assert!(text.contains("2 | key: ********\n"), "{text}");
        assert!(text.contains("checksum passed, 4 lines"));
    }

    #[test]
    fn a_suppressed_finding_says_by_what() {
        let mut finding = sample::finding("a", &format!("k={TOKEN}"), TOKEN);
        finding.suppressed = Some(Suppression::Allow("documentation".into()));
        let text = render(&[finding], &Tally::default(), false, 100);
        assert!(text.contains("suppressed[acme-key]"), "{text}");
        assert!(text.contains("suppressed by [[allow]]: documentation"));
        assert!(!text.contains("Revoke it"));
    }

    #[test]
    fn many_gaps_are_counted() {
        let mut tally = Tally { blobs: 1, ..Tally::default() };
        (0..25).for_each(|i| tally.gap(format!("f{i}"), "permission denied"));
        let text = render(&[], &tally, false, 100);
        assert!(text.contains("not scanned: f0: permission denied\n"));
        assert!(text.contains("not scanned: 5 more"));
        assert!(text.ends_with("12 ms\n"));
    }
}
