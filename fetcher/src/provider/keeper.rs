//! What changes secrets in a manager: apart from [`super::SecretProvider`], so that code that reads cannot write.
//! A keeper does one thing and answers; the order of the steps, retrying and undoing are the caller's business.

use super::{Answer, Fault, FaultKind};
use crate::secret::{Secret, SecretPath, Version};

/// How a secret can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Means {
    /// The caller brings the new value.
    Value {
        /// Where it can be put before it is in force, in the manager's words; `None`: nowhere.
        staged_at: Option<String>,
    },
    /// The manager makes the new value itself when it is told to; it cannot be taken back.
    Turn {
        /// What is called, in the manager's words: `database/rotate-role/app`.
        call: String,
        /// Where the value in force can be read; `None`: nowhere.
        read_at: Option<SecretPath>,
    },
    /// What was lent can be ended, all of it at once.
    End {
        /// What is called, in the manager's words.
        call: String,
    },
}

/// Changes secrets. Each method is one attempt; a failure says whether anything may have changed: only one that is
/// retryable may have.
pub trait SecretKeeper: Send + Sync {
    /// How the secret at `path` can be changed. Changes nothing.
    fn means<'a>(&'a self, path: &'a SecretPath) -> Answer<'a, Means>;

    /// Puts `value` where it is not in force yet, under the name `token` (32 to 64 letters, digits or dashes). Doing it
    /// again with the same token and value changes nothing; another token's value in that place is a
    /// [`FaultKind::Conflict`].
    fn stage<'a>(&'a self, path: &'a SecretPath, token: &'a str, value: &'a Secret) -> Answer<'a, ()> {
        let _ = (path, token, value);
        unsupported()
    }

    /// The value that was staged under `token`, if it is still there.
    fn staged<'a>(&'a self, path: &'a SecretPath, token: &'a str) -> Answer<'a, Option<Secret>> {
        let _ = (path, token);
        Box::pin(async { Ok(None) })
    }

    /// Takes away what was staged under `token`. That nothing is there is no failure.
    fn discard<'a>(&'a self, path: &'a SecretPath, token: &'a str) -> Answer<'a, ()> {
        let _ = (path, token);
        Box::pin(async { Ok(()) })
    }

    /// Puts `value` in force if `after` still is; if not, that is a [`FaultKind::Conflict`]. Returns the new version.
    fn commit<'a>(
        &'a self,
        path: &'a SecretPath,
        token: &'a str,
        value: &'a Secret,
        after: &'a Version,
    ) -> Answer<'a, Version>;

    /// Tells the manager to do what [`Means::Turn`] or [`Means::End`] said. `token` names the attempt where the manager
    /// can tell a repetition by it: one that is under way is no failure, another's is a [`FaultKind::Conflict`].
    fn turn<'a>(&'a self, path: &'a SecretPath, token: &'a str) -> Answer<'a, ()> {
        let _ = (path, token);
        unsupported()
    }

    /// Makes a secret at `path`; one that is there already is a [`FaultKind::Conflict`].
    fn create<'a>(&'a self, path: &'a SecretPath, value: &'a Secret) -> Answer<'a, Version>;

    /// Destroys one version for good.
    fn destroy<'a>(&'a self, path: &'a SecretPath, version: &'a Version) -> Answer<'a, ()> {
        let _ = (path, version);
        unsupported()
    }

    /// A value made by the manager's rules of that name.
    fn generate<'a>(&'a self, rules: &'a str) -> Answer<'a, Secret> {
        let _ = rules;
        unsupported()
    }
}

fn unsupported<'a, T>() -> Answer<'a, T> {
    Box::pin(async { Err(Fault::new(FaultKind::Unsupported)) })
}
