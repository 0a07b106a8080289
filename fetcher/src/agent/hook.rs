//! `POST /webhook`: signed messages that secrets have changed.

use super::Shared;
use super::reply::{Reply, put_text};
use super::request::Request;
use crate::webhook::{Webhook, WebhookError};

/// The body's length, when `request` is a message that will be taken: its body is then to be read as well.
pub(super) fn body(shared: &Shared, request: &Request<'_>) -> Option<usize> {
    let is_message = shared.webhook.is_some() && request.method == "POST" && request.path() == PATH;
    request.body.filter(|length| is_message && *length <= Webhook::MAX_BODY)
}

/// Where messages are sent.
pub(super) const PATH: &str = "/webhook";

/// Answers a message with this `body`; says how it went.
pub(super) async fn answer(
    shared: &Shared,
    request: &Request<'_>,
    body: &[u8],
    reply: &mut Reply,
) -> &'static str {
    let Some(webhook) = &shared.webhook else { return "not-ok" };
    let header = |name: &str| match name {
        Webhook::TIMESTAMP => request.signed[0],
        Webhook::SIGNATURE => request.signed[1],
        _ => None,
    };
    match webhook.receive(header, body).await {
        Ok(secrets) => {
            reply.json(200).extend(format!("{{\"refreshed\":{secrets}}}\n").as_bytes());
            "ok"
        }
        Err(error) => {
            let body = reply.json(error.status());
            body.extend(b"{\"error\":");
            put_text(body, &told(&error));
            body.extend(b"}\n");
            name(&error)
        }
    }
}

/// What the sender learns. Where the key is kept is none of its business.
fn told(error: &WebhookError) -> String {
    match error {
        WebhookError::Key(_) => "the key cannot be read now".to_owned(),
        other => other.to_string(),
    }
}

const fn name(error: &WebhookError) -> &'static str {
    match error {
        WebhookError::Header(_) => "header",
        WebhookError::TooLarge => "body",
        WebhookError::Late => "late",
        WebhookError::Signature => "wrong-signature",
        WebhookError::Malformed => "malformed",
        WebhookError::Key(_) => "no-key",
    }
}
