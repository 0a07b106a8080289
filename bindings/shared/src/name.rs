//! `PATH[#FIELD]`: which secret is meant, and which part of it.

use std::str::FromStr;

use leakward_fetcher::{SecretPath, SecretRef};

use crate::Failure;

/// A secret, or one field of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Where the secret is.
    pub path: SecretPath,
    /// The field.
    pub field: Option<String>,
}

impl Name {
    /// The current version of the secret.
    pub fn current(&self) -> SecretRef {
        SecretRef::current(self.path.clone())
    }
}

impl FromStr for Name {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let (path, field) = match text.split_once('#') {
            Some((_, "")) => return Err(Failure::new("path", "there is no field name after #")),
            Some((path, field)) => (path, Some(field.to_owned())),
            None => (text, None),
        };
        let path = SecretPath::parse(path).map_err(|error| Failure::new("path", error))?;
        Ok(Self { path, field })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn a_field_follows_a_hash() {
        let name: Name = "secret/db#a.b".parse().unwrap();
        assert_eq!((name.path.as_str(), name.field.as_deref()), ("secret/db", Some("a.b")));
        assert_eq!("secret/db".parse::<Name>().unwrap().field, None);
        for bad in ["secret/db#", "#a", "", "a//b"] {
            assert_eq!(bad.parse::<Name>().unwrap_err().kind, "path", "{bad}");
        }
    }
}
