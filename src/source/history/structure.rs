//! The commits, trees and tags of a history, put together.

use std::collections::HashMap;

use super::graph::Graph;
use super::ledger::Ledger;
use crate::source::odb::ObjectId;

/// What each tag object names.
pub(super) type Tags = HashMap<u32, Option<ObjectId>>;

/// How the objects of a history hang together.
#[derive(Debug)]
pub(super) struct Structure {
    pub(super) ledger: Ledger,
    pub(super) graph: Graph,
    pub(super) tags: Tags,
}
