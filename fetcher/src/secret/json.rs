//! A JSON reader that copies nothing until asked. serde_json would leave unescaped copies of
//! values in buffers that nobody wipes; here the text stays where it is, and what is taken out
//! goes straight into a [`Secret`].

use super::Secret;

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 128;

/// One JSON value inside a checked document.
#[derive(Clone, Copy)]
pub struct Json<'a> {
    text: &'a [u8],
}

/// What kind of value a [`Json`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    Text,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// A document is not JSON. Whoever sent it must fix it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not valid JSON at byte {at}")]
pub struct JsonError {
    /// Offset of the first byte that does not fit.
    pub at: usize,
}

impl<'a> Json<'a> {
    /// The document `null`.
    pub const NULL: Json<'static> = Json { text: b"null" };

    /// Checks a whole document.
    ///
    /// # Errors
    /// When it is not one JSON value in UTF-8, or nested deeper than 128.
    pub fn parse(document: &'a [u8]) -> Result<Self, JsonError> {
        if let Err(error) = std::str::from_utf8(document) {
            return Err(JsonError { at: error.valid_up_to() });
        }
        let start = skip_space(document, 0);
        let end = check(document, start)?;
        let rest = skip_space(document, end);
        if rest < document.len() {
            return Err(JsonError { at: rest });
        }
        Ok(Self { text: &document[start..end] })
    }

    /// The value's kind.
    pub fn kind(self) -> JsonKind {
        match self.text[0] {
            b'n' => JsonKind::Null,
            b't' | b'f' => JsonKind::Bool,
            b'"' => JsonKind::Text,
            b'[' => JsonKind::Array,
            b'{' => JsonKind::Object,
            _ => JsonKind::Number,
        }
    }

    /// The value's own text, quotes and escapes included.
    pub fn raw(self) -> &'a [u8] {
        self.text
    }

    /// A field of an object; of several with one name the last.
    pub fn field(self, name: &str) -> Option<Json<'a>> {
        self.entries().filter(|(key, _)| key.is_text(name)).last().map(|(_, value)| value)
    }

    /// A value deep inside: `a.b.0`. A field named `tls.crt` is found under that very name first.
    pub fn at(self, path: &str) -> Option<Json<'a>> {
        let one = |value: Json<'a>, name: &str| match value.kind() {
            JsonKind::Object => value.field(name),
            JsonKind::Array => value.items().nth(name.parse().ok()?),
            _ => None,
        };
        one(self, path).or_else(|| {
            path.char_indices()
                .filter(|(_, c)| *c == '.')
                .find_map(|(dot, _)| one(self, &path[..dot])?.at(&path[dot + 1..]))
        })
    }

    /// Elements of an array, in order; none for any other kind.
    pub fn items(self) -> impl Iterator<Item = Json<'a>> {
        Walk::new(self, JsonKind::Array).map(|(_, item)| item)
    }

    /// Fields of an object, in order; none for any other kind.
    pub fn entries(self) -> impl Iterator<Item = (Json<'a>, Json<'a>)> {
        Walk::new(self, JsonKind::Object).filter_map(|(key, value)| Some((key?, value)))
    }

    /// The unescaped text of a string.
    pub fn text(self) -> Option<Secret> {
        let inner = self.quoted()?;
        // An unescaped text is never longer than its escaped form, so this never reallocates.
        let mut bytes = Vec::with_capacity(inner.len());
        unescape(inner, |byte| bytes.push(byte));
        Some(Secret::from_vec(bytes))
    }

    /// The unescaped text of a string that is **not** secret: a name, a code, a time.
    pub fn plain(self) -> Option<String> {
        let inner = self.quoted()?;
        let mut bytes = Vec::with_capacity(inner.len());
        unescape(inner, |byte| bytes.push(byte));
        String::from_utf8(bytes).ok()
    }

    /// Whether this is the string `expected`.
    pub fn is_text(self, expected: &str) -> bool {
        let Some(inner) = self.quoted() else { return false };
        if !inner.contains(&b'\\') {
            return inner == expected.as_bytes();
        }
        let (mut left, mut same) = (expected.as_bytes(), true);
        unescape(inner, |byte| match left.split_first() {
            Some((first, rest)) if *first == byte => left = rest,
            _ => same = false,
        });
        same && left.is_empty()
    }

    /// A whole number that is not negative.
    pub fn unsigned(self) -> Option<u64> {
        (self.kind() == JsonKind::Number).then(|| std::str::from_utf8(self.text).ok()?.parse().ok())?
    }

    /// A truth value.
    pub fn bool(self) -> Option<bool> {
        match self.text {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        }
    }

    /// The field as a plain string, empty when absent: the usual question to a manager's reply.
    pub fn plain_field(self, name: &str) -> String {
        self.field(name).and_then(Json::plain).unwrap_or_default()
    }

    fn quoted(self) -> Option<&'a [u8]> {
        (self.kind() == JsonKind::Text).then(|| &self.text[1..self.text.len() - 1])
    }
}

impl std::fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Json({:?})", self.kind())
    }
}

/// Appends `text` as a JSON string, quotes included. `out` should have room for `6 * text.len() + 2`
/// bytes when `text` is secret, so that it is not moved.
pub fn escape_json(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Walks over the members of a checked array or object.
struct Walk<'a> {
    text: &'a [u8],
    next: usize,
    keyed: bool,
}

impl<'a> Walk<'a> {
    fn new(json: Json<'a>, kind: JsonKind) -> Self {
        let text = if json.kind() == kind { json.text } else { b"[]" };
        Self { text, next: 1, keyed: kind == JsonKind::Object }
    }

    /// The value that starts at or after `from`, and where it ends. The document was checked before.
    fn value(&self, from: usize) -> (Json<'a>, usize) {
        let start = skip_space(self.text, from);
        let end = check(self.text, start).unwrap_or(self.text.len());
        (Json { text: &self.text[start..end] }, end)
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = (Option<Json<'a>>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let mut at = skip_space(self.text, self.next);
        match self.text.get(at)? {
            b']' | b'}' => return None,
            b',' => at += 1,
            _ => {}
        }
        let mut key = None;
        if self.keyed {
            let (name, end) = self.value(at);
            key = Some(name);
            at = skip_space(self.text, end) + 1; // the colon
        }
        let (value, end) = self.value(at);
        self.next = end;
        Some((key, value))
    }
}

fn skip_space(text: &[u8], from: usize) -> usize {
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    text[from..].iter().position(|byte| !space(byte)).map_or(text.len(), |skipped| from + skipped)
}

/// Checks the one value that starts at `start` and returns where it ends.
fn check(text: &[u8], start: usize) -> Result<usize, JsonError> {
    // What is open, outermost first: true for an object. A stack, so that deep nesting cannot overflow ours.
    let mut open: Vec<bool> = Vec::new();
    let mut at = start;
    loop {
        at = match text.get(at) {
            Some(b'[' | b'{') => {
                if open.len() == MAX_DEPTH {
                    return Err(JsonError { at });
                }
                let object = text[at] == b'{';
                at = skip_space(text, at + 1);
                if text.get(at) == Some(if object { &b'}' } else { &b']' }) {
                    at + 1
                } else {
                    open.push(object);
                    if object {
                        at = check_key(text, at)?;
                    }
                    continue;
                }
            }
            _ => check_scalar(text, at)?,
        };
        // A value has ended: close what it completes, up to the next comma.
        loop {
            let Some(&object) = open.last() else { return Ok(at) };
            at = skip_space(text, at);
            match (text.get(at), object) {
                (Some(b','), _) => {
                    at = skip_space(text, at + 1);
                    if object {
                        at = check_key(text, at)?;
                    }
                    break;
                }
                (Some(b']'), false) | (Some(b'}'), true) => {
                    open.pop();
                    at += 1;
                }
                _ => return Err(JsonError { at }),
            }
        }
    }
}

/// Checks `"key" :` and returns where the field's value starts.
fn check_key(text: &[u8], at: usize) -> Result<usize, JsonError> {
    let colon = skip_space(text, check_text(text, at)?);
    if text.get(colon) != Some(&b':') {
        return Err(JsonError { at: colon });
    }
    Ok(skip_space(text, colon + 1))
}

fn check_scalar(text: &[u8], at: usize) -> Result<usize, JsonError> {
    match text.get(at) {
        Some(b'"') => check_text(text, at),
        Some(b'-' | b'0'..=b'9') => check_number(text, at),
        _ => {
            let word =
                [&b"null"[..], b"true", b"false"].into_iter().find(|word| text[at..].starts_with(word));
            word.map(|word| at + word.len()).ok_or(JsonError { at })
        }
    }
}

fn check_text(text: &[u8], at: usize) -> Result<usize, JsonError> {
    if text.get(at) != Some(&b'"') {
        return Err(JsonError { at });
    }
    let mut at = at + 1;
    loop {
        match text.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => match text.get(at + 1) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at += 2,
                Some(b'u')
                    if text.get(at + 2..at + 6).is_some_and(|h| h.iter().all(u8::is_ascii_hexdigit)) =>
                {
                    at += 6;
                }
                _ => return Err(JsonError { at }),
            },
            Some(0x20..) => at += 1,
            _ => return Err(JsonError { at }),
        }
    }
}

fn check_number(text: &[u8], start: usize) -> Result<usize, JsonError> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = start + usize::from(text[start] == b'-');
    match (text.get(at), digits(at)) {
        (_, 0) => return Err(JsonError { at }),
        (Some(b'0'), 2..) => return Err(JsonError { at: at + 1 }),
        (_, count) => at += count,
    }
    if text.get(at) == Some(&b'.') {
        let count = digits(at + 1);
        if count == 0 {
            return Err(JsonError { at: at + 1 });
        }
        at += 1 + count;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let count = text.get(at..).map_or(0, |_| digits(at));
        if count == 0 {
            return Err(JsonError { at });
        }
        at += count;
    }
    Ok(at)
}

/// Feeds the unescaped bytes of a checked string (without quotes) to `push`.
/// A lone surrogate, which UTF-8 cannot hold, becomes U+FFFD.
fn unescape(text: &[u8], mut push: impl FnMut(u8)) {
    let hex = |at: usize| {
        text.get(at..at + 4).and_then(|h| u32::from_str_radix(std::str::from_utf8(h).ok()?, 16).ok())
    };
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if byte != b'\\' {
            push(byte);
            at += 1;
            continue;
        }
        let kind = text.get(at + 1).copied().unwrap_or(b'\\');
        at += 2;
        match kind {
            b'b' => push(8),
            b'f' => push(12),
            b'n' => push(b'\n'),
            b'r' => push(b'\r'),
            b't' => push(b'\t'),
            b'u' => {
                let mut code = hex(at).unwrap_or(0xFFFD);
                at += 4;
                if (0xD800..0xDC00).contains(&code)
                    && text[at..].starts_with(b"\\u")
                    && let Some(low @ 0xDC00..0xE000) = hex(at + 2)
                {
                    code = 0x1_0000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                    at += 6;
                }
                let mut utf8 = [0; 4];
                let c = char::from_u32(code).unwrap_or('\u{FFFD}');
                c.encode_utf8(&mut utf8).bytes().for_each(&mut push);
            }
            other => push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Json<'_> {
        Json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_reply_is_walked() {
        let json = parse(r#" {"a": {"b" : [1, {"c":"x"}, -2.5e+3 ]}, "t":true, "n":null, "e":{}, "f":[] } "#);
        assert_eq!(json.at("a.b.1.c").unwrap().plain().unwrap(), "x");
        assert_eq!(json.at("a.b.0").unwrap().unsigned(), Some(1));
        assert_eq!(json.at("a.b.2").unwrap().raw(), b"-2.5e+3");
        assert_eq!(json.field("t").unwrap().bool(), Some(true));
        assert_eq!(json.field("n").unwrap().kind(), JsonKind::Null);
        assert_eq!(json.field("e").unwrap().entries().count(), 0);
        assert_eq!(json.field("f").unwrap().items().count(), 0);
        assert!(json.at("a.b.9").is_none() && json.at("a.x").is_none());
    }

    #[test]
    fn dotted_names_are_found_literally_first() {
        assert_eq!(parse(r#"{"tls.crt":"pem"}"#).at("tls.crt").unwrap().plain().unwrap(), "pem");
        assert_eq!(parse(r#"{"a.b":{"c":"x"}}"#).at("a.b.c").unwrap().plain().unwrap(), "x");
    }

    #[test]
    fn escapes_are_undone() {
        let json = parse(r#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud800x""#);
        assert_eq!(json.plain().unwrap(), "a\"\\/\u{8}\u{c}\n\r\té😀\u{FFFD}x");
        assert_eq!(json.text().unwrap().expose(), json.plain().unwrap().as_bytes());
        assert!(parse(r#""p\u0061ss""#).is_text("pass"));
        assert!(!parse(r#""p\u0061ss""#).is_text("pas") && !parse(r#""p\u0061s""#).is_text("pass"));
    }

    #[test]
    fn the_last_of_two_equal_names_counts() {
        assert_eq!(parse(r#"{"a":1,"a":2}"#).field("a").unwrap().unsigned(), Some(2));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = "a\"b\\c\n\u{1}é😀/";
        let mut out = Vec::new();
        escape_json(text, &mut out);
        assert_eq!(Json::parse(&out).unwrap().plain().unwrap(), text);
    }

    #[test]
    fn what_is_not_json_is_refused_as_the_standard_reader_refuses_it() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        for bad in [
            "",
            " ",
            "{",
            "}",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "01",
            "1.",
            "1e",
            "1e+",
            "-",
            "+1",
            ".5",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\n\"",
            "nul",
            "truex",
            "[1 2]",
            "{} {}",
            "[}",
            "{\"a\":1]",
            deep.as_str(),
        ] {
            assert!(Json::parse(bad.as_bytes()).is_err(), "{bad}");
            assert!(serde_json::from_str::<serde_json::Value>(bad).is_err(), "{bad}");
        }
        assert!(Json::parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn agrees_with_the_standard_reader_on_random_documents() {
        let mut random = fastrand::Rng::with_seed(7);
        let alphabet: Vec<char> = r#"{}[],:"\u0aA1 -.eEtruefalsn"#.chars().collect();
        for _ in 0..200_000 {
            let text: String =
                (0..random.usize(1..12)).map(|_| alphabet[random.usize(..alphabet.len())]).collect();
            let ours = Json::parse(text.as_bytes());
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            // serde_json refuses lone surrogates and numbers beyond f64, where we only keep the text.
            let lenient = text.contains("\\u") || text.contains(['e', 'E']);
            assert!(ours.is_ok() == theirs.is_ok() || (lenient && ours.is_ok()), "{text}");
        }
    }
}
