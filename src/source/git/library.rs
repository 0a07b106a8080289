//! The reader that runs in this process: libgit2. Knows neither split nor sparse indexes, SHA-256, partial clones
//! or reftable; for these it fails, and [`super::command`] takes over.

use std::path::Path;

use bstr::BString;
use git2::{ErrorCode, ObjectType, Oid, Sort};

use super::reader::{IndexEntry, Object, ReadError, Reader, Walk};
use super::{Mode, ObjectId, ObjectKind};

/// Bit of an index entry's extended flags: the file is meant to be added later, its content is not in the index.
const INTENT_TO_ADD: u16 = 1 << 13;

/// A repository opened by libgit2.
pub(super) struct Library {
    repository: git2::Repository,
}

impl Library {
    /// Opens the repository that holds `path`. `environment` says whether variables such as
    /// `GIT_OBJECT_DIRECTORY` count; `GIT_DIR` does not.
    ///
    /// # Errors
    /// libgit2's.
    pub(super) fn open(path: &Path, environment: bool) -> Result<Self, git2::Error> {
        let mut flags = git2::RepositoryOpenFlags::empty();
        flags.set(git2::RepositoryOpenFlags::FROM_ENV, environment);
        Ok(Self::of(git2::Repository::open_ext(path, flags, std::iter::empty::<&Path>())?))
    }

    /// Opens the repository that the environment (`GIT_DIR` and its like) or else the current directory names.
    ///
    /// # Errors
    /// libgit2's.
    pub(super) fn open_from_environment() -> Result<Self, git2::Error> {
        Ok(Self::of(git2::Repository::open_from_env()?))
    }

    fn of(repository: git2::Repository) -> Self {
        // libgit2 hashes every object that it reads, unlike git: a quarter of the time that a range takes. What is
        // damaged on disk fails its checksum when it is inflated.
        git2::opts::strict_hash_verification(false);
        Self { repository }
    }
}

impl Reader for Library {
    fn git_dir(&self) -> &Path {
        self.repository.path()
    }

    fn common_dir(&self) -> &Path {
        self.repository.commondir()
    }

    fn work_tree(&self) -> Option<&Path> {
        self.repository.workdir()
    }

    fn head(&self) -> Result<Option<ObjectId>, ReadError> {
        match self.repository.head() {
            Ok(head) => Ok(head.resolve()?.target().map(id)),
            Err(e) if e.code() == ErrorCode::UnbornBranch => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    fn object(&self, id: ObjectId) -> Result<Option<Object>, ReadError> {
        let odb = self.repository.odb()?;
        let object = match odb.read(oid(id)?) {
            Ok(object) => object,
            Err(e) if e.code() == ErrorCode::NotFound => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        Ok(Some(Object { kind: kind(object.kind())?, bytes: object.data().to_vec() }))
    }

    fn header(&self, id: ObjectId) -> Result<Option<(ObjectKind, u64)>, ReadError> {
        match self.repository.odb()?.read_header(oid(id)?) {
            Ok((size, of)) => Ok(Some((kind(of)?, size as u64))),
            Err(e) if e.code() == ErrorCode::NotFound => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    fn index(&self, file: &Path) -> Result<Vec<IndexEntry>, ReadError> {
        let index = git2::Index::open(file)?;
        let mut entries = Vec::with_capacity(index.len());
        for entry in index.iter() {
            if entry.flags_extended & INTENT_TO_ADD == 0 {
                entries.push(IndexEntry {
                    mode: Mode::from_bits(entry.mode),
                    id: id(entry.id),
                    stage: ((entry.flags >> 12) & 3) as u8,
                    path: entry.path.into(),
                });
            }
        }
        // libgit2 sorts without regard to case where core.ignorecase says so.
        if !entries.is_sorted_by_key(|e| (&e.path, e.stage)) {
            entries.sort_unstable_by(|a, b| (&a.path, a.stage).cmp(&(&b.path, b.stage)));
        }
        Ok(entries)
    }

    fn resolve(&self, rev: &str) -> Result<Option<ObjectId>, ReadError> {
        match self.repository.revparse_single(rev) {
            Ok(object) => Ok(Some(id(object.id()))),
            Err(e) => match e.code() {
                ErrorCode::NotFound | ErrorCode::InvalidSpec | ErrorCode::UnbornBranch => Ok(None),
                _ => Err(e.into()),
            },
        }
    }

    fn refs(&self) -> Result<Vec<(BString, ObjectId)>, ReadError> {
        let mut refs = Vec::new();
        for reference in self.repository.references()? {
            let reference = reference?;
            // A symbolic ref that leads nowhere names nothing.
            if let Ok(direct) = reference.resolve()
                && let Some(target) = direct.target()
            {
                refs.push((reference.name_bytes().into(), id(target)));
            }
        }
        Ok(refs)
    }

    fn commits(&self, walk: &Walk) -> Result<Vec<ObjectId>, ReadError> {
        let mut revwalk = self.repository.revwalk()?;
        revwalk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME | Sort::REVERSE)?;
        if walk.first_parent {
            revwalk.simplify_first_parent()?;
        }
        for &include in &walk.include {
            revwalk.push(oid(include)?)?;
        }
        for &exclude in &walk.exclude {
            if let Ok(object) = self.repository.find_object(oid(exclude)?, None)
                && let Ok(commit) = object.peel_to_commit()
            {
                revwalk.hide(commit.id())?;
            }
        }
        revwalk.map(|step| Ok(id(step?))).collect()
    }

    fn merge_bases(&self, a: ObjectId, b: ObjectId) -> Result<Vec<ObjectId>, ReadError> {
        let commit = |id| -> Result<Oid, ReadError> {
            Ok(self.repository.find_object(oid(id)?, None)?.peel_to_commit()?.id())
        };
        match self.repository.merge_bases(commit(a)?, commit(b)?) {
            Ok(bases) => Ok(bases.iter().map(|&base| id(base)).collect()),
            Err(e) if e.code() == ErrorCode::NotFound => Ok(Vec::new()),
            Err(e) => Err(e.into()),
        }
    }
}

fn id(oid: Oid) -> ObjectId {
    ObjectId::new(oid.as_bytes()).expect("libgit2 ids have 20 bytes")
}

fn oid(id: ObjectId) -> Result<Oid, ReadError> {
    Ok(Oid::from_bytes(id.as_bytes())?)
}

fn kind(of: ObjectType) -> Result<ObjectKind, ReadError> {
    match of {
        ObjectType::Commit => Ok(ObjectKind::Commit),
        ObjectType::Tree => Ok(ObjectKind::Tree),
        ObjectType::Blob => Ok(ObjectKind::Blob),
        ObjectType::Tag => Ok(ObjectKind::Tag),
        ObjectType::Any => Err(ReadError("the object has no kind".to_owned())),
    }
}
