//! What counts as one thing to find: the labels of a text, made into units as the scorer makes them.

use std::collections::{BTreeMap, BTreeSet};

use crate::corpus::{Label, Text};

/// Categories that name identifiers rather than secrets: left out of the count.
const SOFT: &[&str] =
    &["UUID", "Firebase Domain", "AWS S3 Bucket", "Nonce", "Salt", "Tencent WeChat API App ID", "Other"];

/// Categories that only group several secrets.
const GROUPS: &[&str] = &["AWS Multi", "Google Multi", "JWK"];

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    /// No secret.
    Noise,
    /// A secret that is left out of the count.
    Ignored,
    /// A secret.
    Secret,
}

/// Lines of one text that people judged.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// First and last line, from 1.
    pub(crate) lines: (u64, u64),
    pub(crate) truth: Truth,
    /// Where the values lie in the first line, in code points, as far as known.
    pub(crate) values: Vec<(usize, usize)>,
    categories: BTreeSet<String>,
}

/// The units of `text`.
pub(crate) fn units(text: &Text) -> Vec<Unit> {
    let mut by_lines: BTreeMap<(u64, u64), Unit> = BTreeMap::new();
    for label in &text.labels {
        let (truth, categories) = (truth(label), label.category.split(':').map(str::to_owned).collect());
        let lines = (label.line_start, label.line_end);
        let unit = by_lines.entry(lines).or_insert(Unit {
            lines,
            truth,
            values: Vec::new(),
            categories: BTreeSet::new(),
        });
        if truth > unit.truth {
            *unit = Unit { lines, truth, values: Vec::new(), categories: BTreeSet::new() };
        }
        if truth == unit.truth {
            unit.categories.extend::<BTreeSet<_>>(categories);
            if label.value_start >= 0 && label.value_end > label.value_start && lines.0 == lines.1 {
                unit.values.push((label.value_start as usize, label.value_end as usize));
            }
        }
    }
    resolve(by_lines.into_values().collect())
}

/// Drops groups, swallows what lies inside a longer secret, and drops noise that overlaps a secret.
fn resolve(units: Vec<Unit>) -> Vec<Unit> {
    let inside = |inner: &Unit, outer: &Unit| {
        inner.lines != outer.lines && outer.lines.0 <= inner.lines.0 && inner.lines.1 <= outer.lines.1
    };
    let secrets: Vec<_> = units.iter().filter(|u| u.truth == Truth::Secret).cloned().collect();
    let group = |u: &Unit| u.categories.iter().all(|c| GROUPS.contains(&c.as_str()));
    let holds = |u: &Unit| u.lines.1 > u.lines.0 && secrets.iter().any(|s| inside(s, u));
    let dropped = |u: &Unit| holds(u) && group(u);
    let swallowed = |u: &Unit| secrets.iter().any(|s| inside(u, s) && holds(s) && !group(s));
    let kept: Vec<_> =
        units.into_iter().filter(|u| u.truth != Truth::Secret || !dropped(u) && !swallowed(u)).collect();
    let places: Vec<_> = kept.iter().filter(|u| u.truth == Truth::Secret).map(|u| u.lines).collect();
    let overlaps = |u: &Unit| places.iter().any(|p| p.0 <= u.lines.1 && u.lines.0 <= p.1);
    kept.into_iter().filter(|u| u.truth == Truth::Secret || !overlaps(u)).collect()
}

fn truth(label: &Label) -> Truth {
    let soft = label.category.split(':').all(|c| SOFT.contains(&c));
    match label.label.as_str() {
        "T" if soft || label.suspect => Truth::Ignored,
        "T" => Truth::Secret,
        _ => Truth::Noise,
    }
}
