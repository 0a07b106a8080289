//! `leakward git`: scans a whole history, what is staged, or what commits bring.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::git_scan::GitScan;
use super::gitleaks::GitleaksFlags;
use super::history_flags::HistoryFlags;
use super::limit_flags::LimitFlags;
use super::scan_flags::ScanFlags;
use super::{Failure, heading};
use crate::source::git::{Index, Place, PushedRef, Range, ReceivedRef, Repository, Revisions};

/// scan the history of a git repository, its staged changes, or some of its commits
///
/// Without --staged, --range, --pre-push or --pre-receive: everything that branches, tags, other refs, HEADs, the stash and reflogs
/// reach, with all messages and notes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// a folder in the repository, or a bundle
    #[arg(value_name = "REPO", default_value = ".", help_heading = heading::INPUT)]
    repo: PathBuf,
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    history: HistoryFlags,
    #[command(flatten)]
    limits: LimitFlags,
    #[command(flatten)]
    scan: ScanFlags,
    /// gitleaks': goes with --staged
    #[arg(long, hide = true)]
    pre_commit: bool,
    #[command(flatten)]
    gitleaks: GitleaksFlags,
}

/// What to scan; at most one.
#[derive(Debug, Default, clap::Args)]
#[group(multiple = false)]
struct What {
    /// scan what the next commit would add: the index against HEAD
    #[arg(long, help_heading = heading::INPUT)]
    staged: bool,
    /// scan every commit of a range, such as main..HEAD
    ///
    /// Words as for `git rev-list`: A..B, A...B, REV, ^REV, REV^!, --not, --all, --branches, --tags,
    /// --remotes[=NAME], --first-parent.
    #[arg(long, value_name = "REVS", alias = "log-opts", allow_hyphen_values = true, help_heading = heading::INPUT)]
    range: Option<String>,
    /// scan what a push to REMOTE brings; reads git's pre-push lines from standard input
    #[arg(long, value_name = "REMOTE", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    #[arg(help_heading = heading::INPUT)]
    pre_push: Option<String>,
    /// scan what a push brings that has come in; reads git's pre-receive lines from standard input
    ///
    /// For the hook of a server: it looks into git's quarantine, and goes by the configuration, baseline and rules that
    /// the branch had before the push (HEAD's for new branches, tags and several branches at once).
    #[arg(long, help_heading = heading::INPUT)]
    pre_receive: bool,
}

impl What {
    /// Whether the whole history is to be scanned.
    fn is_history(&self) -> bool {
        let Self { staged, range, pre_push, pre_receive } = self;
        !staged && range.is_none() && pre_push.is_none() && !pre_receive
    }
}

impl Args {
    /// A scan of what is staged in `repo`.
    pub(super) fn staged(repo: PathBuf, scan: ScanFlags, gitleaks: GitleaksFlags) -> Self {
        let what = What { staged: true, ..What::default() };
        Self {
            repo,
            what,
            history: HistoryFlags::default(),
            limits: LimitFlags::default(),
            scan,
            pre_commit: true,
            gitleaks,
        }
    }

    /// A scan of the commits that `range` names, or of the whole history.
    pub(super) fn history(
        repo: PathBuf,
        range: Option<String>,
        scan: ScanFlags,
        gitleaks: GitleaksFlags,
    ) -> Self {
        let what = What { range, ..What::default() };
        Self {
            repo,
            what,
            history: HistoryFlags::default(),
            limits: LimitFlags::default(),
            scan,
            pre_commit: false,
            gitleaks,
        }
    }

    pub(super) fn run(self) -> Result<u8, Failure> {
        let Self { repo, what, history, mut limits, mut scan, pre_commit, gitleaks } = self;
        limits.max_file_size = gitleaks.apply(&mut scan)?.or(limits.max_file_size);
        if pre_commit && !what.staged {
            return Err(Failure::new("changes that are not staged are not scanned by --pre-commit")
                .help("add --staged, or scan the files with `leakward scan`"));
        }
        let run = GitScan { scan: &scan, limits: &limits };
        if what.is_history() {
            return history.run(&repo, &run);
        }
        history.refuse()?;
        let place = Place::new(repo)?;
        match what {
            What { staged: true, .. } => run.staged(Index::read(&place)?),
            What { range: Some(range), .. } => {
                let range = range.trim();
                let commits = Range::open(&place, &Revisions::parse(range)?)?;
                run.range(commits, &format!("commits {range} of {}", shown(place.path())))
            }
            What { pre_push: Some(remote), .. } => {
                run.range(pushed(&place, &remote)?, &pushed_subject(&remote, &place))
            }
            What { pre_receive: true, .. } => {
                let received = ReceivedRef::parse_all(&standard_input()?)?;
                let repository = Repository::open(&place)?;
                let judge = ReceivedRef::judge(&received, &repository)?;
                let range = Range::of(repository, &ReceivedRef::revisions(&received))?;
                run.received(range, judge, format!("the push into {}", shown(place.path())))
            }
            What { .. } => unreachable!("a history was scanned above"),
        }
    }
}

/// What a push brings, as git's lines on standard input tell.
pub(super) fn pushed(place: &Place, remote: &str) -> Result<Range, Failure> {
    let pushed = PushedRef::parse_all(&standard_input()?)?;
    let repository = Repository::open(place)?;
    let revisions = PushedRef::revisions(&pushed, remote, &repository);
    Ok(Range::of(repository, &revisions)?)
}

fn standard_input() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().read_to_end(&mut bytes);
    read.map_err(|e| Failure::new(format_args!("standard input: {e}")))?;
    Ok(bytes)
}

/// What a push brings, in words.
pub(super) fn pushed_subject(remote: &str, place: &Place) -> String {
    match remote {
        "" => format!("the push of {}", shown(place.path())),
        remote => format!("the push of {} to {remote}", shown(place.path())),
    }
}

/// The repository at `path`, in words.
pub(super) fn shown(path: &Path) -> String {
    path.canonicalize().unwrap_or_else(|_| path.to_owned()).display().to_string()
}
