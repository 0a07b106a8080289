//! One token in every place of a repository where one can hide: each is found, at the commit that brought it.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::{fs, iter};

use crate::repo::{Repo, name};
use crate::token::github;

/// A repository and what was planted in it.
struct Garden {
    repo: Repo,
    /// By place: the commit that brought the token; empty when none did.
    planted: BTreeMap<&'static str, String>,
}

impl Garden {
    fn new() -> Self {
        Self { repo: Repo::with(&[("a.txt", "first\n"), ("b.txt", "second\n")]), planted: BTreeMap::new() }
    }

    fn line(place: &str) -> String {
        format!("token = {}\n", github(place))
    }

    /// Commits a file with the token of `place`.
    fn file(&mut self, place: &'static str, path: &str, content: impl AsRef<[u8]>) {
        self.repo.file(path, content);
        self.commit(place);
    }

    fn commit(&mut self, place: &'static str) {
        let id = self.repo.commit(&format!("plants {place}"));
        self.planted.insert(place, id);
    }

    fn head(&mut self, place: &'static str) {
        let id = self.repo.git(&["rev-parse", "HEAD"]);
        self.planted.insert(place, id);
    }

    /// Contents and names of files.
    fn plant_files(&mut self) {
        let line = Self::line;
        self.repo.file(".gitattributes", "*.nodiff -diff\n*.bin binary\n");
        self.file("-diff attribute", "x.nodiff", line("-diff attribute"));
        self.file("binary attribute", "x.bin", line("binary attribute"));
        self.file("early NUL", "nul.dat", [b"\0\x01\0", line("early NUL").as_bytes()].concat());
        let wide: Vec<u8> =
            format!("\u{feff}{}", line("UTF-16")).encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.file("UTF-16", "wide.txt", wide);
        self.file("CRLF", "crlf.txt", format!("a\r\n{}\r\nb\r\n", line("CRLF").trim_end()));
        self.file("non-ASCII path", "grün/схема.txt", line("non-ASCII path"));
        self.file("newline in a path", "new\nline.txt", line("newline in a path"));
        self.repo
            .sandbox
            .file(std::path::Path::new("work").join(name(b"by\xfftes.txt")), line("bytes in a path"));
        self.commit("bytes in a path");
        for (place, border) in [("border of 64 KiB", 1 << 16), ("border of 1 MiB", 1 << 20)] {
            let filler: String = iter::repeat_n("some words that mean nothing\n", border / 29 + 2).collect();
            let token = line(place);
            let text = format!("{}\n{token}{}", &filler[..border - 21], &filler[..4000]);
            self.file(place, &format!("{border}.txt"), text);
        }
    }

    /// Changes of a file that are more than new lines.
    fn plant_changes(&mut self) {
        let path = self.repo.path();
        symlink("a.txt", path.join("link")).unwrap();
        self.repo.commit("a link");
        fs::remove_file(path.join("link")).unwrap();
        self.file("link that became a file", "link", Self::line("link that became a file"));
        symlink(github("target of a link"), path.join("dangling")).unwrap();
        self.commit("target of a link");
        fs::set_permissions(path.join("b.txt"), fs::Permissions::from_mode(0o755)).unwrap();
        self.file("change of mode", "b.txt", format!("second\n{}", Self::line("change of mode")));
        self.repo.git(&["mv", "a.txt", "moved.txt"]);
        self.file(
            "rename with an edit",
            "moved.txt",
            format!("first\n{}", Self::line("rename with an edit")),
        );
    }

    fn plant_merges(&mut self) {
        for side in ["one", "two", "three"] {
            self.repo.git(&["checkout", "-q", "-b", side, "main"]);
            self.repo.file(format!("{side}.txt"), format!("{side}\n"));
            self.repo.commit(side);
        }
        self.repo.git(&["checkout", "-q", "main"]);
        self.repo.git(&["merge", "-q", "--no-ff", "--no-commit", "one"]);
        self.file("merge", "merge.txt", Self::line("merge"));
        self.repo.git(&["commit", "-q", "--allow-empty", "-m", "a step of its own"]);
        self.repo.git(&["merge", "-q", "--no-ff", "-m", "octopus", "two", "three"]);
        self.repo.file("octopus.txt", Self::line("octopus merge"));
        self.repo.git(&["add", "-A"]);
        self.repo.git(&["commit", "-q", "--amend", "--no-edit"]);
        self.head("octopus merge");
    }

    fn plant_texts(&mut self) {
        let message = format!("see {}", github("commit message"));
        self.repo.git(&["commit", "-q", "--allow-empty", "-m", &message]);
        self.head("commit message");
        self.repo.git(&["notes", "add", "-m", &github("note")]);
        self.head("note");
        self.repo.git(&["tag", "-a", "v1", "-m", &github("tag message")]);
        let tag = self.repo.git(&["rev-parse", "v1"]);
        self.planted.insert("tag message", tag);
    }

    /// What no branch holds.
    fn plant_leftovers(&mut self) {
        self.repo.file("b.txt", Self::line("stash"));
        self.repo.git(&["stash", "-q"]);
        let stash = self.repo.git(&["rev-parse", "refs/stash"]);
        self.planted.insert("stash", stash);
        self.file("reflog", "reflog.txt", Self::line("reflog"));
        self.repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
        self.file("amended away", "amended.txt", Self::line("amended away"));
        self.repo.file("amended.txt", "clean\n");
        self.repo.git(&["add", "-A"]);
        self.repo.git(&["commit", "-q", "--amend", "-m", "clean"]);
    }

    /// What nothing reaches at all.
    fn plant_unreachable(&mut self) {
        let blob =
            self.repo.git_with(&["hash-object", "-w", "--stdin"], Self::line("dangling blob").as_bytes());
        self.planted.insert("dangling blob", String::new());
        let blob = [
            blob,
            self.repo.git_with(&["hash-object", "-w", "--stdin"], Self::line("deleted branch").as_bytes()),
        ];
        let tree = self.repo.git_with(&["mktree"], format!("100644 blob {}\tx.txt\n", blob[1]).as_bytes());
        let commit = self.repo.git(&["commit-tree", "-m", "plants deleted branch", &tree]);
        self.repo.git(&["update-ref", "refs/heads/gone", &commit]);
        self.repo.git(&["update-ref", "-d", "refs/heads/gone"]);
        self.planted.insert("deleted branch", commit);
    }

    /// What a scan of `repository` finds: by place, the commit it names.
    fn found(&self, repository: &str, args: &[&str]) -> BTreeMap<&'static str, String> {
        let run = self.repo.run(&[&["git", repository, "--format", "json", "--show-secrets"], args].concat());
        assert_eq!(run.code, Some(1), "{run:?}");
        let report = run.json();
        let places: BTreeMap<String, &'static str> = self.planted.keys().map(|&p| (github(p), p)).collect();
        let findings = report["findings"].as_array().unwrap().iter();
        let known = findings.filter_map(|f| {
            let place = places.get(f["secret"].as_str()?)?;
            Some((*place, f["commit"]["id"].as_str().unwrap_or_default().to_owned()))
        });
        known.collect()
    }

    fn reachable(&self) -> BTreeMap<&'static str, String> {
        let mut planted = self.planted.clone();
        planted.retain(|place, _| !["dangling blob", "deleted branch"].contains(place));
        planted
    }
}

fn grown() -> Garden {
    let mut garden = Garden::new();
    garden.plant_files();
    garden.plant_changes();
    garden.plant_merges();
    garden.plant_texts();
    garden.plant_leftovers();
    garden
}

#[test]
fn every_hiding_place_is_searched_loose_packed_and_in_cruft() {
    let mut garden = grown();
    garden.plant_unreachable();
    assert_eq!(garden.found(".", &["--unreachable"]), garden.planted, "loose");
    assert_eq!(garden.found(".", &["--unreachable", "--full"]), garden.planted, "in full");
    assert_eq!(garden.found(".", &[]), garden.reachable(), "reachable");
    // The commits are old; what only reflogs hold would be dropped by age.
    for kind in ["reflogExpire", "reflogExpireUnreachable"] {
        garden.repo.git(&["config", &format!("gc.{kind}"), "never"]);
    }
    garden.repo.git(&["gc", "-q", "--prune=never"]);
    let cruft = fs::read_dir(garden.repo.path().join(".git/objects/pack")).unwrap();
    assert!(cruft.filter_map(Result::ok).any(|e| e.path().extension().is_some_and(|e| e == "mtimes")));
    assert_eq!(garden.found(".", &["--unreachable"]), garden.planted, "cruft");
    garden.repo.git(&["repack", "-q", "-adf", "--depth=50", "--window=50"]);
    assert_eq!(garden.found(".", &[]), garden.reachable(), "deltas");
    garden.repo.git(&["multi-pack-index", "write"]);
    assert_eq!(garden.found(".", &["--full"]), garden.reachable(), "multi-pack index");
}

#[test]
fn clones_with_alternates_bundles_and_shallow_boundaries_hide_nothing() {
    let garden = grown();
    let repo = &garden.repo;
    let mut kept = garden.reachable();
    // Reflogs and the stash stay behind.
    kept.retain(|place, _| !["stash", "reflog", "amended away", "note"].contains(place));
    repo.git_in("..", &["clone", "-q", "--shared", "work", "shared"]);
    assert_eq!(garden.found("../shared", &[]), kept, "alternate");
    repo.git(&["bundle", "create", "-q", "../all.bundle", "main", "v1"]);
    assert_eq!(garden.found("../all.bundle", &[]), kept, "bundle");
    let from = format!("file://{}", repo.path().display());
    repo.git_in("..", &["clone", "-q", "--depth=1", &from, "shallow"]);
    // All that is left came, as far as this clone can tell, with its one commit.
    let head = repo.git(&["rev-parse", "main"]);
    let shallow = garden.found("../shallow", &[]);
    assert_eq!(shallow.get("rename with an edit"), Some(&head));
    assert_eq!(shallow.get("merge"), Some(&head));
}
