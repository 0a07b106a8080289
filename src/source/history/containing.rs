//! Which refs contain which commits.

use super::graph::Graph;

/// For each of `commits` (numbers in the graph), the indices into `tips` of those that follow or are it.
/// `order` holds every commit that any tip reaches, parents before children.
pub(super) fn containing(graph: &Graph, order: &[u32], commits: &[u32], tips: &[u32]) -> Vec<Vec<u32>> {
    let mut found = vec![Vec::new(); commits.len()];
    let mut bits = vec![0u128; graph.len()];
    // 128 commits at a time: each round is one pass over the graph.
    for (round, chunk) in commits.chunks(128).enumerate() {
        bits.fill(0);
        for (bit, &commit) in chunk.iter().enumerate() {
            bits[commit as usize] |= 1 << bit;
        }
        for &commit in order {
            let inherited = graph.parents(commit).iter().fold(0, |all, &p| all | bits[p as usize]);
            bits[commit as usize] |= inherited;
        }
        for (t, &tip) in tips.iter().enumerate() {
            let mut left = bits[tip as usize];
            while left != 0 {
                let bit = left.trailing_zeros() as usize;
                found[round * 128 + bit].push(t as u32);
                left &= left - 1;
            }
        }
    }
    found
}
