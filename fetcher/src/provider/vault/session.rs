//! The login in force: obtained when first needed, renewed before it ends, obtained anew when it cannot be renewed.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;

use super::answer::{self, Envelope};
use super::login::{Granted, Login, read_file, with_namespace};
use super::{put_fields, target};
use crate::clock::{Clock, Tick};
use crate::http::{Buffer, HttpClient, Method, Request};
use crate::provider::{Fault, FaultKind};
use crate::secret::{Json, Secret};

/// The login in force. One login or renewal runs at a time; others wait for it.
pub(super) struct Session {
    login: Login,
    clock: Arc<dyn Clock>,
    held: RwLock<Option<Held>>,
    /// Held while a login runs; keeps a secret id that could be unwrapped once only.
    busy: Mutex<Option<Secret>>,
}

#[derive(Clone)]
struct Held {
    token: Arc<Secret>,
    /// When it began (before the request), and how long it lives; `None` is for ever.
    begun: Tick,
    life: Option<Duration>,
    renewable: bool,
}

impl Held {
    fn of(granted: Granted, begun: Tick) -> Self {
        let life = (granted.seconds > 0).then(|| Duration::from_secs(granted.seconds));
        Self { token: Arc::new(granted.token), begun, life, renewable: granted.renewable }
    }

    fn left(&self, now: Tick) -> Option<Duration> {
        self.life.map(|life| life.saturating_sub(now.since(self.begun)))
    }

    /// Past two thirds of its life.
    fn is_due(&self, now: Tick) -> bool {
        self.life.is_some_and(|life| now.since(self.begun) >= life * 2 / 3)
    }
}

/// Safety distance to the end of a login, a tenth of its life at most: the request takes time to arrive.
const SKEW: Duration = Duration::from_secs(2);

impl Session {
    pub(super) fn new(login: Login, clock: Arc<dyn Clock>) -> Self {
        Self { login, clock, held: RwLock::new(None), busy: Mutex::new(None) }
    }

    /// The token to send; `None` behind an agent.
    pub(super) async fn token(
        &self,
        client: &HttpClient,
        namespace: Option<&str>,
    ) -> Result<Option<Arc<Secret>>, Fault> {
        if matches!(self.login, Login::None) {
            return Ok(None);
        }
        match self.current() {
            Some(held) if !held.is_due(self.clock.now()) => Ok(Some(held.token)),
            Some(held) => self.extend(held, client, namespace).await.map(Some),
            None => self.begin(client, namespace).await.map(Some),
        }
    }

    /// Life left in the login, when that has an end.
    pub(super) fn left(&self) -> Option<Duration> {
        self.current().and_then(|held| held.left(self.clock.now()))
    }

    /// Logs in anew after a denial. `false`: there is nothing to log in with.
    pub(super) async fn again(&self, client: &HttpClient, namespace: Option<&str>) -> Result<bool, Fault> {
        let before = self.current().map(|held| held.token);
        if let Login::TokenFile(file) = &self.login {
            let token = read_file(file)?;
            // The reason to open both: a file that still holds the same token brings nothing new.
            let same = before.is_some_and(|b| b.expose() == token.expose());
            self.hold(Held { token: Arc::new(token), begun: self.clock.now(), life: None, renewable: false });
            return Ok(!same);
        }
        if !self.login.is_ours() {
            return Ok(false);
        }
        let mut unwrapped = self.busy.lock().await;
        let now = self.current().map(|held| held.token);
        // Somebody else logged in while this one waited.
        let renewed = matches!((&before, &now), (Some(a), Some(b)) if !Arc::ptr_eq(a, b));
        if !renewed {
            self.log_in(client, namespace, &mut unwrapped).await?;
        }
        Ok(true)
    }

    /// Revokes the token, when it is one that we obtained.
    pub(super) async fn close(&self, client: &HttpClient, namespace: Option<&str>) -> Result<(), Fault> {
        let held = self.held.write().unwrap_or_else(PoisonError::into_inner).take();
        let Some(held) = held.filter(|_| self.login.is_ours()) else { return Ok(()) };
        let request = Request::new(Method::Post, target("auth/token/revoke-self"));
        let request = with_namespace(request.secret_header("x-vault-token", &held.token), namespace);
        let response = client.send(&request).await.map_err(|e| answer::unreached(&e))?;
        Envelope::read(response).map(|_| ())
    }

    fn current(&self) -> Option<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, held: Held) -> Arc<Secret> {
        let token = Arc::clone(&held.token);
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
        token
    }

    async fn begin(&self, client: &HttpClient, namespace: Option<&str>) -> Result<Arc<Secret>, Fault> {
        let mut unwrapped = self.busy.lock().await;
        if let Some(held) = self.current() {
            return Ok(held.token);
        }
        match &self.login {
            Login::Token(token) => {
                let token = Arc::new(token.duplicate());
                let (life, renewable) = terms(&token, client, namespace).await?;
                Ok(self.hold(Held { token, begun: self.clock.now(), life, renewable }))
            }
            Login::TokenFile(file) => {
                let token = Arc::new(read_file(file)?);
                let (life, _) = terms(&token, client, namespace).await?;
                Ok(self.hold(Held { token, begun: self.clock.now(), life, renewable: false }))
            }
            _ => self.log_in(client, namespace, &mut unwrapped).await,
        }
    }

    async fn log_in(
        &self,
        client: &HttpClient,
        namespace: Option<&str>,
        unwrapped: &mut Option<Secret>,
    ) -> Result<Arc<Secret>, Fault> {
        let begun = self.clock.now();
        let granted = self.login.send(client, namespace, unwrapped).await?;
        Ok(self.hold(Held::of(granted, begun)))
    }

    /// Renews a login that is past two thirds of its life, or logs in anew. One that still lives is used while
    /// that fails.
    async fn extend(
        &self,
        held: Held,
        client: &HttpClient,
        namespace: Option<&str>,
    ) -> Result<Arc<Secret>, Fault> {
        let skew = held.life.map_or(SKEW, |life| SKEW.min(life / 10));
        let alive = held.left(self.clock.now()).is_none_or(|left| left > skew);
        let Ok(mut unwrapped) = self.busy.try_lock() else {
            if alive {
                return Ok(held.token);
            }
            return self.begin_after(held, client, namespace).await;
        };
        if held.renewable && alive {
            let begun = self.clock.now();
            if let Ok(granted) = renew(&held.token, client, namespace).await {
                let short = held.life.is_some_and(|life| granted.seconds * 10 < life.as_secs() * 9);
                let renewable = granted.renewable && !(short && self.login.is_ours());
                return Ok(self.hold(Held { renewable, ..Held::of(granted, begun) }));
            }
        }
        if self.login.is_ours() {
            match self.log_in(client, namespace, &mut unwrapped).await {
                Err(_) if alive => Ok(held.token),
                answer => answer,
            }
        } else if alive {
            Ok(held.token)
        } else {
            Err(Fault::new(FaultKind::Auth).with_detail("the token that was given has ended"))
        }
    }

    async fn begin_after(
        &self,
        old: Held,
        client: &HttpClient,
        namespace: Option<&str>,
    ) -> Result<Arc<Secret>, Fault> {
        let mut unwrapped = self.busy.lock().await;
        match self.current() {
            Some(held) if !Arc::ptr_eq(&held.token, &old.token) => Ok(held.token),
            _ if self.login.is_ours() => self.log_in(client, namespace, &mut unwrapped).await,
            _ => Err(Fault::new(FaultKind::Auth).with_detail("the token that was given has ended")),
        }
    }
}

/// Life and renewability of a token that was given to us. A token that may not look itself up has no known end.
async fn terms(
    token: &Secret,
    client: &HttpClient,
    namespace: Option<&str>,
) -> Result<(Option<Duration>, bool), Fault> {
    let request = Request::new(Method::Get, target("auth/token/lookup-self"));
    let request = with_namespace(request.secret_header("x-vault-token", token), namespace);
    let response = client.send(&request).await.map_err(|e| answer::unreached(&e))?;
    match Envelope::read(response) {
        Ok(envelope) => {
            let data = envelope.data().unwrap_or(Json::NULL);
            let ttl = data.field("ttl").and_then(Json::unsigned).unwrap_or_default();
            let renewable = data.field("renewable").and_then(Json::bool).unwrap_or_default();
            Ok(((ttl > 0).then(|| Duration::from_secs(ttl)), renewable))
        }
        Err(fault)
            if matches!(fault.kind(), FaultKind::Denied | FaultKind::NotFound | FaultKind::NoRoute) =>
        {
            Ok((None, false))
        }
        Err(fault) => Err(fault),
    }
}

async fn renew(token: &Secret, client: &HttpClient, namespace: Option<&str>) -> Result<Granted, Fault> {
    let mut body = Buffer::default();
    put_fields(&mut body, &[], None);
    let request = Request::new(Method::Post, target("auth/token/renew-self")).json(body);
    let request = with_namespace(request.secret_header("x-vault-token", token), namespace);
    let response = client.send(&request).await.map_err(|e| answer::unreached(&e))?;
    Granted::read(&Envelope::read(response)?)
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({:?})", self.login)
    }
}
