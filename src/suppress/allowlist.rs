//! One allowlist of gitleaks: what it says of a hit.

use aho_corasick::AhoCorasick;
use regex::bytes::Regex;

use super::{Hit, Marked};
use crate::model::Span;

/// One allowlist of gitleaks. States at least one criterion.
#[derive(Debug, Clone, Default)]
pub struct Allowlist {
    /// What its author wrote about it; may be empty.
    pub description: String,
    /// Whether every stated criterion must hold, instead of one.
    pub all: bool,
    /// Commit ids, lower case.
    pub commits: Vec<String>,
    /// Searched in the path.
    pub paths: Option<Regex>,
    /// Searched in what `target` names.
    pub regexes: Option<Regex>,
    /// What `regexes` are searched in.
    pub target: Target,
    /// Words of which the secret holds none, ASCII case ignored.
    pub stopwords: Option<AhoCorasick>,
}

/// What an allowlist's patterns are searched in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Target {
    /// The secret.
    #[default]
    Secret,
    /// The whole match.
    Match,
    /// The lines of the match, with the line feed before them: so `^` does not hold at the line's first character,
    /// except in the first line.
    Line,
}

impl Allowlist {
    /// Whether it lets `hit` pass.
    pub(super) fn fits(&self, hit: &Hit<'_>, text: &Marked<'_, '_>) -> bool {
        let commit = || hit.commit.is_some_and(|id| self.commits.iter().any(|c| c.eq_ignore_ascii_case(id)));
        let regex = |pattern: &Regex| {
            let subject = match self.target {
                // A rule that looks at paths alone has found no text.
                _ if hit.secret.is_empty() => b"",
                Target::Secret => hit.secret,
                Target::Match => hit.matched.of(text.lines().bytes()),
                Target::Line => line_of(hit.matched, text),
            };
            !subject.is_empty() && pattern.is_match(subject)
        };
        let word = |words: &AhoCorasick| words.is_match(hit.secret);
        let stated = [
            (!self.commits.is_empty()).then(commit),
            self.paths.is_some().then(|| self.has_path(hit)),
            self.regexes.as_ref().map(regex),
            self.stopwords.as_ref().map(word),
        ];
        let mut stated = stated.into_iter().flatten();
        if self.all { stated.all(|holds| holds) } else { stated.any(|holds| holds) }
    }

    /// Whether it names the path of `hit`.
    pub(super) fn has_path(&self, hit: &Hit<'_>) -> bool {
        !hit.path.is_empty() && self.paths.as_ref().is_some_and(|paths| paths.is_match(hit.path))
    }
}

/// The lines of `matched` from the line feed before them to the one after them, which is left out.
fn line_of<'b>(matched: Span, text: &Marked<'_, 'b>) -> &'b [u8] {
    let bytes = text.lines().bytes();
    let start = memchr::memrchr(b'\n', &bytes[..matched.start]).unwrap_or(0);
    let end = memchr::memchr(b'\n', &bytes[matched.end..]).map_or(bytes.len(), |at| matched.end + at);
    &bytes[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LineIndex;

    fn fits(list: &Allowlist) -> bool {
        let lines = LineIndex::new(b"first\nkey = s3cret # sample\nlast\n");
        let hit = Hit {
            rule: "acme-key",
            path: "tests/a.py".into(),
            secret: b"s3cret", // leakward:allow
            matched: Span::new(6, 18),
            commit: Some("C0FFEE"),
            line: 2,
            on_disk: true,
        };
        list.fits(&hit, &Marked::new(&lines))
    }

    fn regex(pattern: &str) -> Option<Regex> {
        Some(Regex::new(pattern).unwrap())
    }

    #[test]
    fn one_criterion_will_do_unless_all_are_asked_for() {
        let list = Allowlist { paths: regex("^tests/"), regexes: regex("^other$"), ..Allowlist::default() };
        assert!(fits(&list));
        assert!(!fits(&Allowlist { all: true, ..list.clone() }));
        assert!(fits(&Allowlist { all: true, regexes: regex("s3"), ..list }));
    }

    #[test]
    fn a_commit_is_compared_without_case_and_whole() {
        let of = |id: &str| Allowlist { commits: vec![id.to_owned()], ..Allowlist::default() };
        assert!(fits(&of("c0ffee")) && !fits(&of("c0ff")));
    }

    #[test]
    fn patterns_are_searched_in_their_target() {
        let of = |target, pattern| Allowlist { target, regexes: regex(pattern), ..Allowlist::default() };
        assert!(fits(&of(Target::Secret, "^s3cret$")) && !fits(&of(Target::Secret, "key")));
        assert!(fits(&of(Target::Match, "^key")) && !fits(&of(Target::Match, "sample")));
        assert!(fits(&of(Target::Line, "sample$")) && !fits(&of(Target::Line, "^key")));
    }

    #[test]
    fn stopwords_stand_anywhere_in_the_secret() {
        let words = AhoCorasick::builder().ascii_case_insensitive(true).build(["CRE"]).unwrap();
        assert!(fits(&Allowlist { stopwords: Some(words), ..Allowlist::default() }));
    }
}
