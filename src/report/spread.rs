//! How far a secret spread through a history, in words and as JSON.

use bstr::{BStr, BString, ByteSlice as _};
use serde::Serialize;

use super::plain::plain;
use super::totals::count;
use super::view::View;
use crate::model::Spread;

/// Paths and refs that people are shown; JSON lists what there is.
const SHOWN: usize = 4;

/// How far a secret spread, as JSON.
#[derive(Serialize)]
pub(super) struct SpreadEntry {
    commits: u64,
    other_paths: Vec<String>,
    more_paths: u64,
    refs: Vec<String>,
    more_refs: u64,
    at_head: Option<String>,
    reachable: bool,
}

/// `spread` as JSON.
pub(super) fn entry(view: &View<'_>, spread: &Spread) -> SpreadEntry {
    let Spread { commits, other_paths, more_paths, refs, more_refs, at_head, reachable } = spread;
    let texts = |all: &[BString]| all.iter().map(|one| view.text(&one.to_str_lossy())).collect();
    SpreadEntry {
        commits: *commits,
        other_paths: texts(other_paths),
        more_paths: *more_paths,
        refs: texts(refs),
        more_refs: *more_refs,
        at_head: at_head.as_ref().map(|path| view.text(&path.to_str_lossy())),
        reachable: *reachable,
    }
}

/// `spread` in sentences.
pub(super) fn words(view: &View<'_>, spread: &Spread) -> Vec<String> {
    let mut words = Vec::new();
    let listed = |all: &[BString], more: u64, short: fn(&BStr) -> &BStr| {
        let shown: Vec<_> = all.iter().take(SHOWN).map(|one| short(one.as_bstr())).collect();
        let shown: Vec<_> = shown.iter().map(|s| plain(view.text(&s.to_str_lossy()).as_bytes())).collect();
        match all.len().saturating_sub(SHOWN) as u64 + more {
            0 => shown.join(", "),
            more => format!("{} and {more} more", shown.join(", ")),
        }
    };
    let head = match &spread.at_head {
        Some(path) if *path == *view.finding.origin.path => "still at HEAD".to_owned(),
        Some(path) => format!("still at HEAD, in {}", plain(view.text(&path.to_str_lossy()).as_bytes())),
        None => "not at HEAD".to_owned(),
    };
    match spread.commits {
        0 => words.push(head),
        n => words.push(format!("in {}, {head}", count(n, "commit"))),
    }
    if !spread.other_paths.is_empty() {
        words.push(format!("also in {}", listed(&spread.other_paths, spread.more_paths, |path| path)));
    }
    if !spread.refs.is_empty() {
        words.push(format!("on {}", listed(&spread.refs, spread.more_refs, short_ref)));
    }
    if !spread.reachable {
        words.push("no branch, tag, other ref or reflog leads to it".to_owned());
    }
    words
}

/// A ref as git abbreviates it.
fn short_ref(name: &BStr) -> &BStr {
    let prefixes = [&b"refs/heads/"[..], b"refs/tags/", b"refs/remotes/", b"refs/"];
    prefixes.iter().find_map(|p| name.strip_prefix(*p)).map_or(name, BStr::new)
}
