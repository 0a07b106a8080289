//! Literals, and whom they wake.

use std::collections::BTreeMap;

use crate::decode;
use crate::detect::prefilter::Trigger;
use crate::detect::runner::{Runner, WakesOn};
use crate::rule::{Alphabet, Run};

/// Whom a trigger wakes.
#[derive(Debug)]
pub(super) struct Woken {
    pub(super) literal: Box<[u8]>,
    /// Indices of the runners. None: it is looked at whether something is written in another way here.
    pub(super) runners: Vec<u32>,
}

/// The widest run that the runners of one literal ask for, and these runners.
type Claim = (Option<Run>, Vec<u32>);

/// Every literal of `runners` once for each alphabet near whose runs it counts, and by its index whom it wakes.
pub(super) fn triggers(runners: &[Runner]) -> (Vec<Trigger>, Vec<Woken>) {
    let mut by_literal: BTreeMap<(&[u8], Option<Alphabet>), Claim> = BTreeMap::new();
    for (runner, i) in runners.iter().zip(0..) {
        let WakesOn::Literals(literals, near) = &runner.wakes_on else { continue };
        for literal in literals {
            let key = (&**literal, near.map(|run| run.alphabet));
            let (widest, woken) = by_literal.entry(key).or_insert((*near, Vec::new()));
            *widest = (*widest).zip(*near).map(|(a, b)| Run {
                alphabet: a.alphabet,
                len: a.len.min(b.len),
                back: a.back.max(b.back),
                ahead: a.ahead.max(b.ahead),
            });
            woken.push(i);
        }
    }
    let rules = by_literal.into_iter().map(|((literal, _), (near, mut woken))| {
        woken.dedup();
        (Trigger { literal: literal.into(), near }, Woken { literal: literal.into(), runners: woken })
    });
    let undone = decode::triggers().iter().map(|literal| {
        let literal: Box<[u8]> = literal.as_bytes().into();
        (Trigger { literal: literal.clone(), near: None }, Woken { literal, runners: Vec::new() })
    });
    rules.chain(undone).unzip()
}
