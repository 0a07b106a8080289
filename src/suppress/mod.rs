//! What keeps a hit out of a report: markers in the text, `[[allow]]` entries, the baseline. Pure, no I/O.
//!
//! `scan` makes one [`Marked`] text per blob with candidates, and asks the [`Suppressor`] about each [`Hit`] where
//! a candidate becomes a finding. Markers need the text alone; the rest needs the path, so all of it runs in the
//! stage that knows the path.

mod allow;
mod allowlist;
mod baseline;
mod foreign;
mod globs;
mod marker;
mod seen;

use bstr::BStr;
use jiff::civil::Date;

use crate::model::{Reason, Span, Suppression};
use crate::rule::RulePack;
use seen::Mark;

pub use allow::{Allow, AllowError};
pub use allowlist::{Allowlist, Target};
pub use baseline::{Baseline, BaselineError, Changes, Entry, Key, MergeError, Named};
pub use foreign::{Foreign, Ignored, Previous};
pub use globs::{PathGlobs, PathGlobsError};
pub use marker::Marked;
pub use seen::{Reach, Seen};

/// One hit, as suppression sees it.
#[derive(Clone, Copy)]
pub struct Hit<'h> {
    /// Id of the rule that fired.
    pub rule: &'h str,
    /// Path as in [`crate::model::Origin::path`].
    pub path: &'h BStr,
    /// The secret, decoded where it was encoded. Compared here; never kept.
    pub secret: &'h [u8],
    /// The whole match, in the text. Markers count on every physical line that it covers.
    pub matched: Span,
    /// The commit that holds it, when there is one.
    pub commit: Option<&'h str>,
    /// The line of the whole content (from 1) on which the match begins.
    pub line: u64,
    /// Whether it lies in a file on disk.
    pub on_disk: bool,
}

/// The answer about one hit.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ruling {
    /// What suppresses the hit.
    pub suppressed: Option<Suppression>,
    /// What a person must know when the hit is reported, such as that its `[[allow]]` entry has expired. Belongs
    /// to [`crate::model::Finding::why`].
    pub remarks: Vec<Reason>,
}

/// Everything that may suppress hits of one run. Shared by all threads.
#[derive(Debug)]
pub struct Suppressor {
    /// Whether markers in the text count.
    pub markers: bool,
    /// The `[[allow]]` entries, in the order of the configuration; the first that fits speaks.
    pub allow: Vec<Allow>,
    /// The baseline, when one is in use.
    pub baseline: Option<Baseline>,
    /// What gitleaks' files say.
    pub foreign: Foreign,
    /// The day on which `[[allow]]` entries are judged; one that expires on this day still holds.
    pub today: Date,
    /// What a suppression must give to count.
    pub need: Need,
    /// The entries that the run has met.
    pub seen: Seen,
}

/// What a suppression must give to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Need {
    /// Nothing.
    #[default]
    Nothing,
    /// A reason.
    Reason,
}

impl Suppressor {
    /// One that knows markers alone.
    pub fn markers_only() -> Self {
        Self {
            markers: true,
            allow: Vec::new(),
            baseline: None,
            foreign: Foreign::default(),
            today: Date::ZERO,
            need: Need::Nothing,
            seen: Seen::default(),
        }
    }

    /// Judges `hit` in `text`. A marker speaks before an `[[allow]]` entry, that before allowlists of gitleaks, and
    /// these before the baseline.
    pub fn judge(&self, hit: &Hit<'_>, text: &Marked<'_, '_>) -> Ruling {
        let mut ruling = Ruling::default();
        let remarks = &mut ruling.remarks;
        ruling.suppressed = self
            .by_marker(hit, text, remarks)
            .or_else(|| self.by_allow(hit, text, remarks))
            .or_else(|| self.foreign.allowed(hit, text, self.need, remarks))
            .or_else(|| self.by_baseline(hit, remarks))
            .or_else(|| self.foreign.known(hit, text, self.need, &self.seen, remarks));
        ruling
    }

    /// Notes that `secret`, found by `rule` in `path`, is there, though no report would show it: the baseline's
    /// entry for it is not unused.
    pub fn meet(&self, rule: &str, path: &BStr, secret: &[u8]) {
        if let Some(baseline) = &self.baseline {
            self.meet_entry(rule, path, baseline.key(secret), baseline);
        }
    }

    /// What suppressed nothing in a run of the rules `ran` over `reach`: sentences for its user.
    pub fn unused(&self, reach: &Reach, ran: &RulePack) -> Vec<String> {
        let mut told = Vec::new();
        let entries = self.baseline.iter().flat_map(Baseline::entries);
        let idle = entries.filter(|e| {
            let mark = Mark::Baseline(*e.key, e.rule.to_owned(), e.path.to_owned());
            reach.holds(e.path) && ran.rule(e.rule).is_some() && !self.seen.has(&mark)
        });
        let idle: Vec<_> = idle.map(|e| format!("{} {}", e.path, e.rule)).collect();
        if !idle.is_empty() {
            let what = few("baseline entry matches", "baseline entries match", &idle);
            told.push(format!("{what}; `leakward baseline prune` takes out what is gone"));
        }
        if !reach.is_whole() {
            return told;
        }
        let unmet = |(n, allow): &(usize, &Allow)| !self.seen.has(&Mark::Allow(*n)) && !allow.is_idle(ran);
        let idle = self.allow.iter().enumerate().filter(unmet);
        told.extend(idle.map(|(_, allow)| format!("{} suppresses nothing", allow.place())));
        let idle: Vec<_> = self.foreign.ignored.unmet(&self.seen);
        if !idle.is_empty() {
            told.push(few("ignore entry matches", "ignore entries match", &idle));
        }
        told
    }

    fn meet_entry(&self, rule: &str, path: &BStr, key: Key, baseline: &Baseline) {
        if baseline.entry(rule, path, &key).is_some() {
            self.seen.add(Mark::Baseline(key, rule.to_owned(), path.to_owned()));
        }
    }

    fn by_marker(
        &self,
        hit: &Hit<'_>,
        text: &Marked<'_, '_>,
        remarks: &mut Vec<Reason>,
    ) -> Option<Suppression> {
        // A rule that looks at paths alone has found no text that could carry one.
        if !self.markers || hit.secret.is_empty() {
            return None;
        }
        let name = text.marker(hit.rule, hit.path, hit.matched, self.need, remarks)?;
        (!self.foreign.exact || name == "gitleaks:allow").then_some(Suppression::Marker(name))
    }

    fn by_allow(
        &self,
        hit: &Hit<'_>,
        text: &Marked<'_, '_>,
        remarks: &mut Vec<Reason>,
    ) -> Option<Suppression> {
        for (n, allow) in self.allow.iter().enumerate().filter(|(_, allow)| allow.fits(hit, text)) {
            self.seen.add(Mark::Allow(n));
            if let Some(date) = allow.expired(self.today) {
                remarks.push(format!("its [[allow]] entry expired on {date}").into());
            } else if self.need.lacks(Some(allow.reason())) {
                remarks.push(format!("{} gives no reason, so it does not count", allow.place()).into());
            } else {
                return Some(Suppression::Allow(allow.reason().to_owned()));
            }
        }
        None
    }

    fn by_baseline(&self, hit: &Hit<'_>, remarks: &mut Vec<Reason>) -> Option<Suppression> {
        let baseline = self.baseline.as_ref()?;
        let key = baseline.key(hit.secret);
        if let Some(entry) = baseline.entry(hit.rule, hit.path, &key) {
            self.meet_entry(hit.rule, hit.path, key, baseline);
            if let Some(date) = entry.expires.filter(|&last| last < self.today) {
                remarks.push(format!("its baseline entry expired on {date}").into());
            } else if self.need.lacks(entry.reason.as_deref()) {
                remarks.push("its baseline entry gives no reason, so it does not count".into());
            } else {
                return Some(Suppression::Baseline(entry.reason.clone()));
            }
            return None;
        }
        if let Some(elsewhere) = baseline.elsewhere(hit.rule, &key) {
            remarks.push(format!("the baseline holds this value in {elsewhere}, not here").into());
        }
        None
    }
}

impl Need {
    /// Whether `reason` is not what it asks for.
    fn lacks(self, reason: Option<&str>) -> bool {
        self == Self::Reason && reason.is_none_or(|reason| reason.trim().is_empty())
    }
}

/// `names` counted, `nothing` after the verb, and the first few of them.
fn few(one: &str, many: &str, names: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    let more = if names.len() > SHOWN { ", …" } else { "" };
    let verb = if names.len() == 1 { one } else { many };
    format!("{} {verb} nothing ({shown}{more})", names.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LineIndex;

    fn judge(suppressor: &Suppressor, path: &str, text: &str, secret: &str) -> Ruling {
        let lines = LineIndex::new(text.as_bytes());
        let start = text.find(secret).unwrap();
        let hit = Hit {
            rule: "acme-key",
            path: path.into(),
            secret: secret.as_bytes(),
            matched: Span::new(start, start + secret.len()),
            commit: None,
            line: 1,
            on_disk: true,
        };
        suppressor.judge(&hit, &Marked::new(&lines))
    }

    fn allowing(allow: Allow) -> Suppressor {
        Suppressor { allow: vec![allow], today: jiff::civil::date(2026, 7, 1), ..Suppressor::markers_only() }
    }

    #[test]
    fn nothing_is_suppressed_without_cause() {
        assert_eq!(judge(&Suppressor::markers_only(), "a", "k=v1", "v1"), Ruling::default());
    }

    #[test]
    fn markers_can_be_switched_off() {
        let off = Suppressor { markers: false, ..Suppressor::markers_only() };
        assert_eq!(judge(&off, "a", "k=v1 # leakward:allow", "v1").suppressed, None);
    }

    #[test]
    fn an_allow_entry_suppresses_with_its_reason() {
        let allow = Allow::new("docs").value("^v").unwrap();
        let got = judge(&allowing(allow), "a", "k=v1", "v1");
        assert_eq!(got.suppressed, Some(Suppression::Allow("docs".into())));
    }

    #[test]
    fn an_expired_allow_entry_lets_the_finding_through_with_a_remark() {
        let allow = Allow::new("docs").expires(jiff::civil::date(2026, 6, 30));
        let got = judge(&allowing(allow), "a", "k=v1", "v1");
        assert_eq!(got.suppressed, None);
        assert_eq!(got.remarks, ["its [[allow]] entry expired on 2026-06-30"]);
    }

    #[test]
    fn an_allow_entry_holds_on_its_last_day() {
        let allow = Allow::new("docs").expires(jiff::civil::date(2026, 7, 1));
        assert!(judge(&allowing(allow), "a", "k=v1", "v1").suppressed.is_some());
    }

    #[test]
    fn an_expired_baseline_entry_lets_the_finding_through_with_a_remark() {
        let mut baseline = Baseline::new([7; 32]);
        let about = Entry { expires: Some(jiff::civil::date(2026, 6, 30)), ..Entry::default() };
        baseline.insert("acme-key", "a".into(), b"v1", &about);
        let on = |day| Suppressor {
            baseline: Some(baseline.clone()),
            today: jiff::civil::date(2026, 6, day),
            ..Suppressor::markers_only()
        };
        assert!(judge(&on(30), "a", "k=v1", "v1").suppressed.is_some(), "it holds on its last day");
        let later = Suppressor { today: jiff::civil::date(2026, 7, 1), ..on(30) };
        let got = judge(&later, "a", "k=v1", "v1");
        assert_eq!((got.suppressed, got.remarks.len()), (None, 1));
        assert_eq!(got.remarks[0], "its baseline entry expired on 2026-06-30");
    }

    #[test]
    fn what_has_no_reason_counts_for_nothing_where_one_is_asked_for() {
        let mut baseline = Baseline::new([7; 32]);
        baseline.insert("acme-key", "a".into(), b"v1", &Entry::default());
        let asking = |allow: Vec<Allow>, baseline| Suppressor {
            need: Need::Reason,
            allow,
            baseline,
            ..Suppressor::markers_only()
        };
        let got = judge(&asking(vec![], Some(baseline.clone())), "a", "k=v1", "v1");
        assert_eq!(got.suppressed, None);
        assert_eq!(got.remarks, ["its baseline entry gives no reason, so it does not count"]);
        let silent = Allow::new(" ").stated_at("c.toml: line 3".into());
        let got = judge(&asking(vec![silent.clone()], None), "a", "k=v1", "v1");
        assert_eq!(got.remarks, ["c.toml: line 3: [[allow]] gives no reason, so it does not count"]);
        let next = judge(&asking(vec![silent, Allow::new("docs")], None), "a", "k=v1", "v1");
        assert_eq!(next.suppressed, Some(Suppression::Allow("docs".into())), "the next one that fits speaks");
    }

    #[test]
    fn what_suppressed_nothing_is_told_where_the_run_looked() {
        let mut baseline = Baseline::new([7; 32]);
        for path in ["a", "gone", "lib/gone"] {
            baseline.insert("acme-key", path.into(), b"v1", &Entry::default());
        }
        let ran = RulePack::new([crate::rule::Rule::named("acme-key")]);
        let allow = vec![
            Allow::new("r").value("^v9$").unwrap().stated_at("c: line 1".into()),
            Allow::new("r").rules(vec!["other".into()]),
        ];
        let with = Suppressor { baseline: Some(baseline), allow, ..Suppressor::markers_only() };
        assert!(judge(&with, "a", "k=v1", "v1").suppressed.is_some());
        with.meet("acme-key", "lib/gone".into(), b"v1");
        let told = with.unused(&Reach::whole(), &ran);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("1 baseline entry matches nothing (gone acme-key);"), "{told:?}");
        assert_eq!(told[1], "c: line 1: [[allow]] suppresses nothing");
        assert_eq!(with.unused(&Reach::Below(vec!["a".into()]), &ran), [""; 0]);
        assert_eq!(with.unused(&Reach::Changes, &ran), [""; 0]);
        assert_eq!(with.unused(&Reach::whole(), &RulePack::default()).len(), 1, "the rule did not run");
    }

    #[test]
    fn the_baseline_knows_a_value_by_rule_path_and_hash() {
        let mut baseline = Baseline::new([7; 32]);
        baseline.insert("acme-key", "a".into(), b"v1", &Entry::default());
        let with = Suppressor { baseline: Some(baseline), ..Suppressor::markers_only() };
        assert_eq!(judge(&with, "a", "\n\nk=v1", "v1").suppressed, Some(Suppression::Baseline(None)));
        assert_eq!(judge(&with, "a", "k=v2", "v2"), Ruling::default(), "a new value on an old line");
        let moved = judge(&with, "b", "k=v1", "v1");
        assert_eq!(moved.suppressed, None);
        assert_eq!(moved.remarks, ["the baseline holds this value in a, not here"]);
    }
}
