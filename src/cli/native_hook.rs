//! Hooks that git runs itself, without a framework: written, chained, and taken away again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use bstr::ByteSlice;

use super::Failure;

/// A hook of git that can stop what it runs before.
#[allow(clippy::enum_variant_names, reason = "git's own names")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    /// before a commit
    PreCommit,
    /// before the commit of a merge, for which git does not run pre-commit
    PreMergeCommit,
    /// before a push; also catches what was committed with --no-verify
    PrePush,
}

/// One hook of one repository.
pub(super) struct NativeHook {
    kind: Kind,
    /// The folder of the repository's hooks, wherever `core.hooksPath` puts it.
    folder: PathBuf,
}

/// The line by which a hook of ours is known.
const MARK: &str = "# written by `leakward hook install`; `leakward hook uninstall` takes it away";

impl NativeHook {
    /// The hook `kind` of the repository that holds `repo`.
    pub(super) fn of(repo: &Path, kind: Kind) -> Result<Self, Failure> {
        // Where hooks live is git's to say: core.hooksPath may stand in any of its files, and worktrees share.
        let top = match git(repo, &["rev-parse", "--show-toplevel"]) {
            Ok(top) if !top.as_os_str().is_empty() => top,
            _ => git(repo, &["rev-parse", "--absolute-git-dir"])?,
        };
        let folder = top.join(git(&top, &["rev-parse", "--git-path", "hooks"])?);
        if folder.components().any(|part| part.as_os_str() == ".husky") {
            let name = kind.name();
            return Err(Failure::new(format_args!("{}: husky looks after these hooks", folder.display()))
                .help(format_args!("add the line `{}` to .husky/{name}", kind.call("leakward"))));
        }
        Ok(Self { kind, folder })
    }

    /// Writes the hook; one that is there is kept and runs first. Says what was done.
    pub(super) fn install(&self) -> Result<String, Failure> {
        let (path, kept) = (self.path(), self.kept());
        fs::create_dir_all(&self.folder).map_err(|e| wrong(&self.folder, &e))?;
        if exists(&path) && !self.is_ours()? {
            if exists(&kept) {
                return Err(Failure::new(format_args!(
                    "{}: something has replaced the hook, and {} is kept from before",
                    path.display(),
                    kept.display()
                ))
                .help("remove the one that is not needed, then install again"));
            }
            fs::rename(&path, &kept).map_err(|e| wrong(&path, &e))?;
        }
        write_program(&path, &self.script()?).map_err(|e| wrong(&path, &e))?;
        let chained = if exists(&kept) { format!(", runs {} first", kept.display()) } else { String::new() };
        Ok(format!("installed {}{chained}", path.display()))
    }

    /// Removes the hook, and puts back what was there before. Says what was done.
    pub(super) fn uninstall(&self) -> Result<String, Failure> {
        let (path, kept) = (self.path(), self.kept());
        if !exists(&path) || !self.is_ours()? {
            return Ok(format!("{}: not a hook of leakward, left alone", path.display()));
        }
        if exists(&kept) {
            fs::rename(&kept, &path).map_err(|e| wrong(&kept, &e))?;
            return Ok(format!("restored {}", path.display()));
        }
        fs::remove_file(&path).map_err(|e| wrong(&path, &e))?;
        Ok(format!("removed {}", path.display()))
    }

    /// Where the hook is.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(self.kind.name())
    }

    /// Where a hook that was there before is kept.
    fn kept(&self) -> PathBuf {
        self.folder.join(format!("{}.before-leakward", self.kind.name()))
    }

    fn is_ours(&self) -> Result<bool, Failure> {
        match fs::read(self.path()) {
            Ok(text) => Ok(text.contains_str(MARK)),
            // A link that leads nowhere is somebody else's.
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(wrong(&self.path(), &e)),
        }
    }

    fn script(&self) -> Result<String, Failure> {
        let program = std::env::current_exe().map_err(|e| Failure::new(format_args!("own program: {e}")))?;
        let program = quoted(&program.display().to_string());
        let call = self.kind.call("\"$leakward\"");
        let kept = "before=\"$(dirname \"$0\")/$(basename \"$0\").before-leakward\"";
        let run = match self.kind {
            Kind::PreCommit | Kind::PreMergeCommit => {
                format!("if [ -x \"$before\" ]; then \"$before\" \"$@\" || exit; fi\n{call}\n")
            }
            // Both read what git says of the refs, every line of it.
            Kind::PrePush => format!(
                "refs=$(cat)\n\
                 if [ -x \"$before\" ]; then printf '%s\\n' \"$refs\" | \"$before\" \"$@\" || exit; fi\n\
                 printf '%s\\n' \"$refs\" | {call}\n"
            ),
        };
        Ok(format!(
            "#!/bin/sh\n{MARK}\nleakward={program}\n\
             [ -x \"$leakward\" ] || leakward=leakward\n{kept}\n{run}"
        ))
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PreMergeCommit => "pre-merge-commit",
            Self::PrePush => "pre-push",
        }
    }

    /// The line of a shell script that runs the check by `program`.
    fn call(self, program: &str) -> String {
        match self {
            Self::PreCommit | Self::PreMergeCommit => format!("{program} hook"),
            Self::PrePush => format!("{program} hook --push-to=\"$1\""),
        }
    }
}

/// The path that `git` with `args` answers in `folder`.
fn git(folder: &Path, args: &[&str]) -> Result<PathBuf, Failure> {
    let output = Command::new("git").args(args).current_dir(folder).output();
    let output = output.map_err(|e| Failure::new(format_args!("cannot run git: {e}")))?;
    if !output.status.success() {
        let why = output.stderr.lines().next().unwrap_or_default().to_str_lossy().into_owned();
        return Err(Failure::new(format_args!(
            "{}: {}",
            folder.display(),
            why.trim_start_matches("fatal: ")
        )));
    }
    let path = output.stdout.trim_end_with(|c| c == '\n');
    Ok(path.to_path_lossy().into_owned())
}

/// `text` as one word of a shell script.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Whether something is at `path`, be it a link that leads nowhere.
fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Writes an executable script, as a whole.
fn write_program(path: &Path, script: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".leakward-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    let mut file = builder.tempfile_in(folder)?;
    io::Write::write_all(&mut file, script.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

fn wrong(path: &Path, cause: &io::Error) -> Failure {
    Failure::new(format_args!("{}: {cause}", path.display()))
}
