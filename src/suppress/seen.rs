//! Which entries a run has met: what it has not met suppresses nothing any more.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bstr::{BStr, BString};

use super::Key;

/// The entries that a run has met. Shared by all threads.
#[derive(Debug, Default)]
pub struct Seen(Mutex<HashSet<Mark>>);

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Mark {
    /// The `[[allow]]` entry at this place of the list.
    Allow(usize),
    /// The entry of the baseline for this hash, rule and path.
    Baseline(Key, String, BString),
    /// The line of a `.gitleaksignore`.
    Ignored(String),
}

/// What of all that may be suppressed a scan looks at. Entries for the rest may be needed all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reach {
    /// Changes, or some commits: nothing can be said of what is not met.
    #[default]
    Changes,
    /// Everything at these paths and below them, `/` between parts; the empty path is the whole.
    Below(Vec<BString>),
}

impl Seen {
    pub(super) fn add(&self, mark: Mark) {
        self.all().insert(mark);
    }

    pub(super) fn has(&self, mark: &Mark) -> bool {
        self.all().contains(mark)
    }

    fn all(&self) -> MutexGuard<'_, HashSet<Mark>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reach {
    /// Everything.
    pub fn whole() -> Self {
        Self::Below(vec![BString::default()])
    }

    /// Whether it holds everything.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Below(tops) if tops.iter().any(|top| top.is_empty()))
    }

    /// Whether it holds `path`.
    pub fn holds(&self, path: &BStr) -> bool {
        let Self::Below(tops) = self else { return false };
        let below = |top: &BString| match path.strip_prefix(top.as_slice()) {
            // A member of an archive comes after `!`.
            Some(rest) => top.is_empty() || rest.is_empty() || matches!(rest[0], b'/' | b'!'),
            None => false,
        };
        tops.iter().any(below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_lies_below_whole_folders_alone() {
        let holds = |top: &str, path: &str| Reach::Below(vec![top.into()]).holds(path.into());
        assert!(
            holds("src", "src/a") && holds("src", "src") && holds("", "src") && holds("a.zip", "a.zip!b")
        );
        assert!(!holds("src", "srcs/a"));
        assert!(!Reach::Changes.holds("a".into()));
    }

    #[test]
    fn the_empty_path_is_the_whole() {
        assert!(Reach::whole().is_whole());
        assert!(!Reach::Below(vec!["src".into()]).is_whole() && !Reach::Changes.is_whole());
    }
}
