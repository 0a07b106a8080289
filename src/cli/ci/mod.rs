//! `leakward ci github`: what the GitHub Action runs. Reads the event, scans what it asks for, and leaves report,
//! annotations, step summary and outputs. The verdict is the action's last step, so that the report is uploaded first.

mod event;

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Failure;
use crate::scan::FAILED;
use event::{Event, Mode, Plan};

/// run as a step of a continuous integration service
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    service: Service,
}

#[derive(Debug, clap::Subcommand)]
enum Service {
    /// run as a GitHub Actions step; reads GITHUB_* and LEAKWARD_* variables
    Github,
}

/// The subcommand and its arguments, and what a person must know about the choice.
type Choice = (Vec<OsString>, Option<String>);

impl Args {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let Service::Github = self.service;
        Step::from_env()?.run()
    }
}

/// One step, as the environment describes it.
struct Step {
    event: Event,
    mode: Mode,
    workspace: PathBuf,
    path: PathBuf,
    config: Option<OsString>,
    baseline: Option<OsString>,
    sarif: PathBuf,
    category: String,
    upload: bool,
    outputs: Option<PathBuf>,
    summary: Option<PathBuf>,
}

impl Step {
    fn from_env() -> Result<Self, Failure> {
        let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
        let text = |name: &str| variable(name).map(|v| v.to_string_lossy().into_owned());
        let name = text("GITHUB_EVENT_NAME").ok_or_else(|| {
            Failure::new("GITHUB_EVENT_NAME is not set").help("run this in a GitHub Actions step")
        })?;
        let mode = text("LEAKWARD_MODE").unwrap_or_else(|| "auto".to_owned());
        let mode = <Mode as clap::ValueEnum>::from_str(&mode, false).map_err(|_| {
            Failure::new(format_args!("mode: `{mode}` is none of auto, worktree, range, history"))
        })?;
        let workspace = variable("GITHUB_WORKSPACE").map_or_else(|| PathBuf::from("."), PathBuf::from);
        Ok(Self {
            event: Event { name, payload: payload(variable("GITHUB_EVENT_PATH"))? },
            mode,
            path: workspace.join(variable("LEAKWARD_PATH").unwrap_or_else(|| ".".into())),
            config: variable("LEAKWARD_CONFIG"),
            baseline: variable("LEAKWARD_BASELINE"),
            sarif: workspace.join(variable("LEAKWARD_SARIF_FILE").unwrap_or_else(|| "leakward.sarif".into())),
            category: text("LEAKWARD_SARIF_CATEGORY").unwrap_or_else(|| "leakward".to_owned()),
            upload: text("LEAKWARD_UPLOAD_SARIF").as_deref() == Some("true"),
            outputs: variable("GITHUB_OUTPUT").map(PathBuf::from),
            summary: variable("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            workspace,
        })
    }

    /// Scans, and leaves what later steps need. A scan that failed or is incomplete fails this step at once; findings
    /// are left to the verdict.
    fn run(&self) -> Result<u8, Failure> {
        match self.scan() {
            Ok(code) => Ok(if code == FAILED { FAILED } else { 0 }),
            Err(failure) => {
                self.output(&[("exit-code", "2"), ("upload", "false")])?;
                Err(failure)
            }
        }
    }

    fn scan(&self) -> Result<u8, Failure> {
        let plan = self.event.plan(self.mode).map_err(Failure::new)?;
        let Some((what, note)) = self.what(&plan)? else {
            self.summarise("Nothing to scan: the push deleted a branch or tag.\n")?;
            say("nothing to scan: the push deleted a branch or tag");
            self.output(&[("exit-code", "0"), ("findings", "0"), ("upload", "false")])?;
            return Ok(0);
        };
        if let Some(note) = &note {
            say(note);
        }
        let reports = tempfile::tempdir().map_err(Failure::new)?;
        let [json, markdown] = ["json", "md"].map(|ending| reports.path().join(ending));
        let code = super::run(self.arguments(what, &json, &markdown))?;
        let none = || Failure::new("the scan left no report");
        let report: Value =
            fs::read(json).ok().and_then(|text| serde_json::from_slice(&text).ok()).ok_or_else(none)?;
        let note = note.map_or_else(String::new, |note| format!("> {note}\n\n"));
        self.summarise(&(note + &fs::read_to_string(markdown).map_err(|_| none())?))?;
        let findings = report.pointer("/summary/findings").and_then(Value::as_u64).unwrap_or_default();
        self.output(&[
            ("exit-code", &code.to_string()),
            ("findings", &findings.to_string()),
            ("sarif-file", &self.sarif.to_string_lossy()),
            ("upload", if self.uploads(&plan) { "true" } else { "false" }),
        ])?;
        Ok(code)
    }

    /// What to run; `None`: there is nothing to scan.
    fn what(&self, plan: &Plan) -> Result<Option<Choice>, Failure> {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        Ok(match plan {
            Plan::Nothing => None,
            Plan::Worktree => Some((words(&["scan"]), None)),
            Plan::History => Some((words(&["git"]), None)),
            Plan::NewRef { head } => {
                // Remote branches hold the new ref too, so what is new is told apart by the default branch.
                let default = self.event.default_branch().filter(|d| self.is_other(d, head));
                let range = match default {
                    Some(branch) => format!("refs/remotes/origin/{branch}..{head}"),
                    None => head.clone(),
                };
                Some((vec!["git".into(), "--range".into(), range.into()], None))
            }
            Plan::Range { base, head } if self.has(base)? => {
                Some((vec!["git".into(), "--range".into(), format!("{base}..{head}").into()], None))
            }
            Plan::Range { base, .. } if self.is_shallow()? => {
                return Err(Failure::new(format_args!(
                    "this checkout is shallow and lacks {base}, where the range begins"
                ))
                .help("give actions/checkout the input `fetch-depth: 0`"));
            }
            Plan::Range { base, .. } if self.event.name == "push" => Some((
                words(&["scan"]),
                Some(format!("{base} is gone (a force push), so all files of the pushed commit are scanned")),
            )),
            Plan::Range { base, .. } => {
                return Err(Failure::new(format_args!("this checkout lacks {base}, where the range begins"))
                    .help("give actions/checkout the input `fetch-depth: 0`"));
            }
        })
    }

    fn arguments(&self, what: Vec<OsString>, json: &Path, markdown: &Path) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["leakward".into()];
        arguments.extend(what);
        let pair = |format: &str, place: &Path| -> [OsString; 4] {
            ["--format".into(), format.into(), "--output".into(), place.into()]
        };
        arguments.extend(pair("sarif", &self.sarif));
        arguments.extend(pair("json", json));
        arguments.extend(pair("markdown", markdown));
        arguments.extend(pair("github", Path::new("-")));
        arguments.extend(["--sarif-category".into(), OsString::from(&self.category)]);
        for (flag, value) in [("--config", &self.config), ("--baseline", &self.baseline)] {
            if let Some(value) = value {
                arguments.extend([flag.into(), value.clone()]);
            }
        }
        arguments.extend(["--".into(), OsString::from(&self.path)]);
        arguments
    }

    /// Whether the report goes to code scanning. Findings of the history have no place in the files as they are now.
    fn uploads(&self, plan: &Plan) -> bool {
        if !self.upload {
            return false;
        }
        if self.event.is_from_fork() {
            say("the report is not uploaded: a pull request from a fork may not");
            return false;
        }
        if *plan == Plan::History && self.mode == Mode::Auto {
            say("the report is not uploaded: findings of the history are uploaded with `mode: history` only");
            return false;
        }
        true
    }

    fn repository(&self) -> Result<git2::Repository, Failure> {
        git2::Repository::discover(&self.path).map_err(|_| {
            Failure::new(format_args!("{}: not a git repository that can be read", self.path.display()))
                .help("check the code out before this step, or use `mode: worktree`")
        })
    }

    fn has(&self, id: &str) -> Result<bool, Failure> {
        let repository = self.repository()?;
        Ok(git2::Oid::from_str(id).is_ok_and(|id| repository.find_commit(id).is_ok()))
    }

    fn is_shallow(&self) -> Result<bool, Failure> {
        Ok(self.repository()?.is_shallow())
    }

    /// Whether `branch` is known and is not the very ref that was pushed.
    fn is_other(&self, branch: &str, head: &str) -> bool {
        let pushed = std::env::var("GITHUB_REF").is_ok_and(|r| r == format!("refs/heads/{branch}"));
        let known = self.repository().is_ok_and(|repository| {
            let tip = repository.refname_to_id(&format!("refs/remotes/origin/{branch}"));
            tip.is_ok_and(|tip| tip.to_string() != head)
        });
        known && !pushed
    }

    fn output(&self, pairs: &[(&str, &str)]) -> Result<(), Failure> {
        let Some(file) = &self.outputs else { return Ok(()) };
        let single = |value: &str| value.replace(['\r', '\n'], " ");
        let text: String = pairs.iter().map(|(name, value)| format!("{name}={}\n", single(value))).collect();
        append(file, &text)
    }

    fn summarise(&self, text: &str) -> Result<(), Failure> {
        self.summary.as_ref().map_or(Ok(()), |file| append(file, text))
    }
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Step({} in {})", self.event.name, self.workspace.display())
    }
}

fn payload(path: Option<OsString>) -> Result<Value, Failure> {
    let Some(path) = path else { return Ok(Value::Null) };
    let shown = Path::new(&path).display().to_string();
    let text = fs::read(&path).map_err(|e| Failure::new(format_args!("{shown}: {e}")))?;
    serde_json::from_slice(&text).map_err(|e| Failure::new(format_args!("{shown}: not JSON: {e}")))
}

fn append(file: &Path, text: &str) -> Result<(), Failure> {
    let written = OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)
        .and_then(|mut f| f.write_all(text.as_bytes()));
    written.map_err(|e| Failure::new(format_args!("{}: {e}", file.display())))
}

/// Says something in the step's log.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "leakward: {text}");
}
