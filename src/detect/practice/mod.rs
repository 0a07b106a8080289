//! Bad practice around secrets: references to what is not there, rights that are too wide, TLS that is off, code that
//! writes secrets to a log. Reads whole texts and finds no secrets; runs only where it is asked for.
//!
//! | file | what it reads |
//! |---|---|
//! | `vault_policy`, `cloud_policy` | policies that let many secrets be read |
//! | `vault_tls` | settings that send secrets unprotected |
//! | `logged` | calls that print or log a secret |
//! | `references` | what refers to a secret of a manager; who asks whether it is there is not decided here |
//! | `undeclared` | what refers to a secret that its own file should declare and does not |
//! | `yaml`, `braces` | the shapes that these are written in |

mod braces;
mod cloud_policy;
mod logged;
mod references;
mod undeclared;
mod vault_policy;
mod vault_tls;
mod yaml;

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::model::{Candidate, Reads, Reason, Reference, Secret, Span};
use crate::rule::{Extractor, Rule, RulePack};

/// What a reader has to say of a place.
#[derive(Debug, Clone, PartialEq)]
struct Remark {
    /// What is shown of the text.
    span: Span,
    /// The reference that it is.
    reference: Option<Reference>,
    why: Reason,
}

/// A reader of one kind of bad practice.
struct Reader {
    /// The name by which a rule names it.
    name: &'static str,
    /// Words of which one stands in every text that it has something to say of.
    words: &'static [&'static str],
    read: fn(&[u8], &mut dyn FnMut(Remark)),
}

/// Every reader.
static READERS: &[Reader] = &[
    Reader { name: "vault-policy", words: vault_policy::WORDS, read: vault_policy::read },
    Reader { name: "cloud-policy", words: cloud_policy::WORDS, read: cloud_policy::read },
    Reader { name: "vault-tls", words: vault_tls::WORDS, read: vault_tls::read },
    Reader { name: "logged", words: logged::WORDS, read: logged::read },
    Reader { name: "reference", words: references::WORDS, read: references::read },
    Reader { name: "undeclared", words: undeclared::WORDS, read: undeclared::read },
];

/// Bytes at the start of a text in which a zero byte makes it binary.
const HEAD: usize = 1024;

/// The practice rules of a pack.
#[derive(Debug)]
pub(super) struct Practices {
    /// Indices in the pack and in [`READERS`].
    rules: Vec<(usize, usize)>,
    words: OnceLock<Option<AhoCorasick>>,
    /// By word, the index in `rules` of whom it wakes.
    wakes: Vec<usize>,
    texts: Vec<&'static str>,
}

impl Practices {
    /// Those of `pack`; `None` when it has none.
    pub(super) fn of(pack: &RulePack) -> Option<Self> {
        let (mut rules, mut wakes, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for (index, rule) in pack.rules().iter().enumerate() {
            let Extractor::Practice(name) = &rule.extractor else { continue };
            let Some(reader) = READERS.iter().position(|reader| reader.name == name) else { continue };
            for word in READERS[reader].words {
                wakes.push(rules.len());
                texts.push(*word);
            }
            rules.push((index, reader));
        }
        (!rules.is_empty()).then_some(Self { rules, words: OnceLock::new(), wakes, texts })
    }

    /// Calls `sink` with what the rules of `pack` have to say of `bytes`.
    pub(super) fn find<'r>(&self, pack: &'r RulePack, bytes: &[u8], sink: &mut dyn FnMut(Candidate<'r>)) {
        if bytes[..bytes.len().min(HEAD)].contains(&0) {
            return;
        }
        for (&(index, reader), awake) in self.rules.iter().zip(self.awake(bytes)) {
            if awake {
                let rule: &Rule = &pack.rules()[index];
                (READERS[reader].read)(bytes, &mut |remark| sink(candidate(rule, bytes, remark)));
            }
        }
    }

    /// Which rules have a word in `bytes`.
    fn awake(&self, bytes: &[u8]) -> Vec<bool> {
        let mut awake = vec![false; self.rules.len()];
        let words = self.words.get_or_init(|| {
            // Every word counts, also within another.
            AhoCorasick::builder().match_kind(MatchKind::Standard).build(&self.texts).ok()
        });
        for hit in words.iter().flat_map(|words| words.find_overlapping_iter(bytes)) {
            awake[self.wakes[hit.pattern().as_usize()]] = true;
            if awake.iter().all(|awake| *awake) {
                break;
            }
        }
        awake
    }
}

fn candidate<'r>(rule: &'r Rule, bytes: &[u8], remark: Remark) -> Candidate<'r> {
    let Remark { span, reference, why } = remark;
    let reads = Reads { start: -1, end: bytes.len() as isize + 1 };
    let decoded = reference.map(|reference| Secret::new(reference.to_string().as_bytes()));
    Candidate { decoded, reads, ..Candidate::of_rule(rule, span, why) }
}

/// Whether `text` is put together when it is used, so that it names nothing by itself.
fn is_dynamic(text: &[u8]) -> bool {
    let holds = |part: &[u8]| memchr::memmem::find(text, part).is_some();
    text.first().is_some_and(|b| b"*&!<%@".contains(b))
        || [&b"{{"[..], b"${", b"$(", b"%{", b"<%", b"$"].into_iter().any(holds)
        || text.starts_with(b"{")
}

/// Lossless for what references are made of.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reader_is_named_by_a_built_in_rule_and_every_such_rule_names_one() {
        let pack = RulePack::practice();
        let named: Vec<&str> = pack
            .rules()
            .iter()
            .map(|rule| match &rule.extractor {
                Extractor::Practice(name) => name.as_ref(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(named.iter().all(|name| READERS.iter().any(|reader| reader.name == *name)), "{named:?}");
        assert!(READERS.iter().all(|reader| named.contains(&reader.name)), "{named:?}");
    }

    #[test]
    fn a_word_wakes_every_reader_that_waits_for_it() {
        let practices = Practices::of(&RulePack::practice()).unwrap();
        let awake = practices.awake(b"[secrets.db]");
        let names = practices.rules.iter().zip(awake).filter(|(_, awake)| *awake);
        let names: Vec<_> = names.map(|((_, reader), _)| READERS[*reader].name).collect();
        assert_eq!(names, ["undeclared", "reference"]);
    }

    #[test]
    fn what_is_put_together_later_names_nothing() {
        for text in ["{{ .Values.path }}", "secret/${env}", "*alias", "!Ref Secret", "<path>", "$NAME"] {
            assert!(is_dynamic(text.as_bytes()), "{text}");
        }
        assert!(!is_dynamic(b"secret/prod/db"));
    }
}
