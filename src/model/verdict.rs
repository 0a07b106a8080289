//! What the organisation's own secrets manager, or the provider itself, says of a finding.

/// What the organisation's own secrets manager, or the provider itself, says of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is the value in force.
    Current(Managed),
    /// It was in force; another value is now.
    Previous(Managed),
    /// It was managed, and is known to open nothing any more: revoked, destroyed or disabled.
    Destroyed(Managed),
    /// It was lent, and the loan has not ended.
    Leased(Lent),
    /// The provider accepts it.
    Active(Answered),
    /// The provider refuses it.
    Inactive(Answered),
    /// Everything that may be read was read, and it is not there.
    Unmanaged,
    /// It cannot be told; why.
    Unchecked(String),
}

/// A value in a manager.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Managed {
    /// The manager's name in the configuration.
    pub manager: String,
    /// The path in the manager.
    pub path: String,
    /// The field of the value at that path, where it has fields.
    pub field: Option<String>,
    /// The manager's name of the version; empty where there is none.
    pub version: String,
    /// When that version was made, in seconds since 1970-01-01T00:00:00Z.
    pub created: Option<i64>,
    /// Age of that version in whole days, at the time of the run.
    pub age_days: Option<u64>,
    /// Who owns the secret, as the manager's notes say.
    pub owner: Option<String>,
    /// Its class, as the manager's notes say.
    pub class: Option<String>,
    /// How often it should be rotated, as the manager's notes say.
    pub rotate_within: Option<String>,
    /// Whether it is older than that.
    pub overdue: bool,
    /// How it was recognised, where it does not stand as it is: `base64`, `public key`.
    pub form: Option<String>,
    /// More about it, such as the policies of a token.
    pub notes: Vec<String>,
    /// Other places that hold the same value, as `path` or `path (field)`; sorted.
    pub also: Vec<String>,
}

/// A loan of credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lent {
    /// The manager's name in the configuration.
    pub manager: String,
    /// What was asked for it, such as `database/creds/app`. Not the lease's id: that is a capability.
    pub path: String,
    /// When it ends, in seconds since 1970-01-01T00:00:00Z.
    pub expires: Option<i64>,
    /// Seconds left at the time of the run.
    pub left: Option<u64>,
    /// More about it, such as the policies of a token.
    pub notes: Vec<String>,
}

/// A provider's answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answered {
    /// The host that was asked.
    pub host: String,
    /// What it told, such as the account or the scopes.
    pub notes: Vec<String>,
}

/// The kind of a [`Verdict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// In force.
    Current,
    /// No more in force.
    Previous,
    /// Known to open nothing.
    Destroyed,
    /// Lent.
    Leased,
    /// Accepted by its provider.
    Active,
    /// Refused by its provider.
    Inactive,
    /// Not in the manager.
    Unmanaged,
    /// Not known.
    Unchecked,
}

impl Verdict {
    /// The kind.
    pub const fn state(&self) -> State {
        match self {
            Self::Current(_) => State::Current,
            Self::Previous(_) => State::Previous,
            Self::Destroyed(_) => State::Destroyed,
            Self::Leased(_) => State::Leased,
            Self::Active(_) => State::Active,
            Self::Inactive(_) => State::Inactive,
            Self::Unmanaged => State::Unmanaged,
            Self::Unchecked(_) => State::Unchecked,
        }
    }

    /// What the manager notes about it, where it knows it.
    pub const fn notes_mut(&mut self) -> Option<&mut Vec<String>> {
        match self {
            Self::Current(managed) | Self::Previous(managed) | Self::Destroyed(managed) => {
                Some(&mut managed.notes)
            }
            Self::Leased(lent) => Some(&mut lent.notes),
            Self::Active(_) | Self::Inactive(_) | Self::Unmanaged | Self::Unchecked(_) => None,
        }
    }

    /// The place in the manager, where there is one.
    pub const fn managed(&self) -> Option<&Managed> {
        match self {
            Self::Current(managed) | Self::Previous(managed) | Self::Destroyed(managed) => Some(managed),
            Self::Leased(_) | Self::Active(_) | Self::Inactive(_) | Self::Unmanaged | Self::Unchecked(_) => {
                None
            }
        }
    }
}

impl State {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Current,
        Self::Previous,
        Self::Destroyed,
        Self::Leased,
        Self::Active,
        Self::Inactive,
        Self::Unmanaged,
        Self::Unchecked,
    ];

    /// The kinds that make a run fail unless the user says otherwise: all in which the value may open something.
    pub const FAILING: [Self; 5] =
        [Self::Current, Self::Leased, Self::Active, Self::Unmanaged, Self::Unchecked];

    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Previous => "previous",
            Self::Destroyed => "destroyed",
            Self::Leased => "leased",
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Unmanaged => "unmanaged",
            Self::Unchecked => "unchecked",
        }
    }
}
