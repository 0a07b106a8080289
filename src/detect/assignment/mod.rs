//! Assignments: `key operator value` in code, configuration, markup and command lines of some twenty languages.
//!
//! Knows grammar only. Whether a value is a secret is asked of [`crate::classify`].

mod bare;
mod expression;
mod gap;
mod key;
mod literal;

use bare::Bare;
use expression::Inner;
use gap::{Gap, Tie};
pub(crate) use literal::{Literal, line_end, line_start, skip_blanks, skip_space};

use crate::classify::{KeyName, Syntax};
use crate::model::{Secret, Span};

/// A value that was read beside its key. Spans are relative to the text that was read.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    /// The key's name.
    pub key: Span,
    /// The value, quotes left out. Of joined literals: from the first byte of the first to the last of the last.
    pub value: Span,
    /// From key to closing quote.
    pub matched: Span,
    /// How key and value stand together.
    pub syntax: Syntax,
    /// The value, where it was joined from several literals.
    pub joined: Option<Secret>,
    /// The name of the function that the value is handed to, empty when there is none.
    pub callee: Span,
}

impl Reading {
    /// Reads the value of the key around `trigger`, whatever the key names. Mostly there is none, and that is seen within
    /// a few bytes.
    pub(crate) fn at(text: &[u8], trigger: Span) -> Option<Self> {
        let key = key::around(text, trigger)?;
        let gap = Gap::read(text, key)?;
        if gap.value >= text.len() {
            return None;
        }
        let flag = is_flag(text, key);
        match gap.tie {
            Tie::Markup => Self::bare(key, Bare::element(text, gap.value)?),
            Tie::Blank => Self::blank(text, key, &gap, flag),
            Tie::Assign | Tie::Colon | Tie::Companion => Self::assigned(text, key, &gap, flag),
            Tie::Compare => Self::literal(text, key, gap.value, Syntax::Compare),
            Tie::Default => Self::default(text, key, &gap),
            Tie::Call => Self::literal(text, key, gap.value, Syntax::Call)
                .or_else(|| Self::inner(text, key, gap.value)),
            Tie::Argument => Self::literal(text, key, gap.value, Syntax::Argument),
        }
    }

    /// The same where the key names a credential.
    pub(crate) fn of_credential(text: &[u8], trigger: Span) -> Option<Self> {
        Self::at(text, trigger).filter(|reading| KeyName::new(reading.key.of(text)).kind().is_some())
    }

    fn assigned(text: &[u8], key: Span, gap: &Gap, flag: bool) -> Option<Self> {
        let at = behind_break(text, gap.value);
        let syntax = if flag { Syntax::Flag } else { Syntax::Quoted };
        if let Some(reading) = Self::literal(text, key, at, syntax) {
            return Some(reading);
        }
        if let Some(reading) = Self::inner(text, key, at) {
            return Some(reading);
        }
        if at != gap.value || gap.quoted_key && gap.tie == Tie::Colon && is_variable(text, at) {
            return None;
        }
        let bare = match gap.tie {
            _ if flag => Bare::argument(text, at, Syntax::Flag),
            // `name: KEY` ⏎ `value: x`: the value has a line of its own.
            Tie::Companion => Bare::to_line_end(text, at, true),
            _ => Bare::assigned(text, key, at, gap.tie == Tie::Colon),
        };
        Self::bare(key, bare?)
    }

    /// `password "x"`, `--password x`, `requirepass x`.
    fn blank(text: &[u8], key: Span, gap: &Gap, flag: bool) -> Option<Self> {
        // Of running text: `pass "--locked"` to a command, pass `size` as it is.
        let verb = key.of(text).eq_ignore_ascii_case(b"pass")
            && (text.get(gap.value) == Some(&b'`')
                || text[line_start(text, key.start)..key.start].iter().any(u8::is_ascii_alphabetic));
        if gap.quoted_key || verb && !flag {
            return None;
        }
        let syntax = if flag { Syntax::Flag } else { Syntax::Statement };
        if let Some(reading) = Self::literal(text, key, gap.value, syntax) {
            return Some(reading);
        }
        let directive = [&b"requirepass"[..], b"masterauth"].contains(&key.of(text));
        let environment = text[line_start(text, key.start)..key.start].trim_ascii() == b"ENV";
        (flag || directive || environment).then_some(())?;
        // The next flag is no argument.
        (text[gap.value] != b'-').then_some(())?;
        Self::bare(key, Bare::argument(text, gap.value, syntax)?)
    }

    /// `${PASSWORD:-x}`, `password || "x"`.
    fn default(text: &[u8], key: Span, gap: &Gap) -> Option<Self> {
        if let Some(reading) = Self::literal(text, key, gap.value, Syntax::Default) {
            return Some(reading);
        }
        let shell = text[..gap.value].ends_with(b":-");
        let end = text[gap.value..].iter().take(256).position(|&b| b == b'}' || b.is_ascii_whitespace())?;
        let value = Span::new(gap.value, gap.value + end);
        (shell && end > 0 && text[value.end] == b'}')
            .then(|| Self::new(key, value, value.end, Syntax::Default))
    }

    fn literal(text: &[u8], key: Span, at: usize, syntax: Syntax) -> Option<Self> {
        let literal = Literal::read(text, at)?;
        Some(Self::of_literal(text, key, &literal, syntax))
    }

    fn inner(text: &[u8], key: Span, at: usize) -> Option<Self> {
        let inner = Inner::read(text, at)?;
        Some(Self { callee: inner.callee, ..Self::of_literal(text, key, &inner.literal, inner.syntax) })
    }

    fn of_literal(text: &[u8], key: Span, literal: &Literal, syntax: Syntax) -> Self {
        let syntax = if literal.template && literal.value.of(text).contains(&b'{') {
            Syntax::Template
        } else {
            syntax
        };
        match literal.joined(text) {
            Some((joined, whole)) => {
                Self { joined: Some(joined), ..Self::new(key, whole.value, whole.end, syntax) }
            }
            None => Self::new(key, literal.value, literal.end, syntax),
        }
    }

    fn bare(key: Span, bare: Bare) -> Option<Self> {
        Some(Self::new(key, bare.value, bare.value.end, bare.syntax))
    }

    fn new(key: Span, value: Span, end: usize, syntax: Syntax) -> Self {
        let matched = Span::new(key.start, end.max(value.end));
        Self { key, value, matched, syntax, joined: None, callee: Span::new(key.start, key.start) }
    }
}

/// Where the value begins when a line break follows the operator: only a literal may stand on the next line.
fn behind_break(text: &[u8], at: usize) -> usize {
    let next = match text.get(at..) {
        Some([b'\n' | b'\r', ..]) => at,
        Some([b'(', ..] | [b'\\', b'\n' | b'\r', ..]) => at + 1,
        _ => return at,
    };
    let next = skip_space(text, next);
    if literal::quote_len(&text[next..]).is_some() { next } else { at }
}

/// Whether a bare name stands at `at` that a member of an object of code is set to: `{"password": pw}`.
fn is_variable(text: &[u8], at: usize) -> bool {
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
    let length = text[at..].iter().take_while(|b| name(b)).count();
    let digits = text[at..at + length].iter().filter(|b| b.is_ascii_digit()).count();
    let next = skip_blanks(text, at + length);
    length > 0 && digits * 4 <= length && matches!(text.get(next), Some(b',' | b'}' | b')' | b'|' | b'?'))
}

/// Whether the key is a command-line flag: `-password`, `--db-password`.
fn is_flag(text: &[u8], key: Span) -> bool {
    let dashes = text[..key.start].iter().rev().take(3).take_while(|&&b| b == b'-').count();
    let before = key.start.checked_sub(dashes + 1).map(|i| text[i]);
    let outside =
        before.is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b'[' | b'('));
    (1..=2).contains(&dashes) && outside
}

#[cfg(test)]
mod tests;
