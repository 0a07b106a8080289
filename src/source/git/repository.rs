//! An open repository: what the next commit or a commit holds, whichever reader is at work.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use bstr::{BStr, ByteSlice};

use super::reader::{IndexEntry, Object, Reader, Walk};
use super::{CommitObject, GitError, Mode, ObjectId, ObjectKind, Place, TreeEntries};

/// An open repository. Not shared between threads: each opens its own.
pub struct Repository {
    place: Place,
    reader: Box<dyn Reader>,
    shallow: OnceCell<HashSet<ObjectId>>,
}

impl Repository {
    /// Opens the repository at `place`.
    ///
    /// # Errors
    /// It is not there, not to be trusted, or not readable.
    pub fn open(place: &Place) -> Result<Self, GitError> {
        Ok(Self { reader: place.open()?, place: place.clone(), shallow: OnceCell::new() })
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The directory that holds `HEAD` and the index.
    pub fn git_dir(&self) -> &Path {
        self.reader.git_dir()
    }

    /// The root of the work tree; `None` of a bare repository.
    pub fn work_tree(&self) -> Option<&Path> {
        self.reader.work_tree()
    }

    /// The index, sorted by path, then stage.
    ///
    /// # Errors
    /// The repository is bare, or neither reader can read the index.
    pub fn index(&self) -> Result<Vec<IndexEntry>, GitError> {
        let file = self.index_file()?;
        if !file.exists() {
            return self.without_index(file);
        }
        self.reader.index(&file).or_else(|first| {
            let failed = |second: String| {
                let why = if second == first.0 { second } else { format!("{first}; {second}") };
                GitError::Index { path: file.clone(), why }
            };
            let command = self.place.open_by_command().map_err(|e| failed(e.to_string()))?;
            command.index(&file).map_err(|e| failed(e.0))
        })
    }

    /// The commit that `HEAD` points at; `None` before the first commit.
    ///
    /// # Errors
    /// `HEAD` is damaged.
    pub fn head(&self) -> Result<Option<ObjectId>, GitError> {
        self.reader.head().map_err(|e| GitError::Object { id: "HEAD".to_owned(), why: e.0 })
    }

    /// The tree of `HEAD`; `None` before the first commit.
    ///
    /// # Errors
    /// `HEAD` is damaged.
    pub fn head_tree(&self) -> Result<Option<ObjectId>, GitError> {
        self.head()?.map(|id| Ok(self.commit(id)?.tree)).transpose()
    }

    /// The commit `id`.
    ///
    /// # Errors
    /// It is missing or damaged.
    pub fn commit(&self, id: ObjectId) -> Result<CommitObject, GitError> {
        let object = self.object(id)?;
        let damaged = || GitError::Object { id: id.to_string(), why: "the commit is damaged".to_owned() };
        if object.kind == ObjectKind::Commit { CommitObject::parse(&object.bytes) } else { None }
            .ok_or_else(damaged)
    }

    /// The object `id`.
    ///
    /// # Errors
    /// It is missing or damaged.
    pub fn object(&self, id: ObjectId) -> Result<Object, GitError> {
        present(id, self.reader.object(id))
    }

    /// The kind of the object `id`.
    ///
    /// # Errors
    /// It is missing or damaged.
    pub fn kind(&self, id: ObjectId) -> Result<ObjectKind, GitError> {
        Ok(present(id, self.reader.header(id))?.0)
    }

    /// Size of the object `id` in bytes; `None` when it is missing.
    ///
    /// # Errors
    /// It is damaged.
    pub fn size(&self, id: ObjectId) -> Result<Option<u64>, GitError> {
        let header = self.reader.header(id);
        let header = header.map_err(|e| GitError::Object { id: id.to_string(), why: e.0 })?;
        Ok(header.map(|(_, size)| size))
    }

    /// The object that `rev` names.
    ///
    /// # Errors
    /// There is none.
    pub fn resolve(&self, rev: &str) -> Result<ObjectId, GitError> {
        let missing = || GitError::Revision { rev: rev.to_owned(), shallow: self.is_shallow() };
        let id = self.reader.resolve(rev);
        id.map_err(|e| GitError::Object { id: rev.to_owned(), why: e.0 })?.ok_or_else(missing)
    }

    /// Whether the object `id` is there.
    pub fn has(&self, id: ObjectId) -> bool {
        matches!(self.reader.header(id), Ok(Some(_)))
    }

    /// Full names of all refs and what they point at.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn refs(&self) -> Result<Vec<(bstr::BString, ObjectId)>, GitError> {
        self.reader.refs().map_err(|e| GitError::Object { id: "refs".to_owned(), why: e.0 })
    }

    /// The commits of `walk`, parents before children.
    ///
    /// # Errors
    /// One of them is missing or damaged.
    pub fn commits(&self, walk: &Walk) -> Result<Vec<ObjectId>, GitError> {
        let failed = |e: super::ReadError| GitError::Object { id: "history".to_owned(), why: e.0 };
        self.reader.commits(walk).map_err(failed)
    }

    /// The commits at which the histories of `a` and `b` part.
    ///
    /// # Errors
    /// A commit is missing or damaged.
    pub fn merge_bases(&self, a: ObjectId, b: ObjectId) -> Result<Vec<ObjectId>, GitError> {
        let failed = |e: super::ReadError| GitError::Object { id: format!("{a}...{b}"), why: e.0 };
        self.reader.merge_bases(a, b).map_err(failed)
    }

    /// Whether the clone is cut off somewhere in the past.
    pub fn is_shallow(&self) -> bool {
        !self.shallow().is_empty()
    }

    /// The commits whose parents a shallow clone lacks.
    pub fn shallow(&self) -> &HashSet<ObjectId> {
        self.shallow.get_or_init(|| {
            let listed = std::fs::read(self.reader.common_dir().join("shallow")).unwrap_or_default();
            listed.lines().filter_map(ObjectId::from_hex).collect()
        })
    }

    /// The content of the file `path` of the tree `tree`; `None` when it holds no such file.
    ///
    /// # Errors
    /// A tree or the file is missing or damaged.
    pub fn file_in_tree(&self, tree: ObjectId, path: &BStr) -> Result<Option<Vec<u8>>, GitError> {
        let mut at = (Mode::Tree, tree);
        for name in path.split_str(b"/") {
            if at.0 != Mode::Tree {
                return Ok(None);
            }
            let object = self.object(at.1)?;
            let damaged = |e: super::BadTree| GitError::Object { id: at.1.to_string(), why: e.to_string() };
            let mut entries = TreeEntries::new(&object.bytes, at.1.kind());
            let found = entries.find(|e| e.as_ref().map_or(true, |e| e.name == name));
            match found.transpose().map_err(damaged)? {
                Some(entry) => at = (entry.mode, entry.id),
                None => return Ok(None),
            }
        }
        if at.0 == Mode::File { Ok(Some(self.object(at.1)?.bytes)) } else { Ok(None) }
    }

    /// The index file: the one that the environment names, else the repository's own.
    fn index_file(&self) -> Result<PathBuf, GitError> {
        match (self.place.index_variable(), self.reader.work_tree()) {
            // Git looks a relative name up from the root of the work tree, wherever it was called.
            (Some(named), Some(top)) => Ok(top.join(named)),
            (Some(named), None) => Ok(named.into()),
            (None, Some(_)) => Ok(self.git_dir().join("index")),
            (None, None) => Err(GitError::Bare(self.place.path().to_owned())),
        }
    }

    /// The index when there is no file: empty in a young repository, an error where the environment names another.
    fn without_index(&self, file: PathBuf) -> Result<Vec<IndexEntry>, GitError> {
        let own = self.git_dir().join("index");
        let same = |a: &Path, b: &Path| {
            let dir = |p: &Path| p.parent().and_then(|p| p.canonicalize().ok());
            a.file_name() == b.file_name() && dir(a).is_some() && dir(a) == dir(b)
        };
        if same(&file, &own) {
            return Ok(Vec::new());
        }
        Err(GitError::Environment {
            name: "GIT_INDEX_FILE",
            value: file.to_string_lossy().into_owned(),
            why: "no such file".to_owned(),
        })
    }
}

/// What a reader says of the object `id`, which must be there.
fn present<T>(id: ObjectId, read: Result<Option<T>, super::ReadError>) -> Result<T, GitError> {
    let why = match read {
        Ok(Some(found)) => return Ok(found),
        Ok(None) => "it is missing".to_owned(),
        Err(error) => error.0,
    };
    Err(GitError::Object { id: id.to_string(), why })
}
