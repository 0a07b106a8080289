//! Reads git's object database itself: packs, their indexes, loose objects, alternates. Knows bytes and ids, but
//! nothing of refs, commits or secrets.
//!
//! A history scan wants every object once, in the order that makes it cheap; libraries and `git cat-file` hand out
//! objects one by one and inflate a delta's base anew each time.
//!
//! Multi-pack indexes are not needed: each pack that one lists keeps an index of its own, and a pack without one
//! is indexed here.

mod bundle;
mod command;
mod commit;
mod delta;
mod entry;
mod error;
mod forest;
mod held;
mod id;
mod idx;
mod indexer;
mod inflate;
mod layout;
mod loose;
mod map;
mod pack;
mod queue;
mod store;
mod trail;
mod tree;
mod walk;
mod worker;

pub use bundle::Bundle;
pub use command::{git_object, git_output};
pub use commit::{CommitParts, Signature, TagParts};
pub use delta::{DeltaError, Piece, apply, sizes};
pub use entry::{Body, Entry};
pub use error::OdbError;
pub use id::{HashKind, ObjectId, ObjectKind};
use idx::be32;
pub use idx::{Indexed, PackIndex};
pub use inflate::{Inflater, peek};
pub use layout::{Layout, read_file};
pub use map::Mapped;
pub use pack::{Bottom, Chain, Pack, Remark};
pub use store::{Location, Odb};
pub use trail::Trail;
pub use tree::{Mode, TreeEntry};
pub use walk::{Derived, Grove, Kinds, Object, Progress, Visitor, Walk};
