//! Findings in, verdicts out: each question once, each host at its pace.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::client::{Client, ClientError, Fault, Send};
use super::reading::{Meaning, meaning};
use super::request::{Request, Unasked};
use super::settings::LiveSettings;
use crate::audit::AuditLog;
use crate::model::{Answered, Finding, Judge, Managed, Tally, Verdict};
use crate::rule::{LiveCheck, Severity, Text};

/// Asks providers about findings.
#[derive(Debug)]
pub struct Inquiry {
    settings: LiveSettings,
    /// Who asks; nobody does in a dry run, which so needs neither certificates nor a proxy.
    client: Option<Box<dyn Send>>,
    audit: Option<Arc<AuditLog>>,
}

/// Hosts asked at once.
const HOSTS_AT_ONCE: NonZeroUsize = NonZeroUsize::new(8).unwrap();
/// Questions in a row without an answer after which a host is left alone.
const PATIENCE: u32 = 3;
/// HTTP status of a host that wants to be left alone.
const TOO_MANY: u16 = 429;

/// One question, and the findings that it is about.
struct Question {
    rule: Text,
    check: LiveCheck,
    request: Request,
    findings: Vec<usize>,
}

/// Questions by host.
type Hosts = BTreeMap<String, Vec<Question>>;

/// What one host was asked and answered.
#[derive(Default)]
struct Asked {
    active: usize,
    inactive: usize,
    unclear: usize,
}

impl Inquiry {
    /// Inquiries by `settings`; each question and the kind of its answer is written down in `audit`.
    ///
    /// # Errors
    /// Nobody can be asked from here.
    pub fn new(settings: LiveSettings, audit: Option<Arc<AuditLog>>) -> Result<Self, ClientError> {
        let client = match settings.dry_run {
            true => None,
            false => Some(Box::new(Client::new(&settings.overrides)?) as _),
        };
        Ok(Self { settings, client, audit })
    }

    /// The questions about `findings`, by host; and why others are not asked about.
    fn questions(&self, findings: &[Finding]) -> (Hosts, Vec<(usize, Unasked)>) {
        let now = Timestamp::now();
        let mut questions: Vec<Question> = Vec::new();
        let mut known = HashMap::new();
        let mut unasked = Vec::new();
        for (i, finding) in findings.iter().enumerate() {
            let consent = finding.suppressed.is_none() && self.settings.admits(&finding.rule.id);
            let Some(check) = finding.rule.live.as_ref().filter(|_| consent) else { continue };
            if !self.settings.trusts(&finding.rule) {
                unasked.push((i, Unasked::Foreign));
                continue;
            }
            match Request::new(check, finding, now) {
                Ok(None) => {}
                Ok(Some(request)) => {
                    let at = *known.entry((finding.rule.id.clone(), request.name())).or_insert_with(|| {
                        questions.push(Question {
                            rule: finding.rule.id.clone(),
                            check: check.clone(),
                            request,
                            findings: Vec::new(),
                        });
                        questions.len() - 1
                    });
                    questions[at].findings.push(i);
                }
                Err(why) => unasked.push((i, why)),
            }
        }
        let mut hosts = Hosts::new();
        for question in questions {
            hosts.entry(question.request.host.clone()).or_default().push(question);
        }
        (hosts, unasked)
    }

    /// Asks `host` all of `questions`, one after the other.
    fn ask(&self, client: &dyn Send, host: &str, questions: Vec<Question>) -> Vec<(Question, Meaning)> {
        let gap = Duration::from_secs_f64(1.0 / self.settings.per_second);
        let mut last: Option<Instant> = None;
        let mut silent = 0;
        let mut left_alone: Option<String> = None;
        let mut answers = Vec::with_capacity(questions.len());
        for question in questions {
            if let Some(why) = &left_alone {
                answers.push((question, Meaning::Unclear(why.clone())));
                continue;
            }
            if let Some(last) = last {
                thread::sleep(gap.saturating_sub(last.elapsed()));
            }
            last = Some(Instant::now());
            let read = match client.send(&question.request) {
                Ok(reply) if reply.status != TOO_MANY => {
                    silent = 0;
                    let sent: Vec<&str> = question.request.sent.iter().map(|s| s.as_str()).collect();
                    meaning(&question.check, &reply, &sent)
                }
                answer => {
                    let fault = answer.err().unwrap_or(Fault::Busy);
                    silent += 1;
                    if silent == PATIENCE || matches!(fault, Fault::Private | Fault::Busy) {
                        left_alone = Some(fault.to_string());
                    }
                    Meaning::Unclear(fault.to_string())
                }
            };
            self.tell(host, &question.rule, &read);
            answers.push((question, read));
        }
        answers
    }

    fn tell(&self, host: &str, rule: &str, read: &Meaning) {
        if let Some(log) = &self.audit {
            let outcome = match read {
                Meaning::Active(_) => "active",
                Meaning::Inactive => "inactive",
                Meaning::Unclear(why) => why,
            };
            log.record("live-check", &[("host", host), ("rule", rule), ("outcome", outcome)]);
        }
    }
}

impl Judge for Inquiry {
    fn judge(&self, findings: &mut Vec<Finding>, tally: &mut Tally) {
        let (hosts, unasked) = self.questions(findings);
        for (i, why) in unasked {
            unclear(&mut findings[i], why.to_string());
        }
        let Some(client) = self.client.as_deref() else {
            tally.notes.extend(hosts.iter().map(|(host, questions)| would_ask(host, questions)));
            if hosts.is_empty() {
                tally.notes.push("no provider would be asked".to_owned());
            }
            return;
        };
        let workers = HOSTS_AT_ONCE.get().min(hosts.len());
        let open = Mutex::new(hosts.into_iter());
        let answers = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    loop {
                        let next = open.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some((host, questions)) = next else { return };
                        let all = self.ask(client, &host, questions);
                        answers.lock().unwrap_or_else(PoisonError::into_inner).push((host, all));
                    }
                });
            }
        });
        for (host, all) in answers.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let mut asked = Asked::default();
            for (question, read) in all {
                match &read {
                    Meaning::Active(_) => asked.active += 1,
                    Meaning::Inactive => asked.inactive += 1,
                    Meaning::Unclear(_) => asked.unclear += 1,
                }
                question.findings.iter().for_each(|&i| settle(&mut findings[i], &host, &read));
            }
            tally.notes.push(asked.words(&host));
        }
        tally.notes.sort_unstable();
    }
}

impl Asked {
    fn words(&self, host: &str) -> String {
        let Self { active, inactive, unclear } = self;
        let total = active + inactive + unclear;
        let noun = if total == 1 { "secret" } else { "secrets" };
        let parts = [(active, "active"), (inactive, "inactive"), (unclear, "not told")];
        let parts = parts.iter().filter(|(n, _)| **n > 0).map(|(n, word)| format!("{n} {word}"));
        format!("asked {host} about {total} {noun}: {}", parts.collect::<Vec<_>>().join(", "))
    }
}

fn would_ask(host: &str, questions: &[Question]) -> String {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for question in questions {
        *rules.entry(&question.rule).or_default() += 1;
    }
    let rules: Vec<_> = rules.iter().map(|(rule, n)| format!("{n} {rule}")).collect();
    format!("would ask {host} about {}", rules.join(", "))
}

/// Gives `finding` the verdict that `read`, the answer of `host`, and what is known already come to.
fn settle(finding: &mut Finding, host: &str, read: &Meaning) {
    let (told, accepts) = match read {
        Meaning::Unclear(why) => return unclear(finding, format!("{host}: {why}")),
        Meaning::Active(told) => (told.clone(), true),
        Meaning::Inactive => (Vec::new(), false),
    };
    let noted = |mut known: Verdict| {
        let word = if accepts { "accepts" } else { "refuses" };
        known.notes_mut()?.push(format!("{host} {word} it"));
        Some(known)
    };
    let mut answered = Answered { host: host.to_owned(), notes: told };
    let verdict = match finding.verdict.take().map(|verdict| *verdict) {
        Some(Verdict::Previous(managed) | Verdict::Destroyed(managed)) if accepts => {
            let Managed { manager, path, .. } = managed;
            answered.notes.push(format!("although {manager}:{path} holds another value now"));
            Verdict::Active(answered)
        }
        // The manager knows better what it is; the provider, whether it opens anything.
        known => match known.and_then(noted) {
            Some(known) => known,
            None if accepts => Verdict::Active(answered),
            None => Verdict::Inactive(answered),
        },
    };
    finding.severity = match &verdict {
        // A test key in force is still a test key.
        Verdict::Active(_) if finding.severity == Severity::Low => Severity::Medium,
        Verdict::Active(_) => Severity::Critical,
        Verdict::Inactive(_) => Severity::Low,
        _ => finding.severity,
    };
    finding.verdict = Some(Box::new(verdict));
}

/// Says why a finding was not told about, where nothing else is known of it.
fn unclear(finding: &mut Finding, why: String) {
    if finding.verdict.is_none() {
        finding.verdict = Some(Box::new(Verdict::Unchecked(why)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::client::Reply;
    use crate::live::testing::{check, finding};
    use crate::model::{Lent, Managed, State};

    /// Answers with one status, or not at all.
    #[derive(Debug)]
    struct Fake {
        answer: Result<u16, Fault>,
        asked: Mutex<usize>,
    }

    impl Send for Arc<Fake> {
        fn send(&self, _: &Request) -> Result<Reply, Fault> {
            *self.asked.lock().unwrap() += 1;
            let reply =
                |status| Reply { status, headers: Vec::new(), body: zeroize::Zeroizing::new(Vec::new()) };
            self.answer.map(reply)
        }
    }

    /// What becomes of `findings`, and how many questions were asked.
    fn judged(answer: Result<u16, Fault>, mut findings: Vec<Finding>) -> (Vec<Finding>, Vec<String>, usize) {
        let fake = Arc::new(Fake { answer, asked: Mutex::new(0) });
        let settings = LiveSettings::new(None, &[], Some(1_000_000)).unwrap().trusting(true);
        let inquiry = Inquiry { settings, client: Some(Box::new(Arc::clone(&fake))), audit: None };
        let mut tally = Tally::default();
        inquiry.judge(&mut findings, &mut tally);
        let asked = *fake.asked.lock().unwrap();
        (findings, tally.notes, asked)
    }

    fn with(verdict: Verdict) -> Vec<Finding> {
        vec![Finding { verdict: Some(Box::new(verdict)), ..finding("acme_1", check()) }]
    }

    fn managed() -> Managed {
        Managed { manager: "prod".to_owned(), path: "secret/a".to_owned(), ..Managed::default() }
    }

    fn settled(answer: u16, verdict: Verdict) -> (State, Severity, Verdict) {
        let (mut findings, ..) = judged(Ok(answer), with(verdict));
        let finding = findings.remove(0);
        let verdict = *finding.verdict.unwrap();
        (verdict.state(), finding.severity, verdict)
    }

    #[test]
    fn the_provider_speaks_where_the_manager_does_not_know() {
        for unknown in [Verdict::Unmanaged, Verdict::Unchecked("sealed".to_owned())] {
            assert_eq!(settled(200, unknown.clone()).0, State::Active);
            let (state, severity, _) = settled(401, unknown.clone());
            assert_eq!((state, severity), (State::Inactive, Severity::Low));
            assert_eq!(settled(500, unknown.clone()).2, unknown);
        }
    }

    #[test]
    fn what_the_manager_knows_stays_with_a_note() {
        let (state, _, verdict) = settled(200, Verdict::Current(managed()));
        assert_eq!(
            (state, &verdict.managed().unwrap().notes[0][..]),
            (State::Current, "api.acme.example accepts it")
        );
        assert_eq!(settled(401, Verdict::Previous(managed())).0, State::Previous);
        assert_eq!(settled(401, Verdict::Leased(Lent::default())).0, State::Leased);
    }

    #[test]
    fn an_old_value_that_is_still_accepted_is_active() {
        let (state, severity, verdict) = settled(200, Verdict::Previous(managed()));
        assert_eq!((state, severity), (State::Active, Severity::Critical));
        let Verdict::Active(answered) = verdict else { panic!() };
        assert_eq!(answered.notes, ["although prod:secret/a holds another value now"]);
    }

    #[test]
    fn a_host_that_does_not_answer_is_left_alone_after_a_few_questions() {
        let findings: Vec<_> = (0..9).map(|i| finding(&format!("acme_{i}"), check())).collect();
        let (findings, notes, asked) = judged(Err(Fault::Slow), findings);
        assert_eq!(asked, PATIENCE as usize);
        let why = Verdict::Unchecked("api.acme.example: no answer in time".to_owned());
        assert!(findings.iter().all(|f| f.verdict.as_deref() == Some(&why)), "{findings:?}");
        assert_eq!(notes, ["asked api.acme.example about 9 secrets: 9 not told"]);
        // A private address is not tried again at all.
        let findings = (0..9).map(|i| finding(&format!("acme_{i}"), check())).collect();
        assert_eq!(judged(Err(Fault::Private), findings).2, 1);
    }

    #[test]
    fn a_test_key_in_force_is_still_a_test_key() {
        let low = Finding { severity: Severity::Low, ..finding("acme_1", check()) };
        assert_eq!(judged(Ok(200), vec![low]).0[0].severity, Severity::Medium);
        assert_eq!(judged(Ok(200), vec![finding("acme_1", check())]).0[0].severity, Severity::Critical);
    }
}
