//! The index for hooks: made from a real OpenBao, used without it.

use std::fs;

use serde_json::json;

use crate::bao::{Bao, ROOT};
use crate::repo::Repo;
use crate::sandbox::Run;

#[test]
fn a_hook_finds_values_by_an_index_and_refuses_one_that_was_changed_or_is_not_ours() {
    let bao = Bao::start();
    // No rule knows it: letters and digits behind a key that means nothing.
    let strong = blake3::hash(b"index").to_hex()[..26].replace(['a', 'b'], "-").to_uppercase();
    bao.put("team/strong", &json!({ "value": strong }));
    bao.put("team/weak", &json!({ "value": "summer2024" }));
    let repo = Repo::with(&[("a.txt", "nothing\n")]);
    let beside = |name: &str| repo.sandbox.path().join(name).display().to_string();
    let (signer, other, index) = (beside("signer"), beside("other"), beside("values.lwx"));
    let run = |args: &[&str]| Run::of(&mut repo.command(args));
    let key = run(&["index", "key", "--output", &signer]);
    assert_eq!(key.code, Some(0), "{key:?}");
    let public = key.stdout.trim().to_owned();
    let stranger = run(&["index", "key", "--output", &other]).stdout.trim().to_owned();
    assert_eq!(run(&["index", "key", "--output", &signer]).code, Some(2), "a key is not overwritten");

    let build = ["index", "build", "--key", &signer, "--output", &index, "--memory", "64", "--passes", "1"];
    let mut command = repo.command(&build);
    let built = Run::of(command.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", ROOT));
    assert_eq!(built.code, Some(0), "{built:?}");
    assert!(
        built.stdout.contains("left out, easy to guess: vault:secret/team/weak (value)\n1 of 2 values"),
        "{built:?}"
    );
    let shown = run(&["index", "inspect", &index]);
    assert!(shown.stdout.contains("values    1\n") && shown.stdout.contains(&public), "{shown:?}");
    let held = fs::read(&index).unwrap();
    assert!(!held.windows(8).any(|w| strong.as_bytes().starts_with(w)), "no value is in the index");

    // A new key, and what is easy to guess taken in.
    let weak = beside("weak.lwx");
    let rebuild = [
        &["index", "build", "--key", &other, "--output", &weak, "--include-weak"][..],
        &["--memory", "64", "--passes", "1"],
    ]
    .concat();
    let mut command = repo.command(&rebuild);
    let rebuilt = Run::of(command.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", ROOT));
    assert!(rebuilt.code == Some(0) && rebuilt.stdout.starts_with("2 of 2 values"), "{rebuilt:?}");

    drop(bao);
    repo.stage("season.txt", "remember summer2024 for later\n");
    let by = |index: &str, key: &str| {
        run(&["git", "--staged", "--format", "json", "--index", index, "--index-key", key])
    };
    let unknown = by(&index, &public);
    assert!(!unknown.found_in().contains(&"season.txt".to_owned()), "{unknown:?}");
    let known = by(&weak, &stranger);
    assert_eq!((known.code, known.found_in()), (Some(1), vec!["season.txt".to_owned()]), "{known:?}");
    assert_eq!(by(&weak, &public).code, Some(2), "the old key is no longer good");
    repo.git(&["rm", "-q", "--cached", "season.txt"]);

    repo.stage("notes.txt", &format!("remember {strong} for later\n"));
    let scan =
        |key: &str| run(&["git", "--staged", "--format", "json", "--index", &index, "--index-key", key]);
    let found = scan(&public);
    assert_eq!((found.code, found.found_in()), (Some(1), vec!["notes.txt".to_owned()]), "{found:?}");
    assert_eq!(found.json()["findings"][0]["rule"], "known-value");
    assert!(!found.stdout.contains(&strong));
    let refused = scan(&stranger);
    assert!(refused.code == Some(2) && refused.stderr.contains("signed by another key"), "{refused:?}");
    let mut changed = held;
    let last = changed.len() - 80;
    changed[last] ^= 1;
    fs::write(&index, changed).unwrap();
    let refused = scan(&public);
    assert!(refused.code == Some(2) && refused.stderr.contains("it was changed"), "{refused:?}");
}
