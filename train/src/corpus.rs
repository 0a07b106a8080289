//! The folder of labelled texts: `labels.jsonl` beside `data/`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Labelled texts.
pub(crate) struct Corpus {
    /// The texts, sorted by name.
    pub(crate) texts: Vec<Text>,
    /// A hash of all labels and texts.
    pub(crate) hash: [u8; 32],
}

/// One text.
pub(crate) struct Text {
    /// Its name: a path relative to `data/`.
    pub(crate) name: String,
    /// The repository that it came from.
    pub(crate) repo: String,
    pub(crate) bytes: Vec<u8>,
    /// What people said of its lines, as the file gives it.
    pub(crate) labels: Vec<Label>,
}

/// What people said of some lines of a text.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Label {
    file: String,
    pub(crate) line_start: u64,
    pub(crate) line_end: u64,
    pub(crate) value_start: i64,
    pub(crate) value_end: i64,
    pub(crate) label: String,
    pub(crate) category: String,
    repo: String,
    #[serde(default)]
    pub(crate) suspect: bool,
}

/// Why a folder cannot be used.
#[derive(Debug)]
pub(crate) struct Missing {
    what: PathBuf,
    why: String,
}

impl Corpus {
    /// Reads the folder at `root`. Texts without a label are read too when `data/` holds them.
    pub(crate) fn read(root: &Path) -> Result<Self, Missing> {
        let path = root.join("labels.jsonl");
        let file = fs::read(&path).map_err(|e| Missing::new(&path, e))?;
        let mut labels: BTreeMap<String, Vec<Label>> = BTreeMap::new();
        for line in file.split(|&b| b == b'\n').filter(|l| !l.is_empty()) {
            let label: Label = serde_json::from_slice(line).map_err(|e| Missing::new(&path, e))?;
            labels.entry(label.file.clone()).or_default().push(label);
        }
        let data = root.join("data");
        let mut names = BTreeSet::new();
        walk(&data, &data, &mut names)?;
        // A folder of the first letters of a name holds the texts of one repository.
        let repos: BTreeMap<String, String> =
            labels.values().flatten().map(|l| (top(&l.file).to_owned(), l.repo.clone())).collect();
        let mut hash = blake3::Hasher::new();
        hash.update(&file);
        let mut texts = Vec::new();
        for name in names.iter().chain(labels.keys().filter(|n| !names.contains(*n))) {
            let path = data.join(name);
            let bytes = fs::read(&path).map_err(|e| Missing::new(&path, e))?;
            hash.update(name.as_bytes()).update(&(bytes.len() as u64).to_le_bytes()).update(&bytes);
            let labels = labels.get(name).cloned().unwrap_or_default();
            let repo = repos.get(top(name)).cloned().unwrap_or_else(|| top(name).to_owned());
            texts.push(Text { name: name.clone(), repo, bytes, labels });
        }
        Ok(Self { texts, hash: *hash.finalize().as_bytes() })
    }

    /// The repositories, sorted.
    pub(crate) fn repos(&self) -> Vec<&str> {
        self.texts.iter().map(|t| t.repo.as_str()).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl Missing {
    fn new(what: &Path, why: impl fmt::Display) -> Self {
        Self { what: what.to_owned(), why: why.to_string() }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read {}: {}", self.what.display(), self.why)
    }
}

fn top(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}

fn walk(dir: &Path, root: &Path, names: &mut BTreeSet<String>) -> Result<(), Missing> {
    for entry in fs::read_dir(dir).map_err(|e| Missing::new(dir, e))? {
        let path = entry.map_err(|e| Missing::new(dir, e))?.path();
        if path.is_dir() {
            walk(&path, root, names)?;
        } else if let Ok(name) = path.strip_prefix(root) {
            names.insert(name.to_string_lossy().into_owned());
        }
    }
    Ok(())
}
