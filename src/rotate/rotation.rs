//! The steps of a rotation, their order, and how they are undone.
//!
//! A new value goes: staged at the manager, taken by what it opens (hook), in force at the manager (only if the version
//! before still was), put to use (hook), old one retired (hook). Each step is written down before and after, so that a
//! rotation that was cut off is gone on with; up to the point where the old value is retired it can be undone.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use leakward_fetcher::cache::Entry;
use leakward_fetcher::client::Rotation as Versions;
use leakward_fetcher::provider::{Answer, Means, SecretKeeper};
use leakward_fetcher::{
    Fault, FaultKind, Fetched, RotationHook, Secret, SecretPath, SecretProvider, SecretRef, Version,
    VersionSelector,
};

use super::journal::{Journal, Record, Step};
use super::{CommandHook, Generator, RotateError, document, fault_point};

/// How to rotate.
#[derive(Debug, Clone)]
pub struct Options {
    /// The field that gets a new value.
    pub field: Option<String>,
    /// The command that is told of each step, and the longest time for one.
    pub hook: Option<(String, Duration)>,
    /// Whether a value that somebody must be told of may be rotated without a hook.
    pub without_hook: bool,
    /// Who makes the new value.
    pub generator: Generator,
    /// Whether the old version is destroyed at the end.
    pub destroy_old: bool,
    /// The folder of the journal.
    pub folder: PathBuf,
    /// How long another process is waited for.
    pub wait: Duration,
    /// Longest time for a manager that rotates by itself.
    pub turn_limit: Duration,
    /// Undoes an unfinished rotation instead of finishing it.
    pub undo: bool,
}

/// How a rotation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Another version is in force.
    Rotated {
        /// The version that was.
        before: String,
        /// The version that is; empty where the manager names none.
        after: String,
    },
    /// What was lent is over.
    Over,
    /// An unfinished rotation was undone.
    Undone,
    /// There was nothing to undo.
    Nothing,
}

/// The rotation of one secret.
pub struct Rotation<'r> {
    /// The manager's name in the configuration.
    pub manager: &'r str,
    /// The manager.
    pub provider: Arc<dyn SecretProvider>,
    /// The secret.
    pub path: SecretPath,
    /// How to rotate.
    pub options: &'r Options,
    /// Told of each step that was done, in words.
    pub told: &'r dyn Fn(&str),
}

/// Reads that are tried before a manager is taken not to answer.
const ATTEMPTS: u32 = 3;
/// First wait between two of them.
pub(super) const WAIT: Duration = Duration::from_millis(200);

/// One rotation at work.
pub(super) struct Work<'w> {
    pub(super) keeper: &'w dyn SecretKeeper,
    pub(super) journal: Journal,
    pub(super) record: Record,
    /// Whether a value can be staged.
    stages: bool,
    /// The value before, once it was read.
    pub(super) old: Option<Fetched>,
    /// The new value, while it is known.
    new: Option<Secret>,
}

impl Rotation<'_> {
    /// Rotates, or goes on with a rotation that was cut off.
    ///
    /// # Errors
    /// See [`RotateError`]; what is said there was undone, the rest goes on when this is run again.
    pub async fn run(&self) -> Result<Ended, RotateError> {
        let keeper = self.keeper()?;
        let Options { folder, wait, undo, .. } = self.options;
        let journal = Journal::open(folder, self.manager, self.path.as_str(), *wait)?;
        let hook = self.options.hook.as_ref().map(|(command, _)| command.as_str());
        let record = match journal.read()? {
            Some(record) => {
                self.check_same(&record, hook)?;
                (self.told)(&format!("going on with the rotation that was begun at {}", record.begun));
                record
            }
            None if *undo => return Ok(Ended::Nothing),
            None => Record::begin(self.manager, self.path.as_str(), hook)?,
        };
        let means = self.means(keeper).await?;
        let stages = matches!(&means, Means::Value { staged_at: Some(_) });
        let mut work = Work { keeper, journal, record, stages, old: None, new: None };
        match means {
            Means::Value { .. } => self.value(&mut work).await?,
            Means::Turn { read_at, .. } => self.turn(&mut work, read_at.as_ref()).await?,
            Means::End { .. } => {
                work.journal.write(&work.record)?;
                keeper.turn(&self.path, &work.record.token).await.map_err(self.asked("ending leases"))?;
                (self.told)("all leases are over");
                work.journal.close()?;
                return Ok(Ended::Over);
            }
            _ => return Err(RotateError::ReadOnly(self.name())),
        }
        let Record { before, after, step, .. } = work.record.clone();
        work.journal.close()?;
        if step == Step::Undoing {
            return Ok(Ended::Undone);
        }
        Ok(Ended::Rotated { before, after: after.unwrap_or_default() })
    }

    /// Each step of a rotation for which we bring the value.
    async fn value(&self, work: &mut Work<'_>) -> Result<(), RotateError> {
        self.recall(work).await?;
        if self.options.undo {
            return match work.record.step {
                Step::Used | Step::Retired => Err(RotateError::System(format!(
                    "{}: the old value is being retired already: it can only be finished",
                    self.name()
                ))),
                _ => self.undo(work).await,
            };
        }
        loop {
            match work.record.step {
                Step::Begun => self.stage(work).await?,
                Step::Staged => self.prepare(work).await?,
                Step::Prepared => self.commit(work).await?,
                Step::Committed => self.put_to_use(work).await?,
                Step::Used => self.retire(work).await?,
                Step::Retired => return self.tidy(work).await,
                Step::Undoing => return self.undo(work).await,
                Step::Turning => return Err(self.odd(work)),
            }
        }
    }

    /// Brings back what a rotation that was cut off had in memory.
    async fn recall(&self, work: &mut Work<'_>) -> Result<(), RotateError> {
        if work.stages {
            let staged = work.keeper.staged(&self.path, &work.record.token).await;
            work.new = staged.map_err(self.asked("what was staged"))?;
        }
        if !work.record.before.is_empty() {
            let before = VersionSelector::Exact(Version::new(&work.record.before));
            let secret = SecretRef::new(self.path.clone(), before);
            match self.fetch(&secret).await {
                Ok(old) => work.old = Some(old),
                // It was destroyed at the end of this very rotation.
                Err(fault) if fault.kind().is_absence() && work.record.step >= Step::Used => {}
                Err(fault) => return Err(self.asked("the version before")(fault)),
            }
        }
        Ok(())
    }

    async fn stage(&self, work: &mut Work<'_>) -> Result<(), RotateError> {
        let current = self.current(&self.path).await?;
        let field = document::field(&self.name(), &current.secret, self.options.field.as_deref())?;
        if self.options.hook.is_none() && !self.options.without_hook {
            return Err(RotateError::NoHook(self.name()));
        }
        let same = work.record.before == current.version.as_str() && work.record.field == field;
        if !same && work.new.take().is_some() {
            // It was made of a version that is not in force any more.
            work.keeper.discard(&self.path, &work.record.token).await.map_err(self.asked("discarding"))?;
        }
        if work.new.is_none() {
            let part = self.options.generator.make(work.keeper).await?;
            let drawn_here = matches!(self.options.generator, Generator::Here(_));
            work.record.proof = (!work.stages && drawn_here).then(|| proof(&part));
            work.new = Some(document::with(&current.secret, field.as_deref(), &part));
        }
        work.record.before = current.version.as_str().to_owned();
        work.record.field = field;
        work.old = Some(current);
        work.journal.write(&work.record)?;
        if let Some(new) = work.new.as_ref().filter(|_| work.stages) {
            let staged = work.keeper.stage(&self.path, &work.record.token, new).await;
            if let Err(fault) = staged {
                if !fault.kind().is_retryable() {
                    // Nothing was changed, so there is nothing to go on with.
                    work.journal.forget()?;
                }
                return Err(self.asked("staging the new value")(fault));
            }
            fault_point::reach("staged");
            (self.told)("a new value is staged");
        }
        self.advance(work, Step::Staged)
    }

    async fn prepare(&self, work: &mut Work<'_>) -> Result<(), RotateError> {
        let Some(versions) = self.versions(work, None) else {
            (self.told)("the new value was lost with the process that made it: undoing");
            self.undo(work).await?;
            return Ok(());
        };
        for hook in self.hooks(work) {
            if hook.prepare(&versions).await.is_err() {
                self.undo(work).await?;
                return Err(self.hook_failed("prepare or verify", "; everything is as it was before"));
            }
            fault_point::reach("hook-prepared");
            (self.told)("what it opens has taken the new value");
        }
        self.advance(work, Step::Prepared)
    }

    async fn commit(&self, work: &mut Work<'_>) -> Result<(), RotateError> {
        let before = Version::new(&work.record.before);
        let written = match &work.new {
            Some(new) => work.keeper.commit(&self.path, &work.record.token, new, &before).await,
            None => Err(Fault::new(FaultKind::Conflict)),
        };
        let after = match written {
            Ok(version) => Some(version),
            // It may have been done before this process began, or before the answer was lost.
            Err(fault) if fault.kind() == FaultKind::Conflict || fault.kind().is_retryable() => {
                let current = self.current(&self.path).await?;
                if current.version == before && work.new.is_some() {
                    return Err(self.asked("putting the new value in force")(fault));
                }
                self.is_ours(work, &current).then_some(current.version)
            }
            Err(fault) => {
                self.undo(work).await?;
                return Err(self.asked("putting the new value in force (undone)")(fault));
            }
        };
        fault_point::reach("written");
        match after {
            Some(version) => {
                work.record.after = Some(version.as_str().to_owned());
                (self.told)(&format!("version {version} is in force"));
                self.advance(work, Step::Committed)
            }
            None => {
                self.undo(work).await?;
                Err(RotateError::Overtaken(self.name()))
            }
        }
    }

    /// Whether `current` holds the value that this rotation made.
    fn is_ours(&self, work: &Work<'_>, current: &Fetched) -> bool {
        let part = document::part(&current.secret, work.record.field.as_deref());
        match (&work.new, &work.record.proof) {
            (Some(new), _) => *new == current.secret,
            (None, Some(known)) => part.is_some_and(|part| proof(&part) == *known),
            (None, None) => false,
        }
    }

    async fn put_to_use(&self, work: &mut Work<'_>) -> Result<(), RotateError> {
        for hook in self.hooks(work) {
            let versions = self.versions_in_force(work).await?;
            if hook.committed(&versions).await.is_err() {
                self.undo(work).await?;
                return Err(self.hook_failed("commit", "; the old value was put back"));
            }
            fault_point::reach("hook-committed");
            (self.told)("the new value is in use");
        }
        self.advance(work, Step::Used)
    }

    async fn retire(&self, work: &mut Work<'_>) -> Result<(), RotateError> {
        for hook in self.hooks(work) {
            let versions = self.versions_in_force(work).await?;
            if hook.drain(&versions).await.is_err() {
                return Err(self.hook_failed("drain", ""));
            }
            if hook.retire(&versions).await.is_err() {
                return Err(self.hook_failed("retire", ""));
            }
            fault_point::reach("hook-retired");
            (self.told)("the old value is retired");
        }
        if self.options.destroy_old {
            let before = Version::new(&work.record.before);
            work.keeper
                .destroy(&self.path, &before)
                .await
                .map_err(self.asked("destroying the old version"))?;
            (self.told)(&format!("version {before} is destroyed"));
        }
        self.advance(work, Step::Retired)
    }

    /// Takes away what is left over, and looks at the outcome.
    async fn tidy(&self, work: &mut Work<'_>) -> Result<(), RotateError> {
        work.keeper.discard(&self.path, &work.record.token).await.map_err(self.asked("tidying up"))?;
        let current = self.current(&self.path).await?;
        let field = work.record.field.as_deref();
        let same = work
            .old
            .as_ref()
            .is_some_and(|old| document::part(&old.secret, field) == document::part(&current.secret, field));
        if same || current.version.as_str() == work.record.before {
            return Err(RotateError::StillInForce(self.name()));
        }
        Ok(())
    }

    /// Goes back to the value that was in force, wherever the rotation stands.
    async fn undo(&self, work: &mut Work<'_>) -> Result<(), RotateError> {
        self.advance(work, Step::Undoing)?;
        let mut current = self.current(&self.path).await?;
        if current.version.as_str() != work.record.before
            && self.is_ours(work, &current)
            && let Some(old) = &work.old
        {
            let token = work.record.before.as_str();
            let put = work.keeper.commit(&self.path, token, &old.secret, &current.version).await;
            put.map_err(self.asked("putting the old value back"))?;
            current = self.current(&self.path).await?;
            (self.told)(&format!("version {}, with the old value, is in force", current.version));
        }
        // What it opens follows the manager, whoever wrote what is there now.
        let restored = Arc::new(Entry::detached(current.secret, current.version));
        let lost = || Arc::clone(&restored);
        let new = work.new.as_ref().map_or_else(lost, |new| entry(new, work.record.after.as_deref()));
        let versions =
            Versions { secret: SecretRef::current(self.path.clone()), old: Some(Arc::clone(&restored)), new };
        for hook in self.hooks(work) {
            if hook.unprepare(&versions).await.is_err() {
                return Err(self.hook_failed("rollback", ""));
            }
            fault_point::reach("hook-rolled-back");
        }
        work.keeper.discard(&self.path, &work.record.token).await.map_err(self.asked("tidying up"))?;
        (self.told)("undone");
        work.journal.forget()
    }

    /// Writes down that `step` is done.
    pub(super) fn advance(&self, work: &mut Work<'_>, step: Step) -> Result<(), RotateError> {
        work.record.step = step;
        work.journal.write(&work.record)
    }

    pub(super) fn hooks(&self, work: &Work<'_>) -> Vec<Arc<dyn RotationHook>> {
        let Some((command, limit)) = &self.options.hook else { return Vec::new() };
        let (manager, field) = (self.manager.to_owned(), work.record.field.clone());
        vec![Arc::new(CommandHook { command: command.clone(), limit: *limit, manager, field })]
    }

    /// What hooks are told, while both values are known.
    fn versions(&self, work: &Work<'_>, after: Option<&str>) -> Option<Versions> {
        let new = entry(work.new.as_ref()?, after);
        let old = work.old.as_ref().map(|old| entry(&old.secret, Some(old.version.as_str())));
        Some(Versions { secret: SecretRef::current(self.path.clone()), old, new })
    }

    async fn versions_in_force(&self, work: &mut Work<'_>) -> Result<Versions, RotateError> {
        self.versions_at(work, Some(&self.path.clone())).await
    }

    /// The same once the new value can be read at `path`.
    pub(super) async fn versions_at(
        &self,
        work: &mut Work<'_>,
        path: Option<&SecretPath>,
    ) -> Result<Versions, RotateError> {
        if work.new.is_none()
            && let Some(path) = path
        {
            work.new = Some(self.current(path).await?.secret);
        }
        let after = work.record.after.clone();
        self.versions(work, after.as_deref()).ok_or_else(|| self.odd(work))
    }

    /// Refuses to go on with other settings than the rotation was begun with.
    fn check_same(&self, record: &Record, hook: Option<&str>) -> Result<(), RotateError> {
        let wanted = self.options.field.as_deref();
        let what = if record.hook.as_deref() != hook {
            record.hook.as_ref().map_or_else(|| "no hook".to_owned(), |hook| format!("--hook '{hook}'"))
        } else if wanted.is_some() && record.field.is_some() && record.field.as_deref() != wanted {
            format!("--field {}", record.field.as_deref().unwrap_or_default())
        } else {
            return Ok(());
        };
        Err(RotateError::OtherSettings { path: self.name(), begun: record.begun.clone(), what })
    }

    pub(super) fn keeper(&self) -> Result<&dyn SecretKeeper, RotateError> {
        self.provider.keeper().ok_or_else(|| RotateError::ReadOnly(self.name()))
    }

    pub(super) async fn means(&self, keeper: &dyn SecretKeeper) -> Result<Means, RotateError> {
        patiently(|| keeper.means(&self.path)).await.map_err(self.asked("how it can be rotated"))
    }

    pub(super) async fn current(&self, path: &SecretPath) -> Result<Fetched, RotateError> {
        let secret = SecretRef::current(path.clone());
        self.fetch(&secret).await.map_err(self.asked("reading"))
    }

    async fn fetch(&self, secret: &SecretRef) -> Result<Fetched, Fault> {
        patiently(|| self.provider.fetch(secret)).await
    }

    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.manager, self.path)
    }

    pub(super) fn asked(&self, what: &str) -> impl FnOnce(Fault) -> RotateError {
        RotateError::manager(format!("{}: {what}", self.name()))
    }

    pub(super) fn hook_failed(&self, step: &'static str, undone: &'static str) -> RotateError {
        RotateError::Hook { path: self.name(), step, undone }
    }

    pub(super) fn odd(&self, work: &Work<'_>) -> RotateError {
        RotateError::System(format!(
            "{}: the journal says {:?}, which this kind of rotation has not",
            self.name(),
            work.record.step
        ))
    }
}

/// Repeats a read while the manager is busy or cannot be reached.
async fn patiently<'a, T>(ask: impl Fn() -> Answer<'a, T>) -> Result<T, Fault> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match ask().await {
            Err(fault) if fault.kind().is_retryable() && attempt < ATTEMPTS => {
                tokio::time::sleep(fault.retry_after().unwrap_or(WAIT * attempt)).await;
            }
            answer => return answer,
        }
    }
}

fn entry(secret: &Secret, version: Option<&str>) -> Arc<Entry> {
    Arc::new(Entry::detached(secret.duplicate(), Version::new(version.unwrap_or_default())))
}

/// A hash of a value that was drawn by chance, by which it is known again; see [`Record::proof`].
fn proof(value: &Secret) -> String {
    // Hashed, not shown.
    let mut hash = blake3::Hasher::new_derive_key("leakward rotation proof v1");
    hash.update(value.expose());
    hash.finalize().to_hex().to_string()
}
