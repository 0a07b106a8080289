//! Markers in the text: `leakward:allow`, and those that users of other scanners have already written.
//!
//! | marker | where it counts |
//! |---|---|
//! | `leakward:allow`, `leakward:allow rule-a,rule-b`, each with or without ` -- reason` | any line of the match |
//! | `gitleaks:allow`, `betterleaks:allow`, `trufflehog:ignore`, `ggignore` | any line of the match |
//! | `kingfisher:ignore` | any line of the match; of one that spans lines also the line above or below |
//! | `pragma: allowlist secret` (`whitelist`) in a comment | any line of the match |
//! | `pragma: allowlist nextline secret` alone on its line | the line after it |
//!
//! A reason may follow every one of them after ` -- `.
//!
//! The forms of the other scanners are read as those scanners read them, so that a text judged clean there is
//! judged alike here.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use bstr::{BStr, ByteSlice};

use super::Need;
use crate::model::{LineIndex, Reason, Span};

/// A text whose markers are known. Built only for blobs with candidates; finds all markers in one pass.
pub struct Marked<'l, 'b> {
    lines: &'l LineIndex<'b>,
    /// Found on first use; sorted by line.
    markers: OnceLock<Vec<Marker>>,
}

/// One literal that opens a marker, by line.
#[derive(Debug, Clone, Copy)]
struct Marker {
    /// Line, from 1.
    line: u64,
    /// Offset of the literal's first byte in the text.
    at: usize,
    /// Index into [`LITERALS`].
    kind: usize,
}

/// What opens each kind of marker.
const LITERALS: [&str; 7] = [
    "leakward:allow",
    "gitleaks:allow",
    "betterleaks:allow",
    "trufflehog:ignore",
    "kingfisher:ignore",
    "ggignore",
    "pragma:",
];
const LEAKWARD: usize = 0;
const KINGFISHER: usize = 4;
const GGSHIELD: usize = 5;
const PRAGMA: usize = 6;

/// How far a marker is read past its literal, in bytes: bounds the work on very long lines.
const READ: usize = 1024;

impl<'l, 'b> Marked<'l, 'b> {
    /// The text of `lines`.
    pub fn new(lines: &'l LineIndex<'b>) -> Self {
        Self { lines, markers: OnceLock::new() }
    }

    /// The lines of the text.
    pub fn lines(&self) -> &'l LineIndex<'b> {
        self.lines
    }

    /// The marker that suppresses a match of `rule` at `matched` in a file at `path`. A `leakward:allow` that
    /// names other rules suppresses nothing and leaves a remark; so does any marker without a reason where `need`
    /// asks for one.
    pub(super) fn marker(
        &self,
        rule: &str,
        path: &BStr,
        matched: Span,
        need: Need,
        remarks: &mut Vec<Reason>,
    ) -> Option<&'static str> {
        let last_byte = matched.end.max(matched.start + 1) - 1;
        let (first, last) = (self.lines.line_of(matched.start), self.lines.line_of(last_byte));
        let near = self.markers_on(first.saturating_sub(1), last + 1);
        near.iter().find_map(|marker| {
            let name = self.read(marker, (first, last), rule, path, remarks)?;
            if need == Need::Reason && !has_reason(&self.after(marker)) {
                remarks.push(format!("the {name} near it gives no reason, so it does not count").into());
                return None;
            }
            Some(name)
        })
    }

    fn read(
        &self,
        marker: &Marker,
        (first, last): (u64, u64),
        rule: &str,
        path: &BStr,
        remarks: &mut Vec<Reason>,
    ) -> Option<&'static str> {
        let on = (first..=last).contains(&marker.line);
        let name = LITERALS[marker.kind];
        match marker.kind {
            KINGFISHER => (on || first < last).then_some(name),
            PRAGMA => {
                let pragma = Pragma::read(&self.before(marker), &self.after(marker), path)?;
                let fits = match pragma {
                    Pragma::SameLine => on,
                    Pragma::NextLine => (first..=last).contains(&(marker.line + 1)),
                };
                fits.then_some(pragma.name())
            }
            _ if !on => None,
            LEAKWARD => match Rules::read(&self.after(marker)) {
                Rules::NoMarker => None,
                Rules::All => Some(name),
                Rules::Only(ids) if ids.iter().any(|id| id.as_bytes() == rule.as_bytes()) => Some(name),
                Rules::Only(_) => {
                    remarks.push(format!("the leakward:allow on its line does not name {rule}").into());
                    None
                }
            },
            GGSHIELD => {
                let word = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
                let (before, after) = (self.before(marker), self.after(marker));
                (!word(before.last()) && !word(after.first())).then_some(name)
            }
            _ => Some(name),
        }
    }

    /// Markers on the lines `first..=last`.
    fn markers_on(&self, first: u64, last: u64) -> &[Marker] {
        let markers = self.markers.get_or_init(|| self.find());
        let from = markers.partition_point(|m| m.line < first);
        let to = markers.partition_point(|m| m.line <= last);
        &markers[from..to]
    }

    fn find(&self) -> Vec<Marker> {
        let found = automaton().find_iter(self.lines.bytes());
        found
            .map(|hit| Marker {
                line: self.lines.line_of(hit.start()),
                at: hit.start(),
                kind: hit.pattern().as_usize() % LITERALS.len(),
            })
            .collect()
    }

    /// Up to [`READ`] bytes of the line before the marker, without NULs (so that UTF-16 reads as ASCII).
    fn before(&self, marker: &Marker) -> Vec<u8> {
        let line = self.lines.line(marker.line);
        let start = line.start.max(marker.at.saturating_sub(READ));
        without_nul(&self.lines.bytes()[start..marker.at])
    }

    /// Up to [`READ`] bytes of the line after the marker's literal, without NULs.
    fn after(&self, marker: &Marker) -> Vec<u8> {
        let line = self.lines.line(marker.line);
        let literal = LITERALS[marker.kind].len();
        let rest = without_nul(&self.lines.bytes()[marker.at..line.end.min(marker.at + 2 * literal + READ)]);
        rest[literal.min(rest.len())..].to_vec()
    }
}

/// Whether a reason follows a marker: words after ` -- `, up to the line's end.
fn has_reason(after: &[u8]) -> bool {
    let said = after.find(b" -- ").map_or(&b""[..], |at| &after[at + 4..]);
    // What closes the comment is no word.
    said.iter().any(|b| b.is_ascii_alphanumeric() || !b.is_ascii())
}

/// Finds the literals in ASCII text, and (second half of the patterns) in UTF-16 text of either byte order.
fn automaton() -> &'static AhoCorasick {
    static AUTOMATON: OnceLock<AhoCorasick> = OnceLock::new();
    AUTOMATON.get_or_init(|| {
        let wide = LITERALS.iter().map(|l| {
            let spread: Vec<u8> = l.bytes().flat_map(|b| [b, 0]).collect();
            spread[..spread.len() - 1].to_vec()
        });
        let narrow = LITERALS.iter().map(|l| l.as_bytes().to_vec());
        AhoCorasick::new(narrow.chain(wide)).expect("a dozen short literals fit any automaton")
    })
}

fn without_nul(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|&b| b != 0).collect()
}

/// The rules that a `leakward:allow` names.
enum Rules<'t> {
    /// The text only looks like a marker, such as `leakward:allowed`.
    NoMarker,
    /// None named: all.
    All,
    /// These.
    Only(Vec<&'t BStr>),
}

impl<'t> Rules<'t> {
    /// Reads what follows `leakward:allow`: a blank and a list of ids, separated by commas. Anything else, such
    /// as the end of a comment or ` -- reason`, names no rule.
    fn read(after: &'t [u8]) -> Self {
        let is_id = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        match after.first() {
            Some(b) if b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-') => return Self::NoMarker,
            Some(b' ' | b'\t') => {}
            _ => return Self::All,
        }
        let mut ids: Vec<&BStr> = Vec::new();
        let mut rest = after.trim_start();
        while rest.first().is_some_and(u8::is_ascii_lowercase) {
            let end = rest.iter().position(|b| !is_id(b)).unwrap_or(rest.len());
            ids.push(rest[..end].as_bstr());
            match rest[end..].trim_start().strip_prefix(b",") {
                Some(more) => rest = more.trim_start(),
                None => break,
            }
        }
        if ids.is_empty() { Self::All } else { Self::Only(ids) }
    }
}

/// The two forms of the `pragma:` comment, with the quirks of its first reader (behaviour of detect-secrets 1.5,
/// observed): the starter stands right before the word, blanks aside; text may follow unless the comment must be
/// closed; YAML knows `#` alone.
enum Pragma {
    SameLine,
    NextLine,
}

impl Pragma {
    const fn name(&self) -> &'static str {
        match self {
            Self::SameLine => "pragma: allowlist secret",
            Self::NextLine => "pragma: allowlist nextline secret",
        }
    }

    fn read(before: &[u8], after: &[u8], path: &BStr) -> Option<Self> {
        let lead = before.trim_end_with(|c| c == ' ');
        let yaml = [".yaml", ".yml"].iter().any(|e| path.to_ascii_lowercase().ends_with(e.as_bytes()));
        let starters: &[&str] = if yaml { &["#"] } else { &["#", "//", "/*", "'", "--", "<!--"] };
        // Longest first: `<!--` ends with `--`, and only alone on the line does the difference count.
        let starter = starters.iter().rev().find(|s| lead.ends_with(s.as_bytes()))?;
        if *starter == "/*" && !after.trim_end().ends_with(b"*/") {
            return None;
        }
        let text = after.strip_prefix(b" ").unwrap_or(after);
        let blank = |t: &'_ [u8]| matches!(t.first(), Some(b' ' | b'-'));
        let next = text.strip_prefix(b"allowlist").filter(|t| blank(t)).map(|t| &t[1..]);
        if let Some(next) = next.and_then(|t| t.strip_prefix(b"nextline")).filter(|t| blank(t)) {
            let alone = lead[..lead.len() - starter.len()].iter().all(|b| matches!(b, b' ' | b'\t'));
            return (alone && next[1..].starts_with(b"secret")).then_some(Self::NextLine);
        }
        let list = text.strip_prefix(b"allowlist").or_else(|| text.strip_prefix(b"whitelist"))?;
        (blank(list) && list[1..].starts_with(b"secret")).then_some(Self::SameLine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The marker for the match `SECRET…` in `text`, of rule `acme-key` in `path`.
    fn marker_in(path: &str, text: &[u8]) -> (Option<&'static str>, Vec<Reason>) {
        let start = text.find(b"SECRET").unwrap();
        let end = text.rfind(b"SECRET").unwrap() + 6;
        let lines = LineIndex::new(text);
        let mut remarks = Vec::new();
        let found = Marked::new(&lines).marker(
            "acme-key",
            path.into(),
            Span::new(start, end),
            Need::Nothing,
            &mut remarks,
        );
        (found, remarks)
    }

    fn marker(text: &str) -> Option<&'static str> {
        marker_in("a.py", text.as_bytes()).0
    }

    #[test]
    fn a_marker_counts_on_its_line_alone() {
        assert_eq!(marker("k=SECRET # leakward:allow\n"), Some("leakward:allow"));
        assert_eq!(marker("# leakward:allow\nk=SECRET\n"), None);
        assert_eq!(marker("k=SECRET\r# leakward:allow"), None);
    }

    #[test]
    fn every_scanner_s_marker_is_known() {
        for name in &LITERALS[1..6] {
            assert_eq!(marker(&format!("k=SECRET // {name}\n")), Some(*name));
        }
    }

    #[test]
    fn a_marker_may_name_rules() {
        assert_eq!(marker("k=SECRET # leakward:allow acme-key"), Some("leakward:allow"));
        assert_eq!(marker("k=SECRET # leakward:allow jwt, acme-key"), Some("leakward:allow"));
        assert_eq!(marker("/* leakward:allow acme-key */ k=SECRET"), Some("leakward:allow"));
        let (found, remarks) = marker_in("a", b"k=SECRET # leakward:allow jwt,acme-key-2");
        assert_eq!(found, None);
        assert_eq!(remarks, ["the leakward:allow on its line does not name acme-key"]);
    }

    #[test]
    fn a_marker_without_rules_means_all_of_them() {
        for tail in ["", " ", " */", " -->", " -- a sample", ": sample", ")", "\"", " (sample)"] {
            assert_eq!(
                marker(&format!("k=SECRET # leakward:allow{tail}")),
                Some("leakward:allow"),
                "{tail:?}"
            );
        }
    }

    #[test]
    fn a_reason_stands_after_two_dashes() {
        for said in [" -- a sample", " jwt, acme-key -- a sample */", " -- не секрет"] {
            assert!(has_reason(said.as_bytes()), "{said}");
        }
        for silent in ["", " -->", " jwt", " a sample", " -- */", " --", " -- "] {
            assert!(!has_reason(silent.as_bytes()), "{silent}");
        }
    }

    #[test]
    fn a_marker_without_the_reason_that_is_asked_for_leaves_a_remark() {
        let asked = |text: &str| {
            let lines = LineIndex::new(text.as_bytes());
            let mut remarks = Vec::new();
            let span = Span::new(2, 8);
            let found = Marked::new(&lines).marker("acme-key", "a".into(), span, Need::Reason, &mut remarks);
            (found, remarks)
        };
        assert_eq!(asked("k=SECRET # gitleaks:allow -- a sample").0, Some("gitleaks:allow"));
        let (found, remarks) = asked("k=SECRET # gitleaks:allow");
        assert_eq!(found, None);
        assert_eq!(remarks, ["the gitleaks:allow near it gives no reason, so it does not count"]);
    }

    #[test]
    fn a_longer_word_is_no_marker() {
        assert_eq!(marker("k=SECRET # leakward:allowed"), None);
        assert_eq!(marker("k=SECRET # leakward:allow-list"), None);
        assert_eq!(marker("k=SECRET bigggignored"), None);
    }

    #[test]
    fn a_match_of_many_lines_takes_markers_from_each() {
        assert_eq!(marker("a=SECRET\nb\nc=SECRET # leakward:allow"), Some("leakward:allow"));
        assert_eq!(marker("a=SECRET\nb # gitleaks:allow\nc=SECRET"), Some("gitleaks:allow"));
    }

    #[test]
    fn kingfisher_s_marker_may_stand_around_a_match_of_many_lines() {
        assert_eq!(marker("# kingfisher:ignore\nSECRET\nSECRET\n"), Some("kingfisher:ignore"));
        assert_eq!(marker("SECRET\nSECRET\n# kingfisher:ignore\n"), Some("kingfisher:ignore"));
        assert_eq!(marker("# kingfisher:ignore\nSECRET\n"), None);
        assert_eq!(marker("# kingfisher:ignore\n\nSECRET\nSECRET\n"), None);
    }

    #[test]
    fn pragmas_are_read_as_their_first_reader_does() {
        let same = [
            "# pragma: allowlist secret",
            "# pragma:allowlist secret",
            "#pragma: whitelist secret",
            "# pragma: allowlist-secret",
            "# pragma: allowlist secret and why",
            "//pragma: allowlist secret",
            "/* pragma: allowlist secret */",
            "' pragma: allowlist secret",
            "-- pragma: allowlist secret",
            "<!-- pragma: allowlist secret -->",
        ];
        for tail in same {
            assert_eq!(marker(&format!("k=SECRET {tail}")), Some("pragma: allowlist secret"), "{tail}");
        }
        let none = [
            "/* pragma: allowlist secret */ more",
            "# other words pragma: allowlist secret",
            "# PRAGMA: ALLOWLIST SECRET",
            "# pragma:  allowlist secret",
            "# pragma: allowlist  secret",
            "% pragma: allowlist secret",
            "# pragma: allowlist_secret",
            "# pragma: allowlist nextline secret",
        ];
        for tail in none {
            assert_eq!(marker(&format!("k=SECRET {tail}")), None, "{tail}");
        }
    }

    #[test]
    fn yaml_knows_one_comment() {
        let at = |text: &str| marker_in("x.YAML", text.as_bytes()).0;
        assert_eq!(at("k: SECRET # pragma: allowlist secret"), Some("pragma: allowlist secret"));
        assert_eq!(at("k: SECRET // pragma: allowlist secret"), None);
    }

    #[test]
    fn a_nextline_pragma_stands_alone_above() {
        let next = Some("pragma: allowlist nextline secret");
        assert_eq!(marker("  # pragma: allowlist nextline secret\nk=SECRET"), next);
        assert_eq!(marker("<!-- pragma: allowlist nextline secret -->\r\nk=SECRET"), next);
        assert_eq!(marker("# pragma: allowlist-nextline-secret\nk=SECRET"), next);
        assert_eq!(marker("x # pragma: allowlist nextline secret\nk=SECRET"), None);
        assert_eq!(marker("# pragma: whitelist nextline secret\nk=SECRET"), None);
        assert_eq!(marker("# pragma: allowlist nextline secret\n\nk=SECRET"), None);
    }

    #[test]
    fn markers_are_seen_in_utf_16() {
        let wide: Vec<u8> =
            "k=1 # leakward:allow acme-key\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let swap: Vec<u8> =
            "k=1 # leakward:allow acme-key\r\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for text in [wide, swap] {
            let lines = LineIndex::new(&text);
            let span = Span::new(4, 6);
            let found =
                Marked::new(&lines).marker("acme-key", "a".into(), span, Need::Nothing, &mut Vec::new());
            assert_eq!(found, Some("leakward:allow"));
        }
    }
}
