//! Where other scanners are called from.

use std::fs;
use std::path::Path;
use std::process::Command;

use bstr::ByteSlice as _;

/// A file that may call a scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Path relative to the folder, `/` between parts.
    pub(super) path: String,
    /// Whether it is pre-commit's configuration.
    pub(super) pre_commit: bool,
}

/// Files at the root that may call one.
const AT_ROOT: [&str; 12] = [
    "lefthook.yml",
    "lefthook.yaml",
    ".lefthook.yml",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    "azure-pipelines.yml",
    ".azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "Jenkinsfile",
    ".drone.yml",
    ".travis.yml",
    "Makefile",
];
/// Folders whose files may call one, and how their names end.
const FOLDERS: [(&str, &[&str]); 5] = [
    (".github/workflows", &[".yml", ".yaml"]),
    (".gitlab/ci", &[".yml", ".yaml"]),
    (".azure-pipelines", &[".yml", ".yaml"]),
    (".husky", &[""]),
    (".githooks", &[""]),
];

/// Every one that is there, in a fixed order.
pub(super) fn all(folder: &Path) -> Vec<Place> {
    let mut places: Vec<Place> = [".pre-commit-config.yaml", ".pre-commit-config.yml"]
        .iter()
        .map(|path| Place { path: (*path).to_owned(), pre_commit: true })
        .collect();
    let plain = |path: String| Place { path, pre_commit: false };
    places.extend(AT_ROOT.iter().map(|path| plain((*path).to_owned())));
    for (name, endings) in FOLDERS {
        places.extend(files_in(folder, name, endings).into_iter().map(plain));
    }
    if let Some(hooks) = hooks_of(folder) {
        places.extend(
            files_in(folder, &hooks, &[""]).into_iter().filter(|p| !p.ends_with(".sample")).map(plain),
        );
    }
    places.retain(|place| folder.join(&place.path).is_file());
    places.dedup();
    places
}

/// Files of the folder `name` whose names end with one of `endings`, sorted.
fn files_in(folder: &Path, name: &str, endings: &[&str]) -> Vec<String> {
    let entries = fs::read_dir(folder.join(name)).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let fits = |file: &String| endings.iter().any(|ending| file.ends_with(ending));
    let mut names: Vec<_> = names.filter(fits).map(|file| format!("{name}/{file}")).collect();
    names.sort_unstable();
    names
}

/// The folder of git's own hooks, where it lies inside the repository at `folder`.
fn hooks_of(folder: &Path) -> Option<String> {
    let output =
        Command::new("git").args(["rev-parse", "--git-path", "hooks"]).current_dir(folder).output().ok()?;
    let path = output.stdout.trim_end().to_path_lossy().into_owned();
    let path = path.strip_prefix(folder).map(Path::to_owned).unwrap_or(path);
    let path = path.to_str()?.to_owned();
    let own = FOLDERS.iter().any(|(name, _)| *name == path);
    (output.status.success() && !own && Path::new(&path).is_relative() && !path.starts_with(".."))
        .then_some(path)
}
