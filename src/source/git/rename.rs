//! Which additions are moved files. What moved is not new; only the lines that changed on the way are.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Change, Mode, ObjectId, Repository, Side};

/// Pairs of an added and a removed file whose contents are compared, at most. Beyond, only equal files are
/// recognised as moved, and the rest counts as new.
const PAIRS: usize = 20_000;
/// Size in bytes above which a file's content is not compared.
const LARGEST: u64 = 4 << 20;

/// Gives each added file of `changes` that moved from a removed path what was there as its old side: an equal
/// file, else the most similar one, if at least half of the larger of the two is shared. Removals stay.
pub(super) fn find_renames(repository: &Repository, changes: &mut [Change]) {
    let files = |side: &Option<Side>| side.filter(|s| s.mode == Mode::File);
    let gone: Vec<Side> = changes.iter().filter(|c| c.new.is_none()).filter_map(|c| files(&c.old)).collect();
    if gone.is_empty() {
        return;
    }
    let by_id: HashMap<ObjectId, Side> = gone.iter().map(|s| (s.id, *s)).collect();
    let mut unpaired = Vec::new();
    for change in changes.iter_mut().filter(|c| c.old.is_none()) {
        let Some(new) = files(&change.new) else { continue };
        match by_id.get(&new.id) {
            Some(&old) => change.old = Some(old),
            None => unpaired.push(change),
        }
    }
    if unpaired.len().saturating_mul(gone.len()) <= PAIRS {
        find_similar(repository, unpaired, &gone);
    }
}

fn find_similar(repository: &Repository, added: Vec<&mut Change>, gone: &[Side]) {
    let sizes: Vec<_> = gone.iter().map(|s| size(repository, s.id)).collect();
    let mut outlines: HashMap<ObjectId, Option<Outline>> = HashMap::new();
    for change in added {
        let Some(new) = change.new else { continue };
        let Some(new_size) = size(repository, new.id) else { continue };
        let mut own = None;
        let mut best: Option<(u64, Side)> = None;
        for (&old, &old_size) in gone.iter().zip(&sizes) {
            let Some(old_size) = old_size.filter(|&old| old.min(new_size) * 2 >= old.max(new_size)) else {
                continue;
            };
            if own.is_none() {
                own = Outline::read(repository, new.id);
            }
            let outline = outlines.entry(old.id).or_insert_with(|| Outline::read(repository, old.id));
            let (Some(own), Some(outline)) = (&own, outline) else { continue };
            let shared = own.shared(outline);
            if shared * 2 >= old_size.max(new_size) && best.is_none_or(|(most, _)| shared > most) {
                best = Some((shared, old));
            }
        }
        change.old = best.map(|(_, old)| old);
    }
}

/// Size in bytes of a file that is worth comparing.
fn size(repository: &Repository, id: ObjectId) -> Option<u64> {
    // What cannot be read is reported when it is scanned; here it is merely not similar.
    repository.size(id).ok().flatten().filter(|&size| size > 0 && size <= LARGEST)
}

/// A text's lines, in no order: the hash of each and how many bytes it fills in all.
struct Outline(HashMap<u64, u64>);

impl Outline {
    fn read(repository: &Repository, id: ObjectId) -> Option<Self> {
        let bytes = repository.object(id).ok()?.bytes;
        let mut lines = HashMap::new();
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            let mut hasher = DefaultHasher::new();
            line.trim_ascii_end().hash(&mut hasher);
            *lines.entry(hasher.finish()).or_default() += line.len() as u64;
        }
        Some(Self(lines))
    }

    /// Bytes of lines that both have.
    fn shared(&self, other: &Self) -> u64 {
        self.0.iter().map(|(line, &bytes)| bytes.min(other.0.get(line).copied().unwrap_or(0))).sum()
    }
}
