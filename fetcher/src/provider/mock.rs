//! A provider with a script: deterministic values, faults and rotations on demand, and a log of
//! every attempt. Applications test against it through the same code path as in production.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::{
    Answer, Capabilities, Fault, FaultKind, Fetched, History, KnownVersion, Lease, Lifetime, Renewal,
    SecretProvider, VersionStanding,
};
use crate::secret::{Secret, SecretPath, SecretRef, Tag, Version, VersionSelector};

/// What was asked of a [`MockProvider`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A value.
    Fetch,
    /// A version without its value.
    Version,
    /// The versions of a secret.
    History,
    /// A list of paths.
    List,
    /// A longer lease.
    Renew,
    /// The end of a lease.
    Revoke,
    /// A new login.
    Relogin,
    /// The end of the provider's own login.
    Close,
}

/// One call to a [`MockProvider`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was asked.
    pub operation: Operation,
    /// For which secret, or under which lease (its tag); empty where neither applies.
    pub subject: String,
}

/// A deterministic provider. Clones share everything.
#[derive(Clone)]
pub struct MockProvider {
    name: Arc<str>,
    state: Arc<Mutex<State>>,
    /// Number of attempts so far; tests wait on it in place of sleeping.
    count: Arc<watch::Sender<usize>>,
    /// While true, every attempt waits.
    held: Arc<watch::Sender<bool>>,
}

#[derive(Default)]
struct State {
    shelves: BTreeMap<SecretPath, Shelf>,
    /// Every call fails with this.
    outage: Option<Fault>,
    /// Steps for the next calls on a path, first come first served.
    scripts: BTreeMap<SecretPath, VecDeque<Step>>,
    log: Vec<Attempt>,
    leases: BTreeMap<Tag, Terms>,
    lent: u64,
    revoked: Vec<Tag>,
    can_relogin: bool,
}

enum Shelf {
    /// Versions 1, 2, 3 … in order; `None` is one that was deleted.
    Versions(Vec<Option<(Arc<Secret>, Extra)>>),
    /// Every fetch lends new credentials.
    Lending(Terms),
}

#[derive(Clone, Copy, Default)]
struct Extra {
    rotates: Option<Duration>,
}

#[derive(Clone, Copy)]
struct Terms {
    duration: Duration,
    renewals: u32,
    login_left: Option<Duration>,
}

enum Step {
    Fail(Fault),
    Panic,
}

impl MockProvider {
    /// An empty provider called `mock`.
    pub fn new() -> Self {
        Self::named("mock")
    }

    /// An empty provider of this name.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            state: Arc::default(),
            count: Arc::new(watch::Sender::new(0)),
            held: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Stores `value` as the next version of `path`; versions are 1, 2, 3 …
    ///
    /// # Panics
    /// When `path` is not a path: a mistake in the test.
    pub fn put(&self, path: &str, value: impl AsRef<[u8]>) -> Version {
        self.store(path, Secret::copy_of(value.as_ref()), Extra::default())
    }

    /// Stores `value` as the next version of a secret that the manager will replace after `rotates`.
    ///
    /// # Panics
    /// When `path` is not a path: a mistake in the test.
    pub fn put_rotating(&self, path: &str, value: impl AsRef<[u8]>, rotates: Duration) -> Version {
        self.store(path, Secret::copy_of(value.as_ref()), Extra { rotates: Some(rotates) })
    }

    /// From now on every fetch of `path` lends new credentials `{"username":"user-N","password":"…"}` for
    /// `duration`, which can be renewed `renewals` times; the last renewal is capped to half of it.
    ///
    /// # Panics
    /// When `path` is not a path: a mistake in the test.
    pub fn lend(&self, path: &str, duration: Duration, renewals: u32) {
        let terms = Terms { duration, renewals, login_left: None };
        self.lock().shelves.insert(checked(path), Shelf::Lending(terms));
    }

    /// As [`MockProvider::lend`], under a login that itself ends in `login_left`.
    ///
    /// # Panics
    /// When `path` is not a path: a mistake in the test.
    pub fn lend_under_login(&self, path: &str, duration: Duration, renewals: u32, login_left: Duration) {
        let terms = Terms { duration, renewals, login_left: Some(login_left) };
        self.lock().shelves.insert(checked(path), Shelf::Lending(terms));
    }

    /// Deletes the newest version of `path`.
    ///
    /// # Panics
    /// When `path` is not a path: a mistake in the test.
    pub fn delete(&self, path: &str) {
        if let Some(Shelf::Versions(versions)) = self.lock().shelves.get_mut(&checked(path))
            && let Some(last) = versions.last_mut()
        {
            *last = None;
        }
    }

    /// The next `times` calls on `path` fail with `fault`.
    ///
    /// # Panics
    /// When `path` is not a path: a mistake in the test.
    pub fn fail_next(&self, path: &str, times: usize, fault: Fault) {
        let mut state = self.lock();
        let script = state.scripts.entry(checked(path)).or_default();
        script.extend(std::iter::repeat_with(|| Step::Fail(fault.clone())).take(times));
    }

    /// The next call on `path` panics.
    ///
    /// # Panics
    /// When `path` is not a path: a mistake in the test.
    pub fn panic_next(&self, path: &str) {
        self.lock().scripts.entry(checked(path)).or_default().push_back(Step::Panic);
    }

    /// Every call fails with `fault`, until [`MockProvider::recover`].
    pub fn break_down(&self, fault: Fault) {
        self.lock().outage = Some(fault);
    }

    /// Ends [`MockProvider::break_down`].
    pub fn recover(&self) {
        self.lock().outage = None;
    }

    /// Every call hangs (it is logged when it arrives), until [`MockProvider::release`].
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Lets the calls that hang go on.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// Whether a new login succeeds; not by default.
    pub fn allow_relogin(&self, can: bool) {
        self.lock().can_relogin = can;
    }

    /// Every call so far, oldest first.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.lock().log.clone()
    }

    /// How many fetches of `path` were attempted so far, whatever the version.
    pub fn fetches(&self, path: &str) -> usize {
        let of = |a: &&Attempt| a.operation == Operation::Fetch && a.subject.split(' ').next() == Some(path);
        self.lock().log.iter().filter(of).count()
    }

    /// How many calls of this kind were made so far.
    pub fn count(&self, operation: Operation) -> usize {
        self.lock().log.iter().filter(|a| a.operation == operation).count()
    }

    /// Waits until `count` calls of any kind have been made.
    pub async fn reached(&self, count: usize) {
        let mut seen = self.count.subscribe();
        // The sender lives in `self`, so this cannot fail.
        let _ = seen.wait_for(|attempts| *attempts >= count).await;
    }

    /// Tags of the leases that were revoked, in that order.
    pub fn revoked(&self) -> Vec<Tag> {
        self.lock().revoked.clone()
    }

    fn store(&self, path: &str, secret: Secret, extra: Extra) -> Version {
        let mut state = self.lock();
        let shelf = state.shelves.entry(checked(path)).or_insert(Shelf::Versions(Vec::new()));
        if matches!(shelf, Shelf::Lending(_)) {
            *shelf = Shelf::Versions(Vec::new());
        }
        let Shelf::Versions(versions) = shelf else { return Version::new("0") };
        versions.push(Some((Arc::new(secret), extra)));
        Version::new(versions.len().to_string())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A scripted panic happens unlocked, so a poisoned state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs a call, waits while held, and plays the script of `path`.
    async fn enter(
        &self,
        operation: Operation,
        subject: String,
        path: Option<&SecretPath>,
    ) -> Result<(), Fault> {
        self.lock().log.push(Attempt { operation, subject });
        self.count.send_modify(|count| *count += 1);
        let mut held = self.held.subscribe();
        let _ = held.wait_for(|held| !*held).await;
        let step = {
            let mut state = self.lock();
            if let Some(fault) = &state.outage {
                return Err(fault.clone());
            }
            path.and_then(|path| state.scripts.get_mut(path)?.pop_front())
        };
        match step {
            Some(Step::Fail(fault)) => Err(fault),
            Some(Step::Panic) => panic!("scripted panic"),
            None => Ok(()),
        }
    }
}

impl State {
    fn take(&mut self, secret: &SecretRef) -> Result<Fetched, Fault> {
        let shelf = self.shelves.get(secret.path()).ok_or(Fault::new(FaultKind::NotFound))?;
        match shelf {
            Shelf::Versions(versions) => {
                let number = chosen(versions, secret.version())?;
                let held = versions.get(number - 1).ok_or(Fault::new(FaultKind::NotFound))?;
                let (value, extra) = held.as_ref().ok_or(Fault::new(FaultKind::Deleted))?;
                let lifetime = extra.rotates.map_or(Lifetime::Open, Lifetime::Rotates);
                Ok(Fetched::new(value.duplicate(), Version::new(number.to_string())).with_lifetime(lifetime))
            }
            Shelf::Lending(terms) => {
                let terms = *terms;
                self.lent += 1;
                let number = self.lent;
                let value = format!(r#"{{"username":"user-{number}","password":"lent-{number}"}}"#);
                let mut lease = Lease::new(Secret::from_string(format!("lease/{number}")), terms.duration);
                lease.renewable = terms.renewals > 0;
                lease.login_left = terms.login_left;
                self.leases.insert(lease.tag(), terms);
                let version = Version::new(format!("lent-{number}"));
                Ok(Fetched::new(Secret::from_string(value), version).with_lifetime(Lifetime::Leased(lease)))
            }
        }
    }
}

/// The number, from 1, of the version that is meant.
fn chosen(versions: &[Option<(Arc<Secret>, Extra)>], selector: &VersionSelector) -> Result<usize, Fault> {
    let absent = || Fault::new(FaultKind::NotFound);
    match selector {
        VersionSelector::Current => Some(versions.len()).filter(|n| *n > 0).ok_or_else(absent),
        VersionSelector::Previous => {
            let older = versions.split_last().map_or(&[][..], |(_, older)| older);
            older.iter().rposition(Option::is_some).map(|index| index + 1).ok_or_else(absent)
        }
        VersionSelector::Exact(version) => {
            version.as_str().parse().ok().filter(|n| *n > 0).ok_or_else(absent)
        }
        VersionSelector::Stage(_) => Err(Fault::new(FaultKind::Unsupported)),
    }
}

fn checked(path: &str) -> SecretPath {
    SecretPath::parse(path).expect("the test names a valid path")
}

impl Default for MockProvider {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MockProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MockProvider").field("name", &self.name).finish_non_exhaustive()
    }
}

impl SecretProvider for MockProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::PLAIN.with_versions().with_list().with_version_check().with_leases().with_batch(20)
    }

    fn domain<'a>(&'a self, path: &'a SecretPath) -> &'a str {
        path.segments().next().unwrap_or_default()
    }

    fn repeatable(&self, path: &SecretPath) -> bool {
        !matches!(self.lock().shelves.get(path), Some(Shelf::Lending(_)))
    }

    fn fetch<'a>(&'a self, secret: &'a SecretRef) -> Answer<'a, Fetched> {
        Box::pin(async move {
            self.enter(Operation::Fetch, secret.to_string(), Some(secret.path())).await?;
            self.lock().take(secret)
        })
    }

    fn list<'a>(&'a self, prefix: Option<&'a SecretPath>) -> Answer<'a, Vec<SecretPath>> {
        Box::pin(async move {
            let subject = prefix.map(ToString::to_string).unwrap_or_default();
            self.enter(Operation::List, subject, None).await?;
            let below = |path: &&SecretPath| {
                prefix.is_none_or(|prefix| {
                    path.as_str().strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('/'))
                })
            };
            Ok(self.lock().shelves.keys().filter(below).cloned().collect())
        })
    }

    fn version<'a>(&'a self, secret: &'a SecretRef) -> Answer<'a, Version> {
        Box::pin(async move {
            self.enter(Operation::Version, secret.to_string(), Some(secret.path())).await?;
            match self.lock().shelves.get(secret.path()) {
                Some(Shelf::Versions(versions)) => {
                    Ok(Version::new(chosen(versions, secret.version())?.to_string()))
                }
                Some(Shelf::Lending(_)) => Err(Fault::new(FaultKind::Unsupported)),
                None => Err(Fault::new(FaultKind::NotFound)),
            }
        })
    }

    fn history<'a>(&'a self, path: &'a SecretPath) -> Answer<'a, History> {
        Box::pin(async move {
            self.enter(Operation::History, path.to_string(), Some(path)).await?;
            match self.lock().shelves.get(path) {
                Some(Shelf::Versions(versions)) => {
                    let known = |(i, held): (usize, &Option<_>)| KnownVersion {
                        version: Version::new((i + 1).to_string()),
                        standing: held.as_ref().map_or(VersionStanding::Deleted, |_| VersionStanding::Kept),
                    };
                    Ok(History {
                        versions: versions.iter().enumerate().map(known).rev().collect(),
                        dropped: 0,
                    })
                }
                Some(_) => Err(Fault::new(FaultKind::Unsupported)),
                None => Err(Fault::new(FaultKind::NotFound)),
            }
        })
    }

    fn renew<'a>(&'a self, lease: &'a Lease, wanted: Duration) -> Answer<'a, Renewal> {
        Box::pin(async move {
            self.enter(Operation::Renew, lease.tag().to_string(), None).await?;
            let mut state = self.lock();
            let terms = state.leases.get_mut(&lease.tag()).ok_or(Fault::new(FaultKind::LeaseGone))?;
            let Some(left) = terms.renewals.checked_sub(1) else {
                return Err(Fault::new(FaultKind::Unsupported));
            };
            terms.renewals = left;
            let (capped, most) = (left == 0, terms.duration);
            let granted = wanted.min(if capped { most / 2 } else { most });
            Ok(Renewal { granted, renewable: left > 0, capped, login_left: terms.login_left })
        })
    }

    fn revoke<'a>(&'a self, lease: &'a Lease) -> Answer<'a, ()> {
        Box::pin(async move {
            self.enter(Operation::Revoke, lease.tag().to_string(), None).await?;
            let mut state = self.lock();
            state.leases.remove(&lease.tag());
            state.revoked.push(lease.tag());
            Ok(())
        })
    }

    fn relogin(&self) -> Answer<'_, bool> {
        Box::pin(async {
            self.enter(Operation::Relogin, String::new(), None).await?;
            Ok(self.lock().can_relogin)
        })
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async { self.enter(Operation::Close, String::new(), None).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> SecretRef {
        SecretRef::current(checked(path))
    }

    #[tokio::test]
    async fn versions_faults_and_attempts_follow_the_script() {
        let mock = MockProvider::new();
        mock.put("db/main", "one");
        mock.put("db/main", "two");
        mock.fail_next("db/main", 1, Fault::new(FaultKind::Transient));
        assert_eq!(mock.fetch(&of("db/main")).await.unwrap_err().kind(), FaultKind::Transient);
        assert_eq!(mock.fetch(&of("db/main")).await.unwrap().secret.expose(), b"two");
        let previous = SecretRef::previous(checked("db/main"));
        assert_eq!(mock.fetch(&previous).await.unwrap().secret.expose(), b"one");
        mock.delete("db/main");
        assert_eq!(mock.fetch(&of("db/main")).await.unwrap_err().kind(), FaultKind::Deleted);
        assert_eq!(mock.fetch(&of("db/none")).await.unwrap_err().kind(), FaultKind::NotFound);
        assert_eq!((mock.fetches("db/main"), mock.attempts().len()), (4, 5));
    }

    #[tokio::test]
    async fn lent_credentials_renew_until_they_are_capped() {
        let mock = MockProvider::new();
        mock.lend("db/creds", Duration::from_secs(8), 1);
        let Lifetime::Leased(lease) = mock.fetch(&of("db/creds")).await.unwrap().lifetime else { panic!() };
        let renewal = mock.renew(&lease, Duration::from_secs(8)).await.unwrap();
        assert_eq!((renewal.granted, renewal.capped), (Duration::from_secs(4), true));
        mock.revoke(&lease).await.unwrap();
        let gone = mock.renew(&lease, Duration::from_secs(8)).await.unwrap_err();
        assert_eq!(gone.kind(), FaultKind::LeaseGone);
        assert_eq!(mock.revoked(), [lease.tag()]);
    }
}
