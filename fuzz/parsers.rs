//! What every fuzz target does with its input: one function for each parser of bytes that others wrote.
//!
//! None may panic, hang, or allocate what the input merely claims. The targets under `fuzz_targets/` call these, and
//! so do the property tests of the main crate (`tests/it/parsers.rs`), which run without a fuzzer.

use std::cell::RefCell;
use std::fs;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use leakward::config::Config;
use leakward::detect::{Detector, Scratch};
use leakward::model::{Blob, Origin};
use leakward::rule::RulePack;
use leakward::source::git::{PushedRef, ReceivedRef, Revisions};
use leakward::source::odb::{
    Bundle, CommitParts, DeltaError, Entry, Grove, HashKind, Inflater, Kinds, Layout, Object, Odb, OdbError,
    PackIndex, Piece, Progress, TagParts, TreeEntry, Visitor, Walk, apply, peek, sizes,
};
use leakward::source::{Base, Files, Source as _};
use leakward::suppress::{Baseline, PathGlobs};

/// Largest object that a target inflates, in bytes.
const LIMIT: u64 = 1 << 20;

/// A parser of bytes.
pub(crate) type Parser = fn(&[u8]);

/// Every parser, by the name of its target.
pub(crate) const PARSERS: &[(&str, Parser)] = &[
    ("archive", archive),
    ("baseline", baseline),
    ("bundle", bundle),
    ("commit", commit),
    ("config", config),
    ("delta", delta),
    ("detector", detector),
    ("hook", hook),
    ("idx", idx),
    ("loose", loose),
    ("pack_entry", pack_entry),
    ("tree", tree),
];

/// The head of a pack entry, and the stream behind it.
pub(crate) fn pack_entry(bytes: &[u8]) {
    for hash in [HashKind::Sha1, HashKind::Sha256] {
        let Ok(entry) = Entry::read(bytes, hash) else { continue };
        assert!(entry.head <= bytes.len());
        let (mut inflater, mut out, mut head) = (Inflater::new(LIMIT), Vec::new(), [0; 32]);
        if inflater.inflate(&bytes[entry.head..], entry.size, &mut out).is_ok() {
            assert_eq!(out.len() as u64, entry.size);
        }
        assert!(out.capacity() as u64 <= 2 * LIMIT);
        let _ = peek(&bytes[entry.head..], &mut head).map(|n| assert!(n <= 32));
    }
}

/// A pack index, version 1 or 2.
pub(crate) fn idx(bytes: &[u8]) {
    for hash in [HashKind::Sha1, HashKind::Sha256] {
        let Ok(index) = PackIndex::read(bytes.to_vec(), hash) else { continue };
        assert!(index.count() as usize <= bytes.len() / hash.size());
        let _ = (index.is_intact(), index.pack_checksum());
        for position in 0..index.count() {
            let _ = (index.offset(position), index.crc(position));
            // Ids out of order may hide each other; one that is found is the one that was looked for.
            if let Some(found) = index.find(index.id(position)) {
                assert_eq!(index.id(found), index.id(position));
            }
        }
    }
}

/// A delta: the first two bytes say how many of the others are its base.
pub(crate) fn delta(bytes: &[u8]) {
    let Some((len, rest)) = bytes.split_first_chunk::<2>() else { return };
    let (base, code) = rest.split_at(rest.len().min(usize::from(u16::from_le_bytes(*len))));
    let _ = sizes(code);
    let (mut out, mut pieces) = (Vec::new(), Vec::new());
    match apply(base, code, LIMIT, &mut out, &mut pieces) {
        Ok(()) => assert_eq!(rebuilt(base, &out, &pieces), out, "pieces tell where each byte came from"),
        Err(DeltaError::Limit(size)) => assert!(size > LIMIT),
        Err(_) => {}
    }
    assert!(out.capacity() as u64 <= 2 * LIMIT);
}

/// `out` as its pieces tell it.
fn rebuilt(base: &[u8], out: &[u8], pieces: &[Piece]) -> Vec<u8> {
    let mut rebuilt = Vec::new();
    for piece in pieces {
        let (at, from) = match *piece {
            Piece::Copy { from, to, len } => (to, &base[from..from + len]),
            Piece::Insert { to, len } => (to, &out[to..to + len]),
        };
        assert_eq!(at, rebuilt.len());
        rebuilt.extend_from_slice(from);
    }
    rebuilt
}

/// A tree object.
pub(crate) fn tree(bytes: &[u8]) {
    for hash in [HashKind::Sha1, HashKind::Sha256] {
        let mut last = 0;
        for entry in TreeEntry::all(bytes, hash).flatten() {
            assert!(entry.end > last && entry.end <= bytes.len() && !entry.name.is_empty());
            last = entry.end;
        }
        for start in [0, 1, bytes.len() / 2, bytes.len(), bytes.len() + 1] {
            let _ = TreeEntry::at(bytes, start, hash).map(|e| assert!(e.end <= bytes.len()));
        }
    }
}

/// A commit or a tag object.
pub(crate) fn commit(bytes: &[u8]) {
    let parts = CommitParts::read(bytes);
    assert!(parts.message <= bytes.len() && parts.parents.len() <= bytes.len() / 40);
    assert!(TagParts::read(bytes).message <= bytes.len());
}

/// A blob, searched by all built-in rules.
pub(crate) fn detector(bytes: &[u8]) {
    static DETECTOR: OnceLock<Detector> = OnceLock::new();
    thread_local!(static SCRATCH: RefCell<Scratch> = RefCell::default());
    let detector =
        DETECTOR.get_or_init(|| Detector::new(Arc::new(RulePack::builtin())).expect("built-in rules run"));
    SCRATCH.with_borrow_mut(|scratch| {
        detector.detect(scratch, &Blob::whole(bytes), None, &mut |candidate| {
            assert!(candidate.span.end <= bytes.len() && candidate.span.start < candidate.span.end);
            assert!(candidate.matched.start <= candidate.span.start);
            assert!(candidate.matched.end >= candidate.span.end);
        });
    });
}

/// `.leakward.toml`.
pub(crate) fn config(bytes: &[u8]) {
    if let Ok(config) = Config::parse("leakward.toml", bytes) {
        let _ = config.choose("leakward.toml", &mut RulePack::builtin());
    }
}

/// A baseline.
pub(crate) fn baseline(bytes: &[u8]) {
    if let Ok(baseline) = Baseline::parse(bytes) {
        let written = baseline.render();
        assert_eq!(
            Baseline::parse(written.as_bytes()).as_ref(),
            Ok(&baseline),
            "what is written is read again"
        );
    }
}

/// What git tells hooks on standard input, and a range as people write it.
pub(crate) fn hook(bytes: &[u8]) {
    let _ = (PushedRef::parse_all(bytes), ReceivedRef::parse_all(bytes));
    let _ = Revisions::parse(&String::from_utf8_lossy(bytes));
}

/// A bundle: its head, and a pack without an index, of which every object is visited.
pub(crate) fn bundle(bytes: &[u8]) {
    let folder = folder();
    let path = folder.path().join("all.bundle");
    write(&path, bytes);
    let Ok(bundle) = Bundle::open(&path) else { return };
    let walk = Walk { threads: 1, budget: 1 << 20, limit: LIMIT, kinds: Kinds::ALL };
    let visited = walk.run(&bundle.odb, &Grove::default(), &Progress::default(), &|_| true, &|| Sizes(0));
    for sizes in visited.into_iter().flatten() {
        assert!(sizes.0 <= LIMIT as usize);
    }
}

/// A loose object's file, under a name that it need not deserve.
pub(crate) fn loose(bytes: &[u8]) {
    let folder = folder();
    let id = HashKind::Sha1.digest(&[b"some object"]);
    let hex = id.to_string();
    write(&folder.path().join("HEAD"), b"ref: refs/heads/main\n");
    fs::create_dir_all(folder.path().join("refs")).expect("a folder of its own can be written to");
    write(&folder.path().join("objects").join(&hex[..2]).join(&hex[2..]), bytes);
    let odb = Layout::of_git_dir(folder.path()).and_then(|layout| Odb::open(&layout)).expect("it lists");
    let mut out = Vec::new();
    let _ = odb.read(&id, &mut Inflater::new(LIMIT), &mut out);
    assert!(out.capacity() as u64 <= 2 * LIMIT + 1024);
}

/// A file that may be a container of any kind.
pub(crate) fn archive(bytes: &[u8]) {
    struct Reads;
    impl leakward::source::Visitor for Reads {
        fn visit(&mut self, _: &Origin, blob: &Blob<'_>) -> ControlFlow<()> {
            assert!(!blob.bytes.is_empty() || blob.start.offset == 0);
            ControlFlow::Continue(())
        }
    }
    let folder = folder();
    let path = folder.path().join("container");
    write(&path, bytes);
    let files = Files {
        base: Base::of(std::slice::from_ref(&path)).expect("it was written"),
        paths: vec![path],
        ignore_files: false,
        follow_symlinks: false,
        max_size: LIMIT,
        archive_depth: 4,
        exclude: PathGlobs::new(&[]).expect("no pattern is wrong"),
        threads: NonZeroUsize::MIN,
    };
    let _ = files.run(&|| Box::new(Reads));
}

/// Knows the largest object that it was shown.
struct Sizes(usize);

impl Visitor for Sizes {
    type Legacy = ();

    fn object(&mut self, object: Object<'_, ()>) {
        self.0 = self.0.max(object.bytes.len());
    }

    fn unreadable(&mut self, _: u32, _: OdbError) {}
}

fn folder() -> tempfile::TempDir {
    // Memory where there is some: a fuzzer writes thousands of files a second.
    let shm = Path::new("/dev/shm");
    let made = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() };
    made.expect("a temporary folder can be made")
}

fn write(path: &Path, bytes: &[u8]) {
    let parent = path.parent().expect("it lies in a folder");
    fs::create_dir_all(parent).expect("a folder of its own can be written to");
    let mut file = fs::File::create(path).expect("a folder of its own can be written to");
    file.write_all(bytes).expect("a folder of its own can be written to");
}
