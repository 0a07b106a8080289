//! Rotations that the manager does itself: it is told to, and looked at until another version is in force.

use leakward_fetcher::SecretPath;

use super::journal::Step;
use super::rotation::{WAIT, Work};
use super::{RotateError, Rotation, document, fault_point};

impl Rotation<'_> {
    /// Each step of a rotation that the manager does itself.
    pub(super) async fn turn(
        &self,
        work: &mut Work<'_>,
        read_at: Option<&SecretPath>,
    ) -> Result<(), RotateError> {
        if self.options.undo && work.record.step >= Step::Turning {
            return Err(RotateError::System(format!(
                "{}: what the manager did cannot be undone",
                self.name()
            )));
        }
        loop {
            match work.record.step {
                Step::Begun => {
                    if let Some(path) = read_at {
                        let current = self.current(path).await?;
                        work.record.before = current.version.as_str().to_owned();
                        let wanted = self.options.field.as_deref();
                        work.record.field = document::field(&self.name(), &current.secret, wanted)?;
                        work.old = Some(current);
                    }
                    self.advance(work, Step::Turning)?;
                }
                Step::Turning => {
                    work.record.after = self.turned(work, read_at).await?;
                    (self.told)("the manager has rotated it");
                    self.advance(work, Step::Committed)?;
                }
                Step::Committed => {
                    self.take_up(work, read_at).await?;
                    self.advance(work, Step::Used)?;
                }
                Step::Used => {
                    for hook in self.hooks(work).iter().filter(|_| read_at.is_some()) {
                        let versions = self.versions_at(work, read_at).await?;
                        if hook.drain(&versions).await.is_err() || hook.retire(&versions).await.is_err() {
                            return Err(self.hook_failed("drain or retire", ""));
                        }
                        (self.told)("the old value is retired");
                    }
                    self.advance(work, Step::Retired)?;
                }
                Step::Retired => return Ok(()),
                Step::Staged | Step::Prepared | Step::Undoing => return Err(self.odd(work)),
            }
        }
    }

    /// Tells the manager to rotate unless it has, and waits for the new version.
    async fn turned(
        &self,
        work: &Work<'_>,
        read_at: Option<&SecretPath>,
    ) -> Result<Option<String>, RotateError> {
        let another = async |path: &SecretPath| -> Result<Option<String>, RotateError> {
            let version = self.current(path).await?.version;
            Ok((version.as_str() != work.record.before).then(|| version.as_str().to_owned()))
        };
        if let Some(path) = read_at
            && let Some(version) = another(path).await?
        {
            return Ok(Some(version));
        }
        let turned = work.keeper.turn(&self.path, &work.record.token).await;
        turned.map_err(self.asked("rotating"))?;
        fault_point::reach("turned");
        let Some(path) = read_at else { return Ok(None) };
        let begun = tokio::time::Instant::now();
        loop {
            if let Some(version) = another(path).await? {
                return Ok(Some(version));
            }
            if begun.elapsed() > self.options.turn_limit {
                return Err(RotateError::StillInForce(self.name()));
            }
            tokio::time::sleep(WAIT).await;
        }
    }

    /// Has the hook log in with a value that the manager made, and put it to use.
    async fn take_up(&self, work: &mut Work<'_>, read_at: Option<&SecretPath>) -> Result<(), RotateError> {
        for hook in self.hooks(work).iter().filter(|_| read_at.is_some()) {
            let versions = self.versions_at(work, read_at).await?;
            if hook.prepare(&versions).await.is_err() {
                return Err(self.hook_failed("prepare or verify", ""));
            }
            if hook.committed(&versions).await.is_err() {
                return Err(self.hook_failed("commit", ""));
            }
            (self.told)("the new value is in use");
        }
        Ok(())
    }
}
