//! A range of commits as users and hooks write it.

use super::{GitError, ObjectId, Repository, Walk};

/// A range of commits: what is meant, before it is looked up.
///
/// Words as for `git rev-list`: `A..B`, `A...B`, `REV`, `^REV`, `REV^!`, `--not`, `--all`, `--branches`, `--tags`,
/// `--remotes[=NAME]`, `--first-parent`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revisions {
    terms: Vec<Term>,
    first_parent: bool,
}

/// One part of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    what: What,
    /// Whether commits reachable from here are left out.
    excluded: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// One revision.
    Revision(String),
    /// Where the histories of two revisions part: what these reach is what both share.
    Shared(String, String),
    /// The parents of a revision.
    ParentsOf(String),
    /// An object.
    Id(ObjectId),
    /// All refs whose full names begin so.
    Refs(String),
}

impl Revisions {
    /// Parses words separated by white space.
    ///
    /// # Errors
    /// The first word that is not understood, or that nothing is included.
    pub fn parse(text: &str) -> Result<Self, GitError> {
        let mut revisions = Self::default();
        let mut negated = false;
        for word in text.split_whitespace() {
            if !revisions.parse_word(word, &mut negated) {
                return Err(GitError::Range { part: word.to_owned() });
            }
        }
        if revisions.terms.iter().any(|t| !t.excluded) {
            Ok(revisions)
        } else {
            Err(GitError::Range { part: text.trim().to_owned() })
        }
    }

    /// What `revision` reaches and no branch of `remote` does: a first push.
    pub fn unpushed(revision: &str, remote: &str) -> Self {
        let mut revisions = Self::default();
        revisions.push(What::Revision(revision.to_owned()), false);
        revisions.exclude_remote(remote);
        revisions
    }

    /// Adds what `id` reaches.
    pub fn include_id(&mut self, id: ObjectId) {
        self.push(What::Id(id), false);
    }

    /// Leaves out what `id` reaches.
    pub fn exclude_id(&mut self, id: ObjectId) {
        self.push(What::Id(id), true);
    }

    /// Leaves out what the branches of `remote` reach, as far as they were fetched.
    pub fn exclude_remote(&mut self, remote: &str) {
        self.push(What::Refs(format!("refs/remotes/{remote}/")), true);
    }

    /// Leaves out what any ref reaches.
    pub fn exclude_refs(&mut self) {
        self.push(What::Refs("refs/".to_owned()), true);
    }

    /// Whether nothing is included.
    pub fn is_empty(&self) -> bool {
        self.terms.iter().all(|t| t.excluded)
    }

    /// Looks everything up in `repository`.
    ///
    /// # Errors
    /// A revision names nothing.
    pub fn look_up(&self, repository: &Repository) -> Result<Walk, GitError> {
        let mut walk = Walk { first_parent: self.first_parent, ..Walk::default() };
        for term in &self.terms {
            let ids = term.what.look_up(repository)?;
            let side = if term.excluded { &mut walk.exclude } else { &mut walk.include };
            side.extend(ids);
        }
        Ok(walk)
    }

    fn parse_word(&mut self, word: &str, negated: &mut bool) -> bool {
        match word {
            "--not" => *negated = !*negated,
            "--first-parent" => self.first_parent = true,
            _ if word.starts_with('-') => match refs(word) {
                Some(prefix) => self.push(What::Refs(prefix), *negated),
                None => return false,
            },
            _ => return self.parse_revision(word, *negated),
        }
        true
    }

    fn parse_revision(&mut self, word: &str, negated: bool) -> bool {
        let or_head = |rev: &str| if rev.is_empty() { "HEAD".to_owned() } else { rev.to_owned() };
        let revision = |rev: &str| What::Revision(or_head(rev));
        if let Some((a, b)) = word.split_once("...") {
            self.push(revision(a), negated);
            self.push(revision(b), negated);
            self.push(What::Shared(or_head(a), or_head(b)), !negated);
        } else if let Some((a, b)) = word.split_once("..") {
            self.push(revision(a), !negated);
            self.push(revision(b), negated);
        } else if let Some(rev) = word.strip_suffix("^!") {
            self.push(revision(rev), negated);
            self.push(What::ParentsOf(or_head(rev)), !negated);
        } else if let Some(rev) = word.strip_prefix('^') {
            self.push(What::Revision(rev.to_owned()), !negated);
            return !rev.is_empty();
        } else {
            self.push(What::Revision(word.to_owned()), negated);
        }
        true
    }

    fn push(&mut self, what: What, excluded: bool) {
        self.terms.push(Term { what, excluded });
    }
}

impl What {
    /// The objects that are meant.
    fn look_up(&self, repository: &Repository) -> Result<Vec<ObjectId>, GitError> {
        match self {
            Self::Revision(rev) => Ok(vec![repository.resolve(rev)?]),
            Self::Id(id) => Ok(vec![*id]),
            Self::ParentsOf(rev) => {
                let commit = repository.resolve(&format!("{rev}^{{commit}}"))?;
                let parents = repository.commit(commit)?.parents;
                Ok(parents.into_iter().filter(|&p| repository.has(p)).collect())
            }
            Self::Shared(a, b) => repository.merge_bases(repository.resolve(a)?, repository.resolve(b)?),
            Self::Refs(prefix) => {
                let refs = repository.refs()?;
                let meant = refs.into_iter().filter(|(name, _)| name.starts_with(prefix.as_bytes()));
                Ok(meant.map(|(_, id)| id).collect())
            }
        }
    }
}

/// The beginning of the full names of the refs that `option` means.
fn refs(option: &str) -> Option<String> {
    let (option, name) = option.split_once('=').map_or((option, None), |(o, n)| (o, Some(n)));
    let folder = match option {
        "--all" if name.is_none() => return Some("refs/".to_owned()),
        "--branches" => "refs/heads/",
        "--tags" => "refs/tags/",
        "--remotes" => "refs/remotes/",
        _ => return None,
    };
    match name.map(|n| n.trim_end_matches("/*").trim_end_matches('/')) {
        None => Some(folder.to_owned()),
        // A pattern would need git's own matching; a name is what hooks write.
        Some(name) if name.is_empty() || name.contains(['*', '?', '[']) => None,
        Some(name) => Some(format!("{folder}{name}/")),
    }
}
