//! `--lookup`: asks our own Vault or OpenBao about tokens, accessors, AppRole secret ids, lease ids and dynamic users
//! that were found. The one case in which a found text is sent, and only to the configured server.

use jiff::Timestamp;
use leakward_fetcher::http::{Buffer, Method};
use leakward_fetcher::provider::vault::VaultProvider;
use leakward_fetcher::secret::{Json, escape_json};
use leakward_fetcher::{Fault, FaultKind, Secret};
use zeroize::Zeroizing;

use crate::model::{Finding, Lent, Managed, Verdict};

/// What a found text is to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Handle {
    /// A token.
    Token,
    /// A token's accessor.
    Accessor,
    /// The secret id of an AppRole.
    SecretId,
    /// A lease's id.
    LeaseId,
    /// The name or password of a user that a database engine made.
    DynamicUser,
}

/// A found text that a server can be asked about.
#[derive(Clone)]
pub struct Held {
    /// What it is.
    pub handle: Handle,
    pub(super) text: Zeroizing<String>,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Held({:?})", self.handle)
    }
}

/// What is known of the lease of a dynamic user.
pub(super) struct LeaseOf {
    /// The beginning of the role's name.
    role: String,
    /// Leases of roles with such a name that were looked at.
    looked: usize,
    pub(super) lease: Option<FoundLease>,
}

/// A lease that lives.
pub(super) struct FoundLease {
    /// Seconds between the time in the user's name and that of the lease.
    apart: i64,
    /// Whether another lease of such a role was given as near in time: the server does not say whose is whose.
    pub(super) is_one_of_several: bool,
    path: String,
    pub(super) id: Zeroizing<String>,
    answer: Secret,
}

/// Asks one server.
pub(super) struct Lookup<'s> {
    pub(super) name: &'s str,
    pub(super) server: &'s VaultProvider,
}

/// AppRole roles and leases that are looked through for one answer.
const MOST: usize = 200;
/// Seconds by which the time in a user's name and that of its lease may differ.
const SLACK: i64 = 5;

impl Handle {
    /// What `finding` is, if a server can be asked about it, and the text to ask about.
    pub fn of(finding: &Finding) -> Option<Held> {
        // Sent to the configured server alone, because the user said --lookup.
        let text = std::str::from_utf8(finding.secret.expose()).ok()?.trim();
        let around = String::from_utf8_lossy(finding.excerpt.text.expose()).into_owned();
        let around = Zeroizing::new(around);
        let handle = match &*finding.rule.id {
            "vault-service-token" | "vault-batch-token" | "vault-legacy-token" | "openbao-batch-token" => {
                Self::Token
            }
            "vault-approle-secret-id" => Self::SecretId,
            _ if is_lease_id(text) => Self::LeaseId,
            _ if is_token_like(text) && around.to_ascii_lowercase().contains("accessor") => Self::Accessor,
            _ => {
                let user = dynamic_user(text).or_else(|| dynamic_user(&around))?;
                let text = Zeroizing::new(user.to_owned());
                return Some(Held { handle: Self::DynamicUser, text });
            }
        };
        Some(Held { handle, text: Zeroizing::new(text.to_owned()) })
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Accessor => "token's accessor",
            Self::SecretId => "AppRole secret id",
            Self::LeaseId => "lease",
            Self::DynamicUser => "dynamic user",
        }
    }
}

impl Lookup<'_> {
    /// What the server says of `text`. `None`: it says nothing about it.
    pub(super) async fn verdict(&self, handle: Handle, text: &str) -> Option<Verdict> {
        let answer = match handle {
            Handle::Token => self.token("auth/token/lookup", "token", text).await,
            Handle::Accessor => self.token("auth/token/lookup-accessor", "accessor", text).await,
            Handle::SecretId => self.secret_id(text).await,
            Handle::LeaseId => self.lease(text).await.map(Some),
            Handle::DynamicUser => self.dynamic_user(text).await,
        };
        match answer {
            Ok(verdict) => verdict,
            Err(fault) => Some(Verdict::Unchecked(format!("{}: lookup: {fault}", self.name))),
        }
    }

    async fn token(&self, path: &str, field: &str, text: &str) -> Result<Option<Verdict>, Fault> {
        let answer = match self.server.ask(Method::Post, path, Some(body(&[(field, text)]))).await {
            Ok(answer) => answer,
            // A dead token and a login that may not ask are answered alike; the login's own rights tell.
            Err(fault)
                if matches!(fault.kind(), FaultKind::Denied | FaultKind::NotFound | FaultKind::Invalid) =>
            {
                let may = self.may(path).await?;
                return if may { Ok(Some(self.dead("auth/token"))) } else { Err(fault) };
            }
            Err(fault) => return Err(fault),
        };
        let json = parse(&answer)?;
        let Some(data) = json.field("data") else { return Ok(None) };
        let mut notes = vec![format!("a live token of {}", data.plain_field("display_name"))];
        let policies = data.field("policies").map(|p| p.items().filter_map(Json::plain).collect::<Vec<_>>());
        notes.extend(policies.map(|p| format!("policies {}", p.join(", "))));
        let login = data.plain_field("path");
        let path = if login.is_empty() { "auth/token".to_owned() } else { login };
        Ok(Some(self.alive(&path, data, "expire_time", notes)))
    }

    async fn secret_id(&self, text: &str) -> Result<Option<Verdict>, Fault> {
        let Some((role, answer)) = self.role_of(text).await? else {
            return Ok(Some(self.dead("auth/approle")));
        };
        let json = parse(&answer)?;
        let data = json.field("data").unwrap_or(Json::NULL);
        let uses = data.field("secret_id_num_uses").and_then(Json::unsigned).unwrap_or_default();
        let uses = if uses == 0 { "any number of logins".to_owned() } else { format!("{uses} more logins") };
        Ok(Some(self.alive(&role, data, "expiration_time", vec![format!("good for {uses}")])))
    }

    /// The AppRole that the secret id `text` belongs to (`auth/approle/role/NAME`), and what the server says of it.
    pub(super) async fn role_of(&self, text: &str) -> Result<Option<(String, Secret)>, Fault> {
        let mounts = self.server.ask(Method::Get, "sys/auth", None).await?;
        let mounts = parse(&mounts)?;
        let all = mounts.field("data").unwrap_or(mounts);
        let ours = all.entries().filter(|(_, mount)| mount.plain_field("type") == "approle");
        let ours: Vec<String> = ours.filter_map(|(name, _)| name.plain()).collect();
        for mount in ours {
            let base = format!("auth/{}/role", mount.trim_end_matches('/'));
            for role in self.list(&base).await?.into_iter().take(MOST) {
                let path = format!("{base}/{role}/secret-id/lookup");
                let answer =
                    match self.server.ask(Method::Post, &path, Some(body(&[("secret_id", text)]))).await {
                        Err(fault) if fault.kind() == FaultKind::NotFound => continue,
                        answer => answer?,
                    };
                let known = parse(&answer)?.at("data.secret_id_accessor").is_some();
                if known {
                    return Ok(Some((format!("{base}/{role}"), answer)));
                }
            }
        }
        Ok(None)
    }

    async fn lease(&self, id: &str) -> Result<Verdict, Fault> {
        let path = id.rsplit_once('/').map_or(id, |(path, _)| path).to_owned();
        match self.server.ask(Method::Put, "sys/leases/lookup", Some(body(&[("lease_id", id)]))).await {
            Ok(answer) => {
                let json = parse(&answer)?;
                Ok(self.alive(&path, json.field("data").unwrap_or(Json::NULL), "expire_time", Vec::new()))
            }
            Err(fault) if matches!(fault.kind(), FaultKind::LeaseGone | FaultKind::Invalid) => {
                Ok(self.dead(&path))
            }
            Err(fault) => Err(fault),
        }
    }

    async fn dynamic_user(&self, user: &str) -> Result<Option<Verdict>, Fault> {
        let LeaseOf { role, looked, lease } = self.lease_of(user).await?;
        if let Some(FoundLease { path, answer, is_one_of_several, .. }) = lease {
            let json = parse(&answer)?;
            let data = json.field("data").unwrap_or(Json::NULL);
            let several = "several leases were given in these seconds: it is one of them".to_owned();
            let notes = if is_one_of_several { vec![several] } else { Vec::new() };
            return Ok(Some(self.alive(&path, data, "expire_time", notes)));
        }
        let path =
            if looked > 0 { format!("a lease of a role {role}…") } else { format!("a role {role}…") };
        let managed = Managed { manager: self.name.to_owned(), path, ..Managed::default() };
        Ok(Some(Verdict::Destroyed(Managed { notes: vec!["its lease has ended".to_owned()], ..managed })))
    }

    /// A user such as `v-token-app-4Yd…-1700000000` belongs to the lease of its role that was given at that time.
    pub(super) async fn lease_of(&self, user: &str) -> Result<LeaseOf, Fault> {
        let (role, made) = role_and_time(user).unwrap_or_default();
        let mut found = LeaseOf { role, looked: 0, lease: None };
        for mount in self.list("sys/leases/lookup").await? {
            let creds = format!("sys/leases/lookup/{mount}creds");
            for role in self.list(&creds).await? {
                let full = role.trim_end_matches('/');
                if !full.starts_with(&found.role) {
                    continue;
                }
                found.looked += 1;
                for id in self.list(&format!("{creds}/{full}")).await?.into_iter().take(MOST) {
                    let path = format!("{mount}creds/{full}");
                    let id = Zeroizing::new(format!("{path}/{id}"));
                    let request = body(&[("lease_id", &id)]);
                    let answer = match self.server.ask(Method::Put, "sys/leases/lookup", Some(request)).await
                    {
                        // It ended since it was listed.
                        Err(fault) if fault.kind() == FaultKind::LeaseGone => continue,
                        answer => answer?,
                    };
                    let issued = parse(&answer)?.at("data.issue_time").and_then(Json::plain);
                    let Some(apart) = issued.and_then(|time| seconds(&time)).map(|at| (at - made).abs())
                    else {
                        continue;
                    };
                    let nearest = found.lease.as_ref().map_or(SLACK, |lease| lease.apart);
                    if apart > SLACK {
                        continue;
                    }
                    let is_one_of_several = found.lease.is_some();
                    match &mut found.lease {
                        Some(lease) if apart >= nearest => lease.is_one_of_several = true,
                        lease => *lease = Some(FoundLease { apart, is_one_of_several, path, id, answer }),
                    }
                }
            }
        }
        Ok(found)
    }

    /// Keys of a list; none where there is nothing to list.
    async fn list(&self, path: &str) -> Result<Vec<String>, Fault> {
        match self.server.ask(Method::Get, &format!("{path}?list=true"), None).await {
            Ok(answer) => {
                let keys = parse(&answer)?.at("data.keys").into_iter().flat_map(Json::items);
                Ok(keys.filter_map(Json::plain).collect())
            }
            Err(fault) if matches!(fault.kind(), FaultKind::NotFound | FaultKind::NoRoute) => Ok(Vec::new()),
            Err(fault) => Err(fault),
        }
    }

    /// Whether our login may write to `path`.
    pub(super) async fn may(&self, path: &str) -> Result<bool, Fault> {
        let answer =
            self.server.ask(Method::Post, "sys/capabilities-self", Some(body(&[("path", path)]))).await?;
        let json = parse(&answer)?;
        let able = json.field("capabilities").or_else(|| json.at("data.capabilities"));
        Ok(able.is_some_and(|a| {
            a.items().any(|c| c.is_text("update") || c.is_text("root") || c.is_text("sudo"))
        }))
    }

    /// The verdict on what lives, with an end or without one.
    fn alive(&self, path: &str, data: Json<'_>, end: &str, notes: Vec<String>) -> Verdict {
        let manager = self.name.to_owned();
        let expires = seconds(&data.plain_field(end)).filter(|t| *t > 0);
        match expires {
            Some(at) => {
                let left = u64::try_from(at - Timestamp::now().as_second()).unwrap_or_default();
                Verdict::Leased(Lent {
                    manager,
                    path: path.to_owned(),
                    expires: Some(at),
                    left: Some(left),
                    notes,
                })
            }
            None => Verdict::Current(Managed { manager, path: path.to_owned(), notes, ..Managed::default() }),
        }
    }

    fn dead(&self, path: &str) -> Verdict {
        let (manager, path) = (self.name.to_owned(), path.to_owned());
        let notes = vec!["the server does not know it any more".to_owned()];
        Verdict::Destroyed(Managed { manager, path, notes, ..Managed::default() })
    }
}

pub(super) fn parse(answer: &Secret) -> Result<Json<'_>, Fault> {
    // Read for its fields, not shown.
    Json::parse(answer.expose()).map_err(|_| Fault::new(FaultKind::Invalid))
}

fn seconds(time: &str) -> Option<i64> {
    time.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// A JSON object of texts.
pub(super) fn body(fields: &[(&str, &str)]) -> Buffer {
    let mut out = Buffer::default();
    for (i, (name, value)) in fields.iter().enumerate() {
        out.extend(if i == 0 { b"{" } else { b"," });
        let mut field = Zeroizing::new(Vec::with_capacity((name.len() + value.len()) * 6 + 8));
        escape_json(name, &mut field);
        field.push(b':');
        escape_json(value, &mut field);
        out.extend(&field);
    }
    out.extend(if fields.is_empty() { b"{}" } else { b"}" });
    out
}

/// Whether `text` is shaped as `database/creds/app/` and 24 letters or digits.
fn is_lease_id(text: &str) -> bool {
    let Some((path, id)) = text.rsplit_once('/') else { return false };
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
    path.contains('/') && path.chars().all(plain) && is_token_like(id)
}

fn is_token_like(text: &str) -> bool {
    (20..=32).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// A user name as database engines make them, somewhere in `text`.
fn dynamic_user(text: &str) -> Option<&str> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.split(|c| !word(c)).filter(|w| w.starts_with("v-")).find(|w| role_and_time(w).is_some())
}

/// Role (cut to 8 characters by the engine) and time in a user's name: `v-DISPLAY-ROLE-20 CHARACTERS-TIME`.
fn role_and_time(user: &str) -> Option<(String, i64)> {
    let (rest, time) = user.strip_prefix("v-")?.rsplit_once('-')?;
    let (rest, random) = rest.rsplit_once('-')?;
    let shaped = random.len() == 20 && random.chars().all(|c| c.is_ascii_alphanumeric());
    let (_, role) = rest.split_once('-')?;
    let time: i64 = time.parse().ok().filter(|_| time.len() == 10)?;
    (shaped && !role.is_empty()).then(|| (role.to_owned(), time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_dynamic_users_are_read() {
        let user = "v-token-app-ro-abcdefghij0123456789-1700000000";
        assert_eq!(role_and_time(user), Some(("app-ro".to_owned(), 1_700_000_000)));
        let url = format!("postgres://{user}:pw@db/x");
        assert_eq!(dynamic_user(&url), Some(user));
        let (of_another_maker, without_role) =
            (user.replacen('v', "x", 1), user.replace("-ro-abcdefghij", "-b-c"));
        for bad in ["v-token", &without_role, &of_another_maker] {
            assert_eq!(dynamic_user(bad), None, "{bad}");
        }
    }

    #[test]
    fn lease_ids_are_told_from_paths() {
        assert!(is_lease_id("database/creds/app/abcdefghij0123456789ABCD"));
        assert!(!is_lease_id("src/main/java/Application") && !is_lease_id("abcdefghij0123456789ABCD"));
    }

    #[test]
    fn a_body_escapes_what_was_found() {
        assert_eq!(body(&[("token", "a\"b")]).filled(), br#"{"token":"a\"b"}"#);
    }
}
