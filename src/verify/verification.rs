//! Findings in, verdicts out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use leakward_fetcher::SecretProvider as _;
use zeroize::Zeroizing;

use super::holdings::{Hash, Holdings};
use super::lookup::{Handle, Held as Asked, Lookup};
use super::reader::{self, Coverage};
use super::settings::ManagerSettings;
use super::{VerifyError, forms, key_material};
use crate::audit::AuditLog;
use crate::detect::known::{KnownIndex, Refusal};
use crate::model::{Finding, Judge, Reason, State, Tally, Verdict};
use crate::rule::Severity;

/// Verification against the configured managers. They are asked once, when the first finding (or the search for known
/// values) needs them; nothing is asked when nothing was found.
#[derive(Debug)]
pub struct Verification {
    managers: Vec<ManagerSettings>,
    /// Whether the values are searched for as well.
    search: bool,
    /// Whether found tokens are looked up at our own servers.
    lookup: bool,
    /// Whether the values are kept to be exported.
    export: bool,
    audit: Option<Arc<AuditLog>>,
    held: OnceLock<Result<Held, String>>,
}

/// A value in force, and where it lies.
pub type Exported = (String, Zeroizing<Vec<u8>>);

/// What the managers answered.
#[derive(Debug)]
struct Held {
    holdings: Holdings,
    /// By the number under which a value is searched for.
    numbers: Vec<Hash>,
    refused: Vec<(String, Refusal)>,
    /// By manager, in the order of the settings.
    coverage: Vec<(String, Coverage)>,
}

/// Places in which a value may be found before it is taken to be a common word.
const MOST_PLACES: usize = 100;
/// What did not answer, named in a note; the rest is counted.
const NAMED: usize = 5;

impl Verification {
    /// Verification against `managers`; `search`: their values are searched for as well; `lookup`: found tokens are
    /// looked up at those of them that are Vault or OpenBao.
    pub const fn new(managers: Vec<ManagerSettings>, search: bool, lookup: bool) -> Self {
        Self { managers, search, lookup, export: false, audit: None, held: OnceLock::new() }
    }

    /// A reader of all values of `managers`, for [`Self::export`].
    pub const fn exporting(managers: Vec<ManagerSettings>) -> Self {
        Self { managers, search: false, lookup: false, export: true, audit: None, held: OnceLock::new() }
    }

    /// Writes every read and look-up down in `audit`.
    #[must_use]
    pub fn audited(mut self, audit: Option<Arc<AuditLog>>) -> Self {
        self.audit = audit;
        self
    }

    /// Reads the managers now, and returns the index of the values that they hold.
    ///
    /// # Errors
    /// They cannot be asked at all.
    pub fn known_values(&self) -> Result<KnownIndex, VerifyError> {
        let (held, index) = self.read()?;
        let _ = self.held.set(Ok(held));
        index.ok_or_else(|| VerifyError::System("the values were not asked for".to_owned()))
    }

    /// Reads the managers and returns their values in force, for an index: where each lies, and the value. What did
    /// not answer comes second.
    ///
    /// # Errors
    /// They cannot be asked at all.
    pub fn export(&self) -> Result<(Vec<Exported>, Vec<String>), VerifyError> {
        let (mut held, _) = self.read()?;
        let gaps = held.coverage.iter().filter_map(|(name, c)| unanswered(name, c)).collect();
        Ok((held.holdings.take_exported(), gaps))
    }

    /// Whether every path told its value in force; `false`: one that was found absent may be in force all the same.
    pub fn all_answered(&self) -> bool {
        self.held().as_ref().is_ok_and(|held| held.coverage.iter().all(|(_, c)| c.gaps.is_empty()))
    }

    fn read(&self) -> Result<(Held, Option<KnownIndex>), VerifyError> {
        let system = |e: &dyn std::fmt::Display| VerifyError::System(e.to_string());
        let holdings = Holdings::new(self.search, self.export).map_err(|e| system(&e))?;
        let holdings = Arc::new(Mutex::new(holdings));
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| system(&e))?;
        let coverage = runtime.block_on(async {
            let mut all = Vec::new();
            for manager in &self.managers {
                let coverage = reader::read_all(manager, Arc::clone(&holdings), self.audit.clone()).await?;
                all.push((manager.name.clone(), coverage));
            }
            Ok::<_, VerifyError>(all)
        })?;
        drop(runtime);
        let holdings = Arc::try_unwrap(holdings).map_err(|_| system(&"a reader did not end"))?;
        let mut holdings = holdings.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (index, numbers, refused) = match holdings.take_known() {
            Some(known) => (Some(known.index), known.numbers, known.refused),
            None => (None, Vec::new(), Vec::new()),
        };
        Ok((Held { holdings, numbers, refused, coverage }, index))
    }

    /// Says of a key id that names one of our accounts that it does.
    fn mark_account(&self, finding: &mut Finding) {
        let account = finding.why.iter().find_map(|why| why.strip_prefix("account ").map(str::to_owned));
        let Some(account) = account else { return };
        let owner = self.managers.iter().find(|m| m.accounts.contains(&account));
        finding.why.extend(owner.map(|m| Reason::Owned(format!("an account of yours ({})", m.name))));
    }

    /// Asks our own servers about what they can be asked about and was not found among their values.
    fn look_up(&self, findings: &mut [Finding]) -> Result<(), VerifyError> {
        let open =
            |f: &Finding| matches!(f.verdict.as_deref(), Some(Verdict::Unmanaged | Verdict::Unchecked(_)));
        let handles: Vec<_> = findings.iter().map(|f| Handle::of(f).filter(|_| open(f))).collect();
        if handles.iter().all(Option::is_none) {
            return Ok(());
        }
        let mut servers = Vec::new();
        for manager in &self.managers {
            servers.extend(manager.vault()?.map(|server| (manager.name.as_str(), server)));
        }
        runtime()?.block_on(async {
            // One question for each text, however often it was found.
            let mut answers: Vec<(Asked, Option<Verdict>)> = Vec::new();
            for (finding, handle) in findings.iter_mut().zip(handles) {
                let Some(held) = handle else { continue };
                let same = |known: &Asked| known.handle == held.handle && *known.text == *held.text;
                let asked = answers.iter().position(|(known, _)| same(known));
                let asked = match asked {
                    Some(asked) => asked,
                    None => {
                        let mut best = None;
                        for (name, server) in &servers {
                            let answer = Lookup { name, server }.verdict(held.handle, &held.text).await;
                            self.tell_lookup(name, held.handle, answer.as_ref());
                            best = better(best, answer);
                        }
                        answers.push((held, best));
                        answers.len() - 1
                    }
                };
                if let Some(verdict) = &answers[asked].1 {
                    finding.verdict = Some(Box::new(verdict.clone()));
                }
            }
            for (_, server) in &servers {
                // Ends a login of ours; where that fails, it ends by itself.
                let _ = server.close().await;
            }
        });
        Ok(())
    }

    fn tell_lookup(&self, manager: &str, handle: Handle, answer: Option<&Verdict>) {
        if let Some(log) = &self.audit {
            let outcome = answer.map_or("unknown", |verdict| verdict.state().as_str());
            log.record("lookup", &[("manager", manager), ("kind", handle.words()), ("outcome", outcome)]);
        }
    }

    fn held(&self) -> &Result<Held, String> {
        self.held.get_or_init(|| self.read().map(|(held, _)| held).map_err(|e| e.to_string()))
    }
}

impl Judge for Verification {
    fn judge(&self, findings: &mut Vec<Finding>, tally: &mut Tally) {
        // Bad practice is no value that a manager could hold.
        let practice: Vec<Finding> =
            findings.extract_if(.., |finding| finding.rule.extractor.is_practice()).collect();
        self.judge_values(findings, tally);
        if !practice.is_empty() {
            findings.extend(practice);
            findings.sort_by(Finding::order);
        }
    }
}

impl Verification {
    fn judge_values(&self, findings: &mut Vec<Finding>, tally: &mut Tally) {
        if findings.is_empty() && !self.search {
            return;
        }
        let held = match self.held() {
            Ok(held) => held,
            Err(why) => {
                tally.notes.push(format!("nothing was verified: {why}"));
                let unchecked = || Some(Box::new(Verdict::Unchecked(why.clone())));
                findings.iter_mut().for_each(|f| f.verdict = unchecked());
                return;
            }
        };
        held.tell(self.search, tally);
        for finding in findings.iter_mut() {
            finding.verdict = Some(Box::new(held.verdict(finding)));
            self.mark_account(finding);
        }
        if self.lookup
            && let Err(error) = self.look_up(findings)
        {
            tally.notes.push(format!("nothing was looked up: {error}"));
        }
        for finding in findings.iter_mut() {
            if let Some(verdict) = &finding.verdict {
                finding.severity = severity(verdict.state(), finding.severity);
            }
        }
        held.drop_common(findings, tally);
        drop_twins(findings);
    }
}

/// One small runtime: everything happens on this thread.
fn runtime() -> Result<tokio::runtime::Runtime, VerifyError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|e| VerifyError::System(e.to_string()))
}

/// Of two servers' answers the one that says more: what lives before what is dead before what is not known.
fn better(one: Option<Verdict>, other: Option<Verdict>) -> Option<Verdict> {
    let rank = |v: &Option<Verdict>| match v.as_ref().map(Verdict::state) {
        Some(State::Current | State::Leased) => 3,
        Some(State::Unchecked) => 2,
        Some(_) => 1,
        None => 0,
    };
    if rank(&other) > rank(&one) { other } else { one }
}

impl Held {
    fn verdict(&self, finding: &Finding) -> Verdict {
        // Compared with what the managers hold, and shown to nobody.
        let context = finding.excerpt.text.expose();
        if let Some(known) = finding.known
            && let Some(hash) = known.number.and_then(|n| self.numbers.get(n as usize))
        {
            let form = Some(known.form).filter(|form| *form != "plain" && *form != "trimmed");
            if let Some(verdict) = self.holdings.verdict(hash, form, context) {
                return verdict;
            }
        }
        let found = [finding.secret.expose(), finding.matched.expose()];
        let mut previous = None;
        for text in found {
            for reading in forms::readings(text) {
                let value = self.holdings.of_value(reading.bytes.trim_ascii());
                let keys = key_material::public_keys(&reading.bytes);
                let hashes = std::iter::once(value).chain(keys.iter().map(|key| self.holdings.of_key(key)));
                for hash in hashes {
                    match self.holdings.verdict(&hash, reading.form, context) {
                        Some(verdict @ Verdict::Current(_)) => return verdict,
                        Some(verdict) => previous = previous.or(Some(verdict)),
                        None => {}
                    }
                }
            }
        }
        previous.unwrap_or_else(|| self.absent())
    }

    /// The verdict on a value that was not found: it may lie where nothing was answered, or in a version that cannot
    /// be read any more.
    fn absent(&self) -> Verdict {
        let gaps = self.coverage.iter().filter_map(|(name, c)| unanswered(name, c));
        let lost = self.coverage.iter().filter_map(|(name, c)| uncompared(name, c));
        let why: Vec<String> = gaps.chain(lost).collect();
        if why.is_empty() { Verdict::Unmanaged } else { Verdict::Unchecked(why.join("; ")) }
    }

    /// What a person must know of the managers' answers.
    fn tell(&self, search: bool, tally: &mut Tally) {
        for (name, coverage) in &self.coverage {
            let Coverage { read, gaps, earlier, making, .. } = coverage;
            let mut text = format!("verified against {read} secrets of {name}");
            if *earlier > 0 {
                text += &format!(" and {earlier} of their earlier versions");
            }
            tally.notes.push(text);
            tally.notes.extend(unanswered(name, coverage));
            tally.notes.extend(uncompared(name, coverage));
            for path in making {
                tally.notes.push(format!("{name}: {path} is not read: that would make credentials"));
            }
            if search {
                for (path, why) in gaps {
                    tally.gap(format!("{name}:{path}"), format!("its values were not searched for: {why}"));
                }
            }
        }
        if search {
            for (place, refusal) in &self.refused {
                let why = match refusal {
                    Refusal::Short => "shorter than 8 bytes",
                    Refusal::Common => "a common word",
                    Refusal::Uniform => "made of fewer than 4 different characters",
                };
                tally
                    .notes
                    .push(format!("weak or common value in your manager, not searched for: {place}: {why}"));
            }
            for places in self.holdings.reused() {
                tally
                    .notes
                    .push(format!("one value in several places of your manager: {}", places.join(", ")));
            }
        }
    }

    /// Drops known values that are found in so many places that they must be ordinary words, and says so.
    fn drop_common(&self, findings: &mut Vec<Finding>, tally: &mut Tally) {
        let number = |f: &Finding| f.known.and_then(|k| k.number);
        let mut places: HashMap<u32, usize> = HashMap::new();
        for number in findings.iter().filter_map(number) {
            *places.entry(number).or_default() += 1;
        }
        let is_common =
            |f: &Finding| number(f).is_some_and(|n| places.get(&n).is_some_and(|&n| n > MOST_PLACES));
        for finding in findings.iter().filter(|f| is_common(f)) {
            let managed = finding.verdict.as_ref().and_then(|v| v.managed());
            let (Some(managed), Some(number)) = (managed, number(finding)) else { continue };
            let count = places.get(&number).copied().unwrap_or_default();
            let field = managed.field.as_ref().map_or_else(String::new, |f| format!(" ({f})"));
            tally.notes.push(format!(
                "weak or common value in your manager: {}:{}{field}: found in {count} places, too many to be told from \
                 ordinary text",
                managed.manager, managed.path
            ));
        }
        findings.retain(|f| !is_common(f));
        tally.notes.sort_unstable();
        tally.notes.dedup();
    }
}

/// What of a manager did not answer, in words.
fn unanswered(name: &str, coverage: &Coverage) -> Option<String> {
    let gaps = coverage.gaps.iter().map(|(path, why)| format!("{path} ({why})"));
    list(gaps).map(|list| format!("{name}: no answer from {list}"))
}

/// Which versions of a manager could not be compared, in words.
fn uncompared(name: &str, coverage: &Coverage) -> Option<String> {
    let lost = coverage.lost.iter().map(|(path, lost)| format!("{path} ({})", lost.words(coverage.bound)));
    list(lost).map(|list| format!("{name}: versions that cannot be compared: {list}"))
}

/// The first few of `all`, and how many more there are.
fn list(all: impl ExactSizeIterator<Item = String>) -> Option<String> {
    let more = all.len().saturating_sub(NAMED);
    let named: Vec<String> = all.take(NAMED).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| named.join(", ") + &more)
}

/// How bad a leak is, given its verdict.
fn severity(state: State, before: Severity) -> Severity {
    match state {
        State::Current | State::Leased => Severity::Critical,
        State::Previous | State::Destroyed => Severity::Low,
        State::Active | State::Inactive | State::Unmanaged | State::Unchecked => before,
    }
}

/// Drops known values where a rule's own finding says the same of the same bytes.
fn drop_twins(findings: &mut Vec<Finding>) {
    let place = |f: &Finding| {
        f.verdict.as_ref().and_then(|v| v.managed()).map(|m| (m.manager.clone(), m.path.clone()))
    };
    let mut ruled: HashMap<_, Vec<_>> = HashMap::new();
    for finding in findings.iter().filter(|f| f.known.is_none()) {
        if let Some(place) = place(finding) {
            ruled.entry((finding.origin.clone(), place)).or_default().push(finding.span);
        }
    }
    findings.retain(|f| {
        let twin = f.known.and_then(|_| place(f)).and_then(|place| ruled.get(&(f.origin.clone(), place)));
        !twin.is_some_and(|spans| spans.iter().any(|s| s.overlaps(f.span)))
    });
}
