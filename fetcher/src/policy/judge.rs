//! What an existing policy gives beyond what is needed, and what it lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::hcl::{self, Rule};
use crate::secret::{Json, JsonKind};

/// The only right that reading a value in AWS needs.
const GET: &str = "secretsmanager:GetSecretValue";

/// Something that is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Complaint {
    /// A pattern covers more than the secrets that are needed.
    Wide {
        /// Path, resource or scope as the policy has it.
        what: String,
    },
    /// A path or resource that no secret needs.
    Unneeded {
        /// As the policy has it.
        what: String,
    },
    /// More may be done than is needed.
    Rights {
        /// Path, resource or role as the policy has it.
        what: String,
        /// What may be done and is not needed.
        rights: Vec<String>,
    },
    /// What is needed and not given.
    Lacking {
        /// As a policy should have it.
        what: String,
    },
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wide { what } => write!(f, "too wide: {what}"),
            Self::Unneeded { what } => write!(f, "not needed: {what}"),
            Self::Rights { what, rights } => write!(f, "too many rights: {what}: {}", rights.join(", ")),
            Self::Lacking { what } => write!(f, "lacking: {what}"),
        }
    }
}

/// Judges a policy of Vault or OpenBao against what is needed.
///
/// # Errors
/// When the text is not a policy; says where.
pub fn judge_vault(
    text: &str,
    needed: &BTreeMap<String, BTreeSet<&'static str>>,
) -> Result<Vec<Complaint>, String> {
    let rules = hcl::parse(text)?;
    let mut complaints = Vec::new();
    for Rule { path, capabilities, line } in &rules {
        let what =
            if *line > 0 { format!("path \"{path}\" (line {line})") } else { format!("path \"{path}\"") };
        if capabilities.iter().all(|capability| capability == "deny") {
            continue;
        }
        let allowed = if path.contains(['*', '+']) {
            complaints.push(Complaint::Wide { what: what.clone() });
            needed
                .iter()
                .filter(|(need, _)| covers(path, need))
                .flat_map(|(_, c)| c.iter().copied())
                .collect()
        } else if let Some(allowed) = needed.get(path.trim_matches('/')) {
            allowed.clone()
        } else {
            complaints.push(Complaint::Unneeded { what });
            continue;
        };
        let more: Vec<String> =
            capabilities.iter().filter(|c| !allowed.contains(c.as_str())).cloned().collect();
        if !more.is_empty() && !allowed.is_empty() {
            complaints.push(Complaint::Rights { what, rights: more });
        }
    }
    for (path, capabilities) in needed {
        for capability in capabilities {
            let gives = |rule: &Rule| {
                covers(&rule.path, path) && rule.capabilities.iter().any(|c| c == capability || c == "sudo")
            };
            if !rules.iter().any(gives) {
                complaints.push(Complaint::Lacking { what: format!("path \"{path}\": {capability}") });
            }
        }
    }
    Ok(complaints)
}

/// Whether the pattern `rule` of Vault (`+` one part, `*` at the end anything) covers `path`.
fn covers(rule: &str, path: &str) -> bool {
    let rule = rule.trim_start_matches('/');
    let (fixed, open) = rule.strip_suffix('*').map_or((rule, false), |fixed| (fixed, true));
    let mut parts = path.split('/');
    let wanted: Vec<&str> = fixed.split('/').collect();
    for (at, want) in wanted.iter().enumerate() {
        let Some(part) = parts.next() else { return false };
        let last = at + 1 == wanted.len();
        if !(*want == "+" || *want == part || last && open && part.starts_with(want)) {
            return false;
        }
    }
    open || parts.next().is_none()
}

/// Judges an IAM policy of AWS against the ARNs that are needed.
///
/// # Errors
/// When the text is not a policy.
pub fn judge_aws(text: &str, needed: &BTreeSet<String>) -> Result<Vec<Complaint>, String> {
    let json = Json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let statements = json.field("Statement").ok_or("there is no Statement")?;
    let (mut complaints, mut given) = (Vec::new(), BTreeSet::new());
    let one = (statements.kind() == JsonKind::Object).then_some(statements);
    for statement in one.into_iter().chain(statements.items()) {
        if statement.plain_field("Effect") != "Allow" {
            continue;
        }
        let actions = texts(statement.field("Action"));
        let resources = texts(statement.field("Resource"));
        for negated in ["NotAction", "NotResource"] {
            if statement.field(negated).is_some() {
                complaints.push(Complaint::Wide { what: format!("{negated}: all but a few") });
            }
        }
        let touches =
            |action: &String| matches(&action.to_ascii_lowercase(), "secretsmanager:getsecretvalue");
        let rights = actions.iter().filter(|action| !action.eq_ignore_ascii_case(GET)).cloned();
        let rights: Vec<String> =
            rights.filter(|a| a == "*" || a.to_ascii_lowercase().starts_with("secretsmanager:")).collect();
        if !rights.is_empty() {
            let what = resources.join(", ");
            complaints.push(Complaint::Rights { what, rights });
        }
        if !actions.iter().any(touches) {
            continue;
        }
        for resource in resources {
            if needed.contains(&resource) {
                given.insert(resource);
            } else if let Some(need) = needed.iter().find(|need| is_suffix_of(&resource, need)) {
                given.insert(need.clone());
            } else if resource.contains(['*', '?']) {
                given.extend(needed.iter().filter(|need| matches(&resource, need)).cloned());
                complaints.push(Complaint::Wide { what: resource });
            } else {
                complaints.push(Complaint::Unneeded { what: resource });
            }
        }
    }
    complaints.extend(needed.difference(&given).map(|what| Complaint::Lacking { what: what.clone() }));
    Ok(complaints)
}

/// Whether `resource` is the full ARN of the secret whose ARN `need` ends in `-??????`.
fn is_suffix_of(resource: &str, need: &str) -> bool {
    let tail = need.strip_suffix("-??????").and_then(|name| resource.strip_prefix(name)?.strip_prefix('-'));
    tail.is_some_and(|tail| tail.len() == 6 && tail.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Judges a role of Azure against the ids that are needed: what it may do, and where it can be assigned.
///
/// # Errors
/// When the text is not a role.
pub fn judge_azure(text: &str, needed: &BTreeSet<String>) -> Result<Vec<Complaint>, String> {
    let json = Json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let get = "Microsoft.KeyVault/vaults/secrets/getSecret/action";
    let either = |upper: &str, lower: &str| {
        let found = json
            .field(upper)
            .or_else(|| json.field(lower))
            .or_else(|| json.at(&format!("properties.{lower}")));
        texts(found)
    };
    let mut rights = either("Actions", "actions");
    let data = either("DataActions", "dataActions");
    rights.extend(data.iter().filter(|action| !action.eq_ignore_ascii_case(get)).cloned());
    let mut complaints = Vec::new();
    if !rights.is_empty() {
        complaints.push(Complaint::Rights { what: "the role".to_owned(), rights });
    }
    let scopes = either("AssignableScopes", "assignableScopes");
    let mut given = BTreeSet::new();
    for scope in scopes {
        let below = |need: &&String| {
            need.strip_prefix(scope.trim_end_matches('/')).is_some_and(|r| r.starts_with('/'))
        };
        if needed.contains(&scope) {
            given.insert(scope);
        } else if needed.iter().any(|need| below(&need)) {
            given.extend(needed.iter().filter(below).cloned());
            complaints.push(Complaint::Wide { what: scope });
        } else {
            complaints.push(Complaint::Unneeded { what: scope });
        }
    }
    complaints.extend(needed.difference(&given).map(|what| Complaint::Lacking { what: what.clone() }));
    Ok(complaints)
}

/// Judges bindings of Google, in the form that [`super::google_policy`] prints, against the names that are needed.
///
/// # Errors
/// When the text is not of that form.
pub fn judge_google(text: &str, needed: &BTreeSet<String>) -> Result<Vec<Complaint>, String> {
    let json = Json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let mut complaints = Vec::new();
    let mut given = BTreeSet::new();
    let Some(secrets) = json.field("secrets") else {
        // The policy of a project: its bindings hold for every secret in it.
        let bindings = json.field("bindings").ok_or("there are neither secrets nor bindings")?;
        for role in bindings.items().map(|binding| binding.plain_field("role")) {
            if role.starts_with("roles/secretmanager.")
                || matches!(role.as_str(), "roles/owner" | "roles/editor")
            {
                complaints.push(Complaint::Wide { what: format!("{role} on the whole project") });
            }
        }
        return Ok(complaints);
    };
    for secret in secrets.items() {
        let name = secret.plain_field("resource");
        let bindings = secret.at("policy.bindings").into_iter().flat_map(Json::items);
        let roles: Vec<String> = bindings.map(|binding| binding.plain_field("role")).collect();
        let accessor = |role: &String| role == "roles/secretmanager.secretAccessor";
        let rights: Vec<String> = roles.iter().filter(|role| !accessor(role)).cloned().collect();
        if !rights.is_empty() {
            complaints.push(Complaint::Rights { what: name.clone(), rights });
        }
        if !needed.contains(&name) {
            complaints.push(Complaint::Unneeded { what: name });
        } else if roles.iter().any(accessor) {
            given.insert(name);
        }
    }
    complaints.extend(needed.difference(&given).map(|what| Complaint::Lacking { what: what.clone() }));
    Ok(complaints)
}

/// A text, or a list of them.
fn texts(json: Option<Json<'_>>) -> Vec<String> {
    let Some(json) = json else { return Vec::new() };
    json.plain().into_iter().chain(json.items().filter_map(Json::plain)).collect()
}

/// Whether `pattern` of AWS (`*` anything, `?` one character) covers `text`.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    // Which of the text's beginnings the pattern's beginning covers, one character of the pattern after the other.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for &sign in pattern {
        let mut next = vec![false; text.len() + 1];
        let mut any = false;
        for at in 0..=text.len() {
            any |= reached[at];
            next[at] = match sign {
                b'*' => any,
                _ => at > 0 && reached[at - 1] && (sign == b'?' || sign == text[at - 1]),
            };
        }
        reached = next;
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(text: &str) -> Vec<String> {
        let needed = BTreeMap::from([("secret/data/app/key".to_owned(), BTreeSet::from(["read"]))]);
        judge_vault(text, &needed).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_exact_policy_is_beyond_reproach() {
        assert!(vault("path \"secret/data/app/key\" { capabilities = [\"read\"] }").is_empty());
    }

    #[test]
    fn wide_paths_more_rights_and_strange_paths_are_told() {
        assert_eq!(
            vault("path \"secret/*\" { capabilities = [\"read\", \"list\"] }"),
            ["too wide: path \"secret/*\" (line 1)", "too many rights: path \"secret/*\" (line 1): list"]
        );
        assert_eq!(
            vault(
                "path \"secret/data/app/key\" { capabilities = [\"read\", \"update\"] }\npath \"x\" { capabilities = [\"read\"] }"
            ),
            [
                "too many rights: path \"secret/data/app/key\" (line 1): update",
                "not needed: path \"x\" (line 2)"
            ]
        );
        assert_eq!(vault(""), ["lacking: path \"secret/data/app/key\": read"]);
    }

    #[test]
    fn patterns_cover_what_they_cover_in_vault() {
        assert!(
            covers("secret/*", "secret/data/a")
                && covers("secret/+/a", "secret/data/a")
                && covers("*", "a/b")
        );
        assert!(covers("secret/da*", "secret/data/a") && covers("a/b", "a/b"));
        assert!(!covers("secret/+", "secret/data/a") && !covers("a", "a/b") && !covers("a/b/*", "a/b"));
    }

    fn aws(text: &str) -> Vec<String> {
        let needed = BTreeSet::from(["arn:aws:secretsmanager:eu-west-1:1:secret:db-??????".to_owned()]);
        judge_aws(text, &needed).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_star_of_aws_is_too_wide() {
        let policy = |action: &str, resource: &str| {
            format!(r#"{{"Statement":{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}}}"#)
        };
        assert_eq!(aws(&policy("secretsmanager:GetSecretValue", "*")), ["too wide: *"]);
        let exact = "arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf"; // leakward:allow
        assert!(aws(&policy("secretsmanager:GetSecretValue", exact)).is_empty());
        assert_eq!(
            aws(&policy("secretsmanager:*", exact)),
            [format!("too many rights: {exact}: secretsmanager:*")]
        );
        assert_eq!(aws(&policy("s3:GetObject", "*")).len(), 1, "only what is lacking");
    }

    #[test]
    fn whole_vaults_and_projects_are_too_wide() {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets/db";
        let role = r#"{"DataActions":["Microsoft.KeyVault/vaults/secrets/getSecret/action"],"AssignableScopes":["/subscriptions/s"]}"#;
        let told = judge_azure(role, &BTreeSet::from([id.to_owned()])).unwrap();
        assert_eq!(told, [Complaint::Wide { what: "/subscriptions/s".into() }]);
        let project = r#"{"bindings":[{"role":"roles/secretmanager.secretAccessor","members":["x"]}]}"#;
        assert_eq!(judge_google(project, &BTreeSet::new()).unwrap().len(), 1);
    }
}
