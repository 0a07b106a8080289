//! The interface of the AWS Secrets Manager Agent: `/secretsmanager/get?secretId=…`, and `/v1/…` for callers with its
//! header. Answers have the shape of `GetSecretValue`.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::connection::status;
use super::reply::{Reply, put_text};
use super::request::{Request, decode};
use super::{Shared, path};
use crate::cache::{ReadError, Reading};
use crate::http::Buffer;
use crate::secret::{SecretRef, Version, VersionSelector};

/// Answers a request; says how it went.
pub(super) async fn answer(shared: &Shared, request: &Request<'_>, reply: &mut Reply) -> &'static str {
    let id = match request.path().strip_prefix("/v1/") {
        Some(rest) => decode(rest, false),
        None => request.query("secretId"),
    };
    let Some(path) = id.as_deref().and_then(path) else {
        error(reply, 400, "ValidationException", "secretId is missing or not valid");
        return "path";
    };
    if request.query("roleArn").is_some_and(|role| !role.is_empty()) {
        error(reply, 400, "ValidationException", "roleArn is not supported: start an agent with that role");
        return "role";
    }
    let selector = match (request.query("versionId"), request.query("versionStage")) {
        (Some(version), _) if !version.is_empty() => VersionSelector::Exact(Version::new(version)),
        (_, Some(stage)) => match stage.as_str() {
            "" | "AWSCURRENT" => VersionSelector::Current,
            "AWSPREVIOUS" => VersionSelector::Previous,
            stage => VersionSelector::Stage(stage.into()),
        },
        _ => VersionSelector::Current,
    };
    let secret = SecretRef::new(path, selector);
    let anew = request.query("refreshNow").is_some_and(|now| now.eq_ignore_ascii_case("true"));
    let outcome = if anew { shared.refresh(&secret).await } else { shared.read(secret.clone()).await };
    match outcome {
        Ok(reading) => {
            put_secret(reply.json(200), &secret, &reading);
            reply.tell(reading.version().as_str(), !reading.is_fresh());
            if reading.is_fresh() { "ok" } else { "stale" }
        }
        Err(failure) => {
            let (code, name) = status(&failure);
            let (code, kind) = match code {
                404 => (400, "ResourceNotFoundException"),
                403 => (400, "AccessDeniedException"),
                429 => (400, "ThrottlingException"),
                400 => (400, "InvalidRequestException"),
                code => (code, "InternalServiceError"),
            };
            error(reply, code, kind, &failure.to_string());
            name
        }
    }
}

impl Shared {
    async fn refresh(&self, secret: &SecretRef) -> Result<Reading, ReadError> {
        self.manager.secret(secret)?.refresh().await
    }
}

/// An answer that says what is wrong, in the form of AWS.
pub(super) fn error(reply: &mut Reply, status: u16, kind: &str, text: &str) {
    let body = reply.json(status);
    body.extend(b"{\"__type\":");
    put_text(body, kind);
    body.extend(b",\"message\":");
    put_text(body, text);
    body.extend(b"}\n");
}

fn put_secret(body: &mut Buffer, secret: &SecretRef, reading: &Reading) {
    let name = secret.path().as_str();
    body.extend(b"{\"ARN\":");
    put_text(body, name);
    body.extend(b",\"Name\":");
    // An ARN ends with the name and six characters of the service's own.
    let short = name.strip_prefix("arn:").and_then(|arn| arn.rsplit(':').next()).unwrap_or(name);
    let short = short.rsplit_once('-').filter(|(_, tail)| name.starts_with("arn:") && tail.len() == 6);
    put_text(body, short.map_or(name, |(short, _)| short));
    body.extend(b",\"VersionId\":");
    put_text(body, reading.version().as_str());
    // The reason to open it: it is what the caller asked for and may have.
    let value = reading.secret().expose();
    match std::str::from_utf8(value) {
        Ok(text) => {
            body.extend(b",\"SecretString\":");
            put_text(body, text);
        }
        Err(_) => {
            body.extend(b",\"SecretBinary\":");
            put_base64(body, value);
        }
    }
    let stage = match secret.version() {
        VersionSelector::Current => Some("AWSCURRENT"),
        VersionSelector::Previous => Some("AWSPREVIOUS"),
        VersionSelector::Stage(stage) => Some(&**stage),
        VersionSelector::Exact(_) => None,
    };
    body.extend(b",\"VersionStages\":[");
    if let Some(stage) = stage {
        put_text(body, stage);
    }
    body.extend(b"],\"CreatedDate\":");
    let created = reading.created().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    match created {
        Some(created) => put_text(body, &format!("{}.{:03}", created.as_secs(), created.subsec_millis())),
        None => body.extend(b"null"),
    }
    body.extend(b"}\n");
}

/// Appends `bytes` as a JSON string of base64.
pub(super) fn put_base64(body: &mut Buffer, bytes: &[u8]) {
    let mut text = Zeroizing::new(vec![0; bytes.len().div_ceil(3) * 4]);
    let length = STANDARD.encode_slice(bytes, &mut text).unwrap_or_default();
    body.extend(b"\"");
    body.extend(&text[..length]);
    body.extend(b"\"");
}
