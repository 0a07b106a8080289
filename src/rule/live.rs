//! How a provider is asked whether it still accepts a credential. Shared with `build.rs`; so it names its neighbours
//! by `super::`.
//!
//! ```toml
//! [rule.live]
//! url = "https://api.acme.example/v1/me"
//! headers = { Authorization = "Bearer {secret}" }
//! active = [200, { status = 403, body = "missing_scope" }]
//! inactive = [401]
//! tells = { account = "/login" }
//! ```
//!
//! A template may hold `{secret}`, `{part:RULE-ID}` (a part that the rule requires) and the names of `finds`, which are
//! searched for in the whole match.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::kind::{List, Text, texts};
use super::pattern;

/// One question to a provider, and what its answers mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveCheck {
    /// How it is asked.
    pub method: Method,
    /// Template of the address: it starts with `https://`, or is `{secret}` where the secret is an address itself
    /// (`https://{secret}` where it lacks the scheme).
    pub url: Text,
    /// The only hosts that may be asked; `*.` at the start stands for one or more labels.
    pub hosts: List<Text>,
    /// Templates of headers.
    pub headers: List<Named>,
    /// Template of `user:password` for basic authentication.
    pub basic: Option<Text>,
    /// Template of the body: JSON when it starts with a brace, a form otherwise.
    pub body: Option<Text>,
    /// How the request is signed.
    pub signature: Option<Signature>,
    /// Only secrets that start with one of these are asked about; empty: all.
    pub starts: List<Text>,
    /// Names and patterns of further values, searched for in the whole match (group 1, or all of it).
    pub finds: List<Named>,
    /// Answers to a credential that is accepted.
    pub active: List<Answer>,
    /// Answers to one that is not.
    pub inactive: List<Answer>,
    /// Whether servers other than `hosts` make such credentials too (self-hosted ones, other regions), so that being
    /// refused proves nothing.
    pub elsewhere: bool,
    /// What an answer tells of the credential, and where: a JSON pointer into the body (starts with `/`), or
    /// `header:NAME`.
    pub tells: List<Named>,
}

/// A name and a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: Text,
    /// The text that goes with it.
    pub text: Text,
}

/// An HTTP method that changes nothing at the addresses in question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// `GET`.
    #[default]
    Get,
    /// `POST`.
    Post,
}

/// A way to sign requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    /// AWS Signature Version 4, by the part `aws-access-key-id` and the secret.
    AwsV4,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Text that the body must hold, white space left out of both.
    pub body: Option<Text>,
}

/// A check as its file states it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stated {
    #[serde(default, skip_serializing_if = "is_default")]
    method: Method,
    url: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    basic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<Signature>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    starts: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    finds: BTreeMap<String, String>,
    active: Vec<StatedAnswer>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    inactive: Vec<StatedAnswer>,
    #[serde(default, skip_serializing_if = "is_default")]
    elsewhere: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tells: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum StatedAnswer {
    Status(u16),
    Body { status: u16, body: String },
}

impl LiveCheck {
    /// Whether the secret is the address, and goes there as it stands.
    pub fn is_address(&self) -> bool {
        matches!(self.url.as_ref(), "{secret}" | "https://{secret}")
    }
}

impl Stated {
    /// The check, or what is wrong with it. `parts` are the rules that its rule requires.
    pub(crate) fn check(self, parts: &[String]) -> Result<LiveCheck, String> {
        let hosts = self.all_hosts()?;
        self.judge_answers()?;
        self.judge_templates(parts)?;
        let answers = |all: Vec<StatedAnswer>| all.into_iter().map(StatedAnswer::answer).collect();
        for (name, place) in &self.tells {
            if !place.starts_with('/') && !place.starts_with("header:") {
                return Err(format!("`tells`: {name} is neither a JSON pointer nor header:NAME"));
            }
        }
        Ok(LiveCheck {
            method: self.method,
            url: self.url.into(),
            hosts: texts(hosts),
            headers: pairs(self.headers),
            basic: self.basic.map(Text::Owned),
            body: self.body.map(Text::Owned),
            signature: self.signature,
            starts: texts(self.starts),
            finds: pairs(self.finds),
            active: answers(self.active),
            inactive: answers(self.inactive),
            elsewhere: self.elsewhere,
            tells: pairs(self.tells),
        })
    }

    /// The hosts that may be asked: those that are stated, or the one that the address names.
    fn all_hosts(&self) -> Result<Vec<String>, String> {
        let literal = self.url.strip_prefix("https://").map(|rest| rest.split('/').next().unwrap_or(rest));
        let hosts = match literal {
            _ if !self.hosts.is_empty() => self.hosts.clone(),
            Some(host) if !host.contains('{') => vec![host.to_owned()],
            _ => return Err("`hosts` is missing, and `url` does not name one".to_owned()),
        };
        if literal.is_none() && self.url != "{secret}" {
            return Err("`url` neither starts with https:// nor is {secret}".to_owned());
        }
        match hosts.iter().find(|h| !is_host(h)) {
            Some(host) => Err(format!("`hosts`: {host} is not the name of a host")),
            None => Ok(hosts),
        }
    }

    fn judge_answers(&self) -> Result<(), String> {
        if self.active.is_empty() {
            return Err("`active` is empty: no answer would mean that it is accepted".to_owned());
        }
        let mut answers = self.active.iter().chain(&self.inactive);
        if answers.any(|answer| !(100..600).contains(&answer.status())) {
            return Err("a status is not between 100 and 599".to_owned());
        }
        Ok(())
    }

    /// Whether all that templates name is there, and the secret is sent at all.
    fn judge_templates(&self, parts: &[String]) -> Result<(), String> {
        for (name, found) in &self.finds {
            let group = usize::from(found.contains('('));
            pattern::check(found, group).map_err(|e| format!("`finds`: {name}: {e}"))?;
        }
        let templates = self.headers.values().chain([&self.url]).chain(&self.basic).chain(&self.body);
        let names: Vec<&str> = templates.flat_map(|text| placeholders(text).map(|(_, name)| name)).collect();
        let known = |name: &str| match name.strip_prefix("part:") {
            Some(part) => parts.iter().any(|p| p == part),
            None => name == "secret" || self.finds.contains_key(name),
        };
        if let Some(name) = names.iter().find(|name| !known(name)) {
            return Err(format!("{{{name}}} is neither the secret nor a required part nor one of `finds`"));
        }
        if self.signature.is_none() && !names.contains(&"secret") {
            return Err("{secret} stands nowhere in the request".to_owned());
        }
        Ok(())
    }

    /// `check` as a file states it.
    pub(crate) fn of(check: &LiveCheck) -> Self {
        let map = |pairs: &[Named]| pairs.iter().map(|p| (p.name.to_string(), p.text.to_string())).collect();
        let list = |texts: &[Text]| texts.iter().map(ToString::to_string).collect();
        let answers = |all: &[Answer]| all.iter().map(StatedAnswer::of).collect();
        Self {
            method: check.method,
            url: check.url.to_string(),
            hosts: list(&check.hosts),
            headers: map(&check.headers),
            basic: check.basic.as_ref().map(ToString::to_string),
            body: check.body.as_ref().map(ToString::to_string),
            signature: check.signature,
            starts: list(&check.starts),
            finds: map(&check.finds),
            active: answers(&check.active),
            inactive: answers(&check.inactive),
            elsewhere: check.elsewhere,
            tells: map(&check.tells),
        }
    }
}

impl StatedAnswer {
    const fn status(&self) -> u16 {
        match self {
            Self::Status(status) | Self::Body { status, .. } => *status,
        }
    }

    fn answer(self) -> Answer {
        match self {
            Self::Status(status) => Answer { status, body: None },
            Self::Body { status, body } => Answer { status, body: Some(body.into()) },
        }
    }

    fn of(answer: &Answer) -> Self {
        match &answer.body {
            None => Self::Status(answer.status),
            Some(body) => Self::Body { status: answer.status, body: body.to_string() },
        }
    }
}

/// The placeholders of `template`: where each begins, and its name. Other braces are text.
pub fn placeholders(template: &str) -> impl Iterator<Item = (usize, &str)> {
    template.match_indices('{').filter_map(|(at, _)| {
        let (name, _) = template[at + 1..].split_once('}')?;
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b':' | b'_');
        (!name.is_empty() && name.bytes().all(fits)).then_some((at, name))
    })
}

/// Whether `host` is a host name of several labels, the first of which may be `*`.
fn is_host(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let label = |l: &str| {
        !l.is_empty() && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    // The last label of an address in numbers is a number.
    name.contains('.')
        && name.split('.').all(label)
        && !name.rsplit('.').next().is_some_and(|l| l.starts_with(|c: char| c.is_ascii_digit()))
}

fn pairs(map: BTreeMap<String, String>) -> List<Named> {
    map.into_iter().map(|(name, text)| Named { name: name.into(), text: text.into() }).collect()
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
