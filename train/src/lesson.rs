//! What is learnt from: samples turned into weighted rows.

use std::collections::BTreeMap;

use leakward::classify::{Feature, Judgement, Lexicon, add_path, judge};
use leakward::model::Evidence;

use crate::boost::Row;
use crate::harvest::Sample;
use crate::units::Truth;

/// Weight of a sample of which nobody said anything: most are noise, some were overlooked.
const UNSAID: f64 = 0.5;

/// Weight of the copy of a sample whose path is left out, so that text without a path is judged too.
const PATHLESS: f64 = 0.3;

/// Weight of an invented sample.
const INVENTED: f64 = 0.5;

/// What the classifier sees of `sample`; `None` when it is certainly noise.
pub(crate) fn evidence(sample: &Sample, lexicon: &Lexicon<'_>) -> Option<Evidence> {
    match judge(&sample.subject(), lexicon) {
        Judgement::Noise(_) => None,
        Judgement::Open(mut evidence) => {
            if !sample.path.is_empty() {
                add_path(&mut evidence, sample.path.as_bytes());
            }
            Some(evidence)
        }
    }
}

/// The rows that `samples`, whose evidence is given beside them, teach. `repo` tells where a sample comes from.
pub(crate) fn rows<'s>(samples: impl Iterator<Item = (&'s Sample, &'s str, Evidence)> + Clone) -> Vec<Row> {
    let mut same: BTreeMap<_, f64> = BTreeMap::new();
    for (sample, repo, _) in samples.clone() {
        *same.entry((repo, sample.name())).or_default() += 1.0;
    }
    let mut rows = Vec::new();
    for (sample, repo, evidence) in samples {
        let base = match (sample.text, sample.truth) {
            (_, Some(Truth::Ignored)) => continue,
            (None, _) => INVENTED,
            (_, None) => UNSAID,
            _ => 1.0,
        };
        let weight = base / same[&(repo, sample.name())].sqrt();
        let secret = sample.truth == Some(Truth::Secret);
        rows.push(Row { evidence, secret, weight });
        let mut pathless = evidence;
        pathless.0[Feature::FIRST_OF_PATH as usize..].fill(0);
        rows.push(Row { evidence: pathless, secret, weight: weight * PATHLESS });
    }
    rows
}
