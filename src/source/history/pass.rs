//! The one pass over all objects: scans blobs and messages, and enters trees and commits in their books.

use std::ops::Range;

use super::graph::GraphPart;
use super::groups::{Groups, LocalGroups};
use super::known::Known;
use super::ledger::{Entries, LedgerPart, Missing, Rows};
use super::members::{self, MemberHit};
use super::names::Names;
use super::reach::Reach;
use super::scanner::{Found, Scanner};
use super::texts::texts;
use crate::detect::Detector;
use crate::model::{MessageKind, SkipReason, Span, Tally};
use crate::source::archive::Kind;
use crate::source::odb::{CommitParts, Object, ObjectId, ObjectKind, Odb, OdbError, TagParts, Visitor};

/// A candidate in a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// Number of the blob.
    pub(super) object: u32,
    /// Number of the group.
    pub(super) group: u32,
    /// The secret.
    pub(super) span: Span,
}

/// A candidate in a commit or tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MessageHit {
    /// Number of the commit or tag.
    pub(super) object: u32,
    /// What kind of text it lies in.
    pub(super) kind: MessageKind,
    /// That text, as bytes of the object.
    pub(super) text: Range<usize>,
    /// Number of the group.
    pub(super) group: u32,
    /// The secret, as bytes of the text.
    pub(super) span: Span,
}

/// What all threads of a pass share.
#[derive(Debug)]
pub(super) struct Shared<'h> {
    pub(super) odb: &'h Odb,
    pub(super) detector: &'h Detector,
    /// Whether deltas are scanned in full like everything else.
    pub(super) full: bool,
    /// Containers in containers that are opened; 0: none is.
    pub(super) depth: u32,
    pub(super) names: Names,
    pub(super) missing: Missing,
    pub(super) groups: Groups,
    /// What an earlier scan has seen: it counts already.
    pub(super) known: Known,
}

/// One thread's part of the pass.
#[derive(Debug)]
pub(super) struct Pass<'h> {
    shared: &'h Shared<'h>,
    /// The blobs that count; `None`: all.
    reach: Option<&'h Reach>,
    pub(super) scanner: Scanner<'h>,
    groups: LocalGroups<'h>,
    pub(super) ledger: LedgerPart<'h>,
    pub(super) graph: GraphPart,
    /// Tags and what they name.
    pub(super) tags: Vec<(u32, Option<ObjectId>)>,
    pub(super) hits: Vec<Hit>,
    pub(super) message_hits: Vec<MessageHit>,
    pub(super) member_hits: Vec<MemberHit>,
    pub(super) skips: Vec<Skip>,
    pub(super) containers: Containers,
    pub(super) unreadable: Vec<(u32, OdbError)>,
    /// Objects of each kind, in the order of [`ObjectKind`].
    pub(super) counts: [u64; 4],
    /// Bytes of blobs and of texts in commits and tags.
    bytes: u64,
}

/// Something of an object that a policy left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Skip {
    /// Number of the object.
    pub(super) object: u32,
    pub(super) reason: SkipReason,
    /// How often.
    pub(super) count: u32,
}

/// What is to be told of containers besides what was found and skipped in them.
#[derive(Debug, Default)]
pub(super) struct Containers {
    /// What could not be read.
    pub(super) tally: Tally,
    /// Those of which something could not be read.
    pub(super) unread: Vec<u32>,
}

/// What an object leaves for those that are deltas on it.
#[derive(Debug)]
pub(super) enum Legacy<'h> {
    Blob(Found<'h>),
    Tree(Entries),
    None,
}

impl Legacy<'_> {
    fn entries(&self) -> Option<&Entries> {
        match self {
            Self::Tree(entries) => Some(entries),
            Self::Blob(_) | Self::None => None,
        }
    }
}

/// What one thread wrote down.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) rows: Rows,
    pub(super) graph: GraphPart,
    pub(super) tags: Vec<(u32, Option<ObjectId>)>,
    pub(super) hits: Vec<Hit>,
    pub(super) message_hits: Vec<MessageHit>,
    pub(super) member_hits: Vec<MemberHit>,
    pub(super) skips: Vec<Skip>,
    pub(super) containers: Containers,
    pub(super) counts: [u64; 4],
    /// Bytes of blobs and of texts in commits and tags.
    pub(super) bytes: u64,
    /// Bytes that were searched.
    pub(super) searched: u64,
}

impl<'h> Shared<'h> {
    /// Nothing written down yet.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(super) fn new(odb: &'h Odb, detector: &'h Detector, full: bool, depth: u32) -> std::io::Result<Self> {
        let (names, missing, groups) = (Names::default(), Missing::default(), Groups::new()?);
        Ok(Self { odb, detector, full, depth, names, missing, groups, known: Known::default() })
    }

    /// Whether object `number` is to be scanned: it is no further copy of another, and was not scanned earlier.
    pub(super) fn wants(&self, number: u32) -> bool {
        self.odb.is_first(number) && !self.known.has(number)
    }
}

impl<'h> Pass<'h> {
    /// One that has seen nothing yet; of blobs, those of `reach` count.
    pub(super) fn new(shared: &'h Shared<'h>, reach: Option<&'h Reach>) -> Self {
        Self {
            shared,
            reach,
            scanner: Scanner::new(shared.detector),
            groups: shared.groups.local(),
            ledger: LedgerPart::new(shared.odb, &shared.names, &shared.missing),
            graph: GraphPart::default(),
            tags: Vec::new(),
            hits: Vec::new(),
            message_hits: Vec::new(),
            member_hits: Vec::new(),
            skips: Vec::new(),
            containers: Containers::default(),
            unreadable: Vec::new(),
            counts: [0; 4],
            bytes: 0,
        }
    }

    /// What was written down.
    pub(super) fn close(self) -> Part {
        let Self { scanner, ledger, graph, tags, hits, message_hits, counts, bytes, .. } = self;
        let (rows, searched) = (ledger.into_rows(), scanner.searched);
        let (member_hits, skips, containers) = (self.member_hits, self.skips, self.containers);
        Part {
            rows,
            graph,
            tags,
            hits,
            message_hits,
            member_hits,
            skips,
            containers,
            counts,
            bytes,
            searched,
        }
    }

    fn blob(&mut self, object: &Object<'_, Legacy<'h>>, counts: bool) -> Found<'h> {
        if self.shared.depth > 0
            && let Some(kind) = Kind::of(object.bytes)
            && (!counts || self.container(object, kind))
        {
            return Found::opaque();
        }
        let found = match &object.derived {
            Some(derived) if !self.shared.full => match derived.legacy {
                Legacy::Blob(base) => {
                    self.scanner.scan_delta(object.bytes, derived.pieces, derived.base_bytes.len(), base)
                }
                Legacy::Tree(_) | Legacy::None => self.scanner.scan(object.bytes),
            },
            _ => self.scanner.scan(object.bytes),
        };
        if counts {
            self.bytes += object.bytes.len() as u64;
            self.note_encoded(object.number, &found);
            let pack = self.shared.detector.pack();
            for candidate in self.scanner.settled(object.bytes, &found) {
                if let Some(group) = self.groups.number(pack, object.bytes, &candidate, false) {
                    self.hits.push(Hit { object: object.number, group, span: candidate.span });
                }
            }
        }
        found
    }

    fn note_encoded(&mut self, object: u32, found: &Found<'h>) {
        if found.too_much {
            self.skips.push(Skip { object, reason: SkipReason::Encoded, count: 1 });
        }
    }

    /// Searches the members of a container. Whether all of it could be read.
    fn container(&mut self, object: &Object<'_, Legacy<'h>>, kind: Kind) -> bool {
        let Self { scanner, groups, member_hits, .. } = self;
        let (number, pack) = (object.number, self.shared.detector.pack());
        let mut found =
            |group, member, span| member_hits.push(MemberHit { object: number, group, member, span });
        let tally = members::search(kind, object.bytes, self.shared.depth, scanner, groups, pack, &mut found);
        let Tally { skipped, gaps, .. } = tally;
        self.skips.extend(skipped.into_iter().map(|(reason, count)| {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            Skip { object: number, reason, count }
        }));
        let whole = gaps.is_empty();
        if !whole {
            self.containers.unread.push(number);
        } else {
            // Otherwise it is scanned as it stands, too, and counted there.
            self.bytes += object.bytes.len() as u64;
        }
        let all = &mut self.containers.tally;
        // What is stored as it is was searched, wherever the container ends too early.
        let is_open = matches!(kind, Kind::Tar | Kind::Ar);
        let name = format!("object {}", self.shared.odb.id(number));
        for gap in gaps {
            if is_open && gap.what.is_empty() {
                all.notes.push(format!("{name} was searched as it stands: {}", gap.why));
            } else {
                all.gap(format!("{name}{}", gap.what), gap.why);
            }
        }
        whole
    }

    fn message(&mut self, number: u32, kind: ObjectKind, bytes: &[u8], message: usize) {
        let pack = self.shared.detector.pack();
        for (kind, range) in texts(kind, bytes, message) {
            let text = &bytes[range.clone()];
            self.bytes += text.len() as u64;
            let found = self.scanner.scan(text);
            self.note_encoded(number, &found);
            for candidate in self.scanner.settled(text, &found) {
                if let Some(group) = self.groups.number(pack, text, &candidate, true) {
                    let hit =
                        MessageHit { object: number, kind, text: range.clone(), group, span: candidate.span };
                    self.message_hits.push(hit);
                }
            }
        }
    }
}

impl<'h> Visitor for Pass<'h> {
    type Legacy = Legacy<'h>;

    fn object(&mut self, object: Object<'_, Legacy<'h>>) -> Legacy<'h> {
        // Others are read only because some are deltas on them.
        let counts =
            self.shared.wants(object.number) && self.reach.is_none_or(|reach| reach.has(object.number));
        self.counts[object.kind as usize - 1] += u64::from(counts);
        match object.kind {
            ObjectKind::Blob => return Legacy::Blob(self.blob(&object, counts)),
            ObjectKind::Tree => return Legacy::Tree(self.ledger.enter(&object, Legacy::entries)),
            ObjectKind::Commit if counts => {
                let parts = CommitParts::read(object.bytes);
                self.graph.enter(self.shared.odb, object.number, &parts);
                self.message(object.number, object.kind, object.bytes, parts.message);
            }
            ObjectKind::Tag if counts => {
                let parts = TagParts::read(object.bytes);
                self.tags.push((object.number, parts.target.map(|(id, _)| id)));
                self.message(object.number, object.kind, object.bytes, parts.message);
            }
            ObjectKind::Commit | ObjectKind::Tag => {}
        }
        Legacy::None
    }

    fn unreadable(&mut self, number: u32, why: OdbError) {
        self.unreadable.push((number, why));
    }
}
