//! Evidence in plain words: what a feature's byte says.

use std::borrow::Cow;

use super::feature::Feature;
use super::syntax::Syntax;

impl Feature {
    /// What `byte` says of this feature, for people. Never holds text of the value.
    pub fn told(self, byte: u8) -> Cow<'static, str> {
        use Feature as F;
        match self {
            F::Length | F::Line | F::LongestWord | F::LongestRun => format!("{byte} characters").into(),
            F::Entropy => format!("{:.1} bits a character", f32::from(byte) / 32.0).into(),
            F::Strangeness => format!("{:.1} bits a letter", f32::from(byte) / 16.0).into(),
            F::Distinct | F::Digits | F::Capitals | F::Smalls | F::Marks | F::Foreign | F::Changes => {
                format!("{byte} %").into()
            }
            F::Steadiness | F::Dictionary | F::KeyEcho | F::Fillers => format!("{byte} %").into(),
            F::Kind => {
                choice(byte, &["nothing", "a password", "a secret", "a token", "a key", "a credential"])
            }
            F::Syntax => {
                let syntax = usize::from(byte).checked_sub(1).and_then(|i| Syntax::ALL.get(i));
                syntax.map_or("none", |s| s.as_str()).into()
            }
            F::Hex => choice(byte, &["no", "yes", "of the length of a digest"]),
            F::Base32 | F::Base64 => choice(byte, &["no", "yes", "yes, long or padded"]),
            F::EndsInDigits => choice(byte, &["no", "yes", "letters, then digits"]),
            F::Spelling => choice(
                byte,
                &[
                    "like none",
                    "snake_case",
                    "kebab-case",
                    "camelCase",
                    "dotted",
                    "small letters",
                    "a capitalised word",
                    "capitals",
                    "words",
                ],
            ),
            F::KeyCase => {
                choice(byte, &["small letters", "CAPITALS", "camelCase", "Capitalised", "Mixed_marks"])
            }
            F::Placeholder => choice(byte, &["none", "inside", "all of it"]),
            F::Invented => choice(byte, &["none", "one", "several"]),
            F::Location => choice(byte, &["no", "a path", "an address"]),
            F::LikeUser => choice(byte, &["none", "the same", "holds the user's name"]),
            F::KeyHead => choice(
                byte,
                &[
                    "nothing known",
                    "public or a table's",
                    "old, new or wrong",
                    "a database or an administrator",
                    "an API or a provider",
                    "private or for signing",
                    "a session",
                    "a test's or default",
                    "a question",
                    "a screen's or an error's",
                    "a setting's name",
                    "a table's or a lookup's",
                ],
            ),
            F::KeyTail => choice(
                byte,
                &[
                    "nothing known",
                    "a name or a place",
                    "a property",
                    "a text for people",
                    "a hash",
                    "a part of a program",
                    "a value",
                ],
            ),
            F::Callee => choice(
                byte,
                &["none", "unknown", "looks up", "encodes", "hashes", "translates", "constructs"],
            ),
            F::Lead => choice(byte, &["nothing", "a comment", "a prompt or list", "a change"]),
            F::Host => choice(byte, &["none", "some", "of an example", "one's own machine"]),
            F::User => choice(byte, &["none", "some", "of an example"]),
            F::File => choice(
                byte,
                &[
                    "unknown",
                    "another",
                    "compiled code",
                    "JavaScript",
                    "script language",
                    "shell",
                    "settings",
                    "data",
                    "document",
                    "markup",
                    "SQL",
                    "key",
                    "log",
                ],
            ),
            F::First | F::Last => choice(
                byte,
                &[
                    "none",
                    "small letter",
                    "capital",
                    "digit",
                    "blank",
                    "beyond ASCII",
                    "mark",
                    "equals sign",
                    "joint",
                    "opening mark",
                    "slash or colon",
                    "closing mark",
                ],
            ),
            F::Next => choice(
                byte,
                &[
                    "the line's end",
                    "a comma",
                    "a semicolon",
                    "a closing bracket",
                    "a closing brace",
                    "an operator",
                    "a quote",
                    "an angle or a slash",
                    "a backslash",
                    "a hash",
                    "a joint",
                    "an opening bracket",
                    "a word",
                    "another mark",
                ],
            ),
            F::Uuid
            | F::NamesCredential
            | F::CommonPassword
            | F::Numeric
            | F::Sequence
            | F::Reference
            | F::Expression
            | F::KeyBare
            | F::KeyNumbered
            | F::KeyInvented
            | F::Asserts
            | F::Speaks
            | F::Declares
            | F::Account
            | F::FormField
            | F::InTests
            | F::InDocs
            | F::InSettings
            | F::InGenerated => choice(byte, &["no", "yes"]),
            F::Shown => choice(byte, &["no", "in a test", "in documentation"]),
            F::Decodes => choice(byte, &["no", "yes", "yes"]),
            F::MarkKinds | F::Words | F::Parts | F::DigitGroups | F::KeyWords => byte.to_string().into(),
        }
    }
}

/// The name of `byte` among `names`; where it has none, its number.
fn choice(byte: u8, names: &[&'static str]) -> Cow<'static, str> {
    match names.get(usize::from(byte)) {
        Some(name) => (*name).into(),
        None => format!("kind {byte}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_words() {
        assert_eq!(Feature::Entropy.told(96), "3.0 bits a character");
        assert_eq!(Feature::Syntax.told(1), "quoted value");
        assert_eq!(Feature::InTests.told(1), "yes");
        assert_eq!(Feature::Next.told(7), "an angle or a slash");
        assert_eq!(Feature::Next.told(77), "kind 77");
    }
}
