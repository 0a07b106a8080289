//! Where the literal around a value begins and ends: quotes on one line.

use crate::model::Span;

/// A literal in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Literal {
    /// From the opening quote to behind the closing one.
    pub(super) whole: Span,
    pub(super) quote: u8,
}

impl Literal {
    /// The literal of `line` (a range of `text`) that `value` lies in.
    pub(super) fn around(text: &[u8], line: Span, value: Span) -> Option<Self> {
        let mut open: Option<(usize, u8)> = None;
        let mut at = line.start;
        while at < line.end {
            let byte = text[at];
            match open {
                Some(_) if byte == b'\\' => at += 1,
                Some((start, quote)) if byte == quote => {
                    let whole = Span::new(start, at + 1);
                    if whole.start < value.start && value.end < whole.end {
                        return Some(Self { whole, quote });
                    }
                    open = None;
                }
                None if matches!(byte, b'"' | b'\'' | b'`') => open = Some((at, byte)),
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// What stands before and after `value` in the quotes.
    pub(super) fn rest<'t>(&self, text: &'t [u8], value: Span) -> (&'t [u8], &'t [u8]) {
        (&text[self.whole.start + 1..value.start], &text[value.end..self.whole.end - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_literal_is_the_one_that_holds_the_value() {
        let text = br#"f("it's", 'say \'x\'', "pre-VALUE-post")"#;
        let at = memchr::memmem::find(text, b"VALUE").unwrap();
        let value = Span::new(at, at + 5);
        let found = Literal::around(text, Span::new(0, text.len()), value).unwrap();
        assert_eq!((found.quote, found.rest(text, value)), (b'"', (&b"pre-"[..], &b"-post"[..])));
        assert_eq!(Literal::around(b"x = VALUE", Span::new(0, 9), Span::new(4, 9)), None);
    }
}
