//! The prefilter against a plain search that reads everything.

use super::*;

fn trigger(literal: &str, near: Option<(Alphabet, usize, usize, usize)>) -> Trigger {
    let near = near.map(|(alphabet, len, back, ahead)| Run { alphabet, len, back, ahead });
    Trigger { literal: literal.as_bytes().into(), near }
}

fn search(prefilter: &Prefilter, bytes: &[u8], range: Span) -> Vec<Hit> {
    let mut hits = Vec::new();
    prefilter.search(bytes, range, &mut Looked::default(), &mut |hit| hits.push(hit));
    hits.sort();
    hits
}

/// Every place where a trigger's literal stands near such a run as it asks for.
fn plain(triggers: &[Trigger], bytes: &[u8], range: Span) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (trigger, number) in triggers.iter().zip(0..) {
        let len = trigger.literal.len();
        for at in range.start..(range.end + 1).saturating_sub(len) {
            let found = bytes[at..at + len].eq_ignore_ascii_case(&trigger.literal);
            let near = |run: Run| {
                (range.start..(range.end + 1).saturating_sub(run.len)).any(|p| {
                    let tokens = bytes[p..p + run.len].iter().all(|&b| run.alphabet.holds(b));
                    tokens && at + run.back >= p && at + len <= p + run.len + run.ahead
                })
            };
            if found && trigger.near.is_none_or(near) {
                hits.push(Hit::Literal(number, at));
            }
        }
    }
    hits.sort();
    hits
}

/// Text made of pieces, some of them triggers and runs; the same for the same seed.
fn text(seed: u64, len: usize) -> Vec<u8> {
    const PIECES: &[&str] = &[
        "ghp_",
        "key",
        "KEY",
        "token",
        "://",
        " ",
        "=",
        "\n",
        ".",
        "s.",
        "datadog",
        "0123456789abcdef",
        "zz",
        "é",
        "deadbeefdeadbeefdeadbeefdeadbeef",
        "-----BEGIN",
        "\"",
        "x",
        "_",
        "\0",
    ];
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = Vec::new();
    while text.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.extend_from_slice(PIECES[(state >> 33) as usize % PIECES.len()].as_bytes());
    }
    text.truncate(len);
    text
}

fn triggers() -> Vec<Trigger> {
    vec![
        trigger("ghp_", Some((Alphabet::Token, 36, 0, 4))),
        trigger("s.", Some((Alphabet::Token, 24, 2, 0))),
        trigger("datadog", Some((Alphabet::Hex, 32, 40, 0))),
        trigger("key", Some((Alphabet::Hex, 64, 10, 10))),
        trigger("token", Some((Alphabet::Alnum, 20, 9, 0))),
        trigger("zz", Some((Alphabet::Token, 16, 3, 20))),
        trigger("key", None),
        trigger("://", None),
        trigger("-----begin", None),
    ]
}

/// Prefilters as this processor and those that have less run them.
fn ways(triggers: &[Trigger]) -> Vec<Prefilter> {
    let best = || Prefilter::new(triggers, None);
    let way = |(number, tables)| {
        let mut way = Prefilter { tables, ..best() };
        way.lanes.iter_mut().for_each(|lane| lane.take_path(number));
        way
    };
    best().tables.by_path().into_iter().enumerate().map(way).collect()
}

#[test]
fn nothing_that_a_plain_search_finds_is_lost() {
    let triggers = triggers();
    let ways = ways(&triggers);
    for seed in 0..300 {
        let bytes = text(seed, 1 + seed as usize * 3);
        let prefilter = &ways[seed as usize % ways.len()];
        let hits = search(prefilter, &bytes, Span::new(0, bytes.len()));
        let expected = plain(&triggers, &bytes, Span::new(0, bytes.len()));
        let lost: Vec<_> = expected.iter().filter(|h| hits.binary_search(h).is_err()).collect();
        assert!(lost.is_empty(), "{seed}: {lost:?}");
        assert!(hits.windows(2).all(|w| w[0] != w[1]), "{seed}: a hit came twice");
    }
}

#[test]
fn a_part_of_a_text_is_searched_alone() {
    let triggers = triggers();
    let ways = ways(&triggers);
    for seed in 0..200 {
        let prefilter = &ways[seed as usize % ways.len()];
        let bytes = text(seed, 600);
        let range = Span::new(seed as usize, 600 - seed as usize);
        let hits = search(prefilter, &bytes, range);
        let expected = plain(&triggers, &bytes, range);
        assert!(expected.iter().all(|h| hits.binary_search(h).is_ok()), "{seed}");
    }
}

#[test]
fn many_literals_are_found_as_few_are() {
    let mut triggers = triggers();
    let few = triggers.len() as u32;
    triggers.extend((0..200).map(|i| trigger(&format!("word{i}"), None)));
    let prefilter = Prefilter::new(&triggers, None);
    assert!(prefilter.many);
    let mut bytes = text(7, 5000);
    bytes.extend_from_slice(b"WORD17 word199");
    let hits = search(&prefilter, &bytes, Span::new(0, bytes.len()));
    let expected = plain(&triggers, &bytes, Span::new(0, bytes.len()));
    assert!(expected.iter().all(|h| hits.binary_search(h).is_ok()));
    assert!(hits.contains(&Hit::Literal(few + 17, 5000)));
}

#[test]
fn long_runs_are_reported_in_full() {
    let prefilter = Prefilter::new(&[], Some(20));
    let bytes = [b"x ".repeat(40), b"a".repeat(100), b" ".to_vec(), b"b".repeat(19)].concat();
    assert_eq!(search(&prefilter, &bytes, Span::new(0, bytes.len())), [Hit::Run(Span::new(80, 180))]);
    assert_eq!(search(&prefilter, &bytes, Span::new(100, 130)), [Hit::Run(Span::new(80, 180))]);
}

#[test]
fn text_without_triggers_is_passed_over() {
    let prefilter = Prefilter::new(&triggers(), None);
    for len in 0..300 {
        let bytes = vec![b'.'; len];
        assert_eq!(search(&prefilter, &bytes, Span::new(0, len)), []);
    }
}
