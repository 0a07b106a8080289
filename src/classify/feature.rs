//! What the classifier looks at: one byte per feature.

/// Declares the features, in order.
macro_rules! features {
    ($($(#[doc = $doc:literal])+ $name:ident = $words:literal,)+) => {
        /// One thing that the classifier looks at. Its value is a byte; what it counts is said beside it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Feature { $($(#[doc = $doc])+ $name,)+ }

        impl Feature {
            /// Every feature, in the order of their discriminants.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The words that explanations use.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $words,)+ }
            }
        }
    };
}

features! {
    /// Bytes, at most 255.
    Length = "length of the value",
    /// Shannon entropy, in 1/32 bits per byte.
    Entropy = "entropy of the value",
    /// Different bytes, in percent of the length.
    Distinct = "variety of characters",
    /// Digits, in percent.
    Digits = "share of digits",
    /// Capitals, in percent.
    Capitals = "share of capitals",
    /// Small letters, in percent.
    Smalls = "share of small letters",
    /// Punctuation, in percent.
    Marks = "share of punctuation",
    /// Different punctuation marks.
    MarkKinds = "kinds of punctuation",
    /// Words between blanks.
    Words = "words between blanks",
    /// Bytes beyond ASCII, in percent.
    Foreign = "letters beyond ASCII",
    /// Changes between letters, digits and marks, in percent of the neighbours.
    Changes = "changes of character class",
    /// Longest run of one class of characters, at most 255.
    LongestRun = "longest run of one class",
    /// Neighbours in a row, in percent.
    Steadiness = "characters in a row",
    /// How unlike words the letters are, in 1/16 bits per letter.
    Strangeness = "unlikeness to words",
    /// Letters in known words, in percent of the letters.
    Dictionary = "letters in known words",
    /// Longest known word, in letters.
    LongestWord = "longest known word",
    /// Parts of the value as a name is split.
    Parts = "parts of the value",
    /// Digits in groups: how many groups.
    DigitGroups = "groups of digits",
    /// 0 no, 1 ends in digits, 2 letters then digits and nothing else.
    EndsInDigits = "digits at the end",
    /// 0 none, 1 hex, 2 hex of the length of a digest.
    Hex = "hex digits",
    /// 1 when it is a UUID.
    Uuid = "a UUID",
    /// 0 none, 1 base32 alphabet, 2 the same, long.
    Base32 = "base32 alphabet",
    /// 0 none, 1 base64 alphabet, 2 with padding.
    Base64 = "base64 alphabet",
    /// 2 when user and password were encoded as one.
    Decodes = "user and password encoded",
    /// 0 other, 1 snake, 2 kebab, 3 camel, 4 dotted, 5 lower word, 6 capital word, 7 capitals, 8 words.
    Spelling = "spelling like a name",
    /// 0 none, 1 holds placeholder wording, 2 is a placeholder word.
    Placeholder = "placeholder wording",
    /// 0 none, 1 one of the words of invention (`test`, `fake`…), 2 several.
    Invented = "words of invention",
    /// Words of the value that the key also has, in percent.
    KeyEcho = "words shared with the key",
    /// 1 when the words of a credential stand in the value.
    NamesCredential = "the value names a credential",
    /// Words of the value that add nothing, in percent.
    Fillers = "words that add nothing",
    /// 1 when letters read as a common password once digits and marks are read as letters.
    CommonPassword = "a common password",
    /// 0 none, 1 a place, 2 a URL.
    Location = "a path or address",
    /// 1 when it is a number, date or version.
    Numeric = "a number or date",
    /// 1 when it is a sequence or repeats itself.
    Sequence = "a sequence",
    /// 1 when it holds a hole or names a store.
    Reference = "a reference",
    /// 1 when it reads as code.
    Expression = "an expression",
    /// Class of the first byte.
    First = "first character",
    /// Class of the last byte.
    Last = "last character",
    /// 0 none, 1 the same as the user, 2 holds the user.
    LikeUser = "likeness to the user",
    /// Kind of key.
    Kind = "what the key names",
    /// Words of the key.
    KeyWords = "words of the key",
    /// Case of the key: 0 small, 1 capitals, 2 camel, 3 capitalised, 4 mixed with marks.
    KeyCase = "spelling of the key",
    /// 1 when the key is nothing but the stem.
    KeyBare = "a bare key",
    /// What the words in front of the stem say.
    KeyHead = "what qualifies the key",
    /// What the words behind the stem say.
    KeyTail = "what the key goes on with",
    /// 1 when the key ends in a number.
    KeyNumbered = "a numbered key",
    /// 1 when the key holds words of invention.
    KeyInvented = "a key of a test",
    /// How key and value stand together.
    Syntax = "syntax",
    /// 0 none, 1 unknown, 2 looks up, 3 encodes, 4 hashes, 5 translates, 6 constructs.
    Callee = "function called",
    /// Class of the byte behind the match.
    Next = "what follows",
    /// Bytes of the line around the match, 255 and more as 255.
    Line = "length of the line",
    /// 0 none, 1 comment, 2 prompt or list, 3 diff.
    Lead = "what the line begins with",
    /// 1 when the line compares or expects.
    Asserts = "a line that asserts",
    /// 1 when the line prints, logs or raises.
    Speaks = "a line that prints",
    /// 1 when the line declares a constant.
    Declares = "a declaration",
    /// 1 when a user, login or mail address stands on the line.
    Account = "an account beside it",
    /// 1 when the line holds markup of forms.
    FormField = "markup of a form",
    /// 0 none, 1 other, 2 of an example, 3 of one's own machine.
    Host = "the host",
    /// 0 none, 1 given, 2 of an example.
    User = "the user",
    /// 0 none or not asked, 1 in a test, 2 in a comment of documentation. Asked only of what may be reported.
    Shown = "shown in a test or documentation",
    /// Kind of file: 0 unknown, then see `path`.
    File = "kind of file",
    /// 1 when the path is of tests.
    InTests = "a test's path",
    /// 1 when the path is of examples or documentation.
    InDocs = "documentation's path",
    /// 1 when the file's name speaks of secrets or settings.
    InSettings = "a path of settings",
    /// 1 when the path is of translations, locks or generated code.
    InGenerated = "a path of generated text",
}

/// Number of features.
pub const FEATURES: usize = Feature::ALL.len();

impl Feature {
    /// The first feature that a path decides; it and all behind it are 0 until the path is known.
    pub const FIRST_OF_PATH: Self = Self::File;
}
