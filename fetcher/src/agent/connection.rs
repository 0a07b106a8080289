//! One connection: requests in, answers out, each within its time.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::guard::{self, Entrance, Refusal};
use super::reply::{Reply, put_text};
use super::request::{HeadError, Request};
use super::{Busy, Place, Shared, aws, hook, vault};
use crate::cache::ReadError;
use crate::http::Buffer;
use crate::provider::FaultKind;

/// Room for one read; most requests fit.
const CHUNK: usize = 2048;
/// What a caller that is turned away gets to finish its own sending.
const LINGER: Duration = Duration::from_millis(200);

/// Answers requests until the caller goes, or says nothing for too long.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    entrance: Entrance,
    place: Place,
) {
    let shared = &*place.0;
    let (mut input, mut output) = (Buffer::with_capacity(CHUNK), Buffer::with_capacity(CHUNK));
    let mut reply = Reply::default();
    // When the head that is arriving must be complete, however slowly it drips.
    let mut until = None;
    loop {
        let (length, last) = match Request::parse(input.filled()) {
            Ok(Some(request))
                if input.len() >= request.length + hook::body(shared, &request).unwrap_or(0) =>
            {
                let body = hook::body(shared, &request);
                let end = request.length + body.unwrap_or(0);
                let _busy = Busy::new(shared);
                until = None;
                // An answer to HEAD would have no body: the end of the connection says that ours is none of the next one.
                let headless = request.method == "HEAD";
                let unread = request.has_body && body.is_none();
                let last = request.last || unread || headless || shared.is_closing();
                let body = body.map(|_| &input.filled()[request.length..end]);
                answer(shared, &request, body, entrance, &mut reply).await;
                reply.write(last, &mut output);
                (end, last)
            }
            Ok(_) => {
                let end = match input.is_empty() {
                    true => Instant::now() + shared.settings.idle,
                    false => *until.get_or_insert_with(|| Instant::now() + shared.settings.patience),
                };
                match timeout_at(end, stream.read(input.spare(CHUNK))).await {
                    Ok(Ok(read)) if read > 0 => input.advance(read),
                    _ => return,
                }
                continue;
            }
            Err(error) => {
                let status = if error == HeadError::TooLarge { 431 } else { 400 };
                reply.text(status, "the request is not valid\n");
                reply.write(true, &mut output);
                (input.len(), true)
            }
        };
        let sent = timeout(shared.settings.patience, stream.write_all(output.filled())).await;
        let held = output.len();
        output.discard(held);
        // The next request may have come with this one.
        input.discard(length);
        if last || !matches!(sent, Ok(Ok(()))) {
            break;
        }
    }
    // An end while the caller still sends would take the answer away from it.
    let _ = stream.shutdown().await;
    let _ = timeout(LINGER, stream.read(input.spare(CHUNK))).await;
}

/// Says no, in a word that HTTP clients understand.
pub(super) async fn turn_away<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, status: u16) {
    let (mut reply, mut output) = (Reply::default(), Buffer::default());
    reply.text(status, if status == 403 { "not your socket\n" } else { "too many connections\n" });
    reply.write(true, &mut output);
    let _ = timeout(LINGER, stream.write_all(output.filled())).await;
    let _ = stream.shutdown().await;
    let _ = timeout(LINGER, stream.read(&mut [0; CHUNK])).await;
}

/// Which of the interfaces a path belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Aws,
    Vault,
    Metrics,
    Live,
    Ready,
    Webhook,
    None,
}

impl Route {
    fn of(request: &Request<'_>) -> Self {
        match request.path() {
            "/secretsmanager/get" => Self::Aws,
            "/metrics" => Self::Metrics,
            "/live" | "/ping" => Self::Live,
            "/ready" => Self::Ready,
            hook::PATH => Self::Webhook,
            path if path.starts_with("/v1/") && request.is_aws => Self::Aws,
            path if path.starts_with("/v1/") => Self::Vault,
            _ => Self::None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Vault => "vault",
            Self::Metrics => "metrics",
            Self::Live => "live",
            Self::Ready => "ready",
            Self::Webhook => "webhook",
            Self::None => "none",
        }
    }

    /// Whether it tells nothing of secrets, so that whoever supervises the agent may ask.
    const fn is_open(self) -> bool {
        matches!(self, Self::Live | Self::Ready)
    }
}

async fn answer(
    shared: &Shared,
    request: &Request<'_>,
    body: Option<&[u8]>,
    entrance: Entrance,
    reply: &mut Reply,
) {
    let route = Route::of(request);
    if let Some(body) = body {
        let outcome = hook::answer(shared, request, body, reply).await;
        return shared.counters.count(route.name(), outcome);
    }
    let outcome = match guard::check(request, entrance, &shared.settings, route.is_open()) {
        Err(refusal) => {
            refuse(route, refusal, reply);
            refusal.name()
        }
        Ok(()) if request.method != "GET" => {
            match route {
                Route::Vault => vault::error(reply, 405, Some("this agent only reads")),
                Route::Webhook if shared.webhook.is_none() => reply.text(404, "no such path\n"),
                Route::Webhook => reply.text(413, "a message has a length, and not too great a one\n"),
                _ => reply.text(405, "only GET is answered\n"),
            }
            "method"
        }
        Ok(()) if request.has_body => {
            reply.text(413, "requests have no body here\n");
            "body"
        }
        Ok(()) => match route {
            Route::Aws => aws::answer(shared, request, reply).await,
            Route::Vault => vault::answer(shared, request, reply).await,
            Route::Metrics => shared.metrics(reply),
            Route::Live => plain(reply, 200, "healthy\n"),
            Route::Ready if shared.is_closing() => plain(reply, 503, "closing\n"),
            Route::Ready => match shared.manager.readiness().missing.len() {
                0 => plain(reply, 200, "ready\n"),
                missing => plain(reply, 503, &format!("{missing} required secrets are missing\n")),
            },
            Route::Webhook if shared.webhook.is_some() => plain(reply, 405, "messages are sent by POST\n"),
            Route::Webhook | Route::None => plain(reply, 404, "no such path\n"),
        },
    };
    shared.counters.count(route.name(), outcome);
}

fn plain(reply: &mut Reply, status: u16, text: &str) -> &'static str {
    reply.text(status, text);
    if status == 200 { "ok" } else { "not-ok" }
}

fn refuse(route: Route, refusal: Refusal, reply: &mut Reply) {
    match route {
        Route::Vault => vault::error(reply, refusal.status(), Some(refusal.text())),
        Route::Aws => aws::error(reply, refusal.status(), "AccessDeniedException", refusal.text()),
        _ => {
            let body = reply.json(refusal.status());
            body.extend(b"{\"error\":");
            put_text(body, refusal.text());
            body.extend(b"}\n");
        }
    }
}

/// What a failed read is to a caller: an HTTP status and a name for the counters.
pub(super) fn status(error: &ReadError) -> (u16, &'static str) {
    match error {
        ReadError::Fault { fault, .. } => {
            let status = match fault.kind() {
                FaultKind::NotFound | FaultKind::Deleted | FaultKind::Disabled | FaultKind::NoRoute => 404,
                FaultKind::Denied | FaultKind::Auth => 403,
                FaultKind::Throttled => 429,
                FaultKind::Unsupported => 400,
                FaultKind::Transient => 503,
                _ => 502,
            };
            (status, fault.kind().name())
        }
        ReadError::NoProvider(_) => (404, "no-provider"),
        ReadError::Path(_) => (400, "path"),
        ReadError::Field { .. } => (404, "field"),
        ReadError::Deadline { .. } => (504, "deadline"),
        ReadError::BreakerOpen { .. } => (503, "breaker-open"),
        ReadError::Full(_) => (503, "full"),
        _ => (503, "unavailable"),
    }
}
