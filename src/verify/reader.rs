//! Reads what a manager holds: every permitted path once, and its earlier versions; gently, and with a list of what
//! did not answer.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use leakward_fetcher::provider::{Answer, Fetched, History, KnownVersion, Labels, VersionStanding};
use leakward_fetcher::{Fault, FaultKind, SecretPath, SecretProvider, SecretRef, Version, VersionSelector};
use tokio::time::Instant;

use super::VerifyError;
use super::holdings::{Holdings, Standing};
use super::lost::Lost;
use super::settings::ManagerSettings;
use crate::audit::AuditLog;

/// What was asked of a manager, and what it did not answer.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// Paths that were read.
    pub(super) read: usize,
    /// What did not answer, by path or folder, and why. Sorted.
    pub(super) gaps: Vec<(String, String)>,
    /// Earlier versions that were read.
    pub(super) earlier: usize,
    /// As many earlier versions of a path are read.
    pub(super) bound: u64,
    /// Paths with versions whose values cannot be compared. Sorted.
    pub(super) lost: Vec<(String, Lost)>,
    /// Paths that are not read because reading them would make credentials.
    pub(super) making: Vec<String>,
}

/// Attempts at one read while the manager is busy or cannot be reached.
const ATTEMPTS: u32 = 3;
/// Failures in a row of reads after which the manager is taken to be down.
const DOWN: u32 = 6;
/// First wait before an attempt is repeated.
const WAIT: Duration = Duration::from_millis(200);

/// Reads all that `settings` permit into `holdings`.
///
/// # Errors
/// The provider cannot be made.
pub(super) async fn read_all(
    settings: &ManagerSettings,
    holdings: Arc<Mutex<Holdings>>,
    audit: Option<Arc<AuditLog>>,
) -> Result<Coverage, VerifyError> {
    let provider = settings.provider().await?;
    let mut coverage = Coverage { bound: settings.versions, ..Coverage::default() };
    let paths = permitted(settings, provider.as_ref(), audit.as_deref(), &mut coverage).await;
    let every = settings.rate.map(|rate| Duration::from_secs_f64(1.0 / rate));
    let run = Arc::new(Run {
        name: settings.name.as_str().into(),
        versions: settings.versions,
        batch: AtomicBool::new(provider.capabilities().batch > 1),
        provider,
        every,
        holdings,
        audit,
        state: Mutex::new(RunState { queue: paths.into(), coverage, failures: 0, next: Instant::now() }),
    });
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..settings.concurrency.get() {
        let run = Arc::clone(&run);
        workers.spawn(async move { run.work().await });
    }
    while let Some(ended) = workers.join_next().await {
        ended.map_err(|e| VerifyError::System(e.to_string()))?;
    }
    // Ends a login that the provider made; where that fails, the login ends by itself.
    let _ = run.provider.close().await;
    let mut state = run.lock();
    let mut coverage = std::mem::take(&mut state.coverage);
    coverage.gaps.sort();
    coverage.gaps.dedup();
    coverage.lost.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(coverage)
}

/// The paths that are read, each once.
async fn permitted(
    settings: &ManagerSettings,
    provider: &dyn SecretProvider,
    audit: Option<&AuditLog>,
    coverage: &mut Coverage,
) -> Vec<(SecretPath, bool)> {
    let mut paths: Vec<(SecretPath, bool)> = Vec::new();
    let patterns: Vec<_> = match settings.paths.as_slice() {
        [] => vec![None],
        some => some.iter().map(Some).collect(),
    };
    for pattern in patterns {
        let stem = pattern.map_or("", |p| p.stem.as_str());
        let prefix = SecretPath::parse(stem).ok();
        if let (Some(path), Some(None)) = (&prefix, pattern.map(|p| &p.glob)) {
            paths.push((path.clone(), true));
            continue;
        }
        let mut attempt = 0;
        let listing = loop {
            attempt += 1;
            match provider.survey(prefix.as_ref()).await {
                Err(fault) if fault.kind().is_retryable() && attempt < ATTEMPTS => {
                    tokio::time::sleep(fault.retry_after().unwrap_or(WAIT * attempt)).await;
                }
                answer => break answer,
            }
        };
        if let Some(log) = audit {
            let outcome = listing.as_ref().err().map_or("ok", |fault| fault.kind().name());
            log.record("manager-list", &[("manager", &settings.name), ("path", stem), ("outcome", outcome)]);
        }
        match listing {
            Ok(listing) => {
                let closed = listing.closed.into_iter().map(|(folder, fault)| (folder, fault.to_string()));
                coverage.gaps.extend(closed);
                let meant =
                    listing.paths.into_iter().filter(|path| pattern.is_none_or(|p| p.admits(path.as_str())));
                paths.extend(meant.map(|path| (path, false)));
            }
            Err(fault) => {
                let what =
                    if stem.is_empty() { "the list of secrets".to_owned() } else { format!("{stem}/") };
                coverage.gaps.push((what, fault.to_string()));
            }
        }
    }
    paths.sort();
    paths.dedup_by(|b, a| a.0 == b.0);
    let (reads, makes): (Vec<_>, Vec<_>) = paths.into_iter().partition(|(path, _)| provider.repeatable(path));
    coverage.making = makes.into_iter().map(|(path, _)| path.to_string()).collect();
    reads
}

/// One manager being read.
struct Run {
    name: Arc<str>,
    versions: u64,
    provider: Arc<dyn SecretProvider>,
    /// Whether the provider reads several at once; ends with the first refusal to.
    batch: AtomicBool,
    /// Least time between two reads.
    every: Option<Duration>,
    holdings: Arc<Mutex<Holdings>>,
    audit: Option<Arc<AuditLog>>,
    state: Mutex<RunState>,
}

struct RunState {
    /// What is left to read, and whether the configuration names it.
    queue: VecDeque<(SecretPath, bool)>,
    coverage: Coverage,
    /// Failures in a row.
    failures: u32,
    /// When the next read may begin.
    next: Instant,
}

impl Run {
    fn lock(&self) -> MutexGuard<'_, RunState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn work(&self) {
        loop {
            let next = self.next();
            match next.as_slice() {
                [] => return,
                [(path, named)] => {
                    let answer = self.fetch(&SecretRef::current(path.clone())).await;
                    self.path(path, *named, answer).await;
                }
                several => self.several(several).await,
            }
            let mut state = self.lock();
            if state.failures >= DOWN {
                let left: Vec<_> = state.queue.drain(..).collect();
                let why = "not read, since the manager stopped answering".to_owned();
                state.coverage.gaps.extend(left.into_iter().map(|(path, _)| (path.to_string(), why.clone())));
            }
        }
    }

    /// What is read next: several paths where one call reads them.
    fn next(&self) -> Vec<(SecretPath, bool)> {
        let most = if self.batch.load(Ordering::Relaxed) { self.provider.capabilities().batch } else { 1 };
        let mut state = self.lock();
        let many = most.min(state.queue.len());
        state.queue.drain(..many).collect()
    }

    /// Reads `paths` with one call; one by one where the manager refuses that.
    async fn several(&self, paths: &[(SecretPath, bool)]) {
        let secrets: Vec<_> = paths.iter().map(|(path, _)| SecretRef::current(path.clone())).collect();
        let answer = self.ask(|| self.provider.fetch_many(&secrets), |_| {}).await;
        match answer {
            Ok(answers) => {
                for ((path, named), answer) in paths.iter().zip(answers) {
                    self.tell(path, &answer);
                    let answer = match answer {
                        Err(fault) if fault.kind().is_retryable() => {
                            self.fetch(&SecretRef::current(path.clone())).await
                        }
                        answer => answer,
                    };
                    self.path(path, *named, answer).await;
                }
            }
            Err(_) => {
                self.batch.store(false, Ordering::Relaxed);
                for (path, named) in paths {
                    let answer = self.fetch(&SecretRef::current(path.clone())).await;
                    self.path(path, *named, answer).await;
                }
            }
        }
    }

    /// Takes in the version of `path` that is in force, and reads those before it.
    async fn path(&self, path: &SecretPath, named: bool, answer: Result<Fetched, Fault>) {
        let current = match answer {
            Ok(fetched) => {
                self.keep(path, Standing::Current, &fetched);
                self.lock().coverage.read += 1;
                Some(fetched.version)
            }
            Err(fault) if matches!(fault.kind(), FaultKind::Deleted | FaultKind::Disabled) => {
                self.lock().coverage.read += 1;
                None
            }
            Err(fault) if fault.kind() == FaultKind::NotFound && !named => return self.vanished(path).await,
            Err(fault) => return self.gap(path, &fault),
        };
        // Nothing was before the first.
        if current.as_ref().and_then(number) != Some(1) {
            self.earlier(path, current.as_ref()).await;
        }
    }

    /// What was listed and has no value: its values may have been dropped, or it was removed since.
    async fn vanished(&self, path: &SecretPath) {
        match self.history(path).await {
            Ok(History { versions, dropped: 0 }) if versions.is_empty() => {}
            Ok(_) => self.earlier(path, None).await,
            Err(fault) if fault.kind() == FaultKind::NotFound => {
                let why = "it was removed while the manager was read".to_owned();
                self.lock().coverage.gaps.push((path.to_string(), why));
            }
            Err(fault) => self.gap(path, &fault),
        }
    }

    /// Reads the versions before `current`; where there is none, all that can be read.
    async fn earlier(&self, path: &SecretPath, current: Option<&Version>) {
        let mut lost = Lost::default();
        let versions = match self.history(path).await {
            Ok(History { versions, dropped }) => {
                lost.dropped = dropped;
                versions
            }
            Err(fault) if fault.kind() == FaultKind::Unsupported => return,
            Err(fault) => match current.and_then(number) {
                // Numbers tell which versions there were.
                Some(newest) => counted(newest, self.versions, &mut lost),
                None => {
                    lost.unlisted = Some(fault.to_string());
                    Vec::new()
                }
            },
        };
        let mut read = 0;
        for KnownVersion { version, standing } in versions {
            match standing {
                _ if Some(&version) == current => {}
                VersionStanding::Deleted => lost.deleted += 1,
                VersionStanding::Destroyed => lost.destroyed += 1,
                VersionStanding::Kept if read < self.versions => {
                    read += 1;
                    let secret = SecretRef::new(path.clone(), VersionSelector::Exact(version));
                    match self.fetch(&secret).await {
                        Ok(fetched) => {
                            self.keep(path, Standing::Previous, &fetched);
                            self.lock().coverage.earlier += 1;
                        }
                        Err(fault) => match fault.kind() {
                            FaultKind::Deleted => lost.deleted += 1,
                            FaultKind::Disabled if self.provider.name() == "vault" => lost.destroyed += 1,
                            FaultKind::Disabled => lost.shut += 1,
                            FaultKind::NotFound => lost.dropped += 1,
                            _ => return self.gap(path, &fault),
                        },
                    }
                }
                VersionStanding::Kept => lost.older += 1,
                _ => lost.disabled += 1,
            }
        }
        if !lost.is_empty() {
            self.lock().coverage.lost.push((path.to_string(), lost));
        }
    }

    async fn history(&self, path: &SecretPath) -> Result<History, Fault> {
        let told = |answer: &Result<History, Fault>| {
            if let Some(log) = &self.audit {
                let outcome = answer.as_ref().err().map_or("ok", |fault| fault.kind().name());
                let fields = [("manager", &*self.name), ("path", path.as_str()), ("outcome", outcome)];
                log.record("manager-versions", &fields);
            }
        };
        self.ask(|| self.provider.history(path), told).await
    }

    async fn fetch(&self, secret: &SecretRef) -> Result<Fetched, Fault> {
        self.ask(|| self.provider.fetch(secret), |answer| self.tell(secret.path(), answer)).await
    }

    /// Writes one read down.
    fn tell(&self, path: &SecretPath, answer: &Result<Fetched, Fault>) {
        let Some(log) = &self.audit else { return };
        let version = match answer {
            // Where the manager has no versions, its stand-in means nothing outside this process.
            Ok(fetched) => number(&fetched.version).map(|n| n.to_string()).unwrap_or_default(),
            Err(_) => String::new(),
        };
        let outcome = answer.as_ref().err().map_or("ok", |fault| fault.kind().name());
        let fields = [("manager", &*self.name), ("path", path.as_str())];
        log.record("manager-read", &[fields, [("version", &version), ("outcome", outcome)]].concat());
    }

    /// One question, repeated while the manager is busy; `told` is called with each answer.
    async fn ask<'a, T>(
        &self,
        question: impl Fn() -> Answer<'a, T>,
        told: impl Fn(&Result<T, Fault>),
    ) -> Result<T, Fault> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.pace().await;
            let answer = question().await;
            told(&answer);
            let failed = answer.as_ref().is_err_and(|f| f.kind().is_retryable());
            let down = {
                let mut state = self.lock();
                state.failures = if failed { state.failures + 1 } else { 0 };
                state.failures >= DOWN
            };
            match &answer {
                Err(fault) if failed && attempt < ATTEMPTS && !down => {
                    tokio::time::sleep(fault.retry_after().unwrap_or(WAIT * attempt)).await;
                }
                _ => return answer,
            }
        }
    }

    /// Waits for this read's turn.
    async fn pace(&self) {
        let Some(every) = self.every else { return };
        let turn = {
            let mut state = self.lock();
            let turn = state.next.max(Instant::now());
            state.next = turn + every;
            turn
        };
        tokio::time::sleep_until(turn).await;
    }

    fn keep(&self, path: &SecretPath, standing: Standing, fetched: &Fetched) {
        let labels: &Labels = &fetched.labels;
        let mut holdings = self.holdings.lock().unwrap_or_else(PoisonError::into_inner);
        let created = fetched.created;
        let version = if number(&fetched.version).is_some() || self.provider.name() != "vault" {
            fetched.version.as_str()
        } else {
            // An engine without versions; the provider's stand-in means nothing outside this process.
            ""
        };
        // Hashed, not shown.
        holdings.add(&self.name, path.as_str(), version, standing, created, labels, fetched.secret.expose());
    }

    fn gap(&self, path: &SecretPath, fault: &Fault) {
        self.lock().coverage.gaps.push((path.to_string(), fault.to_string()));
    }
}

/// The versions before `newest` that may be read, where the manager numbers them and does not list them.
fn counted(newest: u64, most: u64, lost: &mut Lost) -> Vec<KnownVersion> {
    let oldest = newest.saturating_sub(most).max(1);
    lost.older = oldest - 1;
    let known =
        |n: u64| KnownVersion { version: Version::new(n.to_string()), standing: VersionStanding::Kept };
    (oldest..newest).rev().map(known).collect()
}

/// The number that a version is, in managers that count.
fn number(version: &Version) -> Option<u64> {
    version.as_str().parse().ok().filter(|_| version.as_str().len() < 10)
}
