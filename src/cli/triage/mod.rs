//! `leakward triage`: goes through findings one by one, and writes what was decided into the baseline.

mod model;
mod progress;
mod screen;

use std::collections::HashMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use bstr::BStr;
use ratatui::crossterm::event::{self, Event, KeyEventKind};

use super::files_flags::FilesFlags;
use super::limit_flags::LimitFlags;
use super::replace::replace;
use super::report::ReportFlags;
use super::settings::{SettingsFlags, from_folder};
use super::{Failure, baseline, heading};
use crate::detect::Detector;
use crate::model::{Finding, Fingerprint};
use crate::report::{self, Root};
use crate::rule::{Confidence, Severity};
use crate::scan::{self, Config, FOUND};
use crate::source::MAX_ARCHIVE_DEPTH;
use crate::suppress::{Baseline, Entry};
use model::{Decision, Effect, Model};
use progress::Progress;

/// go through findings one by one: real, false alarm, accepted, or to be rotated
///
/// Decisions are kept as they are made, so that a triage can be left and taken up again. At its end false alarms and
/// accepted findings go into the baseline, and the commands that rotate the rest are told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// a report to go through, with its verdicts and history; without it the folder is scanned
    #[arg(value_name = "REPORT", help_heading = heading::INPUT)]
    report: Option<PathBuf>,
    /// the folder that is scanned, or that the report is about
    #[arg(long = "in", value_name = "FOLDER", default_value = ".", help_heading = heading::INPUT)]
    folder: PathBuf,
    #[command(flatten)]
    settings: SettingsFlags,
    /// who answers for what is accepted
    #[arg(long, value_name = "NAME", help_heading = heading::OUTPUT)]
    owner: Option<String>,
    /// file that the baseline is written to [default: --baseline, the configuration's, or leakward-baseline.jsonl]
    #[arg(long, short, value_name = "FILE", help_heading = heading::OUTPUT)]
    output: Option<PathBuf>,
}

/// What is gone through.
struct Batch {
    subject: String,
    findings: Vec<Finding>,
    /// The findings whose values the baseline can hold, by name; a report that is masked has none of its own.
    whole: HashMap<Fingerprint, Finding>,
    baseline: PathBuf,
    today: jiff::civil::Date,
}

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(Failure::new("a triage needs a terminal to ask on").help(
                "`leakward scan --format html --output page.html` writes a page to read, `leakward baseline create` accepts all",
            ));
        }
        let owner = self.owner.clone();
        let mut progress = Progress::of(&self.folder)?;
        let batch = self.batch()?;
        let mut model = Model::new(report::cards(&batch.findings), |name| progress.decision(name));
        if model.cards.is_empty() {
            return say("nothing to decide about\n");
        }
        let effect = go_through(&mut model, &batch.subject, &mut progress)?;
        let told = match effect {
            Effect::Finish => batch.finish(&model, owner)?,
            _ => format!("{} of {} decided; kept for the next time\n", model.decided(), model.cards.len()),
        };
        say(&told)
    }

    fn batch(self) -> Result<Batch, Failure> {
        let files = FilesFlags {
            paths: vec![self.folder.clone()],
            no_ignore: false,
            follow_symlinks: false,
            limits: LimitFlags::default(),
        };
        let base = files.base()?;
        let settings = self.settings.load(&from_folder(base.dir()))?;
        let today = settings.suppressor.today;
        let named = self.output.clone().or(self.settings.baseline.clone());
        let place = baseline::place(named, settings.config.baseline.as_ref(), base.dir());
        let exclude = settings.exclude(&[])?;
        let reach = files.reach(&base);
        let config = Config {
            detector: Arc::new(Detector::new(Arc::new(settings.pack)).map_err(Failure::new)?),
            suppressor: settings.suppressor,
            min_confidence: Confidence::Medium,
            min_severity: Severity::Low,
            parts: settings.parts,
            show_suppressed: false,
            line_hash: false,
            subject: files.subject(),
            root: Root::default(),
            notes: settings.warnings,
            time_limit: None,
            outputs: Vec::new(),
            found: FOUND,
            judges: Vec::new(),
            fail_on: crate::model::State::FAILING.to_vec(),
            audit: None,
            reach,
        };
        let max_size = settings.config.max_file_size;
        let subject = base.dir().display().to_string();
        let source = files.source(base, exclude, max_size, MAX_ARCHIVE_DEPTH);
        let mut scanned = scan::collect(&source, &config)?.findings;
        scanned.retain(|finding| finding.suppressed.is_none());
        let (subject, findings) = match &self.report {
            None => (subject, scanned.clone()),
            Some(path) => {
                let mut told = ReportFlags::of(path.clone()).read()?;
                told.findings.retain(|finding| finding.suppressed.is_none());
                (path.display().to_string(), told.findings)
            }
        };
        let open = findings.iter().filter(|finding| !report::is_masked(finding));
        let whole = open.chain(&scanned).map(|finding| (finding.fingerprint, finding.clone())).collect();
        Ok(Batch { subject, findings, whole, baseline: place, today })
    }
}

/// Asks about each finding until the person has had enough.
fn go_through(model: &mut Model, subject: &str, progress: &mut Progress) -> Result<Effect, Failure> {
    let colors = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut terminal = ratatui::try_init().map_err(|e| Failure::new(format_args!("the terminal: {e}")))?;
    let ended = loop {
        let drawn = terminal.draw(|frame| screen::draw(frame, model, subject, colors));
        let event = match drawn.and_then(|_| event::read()) {
            Ok(event) => event,
            Err(e) => break Err(Failure::new(format_args!("the terminal: {e}"))),
        };
        let Event::Key(key) = event else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        match model.key(key) {
            Effect::Nothing => {}
            Effect::Decided => {
                let names = model.cards.iter().map(|card| &*card.fingerprint);
                let decisions = names.zip(model.decisions.iter().map(Option::as_ref));
                if let Err(failure) = progress.keep(decisions) {
                    break Err(failure);
                }
            }
            end => break Ok(end),
        }
    };
    ratatui::restore();
    ended
}

impl Batch {
    /// Writes the baseline. Returns what is to be said.
    fn finish(&self, model: &Model, owner: Option<String>) -> Result<String, Failure> {
        let mut baseline = match baseline::read_if_there(&self.baseline)? {
            Some(baseline) => baseline,
            None => {
                let mut salt = [0; 32];
                getrandom::fill(&mut salt).map_err(|e| Failure::new(format_args!("no random salt: {e}")))?;
                Baseline::new(salt)
            }
        };
        let before = baseline.len();
        let (mut masked, mut rotate) = (Vec::new(), Vec::new());
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for (card, decision) in model.cards.iter().zip(&model.decisions) {
            let Some(decision) = decision else { continue };
            *counts.entry(decision.word()).or_default() += 1;
            if *decision == Decision::Rotate {
                rotate.push(&card.fingerprint);
            }
            let Some(reason) = decision.reason() else { continue };
            let name: Option<Fingerprint> = card.fingerprint.parse().ok();
            let Some(finding) = name.and_then(|name| self.whole.get(&name)) else {
                masked.push(&card.place);
                continue;
            };
            let about = Entry {
                reason: Some(reason.to_owned()),
                owner: owner.clone(),
                added: Some(self.today),
                expires: None,
            };
            // Hashed with the baseline's salt, never written.
            let value = finding.secret.expose();
            baseline.insert(&finding.rule.id, BStr::new(&**finding.origin.path), value, &about);
        }
        if baseline.len() != before {
            replace(&self.baseline, baseline.render().as_bytes())
                .map_err(|e| Failure::new(format_args!("cannot write {}: {e}", self.baseline.display())))?;
        }
        let words = ["real", "false alarm", "accepted", "rotate"];
        let mut counted: Vec<_> =
            words.iter().filter_map(|w| Some(format!("{} {w}", counts.get(w)?))).collect();
        counted.push(format!("{} left", model.cards.len() - model.decided()));
        let mut text = format!("{}\n", counted.join(" · "));
        if baseline.len() != before {
            text += &format!("{}: {} added\n", self.baseline.display(), baseline.len() - before);
        }
        if !masked.is_empty() {
            text += &format!(
                "{} not in the baseline, as the report masks their values and they are not in {} now:\n",
                masked.len(),
                self.subject
            );
            masked.iter().for_each(|place| text += &format!("  {place}\n"));
        }
        if !rotate.is_empty() {
            text += "to rotate, each shown before it is done:\n";
            rotate.iter().for_each(|name| text += &format!("  leakward rotate b3k:{name}\n"));
        }
        Ok(text)
    }
}

fn say(text: &str) -> Result<u8, Failure> {
    // Where standard output is gone, nobody is left to be told.
    let _ = anstream::stdout().lock().write_all(text.as_bytes());
    Ok(0)
}
