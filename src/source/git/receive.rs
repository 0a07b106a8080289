//! What git tells a pre-receive hook: which refs a push that has come in would change. Source: githooks(5).

use bstr::{BString, ByteSlice};

use super::{GitError, ObjectId, Repository, Revisions};

/// One ref that a push would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRef {
    /// What it points at now; all zeros when it is to be created.
    pub old: ObjectId,
    /// What it would point at; all zeros when it is to be deleted.
    pub new: ObjectId,
    /// Its full name.
    pub name: BString,
}

impl ReceivedRef {
    /// Parses all lines of a pre-receive hook's standard input.
    ///
    /// # Errors
    /// The first line that is not in the documented form.
    pub fn parse_all(input: &[u8]) -> Result<Vec<Self>, GitError> {
        let lines = input.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        lines.map(|(i, line)| Self::parse(line).ok_or(GitError::PreReceive { line: i + 1 })).collect()
    }

    /// What `received` brings: what no ref has yet. Refs still are as they were before the push.
    pub fn revisions(received: &[Self]) -> Revisions {
        let mut revisions = Revisions::default();
        for one in received.iter().filter(|r| !r.new.is_zero()) {
            revisions.include_id(one.new);
        }
        revisions.exclude_refs();
        revisions
    }

    /// The commit whose configuration judges `received`: what the branch had before, or `HEAD` where the push makes
    /// a new branch or changes several. Nothing that is pushed has a say in it.
    ///
    /// # Errors
    /// `HEAD` is damaged.
    pub fn judge(received: &[Self], repository: &Repository) -> Result<Option<ObjectId>, GitError> {
        let mut branches = received.iter().filter(|r| r.name.starts_with(b"refs/heads/") && !r.new.is_zero());
        match (branches.next(), branches.next()) {
            (Some(one), None) if !one.old.is_zero() => Ok(Some(one.old)),
            _ => repository.head(),
        }
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let mut words = line.trim().splitn_str(3, b" ");
        let old = ObjectId::from_hex(words.next()?)?;
        let new = ObjectId::from_hex(words.next()?)?;
        let name: BString = words.next()?.into();
        (!name.is_empty()).then_some(Self { old, new, name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_ref() {
        let (a, zero) = ("a".repeat(40), "0".repeat(40));
        let input = format!("{zero} {a} refs/heads/x\n{a} {zero} refs/tags/v1\n\n");
        let refs = ReceivedRef::parse_all(input.as_bytes()).unwrap();
        assert_eq!(refs.len(), 2);
        assert!(refs[0].old.is_zero() && refs[1].new.is_zero());
        assert_eq!(refs[1].name, "refs/tags/v1");
    }

    #[test]
    fn a_broken_line_is_named() {
        let a = "a".repeat(40);
        let error =
            ReceivedRef::parse_all(format!("{a} {a} refs/heads/x\n{a} {a}\n").as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with("standard input, line 2:"), "{error}");
    }
}
