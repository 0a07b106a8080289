//! How far a secret spread through a git history.

use bstr::BString;

/// How far a secret spread through a git history, beyond the place that a finding names. A history scan makes one
/// finding of a secret, however often it was committed; the finding names where it came in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spread {
    /// Commits, among those scanned, whose trees hold it; of a secret in messages, commits and tags whose message does.
    pub commits: u64,
    /// The other paths under which a commit holds it, sorted. At most [`Spread::LISTED`].
    pub other_paths: Vec<BString>,
    /// Other paths that are not listed.
    pub more_paths: u64,
    /// Branches, tags and other refs, by full name, that contain the commit which the finding names: branches first,
    /// then remote branches, tags, others; each sorted. At most [`Spread::LISTED`].
    pub refs: Vec<BString>,
    /// Refs that are not listed.
    pub more_refs: u64,
    /// A path under which the commit that `HEAD` names still holds it; `None` when it does not.
    pub at_head: Option<BString>,
    /// Whether a ref, a reflog or a `HEAD` leads to the commit (or object) that the finding names.
    pub reachable: bool,
}

impl Spread {
    /// Paths and refs that are listed at most.
    pub const LISTED: usize = 16;
}
