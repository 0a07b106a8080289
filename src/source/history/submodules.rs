//! A repository and the repositories of its submodules: each history is scanned by itself, and told as one.
//!
//! A submodule that is initialised has a git folder: under `modules` of the repository's own, or in its place in the
//! work tree. One that is not has nothing here that could be scanned; it is named.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bstr::{BString, ByteSlice as _, ByteVec as _};

use super::{History, Scope};
use crate::model::{Finding, Paced, SkipReason, Tally};
use crate::source::git::{self, Mode, Repository, between_trees};
use crate::source::odb::Layout;
use crate::source::{Source, SourceError, Visitor};

/// Submodules in submodules that are followed.
const DEEPEST: usize = 16;

/// A repository and its submodules.
#[derive(Debug)]
pub struct Family {
    /// The repository.
    main: History,
    /// Whether the submodules are scanned, or only counted.
    recurse: bool,
    /// Those of the submodules, once they were scanned.
    others: OnceLock<Vec<History>>,
}

/// A submodule.
struct Submodule {
    /// Where it lies (or lay) in the work tree of the repository that it belongs to, separated by `/`.
    path: BString,
    /// Its git folder or a folder in it; `None` when it is not initialised.
    place: Option<PathBuf>,
}

impl Family {
    /// `main`, and its submodules if `recurse` says so.
    pub fn new(main: History, recurse: bool) -> Self {
        Self { main, recurse, others: OnceLock::new() }
    }

    /// Scans the submodules of the repository at `place`, whose paths begin with `prefix`, and theirs.
    fn follow<'v>(
        &self,
        place: &Path,
        prefix: &BString,
        walked: &mut Walked,
        visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync),
    ) {
        for Submodule { path, place } in submodules(place) {
            let mut whole = prefix.clone();
            whole.push_str(&path);
            let Some(place) = place else {
                walked.tally.skip(SkipReason::Submodule);
                let note = format!("the submodule {whole} is not initialised: its history is not here");
                walked.tally.notes.push(note);
                continue;
            };
            let folder = fs::canonicalize(&place).unwrap_or_else(|_| place.clone());
            if !walked.seen.insert(folder) {
                continue;
            }
            if walked.depth == DEEPEST {
                walked.tally.gap(whole, format!("it lies in more than {DEEPEST} submodules"));
                continue;
            }
            let history = self.of(place.clone(), &whole);
            match history.run(visitor) {
                Ok(tally) => walked.tally.add(told_of(tally, &whole)),
                Err(why) => walked.tally.gap(whole.clone(), why.to_string()),
            }
            walked.histories.push(history);
            whole.push(b'/');
            walked.depth += 1;
            self.follow(&place, &whole, walked, visitor);
            walked.depth -= 1;
        }
    }

    /// The history of the submodule at `place`, which lies at `path`.
    fn of(&self, place: PathBuf, path: &BString) -> History {
        let History { detector, scope, full, threads, memory, max_size, archive_depth, exclude, .. } =
            &self.main;
        let mut prefix = path.clone();
        prefix.push(b'/');
        History {
            cache: self.main.cache.as_ref().and_then(|cache| cache.beside(&place).ok()),
            // Revisions name commits of the repository, not of its submodules.
            scope: Scope { from: Vec::new(), without: Vec::new(), ..scope.clone() },
            full: *full,
            threads: *threads,
            memory: *memory,
            max_size: *max_size,
            archive_depth: *archive_depth,
            progress: Arc::clone(&self.main.progress),
            prefix,
            ..History::new(place, Arc::clone(detector), exclude.clone())
        }
    }
}

/// What was scanned on the way through submodules.
#[derive(Default)]
struct Walked {
    /// Git folders.
    seen: HashSet<PathBuf>,
    histories: Vec<History>,
    tally: Tally,
    depth: usize,
}

impl Source for Family {
    fn run<'v>(&self, visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync)) -> Result<Tally, SourceError> {
        let mut tally = self.main.run(visitor)?;
        let place = &self.main.place;
        if place.is_file() {
            return Ok(tally);
        }
        if self.recurse {
            let mut walked = Walked::default();
            self.follow(place, &BString::default(), &mut walked, visitor);
            tally.add(walked.tally);
            // A source is run once; a second run would tell the same.
            let _ = self.others.set(walked.histories);
        } else if may_have(place) {
            submodules(place).iter().for_each(|_| tally.skip(SkipReason::Submodule));
        }
        Ok(tally)
    }

    fn paced(&self) -> Option<Paced> {
        self.main.paced()
    }

    fn refine(&self, findings: Vec<Finding>) -> Vec<Finding> {
        let others = self.others.get().map_or(&[][..], Vec::as_slice);
        let all: Vec<&History> = std::iter::once(&self.main).chain(others).collect();
        let mut by_history: Vec<Vec<Finding>> = all.iter().map(|_| Vec::new()).collect();
        for finding in findings {
            let owner = all.iter().position(|history| history.visited(&finding.origin));
            by_history[owner.unwrap_or(0)].push(finding);
        }
        let refined = all.iter().zip(by_history).flat_map(|(history, own)| history.refine(own));
        let mut refined: Vec<Finding> = refined.collect();
        refined.sort_unstable_by(Finding::order);
        refined
    }
}

/// `tally`, of the submodule at `path`, in words that name it.
fn told_of(mut tally: Tally, path: &BString) -> Tally {
    for gap in &mut tally.gaps {
        gap.what = format!("{path}: {}", gap.what).into();
    }
    for note in &mut tally.notes {
        *note = format!("submodule {path}: {note}");
    }
    tally
}

/// Whether it is worth the time to look for submodules of the repository at `place`.
fn may_have(place: &Path) -> bool {
    let Ok(layout) = Layout::discover(place) else { return false };
    let listed = |dir: &Path| dir.join(".gitmodules").exists();
    layout.common_dir.join("modules").is_dir()
        || layout.git_dir.parent().is_some_and(listed)
        || place.ancestors().any(listed)
}

/// The submodules of the repository at `place`, sorted by path.
fn submodules(place: &Path) -> Vec<Submodule> {
    let Ok(layout) = Layout::discover(place) else { return Vec::new() };
    let repository = git::Place::new(place).and_then(|place| Repository::open(&place)).ok();
    let top = repository.as_ref().and_then(|r| fs::canonicalize(r.work_tree()?).ok());
    let mut found: Vec<Submodule> = Vec::new();
    for (name, git_dir) in layout.submodules() {
        let path = top.as_deref().and_then(|top| recorded_place(&git_dir, top)).unwrap_or(name);
        found.push(Submodule { path: slashed(&path), place: Some(git_dir) });
    }
    for path in repository.iter().flat_map(links) {
        if found.iter().any(|known| known.path == path) {
            continue;
        }
        let place = top.as_ref().map(|top| top.join(path.to_path_lossy()));
        let place = place.filter(|place| place.join(".git").exists());
        found.push(Submodule { path, place });
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Where the submodule with the git folder `git_dir` lies in the work tree `top`, by its own account.
fn recorded_place(git_dir: &Path, top: &Path) -> Option<PathBuf> {
    let config = git2::Config::open(&git_dir.join("config")).ok()?;
    let recorded = config.get_path("core.worktree").ok()?;
    let place = fs::canonicalize(git_dir.join(recorded)).ok()?;
    place.strip_prefix(top).ok().filter(|path| !path.as_os_str().is_empty()).map(Path::to_path_buf)
}

/// Paths at which the index, or else `HEAD`, has a commit of another repository.
fn links(repository: &Repository) -> Vec<BString> {
    if let Ok(entries) = repository.index() {
        return entries.into_iter().filter(|e| e.mode == Mode::Submodule).map(|e| e.path).collect();
    }
    let Ok(Some(tree)) = repository.head_tree() else { return Vec::new() };
    let entries = between_trees(repository, None, tree).unwrap_or_default();
    let is_link = |side: Option<git::Side>| side.is_some_and(|side| side.mode == Mode::Submodule);
    entries.into_iter().filter(|change| is_link(change.new)).map(|change| change.path).collect()
}

/// `path` with `/` between its parts.
fn slashed(path: &Path) -> BString {
    let parts = path.components().map(|part| Vec::from_os_str_lossy(part.as_os_str()).into_owned());
    bstr::join("/", parts).into()
}
