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
    ] {
        assert_eq!(judged(&subject(key, value)), Judgement::Noise(noise), "{key} {value}");
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
