//! A running `git cat-file --batch` or `--batch-check`: a line in, an object out.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use bstr::ByteSlice;

use crate::source::git::reader::{Object, ReadError};
use crate::source::git::{ObjectId, ObjectKind};

/// A running batch. Ended and reaped when dropped.
pub(super) struct Batch {
    child: Child,
    /// `None` only while it is being dropped.
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

/// What a batch says of an object first.
pub(super) struct Header {
    pub(super) id: ObjectId,
    pub(super) kind: ObjectKind,
    /// In bytes.
    pub(super) size: u64,
}

impl Batch {
    /// Starts `command`.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn spawn(command: &mut Command) -> Result<Self, ReadError> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("standard output is piped, two lines above");
        Ok(Self { child, stdin, stdout: BufReader::new(stdout) })
    }

    /// What git says of the object that `name` (one line) names; `None` when there is none.
    ///
    /// # Errors
    /// That the batch ended or answered something unknown. It must not be asked again.
    pub(super) fn header(&mut self, name: &str) -> Result<Option<Header>, ReadError> {
        if let Some(stdin) = &mut self.stdin {
            stdin.write_all(format!("{name}\n").as_bytes())?;
            stdin.flush()?;
        }
        let mut line = Vec::new();
        self.stdout.read_until(b'\n', &mut line)?;
        let Some(line) = line.strip_suffix(b"\n") else {
            return Err(ReadError("git cat-file ended early: the object is damaged".to_owned()));
        };
        if [&b" missing"[..], b" ambiguous"].iter().any(|end| line.ends_with(end)) {
            return Ok(None);
        }
        let header = parse(line).ok_or_else(|| ReadError("git cat-file gave an unknown line".to_owned()))?;
        Ok(Some(header))
    }

    /// The object that `name` names; `None` when there is none.
    ///
    /// # Errors
    /// As for [`Self::header`].
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Object>, ReadError> {
        let Some(header) = self.header(name)? else { return Ok(None) };
        // One more for the line end after the content.
        let mut bytes = Vec::new();
        self.stdout.by_ref().take(header.size + 1).read_to_end(&mut bytes)?;
        if bytes.pop() != Some(b'\n') || bytes.len() as u64 != header.size {
            return Err(ReadError("git cat-file ended early: the object is damaged".to_owned()));
        }
        Ok(Some(Object { kind: header.kind, bytes }))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // Without input it ends by itself, unless it is still writing what nobody reads.
        self.stdin = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `<id> <kind> <size>`.
fn parse(line: &[u8]) -> Option<Header> {
    let mut words = line.split_str(b" ");
    let id = ObjectId::from_hex(words.next()?)?;
    let kind = ObjectKind::from_word(words.next()?)?;
    let size = words.next()?.to_str().ok()?.parse().ok()?;
    Some(Header { id, kind, size })
}
