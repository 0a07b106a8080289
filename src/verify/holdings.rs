//! What the managers hold, as hashes under this run's key: whoever reads this memory cannot test guesses without it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use leakward_fetcher::provider::Labels;

use super::forms;
use super::pieces::{Bytes, Piece, PieceKind, pieces};
use crate::detect::known::{KnownIndexBuilder, Refusal};
use crate::model::{Managed, Verdict};

/// Whether a value is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    Current,
    Previous,
}

/// A hash of a value or public key under the run's key.
pub(super) type Hash = [u8; 16];

/// What the managers hold.
pub(super) struct Holdings {
    key: [u8; 32],
    now: SystemTime,
    places: Vec<Place>,
    by_hash: HashMap<Hash, Vec<Held>>,
    /// Values to be searched for, where that was asked for.
    search: Option<Search>,
    /// Values in force to be exported, where that was asked for.
    exported: Option<Vec<(String, Bytes)>>,
}

/// The values that are searched for.
struct Search {
    builder: KnownIndexBuilder,
    /// By the number under which a value is searched for.
    numbers: Vec<Hash>,
    seen: HashSet<Hash>,
    refused: BTreeSet<(String, Refusal)>,
}

/// One version of one secret.
struct Place {
    manager: Arc<str>,
    path: Arc<str>,
    version: String,
    standing: Standing,
    created: Option<SystemTime>,
    owner: Option<String>,
    class: Option<String>,
    rotate_within: Option<String>,
}

/// Where a value lies.
struct Held {
    place: u32,
    field: Option<Arc<str>>,
    kind: PieceKind,
    /// The name beside it.
    user: Option<Arc<[u8]>>,
}

/// The index of the values to be searched for, and what is told of those that are not.
pub(super) struct Known {
    pub(super) index: crate::detect::known::KnownIndex,
    pub(super) numbers: Vec<Hash>,
    /// Where a value lies that is not searched for, and why. Sorted.
    pub(super) refused: Vec<(String, Refusal)>,
}

impl Holdings {
    /// Holds nothing yet. `search`: the values are to be searched for as well; `export`: those in force are kept.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(super) fn new(search: bool, export: bool) -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        let search = if search {
            let builder = KnownIndexBuilder::new()?;
            Some(Search { builder, numbers: Vec::new(), seen: HashSet::new(), refused: BTreeSet::new() })
        } else {
            None
        };
        Ok(Self {
            key,
            now: SystemTime::now(),
            places: Vec::new(),
            by_hash: HashMap::new(),
            search,
            exported: export.then(Vec::new),
        })
    }

    /// Takes in one version of one secret.
    #[allow(clippy::too_many_arguments, reason = "the parts of one version, which is taken apart here")]
    pub(super) fn add(
        &mut self,
        manager: &Arc<str>,
        path: &str,
        version: &str,
        standing: Standing,
        created: Option<SystemTime>,
        labels: &Labels,
        value: &[u8],
    ) {
        let note = |names: &[&str]| {
            let named = |(name, _): &(&String, &String)| names.iter().any(|n| n.eq_ignore_ascii_case(name));
            labels.iter().find(named).map(|(_, value)| value.clone()).filter(|v| !v.is_empty())
        };
        let place = self.places.len() as u32;
        self.places.push(Place {
            manager: Arc::clone(manager),
            path: path.into(),
            version: version.to_owned(),
            standing,
            created,
            owner: note(&["owner", "team", "owned_by"]),
            class: note(&["class", "classification", "sensitivity"]),
            rotate_within: note(&["rotate_within", "rotation_period", "rotation", "max_age"]),
        });
        for piece in pieces(value) {
            self.piece(place, piece);
        }
    }

    fn piece(&mut self, place: u32, piece: Piece) {
        let Piece { field, kind, bytes, user } = piece;
        let trimmed = bytes.trim_ascii();
        let hash = if kind == PieceKind::PublicKey { self.of_key(&bytes) } else { self.of_value(trimmed) };
        if let Some(search) = self.search.as_mut().filter(|_| kind != PieceKind::PublicKey)
            && search.seen.insert(hash)
        {
            match search.builder.add(&bytes) {
                Ok(_) => search.numbers.push(hash),
                Err(refusal) => {
                    search.seen.remove(&hash);
                    let Place { manager, path, .. } = &self.places[place as usize];
                    search.refused.insert((label(manager, path, field.as_deref()), refusal));
                }
            }
        }
        let at = &self.places[place as usize];
        let new = at.standing == Standing::Current && kind != PieceKind::PublicKey;
        if let Some(exported) = self.exported.as_mut().filter(|_| new) {
            exported.push((label(&at.manager, &at.path, field.as_deref()), Bytes::new(trimmed.to_vec())));
        }
        let held = self.by_hash.entry(hash).or_default();
        let same = |h: &Held| h.place == place && h.field.as_deref() == field.as_deref();
        if !held.iter().any(same) {
            let (field, user) = (field.map(Arc::from), user.map(|u| Arc::from(u.as_slice())));
            held.push(Held { place, field, kind, user });
        }
    }

    /// The hash of a value.
    pub(super) fn of_value(&self, bytes: &[u8]) -> Hash {
        self.hash(b"value", bytes)
    }

    /// The hash of a public key.
    pub(super) fn of_key(&self, bytes: &[u8]) -> Hash {
        self.hash(b"key", bytes)
    }

    fn hash(&self, domain: &[u8], bytes: &[u8]) -> Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(domain).update(&[0]).update(bytes);
        let mut hash = [0; 16];
        hasher.finalize_xof().fill(&mut hash);
        hash
    }

    /// What the managers say of the value with this hash, which was found in `form`; `context` is the text around it.
    pub(super) fn verdict(&self, hash: &Hash, form: Option<&'static str>, context: &[u8]) -> Option<Verdict> {
        let held = self.by_hash.get(hash)?;
        let names_user =
            |h: &&Held| h.user.as_ref().is_some_and(|u| memchr::memmem::find(context, u).is_some());
        let best = held.iter().max_by_key(|h| {
            let place = &self.places[h.place as usize];
            let plain = h.kind == PieceKind::Value;
            (
                std::cmp::Reverse(place.standing),
                names_user(h),
                plain,
                place.created,
                std::cmp::Reverse(h.place),
            )
        })?;
        let place = &self.places[best.place as usize];
        let mut managed = self.managed(place, best);
        managed.form = forms::words(form, best.kind.word());
        if names_user(&best) {
            managed.notes.push("the name beside it matches".to_owned());
        }
        let others = held.iter().map(|h| (&self.places[h.place as usize], h));
        let others = others.filter(|(p, _)| (&p.manager, &p.path) != (&place.manager, &place.path));
        let also: BTreeSet<String> =
            others.map(|(p, h)| label(&p.manager, &p.path, h.field.as_deref())).collect();
        managed.also = also.into_iter().collect();
        Some(match place.standing {
            Standing::Current => Verdict::Current(managed),
            Standing::Previous => Verdict::Previous(managed),
        })
    }

    fn managed(&self, place: &Place, held: &Held) -> Managed {
        let seconds =
            |t: SystemTime| t.duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_secs()).ok());
        let age = place.created.and_then(|created| self.now.duration_since(created).ok());
        let limit = place.rotate_within.as_deref().and_then(days);
        let age_days = age.map(|age| age.as_secs() / 86_400);
        Managed {
            manager: place.manager.to_string(),
            path: place.path.to_string(),
            field: held.field.as_deref().map(str::to_owned),
            version: place.version.clone(),
            created: place.created.and_then(seconds),
            age_days,
            owner: place.owner.clone(),
            class: place.class.clone(),
            rotate_within: place.rotate_within.clone(),
            overdue: limit.zip(age_days).is_some_and(|(limit, age)| age > limit),
            ..Managed::default()
        }
    }

    /// Values in force that lie at several paths: the labels of each, sorted.
    pub(super) fn reused(&self) -> Vec<Vec<String>> {
        let mut all = BTreeSet::new();
        for held in self.by_hash.values() {
            let places = held.iter().filter(|h| h.kind == PieceKind::Value);
            let places = places.map(|h| (&self.places[h.place as usize], h));
            let current = places.filter(|(p, _)| p.standing == Standing::Current);
            let paths: BTreeSet<String> =
                current.map(|(p, h)| label(&p.manager, &p.path, h.field.as_deref())).collect();
            if paths.len() > 1 {
                all.insert(paths.into_iter().collect::<Vec<_>>());
            }
        }
        all.into_iter().collect()
    }

    /// The values in force, each once.
    pub(super) fn take_exported(&mut self) -> Vec<(String, Bytes)> {
        let mut all = self.exported.take().unwrap_or_default();
        all.sort_by(|a, b| (a.1.as_slice(), &a.0).cmp(&(b.1.as_slice(), &b.0)));
        all.dedup_by(|b, a| a.1.as_slice() == b.1.as_slice());
        all
    }

    /// The index of the values to be searched for. Once: it leaves this.
    pub(super) fn take_known(&mut self) -> Option<Known> {
        let Search { builder, numbers, seen: _, refused } = self.search.take()?;
        Some(Known { index: builder.build(), numbers, refused: refused.into_iter().collect() })
    }
}

impl std::fmt::Debug for Holdings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Holdings").field("places", &self.places.len()).finish_non_exhaustive()
    }
}

/// How notes name a place.
fn label(manager: &str, path: &str, field: Option<&str>) -> String {
    match field {
        Some(field) => format!("{manager}:{path} ({field})"),
        None => format!("{manager}:{path}"),
    }
}

/// Days of a time such as `90d`, `12h`, `2w`, `90 days`.
fn days(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    match text[digits..].trim_start().as_bytes().first() {
        None | Some(b'd' | b'D') => Some(number),
        Some(b'w' | b'W') => number.checked_mul(7),
        Some(b'h' | b'H') => Some(number / 24),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn holdings(entries: &[(&str, &str, Standing, &str)]) -> Holdings {
        let mut holdings = Holdings::new(true, false).unwrap();
        for (path, version, standing, value) in entries {
            let labels = Labels::from([
                ("Owner".to_owned(), "payments".to_owned()),
                ("rotation".into(), "30d".into()),
            ]);
            let made = SystemTime::now() - Duration::from_secs(86_400 * 42 + 600);
            holdings.add(&"prod".into(), path, version, *standing, Some(made), &labels, value.as_bytes());
        }
        holdings
    }

    fn verdict(holdings: &Holdings, value: &str, context: &str) -> Option<Verdict> {
        holdings.verdict(&holdings.of_value(value.as_bytes()), None, context.as_bytes())
    }

    #[test]
    fn the_version_in_force_counts_before_an_earlier_one() {
        let all = holdings(&[
            ("a", "1", Standing::Previous, r#"{"password":"one-1234"}"#), // leakward:allow
            ("a", "2", Standing::Current, r#"{"password":"two-1234"}"#),  // leakward:allow
            ("b", "7", Standing::Current, r#"{"token":"one-1234"}"#),
        ]);
        let Some(Verdict::Current(found)) = verdict(&all, "one-1234", "") else { panic!() };
        assert_eq!((found.path.as_str(), found.version.as_str(), found.age_days), ("b", "7", Some(42)));
        assert_eq!(found.also, ["prod:a (password)"]);
        assert_eq!((found.owner.as_deref(), found.overdue), (Some("payments"), true));
        assert!(matches!(verdict(&all, "two-1234", ""), Some(Verdict::Current(_))));
        assert!(verdict(&all, "three-123", "").is_none());
    }

    #[test]
    fn the_name_beside_a_password_tells_which_of_two_is_meant() {
        let all = holdings(&[
            ("a", "1", Standing::Current, r#"{"username":"reader","password":"same-1234"}"#), // leakward:allow
            ("b", "1", Standing::Current, r#"{"username":"writer","password":"same-1234"}"#), // leakward:allow
        ]);
        let Some(Verdict::Current(found)) = verdict(&all, "same-1234", "postgres://writer:…@db") else {
            panic!()
        };
        assert_eq!((found.path.as_str(), found.notes.len()), ("b", 1));
        assert_eq!(all.reused(), [["prod:a (password)", "prod:b (password)"]]);
    }

    #[test]
    fn what_is_not_searched_for_is_listed_by_its_place() {
        let mut all = holdings(&[(
            "a",
            "1",
            Standing::Current,
            r#"{"pin":"x1y2","pw":"changeme","ok":"long-enough-1"}"#, // leakward:allow
        )]);
        let known = all.take_known().unwrap();
        assert_eq!(
            known.refused,
            [("prod:a (pin)".to_owned(), Refusal::Short), ("prod:a (pw)".to_owned(), Refusal::Common)]
        );
        assert_eq!(known.numbers.len(), 1);
    }

    #[test]
    fn times_are_read() {
        assert_eq!(
            [days("90d"), days("2w"), days("720h"), days("30 days"), days("soon")],
            [Some(90), Some(14), Some(30), Some(30), None]
        );
    }
}
