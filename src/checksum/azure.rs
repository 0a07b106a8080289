//! Azure's identifiable keys: random bytes, a signature of four characters, four bytes of Marvin32.
//!
//! Source: microsoft/security-utilities (signatures and seeds).

use super::marvin::{hash32, seed};
use super::{Checked, base64};
use crate::model::Reason;

/// One kind of key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// Whose key it is.
    pub(super) service: &'static str,
    /// The four characters before the checksum.
    pub(super) signature: &'static str,
    /// Length of the whole key in characters, padding included.
    pub(super) len: usize,
    /// The seeds that the service uses.
    pub(super) seeds: &'static [&'static [u8; 8]],
}

/// Every kind. A signature stands for one service, except Azure's IoT and API Management families.
pub(super) const KINDS: &[Kind] = &[
    Kind { service: "Storage", signature: "+ASt", len: 88, seeds: &[b"Default0"] },
    Kind { service: "Batch", signature: "+ABa", len: 88, seeds: &[b"AbAcct00"] },
    Kind {
        service: "Cosmos DB",
        signature: "ACDb",
        len: 88,
        seeds: &[b"MastRO00", b"MastRW00", b"SysAll00", b"Resour00", b"SystRO00", b"Encryp00", b"SystRW00"],
    },
    Kind { service: "Machine Learning", signature: "+AMC", len: 88, seeds: &[b"Classic0"] },
    Kind {
        service: "API Management",
        signature: "APIM",
        len: 88,
        seeds: &[b"Tenant00", b"IoTHub00", b"Gatewy00", b"GitKey00"],
    },
    Kind { service: "Service Bus", signature: "+ASb", len: 44, seeds: MESSAGING },
    Kind { service: "Event Hubs", signature: "+AEh", len: 44, seeds: MESSAGING },
    Kind { service: "Relay", signature: "+ARm", len: 44, seeds: MESSAGING },
    Kind { service: "IoT Hub", signature: "AIoT", len: 44, seeds: &[b"IoTHub00", b"DpsKey00", b"Device00"] },
    Kind { service: "Cache for Redis", signature: "AzCa", len: 44, seeds: &[b"Access00"] },
    Kind { service: "Event Grid", signature: "AZEG", len: 44, seeds: &[b"SendRecv"] },
    Kind {
        service: "Functions",
        signature: "AzFu",
        len: 56,
        seeds: &[b"Functi00", b"System00", b"Master00"],
    },
    Kind { service: "AI Search", signature: "AzSe", len: 52, seeds: &[b"Query000", b"PAdmin00"] },
    Kind { service: "Container Registry", signature: "+ACR", len: 52, seeds: &[b"ACRDflt0"] },
];

const MESSAGING: &[&[u8; 8]] = &[b"Send0000", b"Listen00", b"Manage00", b"System00", b"Unknown0"];

/// Characters that the checksum is written in, without padding.
const CHECK: usize = 6;

impl Kind {
    /// Characters of padding at the end of a key.
    pub(super) fn padding(&self) -> usize {
        match self.len {
            88 | 56 => 2,
            44 => 1,
            _ => 0,
        }
    }

    fn of(secret: &[u8]) -> Option<&'static Self> {
        KINDS.iter().find(|kind| {
            let end = kind.len - kind.padding() - CHECK;
            secret.len() == kind.len && secret[..end].ends_with(kind.signature.as_bytes())
        })
    }
}

/// Judges a key by the one kind that its length and signature name.
pub(super) fn check(secret: &[u8]) -> Checked {
    let Some(kind) = Kind::of(secret) else { return Checked::unknown() };
    let Some(bytes) = base64::decode(secret) else { return Checked::failed() };
    let holds = bytes.split_last_chunk::<4>().is_some_and(|(key, check)| {
        kind.seeds.iter().any(|name| hash32(key, seed(name)) == u32::from_le_bytes(*check))
    });
    if holds {
        let note = Reason::Owned(format!("checksum of Azure {} passed", kind.service));
        Checked { note: Some(note), ..Checked::passed("") }
    } else if is_altered_redis(secret, kind) {
        Checked::unknown()
    } else {
        Checked::failed()
    }
}

/// Redis also issues keys whose `+` and `/` were replaced after the checksum was made: these cannot be checked.
fn is_altered_redis(secret: &[u8], kind: &Kind) -> bool {
    kind.signature == "AzCa" && !secret.iter().any(|b| matches!(b, b'+' | b'/'))
}

/// `random` (as many bytes as the kind holds before its signature, or more) as a key under the kind's first seed.
pub(super) fn seal(kind: &Kind, random: &[u8]) -> String {
    let body = kind.len - kind.padding() - CHECK - kind.signature.len();
    // `A` pads the group of four that the signature may cut into; the checksum's characters are replaced below.
    let text = base64::encode(random).chars().take(body).collect::<String>();
    let text = format!("{text}{}AAAAAA{}", kind.signature, &"=="[..kind.padding()]);
    let mut bytes = base64::decode(text.as_bytes()).map(|b| b.to_vec()).unwrap_or_default();
    let end = bytes.len().saturating_sub(4);
    let check = hash32(&bytes[..end], seed(kind.seeds[0]));
    bytes.truncate(end);
    bytes.extend(check.to_le_bytes());
    match kind.signature {
        "AzFu" => base64::encode(&bytes).replace('+', "-").replace('/', "_"),
        _ => base64::encode(&bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::{KINDS, check, seal};
    use crate::checksum::Outcome::{Failed, Passed, Unknown};

    #[test]
    fn microsoft_s_storage_example_passes() {
        // Source: tests of microsoft/security-utilities.
        let key = ["a".repeat(76), "+ASt".into(), "5mnCaw==".into()].concat();
        assert_eq!(check(key.as_bytes()).outcome, Passed);
        assert_eq!(check(key.replace("5m", "6m").as_bytes()).outcome, Failed);
    }

    #[test]
    fn every_kind_passes_its_own_seal_and_fails_one_changed() {
        let random: Vec<u8> = (0..90u8).map(|i| i.wrapping_mul(37)).collect();
        for kind in KINDS {
            let key = seal(kind, &random);
            assert_eq!(key.len(), kind.len, "{}", kind.service);
            assert_eq!(check(key.as_bytes()).outcome, Passed, "{}", kind.service);
            let changed = format!("/{}", &key[1..]);
            assert_eq!(check(changed.as_bytes()).outcome, Failed, "{}", kind.service);
        }
    }

    #[test]
    fn what_bears_no_signature_is_left_alone() {
        assert_eq!(check(format!("{}==", "a".repeat(86)).as_bytes()).outcome, Unknown);
    }
}
