//! `leakward rotate`: gives what leaked a new value, or ends it.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use super::found::{FoundFlags, Ready};
use super::{Failure, heading};
use crate::model::{Finding, Managed, State, Verdict};
use crate::rotate::{Ended, Generator, Journal, Options, Plan, Revocation, RotateError, Rotation, Target};
use crate::verify::{Held, ManagerSettings};

/// give what leaked a new value in your secrets manager, or end it
///
/// Without --apply nothing is changed: the steps, the rights that they take and what to know before are printed. A
/// rotation that was cut off goes on when the same command is run again. docs/rotation.md tells what hooks are given.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// a finding's fingerprint, or a path such as secret/prod/db or prod:secret/prod/db
    #[arg(value_name = "FINDING|PATH", required_unless_present = "unfinished", help_heading = heading::INPUT)]
    target: Option<String>,
    #[command(flatten)]
    found: FoundFlags,
    #[command(flatten)]
    how: HowFlags,
}

/// How to rotate.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = heading::ROTATION)]
struct HowFlags {
    /// do it
    #[arg(long, conflicts_with = "dry_run")]
    apply: bool,
    /// only say what would be done (as without --apply)
    #[arg(long)]
    dry_run: bool,
    /// field of the value that gets a new one
    #[arg(long, value_name = "NAME")]
    field: Option<String>,
    /// command that makes what the secret opens follow; run at each step, which LEAKWARD_STEP names
    #[arg(long, value_name = "COMMAND")]
    hook: Option<String>,
    /// longest time for one step of the hook, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    hook_limit: u64,
    /// rotate though nothing tells what the secret opens
    #[arg(long, conflicts_with = "hook")]
    without_hook: bool,
    /// letters and digits of the new value
    #[arg(long, value_name = "N", default_value_t = Generator::USUAL, value_parser = length)]
    length: usize,
    /// have the manager make the new value by its password policy of this name
    #[arg(long, value_name = "NAME", conflicts_with = "length")]
    password_policy: Option<String>,
    /// destroy the old version at the end
    #[arg(long)]
    destroy_old: bool,
    /// undo a rotation that was cut off, instead of finishing it
    #[arg(long)]
    undo: bool,
    /// list rotations that were cut off
    #[arg(long, conflicts_with = "target")]
    unfinished: bool,
    /// how long to wait for another process that rotates the same secret, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    wait: u64,
    /// folder of the journal [default: LEAKWARD_STATE, or leakward in the user's state folder]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

/// Longest time for a manager that rotates by itself, such as by a function that has to start first.
const TURN_LIMIT: Duration = Duration::from_secs(120);

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let options = self.how.options()?;
        let Some(text) = self.target.filter(|_| !self.how.unfinished) else { return unfinished(&options) };
        let ready = self.found.ready()?;
        let (target, finding) = if Ready::is_fingerprint(&text) {
            let finding = ready.find(&text)?;
            (Target::of(&finding), Some(finding))
        } else {
            let names: Vec<_> = ready.managers.iter().map(|m| m.name.as_str()).collect();
            (Target::named(&text, &names).map_err(|e| Failure::new(format_args!("{text}: {e}")))?, None)
        };
        let work = Work { ready: &ready, options, apply: self.how.apply, finding };
        let code = match target {
            Target::Path { manager, path, field } => work.path(manager.as_deref(), path, field),
            Target::Handle(held) => work.handle(&held),
            Target::Over(why) => {
                say(&format!("nothing to do: {why}"));
                Ok(0)
            }
            Target::Unknown(why) => Err(Failure::new(format_args!("{text}: {why}")).help(
                "`leakward adopt` puts a value into the manager; whoever issued this one can revoke it",
            )),
        };
        ready.audited(code?)
    }
}

impl HowFlags {
    fn options(&self) -> Result<Options, Failure> {
        let folder = self.state.clone().or_else(Journal::usual_folder);
        let folder = folder.ok_or_else(|| {
            Failure::new("there is no folder for the journal").help("name one with --state, or set HOME")
        })?;
        let hook = self.hook.clone().map(|hook| (hook, Duration::from_secs(self.hook_limit)));
        let generator = match &self.password_policy {
            Some(name) => Generator::Manager(name.clone()),
            None => Generator::Here(self.length),
        };
        Ok(Options {
            field: self.field.clone(),
            hook,
            without_hook: self.without_hook,
            generator,
            destroy_old: self.destroy_old,
            folder,
            wait: Duration::from_secs(self.wait),
            turn_limit: TURN_LIMIT,
            undo: self.undo,
        })
    }
}

/// What is to be rotated, and how.
struct Work<'w> {
    ready: &'w Ready,
    options: Options,
    apply: bool,
    finding: Option<Finding>,
}

impl Work<'_> {
    /// Rotates a secret of a manager.
    fn path(
        mut self,
        manager: Option<&str>,
        path: leakward_fetcher::SecretPath,
        field: Option<String>,
    ) -> Result<u8, Failure> {
        let manager = self.manager(manager)?.clone();
        self.options.field = self.options.field.take().or(field);
        let name = path.as_str().to_owned();
        let told = |step: &str| {
            say(&format!("  {step}"));
            self.ready.tell("rotation", &manager.name, &name, step);
        };
        let outcome = super::secrets::enter(async {
            let provider = manager.provider().await?;
            let rotation =
                Rotation { manager: &manager.name, provider, path, options: &self.options, told: &told };
            let outcome = if self.apply {
                say(&format!("rotating {}:{}", manager.name, rotation.path));
                let outcome = rotation.run().await;
                let end = outcome.as_ref().map_or_else(ToString::to_string, |ended| format!("{ended:?}"));
                self.ready.tell("rotation", &manager.name, rotation.path.as_str(), &end);
                outcome.map(Some)
            } else {
                rotation.plan().await.map(|plan| {
                    print(&plan, &self.also());
                    None
                })
            };
            // Ends a login that the provider made; where that fails, the login ends by itself.
            let _ = rotation.provider.close().await;
            outcome.map_err(failed)
        })?;
        match outcome {
            None => Ok(0),
            Some(Ended::Nothing) => {
                say("nothing to undo");
                Ok(0)
            }
            Some(Ended::Undone) => {
                say("undone: the old value is in force");
                Ok(0)
            }
            Some(Ended::Over) => self.verify(None),
            Some(Ended::Rotated { before, after }) => {
                let versions = match (before.as_str(), after.as_str()) {
                    ("", _) | (_, "") => "rotated".to_owned(),
                    (before, after) => format!("rotated: version {after} is in force, {before} is not"),
                };
                say(&versions);
                self.verify(Some("it was rotated just now, and the manager keeps no copy of it"))
            }
        }
    }

    /// Ends what a server handed out.
    fn handle(self, held: &Held) -> Result<u8, Failure> {
        let over = super::secrets::enter(async {
            let found = Revocation::find(&self.ready.managers, held).await.map_err(failed)?;
            let Some(found) = found else { return Ok(None) };
            if !self.apply {
                print(&found.plan(), &self.also());
                return Ok(Some(false));
            }
            let outcome = found.run().await;
            let end = outcome.as_ref().map_or_else(ToString::to_string, |()| "ended".to_owned());
            self.ready.tell("rotation", found.manager(), found.call(), &end);
            outcome.map_err(failed)?;
            say(&format!("ended: {} ({})", found.call(), found.manager()));
            Ok(Some(true))
        })?;
        match over {
            None => {
                say("nothing to do: the server does not know it any more");
                Ok(0)
            }
            Some(false) => Ok(0),
            Some(true) => self.verify(None),
        }
    }

    /// Asks the managers about the finding once more. `gone`: why a value that no manager has any more opens nothing.
    fn verify(&self, gone: Option<&str>) -> Result<u8, Failure> {
        let Some(finding) = &self.finding else { return Ok(0) };
        let (verdict, all) = self.ready.judge_again(finding);
        let verdict = match (verdict, gone) {
            // Not in force anywhere: what an earlier version was that cannot be read decides nothing here.
            (Some(Verdict::Unmanaged | Verdict::Unchecked(_)), Some(gone)) if all => {
                let notes = vec![gone.to_owned()];
                Some(Verdict::Destroyed(Managed { notes, ..Managed::default() }))
            }
            (verdict, _) => verdict,
        };
        let state = verdict.as_ref().map(Verdict::state);
        let word = state.map_or("none", State::as_str);
        say(&format!("the finding is {word} now"));
        match (state, verdict) {
            (Some(State::Previous | State::Destroyed), _) => Ok(0),
            (_, Some(Verdict::Current(managed))) => Err(Failure::new(format_args!(
                "the value that leaked is also in force at {}:{}",
                managed.manager, managed.path
            ))
            .help("rotate it there, too")),
            (_, Some(Verdict::Unchecked(why))) => Err(Failure::new(format_args!("it cannot be told: {why}"))),
            _ => Err(Failure::new("the manager does not know the value that leaked")),
        }
    }

    /// What to know of other places that hold the value that leaked.
    fn also(&self) -> Vec<String> {
        let managed = self.finding.as_ref().and_then(|f| f.verdict.as_deref()).and_then(Verdict::managed);
        let also = managed.map(|m| m.also.clone()).unwrap_or_default();
        also.into_iter().map(|place| format!("{place} holds the same value: rotate it, too")).collect()
    }

    fn manager(&self, name: Option<&str>) -> Result<&ManagerSettings, Failure> {
        let managers = &self.ready.managers;
        let names = || managers.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ");
        match (name, managers.as_slice()) {
            (None, [one]) => Ok(one),
            (None, _) => Err(Failure::new("which manager is meant?")
                .help(format_args!("write NAME:PATH; there are {}", names()))),
            (Some(name), _) => managers
                .iter()
                .find(|m| m.name == name)
                .ok_or_else(|| Failure::new(format_args!("no manager is called {name}")).help(names())),
        }
    }
}

fn unfinished(options: &Options) -> Result<u8, Failure> {
    let all = Journal::unfinished(&options.folder).map_err(failed)?;
    for record in &all {
        let step = serde_json::to_value(record.step).unwrap_or_default();
        let step = step.as_str().unwrap_or_default().to_owned();
        say(&format!("{}:{} begun at {}, last step: {step}", record.manager, record.path, record.begun));
    }
    if all.is_empty() {
        say("no rotation was cut off");
    }
    Ok(0)
}

fn print(plan: &Plan, more: &[String]) {
    say(&format!("would rotate {}", plan.subject));
    for (i, step) in plan.steps.iter().enumerate() {
        say(&format!("  {}. {step}", i + 1));
    }
    say("needs:");
    plan.rights.iter().for_each(|right| say(&format!("  {right}")));
    plan.warnings.iter().chain(more).for_each(|warning| say(&format!("note: {warning}")));
    say("nothing was changed; --apply does it");
}

fn failed(error: RotateError) -> Failure {
    let failure = Failure::new(&error);
    match error.help() {
        Some(help) => failure.help(help),
        None => failure,
    }
}

fn length(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|n| (Generator::SHORTEST..=1024).contains(n));
    number.ok_or_else(|| format!("not a number from {} to 1024", Generator::SHORTEST))
}

fn say(line: &str) {
    // A reader that has gone away wants no more.
    let _ = writeln!(anstream::stdout(), "{line}");
}
