//! Cuts the lines around a secret out of a blob.

use crate::model::{Blob, Excerpt, LineIndex, Secret, Span};

/// Bytes kept of a line on each side of the secret; longer lines are cut.
const SIDE: usize = 240;

/// The line or lines of `secret`, with the other found values on them.
///
/// `found` holds the spans of everything found in the blob, sorted by start; none is longer than `longest`.
pub(super) fn excerpt(
    blob: &Blob<'_>,
    lines: &LineIndex<'_>,
    secret: Span,
    found: &[Span],
    longest: usize,
) -> Excerpt {
    let first = lines.line_of(secret.start);
    let last = lines.line_of(secret.end.saturating_sub(1).max(secret.start));
    let whole = Span::new(lines.line(first).start, lines.line(last).end.max(secret.end));
    let start = border(blob.bytes, whole.start.max(secret.start.saturating_sub(SIDE)), secret.start);
    let end = border(blob.bytes, whole.end.min(secret.end + SIDE), whole.end);
    let kept = Span::new(start, end);
    let cut_by_window = if first == 1 { blob.start.cut } else { 0 };
    Excerpt {
        first_line: blob.start.position.line + first - 1,
        text: Secret::new(kept.of(blob.bytes)),
        cut_before: start - whole.start + cut_by_window,
        secret: secret.shifted(-(start as isize)),
        others: others(kept, secret, found, longest),
    }
}

/// The spans of `found` that lie in `kept` besides `secret`, cut to it and relative to its start.
fn others(kept: Span, secret: Span, found: &[Span], longest: usize) -> Vec<Span> {
    let from = found.partition_point(|s| s.start + longest <= kept.start);
    let mut others: Vec<_> = found[from..]
        .iter()
        .take_while(|s| s.start < kept.end)
        .filter(|s| s.end > kept.start && **s != secret)
        .map(|s| Span::new(s.start.max(kept.start), s.end.min(kept.end)).shifted(-(kept.start as isize)))
        .collect();
    others.dedup();
    others
}

/// `at`, or the next offset (at most `limit`) that does not lie inside a UTF-8 sequence.
fn border(bytes: &[u8], at: usize, limit: usize) -> usize {
    let inside = |i: usize| bytes.get(i).is_some_and(|b| b & 0xC0 == 0x80);
    (at..limit.min(at + 4)).find(|&i| !inside(i)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, secret: &str, found: &[Span]) -> Excerpt {
        let at = text.find(secret).unwrap();
        let blob = Blob::whole(text.as_bytes());
        let span = Span::new(at, at + secret.len());
        let longest = found.iter().map(|s| s.len()).max().unwrap_or(0);
        excerpt(&blob, &LineIndex::new(blob.bytes), span, found, longest)
    }

    #[test]
    fn the_whole_line_is_kept() {
        let excerpt = cut("one\nkey = SECRET # end\nthree", "SECRET", &[]);
        assert_eq!(excerpt.text.expose(), b"key = SECRET # end");
        assert_eq!((excerpt.first_line, excerpt.cut_before), (2, 0));
        assert_eq!(excerpt.secret.of(excerpt.text.expose()), b"SECRET");
    }

    #[test]
    fn a_long_line_is_cut_between_code_points() {
        let text = format!("{}SECRET{}", "é".repeat(400), "é".repeat(400));
        let excerpt = cut(&text, "SECRET", &[]);
        assert_eq!(excerpt.secret.of(excerpt.text.expose()), b"SECRET");
        assert!(std::str::from_utf8(excerpt.text.expose()).is_ok());
        assert!(excerpt.text.len() <= 2 * SIDE + 6 + 4);
        assert_eq!(excerpt.cut_before, 800 - excerpt.secret.start);
    }

    #[test]
    fn other_values_on_the_line_are_known() {
        let found = [Span::new(0, 3), Span::new(4, 10), Span::new(11, 14), Span::new(15, 18)];
        let excerpt = cut("AAA SECRET BBB\nCCC", "SECRET", &found);
        assert_eq!(excerpt.others, [Span::new(0, 3), Span::new(11, 14)]);
    }

    #[test]
    fn a_secret_of_many_lines_keeps_them_all() {
        let excerpt = cut("x\n  BEGIN\nmid\nEND;\ny", "BEGIN\nmid\nEND", &[]);
        assert_eq!(excerpt.text.expose(), b"  BEGIN\nmid\nEND;");
        assert_eq!(excerpt.first_line, 2);
    }
}
