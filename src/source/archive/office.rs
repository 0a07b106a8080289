//! Office documents: the text of their paragraphs, whatever markup it is cut up by.
//!
//! A word of a document is often spread over several elements, so the markup is left out; a paragraph, a cell and a
//! line break end a line.

/// Whether the member called `name` of a zip holds the text of a document.
pub(super) fn is_text(name: &[u8]) -> bool {
    const PARTS: &[(&[u8], &[u8])] = &[
        (b"word/document", b".xml"),
        (b"word/header", b".xml"),
        (b"word/footer", b".xml"),
        (b"word/comments", b".xml"),
        (b"word/footnotes", b".xml"),
        (b"word/endnotes", b".xml"),
        (b"xl/sharedStrings", b".xml"),
        (b"xl/comments", b".xml"),
        (b"xl/worksheets/sheet", b".xml"),
        (b"ppt/slides/slide", b".xml"),
        (b"ppt/notesSlides/notesSlide", b".xml"),
        (b"ppt/comments/comment", b".xml"),
        (b"content", b".xml"),
    ];
    PARTS.iter().any(|(head, tail)| name.starts_with(head) && name.ends_with(tail))
}

/// The text of `markup`.
pub(super) fn text(markup: &[u8]) -> Vec<u8> {
    /// Elements behind which a line ends.
    const LINES: &[&[u8]] = &[
        b"/w:p",
        b"w:br",
        b"w:tab",
        b"/a:p",
        b"a:br",
        b"/si",
        b"/v",
        b"/f",
        b"/text:p",
        b"/text:h",
        b"text:line-break",
        b"/row",
    ];
    let mut out = Vec::with_capacity(markup.len() / 4);
    let mut rest = markup;
    while let Some(open) = memchr::memchr(b'<', rest) {
        unescape(&rest[..open], &mut out);
        let close = memchr::memchr(b'>', &rest[open..]).map_or(rest.len(), |n| open + n);
        let tag = &rest[open + 1..close];
        let name = tag.split(|b| b.is_ascii_whitespace()).next().unwrap_or_default();
        let name = name.strip_suffix(b"/").unwrap_or(name);
        if LINES.contains(&name) {
            out.push(b'\n');
        }
        rest = rest.get(close + 1..).unwrap_or_default();
    }
    unescape(rest, &mut out);
    out
}

/// Adds `text`, its entities as the letters they stand for.
fn unescape(text: &[u8], out: &mut Vec<u8>) {
    const ENTITIES: [(&[u8], u8); 5] =
        [(b"&amp;", b'&'), (b"&lt;", b'<'), (b"&gt;", b'>'), (b"&quot;", b'"'), (b"&apos;", b'\'')];
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let known = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity));
        out.push(known.map_or(b'&', |&(_, letter)| letter));
        rest = &rest[known.map_or(1, |(entity, _)| entity.len())..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::{is_text, text};

    #[test]
    fn a_word_over_several_elements_is_one() {
        let markup = b"<w:p><w:r><w:t>pass</w:t></w:r><w:r><w:rPr/><w:t xml:space=\"preserve\">word: a&amp;b</w:t></w:r></w:p><w:p>x</w:p>";
        assert_eq!(text(markup), b"password: a&b\nx\n");
    }

    #[test]
    fn markup_that_does_not_close_ends() {
        assert_eq!(text(b"a <b"), b"a ");
        assert_eq!(text(b"a & b &unknown; c"), b"a & b &unknown; c");
    }

    #[test]
    fn only_parts_that_hold_text_are_read_so() {
        assert!(is_text(b"word/document.xml") && is_text(b"xl/sharedStrings.xml") && is_text(b"content.xml"));
        assert!(!is_text(b"word/_rels/document.xml.rels") && !is_text(b"app/config.xml"));
    }
}
