//! Every parser of foreign bytes, fed with real samples that were bent: none panics, hangs, or believes a claim. The
//! same functions are targets of a fuzzer (`fuzz/`). `PROPTEST_CASES=100000` makes it a longer run.

#[path = "../../fuzz/parsers.rs"]
mod functions;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write as _};
use std::sync::OnceLock;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::repo::Repo;
use crate::token::github;

/// One way to bend a sample. Places are parts of a million of its length.
#[derive(Debug, Clone)]
enum Edit {
    Set(usize, u8),
    Flip(usize, u8),
    Cut(usize),
    Drop(usize, usize),
    Insert(usize, Vec<u8>),
    Repeat(usize, usize),
    /// Overwrites with bytes that as numbers are the least, the greatest, or near.
    Extreme(usize, usize),
}

const EXTREMES: [&[u8]; 6] =
    [&[0; 8], &[0xff; 8], &[0x7f, 0xff, 0xff, 0xff], &[0x80, 0, 0, 0], &[0x80; 9], &[0xff, 0x7f]];

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let place = || 0..1_000_000usize;
    let edit = prop_oneof![
        4 => (place(), any::<u8>()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        4 => (place(), 0..8u8).prop_map(|(at, bit)| Edit::Flip(at, 1 << bit)),
        1 => place().prop_map(Edit::Cut),
        1 => (place(), 1..40usize).prop_map(|(at, len)| Edit::Drop(at, len)),
        2 => (place(), vec(any::<u8>(), 1..24)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        1 => (place(), 1..300usize).prop_map(|(at, len)| Edit::Repeat(at, len)),
        2 => (place(), 0..EXTREMES.len()).prop_map(|(at, which)| Edit::Extreme(at, which)),
    ];
    vec(edit, 0..6)
}

fn bent(sample: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for edit in edits {
        let place = |at: &usize| at * bytes.len() / 1_000_000;
        match edit {
            Edit::Set(at, byte) => {
                let at = place(at);
                bytes.get_mut(at).into_iter().for_each(|b| *b = *byte);
            }
            Edit::Flip(at, bit) => {
                let at = place(at);
                bytes.get_mut(at).into_iter().for_each(|b| *b ^= bit);
            }
            Edit::Cut(at) => bytes.truncate(place(at)),
            Edit::Drop(at, len) => {
                let at = place(at);
                bytes.drain(at..(at + len).min(bytes.len()));
            }
            Edit::Insert(at, more) => {
                let at = place(at);
                bytes.splice(at..at, more.iter().copied());
            }
            Edit::Repeat(at, len) => {
                let at = place(at);
                let again = bytes[at..(at + len).min(bytes.len())].to_vec();
                bytes.splice(at..at, again);
            }
            Edit::Extreme(at, which) => {
                let at = place(at);
                bytes[at..].iter_mut().zip(EXTREMES[*which]).for_each(|(byte, new)| *byte = *new);
            }
        }
    }
    bytes
}

/// Whole inputs of each parser.
fn samples() -> &'static BTreeMap<&'static str, Vec<Vec<u8>>> {
    static SAMPLES: OnceLock<BTreeMap<&'static str, Vec<Vec<u8>>>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let mut samples = of_git();
        samples.extend([("archive", archives()), ("baseline", baselines()), ("config", configs())]);
        samples.extend([("detector", texts()), ("hook", hook_lines())]);
        samples
    })
}

/// Samples that git made: objects, a pack cut into entries, its index, bundles.
fn of_git() -> BTreeMap<&'static str, Vec<Vec<u8>>> {
    let mut samples: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for hash in ["sha1", "sha256"] {
        let repo = Repo::init(&[&format!("--object-format={hash}")]);
        let mut text: String = (0..60).map(|i| format!("line {i} of a file that changes\n")).collect();
        for n in 0..4 {
            text.push_str(&format!("more {n}\n"));
            repo.file("src/a.txt", &text);
            repo.commit(&format!("commit {n}"));
        }
        repo.git(&["tag", "-a", "v1", "-m", "first"]);
        let mut add = |name, bytes| samples.entry(name).or_default().push(bytes);
        for what in ["HEAD", "v1"] {
            let kind = repo.git(&["cat-file", "-t", what]);
            add("commit", repo.git(&["cat-file", &kind, what]).into_bytes());
        }
        for what in ["HEAD:src/a.txt", "HEAD^{tree}", "HEAD"] {
            let id = repo.git(&["rev-parse", what]);
            let path = repo.path().join(".git/objects").join(&id[..2]).join(&id[2..]);
            add("loose", fs::read(path).unwrap());
        }
        let tree = repo.git_command(&["cat-file", "tree", "HEAD^{tree}"]).output().unwrap();
        add("tree", tree.stdout);
        repo.git(&["bundle", "create", "-q", "../all.bundle", "--all"]);
        repo.git(&["bundle", "create", "-q", "../thin.bundle", "HEAD~1..main"]);
        for name in ["all", "thin"] {
            add("bundle", fs::read(repo.sandbox.path().join(format!("{name}.bundle"))).unwrap());
        }
        repo.git(&["repack", "-q", "-adf"]);
        let folder = fs::read_dir(repo.path().join(".git/objects/pack")).unwrap();
        for path in folder.map(|e| e.unwrap().path()) {
            let bytes = fs::read(&path).unwrap();
            match path.extension().and_then(|e| e.to_str()) {
                Some("idx") => add("idx", bytes),
                Some("pack") => (12..bytes.len()).step_by(90).for_each(|at| {
                    add("pack_entry", bytes[at..bytes.len().min(at + 400)].to_vec());
                }),
                _ => {}
            }
        }
    }
    samples.insert("delta", deltas());
    samples
}

/// Bases and deltas on them, as the parser wants them: the base's length first.
fn deltas() -> Vec<Vec<u8>> {
    let base = b"some text that a delta copies from, and more of it".as_slice();
    let code: [&[u8]; 3] = [
        &[50, 8, 0x90, 3, 2, b'X', b'Y', 0x91, 3, 3],
        &[50, 50, 0xb0, 50, 0],
        &[50, 0x80, 0x80, 4, 0x80, 0x91, 10, 40, 5, 1, 2, 3, 4, 5],
    ];
    code.iter().map(|code| [&[base.len() as u8, 0][..], base, code].concat()).collect()
}

fn archives() -> Vec<Vec<u8>> {
    let text = b"some text, some text, some text\n".repeat(20);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["a.txt", "b/c.txt"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&text).unwrap();
    }
    let zip = zip.finish().unwrap().into_inner();
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in [("a.txt", &text), ("inner.zip", &zip)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_path(name).unwrap();
        header.set_cksum();
        tar.append(&header, bytes.as_slice()).unwrap();
    }
    let tar = tar.into_inner().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    bzip2.write_all(&text).unwrap();
    let zstd =
        ruzstd::encoding::compress_to_vec(text.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    let mut ar = ar::Builder::new(Vec::new());
    ar.append(&ar::Header::new(b"debian-binary".to_vec(), 4), &b"2.0\n"[..]).unwrap();
    ar.append(&ar::Header::new(b"data.tar".to_vec(), tar.len() as u64), tar.as_slice()).unwrap();
    vec![zip, tar, gzip.finish().unwrap(), bzip2.finish().unwrap(), zstd, ar.into_inner().unwrap()]
}

fn baselines() -> Vec<Vec<u8>> {
    let mut baseline = leakward::suppress::Baseline::new([7; 32]);
    let about = leakward::suppress::Entry { reason: Some("rotated".into()), ..Default::default() };
    baseline.insert("some-rule", "src/a.py".into(), b"value", &about);
    baseline.insert("other-rule", b"by\xfftes".as_slice().into(), b"value", &about);
    vec![baseline.render().into_bytes()]
}

fn configs() -> Vec<Vec<u8>> {
    let text = "[scan]\nexclude = [\"third_party/**\", \"!x\"]\nbaseline = \"b.jsonl\"\nmax_file_size = 1000\n\
                [rules]\ndisable = [\"jwt\"]\nextend = [\"more.toml\"]\n[[allow]]\nrule = \"jwt\"\n\
                path = [\"tests/**\"]\nvalue = \"^example-[0-9]{3}$\"\nreason = \"documentation\"\n\
                expires = 2027-06-30\n[managers.prod]\nprovider = \"vault\"\n";
    vec![text.as_bytes().to_vec()]
}

/// Text that wakes rules of many kinds, plain and encoded.
fn texts() -> Vec<Vec<u8>> {
    let token = github("bent");
    let key =
        ["-----BEGIN RSA PRIVATE", " KEY-----\nMIIEpAIBAAKCAQEAu5m7\n-----END RSA PRIVATE", " KEY-----\n"];
    let lines = format!(
        "token = \"{token}\"\npassword: '{}'\nurl = https://user:{}@host/x\n{}Authorization: Bearer {token}\n",
        github("word"),
        github("url"),
        key.concat()
    );
    let wide: Vec<u8> = format!("\u{feff}{lines}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &lines);
    let long = [lines.replace('\n', " "), "x".repeat(5000), lines.clone()].concat();
    vec![lines.into_bytes(), wide, encoded.into_bytes(), long.into_bytes()]
}

fn hook_lines() -> Vec<Vec<u8>> {
    let [a, b] = ["a".repeat(40), "0".repeat(40)];
    vec![
        format!("refs/heads/main {a} refs/heads/main {b}\n").into_bytes(),
        format!("{b} {a} refs/heads/main\n").into_bytes(),
        b"main..HEAD ^v1 --not --remotes=origin HEAD^! A...B --first-parent".to_vec(),
    ]
}

#[test]
fn whole_samples_are_read() {
    for (name, parser) in functions::PARSERS {
        assert!(!samples()[name].is_empty(), "{name}");
        samples()[name].iter().for_each(|sample| parser(sample));
    }
}

/// Runs `parser` on bent samples.
fn survives(name: &str) {
    let parser = functions::PARSERS.iter().find(|(known, _)| *known == name).unwrap().1;
    let samples = &samples()[name];
    let set = std::env::var_os("PROPTEST_CASES").is_some();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let config = if set { config } else { ProptestConfig { cases: 200, ..config } };
    let strategy = (0..samples.len(), edits()).prop_map(|(i, edits)| bent(&samples[i], &edits));
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let run = |bytes: Vec<u8>| {
        parser(&bytes);
        Ok(())
    };
    runner.run(&strategy, run).unwrap();
}

macro_rules! bent_inputs {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            survives(stringify!($name).trim_start_matches("a_bent_").trim_end_matches("_harms_nothing"));
        })*
    };
}

bent_inputs! {
    a_bent_archive_harms_nothing
    a_bent_baseline_harms_nothing
    a_bent_bundle_harms_nothing
    a_bent_commit_harms_nothing
    a_bent_config_harms_nothing
    a_bent_delta_harms_nothing
    a_bent_detector_harms_nothing
    a_bent_hook_harms_nothing
    a_bent_idx_harms_nothing
    a_bent_loose_harms_nothing
    a_bent_pack_entry_harms_nothing
    a_bent_tree_harms_nothing
}
