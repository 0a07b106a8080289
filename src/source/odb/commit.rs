//! Commit and tag objects: who, when, on top of what, and the text that people wrote.

use super::{ObjectId, ObjectKind};

/// The parts of a commit object. Ids of a damaged commit may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitParts<'c> {
    /// The directory that it records.
    pub tree: Option<ObjectId>,
    /// The commits that it follows, in order.
    pub parents: Vec<ObjectId>,
    /// Who wrote it.
    pub author: Signature<'c>,
    /// Who recorded it.
    pub committer: Signature<'c>,
    /// Where the message begins, counted from the object's first byte.
    pub message: usize,
}

/// The parts of a tag object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagParts<'t> {
    /// What it names.
    pub target: Option<(ObjectId, ObjectKind)>,
    /// Who made it.
    pub tagger: Signature<'t>,
    /// Where the message begins, counted from the object's first byte.
    pub message: usize,
}

/// Who did something, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signature<'s> {
    /// Name as recorded.
    pub name: &'s [u8],
    /// Mail address as recorded.
    pub mail: &'s [u8],
    /// Seconds since 1970-01-01T00:00:00Z; 0 when there is none.
    pub time: i64,
}

impl<'c> CommitParts<'c> {
    /// Reads a commit object.
    pub fn read(commit: &'c [u8]) -> Self {
        let mut parts = Self {
            tree: None,
            parents: Vec::new(),
            author: Signature::default(),
            committer: Signature::default(),
            message: message(commit),
        };
        for (key, value) in headers(&commit[..parts.message]) {
            match key {
                b"tree" => parts.tree = parts.tree.or(ObjectId::from_hex(value)),
                b"parent" => parts.parents.extend(ObjectId::from_hex(value)),
                b"author" => parts.author = Signature::read(value),
                b"committer" => parts.committer = Signature::read(value),
                _ => {}
            }
        }
        parts
    }
}

impl<'t> TagParts<'t> {
    /// Reads a tag object.
    pub fn read(tag: &'t [u8]) -> Self {
        let message = message(tag);
        let (mut object, mut kind, mut tagger) = (None, None, Signature::default());
        for (key, value) in headers(&tag[..message]) {
            match key {
                b"object" => object = object.or(ObjectId::from_hex(value)),
                b"type" => kind = ObjectKind::from_word(value),
                b"tagger" => tagger = Signature::read(value),
                _ => {}
            }
        }
        Self { target: object.zip(kind), tagger, message }
    }
}

impl<'s> Signature<'s> {
    /// Reads `name <mail> seconds zone`.
    fn read(line: &'s [u8]) -> Self {
        let open = memchr::memchr(b'<', line).unwrap_or(line.len());
        let close = memchr::memrchr(b'>', line).filter(|&c| c > open).unwrap_or(line.len());
        let mail = line.get(open + 1..close).unwrap_or_default();
        let rest = line.get(close + 1..).unwrap_or_default().trim_ascii_start();
        let digits = rest.split(|&b| b == b' ').next().unwrap_or_default();
        let time = std::str::from_utf8(digits).ok().and_then(|d| d.parse().ok()).unwrap_or(0);
        Self { name: line[..open].trim_ascii(), mail: mail.trim_ascii(), time }
    }
}

/// Where the message of a commit or tag begins: behind the first empty line.
fn message(object: &[u8]) -> usize {
    memchr::memmem::find(object, b"\n\n").map_or(object.len(), |at| at + 2)
}

/// The header lines of a commit or tag, with their keys; continued lines are passed over.
fn headers(head: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    head.split(|&b| b == b'\n').filter_map(|line| {
        let gap = memchr::memchr(b' ', line).filter(|&gap| gap > 0)?;
        Some((&line[..gap], &line[gap + 1..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    #[test]
    fn a_commit_is_taken_apart() {
        let text = format!(
            "tree {ID}\nparent {ID}\nparent {ID}\nauthor A U Thor <a@b.c> 1700000000 +0100\n\
             committer C <c@d.e> 1700000001 -0800\ngpgsig -----BEGIN\n parent of nothing\n -----END\n\nsubject\n\nbody\n"
        );
        let parts = CommitParts::read(text.as_bytes());
        assert_eq!((parts.tree, parts.parents.len()), (ObjectId::from_hex(ID.as_bytes()), 2));
        let author = Signature { name: b"A U Thor", mail: b"a@b.c", time: 1_700_000_000 };
        assert_eq!((parts.author, parts.committer.time), (author, 1_700_000_001));
        assert_eq!(&text[parts.message..], "subject\n\nbody\n");
    }

    #[test]
    fn a_tag_is_taken_apart() {
        let text = format!("object {ID}\ntype commit\ntag v1\ntagger T <t@t> 5 +0000\n\nfirst\n");
        let parts = TagParts::read(text.as_bytes());
        assert_eq!(parts.target.unwrap().1, ObjectKind::Commit);
        assert_eq!((parts.tagger.time, &text[parts.message..]), (5, "first\n"));
    }

    #[test]
    fn damage_is_survived() {
        for text in ["", "\n\n", "tree\n", "tree xyz\nauthor <\n", "author a> <b\n\n", "parent \n \n"] {
            let parts = CommitParts::read(text.as_bytes());
            assert_eq!((parts.tree, parts.parents.len()), (None, 0));
            assert_eq!(TagParts::read(text.as_bytes()).target, None);
        }
    }
}
