//! Key names: what kind of value does `dbPassword`, `X-Api-Key` or `--client-secret` name?
//!
//! Splits a name into words and looks for the stem of a credential among them. Does not look at values.

/// What a key name says its value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// `password`, `pwd`, `passphrase`…
    Password,
    /// `secret`, `client_secret`, `secretKey`, salts of web frameworks…
    Secret,
    /// `token`, `accessToken`…
    Token,
    /// `key`, `api_key`, `private_key`…
    Key,
    /// `auth`, `authorization`, `credential`…
    Credential,
}

/// A key name, split into words.
#[derive(Debug, Clone, Copy)]
pub struct KeyName<'b> {
    text: &'b [u8],
    words: [(u8, u8); MAX_WORDS],
    len: usize,
    /// Index of the word that holds the stem, and the stem's kind.
    stem: Option<(usize, KeyKind)>,
}

/// Words of one name that are looked at; further ones are left out.
const MAX_WORDS: usize = 12;

/// A stem and what may follow it in the same word: `pass` + `word`.
struct Stem {
    text: &'static str,
    kind: KeyKind,
    /// Endings that keep the meaning; a plural `s` is always allowed.
    endings: &'static [&'static str],
    /// Words in front of the stem that give another meaning: `com` + `pass`.
    not_after: &'static [&'static str],
}

const STEMS: &[Stem] = &[
    Stem {
        text: "pass",
        kind: KeyKind::Password,
        endings: &["word", "wd", "wrd", "wort", "wörter", "phrase", "code", "wds", "key"],
        not_after: &[
            "by", "com", "sur", "tres", "encom", "over", "under", "im", "multi", "single", "render", "low",
            "high", "band", "all",
        ],
    },
    Stem { text: "pwd", kind: KeyKind::Password, endings: &[], not_after: &["old", "cur", "c"] },
    Stem { text: "psw", kind: KeyKind::Password, endings: &["d"], not_after: &[] },
    Stem { text: "pw", kind: KeyKind::Password, endings: &["ord"], not_after: &["ty"] },
    Stem { text: "contrase", kind: KeyKind::Password, endings: &["na", "nia", "ña"], not_after: &[] },
    Stem { text: "senha", kind: KeyKind::Password, endings: &[], not_after: &["de"] },
    Stem { text: "kennwort", kind: KeyKind::Password, endings: &[], not_after: &[] },
    Stem { text: "wachtwoord", kind: KeyKind::Password, endings: &[], not_after: &[] },
    Stem { text: "secret", kind: KeyKind::Secret, endings: &["key", "value", "token"], not_after: &[] },
    Stem { text: "salt", kind: KeyKind::Secret, endings: &[], not_after: &["ba", "co"] },
    Stem {
        text: "token",
        kind: KeyKind::Token,
        endings: &["value", "secret"],
        not_after: &["de", "be", "re"],
    },
    Stem { text: "jwt", kind: KeyKind::Token, endings: &[], not_after: &[] },
    Stem {
        text: "key",
        kind: KeyKind::Key,
        endings: &["value"],
        not_after: &[
            "mon", "tur", "don", "hoc", "joc", "whis", "hot", "joc", "dar", "foreign", "nor", "ric", "mic",
        ],
    },
    Stem { text: "authorization", kind: KeyKind::Credential, endings: &[], not_after: &[] },
    Stem { text: "auth", kind: KeyKind::Credential, endings: &["2", "value", "string"], not_after: &[] },
    Stem { text: "credential", kind: KeyKind::Credential, endings: &[], not_after: &[] },
    Stem { text: "cred", kind: KeyKind::Credential, endings: &[], not_after: &["sa", "ac"] },
];

impl<'b> KeyName<'b> {
    /// Splits `text` and looks for a stem.
    pub fn new(text: &'b [u8]) -> Self {
        let mut name = Self::split_only(text);
        name.stem = (0..name.len).rev().find_map(|i| stem(name.word(i)).map(|kind| (i, kind)));
        name.promote();
        name
    }

    /// Splits `text`; no word of it counts as a stem.
    pub(super) fn split_only(text: &'b [u8]) -> Self {
        let text = &text[text.len().saturating_sub(usize::from(u8::MAX))..];
        let mut name = Self { text, words: [(0, 0); MAX_WORDS], len: 0, stem: None };
        name.split();
        name
    }

    /// What the name says its value is.
    pub fn kind(&self) -> Option<KeyKind> {
        self.stem.map(|(_, kind)| kind)
    }

    /// The words, in order, as written.
    pub fn words(&self) -> impl DoubleEndedIterator<Item = &'b [u8]> + use<'b> {
        self.range(0, self.len)
    }

    /// The words behind the one that holds the stem: `file` of `password_file`.
    pub fn tail(&self) -> impl DoubleEndedIterator<Item = &'b [u8]> + use<'b> {
        self.range(self.stem.map_or(self.len, |(i, _)| i + 1), self.len)
    }

    /// The words in front of the one that holds the stem: `db` of `db_password`.
    pub fn head(&self) -> impl DoubleEndedIterator<Item = &'b [u8]> + use<'b> {
        self.range(0, self.stem.map_or(self.len, |(i, _)| i))
    }

    fn range(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = &'b [u8]> + use<'b> {
        let Self { text, words, .. } = *self;
        (from..to).map(move |i| &text[usize::from(words[i].0)..usize::from(words[i].1)])
    }

    /// Whether one of the words is `word`, ASCII case ignored.
    pub fn has(&self, word: &str) -> bool {
        self.words().any(|w| w.eq_ignore_ascii_case(word.as_bytes()))
    }

    fn word(&self, i: usize) -> &'b [u8] {
        let (start, end) = self.words[i];
        &self.text[usize::from(start)..usize::from(end)]
    }

    fn split(&mut self) {
        let text = self.text;
        let mut start = None;
        for (i, &b) in text.iter().enumerate() {
            let inside = b.is_ascii_alphanumeric() || b >= 0x80;
            let ends = start.is_some_and(|s: usize| !inside || starts_word(text, s, i));
            if ends && let Some(s) = start.take() {
                self.push(s, i);
            }
            if inside && start.is_none() {
                start = Some(i);
            }
        }
        if let Some(s) = start {
            self.push(s, text.len());
        }
    }

    fn push(&mut self, start: usize, end: usize) {
        if self.len == MAX_WORDS {
            // The last words say most: forget the first.
            self.words.copy_within(1.., 0);
            self.len -= 1;
        }
        // `text` is at most 255 bytes long, so both fit.
        self.words[self.len] = (start as u8, end as u8);
        self.len += 1;
    }

    /// `secret_key` names a secret and `auth_token` a token, but `secret_key` is not just any key.
    fn promote(&mut self) {
        if let Some((i, KeyKind::Key)) = self.stem
            && (0..i).any(|j| stem(self.word(j)) == Some(KeyKind::Secret))
        {
            self.stem = Some((i, KeyKind::Secret));
        }
    }
}

impl KeyKind {
    /// The word that rules and reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Secret => "secret",
            Self::Token => "token",
            Self::Key => "key",
            Self::Credential => "credential",
        }
    }
}

/// Whether a new word starts at `i` inside the alphanumeric run that began at `start`.
fn starts_word(text: &[u8], start: usize, i: usize) -> bool {
    let (last, this) = (text[i - 1], text[i]);
    if last.is_ascii_digit() != this.is_ascii_digit() {
        return true;
    }
    if last.is_ascii_lowercase() && this.is_ascii_uppercase() {
        return true;
    }
    // `APIKey`: the last capital of a run belongs to the next word.
    let next_lower = text.get(i + 1).is_some_and(u8::is_ascii_lowercase);
    i > start && last.is_ascii_uppercase() && this.is_ascii_uppercase() && next_lower
}

/// The kind of credential that `word` names.
fn stem(word: &[u8]) -> Option<KeyKind> {
    if word.len() < 2 || word.len() > 40 {
        return None;
    }
    let mut lower = [0; 40];
    let lower = &mut lower[..word.len()];
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    let held = letters(lower);
    // Most stems have a letter that the word has not.
    let possible = STEMS.iter().zip(LETTERS).filter(|(_, needed)| needed & !held == 0);
    possible.map(|(stem, _)| stem).find_map(|s| {
        let at = lower.windows(s.text.len()).rposition(|w| w == s.text.as_bytes())?;
        let (before, after) = (&lower[..at], &lower[at + s.text.len()..]);
        let after = after.strip_suffix(b"s").unwrap_or(after);
        let kept = after.is_empty() || s.endings.iter().any(|e| e.as_bytes() == after);
        let short = s.text.len() == 2 && !before.is_empty() && before.len() < 2;
        (kept && !short && !s.not_after.iter().any(|n| n.as_bytes() == before)).then_some(s.kind)
    })
}

/// By stem: its letters.
const LETTERS: [u32; STEMS.len()] = {
    let mut all = [0; STEMS.len()];
    let mut i = 0;
    while i < all.len() {
        all[i] = letters(STEMS[i].text.as_bytes());
        i += 1;
    }
    all
};

/// The lower-case ASCII letters of `text`: bit 0 for `a`.
const fn letters(text: &[u8]) -> u32 {
    let (mut mask, mut i) = (0, 0);
    while i < text.len() {
        if text[i].is_ascii_lowercase() {
            mask |= 1 << (text[i] - b'a');
        }
        i += 1;
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::{KeyKind, KeyName};

    fn kind(text: &str) -> Option<KeyKind> {
        KeyName::new(text.as_bytes()).kind()
    }

    #[test]
    fn names_of_credentials_are_told_by_their_stem() {
        for (text, expected) in [
            ("dbPassword", KeyKind::Password),
            ("DB_PASSWD2", KeyKind::Password),
            ("userpwd", KeyKind::Password),
            ("passphrase", KeyKind::Password),
            ("APIKey", KeyKind::Key),
            ("x-api-key", KeyKind::Key),
            ("apikey", KeyKind::Key),
            ("spring.datasource.password", KeyKind::Password),
            ("SECRET_KEY", KeyKind::Secret),
            ("client_secret", KeyKind::Secret),
            ("refreshTokens", KeyKind::Token),
            ("oauth", KeyKind::Credential),
            ("passwordToken", KeyKind::Token),
            ("_auth", KeyKind::Credential),
        ] {
            assert_eq!(kind(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn words_that_only_look_alike_name_nothing() {
        for text in [
            "bypass",
            "passed",
            "passenger",
            "compass",
            "tokenizer",
            "secretary",
            "keyboard",
            "monkey",
            "author",
        ] {
            assert_eq!(kind(text), None, "{text}");
        }
    }

    #[test]
    fn head_and_tail_surround_the_stem() {
        let name = KeyName::new(b"smtpPasswordFieldName");
        assert_eq!(name.head().collect::<Vec<_>>(), [b"smtp"]);
        assert_eq!(name.tail().collect::<Vec<_>>(), [&b"Field"[..], b"Name"]);
    }

    #[test]
    fn of_a_very_long_name_the_end_is_read() {
        let text = "a_".repeat(300) + "password";
        assert_eq!(kind(&text), Some(KeyKind::Password));
    }
}
