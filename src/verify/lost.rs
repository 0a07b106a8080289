//! Versions that existed and whose values cannot be compared: why, and how many.

/// Versions of one secret that existed and whose values cannot be compared.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Lost {
    /// Deleted, and not brought back to be read.
    pub(super) deleted: u64,
    /// Disabled.
    pub(super) disabled: u64,
    /// Destroyed.
    pub(super) destroyed: u64,
    /// Disabled or destroyed: the manager does not tell which.
    pub(super) shut: u64,
    /// Dropped by the manager to make room.
    pub(super) dropped: u64,
    /// Older than as many as are read.
    pub(super) older: u64,
    /// Why the versions could not be listed.
    pub(super) unlisted: Option<String>,
}

impl Lost {
    /// Whether every version was compared.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// In words; `bound`: as many earlier versions are read.
    pub(super) fn words(&self, bound: u64) -> String {
        let Self { deleted, disabled, destroyed, shut, dropped, older, unlisted } = self;
        let mut parts = Vec::new();
        for (count, what) in [
            (deleted, "deleted"),
            (disabled, "disabled"),
            (destroyed, "destroyed"),
            (shut, "disabled or destroyed"),
            (dropped, "dropped by the manager"),
        ] {
            parts.extend((*count > 0).then(|| format!("{count} {what}")));
        }
        parts.extend((*older > 0).then(|| format!("{older} older than the {bound} that are read")));
        parts.extend(unlisted.as_ref().map(|why| format!("its versions could not be listed: {why}")));
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_counted_in_words() {
        let lost = Lost { deleted: 2, destroyed: 1, older: 7, ..Lost::default() };
        assert_eq!(lost.words(10), "2 deleted, 1 destroyed, 7 older than the 10 that are read");
        assert!(!lost.is_empty() && Lost::default().is_empty());
        let lost = Lost { unlisted: Some("permission denied".to_owned()), ..Lost::default() };
        assert_eq!(lost.words(10), "its versions could not be listed: permission denied");
    }
}
