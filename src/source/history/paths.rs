//! Paths of a history, each kept once as a name below a parent.

use std::sync::Arc;

use bstr::BString;
use foldhash::{HashMap, HashMapExt as _};

/// The path of the root: no name at all.
pub(super) const ROOT: u32 = 0;

/// Paths by number.
#[derive(Debug)]
pub(super) struct Paths<'n> {
    names: &'n [Arc<[u8]>],
    /// Parent and name of each path; the first is the root's and means nothing.
    parts: Vec<(u32, u32)>,
    by_parts: HashMap<(u32, u32), u32>,
}

impl<'n> Paths<'n> {
    /// No path but the root's.
    pub(super) fn new(names: &'n [Arc<[u8]>]) -> Self {
        Self { names, parts: vec![(ROOT, 0)], by_parts: HashMap::new() }
    }

    /// The path of `name` below `parent`.
    pub(super) fn below(&mut self, parent: u32, name: u32) -> u32 {
        let next = self.parts.len() as u32;
        let path = *self.by_parts.entry((parent, name)).or_insert(next);
        if path == next {
            self.parts.push((parent, name));
        }
        path
    }

    /// The path as git writes it: names with `/` between them.
    pub(super) fn text(&self, path: u32) -> BString {
        let names = self.names(path);
        bstr::join("/", names.into_iter().map(|name| &*self.names[name as usize])).into()
    }

    /// The numbers of the path's names, from the root.
    pub(super) fn names(&self, path: u32) -> Vec<u32> {
        let (mut names, mut at) = (Vec::new(), path);
        while at != ROOT {
            let (parent, name) = self.parts[at as usize];
            names.push(name);
            at = parent;
        }
        names.reverse();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_number() {
        let names: Vec<Arc<[u8]>> = [&b"src"[..], b"a.rs"].map(Arc::from).into();
        let mut paths = Paths::new(&names);
        let src = paths.below(ROOT, 0);
        let file = paths.below(src, 1);
        assert_eq!(paths.below(src, 1), file);
        assert_eq!((paths.text(file), paths.text(ROOT)), ("src/a.rs".into(), "".into()));
    }
}
