//! Events as metrics, through the `metrics` facade. Labels name providers and kinds, never secrets:
//! names of secrets are many, and not for every dashboard.

use metrics::{counter, histogram};

use super::event::Event;

impl Event {
    /// Counts the event.
    pub(crate) fn measure(&self) {
        match self {
            Self::Fetched { took, .. } => {
                counter!("leakward_fetches_total", "outcome" => "ok").increment(1);
                histogram!("leakward_fetch_seconds").record(took.as_secs_f64());
            }
            Self::FetchFailed { cause, .. } => {
                counter!("leakward_fetches_total", "outcome" => cause.name()).increment(1);
            }
            Self::Changed { .. } => counter!("leakward_changes_total").increment(1),
            Self::Expired { .. } => counter!("leakward_expired_total").increment(1),
            Self::Withdrawn { kind, .. } => {
                counter!("leakward_withdrawn_total", "cause" => kind.name()).increment(1);
            }
            Self::HookFailed { step, .. } => {
                counter!("leakward_hook_failures_total", "step" => *step).increment(1);
            }
            Self::LeaseRenewed { .. } => counter!("leakward_leases_total", "what" => "renewed").increment(1),
            Self::LeaseRevoked { .. } => counter!("leakward_leases_total", "what" => "revoked").increment(1),
            Self::LeaseLeft { .. } => counter!("leakward_leases_total", "what" => "left").increment(1),
            Self::LeaseOrphaned { .. } => {
                counter!("leakward_leases_total", "what" => "orphaned").increment(1)
            }
            Self::BreakerOpened { provider, .. } => {
                counter!("leakward_breaker_total", "provider" => provider.to_string(), "what" => "opened")
                    .increment(1);
            }
            Self::BreakerClosed { provider, .. } => {
                counter!("leakward_breaker_total", "provider" => provider.to_string(), "what" => "closed")
                    .increment(1);
            }
            Self::ShortOfClass { class, shortfall, .. } => {
                let class = class.to_string();
                counter!("leakward_short_of_class_total", "class" => class, "how" => shortfall.name())
                    .increment(1);
            }
            Self::ClockStepped { .. } => counter!("leakward_clock_steps_total").increment(1),
            Self::Closed => {}
        }
    }
}
