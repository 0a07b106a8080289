//! `leakward hook`: what every git hook calls. Decides from what its caller tells which bytes are at stake.

use std::io::Write as _;
use std::path::PathBuf;

use super::git::{pushed, pushed_subject};
use super::git_scan::GitScan;
use super::limit_flags::LimitFlags;
use super::native_hook::{Kind, NativeHook};
use super::scan_flags::ScanFlags;
use super::{Failure, heading};
use crate::scan::FOUND;
use crate::source::git::{Index, Place, Range, Revisions};

/// scan what a git hook is about to let through
///
/// Called by pre-commit, prek, lefthook, husky or a plain hook. A range of commits is scanned when the caller names
/// one, what is unpushed on a first push, what is staged on a commit or merge, and every tracked file when nothing
/// is staged.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// scan what a push to REMOTE brings; reads git's pre-push lines from standard input
    #[arg(long, value_name = "REMOTE", help_heading = heading::INPUT)]
    push_to: Option<String>,
    #[command(flatten)]
    limits: LimitFlags,
    #[command(flatten)]
    scan: ScanFlags,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// write a native hook; one that is there already goes on running, first
    Install(Kinds),
    /// remove a native hook; one that was there before comes back
    Uninstall(Kinds),
}

#[derive(Debug, clap::Args)]
struct Kinds {
    /// hooks
    #[arg(value_name = "HOOK", value_enum, default_value = "pre-commit")]
    kinds: Vec<Kind>,
    /// a folder in the repository
    #[arg(long, value_name = "REPO", default_value = ".")]
    repo: PathBuf,
}

/// What the caller wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stake {
    /// What commits bring, written as for `--range`.
    Commits(String),
    /// What a push brings that git describes on standard input.
    Push(String),
    /// What the next commit would add; of an index without changes, all of it unless git itself is the caller.
    Index { by_git: bool },
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let Self { action, push_to, limits, scan } = self;
        match action {
            None => {
                let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
                let stake = push_to.map_or_else(|| Stake::of(variable), Stake::Push);
                let code = stake.scan(&GitScan { scan: &scan, limits: &limits })?;
                if code == FOUND {
                    tell_bypass(&stake);
                }
                Ok(code)
            }
            Some(Action::Install(Kinds { kinds, repo })) => {
                each(&kinds, |kind| NativeHook::of(&repo, kind)?.install())
            }
            Some(Action::Uninstall(Kinds { kinds, repo })) => {
                each(&kinds, |kind| NativeHook::of(&repo, kind)?.uninstall())
            }
        }
    }
}

impl Stake {
    /// What the environment tells, as pre-commit and prek set it and as git does.
    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        // The older names PRE_COMMIT_ORIGIN and PRE_COMMIT_SOURCE do not count: on a first push prek sets only one.
        let (from, to) = (variable("PRE_COMMIT_FROM_REF"), variable("PRE_COMMIT_TO_REF"));
        if let (Some(from), Some(to)) = (from, &to) {
            return Self::Commits(format!("{from}..{to}"));
        }
        if let Some(remote) = variable("PRE_COMMIT_REMOTE_NAME") {
            let tip = variable("PRE_COMMIT_LOCAL_BRANCH").or(to).unwrap_or_else(|| "HEAD".to_owned());
            return Self::Commits(format!("{tip} --not --remotes={remote}"));
        }
        Self::Index { by_git: variable("GIT_INDEX_FILE").is_some() }
    }

    fn scan(&self, run: &GitScan<'_>) -> Result<u8, Failure> {
        let place = Place::new(".")?;
        match self {
            Self::Commits(range) => {
                run.range(Range::open(&place, &Revisions::parse(range)?)?, &format!("commits {range}"))
            }
            Self::Push(remote) => run.range(pushed(&place, remote)?, &pushed_subject(remote, &place)),
            Self::Index { by_git } => {
                let index = Index::read(&place)?;
                if index.is_clean() && !by_git { run.tracked(index) } else { run.staged(index) }
            }
        }
    }
}

/// Says how to let through what was stopped.
fn tell_bypass(stake: &Stake) {
    let framework = std::env::var_os("PRE_COMMIT").is_some();
    let command = match stake {
        Stake::Push(_) => "push",
        Stake::Commits(_) if framework => "push",
        Stake::Commits(_) | Stake::Index { .. } => "commit",
    };
    let how = if framework {
        format!("SKIP=leakward git {command} …")
    } else {
        format!("git {command} --no-verify …")
    };
    let mut err = anstream::stderr().lock();
    // Where standard error is gone, nobody is left to be told.
    let _ = writeln!(err, "to let it through all the same, once: {how}");
}

/// Does `work` for each of `kinds` and says what was done.
fn each(kinds: &[Kind], work: impl Fn(Kind) -> Result<String, Failure>) -> Result<u8, Failure> {
    for &kind in kinds {
        let done = work(kind)?;
        let _ = writeln!(anstream::stdout().lock(), "{done}");
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::Stake;

    fn stake(variables: &[(&str, &str)]) -> Stake {
        Stake::of(|name| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_caller_s_variables_decide() {
        let commits = |range: &str| Stake::Commits(range.to_owned());
        let (from, to) = (("PRE_COMMIT_FROM_REF", "a"), ("PRE_COMMIT_TO_REF", "b"));
        let index = ("GIT_INDEX_FILE", ".git/index");
        let (remote, branch) =
            (("PRE_COMMIT_REMOTE_NAME", "origin"), ("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/x"));
        assert_eq!(stake(&[from, to, remote, index]), commits("a..b"));
        assert_eq!(stake(&[remote, branch]), commits("refs/heads/x --not --remotes=origin"));
        assert_eq!(stake(&[to, ("PRE_COMMIT_SOURCE", "b"), remote, branch]), stake(&[remote, branch]));
        assert_eq!(stake(&[remote]), commits("HEAD --not --remotes=origin"));
        assert_eq!(stake(&[index]), Stake::Index { by_git: true });
        assert_eq!(stake(&[]), Stake::Index { by_git: false });
    }
}
