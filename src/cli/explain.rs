//! `leakward explain FILE:LINE`: why the values of a line are held for secrets, or are not.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Failure, heading};
use crate::classify::{Feature, Judgement, Model, Shown, add_path, judge, may_be_told, stand_in, weigh};
use crate::detect::{Detector, Explained, Found, Scratch, explain};
use crate::model::{Blob, Evidence, LineIndex, Span};
use crate::rule::{Confidence, RulePack};

/// tell why the values of a line are held for secrets, or are not
///
/// Values stay hidden. Generic values are weighed: every feature that has a share is listed with it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// file, and line in it
    #[arg(value_name = "FILE:LINE", help_heading = heading::INPUT)]
    place: PathBuf,
}

/// Shares below this are added up rather than listed.
const SMALL: f32 = 0.05;

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let (path, number) = split(&self.place)?;
        let bytes =
            fs::read(&path).map_err(|e| Failure::new(format_args!("cannot read {}: {e}", path.display())))?;
        let lines = LineIndex::new(&bytes);
        let line = lines.line(number);
        if line.is_empty() && (number == 0 || lines.line_of(bytes.len()) < number) {
            let last = lines.line_of(bytes.len());
            return Err(Failure::new(format_args!("{} has no line {number}", path.display()))
                .help(format_args!("its last line is {last}")));
        }
        let text = told(&path, &bytes, number, line);
        match io::stdout().lock().write_all(text.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(format_args!("cannot write to standard output: {error}")))
            }
            _ => Ok(0),
        }
    }
}

/// `FILE:LINE` taken apart.
fn split(place: &Path) -> Result<(PathBuf, u64), Failure> {
    let wrong = || {
        Failure::new(format_args!("{} is no FILE:LINE", place.display()))
            .help("name a file and a line in it, such as src/main.rs:12")
    };
    let text = place.to_str().ok_or_else(wrong)?;
    let (file, line) = text.rsplit_once(':').ok_or_else(wrong)?;
    let line = line.parse().map_err(|_| wrong())?;
    Ok((PathBuf::from(file), line))
}

/// Everything that is to be said of `line`.
fn told(path: &Path, bytes: &[u8], number: u64, line: Span) -> String {
    let mut text = String::new();
    let name = path.to_string_lossy();
    for finding in structured(bytes, line, name.as_bytes()) {
        let _ = writeln!(text, "{name}:{number}: {finding}\n");
    }
    let lines = LineIndex::new(bytes);
    explain(bytes, line, &mut |Explained { reader, found, span, shown }| {
        let column = lines.position(span.start).column;
        let _ = writeln!(text, "{name}:{number}:{column}: {}", headline(reader, found));
        text += &judged(found, shown, name.as_bytes());
        text.push('\n');
    });
    if text.is_empty() {
        let _ = writeln!(text, "{name}:{number}: nothing here looks like a credential\n");
    }
    text.pop();
    text
}

/// What the rules find that need no weighing, a sentence each.
fn structured(bytes: &[u8], line: Span, path: &[u8]) -> Vec<String> {
    let Ok(detector) = Detector::new(Arc::new(RulePack::builtin())) else { return Vec::new() };
    let mut found = Vec::new();
    detector.detect(&mut Scratch::default(), &Blob::whole(bytes), Some(path), &mut |c| {
        if c.evidence.is_none() && c.span.start < line.end && line.start < c.span.end {
            let why: Vec<&str> = c.why.iter().map(AsRef::as_ref).collect();
            let why = if why.is_empty() { "its shape alone".to_owned() } else { why.join(", ") };
            found.push(format!(
                "{}, by rule {}: confidence {}; {why}",
                c.rule.title,
                c.rule.id,
                c.confidence.as_str()
            ));
        }
    });
    found
}

fn headline(reader: &str, found: &Found<'_>) -> String {
    let subject = &found.subject;
    let key = String::from_utf8_lossy(subject.key);
    let length = subject.value.len();
    format!("{key}, {length} bytes, {} (reader {reader})", subject.syntax.as_str())
}

/// The verdict and its reasons.
fn judged(found: &Found<'_>, shown: Option<Shown>, path: &[u8]) -> String {
    let model = Model::embedded();
    let mut evidence = match judge(&found.subject, &model.lexicon()) {
        Judgement::Noise(noise) => return format!("  not a secret: {}\n", noise.as_str()),
        Judgement::Open(evidence) => evidence,
    };
    if let Some(what) = stand_in(&found.subject) {
        return format!("  not a secret: {what}\n");
    }
    if let Some(shown) = shown.filter(|_| may_be_told(&evidence)) {
        shown.note(&mut evidence);
    }
    add_path(&mut evidence, path);
    let score = model.score(&evidence);
    let most = model.confidence(score);
    let verdict = match weigh(&evidence) {
        Some(confidence) if Some(confidence) < most => {
            format!(
                "secret, confidence {} at most: tests and documentation show such values",
                confidence.as_str()
            )
        }
        Some(confidence) => format!("secret, confidence {}", confidence.as_str()),
        None => "not a secret: too little speaks for it".to_owned(),
    };
    let [low, medium, high] = model.levels;
    let mut text = format!(
        "  {verdict}\n  sum {score:+.2} ({} from {low:+.1}, {} from {medium:+.1}, {} from {high:+.1})\n",
        Confidence::Low.as_str(),
        Confidence::Medium.as_str(),
        Confidence::High.as_str()
    );
    text += &shares(model, &evidence);
    text
}

/// One line for each feature with a share worth a line.
fn shares(model: &Model, evidence: &Evidence) -> String {
    let (shares, given) = model.shares(evidence);
    let mut text = String::new();
    let row = |text: &mut String, share: f32, name: &str, says: &str| {
        let _ = writeln!(text, "  {share:+6.2}  {name:30} {says}");
    };
    let (listed, rest): (Vec<_>, Vec<_>) = shares.into_iter().partition(|(_, share)| share.abs() >= SMALL);
    for (feature, share) in listed {
        let says = Feature::told(feature, evidence.0[feature as usize]);
        row(&mut text, share, feature.as_str(), says.trim_end());
    }
    row(&mut text, rest.iter().map(|(_, share)| share).sum(), "small shares", "");
    row(&mut text, given, "before anything is seen", "");
    // No blanks at the ends of lines.
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
