//! What happens while a command that stays runs, told on standard error. Names of secrets, never values.

use std::io::Write;

use leakward_fetcher::Event;
use leakward_fetcher::client::SecretsManager;
use tokio::sync::broadcast::error::RecvError;

/// Writes a line to standard error.
pub(super) fn tell(text: &str) {
    // Where standard error is gone, nobody is left to be told.
    let _ = writeln!(anstream::stderr(), "leakward: {text}");
}

/// Tells what somebody who looks after the program should know, for as long as the runtime lives.
pub(super) fn tell_events(client: &SecretsManager) {
    let mut events = client.events();
    tokio::spawn(async move {
        loop {
            match events.recv().await {
                Ok(event) => {
                    if let Some(text) = sentence(&event) {
                        tell(&text);
                    }
                }
                Err(RecvError::Lagged(missed)) => tell(&format!("{missed} events went by untold")),
                Err(RecvError::Closed) => return,
            }
        }
    });
}

fn sentence(event: &Event) -> Option<String> {
    Some(match event {
        Event::FetchFailed { secret, cause, .. } => {
            format!("{secret}: could not be fetched: {}", cause.name())
        }
        Event::Changed { secret, from: Some(from), to } => {
            format!("{secret}: changed from version {from} to {to}")
        }
        Event::Expired { secret } => format!("{secret}: reached its hard bound and is not served any more"),
        Event::Withdrawn { secret, kind } => format!("{secret}: withdrawn: {}", kind.name()),
        Event::LeaseLeft { lease } => format!("lease {lease}: could not be given back and is left to expire"),
        Event::LeaseOrphaned { secret } => format!("{secret}: credentials may have been lent to nobody"),
        Event::BreakerOpened { provider, domain } => format!("{provider} {domain}: fails and is left alone"),
        Event::BreakerClosed { provider, domain } => format!("{provider} {domain}: answers again"),
        Event::ShortOfClass { secret, class, shortfall } => {
            format!("{secret}: falls short of class {class}: {}", shortfall.name())
        }
        Event::ClockStepped { seconds } => format!("the calendar was set by {seconds} s"),
        _ => return None,
    })
}
