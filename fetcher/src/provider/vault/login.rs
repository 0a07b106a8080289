//! The ways to log in, and what each sends.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{answer, put_fields, target};
use crate::http::{Buffer, HttpClient, Method, Request};
use crate::provider::{Fault, FaultKind};
use crate::secret::{Json, Secret};

use answer::Envelope;

/// How to log in. Mounts are names without slashes at their ends, such as `approle`.
#[non_exhaustive]
pub enum Login {
    /// Behind an agent that logs in for us.
    None,
    /// A token that was given to us; it is neither renewed beyond its own terms nor revoked at the end.
    Token(Secret),
    /// A file that holds a token, read anew after a denial: an agent's sink, `~/.vault-token`.
    TokenFile(PathBuf),
    /// A role id and a secret id.
    AppRole {
        /// Where the method is mounted.
        mount: String,
        /// Names the role; not secret by itself.
        role_id: String,
        /// Proves that we may be it.
        secret_id: SecretId,
    },
    /// A service account's projected token, read anew at each login.
    Kubernetes {
        /// Where the method is mounted.
        mount: String,
        /// The role to log in as.
        role: String,
        /// The token's file.
        token_file: PathBuf,
    },
    /// A JSON web token from a file, read anew at each login.
    Jwt {
        /// Where the method is mounted.
        mount: String,
        /// The role to log in as; the mount's default when empty.
        role: String,
        /// The token's file.
        token_file: PathBuf,
    },
    /// A name and a password.
    Userpass {
        /// Where the method is mounted.
        mount: String,
        /// The name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// The client certificate of the TLS settings.
    Certificate {
        /// Where the method is mounted.
        mount: String,
        /// The role to log in as; any that fits when empty.
        role: String,
    },
}

/// Where an AppRole secret id comes from.
#[non_exhaustive]
pub enum SecretId {
    /// The role wants none.
    None,
    /// The id itself.
    Plain(Secret),
    /// A file that holds it, read anew at each login.
    File(PathBuf),
    /// A file that holds a wrapping token. It is unwrapped once; that it was unwrapped before means that somebody
    /// else has the id.
    WrappedFile(PathBuf),
}

/// What a login brought.
pub(super) struct Granted {
    pub(super) token: Secret,
    /// Seconds that it lives; 0 is for ever.
    pub(super) seconds: u64,
    pub(super) renewable: bool,
}

impl Login {
    /// Whether we log in ourselves, and so may and must log out.
    pub(super) const fn is_ours(&self) -> bool {
        !matches!(self, Self::None | Self::Token(_) | Self::TokenFile(_))
    }

    /// Sends the login. `unwrapped` keeps a secret id that could be unwrapped once only.
    pub(super) async fn send(
        &self,
        client: &HttpClient,
        namespace: Option<&str>,
        unwrapped: &mut Option<Secret>,
    ) -> Result<Granted, Fault> {
        let mut body = Buffer::default();
        let path = match self {
            Self::None | Self::Token(_) | Self::TokenFile(_) => {
                return Err(Fault::new(FaultKind::Unsupported));
            }
            Self::AppRole { mount, role_id, secret_id } => {
                if unwrapped.is_none() {
                    *unwrapped = secret_id.obtain(client, namespace).await?;
                }
                let id = text(unwrapped.as_ref())?;
                match id {
                    Some(id) => put_fields(&mut body, &[("role_id", role_id), ("secret_id", id)], None),
                    None => put_fields(&mut body, &[("role_id", role_id)], None),
                }
                if !secret_id.is_once() {
                    *unwrapped = None;
                }
                format!("auth/{mount}/login")
            }
            Self::Kubernetes { mount, role, token_file } | Self::Jwt { mount, role, token_file } => {
                let jwt = read_file(token_file)?;
                let jwt = text(Some(&jwt))?.unwrap_or_default();
                put_fields(&mut body, &[("role", role), ("jwt", jwt)], None);
                format!("auth/{mount}/login")
            }
            Self::Userpass { mount, user, password } => {
                let password = text(Some(password))?.unwrap_or_default();
                put_fields(&mut body, &[("password", password)], None);
                format!("auth/{mount}/login/{user}")
            }
            Self::Certificate { mount, role } => {
                put_fields(&mut body, &[("name", role)], None);
                format!("auth/{mount}/login")
            }
        };
        let request = with_namespace(Request::new(Method::Post, target(&path)).json(body), namespace);
        let response = client.send(&request).await.map_err(|e| answer::unreached(&e))?;
        let envelope = Envelope::read(response).map_err(|fault| match fault.kind() {
            FaultKind::Invalid | FaultKind::Denied | FaultKind::NotFound => Fault::new(FaultKind::Auth),
            _ => fault,
        })?;
        Granted::read(&envelope)
    }
}

impl Granted {
    /// Reads `auth` of a login's or a renewal's answer.
    pub(super) fn read(envelope: &Envelope) -> Result<Self, Fault> {
        let auth = envelope.json().field("auth").ok_or(Fault::new(FaultKind::Auth))?;
        let token = auth.field("client_token").and_then(Json::text).filter(|t| !t.is_empty());
        Ok(Self {
            token: token.ok_or(Fault::new(FaultKind::Auth).with_detail("the login brought no token"))?,
            seconds: auth.field("lease_duration").and_then(Json::unsigned).unwrap_or_default(),
            renewable: auth.field("renewable").and_then(Json::bool).unwrap_or_default(),
        })
    }
}

impl SecretId {
    const fn is_once(&self) -> bool {
        matches!(self, Self::WrappedFile(_))
    }

    async fn obtain(&self, client: &HttpClient, namespace: Option<&str>) -> Result<Option<Secret>, Fault> {
        match self {
            Self::None => Ok(None),
            Self::Plain(id) => Ok(Some(id.duplicate())),
            Self::File(file) => read_file(file).map(Some),
            Self::WrappedFile(file) => {
                let wrapping = read_file(file)?;
                let request = Request::new(Method::Post, target("sys/wrapping/unwrap"));
                let request = with_namespace(request.secret_header("x-vault-token", &wrapping), namespace);
                let response = client.send(&request).await.map_err(|e| answer::unreached(&e))?;
                let envelope = Envelope::read(response).map_err(|fault| match fault.kind() {
                    FaultKind::Invalid | FaultKind::Denied | FaultKind::Auth => Fault::new(FaultKind::Auth)
                        .with_detail("the wrapped secret id was taken before: treat it as stolen"),
                    _ => fault,
                })?;
                let id = envelope.data().and_then(|d| d.field("secret_id")).and_then(Json::text);
                id.map(Some)
                    .ok_or(Fault::new(FaultKind::Auth).with_detail("the wrapped answer holds no secret id"))
            }
        }
    }
}

pub(super) fn with_namespace<'a>(request: Request<'a>, namespace: Option<&'a str>) -> Request<'a> {
    match namespace {
        Some(namespace) => request.header("x-vault-namespace", namespace.as_bytes()),
        None => request,
    }
}

/// A file that holds one secret, without the white space around it.
pub(super) fn read_file(file: &Path) -> Result<Secret, Fault> {
    let unreadable =
        |_| Fault::new(FaultKind::Auth).with_detail("the file with the token or secret id cannot be read");
    let content = Secret::from_vec(std::fs::read(file).map_err(unreadable)?);
    if let Some(why) = super::exposed::exposed(file) {
        super::exposed::warn_once(file, why);
    }
    // The reason to open it: editors and shells put a line end behind it.
    let trimmed = content.expose().trim_ascii();
    if trimmed.is_empty() {
        return Err(Fault::new(FaultKind::Auth).with_detail("the file with the token or secret id is empty"));
    }
    Ok(Secret::copy_of(trimmed))
}

fn text(secret: Option<&Secret>) -> Result<Option<&str>, Fault> {
    // The reason to open it: it goes into the login's body.
    let text = secret.map(Secret::expose_text).transpose();
    text.map_err(|_| Fault::new(FaultKind::Auth).with_detail("the login's secret is not text"))
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "Login(none)",
            Self::Token(_) => "Login(token)",
            Self::TokenFile(_) => "Login(token file)",
            Self::AppRole { .. } => "Login(approle)",
            Self::Kubernetes { .. } => "Login(kubernetes)",
            Self::Jwt { .. } => "Login(jwt)",
            Self::Userpass { .. } => "Login(userpass)",
            Self::Certificate { .. } => "Login(certificate)",
        })
    }
}
