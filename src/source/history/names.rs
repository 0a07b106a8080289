//! Names of files and directories, each kept once for all threads.

use std::sync::{Arc, Mutex, PoisonError};

use foldhash::{HashMap, HashMapExt as _};

/// All names of a history, by number.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_name: HashMap<Arc<[u8]>, u32>,
    names: Vec<Arc<[u8]>>,
}

/// One thread's view of [`Names`]: asks for the lock only when it meets a name for the first time.
#[derive(Debug)]
pub(super) struct LocalNames<'n> {
    shared: &'n Names,
    seen: HashMap<Arc<[u8]>, u32>,
}

impl Names {
    /// A view for one thread.
    pub(super) fn local(&self) -> LocalNames<'_> {
        LocalNames { shared: self, seen: HashMap::new() }
    }

    /// All names, by number.
    pub(super) fn into_names(self) -> Vec<Arc<[u8]>> {
        self.known.into_inner().unwrap_or_else(PoisonError::into_inner).names
    }

    fn number(&self, name: &[u8]) -> (u32, Arc<[u8]>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((name, &number)) = known.by_name.get_key_value(name) {
            return (number, Arc::clone(name));
        }
        let (name, number) = (Arc::<[u8]>::from(name), known.names.len() as u32);
        known.names.push(Arc::clone(&name));
        known.by_name.insert(Arc::clone(&name), number);
        (number, name)
    }
}

impl LocalNames<'_> {
    /// The number of `name`.
    pub(super) fn number(&mut self, name: &[u8]) -> u32 {
        if let Some(&number) = self.seen.get(name) {
            return number;
        }
        let (number, name) = self.shared.number(name);
        self.seen.insert(name, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn a_name_has_one_number_in_all_views() {
        let names = Names::default();
        let (mut a, mut b) = (names.local(), names.local());
        assert_eq!((a.number(b"x"), b.number(b"y"), b.number(b"x"), a.number(b"y")), (0, 1, 0, 1));
        assert_eq!(names.into_names().iter().map(|n| n.to_vec()).collect::<Vec<_>>(), [b"x", b"y"]);
    }
}
