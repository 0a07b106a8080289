//! One rule: one kind of credential.

use std::borrow::Cow;

use super::checksum::Checksum;
use super::live::LiveCheck;

/// Text that is `'static` in the built-in pack and owned in user rules.
pub type Text = Cow<'static, str>;
/// A list that is `'static` in the built-in pack and owned in user rules.
pub type List<T> = Cow<'static, [T]>;

/// A list of texts that a file gave.
pub(crate) fn texts(strings: impl IntoIterator<Item = String>) -> List<Text> {
    strings.into_iter().map(Text::Owned).collect()
}

/// One kind of credential, as a TOML entry under `rules/` (or in a user's file) states it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Kebab-case name, never reused.
    pub id: Text,
    /// A noun phrase for people.
    pub title: Text,
    /// How bad a leak is.
    pub severity: Severity,
    /// How sure a match is before checksum and classifier have spoken.
    pub confidence: Confidence,
    /// Literals of which a match must hold at least one, ASCII case ignored; empty: the rule looks at every blob.
    pub keywords: List<Text>,
    /// How candidates are found.
    pub extractor: Extractor,
    /// Capture group that is the secret; 0 is the whole match.
    pub group: usize,
    /// Shannon entropy below which a candidate is dropped, in bits per byte, 0.0 to 8.0.
    pub min_entropy: Option<f32>,
    /// The offline check that a candidate must not fail.
    pub checksum: Option<Checksum>,
    /// Regular expression that the path must match (searched, not anchored).
    pub path: Option<Text>,
    /// Values (of the secret, ASCII case ignored, as substrings) that are never secrets.
    pub stopwords: List<Text>,
    /// Other rules that must also hit nearby for this one to count, or that are joined to it.
    pub requires: List<Requirement>,
    /// How far around a keyword hit the pattern may look, in bytes to each side. Longer than any match: where a
    /// file gives none, it is the length of the longest match and [`Rule::MARGIN`].
    pub reach: usize,
    /// Where the format is documented.
    pub source: Text,
    /// Where or how such a credential is revoked; a URL or a sentence.
    pub revoke: Text,
    /// How the provider is asked whether such a credential is in force; only on request.
    pub live: Option<LiveCheck>,
    /// Free words for reports and filters.
    pub tags: List<Text>,
    /// Example texts that must yield this rule; may hold `{{generator(args)}}` placeholders.
    pub positive: List<Text>,
    /// Example texts that must not yield this rule; likewise.
    pub negative: List<Text>,
}

/// How a rule finds its candidates.
#[derive(Debug, Clone, PartialEq)]
pub enum Extractor {
    /// A regular expression over bytes, searched near a keyword; [`super::compile`] makes it ready to run.
    Pattern(Text),
    /// The built-in reader of `key = value` shapes in code and configuration; its name, such as `assignment`.
    Builtin(Text),
    /// A regular expression of another scanner, searched in the whole text as soon as a keyword stands anywhere in
    /// it. Group 0 is the first group that is not empty; the entropy must be above [`Rule::min_entropy`]. No file of
    /// our own states it.
    Whole(Text),
    /// The path alone (`Rule::path`).
    PathOnly,
    /// A reader of bad practice, by name; it finds no secrets, and runs where it is asked for alone.
    Practice(Text),
    /// The values that the organisation's own secrets manager holds. No file can state it.
    Known,
}

impl Extractor {
    /// Whether it is a pattern of another scanner.
    pub const fn is_foreign(&self) -> bool {
        matches!(self, Self::Whole(_))
    }

    /// Whether what it finds is bad practice, and no secret: nothing of it is hidden.
    pub const fn is_practice(&self) -> bool {
        matches!(self, Self::Practice(_))
    }
}

/// A part that belongs to a multi-part secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// The other rule.
    pub rule: Text,
    /// Greatest distance in lines; 0 is the same line.
    pub within_lines: u32,
    /// Greatest distance of the columns in which the two matches begin; `None`: any. For rules of other scanners.
    pub within_columns: Option<u32>,
    /// Whether the rule is dropped without it (`true`) or only joined to it when present.
    pub mandatory: bool,
}

/// How bad a leak is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Test keys, expired or public by design.
    Low,
    /// A secret whose reach is narrow or unknown.
    Medium,
    /// Opens one service.
    High,
    /// Opens an account, an organisation or production data.
    Critical,
}

/// How sure the detector is that a candidate is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Confidence {
    /// Worth a look.
    Low,
    /// More likely than not.
    Medium,
    /// Distinctive format or passed checksum.
    High,
}

impl Severity {
    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl Confidence {
    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl Rule {
    /// Bytes that a window is longer than a match, so that no match ends where its window does.
    pub const MARGIN: usize = 8;

    /// A rule for tests that need one and no particular one.
    #[cfg(test)]
    pub(crate) fn named(id: &str) -> Self {
        Self {
            id: id.to_owned().into(),
            title: "Acme access key".into(),
            severity: Severity::Critical,
            confidence: Confidence::High,
            keywords: vec![].into(),
            extractor: Extractor::Builtin("assignment".into()),
            group: 1,
            min_entropy: None,
            checksum: None,
            path: None,
            stopwords: vec![].into(),
            requires: vec![].into(),
            reach: 512,
            source: "https://acme.example/docs/keys".into(),
            revoke: "https://acme.example/settings/keys".into(),
            live: None,
            tags: vec!["cloud".into()].into(),
            positive: vec![].into(),
            negative: vec![].into(),
        }
    }
}
