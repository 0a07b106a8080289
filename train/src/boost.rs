//! Gradient boosting of small trees on bytes. Sums are kept in whole numbers, so that every machine grows the same
//! trees.

use leakward::classify::{FEATURES, Feature, LEAF, Node};
use leakward::model::Evidence;

/// How trees are grown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipe {
    pub(crate) trees: usize,
    pub(crate) rate: f64,
    pub(crate) leaves: usize,
    pub(crate) depth: usize,
    /// Fewest samples of a leaf.
    pub(crate) fewest: usize,
    /// What is added to each leaf's weight.
    pub(crate) damping: f64,
    /// Shares of rows and of features that each tree sees, in percent.
    pub(crate) rows: u64,
    pub(crate) columns: u64,
    pub(crate) seed: u64,
}

/// One row to learn from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) evidence: Evidence,
    pub(crate) secret: bool,
    pub(crate) weight: f64,
}

/// A grown model.
#[derive(Debug, Clone)]
pub(crate) struct Grown {
    pub(crate) bias: f32,
    pub(crate) trees: Vec<Vec<Node>>,
}

/// Fractions are kept as multiples of this.
const UNIT: f64 = (1u64 << 24) as f64;

/// Features whose bytes are names rather than amounts: split by equality.
const NAMES: &[Feature] = &[
    Feature::First,
    Feature::Last,
    Feature::Kind,
    Feature::KeyCase,
    Feature::KeyHead,
    Feature::KeyTail,
    Feature::Syntax,
    Feature::Callee,
    Feature::Next,
    Feature::Lead,
    Feature::Host,
    Feature::User,
    Feature::File,
    Feature::Spelling,
];

/// First and second derivative of the loss, summed.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    slope: i64,
    curve: i64,
    rows: usize,
}

/// A leaf that may be split.
struct Leaf {
    node: usize,
    depth: usize,
    rows: Vec<u32>,
    sums: Sums,
    split: Option<Split>,
}

/// The best way to split a leaf.
#[derive(Debug, Clone, Copy)]
struct Split {
    gain: f64,
    feature: u8,
    threshold: u8,
    equal: bool,
}

/// Grows a model on `rows`.
pub(crate) fn grow(rows: &[Row], recipe: &Recipe) -> Grown {
    let (yes, all) = rows
        .iter()
        .fold((0.0, 0.0), |(y, a), r| (y + r.weight * f64::from(u8::from(r.secret)), a + r.weight));
    let share: f64 = (yes / all).clamp(0.01, 0.99);
    let bias = (share / (1.0 - share)).ln() as f32;
    let mut scores = vec![f64::from(bias); rows.len()];
    let mut dice = Dice(recipe.seed);
    let mut trees = Vec::with_capacity(recipe.trees);
    for _ in 0..recipe.trees {
        let sums: Vec<Sums> = rows.iter().zip(&scores).map(|(row, score)| derivatives(row, *score)).collect();
        let seen: Vec<u32> = (0..rows.len() as u32).filter(|_| dice.percent() < recipe.rows).collect();
        let columns: Vec<u8> = (0..FEATURES as u8).filter(|_| dice.percent() < recipe.columns).collect();
        let tree = tree(rows, &sums, seen, &columns, recipe);
        for (row, score) in rows.iter().zip(&mut scores) {
            *score += f64::from(leaf(&tree, &row.evidence));
        }
        trees.push(tree);
    }
    Grown { bias, trees }
}

impl Grown {
    /// The log-odds that `evidence` is of a secret.
    pub(crate) fn score(&self, evidence: &Evidence) -> f32 {
        self.bias + self.trees.iter().map(|tree| leaf(tree, evidence)).sum::<f32>()
    }
}

fn leaf(tree: &[Node], evidence: &Evidence) -> f32 {
    let mut node = &tree[0];
    while node.feature != LEAF {
        node = &tree[if goes_left(node, evidence) { node.left } else { node.right } as usize];
    }
    node.value
}

fn goes_left(node: &Node, evidence: &Evidence) -> bool {
    let byte = evidence.0[usize::from(node.feature)];
    if node.equal { byte == node.threshold } else { byte <= node.threshold }
}

fn derivatives(row: &Row, score: f64) -> Sums {
    let p = 1.0 / (1.0 + (-score).exp());
    let slope = (p - f64::from(u8::from(row.secret))) * row.weight;
    let curve = (p * (1.0 - p)).max(1e-6) * row.weight;
    Sums { slope: (slope * UNIT).round() as i64, curve: (curve * UNIT).round() as i64, rows: 1 }
}

/// Grows one tree, the most gainful leaf first.
fn tree(rows: &[Row], sums: &[Sums], seen: Vec<u32>, columns: &[u8], recipe: &Recipe) -> Vec<Node> {
    let whole = seen.iter().fold(Sums::default(), |a, &i| a.plus(sums[i as usize]));
    let mut nodes = vec![end(whole, recipe)];
    let mut leaves = vec![Leaf { node: 0, depth: 0, rows: seen, sums: whole, split: None }];
    leaves[0].split = best(rows, sums, &leaves[0], columns, recipe);
    while leaves.len() < recipe.leaves {
        let gain = |leaf: &Leaf| leaf.split.map_or(0.0, |s| s.gain);
        // The first of equals, so that the order of leaves decides nothing else.
        let Some(at) = (0..leaves.len())
            .filter(|&i| gain(&leaves[i]) > 0.0)
            .reduce(|a, b| if gain(&leaves[b]) > gain(&leaves[a]) { b } else { a })
        else {
            break;
        };
        let parent = leaves.swap_remove(at);
        let split = parent.split.expect("only leaves with a gainful split are chosen");
        let node = Node {
            feature: split.feature,
            threshold: split.threshold,
            equal: split.equal,
            left: nodes.len() as u32,
            right: nodes.len() as u32 + 1,
            ..nodes[parent.node]
        };
        let (left, right): (Vec<u32>, Vec<u32>) =
            parent.rows.iter().partition(|&&i| goes_left(&node, &rows[i as usize].evidence));
        nodes[parent.node] = node;
        for side in [left, right] {
            let total = side.iter().fold(Sums::default(), |a, &i| a.plus(sums[i as usize]));
            let mut leaf =
                Leaf { node: nodes.len(), depth: parent.depth + 1, rows: side, sums: total, split: None };
            nodes.push(end(total, recipe));
            if leaf.depth < recipe.depth {
                leaf.split = best(rows, sums, &leaf, columns, recipe);
            }
            leaves.push(leaf);
        }
    }
    nodes
}

/// A node that ends a walk.
fn end(sums: Sums, recipe: &Recipe) -> Node {
    let value = -sums.slope as f64 / (sums.curve as f64 + recipe.damping * UNIT) * recipe.rate;
    Node { feature: LEAF, threshold: 0, equal: false, left: 0, right: 0, value: value as f32 }
}

/// The best split of `leaf` by one of `columns`.
fn best(rows: &[Row], sums: &[Sums], leaf: &Leaf, columns: &[u8], recipe: &Recipe) -> Option<Split> {
    let worth = |s: Sums| (s.slope as f64).powi(2) / (s.curve as f64 + recipe.damping * UNIT);
    let mut best: Option<Split> = None;
    for &feature in columns {
        let mut bins = [Sums::default(); 256];
        for &i in &leaf.rows {
            let bin = &mut bins[usize::from(rows[i as usize].evidence.0[usize::from(feature)])];
            *bin = bin.plus(sums[i as usize]);
        }
        let equal = NAMES.iter().any(|n| *n as u8 == feature);
        let mut left = Sums::default();
        for threshold in 0..255u8 {
            let bin = bins[usize::from(threshold)];
            left = if equal { bin } else { left.plus(bin) };
            let right = leaf.sums.minus(left);
            if bin.rows == 0 || left.rows < recipe.fewest || right.rows < recipe.fewest {
                continue;
            }
            let gain = (worth(left) + worth(right) - worth(leaf.sums)) / UNIT;
            if gain > best.map_or(1e-9, |b| b.gain) {
                best = Some(Split { gain, feature, threshold, equal });
            }
        }
    }
    best
}

impl Sums {
    fn plus(self, other: Self) -> Self {
        Self {
            slope: self.slope + other.slope,
            curve: self.curve + other.curve,
            rows: self.rows + other.rows,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            slope: self.slope - other.slope,
            curve: self.curve - other.curve,
            rows: self.rows - other.rows,
        }
    }
}

/// Numbers that look random and are not (SplitMix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below 100.
    fn percent(&mut self) -> u64 {
        self.roll() % 100
    }

    /// One of `things`.
    pub(crate) fn pick<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[(self.roll() % things.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_learns_what_one_feature_and_one_name_decide() {
        let mut rows = Vec::new();
        let mut dice = Dice(1);
        for _ in 0..2000 {
            let mut evidence = Evidence::default();
            evidence.0[0] = (dice.roll() % 50) as u8;
            evidence.0[Feature::Syntax as usize] = (dice.roll() % 5) as u8;
            let secret = evidence.0[0] > 25 && evidence.0[Feature::Syntax as usize] == 3; // leakward:allow
            rows.push(Row { evidence, secret, weight: 1.0 });
        }
        let recipe = Recipe {
            trees: 40,
            rate: 0.3,
            leaves: 4,
            depth: 3,
            fewest: 5,
            damping: 1.0,
            rows: 100,
            columns: 100,
            seed: 7,
        };
        let grown = grow(&rows, &recipe);
        let right = rows.iter().filter(|r| (grown.score(&r.evidence) > 0.0) == r.secret).count();
        assert!(right * 100 > rows.len() * 99, "{right}");
    }
}
