//! `leakward explain`: why the values of a line are held for secrets, or are not.

use crate::sandbox::Sandbox;

#[test]
fn each_value_of_the_line_is_explained_and_none_is_shown() {
    let sandbox = Sandbox::new();
    let value = ["kT9x", "vQ2m", "77a"].join("-");
    sandbox.file("app.py", format!("x = 1\npassword = \"{value}\"; token = \"${{TOKEN}}\"\n"));
    let run = sandbox.run(["explain", "app.py:2"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("app.py:2:13: password, 13 bytes, quoted value"), "{}", run.stdout);
    assert!(run.stdout.contains("before anything is seen"), "{}", run.stdout);
    assert!(run.stdout.contains("not a secret: refers to a value kept elsewhere"), "{}", run.stdout);
    assert!(!run.stdout.contains("kT9x"), "{}", run.stdout);
}

#[test]
fn a_line_that_is_not_there_is_told() {
    let sandbox = Sandbox::new();
    sandbox.file("app.py", "x = 1\n");
    for (place, told) in
        [("app.py:9", "has no line 9"), ("app.py", "is no FILE:LINE"), ("b.py:1", "cannot read b.py")]
    {
        let run = sandbox.run(["explain", place]);
        assert_eq!(run.code, Some(2));
        assert!(run.stderr.contains(told), "{}", run.stderr);
    }
}

#[test]
fn what_a_test_shows_is_explained_as_sure_as_it_is_reported() {
    let sandbox = Sandbox::new();
    let value = ["kT9x", "vQ2m", "77aLw4"].join("-");
    for path in ["app.py", "tests/test_app.py"] {
        sandbox.file(path, format!("password = \"{value}\"\n"));
        let told = sandbox.run(["explain", &format!("{path}:1")]);
        let scan = sandbox.run(["scan", path, "--format", "json", "--min-confidence", "low"]);
        let confidence = scan.json()["findings"][0]["confidence"].as_str().unwrap().to_owned();
        assert!(told.stdout.contains(&format!("secret, confidence {confidence}")), "{path}: {}", told.stdout);
        assert_eq!(told.stdout.contains("at most: tests"), path.starts_with("tests/"), "{}", told.stdout);
    }
}
