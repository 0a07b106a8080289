//! Objects that hold the same secrets, as one.
//!
//! Most versions of a file that holds a secret hold the same ones. Whoever asks which secrets a commit has need not
//! tell such versions apart, so a history of many versions has few pruned trees.

use foldhash::{HashMap, HashMapExt as _, HashSet};

/// The class of objects that hold nothing.
pub(super) const NOTHING: u32 = 0;

/// Classes of objects, by number; those of [`NOTHING`] hold nothing.
#[derive(Debug)]
pub(super) struct Classes {
    /// By object number: its class.
    of: Vec<u32>,
    /// The groups of each class, one class after another.
    groups: Vec<u32>,
    /// By class: where its groups end in `groups`.
    ends: Vec<u32>,
    /// By class: its first object; meaningless for [`NOTHING`].
    models: Vec<u32>,
}

impl Classes {
    /// The classes of `objects` objects. `holdings` are pairs of object and group, sorted, each once; objects of
    /// `apart` are classes of their own.
    pub(super) fn new(objects: usize, holdings: &[(u32, u32)], apart: &HashSet<u32>) -> Self {
        let mut classes =
            Self { of: vec![NOTHING; objects], groups: Vec::new(), ends: vec![0], models: vec![NOTHING] };
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        for pairs in holdings.chunk_by(|a, b| a.0 == b.0) {
            let object = pairs[0].0;
            let groups: Vec<u32> = pairs.iter().map(|&(_, group)| group).collect();
            let alike = known.get(&groups).filter(|_| !apart.contains(&object));
            classes.of[object as usize] = match alike {
                Some(&class) => class,
                None => {
                    let class = classes.ends.len() as u32;
                    classes.groups.extend_from_slice(&groups);
                    classes.ends.push(classes.groups.len() as u32);
                    classes.models.push(object);
                    if !apart.contains(&object) {
                        known.insert(groups, class);
                    }
                    class
                }
            };
        }
        classes
    }

    /// How many classes there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The class of `object`; objects beyond those that are known hold nothing.
    #[inline]
    pub(super) fn of(&self, object: u32) -> u32 {
        self.of.get(object as usize).copied().unwrap_or(NOTHING)
    }

    /// The groups that objects of `class` hold, ascending.
    pub(super) fn groups(&self, class: u32) -> &[u32] {
        let from = if class == NOTHING { 0 } else { self.ends[class as usize - 1] };
        &self.groups[from as usize..self.ends[class as usize] as usize]
    }

    /// The first object of `class`, by number.
    pub(super) fn model(&self, class: u32) -> u32 {
        self.models[class as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_with_the_same_secrets_are_one() {
        let holdings = [(1, 7), (2, 7), (2, 8), (4, 7), (5, 7), (5, 8)];
        let classes = Classes::new(7, &holdings, &HashSet::default());
        let of: Vec<u32> = (0..9).map(|object| classes.of(object)).collect();
        assert_eq!(of, [0, 1, 2, 0, 1, 2, 0, 0, 0]);
        assert_eq!([0, 1, 2].map(|class| classes.groups(class)), [&[][..], &[7], &[7, 8]]);
        assert_eq!((classes.len(), classes.model(1), classes.model(2)), (3, 1, 2));
    }

    #[test]
    fn an_object_apart_is_like_no_other() {
        let classes = Classes::new(3, &[(0, 7), (1, 7), (2, 7)], &HashSet::from_iter([0, 1]));
        assert_eq!([0, 1, 2].map(|object| classes.of(object)), [1, 2, 3]);
    }
}
