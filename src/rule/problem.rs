//! What can be wrong with a file of rules. Always the fault of whoever wrote the file.

use super::pattern::PatternError;

/// One thing that is wrong with a file of rules.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{file}: {}{problem}", self.place())]
pub struct RuleError {
    /// The file, as its reader named it.
    pub file: String,
    /// The rule's id, where the file could be read so far.
    pub rule: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong. No variant quotes an example: examples may hold generated secrets.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Not TOML, an unknown or missing field, or a value of the wrong type.
    #[error("line {line}: {message}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// The TOML reader's words, on one line.
        message: String,
    },
    /// The id is not kebab-case.
    #[error("the id is not kebab-case")]
    Id,
    /// Two rules of one pack have the same id.
    #[error("the id is taken by another rule")]
    Twice,
    /// A field that must say something is missing or blank.
    #[error("`{0}` is missing or empty")]
    Blank(&'static str),
    /// `source` is neither a web address nor the name of an RFC.
    #[error("`source` is neither an https address nor an RFC")]
    Source,
    /// `pattern` and `reader` are both given.
    #[error("both `pattern` and `reader` are given")]
    TwoExtractors,
    /// None of `pattern`, `reader` and `path` is given.
    #[error("the rule finds nothing: it has neither `pattern` nor `reader` nor `path`")]
    NoExtractor,
    /// A pattern that says nothing useful, or nothing at all.
    #[error("`{field}`: {cause}")]
    Pattern {
        /// `pattern` or `path`.
        field: &'static str,
        /// What is wrong with it.
        cause: PatternError,
    },
    /// A `{{name}}` in a pattern that no shorthand has.
    #[error("the pattern uses {{{{{0}}}}}, which is no shorthand")]
    Shorthand(String),
    /// A match has no greatest length, and `reach` is not given.
    #[error("a match has no greatest length")]
    Unbounded,
    /// `reach` is smaller than the longest match.
    #[error("`reach` is {reach}, but a match may be {longest} bytes long")]
    Reach {
        /// As given.
        reach: usize,
        /// The longest match and [`super::kind::Rule::MARGIN`], in bytes.
        longest: usize,
    },
    /// A rule without keyword would run on all text, and has no entropy floor either.
    #[error("the rule has neither keyword nor `min_entropy`")]
    Unguarded,
    /// A keyword is shorter than 2 bytes or not ASCII.
    #[error("keyword {0:?} is not ASCII text of at least 2 bytes")]
    Keyword(String),
    /// An entropy that no text has.
    #[error("`min_entropy` is not between 0 and 8")]
    Entropy,
    /// Too few examples.
    #[error("{given} {kind} examples, at least {wanted} are needed")]
    Examples {
        /// `positive` or `negative`.
        kind: &'static str,
        /// How many there are.
        given: usize,
        /// How many there must be.
        wanted: usize,
    },
    /// A required rule does not exist, or is the rule itself.
    #[error("`requires` names {0}, which is no other rule")]
    Requirement(String),
    /// A question to the provider that cannot be asked.
    #[error("`live`: {0}")]
    Live(String),
}

impl RuleError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        self.problem.help()
    }

    fn place(&self) -> String {
        self.rule.as_ref().map_or_else(String::new, |id| format!("rule {id}: "))
    }
}

impl Problem {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::Syntax { .. } => "`leakward rules show github-pat` prints a complete rule",
            Self::Id => "use lower-case words and digits joined by single hyphens, such as acme-api-key",
            Self::Twice => "choose another id; ids are never reused",
            Self::Blank(_) => "every rule says what it finds and how such a credential is revoked",
            Self::Source => "give the page that documents the format, such as https://docs.example.com/keys",
            Self::TwoExtractors => "keep `pattern`, or keep `reader`",
            Self::NoExtractor => "add a `pattern` with the secret in parentheses",
            Self::Pattern { cause, .. } => pattern_help(cause),
            Self::Shorthand(_) => {
                "a pattern may use {{key}}, {{is}}, {{end}} and {{uuid}}; write `\\{\\{` for braces"
            }
            Self::Unbounded => {
                "bound the repeats, such as {20,200} instead of {20,}, or give `reach` in bytes"
            }
            Self::Reach { .. } => "leave `reach` out: it is worked out from the pattern",
            Self::Unguarded => "add a literal that every match holds to `keywords`",
            Self::Keyword(_) => "use a longer literal that every match holds",
            Self::Entropy => "give bits per byte, such as 3.5",
            Self::Examples { .. } => "add a positive for each shape and two negatives, one a near miss",
            Self::Live(_) => "`leakward rules show github-pat` prints a complete one",
            Self::Requirement(_) => "`leakward rules list` shows every rule",
        })
    }
}

fn pattern_help(cause: &PatternError) -> &'static str {
    match cause {
        PatternError::Invalid(words) if words.contains("look-around") => {
            "look-around is not supported; match the neighbour and put the secret in parentheses"
        }
        PatternError::Invalid(_) => "patterns follow https://docs.rs/regex/#syntax and match bytes",
        PatternError::Empty | PatternError::EmptyGroup(_) => "require at least one character",
        PatternError::NoGroup(_) => {
            "put the secret part in parentheses, or set `group = 0` for the whole match"
        }
        PatternError::UnboundedLines => "exclude the line feed, or bound the repeat",
        PatternError::TooLarge(_) => "make the repeats smaller",
    }
}
