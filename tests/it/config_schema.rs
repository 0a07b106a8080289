//! The published schema of `.leakward.toml` and the program agree.

use leakward::config::{Config, FILE_NAME};
use serde_json::Value;

fn schema() -> jsonschema::Validator {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/leakward-toml.schema.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// TOML as editors hand it to a schema: dates are strings.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => {
            table.into_iter().map(|(k, v)| (k, json(v))).collect::<serde_json::Map<_, _>>().into()
        }
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(n) => n.into(),
        toml::Value::Float(n) => n.into(),
        toml::Value::Boolean(b) => b.into(),
    }
}

const GOOD: &[&str] = &[
    "",
    "[scan]\nexclude = 'a'",
    "[scan]\nexclude = ['third_party/**', '!keep']\nbaseline = 'b.jsonl'\nmax_file_size = 5\nrequire_reason = true",
    "[rules]\nenable = ['a']\ndisable = []\nextend = ['x.toml']",
    "[[allow]]\nrule = 'a'\nreason = 'r'\nexpires = 2027-06-30",
    "[[allow]]\nrule = ['a', 'b']\npath = ['x', 'y/']\nvalue = '^x'\nline = 'y$'",
    "[[allow]]\npath_regex = '^x'\nreason = 'r'",
    "[managers.prod]\nprovider = 'vault'\npaths = ['a']",
];

const BAD: &[&str] = &[
    "scan = 3",
    "[sacn]",
    "[scan]\nexlude = 'a'",
    "[scan]\nexclude = 3",
    "[scan]\nexclude = ['a', 3]",
    "[scan]\nbaseline = ['a']",
    "[scan]\nmax_file_size = '5MB'",
    "[scan]\nmax_file_size = -5",
    "[rules]\nenable = 'a'",
    "[rules]\nextend = [3]",
    "[allow]\nrule = 'a'",
    "[[allow]]\nreason = 'r'",
    "[[allow]]\nrule = []",
    "[[allow]]\nrule = 'a'\nreasn = 'r'",
    "[[allow]]\nrule = 'a'\nreason = 3",
    "[[allow]]\nrule = 'a'\nexpires = '30.6.2027'",
    "[[allow]]\nrule = 'a'\nexpires = 2027-06-30T12:00:00",
    "[[allow]]\nvalue = ['a']",
    "managers = 3",
];

#[test]
fn the_schema_and_the_program_take_and_refuse_the_same() {
    let schema = schema();
    for (texts, good) in [(GOOD, true), (BAD, false)] {
        for text in texts {
            let parsed = Config::parse(FILE_NAME, text.as_bytes());
            assert_eq!(parsed.is_ok(), good, "the program, on {text:?}: {:?}", parsed.err());
            let value = json(toml::Value::Table(toml::from_str(text).unwrap()));
            assert_eq!(schema.is_valid(&value), good, "the schema, on {text:?}");
        }
    }
}
