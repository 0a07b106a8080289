//! The hash by which GitHub knows an alert's line again (`primaryLocationLineHash`).
//!
//! A polynomial hash, base 37 modulo 2^64, over the 100 UTF-16 units from the line's start: blanks and tabs left
//! out, every line end a line feed, the text's end 0xFFFF, then zeros. It prints as hex without padding, and `:n`
//! for the n-th line of the text with that hash.
//!
//! It has no key, by GitHub's design: a reader can test guesses of a line against it.
//!
//! Source: the behaviour of github/codeql-action when a SARIF file lacks the hash; proved equal by
//! tests/conformance.sh.

use std::collections::{HashMap, VecDeque};

use bstr::ByteSlice;

/// The hashes of the lines `wanted` (from 1, ascending, repeats allowed) of `text`, in that order.
///
/// A line past the end of `text` has the hash of the empty line at its end.
pub fn line_hashes(text: &[u8], wanted: &[u64]) -> Vec<String> {
    let Some(&last) = wanted.last() else { return Vec::new() };
    // Two passes, so that memory is that of the wanted lines, not that of all lines.
    let mut of_line: HashMap<u64, (u64, u64)> = HashMap::new();
    let mut end = (0, 0);
    each_line(text, last, |line, hash| {
        end = (line, hash);
        if wanted.binary_search(&line).is_ok() {
            of_line.insert(line, (hash, 0));
        }
    });
    let mut seen: HashMap<u64, u64> = of_line.values().map(|&(hash, _)| (hash, 0)).collect();
    each_line(text, last, |line, hash| {
        if let Some(n) = seen.get_mut(&hash) {
            *n += 1;
            if let Some((_, nth)) = of_line.get_mut(&line) {
                *nth = *n;
            }
        }
    });
    let named = |line: &u64| {
        let (hash, nth) = of_line.get(line).copied().unwrap_or((end.1, 1));
        format!("{hash:x}:{nth}")
    };
    wanted.iter().map(named).collect()
}

/// Length of the hashed window in UTF-16 units.
const WINDOW: usize = 100;
/// Base of the polynomial.
const BASE: u64 = 37;
/// What stands for the text's end.
const END: u16 = 0xFFFF;

/// Calls `sink` with number (from 1) and hash of each line up to line `last`.
fn each_line(text: &[u8], last: u64, mut sink: impl FnMut(u64, u64)) {
    let mut hasher = Hasher::default();
    let units = text.chars().flat_map(|c| {
        let mut pair = [0; 2];
        let n = c.encode_utf16(&mut pair).len();
        pair.into_iter().take(n)
    });
    let mut after_cr = false;
    for unit in units {
        let (cr, lf) = (unit == u16::from(b'\r'), unit == u16::from(b'\n'));
        let skip = unit == u16::from(b' ') || unit == u16::from(b'\t') || (after_cr && lf);
        after_cr = cr;
        if skip {
            continue;
        }
        hasher.push(if cr { u16::from(b'\n') } else { unit }, &mut sink);
        if hasher.done > last {
            return;
        }
    }
    hasher.push(END, &mut sink);
    for _ in 0..WINDOW {
        hasher.push(0, &mut sink);
    }
}

/// The hash of all units so far, and the lines whose window is still open.
#[derive(Default)]
struct Hasher {
    /// Hash of every unit pushed so far.
    all: u64,
    /// Units pushed so far.
    units: usize,
    /// Lines begun so far.
    lines: u64,
    /// Lines handed out so far.
    done: u64,
    /// Whether the next unit does not begin a line.
    inside: bool,
    /// Open lines: number, units and hash before their first unit. At most [`WINDOW`].
    open: VecDeque<(u64, usize, u64)>,
}

impl Hasher {
    fn push(&mut self, unit: u16, sink: &mut impl FnMut(u64, u64)) {
        if let Some(&(line, from, before)) = self.open.front()
            && self.units == from + WINDOW
        {
            // What came before the window has been multiplied by BASE once for each of its units.
            sink(line, self.all.wrapping_sub(before.wrapping_mul(const { power(WINDOW) })));
            self.done = line;
            self.open.pop_front();
        }
        if !self.inside {
            self.lines += 1;
            self.open.push_back((self.lines, self.units, self.all));
        }
        // The text's end counts as a unit of its line, so the zeros after it begin none.
        self.inside = unit != u16::from(b'\n');
        self.all = self.all.wrapping_mul(BASE).wrapping_add(u64::from(unit));
        self.units += 1;
    }
}

/// BASE to the power `n`, modulo 2^64.
const fn power(n: usize) -> u64 {
    let (mut value, mut i) = (1u64, 0);
    while i < n {
        value = value.wrapping_mul(BASE);
        i += 1;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::line_hashes;

    fn all(text: &str) -> Vec<String> {
        let lines = text.split('\n').count() as u64;
        line_hashes(text.as_bytes(), &(1..=lines).collect::<Vec<_>>())
    }

    #[test]
    fn the_empty_text_has_the_published_hash() {
        assert_eq!(all(""), ["c129715d7a2bc9a3:1"]);
    }

    #[test]
    fn equal_lines_are_counted() {
        let hashes = all("x\nx\n");
        assert_ne!(hashes[0], hashes[1], "what follows belongs to the window");
        let far = format!("x\n{0}\nx\n{0}\n", "y".repeat(200));
        let hashes = all(&far);
        assert_eq!(hashes[0].trim_end_matches(":1"), hashes[2].trim_end_matches(":2"));
    }

    #[test]
    fn line_ends_and_blanks_do_not_matter() {
        let unix = all("a = 1\n\tb = 2\nc\n");
        for other in ["a = 1\r\n\tb = 2\r\nc\r\n", "a=1\r  b=2\rc\r", "a =\t1\nb = 2\n c \n"] {
            assert_eq!(line_hashes(other.as_bytes(), &[1, 2, 3, 4]), unix, "{other:?}");
        }
    }

    #[test]
    fn only_the_wanted_lines_are_named_and_repeats_are_kept() {
        let text = "a\nb\nc\nd\n";
        let each = all(text);
        assert_eq!(line_hashes(text.as_bytes(), &[2, 2, 4]), [&each[1][..], &each[1], &each[3]]);
        assert!(line_hashes(text.as_bytes(), &[]).is_empty());
    }

    #[test]
    fn the_window_ends_after_a_hundred_units() {
        let [long, longer] = ["a".repeat(100), "a".repeat(100) + "b"].map(|l| all(&l)[0].clone());
        assert_eq!(long, longer);
        let [short, other] = ["a".repeat(99) + "c", "a".repeat(99) + "b"].map(|l| all(&l)[0].clone());
        assert_ne!(short, other);
    }

    #[test]
    fn characters_beyond_the_first_plane_are_two_units() {
        let text = "😀".repeat(50);
        assert_eq!(all(&text)[0], all(&(text.clone() + "x"))[0]);
    }
}
