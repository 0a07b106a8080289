//! A repository or bundle whose objects and refs lie open.

use std::path::{Path, PathBuf};

use super::Refs;
use super::pass::Pass;
use crate::model::{SkipReason, Tally};
use crate::source::SourceError;
use crate::source::odb::{Bundle, Layout, Object, Odb, OdbError, Visitor as _, git_object};

/// Objects that are asked of the `git` command when this reader cannot read them; more are unlikely to fare better.
const ASKED: usize = 64;

/// Gaps of one kind that are named one by one.
const NAMED: usize = 100;

/// A repository or bundle whose objects and refs lie open.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) odb: Odb,
    pub(super) refs: Refs,
    /// The git folder, which the `git` command can be asked about; a bundle has none.
    git_dir: Option<PathBuf>,
    /// Whether objects may be missing because a promisor holds them.
    pub(super) partial: bool,
    /// Whether objects may be missing because they came with commits that a bundle builds on.
    pub(super) builds_on: bool,
}

impl Opened {
    /// Opens the repository or bundle at `place`. What cannot be opened as it should is noted in `tally`.
    ///
    /// # Errors
    /// When there is none, or it cannot be read at all.
    pub(super) fn open(place: &Path, tally: &mut Tally) -> Result<Self, SourceError> {
        if place.is_file() {
            return Self::bundle(place, tally);
        }
        let layout = Layout::discover(place)?;
        for unknown in &layout.unknown {
            let what = layout.common_dir.join("config").display().to_string();
            tally.gap(what, format!("the repository needs the extension {unknown}, which is not known here"));
        }
        // Refs first: what they name was there before they named it.
        let refs = Refs::read(&layout)?;
        for (name, why) in &refs.broken {
            tally.gap(name.clone(), why.clone());
        }
        let odb = Odb::open(&layout)?;
        remark(&odb, tally);
        lost_refs(&refs, &odb, tally);
        if !refs.shallow.is_empty() {
            tally.notes.push(format!(
                "the clone is shallow: what came before {} of its commits is not here and was not scanned",
                refs.shallow.len()
            ));
        }
        Ok(Self { odb, refs, git_dir: Some(layout.git_dir), partial: layout.partial, builds_on: false })
    }

    fn bundle(place: &Path, tally: &mut Tally) -> Result<Self, SourceError> {
        let bundle = Bundle::open(place)?;
        let head = bundle.refs.get(&bstr::BString::from("HEAD")).copied();
        let refs = Refs { refs: bundle.refs, head, ..Refs::default() };
        if !bundle.prerequisites.is_empty() {
            tally.notes.push(format!(
                "the bundle builds on {} commits that it does not hold: what came before them was not scanned",
                bundle.prerequisites.len()
            ));
        }
        let builds_on = !bundle.prerequisites.is_empty();
        let refs = Refs { shallow: bundle.prerequisites, ..refs };
        remark(&bundle.odb, tally);
        Ok(Self { odb: bundle.odb, refs, git_dir: None, partial: bundle.partial, builds_on })
    }

    /// Shows `pass` the objects that could not be read, as far as the `git` command can; the others become gaps.
    /// Returns how many those are.
    pub(super) fn retry(
        &self,
        unreadable: Vec<(u32, OdbError)>,
        limit: u64,
        pass: &mut Pass<'_>,
        tally: &mut Tally,
    ) -> u64 {
        let (mut named, mut unnamed) = (0, 0);
        let mut unreadable = unreadable;
        unreadable.sort_by_key(|(number, _)| *number);
        for (asked, (number, why)) in unreadable.into_iter().enumerate() {
            let id = self.odb.id(number);
            let dir = self.git_dir.as_deref().filter(|_| asked < ASKED);
            match dir.map(|dir| git_object(dir, &id, limit)) {
                Some(Ok((kind, bytes))) => {
                    pass.object(Object { number, kind, bytes: &bytes, derived: None, has_heirs: false });
                }
                Some(Err(OdbError::Limit { .. })) => tally.skip(SkipReason::Size),
                None if matches!(why, OdbError::Limit { .. }) => tally.skip(SkipReason::Size),
                _ if tally.gaps.len() < NAMED => {
                    tally.gap(format!("object {id}"), why.to_string());
                    named += 1;
                }
                _ => unnamed += 1,
            }
        }
        if unnamed > 0 {
            tally.gap(format!("{unnamed} more objects"), "they cannot be read either");
        }
        named + unnamed
    }
}

/// Gaps for refs that name an object which is not there: of what they reach, nothing is.
fn lost_refs(refs: &Refs, odb: &Odb, tally: &mut Tally) {
    let mut unnamed = 0;
    for (name, id) in refs.refs.iter().filter(|(_, id)| odb.find(id.as_bytes()).is_none()) {
        if tally.gaps.len() < NAMED {
            tally.gap(name.clone(), format!("the object {id} that it names is missing"));
        } else {
            unnamed += 1;
        }
    }
    if unnamed > 0 {
        tally.gap(format!("{unnamed} more refs"), "the objects that they name are missing");
    }
}

fn remark(odb: &Odb, tally: &mut Tally) {
    for (path, remark) in odb.remarks() {
        let what = path.display().to_string();
        if remark.is_lossy {
            tally.gap(what, remark.text.clone());
        } else {
            tally.notes.push(format!("{what}: {}", remark.text));
        }
    }
}
