//! What was found in what, in words; the same words in every format that people read.

use std::collections::HashSet;
use std::time::Duration;

use super::Summary;
use super::plain::plain;

/// The counts of a report.
pub(super) struct Totals<'s> {
    summary: &'s Summary<'s>,
    /// Findings that nothing suppresses.
    pub(super) findings: usize,
    /// Paths that hold such findings.
    pub(super) files: usize,
    /// What should have been scanned and was not.
    pub(super) gaps: usize,
}

impl<'s> Totals<'s> {
    pub(super) fn new(summary: &'s Summary<'s>) -> Self {
        let open = || summary.findings.iter().filter(|f| f.suppressed.is_none());
        let paths: HashSet<_> = open().map(|f| &f.origin.path).collect();
        Self { summary, findings: open().count(), files: paths.len(), gaps: summary.tally.gaps.len() }
    }

    /// What was found. Says that nothing was found only of what was scanned.
    pub(super) fn verdict(&self) -> String {
        let tally = self.summary.tally;
        let found = match self.findings {
            0 if tally.blobs == 0 && self.is_hearsay() => "no secrets reported".to_owned(),
            0 if tally.blobs == 0 => "nothing was scanned".to_owned(),
            0 if self.gaps > 0 => "no secrets found in what could be scanned".to_owned(),
            0 => "no secrets found".to_owned(),
            n => format!("{} in {}", count(n as u64, "secret"), count(self.files as u64, "file")),
        };
        match self.gaps {
            0 => found,
            n => format!("{found}; {n} not scanned"),
        }
    }

    /// What was scanned and skipped, and how long it took.
    pub(super) fn details(&self) -> Vec<String> {
        let tally = self.summary.tally;
        let mut scanned = match tally.recalled {
            0 => scanned(tally.blobs, tally.bytes),
            n => format!("{} ({n} known from the cache), {}", count(tally.blobs, "file"), size(tally.bytes)),
        };
        if tally.commits > 0 {
            scanned = format!("{}, {scanned}", count(tally.commits, "commit"));
        }
        let subject = plain(self.summary.subject.as_bytes());
        let mut details = if tally.blobs == 0 && self.is_hearsay() {
            vec![subject]
        } else {
            vec![format!("scanned {scanned} ({subject})")]
        };
        if !tally.skipped.is_empty() {
            let reasons: Vec<_> = tally.skipped.iter().map(|(r, n)| format!("{n} {}", r.as_str())).collect();
            details.push(format!("skipped {}", reasons.join(", ")));
        }
        if self.summary.suppressed > 0 {
            details.push(format!("{} suppressed", self.summary.suppressed));
        }
        details.extend(self.summary.elapsed.map(time));
        details
    }

    /// Whether all this was read from a report, which may not tell what was scanned.
    const fn is_hearsay(&self) -> bool {
        self.summary.elapsed.is_none()
    }
}

/// What was scanned.
pub(super) fn scanned(blobs: u64, bytes: u64) -> String {
    format!("{}, {}", count(blobs, "file"), size(bytes))
}

/// `n` things.
pub(crate) fn count(n: u64, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

/// Bytes in the unit that gives at most three digits before the point.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return count(bytes, "byte");
    }
    let (mut value, mut unit) = (bytes as f64 / 1000.0, 0);
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if value < 9.95 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

/// A duration in the unit that gives few digits.
pub(super) fn time(elapsed: Duration) -> String {
    match elapsed.as_millis() {
        0 => "under 1 ms".to_owned(),
        ms @ 1..=999 => format!("{ms} ms"),
        ms @ 1000..=59_999 => format!("{:.1} s", ms as f64 / 1000.0),
        ms => format!("{} min {} s", ms / 60_000, ms / 1000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SkipReason, Tally};
    use crate::report::sample;

    fn verdict(findings: usize, blobs: u64, gaps: usize) -> String {
        let findings = vec![sample::finding("a", "key = value1", "value1"); findings];
        let mut tally = Tally { blobs, ..Tally::default() };
        (0..gaps).for_each(|i| tally.gap(format!("{i}"), "why"));
        Totals::new(&sample::summary(&findings, &tally, &sample::pack())).verdict()
    }

    #[test]
    fn the_verdict_claims_no_more_than_was_scanned() {
        assert_eq!(verdict(0, 3, 0), "no secrets found");
        assert_eq!(verdict(0, 3, 2), "no secrets found in what could be scanned; 2 not scanned");
        assert_eq!(verdict(0, 0, 0), "nothing was scanned");
        assert_eq!(verdict(0, 0, 1), "nothing was scanned; 1 not scanned");
        assert_eq!(verdict(1, 3, 0), "1 secret in 1 file");
        assert_eq!(verdict(2, 3, 1), "2 secrets in 1 file; 1 not scanned");
    }

    #[test]
    fn details_name_what_was_skipped() {
        let mut tally = Tally { blobs: 14, bytes: 212_000, commits: 3, ..Tally::default() };
        tally.skip(SkipReason::Ignored);
        tally.skip(SkipReason::Ignored);
        tally.skip(SkipReason::Binary);
        let details = Totals::new(&sample::summary(&[], &tally, &sample::pack())).details();
        assert_eq!(
            details,
            ["scanned 3 commits, 14 files, 212 kB (sample)", "skipped 2 ignored, 1 binary", "12 ms"]
        );
    }

    #[test]
    fn sizes_have_two_or_three_digits() {
        let sizes = [1, 999, 1000, 9_940, 99_900, 999_499, 999_500, 8_100_000_000].map(size);
        assert_eq!(
            sizes,
            ["1 byte", "999 bytes", "1.0 kB", "9.9 kB", "100 kB", "999 kB", "1.0 MB", "8.1 GB"]
        );
    }

    #[test]
    fn times_are_short() {
        let times = [0, 11, 6_400, 83_000].map(|ms| time(Duration::from_millis(ms)));
        assert_eq!(times, ["under 1 ms", "11 ms", "6.4 s", "1 min 23 s"]);
    }
}
