//! Runs of token characters, told from 64 bytes at a time. A run is told once the byte after it was seen, so a text
//! must be followed by one that is none.

/// Finds runs of at least `least` token characters in masks of 64 bytes each, bit `i` for byte `i`.
#[derive(Debug)]
pub(super) struct Runs {
    /// Shift of the last doubling step: `least` less 16.
    extra: u32,
    /// The masks of the block before, after 0, 1, 2, 3 and 4 doublings.
    before: [u64; 5],
    /// Bit 63 of the last result.
    last: u64,
    /// Where the run that has not ended begins.
    open: Option<usize>,
}

impl Runs {
    /// For runs of at least `least` characters, 16 to 64.
    pub(super) fn new(least: usize) -> Self {
        Self { extra: (least.clamp(16, 64) - 16) as u32, before: [0; 5], last: 0, open: None }
    }

    /// Takes the mask of the 64 bytes from `base` and calls `sink(start, end)` for each run that ends in them.
    #[inline]
    pub(super) fn block(&mut self, base: usize, mask: u64, sink: &mut impl FnMut(usize, usize)) {
        let [b0, b1, b2, b3, b4] = self.before;
        let m1 = mask & (mask << 1 | b0 >> 63);
        let m2 = m1 & (m1 << 2 | b1 >> 62);
        let m3 = m2 & (m2 << 4 | b2 >> 60);
        let m4 = m3 & (m3 << 8 | b3 >> 56);
        // Bit i: the 16 characters that end at byte i are all tokens.
        self.before = [mask, m1, m2, m3, m4];
        let long = self.lengthened(m4, b4);
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
                None => self.open = Some(at + 1 - (self.extra as usize + 16)),
            }
        }
    }

    /// From runs of 16 to runs of `least`, at most 48 longer.
    #[inline]
    fn lengthened(&self, mask: u64, before: u64) -> u64 {
        let (mut mask, mut before, mut left) = (mask, before, self.extra);
        let mut known = 16;
        while left > 0 {
            let by = left.min(known);
            // The block before, lengthened alike, lacks what its own predecessor would tell; its upper bits do not.
            let longer = mask & (mask << by | before >> (64 - by));
            before &= before << by;
            mask = longer;
            known += by;
            left -= by;
        }
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(text: &[u8], least: usize) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut runs = Runs::new(least);
        let mut sink = |s, e| found.push((s, e));
        let text = [text, b" "].concat();
        for (i, block) in text.chunks(64).enumerate() {
            let mask = block.iter().enumerate().fold(0, |m, (j, &b)| m | u64::from(b == b'x') << j);
            runs.block(i * 64, mask, &mut sink);
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
