//! Hands what was found to the visitors that make findings of it, each secret once for every path.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::members;
use crate::model::{Blob, Origin, Span};
use crate::source::Visitor;
use crate::source::odb::{Inflater, Odb, OdbError};

/// What is visited: by object, what of it counts and where it comes from.
#[derive(Debug, Default)]
pub(super) struct Visits {
    by_object: BTreeMap<u32, Sights>,
}

/// What of one object is visited.
#[derive(Debug, Default)]
struct Sights {
    parts: BTreeMap<Sight, Vec<Span>>,
    /// What in its members, where it is a container: by place, then member.
    members: BTreeMap<Origin, BTreeMap<u32, Vec<Span>>>,
}

/// A part of an object at a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Sight {
    origin: Origin,
    /// The part, as bytes of the object; `None`: all of it.
    part: Option<(usize, usize)>,
}

impl Visits {
    /// Adds the secret at `span` of the part `part` of `object`, which lies at `origin`.
    pub(super) fn add(&mut self, object: u32, origin: Origin, part: Option<Range<usize>>, span: Span) {
        let sight = Sight { origin, part: part.map(|p| (p.start, p.end)) };
        self.by_object.entry(object).or_default().parts.entry(sight).or_default().push(span);
    }

    /// Adds the secret at `span` of the member `member` of the container `object`, which lies at `origin`.
    pub(super) fn add_member(&mut self, object: u32, origin: Origin, member: u32, span: Span) {
        let members = &mut self.by_object.entry(object).or_default().members;
        members.entry(origin).or_default().entry(member).or_default().push(span);
    }

    /// Where everything comes from.
    pub(super) fn origins(&self) -> impl Iterator<Item = &Origin> {
        self.by_object
            .values()
            .flat_map(|s| s.parts.keys().map(|sight| &sight.origin).chain(s.members.keys()))
    }

    /// Visits everything on `threads` threads; objects of at most `limit` bytes, containers down to `depth`. Returns the objects that could not be read a second time.
    pub(super) fn make<'v>(
        self,
        odb: &Odb,
        threads: usize,
        limit: u64,
        depth: u32,
        visitor: &(dyn Fn() -> Box<dyn Visitor + 'v> + Sync),
    ) -> Vec<(u32, OdbError)> {
        let objects: Vec<_> = self.by_object.into_iter().collect();
        let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || {
            let (mut visitor, mut inflater, mut bytes) = (visitor(), Inflater::new(limit), Vec::new());
            while let Some((object, sights)) = objects.get(next.fetch_add(1, Ordering::Relaxed)) {
                let read = odb.read(&odb.id(*object), &mut inflater, &mut bytes);
                if let Err(why) = read {
                    failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((*object, why));
                    continue;
                }
                for (origin, wanted) in &sights.members {
                    if members::visit(&bytes, depth, origin, wanted, visitor.as_mut()).is_break() {
                        return;
                    }
                }
                for (sight, spans) in &sights.parts {
                    let (start, end) = sight.part.unwrap_or((0, bytes.len()));
                    let part = bytes.get(start..end).unwrap_or_default();
                    let spans = disjoint(spans);
                    if visitor.visit(&sight.origin, &Blob::within(part, &spans)).is_break() {
                        return;
                    }
                }
            }
        };
        std::thread::scope(|s| {
            for _ in 1..threads.max(1) {
                s.spawn(work);
            }
            work();
        });
        failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// `spans` sorted, those that overlap made one.
pub(super) fn disjoint(spans: &[Span]) -> Vec<Span> {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    let mut merged: Vec<Span> = Vec::with_capacity(sorted.len());
    for span in sorted {
        match merged.last_mut() {
            Some(last) if span.start < last.end || span == *last => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_spans_become_one() {
        let spans = [Span::new(5, 9), Span::new(0, 2), Span::new(8, 12), Span::new(12, 13)];
        assert_eq!(disjoint(&spans), [Span::new(0, 2), Span::new(5, 12), Span::new(12, 13)]);
    }
}
