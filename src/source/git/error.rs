//! Why a git scan could not run, and what the user can do about it.

use std::path::PathBuf;

/// Why a git scan could not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// The path cannot be entered. The user named the wrong place.
    #[error("{}: {cause}", path.display())]
    Path {
        /// The path as the user gave it.
        path: PathBuf,
        /// The system's reason.
        cause: std::io::Error,
    },
    /// The path lies in no repository. The user named the wrong place.
    #[error("{}: not a git repository", .0.display())]
    NoRepository(PathBuf),
    /// A variable of the environment points at nothing usable. The user (or the calling program) must fix it.
    #[error("{name}={value}: {why}")]
    Environment {
        /// The variable.
        name: &'static str,
        /// Its value, lossily decoded.
        value: String,
        /// What is wrong with it.
        why: String,
    },
    /// The repository belongs to another user. The user must say that it is to be trusted.
    #[error("{}: the repository belongs to another user and is not marked as safe", .0.display())]
    Owner(PathBuf),
    /// The repository is bare, and so has no index to scan.
    #[error("{}: a bare repository has no staged changes", .0.display())]
    Bare(PathBuf),
    /// Neither the library nor the `git` command can open the repository. Its files are damaged, or too new.
    #[error("{}: cannot open the repository: {why}", path.display())]
    Open {
        /// The place as the user named it.
        path: PathBuf,
        /// Both readers' reasons.
        why: String,
    },
    /// The index cannot be read. It is damaged, locked away, or too new.
    #[error("{}: cannot read the index: {why}", path.display())]
    Index {
        /// The index file.
        path: PathBuf,
        /// Both readers' reasons.
        why: String,
    },
    /// A revision names nothing. The user mistyped it, or the clone does not reach that far.
    #[error("{rev}: no such revision")]
    Revision {
        /// The revision as given.
        rev: String,
        /// Whether the repository is a shallow clone, and so may only lack the revision.
        shallow: bool,
    },
    /// A part of a range is not understood. The user must write it another way.
    #[error("cannot understand {part:?} in a range of commits")]
    Range {
        /// The part.
        part: String,
    },
    /// What git hands to a pre-push hook is not in its documented form.
    #[error("standard input, line {line}: expected `<local ref> <local id> <remote ref> <remote id>`")]
    PrePush {
        /// The line, from 1.
        line: usize,
    },
    /// What git hands to a pre-receive hook is not in its documented form.
    #[error("standard input, line {line}: expected `<old id> <new id> <ref>`")]
    PreReceive {
        /// The line, from 1.
        line: usize,
    },
    /// An object that the scan cannot do without is missing or damaged.
    #[error("object {id}: {why}")]
    Object {
        /// Its id in hex, or the revision that names it.
        id: String,
        /// The reader's reason.
        why: String,
    },
    /// The `git` command could not be run or failed.
    #[error("git {command}: {why}")]
    Command {
        /// The subcommand.
        command: &'static str,
        /// The system's reason, or the command's last words.
        why: String,
    },
}

impl GitError {
    /// What the user can do, where there is something.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoRepository(_) => {
                "name a git repository, or scan plain files with `leakward scan`".to_owned()
            }
            Self::Environment { name, .. } => format!("correct or unset {name}"),
            Self::Owner(path) => {
                format!("if you trust it: git config --global --add safe.directory {}", path.display())
            }
            Self::Bare(_) => "scan commits with `leakward git --range A..B`".to_owned(),
            Self::Open { .. } | Self::Object { .. } => "`git fsck` says what is damaged".to_owned(),
            Self::Index { path, .. } => format!(
                "if it is damaged, `git reset` writes a new one (after moving {} away)",
                path.display()
            ),
            Self::Revision { shallow: true, .. } => SHALLOW_HELP.to_owned(),
            Self::Revision { shallow: false, .. } => {
                "`git rev-parse REV` shows what a revision names; a branch of a remote may need `git fetch`"
                    .to_owned()
            }
            Self::Range { .. } => "write A..B, A...B, a revision, ^REV, --not, --all, --branches, --tags \
                                   or --remotes[=NAME]"
                .to_owned(),
            Self::PrePush { .. } => "let git's pre-push hook call this; it feeds the lines".to_owned(),
            Self::PreReceive { .. } => "let git's pre-receive hook call this; it feeds the lines".to_owned(),
            Self::Path { .. } | Self::Command { .. } => return None,
        })
    }
}

/// What to do when a clone does not reach far enough back.
pub(super) const SHALLOW_HELP: &str = "this is a shallow clone: fetch more with `git fetch --deepen=100` or \
                                       `git fetch --unshallow` (actions/checkout: `fetch-depth: 0`)";
