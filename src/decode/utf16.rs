//! Text in UTF-16: whole files, with or without a byte order mark, and passages inside other content.
//!
//! Secrets are ASCII, and in UTF-16 each ASCII character has a zero byte beside it. So the passages that matter
//! are rows of `text byte, zero byte` or the reverse, wherever they stand; without such a row there is nothing to
//! see. A file is read as UTF-16 throughout only when it holds a row and its mark or its zeros say so, which is
//! how CJK text around a secret survives.

use crate::model::Span;

/// The order of the two bytes of a code unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The lower byte first.
    Little,
    /// The upper byte first.
    Big,
}

impl Order {
    /// The name of the decoding layer.
    pub const fn layer(self) -> &'static str {
        match self {
            Self::Little => "utf-16le",
            Self::Big => "utf-16be",
        }
    }
}

/// A passage in UTF-16, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wide {
    /// The passage in UTF-8; what is no valid UTF-16 is U+FFFD.
    pub text: Vec<u8>,
    /// Where it stands in the blob, its mark left out.
    pub span: Span,
    /// The order of its bytes.
    pub order: Order,
}

impl Wide {
    /// The places in the blob of `offsets` (ascending) in [`Self::text`]. An offset inside a character stands for
    /// the character's start.
    pub fn original(&self, offsets: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut chars = bstr::ByteSlice::char_indices(self.text.as_slice()).peekable();
        let mut at = self.span.start;
        let place = |offset| {
            while let Some((_, end, c)) = chars.next_if(|(_, end, _)| *end <= offset) {
                debug_assert!(end <= offset);
                at += 2 * c.len_utf16();
            }
            at
        };
        offsets.into_iter().map(place).collect()
    }
}

impl Wide {
    /// Whether `bytes`, which the passage is from, is nothing but the passage and its mark.
    pub fn is_all_of(&self, bytes: &[u8]) -> bool {
        self.span.start <= 2 && bytes.len() - self.span.end <= 1
    }

    /// The offsets in [`Self::text`] of `places` (ascending) in the blob: the reverse of [`Self::original`].
    pub fn decoded(&self, places: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut chars = bstr::ByteSlice::char_indices(self.text.as_slice()).peekable();
        let (mut at, mut offset) = (self.span.start, 0);
        let find = |place| {
            while let Some((_, end, c)) = chars.next_if(|(_, _, c)| at + 2 * c.len_utf16() <= place) {
                at += 2 * c.len_utf16();
                offset = end;
            }
            offset
        };
        places.into_iter().map(find).collect()
    }
}

/// Fewest code units of a row: less than the shortest token, more than chance makes in machine code.
const LEAST: usize = 12;
/// How much of a file without a mark is looked at to tell whether it is UTF-16 throughout, in bytes.
const SAMPLE: usize = 8 << 10;

/// The passages of `bytes` in UTF-16 that hold at least 12 ASCII or Latin-1 characters in a row.
pub fn wide(bytes: &[u8]) -> Vec<Wide> {
    let Some(first) = next_row(bytes, 0) else { return Vec::new() };
    if let Some((order, start)) = order_of(bytes) {
        let span = Span::new(start, bytes.len() - (bytes.len() - start) % 2);
        return vec![Wide { text: decode(span.of(bytes), order), span, order }];
    }
    let mut rows = Vec::new();
    let mut next = Some(first);
    while let Some((span, order)) = next {
        rows.push(Wide { text: decode(span.of(bytes), order), span, order });
        next = next_row(bytes, span.end);
    }
    rows
}

/// Whether [`wide`] may find something in `bytes` that it would not without the change at `changed`, provided that
/// it found nothing before the change.
pub fn wide_may_begin(bytes: &[u8], changed: Span) -> bool {
    let around = Span::new(
        changed.start.saturating_sub(4 * LEAST),
        changed.end.saturating_add(4 * LEAST).min(bytes.len()),
    );
    next_row(around.of(bytes), 0).is_some()
}

/// The order of a file that is UTF-16 throughout, and where its text begins.
fn order_of(bytes: &[u8]) -> Option<(Order, usize)> {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|&&b| b == 0).count();
    let (even, odd, units) = (zeros(0), zeros(1), sample.len().div_ceil(2));
    // Zeros on the wrong side are rare in text.
    let mostly = |right: usize, wrong: usize| right * 2 > units && wrong * 32 <= units;
    let (order, start) = match bytes {
        [0xff, 0xfe, ..] if even * 32 <= units + 32 => return Some((Order::Little, 2)),
        [0xfe, 0xff, ..] if odd * 32 <= units + 32 => return Some((Order::Big, 2)),
        _ if mostly(odd, even) => (Order::Little, 0),
        _ if mostly(even, odd) => (Order::Big, 0),
        _ => return None,
    };
    let text = decode(&sample[..sample.len() & !1], order);
    text.iter().all(|&b| !b.is_ascii_control() || is_text(b)).then_some((order, start))
}

/// The first row of at least [`LEAST`] units that begins at or after `from`.
fn next_row(bytes: &[u8], from: usize) -> Option<(Span, Order)> {
    let mut at = from;
    loop {
        let zero = at + memchr::memchr(0, &bytes[at..])?;
        let little = zero > from && is_text(bytes[zero - 1]);
        let (start, order) = if little { (zero - 1, Order::Little) } else { (zero, Order::Big) };
        let unit = |u: &&[u8]| match order {
            Order::Little => is_text(u[0]) && u[1] == 0,
            Order::Big => u[0] == 0 && is_text(u[1]),
        };
        let units = bytes[start..].chunks_exact(2).take_while(unit).count();
        if units >= LEAST {
            return Some((Span::new(start, start + 2 * units), order));
        }
        // A row may begin at the last byte looked at, but not before; of several zeros, at the last.
        let next = zero + 1 + (2 * units).saturating_sub(2);
        at = next.max(zeros_end(bytes, zero) - 1);
    }
}

/// Where the zeros end that begin at `at`.
fn zeros_end(bytes: &[u8], at: usize) -> usize {
    const ZEROS: [u8; 256] = [0; 256];
    let rest = &bytes[at..];
    let whole = rest.chunks_exact(ZEROS.len()).take_while(|&chunk| chunk == ZEROS).count() * ZEROS.len();
    at + whole + rest[whole..].iter().take_while(|&&b| b == 0).count()
}

const fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0xa0..)
}

fn decode(bytes: &[u8], order: Order) -> Vec<u8> {
    let unit = |pair: &[u8]| match order {
        Order::Little => u16::from_le_bytes([pair[0], pair[1]]),
        Order::Big => u16::from_be_bytes([pair[0], pair[1]]),
    };
    let mut text = Vec::with_capacity(bytes.len() / 2 + 8);
    for c in char::decode_utf16(bytes.chunks_exact(2).map(unit)) {
        let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
        text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str, order: Order) -> Vec<u8> {
        let pair = |u: u16| if order == Order::Little { u.to_le_bytes() } else { u.to_be_bytes() };
        text.encode_utf16().flat_map(pair).collect()
    }

    #[test]
    fn a_file_is_read_with_and_without_a_mark() {
        let text = "password = \"s3cr3t-😀-value\" # 秘密\r\n"; // leakward:allow
        for (order, mark) in [(Order::Little, [0xff, 0xfe]), (Order::Big, [0xfe, 0xff])] {
            let plain = encoded(text, order);
            let marked = [&mark[..], &plain].concat();
            for (bytes, start) in [(plain.as_slice(), 0), (marked.as_slice(), 2)] {
                let views = wide(bytes);
                assert_eq!(views.len(), 1);
                assert_eq!(views[0].text, text.as_bytes());
                assert_eq!((views[0].span, views[0].order), (Span::new(start, bytes.len()), order));
            }
        }
    }

    #[test]
    fn a_passage_is_found_behind_any_number_of_zeros() {
        for zeros in (0..20).chain(250..262).chain(1000..1004) {
            for order in [Order::Little, Order::Big] {
                let bytes = [
                    &b"binary \x01"[..],
                    &vec![0; zeros],
                    b"\x02\x03\x04",
                    &encoded("abcdefghijklmnop", order),
                ];
                let holds = |w: &Wide| memchr::memmem::find(&w.text, b"bcdefghijklmno").is_some();
                assert!(wide(&bytes.concat()).iter().any(holds), "{zeros} {order:?}");
                let bytes = [&vec![0; zeros], &encoded("abcdefghijklmnop", Order::Big)[..]].concat();
                assert!(wide(&bytes)[0].text.ends_with(b"abcdefghijklmnop"), "{zeros}");
            }
        }
    }

    #[test]
    fn offsets_lead_back_to_the_blob() {
        let text = "é😀 abcdefghijklmnop";
        let bytes = [&b"\xff\xfe"[..], &encoded(text, Order::Little)].concat();
        let view = wide(&bytes).remove(0);
        let at = |s: &str| text.find(s).unwrap();
        assert_eq!(view.original([0, at("😀"), at("a"), at("b"), text.len()]), [2, 4, 10, 12, bytes.len()]);
    }

    #[test]
    fn a_passage_inside_other_content_is_found() {
        for order in [Order::Little, Order::Big] {
            let bytes =
                [b"MZ\x90\x03\x04".to_vec(), encoded("token=0123456789", order), b"\x01\x02".to_vec()]
                    .concat();
            let views = wide(&bytes);
            assert_eq!(views.len(), 1, "{order:?}");
            assert_eq!(views[0].text, b"token=0123456789");
            assert_eq!(views[0].span, Span::new(5, 5 + 32));
        }
    }

    #[test]
    fn a_mark_alone_makes_no_utf16() {
        assert_eq!(wide(b"\xff\xfepassword = \"plain ascii after a false mark\""), []);
        assert_eq!(wide(b"plain\0text with \0 some\0 zeros"), []);
        assert_eq!(wide(b""), []);
    }

    #[test]
    fn an_odd_last_byte_is_left_out() {
        let bytes = [encoded("abcdefghijklmnop", Order::Little), b"x".to_vec()].concat();
        assert_eq!(wide(&bytes)[0].span.end, 32);
    }

    #[test]
    fn only_a_change_beside_zeros_can_begin_a_passage() {
        let bytes = [vec![b'.'; 200], encoded("abcdefghijklmnop", Order::Little), vec![b'.'; 200]].concat();
        assert!(wide_may_begin(&bytes, Span::new(210, 210)));
        assert!(wide_may_begin(&bytes, Span::new(200, 232)));
        assert!(!wide_may_begin(&bytes, Span::new(20, 40)));
    }
}
