//! cpio, and the packages of Red Hat that are made of it.

use std::io::{self, Read};

use bstr::BString;

use super::input::Input;
use super::unpacker::{Halt, Unpacker};

/// Bytes of the head of a member of a cpio.
const HEAD: usize = 110;
/// Longest name of a member, in bytes.
const LONGEST_NAME: usize = 64 << 10;
/// Bytes of a package in front of its first header.
const LEAD: usize = 96;
/// Mark of a header.
const HEADER: [u8; 3] = [0x8e, 0xad, 0xe8];

/// Scans the members of a cpio of the new format.
pub(super) fn cpio(unpacker: &mut Unpacker<'_>, path: &BString, input: Input<'_>) -> Result<(), Halt> {
    let mut stream = input.stream();
    loop {
        let member = match Member::read(&mut stream) {
            Ok(Some(member)) => member,
            Ok(None) => return Ok(()),
            Err(cause) => return unpacker.unread(path, &corrupt("cpio", &cause)),
        };
        let mut content = stream.by_ref().take(member.size);
        if member.is_file() {
            unpacker.member(path, &member.name, &mut content)?;
        }
        // What the scan left, and what fills up to four bytes.
        let rest =
            io::copy(&mut content, &mut io::sink()).and_then(|_| skip(&mut stream, padding(member.size)));
        if let Err(cause) = rest {
            return unpacker.unread(path, &corrupt("cpio", &cause));
        }
    }
}

/// Scans the content of a package: behind a lead and two headers, a compressed cpio.
pub(super) fn rpm(unpacker: &mut Unpacker<'_>, path: &BString, input: Input<'_>) -> Result<(), Halt> {
    let mut stream = input.stream();
    let read = skip(&mut stream, LEAD as u64)
        .and_then(|()| header(&mut stream))
        .and_then(|length| skip(&mut stream, (8 - length % 8) % 8))
        .and_then(|()| header(&mut stream));
    match read {
        Ok(_) => unpacker.content(path, &mut stream),
        Err(cause) => unpacker.unread(path, &corrupt("package", &cause)),
    }
}

/// A member of a cpio.
struct Member {
    name: Vec<u8>,
    mode: u64,
    size: u64,
}

impl Member {
    /// Reads the head of the next member; `None` behind the last.
    fn read(stream: &mut impl Read) -> io::Result<Option<Self>> {
        let mut head = [0; HEAD];
        stream.read_exact(&mut head)?;
        if !head.starts_with(b"07070") {
            return Err(io::Error::other("a member without a head"));
        }
        let field = |i: usize| {
            let digits = std::str::from_utf8(&head[6 + 8 * i..14 + 8 * i]).ok();
            digits
                .and_then(|d| u64::from_str_radix(d, 16).ok())
                .ok_or_else(|| io::Error::other("a head of no numbers"))
        };
        let (mode, size, length) = (field(1)?, field(6)?, field(11)?);
        if length == 0 || length > LONGEST_NAME as u64 {
            return Err(io::Error::other("a name of no length"));
        }
        let mut name = vec![0; length as usize];
        stream.read_exact(&mut name)?;
        name.pop();
        skip(stream, padding(HEAD as u64 + length))?;
        Ok((name != b"TRAILER!!!").then_some(Self { name, mode, size }))
    }

    fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }
}

/// Bytes that fill up to a multiple of four.
const fn padding(length: u64) -> u64 {
    (4 - length % 4) % 4
}

/// Passes over a header. Returns its length, in bytes.
fn header(stream: &mut impl Read) -> io::Result<u64> {
    let mut head = [0; 16];
    stream.read_exact(&mut head)?;
    if head[..3] != HEADER {
        return Err(io::Error::other("a header without its mark"));
    }
    let number =
        |at: usize| u64::from(u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]));
    let length = number(8) * 16 + number(12);
    skip(stream, length)?;
    Ok(16 + length)
}

fn skip(stream: &mut impl Read, bytes: u64) -> io::Result<()> {
    if io::copy(&mut stream.take(bytes), &mut io::sink())? < bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn corrupt(kind: &str, cause: &io::Error) -> io::Error {
    io::Error::other(format!("the {kind} in it cannot be read: {cause}"))
}
