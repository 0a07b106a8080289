//! Policies of the clouds as text.

use std::collections::BTreeSet;

use crate::secret::escape_json;

/// An IAM policy that lets the values of `arns` be read.
pub fn aws_policy(arns: &BTreeSet<String>) -> String {
    format!(
        "{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {{\n      \"Effect\": \"Allow\",\n      \
         \"Action\": \"secretsmanager:GetSecretValue\",\n      \"Resource\": [{}\n      ]\n    }}\n  ]\n}}\n",
        list(arns, 8)
    )
}

/// A role of Azure whose only right is to read values, assignable to `ids` alone.
pub fn azure_policy(ids: &BTreeSet<String>) -> String {
    format!(
        "{{\n  \"Name\": \"Secrets of one application\",\n  \"IsCustom\": true,\n  \
         \"Description\": \"Reads the values of the secrets that it is assigned to\",\n  \"Actions\": [],\n  \
         \"NotActions\": [],\n  \"DataActions\": [\n    \
         \"Microsoft.KeyVault/vaults/secrets/getSecret/action\"\n  ],\n  \"NotDataActions\": [],\n  \
         \"AssignableScopes\": [{}\n  ]\n}}\n",
        list(ids, 4)
    )
}

/// For each of `names` (Google's resource names) the binding that lets `member` read its value.
pub fn google_policy(names: &BTreeSet<String>, member: &str) -> String {
    let one = |name: &String| {
        format!(
            "    {{\n      \"resource\": {},\n      \"policy\": {{\n        \"bindings\": [\n          {{\n            \
             \"role\": \"roles/secretmanager.secretAccessor\",\n            \"members\": [{}]\n          }}\n        ]\n      }}\n    }}",
            quoted(name),
            quoted(member)
        )
    };
    let all: Vec<String> = names.iter().map(one).collect();
    format!("{{\n  \"secrets\": [\n{}\n  ]\n}}\n", all.join(",\n"))
}

fn list(items: &BTreeSet<String>, indent: usize) -> String {
    let lines: Vec<String> = items.iter().map(|i| format!("\n{:indent$}{}", "", quoted(i))).collect();
    lines.join(",")
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    escape_json(text, &mut out);
    String::from_utf8(out).unwrap_or_default()
}
