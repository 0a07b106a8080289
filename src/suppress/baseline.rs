//! The baseline: findings that a team has seen and accepted for now.
//!
//! A text file of JSON lines, made to be committed and merged: a header with format version and random salt, then
//! one entry per line, sorted by path, rule and hash, without line numbers.
//!
//! ```json
//! {"leakward-baseline":1,"random":"6f0c…"}
//! {"path":"src/a.py","rule":"github-pat","hash":"b3k:9be1…","reason":"revoked","owner":"team-x"}
//! ```
//!
//! **Identity** is rule, path and keyed hash of the secret. A line may move within its file; a new secret on an
//! old line is reported; so is an old secret in a new place, because whoever accepted it in a test has not
//! accepted it in production. A file that was renamed is reported again until the baseline is refreshed.
//!
//! **What the salt protects.** Values cannot be looked up in tables made in advance, and two baselines do not show
//! that they hold the same value. It does not protect against whoever holds the file and guesses: a weak value
//! (`hunter2`) is found by trying; one value in two places shows as the same hash.

mod merge;

use std::collections::BTreeMap;
use std::fmt;

use bstr::{BStr, BString, ByteSlice};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use merge::{Changes, MergeError};

/// The format that this version reads and writes.
const FORMAT: u64 = 1;

/// Findings accepted for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    salt: [u8; 32],
    /// By hash first, so that one value's places lie together.
    entries: BTreeMap<(Key, String, BString), Entry>,
}

/// What a team wrote about an accepted finding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Why it is accepted.
    pub reason: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The day on which it was accepted.
    pub added: Option<Date>,
    /// The last day on which it is accepted.
    pub expires: Option<Date>,
}

/// One entry with what it is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'b> {
    /// Id of the rule.
    pub rule: &'b str,
    /// The path.
    pub path: &'b BStr,
    /// The secret's hash.
    pub key: &'b Key,
    /// What is written about it.
    pub entry: &'b Entry,
}

/// Keyed hash of a secret under one baseline's salt. Prints as `b3k:` and 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 16]);

/// Why a baseline cannot be read. Whoever keeps the file must fix it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BaselineError {
    /// The first line is no header.
    #[error("line 1: not the header of a baseline")]
    NoHeader,
    /// Written by another version.
    #[error("format {found}, but this leakward reads format {FORMAT}")]
    Format {
        /// The format that the header names.
        found: u64,
    },
    /// A merge left its marks.
    #[error("line {line}: a merge conflict was not resolved")]
    Conflict {
        /// Line, from 1.
        line: usize,
    },
    /// A second header: two baselines in one file.
    #[error("line {line}: a second header")]
    SecondHeader {
        /// Line, from 1.
        line: usize,
    },
    /// A line is no entry.
    #[error("line {line}: {cause}")]
    Entry {
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        cause: String,
    },
}

impl BaselineError {
    /// What the user can do.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoHeader | Self::Entry { .. } => {
                "restore the file from version control, or delete it and run `leakward baseline create`"
            }
            Self::Format { .. } => {
                "use the leakward version that wrote it, or delete it and run `leakward baseline create`"
            }
            Self::Conflict { .. } => "keep the entries of both sides; their order does not matter",
            Self::SecondHeader { .. } => {
                "two baselines were merged: keep one, delete the other's lines, then run `leakward baseline create`"
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    #[serde(rename = "leakward-baseline")]
    format: u64,
    /// The salt. Not called so, because scanners take values of that name for secrets; nor is it one.
    random: String,
}

/// One line, in the order in which its keys are written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    path: PathText,
    rule: String,
    /// Not called `secret`, so that no scanner takes it for one.
    hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    added: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

/// A path: text, or the bytes in hex where they are not UTF-8.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum PathText {
    Text(String),
    Bytes { hex: String },
}

impl Baseline {
    /// An empty baseline. `salt` is random and made once per file.
    pub const fn new(salt: [u8; 32]) -> Self {
        Self { salt, entries: BTreeMap::new() }
    }

    /// Reads what [`Baseline::render`] wrote, in any order of entries.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn parse(text: &[u8]) -> Result<Self, BaselineError> {
        let mut lines = text.lines().enumerate().map(|(i, l)| (i + 1, l));
        let (_, first) = lines.next().ok_or(BaselineError::NoHeader)?;
        if conflict(first) {
            return Err(BaselineError::Conflict { line: 1 });
        }
        let mut baseline = Self::new(header(first)?);
        for (line, text) in lines.filter(|(_, l)| !l.trim().is_empty()) {
            if conflict(text) {
                return Err(BaselineError::Conflict { line });
            }
            if header(text).is_ok() {
                return Err(BaselineError::SecondHeader { line });
            }
            baseline.read_entry(text).map_err(|cause| BaselineError::Entry { line, cause })?;
        }
        Ok(baseline)
    }

    fn read_entry(&mut self, text: &[u8]) -> Result<(), String> {
        // The parser's own message could quote the line.
        let line: Line =
            serde_json::from_slice(text).map_err(|e| format!("no entry (column {})", e.column()))?;
        let path = match &line.path {
            PathText::Text(text) => text.as_str().into(),
            PathText::Bytes { hex } => BString::from(from_hex(hex).ok_or("path: not hex")?),
        };
        let key = line.hash.strip_prefix("b3k:").and_then(from_hex).and_then(|b| b.try_into().ok());
        let key = Key(key.ok_or("hash: not of the form b3k:…")?);
        let Line { path: _, rule, hash: _, reason, owner, added, expires } = line;
        self.entries
            .insert((key, rule, path), Entry { reason, owner, added: date(added)?, expires: date(expires)? });
        Ok(())
    }

    /// The file's content: sorted, ends with a line end.
    pub fn render(&self) -> String {
        let mut text = json(&Header { format: FORMAT, random: to_hex(&self.salt) });
        for Named { path, rule, key, entry } in self.entries() {
            let path = match path.to_str() {
                Ok(text) => PathText::Text(text.to_owned()),
                Err(_) => PathText::Bytes { hex: to_hex(path) },
            };
            let Entry { reason, owner, added, expires } = entry.clone();
            let [added, expires] = [added, expires].map(|day| day.map(|day| day.to_string()));
            text += &json(&Line {
                path,
                rule: rule.to_owned(),
                hash: key.to_string(),
                reason,
                owner,
                added,
                expires,
            });
        }
        text
    }

    /// The keyed hash of `secret`.
    pub fn key(&self, secret: &[u8]) -> Key {
        let hash = blake3::keyed_hash(&self.salt, secret);
        let mut key = [0; 16];
        key.copy_from_slice(&hash.as_bytes()[..16]);
        Key(key)
    }

    /// The entry for the secret behind `key`, found by `rule` in `path`.
    pub fn entry(&self, rule: &str, path: &BStr, key: &Key) -> Option<&Entry> {
        self.entries.get(&(*key, rule.to_owned(), path.to_owned()))
    }

    /// Some path in which the secret behind `key`, found by `rule`, is accepted.
    pub fn elsewhere(&self, rule: &str, key: &Key) -> Option<&BStr> {
        let from = (*key, rule.to_owned(), BString::default());
        let ((k, r, path), _) = self.entries.range(from..).next()?;
        (k == key && r == rule).then(|| path.as_bstr())
    }

    /// Accepts `secret`, found by `rule` in `path`, and writes `about` of it unless something that has not expired is written already.
    pub fn insert(&mut self, rule: &str, path: &BStr, secret: &[u8], about: &Entry) {
        let key = self.key(secret);
        let entry =
            self.entries.entry((key, rule.to_owned(), path.to_owned())).or_insert_with(|| about.clone());
        // What has expired is accepted anew.
        if entry.expires.zip(about.added).is_some_and(|(last, today)| last < today) {
            entry.clone_from(about);
        }
    }

    /// The entries, sorted by path, rule and hash.
    pub fn entries(&self) -> impl Iterator<Item = Named<'_>> {
        let mut entries: Vec<_> = self.entries.iter().map(Named::of).collect();
        entries.sort_by(|a, b| (a.path, a.rule, a.key).cmp(&(b.path, b.rule, b.key)));
        entries.into_iter()
    }

    /// Number of entries that `other` has too, whatever is written about them.
    pub fn shared_with(&self, other: &Self) -> usize {
        self.entries.keys().filter(|k| other.entries.contains_key(k)).count()
    }

    /// Keeps the entries for whose rule, path and hash `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &BStr, &Key) -> bool) {
        self.entries.retain(|(key, rule, path), _| keep(rule, path.as_bstr(), key));
    }

    /// Takes out an entry.
    pub fn remove(&mut self, named: &Named<'_>) {
        self.entries.remove(&(*named.key, named.rule.to_owned(), named.path.to_owned()));
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<'b> Named<'b> {
    fn of(((key, rule, path), entry): (&'b (Key, String, BString), &'b Entry)) -> Self {
        Self { rule, path: path.as_bstr(), key, entry }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b3k:{}", to_hex(&self.0))
    }
}

/// A day as it is written.
fn date(text: Option<String>) -> Result<Option<Date>, String> {
    text.map(|text| text.parse().map_err(|_| "added or expires: not a date such as 2027-06-30".to_owned()))
        .transpose()
}

fn header(line: &[u8]) -> Result<[u8; 32], BaselineError> {
    /// Any header, so that another format is named as such.
    #[derive(Deserialize)]
    struct Any {
        #[serde(rename = "leakward-baseline")]
        format: u64,
    }
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let Any { format } = serde_json::from_slice(line).map_err(|_| BaselineError::NoHeader)?;
    if format != FORMAT {
        return Err(BaselineError::Format { found: format });
    }
    let header: Header = serde_json::from_slice(line).map_err(|_| BaselineError::NoHeader)?;
    from_hex(&header.random).and_then(|s| s.try_into().ok()).ok_or(BaselineError::NoHeader)
}

fn conflict(line: &[u8]) -> bool {
    [&b"<<<<<<<"[..], b"|||||||", b"=======", b">>>>>>>"].iter().any(|mark| line.starts_with(mark))
}

fn json(value: &impl Serialize) -> String {
    let mut line = serde_json::to_string(value).expect("strings and numbers always make JSON");
    line.push('\n');
    line
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|p| Some(digit(p[0])? << 4 | digit(*p.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Baseline {
        let mut baseline = Baseline::new([1; 32]);
        baseline.insert("jwt", "src/b.py".into(), b"two", &Entry::default());
        baseline.insert("jwt", "src/a.py".into(), b"one", &Entry::default());
        baseline
    }

    #[test]
    fn what_is_written_is_read() {
        let mut baseline = two();
        baseline.insert("jwt", b"od\xffd\n".as_bstr(), b"three", &Entry::default());
        assert_eq!(Baseline::parse(baseline.render().as_bytes()), Ok(baseline));
    }

    #[test]
    fn entries_are_sorted_by_path_one_on_a_line() {
        let text = two().render();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with(r#"{"path":"src/a.py","rule":"jwt","hash":"b3k:"#), "{}", lines[1]);
        assert!(lines[2].starts_with(r#"{"path":"src/b.py""#));
    }

    #[test]
    fn order_blank_lines_and_windows_line_ends_do_not_matter() {
        let text = two().render();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.swap(1, 2);
        lines.push("");
        assert_eq!(Baseline::parse(lines.join("\r\n").as_bytes()), Ok(two()));
    }

    #[test]
    fn the_salt_parts_two_baselines() {
        assert_ne!(Baseline::new([1; 32]).key(b"x"), Baseline::new([2; 32]).key(b"x"));
    }

    #[test]
    fn what_was_written_about_an_entry_stays_when_it_is_found_again() {
        let text = two().render().replace("\"}\n", "\",\"reason\":\"old\",\"owner\":\"me\"}\n");
        let salt = text.lines().next().unwrap().replace(",\"reason\":\"old\",\"owner\":\"me\"", "");
        let text = format!("{salt}\n{}", text.split_once('\n').unwrap().1);
        let mut baseline = Baseline::parse(text.as_bytes()).unwrap();
        baseline.insert("jwt", "src/a.py".into(), b"one", &Entry::default());
        let key = baseline.key(b"one");
        assert_eq!(
            baseline.entry("jwt", "src/a.py".into(), &key),
            Some(&Entry { reason: Some("old".into()), owner: Some("me".into()), ..Entry::default() })
        );
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        let good = two().render();
        let parse = |text: &str| Baseline::parse(text.as_bytes()).unwrap_err();
        assert_eq!(parse(""), BaselineError::NoHeader);
        assert_eq!(parse("{}"), BaselineError::NoHeader);
        assert_eq!(parse(&good.replace("baseline\":1", "baseline\":9")), BaselineError::Format { found: 9 });
        assert_eq!(parse(&format!("{good}<<<<<<< HEAD\n")), BaselineError::Conflict { line: 4 });
        let header = good.lines().next().unwrap();
        assert_eq!(parse(&format!("{good}{header}\n")), BaselineError::SecondHeader { line: 4 });
        assert!(matches!(parse(&good[..good.len() - 9]), BaselineError::Entry { line: 3, .. }));
        assert!(matches!(parse(&good.replace("b3k:", "sha:")), BaselineError::Entry { line: 2, .. }));
        assert!(matches!(parse(&good.replace("\"rule\"", "\"rul\"")), BaselineError::Entry { line: 2, .. }));
    }

    #[test]
    fn an_error_never_quotes_the_line() {
        let text = format!("{}\nhunter2\n", two().render().lines().next().unwrap());
        let err = Baseline::parse(text.as_bytes()).unwrap_err();
        assert!(!err.to_string().contains("hunter2"));
    }
}
