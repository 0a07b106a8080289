//! Commit and tag objects. Source: git's `Documentation/gitformat-signature`, `commit.c` and `tag.c`.

use bstr::{BStr, BString, ByteSlice};

use super::{ObjectId, ObjectKind};
use crate::model;

/// A commit object, parsed.
#[derive(Debug, Clone)]
pub struct CommitObject {
    /// The directory it records.
    pub tree: ObjectId,
    /// The commits it follows; none of a root.
    pub parents: Vec<ObjectId>,
    /// Author as recorded: name, mail address, time.
    pub author: Identity,
    /// Committer as recorded.
    pub committer: Identity,
    /// Everything after the first blank line.
    pub message: BString,
}

/// An annotated tag, parsed.
#[derive(Debug, Clone)]
pub struct TagObject {
    /// What it points at.
    pub target: ObjectId,
    /// The kind of what it points at.
    pub kind: ObjectKind,
    /// Who made it; old tags do not say.
    pub tagger: Identity,
    /// Everything after the first blank line.
    pub message: BString,
}

/// Who did something, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Name and mail address as recorded: `Name <mail>`.
    pub text: BString,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub time: i64,
}

impl CommitObject {
    /// Parses the content of a commit object; `None` when it is damaged.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (head, message) = split(bytes);
        let mut headers = headers(head);
        let (_, tree) = headers.next().filter(|(key, _)| *key == "tree")?;
        let mut commit = Self {
            tree: ObjectId::from_hex(tree)?,
            parents: Vec::new(),
            author: Identity::default(),
            committer: Identity::default(),
            message: message.into(),
        };
        for (key, value) in headers {
            match key.as_bytes() {
                b"parent" => commit.parents.push(ObjectId::from_hex(value)?),
                b"author" => commit.author = Identity::parse(value),
                b"committer" => commit.committer = Identity::parse(value),
                _ => {}
            }
        }
        Some(commit)
    }

    /// The commit as reports show it.
    pub fn shown(&self, id: ObjectId) -> model::Commit {
        shown(id, &self.author, self.message.as_bstr())
    }
}

impl TagObject {
    /// Parses the content of a tag object; `None` when it is damaged.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (head, message) = split(bytes);
        let mut target = None;
        let mut kind = None;
        let mut tagger = Identity::default();
        for (key, value) in headers(head) {
            match key.as_bytes() {
                b"object" => target = ObjectId::from_hex(value),
                b"type" => kind = ObjectKind::from_word(value),
                b"tagger" => tagger = Identity::parse(value),
                _ => {}
            }
        }
        Some(Self { target: target?, kind: kind?, tagger, message: message.into() })
    }

    /// The tag as reports show it.
    pub fn shown(&self, id: ObjectId) -> model::Commit {
        shown(id, &self.tagger, self.message.as_bstr())
    }
}

impl Identity {
    /// Parses `Name <mail> 1700000000 +0100`; what is missing stays empty.
    fn parse(line: &[u8]) -> Self {
        let Some(end) = line.rfind_byte(b'>') else {
            return Self { text: line.into(), time: 0 };
        };
        let (text, rest) = line.split_at(end + 1);
        let time = rest.trim_start().split_str(b" ").next().and_then(|t| t.to_str().ok()?.parse().ok());
        Self { text: text.into(), time: time.unwrap_or(0) }
    }

    /// Name and mail address, lossily decoded.
    fn parts(&self) -> (String, String) {
        let (name, mail) = self.text.split_once_str(b"<").unwrap_or((&self.text, b""));
        let mail = mail.strip_suffix(b">").unwrap_or(mail);
        (name.trim().to_str_lossy().into_owned(), mail.to_str_lossy().into_owned())
    }
}

fn shown(id: ObjectId, who: &Identity, message: &BStr) -> model::Commit {
    let (author, email) = who.parts();
    let message = message.trim_end().to_str_lossy().into_owned();
    model::Commit { order: 0, id: id.to_string(), author, email, time: who.time, message }
}

/// Headers and message of a commit or tag.
fn split(bytes: &[u8]) -> (&[u8], &BStr) {
    let (head, message) = bytes.split_once_str(b"\n\n").unwrap_or((bytes, b""));
    (head, message.as_bstr())
}

/// The headers' keys and values; lines that continue a value (signatures, merged tags) are left out.
fn headers(head: &[u8]) -> impl Iterator<Item = (&BStr, &[u8])> {
    let of_own = head.lines().filter(|line| !line.starts_with(b" "));
    of_own.filter_map(|line| line.split_once_str(b" ")).map(|(key, value)| (key.as_bstr(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_gives_its_tree_parents_people_and_message() {
        let (a, b, c) = ("1".repeat(40), "2".repeat(40), "3".repeat(40));
        let bytes = format!(
            "tree {a}\nparent {b}\nparent {c}\nauthor A <B> C <a@x> 1700000000 +0100\ncommitter D <d@x> 5 +0000\n\
             gpgsig -----BEGIN\n parent x\n -----END\n\nsubject\n\nbody é\n"
        );
        let commit = CommitObject::parse(bytes.as_bytes()).unwrap();
        assert_eq!([commit.tree, commit.parents[0], commit.parents[1]].map(|id| id.to_string()), [a, b, c]);
        assert_eq!(commit.message, "subject\n\nbody é\n");
        let shown = commit.shown(commit.tree);
        assert_eq!((shown.author.as_str(), shown.email.as_str()), ("A", "B> C <a@x"));
        assert_eq!((shown.time, shown.message.as_str()), (1_700_000_000, "subject\n\nbody é"));
    }

    #[test]
    fn a_tag_gives_its_target_and_message() {
        let a = "1".repeat(64);
        let bytes = format!("object {a}\ntype blob\ntag v1\n\nfirst\n");
        let tag = TagObject::parse(bytes.as_bytes()).unwrap();
        assert_eq!((tag.target.to_string(), tag.kind, tag.message), (a, ObjectKind::Blob, "first\n".into()));
    }

    #[test]
    fn what_is_no_commit_is_refused() {
        for bytes in [&b""[..], b"tree xyz\n", b"parent 1\n\nx"] {
            assert!(CommitObject::parse(bytes).is_none());
        }
    }
}
