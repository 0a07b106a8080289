//! What git tells a pre-push hook: which refs are about to be pushed. Source: githooks(5).

use bstr::{BString, ByteSlice};

use super::{GitError, ObjectId, Repository, Revisions};

/// One ref that is about to be pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedRef {
    /// What is pushed, as the user named it.
    pub local_ref: BString,
    /// What it points at; all zeros when the remote ref is to be deleted.
    pub local: ObjectId,
    /// The ref's full name on the remote.
    pub remote_ref: BString,
    /// What the remote has there now; all zeros when it has nothing.
    pub remote: ObjectId,
}

impl PushedRef {
    /// Parses all lines of a pre-push hook's standard input.
    ///
    /// # Errors
    /// The first line that is not in the documented form.
    pub fn parse_all(input: &[u8]) -> Result<Vec<Self>, GitError> {
        let lines = input.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        lines.map(|(i, line)| Self::parse(line).ok_or(GitError::PrePush { line: i + 1 })).collect()
    }

    /// What `pushed` brings to `remote` (a name or a URL): what no branch of it has, as far as this clone knows.
    ///
    /// What the remote had and this clone has not (a forced push over somebody's work) cannot be subtracted.
    pub fn revisions(pushed: &[Self], remote: &str, repository: &Repository) -> Revisions {
        let mut revisions = Revisions::default();
        for one in pushed.iter().filter(|p| !p.local.is_zero()) {
            revisions.include_id(one.local);
        }
        for one in pushed.iter().filter(|p| !p.remote.is_zero() && repository.has(p.remote)) {
            revisions.exclude_id(one.remote);
        }
        if !remote.is_empty() {
            revisions.exclude_remote(remote);
        }
        revisions
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let mut words = line.trim().split_str(b" ");
        let local_ref = words.next()?.into();
        let local = ObjectId::from_hex(words.next()?)?;
        let remote_ref = words.next()?.into();
        let remote = ObjectId::from_hex(words.next()?)?;
        words.next().is_none().then_some(Self { local_ref, local, remote_ref, remote })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_ref() {
        let (a, zero) = ("a".repeat(40), "0".repeat(40));
        let input = format!("refs/heads/x {a} refs/heads/y {zero}\n(delete) {zero} refs/heads/z {a}\n\n");
        let refs = PushedRef::parse_all(input.as_bytes()).unwrap();
        assert_eq!(refs.len(), 2);
        assert_eq!((refs[0].remote_ref.as_bstr(), refs[0].remote.is_zero()), ("refs/heads/y".into(), true));
        assert!(refs[1].local.is_zero());
    }

    #[test]
    fn a_broken_line_is_named() {
        let a = "a".repeat(40);
        let input = format!("refs/heads/x {a} refs/heads/y {a}\nrefs/heads/x {a}\n");
        let error = PushedRef::parse_all(input.as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with("standard input, line 2:"), "{error}");
    }
}
