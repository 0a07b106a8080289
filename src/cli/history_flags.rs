//! Flags of scans of a whole history.

use std::path::{Path, PathBuf};

use super::git::shown;
use super::git_scan::GitScan;
use super::limit_flags::size;
use super::{Failure, heading};
use crate::source::history::{Cache, CacheError, History, Scope};

/// Flags of scans of a whole history.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = heading::INPUT)]
pub(super) struct HistoryFlags {
    /// also scan what nothing reaches any more: deleted branches, amended commits, dropped stashes
    #[arg(long)]
    unreachable: bool,
    /// scan only what REV reaches, such as a branch (repeatable)
    #[arg(long, value_name = "REV")]
    branch: Vec<String>,
    /// scan only commits recorded since DATE, or not reached by the revision REV
    ///
    /// A date is YYYY-MM-DD (UTC) or an RFC 3339 time. Anything else is a revision.
    #[arg(long, value_name = "DATE|REV")]
    since: Option<String>,
    /// scan only the latest N commits
    #[arg(long, value_name = "N")]
    max_commits: Option<usize>,
    /// also scan the histories of submodules, nested ones too
    ///
    /// Those that are initialised: the others have no history here, and are named. --branch, and a REV of --since,
    /// choose among the commits of the repository itself.
    #[arg(long)]
    recurse_submodules: bool,
    /// scan every version of every file in full; finds the same, slower
    #[arg(long)]
    full: bool,
    /// memory for versions that others are made from, such as 64MiB [default: 256MiB]
    ///
    /// Less memory costs time: what does not fit is made anew when it is needed.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<u64>,
    /// keep what was learnt for the next scan, in DIR or else in the git folder (.git/leakward)
    ///
    /// The next scan with the same rules and settings reads only objects that are new, and finds the same. The cache
    /// holds no secrets, paths or messages, only where they lie. It is as trustworthy as those who can write to it.
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    cache: Option<Option<PathBuf>>,
}

impl HistoryFlags {
    /// Scans the history of `place`.
    pub(super) fn run(self, place: &Path, scan: &GitScan<'_>) -> Result<u8, Failure> {
        let mut scope = Scope {
            from: self.branch,
            most: self.max_commits,
            unreachable: self.unreachable,
            ..Scope::default()
        };
        match self.since.as_deref().map(|since| (since, second(since))) {
            Some((_, Some(second))) => scope.since = Some(second),
            Some((revision, None)) => scope.without.push(revision.to_owned()),
            None => {}
        }
        let with = if self.recurse_submodules { " and its submodules" } else { "" };
        let subject = format!("the history of {}{with}", shown(place));
        scan.history(place, subject, self.recurse_submodules, |history: &mut History| {
            history.scope = scope;
            history.full = self.full;
            history.memory =
                self.memory.map_or(History::MEMORY, |m| usize::try_from(m).unwrap_or(usize::MAX));
            if let Some(folder) = self.cache {
                let cache = Cache::new(
                    &history.place,
                    folder,
                    &history.detector,
                    history.max_size,
                    history.archive_depth,
                );
                history.cache = Some(cache.map_err(no_cache)?);
            }
            Ok(())
        })
    }

    /// Refuses flags that mean nothing where no history is scanned.
    pub(super) fn refuse(&self) -> Result<(), Failure> {
        let Self { unreachable, branch, since, max_commits, recurse_submodules, full, memory, cache } = self;
        let given = [
            ("--unreachable", *unreachable),
            ("--branch", !branch.is_empty()),
            ("--since", since.is_some()),
            ("--max-commits", max_commits.is_some()),
            ("--recurse-submodules", *recurse_submodules),
            ("--full", *full),
            ("--memory", memory.is_some()),
            ("--cache", cache.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((flag, _)) => Err(Failure::new(format_args!("{flag} is for scans of the whole history"))
                .help("leave out --staged, --range, --pre-push and --pre-receive, or this flag")),
            None => Ok(()),
        }
    }
}

fn no_cache(cause: CacheError) -> Failure {
    let failure = Failure::new(cause);
    match cause {
        CacheError::NoFolder => failure.help("name a folder by --cache=DIR"),
        _ => failure.help("leave out --cache or --known"),
    }
}

/// The second since 1970-01-01T00:00:00Z that a date or an RFC 3339 time begins with.
fn second(text: &str) -> Option<i64> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_second());
    }
    let date = text.parse::<jiff::civil::Date>().ok().filter(|_| text.contains('-'))?;
    date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::second;

    #[test]
    fn dates_and_times_are_told_from_revisions() {
        assert_eq!(second("1970-01-02"), Some(86_400));
        assert_eq!(second("1970-01-01T01:00:00+01:00"), Some(0));
        for revision in ["main", "v1.2-rc1", "20240101", "HEAD~3", "deadbeef"] {
            assert_eq!(second(revision), None, "{revision}");
        }
    }
}
