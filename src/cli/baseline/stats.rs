//! `leakward baseline stats`: what a baseline holds.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::{FILE_NAME, read};
use crate::cli::Failure;
use crate::suppress::{Baseline, Named};

/// count a baseline's entries by rule, folder and owner, and say which want attention
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// the baseline
    #[arg(value_name = "FILE", default_value = FILE_NAME)]
    file: PathBuf,
    /// print JSON
    #[arg(long)]
    json: bool,
}

/// The counts of one baseline.
#[derive(Debug, Default, serde::Serialize, PartialEq, Eq)]
struct Stats {
    entries: usize,
    /// Secrets that stand in several places count once.
    secrets: usize,
    without_reason: usize,
    without_owner: usize,
    expired: usize,
    /// Entries that end within [`SOON`] days.
    expire_soon: usize,
    /// The first day on which an entry was added, where one says so.
    oldest: Option<String>,
    rules: BTreeMap<String, usize>,
    folders: BTreeMap<String, usize>,
    owners: BTreeMap<String, usize>,
}

/// Days ahead that count as soon.
const SOON: i32 = 30;

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let stats = Stats::of(&read(&self.file)?, today);
        let mut out = anstream::stdout().lock();
        let text = if self.json {
            serde_json::to_string_pretty(&stats).map_err(Failure::new)? + "\n"
        } else {
            stats.text()
        };
        // Where standard output is gone, nobody is left to be told.
        let _ = out.write_all(text.as_bytes());
        Ok(0)
    }
}

impl Stats {
    fn of(baseline: &Baseline, today: Date) -> Self {
        let mut stats = Self::default();
        let mut keys: Vec<_> = baseline.entries().map(|e| *e.key).collect();
        keys.sort_unstable();
        keys.dedup();
        stats.secrets = keys.len();
        for entry in baseline.entries() {
            stats.add(&entry, today);
        }
        let days = baseline.entries().filter_map(|e| e.entry.added);
        stats.oldest = days.min().map(|day| day.to_string());
        stats
    }

    fn add(&mut self, named: &Named<'_>, today: Date) {
        let entry = named.entry;
        let said = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
        self.entries += 1;
        self.without_reason += usize::from(!said(&entry.reason));
        self.without_owner += usize::from(!said(&entry.owner));
        self.expired += usize::from(entry.expires.is_some_and(|last| last < today));
        let soon = today.saturating_add(SOON.days());
        self.expire_soon += usize::from(entry.expires.is_some_and(|last| (today..=soon).contains(&last)));
        *self.rules.entry(named.rule.to_owned()).or_default() += 1;
        let path = named.path.to_string();
        let folder = path.split_once('/').map_or(".", |(folder, _)| folder);
        *self.folders.entry(folder.to_owned()).or_default() += 1;
        if let Some(owner) = entry.owner.as_ref().filter(|owner| !owner.trim().is_empty()) {
            *self.owners.entry(owner.clone()).or_default() += 1;
        }
    }

    fn text(&self) -> String {
        let entries = if self.entries == 1 { "entry" } else { "entries" };
        let secrets = if self.secrets == 1 { "secret" } else { "secrets" };
        let mut text = format!("{} {entries} for {} {secrets}\n", self.entries, self.secrets);
        let attention = [
            (self.expired, "expired".to_owned()),
            (self.expire_soon, format!("expire within {SOON} days")),
            (self.without_reason, "without a reason".to_owned()),
            (self.without_owner, "without an owner".to_owned()),
        ];
        for (count, what) in attention.iter().filter(|(count, _)| *count > 0) {
            text += &format!("  {count} {what}\n");
        }
        if let Some(day) = &self.oldest {
            text += &format!("  oldest of {day}\n");
        }
        for (title, counts) in [("rule", &self.rules), ("folder", &self.folders), ("owner", &self.owners)] {
            if counts.is_empty() {
                continue;
            }
            text += &format!("by {title}\n");
            let mut counts: Vec<_> = counts.iter().collect();
            counts.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
            for (name, count) in counts {
                text += &format!("  {count:>5}  {}\n", name.escape_debug());
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::suppress::Entry;

    #[test]
    fn what_wants_attention_is_counted() {
        let mut baseline = Baseline::new([1; 32]);
        let until = |day| Entry { expires: Some(day), added: Some(date(2026, 1, 2)), ..Entry::default() };
        baseline.insert("jwt", "src/a".into(), b"one", &until(date(2026, 6, 30)));
        baseline.insert("jwt", "src/b".into(), b"one", &until(date(2026, 7, 1)));
        let said = Entry { reason: Some("r".into()), owner: Some("me".into()), ..Entry::default() };
        baseline.insert("npm", "c".into(), b"two", &said);
        let stats = Stats::of(&baseline, date(2026, 7, 1));
        assert_eq!((stats.entries, stats.secrets), (3, 2));
        assert_eq!((stats.expired, stats.expire_soon), (1, 1), "an entry holds on its last day");
        assert_eq!((stats.without_reason, stats.without_owner), (2, 2));
        assert_eq!(stats.oldest.as_deref(), Some("2026-01-02"));
        assert_eq!(
            stats.folders.iter().map(|(f, n)| (&f[..], *n)).collect::<Vec<_>>(),
            [(".", 1), ("src", 2)]
        );
        assert!(stats.text().starts_with("3 entries for 2 secrets\n  1 expired\n"), "{}", stats.text());
    }
}
