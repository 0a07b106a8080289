//! Writes a grown model in the format that leakward embeds.

use leakward::classify::{MAGIC, NODE_BYTES, Node};

use crate::boost::Grown;
use crate::lexicon::Tables;

/// The bytes of the model.
pub(crate) fn bytes(grown: &Grown, tables: &Tables, levels: [f32; 3], input: &[u8; 32]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(input);
    for number in levels.into_iter().chain([grown.bias]) {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&tables.trigrams);
    out.extend_from_slice(&tables.words);
    out.extend_from_slice(&(grown.trees.len() as u16).to_le_bytes());
    for tree in &grown.trees {
        out.extend_from_slice(&(tree.len() as u16).to_le_bytes());
        out.extend(tree.iter().flat_map(node));
    }
    out
}

fn node(node: &Node) -> [u8; NODE_BYTES] {
    let [l0, l1] = (node.left as u16).to_le_bytes();
    let [r0, r1] = (node.right as u16).to_le_bytes();
    let [v0, v1, v2, v3] = node.value.to_le_bytes();
    [node.feature, node.threshold, u8::from(node.equal), 0, l0, l1, r0, r1, v0, v1, v2, v3]
}
