//! How a key and its value stand together in a text.

/// How a key and its value stand together in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Syntax {
    /// `key = "value"`, `"key": "value"`.
    Quoted,
    /// A line of configuration: `key=value`, `key: value`, `export KEY=value`.
    Line,
    /// A part of a longer text: a query, a connection string, a flow mapping.
    Inline,
    /// The first of several words behind `key:`.
    Prose,
    /// `setKey("value")`.
    Call,
    /// `put("key", "value")`.
    Argument,
    /// `key = function("value")`.
    Wrapped,
    /// `getenv("KEY", "value")`, `${KEY:-value}`, `key || "value"`.
    Default,
    /// `key == "value"`.
    Compare,
    /// `f"…{value}…"`: text with holes.
    Template,
    /// `<key>value</key>`.
    Markup,
    /// `--key value`.
    Flag,
    /// `key "value"` of a build script, `IDENTIFIED BY 'value'`.
    Statement,
    /// The password of a URL.
    Url,
    /// The credential of a header: `Authorization: Basic value`.
    Header,
    /// A column of a file made of credentials: `.netrc`, `.pgpass`, Kubernetes' `data:`.
    Record,
}

impl Syntax {
    /// Every syntax, in the order of their discriminants.
    pub const ALL: [Self; 16] = [
        Self::Quoted,
        Self::Line,
        Self::Inline,
        Self::Prose,
        Self::Call,
        Self::Argument,
        Self::Wrapped,
        Self::Default,
        Self::Compare,
        Self::Template,
        Self::Markup,
        Self::Flag,
        Self::Statement,
        Self::Url,
        Self::Header,
        Self::Record,
    ];

    /// The words that explanations use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quoted => "quoted value",
            Self::Line => "line of configuration",
            Self::Inline => "part of a longer text",
            Self::Prose => "word in prose",
            Self::Call => "argument of a setter",
            Self::Argument => "argument behind its key",
            Self::Wrapped => "argument of a function",
            Self::Default => "default value",
            Self::Compare => "compared value",
            Self::Template => "text with holes",
            Self::Markup => "text of an element",
            Self::Flag => "argument of a flag",
            Self::Statement => "statement",
            Self::Url => "password of a URL",
            Self::Header => "credential of a header",
            Self::Record => "column of a record",
        }
    }
}
