//! How our own server is told to end what was found: tokens, accessors, AppRole secret ids, leases, dynamic users.

use leakward_fetcher::http::Method;
use leakward_fetcher::provider::vault::VaultProvider;
use leakward_fetcher::secret::Json;
use leakward_fetcher::{Fault, FaultKind, Secret};
use zeroize::Zeroizing;

use super::lookup::{Handle, Held, Lookup, body, parse};

/// The call that ends it.
pub struct Ending {
    /// The call's path, to be shown.
    pub call: String,
    method: Method,
    field: &'static str,
    text: Zeroizing<String>,
}

impl Ending {
    /// How `server`, called `name`, ends what was `held`; `None`: it does not know it, or not any more.
    ///
    /// # Errors
    /// The server refuses, or does not answer.
    pub async fn find(name: &str, server: &VaultProvider, held: &Held) -> Result<Option<Self>, Fault> {
        let lookup = Lookup { name, server };
        let (method, text) = (Method::Post, held.text.clone());
        Ok(match held.handle {
            Handle::Token => lookup.accessor(&text).await?.map(|text| Self {
                call: "auth/token/revoke-accessor".to_owned(),
                method,
                field: "accessor",
                text,
            }),
            Handle::Accessor => {
                lookup.live("auth/token/lookup-accessor", "accessor", &text).await?.map(|_| Self {
                    call: "auth/token/revoke-accessor".to_owned(),
                    method,
                    field: "accessor",
                    text,
                })
            }
            Handle::SecretId => lookup.role_of(&text).await?.map(|(role, _)| Self {
                call: format!("{role}/secret-id/destroy"),
                method,
                field: "secret_id",
                text,
            }),
            Handle::LeaseId => {
                match server.ask(Method::Put, "sys/leases/lookup", Some(body(&[("lease_id", &text)]))).await {
                    Err(fault) if matches!(fault.kind(), FaultKind::LeaseGone | FaultKind::Invalid) => None,
                    answer => answer.map(|_| Some(Self::lease(text)))?,
                }
            }
            Handle::DynamicUser => match lookup.lease_of(&text).await?.lease {
                // A stranger's would end instead.
                Some(lease) if lease.is_one_of_several => {
                    let why = "several leases of such a role were given in these seconds, and whose is whose is not told: \
                               end all of them by the role's path, database/creds/ROLE";
                    return Err(Fault::new(FaultKind::Unsupported).with_detail(why));
                }
                lease => lease.map(|lease| Self::lease(lease.id)),
            },
        })
    }

    fn lease(text: Zeroizing<String>) -> Self {
        Self { call: "sys/leases/revoke".to_owned(), method: Method::Put, field: "lease_id", text }
    }

    /// Ends it.
    ///
    /// # Errors
    /// The server refuses, or does not answer.
    pub async fn send(&self, server: &VaultProvider) -> Result<(), Fault> {
        // The reason to open it: the server is told what to end.
        match server.ask(self.method, &self.call, Some(body(&[(self.field, &self.text)]))).await {
            Err(fault) if fault.kind() == FaultKind::LeaseGone => Ok(()),
            answer => answer.map(drop),
        }
    }
}

impl std::fmt::Debug for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ending({})", self.call)
    }
}

impl Lookup<'_> {
    /// What the server says at `path` of a token or accessor; `None`: it knows no live one.
    async fn live(&self, path: &str, field: &str, text: &str) -> Result<Option<Secret>, Fault> {
        match self.server.ask(Method::Post, path, Some(body(&[(field, text)]))).await {
            // A dead one and a login that may not ask are answered alike; the login's own rights tell.
            Err(fault)
                if matches!(fault.kind(), FaultKind::Denied | FaultKind::NotFound | FaultKind::Invalid) =>
            {
                if self.may(path).await? {
                    Ok(None)
                } else {
                    Err(fault)
                }
            }
            answer => answer.map(Some),
        }
    }

    /// The accessor of a live token.
    async fn accessor(&self, token: &str) -> Result<Option<Zeroizing<String>>, Fault> {
        let Some(answer) = self.live("auth/token/lookup", "token", token).await? else { return Ok(None) };
        let accessor = parse(&answer)?.at("data.accessor").and_then(Json::plain).filter(|a| !a.is_empty());
        let accessor = accessor.ok_or(
            Fault::new(FaultKind::Unsupported)
                .with_detail("a batch token has no accessor and cannot be revoked: its parent can"),
        )?;
        Ok(Some(Zeroizing::new(accessor)))
    }
}
