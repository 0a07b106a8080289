//! Cuts a stream that is too long for memory into overlapping windows.
//!
//! The cores of the windows tile the stream; around its core a window holds [`MARGIN`] bytes of context on each
//! side, so that whatever overlaps the core is seen in full. What straddles two cores is found twice, at the
//! same place of the whole, and merged when findings are sorted.

use std::io::{self, Read};

use crate::model::{Blob, LineIndex, Position, Span, Start};

/// Bytes of a window's core. What is not longer is scanned in one piece.
pub(super) const CORE: usize = 8 << 20;
/// Bytes of context on each side of a core; at least twice what any rule may look at.
pub(super) const MARGIN: usize = 1 << 20;

/// A stream being cut into windows.
pub(super) struct Windows<R> {
    stream: R,
    /// What the next window begins with: its leading context and what was read ahead.
    carried: Vec<u8>,
    /// Where `carried` begins.
    start: Start,
    /// Offset of the next core in `carried`.
    core: usize,
    ended: bool,
    sizes: Sizes,
}

/// Sizes in bytes; tests use small ones.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    core: usize,
    margin: usize,
}

/// One window, in a buffer of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    start: Start,
    core: Span,
    /// Whether the window is the whole stream.
    whole: bool,
}

impl<R: Read> Windows<R> {
    pub(super) fn new(stream: R) -> Self {
        Self::with_sizes(stream, Sizes { core: CORE, margin: MARGIN })
    }

    fn with_sizes(stream: R, sizes: Sizes) -> Self {
        Self { stream, carried: Vec::new(), start: Start::FIRST, core: 0, ended: false, sizes }
    }

    /// Reads the next window into `buffer`. `None` when the stream has ended; an empty stream has one empty window.
    ///
    /// # Errors
    /// The stream's. Bytes read before the error are not handed out.
    pub(super) fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<Window>> {
        if self.ended {
            return Ok(None);
        }
        buffer.clear();
        buffer.append(&mut self.carried);
        let Sizes { core, margin } = self.sizes;
        let wanted = self.core + core + margin;
        let missing = wanted.saturating_sub(buffer.len());
        self.stream.by_ref().take(missing as u64).read_to_end(buffer)?;
        self.ended = buffer.len() < wanted;
        let end = if self.ended { buffer.len() } else { self.core + core };
        let window = Window {
            start: self.start,
            core: Span::new(self.core, end),
            whole: self.ended && self.start.offset == 0 && self.core == 0,
        };
        if !self.ended {
            self.carry(buffer, end);
        }
        Ok(Some(window))
    }

    /// Keeps of `buffer` what the window after the core that ends at `end` needs.
    fn carry(&mut self, buffer: &[u8], end: usize) {
        let from = beginning(buffer, end.saturating_sub(self.sizes.margin));
        self.start = advanced(self.start, buffer, from);
        self.carried.extend_from_slice(&buffer[from..]);
        self.core = end - from;
    }
}

impl Window {
    /// The window as a blob; `buffer` is what it was read into, `scope` a place for its core.
    pub(super) fn blob<'b>(&self, buffer: &'b [u8], scope: &'b mut [Span; 1]) -> Blob<'b> {
        if self.whole {
            return Blob::whole(buffer);
        }
        *scope = [self.core];
        Blob::within(buffer, scope).starting_at(self.start)
    }

    /// Bytes of the stream that this window, and no other, stands for.
    pub(super) fn bytes(&self) -> u64 {
        self.core.len() as u64
    }
}

/// The last offset not after `at` where a code point begins, so that columns add up. An even one where there is
/// one nearby, so that UTF-16 stays whole: every window then begins at an even offset of the stream.
fn beginning(buffer: &[u8], at: usize) -> usize {
    let begins = |&i: &usize| buffer[i] & 0xC0 != 0x80;
    let nearby =
        |step| (at.saturating_sub(64)..=at).rev().skip(if step == 2 { at % 2 } else { 0 }).step_by(step);
    nearby(2).find(begins).or_else(|| nearby(1).find(begins)).unwrap_or(at)
}

/// The place of `buffer[by]`, where `start` is that of `buffer[0]`.
fn advanced(start: Start, buffer: &[u8], by: usize) -> Start {
    let lines = LineIndex::new(&buffer[..(by + 1).min(buffer.len())]);
    let local = lines.position(by);
    let cut = by - lines.line(local.line).start + if local.line == 1 { start.cut } else { 0 };
    let Position { line, column } = start.place(local);
    Start { offset: start.offset + by, cut, position: Position { line, column } }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;
    use crate::detect::{Detector, Scratch};
    use crate::rule::{self, RulePack};

    fn windows(text: &[u8], core: usize, margin: usize) -> Vec<(Vec<u8>, Window)> {
        let mut windows = Windows::with_sizes(text, Sizes { core, margin });
        let mut all = Vec::new();
        let mut buffer = Vec::new();
        while let Some(window) = windows.next(&mut buffer).unwrap() {
            all.push((buffer.clone(), window));
        }
        all
    }

    #[test]
    fn a_short_stream_is_one_whole_blob() {
        for text in [&b""[..], b"abc"] {
            let all = windows(text, 4, 2);
            assert_eq!(all.len(), 1);
            assert!(all[0].1.whole);
            assert_eq!(all[0].0, text);
        }
    }

    #[test]
    fn cores_tile_the_stream_with_context_on_both_sides() {
        let text: Vec<u8> = (0..1000u32).flat_map(|i| format!("line {i}\r\né").into_bytes()).collect();
        for (core, margin) in [(64, 8), (64, 64), (100, 30), (7, 20)] {
            let mut at = 0;
            for (bytes, window) in windows(&text, core, margin) {
                let core = window.core.shifted(window.start.offset as isize);
                assert_eq!(core.start, at);
                at = core.end;
                assert_eq!(bytes, text[window.start.offset..][..bytes.len()]);
                assert!(window.start.offset <= core.start.saturating_sub(margin));
                assert!(window.start.offset + bytes.len() >= text.len().min(core.end + margin));
            }
            assert_eq!(at, text.len());
        }
    }

    #[test]
    fn places_add_up_across_windows() {
        let text: Vec<u8> = (0..500u32)
            .flat_map(|i| format!("{}é\r\n\rx\n", "ü".repeat(i as usize % 40)).into_bytes())
            .collect();
        let whole = LineIndex::new(&text);
        for (bytes, window) in windows(&text, 64, 16) {
            let lines = LineIndex::new(&bytes);
            for at in 0..bytes.len() {
                let place = window.start.place(lines.position(at));
                assert_eq!(
                    place,
                    whole.position(window.start.offset + at),
                    "byte {}",
                    window.start.offset + at
                );
            }
            let line = whole.line(window.start.position.line);
            assert_eq!(window.start.cut, window.start.offset - line.start);
        }
    }

    /// Candidates of `text`, cut into windows: places in the whole, each once.
    fn found(detector: &Detector, text: &[u8], core: usize, margin: usize) -> BTreeSet<(Span, Position)> {
        let mut found = BTreeSet::new();
        let mut scratch = Scratch::default();
        for (bytes, window) in windows(text, core, margin) {
            let mut scope = [Span::new(0, 0)];
            let blob = window.blob(&bytes, &mut scope);
            let lines = LineIndex::new(&bytes);
            detector.detect(&mut scratch, &blob, None, &mut |c| {
                let place = blob.start.place(lines.position(c.span.start));
                found.insert((c.span.shifted(blob.start.offset as isize), place));
            });
        }
        found
    }

    #[test]
    fn nothing_is_lost_at_a_border() {
        let mut pack = RulePack::default();
        let rule = "[[rule]]\nid = 'acme-key'\nkeywords = ['acme_']\npattern = '\\b(acme_[0-9a-z]{20})\\b'\n";
        rule::load(&mut pack, "test", rule).unwrap();
        let margin = 2 * pack.rules()[0].reach;
        let detector = Detector::new(Arc::new(pack)).unwrap();
        for seed in 0..40u64 {
            // Tokens at every distance from each other, on lines of every length.
            let mut random = seed;
            let mut next = |below: u64| {
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (random >> 33) % below
            };
            let mut text = String::new();
            for _ in 0..60 {
                text.push_str(&" é".repeat(next(60) as usize));
                text.push_str(["\n", "\r\n", " ", "\r"][next(4) as usize]);
                text.push_str(&format!("acme_{:020} ", next(u64::MAX >> 33)));
            }
            let whole = found(&detector, text.as_bytes(), text.len() + 1, 0);
            assert_eq!(whole.len(), 60);
            for core in [1, 50, 333, 1000] {
                assert_eq!(
                    found(&detector, text.as_bytes(), core, margin),
                    whole,
                    "seed {seed}, core {core}"
                );
            }
        }
    }

    #[test]
    fn no_built_in_rule_reaches_past_the_margin() {
        let widest = RulePack::builtin().rules().iter().map(|rule| rule.reach).max();
        assert!(widest.is_none_or(|reach| 2 * reach <= MARGIN), "{widest:?}");
    }
}
