//! Policies of Vault and OpenBao as text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The policy that gives `paths` and nothing more.
pub fn vault_policy(paths: &BTreeMap<String, BTreeSet<&'static str>>) -> String {
    let mut text = String::new();
    for (path, capabilities) in paths {
        let list: Vec<String> = capabilities.iter().map(|c| format!("\"{c}\"")).collect();
        let path = path.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(text, "path \"{path}\" {{\n  capabilities = [{}]\n}}", list.join(", "));
    }
    text
}
