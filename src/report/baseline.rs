//! A baseline as the report of a scan: everything found is accepted for now.

use std::collections::HashSet;
use std::fmt;
use std::io;

use bstr::BStr;

use super::{Reporter, Summary};
use crate::suppress::{Baseline, Entry};

/// Writes the baseline that accepts the findings of a scan.
///
/// What was written about a finding stays, as does the salt. An entry that was not found again goes, unless the
/// scan did not look for it or left something out.
pub struct NewBaseline {
    /// The baseline so far.
    pub old: Baseline,
    /// What is written about findings that it does not hold.
    pub about: Entry,
    /// Whether the scan looked for findings of a rule (its id) in a path.
    pub looked: Box<Looked>,
}

/// Whether a scan looked for findings of a rule (its id) in a path.
pub type Looked = dyn Fn(&str, &BStr) -> bool + Send + Sync;

impl Reporter for NewBaseline {
    fn report(&self, summary: &Summary<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let open = || summary.findings.iter().filter(|f| f.suppressed.is_none());
        let mut baseline = self.old.clone();
        if summary.tally.gaps.is_empty() {
            // Hashed with the baseline's salt, never written.
            let found: HashSet<_> = open()
                .map(|f| (&*f.rule.id, BStr::new(&**f.origin.path), baseline.key(f.secret.expose())))
                .collect();
            baseline
                .retain(|rule, path, key| found.contains(&(rule, path, *key)) || !(self.looked)(rule, path));
        }
        for finding in open() {
            // Likewise.
            baseline.insert(
                &finding.rule.id,
                BStr::new(&**finding.origin.path),
                finding.secret.expose(),
                &self.about,
            );
        }
        out.write_all(baseline.render().as_bytes())
    }
}

impl fmt::Debug for NewBaseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewBaseline").field("old", &self.old).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Finding, Suppression, Tally};
    use crate::report::sample;

    fn written(old: &Baseline, findings: &[Finding], tally: &Tally) -> Baseline {
        let looked = Box::new(|_: &str, path: &BStr| path.starts_with(b"src/"));
        let about = Entry { reason: Some("new".into()), ..Entry::default() };
        let new = NewBaseline { old: old.clone(), about, looked };
        let mut out = Vec::new();
        new.report(&sample::summary(findings, tally, &sample::pack()), &mut out).unwrap();
        Baseline::parse(&out).unwrap()
    }

    /// The reason of the entry for `value` in `path`; `None` without an entry.
    fn reason(baseline: &Baseline, path: &str, value: &str) -> Option<Option<String>> {
        let key = baseline.key(value.as_bytes());
        baseline.entry("acme-key", path.into(), &key).map(|e| e.reason.clone())
    }

    fn old() -> Baseline {
        let mut old = Baseline::new([3; 32]);
        let about = Entry { reason: Some("old".into()), ..Entry::default() };
        for path in ["src/a", "src/gone", "lib/elsewhere"] {
            old.insert("acme-key", path.into(), b"value-1", &about);
        }
        old
    }

    #[test]
    fn found_again_stays_as_it_was_and_what_is_new_joins() {
        let findings =
            [sample::finding("src/a", "value-1", "value-1"), sample::finding("src/b", "value-2", "value-2")];
        let new = written(&old(), &findings, &Tally::default());
        assert_eq!(reason(&new, "src/a", "value-1"), Some(Some("old".into())));
        assert_eq!(reason(&new, "src/b", "value-2"), Some(Some("new".into())));
        assert_eq!(new.key(b"x"), old().key(b"x"), "the salt stays");
    }

    #[test]
    fn what_is_gone_goes_but_only_where_the_scan_looked() {
        let new = written(&old(), &[sample::finding("src/a", "value-1", "value-1")], &Tally::default());
        assert_eq!(reason(&new, "src/gone", "value-1"), None);
        assert!(reason(&new, "lib/elsewhere", "value-1").is_some());
    }

    #[test]
    fn an_incomplete_scan_drops_nothing() {
        let mut tally = Tally::default();
        tally.gap("src/gone", "permission denied");
        assert_eq!(written(&old(), &[], &tally).len(), 3);
    }

    #[test]
    fn a_suppressed_finding_is_not_accepted_twice() {
        let mut finding = sample::finding("src/a", "value-9", "value-9");
        finding.suppressed = Some(Suppression::Marker("leakward:allow"));
        assert_eq!(reason(&written(&old(), &[finding], &Tally::default()), "src/a", "value-9"), None);
    }
}
