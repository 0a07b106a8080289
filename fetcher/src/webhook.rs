//! A receiver of webhooks that say that secrets have changed, for managers that can tell: what is named is fetched
//! anew at once, in place of at its next refresh.
//!
//! It takes a request apart and does nothing with sockets: any HTTP server can hand requests to it. A message is
//! `{"paths": ["secret/app", …]}`; each path counts for itself and for all below it. The sender signs
//! `<timestamp>.<body>` with HMAC-SHA256 and a key that both know, itself a secret that may rotate: the version before
//! the current one is accepted as well. A message proves nothing about a value; the worst a forger could do is to have
//! secrets fetched, and even that takes the key.

use std::fmt;
use std::time::{Duration, SystemTime};

use ring::hmac;

use crate::cache::ReadError;
use crate::client::{SecretHandle, SecretsManager};
use crate::secret::{Json, Secret, SecretPath};

/// Receives messages that secrets have changed.
#[derive(Clone)]
pub struct Webhook {
    manager: SecretsManager,
    key: SecretHandle,
    field: Option<String>,
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// A header is missing or is not what it should be. The sender must fix it.
    #[error("{0}: the header is missing or not valid")]
    Header(&'static str),
    /// The message is larger than [`Webhook::MAX_BODY`] or names more than [`Webhook::MAX_PATHS`] paths.
    #[error("the message is too large")]
    TooLarge,
    /// The message is older or newer than [`Webhook::LATENESS`] allows: repeated, or a clock is wrong.
    #[error("the message is too old or from the future")]
    Late,
    /// The signature is not that of the key.
    #[error("the signature does not match")]
    Signature,
    /// The message is signed and makes no sense. The sender must fix it.
    #[error("the message is not an object with an array of paths")]
    Malformed,
    /// The key cannot be read.
    #[error(transparent)]
    Key(#[from] ReadError),
}

impl WebhookError {
    /// The HTTP status to answer with.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Header(_) | Self::Malformed => 400,
            Self::Signature | Self::Late => 401,
            Self::TooLarge => 413,
            Self::Key(_) => 503,
        }
    }
}

impl Webhook {
    /// Largest message, in bytes.
    pub const MAX_BODY: usize = 64 * 1024;
    /// Most paths in one message.
    pub const MAX_PATHS: usize = 100;
    /// How far the time of a message may be from ours.
    pub const LATENESS: Duration = Duration::from_secs(300);
    /// Header with the time of sending, in seconds since 1970.
    pub const TIMESTAMP: &'static str = "x-leakward-timestamp";
    /// Header with the signature: `sha256=` and 64 hexadecimal digits.
    pub const SIGNATURE: &'static str = "x-leakward-signature";

    /// Messages for `manager`, signed with the secret of `key`, or with one `field` of it.
    pub fn new(manager: &SecretsManager, key: SecretHandle, field: Option<&str>) -> Self {
        Self { manager: manager.clone(), key, field: field.map(str::to_owned) }
    }

    /// Takes one message; `header` finds a header by its name in lower case. The number of secrets held that are
    /// fetched anew for it.
    ///
    /// # Errors
    /// When the message is not taken; nothing is fetched then.
    pub async fn receive<'a>(
        &self,
        header: impl Fn(&str) -> Option<&'a str>,
        body: &[u8],
    ) -> Result<usize, WebhookError> {
        if body.len() > Self::MAX_BODY {
            return Err(WebhookError::TooLarge);
        }
        let timestamp = header(Self::TIMESTAMP).ok_or(WebhookError::Header(Self::TIMESTAMP))?;
        let signature = header(Self::SIGNATURE).and_then(signature);
        let signature = signature.ok_or(WebhookError::Header(Self::SIGNATURE))?;
        self.check_time(timestamp)?;
        self.check(timestamp, &signature, body).await?;
        let paths = paths(body)?;
        Ok(paths.iter().map(|path| self.manager.changed(path)).sum())
    }

    fn check_time(&self, timestamp: &str) -> Result<(), WebhookError> {
        let digits = timestamp.len() <= 12 && timestamp.bytes().all(|b| b.is_ascii_digit());
        let seconds = timestamp.parse().ok().filter(|_| digits);
        let sent = SystemTime::UNIX_EPOCH
            + Duration::from_secs(seconds.ok_or(WebhookError::Header(Self::TIMESTAMP))?);
        let now = self.manager.clock().wall();
        let apart = now.duration_since(sent).unwrap_or_else(|ahead| ahead.duration());
        if apart > Self::LATENESS { Err(WebhookError::Late) } else { Ok(()) }
    }

    async fn check(&self, timestamp: &str, signature: &[u8], body: &[u8]) -> Result<(), WebhookError> {
        let pair = self.key.current_and_previous().await?;
        let signed = [timestamp.as_bytes(), b".", body].concat();
        for reading in std::iter::once(&pair.current).chain(&pair.previous) {
            let field = self.field.as_deref().map(|field| reading.field(field));
            let key = match &field {
                Some(Ok(field)) => field,
                Some(Err(_)) => continue,
                None => reading.secret(),
            };
            // The reason to open it: it is the key of the signature. An empty one would be anybody's.
            let key = Some(key.expose().trim_ascii()).filter(|key| !key.is_empty());
            let key = key.map(|key| hmac::Key::new(hmac::HMAC_SHA256, key));
            // Compares in constant time.
            if key.is_some_and(|key| hmac::verify(&key, &signed, signature).is_ok()) {
                return Ok(());
            }
        }
        Err(WebhookError::Signature)
    }

    /// The value of [`Webhook::SIGNATURE`] for a message, for those who send them.
    pub fn sign(key: &Secret, timestamp: u64, body: &[u8]) -> String {
        // The reason to open it: it is the key of the signature.
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose().trim_ascii());
        let signed = [timestamp.to_string().as_bytes(), b".", body].concat();
        let digits =
            hmac::sign(&key, &signed).as_ref().iter().map(|b| format!("{b:02x}")).collect::<String>();
        format!("sha256={digits}")
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("key", self.key.name()).finish_non_exhaustive()
    }
}

fn signature(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("sha256=").filter(|d| d.len() == 64 && d.is_ascii())?;
    (0..32).map(|i| u8::from_str_radix(digits.get(2 * i..2 * i + 2)?, 16).ok()).collect()
}

fn paths(body: &[u8]) -> Result<Vec<SecretPath>, WebhookError> {
    let json = Json::parse(body).map_err(|_| WebhookError::Malformed)?;
    let array = json.field("paths").ok_or(WebhookError::Malformed)?;
    let mut paths = Vec::new();
    for item in array.items() {
        if paths.len() == Webhook::MAX_PATHS {
            return Err(WebhookError::TooLarge);
        }
        let text = item.text().ok_or(WebhookError::Malformed)?;
        // The reason to open it: it is a path.
        let path = text.expose_text().ok().and_then(|text| SecretPath::parse(text).ok());
        paths.push(path.ok_or(WebhookError::Malformed)?);
    }
    if paths.is_empty() { Err(WebhookError::Malformed) } else { Ok(paths) }
}
