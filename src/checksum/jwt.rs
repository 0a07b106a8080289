//! JSON web tokens: a header that names an algorithm, claims, a signature. Sources: RFC 7519, RFC 7515.

use serde::Deserialize;

use super::{Checked, Outcome, base64};
use crate::model::Reason;
use crate::rule::{Confidence, Severity};

#[derive(Deserialize)]
struct Header {
    alg: String,
}

/// The claims that say how bad a leak is. Anything else is left unread.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Claims {
    exp: Option<f64>,
    iss: Option<serde_json::Value>,
    role: Option<serde_json::Value>,
}

/// Judges `header.claims.signature`. Without algorithm or signature there is no secret in it.
pub(super) fn check(secret: &[u8]) -> Checked {
    let mut parts = secret.split(|&b| b == b'.');
    let (Some(header), Some(claims), Some(signature)) = (parts.next(), parts.next(), parts.next()) else {
        return Checked::failed();
    };
    let header = base64::decode(header).and_then(|json| serde_json::from_slice::<Header>(&json).ok());
    // `None` in any case, as RFC 8725 warns.
    if header.is_none_or(|h| h.alg.is_empty() || h.alg.eq_ignore_ascii_case("none")) || signature.is_empty() {
        return Checked::failed();
    }
    let Some(json) = base64::decode(claims) else { return Checked::failed() };
    // Claims that are no JSON object belong to a signed payload of another kind (RFC 7515), no less secret.
    let claims = serde_json::from_slice::<Claims>(&json).unwrap_or_default();
    let said = |value: &Option<serde_json::Value>, word: &str| value.as_ref().is_some_and(|v| v == word);
    let mut checked = Checked {
        confidence: Some(Confidence::High),
        ..Checked::of(Outcome::Passed, "header and signature parse")
    };
    checked.expires = claims.exp.filter(|end| end.is_finite()).map(|end| end as i64);
    if said(&claims.iss, "supabase-demo") || said(&claims.role, "anon") {
        checked.severity = Some(Severity::Low);
        checked.note = Some(Reason::Borrowed("grants what anybody may do"));
    } else if said(&claims.role, "service_role") {
        checked.severity = Some(Severity::Critical);
        checked.note = Some(Reason::Borrowed("role service_role"));
    } else if said(&claims.iss, "kubernetes/serviceaccount") {
        checked.note = Some(Reason::Borrowed("issued to a Kubernetes service account"));
    }
    checked
}

/// `ghs_<application id>_<JSON web token>`: GitHub's stateless installation tokens.
pub(super) fn github(secret: &[u8]) -> Checked {
    secret.splitn(3, |&b| b == b'_').nth(2).map_or_else(Checked::failed, check)
}

#[cfg(test)]
mod tests {
    use super::{Severity, check, github};
    use crate::checksum::Outcome::{Failed, Passed};
    use crate::checksum::base64::encode_url;

    fn token(header: &str, claims: &str, signature: &str) -> Vec<u8> {
        format!("{}.{}.{signature}", encode_url(header.as_bytes()), encode_url(claims.as_bytes()))
            .into_bytes()
    }

    #[test]
    fn a_signed_token_passes_and_tells_its_end() {
        let checked = check(&token(r#"{"alg":"HS256"}"#, r#"{"sub":"x","exp":1700000000}"#, "c2ln"));
        assert_eq!((checked.outcome, checked.expires), (Passed, Some(1_700_000_000)));
    }

    #[test]
    fn without_algorithm_or_signature_there_is_no_secret() {
        for (header, signature) in
            [(r#"{"alg":"none"}"#, "c2ln"), (r#"{"alg":"HS256"}"#, ""), (r#"{"typ":"JWT"}"#, "c2ln")]
        {
            assert_eq!(check(&token(header, "{}", signature)).outcome, Failed, "{header} {signature}");
        }
        assert_eq!(check(b"eyJhbGciOiJIUzI1NiJ9.e30").outcome, Failed);
    }

    #[test]
    fn a_role_decides_how_bad_it_is() {
        let severity = |claims| check(&token(r#"{"alg":"HS256"}"#, claims, "c2ln")).severity;
        assert_eq!(severity(r#"{"role":"anon"}"#), Some(Severity::Low));
        assert_eq!(severity(r#"{"role":"service_role"}"#), Some(Severity::Critical));
        assert_eq!(severity(r#"{"role":"admin"}"#), None);
    }

    #[test]
    fn an_installation_token_holds_a_web_token() {
        let inner = String::from_utf8(token(r#"{"alg":"RS256"}"#, "{}", "c2_n")).unwrap();
        assert_eq!(github(format!("ghs_123_{inner}").as_bytes()).outcome, Passed);
        assert_eq!(github(b"ghs_123_ey.ey.x").outcome, Failed);
    }
}
