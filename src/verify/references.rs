//! Whether what code and configuration refer to is there. Each reference costs one read at the managers that may hold
//! it; without verification nobody is asked, and references are counted alone.

#[cfg(feature = "fetcher")]
use std::collections::BTreeMap;
#[cfg(feature = "fetcher")]
use std::sync::Arc;
#[cfg(feature = "fetcher")]
use std::time::{Duration, SystemTime};

#[cfg(feature = "fetcher")]
use leakward_fetcher::provider::Lifetime;
#[cfg(feature = "fetcher")]
use leakward_fetcher::secret::Json;
#[cfg(feature = "fetcher")]
use leakward_fetcher::{Fault, FaultKind, SecretPath, SecretProvider, SecretRef, Version, VersionSelector};

#[cfg(feature = "fetcher")]
use tokio::task::JoinSet;

#[cfg(feature = "fetcher")]
use super::ManagerSettings;
#[cfg(feature = "fetcher")]
use crate::audit::AuditLog;
use crate::model::{Finding, Judge, Reference, Tally};
#[cfg(feature = "fetcher")]
use crate::model::{Holder, Verdict};

/// Counts references and drops them: nobody is asked about them.
#[derive(Debug)]
pub struct CountedReferences;

/// Asks the managers about references, and keeps those that lead nowhere.
#[cfg(feature = "fetcher")]
#[derive(Debug)]
pub struct References {
    managers: Vec<ManagerSettings>,
    audit: Option<Arc<AuditLog>>,
}

/// The reference that `finding` is, if it is one to ask about.
fn reference(finding: &Finding) -> Option<Reference> {
    if !finding.rule.extractor.is_practice() {
        return None;
    }
    // No secret: the name of one.
    std::str::from_utf8(finding.secret.expose()).ok().and_then(Reference::parse).filter(|_| is_asked(finding))
}

/// Whether `finding` says no more than that it refers to something.
fn is_asked(finding: &Finding) -> bool {
    finding.why.iter().any(|why| why.starts_with("refers to "))
}

impl Judge for CountedReferences {
    fn judge(&self, findings: &mut Vec<Finding>, tally: &mut Tally) {
        let before = findings.len();
        findings.retain(|finding| reference(finding).is_none());
        let count = before - findings.len();
        if count > 0 {
            let are = if count == 1 { "reference to a secret was" } else { "references to secrets were" };
            tally
                .notes
                .push(format!("{count} {are} found; --verify asks your manager whether they lead anywhere"));
        }
    }
}

#[cfg(feature = "fetcher")]
impl References {
    /// References are asked of `managers`; every read is written down in `audit`.
    pub const fn new(managers: Vec<ManagerSettings>, audit: Option<Arc<AuditLog>>) -> Self {
        Self { managers, audit }
    }

    /// What each of `wanted` leads to.
    async fn answers(&self, wanted: Vec<Reference>) -> BTreeMap<Reference, Lead> {
        let mut best: BTreeMap<Reference, Lead> =
            wanted.into_iter().map(|reference| (reference, Lead::Unasked)).collect();
        for manager in &self.managers {
            let meant: Vec<Reference> =
                best.keys().filter(|r| means(r.holder, &manager.kind)).cloned().collect();
            for (reference, lead) in self.leads(manager, meant).await {
                if let Some(known) = best.get_mut(&reference) {
                    *known = std::mem::replace(known, Lead::Unasked).better(lead);
                }
            }
        }
        best
    }

    /// What each of `meant` leads to in `manager`.
    async fn leads(&self, manager: &ManagerSettings, meant: Vec<Reference>) -> Vec<(Reference, Lead)> {
        let provider = match manager.provider().await {
            Ok(provider) => provider,
            Err(error) => {
                let why = format!("{}: {error}", manager.name);
                return meant.into_iter().map(|r| (r, Lead::Unknown(why.clone()))).collect();
            }
        };
        let (manager_name, audit) = (manager.name.clone(), self.audit.clone());
        let asker = Arc::new(Asker { manager: manager_name, provider, audit });
        let every = manager.rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate));
        let (mut running, mut answers) = (JoinSet::new(), Vec::new());
        for reference in meant {
            if running.len() >= manager.concurrency.get() {
                answers.extend(running.join_next().await.and_then(Result::ok));
            }
            let asker = Arc::clone(&asker);
            running.spawn(async move {
                let lead = asker.ask(&reference).await;
                (reference, lead)
            });
            if !every.is_zero() {
                tokio::time::sleep(every).await;
            }
        }
        while let Some(answer) = running.join_next().await {
            answers.extend(answer.ok());
        }
        // Ends a login of ours; where that fails, it ends by itself.
        let _ = asker.provider.close().await;
        answers
    }
}

/// One manager that is asked.
#[cfg(feature = "fetcher")]
struct Asker {
    manager: String,
    provider: Arc<dyn SecretProvider>,
    audit: Option<Arc<AuditLog>>,
}

#[cfg(feature = "fetcher")]
impl Asker {
    async fn ask(&self, reference: &Reference) -> Lead {
        let name = &self.manager;
        let Ok(path) = SecretPath::parse(&reference.path) else {
            return Lead::Nowhere("no path of a secret looks like that".to_owned());
        };
        if !self.provider.repeatable(&path) {
            return Lead::Unknown(format!("{name}: reading it would make credentials"));
        }
        let selector = match &reference.version {
            Some(version) => VersionSelector::Exact(Version::new(version.clone())),
            None => VersionSelector::Current,
        };
        let answer = self.provider.fetch(&SecretRef::new(path, selector)).await;
        if let Some(log) = &self.audit {
            let outcome = answer.as_ref().err().map_or("ok", |fault| fault.kind().name());
            let version = reference.version.as_deref().unwrap_or_default();
            let fields = [("manager", name.as_str()), ("path", &reference.path)];
            log.record("manager-read", &[fields, [("version", version), ("outcome", outcome)]].concat());
        }
        let fetched = match answer {
            Ok(fetched) => fetched,
            Err(fault) => return led(name, &fault),
        };
        if let Lifetime::Until(end) = fetched.lifetime
            && end <= SystemTime::now()
        {
            return Lead::Nowhere(format!("it has expired in {name}"));
        }
        match &reference.field {
            // Looked for its fields' names, not shown.
            Some(field) if !has(fetched.secret.expose(), field) => {
                Lead::Nowhere(format!("it has no field {field} in {name}"))
            }
            _ => Lead::There,
        }
    }
}

/// What `fault` says of where a reference leads.
#[cfg(feature = "fetcher")]
fn led(name: &str, fault: &Fault) -> Lead {
    match fault.kind() {
        FaultKind::NotFound => Lead::Nowhere(format!("{name} has no such secret")),
        FaultKind::NoRoute => Lead::Nowhere(format!("{name} has no such mount")),
        FaultKind::Deleted => Lead::Nowhere(format!("it was deleted in {name}")),
        FaultKind::Disabled => Lead::Nowhere(format!("it is destroyed or disabled in {name}")),
        _ => Lead::Unknown(format!("{name}: {fault}")),
    }
}

/// Whether `value` has a `field`, as a JSON object with that key or path of keys.
#[cfg(feature = "fetcher")]
fn has(value: &[u8], field: &str) -> bool {
    Json::parse(value).is_ok_and(|json| json.field(field).is_some() || json.at(field).is_some())
}

/// Whether a reference to `holder` may mean a manager of this kind.
#[cfg(feature = "fetcher")]
fn means(holder: Holder, provider: &str) -> bool {
    holder == Holder::Any || holder.as_str() == provider
}

/// Where a reference leads. What is there counts before what is unknown, and that before what is nowhere.
#[cfg(feature = "fetcher")]
#[derive(Debug, Clone, PartialEq, Eq)]
enum Lead {
    /// To a secret.
    There,
    /// It cannot be told.
    Unknown(String),
    /// To none.
    Nowhere(String),
    /// No manager of the kind is configured.
    Unasked,
}

#[cfg(feature = "fetcher")]
impl Lead {
    fn better(self, other: Self) -> Self {
        let rank = |lead: &Self| match lead {
            Self::There => 3,
            Self::Unknown(_) => 2,
            Self::Nowhere(_) => 1,
            Self::Unasked => 0,
        };
        if rank(&other) > rank(&self) { other } else { self }
    }
}

#[cfg(feature = "fetcher")]
impl Judge for References {
    fn judge(&self, findings: &mut Vec<Finding>, tally: &mut Tally) {
        let mut wanted: Vec<Reference> = findings.iter().filter_map(reference).collect();
        wanted.sort();
        wanted.dedup();
        if wanted.is_empty() {
            return;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let answers = match runtime {
            Ok(runtime) => runtime.block_on(self.answers(wanted)),
            Err(error) => {
                tally.gap("references to secrets".to_owned(), format!("could not be asked about: {error}"));
                BTreeMap::new()
            }
        };
        let mut unasked = 0;
        findings.retain_mut(|finding| {
            let Some(reference) = reference(finding) else { return true };
            match answers.get(&reference) {
                Some(Lead::There) => return false,
                Some(Lead::Nowhere(why)) => finding.why.push(why.clone().into()),
                Some(Lead::Unknown(why)) => finding.verdict = Some(Box::new(Verdict::Unchecked(why.clone()))),
                Some(Lead::Unasked) | None => {
                    unasked += 1;
                    return false;
                }
            }
            true
        });
        if unasked > 0 {
            tally.notes.push(format!("{unasked} references mean a kind of manager that is not configured"));
        }
    }
}

#[cfg(all(test, feature = "fetcher"))]
mod tests {
    use super::*;

    #[test]
    fn what_one_manager_has_is_there_whatever_another_says() {
        let nowhere = || Lead::Nowhere("a has no such secret".into());
        let unknown = || Lead::Unknown("b: permission denied".into());
        assert_eq!(nowhere().better(Lead::There), Lead::There);
        assert_eq!(Lead::There.better(unknown()), Lead::There);
        assert_eq!(nowhere().better(unknown()), unknown());
        assert_eq!(Lead::Unasked.better(nowhere()), nowhere());
    }

    #[test]
    fn fields_are_keys_of_an_object() {
        assert!(has(br#"{"a":{"b":1}}"#, "a") && has(br#"{"a":{"b":1}}"#, "a.b"));
        assert!(!has(br#"{"a":1}"#, "c") && !has(b"plain", "a"));
    }
}
