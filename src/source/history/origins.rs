//! Commits and tags as reports show them, read when something is first found in them.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bstr::{BString, ByteSlice as _, ByteVec as _};

use super::History;
use super::books::Books;
use super::opened::Opened;
use super::scope::{Choice, Chosen};
use crate::model::{Commit, MessageKind, Origin, Place};
use crate::source::odb::{CommitParts, Inflater, ObjectId, ObjectKind, Signature, TagParts};

/// Largest commit or tag that is shown, in bytes.
const LIMIT: u64 = 64 << 20;

/// Where things lie, as reports show it. Commits are known by their numbers in the graph; tags and refs that name
/// something else than a commit by numbers beyond.
pub(super) struct Origins<'h> {
    opened: &'h Opened,
    books: &'h Books,
    /// By commit: its place in the order of commits that count.
    places: Vec<u32>,
    /// Commits that only `refs/notes/*` reach.
    notes: HashSet<u32>,
    /// Tag objects that a ref leads to.
    tags: HashSet<u32>,
    unreachable: bool,
    /// What stands before all paths.
    prefix: &'h BString,
    /// What refs name that is no commit.
    named: Vec<Arc<Commit>>,
    read: RefCell<HashMap<u32, Arc<Commit>>>,
    inflater: RefCell<Inflater>,
}

/// Stands for "does not count".
const OUT: u32 = u32::MAX;

impl<'h> Origins<'h> {
    pub(super) fn new(
        opened: &'h Opened,
        books: &'h Books,
        choice: &Choice<'_>,
        chosen: &Chosen,
        history: &'h History,
    ) -> Self {
        let History { scope, prefix, .. } = history;
        let graph = &books.graph;
        let mut places = vec![OUT; graph.len()];
        for (place, &commit) in chosen.commits.iter().chain(&chosen.unreached).enumerate() {
            places[commit as usize] = place as u32;
        }
        let (of_notes, of_others): (Vec<_>, Vec<_>) =
            opened.refs.refs.iter().partition(|(name, _)| name.starts_with(b"refs/notes/"));
        let commits = |ids: Vec<(&BString, &ObjectId)>| {
            ids.into_iter().filter_map(|(_, id)| choice.commit(id)).collect::<Vec<_>>()
        };
        let mut reached = vec![false; graph.len()];
        graph.reach(commits(of_others), &mut reached);
        let others = reached.clone();
        graph.reach(commits(of_notes), &mut reached);
        let notes = (0..graph.len() as u32).filter(|&c| reached[c as usize] && !others[c as usize]).collect();
        let mut tags = HashSet::new();
        if scope.is_everything() {
            for id in opened.refs.tips() {
                let mut at = opened.odb.find(id.as_bytes());
                while let Some(target) = at.and_then(|n| books.tags.get(&n).filter(|_| tags.insert(n))) {
                    at = target.as_ref().and_then(|id| opened.odb.find(id.as_bytes()));
                }
            }
        }
        Self {
            opened,
            books,
            places,
            notes,
            tags,
            unreachable: scope.unreachable,
            prefix,
            named: Vec::new(),
            read: RefCell::default(),
            inflater: RefCell::new(Inflater::new(LIMIT)),
        }
    }

    /// A number for what the ref `name` names, which is no commit.
    pub(super) fn named(&mut self, name: &BString, id: &ObjectId) -> u32 {
        let number = self.opened.odb.find(id.as_bytes());
        let tag = number.filter(|n| self.books.tags.contains_key(n)).map(|n| self.commit_object(n));
        let bare =
            || Commit { id: id.to_string(), message: name.to_str_lossy().into_owned(), ..Commit::default() };
        self.named.push(tag.unwrap_or_else(|| Arc::new(bare())));
        (self.books.graph.len() + self.named.len() - 1) as u32
    }

    /// The commit `who`.
    pub(super) fn commit(&self, who: u32) -> Arc<Commit> {
        match self.named.get((who as usize).wrapping_sub(self.books.graph.len())) {
            Some(named) => Arc::clone(named),
            None => self.commit_object(self.books.graph.number(who)),
        }
    }

    /// A file at `path` that `who` holds, or a note.
    pub(super) fn file(&self, who: u32, path: BString) -> Origin {
        if self.notes.contains(&who)
            && let Some(about) = annotated(&path)
        {
            let number = self.opened.odb.find(about.as_bytes());
            let known =
                number.filter(|&n| self.books.graph.commit(n).is_some() || self.books.tags.contains_key(&n));
            let bare = || Arc::new(Commit { id: about.to_string(), ..Commit::default() });
            let commit = known.map_or_else(bare, |n| self.commit_object(n));
            return Origin::new(self.whole(&path), Place::Message(commit, MessageKind::Note));
        }
        Origin::new(self.whole(&path), Place::Commit(self.commit(who)))
    }

    /// The place in the order of the commit or tag that is object `number`, unless it does not count; tags come
    /// after commits.
    pub(super) fn message_place(&self, number: u32) -> Option<u64> {
        match self.books.graph.commit(number) {
            Some(commit) => Some(self.places[commit as usize]).filter(|&p| p != OUT).map(u64::from),
            None => (self.unreachable || self.tags.contains(&number))
                .then_some(u64::from(OUT) + u64::from(number)),
        }
    }

    /// A text of kind `kind` in the commit or tag that is object `number`.
    pub(super) fn message(&self, number: u32, kind: MessageKind) -> Origin {
        let path = self.prefix.strip_suffix(b"/").unwrap_or(self.prefix);
        Origin::new(path, Place::Message(self.commit_object(number), kind))
    }

    /// `path` with what stands before all paths.
    pub(super) fn whole(&self, path: &BString) -> BString {
        let mut whole = self.prefix.clone();
        whole.push_str(path);
        whole
    }

    /// Every commit that was shown, by its id in hex: its number in the graph and its place in the order.
    pub(super) fn into_shown(self) -> HashMap<String, (u32, u32)> {
        let shown = self.read.into_inner().into_iter();
        let known =
            shown.filter_map(|(number, commit)| Some((commit.id.clone(), self.books.graph.commit(number)?)));
        known.map(|(id, commit)| (id, (commit, self.places[commit as usize]))).collect()
    }

    /// The commit or tag that is object `number`.
    fn commit_object(&self, number: u32) -> Arc<Commit> {
        let mut read = self.read.borrow_mut();
        Arc::clone(read.entry(number).or_insert_with(|| {
            let id = self.opened.odb.id(number);
            let order = self.message_place(number).unwrap_or(u64::MAX);
            let mut bytes = Vec::new();
            match self.opened.odb.read(&id, &mut self.inflater.borrow_mut(), &mut bytes) {
                Ok(ObjectKind::Tag) => {
                    let parts = TagParts::read(&bytes);
                    Arc::new(shown(order, &id, parts.tagger, &bytes[parts.message..]))
                }
                Ok(_) => {
                    let parts = CommitParts::read(&bytes);
                    Arc::new(shown(order, &id, parts.author, &bytes[parts.message..]))
                }
                // It was read before; whoever damages it meanwhile loses the author's name.
                Err(_) => Arc::new(Commit { id: id.to_string(), ..Commit::default() }),
            }
        }))
    }
}

fn shown(order: u64, id: &ObjectId, author: Signature<'_>, message: &[u8]) -> Commit {
    Commit {
        order,
        id: id.to_string(),
        author: author.name.to_str_lossy().into_owned(),
        email: author.mail.to_str_lossy().into_owned(),
        time: author.time,
        message: message.trim_end().to_str_lossy().into_owned(),
    }
}

/// The object that a note at `path` is about: its id, perhaps cut into directories.
fn annotated(path: &BString) -> Option<ObjectId> {
    let hex: Vec<u8> = path.iter().copied().filter(|&b| b != b'/').collect();
    ObjectId::from_hex(&hex)
}
