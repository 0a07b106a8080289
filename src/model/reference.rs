//! A reference to a secret that a manager holds, as code and configuration make it. Not a secret itself.

use std::fmt;

/// A reference to a secret that a manager holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Which kind of manager is meant.
    pub holder: Holder,
    /// The secret's name there.
    pub path: String,
    /// The version, where one is named.
    pub version: Option<String>,
    /// The field, where one is named.
    pub field: Option<String>,
}

/// The kind of manager that a reference means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// The text does not say.
    Any,
    /// Vault or OpenBao.
    Vault,
    /// AWS Secrets Manager.
    Aws,
    /// Azure Key Vault.
    Azure,
    /// Google Secret Manager.
    Google,
}

impl Holder {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Any, Self::Vault, Self::Aws, Self::Azure, Self::Google];

    /// The word in a reference's text; that of a manager's provider where there is one.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Vault => "vault",
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Google => "gcp",
        }
    }
}

impl Reference {
    /// A reference to the current version of the whole of `path`.
    pub fn to(holder: Holder, path: impl Into<String>) -> Self {
        Self { holder, path: path.into(), version: None, field: None }
    }

    /// Reads what [`fmt::Display`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (holder, rest) = text.split_once(':')?;
        let holder = Holder::ALL.into_iter().find(|h| h.as_str() == holder)?;
        let (rest, field) = rest.split_once('#').map_or((rest, None), |(rest, field)| (rest, Some(field)));
        let (path, version) = rest.split_once('?').map_or((rest, None), |(path, v)| (path, Some(v)));
        let (version, field) = (version.map(str::to_owned), field.map(str::to_owned));
        (!path.is_empty()).then(|| Self { holder, path: path.to_owned(), version, field })
    }
}

impl fmt::Display for Reference {
    /// `vault:secret/db?3#password`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.holder.as_str(), self.path)?;
        self.version.iter().try_for_each(|version| write!(f, "?{version}"))?;
        self.field.iter().try_for_each(|field| write!(f, "#{field}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_as_it_was_written() {
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";
        for reference in [
            Reference::to(Holder::Any, "db"),
            Reference::to(Holder::Aws, arn),
            Reference {
                version: Some("3".into()),
                field: Some("a.b".into()),
                ..Reference::to(Holder::Vault, "secret/db")
            },
        ] {
            assert_eq!(Reference::parse(&reference.to_string()), Some(reference));
        }
        assert_eq!(Reference::parse("vault:"), None);
        assert_eq!(Reference::parse("hunter2"), None);
    }
}
