//! The way from a container to its members.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::rc::Rc;

use bstr::BString;

use super::budget::{Budget, Metered};
use super::compressed::unpacked;
use super::input::{Input, ReadSeek};
use super::kind::Kind;
use super::{constants, members, office, packages, pdf, sqlite};
use crate::decode::is_opaque;
use crate::model::{Origin, Place, SkipReason, Span, Tally};
use crate::source::Visitor;
use crate::source::windows::Windows;

/// Bytes of a member's head that are read before it is known what it is.
const HEAD: u64 = 64 << 10;
/// Bytes of a container inside another that are held in memory.
pub(super) const HELD: u64 = 256 << 20;

/// Opens a container and hands its members to a visitor.
pub(in crate::source) struct Unpacker<'u> {
    visitor: &'u mut dyn Visitor,
    tally: &'u mut Tally,
    place: Place,
    /// Set when the container's size is known.
    budget: Rc<Budget>,
    depth: u32,
    max_depth: u32,
}

/// Nothing more of the container on disk is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    /// The visitor has had enough.
    Visitor,
    /// The budget is spent.
    Budget,
}

impl<'u> Unpacker<'u> {
    /// One that goes down to `max_depth` containers in containers.
    pub(in crate::source) fn new(visitor: &'u mut dyn Visitor, tally: &'u mut Tally, max_depth: u32) -> Self {
        Self { visitor, tally, place: Place::File, budget: Rc::new(Budget::of(0)), depth: 0, max_depth }
    }

    /// Scans what is in the container `bytes` of `kind` that lies at `origin` and is `size` bytes long.
    pub(in crate::source) fn unpack(
        self,
        origin: &Origin,
        kind: Kind,
        bytes: &mut dyn ReadSeek,
        size: u64,
    ) -> ControlFlow<()> {
        self.unpack_within(Budget::of(size), origin, kind, Input::Anywhere(bytes))
    }

    /// The same for a container that can only be read from begin to end; its size shows in the end.
    pub(in crate::source) fn unpack_stream(
        self,
        origin: &Origin,
        kind: Kind,
        bytes: &mut dyn Read,
    ) -> ControlFlow<()> {
        self.unpack_within(Budget::of(u64::MAX), origin, kind, Input::Stream(bytes))
    }

    pub(super) fn unpack_within(
        mut self,
        budget: Budget,
        origin: &Origin,
        kind: Kind,
        input: Input<'_>,
    ) -> ControlFlow<()> {
        self.place = origin.place.clone();
        self.budget = Rc::new(budget);
        match self.container(&origin.path, kind, input) {
            Ok(()) => ControlFlow::Continue(()),
            Err(Halt::Visitor) => ControlFlow::Break(()),
            Err(Halt::Budget) => {
                let limit = self.budget.whole();
                self.gap(
                    &origin.path,
                    format!("it unpacks to more than {limit} bytes; the rest was not scanned"),
                );
                ControlFlow::Continue(())
            }
        }
    }

    /// Opens a container.
    fn container(&mut self, path: &BString, kind: Kind, input: Input<'_>) -> Result<(), Halt> {
        if self.depth == self.max_depth {
            self.gap(path, format!("it lies in more than {} containers", self.max_depth));
            return Ok(());
        }
        self.depth += 1;
        let done = match kind {
            Kind::Zip => members::zip(self, path, input),
            Kind::Tar => members::tar(self, path, input),
            Kind::Ar => members::ar(self, path, input),
            Kind::SevenZip => members::seven_zip(self, path, input),
            Kind::Cpio => packages::cpio(self, path, input),
            Kind::Rpm => packages::rpm(self, path, input),
            Kind::Pdf => pdf::pdf(self, path, input),
            Kind::Sqlite => sqlite::sqlite(self, path, input),
            Kind::Bytecode => constants::constants(self, path, input),
            Kind::Gzip | Kind::Bzip2 | Kind::Xz | Kind::Zstandard => match unpacked(kind, input.stream()) {
                Some(mut content) => self.content(path, &mut content),
                None => Ok(()),
            },
        };
        self.depth -= 1;
        match done {
            // What fails because the budget is spent is not corrupt.
            Ok(()) if self.budget.is_spent() => Err(Halt::Budget),
            other => other,
        }
    }

    /// Scans the member called `name` of the container at `path`.
    pub(super) fn member(&mut self, path: &BString, name: &[u8], content: &mut dyn Read) -> Result<(), Halt> {
        if !self.budget.spend(Budget::MEMBER) {
            return Err(Halt::Budget);
        }
        self.content(&inside(path, name), content)
    }

    /// Scans the member called `name` of the container at `path`, a part of an Office document: its text alone.
    pub(super) fn document(
        &mut self,
        path: &BString,
        name: &[u8],
        content: &mut dyn Read,
    ) -> Result<(), Halt> {
        let mut markup = Vec::new();
        let metered = Metered::new(content, &self.budget);
        if let Err(cause) = metered.take(HELD).read_to_end(&mut markup) {
            return self.unread(&inside(path, name), &cause);
        }
        let text = office::text(&markup);
        self.member(path, name, &mut text.as_slice())
    }

    /// Scans what lies at `path`: text, another container, or neither.
    pub(super) fn content(&mut self, path: &BString, content: &mut dyn Read) -> Result<(), Halt> {
        // A layer pays for its bytes even when the layer around it has.
        let mut content = Metered::new(content, &self.budget);
        let mut head = Vec::new();
        if let Err(cause) = content.by_ref().take(HEAD).read_to_end(&mut head) {
            return self.unread(path, &cause);
        }
        let kind = Kind::of(&head);
        let mut whole = head.as_slice().chain(content);
        match kind {
            Some(kind) => self.container(path, kind, Input::Stream(&mut whole)),
            None if is_opaque(&head) => {
                self.tally.skip(SkipReason::Binary);
                Ok(())
            }
            None => self.text(path, &mut whole),
        }
    }

    fn text(&mut self, path: &BString, content: &mut dyn Read) -> Result<(), Halt> {
        let origin = Origin::new(path.clone(), self.place.clone());
        let mut windows = Windows::new(content);
        let (mut buffer, mut core) = (Vec::new(), [Span::new(0, 0)]);
        self.tally.blobs += 1;
        loop {
            match windows.next(&mut buffer) {
                Ok(None) => return Ok(()),
                Ok(Some(window)) => {
                    self.tally.bytes += window.bytes();
                    if self.visitor.visit(&origin, &window.blob(&buffer, &mut core)).is_break() {
                        return Err(Halt::Visitor);
                    }
                }
                Err(cause) => return self.unread(path, &cause),
            }
        }
    }

    /// Bytes that may still be unpacked.
    pub(super) fn left(&self) -> u64 {
        self.budget.left()
    }

    /// Records that what lies at `path` could not be read whole.
    pub(super) fn unread(&mut self, path: &BString, cause: &io::Error) -> Result<(), Halt> {
        if self.budget.is_spent() {
            return Err(Halt::Budget);
        }
        self.gap(path, cause.to_string());
        Ok(())
    }

    /// Records a gap.
    pub(super) fn gap(&mut self, path: &BString, why: impl Into<String>) {
        self.tally.gap(path.clone(), why);
    }
}

/// The path of the member `name` of the container at `path`.
pub(super) fn inside(path: &BString, name: &[u8]) -> BString {
    let mut whole = path.clone();
    whole.push(b'!');
    whole.extend_from_slice(name.strip_prefix(b"./").unwrap_or(name));
    whole
}
