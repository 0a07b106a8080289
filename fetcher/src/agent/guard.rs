//! Who is answered: the checks that come before any secret is looked at.

use subtle::ConstantTimeEq;

use super::AgentSettings;
use super::request::Request;

/// How a caller came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entrance {
    /// Through the socket; the kernel has said who it is.
    Unix,
    /// Over loopback.
    Loopback,
}

/// Why a caller is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A relay's request or a web page's.
    Relayed,
    /// Not meant for this machine by name: a name that somebody else's server points here.
    Host,
    /// No token, or a wrong one.
    Token,
    /// For another namespace than the one that is served.
    Namespace,
}

impl Refusal {
    pub(super) const fn status(self) -> u16 {
        match self {
            Self::Relayed | Self::Namespace | Self::Host => 400,
            Self::Token => 403,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Relayed => "relayed",
            Self::Host => "wrong-host",
            Self::Token => "wrong-token",
            Self::Namespace => "wrong-namespace",
        }
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Relayed => "requests that were passed on, or sent by a web page, are refused",
            Self::Host => "the request's host is not this machine",
            Self::Token => "permission denied",
            Self::Namespace => "this agent serves another namespace",
        }
    }
}

/// Whether `request` may be answered at all; `open` for paths that tell nothing of secrets.
pub(super) fn check(
    request: &Request<'_>,
    entrance: Entrance,
    settings: &AgentSettings,
    open: bool,
) -> Result<(), Refusal> {
    if request.relayed {
        return Err(Refusal::Relayed);
    }
    if entrance == Entrance::Loopback {
        if !request.host.is_some_and(is_loopback) {
            return Err(Refusal::Host);
        }
        if !open && !shows_token(request, settings) {
            return Err(Refusal::Token);
        }
    }
    let named = request.namespace.map(|n| n.trim_matches('/')).filter(|n| !n.is_empty() && *n != "root");
    let served = settings.namespace.as_deref().map(|n| n.trim_matches('/'));
    if named.is_some() && named != served {
        return Err(Refusal::Namespace);
    }
    Ok(())
}

fn shows_token(request: &Request<'_>, settings: &AgentSettings) -> bool {
    let Some(token) = &settings.token else { return false };
    // The reason to open it: it is compared, in the same time wherever it differs.
    let token = token.expose();
    request.tokens.iter().flatten().any(|shown| bool::from(shown.ct_eq(token)))
}

/// Whether a `Host` names this machine by a name that no name server can give away.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').filter(|(_, port)| is_port(port)).map(|(name, _)| name),
        None => match host.split_once(':') {
            Some((name, port)) => is_port(&host[host.len() - port.len() - 1..]).then_some(name),
            None => Some(host),
        },
    };
    name.is_some_and(|name| {
        name.eq_ignore_ascii_case("localhost")
            || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

/// Empty, or a colon and digits.
fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn only_names_that_cannot_be_given_away_are_this_machine() {
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:2773", "[::1]", "[::1]:80"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "10.0.0.1",
            "[::2]",
            "::1",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    fn outcome(head: &str, entrance: Entrance) -> Result<(), Refusal> {
        let head = format!("GET /v1/a HTTP/1.1\r\n{head}\r\n");
        let token = Some(Secret::copy_of(b"right"));
        let settings = AgentSettings { token, namespace: Some("team".into()), ..AgentSettings::default() };
        check(&Request::parse(head.as_bytes()).unwrap().unwrap(), entrance, &settings, false)
    }

    #[test]
    fn each_field_may_carry_the_token() {
        for field in
            ["X-Vault-Token: right", "X-Aws-Parameters-Secrets-Token: right", "Authorization: Bearer right"]
        {
            let head = format!("Host: localhost\r\n{field}\r\n");
            assert_eq!(outcome(&head, Entrance::Loopback), Ok(()), "{field}");
        }
        for field in ["X-Vault-Token: wrong", "X-Vault-Token: righ", "X-Vault-Token:", "Accept: right"] {
            let head = format!("Host: localhost\r\n{field}\r\n");
            assert_eq!(outcome(&head, Entrance::Loopback), Err(Refusal::Token), "{field}");
        }
    }

    #[test]
    fn the_socket_needs_neither_token_nor_host_but_refuses_relays() {
        assert_eq!(outcome("", Entrance::Unix), Ok(()));
        assert_eq!(outcome("Origin: http://x\r\n", Entrance::Unix), Err(Refusal::Relayed));
    }

    #[test]
    fn another_namespace_is_not_answered_from_ours() {
        assert_eq!(outcome("X-Vault-Namespace: team/\r\n", Entrance::Unix), Ok(()));
        assert_eq!(outcome("X-Vault-Namespace: other\r\n", Entrance::Unix), Err(Refusal::Namespace));
    }
}
