//! Where reports go: standard output, or a file that appears only when its report is complete.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::report::{Reporter, Summary};

/// One report of a run.
pub struct Output {
    /// The format.
    pub reporter: Box<dyn Reporter>,
    /// The place.
    pub target: Target,
}

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Standard output. A reader that has gone away is no error.
    Stdout,
    /// Standard error; that it cannot be written is no error.
    Stderr,
    /// A file, replaced as a whole.
    File(PathBuf),
}

/// A report could not be written. The user must find it another place, or room.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {target}: {cause}")]
pub struct OutputError {
    /// The place, as the user named it.
    target: String,
    /// The system's reason.
    cause: io::Error,
}

/// Writes every report; a failure does not keep the others from being written.
///
/// # Errors
/// The first failure.
pub fn write_all(outputs: &[Output], summary: &Summary<'_>) -> Result<(), OutputError> {
    let mut result = Ok(());
    for Output { reporter, target } in outputs {
        let written = match target {
            Target::Stdout => to_stdout(reporter.as_ref(), summary),
            Target::Stderr => {
                let _ = reporter.report(summary, &mut io::stderr().lock());
                Ok(())
            }
            Target::File(path) => to_file(path, reporter.as_ref(), summary),
        };
        for warning in reporter.warnings(summary) {
            warn(&warning);
        }
        let named = written.map_err(|cause| OutputError { target: target.to_string(), cause });
        result = result.and(named);
    }
    result
}

/// Says `warning` on standard error.
fn warn(warning: &str) {
    let yellow = anstyle::AnsiColor::Yellow.on_default().bold();
    // Where standard error is gone, nobody is left to be told.
    let _ = writeln!(anstream::stderr().lock(), "{yellow}warning:{yellow:#} {warning}");
}

fn to_stdout(reporter: &dyn Reporter, summary: &Summary<'_>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = reporter.report(summary, &mut out).and_then(|()| out.flush());
    match written {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {
            // Nobody reads on; what is left in the buffer must not be tried again.
            let _ = out.into_parts();
            Ok(())
        }
        other => other,
    }
}

/// Writes a report beside `path` and moves it there when it is complete.
fn to_file(path: &Path, reporter: &dyn Reporter, summary: &Summary<'_>) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&path).is_ok_and(|m| !m.is_file()) {
        // A pipe or a device cannot be replaced, and a reader of it sees the report grow in any case.
        let mut out = BufWriter::new(fs::OpenOptions::new().write(true).open(&path)?);
        return reporter.report(summary, &mut out).and_then(|()| out.flush());
    }
    let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::metadata(dir)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".leakward-").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut out = BufWriter::new(builder.tempfile_in(dir).map_err(|e| bare(&e))?);
    reporter.report(summary, &mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.persist(&path).map_err(|e| bare(&e.error))?;
    Ok(())
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdout => f.write_str("standard output"),
            Self::Stderr => f.write_str("standard error"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output").field("target", &self.target).finish_non_exhaustive()
    }
}

/// `error` without the name of the temporary file, which would only puzzle.
fn bare(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}
