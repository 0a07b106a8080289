//! What was decided so far, kept from one triage to the next. Holds names of findings and reasons, no values.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use super::model::Decision;
use crate::cli::Failure;
use crate::cli::replace::replace;

/// Decisions by fingerprint, and the file that keeps them.
pub(super) struct Progress {
    path: PathBuf,
    kept: Kept,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    decisions: BTreeMap<String, Decision>,
}

const VERSION: u32 = 1;

impl Progress {
    /// What is kept for `folder`: in git's own folder, where there is one.
    pub(super) fn of(folder: &Path) -> Result<Self, Failure> {
        let git = folder.join(".git");
        let path = match git.is_dir() {
            true => git.join("leakward").join("triage.json"),
            false => folder.join(".leakward-triage.json"),
        };
        let wrong = |cause: &dyn std::fmt::Display| {
            Failure::new(format_args!("{}: {cause}", path.display())).help("remove it to begin anew")
        };
        let kept = match fs::read(&path) {
            Ok(text) => {
                let kept: Kept =
                    serde_json::from_slice(&text).map_err(|_| wrong(&"not what a triage keeps"))?;
                if kept.version != VERSION {
                    return Err(wrong(&format_args!("version {} is not known here", kept.version)));
                }
                kept
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Kept { version: VERSION, ..Kept::default() },
            Err(e) => return Err(wrong(&e)),
        };
        Ok(Self { path, kept })
    }

    pub(super) fn decision(&self, fingerprint: &str) -> Option<Decision> {
        self.kept.decisions.get(fingerprint).cloned()
    }

    /// Keeps the decisions about the findings that are named, and those about others.
    pub(super) fn keep<'d>(
        &mut self,
        decisions: impl Iterator<Item = (&'d str, Option<&'d Decision>)>,
    ) -> Result<(), Failure> {
        for (fingerprint, decision) in decisions {
            match decision {
                Some(decision) => self.kept.decisions.insert(fingerprint.to_owned(), decision.clone()),
                None => self.kept.decisions.remove(fingerprint),
            };
        }
        let text = serde_json::to_vec_pretty(&self.kept).map_err(Failure::new)?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let written = fs::create_dir_all(folder).and_then(|()| replace(&self.path, &text));
        written
            .map_err(|e| Failure::new(format_args!("cannot keep decisions in {}: {e}", self.path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_come_back_and_can_be_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut progress = Progress::of(folder.path()).unwrap();
        let accepted = Decision::Accepted("why".into());
        progress.keep([("a", Some(&Decision::Real)), ("b", Some(&accepted))].into_iter()).unwrap();
        let mut again = Progress::of(folder.path()).unwrap();
        assert_eq!((again.decision("a"), again.decision("b")), (Some(Decision::Real), Some(accepted)));
        again.keep([("a", None)].into_iter()).unwrap();
        let last = Progress::of(folder.path()).unwrap();
        assert!(last.decision("a").is_none() && last.decision("b").is_some());
    }

    #[test]
    fn in_a_repository_git_does_not_see_them() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        let mut progress = Progress::of(folder.path()).unwrap();
        progress.keep([("a", Some(&Decision::Real))].into_iter()).unwrap();
        assert!(folder.path().join(".git/leakward/triage.json").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_something_else_is_told() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["", "{}", r#"{"version": 9, "decisions": {}}"#] {
            fs::write(folder.path().join(".leakward-triage.json"), text).unwrap();
            assert!(Progress::of(folder.path()).is_err(), "{text}");
        }
    }
}
