//! Writes out what a part of a pattern can be: the strings with which a match begins or goes on.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, HirKind};

use super::pattern::holds;

/// Most strings that a part of a pattern is written out as.
const MAX_STRINGS: usize = 128;
/// The parts of `hir` in order: groups opened, literals cut into bytes, ASCII letters in lower case.
pub(super) fn flatten(hir: &Hir, out: &mut Vec<Hir>) {
    match hir.kind() {
        HirKind::Capture(capture) => flatten(&capture.sub, out),
        HirKind::Concat(subs) => subs.iter().for_each(|s| flatten(s, out)),
        HirKind::Literal(literal) => {
            out.extend(literal.0.iter().map(|b| Hir::literal([b.to_ascii_lowercase()])));
        }
        HirKind::Class(class) => out.push(lower_case(class)),
        _ => out.push(hir.clone()),
    }
}

/// The class with upper-case ASCII letters replaced by lower-case ones; a literal when one byte remains.
fn lower_case(class: &Class) -> Hir {
    let bytes = match class {
        Class::Bytes(c) => c.clone(),
        Class::Unicode(c) => match c.to_byte_class() {
            Some(bytes) => bytes,
            None => return Hir::class(class.clone()),
        },
    };
    let mut lower = ClassBytes::empty();
    for range in bytes.iter() {
        for byte in range.start()..=range.end() {
            let byte = byte.to_ascii_lowercase();
            lower.push(ClassBytesRange::new(byte, byte));
        }
    }
    Hir::class(Class::Bytes(lower))
}

/// A text with which a match goes on from some item, lower case.
#[derive(Debug, Clone, Default)]
pub(super) struct Prefix {
    pub(super) text: Vec<u8>,
    /// What follows the text is not known.
    closed: bool,
}

/// Extends each of `strings` by what `items` can be, up to `limit` bytes; `None` when there are too many.
pub(super) fn expand(items: &[Hir], limit: usize, strings: &mut Vec<Prefix>) -> Option<()> {
    for item in items {
        if strings.iter().all(|p| p.closed) {
            break;
        }
        extend(item, limit, strings)?;
        for prefix in strings.iter_mut() {
            prefix.closed |= prefix.text.len() >= limit;
        }
        if strings.len() > MAX_STRINGS {
            return None;
        }
    }
    Some(())
}

fn extend(item: &Hir, limit: usize, strings: &mut Vec<Prefix>) -> Option<()> {
    let open = |strings: &mut Vec<Prefix>, f: &mut dyn FnMut(&mut Prefix)| {
        strings.iter_mut().filter(|p| !p.closed).for_each(f);
    };
    match item.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => {
            open(strings, &mut |p| p.text.extend(literal.0.iter().map(u8::to_ascii_lowercase)));
        }
        HirKind::Capture(_) | HirKind::Concat(_) => {
            let mut items = Vec::new();
            flatten(item, &mut items);
            expand(&items, limit, strings)?;
        }
        HirKind::Class(class) => match few_bytes(class) {
            Some(bytes) => branch(strings, bytes.len(), &mut |i, s| {
                open(s, &mut |p| p.text.push(bytes[i]));
                Some(())
            })?,
            None => open(strings, &mut |p| p.closed = true),
        },
        HirKind::Alternation(subs) => branch(strings, subs.len(), &mut |i, s| extend(&subs[i], limit, s))?,
        HirKind::Repetition(r) if (r.min, r.max) == (0, Some(1)) => {
            branch(strings, 2, &mut |i, s| if i == 0 { Some(()) } else { extend(&r.sub, limit, s) })?;
        }
        HirKind::Repetition(r) => {
            for _ in 0..(r.min as usize).min(limit) {
                extend(&r.sub, limit, strings)?;
                if strings.iter().all(|p| p.closed) || strings.len() > MAX_STRINGS {
                    break;
                }
            }
            if r.max != Some(r.min) {
                open(strings, &mut |p| p.closed = true);
            }
        }
    }
    (strings.len() <= MAX_STRINGS).then_some(())
}

/// Replaces the open strings by `n` copies of them, the i-th copy treated by `each(i, …)`.
fn branch(
    strings: &mut Vec<Prefix>,
    n: usize,
    each: &mut dyn FnMut(usize, &mut Vec<Prefix>) -> Option<()>,
) -> Option<()> {
    let (closed, open): (Vec<_>, Vec<_>) = strings.drain(..).partition(|p| p.closed);
    *strings = closed;
    for i in 0..n {
        let mut copy = open.clone();
        each(i, &mut copy)?;
        strings.append(&mut copy);
        if strings.len() > MAX_STRINGS {
            return None;
        }
    }
    Some(())
}

/// The members of a small class, lower case.
fn few_bytes(class: &Class) -> Option<Vec<u8>> {
    let mut bytes: Vec<u8> = match class {
        Class::Bytes(c) => c.iter().flat_map(|r| r.start()..=r.end()).collect(),
        Class::Unicode(c) => c.to_byte_class()?.iter().flat_map(|r| r.start()..=r.end()).collect(),
    };
    bytes.iter_mut().for_each(|b| b.make_ascii_lowercase());
    bytes.sort_unstable();
    bytes.dedup();
    (bytes.len() <= 8).then_some(bytes)
}

/// Whether a text that begins with `item` may begin with a keyword, or the item is not a single byte.
pub(super) fn can_start(item: &Hir, keywords: &[Vec<u8>]) -> bool {
    match item.kind() {
        HirKind::Literal(literal) => keywords.iter().any(|k| k.first() == literal.0.first()),
        HirKind::Class(class) => keywords.iter().any(|k| k.first().is_some_and(|&b| holds(class, b))),
        HirKind::Empty | HirKind::Look(_) => false,
        _ => true,
    }
}

/// The first place in `text` where one of `keywords` stands: its start and its end.
pub(super) fn place(text: &[u8], keywords: &[Vec<u8>]) -> Option<(usize, usize)> {
    let at = |k: &Vec<u8>| {
        let start = text.windows(k.len()).position(|w| w == k);
        start.map(|start| (start, start + k.len()))
    };
    keywords.iter().filter_map(at).min()
}
