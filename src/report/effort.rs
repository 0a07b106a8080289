//! What the scan of a whole history took, as JSON shows it.

use std::time::Duration;

use serde::Serialize;

use crate::model::{Effort, Stages};

/// What the scan took.
#[derive(Serialize)]
pub(super) struct EffortEntry {
    objects: Objects,
    bytes_inflated: u64,
    bytes_searched: u64,
    unread: u64,
    seconds: Seconds,
}

#[derive(Serialize)]
struct Objects {
    commits: u64,
    trees: u64,
    blobs: u64,
    tags: u64,
}

/// Wall time of each stage, in seconds to the millisecond.
#[derive(Serialize)]
struct Seconds {
    open: f64,
    objects: f64,
    attribution: f64,
    findings: f64,
}

pub(super) fn entry(effort: &Effort) -> EffortEntry {
    let &Effort { objects: [commits, trees, blobs, tags], inflated, searched, unread, stages } = effort;
    let Stages { open, objects, attribution, findings } = stages;
    let [open, objects, attribution, findings] = [open, objects, attribution, findings].map(seconds);
    EffortEntry {
        objects: Objects { commits, trees, blobs, tags },
        bytes_inflated: inflated,
        bytes_searched: searched,
        unread,
        seconds: Seconds { open, objects, attribution, findings },
    }
}

fn seconds(time: Duration) -> f64 {
    time.as_millis() as f64 / 1000.0
}
