//! Two baselines compared, and two sides of a merge made one.

use std::collections::BTreeMap;

use super::{Baseline, Entry, Named};

/// What one baseline has that another has not.
#[derive(Debug, Default)]
pub struct Changes<'b> {
    /// Entries that only the newer one has.
    pub added: Vec<Named<'b>>,
    /// Entries that only the older one has.
    pub removed: Vec<Named<'b>>,
    /// Entries of the newer one about which something else is written than in the older one.
    pub changed: Vec<Named<'b>>,
}

/// Baselines whose hashes cannot be compared: each was made with a salt of its own.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the two were made apart, each with a salt of its own: their hashes cannot be compared")]
pub struct MergeError;

impl Baseline {
    /// What changed from `self` to `newer`.
    ///
    /// # Errors
    /// The two have different salts.
    pub fn changes<'b>(&'b self, newer: &'b Self) -> Result<Changes<'b>, MergeError> {
        if self.salt != newer.salt {
            return Err(MergeError);
        }
        let without = |side: &'b Self, other: &'b Self| {
            side.entries.iter().filter(|(id, _)| !other.entries.contains_key(id)).map(Named::of).collect()
        };
        let differs = |(id, entry): &(&_, &Entry)| self.entries.get(id).is_some_and(|old| old != *entry);
        Ok(Changes {
            added: without(newer, self),
            removed: without(self, newer),
            changed: newer.entries.iter().filter(differs).map(Named::of).collect(),
        })
    }

    /// What `ours` and `theirs` come to, which both began as `base`. An entry that either side took out stays out;
    /// every other one stays in. Of what is written about an entry each field is that of the side that changed it,
    /// ours where both did; of two last days the earlier one.
    ///
    /// # Errors
    /// The two sides have different salts.
    pub fn merged(base: Option<&Self>, ours: &Self, theirs: &Self) -> Result<Self, MergeError> {
        if ours.salt != theirs.salt {
            return Err(MergeError);
        }
        // Entries of a base under another salt are none of these.
        let base = base.filter(|base| base.salt == ours.salt);
        let mut entries = BTreeMap::new();
        let new = theirs.entries.iter().filter(|(id, _)| !ours.entries.contains_key(id));
        for (id, about) in ours.entries.iter().chain(new) {
            let was = base.and_then(|base| base.entries.get(id));
            let merged = match (ours.entries.get(id), theirs.entries.get(id)) {
                (Some(ours), Some(theirs)) => both(was, ours, theirs),
                // One side alone has it: the other has taken it out, or never had it.
                _ if was.is_some() => continue,
                _ => about.clone(),
            };
            entries.insert(id.clone(), merged);
        }
        Ok(Self { salt: ours.salt, entries })
    }
}

fn both(was: Option<&Entry>, ours: &Entry, theirs: &Entry) -> Entry {
    let none = Entry::default();
    let was = was.unwrap_or(&none);
    Entry {
        reason: field(&was.reason, &ours.reason, &theirs.reason),
        owner: field(&was.owner, &ours.owner, &theirs.owner),
        added: field(&was.added, &ours.added, &theirs.added),
        expires: match (ours.expires, theirs.expires) {
            (Some(a), Some(b)) if ours.expires != was.expires && theirs.expires != was.expires => {
                Some(a.min(b))
            }
            (a, b) => field(&was.expires, &a, &b),
        },
    }
}

fn field<T: Clone + PartialEq>(was: &Option<T>, ours: &Option<T>, theirs: &Option<T>) -> Option<T> {
    if ours == was { theirs.clone() } else { ours.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn of(values: &[(&str, Entry)]) -> Baseline {
        let mut baseline = Baseline::new([5; 32]);
        for (value, about) in values {
            baseline.insert("jwt", "src/a".into(), value.as_bytes(), about);
        }
        baseline
    }

    fn plain(values: &[&str]) -> Baseline {
        of(&values.iter().map(|value| (*value, Entry::default())).collect::<Vec<_>>())
    }

    fn because(reason: &str) -> Entry {
        Entry { reason: Some(reason.into()), ..Entry::default() }
    }

    #[test]
    fn what_each_side_added_is_in_and_what_either_took_out_is_not() {
        let base = plain(&["kept", "gone here", "gone there"]);
        let ours = plain(&["kept", "gone there", "new here"]);
        let theirs = plain(&["kept", "gone here", "new there"]);
        let merged = Baseline::merged(Some(&base), &ours, &theirs).unwrap();
        assert_eq!(merged, plain(&["kept", "new here", "new there"]));
    }

    #[test]
    fn without_a_base_all_of_both_is_in() {
        assert_eq!(Baseline::merged(None, &plain(&["a"]), &plain(&["b"])), Ok(plain(&["a", "b"])));
    }

    #[test]
    fn each_field_is_that_of_the_side_that_changed_it() {
        let base = of(&[("a", because("old"))]);
        let ours = of(&[("a", Entry { owner: Some("me".into()), ..because("old") })]);
        let theirs = of(&[("a", because("new"))]);
        let merged = Baseline::merged(Some(&base), &ours, &theirs).unwrap();
        assert_eq!(merged, of(&[("a", Entry { owner: Some("me".into()), ..because("new") })]));
    }

    #[test]
    fn of_two_new_last_days_the_earlier_one_counts() {
        let until = |day| of(&[("a", Entry { expires: Some(date(2027, 1, day)), ..Entry::default() })]);
        let merged = Baseline::merged(Some(&plain(&["a"])), &until(9), &until(3));
        assert_eq!(merged, Ok(until(3)));
        assert_eq!(
            Baseline::merged(Some(&until(1)), &until(1), &until(3)),
            Ok(until(3)),
            "one side moved it"
        );
    }

    #[test]
    fn two_salts_are_refused() {
        let other = Baseline::new([6; 32]);
        assert_eq!(Baseline::merged(None, &other, &plain(&["a"])), Err(MergeError));
        assert!(other.changes(&plain(&["a"])).is_err());
    }

    #[test]
    fn changes_name_what_came_what_went_and_what_was_rewritten() {
        let old = of(&[("a", because("x")), ("b", because("x"))]);
        let new = of(&[("b", because("y")), ("c", because("x"))]);
        let changes = old.changes(&new).unwrap();
        assert_eq!([changes.added.len(), changes.removed.len(), changes.changed.len()], [1, 1, 1]);
        assert_eq!(changes.changed[0].entry.reason.as_deref(), Some("y"));
    }
}
