//! Which lines of a text are new. A plain line diff of bytes: no attribute, no driver, no configuration has a say.

use std::path::Path;

use git2::{DiffOptions, Patch};

use crate::model::Span;

/// The lines of `new` that `old` does not have: sorted, disjoint, each with its line end. A change of nothing but
/// the white space at a line's end (or of the line end) makes no line new.
///
/// # Errors
/// libgit2 runs out of memory.
pub(super) fn added_lines(old: &[u8], new: &[u8]) -> Result<Vec<Span>, git2::Error> {
    // libgit2 hashes every line before it looks for a common head and tail; most changes leave little else.
    let head = common_head(old, new);
    let (old, rest) = (&old[head..], &new[head..]);
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    if old.is_empty() {
        return Ok(vec![Span::new(head, new.len())]);
    }
    let tail = common_tail(old, rest);
    let (old, rest) = (&old[..old.len() - tail], &rest[..rest.len() - tail]);
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    if old.is_empty() {
        return Ok(vec![Span::new(head, head + rest.len())]);
    }
    let mut options = DiffOptions::new();
    options.force_text(true).context_lines(0).interhunk_lines(0).ignore_whitespace_eol(true);
    let patch = Patch::from_buffers(old, None::<&Path>, rest, None::<&Path>, Some(&mut options))?;
    let mut spans = Vec::with_capacity(patch.num_hunks());
    let mut lines = Lines { bytes: rest, line: 1, at: 0 };
    for i in 0..patch.num_hunks() {
        let (hunk, _) = patch.hunk(i)?;
        let (first, count) = (hunk.new_start() as usize, hunk.new_lines() as usize);
        if count > 0 {
            let start = lines.start_of(first);
            let end = lines.start_of(first + count);
            spans.push(Span::new(start + head, end + head));
        }
    }
    Ok(spans)
}

/// The bytes that lie in a span of both `a` and `b` (each sorted and disjoint).
pub(super) fn common(a: &[Span], b: &[Span]) -> Vec<Span> {
    let (mut i, mut j) = (0, 0);
    let mut both = Vec::new();
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        if x.overlaps(*y) {
            both.push(Span::new(x.start.max(y.start), x.end.min(y.end)));
        }
        if x.end < y.end { i += 1 } else { j += 1 }
    }
    both
}

/// Bytes that are compared at a time.
const STEP: usize = 32;

/// Length of the longest common head of `a` and `b` that ends with a line.
fn common_head(a: &[u8], b: &[u8]) -> usize {
    let pairs = || a.chunks_exact(STEP).zip(b.chunks_exact(STEP));
    let whole = STEP * pairs().take_while(|(x, y)| x == y).count();
    let same = whole + a[whole..].iter().zip(&b[whole..]).take_while(|(x, y)| x == y).count();
    memchr::memrchr(b'\n', &a[..same]).map_or(0, |at| at + 1)
}

/// Length of the longest common tail of `a` and `b` that begins behind a line's end.
fn common_tail(a: &[u8], b: &[u8]) -> usize {
    let pairs = || a.rchunks_exact(STEP).zip(b.rchunks_exact(STEP));
    let whole = STEP * pairs().take_while(|(x, y)| x == y).count();
    let rest = |text: &[u8]| text.len() - whole;
    let pairs = a[..rest(a)].iter().rev().zip(b[..rest(b)].iter().rev());
    let same = whole + pairs.take_while(|(x, y)| x == y).count();
    let tail = &a[a.len() - same..];
    memchr::memchr(b'\n', tail).map_or(0, |at| tail.len() - at - 1)
}

/// Walks over the starts of a text's lines, forwards only.
struct Lines<'b> {
    bytes: &'b [u8],
    /// The line at `at`, from 1.
    line: usize,
    at: usize,
}

impl Lines<'_> {
    /// Where line `line` (from 1) begins; the end when there are fewer lines.
    fn start_of(&mut self, line: usize) -> usize {
        while self.line < line && self.at < self.bytes.len() {
            self.at =
                memchr::memchr(b'\n', &self.bytes[self.at..]).map_or(self.bytes.len(), |n| self.at + n + 1);
            self.line += 1;
        }
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(old: &str, new: &str) -> Vec<String> {
        let spans = added_lines(old.as_bytes(), new.as_bytes()).unwrap();
        spans.iter().map(|s| new[s.start..s.end].to_owned()).collect()
    }

    #[test]
    fn only_new_lines_are_added() {
        assert_eq!(added("a\nb\nc\n", "a\nx\nb\nc\ny\n"), ["x\n", "y\n"]);
        assert_eq!(added("a\nb\nc\n", "a\nc\n"), [""; 0]);
        assert_eq!(added("a\nb\nc\n", "a\nB\nc\n"), ["B\n"]);
        assert_eq!(added("", "a\nb"), ["a\nb"]);
        assert_eq!(added("a\n", ""), [""; 0]);
    }

    #[test]
    fn neither_nul_nor_line_ends_hide_or_add_a_line() {
        assert_eq!(added("\0\0a\n", "\0\0a\nb\0\n"), ["b\0\n"]);
        assert_eq!(added("a\nb\nc", "a\r\nb\r\nc\r\n"), [""; 0]);
        assert_eq!(added("a", "a\nb"), ["b"]);
        assert_eq!(added("a\rb\r", "a\rc\rb\r"), ["a\rc\rb\r"]);
    }

    #[test]
    fn spans_are_those_of_a_long_text() {
        let old: Vec<_> = (0..5000).map(|i| format!("line {i}\n")).collect();
        let mut new = old.clone();
        new[17] = "changed\n".to_owned();
        new.insert(4000, "put in\nput in too\n".to_owned());
        new.remove(2000);
        assert_eq!(added(&old.concat(), &new.concat()), ["changed\n", "put in\nput in too\n"]);
    }

    #[test]
    fn the_common_part_of_two_scopes_lies_in_both() {
        let spans =
            |pairs: &[(usize, usize)]| pairs.iter().map(|&(a, b)| Span::new(a, b)).collect::<Vec<_>>();
        let (a, b) = (spans(&[(0, 5), (10, 20)]), spans(&[(3, 12), (15, 16), (19, 30)]));
        assert_eq!(common(&a, &b), spans(&[(3, 5), (10, 12), (15, 16), (19, 20)]));
        assert_eq!(common(&a, &[]), []);
    }
}
