//! A literal inside an expression: `os.getenv("X", "fallback")`, `process.env.X || "fallback"`,
//! `new SecureString("x")`, `[]byte("x")`.

use super::literal::{Literal, quote_len, skip_blanks, skip_space};
use crate::classify::Syntax;
use crate::model::Span;

/// A literal found inside an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inner {
    /// The literal.
    pub literal: Literal,
    /// How it takes part.
    pub syntax: Syntax,
    /// The name of what is called, empty when nothing is.
    pub callee: Span,
}

impl Inner {
    /// Reads the expression that begins at `at` with a name, as far as its first telling literal.
    pub(super) fn read(text: &[u8], at: usize) -> Option<Self> {
        let callee = callee(text, at);
        let mut next = skip_blanks(text, callee.end);
        match text.get(next)? {
            b'(' | b'[' | b'{' if !callee.is_empty() => {
                next = skip_space(text, next + 1);
                // `[]byte{"x"}`, `Some(b"x")`, `new X(new Y("x"))`: one call more is looked through.
                let inner = self::callee(text, next);
                if !inner.is_empty() && matches!(text.get(inner.end), Some(b'(')) {
                    next = skip_space(text, inner.end + 1);
                }
                Self::argument(text, next, callee)
            }
            _ => {
                let literal = fallback(text, next)?;
                Some(Self { literal, syntax: Syntax::Default, callee: Span::new(at, at) })
            }
        }
    }

    /// The literal that counts among the arguments that begin at `at`.
    fn argument(text: &[u8], at: usize, callee: Span) -> Option<Self> {
        let name = callee.of(text);
        let Some(first) = Literal::read(text, at) else {
            // `getenv(NAME, "fallback")`
            let end = self::callee(text, at).end;
            let literal = second(text, end).filter(|_| looks_up(name))?;
            return Some(Self { literal, syntax: Syntax::Default, callee });
        };
        if is_transparent(name) {
            return Some(Self {
                literal: first,
                syntax: Syntax::Quoted,
                callee: Span::new(callee.start, callee.start),
            });
        }
        if !looks_up(name) {
            return Some(Self { literal: first, syntax: Syntax::Wrapped, callee });
        }
        let literal = second(text, first.end).or_else(|| {
            let close = skip_blanks(text, first.end);
            matches!(text.get(close), Some(b')' | b']'))
                .then(|| fallback(text, skip_blanks(text, close + 1)))?
        })?;
        Some(Self { literal, syntax: Syntax::Default, callee })
    }
}

/// The dotted name at `at`, with the noise words of calls in front: `new`, `await`, `&`, `[]`.
fn callee(text: &[u8], at: usize) -> Span {
    let mut start = at;
    for noise in [&b"new "[..], b"await ", b"&", b"*", b"[]", b"("] {
        if text[start..].starts_with(noise) {
            start += noise.len();
        }
    }
    let name =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'$' | b'!' | b'<' | b'>');
    let length = text[start..].iter().take(72).take_while(|b| name(b)).count();
    Span::new(start, start + length)
}

/// Whether a call of `name` only dresses its argument in a type: `Some("x")`, `[]byte("x")`, `String::from("x")`.
fn is_transparent(name: &[u8]) -> bool {
    const NAMES: &[&str] = &[
        "Some",
        "Just",
        "Option",
        "Optional.of",
        "Option.Some",
        "String",
        "string",
        "str",
        "byte",
        "bytes",
        "char",
        "String::from",
        "String.valueOf",
        "SecretString::new",
        "SecretString",
        "SecretStr",
        "SecureString",
        "Secret",
        "Password",
        "Secret::new",
        "aws.String",
        "pulumi.String",
        "to.StringPtr",
        "ptr.String",
        "ptr.To",
        "pointer.String",
        "utf8.encode",
        "Buffer.from",
    ];
    NAMES.iter().any(|n| name == n.as_bytes())
}

/// Whether a call of `name` reads its value from elsewhere, so that its first argument is a name.
fn looks_up(name: &[u8]) -> bool {
    const WORDS: [&str; 22] = [
        "env", "get", "fetch", "config", "lookup", "read", "find", "option", "param", "prop", "setting",
        "var", "input", "prompt", "ask", "arg", "opt", "load", "value", "field", "cookie", "header",
    ];
    let mut lower = [0; 72];
    let lower = &mut lower[..name.len().min(72)];
    lower.copy_from_slice(&name[..lower.len()]);
    lower.make_ascii_lowercase();
    let last = lower.rsplit(|b| matches!(b, b'.' | b':')).next().unwrap_or_default();
    WORDS.iter().any(|w| last.windows(w.len()).any(|x| x == w.as_bytes()))
        || lower.starts_with(b"process.env")
}

/// The literal behind a comma, its parameter name passed over: `, default="x"`.
fn second(text: &[u8], at: usize) -> Option<Literal> {
    let comma = skip_blanks(text, at);
    if text.get(comma) != Some(&b',') {
        return None;
    }
    let mut next = skip_space(text, comma + 1);
    let name = text[next..].iter().take(24).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let equal = skip_blanks(text, next + name);
    if name > 0 && matches!(text.get(equal), Some(b'=' | b':')) {
        next = skip_blanks(text, equal + 1);
    }
    Literal::read(text, next)
}

/// The literal behind `||`, `??`, `?:` or `or`.
fn fallback(text: &[u8], at: usize) -> Option<Literal> {
    const WORDS: [&[u8]; 5] = [b"||", b"??", b"?:", b"or ", b"//"];
    let word = WORDS.iter().find(|w| text.get(at..).is_some_and(|rest| rest.starts_with(w)))?;
    let next = skip_space(text, at + word.len());
    quote_len(&text[next..])?;
    Literal::read(text, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Syntax, &str)> {
        let inner = Inner::read(text.as_bytes(), 0)?;
        Some((inner.syntax, &text[inner.literal.value.start..inner.literal.value.end]))
    }

    #[test]
    fn fallbacks_are_found_behind_the_look_up() {
        for text in [
            "os.getenv('X', 'val')",
            "os.environ.get(\"X\", default=\"val\")",
            "process.env.X || 'val'",
            "ENV['X'] || 'val'",
            "System.getenv(\"X\") ?: \"val\"",
            "ENV.fetch('X', 'val')",
            "env(NAME, 'val')",
        ] {
            assert_eq!(read(text), Some((Syntax::Default, "val")), "{text}");
        }
    }

    #[test]
    fn wrappers_are_looked_through() {
        for text in ["new SecureString(\"val\")", "[]byte(\"val\")", "Some(String::from(\"val\"))"] {
            assert_eq!(read(text), Some((Syntax::Quoted, "val")), "{text}");
        }
        for text in ["encrypt(\"val\")", "new Credential('val', 'hex')"] {
            assert_eq!(read(text), Some((Syntax::Wrapped, "val")), "{text}");
        }
    }

    #[test]
    fn plain_look_ups_hold_no_value() {
        for text in ["os.environ['X']", "getenv(\"X\")", "other_name", "config.get('a.b')", "a.b.c;"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
