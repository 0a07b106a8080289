//! What the text of a match must look like, derived from the pattern alone: how long it is, how far into it a
//! keyword stands, and whether it holds a long run of token characters. The prefilter is built from these facts.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::Text;
use super::pattern::holds;
use super::run::{Alphabet, Run, is_token};
use super::spelling::{Prefix, can_start, expand, flatten, place};

/// What every match of a pattern looks like. Lengths and distances are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Length of the longest match; `None` when there is none.
    pub max_len: Option<usize>,
    /// How far into a match one of the rule's keywords surely begins; `None` when that is not known.
    pub lead: Option<Lead>,
    /// A run of token characters that every match surely holds.
    pub run: Option<Run>,
}

/// Distance from a match's start to a keyword's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lead {
    /// The least.
    pub min: usize,
    /// The greatest; `None` when it has no bound.
    pub max: Option<usize>,
}

/// Bytes that are looked at past the longest keyword when one is sought in a pattern.
const SLACK: usize = 24;

impl Shape {
    /// The shape of `hir`, of which each match holds one of `keywords` (ASCII case ignored).
    pub fn of(hir: &Hir, keywords: &[Text]) -> Self {
        let items = Items::of(hir);
        let keywords: Vec<_> = keywords.iter().map(|k| k.to_ascii_lowercase().into_bytes()).collect();
        let anchor = items.anchor(&keywords);
        Self {
            max_len: hir.properties().maximum_len(),
            lead: anchor.as_ref().map(|a| a.lead),
            // Without keywords, a rule is woken by each run of token characters.
            run: match keywords.is_empty() {
                true => items.run_of(Alphabet::Token, None),
                false => items.run(anchor.as_ref()),
            }
            .map(|place| place.run),
        }
    }
}

/// What the run that a pattern is woken by looks like: most runs of a text can be told not to be it at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLook {
    /// The run's characters are among these.
    pub class: Bytes,
    /// The byte before the run is among these, none of which is a token character.
    pub before: Option<Bytes>,
}

/// A set of bytes.
pub(crate) type Bytes = [bool; 256];

impl RunLook {
    /// The look of the run in the [`Shape`] that `hir` has without keywords; `None` when it has no run.
    pub fn of(hir: &Hir) -> Option<Self> {
        let items = Items::of(hir);
        let RunPlace { first, end, inside, .. } = items.run_of(Alphabet::Token, None)?;
        let own = |item: &Hir| class_of(item).filter(|class| !inside && is_of_tokens(class));
        let all = std::array::from_fn(|b| is_token(b as u8));
        let class = items.0[first..end].iter().filter(|item| least(item) > 0 || !is_empty(item));
        let class = class.map(|item| own(item).unwrap_or(all)).reduce(either).unwrap_or(all);
        let before = items.0[..first].iter().rev().find(|item| !is_empty(item));
        let border = before.filter(|_| !inside).and_then(Border::of);
        Some(match border {
            Some(Border { foreign, tokens }) => Self { class: either(class, tokens), before: Some(foreign) },
            None => Self { class, before: None },
        })
    }
}

/// How an item that is no token character alone ends.
struct Border {
    /// Its last byte that is no token character.
    foreign: Bytes,
    /// The token characters that may follow that.
    tokens: Bytes,
}

impl Border {
    const NONE: Bytes = [false; 256];

    /// That of `hir`; `None` when it may hold token characters alone.
    fn of(hir: &Hir) -> Option<Self> {
        match hir.kind() {
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Alternation(subs) => {
                let borders: Option<Vec<_>> = subs.iter().map(Self::of).collect();
                let both = |a: Self, b: Self| Self {
                    foreign: either(a.foreign, b.foreign),
                    tokens: either(a.tokens, b.tokens),
                };
                borders?.into_iter().reduce(both)
            }
            HirKind::Concat(subs) => {
                let mut tokens = Self::NONE;
                for sub in subs.iter().rev().filter(|sub| !is_empty(sub)) {
                    if let Some(border) = Self::of(sub) {
                        return Some(Self { tokens: either(tokens, border.tokens), ..border });
                    }
                    tokens = either(tokens, class_of(sub).filter(is_of_tokens)?);
                }
                None
            }
            HirKind::Literal(literal) => {
                let last = literal.0.iter().rposition(|&b| !is_token(b))?;
                let set = |bytes: &[u8]| std::array::from_fn(|b| bytes.contains(&(b as u8)));
                Some(Self { foreign: set(&literal.0[last..=last]), tokens: set(&literal.0[last + 1..]) })
            }
            _ => {
                let is_foreign = |set: &Bytes| !(0..=255).any(|b: u8| is_token(b) && set[usize::from(b)]);
                class_of(hir).filter(is_foreign).map(|foreign| Self { foreign, tokens: Self::NONE })
            }
        }
    }
}

/// Literals of which every match of `hir` surely holds one, lower case; empty when the pattern has none that is
/// worth searching for.
pub fn derived_keywords(hir: &Hir) -> Vec<Text> {
    let items = Items::of(hir);
    let worth = |at: usize| {
        let mut strings = vec![Prefix::default()];
        expand(&items.0[at..], 12, &mut strings)?;
        let least = strings.iter().map(|p| p.text.len()).min()?;
        (least >= 3 && strings.len() <= 16).then_some((least, strings))
    };
    let best = (0..items.0.len()).filter_map(worth).max_by_key(|(least, s)| (*least, usize::MAX - s.len()));
    let mut texts: Vec<Text> = best
        .into_iter()
        .flat_map(|(_, strings)| strings)
        .filter_map(|p| String::from_utf8(p.text).ok().map(Text::Owned))
        .collect();
    texts.sort();
    texts.dedup();
    texts
}

/// The parts of a pattern in order.
struct Items(Vec<Hir>);

/// Where a keyword surely stands.
struct Anchor {
    /// Index of the item at or after whose start the keyword begins.
    item: usize,
    /// Greatest distance from the item's start to the keyword's end.
    end: usize,
    lead: Lead,
}

/// A run and the items that it lies in.
struct RunPlace {
    run: Run,
    first: usize,
    end: usize,
    /// It begins and ends somewhere inside them.
    inside: bool,
}

impl Items {
    fn of(hir: &Hir) -> Self {
        let mut items = Vec::new();
        flatten(hir, &mut items);
        Self(items)
    }

    /// Greatest length of the items `range`.
    fn longest(&self, range: std::ops::Range<usize>) -> Option<usize> {
        self.0[range]
            .iter()
            .try_fold(0usize, |sum, item| item.properties().maximum_len().and_then(|n| sum.checked_add(n)))
    }

    fn shortest(&self, range: std::ops::Range<usize>) -> usize {
        self.0[range].iter().map(least).sum()
    }

    /// The first item from which on one of `keywords` (lower case) is sure to stand.
    fn anchor(&self, keywords: &[Vec<u8>]) -> Option<Anchor> {
        let limit = keywords.iter().map(Vec::len).max()? + SLACK;
        (0..self.0.len()).find_map(|item| {
            if !can_start(&self.0[item], keywords) {
                return None;
            }
            let mut strings = vec![Prefix::default()];
            expand(&self.0[item..], limit, &mut strings)?;
            let places: Option<Vec<_>> = strings.iter().map(|p| place(&p.text, keywords)).collect();
            let places = places?;
            let start = places.iter().map(|p| p.0).max()?;
            let first = places.iter().map(|p| p.0).min()?;
            let lead = Lead {
                min: self.shortest(0..item) + first,
                max: self.longest(0..item).map(|before| before + start),
            };
            Some(Anchor { item, end: places.iter().map(|p| p.1).max()?, lead })
        })
    }

    /// Of the runs of any alphabet that every match holds, the one that least text has beside it.
    fn run(&self, anchor: Option<&Anchor>) -> Option<RunPlace> {
        let runs = Alphabet::ALL.iter().filter_map(|&alphabet| self.run_of(alphabet, anchor));
        runs.min_by_key(|place| place.run.cost())
    }

    /// The same among the runs of `alphabet`.
    fn run_of(&self, alphabet: Alphabet, anchor: Option<&Anchor>) -> Option<RunPlace> {
        let tokens: Vec<_> = self.0.iter().map(|item| Tokens::of(item, alphabet)).collect();
        let candidates = (0..tokens.len()).flat_map(|first| {
            let (len, end) = sure_run(&tokens[first..]);
            // A run somewhere inside one item begins at an unknown place of it.
            let inner = tokens[first].best;
            [(first, first + end, len, false), (first, first + 1, inner, true)]
        });
        candidates
            .filter(|(.., len, _)| *len >= Run::SHORTEST)
            .filter_map(|(first, end, len, inside)| {
                let (back, ahead) = self.distance(first, end, inside, anchor)?;
                let run = Run { alphabet, len: len.min(Run::LONGEST), back, ahead };
                Some(RunPlace { run, first, end, inside })
            })
            .filter(|place| place.run.back <= Run::MARGIN && place.run.ahead <= Run::MARGIN)
            .min_by_key(|place| place.run.cost())
    }

    /// Greatest distances from the keyword's start to a run in the items `first..end`, and from that run's end to
    /// the keyword's end. `slack`: the run may begin and end anywhere inside the items.
    fn distance(
        &self,
        first: usize,
        end: usize,
        slack: bool,
        anchor: Option<&Anchor>,
    ) -> Option<(usize, usize)> {
        let inside = if slack { self.longest(first..end)? } else { 0 };
        let Some(anchor) = anchor else {
            return Some((self.longest(0..first)? + inside, self.longest(end..self.0.len())? + inside));
        };
        let back = if anchor.item <= first { self.longest(anchor.item..first)? + inside } else { inside };
        let ahead =
            if end <= anchor.item { self.longest(end..anchor.item)? + anchor.end } else { anchor.end }
                + inside;
        Some((back, ahead))
    }
}

/// What is sure about the characters of an alphabet in an item: `pre` at its start, `suf` at its end, `best` anywhere; `all` when
/// it can hold nothing else.
#[derive(Debug, Clone, Copy)]
struct Tokens {
    all: bool,
    pre: usize,
    suf: usize,
    best: usize,
}

impl Tokens {
    const NONE: Self = Self { all: true, pre: 0, suf: 0, best: 0 };

    fn of(hir: &Hir, alphabet: Alphabet) -> Self {
        let of = |sub: &Hir| Self::of(sub, alphabet);
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::NONE,
            HirKind::Literal(literal) => {
                literal.0.iter().fold(Self::NONE, |a, &b| a.then(Self::one(alphabet.holds(b))))
            }
            HirKind::Class(class) => Self::one(is_within(class, alphabet)),
            HirKind::Capture(capture) => of(&capture.sub),
            HirKind::Concat(subs) => subs.iter().fold(Self::NONE, |a, s| a.then(of(s))),
            HirKind::Alternation(subs) => subs.iter().map(of).reduce(Self::or).unwrap_or(Self::NONE),
            HirKind::Repetition(r) => of(&r.sub).times(r.min as usize),
        }
    }

    const fn one(token: bool) -> Self {
        let n = token as usize;
        Self { all: token, pre: n, suf: n, best: n }
    }

    fn then(self, next: Self) -> Self {
        Self {
            all: self.all && next.all,
            pre: if self.all { self.best + next.pre } else { self.pre },
            suf: if next.all { next.best + self.suf } else { next.suf },
            best: self.best.max(next.best).max(self.suf + next.pre),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            all: self.all && other.all,
            pre: self.pre.min(other.pre),
            suf: self.suf.min(other.suf),
            best: self.best.min(other.best),
        }
    }

    fn times(self, n: usize) -> Self {
        match n {
            0 => Self { all: self.all, ..Self::NONE },
            _ if self.all => {
                let n = self.best.saturating_mul(n);
                Self { all: true, pre: n, suf: n, best: n }
            }
            1 => self,
            _ => Self { best: self.best.max(self.suf + self.pre), ..self },
        }
    }
}

/// Length of the run that surely begins where `items` begin, and number of items it spans.
fn sure_run(items: &[Tokens]) -> (usize, usize) {
    let whole = items.iter().take_while(|t| t.all).count();
    let len: usize = items[..whole].iter().map(|t| t.best).sum();
    match items.get(whole) {
        Some(next) if next.pre > 0 => (len + next.pre, whole + 1),
        _ => (len, whole.max(1)),
    }
}

fn is_of_tokens(set: &Bytes) -> bool {
    (0..=255).all(|b: u8| is_token(b) || !set[usize::from(b)])
}

/// Whether `hir` stands for no byte at all: an anchor or a word border.
fn is_empty(hir: &Hir) -> bool {
    hir.properties().maximum_len() == Some(0)
}

/// The bytes of a literal of one byte, a class, or a repetition of one, in either case.
fn class_of(hir: &Hir) -> Option<Bytes> {
    let mut set = [false; 256];
    match hir.kind() {
        HirKind::Literal(literal) if literal.0.len() == 1 => set[usize::from(literal.0[0])] = true,
        HirKind::Class(class) => (0..=255).for_each(|b| set[usize::from(b)] = holds(class, b)),
        HirKind::Repetition(r) if r.min > 0 => return class_of(&r.sub),
        HirKind::Capture(capture) => return class_of(&capture.sub),
        _ => return None,
    }
    (b'a'..=b'z').for_each(|b| set[usize::from(b.to_ascii_uppercase())] |= set[usize::from(b)]);
    Some(set)
}

fn either(a: Bytes, b: Bytes) -> Bytes {
    std::array::from_fn(|i| a[i] || b[i])
}

fn least(hir: &Hir) -> usize {
    hir.properties().minimum_len().unwrap_or(0)
}

fn is_within(class: &Class, alphabet: Alphabet) -> bool {
    match class {
        Class::Bytes(c) => c.iter().all(|r| (r.start()..=r.end()).all(|b| alphabet.holds(b))),
        Class::Unicode(c) => {
            c.iter().all(|r| r.end() <= '\x7f' && (r.start()..=r.end()).all(|c| alphabet.holds(c as u8)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::parse;
    use super::*;

    fn shape(pattern: &str, keywords: &[&'static str]) -> Shape {
        let keywords: Vec<_> = keywords.iter().map(|k| Text::Borrowed(k)).collect();
        Shape::of(&parse(pattern).unwrap(), &keywords)
    }

    fn lead(min: usize, max: usize) -> Option<Lead> {
        Some(Lead { min, max: Some(max) })
    }

    #[test]
    fn a_prefix_stands_at_the_start_of_its_run() {
        let s = shape(r"\b(ghp_[0-9A-Za-z]{36})\b", &["ghp_"]);
        assert_eq!((s.max_len, s.lead), (Some(40), lead(0, 0)));
        assert_eq!(s.run, Some(Run { alphabet: Alphabet::Alnum, len: 36, back: 4, ahead: 4 }));
    }

    #[test]
    fn a_keyword_may_be_one_of_several_spellings() {
        let s = shape(r"\b(xox[bp]-[0-9]{10,13}-[a-z0-9-]{20,})", &["xoxb-", "xoxp-"]);
        assert_eq!(s.lead, lead(0, 0));
        assert_eq!(s.max_len, None);
        assert_eq!(shape(r"xox[bpe]-[0-9]{20}", &["xoxb-", "xoxp-"]).lead, None);
        assert_eq!(shape(r"(?:acme|AC_ME)key[0-9]{20}", &["acme", "ac_me"]).lead, lead(0, 0));
    }

    #[test]
    fn a_context_keyword_stands_before_the_run() {
        let s = shape(
            r#"(?i)[\w.-]{0,50}?(?:datadog|dd_)[\w.-]{0,20}["' ]{0,3}[=:]{1,2}["' ]{0,5}([0-9a-f]{32})\b"#,
            &["datadog", "dd_"],
        );
        assert_eq!(s.lead, lead(0, 50));
        assert_eq!(s.run.unwrap().len, 32);
        assert_eq!(s.run.unwrap().back, 7 + 20 + 3 + 2 + 5);
    }

    #[test]
    fn a_keyword_after_the_run_is_measured_to_its_end() {
        let s = shape(r"[0-9]{12}-([a-z0-9]{32})\.apps\.example\.com", &[".apps.example"]);
        assert_eq!(s.lead, lead(45, 45));
        assert_eq!(s.run, Some(Run { alphabet: Alphabet::Alnum, len: 32, back: 0, ahead: 13 }));
    }

    #[test]
    fn optional_parts_and_foreign_characters_break_a_run() {
        assert_eq!(shape(r"key[a-z]{8}\.[a-z]{15}", &["key"]).run, None);
        assert_eq!(shape(r"key[a-z]{8}\.?[a-z]{15}", &["key"]).run, None);
        assert_eq!(shape(r"key(?:[a-z]{16}|[0-9.]{40})", &["key"]).run, None);
        assert_eq!(shape(r"key(?:[a-z]{16}|[0-9]{13})", &["key"]).run.unwrap().len, 16);
    }

    #[test]
    fn without_a_bound_there_is_no_distance() {
        assert_eq!(shape(r"key.*?[0-9]{32}", &["key"]).run, None);
        assert_eq!(shape(r"[a-z]+key[0-9]{32}", &["key"]).lead, Some(Lead { min: 1, max: None }));
    }

    #[test]
    fn case_is_ignored_where_the_pattern_ignores_it() {
        assert_eq!(shape(r"(?i)\bAKIA[A-Z0-9]{16}", &["akia"]).lead, lead(0, 0));
        assert_eq!(shape(r"-----BEGIN PRIVATE KEY-----", &["-----begin"]).lead, lead(0, 0));
        assert_eq!(shape(r"-----BEGIN PRIVATE KEY-----", &["-----begin"]).run, None);
    }

    #[test]
    fn a_run_is_known_by_its_characters_and_what_stands_before_it() {
        let look = |p: &str| RunLook::of(&parse(p).unwrap()).unwrap();
        let hex = look(r"\b([0-9a-f]{32})\b");
        assert!(
            hex.class[usize::from(b'f')] && hex.class[usize::from(b'F')] && !hex.class[usize::from(b'g')]
        );
        assert_eq!(hex.before, None);
        let after_dot = look(r"\b[MN][0-9A-Z]{9}\.\b([0-9a-z]{40})");
        assert!(after_dot.before.is_some_and(|set| set[usize::from(b'.')] && !set[usize::from(b':')]));
        assert_eq!(look(r"x?([0-9a-z]{40})").before, None);
        assert_eq!(look(r"\.?([0-9a-z]{40})").before, None);
        let either = look(r"[0-9]{15}(?:\||%7[Cc])([0-9a-z]{40})");
        assert!(either.before.is_some_and(|set| set[usize::from(b'|')] && set[usize::from(b'%')]));
        assert!(either.class[usize::from(b'C')] && !either.class[usize::from(b'-')]);
        assert_eq!(look(r"(?:\||7c)([0-9a-z]{40})").before, None);
        assert!(look(r"(?:[0-9]{20}|[a-z]{20})").class[usize::from(b'z')]);
    }

    #[test]
    fn keywords_are_derived_from_what_every_match_holds() {
        let derived = |p: &str| derived_keywords(&parse(p).unwrap());
        assert_eq!(derived(r"[a-z]{4}\.(foo|bar)_token=\w+"), [".bar_token=", ".foo_token="]);
        assert_eq!(derived(r"\b[0-9a-f]{32}\b"), Vec::<Text>::new());
    }
}
