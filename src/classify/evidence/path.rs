//! What is seen of the path, once there is one.

use super::super::feature::Feature;
use super::{group_of, is_one_of};
use crate::model::Evidence;

/// The first so many of [`KINDS`] are programming languages.
const LANGUAGES: u8 = 3;

/// Kinds of file by extension: code, scripts, settings, data, documents, markup, tests' records, keys.
const KINDS: &[&[&str]] = &[
    &[
        "java", "kt", "kts", "scala", "groovy", "cs", "vb", "fs", "go", "rs", "c", "h", "cc", "cpp", "hpp",
        "m", "mm", "swift", "dart",
    ],
    &["js", "jsx", "ts", "tsx", "mjs", "cjs", "vue", "svelte", "coffee"],
    &[
        "py", "pyi", "rb", "php", "pl", "pm", "lua", "ex", "exs", "erl", "clj", "r", "jl", "inc", "erb",
        "rake",
    ],
    &["sh", "bash", "zsh", "fish", "ps1", "psm1", "bat", "cmd", "dockerfile", "makefile", "mk"],
    &[
        "yml",
        "yaml",
        "toml",
        "ini",
        "cfg",
        "conf",
        "config",
        "cnf",
        "properties",
        "env",
        "tf",
        "tfvars",
        "hcl",
        "plist",
        "gradle",
        "reg",
        "settings",
        "netrc",
        "npmrc",
        "pypirc",
        "example",
        "sample",
        "dist",
        "template",
    ],
    &["json", "jsonl", "json5", "tfstate", "lock", "csv", "tsv", "har", "ipynb", "cast"],
    &["md", "markdown", "rst", "adoc", "asciidoc", "txt", "tex", "org", "wiki"],
    &[
        "html", "htm", "xml", "xhtml", "xsd", "jsp", "aspx", "ejs", "hbs", "pug", "jade", "haml", "tpl",
        "mustache", "svg", "css",
    ],
    &["sql", "ddl", "dump", "psql"],
    &["pem", "key", "crt", "cer", "p8", "rsa", "pub", "asc", "ppk"],
    &["log", "out", "diff", "patch", "snap"],
];

const TESTS: &[&str] = &[
    "test",
    "tests",
    "spec",
    "specs",
    "testdata",
    "fixture",
    "fixtures",
    "mock",
    "mocks",
    "__tests__",
    "testing",
    "e2e",
    "it",
];
const DOCS: &[&str] = &[
    "doc",
    "docs",
    "example",
    "examples",
    "sample",
    "samples",
    "demo",
    "tutorial",
    "guide",
    "readme",
    "changelog",
    "documentation",
];
const SETTINGS: &[&str] = &[
    "secret",
    "secrets",
    "credential",
    "credentials",
    "env",
    "config",
    "configs",
    "conf",
    "setting",
    "settings",
    "docker",
    "compose",
    "deploy",
    "kube",
    "k8s",
    "helm",
    "ansible",
    "terraform",
    "vault",
    "application",
    "local",
    "production",
];
const GENERATED: &[&str] = &[
    "locale",
    "locales",
    "i18n",
    "l10n",
    "lang",
    "translations",
    "lock",
    "vendor",
    "node_modules",
    "min",
    "generated",
    "dist",
    "third_party",
    "bundle",
    "assets",
    "public",
    "static",
];

/// Whether `path` is one of tests, examples or documentation.
pub fn is_of_tests(path: &[u8]) -> bool {
    let mut evidence = Evidence::default();
    add_path(&mut evidence, path);
    evidence.0[Feature::InTests as usize] + evidence.0[Feature::InDocs as usize] > 0
}

/// Whether `path` is one of source code in a programming language.
pub fn is_code(path: &[u8]) -> bool {
    (1..=LANGUAGES).contains(&kind_of(path))
}

/// The number of the kind of file in [`KINDS`], from 1; 0 for others.
fn kind_of(path: &[u8]) -> u8 {
    let name = path.rsplit(|b| matches!(b, b'/' | b'!')).next().unwrap_or_default();
    let extension = match memchr::memrchr(b'.', name) {
        Some(dot) => &name[dot + 1..],
        None => name,
    };
    group_of([extension], KINDS)
}

/// Adds to `evidence` what `path` (separated by `/`, bytes as the system holds them) says.
pub fn add_path(evidence: &mut Evidence, path: &[u8]) {
    let mut set = |feature: Feature, value: u8| evidence.0[feature as usize] = value;
    set(Feature::File, kind_of(path) + 1);
    // `test_login`, `LoginTest`, `user-spec`
    let parts = path.split(|b| !b.is_ascii_alphanumeric() && *b != b'_').filter(|part| !part.is_empty());
    let words: Vec<_> = parts.flat_map(|part| super::KeyName::split_only(part).words()).collect();
    let about = |list: &[&str]| u8::from(words.iter().any(|w| is_one_of(w, list)));
    set(Feature::InTests, about(TESTS));
    set(Feature::InDocs, about(DOCS));
    set(Feature::InSettings, about(SETTINGS));
    set(Feature::InGenerated, about(GENERATED));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_settings_keys_and_what_has_no_kind() {
        for path in ["tests/a.rs", "x_test.cc", "spec/b.ts", "tests/app.py", "outer.zip!lib/c.rb"] {
            assert!(is_code(path.as_bytes()), "{path}");
        }
        for path in ["tests/server.key", "tests/a.yml", "tests/notes.md", "tests/id_rsa", "run.sh", ""] {
            assert!(!is_code(path.as_bytes()), "{path}");
        }
    }
}
