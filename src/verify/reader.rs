//! Reads what a manager holds: every permitted path once, and its earlier versions; gently, and with a list of what
//! did not answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use leakward_fetcher::provider::{Fetched, Labels};
use leakward_fetcher::{Fault, FaultKind, SecretPath, SecretProvider, SecretRef, Version, VersionSelector};
use tokio::time::Instant;

use super::VerifyError;
use super::holdings::{Holdings, Standing};
use super::settings::ManagerSettings;
use crate::audit::AuditLog;

/// What was asked of a manager, and what it did not answer.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// Paths that were read.
    pub(super) read: usize,
    /// What did not answer, by path or folder, and why. Sorted.
    pub(super) gaps: Vec<(String, String)>,
    /// Versions that exist no more, and so cannot be compared.
    pub(super) gone: usize,
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
    let mut coverage = Coverage::default();
    let paths = permitted(settings, provider.as_ref(), audit.as_deref(), &mut coverage).await;
    let every = settings.rate.map(|rate| Duration::from_secs_f64(1.0 / rate));
    let run = Arc::new(Run {
        name: settings.name.as_str().into(),
        versions: settings.versions,
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
            let Some((path, named)) = self.lock().queue.pop_front() else { return };
            self.path(path, named).await;
            let mut state = self.lock();
            if state.failures >= DOWN {
                let left: Vec<_> = state.queue.drain(..).collect();
                let why = "not read, since the manager stopped answering".to_owned();
                state.coverage.gaps.extend(left.into_iter().map(|(path, _)| (path.to_string(), why.clone())));
            }
        }
    }

    /// Reads all versions of `path` that are to be read.
    async fn path(&self, path: SecretPath, named: bool) {
        let current = SecretRef::current(path.clone());
        let newest = match self.fetch(&current).await {
            Ok(fetched) => {
                self.keep(&path, Standing::Current, &fetched);
                self.lock().coverage.read += 1;
                number(&fetched.version)
            }
            Err(fault) if matches!(fault.kind(), FaultKind::Deleted | FaultKind::Disabled) => {
                self.deleted();
                self.provider.version(&current).await.ok().as_ref().and_then(number)
            }
            // What was deleted since it was listed is not there to be compared.
            Err(fault) if fault.kind() == FaultKind::NotFound && !named => return,
            Err(fault) => return self.gap(&path, &fault),
        };
        self.earlier(&path, newest).await;
    }

    /// Reads the versions before `newest`.
    async fn earlier(&self, path: &SecretPath, newest: Option<u64>) {
        let able = self.provider.capabilities();
        let selectors: Vec<VersionSelector> = match newest {
            Some(newest) if able.versions => {
                let oldest = newest.saturating_sub(self.versions).max(1);
                (oldest..newest).rev().map(|n| VersionSelector::Exact(Version::new(n.to_string()))).collect()
            }
            None if able.previous && self.versions > 0 => vec![VersionSelector::Previous],
            _ => return,
        };
        for selector in selectors {
            match self.fetch(&SecretRef::new(path.clone(), selector)).await {
                Ok(fetched) => self.keep(path, Standing::Previous, &fetched),
                Err(fault) if fault.kind().is_absence() => self.lock().coverage.gone += 1,
                Err(fault) if fault.kind() == FaultKind::Unsupported => return,
                Err(fault) => return self.gap(path, &fault),
            }
        }
    }

    /// One read, repeated while the manager is busy.
    async fn fetch(&self, secret: &SecretRef) -> Result<Fetched, Fault> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            self.pace().await;
            let answer = self.provider.fetch(secret).await;
            if let Some(log) = &self.audit {
                let version = match &answer {
                    // Where the manager has no versions, its stand-in means nothing outside this process.
                    Ok(fetched) => number(&fetched.version).map(|n| n.to_string()).unwrap_or_default(),
                    Err(_) => String::new(),
                };
                let outcome = answer.as_ref().err().map_or("ok", |fault| fault.kind().name());
                let fields = [("manager", &*self.name), ("path", secret.path().as_str())];
                let more = [("version", version.as_str()), ("outcome", outcome)];
                log.record("manager-read", &[fields, more].concat());
            }
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

    /// The path is there, its version in force is not.
    fn deleted(&self) {
        let mut state = self.lock();
        state.coverage.gone += 1;
        state.coverage.read += 1;
    }

    fn gap(&self, path: &SecretPath, fault: &Fault) {
        self.lock().coverage.gaps.push((path.to_string(), fault.to_string()));
    }
}

/// The number that a version is, in managers that count.
fn number(version: &Version) -> Option<u64> {
    version.as_str().parse().ok().filter(|_| version.as_str().len() < 10)
}
