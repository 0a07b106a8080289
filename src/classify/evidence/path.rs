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

/// Whether `path` is one of tests, examples or documentation, and of source code in a programming language.
pub fn is_code_of_tests(path: &[u8]) -> bool {
    let mut evidence = Evidence::default();
    add_path(&mut evidence, path);
    (1..=LANGUAGES).contains(&evidence.0[Feature::File as usize]) && is_of_tests(path)
}

/// Adds to `evidence` what `path` (separated by `/`, bytes as the system holds them) says.
pub fn add_path(evidence: &mut Evidence, path: &[u8]) {
    let mut set = |feature: Feature, value: u8| evidence.0[feature as usize] = value;
    let name = path.rsplit(|b| matches!(b, b'/' | b'!')).next().unwrap_or_default();
    let extension = match memchr::memrchr(b'.', name) {
        Some(dot) => &name[dot + 1..],
        None => name,
    };
    set(Feature::File, group_of([extension], KINDS) + 1);
    // `test_login`, `LoginTest`, `user-spec`
    let parts = path.split(|b| !b.is_ascii_alphanumeric() && *b != b'_').filter(|part| !part.is_empty());
    let words: Vec<_> = parts.flat_map(|part| super::KeyName::split_only(part).words()).collect();
    let about = |list: &[&str]| u8::from(words.iter().any(|w| is_one_of(w, list)));
    set(Feature::InTests, about(TESTS));
    set(Feature::InDocs, about(DOCS));
    set(Feature::InSettings, about(SETTINGS));
    set(Feature::InGenerated, about(GENERATED));
}
