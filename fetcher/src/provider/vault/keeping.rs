//! Changing secrets: new versions of the engine that has versions, roles and roots of engines that rotate by themselves,
//! leases of those that lend.

use zeroize::Zeroizing;

use super::VaultProvider;
use super::mounts::{Engine, Located};
use crate::http::{Buffer, Method};
use crate::provider::{Answer, Fault, FaultKind, Means, SecretKeeper};
use crate::secret::{Json, JsonKind, Secret, SecretPath, Version, escape_json};

/// What is put behind a path for a value that is not in force yet. The engine has no stages of its own.
const PENDING: &str = ".leakward-pending";

impl VaultProvider {
    /// Mount and path of a secret that has versions.
    async fn with_versions(&self, path: &SecretPath) -> Result<(String, String), Fault> {
        let Located { mount, engine, rest } = self.locate(path).await?;
        match engine {
            Engine::Kv2 => Ok((mount, rest.strip_prefix("data/").unwrap_or(&rest).to_owned())),
            Engine::Kv1 => Err(Fault::new(FaultKind::Unsupported)
                .with_detail("an engine without versions cannot take a new value back")),
            Engine::Other => {
                Err(Fault::new(FaultKind::Unsupported).with_detail("this engine takes no values"))
            }
        }
    }

    async fn write(&self, path: &str, cas: u64, value: &[u8]) -> Result<Version, Fault> {
        let mut body = Buffer::with_capacity(value.len() + 64);
        body.extend(format!("{{\"options\":{{\"cas\":{cas}}},\"data\":").as_bytes());
        body.extend(value);
        body.extend(b"}");
        let answer = self.call(Method::Post, path, Some(body)).await?;
        let number = answer.data().and_then(|d| d.field("version")).and_then(Json::unsigned);
        let number =
            number.ok_or(Fault::new(FaultKind::Invalid).with_detail("the answer names no version"))?;
        Ok(Version::new(number.to_string()))
    }

    /// What stands at the pending place: under which token, and the value.
    async fn pending(&self, mount: &str, rest: &str) -> Result<Option<(String, Secret)>, Fault> {
        let answer = match self.get(&format!("{mount}/data/{rest}{PENDING}")).await {
            Err(fault) if fault.kind().is_absence() => return Ok(None),
            answer => answer?,
        };
        let data = answer.data().and_then(|d| d.field("data"));
        let token = data.map(|d| d.plain_field("token")).unwrap_or_default();
        let value = data.and_then(|d| d.field("value")).map(|v| Secret::copy_of(v.raw()));
        let value = value.ok_or(Fault::new(FaultKind::Conflict))?;
        Ok(Some((token, value)))
    }

    async fn put_pending(&self, path: &SecretPath, token: &str, value: &Secret) -> Result<(), Fault> {
        let (mount, rest) = self.with_versions(path).await?;
        // The reason to open it: it is to be stored.
        let value_text = object(value)?;
        let mut document = Zeroizing::new(Vec::with_capacity(value_text.len() + token.len() + 32));
        document.extend_from_slice(b"{\"token\":");
        escape_json(token, &mut document);
        document.extend_from_slice(b",\"value\":");
        document.extend_from_slice(value_text);
        document.push(b'}');
        match self.write(&format!("{mount}/data/{rest}{PENDING}"), 0, &document).await {
            Err(fault) if fault.kind() == FaultKind::Conflict => match self.pending(&mount, &rest).await? {
                Some((other, held)) if other == token && held == *value => Ok(()),
                _ => Err(fault),
            },
            answer => answer.map(drop),
        }
    }

    async fn how(&self, path: &SecretPath) -> Result<Means, Fault> {
        let Located { mount, engine, rest } = self.locate(path).await?;
        if engine != Engine::Other {
            let (mount, rest) = self.with_versions(path).await?;
            return Ok(Means::Value { staged_at: Some(format!("{mount}/{rest}{PENDING}")) });
        }
        let unknown =
            Fault::new(FaultKind::Unsupported).with_detail("this engine rotates nothing at that path");
        let (folder, name) = rest.split_once('/').ok_or_else(|| unknown.clone())?;
        let readable = |folder: &str| SecretPath::parse(&format!("{mount}/{folder}/{name}")).ok();
        Ok(match folder {
            "static-creds" | "static-roles" => {
                Means::Turn { call: format!("{mount}/rotate-role/{name}"), read_at: readable("static-creds") }
            }
            "static-cred" | "static-role" => {
                Means::Turn { call: format!("{mount}/rotate-role/{name}"), read_at: readable("static-cred") }
            }
            "config" | "rotate-root" => {
                Means::Turn { call: format!("{mount}/rotate-root/{name}"), read_at: None }
            }
            "creds" | "roles" => {
                Means::End { call: format!("sys/leases/revoke-prefix/{mount}/creds/{name}") }
            }
            _ => return Err(unknown),
        })
    }
}

impl SecretKeeper for VaultProvider {
    fn means<'a>(&'a self, path: &'a SecretPath) -> Answer<'a, Means> {
        Box::pin(self.how(path))
    }

    fn stage<'a>(&'a self, path: &'a SecretPath, token: &'a str, value: &'a Secret) -> Answer<'a, ()> {
        Box::pin(self.put_pending(path, token, value))
    }

    fn staged<'a>(&'a self, path: &'a SecretPath, token: &'a str) -> Answer<'a, Option<Secret>> {
        Box::pin(async move {
            let (mount, rest) = self.with_versions(path).await?;
            let pending = self.pending(&mount, &rest).await?;
            Ok(pending.filter(|(other, _)| other == token).map(|(_, value)| value))
        })
    }

    fn discard<'a>(&'a self, path: &'a SecretPath, token: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            let (mount, rest) = self.with_versions(path).await?;
            match self.pending(&mount, &rest).await? {
                // All versions, and with them the value.
                Some((other, _)) if other == token => self
                    .call(Method::Delete, &format!("{mount}/metadata/{rest}{PENDING}"), None)
                    .await
                    .map(drop),
                _ => Ok(()),
            }
        })
    }

    fn commit<'a>(
        &'a self,
        path: &'a SecretPath,
        _token: &'a str,
        value: &'a Secret,
        after: &'a Version,
    ) -> Answer<'a, Version> {
        Box::pin(async move {
            let (mount, rest) = self.with_versions(path).await?;
            let cas = after.as_str().parse().map_err(|_| Fault::new(FaultKind::Invalid))?;
            // The reason to open it: it is to be stored.
            self.write(&format!("{mount}/data/{rest}"), cas, object(value)?).await
        })
    }

    fn turn<'a>(&'a self, path: &'a SecretPath, _token: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            match self.how(path).await? {
                Means::Turn { call, .. } => self.call(Method::Post, &call, Some(empty())).await.map(drop),
                Means::End { call } => {
                    let mut body = Buffer::default();
                    body.extend(b"{\"sync\":true}");
                    self.call(Method::Put, &call, Some(body)).await.map(drop)
                }
                Means::Value { .. } => Err(Fault::new(FaultKind::Unsupported)),
            }
        })
    }

    fn create<'a>(&'a self, path: &'a SecretPath, value: &'a Secret) -> Answer<'a, Version> {
        Box::pin(async move {
            let (mount, rest) = self.with_versions(path).await?;
            // The reason to open it: it is to be stored.
            self.write(&format!("{mount}/data/{rest}"), 0, object(value)?).await
        })
    }

    fn destroy<'a>(&'a self, path: &'a SecretPath, version: &'a Version) -> Answer<'a, ()> {
        Box::pin(async move {
            let (mount, rest) = self.with_versions(path).await?;
            let number: u64 = version.as_str().parse().map_err(|_| Fault::new(FaultKind::Invalid))?;
            let mut body = Buffer::default();
            body.extend(format!("{{\"versions\":[{number}]}}").as_bytes());
            self.call(Method::Put, &format!("{mount}/destroy/{rest}"), Some(body)).await.map(drop)
        })
    }

    fn generate<'a>(&'a self, rules: &'a str) -> Answer<'a, Secret> {
        Box::pin(async move {
            let answer = self.get(&format!("sys/policies/password/{rules}/generate")).await?;
            let made = answer.data().and_then(|d| d.field("password")).and_then(Json::text);
            made.ok_or(Fault::new(FaultKind::Invalid).with_detail("the answer holds no password"))
        })
    }
}

/// The value's text, which must be a JSON object: the engine stores nothing else.
fn object(value: &Secret) -> Result<&[u8], Fault> {
    let text = value.expose();
    let kind = Json::parse(text).map(Json::kind);
    if kind == Ok(JsonKind::Object) {
        Ok(text)
    } else {
        Err(Fault::new(FaultKind::Invalid).with_detail("this engine stores JSON objects alone"))
    }
}

fn empty() -> Buffer {
    let mut body = Buffer::default();
    body.extend(b"{}");
    body
}
