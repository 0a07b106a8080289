//! Reads and checks the rules under `rules/` and writes them as statics, so that the built-in pack costs nothing
//! at start: the outlines of their patterns stand beside them. A file that breaks a check stops the build with what
//! is wrong and what to do about it.

#![allow(dead_code, unreachable_pub, reason = "only part of the shared modules is used here")]

#[path = "src/rule/checksum.rs"]
mod checksum;
#[path = "src/rule/kind.rs"]
mod kind;
#[path = "src/rule/live.rs"]
mod live;
#[path = "src/rule/outline.rs"]
mod outline;
#[path = "src/rule/parse.rs"]
mod parse;
#[path = "src/rule/pattern.rs"]
mod pattern;
#[path = "src/rule/problem.rs"]
mod problem;
#[path = "src/rule/run.rs"]
mod run;
#[path = "src/rule/shape.rs"]
mod shape;
#[path = "src/rule/shorthand.rs"]
mod shorthand;
#[path = "src/rule/spelling.rs"]
mod spelling;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs};

use checksum::Checksum;
use kind::{Extractor, List, Requirement, Rule, Text};
use live::{Answer, LiveCheck, Named};
use outline::Outline;
use parse::{Author, check_references, parse};
use pattern::{PatternError, parse as parse_pattern};
use problem::{Problem, RuleError};
use run::Run;
use shape::{Lead, RunLook, Shape};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=Cargo.lock");
    println!("cargo::rustc-env=LEAKWARD_BUILD={:016x}", fingerprint()?);
    let (rules, errors) = read(Path::new("rules"))?;
    for error in &errors {
        println!("cargo::error={error}");
        if let Some(help) = error.help() {
            println!("cargo::error=  help: {help}");
        }
    }
    if errors.is_empty() {
        let out = PathBuf::from(env::var("OUT_DIR")?).join("rules.rs");
        fs::write(out, emit(&rules)?)?;
    }
    Ok(())
}

/// What the sources, rules and dependencies come to: tells builds apart that find different things. Not against
/// forgery, so a hash of the standard library will do.
fn fingerprint() -> Result<u64, Box<dyn Error>> {
    let mut files = vec![PathBuf::from("build.rs"), PathBuf::from("Cargo.lock")];
    let mut folders = vec![PathBuf::from("src"), PathBuf::from("rules")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for path in files {
        // A package that was fetched from the registry may lack the lock file.
        (path.to_string_lossy(), fs::read(&path).unwrap_or_default()).hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// Every rule under `dir`, sorted by id, and everything that is wrong with them.
fn read(dir: &Path) -> Result<(Vec<Rule>, Vec<RuleError>), Box<dyn Error>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(dir)?.map(|e| Ok(e?.path())).collect::<Result<_, Box<dyn Error>>>()?;
    paths.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    paths.sort();
    let mut rules = Vec::new();
    let mut errors = Vec::new();
    // Rule id to the file that has it.
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for path in paths {
        let name = path.display().to_string();
        match parse(&name, &fs::read_to_string(&path)?, Author::Project) {
            Ok(more) => {
                for rule in more {
                    let id = rule.id.to_string();
                    if files.insert(id.clone(), name.clone()).is_some() {
                        errors.push(RuleError {
                            file: name.clone(),
                            rule: Some(id),
                            problem: Problem::Twice,
                        });
                    }
                    rules.push(rule);
                }
            }
            Err(more) => errors.extend(more),
        }
    }
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    for (id, problem) in check_references(&rules) {
        errors.push(RuleError { file: files[&id].clone(), rule: Some(id), problem });
    }
    Ok((rules, errors))
}

/// An array of `rules`, as a Rust expression. The names it uses are those of `src/rule/builtin.rs`.
fn emit(rules: &[Rule]) -> Result<String, PatternError> {
    let mut out = String::from("[\n");
    for rule in rules {
        let outline = option(Outline::of(rule)?.as_ref(), outline);
        out += &format!("Builtin {{ rule: {}, outline: {outline} }},\n", literal(rule));
    }
    out.push(']');
    Ok(out)
}

fn outline(outline: &Outline) -> String {
    let Outline { keywords, shape: Shape { max_len, lead, run }, look } = outline;
    let keywords = list(keywords, text);
    let max_len = format!("{max_len:?}");
    let lead = option(lead.as_ref(), |Lead { min, max }| format!("Lead {{ min: {min}, max: {max:?} }}"));
    let run = option(run.as_ref(), |Run { alphabet, len, back, ahead }| {
        format!("Run {{ alphabet: Alphabet::{alphabet:?}, len: {len}, back: {back}, ahead: {ahead} }}")
    });
    let look = option(look.as_ref(), |RunLook { class, before }| {
        format!("RunLook {{ class: {class:?}, before: {before:?} }}")
    });
    let shape = format!("Shape {{ max_len: {max_len}, lead: {lead}, run: {run} }}");
    format!("Outline {{ keywords: {keywords}, shape: {shape}, look: {look} }}")
}

fn literal(rule: &Rule) -> String {
    let Rule {
        id,
        title,
        severity,
        confidence,
        keywords,
        extractor,
        group,
        min_entropy,
        checksum,
        path,
        stopwords,
        requires,
        reach,
        source,
        revoke,
        live,
        tags,
        positive,
        negative,
    } = rule;
    let extractor = match extractor {
        Extractor::Pattern(pattern) => format!("Extractor::Pattern({})", text(pattern)),
        Extractor::Builtin(name) => format!("Extractor::Builtin({})", text(name)),
        Extractor::Whole(pattern) => format!("Extractor::Whole({})", text(pattern)),
        Extractor::Practice(name) => format!("Extractor::Practice({})", text(name)),
        Extractor::PathOnly => "Extractor::PathOnly".to_owned(),
        Extractor::Known => "Extractor::Known".to_owned(),
    };
    let mut out = String::from("Rule {\n");
    let mut field = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "    {name}: {value},");
    };
    field("id", text(id));
    field("title", text(title));
    field("severity", format!("Severity::{severity:?}"));
    field("confidence", format!("Confidence::{confidence:?}"));
    field("keywords", list(keywords, text));
    field("extractor", extractor);
    field("group", group.to_string());
    field("min_entropy", option(min_entropy.as_ref(), |bits| format!("{bits:?}")));
    field("checksum", option(checksum.as_ref(), |c: &Checksum| format!("Checksum::{c:?}")));
    field("path", option(path.as_ref(), text));
    field("stopwords", list(stopwords, text));
    field("requires", list(requires, requirement));
    field("reach", reach.to_string());
    field("source", text(source));
    field("revoke", text(revoke));
    field("live", option(live.as_ref(), live_check));
    field("tags", list(tags, text));
    field("positive", list(positive, text));
    field("negative", list(negative, text));
    out + "}"
}

fn requirement(part: &Requirement) -> String {
    let Requirement { rule, within_lines, within_columns, mandatory } = part;
    let rule = text(rule);
    format!(
        "Requirement {{ rule: {rule}, within_lines: {within_lines}, within_columns: {within_columns:?}, mandatory: {mandatory} }}"
    )
}

fn live_check(check: &LiveCheck) -> String {
    let LiveCheck {
        method,
        url,
        hosts,
        headers,
        basic,
        body,
        signature,
        starts,
        finds,
        active,
        inactive,
        elsewhere,
        tells,
    } = check;
    let named =
        |Named { name, text: own }: &Named| format!("Named {{ name: {}, text: {} }}", text(name), text(own));
    let answer = |Answer { status, body }: &Answer| {
        format!("Answer {{ status: {status}, body: {} }}", option(body.as_ref(), text))
    };
    let fields = [
        ("method", format!("Method::{method:?}")),
        ("url", text(url)),
        ("hosts", list(hosts, text)),
        ("headers", list(headers, named)),
        ("basic", option(basic.as_ref(), text)),
        ("body", option(body.as_ref(), text)),
        ("signature", option(signature.as_ref(), |s| format!("Signature::{s:?}"))),
        ("starts", list(starts, text)),
        ("finds", list(finds, named)),
        ("active", list(active, answer)),
        ("inactive", list(inactive, answer)),
        ("elsewhere", elsewhere.to_string()),
        ("tells", list(tells, named)),
    ];
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("LiveCheck {{ {} }}", fields.join(", "))
}

fn text(text: &Text) -> String {
    format!("Text::Borrowed({text:?})")
}

fn list<T>(items: &[T], item: impl Fn(&T) -> String) -> String {
    format!("List::Borrowed(&[{}])", items.iter().map(item).collect::<Vec<_>>().join(", "))
}

fn option<T>(value: Option<&T>, some: impl Fn(&T) -> String) -> String {
    value.map_or_else(|| "None".to_owned(), |value| format!("Some({})", some(value)))
}
