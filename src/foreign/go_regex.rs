//! Rewrites a regular expression of Go (RE2 syntax) as one that this program's engine reads alike.
//!
//! Both engines agree on what a match is; they differ in notation: Go's classes `\d \w \s` and `\b` are ASCII, a `[`
//! within a class stands for itself, as does a `{` that begins no repetition, `\Q…\E` quotes, `\12` is octal, any
//! punctuation may be escaped. What Go itself refuses (look-around, back-references) is refused by name.

use regex_syntax::escape;

/// Why an expression cannot be carried over. Its author must mend it; gitleaks refuses it too.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum GoRegexError {
    /// Neither engine has look-around.
    #[error("look-around {0} is not supported")]
    LookAround(&'static str),
    /// Neither engine has back-references.
    #[error("the back-reference \\{0} is not supported")]
    BackReference(char),
    /// An escape that Go does not have.
    #[error("Go has no escape \\{0}")]
    Escape(char),
    /// The expression ends in the midst of something.
    #[error("{0} is not closed")]
    Open(&'static str),
    /// A range of a class whose end is no character, or lies before its beginning.
    #[error("a class holds a range that is none")]
    Range,
}

/// `pattern` in this program's notation; means the same whatever flags it is compiled with.
///
/// # Errors
/// The first thing that Go refuses.
pub fn translate(pattern: &str) -> Result<String, GoRegexError> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut reader = Reader { chars: &chars, at: 0, out: "(?u-mR:".to_owned() };
    while let Some(c) = reader.next() {
        reader.item(c)?;
    }
    reader.out.push(')');
    Ok(reader.out)
}

struct Reader<'p> {
    chars: &'p [char],
    at: usize,
    out: String,
}

/// What an escape stands for.
enum Escaped {
    Char(char),
    /// An ASCII class: its items, and whether it is negated.
    Class(&'static str, bool),
    /// The same in both notations.
    Same(String),
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn follows(&self, text: &str) -> bool {
        self.chars[self.at..].iter().copied().take(text.len()).eq(text.chars())
    }

    fn literal(&mut self, c: char) {
        self.out.push_str(&escape(c.encode_utf8(&mut [0; 4])));
    }

    fn item(&mut self, c: char) -> Result<(), GoRegexError> {
        match c {
            '\\' => self.escape(),
            '[' => self.class(),
            '(' => {
                self.group()?;
                self.out.push('(');
                Ok(())
            }
            '{' if self.repetition() => Ok(()),
            '{' | '}' | ']' | '#' | '&' | '~' | '-' => {
                self.literal(c);
                Ok(())
            }
            _ => {
                self.out.push(c);
                Ok(())
            }
        }
    }

    /// Refuses the groups that Go does not have.
    fn group(&self) -> Result<(), GoRegexError> {
        let looks = ["?=", "?!", "?<=", "?<!"];
        looks.into_iter().find(|look| self.follows(look)).map_or(Ok(()), |l| Err(GoRegexError::LookAround(l)))
    }

    /// Writes the repetition that an opening brace begins; `false` when it begins none.
    fn repetition(&mut self) -> bool {
        let rest = &self.chars[self.at..];
        let Some(end) = rest.iter().position(|&c| c == '}') else { return false };
        let inside: String = rest[..end].iter().collect();
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let counts = match inside.split_once(',') {
            None => number(&inside),
            Some((least, most)) => number(least) && (most.is_empty() || number(most)),
        };
        if counts {
            self.out.push('{');
            self.out.push_str(&inside);
            self.at += end + 1;
            self.out.push('}');
        }
        counts
    }

    fn escape(&mut self) -> Result<(), GoRegexError> {
        match self.peek() {
            Some('Q') => {
                self.at += 1;
                while self.at < self.chars.len() && !self.follows("\\E") {
                    let c = self.chars[self.at];
                    self.at += 1;
                    self.literal(c);
                }
                self.at = (self.at + 2).min(self.chars.len());
            }
            Some(c @ ('b' | 'B')) => {
                self.at += 1;
                self.out.push_str(if c == 'b' { r"(?-u:\b)" } else { r"(?-u:\B)" });
            }
            Some(c @ ('A' | 'z')) => {
                self.at += 1;
                self.out.extend(['\\', c]);
            }
            _ => match self.escaped()? {
                Escaped::Char(c) => self.literal(c),
                Escaped::Class(items, negated) => {
                    self.out.push_str(if negated { "[^" } else { "[" });
                    self.out.push_str(items);
                    self.out.push(']');
                }
                Escaped::Same(text) => self.out.push_str(&text),
            },
        }
        Ok(())
    }

    /// What the escape whose backslash was read stands for.
    fn escaped(&mut self) -> Result<Escaped, GoRegexError> {
        const WORD: &str = "0-9A-Za-z_";
        const BLANK: &str = r"\t\n\x0C\r ";
        let c = self.next().ok_or(GoRegexError::Open("an escape"))?;
        Ok(match c {
            'd' | 'D' => Escaped::Class("0-9", c == 'D'),
            'w' | 'W' => Escaped::Class(WORD, c == 'W'),
            's' | 'S' => Escaped::Class(BLANK, c == 'S'),
            'a' => Escaped::Char('\x07'),
            'f' => Escaped::Char('\x0C'),
            't' => Escaped::Char('\t'),
            'n' => Escaped::Char('\n'),
            'r' => Escaped::Char('\r'),
            'v' => Escaped::Char('\x0B'),
            'x' => Escaped::Same(format!("\\x{}", self.braced(2)?)),
            'p' | 'P' => {
                let name = self.braced(1)?;
                let (sign, name) = match name.strip_prefix("{^") {
                    Some(rest) => (if c == 'p' { 'P' } else { 'p' }, format!("{{{rest}")),
                    None => (c, name),
                };
                Escaped::Same(format!("\\{sign}{name}"))
            }
            '1'..='7' if !self.peek().is_some_and(|c| ('0'..='7').contains(&c)) => {
                return Err(GoRegexError::BackReference(c));
            }
            '0'..='7' => Escaped::Char(self.octal(c)),
            '8' | '9' => return Err(GoRegexError::BackReference(c)),
            c if c.is_ascii_alphanumeric() || !c.is_ascii() => return Err(GoRegexError::Escape(c)),
            c => Escaped::Char(c),
        })
    }

    /// The `{…}` that follows, or else `plain` characters.
    fn braced(&mut self, plain: usize) -> Result<String, GoRegexError> {
        let rest = &self.chars[self.at..];
        let len = match rest.first() {
            Some('{') => rest.iter().position(|&c| c == '}').map(|end| end + 1),
            _ => Some(plain).filter(|&n| n <= rest.len()),
        };
        let len = len.ok_or(GoRegexError::Open("an escape"))?;
        self.at += len;
        Ok(rest[..len].iter().collect())
    }

    fn octal(&mut self, first: char) -> char {
        let mut value = first.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
            self.at += 1;
            value = value * 8 + digit;
        }
        char::from_u32(value).unwrap_or('\0')
    }

    fn class(&mut self) -> Result<(), GoRegexError> {
        const OPEN: GoRegexError = GoRegexError::Open("a class");
        self.out.push('[');
        if self.peek() == Some('^') {
            self.at += 1;
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let c = self.next().ok_or(OPEN)?;
            if c == ']' && !first {
                self.out.push(']');
                return Ok(());
            }
            first = false;
            if c == '[' && self.peek() == Some(':') {
                let rest: String = self.chars[self.at..].iter().collect();
                if let Some(end) = rest.find(":]") {
                    self.out.push('[');
                    self.out.push_str(&rest[..end + 2]);
                    self.at += rest[..end + 2].chars().count();
                    continue;
                }
            }
            let low = match self.class_char(c)? {
                Escaped::Char(low) => low,
                Escaped::Class(items, negated) => {
                    let whole = if negated { format!("[^{items}]") } else { items.to_owned() };
                    self.out.push_str(&whole);
                    continue;
                }
                Escaped::Same(text) => {
                    self.out.push_str(&text);
                    continue;
                }
            };
            self.range(low)?;
        }
    }

    /// One character of a class, or the class that it escapes to. A `\x41` is a character here: it may begin a range.
    fn class_char(&mut self, c: char) -> Result<Escaped, GoRegexError> {
        if c != '\\' {
            return Ok(Escaped::Char(c));
        }
        Ok(match self.escaped()? {
            Escaped::Same(text) if text.starts_with("\\x") => {
                let digits = text[2..].trim_matches(['{', '}']);
                let code = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
                Escaped::Char(code.ok_or(GoRegexError::Escape('x'))?)
            }
            other => other,
        })
    }

    /// Writes `low`, or the range that it begins.
    fn range(&mut self, low: char) -> Result<(), GoRegexError> {
        let mut high = low;
        if self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|&c| c != ']') {
            self.at += 1;
            let c = self.next().ok_or(GoRegexError::Open("a class"))?;
            let Escaped::Char(end) = self.class_char(c)? else { return Err(GoRegexError::Range) };
            high = end;
        }
        if high < low {
            return Err(GoRegexError::Range);
        }
        let code = |c: char| format!("\\x{{{:X}}}", u32::from(c));
        self.out.push_str(&code(low));
        if high != low {
            self.out.push('-');
            self.out.push_str(&code(high));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::compile;

    fn found(pattern: &str, text: &str) -> Option<String> {
        let regex = compile(&translate(pattern).unwrap()).unwrap();
        regex.find(text.as_bytes()).map(|m| String::from_utf8_lossy(m.as_bytes()).into_owned())
    }

    /// Pattern, text, and what Go finds in it.
    #[test]
    fn a_pattern_finds_what_go_finds() {
        let cases = [
            (r"\d+", "٣4", Some("4")),
            (r"\w+", "é_a", Some("_a")),
            (r"\bkey", "ékey", Some("key")),
            (r"[[a]+", "x[a[", Some("[a[")),
            (r"[]a]+", "]a", Some("]a")),
            (r"[^]a]+", "]ab", Some("b")),
            (r"[\w-.]+", "!a-b.c!", Some("a-b.c")),
            (r"[a&&b]+", "&", Some("&")),
            (r"[+--]+", "a+,-", Some("+,-")),
            (r"[\x41-\x43]+", "xBC", Some("BC")),
            (r"[[:alpha:]_]+", "1ab_", Some("ab_")),
            (r"[\D]+", "12ab", Some("ab")),
            (r"a{,2}", "a{,2}", Some("a{,2}")),
            (r"a{2}", "aaa", Some("aa")),
            (r"a{2,}b{1,2}", "aaabbb", Some("aaabb")),
            (r"{x}", "{x}", Some("{x}")),
            (r"\Qa.b*\E+", "a.b**", Some("a.b**")),
            (r"\101\0", "A\0", Some("A\0")),
            (r"\_\<\/\-", "_</-", Some("_</-")),
            (r"^b", "a\nb", None),
            (r"(?m)^b$", "a\nb\nc", Some("b")),
            (r"(?m)^b$", "a\nb\r\nc", None),
            (r"a$", "a\n", None),
            (r"a.b", "a\rb", Some("a\rb")),
            (r"a.b", "a\nb", None),
            (r"(?s)a.b", "a\nb", Some("a\nb")),
            (r"(?i)Σ", "ς", Some("ς")),
            (r"(?U)a+", "aaa", Some("a")),
            (r"\p{^Greek}+", "αb", Some("b")),
            (r"(?P<n>a)(?:b)", "ab", Some("ab")),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(found(pattern, text).as_deref(), expected, "{pattern}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused_by_name() {
        for (pattern, error) in [
            (r"a(?=b)", GoRegexError::LookAround("?=")),
            (r"(?<!b)a", GoRegexError::LookAround("?<!")),
            (r"(a)\1", GoRegexError::BackReference('1')),
            (r"a\Z", GoRegexError::Escape('Z')),
            (r"[a", GoRegexError::Open("a class")),
            (r"a\", GoRegexError::Open("an escape")),
            (r"[z-a]", GoRegexError::Range),
            (r"[a-\d]", GoRegexError::Range),
        ] {
            assert_eq!(translate(pattern), Err(error), "{pattern}");
        }
    }
}
