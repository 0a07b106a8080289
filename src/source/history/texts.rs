//! The parts of commits and tags that people wrote.

use std::ops::Range;

use crate::model::MessageKind;
use crate::source::odb::ObjectKind;

/// The parts of the commit or tag `object`, whose message begins at `message`, that people wrote: who did it, the
/// message, and the tags that a merge quotes. Hashes and signatures are left out.
pub(super) fn texts(kind: ObjectKind, object: &[u8], message: usize) -> Vec<(MessageKind, Range<usize>)> {
    let mut texts: Vec<(MessageKind, Range<usize>)> = Vec::new();
    let (mut at, mut quoted) = (0, None);
    for line in object[..message.min(object.len())].split_inclusive(|&b| b == b'\n') {
        let whole = at..at + line.len();
        at = whole.end;
        if line.starts_with(b" ") {
            // A line that goes on with the header before it.
            if let Some((MessageKind::Tag, range)) = quoted.and_then(|i: usize| texts.get_mut(i)) {
                range.end = whole.end;
            }
            continue;
        }
        quoted = None;
        let key = line.split(|&b| b == b' ').next().unwrap_or_default();
        match key {
            b"author" | b"committer" | b"tagger" => match texts.last_mut() {
                Some((MessageKind::Identity, range)) if range.end == whole.start => range.end = whole.end,
                _ => texts.push((MessageKind::Identity, whole)),
            },
            b"mergetag" => {
                quoted = Some(texts.len());
                texts.push((MessageKind::Tag, whole));
            }
            _ => {}
        }
    }
    if message < object.len() {
        let kind = if kind == ObjectKind::Tag { MessageKind::Tag } else { MessageKind::Commit };
        texts.push((kind, message..object.len()));
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_signatures_are_left_out() {
        let head = "tree 1234\nauthor A <a@b> 1 +0000\ncommitter C <c@d> 2 +0000\ngpgsig -----BEGIN\n abc\n def\n\
                    mergetag object 5678\n type commit\n \n quoted text\nencoding latin1\n\n";
        let commit = format!("{head}subject\n\nbody\n");
        let all = texts(ObjectKind::Commit, commit.as_bytes(), head.len());
        let shown: Vec<_> = all.into_iter().map(|(kind, range)| (kind, &commit[range])).collect();
        let expected = [
            (MessageKind::Identity, "author A <a@b> 1 +0000\ncommitter C <c@d> 2 +0000\n"),
            (MessageKind::Tag, "mergetag object 5678\n type commit\n \n quoted text\n"),
            (MessageKind::Commit, "subject\n\nbody\n"),
        ];
        assert_eq!(shown, expected);
    }
}
