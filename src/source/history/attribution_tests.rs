//! Attribution against a plain reading of every commit's files.

use std::collections::{BTreeMap, BTreeSet};

use super::attribution::Teller;
use super::classes::Classes;
use super::fixture::{Dice, Fixture, Stream};
use super::graph::{Graph, GraphPart};
use super::ledger::{Entries, Ledger, LedgerPart, Missing};
use super::names::Names;
use super::paths::Paths;
use super::pruned::Pruned;
use crate::source::odb::{
    CommitParts, Grove, HashKind, Kinds, Object, ObjectKind, Odb, OdbError, Progress, Visitor, Walk,
};

struct Reader<'h> {
    odb: &'h Odb,
    ledger: LedgerPart<'h>,
    graph: GraphPart,
}

impl Visitor for Reader<'_> {
    type Legacy = Entries;

    fn object(&mut self, object: Object<'_, Entries>) -> Entries {
        match object.kind {
            ObjectKind::Tree => return self.ledger.enter(&object, |entries| Some(entries)),
            ObjectKind::Commit => {
                self.graph.enter(self.odb, object.number, &CommitParts::read(object.bytes));
            }
            ObjectKind::Blob | ObjectKind::Tag => {}
        }
        Entries::default()
    }

    fn unreadable(&mut self, number: u32, why: OdbError) {
        panic!("{number}: {why}");
    }
}

/// A history of `commits` commits with branches, merges, moved folders and files that come back.
fn random_history(dice: &mut Dice, commits: usize) -> Stream {
    let mut stream = Stream::default();
    let mut tips: Vec<usize> = Vec::new();
    for _ in 0..commits {
        let parents: Vec<usize> = match (tips.len(), dice.below(10)) {
            (0, _) => Vec::new(),
            (n, 0) => {
                (0..3.min(n)).map(|_| tips[dice.below(n)]).collect::<BTreeSet<_>>().into_iter().collect()
            }
            (n, _) => vec![tips[n - 1 - dice.below(n.min(3))]],
        };
        let mut files = parents.first().map(|p| stream.files[p].clone()).unwrap_or_default();
        for _ in 0..=dice.below(3) {
            let path = ["a", "lib/a", "lib/b", "lib/deep/er/c", "x y", "doc/lib/a", "z/z/z/z"][dice.below(7)];
            let path = format!("{path}{}", dice.below(30));
            match dice.below(8) {
                0 => drop(files.remove(&path)),
                1 => {
                    // A folder with all it holds appears under another name.
                    let copies: Vec<_> = files
                        .iter()
                        .filter_map(|(p, c)| Some((format!("moved/{}", p.strip_prefix("lib/")?), c.clone())))
                        .collect();
                    files.extend(copies);
                }
                _ => {
                    files.insert(path, format!("content {}\n", dice.below(60)).repeat(3).into_bytes());
                }
            }
        }
        files.insert("keep".to_owned(), b"keep\n".to_vec());
        let branch = format!("b{}", tips.len());
        tips.push(stream.commit(&branch, &parents, files));
    }
    stream
}

#[test]
fn stories_are_those_of_a_plain_reading() {
    for (seed, hash) in [(1, "sha1"), (2, "sha256"), (3, "sha1")] {
        let mut dice = Dice(seed);
        let stream = random_history(&mut dice, 150);
        let fixture = Fixture::new(hash);
        fixture.import(&stream);
        let odb = fixture.odb();
        let wanted: BTreeSet<String> =
            (0..60).filter(|i| i % 7 == 0).map(|i| format!("content {i}\n")).collect();
        check(&odb, &stream, &wanted);
    }
}

/// Holds the stories of the blobs that begin with one of `wanted` against the files of each commit.
fn check(odb: &Odb, stream: &Stream, wanted: &BTreeSet<String>) {
    let (names, missing) = (Names::default(), Missing::default());
    let walk = Walk { threads: 2, budget: 1 << 20, limit: 1 << 20, kinds: Kinds::ALL };
    let reader =
        || Reader { odb, ledger: LedgerPart::new(odb, &names, &missing), graph: GraphPart::default() };
    let parts = walk.run(odb, &Grove::default(), &Progress::default(), &|_| true, &reader).unwrap();
    let (ledgers, graphs) = parts.into_iter().map(|r| (r.ledger.into_rows(), r.graph)).unzip();
    let (ledger, graph) = (Ledger::new(odb.len(), ledgers), Graph::new(odb, graphs));
    assert!(ledger.damaged.is_empty() && missing.into_ids().is_empty());

    let content = |i: usize| format!("content {i}\n").repeat(3).into_bytes();
    let number = |c: &[u8]| odb.find(ObjectKind::Blob.name(c, odb.hash()).as_bytes());
    let groups: BTreeMap<u32, u32> = (0..60)
        .filter(|i| wanted.contains(&format!("content {i}\n")))
        // Some secrets lie in several objects.
        .filter_map(|i| Some((number(&content(i))?, i as u32 % 4)))
        .collect();
    let holdings: Vec<(u32, u32)> = groups.iter().map(|(&o, &g)| (o, g)).collect();
    let classes = Classes::new(odb.len() as usize, &holdings, &Default::default());
    let pruned = Pruned::new(&ledger, &classes);
    let within = vec![true; graph.len()];
    let order = graph.oldest_first(&within);
    let names = names.into_names();
    let mut teller = Teller::new(&graph, &ledger, &pruned, &classes, Paths::new(&names), 60);
    teller.go_through(&order, true);

    assert_eq!(order.len(), stream.files.len());
    let marks: Vec<usize> = order.iter().map(|&c| ((graph.time(c) - 1_700_000_000) / 60) as usize).collect();
    for &group in groups.values().collect::<BTreeSet<_>>() {
        let story = &teller.stories[group as usize];
        let mut first: BTreeMap<String, usize> = BTreeMap::new();
        let mut commits = 0;
        for mark in &marks {
            let same = |c: &Vec<u8>| number(c).is_some_and(|object| groups.get(&object) == Some(&group));
            let paths: Vec<_> = stream.files[mark].iter().filter(|(_, c)| same(c)).map(|(p, _)| p).collect();
            commits += u64::from(!paths.is_empty());
            for path in paths {
                first.entry(path.clone()).or_insert(*mark);
            }
        }
        let told: BTreeMap<String, usize> = story
            .sightings
            .iter()
            .map(|s| {
                (
                    teller.paths.text(s.path).to_string(),
                    marks[order.iter().position(|&c| c == s.commit).unwrap()],
                )
            })
            .collect();
        assert_eq!((told, story.commits), (first, commits), "content {group}");
        for s in &story.sightings {
            let names = teller.paths.names(s.path).into_iter();
            let below = |here: Vec<u32>, name| {
                here.into_iter().flat_map(|tree| ledger.below(ledger.row(tree), name)).collect()
            };
            let mark = marks[order.iter().position(|&c| c == s.commit).unwrap()];
            let content = &stream.files[&mark][&teller.paths.text(s.path).to_string()];
            assert_eq!(names.fold(vec![s.root], below), [number(content).unwrap()]);
        }
    }
    let head = stream.files.last_key_value().unwrap().1;
    let last =
        *order.iter().find(|&&c| graph.time(c) == 1_700_000_000 + 60 * stream.files.len() as i64).unwrap();
    let here: BTreeSet<u32> = head.values().filter_map(|c| groups.get(&number(c)?).copied()).collect();
    let held = teller.groups_in(teller.tree_of(last));
    assert_eq!(held.keys().copied().collect::<BTreeSet<_>>(), here);
    assert!(matches!(odb.hash(), HashKind::Sha1 | HashKind::Sha256));
}

/// Notes the number and the length of every object that it is shown.
struct Counter(Vec<(u32, usize)>);

impl Visitor for Counter {
    type Legacy = ();

    fn object(&mut self, object: Object<'_, ()>) {
        self.0.push((object.number, object.bytes.len()));
    }

    fn unreadable(&mut self, number: u32, why: OdbError) {
        panic!("{number}: {why}");
    }
}

#[test]
fn few_objects_of_a_large_pack_are_shown_without_the_others() {
    let mut dice = Dice(4);
    let fixture = Fixture::new("sha1");
    fixture.import(&random_history(&mut dice, 150));
    let odb = fixture.odb();
    let shown = |wanted: &(dyn Fn(u32) -> bool + Sync)| {
        let walk = Walk { threads: 2, budget: 1 << 20, limit: 1 << 20, kinds: Kinds::ALL };
        let counters =
            walk.run(&odb, &Grove::default(), &Progress::default(), wanted, &|| Counter(Vec::new())).unwrap();
        let mut shown: Vec<_> = counters.into_iter().flat_map(|c| c.0).collect();
        shown.sort_unstable();
        shown
    };
    let all = shown(&|_| true);
    assert!(all.len() > 512 && odb.packs().len() == 1, "{}", all.len());
    for number in (0..odb.len()).step_by(37) {
        assert_eq!(shown(&|n| n == number), [all[number as usize]]);
    }
    assert_eq!(shown(&|_| false), []);
}

#[test]
fn refs_contain_what_they_follow() {
    let mut stream = Stream::default();
    let file = |n: usize| BTreeMap::from([("f".to_owned(), n.to_string().into_bytes())]);
    let a = stream.commit("main", &[], file(1));
    let b = stream.commit("main", &[a], file(2));
    let c = stream.commit("side", &[a], file(3));
    stream.commit("both", &[b, c], file(4));
    let fixture = Fixture::new("sha1");
    fixture.import(&stream);
    let odb = fixture.odb();
    let (names, missing) = (Names::default(), Missing::default());
    let walk = Walk { threads: 1, budget: 0, limit: 1 << 20, kinds: Kinds::of(&[ObjectKind::Commit]) };
    let reader =
        || Reader { odb: &odb, ledger: LedgerPart::new(&odb, &names, &missing), graph: GraphPart::default() };
    let parts = walk.run(&odb, &Grove::default(), &Progress::default(), &|_| true, &reader).unwrap();
    let graph = Graph::new(&odb, parts.into_iter().map(|r| r.graph).collect());
    let commit = |name: &str| graph.commit(odb.find(fixture.id(name).as_bytes()).unwrap()).unwrap();
    let tips = [commit("main"), commit("side"), commit("both")];
    let order = graph.oldest_first(&vec![true; graph.len()]);
    let found =
        super::containing::containing(&graph, &order, &[commit("main~1"), commit("main"), tips[1]], &tips);
    assert_eq!(found, [vec![0, 1, 2], vec![0, 2], vec![1, 2]]);
}
