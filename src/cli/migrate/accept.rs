//! Values that another scanner accepts, found again and accepted by a baseline of ours.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use bstr::ByteSlice as _;

use super::Migration;
use crate::cli::Failure;
use crate::cli::settings::SettingsFlags;
use crate::detect::Detector;
use crate::foreign::Accepted;
use crate::model::Finding;
use crate::report::Root;
use crate::rule::{Confidence, Severity};
use crate::scan::{self, Config};
use crate::source::{Base, Files, MAX_ARCHIVE_DEPTH};
use crate::suppress::{Baseline, Entry, Reach};

/// Bytes to each side of a secret in which a value with other ends is sought.
const AROUND: usize = 120;

/// Scans `folder` as it will be and accepts, in the baseline at `path`, what `accepted` knows. Says whether there is
/// such a thing.
pub(super) fn accept(
    migration: &mut Migration,
    folder: &Path,
    path: &str,
    accepted: &[Accepted],
) -> Result<bool, Failure> {
    let outcome = findings(migration, folder)?;
    let mut baseline =
        match migration.plan.read(path).map_err(|e| Failure::new(format_args!("{path}: {e}")))? {
            Some(text) => Baseline::parse(&text)
                .map_err(|e| Failure::new(format_args!("{path}: {e}")).help(e.help()))?,
            None => {
                let mut salt = [0; 32];
                getrandom::fill(&mut salt).map_err(|e| Failure::new(format_args!("no random salt: {e}")))?;
                Baseline::new(salt)
            }
        };
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut used = HashSet::new();
    for finding in outcome.findings.iter().filter(|finding| finding.suppressed.is_none()) {
        let file = finding.origin.path.to_str_lossy();
        let here = |entry: &Accepted| entry.path.as_ref().is_none_or(|path| *path == file);
        let candidates: Vec<_> = accepted.iter().enumerate().filter(|(_, entry)| here(entry)).collect();
        let Some(at) = known(finding, &candidates) else { continue };
        used.insert(at);
        let about =
            Entry { reason: Some(accepted[at].reason.clone()), added: Some(today), ..Entry::default() };
        // Hashed with the baseline's salt, never written.
        baseline.insert(&finding.rule.id, finding.origin.path.as_bstr(), finding.secret.expose(), &about);
    }
    let same = |one: &Accepted, other: &Accepted| one.hash == other.hash && one.path == other.path;
    let is_idle = |entry: &&Accepted| !used.iter().any(|at| same(&accepted[*at], entry));
    let idle = accepted.iter().filter(is_idle).count();
    if idle > 0 {
        migration.notes.push(format!(
            "{idle} of {} accepted values need no entry: nothing is reported there",
            accepted.len()
        ));
    }
    for gap in &outcome.tally.gaps {
        migration.lost.push(format!("{}: not scanned: {}", gap.what, gap.why));
    }
    if baseline.is_empty() {
        return Ok(false);
    }
    migration.plan.write(path, baseline.render())?;
    Ok(true)
}

/// What a scan finds once the changes so far are made, the baseline left out.
fn findings(migration: &Migration, folder: &Path) -> Result<scan::Outcome, Failure> {
    let read = |path: &str| migration.plan.read(path);
    let mut settings = SettingsFlags::default().load_without_baseline(&read)?;
    let exclude = settings.exclude(&[])?;
    let config = Config {
        detector: Arc::new(
            Detector::new(Arc::new(std::mem::take(&mut settings.pack))).map_err(Failure::new)?,
        ),
        suppressor: settings.suppressor,
        min_confidence: Confidence::Medium,
        min_severity: Severity::Low,
        parts: settings.parts,
        show_suppressed: false,
        line_hash: false,
        subject: folder.display().to_string(),
        root: Root::default(),
        notes: Vec::new(),
        time_limit: None,
        outputs: Vec::new(),
        found: 0,
        judges: Vec::new(),
        fail_on: Vec::new(),
        audit: None,
        reach: Reach::Changes,
    };
    let paths = vec![folder.to_owned()];
    let files = Files {
        base: Base::of(&paths)?,
        paths,
        ignore_files: true,
        follow_symlinks: false,
        max_size: settings.config.max_file_size.unwrap_or(Files::MAX_SIZE),
        archive_depth: MAX_ARCHIVE_DEPTH,
        exclude,
        threads: std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN),
    };
    Ok(scan::collect(&files, &config)?)
}

/// Which of `candidates` is the finding's value, or a value that overlaps it: scanners differ in where a value begins
/// and ends.
fn known(finding: &Finding, candidates: &[(usize, &Accepted)]) -> Option<usize> {
    // Compared by hash, never written.
    let value = finding.secret.expose();
    let exact = candidates.iter().find(|(_, entry)| entry.hash.is_of(value));
    if let Some((at, _)) = exact {
        return Some(*at);
    }
    let near: Vec<_> = candidates.iter().filter(|(_, entry)| entry.path.is_some()).collect();
    if near.is_empty() {
        return None;
    }
    let text = finding.excerpt.text.expose();
    let secret = finding.excerpt.secret;
    let from = secret.start.saturating_sub(AROUND);
    let to = text.len().min(secret.end + AROUND);
    for start in from..secret.end.min(text.len()) {
        let first = secret.start.max(start) + 1;
        for end in first..=to {
            let piece = &text[start..end];
            if let Some((at, _)) = near.iter().find(|(_, entry)| entry.hash.is_of(piece)) {
                return Some(*at);
            }
        }
    }
    None
}
