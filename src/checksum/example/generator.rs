//! The generators that examples call, by name.

use jiff::Timestamp;

use super::super::radix::BASE62;
use super::super::{
    age, azure, azure_devops, base64, cask, crc, der, encoded, entra, gitlab, macaroon, vault,
};
use super::ExampleError;
use super::random::Random;

const DIGITS: &[u8] = b"0123456789";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const HEX: &[u8] = b"0123456789abcdef";
const HEX_UPPER: &[u8] = b"0123456789ABCDEF";
const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const BASE36_UPPER: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE32_LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What generator `name` makes of `arguments`.
pub(super) fn generate(
    name: &str,
    arguments: &[String],
    random: &mut Random,
) -> Result<String, ExampleError> {
    let call = Call { name, arguments };
    if let Some(alphabet) = alphabet(name) {
        return Ok(random.text(alphabet, call.count(0)?));
    }
    shape(&call, random)
        .or_else(|| token(&call, random))
        .unwrap_or_else(|| Err(ExampleError::Unknown(name.to_owned())))
}

fn alphabet(name: &str) -> Option<&'static [u8]> {
    Some(match name {
        "digits" => DIGITS,
        "lower" => LOWER,
        "upper" => UPPER,
        "hex" => HEX,
        "hexu" => HEX_UPPER,
        "b32" => BASE32,
        "b32l" => BASE32_LOWER,
        "b36" => BASE36,
        "b36u" => BASE36_UPPER,
        "b62" => BASE62,
        "b64" => BASE64,
        "b64url" => BASE64_URL,
        _ => return None,
    })
}

struct Call<'c> {
    name: &'c str,
    arguments: &'c [String],
}

impl Call<'_> {
    fn wrong(&self, wanted: &'static str) -> ExampleError {
        ExampleError::Arguments { name: self.name.to_owned(), wanted }
    }

    fn text(&self, index: usize) -> Result<&str, ExampleError> {
        self.arguments.get(index).map(String::as_str).ok_or_else(|| self.wrong("one argument more"))
    }

    fn count(&self, index: usize) -> Result<usize, ExampleError> {
        let number = self.text(index)?.parse().ok().filter(|n| (1..=100_000).contains(n));
        number.ok_or_else(|| self.wrong("a length of 1 to 100000"))
    }
}

/// Texts and what is done to them.
fn shape(call: &Call<'_>, random: &mut Random) -> Option<Result<String, ExampleError>> {
    let whole = call.arguments.concat();
    Some(match call.name {
        "chars" => call.text(0).and_then(|set| Ok(random.text(set.as_bytes(), call.count(1)?))),
        "repeat" => call.text(0).and_then(|text| Ok(text.repeat(call.count(1)?))),
        "bad" => spoil(&whole).ok_or_else(|| call.wrong("a token with a checksum")),
        "base64" => Ok(base64::encode(whole.as_bytes())),
        "base64url" => Ok(base64::encode_url(whole.as_bytes())),
        "bytes64" => call.count(0).map(|len| base64::encode(&random.many(len))),
        "escape" => Ok(whole.replace('\n', "\\n")),
        "percent" => Ok(whole.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")),
        "indent" => {
            call.text(0).and_then(|text| Ok(text.replace('\n', &format!("\n{}", " ".repeat(call.count(1)?)))))
        }
        "json" => Ok(json(call.arguments)),
        "uuid" => Ok(uuid(random)),
        _ => return None,
    })
}

/// Tokens of one provider each.
fn token(call: &Call<'_>, random: &mut Random) -> Option<Result<String, ExampleError>> {
    let text = |index: usize| call.text(index);
    Some(match call.name {
        "age" => Ok(age::seal(&random.bytes())),
        "atlassian" => Ok(atlassian(random)),
        "aws_secret" => Ok(aws_secret(random)),
        "azure_key" => text(0).and_then(|service| azure_key(call, service, random)),
        "azdo" => Ok(azure_devops::seal(random.bytes())),
        "basic" => {
            Ok(base64::encode(format!("{}:{}", random.text(LOWER, 6), random.text(BASE62, 16)).as_bytes()))
        }
        "cask" => text(0).map(|signature| cask::seal(&random.text(BASE62, 52), signature)),
        "cloudflare" => text(0).map(|prefix| {
            let key = random.text(BASE62, 40);
            format!("{prefix}{key}{}", crc::cloudflare_of(key.as_bytes()))
        }),
        "discord" => Ok(discord(random)),
        "entra" => Ok(entra_secret(random)),
        "github" => text(0).map(|prefix| {
            let key = random.text(BASE62, 30);
            format!("{prefix}{key}{}", String::from_utf8_lossy(&crc::base62_of(key.as_bytes())))
        }),
        "gitlab" => text(0).map(|prefix| {
            let payload = [random.many(16).as_slice(), b"o:1\nu:2b", &[8]].concat();
            gitlab::seal(prefix, &base64::encode_url(&payload))
        }),
        "grafana" => {
            let key = format!("glsa_{}", random.text(BASE62, 32));
            Ok(format!("{key}_{}", crc::grafana_of(key.as_bytes())))
        }
        "jfrog" => Ok(base64::encode(format!("reftkn:01:0000000000:{}", random.text(BASE62, 27)).as_bytes())),
        "jwt" => jwt(call, random),
        "nats" => Ok(encoded::seal_nats(&random.bytes())),
        "pem" => text(0).and_then(|kind| pem(call, kind, random)),
        "pypi" => text(0)
            .map(|host| macaroon::seal(host, uuid(random).as_bytes(), br#"{"version": 1}"#, &random.bytes())),
        "vault" => {
            let inner: Vec<u8> = random.text(BASE62, 24).into_bytes();
            let inner = inner.first_chunk().copied().unwrap_or([b'0'; 24]);
            Ok(vault::seal(&random.bytes(), &inner))
        }
        _ => return None,
    })
}

/// `token` with one character changed, close enough to its end to hit a checksum and far enough to hit no padding.
fn spoil(token: &str) -> Option<String> {
    let at = token.char_indices().rev().filter(|(_, c)| c.is_ascii_alphanumeric()).nth(2)?.0;
    let mut bytes = token.as_bytes().to_vec();
    bytes[at] = match bytes[at] {
        b'9' => b'0',
        b'z' => b'a',
        b'Z' => b'A',
        b'f' => b'a',
        b'F' => b'A',
        // Digits that base32 does not have are never left or reached.
        b'7' => b'2',
        b => b + 1,
    };
    String::from_utf8(bytes).ok()
}

/// An object of the names and texts that alternate in `arguments`.
fn json(arguments: &[String]) -> String {
    let pair = |pair: &[String]| format!(r#""{}":"{}""#, pair[0], pair.get(1).map_or("", String::as_str));
    format!("{{{}}}", arguments.chunks(2).map(pair).collect::<Vec<_>>().join(","))
}

fn uuid(random: &mut Random) -> String {
    let mut hex = random.text(HEX, 32).into_bytes();
    hex[12] = b'4';
    hex[16] = b'a';
    let hex = String::from_utf8_lossy(&hex).into_owned();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn atlassian(random: &mut Random) -> String {
    let key = format!("ATATT3xFfGF0{}=", random.text(BASE64_URL, 170));
    format!("{key}{}", crc::atlassian_of(key.as_bytes()))
}

/// 40 characters that mix cases and digits, as a draw of that length all but always does.
fn aws_secret(random: &mut Random) -> String {
    loop {
        let text = random.text(BASE64, 40);
        let has = |test: fn(&u8) -> bool| text.bytes().any(|b| test(&b));
        if has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit) {
            return text;
        }
    }
}

/// A key of the service that `name` spells in lower case with hyphens, such as `cosmos-db`.
fn azure_key(call: &Call<'_>, name: &str, random: &mut Random) -> Result<String, ExampleError> {
    let spelt = |kind: &&azure::Kind| kind.service.to_ascii_lowercase().replace(' ', "-") == name;
    let kind = azure::KINDS.iter().find(spelt).ok_or_else(|| call.wrong("a service such as cosmos-db"))?;
    loop {
        let key = azure::seal(kind, &random.many(66));
        // Search's keys are made without the two signs of base64; Redis' may be.
        let bare = key.replace(kind.signature, "");
        match kind.signature {
            "AzSe" if bare.contains(['+', '/']) => {}
            "AzCa" if !bare.contains(['+', '/']) => {}
            _ => return Ok(key),
        }
    }
}

fn discord(random: &mut Random) -> String {
    let id = format!("1{}", random.text(DIGITS, 17));
    format!(
        "{}.G{}.{}",
        base64::encode_url(id.as_bytes()),
        random.text(BASE64_URL, 5),
        random.text(BASE64_URL, 38)
    )
}

fn entra_secret(random: &mut Random) -> String {
    let text = format!("{}8Q~{}", random.text(BASE62, 3), random.text(BASE62, 31));
    let check = entra::check_of(text.as_bytes());
    text + &String::from_utf8_lossy(&check)
}

/// A token of the kind that the argument names: `hs256` (the default), `rs256`, `none`, `expired`, or a role.
fn jwt(call: &Call<'_>, random: &mut Random) -> Result<String, ExampleError> {
    let kind = call.arguments.first().map_or("hs256", String::as_str);
    let (alg, role, end) = match kind {
        "hs256" => ("HS256", "user", Timestamp::MAX.as_second() / 2),
        "rs256" => ("RS256", "user", Timestamp::MAX.as_second() / 2),
        "none" => ("none", "user", Timestamp::MAX.as_second() / 2),
        "expired" => ("HS256", "user", 1_500_000_000),
        "anon" | "service_role" => ("HS256", kind, Timestamp::MAX.as_second() / 2),
        _ => return Err(call.wrong("hs256, rs256, none, expired, anon or service_role")),
    };
    let header = format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#);
    let claims = format!(r#"{{"sub":"{}","role":"{role}","exp":{end}}}"#, uuid(random));
    let signature = match alg {
        "none" => String::new(),
        "RS256" => base64::encode_url(&random.many(256)),
        _ => base64::encode_url(&random.many(32)),
    };
    Ok([base64::encode_url(header.as_bytes()), base64::encode_url(claims.as_bytes()), signature].join("."))
}

/// A key of the named kind in PEM, 64 characters a line.
fn pem(call: &Call<'_>, kind: &str, random: &mut Random) -> Result<String, ExampleError> {
    let numbers = |random: &mut Random| {
        let number = |random: &mut Random, len| [vec![0x55], random.many(len)].concat();
        let modulus = number(random, 127);
        der::seal_numbers(&[
            modulus,
            vec![1, 0, 1],
            number(random, 127),
            number(random, 63),
            number(random, 63),
        ])
    };
    let (label, headers, bytes) = match kind {
        "rsa" => ("RSA PRIVATE KEY", "", numbers(random)),
        "dsa" => ("DSA PRIVATE KEY", "", numbers(random)),
        "ec" => {
            let scalar = der::wrap(0x04, &random.bytes::<32>());
            ("EC PRIVATE KEY", "", der::wrap(0x30, &[&[2, 1, 1], scalar.as_slice()].concat()))
        }
        "pkcs8" => ("PRIVATE KEY", "", der::seal_ec(&random.bytes())),
        "encrypted" => ("ENCRYPTED PRIVATE KEY", "", der::wrap(0x30, &random.many(200))),
        "rsa-encrypted" => {
            ("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123\n\n", random.many(320))
        }
        "openssh" => ("OPENSSH PRIVATE KEY", "", openssh("none", random)),
        "openssh-encrypted" => ("OPENSSH PRIVATE KEY", "", openssh("aes256-ctr", random)),
        "pgp" => {
            ("PGP PRIVATE KEY BLOCK", "Version: 2\n\n", [vec![0x95, 1, 0xfe, 4], random.many(500)].concat())
        }
        _ => return Err(call.wrong("rsa, dsa, ec, pkcs8, openssh, pgp or one of these with -encrypted")),
    };
    let text = base64::encode(&bytes);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    Ok(format!("-----BEGIN {label}-----\n{headers}{}\n-----END {label}-----", lines.join("\n")))
}

fn openssh(cipher: &str, random: &mut Random) -> Vec<u8> {
    let counted = [&(cipher.len() as u32).to_be_bytes(), cipher.as_bytes()].concat();
    [b"openssh-key-v1\0".as_slice(), &counted, &random.many(300)].concat()
}

#[cfg(test)]
mod tests {
    use super::super::super::{Outcome, check};
    use super::super::render;
    use crate::rule::Checksum;

    /// A call, and the check that its result passes and, spoilt, does not.
    const SEALED: &[(&str, Checksum, Outcome)] = &[
        ("age()", Checksum::AgeBech32, Outcome::Failed),
        ("atlassian()", Checksum::AtlassianCrc32, Outcome::Unknown),
        ("azure_key(storage)", Checksum::AzureMarvin, Outcome::Failed),
        ("azure_key(service-bus)", Checksum::AzureMarvin, Outcome::Failed),
        ("azure_key(functions)", Checksum::AzureMarvin, Outcome::Failed),
        ("azure_key(ai-search)", Checksum::AzureMarvin, Outcome::Failed),
        ("azure_key(cache-for-redis)", Checksum::AzureMarvin, Outcome::Failed),
        ("azdo()", Checksum::AzureDevopsCrc32, Outcome::Failed),
        ("cask(AZDO)", Checksum::AzureCask, Outcome::Unknown),
        ("cloudflare(cfut_)", Checksum::CloudflareCrc32, Outcome::Unknown),
        ("entra()", Checksum::EntraSecret, Outcome::Failed),
        ("github(npm_)", Checksum::Crc32Base62, Outcome::Failed),
        ("gitlab(glpat-)", Checksum::GitlabRoutable, Outcome::Failed),
        ("grafana()", Checksum::GrafanaCrc32, Outcome::Failed),
        ("nats()", Checksum::NatsSeed, Outcome::Failed),
    ];

    #[test]
    fn sealed_tokens_pass_and_spoilt_ones_do_not() {
        for (call, checksum, spoilt) in SEALED {
            for seed in ["a", "b", "c", "d", "e", "f", "g", "h"] {
                let token = render(&format!("{{{{{call}}}}}"), seed).unwrap();
                assert_eq!(check(*checksum, token.as_bytes()).outcome, Outcome::Passed, "{call} {token}");
                let token = render(&format!("{{{{bad({call})}}}}"), seed).unwrap();
                assert_eq!(check(*checksum, token.as_bytes()).outcome, *spoilt, "spoilt {call} {token}");
            }
        }
    }

    #[test]
    fn parsed_tokens_parse() {
        for (call, checksum) in [
            ("discord()", Checksum::DiscordBot),
            ("jfrog()", Checksum::JfrogReference),
            ("jwt()", Checksum::Jwt),
            ("jwt(rs256)", Checksum::Jwt),
            ("pypi(test.pypi.org)", Checksum::PypiMacaroon),
            ("vault()", Checksum::VaultToken),
            ("pem(rsa)", Checksum::Pem),
            ("pem(dsa)", Checksum::Pem),
            ("pem(ec)", Checksum::Pem),
            ("pem(pkcs8)", Checksum::Pem),
            ("pem(encrypted)", Checksum::Pem),
            ("pem(rsa-encrypted)", Checksum::Pem),
            ("pem(openssh)", Checksum::Pem),
            ("pem(openssh-encrypted)", Checksum::Pem),
            ("pem(pgp)", Checksum::Pem),
            ("escape(pem(rsa))", Checksum::Pem),
            ("indent(pem(rsa), 4)", Checksum::Pem),
            ("base64(pem(rsa))", Checksum::PemBase64),
        ] {
            let token = render(&format!("{{{{{call}}}}}"), "a").unwrap();
            assert_eq!(check(checksum, token.as_bytes()).outcome, Outcome::Passed, "{call}");
        }
    }
}
