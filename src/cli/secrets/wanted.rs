//! `PATH[#FIELD]`: which secret is wanted, and which part of it.

use std::str::FromStr;

use leakward_fetcher::{Reading, Secret, SecretPath};

use super::Failure;
use super::trouble::field_failure;

/// A secret, or one field of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) path: SecretPath,
    pub(super) field: Option<String>,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (path, field) = match text.split_once('#') {
            Some((_, "")) => return Err("there is no field name after #".to_owned()),
            Some((path, field)) => (path, Some(field.to_owned())),
            None => (text, None),
        };
        let path = SecretPath::parse(path).map_err(|error| error.to_string())?;
        Ok(Self { path, field })
    }
}

impl Wanted {
    /// The part of `reading` that is wanted.
    pub(super) fn part(&self, reading: &Reading) -> Result<Secret, Failure> {
        match &self.field {
            Some(field) => reading.field(field).map_err(|e| field_failure(&self.path, reading, &e)),
            None => Ok(reading.secret().duplicate()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_follows_a_hash() {
        let wanted: Wanted = "secret/db#a.b".parse().unwrap();
        assert_eq!((wanted.path.as_str(), wanted.field.as_deref()), ("secret/db", Some("a.b")));
        assert_eq!("secret/db".parse::<Wanted>().unwrap().field, None);
        assert!("secret/db#".parse::<Wanted>().is_err() && "#a".parse::<Wanted>().is_err());
    }
}
