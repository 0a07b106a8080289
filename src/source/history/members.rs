//! Members of archives and compressed files: searched when their blob is, visited when it is known whose they are.
//!
//! A member has no name of its own in what is written down, only its place among those of its container: the same
//! walk over the same bytes meets the same members again.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::ControlFlow;

use bstr::BString;

use super::groups::LocalGroups;
use super::scanner::Scanner;
use crate::model::{Blob, Origin, Place, SkipReason, Span, Tally};
use crate::rule::RulePack;
use crate::source::Visitor;
use crate::source::archive::{Kind, Unpacker};

/// A candidate in a member of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MemberHit {
    /// Number of the blob that is the container.
    pub(super) object: u32,
    /// Number of the group.
    pub(super) group: u32,
    /// Place of the member among those that hold text.
    pub(super) member: u32,
    /// The secret, as bytes of the member.
    pub(super) span: Span,
}

/// Opens a container for what is searched: `found` gets each group with member and span. What was skipped, and what
/// could not be read, is in the tally.
pub(super) fn search(
    kind: Kind,
    bytes: &[u8],
    depth: u32,
    scanner: &mut Scanner<'_>,
    groups: &mut LocalGroups<'_>,
    pack: &RulePack,
    found: &mut (dyn FnMut(u32, u32, Span) + Send),
) -> Tally {
    let mut search = Search { scanner, groups, pack, found, place: Counted::default(), encoded: 0 };
    // Nobody sees this origin: where the container lies is known only later.
    let (_, mut tally) = open(kind, bytes, depth, &Origin::new("", Place::File), &mut search);
    if search.encoded > 0 {
        *tally.skipped.entry(SkipReason::Encoded).or_default() += search.encoded;
    }
    tally
}

/// Opens the container `bytes` at `origin` again and lets `visitor` see what of its members is `wanted`: spans by
/// member.
pub(super) fn visit(
    bytes: &[u8],
    depth: u32,
    origin: &Origin,
    wanted: &BTreeMap<u32, Vec<Span>>,
    visitor: &mut dyn Visitor,
) -> ControlFlow<()> {
    let Some(kind) = Kind::of(bytes) else { return ControlFlow::Continue(()) };
    open(kind, bytes, depth, origin, &mut Picked { visitor, wanted, place: Counted::default() }).0
}

fn open(
    kind: Kind,
    bytes: &[u8],
    depth: u32,
    origin: &Origin,
    visitor: &mut dyn Visitor,
) -> (ControlFlow<()>, Tally) {
    let mut tally = Tally::default();
    let flow = Unpacker::new(visitor, &mut tally, depth).unpack(
        origin,
        kind,
        &mut Cursor::new(bytes),
        bytes.len() as u64,
    );
    (flow, tally)
}

/// Counts members as they come by; a long one comes in several windows.
#[derive(Debug, Default)]
struct Counted {
    path: Option<BString>,
    next: u32,
}

impl Counted {
    /// The place of the member at `origin`.
    fn place(&mut self, origin: &Origin) -> u32 {
        if self.path.as_ref() != Some(&origin.path) {
            self.path = Some(BString::clone(&origin.path));
            self.next += 1;
        }
        self.next - 1
    }
}

/// Searches members.
struct Search<'s, 'd, 'g> {
    scanner: &'s mut Scanner<'d>,
    groups: &'s mut LocalGroups<'g>,
    pack: &'s RulePack,
    found: &'s mut (dyn FnMut(u32, u32, Span) + Send),
    place: Counted,
    /// Texts in which something encoded was not undone.
    encoded: u64,
}

impl Visitor for Search<'_, '_, '_> {
    fn visit(&mut self, origin: &Origin, blob: &Blob<'_>) -> ControlFlow<()> {
        let member = self.place.place(origin);
        let found = self.scanner.scan(blob.bytes);
        self.encoded += u64::from(found.too_much);
        for candidate in self.scanner.settled(blob.bytes, &found) {
            if blob.scope.admits(candidate.span)
                && let Some(group) = self.groups.number(self.pack, blob.bytes, &candidate, false)
            {
                (self.found)(group, member, candidate.span.shifted(blob.start.offset as isize));
            }
        }
        ControlFlow::Continue(())
    }
}

/// Hands on what is wanted.
struct Picked<'p> {
    visitor: &'p mut dyn Visitor,
    wanted: &'p BTreeMap<u32, Vec<Span>>,
    place: Counted,
}

impl Visitor for Picked<'_> {
    fn visit(&mut self, origin: &Origin, blob: &Blob<'_>) -> ControlFlow<()> {
        let member = self.place.place(origin);
        let Some(spans) = self.wanted.get(&member) else { return ControlFlow::Continue(()) };
        let window = Span::new(blob.start.offset, blob.start.offset + blob.bytes.len());
        let here = |span: &Span| span.start >= window.start && span.end <= window.end;
        let spans: Vec<Span> = spans
            .iter()
            .filter(|span| here(span))
            .map(|span| span.shifted(-(window.start as isize)))
            .filter(|span| blob.scope.admits(*span))
            .collect();
        let spans = super::visits::disjoint(&spans);
        if spans.is_empty() {
            return ControlFlow::Continue(());
        }
        self.visitor.visit(origin, &Blob::within(blob.bytes, &spans).starting_at(blob.start))
    }
}
