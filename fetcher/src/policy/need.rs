//! What the secrets of a mapping need, manager by manager.

use std::collections::{BTreeMap, BTreeSet};

use crate::client::{Home, Mapping};

/// The managers' names of the accounts that a mapping does not name.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// AWS account and region, or Azure subscription and resource group, for names that are not complete by themselves.
    pub account: Option<String>,
    /// See `account`.
    pub region: Option<String>,
    /// Who shall have the right: a Google member such as `serviceAccount:app@project.iam.gserviceaccount.com`.
    pub member: Option<String>,
    /// Key/value mounts of Vault without versions.
    pub kv1: BTreeSet<String>,
}

/// What the secrets of one manager need.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// Paths of Vault's API with the capabilities on each.
    Vault(BTreeMap<String, BTreeSet<&'static str>>),
    /// Resource names (ARNs) to get values from.
    Aws(BTreeSet<String>),
    /// Resource ids of secrets.
    Azure(BTreeSet<String>),
    /// Resource names of secrets.
    Google(BTreeSet<String>),
}

/// Which manager a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Scope {
    /// Vault or OpenBao.
    Vault,
    /// AWS.
    Aws,
    /// Azure.
    Azure,
    /// Google.
    Google,
}

/// The needs cannot be told exactly. Whoever asked must say more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NeedError {
    /// The name is not complete without this.
    #[error("{path}: without {missing} the policy would not be exact")]
    Missing {
        /// The secret.
        path: String,
        /// What is missing: `account`, `region`.
        missing: &'static str,
    },
    /// The address does not name a vault.
    #[error("{0}: not the address of a key vault")]
    Address(String),
}

/// What the secrets of `mapping` that live in `scope` need.
///
/// # Errors
/// See [`NeedError`].
pub fn needs(mapping: &Mapping, scope: Scope, account: &Account) -> Result<Need, NeedError> {
    let mut paths: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for place in mapping.places() {
        match (place.home, scope) {
            (Home::Vault { .. }, Scope::Vault) => {
                for (path, capability) in vault(place.path, account) {
                    paths.entry(path).or_default().insert(capability);
                }
            }
            (Home::Aws, Scope::Aws) => {
                names.insert(aws(place.path, account)?);
            }
            (Home::Azure { address }, Scope::Azure) => {
                names.insert(azure(address, place.path, account)?);
            }
            (Home::Google { project }, Scope::Google) => {
                names.insert(format!("projects/{project}/secrets/{}", place.path));
            }
            _ => {}
        }
    }
    Ok(match scope {
        Scope::Vault => Need::Vault(paths),
        Scope::Aws => Need::Aws(names),
        Scope::Azure => Need::Azure(names),
        Scope::Google => Need::Google(names),
    })
}

/// Paths of the API that reading `path` needs.
fn vault(path: &str, account: &Account) -> Vec<(String, &'static str)> {
    let (mount, rest) = path.split_once('/').unwrap_or((path, ""));
    let first = rest.split('/').next().unwrap_or_default();
    if account.kv1.contains(mount) {
        return vec![(path.to_owned(), "read")];
    }
    match first {
        // What is lent is renewed and given back.
        "creds" => vec![
            (path.to_owned(), "read"),
            ("sys/leases/renew".to_owned(), "update"),
            ("sys/leases/revoke".to_owned(), "update"),
        ],
        "static-creds" | "data" => vec![(path.to_owned(), "read")],
        "issue" | "sign" => vec![(path.to_owned(), "update")],
        _ => vec![(format!("{mount}/data/{rest}"), "read")],
    }
}

fn aws(path: &str, account: &Account) -> Result<String, NeedError> {
    if path.starts_with("arn:") {
        return Ok(path.to_owned());
    }
    let missing = |missing| NeedError::Missing { path: path.to_owned(), missing };
    let number = account.account.as_ref().ok_or_else(|| missing("account"))?;
    let region = account.region.as_ref().ok_or_else(|| missing("region"))?;
    // Parts of AWS that are apart have names of their own.
    let partition = match region.split('-').next() {
        Some("cn") => "aws-cn",
        Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    Ok(format!("arn:{partition}:secretsmanager:{region}:{number}:secret:{path}-??????"))
}

/// `account` is the subscription, `region` the resource group.
fn azure(address: &str, path: &str, account: &Account) -> Result<String, NeedError> {
    let missing = |missing| NeedError::Missing { path: path.to_owned(), missing };
    let host = address.strip_prefix("https://").and_then(|rest| rest.split(['/', ':']).next());
    let vault = host.and_then(|host| host.split('.').next()).filter(|vault| !vault.is_empty());
    let vault = vault.ok_or_else(|| NeedError::Address(address.to_owned()))?;
    let subscription = account.account.as_ref().ok_or_else(|| missing("account (the subscription)"))?;
    let group = account.region.as_ref().ok_or_else(|| missing("region (the resource group)"))?;
    Ok(format!(
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{vault}/secrets/{path}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_engine_is_asked_in_its_own_way() {
        let account = Account { kv1: ["old".to_owned()].into(), ..Account::default() };
        let only = |path: &str| vault(path, &account)[0].clone();
        assert_eq!(only("secret/app/key"), ("secret/data/app/key".to_owned(), "read"));
        assert_eq!(only("secret/data/app/key"), ("secret/data/app/key".to_owned(), "read"));
        assert_eq!(only("old/app/key"), ("old/app/key".to_owned(), "read"));
        assert_eq!(only("pki/issue/web"), ("pki/issue/web".to_owned(), "update"));
        assert_eq!(vault("database/creds/app", &account).len(), 3);
    }

    #[test]
    fn a_name_of_aws_is_made_as_exact_as_it_can_be() {
        let account = Account {
            account: Some("123456789012".into()),
            region: Some("cn-north-1".into()),
            ..Account::default()
        };
        assert_eq!(
            aws("prod/db", &account).unwrap(),
            "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:prod/db-??????"
        );
        assert!(matches!(aws("prod/db", &Account::default()), Err(NeedError::Missing { .. })));
    }
}
