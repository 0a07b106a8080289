//! Reports are read as they were meant: our own come out as they went in, and each scanner's tells the one place.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::{
    Answered, Commit, Lent, Managed, MessageKind, Origin, Place, Position, Related, SkipReason, Spread,
    Suppression, Verdict,
};
use crate::report::{Format, Options, sample};
use crate::rule::{Confidence, Rule, Severity};

/// What the peers below found: 40 characters from column 10 of line 3 on.
fn token() -> String {
    format!("tok_{}", "0123456789abcdefghijklmnopqrstuvWXYZ")
}

fn written(format: Format, summary: &Summary<'_>) -> String {
    let mut out = Vec::new();
    format.reporter(&Options::for_file()).report(summary, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn again(format: Format, text: &str) -> String {
    let told = read(text.as_bytes(), None).unwrap();
    written(format, &told.summary(&Root::default()))
}

fn commit(number: u8) -> Arc<Commit> {
    let id = format!("{number:040x}");
    let (author, email, message) = ("Jo".to_owned(), "jo@example.org".to_owned(), "add\nthings".to_owned());
    Arc::new(Commit { order: u64::from(number), id, author, email, time: 1_700_000_000, message })
}

fn places() -> impl Strategy<Value = Place> {
    prop_oneof![
        Just(Place::File),
        Just(Place::Stdin),
        Just(Place::Index),
        any::<u8>().prop_map(|n| Place::Commit(commit(n))),
        any::<u8>().prop_map(|n| Place::Message(commit(n), MessageKind::Tag)),
        Just(Place::Unreachable("beef".into())),
    ]
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    let managed =
        ("[a-z]{1,5}", option::of("[a-z ]{0,5}"), any::<bool>()).prop_map(|(text, field, overdue)| {
            let also = vec![text.clone()];
            let (manager, path, version) = (text.clone(), format!("kv/{text}"), text);
            let (created, owner) = (Some(1_700_000_000), field.clone());
            Managed { manager, path, field, version, created, owner, overdue, also, ..Managed::default() }
        });
    let answered = || Answered { host: "example.org".to_owned(), notes: vec!["of jo".to_owned()] };
    let lent =
        Lent { manager: "m".into(), path: "db".into(), expires: Some(1_800_000_000), ..Lent::default() };
    prop_oneof![
        managed.clone().prop_map(Verdict::Current),
        managed.clone().prop_map(Verdict::Previous),
        managed.prop_map(Verdict::Destroyed),
        Just(Verdict::Leased(lent)),
        Just(Verdict::Active(answered())),
        Just(Verdict::Inactive(answered())),
        Just(Verdict::Unmanaged),
        Just(Verdict::Unchecked("no answer".to_owned())),
    ]
}

fn suppressions() -> impl Strategy<Value = Suppression> {
    prop_oneof![
        Just(Suppression::Marker("gitleaks:allow")),
        "[a-z ]{0,9}".prop_map(Suppression::Allow),
        option::of("[a-z ]{0,9}").prop_map(Suppression::Baseline),
    ]
}

prop_compose! {
    fn findings()(
        path in vec(any::<u8>(), 1..9),
        (before, value) in ("[a-zé \n]{0,12}", "[!-~]{1,50}|[a-zü][a-zü \n]{3,29}[a-z]"),
        known in any::<bool>(),
        place in places(),
        (severity, confidence) in (0_usize..4, 0_usize..3),
        layered in any::<bool>(),
        why in vec("[a-z ]{1,9}", 0..3),
        verdict in option::of(verdicts()),
        suppressed in option::of(suppressions()),
        spread in option::of((any::<u8>(), any::<bool>())),
    ) -> Finding {
        let value = if known { format!("tok_{value}") } else { value };
        let mut finding = sample::finding("x", &format!("{before}'{value}'\n"), &value);
        if !known {
            finding.rule = Rule::named("other-key").into();
        }
        let part = Related { rule: finding.rule.clone(), region: finding.region, secret: finding.secret.clone() };
        finding.parts = if layered { vec![part] } else { Vec::new() };
        finding.layers = if layered { vec!["base64", "gzip"] } else { Vec::new() };
        finding.origin = Origin::new(path, place);
        finding.severity = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical][severity];
        finding.confidence = [Confidence::Low, Confidence::Medium, Confidence::High][confidence];
        finding.why = why.into_iter().map(Into::into).collect();
        finding.verdict = verdict.map(Box::new);
        finding.suppressed = suppressed;
        finding.spread = spread.map(|(n, reachable)| Box::new(Spread {
            commits: n.into(),
            other_paths: vec!["src/ü".into()],
            more_paths: n.into(),
            refs: vec!["refs/heads/main".into()],
            more_refs: 0,
            at_head: reachable.then(|| "src/b".into()),
            reachable,
        }));
        finding
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn our_own_reports_come_out_as_they_went_in(
        mut findings in vec(findings(), 0..6),
        (files, gap, suppressed) in (any::<u32>(), option::of("[a-z ]{1,9}"), 0_usize..9),
    ) {
        findings.sort_by(Finding::order);
        let mut tally = Tally { blobs: files.into(), bytes: 7, commits: 3, ..Tally::default() };
        tally.skip(SkipReason::Binary);
        if let Some(why) = gap {
            tally.gap("a file", &*why);
        }
        let pack = sample::pack();
        let summary = Summary { suppressed, ..sample::summary(&findings, &tally, &pack) };
        for format in [Format::Json, Format::Jsonl] {
            let text = written(format, &summary);
            prop_assert_eq!(again(format, &text), text);
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in vec(any::<u8>(), 0..200), key in 0_usize..40) {
        let _ = read(&text, None);
        for mut value in peers() {
            // One value somewhere in the report is of a kind that nobody expects.
            let Some(place) = nth(&mut value, &mut key.clone()) else { continue };
            *place = json!({ "odd": [-1, 1e300, ""] });
            let _ = read(value.to_string().as_bytes(), None);
        }
    }
}

/// The place of the `n`th value, depth first.
fn nth<'v>(value: &'v mut Value, n: &mut usize) -> Option<&'v mut Value> {
    if *n == 0 {
        return Some(value);
    }
    *n -= 1;
    match value {
        Value::Array(all) => all.iter_mut().find_map(|one| nth(one, n)),
        Value::Object(all) => all.values_mut().find_map(|one| nth(one, n)),
        _ => None,
    }
}

const COMMIT: &str = "409c231ecad8bd209ec38504b4aa915014989e02";

/// The one finding as each scanner tells it, in the order of the dialects after our own.
fn peers() -> [Value; 5] {
    let (token, place) = (token(), "src/a.py");
    let who = json!({ "name": "Jo", "email": "jo@example.org" });
    let date = "2026-11-26T06:40:56Z";
    let prints = json!({ "commitSha": COMMIT, "author": "Jo", "email": "jo@example.org", "date": date });
    let region = json!({ "startLine": 3, "startColumn": 10, "endLine": 3, "endColumn": 50, "snippet": { "text": token } });
    [
        json!({ "version": "2.1.0", "runs": [{
            "tool": { "driver": { "name": "some tool", "rules": [{ "id": "acme-key" }] } },
            "results": [{
                "ruleId": "acme-key", "level": "error", "message": { "text": format!("found {token}") },
                "locations": [{ "physicalLocation": { "artifactLocation": { "uri": place }, "region": region } }],
                "partialFingerprints": prints }] }] }),
        json!([{
            "RuleID": "acme-key", "Description": "An Acme key.", "File": place, "StartLine": 3, "EndLine": 3,
            "StartColumn": 11, "EndColumn": 50, "Match": token, "Secret": token, "Commit": COMMIT,
            "Entropy": 4.5, "Author": "Jo", "Email": "jo@example.org", "Date": date, "Message": "add", "Tags": ["k"],
            "Fingerprint": "x" }]),
        json!({ "schema_version": "1", "findings": [{
            "rule_id": "acme-key", "description": "An Acme key.", "confidence": "high",
            "match": { "full": token, "value": token },
            "attributes": { "git.author_email": "jo@example.org", "git.author_name": "Jo", "git.date": date,
                "git.sha": COMMIT },
            "location": { "path": place, "start_line": 3, "end_line": 3, "start_column": 10, "end_column": 49 } }] }),
        json!({ "DetectorName": "acme-key", "DecoderName": "PLAIN", "Verified": true, "Raw": token,
            "SourceMetadata": { "Data": { "Git": { "file": place, "commit": COMMIT, "line": 3,
                "email": "Jo <jo@example.org>", "timestamp": "2026-11-26 06:40:56 +0000" } } } }),
        json!({ "findings": [{
            "rule": { "id": "acme-key", "name": "Acme key" },
            "finding": { "snippet": token, "confidence": "high", "entropy": "4.50", "line": 3, "column_start": 9,
                "column_end": 48, "path": place, "validation": { "status": "Active Credential" },
                "validate_command": format!("kingfisher validate '{token}'"),
                "git_metadata": { "commit": { "id": COMMIT, "date": "2026-11-26", "author": who } } } }],
            "metadata": { "summary": { "blobs_scanned": 4 } } }),
    ]
}

#[test]
fn every_scanner_tells_the_same_finding() {
    for (value, dialect) in peers().into_iter().zip(&Dialect::ALL[1..]) {
        let name = dialect.name();
        let told = read(value.to_string().as_bytes(), None).unwrap();
        assert_eq!((told.dialect, told.findings.len(), told.exit_code), (*dialect, 1, 1), "{name}");
        assert!(told.tally.notes.is_empty() && told.tally.gaps.is_empty(), "{name}");
        let finding = &told.findings[0];
        assert_eq!(
            (&*finding.rule.id, finding.origin.path.to_string()),
            ("acme-key", "src/a.py".into()),
            "{name}"
        );
        let commit = finding.origin.commit().unwrap();
        assert_eq!(
            (&*commit.id, &*commit.author, &*commit.email),
            (COMMIT, "Jo", "jo@example.org"),
            "{name}"
        );
        assert_eq!(commit.time / 86_400, 1_795_675_256 / 86_400, "{name}");
        assert_eq!(finding.secret.expose(), token().as_bytes(), "{name}");
        assert_eq!(finding.region.start.line, 3, "{name}");
        // trufflehog tells no column.
        if *dialect != Dialect::TruffleHog {
            assert_eq!(finding.region.start.column, 10, "{name}");
            assert_eq!(finding.region.end, Position { line: 3, column: 50 }, "{name}");
        }
    }
}

#[test]
fn no_value_of_another_scanner_gets_into_a_report() {
    for value in peers() {
        let told = read(value.to_string().as_bytes(), None).unwrap();
        for format in Format::ALL {
            let text = written(format, &told.summary(&Root::default()));
            assert!(!text.contains(&token()[4..30]), "{} of {}", format.name(), told.dialect.name());
        }
    }
}

#[test]
fn what_a_scanner_verified_is_active() {
    for value in &peers()[3..] {
        let told = read(value.to_string().as_bytes(), None).unwrap();
        assert!(
            matches!(told.findings[0].verdict.as_deref(), Some(Verdict::Active(_))),
            "{:?}",
            told.dialect
        );
    }
}

#[test]
fn sarif_of_ours_tells_what_our_json_tells() {
    let mut finding = sample::finding("src/ü a.py", &format!("\n\nTOKEN = '{}'\n", token()), &token());
    finding.suppressed = Some(Suppression::Baseline(Some("old".to_owned())));
    let (tally, pack) = (Tally::default(), sample::pack());
    let findings = [finding];
    let told =
        read(written(Format::Sarif, &sample::summary(&findings, &tally, &pack)).as_bytes(), None).unwrap();
    let (read, meant) = (&told.findings[0], &findings[0]);
    assert_eq!(
        (&read.origin, read.region, read.fingerprint, &read.suppressed, read.severity),
        (&meant.origin, meant.region, meant.fingerprint, &meant.suppressed, meant.severity)
    );
}

#[test]
fn documents_may_follow_each_other_and_come_in_utf_16() {
    let document = peers()[4].to_string();
    let two = format!("{document}\n{{\"kingfisher\": {{}}, \"rules_applied\": 3, \"blobs_scanned\": 9}}\n");
    let told = read(two.as_bytes(), None).unwrap();
    assert_eq!((told.findings.len(), told.tally.blobs), (1, 9));
    let wide: Vec<u8> =
        [0xfeff].into_iter().chain(document.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&wide, None).unwrap().findings.len(), 1);
}

#[test]
fn lines_without_their_summary_are_an_incomplete_report() {
    let (findings, tally, pack) =
        ([sample::finding("a", &token(), &token())], Tally::default(), sample::pack());
    let text = written(Format::Jsonl, &sample::summary(&findings, &tally, &pack));
    let told = read(text.lines().next().unwrap().as_bytes(), None).unwrap();
    assert_eq!((told.exit_code, told.tally.gaps.len(), told.findings.len()), (2, 1, 1));
}

#[test]
fn what_is_no_report_is_refused_with_its_place_and_without_its_text() {
    let refused = |text: &str, from| read(text.as_bytes(), from).unwrap_err();
    assert_eq!(refused("[{}]\n\n  s3cr3t", None), ReadError::NotJson { line: 3, column: 3 });
    assert_eq!(refused("{}", None), ReadError::Unknown);
    assert_eq!(refused(" \n", None), ReadError::Empty);
    let gitleaks = peers()[1].to_string();
    let dialect = Dialect::Kingfisher;
    assert_eq!(refused(&gitleaks, Some(dialect)), ReadError::Other { dialect });
    assert_eq!(read(b"", Some(Dialect::TruffleHog)).unwrap().findings.len(), 0);
}
