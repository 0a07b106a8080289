//! The trained model: a sum of small decision trees over evidence, and the tables that evidence needs.
//!
//! Trained by the workspace's `train` crate, which also writes the format that is read here.

use std::sync::OnceLock;

use super::feature::{FEATURES, Feature};
use super::lexicon::{Lexicon, TRIGRAMS, WORD_BITS};
use crate::model::Evidence;
use crate::rule::Confidence;

/// The first bytes of the format.
pub const MAGIC: &[u8; 8] = b"leakwm1\n";
/// Bytes of one node in the format.
pub const NODE_BYTES: usize = 12;
/// The feature number of a leaf.
pub const LEAF: u8 = u8::MAX;

/// The embedded model.
static EMBEDDED: &[u8] = include_bytes!("model.bin");

/// A trained model.
#[derive(Debug)]
pub struct Model {
    /// What the model was trained on: a BLAKE3 hash of the labels and texts.
    pub input: [u8; 32],
    /// Log-odds from which a value counts as low, medium and high.
    pub levels: [f32; 3],
    bias: f32,
    /// Index of each tree's root in `nodes`.
    roots: Vec<u32>,
    nodes: Vec<Node>,
    trigrams: Box<[u8]>,
    words: Box<[u8]>,
}

/// One node of a tree. `value` is the sum that a walk has gathered when it stands here.
#[derive(Debug, Clone, Copy)]
pub struct Node {
    /// The feature that decides, or [`LEAF`].
    pub feature: u8,
    /// What the feature's byte is compared with.
    pub threshold: u8,
    /// Whether equality leads left, rather than being at most the threshold.
    pub equal: bool,
    /// Index of the left child; in the format counted from the tree's root.
    pub left: u32,
    /// Index of the right child; likewise.
    pub right: u32,
    /// The tree's share of the log-odds for what reaches the node.
    pub value: f32,
}

impl Model {
    /// The embedded model.
    pub fn embedded() -> &'static Self {
        static MODEL: OnceLock<Model> = OnceLock::new();
        MODEL.get_or_init(|| Self::read(EMBEDDED).expect("the embedded model is whole: a test reads it"))
    }

    /// Reads the format. `None` when `bytes` are not a whole model.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let input = *take::<32>(&mut rest)?;
        let levels = [float(&mut rest)?, float(&mut rest)?, float(&mut rest)?];
        let bias = float(&mut rest)?;
        let trigrams = rest.split_off(..TRIGRAMS)?.into();
        let words = rest.split_off(..WORD_BITS / 8)?.into();
        let (mut roots, mut nodes) = (Vec::new(), Vec::new());
        for _ in 0..u16::from_le_bytes(*take(&mut rest)?) {
            let root = nodes.len() as u32;
            roots.push(root);
            let count = u32::from(u16::from_le_bytes(*take(&mut rest)?));
            for _ in 0..count {
                nodes.push(Node::read(take(&mut rest)?, root, count)?);
            }
        }
        rest.is_empty().then_some(Self { input, levels, bias, roots, nodes, trigrams, words })
    }

    /// The tables that evidence needs.
    pub fn lexicon(&self) -> Lexicon<'_> {
        Lexicon { trigrams: &self.trigrams, words: &self.words }
    }

    /// The log-odds that what was seen is a secret.
    pub fn score(&self, evidence: &Evidence) -> f32 {
        let walk = |&root: &u32| {
            let mut node = &self.nodes[root as usize];
            while node.feature != LEAF {
                node = &self.nodes[node.next(evidence) as usize];
            }
            node.value
        };
        self.bias + self.roots.iter().map(walk).sum::<f32>()
    }

    /// The level that `score` reaches, if any.
    pub fn confidence(&self, score: f32) -> Option<Confidence> {
        let [low, medium, high] = self.levels;
        match score {
            s if s >= high => Some(Confidence::High),
            s if s >= medium => Some(Confidence::Medium),
            s if s >= low => Some(Confidence::Low),
            _ => None,
        }
    }

    /// Each feature's share of the log-odds, largest first, features without a share left out; and what is given
    /// before anything is seen.
    pub fn shares(&self, evidence: &Evidence) -> (Vec<(Feature, f32)>, f32) {
        let mut shares = [0.0; FEATURES];
        let mut given = self.bias;
        for &root in &self.roots {
            let mut node = &self.nodes[root as usize];
            given += node.value;
            while node.feature != LEAF {
                let next = &self.nodes[node.next(evidence) as usize];
                shares[usize::from(node.feature)] += next.value - node.value;
                node = next;
            }
        }
        let mut shares: Vec<_> =
            Feature::ALL.iter().copied().zip(shares).filter(|(_, s)| *s != 0.0).collect();
        shares.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        (shares, given)
    }
}

impl Node {
    fn next(&self, evidence: &Evidence) -> u32 {
        let byte = evidence.0[usize::from(self.feature)];
        let left = if self.equal { byte == self.threshold } else { byte <= self.threshold };
        if left { self.left } else { self.right }
    }

    /// Reads a node of the tree of `count` nodes whose root is at `root`. Children come behind their parent, so a
    /// walk ends.
    fn read(bytes: &[u8; NODE_BYTES], root: u32, count: u32) -> Option<Self> {
        let [feature, threshold, equal, _, l0, l1, r0, r1, value @ ..] = *bytes;
        let child = |a, b| u32::from(u16::from_le_bytes([a, b]));
        let (left, right) = (child(l0, l1), child(r0, r1));
        let known = feature == LEAF || usize::from(feature) < FEATURES && left < count && right < count;
        let node = Self {
            feature,
            threshold,
            equal: equal != 0,
            left: root + left,
            right: root + right,
            value: f32::from_le_bytes(value),
        };
        known.then_some(node)
    }
}

fn take<'b, const N: usize>(rest: &mut &'b [u8]) -> Option<&'b [u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(head)
}

fn float(rest: &mut &[u8]) -> Option<f32> {
    Some(f32::from_le_bytes(*take(rest)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_model_is_whole() {
        let model = Model::read(EMBEDDED).unwrap();
        assert!(model.levels.is_sorted() && !model.roots.is_empty());
        for (&root, end) in
            model.roots.iter().zip(model.roots[1..].iter().chain([&(model.nodes.len() as u32)]))
        {
            for i in root..*end {
                let node = model.nodes[i as usize];
                assert!(
                    node.feature == LEAF
                        || node.left > i && node.right > i && node.left.max(node.right) < *end
                );
            }
        }
    }

    #[test]
    fn a_model_that_is_cut_or_too_long_is_refused() {
        assert!(Model::read(&EMBEDDED[..EMBEDDED.len() - 1]).is_none());
        assert!(Model::read(&[EMBEDDED, b"x"].concat()).is_none());
        assert!(Model::read(b"").is_none());
    }

    #[test]
    fn shares_add_up_to_the_score() {
        let model = Model::embedded();
        let mut evidence = Evidence::default();
        for step in 0..50u8 {
            for (i, byte) in evidence.0.iter_mut().enumerate() {
                *byte = (i as u8).wrapping_mul(31).wrapping_add(step.wrapping_mul(7)) % 100;
            }
            let (shares, given) = model.shares(&evidence);
            let sum = given + shares.iter().map(|(_, s)| s).sum::<f32>();
            assert!((sum - model.score(&evidence)).abs() < 1e-3);
        }
    }
}
