//! What deltas let us leave out is never missed: scans of whole histories by their deltas and in full (`--full`) find
//! the same, in generated histories and in this repository's own.

use std::path::Path;

use leakward::checksum::example::render;
use leakward::rule::RulePack;
use serde_json::Value;

use crate::repo::Repo;

/// Everything that a report tells but what differs by design: how much was searched, and for how long.
fn told(repo: &Repo, place: &str, args: &[&str]) -> Value {
    let run = repo.run(&[&["git", "--format", "json", "--unreachable", place], args].concat());
    assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
    let mut report = run.json();
    report["summary"]["history"].as_object_mut().unwrap().retain(|key, _| key == "objects");
    report
}

#[track_caller]
fn same(repo: &Repo, place: &str) -> usize {
    let by_deltas = told(repo, place, &[]);
    let in_full = told(repo, place, &["--full"]);
    for list in ["findings", "summary"] {
        assert_eq!(by_deltas[list], in_full[list]);
    }
    by_deltas["findings"].as_array().unwrap().len()
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }
}

/// Text that rules look for, and text that they do not.
fn pieces() -> Vec<Vec<u8>> {
    let pack = RulePack::builtin();
    let examples = pack.rules().iter().flat_map(|rule| rule.positive.iter());
    let examples: Vec<String> =
        examples.enumerate().filter_map(|(i, e)| render(e, &i.to_string()).ok()).collect();
    let wide = |text: &String| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let mut pieces: Vec<Vec<u8>> = examples.iter().step_by(31).map(wide).collect();
    pieces.extend(examples.into_iter().map(String::into_bytes));
    let plain = pieces.len() * 3;
    pieces.extend((0..plain).map(|i| format!("line {i} of plain text\n").into_bytes()));
    pieces.push(b"one very long line ".repeat(2000));
    pieces
}

/// A stream for fast-import: `commits` commits that edit a handful of files in their middles.
fn stream(seed: u64, commits: usize) -> Vec<u8> {
    let (mut dice, pieces) = (Dice(seed), pieces());
    let mut files: Vec<Vec<Vec<u8>>> = vec![Vec::new(); 5];
    let mut stream = Vec::new();
    for n in 0..commits {
        let time = 1_700_000_000 + n;
        stream.extend(format!("commit refs/heads/main\ncommitter C <c@d> {time} +0000\ndata 2\nx\n").bytes());
        for _ in 0..=dice.below(2) {
            let name = dice.below(files.len());
            let file = &mut files[name];
            for _ in 0..=dice.below(4) {
                let at = dice.below(file.len() + 1);
                match dice.below(4) {
                    0 if at < file.len() => drop(file.remove(at)),
                    1 if file.len() > 2 => {
                        let from = dice.below(file.len());
                        file.swap(from, at.min(from));
                    }
                    _ => file.insert(at, pieces[dice.below(pieces.len())].clone()),
                }
            }
            let content = file.concat();
            stream
                .extend(format!("M 100644 inline dir{}/f{name}\ndata {}\n", name % 2, content.len()).bytes());
            stream.extend(content);
            stream.push(b'\n');
        }
    }
    stream
}

#[test]
fn generated_histories_hold_no_more_in_full() {
    for seed in 1..4 {
        let repo = Repo::new();
        repo.git_with(&["fast-import", "--quiet"], &stream(seed, 80));
        repo.git(&["repack", "-q", "-adf", "--depth=50", "--window=50"]);
        let found = same(&repo, ".");
        assert!(found > 30, "{found}");
    }
}

#[test]
fn this_repositorys_history_holds_no_more_in_full() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !own.join(".git").exists() {
        // A released package has no history.
        return;
    }
    same(&Repo::new(), own.to_str().unwrap());
}
