//! What is judged a secret and what noise. Values are invented.

use super::{Judgement, KeyKind, KeyName, Model, Noise, Subject, Syntax, judge};

fn judged(subject: &Subject<'_>) -> Judgement {
    judge(subject, &Model::embedded().lexicon())
}

fn subject<'b>(key: &'b str, value: &'b str) -> Subject<'b> {
    let kind = KeyName::new(key.as_bytes()).kind().unwrap_or(KeyKind::Password);
    Subject::new(key.as_bytes(), kind, value.as_bytes(), Syntax::Quoted)
}

#[test]
fn every_kind_of_noise_is_named() {
    for (key, value, noise) in [
        ("password", "ab", Noise::Weak),
        ("password", "${PASSWORD}", Noise::Reference),
        ("password", "undefined", Noise::Expression),
        ("password", "hunter2...", Noise::Placeholder("a mask")),
        ("key", "ACME_LOGIN_NAME", Noise::ConstantName),
        ("token", "012345abcdef", Noise::Sequence),
        ("token", "2021-03-04", Noise::Number),
        ("private_key", "certs/tls.pem", Noise::Location),
        ("token", "hunts for a bear", Noise::Prose),
        ("key", "08897313-7270-46d3-ac48-5577fa70e79f", Noise::Uuid),
        ("password", "{cipher}09ab", Noise::Harmless("ciphertext")),
        ("password_file", "hunter29", Noise::About),
        ("password", "kT9x\u{1}vQ2m", Noise::Program),
    ] {
        assert_eq!(judged(&subject(key, value)), Judgement::Noise(noise), "{key} {value}");
    }
}

#[test]
fn what_is_written_for_others_to_read_is_noise() {
    let is_sample = |subject: &Subject<'_>| {
        assert!(matches!(judged(subject), Judgement::Noise(Noise::Sample(_))), "{subject:?}");
    };
    is_sample(&Subject { after: b", \"name\": \"MIT License\"", ..subject("key", "mit-or-other") });
    is_sample(&Subject { before: b"graph/badge.svg?", ..subject("token", "3KA3R2D9fV") }); // leakward:allow
    is_sample(&subject("key", "603deb1015ca71be2b73aef0857d7781")); // leakward:allow
    is_sample(&Subject { callee: b"hex::decode", ..subject("aes_key", "603deb1015ca71be2b73aef0") }); // leakward:allow
    is_sample(&subject("secret_access_key", "kT9xvQ2mEXAMPLEKEY0")); // leakward:allow
    let pairs = [
        ("api_key", "603deb1015ca71be2b73aef0857d7781"), // leakward:allow
        ("key", "kT9x-vQ2m-77a93bc1"),                   // leakward:allow
    ];
    for (key, value) in pairs {
        assert!(matches!(judged(&subject(key, value)), Judgement::Open(_)), "{key}");
    }
}

#[test]
fn numbers_and_types_of_programs_are_noise() {
    for (value, noise) in [
        ("0xC0000307_u32", Noise::Number),
        ("1024u32", Noise::Number),
        ("Option<Vec<u16>>", Noise::Expression),
        ("vec![0u8; n]", Noise::Expression),
    ] {
        let subject = Subject { syntax: Syntax::Line, ..subject("password", value) };
        assert_eq!(judged(&subject), Judgement::Noise(noise), "{value}");
    }
}

#[test]
fn pairs_of_examples_are_noise_and_others_are_not() {
    let url = |user, value, host| {
        judged(&Subject { syntax: Syntax::Url, user, host, ..subject("password", value) })
    };
    assert_eq!(url(b"user", "hunter", b"acme.io"), Judgement::Noise(Noise::ExamplePair));
    assert_eq!(url(b"root", "root", b"localhost"), Judgement::Noise(Noise::ExamplePair));
    assert!(matches!(url(b"app", "hunter2x", b"db.acme.io"), Judgement::Open(_)));
}
