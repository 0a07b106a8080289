//! Trains the classifier that leakward embeds.
//!
//! Reads a folder with `labels.jsonl` and `data/`, finds every candidate in it, learns from what people said of
//! them, and writes the model. The same folder gives the same model, byte for byte. `--evaluate` cross-validates by
//! repository instead: each repository is judged by a model that has not seen it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that talks to its user")]

mod boost;
mod corpus;
mod evaluate;
mod harvest;
mod invented;
mod lesson;
mod lexicon;
mod units;
mod write;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use leakward::model::Evidence;

use boost::{Recipe, grow};
use corpus::Corpus;
use evaluate::{Bench, Count};
use harvest::{Harvester, Sample};
use lexicon::{Tables, Words};

/// How the embedded model is grown. Chosen by cross-validation (`--evaluate`).
const RECIPE: Recipe = Recipe {
    trees: 200,
    rate: 0.05,
    leaves: 12,
    depth: 4,
    fewest: 15,
    damping: 5.0,
    rows: 80,
    columns: 50,
    seed: 1,
};

/// Precision that the levels low, medium and high promise, in cross-validation by repository.
const PROMISES: [f64; 3] = [0.75, 0.93, 0.975];

/// Trains the classifier that leakward embeds
#[derive(Parser)]
struct Arguments {
    /// folder with labels.jsonl and data/
    folder: PathBuf,
    /// where to write the model
    #[arg(long, default_value = "src/classify/model.bin")]
    model: PathBuf,
    /// cross-validate by repository and write no model
    #[arg(long)]
    evaluate: bool,
    /// with --evaluate: write what would be found at medium, as JSON lines for the scorer
    #[arg(long, requires = "evaluate")]
    report: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let corpus = Corpus::read(&arguments.folder).map_err(|e| e.to_string())?;
    let harvester = Harvester::new();
    let mut samples: Vec<Sample> =
        corpus.texts.iter().enumerate().flat_map(|(i, text)| harvester.samples(Some(i), text)).collect();
    samples.extend(invented::samples(&harvester));
    let bench = Bench::new(&corpus);
    let scores = cross_validate(&corpus, &samples);
    let scored: Vec<_> = samples.iter().zip(scores).filter_map(|(s, score)| Some((s, score?))).collect();
    let levels = levels(&bench, &scored);
    print_table(&corpus, &bench, &scored, levels);
    if let Some(path) = &arguments.report {
        let text = report(&corpus, &bench, &scored, levels[1]);
        std::fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    }
    if arguments.evaluate {
        return Ok(());
    }
    let (tables, grown) = learn(&corpus, &samples, None);
    let bytes = write::bytes(&grown, &tables, levels, &corpus.hash);
    let path = &arguments.model;
    std::fs::write(path, &bytes).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    println!("input {}", blake3::Hash::from(corpus.hash).to_hex());
    println!("model {} ({} bytes)", blake3::hash(&bytes).to_hex(), bytes.len());
    Ok(())
}

/// Learns from everything but the repository `without`.
fn learn(corpus: &Corpus, samples: &[Sample], without: Option<&str>) -> (Tables, boost::Grown) {
    let mut words = Words::default();
    for text in corpus.texts.iter().filter(|t| Some(t.repo.as_str()) != without) {
        words.read(text);
    }
    let tables = words.tables();
    let lexicon = tables.lexicon();
    let repo = |s: &Sample| s.text.map_or("", |i| corpus.texts[i].repo.as_str());
    let seen: Vec<_> = samples
        .iter()
        .filter(|s| without.is_none_or(|w| repo(s) != w))
        .filter_map(|s| Some((s, repo(s), lesson::evidence(s, &lexicon)?)))
        .collect();
    let rows = lesson::rows(seen.iter().copied());
    let grown = grow(&rows, &RECIPE);
    (tables, grown)
}

/// The score of each sample by a model that has not seen its repository; `None` for certain noise and inventions.
fn cross_validate(corpus: &Corpus, samples: &[Sample]) -> Vec<Option<f32>> {
    let mut scores = vec![None; samples.len()];
    for repo in corpus.repos() {
        let (tables, grown) = learn(corpus, samples, Some(repo));
        let lexicon = tables.lexicon();
        for (sample, score) in samples.iter().zip(&mut scores) {
            if sample.text.is_some_and(|i| corpus.texts[i].repo == repo) {
                *score = lesson::evidence(sample, &lexicon).map(|e: Evidence| grown.score(&e));
            }
        }
    }
    scores
}

/// The lowest scores that keep what the levels promise.
fn levels(bench: &Bench, scored: &[(&Sample, f32)]) -> [f32; 3] {
    let kept = |promise: f64| {
        let steps = (-60..=60).map(|i| i as f32 * 0.1);
        let mut best = 6.0;
        for level in steps.rev() {
            if bench.count(scored, level, |_| true).precision() < promise {
                break;
            }
            best = level;
        }
        best
    };
    PROMISES.map(kept)
}

fn print_table(corpus: &Corpus, bench: &Bench, scored: &[(&Sample, f32)], levels: [f32; 3]) {
    let print = |name: &str, c: Count| {
        println!(
            "{name:44} hits {:4} misses {:4} wrong {:4} unsaid {:4}  P {:.3} R {:.3} F1 {:.3}",
            c.hits,
            c.misses,
            c.wrong,
            c.unsaid,
            c.precision(),
            c.recall(),
            c.f1()
        );
    };
    for repo in corpus.repos() {
        let here = |i: usize| corpus.texts[i].repo == repo;
        print(repo, bench.count(scored, levels[1], here));
    }
    for step in -5..=5 {
        let level = levels[1] + step as f32 * 0.25;
        print(&format!("all at {level:.2}"), bench.count(scored, level, |_| true));
    }
    for (name, level) in ["low", "medium", "high"].into_iter().zip(levels) {
        print(&format!("{name} ({level:.1})"), bench.count(scored, level, |_| true));
    }
    print("structured rules alone", bench.count(scored, f32::INFINITY, |_| true));
}

/// What would be found at `level`, as the scorer reads it.
fn report(corpus: &Corpus, bench: &Bench, scored: &[(&Sample, f32)], level: f32) -> String {
    let generic = scored
        .iter()
        .filter(|(_, score)| *score >= level)
        .filter_map(|(s, _)| Some((s.text?, s.lines, s.reader)));
    let structured = bench.structured().map(|(text, lines)| (text, lines, "structured"));
    generic
        .chain(structured)
        .map(|(text, lines, rule)| {
            let file = &corpus.texts[text].name;
            let row =
                serde_json::json!({"file": file, "line_start": lines.0, "line_end": lines.1, "rule": rule});
            format!("{row}\n")
        })
        .collect()
}
