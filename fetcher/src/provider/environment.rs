//! Secrets from the process's environment, for small set-ups. The environment keeps its own copy of
//! each value for as long as the process lives; nobody can wipe that one.

use std::env;

use super::{Answer, Capabilities, Fault, FaultKind, Fetched, SecretProvider};
use crate::secret::{Secret, SecretPath, SecretRef, Version, VersionSelector};

/// Reads `db/main` from the variable `DB_MAIN`, or `<PREFIX>DB_MAIN`.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentProvider {
    prefix: String,
}

impl EnvironmentProvider {
    /// Reads variables as they are named.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads variables whose name begins with `prefix`, which is no part of the path.
    pub fn with_prefix(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// The variable that `path` is read from: letters in upper case, all that is no letter or digit as `_`.
    pub fn variable(&self, path: &SecretPath) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        self.prefix.chars().chain(path.as_str().chars().map(plain)).collect()
    }
}

impl SecretProvider for EnvironmentProvider {
    fn name(&self) -> &str {
        "environment"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::PLAIN
    }

    fn fetch<'a>(&'a self, secret: &'a SecretRef) -> Answer<'a, Fetched> {
        Box::pin(async move {
            if *secret.version() != VersionSelector::Current {
                return Err(Fault::new(FaultKind::Unsupported).with_detail("the environment has no versions"));
            }
            let value = env::var_os(self.variable(secret.path())).ok_or(Fault::new(FaultKind::NotFound))?;
            let secret = Secret::from_vec(value.into_encoded_bytes());
            let version = Version::new(secret.tag().to_string());
            Ok(Fetched::new(secret, version))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_path_is_read_from_its_variable() {
        let path = SecretPath::parse("path").unwrap();
        let fetched = EnvironmentProvider::new().fetch(&SecretRef::current(path)).await.unwrap();
        assert_eq!(fetched.secret.expose(), env::var("PATH").unwrap().as_bytes());
        let absent = SecretRef::current(SecretPath::parse("no/such-variable").unwrap());
        let fault = EnvironmentProvider::with_prefix("APP_").fetch(&absent).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::NotFound);
    }

    #[test]
    fn names_are_made_of_upper_case_and_underscores() {
        let path = SecretPath::parse("db/main-user.1").unwrap();
        assert_eq!(EnvironmentProvider::with_prefix("APP_").variable(&path), "APP_DB_MAIN_USER_1");
    }
}
