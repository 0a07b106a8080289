//! Passwords inside URLs and connection strings: `scheme://user:password@host`, Go's `user:password@tcp(host)`,
//! Oracle's `thin:user/password@host`.

use crate::model::Span;

/// User, password and host of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UserInfo {
    /// The user; may be empty.
    pub user: Span,
    /// The password, or a lone token in the user's place.
    pub password: Span,
    /// The host, without port; may be empty.
    pub host: Span,
    /// From scheme to host.
    pub whole: Span,
}

/// A longer authority is none.
const LONGEST: usize = 400;

/// A lone user this long may be a token.
const TOKEN_MIN: usize = 16;

impl UserInfo {
    /// The user information of the URL whose `://` is at `trigger`.
    pub(crate) fn of_url(text: &[u8], trigger: Span) -> Option<Self> {
        let at = trigger.end;
        // Most URLs have no user information: find the `@` first.
        let limit = text.len().min(at + LONGEST);
        let length = text[at..limit].iter().position(|&b| ends(b)).unwrap_or(limit - at);
        let authority = Span::new(at, at + length);
        let sign = at + memchr::memrchr(b'@', authority.of(text))?;
        let scheme = scheme(text, trigger.start)?;
        let info = Span::new(at, sign);
        let host = host(text, sign + 1);
        let whole = Span::new(scheme.start, host.end);
        match memchr::memchr(b':', info.of(text)) {
            Some(colon) => {
                let user = Span::new(at, at + colon);
                let password = Span::new(at + colon + 1, sign);
                (!password.is_empty() && !user.of(text).eq_ignore_ascii_case(b"mailto")).then_some(Self {
                    user,
                    password,
                    host,
                    whole,
                })
            }
            None => {
                let token = info.of(text);
                let mixed = token.iter().any(u8::is_ascii_digit) && token.iter().any(u8::is_ascii_alphabetic);
                let plain = token.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
                (token.len() >= TOKEN_MIN && mixed && plain).then_some(Self {
                    user: Span::new(at, at),
                    password: info,
                    host,
                    whole,
                })
            }
        }
    }

    /// The user information in front of `@tcp(` or `@unix(` at `trigger`.
    pub(crate) fn of_dsn(text: &[u8], trigger: Span) -> Option<Self> {
        let limit = trigger.start.saturating_sub(LONGEST);
        let length = text[limit..trigger.start].iter().rev().position(|&b| ends(b));
        let start = trigger.start - length.unwrap_or(trigger.start - limit);
        let colon = start + memchr::memchr(b':', &text[start..trigger.start])?;
        let password = Span::new(colon + 1, trigger.start);
        let host = host(text, trigger.end);
        (!password.is_empty()).then_some(Self {
            user: Span::new(start, colon),
            password,
            host,
            whole: Span::new(start, host.end),
        })
    }

    /// The user information behind `jdbc:oracle:thin:` at `trigger`.
    pub(crate) fn of_oracle(text: &[u8], trigger: Span) -> Option<Self> {
        let at = trigger.end;
        let limit = text.len().min(at + LONGEST);
        let sign = at + text[at..limit].iter().position(|&b| b == b'@' || b.is_ascii_whitespace())?;
        let slash = at + memchr::memchr(b'/', &text[at..sign])?;
        let password = Span::new(slash + 1, sign);
        let host = host(text, sign + 1);
        let whole = Span::new(trigger.start, host.end);
        (text[sign] == b'@' && !password.is_empty()).then_some(Self {
            user: Span::new(at, slash),
            password,
            host,
            whole,
        })
    }
}

/// The scheme in front of `://`, such as `mysql+pymysql`.
fn scheme(text: &[u8], end: usize) -> Option<Span> {
    let name = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    let length = text[..end].iter().rev().take(24).take_while(name).count();
    (length >= 2).then(|| Span::new(end - length, end))
}

fn host(text: &[u8], at: usize) -> Span {
    let name =
        |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'$' | b'{' | b'}' | b'%');
    let at = at.min(text.len());
    Span::new(at, at + text[at..].iter().take(128).take_while(name).count())
}

/// Bytes that end an authority. A raw `/` or `?` in a password ends it too, as RFC 3986 has it.
const fn ends(b: u8) -> bool {
    b.is_ascii_whitespace() || matches!(b, b'/' | b'?' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | b'|')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<[&str; 3]> {
        let bytes = text.as_bytes();
        let find = |t: &str| text.find(t).map(|i| Span::new(i, i + t.len()));
        let info = match (find("@tcp("), find("jdbc:oracle:thin:"), find("://")) {
            (Some(t), _, _) => UserInfo::of_dsn(bytes, t),
            (_, Some(t), _) => UserInfo::of_oracle(bytes, t),
            (_, _, Some(t)) => UserInfo::of_url(bytes, t),
            _ => None,
        }?;
        Some([info.user, info.password, info.host].map(|s| &text[s.start..s.end]))
    }

    #[test]
    fn user_password_and_host_are_told_apart() {
        for (text, parts) in [
            ("x postgres://app:vQ2m@db.acme.io:5432/x", ["app", "vQ2m", "db.acme.io"]), // leakward:allow
            ("'redis://:vQ2m@127.0.0.1:6379/0'", ["", "vQ2m", "127.0.0.1"]),            // leakward:allow
            ("mysql+pymysql://a:v@Q:2m@localhost/x", ["a", "v@Q:2m", "localhost"]),     // leakward:allow
            ("nats://b:vQ2m@127.0.0.1:%d", ["b", "vQ2m", "127.0.0.1"]),                 // leakward:allow
            ("\"app:vQ2m@tcp(10.0.0.1:3306)/x\"", ["app", "vQ2m", "10.0.0.1"]),         // leakward:allow
            ("jdbc:oracle:thin:app/vQ2m@ora:1521", ["app", "vQ2m", "ora"]),             // leakward:allow
            ("https://0123456789abcdef0@sentry.acme.io/1", ["", "0123456789abcdef0", "sentry.acme.io"]),
        ] {
            assert_eq!(read(text), Some(parts), "{text}");
        }
    }

    #[test]
    fn urls_without_password_are_none() {
        for text in [
            "https://acme.io/a@b:c",
            "https://user@acme.io",
            "https://mailto:joe@acme.io",
            "https://acme.io:80/x?y=z:a@b",
            "://a:b@c",
            "https://a:@b",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
