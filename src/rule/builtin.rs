//! The rules that are part of the program: `build.rs` reads them from `rules/*.toml` and writes them as Rust.

#![allow(unused_imports, reason = "which of the names the written rules use depends on the rules")]

use super::{
    Alphabet, Answer, Checksum, Confidence, Extractor, Lead, List, LiveCheck, Method, Named, Outline,
    Requirement, Rule, Run, RunLook, Severity, Shape, Signature, Text,
};

/// A built-in rule.
#[derive(Debug)]
pub struct Builtin {
    /// The rule.
    pub rule: Rule,
    /// That of its pattern.
    pub(super) outline: Option<Outline>,
}

/// The built-in rules, sorted by id.
pub(super) static BUILTIN: &[Builtin] = &include!(concat!(env!("OUT_DIR"), "/rules.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_stands_beside_the_outline_of_its_own_pattern() {
        for builtin in BUILTIN {
            assert_eq!(builtin.outline, Outline::of(&builtin.rule).unwrap(), "{}", builtin.rule.id);
        }
    }
}
