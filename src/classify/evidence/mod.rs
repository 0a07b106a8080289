//! Turns a subject into evidence: one byte per feature.

mod context;
mod key;
mod path;
mod value;

pub use path::{add_path, is_code, is_of_tests};

use super::feature::{FEATURES, Feature};
use super::lexicon::Lexicon;
use super::{KeyName, Subject};
use crate::model::Evidence;

const _: () = assert!(FEATURES <= Evidence::LEN, "the evidence has room for every feature");

/// What is seen of `subject`, its path left open.
pub fn evidence(subject: &Subject<'_>, lexicon: &Lexicon<'_>) -> Evidence {
    let key = KeyName::new(subject.key);
    let mut seen = Seen::default();
    value::see(subject, &key, lexicon, &mut seen);
    key::see(subject, &key, &mut seen);
    context::see(subject, &mut seen);
    seen.0
}

/// Evidence in the making.
#[derive(Debug, Default)]
struct Seen(Evidence);

impl Seen {
    fn set(&mut self, feature: Feature, value: u8) {
        self.0.0[feature as usize] = value;
    }

    fn flag(&mut self, feature: Feature, holds: bool) {
        self.set(feature, u8::from(holds));
    }

    fn count(&mut self, feature: Feature, count: usize) {
        self.set(feature, count.min(255) as u8);
    }

    /// Sets `part` as a percentage of `whole`; 0 when there is no whole.
    fn percent(&mut self, feature: Feature, part: usize, whole: usize) {
        self.set(feature, (part * 100).checked_div(whole).map_or(0, |p| p.min(255) as u8));
    }
}

/// The first of the numbered groups of words that holds one of `words`; 0 when none does.
fn group_of<'w>(words: impl IntoIterator<Item = &'w [u8]>, groups: &[&[&str]]) -> u8 {
    let held: Vec<&[u8]> = words.into_iter().collect();
    let holds = |group: &&[&str]| held.iter().any(|w| is_one_of(w, group));
    groups.iter().position(holds).map_or(0, |i| i as u8 + 1)
}

fn is_one_of(word: &[u8], list: &[&str]) -> bool {
    list.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()))
}

/// Whether `text` holds `word`, ASCII case ignored.
fn holds(text: &[u8], word: &str) -> bool {
    let word = word.as_bytes();
    text.len() >= word.len() && text.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word))
}
