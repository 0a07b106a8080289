//! What happened, as numbers, in the text form that Prometheus reads. Names of secrets only when that is asked for.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError, Weak};

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::Shared;
use super::reply::Reply;
use crate::cache::BreakerState;
use crate::client::Event;
use crate::secret::SecretRef;

/// Numbers since the start.
#[derive(Default)]
pub(super) struct Counters {
    requests: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    events: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    secrets: Mutex<BTreeMap<String, u64>>,
}

impl Counters {
    pub(super) fn count(&self, interface: &'static str, outcome: &'static str) {
        add(&self.requests, (interface, outcome), 1);
    }

    pub(super) fn count_secret(&self, secret: &SecretRef) {
        add(&self.secrets, secret.to_string(), 1);
    }
}

fn add<K: Ord>(counts: &Mutex<BTreeMap<K, u64>>, key: K, more: u64) {
    *counts.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += more;
}

/// Counts the client's events for as long as the agent lives.
pub(super) async fn count(shared: Weak<Shared>, mut events: broadcast::Receiver<Event>) {
    loop {
        let (name, outcome, more) = match events.recv().await {
            Ok(event) => {
                let (name, outcome) = kind(&event);
                (name, outcome, 1)
            }
            Err(RecvError::Lagged(missed)) => ("events", "missed", missed),
            Err(RecvError::Closed) => return,
        };
        let Some(shared) = shared.upgrade() else { return };
        add(&shared.counters.events, (name, outcome), more);
    }
}

fn kind(event: &Event) -> (&'static str, &'static str) {
    match event {
        Event::Fetched { .. } => ("fetch", "ok"),
        Event::FetchFailed { cause, .. } => ("fetch", cause.name()),
        Event::Changed { .. } => ("secret", "changed"),
        Event::Expired { .. } => ("secret", "expired"),
        Event::Withdrawn { .. } => ("secret", "withdrawn"),
        Event::HookFailed { .. } => ("hook", "failed"),
        Event::LeaseRenewed { .. } => ("lease", "renewed"),
        Event::LeaseRevoked { .. } => ("lease", "revoked"),
        Event::LeaseLeft { .. } => ("lease", "left"),
        Event::LeaseOrphaned { .. } => ("lease", "orphaned"),
        Event::BreakerOpened { .. } => ("breaker", "opened"),
        Event::BreakerClosed { .. } => ("breaker", "closed"),
        Event::ShortOfClass { .. } => ("secret", "short-of-class"),
        Event::ClockStepped { .. } => ("clock", "stepped"),
        Event::Closed => ("client", "closed"),
    }
}

impl Shared {
    /// Answers with all numbers.
    pub(super) fn metrics(&self, reply: &mut Reply) -> &'static str {
        let mut text = String::with_capacity(2048);
        let requests = self.counters.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        head(&mut text, "requests_total", "counter", "Requests answered, by interface and outcome.");
        for ((interface, outcome), count) in requests {
            let labels = format_args!("interface=\"{interface}\",outcome=\"{outcome}\"");
            let _ = writeln!(text, "leakward_agent_requests_total{{{labels}}} {count}");
        }
        let events = self.counters.events.lock().unwrap_or_else(PoisonError::into_inner).clone();
        head(&mut text, "events_total", "counter", "What happened between the agent and the managers.");
        for ((what, outcome), count) in events {
            let _ = writeln!(
                text,
                "leakward_agent_events_total{{what=\"{what}\",outcome=\"{outcome}\"}} {count}"
            );
        }
        head(&mut text, "connections", "gauge", "Connections that are open.");
        let _ = writeln!(text, "leakward_agent_connections {}", self.open.load(Ordering::Relaxed));
        head(&mut text, "secrets", "gauge", "Secrets that have a place in the cache.");
        let _ = writeln!(text, "leakward_agent_secrets {}", self.manager.len());
        head(&mut text, "breakers_open", "gauge", "Parts of managers that are left alone for a while.");
        let breakers = self.manager.breakers();
        let open = breakers.iter().filter(|(_, _, state)| *state != BreakerState::Closed).count();
        let _ = writeln!(text, "leakward_agent_breakers_open {open}");
        if self.settings.name_secrets {
            head(&mut text, "reads_total", "counter", "Values handed out, by secret.");
            let secrets = self.counters.secrets.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for (secret, count) in secrets {
                let name = secret.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
                let _ = writeln!(text, "leakward_agent_reads_total{{secret=\"{name}\"}} {count}");
            }
        }
        reply.text(200, &text);
        "ok"
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP leakward_agent_{name} {help}\n# TYPE leakward_agent_{name} {kind}");
}
