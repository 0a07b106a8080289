//! Vault's read paths. Every secret is shown as one of the key/value engine with versions when it is asked for through
//! `/data/`, whatever holds it, and as it is otherwise; so a client's own look-up of the mount finds that engine at the
//! path's first part.

use std::time::{Duration, SystemTime};

use super::connection::status;
use super::reply::{Reply, put_text};
use super::request::{Request, decode};
use super::{Shared, path};
use crate::cache::{ReadError, Reading};
use crate::http::Buffer;
use crate::secret::{Json, JsonKind, SecretPath, SecretRef, Version, VersionSelector};

/// Answers a request below `/v1/`; says how it went.
pub(super) async fn answer(shared: &Shared, request: &Request<'_>, reply: &mut Reply) -> &'static str {
    let below = request.path().strip_prefix("/v1/").unwrap_or_default();
    let Some(name) = decode(below, false) else {
        error(reply, 400, Some("the path is not valid"));
        return "path";
    };
    let name = name.trim_end_matches('/');
    if request.query("list").is_some_and(|list| list == "true") {
        error(reply, 405, Some("this agent lists nothing"));
        return "method";
    }
    match name.strip_prefix("sys/").or_else(|| name.strip_prefix("auth/")) {
        Some(_) => system(name, reply),
        None => secret(shared, request, name, reply).await,
    }
}

/// The few questions that clients ask before they read.
fn system(name: &str, reply: &mut Reply) -> &'static str {
    if let Some(path) = name.strip_prefix("sys/internal/ui/mounts/") {
        let mount = path.split('/').next().unwrap_or_default();
        let body = reply.json(200);
        open(body);
        body.extend(b"{\"accessor\":\"\",\"description\":\"\",\"options\":{\"version\":\"2\"},\"path\":");
        put_text(body, &format!("{mount}/"));
        body.extend(b",\"type\":\"kv\",\"uuid\":\"\"}");
        close(body, 0);
        return "ok";
    }
    match name {
        "sys/health" => {
            reply.json(200).extend(
                b"{\"initialized\":true,\"sealed\":false,\"standby\":false,\"version\":\"leakward-agent\"}\n",
            );
            "ok"
        }
        "auth/token/lookup-self" => {
            let body = reply.json(200);
            open(body);
            body.extend(b"{\"display_name\":\"leakward-agent\",\"policies\":[],\"renewable\":false,\"ttl\":0,\"type\":\"service\"}");
            close(body, 0);
            "ok"
        }
        _ => {
            error(reply, 404, Some("this agent serves secrets only"));
            "not-found"
        }
    }
}

async fn secret(shared: &Shared, request: &Request<'_>, name: &str, reply: &mut Reply) -> &'static str {
    let Some(asked) = path(name) else {
        error(reply, 400, Some("the path is not valid"));
        return "path";
    };
    let selector = match request.query("version").filter(|v| v != "0" && !v.is_empty()) {
        Some(version) => VersionSelector::Exact(Version::new(version)),
        None => VersionSelector::Current,
    };
    let logical = logical(name);
    let mut outcome =
        shared.read(SecretRef::new(logical.clone().unwrap_or_else(|| asked.clone()), selector.clone())).await;
    // A secret may really have a part called data.
    if logical.is_some() && outcome.as_ref().is_err_and(|e| status(e).0 == 404) {
        let second = shared.read(SecretRef::new(asked, selector)).await;
        outcome = second.or(outcome);
    }
    match outcome {
        Ok(reading) => {
            let body = reply.json(200);
            open(body);
            match logical {
                Some(_) => versioned(body, &reading),
                None => put_object(body, &reading),
            }
            close(body, shared.seconds_left(&reading));
            reply.tell(reading.version().as_str(), !reading.is_fresh());
            if reading.is_fresh() { "ok" } else { "stale" }
        }
        Err(failure) => {
            let (code, name) = status(&failure);
            // An absent secret is told by an empty list: clients take it for that.
            let text = failure.to_string();
            error(reply, code, (code != 404).then_some(text.as_str()));
            name
        }
    }
}

/// What the engine with versions calls `mount/data/rest`: `mount/rest`.
fn logical(name: &str) -> Option<SecretPath> {
    let (mount, rest) = name.split_once("/data/").filter(|(_, rest)| !rest.is_empty())?;
    path(&format!("{mount}/{rest}"))
}

/// An answer that says what is wrong, in Vault's form.
pub(super) fn error(reply: &mut Reply, status: u16, text: Option<&str>) {
    let body = reply.json(status);
    body.extend(b"{\"errors\":[");
    if let Some(text) = text {
        put_text(body, text);
    }
    body.extend(b"]}\n");
}

fn open(body: &mut Buffer) {
    body.extend(b"{\"request_id\":\"\",\"lease_id\":\"\",\"renewable\":false,\"data\":");
}

fn close(body: &mut Buffer, seconds: u64) {
    body.extend(b",\"lease_duration\":");
    body.extend(seconds.to_string().as_bytes());
    body.extend(b",\"wrap_info\":null,\"warnings\":null,\"auth\":null}\n");
}

fn versioned(body: &mut Buffer, reading: &Reading) {
    body.extend(b"{\"data\":");
    put_object(body, reading);
    body.extend(b",\"metadata\":{\"created_time\":");
    put_text(body, &time(reading.created().unwrap_or(SystemTime::UNIX_EPOCH)));
    body.extend(b",\"custom_metadata\":null,\"deletion_time\":\"\",\"destroyed\":false,\"version\":");
    // Other managers name versions by words: those are told in a header of ours.
    let number: u64 = reading.version().as_str().parse().unwrap_or(1);
    body.extend(number.to_string().as_bytes());
    body.extend(b"}}");
}

/// The value as an object: as it is when it is one, else under the name `value`.
fn put_object(body: &mut Buffer, reading: &Reading) {
    // The reason to open it: it is what the caller asked for and may have.
    let value = reading.secret().expose();
    match Json::parse(value) {
        Ok(json) if json.kind() == JsonKind::Object => body.extend(json.raw()),
        _ => {
            body.extend(b"{\"value\":");
            match std::str::from_utf8(value) {
                Ok(text) => put_text(body, text),
                Err(_) => super::aws::put_base64(body, value),
            }
            body.extend(b"}");
        }
    }
}

fn time(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at).map_or_else(|_| String::new(), |at| at.to_string())
}

impl Shared {
    /// Reads what is held at once, else waits as the policy says.
    pub(super) async fn read(&self, secret: SecretRef) -> Result<Reading, ReadError> {
        let outcome = self.manager.read(&secret).await;
        if self.settings.name_secrets && outcome.is_ok() {
            self.counters.count_secret(&secret);
        }
        outcome
    }

    /// Whole seconds for which a lent value may still be used; 0 for values that are not lent.
    fn seconds_left(&self, reading: &Reading) -> u64 {
        let left = reading.hard_until().since(self.manager.clock().now());
        reading.lease().map_or(0, |_| left.max(Duration::from_secs(1)).as_secs())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_first_data_belongs_to_the_engine() {
        let logical = |name: &str| super::logical(name).map(|path| path.to_string());
        assert_eq!(logical("secret/data/app/key").as_deref(), Some("secret/app/key"));
        assert_eq!(logical("team/kv/data/data/x").as_deref(), Some("team/kv/data/x"));
        assert_eq!(logical("secret/app/key"), None);
        assert_eq!(logical("secret/data/"), None);
    }
}
