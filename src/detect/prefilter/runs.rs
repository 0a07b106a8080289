//! Runs of token characters, told from 64 bytes at a time. A run is told once the byte after it was seen, so a text
//! must be followed by one that is none.

/// Finds runs of at least `least` token characters in masks of 64 bytes each, bit `i` for byte `i`.
#[derive(Debug)]
pub(super) struct Runs {
    /// How far `least` exceeds [`LEAST`].
    extra: u32,
    /// Bit 63 of the last result.
    last: u64,
    /// Where the run that has not ended begins.
    open: Option<usize>,
}

/// Length of the shortest runs that can be asked for.
const LEAST: u32 = 16;

impl Runs {
    /// For runs of at least `least` characters, 16 to 64.
    pub(super) fn new(least: usize) -> Self {
        Self { extra: least.clamp(16, 64) as u32 - LEAST, last: 0, open: None }
    }

    /// Takes the mask of the 64 bytes from `base`, and that of the 64 before them, and calls `sink(start, end)` for each
    /// run that ends in them. Blocks that are [idle](is_idle) may be left out.
    #[inline]
    pub(super) fn block(&mut self, base: usize, before: u64, mask: u64, sink: &mut impl FnMut(usize, usize)) {
        let long = if self.extra == 0 { ends(before, mask) } else { self.lengthened(before, mask) };
        if long | self.last == 0 {
            return;
        }
        let mut edges = long ^ (long << 1 | self.last);
        self.last = long >> 63;
        while edges != 0 {
            let at = base + edges.trailing_zeros() as usize;
            edges &= edges - 1;
            match self.open.take() {
                Some(start) => sink(start, at),
                None => self.open = Some(at + 1 - (self.extra + LEAST) as usize),
            }
        }
    }

    /// Bit `i`: so many characters as are asked for end at byte `i` of the block.
    #[inline]
    fn lengthened(&self, before: u64, mask: u64) -> u64 {
        // The lower bits lack what the block before the last would tell; they are not looked at.
        let mut both = in_rows(before, mask);
        let (mut known, mut left) = (LEAST, self.extra);
        while left > 0 && both != 0 {
            let by = left.min(known);
            both &= both << by;
            known += by;
            left -= by;
        }
        (both >> 64) as u64
    }
}

/// Whether no [`LEAST`] characters in a row end in the block of `mask`, nor right before it. Then no run does, and none
/// of fewer characters of its alphabet.
#[inline]
pub(super) fn is_idle(before: u64, mask: u64) -> bool {
    in_rows(before, mask) >> 63 == 0
}

/// Bit `i`: [`LEAST`] characters end at byte `i` of the block of `mask`.
#[inline]
fn ends(before: u64, mask: u64) -> u64 {
    (in_rows(before, mask) >> 64) as u64
}

#[inline]
fn in_rows(before: u64, mask: u64) -> u128 {
    let mut both = u128::from(mask) << 64 | u128::from(before);
    for by in [1, 2, 4, 8] {
        both &= both << by;
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(text: &[u8], least: usize) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut runs = Runs::new(least);
        let mut sink = |s, e| found.push((s, e));
        let text = [text, b" "].concat();
        let mut before = 0;
        for (i, block) in text.chunks(64).enumerate() {
            let mask = block.iter().enumerate().fold(0, |m, (j, &b)| m | u64::from(b == b'x') << j);
            if !is_idle(before, mask) {
                runs.block(i * 64, before, mask, &mut sink);
            }
            before = mask;
        }
        found
    }

    fn plain(text: &[u8], least: usize) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut at = 0;
        for run in text.split(|&b| b != b'x') {
            if run.len() >= least {
                found.push((at, at + run.len()));
            }
            at += run.len() + 1;
        }
        found
    }

    #[test]
    fn a_run_is_found_wherever_it_lies() {
        for least in [16, 17, 20, 31, 32, 33, 48, 64] {
            for start in 0..140 {
                for len in [least - 1, least, least + 1, least + 63, least + 64, 200] {
                    let mut text = vec![b' '; 400];
                    text[start..start + len].fill(b'x');
                    assert_eq!(runs(&text, least), plain(&text, least), "{least} at {start}, {len} long");
                }
            }
        }
    }

    #[test]
    fn a_run_may_end_the_text() {
        for len in 1..300 {
            assert_eq!(runs(&vec![b'x'; len], 16), plain(&vec![b'x'; len], 16));
        }
    }

    #[test]
    fn many_runs_are_told_apart() {
        let text: Vec<u8> =
            (0..5000usize).map(|i| if i * i % 37 == 0 || i % 71 == 3 { b' ' } else { b'x' }).collect();
        for least in 16..40 {
            assert_eq!(runs(&text, least), plain(&text, least));
        }
    }
}
