//! Where a scan of a history leaves what it learnt for the next one.
//!
//! One file for each repository and set of rules, replaced as a whole: readers that have it open go on reading the
//! old one, of two writers the later wins, and one that is killed leaves a part that nobody reads. What is not
//! exactly what was written is not used.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::archive::Archive;
use crate::detect::Detector;
use crate::model::Tally;
use crate::rule::RuleRef;
use crate::source::odb::Layout;

/// What the file begins with; the number changes with its form.
const MAGIC: &[u8; 16] = b"leakward-cache 3";

/// Files of other rules and settings that are kept beside the newest.
const OTHERS: usize = 3;

/// Age at which a file that was never finished is removed.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// Where one history's scans with one set of rules and settings leave what they learnt.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
    /// Whether the user named the folder: several repositories may share it.
    named: bool,
    /// What the names of all files of this repository begin with.
    prefix: String,
    /// What rules, settings and detector come to.
    key: [u8; 32],
}

/// Why a scan cannot have a cache. The user must ask for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// What is searched for is not told by rules alone.
    #[error(
        "a scan for the values of a secrets manager cannot use a cache: they change, and none of them is written down"
    )]
    KnownValues,
    /// A bundle, or a place where there is no repository.
    #[error("no git folder that could hold the cache")]
    NoFolder,
}

impl Cache {
    /// The cache of the history of `place`, in `folder` or else in the repository's own git folder, for scans by
    /// `detector` of objects of at most `max_size` bytes, with containers opened down to `archive_depth`.
    ///
    /// # Errors
    /// When `detector` searches for values that no rule tells, or no folder is named and `place` has none.
    pub fn new(
        place: &Path,
        folder: Option<PathBuf>,
        detector: &Detector,
        max_size: u64,
        archive_depth: u32,
    ) -> Result<Self, CacheError> {
        if detector.knows_values() {
            return Err(CacheError::KnownValues);
        }
        Self::of(place, folder, key(detector, max_size, archive_depth))
    }

    /// The cache that is for the repository at `place` what this one is for its own.
    ///
    /// # Errors
    /// When no folder is named and `place` has none.
    pub(super) fn beside(&self, place: &Path) -> Result<Self, CacheError> {
        Self::of(place, self.named.then(|| self.folder.clone()), self.key)
    }

    fn of(place: &Path, folder: Option<PathBuf>, key: [u8; 32]) -> Result<Self, CacheError> {
        let common =
            Layout::discover(place).ok().filter(|_| !place.is_file()).map(|layout| layout.common_dir);
        let Some(folder) = folder else {
            let folder = common.ok_or(CacheError::NoFolder)?.join("leakward");
            return Ok(Self { folder, named: false, prefix: "history-".to_owned(), key });
        };
        // Several repositories may share a folder.
        let owner = common.unwrap_or_else(|| place.to_owned());
        let owner = fs::canonicalize(&owner).unwrap_or(owner);
        let owner = blake3::hash(owner.as_os_str().as_encoded_bytes()).to_hex();
        Ok(Self { folder, named: true, prefix: format!("history-{}-", &owner[..16]), key })
    }

    /// What `fit` makes of what the last scan left, if there is anything and it fits.
    pub(super) fn load<T>(&self, tally: &mut Tally, fit: impl FnOnce(&Archive) -> Option<T>) -> Option<T> {
        let path = self.path();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return None,
            Err(e) => {
                tally.notes.push(format!("the cache {} was not used: {e}", path.display()));
                return None;
            }
        };
        let fitted = self.opened(&bytes).and_then(Archive::decode).map(|archive| fit(&archive));
        match fitted {
            Some(Some(fitted)) => return Some(fitted),
            Some(None) => tally
                .notes
                .push(format!("the cache {} was not used: it does not fit the repository", path.display())),
            None => tally.notes.push(format!("the cache {} was not used: it is damaged", path.display())),
        }
        // What is not used is not left to be read, and complained of, again.
        let _ = fs::remove_file(&path);
        None
    }

    /// Leaves `archive` for the next scan. When that fails it is said in `tally`, and the scan counts all the same.
    pub(super) fn save(&self, archive: &Archive, tally: &mut Tally) {
        if let Err(e) = self.write(&archive.encode()) {
            tally.notes.push(format!("the cache {} was not written: {e}", self.folder.display()));
        }
    }

    fn path(&self) -> PathBuf {
        let name: String = self.key.iter().take(8).map(|b| format!("{b:02x}")).collect();
        self.folder.join(format!("{}{name}.cache", self.prefix))
    }

    /// The content of the file `bytes`, if it is whole and of the same key.
    fn opened<'b>(&self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let rest = bytes.strip_prefix(MAGIC)?.strip_prefix(&self.key)?;
        let (sum, content) = rest.split_first_chunk::<32>()?;
        (blake3::hash(content) == blake3::Hash::from_bytes(*sum)).then_some(content)
    }

    fn write(&self, content: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut file =
            tempfile::Builder::new().prefix(".leakward-").suffix(".part").tempfile_in(&self.folder)?;
        for part in [&MAGIC[..], &self.key, blake3::hash(content).as_bytes(), content] {
            file.write_all(part)?;
        }
        file.persist(self.path()).map_err(|e| e.error)?;
        self.sweep();
        Ok(())
    }

    /// Removes what other rules left long ago, and what was never finished. What cannot be removed stays.
    fn sweep(&self) {
        let own = self.path();
        let mut others = Vec::new();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().filter_map(Result::ok) {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let Ok(written) = entry.metadata().and_then(|m| m.modified()) else { continue };
            if name.starts_with(".leakward-") && name.ends_with(".part") {
                if SystemTime::now().duration_since(written).is_ok_and(|age| age > ABANDONED) {
                    let _ = fs::remove_file(path);
                }
            } else if name.starts_with(&self.prefix) && name.ends_with(".cache") && path != own {
                others.push((written, path));
            }
        }
        others.sort_unstable_by(|a, b| b.cmp(a));
        for (_, path) in others.into_iter().skip(OTHERS) {
            let _ = fs::remove_file(path);
        }
    }
}

/// What rules, settings and this program come to: what differs in any of them has a key of its own.
fn key(detector: &Detector, max_size: u64, archive_depth: u32) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    // The build stands for the built-in rules and for how they are applied.
    hash.update(MAGIC).update(env!("CARGO_PKG_VERSION").as_bytes()).update(env!("LEAKWARD_BUILD").as_bytes());
    hash.update(&max_size.to_le_bytes()).update(&archive_depth.to_le_bytes());
    for rule in detector.pack().rules() {
        let text = match rule {
            RuleRef::Static(rule) => format!("built in: {}\n", rule.rule.id),
            RuleRef::Loaded(rule) => format!("loaded: {rule:?}\n"),
        };
        hash.update(text.as_bytes());
    }
    *hash.finalize().as_bytes()
}
