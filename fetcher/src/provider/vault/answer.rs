//! What the server answers: the envelope that all engines share, and the faults.

use std::fmt;
use std::time::Duration;

use crate::http::{Buffer, HttpError, Response};
use crate::provider::{Fault, FaultKind};
use crate::secret::{Json, Secret};

/// A good answer. Its body may hold values, and is wiped with it.
pub(super) struct Envelope {
    body: Buffer,
    /// Seconds that the answer has spent in a cache between us and the server.
    age: u64,
}

impl Envelope {
    /// The envelope of a good answer.
    ///
    /// # Errors
    /// The answer is a refusal, or is not JSON.
    pub(super) fn read(response: Response) -> Result<Self, Fault> {
        if !(200..300).contains(&response.status) {
            return Err(refusal(&response));
        }
        if !response.body.is_empty() && Json::parse(response.body.filled()).is_err() {
            return Err(Fault::new(FaultKind::Invalid).with_detail("the answer is not JSON"));
        }
        let age = response.header("age").and_then(|age| age.parse().ok()).unwrap_or_default();
        Ok(Self { body: response.body, age })
    }

    /// The whole answer; `null` when there was no body.
    pub(super) fn json(&self) -> Json<'_> {
        match Json::parse(self.body.filled()) {
            Ok(json) => json,
            Err(_) => Json::NULL,
        }
    }

    /// `data`.
    pub(super) fn data(&self) -> Option<Json<'_>> {
        self.json().field("data")
    }

    /// `lease_id`, when there is one.
    pub(super) fn lease_id(&self) -> Option<Secret> {
        self.json().field("lease_id").and_then(Json::text).filter(|id| !id.is_empty())
    }

    /// `lease_duration` in seconds, less what the answer has spent in a cache.
    pub(super) fn lease_duration(&self) -> u64 {
        self.json()
            .field("lease_duration")
            .and_then(Json::unsigned)
            .unwrap_or_default()
            .saturating_sub(self.age)
    }

    pub(super) fn renewable(&self) -> bool {
        self.json().field("renewable").and_then(Json::bool).unwrap_or_default()
    }

    /// Whether a warning holds `word`.
    pub(super) fn warns_of(&self, word: &str) -> bool {
        let warnings = self.json().field("warnings");
        warnings.is_some_and(|w| w.items().filter_map(Json::plain).any(|w| w.contains(word)))
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Envelope(..)")
    }
}

/// The fault when there is no answer at all.
pub(super) fn unreached(error: &HttpError) -> Fault {
    match error {
        HttpError::Certificate => Fault::new(FaultKind::Invalid)
            .with_detail("the server's certificate is not trusted or is for another host"),
        HttpError::Malformed => Fault::new(FaultKind::Invalid).with_detail("the answer is not HTTP"),
        HttpError::TooLarge => Fault::new(FaultKind::Invalid).with_detail("the answer is too large"),
        HttpError::Header => Fault::new(FaultKind::Invalid).with_detail("the token holds a line break"),
        HttpError::Late => Fault::new(FaultKind::Transient).with_detail("no answer in time"),
        HttpError::Connect(_) => Fault::new(FaultKind::Transient).with_detail("no connection"),
        HttpError::Unsent(_) | HttpError::NoAnswer | HttpError::Io(_) | HttpError::Cut => {
            Fault::new(FaultKind::Transient).with_detail("the connection broke")
        }
    }
}

/// The fault behind an answer that is not good. The server's words decide, and are not repeated.
fn refusal(response: &Response) -> Fault {
    let json = Json::parse(response.body.filled()).unwrap_or(Json::NULL);
    let errors: Vec<String> =
        json.field("errors").map(|e| e.items().filter_map(Json::plain).collect()).unwrap_or_default();
    let says = |words: &[&str]| errors.iter().any(|e| words.iter().any(|w| e.contains(w)));
    let fault = match response.status {
        300..400 => Fault::new(FaultKind::Invalid).with_detail("a redirect to another address is refused"),
        400 if says(&["lease not found", "invalid lease"]) => Fault::new(FaultKind::LeaseGone),
        400 if says(&["check-and-set"]) => Fault::new(FaultKind::Conflict),
        400 if says(&["wrapping token is not valid"]) => Fault::new(FaultKind::Auth)
            .with_detail("the wrapping token was used before: somebody else may hold its content"),
        403 => Fault::new(FaultKind::Denied),
        404 => absence(json, &says),
        412 => Fault::new(FaultKind::Transient).with_detail("the server is behind, or wants a header"),
        429 => throttled(response),
        472 | 473 => Fault::new(FaultKind::Transient).with_detail("a standby answered"),
        500 => Fault::new(FaultKind::Backend),
        503 => Fault::new(FaultKind::Transient).with_detail("the server is sealed or starting"),
        501.. => Fault::new(FaultKind::Transient),
        _ => Fault::new(FaultKind::Invalid),
    };
    let fault = fault.with_code(response.status);
    match response.header("x-vault-request-id").or_else(|| response.header("x-request-id")) {
        Some(id) => fault.with_request_id(id),
        None => fault,
    }
}

/// What a 404 means: deleted, destroyed, absent, or a wrong address.
fn absence(json: Json<'_>, says: &dyn Fn(&[&str]) -> bool) -> Fault {
    let metadata = json.at("data.metadata");
    let deleted = metadata.is_some_and(|m| !m.plain_field("deletion_time").is_empty());
    let destroyed = metadata.and_then(|m| m.field("destroyed")).and_then(Json::bool).unwrap_or_default();
    let misplaced = json.field("warnings").is_some_and(|w| w.items().next().is_some());
    if destroyed {
        Fault::new(FaultKind::Disabled)
    } else if deleted {
        Fault::new(FaultKind::Deleted)
    } else if says(&["namespace not found", "no handler for route", "unsupported path"]) || misplaced {
        Fault::new(FaultKind::NoRoute)
    } else {
        Fault::new(FaultKind::NotFound)
    }
}

fn throttled(response: &Response) -> Fault {
    let fault = Fault::new(FaultKind::Throttled);
    match response.header("retry-after").and_then(|seconds| seconds.parse().ok()) {
        Some(seconds) => fault.with_retry_after(Duration::from_secs(seconds)),
        None => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, body: &str) -> FaultKind {
        let mut buffer = Buffer::default();
        buffer.extend(body.as_bytes());
        Envelope::read(Response::new(status, Vec::new(), buffer)).unwrap_err().kind()
    }

    #[test]
    fn a_deleted_version_is_not_an_absent_secret() {
        let deleted =
            r#"{"data":{"data":null,"metadata":{"deletion_time":"2026-01-01T00:00:00Z","destroyed":false}}}"#;
        let destroyed = r#"{"data":{"data":null,"metadata":{"deletion_time":"","destroyed":true}}}"#;
        assert_eq!(kind(404, deleted), FaultKind::Deleted);
        assert_eq!(kind(404, destroyed), FaultKind::Disabled);
        assert_eq!(kind(404, r#"{"errors":[]}"#), FaultKind::NotFound);
        assert_eq!(kind(404, r#"{"errors":["namespace not found"]}"#), FaultKind::NoRoute);
    }

    #[test]
    fn one_broken_mount_is_not_a_broken_server() {
        assert_eq!(kind(500, r#"{"errors":["failed to connect"]}"#), FaultKind::Backend);
        assert_eq!(kind(503, r#"{"errors":["Vault is sealed"]}"#), FaultKind::Transient);
        assert_eq!(kind(502, "<html>"), FaultKind::Transient);
    }

    #[test]
    fn a_redirect_is_refused() {
        assert_eq!(kind(307, ""), FaultKind::Invalid);
    }

    #[test]
    fn an_answer_that_is_not_json_is_refused() {
        assert_eq!(kind(200, "<html>hello"), FaultKind::Invalid);
    }
}
