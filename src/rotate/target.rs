//! What is rotated: a path of a manager, or something found that our own server can end.

use leakward_fetcher::SecretPath;

use crate::model::{Finding, Verdict};
use crate::verify::{Handle, Held};

/// What is rotated.
#[derive(Debug)]
pub enum Target {
    /// A secret of a manager.
    Path {
        /// The manager's name, when it is said.
        manager: Option<String>,
        /// The secret's path.
        path: SecretPath,
        /// The field that leaked, when that is known.
        field: Option<String>,
    },
    /// A token, accessor, secret id or lease, which is ended.
    Handle(Held),
    /// Nothing: the manager has another value in force already.
    Over(String),
    /// Nothing: no manager has it.
    Unknown(String),
}

impl Target {
    /// What `text` names: `secret/db`, or `prod:secret/db` as reports write it. `managers` are the known names.
    pub fn named(text: &str, managers: &[&str]) -> Result<Self, String> {
        let (manager, path) = match text.split_once(':') {
            Some((name, path)) if managers.contains(&name) => (Some(name.to_owned()), path),
            _ => (None, text),
        };
        let path = SecretPath::parse(path).map_err(|e| e.to_string())?;
        Ok(Self::Path { manager, path, field: None })
    }

    /// What the verdict on `finding` says.
    pub fn of(finding: &Finding) -> Self {
        let verdict = finding.verdict.as_deref();
        // What a server hands out is ended there, wherever a copy of it is kept.
        let live = matches!(verdict, Some(Verdict::Current(_) | Verdict::Leased(_)));
        if let Some(held) = Handle::of(finding).filter(|_| live) {
            return Self::Handle(held);
        }
        match verdict {
            Some(Verdict::Current(managed)) => match SecretPath::parse(&managed.path) {
                Ok(path) => {
                    let (manager, field) = (Some(managed.manager.clone()), managed.field.clone());
                    Self::Path { manager, path, field }
                }
                Err(error) => Self::Unknown(error.to_string()),
            },
            Some(Verdict::Previous(managed)) => {
                Self::Over(format!("{}:{} has another value in force", managed.manager, managed.path))
            }
            Some(Verdict::Destroyed(managed)) => {
                Self::Over(format!("{}:{} opens nothing any more", managed.manager, managed.path))
            }
            Some(Verdict::Leased(lent)) => match SecretPath::parse(&lent.path) {
                Ok(path) => Self::Path { manager: Some(lent.manager.clone()), path, field: None },
                Err(error) => Self::Unknown(error.to_string()),
            },
            Some(Verdict::Active(answered) | Verdict::Inactive(answered)) => {
                Self::Unknown(format!("{} was asked about it, no manager", answered.host))
            }
            Some(Verdict::Unmanaged) => Self::Unknown("no manager holds it".to_owned()),
            Some(Verdict::Unchecked(why)) => Self::Unknown(format!("it cannot be told who holds it: {why}")),
            None => Self::Unknown("it was not verified".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_is_named_before_a_colon_if_there_is_one_of_that_name() {
        let named = |text: &str| match Target::named(text, &["prod"]).unwrap() {
            Target::Path { manager, path, .. } => (manager, path.to_string()),
            other => panic!("{other:?}"),
        };
        assert_eq!(named("prod:secret/db"), (Some("prod".to_owned()), "secret/db".to_owned()));
        assert_eq!(named("arn:aws:x"), (None, "arn:aws:x".to_owned()));
        assert!(Target::named("/secret", &[]).is_err());
    }
}
