//! Which values a found text may stand for: undoes quoting, escaping and encoding, layer by layer.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use leakward_fetcher::secret::Json;
use zeroize::Zeroizing;

use super::pieces::Bytes;

/// A value that a found text may stand for.
pub(super) struct Reading {
    /// How it was got; `None`: as it stands.
    pub(super) form: Option<&'static str>,
    pub(super) bytes: Bytes,
}

/// Longest text whose layers are undone, in bytes.
const LONGEST: usize = 1 << 20;
/// Most readings of one text.
const MOST: usize = 64;
/// Layers that are undone.
const DEPTH: usize = 3;

/// Every value that `text` may stand for, likeliest first, each once.
pub(super) fn readings(text: &[u8]) -> Vec<Reading> {
    let mut all = vec![Reading { form: None, bytes: Zeroizing::new(text.to_vec()) }];
    let (mut from, mut depth) = (0, 0);
    while text.len() <= LONGEST && from < all.len() && all.len() < MOST && depth < DEPTH {
        let to = all.len();
        for i in from..to {
            let form = all[i].form;
            for (name, bytes) in undone(&all[i].bytes) {
                if !bytes.is_empty() && all.len() < MOST && !all.iter().any(|r| *r.bytes == *bytes) {
                    let name = if name == PLAIN { form } else { form.or(Some(name)) };
                    all.push(Reading { form: name, bytes });
                }
            }
        }
        (from, depth) = (to, depth + 1);
    }
    all
}

/// What changes nothing that is worth a word: white space, quotes.
const PLAIN: &str = "";

/// `text` with one layer undone, in each way that fits.
fn undone(text: &[u8]) -> Vec<(&'static str, Bytes)> {
    let mut out: Vec<(&'static str, Bytes)> = Vec::new();
    let mut add = |name, bytes: Option<Bytes>| out.extend(bytes.filter(|b| **b != *text).map(|b| (name, b)));
    add(PLAIN, copy(text.trim_ascii()));
    add(PLAIN, copy(unquoted(text)));
    for scheme in [&b"bearer "[..], b"basic ", b"token "] {
        let fits = text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        add(PLAIN, if fits { copy(&text[scheme.len()..]) } else { None });
    }
    add("percent", percent(text));
    add("json", json(text));
    add("shell", shell(text));
    add("xml", xml(text));
    add("base64", base64(text));
    add("hex", hex(text));
    add("password of a URL", url_password(text).map(|(_, password)| password));
    add("pair", text.iter().position(|&b| b == b':').and_then(|at| copy(&text[at + 1..])));
    out
}

fn copy(bytes: &[u8]) -> Option<Bytes> {
    Some(Zeroizing::new(bytes.to_vec()))
}

/// `text` without a pair of quotes around it.
pub(super) fn unquoted(text: &[u8]) -> &[u8] {
    match text {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] | [b'`', inner @ .., b'`'] => inner,
        _ => text,
    }
}

/// What base64 in either alphabet, padded or not, broken into lines or not, encodes.
pub(super) fn base64(text: &[u8]) -> Option<Bytes> {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);
    if text.len() < 8 || !text.iter().all(|&b| crate::rule::is_token(b) || b.is_ascii_whitespace()) {
        return None;
    }
    let letters =
        Zeroizing::new(text.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<u8>>());
    let decoded = STANDARD.decode(letters.as_slice()).or_else(|_| URL_SAFE.decode(letters.as_slice()));
    decoded.ok().map(Zeroizing::new)
}

fn hex(text: &[u8]) -> Option<Bytes> {
    if text.len() < 8 || !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let bytes: Option<Vec<u8>> = text.chunks(2).map(|p| Some(digit(p[0])? << 4 | digit(p[1])?)).collect();
    bytes.map(Zeroizing::new)
}

fn percent(text: &[u8]) -> Option<Bytes> {
    if !text.contains(&b'%') {
        return None;
    }
    let digit = |at: usize| text.get(at).and_then(|&b| char::from(b).to_digit(16)).map(|d| d as u8);
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut at = 0;
    while at < text.len() {
        match (text[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 3;
            }
            (byte, _, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Some(out)
}

fn json(text: &[u8]) -> Option<Bytes> {
    if !text.contains(&b'\\') {
        return None;
    }
    let quoted = Zeroizing::new([b"\"", text, b"\""].concat());
    let value = Json::parse(&quoted).ok()?.text()?;
    // Compared, not shown.
    copy(value.expose())
}

/// Undoes `'\''` and backslashes.
fn shell(text: &[u8]) -> Option<Bytes> {
    if !text.contains(&b'\\') {
        return None;
    }
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(b"'\\''") {
            out.push(b'\'');
            at += 4;
        } else if text[at] == b'\\' && at + 1 < text.len() {
            out.push(text[at + 1]);
            at += 2;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    Some(out)
}

fn xml(text: &[u8]) -> Option<Bytes> {
    if !text.contains(&b'&') {
        return None;
    }
    const ENTITIES: [(&[u8], u8); 7] = [
        (b"&amp;", b'&'),
        (b"&lt;", b'<'),
        (b"&gt;", b'>'),
        (b"&quot;", b'"'),
        (b"&#39;", b'\''),
        (b"&apos;", b'\''),
        (b"&#x27;", b'\''),
    ];
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut at = 0;
    while at < text.len() {
        match ENTITIES.iter().find(|(name, _)| text[at..].starts_with(name)) {
            Some((name, byte)) => {
                out.push(*byte);
                at += name.len();
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    Some(out)
}

/// User and password of a URL, percent-decoded. `None` where there is no password.
pub(super) fn url_password(text: &[u8]) -> Option<(Bytes, Bytes)> {
    let scheme = text.windows(3).position(|w| w == b"://").filter(|&at| at > 0 && at < 32)?;
    let rest = &text[scheme + 3..];
    let end = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let at = rest[..end].iter().rposition(|&b| b == b'@')?;
    let colon = rest[..at].iter().position(|&b| b == b':')?;
    let decoded = |part: &[u8]| percent(part).unwrap_or_else(|| Zeroizing::new(part.to_vec()));
    let (user, password) = (decoded(&rest[..colon]), decoded(&rest[colon + 1..at]));
    (!password.is_empty()).then_some((user, password))
}

/// How a report says that a value was found in `form`, of a piece of this `kind`.
pub(super) fn words(form: Option<&'static str>, kind: Option<&'static str>) -> Option<String> {
    match (form, kind) {
        (Some(form), Some(kind)) if form != kind => Some(format!("{form}, {kind}")),
        (form, kind) => form.or(kind).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(text: &str, value: &str) -> Option<Option<&'static str>> {
        readings(text.as_bytes()).into_iter().find(|r| r.bytes.as_slice() == value.as_bytes()).map(|r| r.form)
    }

    #[test]
    fn every_form_is_undone() {
        let value = "p@ss'w\"ord/1 &x";
        for (text, form) in [
            (value.to_owned(), None),
            (format!("  {value}\n"), None),
            (format!("\"{value}\""), None),
            ("p%40ss%27w%22ord%2f1%20%26x".to_owned(), Some("percent")),
            ("p@ss'w\\\"ord\\/1 \\u0026x".to_owned(), Some("json")),
            ("p@ss'\\''w\"ord/1 &x".to_owned(), Some("shell")),
            ("p@ss&#39;w&quot;ord/1 &amp;x".to_owned(), Some("xml")),
            ("cEBzcyd3Im9yZC8xICZ4".to_owned(), Some("base64")),
            ("704073732777226f72642f31202678".to_owned(), Some("hex")),
        ] {
            assert_eq!(reads(&text, value), Some(form), "{text}");
        }
    }

    #[test]
    fn layers_are_undone_one_after_another() {
        // base64 of `app:s%40cret-1`
        assert_eq!(reads("YXBwOnMlNDBjcmV0LTE=", "s@cret-1"), Some(Some("base64")));
        assert_eq!(reads("postgres://app:s%40cret-1@db/x", "s@cret-1"), Some(Some("password of a URL"))); // leakward:allow
        assert_eq!(reads("Bearer tok-123456", "tok-123456"), Some(None)); // leakward:allow
    }

    #[test]
    fn hostile_text_ends() {
        for text in
            ["%".repeat(5000), "\\".repeat(5000), "::::".repeat(3000), "&amp;".repeat(3000), String::new()]
        {
            assert!(readings(text.as_bytes()).len() <= MOST);
        }
        assert!(readings(&vec![b'%'; LONGEST + 1]).len() == 1);
    }

    #[test]
    fn a_url_without_a_password_has_none() {
        for text in ["https://example.com/a@b:c", "https://user@host", "://u:p@h", "no url"] {
            assert!(url_password(text.as_bytes()).is_none(), "{text}");
        }
    }
}
