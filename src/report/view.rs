//! Findings as reports may show them. The only file of this room that exposes a secret; reporters read views.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::mask::{STARS, cut, mask};
use super::plain::{code, plain};
use super::redact::Redactor;
use crate::model::{Commit, Finding, Origin, Place, Secret, Span};

/// One finding, masked unless secrets are to be shown.
pub(super) struct View<'f> {
    /// The finding; its texts are read through the view alone.
    pub(super) finding: &'f Finding,
    redactor: Rc<Redactor>,
    /// Knows the values of all findings: a commit's message may hold what was found elsewhere.
    of_commits: Rc<Redactor>,
    show_secrets: bool,
    /// Percentage of the secret that is cut off, instead of the mask.
    redact: Option<u8>,
}

/// The lines of a finding as one line of text.
pub(super) struct Shown {
    /// The text. A secret of many lines is one mask in it, so that the text seldom has a line end.
    pub(super) text: String,
    /// Where the mask (or the secret) lies in `text`, in bytes.
    pub(super) secret: Range<usize>,
    /// Whether the line begins before `text`.
    pub(super) cut_before: bool,
}

/// The views of `findings`, which are sorted by path.
pub(super) fn views(findings: &[Finding], show_secrets: bool) -> impl Iterator<Item = View<'_>> {
    let hiding =
        move |findings| Rc::new(if show_secrets { Redactor::open() } else { Redactor::new(findings) });
    let has_commits = findings.iter().any(|finding| finding.origin.commit().is_some());
    let of_commits = hiding(if has_commits { findings } else { &[] });
    findings.chunk_by(|a, b| a.origin.path == b.origin.path).flat_map(move |of_path| {
        let redactor = hiding(of_path);
        let of_commits = Rc::clone(&of_commits);
        of_path.iter().map(move |finding| View {
            finding,
            redactor: Rc::clone(&redactor),
            of_commits: Rc::clone(&of_commits),
            show_secrets,
            redact: None,
        })
    })
}

/// Whether nothing but the mask of the finding's secret is known, as in a report that was read.
pub fn is_masked(finding: &Finding) -> bool {
    // Looked at, never written.
    is_mask(finding.secret.expose())
}

fn is_mask(value: &[u8]) -> bool {
    value.is_empty() || value.contains_str(STARS)
}

/// A number for each of `findings`, the same for those of one secret. Of values that were masked already, as reports
/// that were read hold them, nobody can tell whether they are the same: each is its own.
pub(super) fn same_secrets(findings: &[Finding]) -> Vec<usize> {
    let mut numbers: HashMap<&[u8], usize> = HashMap::new();
    let mut next = 0;
    let mut new = || {
        next += 1;
        next - 1
    };
    // Compared here, never written.
    let values = findings.iter().map(|finding| finding.secret.expose());
    values
        .map(|value| match is_mask(value) {
            true => new(),
            false => *numbers.entry(value).or_insert_with(&mut new),
        })
        .collect()
}

impl View<'_> {
    /// The same, with the last `percent` of the secret cut off where a number is given, instead of masked.
    pub(super) fn redacting(self, percent: Option<u8>) -> Self {
        Self { redact: percent, ..self }
    }

    /// The secret or its mask, on one line.
    pub(super) fn secret(&self) -> String {
        plain(&self.covered(&self.finding.secret))
    }

    /// The secret or its mask, as it stands.
    pub(super) fn secret_as_is(&self) -> String {
        each_byte(&self.covered(&self.finding.secret))
    }

    /// The whole match, as it stands.
    pub(super) fn matched(&self) -> String {
        let (matched, secret) = (&self.finding.matched, &self.finding.excerpt);
        // Shown through the redactor; the secret's own place is cut out first, to keep its mask.
        let (text, raw) = (matched.expose(), secret.secret.of(secret.text.expose()));
        if self.redact.is_some() && !self.is_practice() {
            return self.redacted_match(text);
        }
        if self.show_secrets {
            return text.to_str_lossy().into_owned();
        }
        let shown = match text.find(raw) {
            Some(at) if !raw.is_empty() => {
                let mut shown = self.redactor.text(&text[..at]);
                shown.extend(self.covered(&self.finding.secret));
                shown.extend(self.redactor.text(&text[at + raw.len()..]));
                shown
            }
            _ => self.redactor.text(text),
        };
        shown.to_str_lossy().into_owned()
    }

    /// `text`, the match, with every copy of the secret cut.
    fn redacted_match(&self, text: &[u8]) -> String {
        // Compared and cut out, never written.
        let secret = self.finding.secret.expose();
        if secret.is_empty() {
            return self.redactor.text(text).to_str_lossy().into_owned();
        }
        let cut = each_byte(&self.covered(&self.finding.secret));
        let between = text.split_str(secret).map(|piece| self.redactor.text(piece));
        let between: Vec<_> = between.map(|piece| piece.to_str_lossy().into_owned()).collect();
        between.join(&cut)
    }

    /// The path, as bytes to be encoded; never to be printed as they are.
    pub(super) fn path_bytes(&self) -> BString {
        self.redactor.path(&self.finding.origin.path).into()
    }

    /// The path, safe to print; a word where there is none.
    pub(super) fn path(&self) -> String {
        let path = plain(&self.path_bytes());
        if path.is_empty() { "(no path)".to_owned() } else { path }
    }

    /// The path, or a name in its stead for what has none: formats for programs need one. Likewise bytes.
    pub(super) fn named_path(&self) -> BString {
        match &self.finding.origin {
            Origin { path, place: Place::Stdin } if path.is_empty() => "stdin".into(),
            Origin { place: Place::Message(commit, _), .. } => format!("commit-message/{}", commit.id).into(),
            Origin { path, place: Place::Unreachable(id) } if path.is_empty() => {
                format!("object/{id}").into()
            }
            Origin { .. } => self.path_bytes(),
        }
    }

    /// Some text of the finding's commit, such as its message, safe to show in JSON.
    pub(super) fn text(&self, text: &str) -> String {
        self.of_commits.text(text.as_bytes()).to_str_lossy().into_owned()
    }

    /// What to do first: a sentence without its full stop.
    pub(super) fn remedy(&self) -> String {
        let revoke = self.finding.rule.revoke.trim_end_matches('.');
        if revoke.contains(' ') { revoke.to_owned() } else { format!("Revoke it at {revoke}") }
    }

    /// The commit that holds the finding.
    pub(super) fn commit(&self) -> Option<&Commit> {
        self.finding.origin.commit().map(|c| &**c)
    }

    /// The lines of the finding, safe to print.
    pub(super) fn excerpt(&self) -> Shown {
        let excerpt = &self.finding.excerpt;
        // Every found value in it is replaced below, piece by piece.
        let raw = excerpt.text.expose();
        let mut text = String::new();
        let mut at = 0;
        for other in excerpt.others.iter().filter(|o| o.start < excerpt.secret.start) {
            at = self.hide(raw, at, Span::new(other.start, other.end.min(excerpt.secret.start)), &mut text);
        }
        text += &self.open(raw, at, excerpt.secret.start);
        let start = text.len();
        text += &self.one_line(excerpt.secret.of(raw));
        let secret = start..text.len();
        at = excerpt.secret.end;
        for other in excerpt.others.iter().filter(|o| o.end > excerpt.secret.end) {
            at = self.hide(raw, at, Span::new(other.start.max(excerpt.secret.end), other.end), &mut text);
        }
        text += &self.open(raw, at, raw.len());
        Shown { text, secret, cut_before: excerpt.cut_before > 0 }
    }

    /// Appends what lies before `span` (from `at` on), then what stands for `span`. Returns where to go on.
    fn hide(&self, raw: &[u8], at: usize, span: Span, text: &mut String) -> usize {
        if span.end <= at {
            return at;
        }
        let start = span.start.max(at);
        text.push_str(&self.open(raw, at, start));
        text.push_str(&if self.show_secrets { code(&raw[start..span.end]) } else { STARS.to_owned() });
        span.end
    }

    /// What `raw[from..to]`, which holds no found value, looks like.
    fn open(&self, raw: &[u8], from: usize, to: usize) -> String {
        if from >= to { String::new() } else { code(&self.redactor.text(&raw[from..to])) }
    }

    /// What stands for the secret in its line: of an encoded one the text's own bytes are not shown either.
    fn one_line(&self, raw: &[u8]) -> String {
        if self.show_secrets {
            code(raw)
        } else if self.is_practice() {
            self.open(raw, 0, raw.len())
        } else {
            self.secret()
        }
    }

    /// Whether the finding's own text is no secret. Values of other findings in it are hidden all the same.
    fn is_practice(&self) -> bool {
        self.finding.rule.extractor.is_practice()
    }

    /// The secret or its mask.
    fn covered(&self, secret: &Secret) -> Vec<u8> {
        // The one place where a value goes to a report: masked, or on the user's demand.
        let value = secret.expose();
        let redact = self.redact.filter(|_| !value.is_empty() && !self.is_practice());
        if let Some(percent) = redact {
            cut(value, percent)
        } else if self.show_secrets || value.is_empty() {
            value.to_vec()
        } else if self.is_practice() {
            self.redactor.text(value)
        } else {
            mask(value, &self.finding.rule).into_bytes()
        }
    }
}

/// `bytes` as text, with one U+FFFD for each byte that is none.
fn each_byte(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text += chunk.valid();
        text.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::sample;

    #[test]
    fn what_was_found_in_one_file_is_hidden_in_the_message_of_anothers_commit() {
        let commit = Commit { message: "remove s3cr3t-value-9".to_owned(), ..Commit::default() };
        let mut other = sample::finding("a.py", "key = unrelated1", "unrelated1");
        other.origin = Origin::new("a.py", Place::Commit(Arc::new(commit)));
        let findings = [other, sample::finding("b.py", "key = s3cr3t-value-9", "s3cr3t-value-9")];
        let told = |show| {
            let view = views(&findings, show).next().unwrap();
            view.text(&view.commit().unwrap().message)
        };
        assert_eq!(told(false), format!("remove {STARS}"));
        assert_eq!(told(true), "remove s3cr3t-value-9");
    }
}
