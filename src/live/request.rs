//! A rule's templates filled with what was found.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ureq::http::Uri;
use zeroize::Zeroizing;

use super::sigv4::Signing;
use crate::model::Finding;
use crate::rule::{LiveCheck, Method, Signature, compile, placeholders};

/// A request about one secret. Shows neither address nor headers nor body: all may hold the secret.
pub(super) struct Request {
    pub(super) host: String,
    pub(super) method: Method,
    pub(super) url: Zeroizing<String>,
    pub(super) headers: Vec<(String, Zeroizing<String>)>,
    pub(super) body: Option<Zeroizing<String>>,
    /// The found values that it holds.
    pub(super) sent: Vec<Zeroizing<String>>,
}

/// Why a finding is not asked about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unasked {
    #[error("it is not text that a request can hold")]
    NotText,
    #[error("{0} was not found beside it")]
    Alone(String),
    #[error("temporary credentials are not asked about: their session token belongs to them")]
    Temporary,
    #[error("its host is not one that may be asked")]
    Host,
    #[error(
        "its rule came with the scanned files, which may not say who is asked: name the configuration with --config"
    )]
    Foreign,
}

/// The part of a key pair that names the key.
const AWS_KEY_ID: &str = "aws-access-key-id";
const FORM: &str = "application/x-www-form-urlencoded";

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request to {}", self.host)
    }
}

impl Request {
    /// The request that `check` makes about `finding`; `None` when such a secret is not asked about at all.
    pub(super) fn new(check: &LiveCheck, finding: &Finding, now: Timestamp) -> Result<Option<Self>, Unasked> {
        // Sent to the provider: that is what the user asked for.
        let secret = text(finding.secret.expose())?;
        if !check.starts.is_empty() && !check.starts.iter().any(|start| secret.starts_with(start.as_ref())) {
            return Ok(None);
        }
        let mut values = Values { check, finding, secret, sent: Vec::new() };
        let url = values.fill(&check.url, if check.is_address() { str::to_owned } else { percent })?;
        let host = allowed_host(check, &url).ok_or(Unasked::Host)?;
        let mut headers = Vec::new();
        for header in check.headers.iter() {
            headers.push((header.name.to_ascii_lowercase(), values.fill(&header.text, str::to_owned)?));
        }
        if let Some(basic) = &check.basic {
            let pair = values.fill(basic, str::to_owned)?;
            headers.push(("authorization".to_owned(), format!("Basic {}", STANDARD.encode(&*pair)).into()));
        }
        let body = match &check.body {
            Some(body) if body.starts_with('{') => {
                headers.push(("content-type".to_owned(), "application/json".to_owned().into()));
                Some(values.fill(body, json)?)
            }
            Some(body) => {
                headers.push(("content-type".to_owned(), FORM.to_owned().into()));
                Some(values.fill(body, percent)?)
            }
            None => None,
        };
        if check.signature == Some(Signature::AwsV4) {
            let body = body.as_ref().map_or("", |b| b.as_str());
            headers.extend(values.aws_headers(&host, body, now)?);
        }
        Ok(Some(Self { host, method: check.method, url, headers, body, sent: values.sent }))
    }

    /// Names the request: two with one name ask the same.
    pub(super) fn name(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        let mut add = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        };
        add(&self.url);
        self.headers.iter().for_each(|(name, value)| {
            add(name);
            add(value);
        });
        add(self.body.as_ref().map_or("", |b| b.as_str()));
        hasher.finalize()
    }
}

/// What a template may name.
struct Values<'v> {
    check: &'v LiveCheck,
    finding: &'v Finding,
    secret: &'v str,
    sent: Vec<Zeroizing<String>>,
}

impl Values<'_> {
    /// `template` with each placeholder replaced by its value, written by `escape`.
    fn fill(&mut self, template: &str, escape: fn(&str) -> String) -> Result<Zeroizing<String>, Unasked> {
        let mut out = Zeroizing::new(String::with_capacity(template.len() + 256));
        let mut at = 0;
        for (begin, name) in placeholders(template) {
            let value = self.value(name)?;
            out.push_str(&template[at..begin]);
            out.push_str(&Zeroizing::new(escape(&value)));
            self.sent.push(value);
            at = begin + name.len() + 2;
        }
        out.push_str(&template[at..]);
        Ok(out)
    }

    fn value(&self, name: &str) -> Result<Zeroizing<String>, Unasked> {
        if name == "secret" {
            return Ok(self.secret.to_owned().into());
        }
        if let Some(part) = name.strip_prefix("part:") {
            return self.part(part);
        }
        let found = self.check.finds.iter().find(|found| found.name == name);
        let found = found.and_then(|found| {
            let regex = compile(&found.text).ok()?;
            let captures = regex.captures(self.finding.matched.expose())?;
            let group = captures.get(1).or_else(|| captures.get(0))?;
            Some(group.as_bytes().to_vec())
        });
        let found = Zeroizing::new(found.ok_or_else(|| Unasked::Alone(name.to_owned()))?);
        text(&found).map(|text| text.to_owned().into())
    }

    fn part(&self, rule: &str) -> Result<Zeroizing<String>, Unasked> {
        let part = self.finding.parts.iter().find(|part| part.rule.id == rule);
        let part = part.ok_or_else(|| Unasked::Alone(rule.to_owned()))?;
        text(part.secret.expose()).map(|text| text.to_owned().into())
    }

    fn aws_headers(
        &mut self,
        host: &str,
        body: &str,
        now: Timestamp,
    ) -> Result<Vec<(String, Zeroizing<String>)>, Unasked> {
        let key_id = self.part(AWS_KEY_ID)?;
        if key_id.starts_with("ASIA") {
            return Err(Unasked::Temporary);
        }
        let signing = Signing { key_id: &key_id, secret: self.secret, host, content_type: FORM, body, now };
        let headers = signing.headers().ok_or(Unasked::Host)?;
        self.sent.extend([key_id, self.secret.to_owned().into()]);
        Ok(headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
    }
}

/// The host of `url`, when it is one that `check` may ask.
fn allowed_host(check: &LiveCheck, url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?;
    let plain = !authority.as_str().contains('@') && matches!(authority.port_u16(), None | Some(443));
    let host = authority.host().to_ascii_lowercase();
    let fits = |allowed: &str| match allowed.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => host == allowed,
    };
    let allowed = check.hosts.iter().any(|allowed| fits(allowed));
    (plain && uri.scheme_str() == Some("https") && allowed).then_some(host)
}

/// `bytes` as text that a header may hold.
fn text(bytes: &[u8]) -> Result<&str, Unasked> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unasked::NotText)?;
    if text.is_empty() || text.chars().any(char::is_control) { Err(Unasked::NotText) } else { Ok(text) }
}

/// `text` in a path, query or form. Colons stay: some tokens have one, and addresses allow them.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':') {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

/// `text` inside a JSON string.
fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::testing::{check, finding, part};
    use crate::model::Secret;
    use crate::rule::Named;

    fn request(check: LiveCheck, secret: &str) -> Result<Option<Request>, Unasked> {
        Request::new(&check.clone(), &finding(secret, check), Timestamp::UNIX_EPOCH)
    }

    fn header<'r>(request: &'r Request, name: &str) -> &'r str {
        request.headers.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }

    #[test]
    fn a_secret_stands_where_the_template_says_and_debug_does_not_show_it() {
        let body = Some(r#"{"token":"{secret}"}"#.into());
        let url = "https://api.acme.example/bot{secret}/me".into();
        let request = request(LiveCheck { url, body, ..check() }, "a:b/c\"d").unwrap().unwrap();
        assert_eq!(request.url.as_str(), "https://api.acme.example/bota:b%2Fc%22d/me");
        assert_eq!(header(&request, "authorization"), "Bearer a:b/c\"d");
        assert_eq!(request.body.as_ref().unwrap().as_str(), r#"{"token":"a:b/c\"d"}"#); // leakward:allow
        assert_eq!(header(&request, "content-type"), "application/json");
        assert_eq!(format!("{request:?}"), "Request to api.acme.example");
        let form = LiveCheck { body: Some("key={secret}&a=b".into()), ..check() };
        let request = self::request(form, "x&y=z").unwrap().unwrap();
        assert_eq!(request.body.as_ref().unwrap().as_str(), "key=x%26y%3Dz&a=b"); // leakward:allow
    }

    #[test]
    fn a_pair_is_basic_authentication() {
        let finds = vec![Named { name: "sid".into(), text: "AC[0-9a-f]{4}".into() }].into();
        let check =
            LiveCheck { basic: Some("{sid}:{secret}".into()), headers: vec![].into(), finds, ..check() };
        let mut found = finding("hunter22", check.clone());
        found.matched = Secret::new(b"AC01ef = hunter22");
        let request = Request::new(&check, &found, Timestamp::UNIX_EPOCH).unwrap().unwrap();
        assert_eq!(
            header(&request, "authorization"),
            format!("Basic {}", STANDARD.encode("AC01ef:hunter22"))
        );
        assert_eq!(self::request(check, "hunter22").unwrap_err(), Unasked::Alone("sid".to_owned()));
    }

    #[test]
    fn a_key_pair_signs_and_temporary_credentials_are_left_alone() {
        let check = LiveCheck {
            url: "https://sts.us-east-1.amazonaws.com/".into(),
            hosts: vec!["sts.us-east-1.amazonaws.com".into()].into(),
            headers: vec![].into(),
            signature: Some(Signature::AwsV4),
            ..check()
        };
        let with = |id: &str| {
            let mut found = finding("secret-of-a-key", check.clone());
            found.parts = vec![part(AWS_KEY_ID, id)];
            Request::new(&check, &found, Timestamp::UNIX_EPOCH)
        };
        let signed = with("AKIAEXAMPLE").unwrap().unwrap();
        assert!(header(&signed, "authorization").contains("Credential=AKIAEXAMPLE/19700101/us-east-1/sts/"));
        assert_eq!(with("ASIAEXAMPLE").unwrap_err(), Unasked::Temporary);
        assert_eq!(request(check, "x").unwrap_err(), Unasked::Alone(AWS_KEY_ID.to_owned()));
    }

    #[test]
    fn no_other_host_is_asked_than_those_that_the_rule_names() {
        let hosts = vec!["hooks.acme.example".into(), "*.eu.acme.example".into()];
        let check =
            LiveCheck { url: "{secret}".into(), hosts: hosts.into(), headers: vec![].into(), ..check() };
        let asked = |secret| request(check.clone(), secret).map(|r| r.unwrap().host);
        assert_eq!(asked("https://hooks.acme.example/x"), Ok("hooks.acme.example".to_owned()));
        assert_eq!(asked("https://HOOKS.acme.example:443/x"), Ok("hooks.acme.example".to_owned()));
        assert_eq!(asked("https://a.b.eu.acme.example/x"), Ok("a.b.eu.acme.example".to_owned()));
        for other in [
            "http://hooks.acme.example/x",
            "https://hooks.acme.example:8443/x",
            "https://hooks.acme.example@evil.example/x",
            "https://u:p@hooks.acme.example/x",
            "https://hooks.acme.example.evil.example/x",
            "https://evil.example/hooks.acme.example",
            "https://.eu.acme.example/x",
            "https://xeu.acme.example/x",
            "//hooks.acme.example/x",
            "hooks.acme.example",
        ] {
            assert_eq!(asked(other), Err(Unasked::Host), "{other}");
        }
    }

    #[test]
    fn what_is_no_text_or_of_another_kind_is_not_sent() {
        assert_eq!(request(check(), "two\r\nlines: x").unwrap_err(), Unasked::NotText);
        let prefixed = LiveCheck { starts: vec!["live_".into()].into(), ..check() };
        assert!(request(prefixed.clone(), "test_1").unwrap().is_none());
        assert!(request(prefixed, "live_1").unwrap().is_some());
    }

    #[test]
    fn requests_are_the_same_when_they_ask_the_same() {
        let name = |secret| request(check(), secret).unwrap().unwrap().name();
        assert_eq!(name("a"), name("a"));
        assert_ne!(name("a"), name("b"));
    }
}
