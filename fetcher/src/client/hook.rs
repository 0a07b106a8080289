//! What an application does when a secret changes: the [`RotationHook`] trait.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::cache::Entry;
use crate::secret::SecretRef;

/// One step of a hook in the making; boxed, so that the trait can be used as `dyn`.
pub type Step<'a> = Pin<Box<dyn Future<Output = Result<(), HookError>> + Send + 'a>>;

/// A hook could not do its part. Holds a fixed sentence, because anything else may hold a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HookError(pub &'static str);

/// A change from one version to another. Drop it when the step is done: it keeps both values in memory.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// Which secret changes.
    pub secret: SecretRef,
    /// What is in force before; `None` when it had ended already, so that the change cannot be refused.
    pub old: Option<Arc<Entry>>,
    /// What is in force after. User and password may both differ from the old ones: never mix fields of the two.
    pub new: Arc<Entry>,
}

/// Takes part in the change of a secret. The steps of all hooks run in this order, one rotation of a
/// secret at a time, each step within its time limit; a panic is a failure of the step.
///
/// 1. `prepare`, in order of registration: try the new value (log in with it). A failure calls
///    `unprepare` on those prepared before, in reverse, and readers keep the old value while it is valid.
/// 2. Readers get the new value.
/// 3. `committed`, in order of registration: put it to use.
/// 4. `drain`, in order of registration: let what works with the old value end.
/// 5. `retire`, in reverse order: throw away what is left of it. A lease of the old value is revoked after that.
///
/// A hook is told of each version once. A failure after step 2 is reported and changes nothing.
pub trait RotationHook: Send + Sync + 'static {
    /// A name for events and errors.
    fn name(&self) -> &str;

    /// Tries the new value. An error refuses it.
    fn prepare<'a>(&'a self, rotation: &'a Rotation) -> Step<'a> {
        done(rotation)
    }

    /// Undoes `prepare`, because a later hook refused the new value.
    fn unprepare<'a>(&'a self, rotation: &'a Rotation) -> Step<'a> {
        done(rotation)
    }

    /// Puts the new value to use; readers have it already.
    fn committed<'a>(&'a self, rotation: &'a Rotation) -> Step<'a> {
        done(rotation)
    }

    /// Completes when nothing works with the old value any more.
    fn drain<'a>(&'a self, rotation: &'a Rotation) -> Step<'a> {
        done(rotation)
    }

    /// Throws away what is left of the old value.
    fn retire<'a>(&'a self, rotation: &'a Rotation) -> Step<'a> {
        done(rotation)
    }

    /// The client is shut down: lets go of everything that its values opened.
    fn close(&self) -> Step<'_> {
        Box::pin(async { Ok(()) })
    }

    /// Time limit of each step but `drain`; 10 s unless told otherwise.
    fn time_limit(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// Time limit of `drain`; 60 s unless told otherwise. It ends with the old value's hard bound in any case.
    fn drain_limit(&self) -> Duration {
        Duration::from_secs(60)
    }
}

fn done(rotation: &Rotation) -> Step<'_> {
    let _ = rotation;
    Box::pin(async { Ok(()) })
}
