//! Policies of AWS and Google Cloud that let every secret be read: `secretsmanager:GetSecretValue` on `*`, a reader's
//! role on a whole project.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::Remark;
use super::braces::{header, inside, opening, quoted};
use super::yaml::{self, Entry};
use crate::model::Span;

/// See [`super::Reader::words`].
pub(super) const WORDS: &[&str] = &["secretsmanager:", "roles/secretmanager."];

/// An action that gives values.
static ACTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)\bsecretsmanager:(?:\*|Get\*|GetSecret\*|GetSecretValue|BatchGet\*|BatchGetSecretValue)(?:["'\s,\]]|$)"#).ok()
});
/// A role that gives values.
static ROLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"roles/secretmanager\.(?:secretAccessor|admin)\b").ok());
/// Resources of a statement, in JSON or HCL.
static RESOURCES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?:"Resource"\s*:|\bresources\s*=)\s*(["\[])"#).ok());

/// Which statements let every secret be read.
pub(super) fn read(text: &[u8], sink: &mut dyn FnMut(Remark)) {
    let mut told = Vec::new();
    let mut tell = |block: usize, span: Span, why: &'static str| {
        if !told.contains(&block) {
            told.push(block);
            sink(Remark { span, reference: None, why: why.into() });
        }
    };
    for found in ACTION.iter().flat_map(|r| r.find_iter(text)) {
        let action = trimmed(text, Span::new(found.start(), found.end()));
        match statement(text, action) {
            Some((block, Some(true))) => tell(block, action, "lets every secret of the account be read"),
            Some(_) => {}
            None => {
                if let Some(block) = yaml_statement(text, action) {
                    tell(block, action, "lets every secret of the account be read");
                }
            }
        }
    }
    for found in ROLE.iter().flat_map(|r| r.find_iter(text)) {
        let role = Span::new(found.start(), found.end());
        if let Some(block) = on_project(text, role) {
            tell(block, role, "lets every secret of the project be read");
        }
    }
}

fn trimmed(text: &[u8], span: Span) -> Span {
    let end =
        span.of(text).iter().rposition(|b| b.is_ascii_alphanumeric() || *b == b'*').map_or(0, |i| i + 1);
    Span::new(span.start, span.start + end)
}

/// Where the statement in braces around `action` begins, and whether it covers everything; `None`: there is none.
fn statement(text: &[u8], action: Span) -> Option<(usize, Option<bool>)> {
    let open = opening(text, action.start)?;
    let body = inside(text, open)?;
    let block = body.of(text);
    let holds = |part: &str| memchr::memmem::find(block, part.as_bytes()).is_some();
    let Some(found) = RESOURCES.as_ref().and_then(|r| r.captures(block)) else {
        // A mapping in flow style or a template's braces: no statement.
        return Some((open, None));
    };
    if holds("\"Deny\"") || holds("Condition\"") || holds("condition {") || holds("not_resources") {
        return Some((open, Some(false)));
    }
    let at = body.start + found.get(1)?.start();
    let values = match text[at] {
        b'[' => quoted(text, inside(text, at)?),
        _ => quoted(text, Span::new(at, body.end)).into_iter().take(1).collect(),
    };
    Some((open, Some(values.iter().any(|span| is_everything(span.of(text))))))
}

/// Whether a resource of this name is every secret.
fn is_everything(name: &[u8]) -> bool {
    if name == b"*" {
        return true;
    }
    // arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME
    let parts: Vec<&[u8]> = name.split(|&b| b == b':').collect();
    matches!(parts.as_slice(), [b"arn", _, b"secretsmanager", .., b"*"])
        || matches!(parts.as_slice(), [b"arn", _, b"*", ..])
}

/// The same for a statement in YAML; where its first line is.
fn yaml_statement(text: &[u8], action: Span) -> Option<usize> {
    let documents = yaml::documents(text);
    let entries = documents.iter().find(|d| d.iter().any(|e| holds(e, action)))?;
    let at = entries.iter().position(|e| holds(e, action))?;
    // `Action:` itself, or the key above the list that the action stands in.
    let key = (0..=at).rev().find(|&i| {
        let key = entries[i].key.of(text);
        matches!(key, b"Action" | b"Actions") && (i == at || entries[i].indent <= entries[at].indent)
    })?;
    let indent = entries[key].indent;
    let first = (0..=key).rev().find(|&i| entries[i].item && entries[i].indent == indent).unwrap_or(key);
    let next = entries[first + 1..]
        .iter()
        .position(|e| e.indent < indent || (e.item && e.indent == indent && !e.key.is_empty()));
    let statement = &entries[first..next.map_or(entries.len(), |n| first + 1 + n)];
    let own = |e: &&Entry| e.indent == indent && !e.key.is_empty();
    let own_value = |name: &[u8]| statement.iter().find(|e| own(e) && e.key.of(text) == name);
    if own_value(b"Condition").is_some() {
        return None;
    }
    if own_value(b"Effect").is_some_and(|e| e.value.of(text) == b"Deny") {
        return None;
    }
    let resource = statement.iter().position(|e| e.indent == indent && e.key.of(text) == b"Resource")?;
    let items = yaml::below(statement, resource).iter().filter(|e| e.key.is_empty()).map(|e| e.value);
    let mut all = items.chain(std::iter::once(statement[resource].value));
    all.any(|span| is_everything(span.of(text))).then_some(entries[first].key.start)
}

fn holds(entry: &Entry, span: Span) -> bool {
    entry.value.contains(span)
}

/// Where the binding of `role` begins, if it is one to a whole project, folder or organisation.
fn on_project(text: &[u8], role: Span) -> Option<usize> {
    if let Some(open) = opening(text, role.start) {
        let head = header(text, open);
        let wide = ["google_project_iam_", "google_folder_iam_", "google_organization_iam_"];
        let body = inside(text, open)?;
        let narrowed = memchr::memmem::find(body.of(text), b"condition {").is_some();
        let is_wide = wide.iter().any(|kind| memchr::memmem::find(head, kind.as_bytes()).is_some());
        if is_wide {
            return (!narrowed).then_some(open);
        }
    }
    // `gcloud projects add-iam-policy-binding P --member M --role R`, lines joined by backslashes.
    let mut start = role.start;
    loop {
        start = text[..start].iter().rposition(|&b| b == b'\n').map_or(0, |i| i);
        if start == 0 || !text[..start].trim_ascii_end().ends_with(b"\\") {
            break;
        }
    }
    let command = &text[start..role.start];
    let holds = |part: &str| memchr::memmem::find(command, part.as_bytes()).is_some();
    let wide = ["gcloud projects add-iam", "gcloud organizations add-iam", "folders add-iam"];
    (wide.iter().any(|part| holds(part)) && !command.trim_ascii_start().starts_with(b"#")).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let mut all = Vec::new();
        read(text.as_bytes(), &mut |r| all.push(&text[r.span.start..r.span.end]));
        all
    }

    #[test]
    fn json_statements_on_everything_are_wide() {
        let statement = |more: &str, resource: &str| {
            format!(
                r#"{{"Statement":[{{"Effect":"Allow",{more}"Action":["secretsmanager:GetSecretValue","kms:Decrypt"],"Resource":{resource}}}]}}"#
            )
        };
        for resource in [
            r#""*""#,
            r#"["arn:aws:s3:::a","*"]"#,
            r#""arn:aws:secretsmanager:eu-west-1:123456789012:secret:*""#,
        ] {
            assert_eq!(found(&statement("", resource)), ["secretsmanager:GetSecretValue"], "{resource}");
        }
        for resource in [
            r#""arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/*""#,
            r#"["arn:aws:secretsmanager:*:1:secret:db-AbCdEf"]"#, // leakward:allow
        ] {
            assert!(found(&statement("", resource)).is_empty(), "{resource}");
        }
        assert!(found(&statement(r#""Condition":{"StringEquals":{}},"#, r#""*""#)).is_empty());
        assert!(found(&statement("", r#""*""#).replace("Allow", "Deny")).is_empty());
        assert!(found(&statement("", r#""*""#).replace("GetSecretValue", "ListSecrets")).is_empty());
        assert_eq!(found(&statement("", r#""*""#).replace("GetSecretValue", "*")), ["secretsmanager:*"]);
    }

    #[test]
    fn terraform_and_cloudformation_are_read() {
        let terraform = "data \"aws_iam_policy_document\" \"a\" {\n  statement {\n    actions = [\n      \"secretsmanager:GetSecretValue\", # x\n    ]\n    resources = [\"*\"]\n  }\n}\n";
        assert_eq!(found(terraform).len(), 1);
        assert!(found(&terraform.replace("[\"*\"]", "[aws_secretsmanager_secret.db.arn]")).is_empty());
        let cloud = "Statement:\n  - Effect: Allow\n    Action:\n      - secretsmanager:GetSecretValue\n    Resource: '*'\n  - Effect: Allow\n    Action: s3:GetObject\n    Resource: '*'\n";
        assert_eq!(found(cloud).len(), 1);
        assert!(found(&cloud.replacen("'*'", "!Ref Db", 1)).is_empty());
        assert!(found(&cloud.replacen("Allow", "Deny", 1)).is_empty());
        let list = "- Effect: Allow\n  Action: secretsmanager:GetSecretValue\n  Resource:\n    - '*'\n";
        assert_eq!(found(list).len(), 1);
    }

    #[test]
    fn a_role_on_a_project_is_wide_and_one_on_a_secret_is_not() {
        let binding = |kind: &str| {
            format!(
                "resource \"{kind}\" \"a\" {{\n  project = \"p\"\n  role = \"roles/secretmanager.secretAccessor\"\n}}\n"
            )
        };
        assert_eq!(found(&binding("google_project_iam_member")).len(), 1);
        assert!(found(&binding("google_secret_manager_secret_iam_member")).is_empty());
        let command = "gcloud projects add-iam-policy-binding p \\\n  --member user:x --role roles/secretmanager.secretAccessor\n";
        assert_eq!(found(command).len(), 1);
        assert!(found(&command.replace("projects", "secrets")).is_empty());
    }
}
