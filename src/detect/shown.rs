//! Whether a value stands where people show how something is used: a test's body, a comment of documentation.
//!
//! Looks at the text alone, a kibibyte to each side; what a path says is asked elsewhere.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::assignment::line_start;
use crate::classify::Shown;
use crate::model::Span;

/// Bytes to each side that are looked at; no reader reaches less far.
const AROUND: usize = 1000;

/// What tests are written with, in some ten languages.
const MARKS: &[&str] = &[
    "#[test]",
    "#[cfg(test)]",
    "::test]",
    "fn test_",
    "def test_",
    "func Test",
    "@Test",
    "TEST(",
    "TEST_F(",
    "[Fact]",
    "[TestMethod]",
    "describe(",
    " it(\"",
    " it('",
    "test(\"",
    "test('",
    "assert_eq!",
    "assert!(",
    "assertEquals(",
    "assertEqual(",
    "assertThat(",
    "expect(",
    "t.Errorf(",
    "t.Fatalf(",
    "require.Equal(",
    "assert.Equal(",
];

/// How what lies at `span` of `text` is shown to readers, if it is.
pub(super) fn shown(text: &[u8], span: Span) -> Option<Shown> {
    if is_documentation(&text[line_start(text, span.start)..span.start]) {
        return Some(Shown::InComment);
    }
    is_tested(text, span).then_some(Shown::InTest)
}

/// Whether a line that begins with `lead` belongs to a comment that documentation is made from.
fn is_documentation(lead: &[u8]) -> bool {
    let lead = lead.trim_ascii_start();
    [&b"///"[..], b"//!", b"* ", b">>> "].iter().any(|mark| lead.starts_with(mark))
}

fn is_tested(text: &[u8], span: Span) -> bool {
    static FOUND: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let build = || AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(MARKS).ok();
    let Some(marks) = FOUND.get_or_init(build) else { return false };
    let before = &text[span.start.saturating_sub(AROUND)..span.start];
    let after = &text[span.end..(span.end + AROUND).min(text.len())];
    marks.is_match(before) || marks.is_match(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_shown(text: &str) -> bool {
        let at = text.find("VALUE").unwrap();
        shown(text.as_bytes(), Span::new(at, at + 5)).is_some()
    }

    #[test]
    fn tests_and_documentation_show() {
        for text in [
            "/// let password = \"VALUE\";",
            "    //! password: VALUE",
            "#[test]\nfn it_works() {\n    let key = \"VALUE\";\n",
            "let key = \"VALUE\";\nassert_eq!(open(key), 1);",
            "def test_login(self):\n    login('joe', 'VALUE')",
            "describe('login', () => {\n  const pw = 'VALUE'",
        ] {
            assert!(is_shown(text), "{text}");
        }
    }

    #[test]
    fn settings_and_code_do_not() {
        for text in ["password: VALUE", "# password: VALUE", "let key = \"VALUE\";\nopen(key);", "VALUE"] {
            assert!(!is_shown(text), "{text}");
        }
    }

    #[test]
    fn what_is_far_away_says_nothing() {
        let text = ["#[test]", &" ".repeat(AROUND), "VALUE"].concat();
        assert!(!is_shown(&text));
    }
}
