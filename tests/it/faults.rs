//! Damaged object databases: what cannot be read is named and makes the exit code 2, or is read another way. The
//! program never ends by a signal, never hangs, never finds less without saying so.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use sha1::Digest as _;

use crate::repo::Repo;
use crate::sandbox::Run;
use crate::token::github;

/// A repository of one pack with deltas, and nothing else.
fn packed() -> Repo {
    let repo = Repo::new();
    let mut text: String = (0..150).map(|i| format!("line {i} of a file that changes\n")).collect();
    for n in 0..6 {
        text.push_str(&format!("token = {}\n", github(&format!("packed {n}"))));
        repo.file("a.txt", &text);
        repo.commit(&format!("commit {n}"));
    }
    repo.git(&["repack", "-q", "-adf", "--depth=10"]);
    repo.git(&["prune-packed"]);
    repo
}

/// The one file of the pack folder with this ending.
fn file(repo: &Repo, ending: &str) -> PathBuf {
    let files = fs::read_dir(repo.path().join(".git/objects/pack")).unwrap();
    let path = files.map(|e| e.unwrap().path()).find(|p| p.extension().is_some_and(|e| e == ending)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    path
}

/// Runs the scan with an address space of 4 GB, so that a claimed size cannot be believed.
fn scan(repo: &Repo) -> Run {
    let program = env!("CARGO_BIN_EXE_leakward");
    let mut bounded = Command::new("timeout");
    bounded.args(["60", "sh", "-c", "ulimit -v 4000000; exec \"$@\"", "sh", program]);
    bounded.args(["git", "--format", "json", "--threads", "2"]).current_dir(repo.path());
    bounded.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").stdin(Stdio::null());
    Run::of(&mut bounded)
}

/// Either everything was found, or something is named that could not be read.
#[track_caller]
fn honest(repo: &Repo, what: &str) {
    let run = scan(repo);
    match run.code {
        Some(1) => assert_eq!(run.json()["findings"].as_array().unwrap().len(), 6, "{what}"),
        Some(2) if run.stdout.is_empty() => assert!(run.stderr.starts_with("error: "), "{what}: {run:?}"),
        Some(2) => assert_ne!(run.summary()["gaps"].as_array().unwrap().len(), 0, "{what}"),
        _ => panic!("{what}: {run:?}"),
    }
}

#[test]
fn a_flipped_byte_in_any_region_is_survived_and_told() {
    let repo = packed();
    for ending in ["pack", "idx"] {
        let path = file(&repo, ending);
        let whole = fs::read(&path).unwrap();
        let last = whole.len() - 1;
        // Heads, counts, the fan-out, tables of ids, checksums and offsets, entries, streams, trailers.
        let mut places = vec![0, 4, 7, 11, 12, 13, 14, 20, last, last - 25];
        places.extend((0..14).map(|i| 30 + i * (last - 60) / 14));
        for at in places {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            fs::write(&path, bytes).unwrap();
            honest(&repo, &format!("byte {at} of the {ending}"));
        }
        fs::write(&path, whole).unwrap();
    }
    assert_eq!(scan(&repo).code, Some(1));
}

#[test]
fn files_cut_short_or_gone_are_told() {
    let repo = packed();
    for ending in ["pack", "idx"] {
        let path = file(&repo, ending);
        let whole = fs::read(&path).unwrap();
        for len in [0, 3, 12, whole.len() / 2, whole.len() - 21, whole.len() - 1] {
            fs::write(&path, &whole[..len]).unwrap();
            honest(&repo, &format!("{len} bytes of the {ending}"));
        }
        fs::remove_file(&path).unwrap();
        honest(&repo, &format!("no {ending}"));
        fs::write(&path, whole).unwrap();
    }
    let (pack, idx) = (file(&repo, "pack"), file(&repo, "idx"));
    let whole = fs::read(&pack).unwrap();
    fs::remove_file(idx).unwrap();
    for len in [11, 12, 13, 31, 32, 33, whole.len() / 2, whole.len() - 1] {
        fs::write(&pack, &whole[..len]).unwrap();
        honest(&repo, &format!("{len} bytes of the pack, and no idx"));
    }
}

/// One entry of a pack: its kind, what stands between head and stream, its claimed size, its content.
type Made<'m> = (u8, Vec<u8>, u64, &'m [u8]);

/// Puts a pack without an index beside the good one. The offsets of its entries, and its name without an ending.
fn add_pack(repo: &Repo, entries: &[Made<'_>]) -> (Vec<u32>, String) {
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend((entries.len() as u32).to_be_bytes());
    let mut offsets = Vec::new();
    for (kind, base, size, content) in entries {
        offsets.push(pack.len() as u32);
        let (mut rest, mut byte) = (size >> 4, kind << 4 | (size & 15) as u8);
        while rest > 0 {
            pack.push(byte | 0x80);
            (byte, rest) = ((rest & 0x7f) as u8, rest >> 7);
        }
        pack.push(byte);
        pack.extend(base);
        let mut stream = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        stream.write_all(content).unwrap();
        pack.extend(stream.finish().unwrap());
    }
    let sum = sha1::Sha1::digest(&pack);
    pack.extend(sum);
    let name: String = sum.iter().map(|b| format!("{b:02x}")).collect();
    let path = format!("work/.git/objects/pack/pack-{name}");
    repo.sandbox.file(format!("{path}.pack"), pack);
    (offsets, path)
}

/// Puts an index beside a pack: it says that at the `offsets` lie the objects of `ids`, which are sorted.
fn add_idx(repo: &Repo, (offsets, path): (Vec<u32>, String), ids: &[[u8; 20]]) {
    let mut idx = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=255 {
        idx.extend((ids.iter().filter(|id| id[0] <= first).count() as u32).to_be_bytes());
    }
    idx.extend(ids.concat());
    // Checksums of the entries: nothing reads them here.
    idx.extend(vec![0; 4 * ids.len()]);
    idx.extend(offsets.iter().flat_map(|o| o.to_be_bytes()));
    let pack = fs::read(repo.sandbox.path().join(format!("{path}.pack"))).unwrap();
    idx.extend(&pack[pack.len() - 20..]);
    idx.extend(sha1::Sha1::digest(&idx));
    repo.sandbox.file(format!("{path}.idx"), idx);
}

#[test]
fn deltas_without_a_base_or_on_each_other_are_told() {
    let (a, b) = ([7u8; 20], [8; 20]);
    for (what, bases, indexed) in [
        ("missing bases", [a, b], false),
        ("one missing base", [b, b], false),
        ("a cycle of two", [b, a], true),
        ("a delta on itself", [a, a], true),
        ("missing bases under an index", [[9; 20], [10; 20]], true),
    ] {
        let repo = packed();
        let delta = [5, 3, 0x90, 3];
        let pack = add_pack(&repo, &[(7, bases[0].to_vec(), 4, &delta), (7, bases[1].to_vec(), 4, &delta)]);
        if indexed {
            add_idx(&repo, pack, &[a, b]);
        }
        let run = scan(&repo);
        assert_eq!(run.code, Some(2), "{what}: {run:?}");
        assert_eq!(run.json()["findings"].as_array().unwrap().len(), 6, "{what}");
    }
}

#[test]
fn sizes_that_no_memory_holds_are_not_believed() {
    let huge = 4u64 << 30;
    let claims = [0x80, 0x80, 0x80, 0x80, 0x10];
    let delta = [&[3][..], &claims, &[0x90, 3]].concat();
    for (what, entries) in [
        ("blob", vec![(3u8, vec![], huge, &b"abc"[..])]),
        ("delta", vec![(3, vec![], 3, &b"abc"[..]), (6, vec![12], delta.len() as u64, &delta[..])]),
        ("delta's size", vec![(3, vec![], 3, &b"abc"[..]), (6, vec![12], huge, &delta[..])]),
    ] {
        let repo = packed();
        add_pack(&repo, &entries);
        let run = scan(&repo);
        assert_eq!(run.code, Some(2), "{what}: {run:?}");
        assert_eq!(run.json()["findings"].as_array().unwrap().len(), 6, "{what}");
    }
}

#[test]
fn repacks_and_pushes_during_a_scan_hide_nothing() {
    let repo = packed();
    repo.git_in("..", &["clone", "-q", "work", "other"]);
    repo.git(&["config", "receive.denyCurrentBranch", "ignore"]);
    std::thread::scope(|s| {
        let work = s.spawn(|| {
            for n in 0..3 {
                repo.git_in("../other", &["commit", "-q", "--allow-empty", "-m", &format!("pushed {n}")]);
                repo.git_in("../other", &["push", "-q", "origin", "main"]);
                repo.git(&["repack", "-q", "-adf"]);
                repo.git(&["gc", "-q", "--prune=now"]);
            }
        });
        loop {
            let over = work.is_finished();
            honest(&repo, "meanwhile");
            if over {
                break;
            }
        }
    });
    assert_eq!(scan(&repo).code, Some(1));
}
