//! What was scanned, what was skipped by policy, and what was missed.

use std::collections::BTreeMap;

use bstr::BString;

use super::Effort;

/// Counts of one run. Two tallies add up, whatever thread made them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Blobs scanned.
    pub blobs: u64,
    /// Blobs among them that an earlier scan had read and that were not read again.
    pub recalled: u64,
    /// Bytes scanned: those of all files and messages that count, whether or not they were searched anew.
    pub bytes: u64,
    /// Commits whose changes were scanned; 0 outside git scans.
    pub commits: u64,
    /// Blobs skipped by a stated policy, by reason. Leaves the exit code alone.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// What should have been scanned and was not. One entry makes the exit code 2.
    pub gaps: Vec<Gap>,
    /// Remarks that a person must see, such as that the scanned change edits the configuration.
    pub notes: Vec<String>,
    /// What it took, when a whole history was scanned.
    pub effort: Option<Box<Effort>>,
}

/// A policy by which a blob is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// An ignore file (`.gitignore`, `.git/info/exclude`) names it and git does not track it. Directories count once.
    Ignored,
    /// The configuration excludes it. Directories count once.
    Excluded,
    /// Its content is binary.
    Binary,
    /// It holds encoded text that is too long, or stands for too much, to be undone; the rest of it is scanned.
    Encoded,
    /// It is larger than the size limit.
    Size,
    /// It is a symbolic link, and links are not followed.
    Symlink,
    /// It is neither file nor directory: a pipe, a socket or a device.
    Special,
    /// It is a commit of another repository (a submodule).
    Submodule,
    /// It is git's own folder, of which only `config` and `hooks` are files that people write. Counts once.
    GitFolder,
    /// It lies in a history, and no ref, reflog or tag leads to it.
    Unreachable,
}

impl SkipReason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::Ignored,
        Self::Excluded,
        Self::Binary,
        Self::Encoded,
        Self::Size,
        Self::Symlink,
        Self::Special,
        Self::Submodule,
        Self::GitFolder,
        Self::Unreachable,
    ];

    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::Excluded => "excluded",
            Self::Binary => "binary",
            Self::Encoded => "encoded",
            Self::Size => "size",
            Self::Symlink => "symlink",
            Self::Special => "special",
            Self::Submodule => "submodule",
            Self::GitFolder => "git-folder",
            Self::Unreachable => "unreachable",
        }
    }
}

/// Something that should have been scanned and was not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Gap {
    /// What: a path, or an object id with its kind.
    pub what: BString,
    /// Why: lower case, no full stop, no secret.
    pub why: String,
}

impl Tally {
    /// Counts one skipped blob.
    pub fn skip(&mut self, reason: SkipReason) {
        *self.skipped.entry(reason).or_default() += 1;
    }

    /// Records one gap.
    pub fn gap(&mut self, what: impl Into<BString>, why: impl Into<String>) {
        self.gaps.push(Gap { what: what.into(), why: why.into() });
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: Self) {
        let Self { blobs, recalled, bytes, commits, skipped, gaps, notes, effort } = other;
        self.blobs += blobs;
        self.recalled += recalled;
        self.bytes += bytes;
        self.commits += commits;
        for (reason, n) in skipped {
            *self.skipped.entry(reason).or_default() += n;
        }
        self.gaps.extend(gaps);
        self.notes.extend(notes);
        match (&mut self.effort, effort) {
            (Some(own), Some(other)) => own.add(*other),
            (None, other) => self.effort = other,
            (Some(_), None) => {}
        }
    }
}
