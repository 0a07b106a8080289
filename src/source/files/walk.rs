//! The walk: from what the user named to blobs, counting what is left out.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Files;
use super::base::{missing, reported};
use super::content::{Buffer, Content, Directory, Located, Policy, ReadError};
use super::ignores::{Ignores, Judgement};
use super::jobs::{Crew, Folder, Job, Jobs, Kind, Long, Named};
use crate::model::{Blob, Origin, Place, SkipReason, Span, Tally};
use crate::source::archive::Unpacker;
use crate::source::windows::Windows;
use crate::source::{SourceError, Visitor};

/// Files of a folder that one job scans.
const BATCH: usize = 32;
/// Bytes that are not worth a second thread.
const SMALL: u64 = 1 << 20;

/// One run over [`Files`].
pub(super) struct Walk<'w, 'v> {
    files: &'w Files,
    visitor: &'w (dyn Fn() -> Box<dyn Visitor + 'v> + Sync),
    /// Paths relative to the base that the user named: scanned on their own account, passed over by the walk.
    named: HashSet<PathBuf>,
    hands: Vec<Mutex<Hand<'v>>>,
    /// Links to follow once everything that is no link has been seen: by name, their place and [`Folder::insisted`].
    links: Mutex<BTreeMap<PathBuf, (PathBuf, bool)>>,
    /// What was scanned; kept only where links are followed.
    seen: Mutex<HashSet<FileId>>,
    stop: AtomicBool,
}

/// What one thread works with.
#[derive(Default)]
struct Hand<'v> {
    /// Made with the thread's first blob.
    visitor: Option<Box<dyn Visitor + 'v>>,
    buffer: Buffer,
    tally: Tally,
}

/// What makes two paths one file.
#[cfg(unix)]
type FileId = (u64, u64);
#[cfg(not(unix))]
type FileId = PathBuf;

impl<'w, 'v> Walk<'w, 'v> {
    pub(super) fn new(files: &'w Files, visitor: &'w (dyn Fn() -> Box<dyn Visitor + 'v> + Sync)) -> Self {
        Self {
            files,
            visitor,
            named: HashSet::new(),
            hands: Vec::new(),
            links: Mutex::default(),
            seen: Mutex::default(),
            stop: AtomicBool::new(false),
        }
    }

    /// Walks everything that was named.
    pub(super) fn run(mut self) -> Result<Tally, SourceError> {
        let mut jobs = Vec::new();
        let mut bytes = 0;
        for path in &self.files.paths {
            let wrong = |cause| missing(path, cause);
            let meta = fs::metadata(path).map_err(wrong)?;
            let name = self.files.base.relative(path).map_err(wrong)?;
            if self.named.insert(name.clone()) {
                // The number of files in a folder is not known; it counts as many.
                bytes = if meta.is_dir() { u64::MAX } else { meta.len().saturating_add(bytes) };
                jobs.push(self.named_job(path, name, meta.is_dir()));
            }
        }
        let crew = Crew::new(self.files.threads.get());
        self.hands.resize_with(crew.hands(), Mutex::default);
        let queued = AtomicUsize::new(0);
        let work = |job: Job, jobs: &Jobs<'_, '_>| self.work(job, jobs);
        crew.run(jobs, bytes < SMALL, &work, &queued);
        // One by one and in order, so that of two links to one file the same one always wins.
        while let Some((name, (path, insisted))) = lock(&self.links).pop_first() {
            if let Some(job) = self.linked(path, name, insisted) {
                let small = matches!(job, Job::File(_));
                crew.run(vec![job], small, &work, &queued);
            }
        }
        let mut tally = Tally::default();
        for hand in self.hands {
            let hand = hand.into_inner().unwrap_or_else(PoisonError::into_inner);
            tally.add(hand.tally);
        }
        Ok(tally)
    }

    /// The job for what the user called `path`.
    fn named_job(&self, path: &Path, name: PathBuf, is_dir: bool) -> Job {
        let path = path.to_owned();
        if !is_dir {
            return Job::File(Named { path, name, policy: Policy::Named });
        }
        let ignores = if self.files.ignore_files { self.ignores_above(&name) } else { Ignores::default() };
        let insisted = self.files.exclude.contains(reported(&name).as_ref(), true);
        Job::Folder(Folder { path, name, ignores, kind: Kind::Ordinary, insisted })
    }

    /// The rules of the folders above a folder that the user named. They do not count where they ignore the
    /// folder itself: who names an ignored folder wants it scanned.
    fn ignores_above(&self, folder: &Path) -> Ignores {
        let mut above: Vec<_> = folder.ancestors().skip(1).collect();
        let on_disk = |dir: &Path| self.files.base.dir().join(dir);
        let Some(top) = above.iter().position(|dir| on_disk(dir).join(".git").exists()) else {
            return Ignores::default();
        };
        above.truncate(top + 1);
        let ignores =
            above.iter().rev().fold(Ignores::default(), |ignores, dir| ignores.enter(&on_disk(dir), dir).0);
        if ignores.covers(folder) { Ignores::default() } else { ignores }
    }

    /// The job for what lies behind the link at `path`; nothing when it leads nowhere.
    fn linked(&self, path: PathBuf, name: PathBuf, insisted: bool) -> Option<Job> {
        match fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => {
                let ignores = Ignores::default();
                Some(Job::Folder(Folder { path, name, ignores, kind: Kind::Linked, insisted }))
            }
            Ok(meta) if meta.is_file() => Some(Job::File(Named { path, name, policy: self.policy(true) })),
            Ok(_) => {
                self.hand(self.hands.len() - 1).tally.skip(SkipReason::Special);
                None
            }
            Err(e) if leads_nowhere(&e) => {
                self.hand(self.hands.len() - 1).tally.skip(SkipReason::Symlink);
                None
            }
            Err(e) => {
                self.hand(self.hands.len() - 1).tally.gap(reported(&name), e.to_string());
                None
            }
        }
    }

    fn work(&self, job: Job, jobs: &Jobs<'_, '_>) {
        if self.stop.load(Ordering::Relaxed) {
            return;
        }
        let hand = &mut *self.hand(jobs.hand());
        match job {
            Job::Folder(folder) if folder.kind == Kind::Git => self.git_folder(folder, jobs, hand),
            Job::Folder(folder) => self.folder(folder, jobs, hand),
            Job::Batch(folder, names) => self.batch(&folder, &names, jobs, hand),
            Job::File(file) => {
                let place = Located { path: &file.path, folder: None };
                self.file(place, &file.name, file.policy, jobs, hand);
            }
            Job::Long(long) => self.long(&long, hand),
        }
    }

    fn hand(&self, number: usize) -> MutexGuard<'_, Hand<'v>> {
        lock(&self.hands[number])
    }

    fn policy(&self, link: bool) -> Policy {
        Policy::Met { max_size: self.files.max_size, link }
    }

    /// Of a `.git`, what people write: `config` and `hooks`.
    fn git_folder(&self, folder: Folder, jobs: &Jobs<'_, '_>, hand: &mut Hand<'v>) {
        hand.tally.skip(SkipReason::GitFolder);
        let hooks = Folder {
            path: folder.path.join("hooks"),
            name: folder.name.join("hooks"),
            ignores: Ignores::default(),
            kind: Kind::Ordinary,
            insisted: folder.insisted,
        };
        if hooks.path.is_dir() {
            jobs.push(Job::Folder(hooks));
        }
        if folder.path.join("config").is_file() {
            self.batch(&folder, &["config".into()], jobs, hand);
        }
    }

    fn folder(&self, mut folder: Folder, jobs: &Jobs<'_, '_>, hand: &mut Hand<'v>) {
        if !self.is_new(&folder.path, folder.kind == Kind::Linked) {
            return;
        }
        let entries = match fs::read_dir(&folder.path) {
            Ok(entries) => entries,
            Err(e) => return hand.tally.gap(reported(&folder.name), e.to_string()),
        };
        if self.files.ignore_files {
            let (ignores, problem) = folder.ignores.enter(&folder.path, &folder.name);
            folder.ignores = ignores;
            hand.tally.notes.extend(problem);
        }
        let folder = Arc::new(folder);
        let mut batch = Vec::new();
        for entry in entries {
            let met = entry.and_then(|entry| self.entry(&entry, &folder, jobs, hand));
            match met {
                Ok(Some(file)) => batch.push(file),
                Ok(None) => {}
                Err(e) => hand.tally.gap(reported(&folder.name), e.to_string()),
            }
            if batch.len() == BATCH {
                if jobs.wanted() {
                    jobs.push(Job::Batch(folder.clone(), std::mem::take(&mut batch)));
                } else {
                    self.batch(&folder, &batch, jobs, hand);
                    batch.clear();
                }
            }
        }
        hand.tally.notes.extend(folder.ignores.problem());
        self.batch(&folder, &batch, jobs, hand);
    }

    /// Judges an entry of `folder`. Returns its name when it is a file to scan.
    fn entry(
        &self,
        entry: &DirEntry,
        folder: &Folder,
        jobs: &Jobs<'_, '_>,
        hand: &mut Hand<'v>,
    ) -> io::Result<Option<OsString>> {
        let kind = entry.file_type()?;
        let file_name = entry.file_name();
        let name = folder.name.join(&file_name);
        if self.named.len() > 1 && self.named.contains(&name) {
            return Ok(None);
        }
        if !folder.insisted && self.files.exclude.contains(reported(&name).as_ref(), kind.is_dir()) {
            hand.tally.skip(SkipReason::Excluded);
            return Ok(None);
        }
        let is_git = kind.is_dir() && file_name == OsStr::new(".git");
        let judgement = if is_git { Judgement::Taken } else { folder.ignores.judge(&name, kind.is_dir()) };
        let reason = if judgement == Judgement::Ignored {
            SkipReason::Ignored
        } else if kind.is_file() {
            return Ok(Some(file_name));
        } else if kind.is_dir() {
            let ignores = match judgement {
                Judgement::OnlyTracked => folder.ignores.only_tracked(),
                _ => folder.ignores.clone(),
            };
            let kind = if is_git { Kind::Git } else { folder.kind };
            let (path, insisted) = (entry.path(), folder.insisted);
            jobs.push(Job::Folder(Folder { path, name, ignores, kind, insisted }));
            return Ok(None);
        } else if kind.is_symlink() && self.files.follow_symlinks {
            lock(&self.links).insert(name, (entry.path(), folder.insisted));
            return Ok(None);
        } else if kind.is_symlink() {
            SkipReason::Symlink
        } else {
            SkipReason::Special
        };
        hand.tally.skip(reason);
        Ok(None)
    }

    fn batch(&self, folder: &Folder, names: &[OsString], jobs: &Jobs<'_, '_>, hand: &mut Hand<'v>) {
        let (policy, opened) =
            (self.policy(folder.kind == Kind::Linked), Directory::open(&folder.path, names.len()));
        for file in names {
            let (path, name) = (folder.path.join(file), folder.name.join(file));
            let place = Located { path: &path, folder: opened.as_ref() };
            self.file(place, &name, policy, jobs, hand);
        }
    }

    fn file(
        &self,
        place: Located<'_>,
        name: &Path,
        policy: Policy,
        jobs: &Jobs<'_, '_>,
        hand: &mut Hand<'v>,
    ) {
        if !self.is_new(place.path, matches!(policy, Policy::Met { link: true, .. })) {
            return;
        }
        let Hand { visitor, buffer, tally } = hand;
        let origin = || Origin::new(reported(name), Place::File);
        match buffer.read(place, policy, self.files.archive_depth > 0) {
            Ok(Content::Bytes(bytes)) => {
                tally.blobs += 1;
                tally.bytes += bytes.len() as u64;
                let visitor = visitor.get_or_insert_with(|| (self.visitor)());
                if visitor.visit(&origin(), &Blob::whole(bytes)).is_break() {
                    self.stop.store(true, Ordering::Relaxed);
                }
            }
            Ok(Content::Long(file)) => {
                tally.blobs += 1;
                let long = Arc::new(Long { origin: origin(), windows: Mutex::new(Windows::new(file)) });
                for _ in 1..self.hands.len() - 1 {
                    if jobs.wanted() {
                        jobs.push(Job::Long(long.clone()));
                    }
                }
                self.long(&long, hand);
            }
            Ok(Content::Container(kind, mut file, size)) => {
                let visitor = visitor.get_or_insert_with(|| (self.visitor)());
                let unpacker = Unpacker::new(visitor.as_mut(), tally, self.files.archive_depth);
                if unpacker.unpack(&origin(), kind, &mut file, size).is_break() {
                    self.stop.store(true, Ordering::Relaxed);
                }
            }
            Ok(Content::Skipped(reason)) => tally.skip(reason),
            Err(ReadError::System(e)) if e.kind() == io::ErrorKind::NotFound => {
                tally.gap(reported(name), "it vanished during the scan");
            }
            Err(e) => tally.gap(reported(name), e.to_string()),
        }
    }

    /// Scans windows of `long` until there are no more; other threads may do the same.
    fn long(&self, long: &Long, hand: &mut Hand<'v>) {
        let visitor = hand.visitor.get_or_insert_with(|| (self.visitor)());
        let (mut buffer, mut core) = (Vec::new(), [Span::new(0, 0)]);
        while !self.stop.load(Ordering::Relaxed) {
            let next = lock(&long.windows).next(&mut buffer);
            match next {
                Ok(None) => return,
                Ok(Some(window)) => {
                    hand.tally.bytes += window.bytes();
                    if visitor.visit(&long.origin, &window.blob(&buffer, &mut core)).is_break() {
                        self.stop.store(true, Ordering::Relaxed);
                    }
                }
                Err(e) => return hand.tally.gap((*long.origin.path).clone(), e.to_string()),
            }
        }
    }

    /// Whether `path` is met for the first time, as far as links can make a difference.
    fn is_new(&self, path: &Path, link: bool) -> bool {
        if !self.files.follow_symlinks {
            return true;
        }
        // Two names of one file that are no links are two files to whoever reads the report.
        id(path).is_none_or(|id| lock(&self.seen).insert(id) || !link)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
fn id(path: &Path) -> Option<FileId> {
    path.canonicalize().ok()
}

/// Whether a link's target does not exist, or the link leads to itself.
fn leads_nowhere(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(libc::ELOOP) {
        return true;
    }
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
