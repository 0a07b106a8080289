//! Reports, their places, and the exit code.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::{Failure, heading};
use crate::report::{self, Format, GitleaksKind, Options};
use crate::scan::{FOUND, Output, Target};

/// Flags that shape what comes out.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = heading::OUTPUT)]
pub(crate) struct OutputFlags {
    /// format of the report (repeatable)
    ///
    /// Several formats come from one run: the first --output belongs to the first --format, and so on; a format
    /// without an --output goes to standard output.
    #[arg(long, short, value_name = "FORMAT", value_parser = format_parser(), alias = "report-format")]
    pub(crate) format: Vec<Format>,
    /// file that the report is written to (repeatable)
    ///
    /// It is replaced as a whole once the report is complete; `-` is standard output. Without --format, the name's
    /// ending tells the format: .json, .jsonl, .sarif, .html, .md, .csv, .xml, .txt.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
    /// also list what was suppressed, and why
    #[arg(long)]
    pub(crate) show_suppressed: bool,
    /// show secrets as they are, in every format
    #[arg(long)]
    pub(crate) show_secrets: bool,
    /// leave GitHub's line hash out: it has no key, so whoever holds a report can test guesses of the line
    #[arg(long)]
    no_line_hash: bool,
    /// SARIF: tells this run's alerts from those of other runs over one repository [default: leakward]
    #[arg(long, value_name = "NAME")]
    sarif_category: Option<String>,
    /// when to colour text for people
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = ColorWhen::Auto)]
    pub(super) color: ColorWhen,
    /// print no text for people; the exit code tells
    #[arg(long, short)]
    quiet: bool,
    /// exit with N instead of 1 when there are findings
    #[arg(long, value_name = "N", default_value_t = FOUND)]
    pub(crate) exit_code: u8,
    /// What kind of report of gitleaks [`Format::Gitleaks`] stands for.
    #[arg(skip)]
    gitleaks: GitleaksKind,
    /// Percentage of each secret that gitleaks' reports leave out, as its `--redact` says.
    #[arg(skip)]
    pub(super) redact: Option<u8>,
}

/// When to colour text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorWhen {
    /// on a terminal, unless the environment says otherwise
    Auto,
    /// always
    Always,
    /// never
    Never,
}

impl OutputFlags {
    /// Flags that ask for reports in `format` at `output`, and are silent otherwise.
    pub(super) fn of(format: Vec<Format>, output: Vec<PathBuf>, show_secrets: bool) -> Self {
        Self {
            format,
            output,
            show_suppressed: true,
            show_secrets,
            no_line_hash: true,
            sarif_category: None,
            color: ColorWhen::Auto,
            quiet: false,
            exit_code: FOUND,
            gitleaks: GitleaksKind::default(),
            redact: None,
        }
    }

    /// Whether findings carry GitHub's hash of their line; computing it costs a pass over each file with findings.
    pub(super) fn line_hash(&self) -> Result<bool, Failure> {
        Ok(!self.no_line_hash && self.reports()?.iter().any(|(format, _)| *format == Format::Sarif))
    }

    /// The reports that the flags ask for.
    pub(crate) fn outputs(&self) -> Result<Vec<Output>, Failure> {
        self.color.set();
        let for_people = |format, target: &Target| format == Format::Human && *target == Target::Stdout;
        let mut told = self.quiet;
        let mut outputs = Vec::new();
        for (format, target) in self.reports()? {
            told |= for_people(format, &target);
            if for_people(format, &target) && self.quiet {
                continue;
            }
            let options = self.options(&target);
            let reporter = match format {
                Format::Gitleaks => report::as_gitleaks(self.gitleaks, self.show_secrets, self.redact),
                format => format.reporter(&options),
            };
            outputs.push(Output { reporter, target });
        }
        if !told {
            let target = Target::Stderr;
            outputs.push(Output { reporter: report::brief(&self.options(&target)), target });
        }
        Ok(outputs)
    }

    fn options(&self, target: &Target) -> Options {
        let mut options = match target {
            Target::Stdout => Options::for_stdout(),
            Target::Stderr => Options::for_stderr(),
            Target::File(_) => Options::for_file(),
        };
        options.show_secrets = self.show_secrets;
        if let Some(category) = &self.sarif_category {
            options.category.clone_from(category);
        }
        options
    }

    /// Formats and their places.
    fn reports(&self) -> Result<Vec<(Format, Target)>, Failure> {
        let count = self.format.len().max(self.output.len()).max(1);
        let mut reports: Vec<(Format, Target)> = Vec::with_capacity(count);
        for i in 0..count {
            let target = self.output.get(i).map_or(Target::Stdout, |path| target(path));
            let format = match self.format.get(i) {
                Some(format) => *format,
                None => format_of(&target)?,
            };
            if reports.iter().any(|(_, other)| *other == target) {
                return Err(Failure::new(format!("two reports for {target}"))
                    .help("give each --format its own --output, in the same order"));
            }
            reports.push((format, target));
        }
        Ok(reports)
    }

    /// Makes the report at `path` what gitleaks would write there.
    pub(super) fn report_as_gitleaks(&mut self, path: &Path) {
        let ending = path.extension().unwrap_or_default();
        let ending = ending.to_str().filter(|ending| ["csv", "sarif"].contains(ending)).unwrap_or("json");
        let name = self.format.first().map_or(ending, |format| format.name());
        let kinds =
            [("csv", GitleaksKind::Csv), ("json", GitleaksKind::Json), ("junit", GitleaksKind::JUnit)];
        let format = match kinds.into_iter().find(|(known, _)| *known == name) {
            Some((_, kind)) => {
                self.gitleaks = kind;
                Some(Format::Gitleaks)
            }
            None => Format::ALL.into_iter().find(|format| format.name() == name),
        };
        self.format = format.into_iter().collect();
        self.output = vec![path.to_owned()];
        if path != Path::new("-") {
            self.format.push(Format::Human);
        }
    }
}

impl ColorWhen {
    /// Makes everything that writes text follow.
    fn set(self) {
        let choice = match self {
            // Under CI colours are taken to be wanted whatever the terminal; a dumb one shows them as noise.
            Self::Auto if is_dumb_terminal() => anstream::ColorChoice::Never,
            // The environment's other wishes are read where the text is written.
            Self::Auto => return,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// Whether the terminal says that it cannot show colours, and nobody insists.
fn is_dumb_terminal() -> bool {
    let forced = std::env::var_os("CLICOLOR_FORCE").is_some_and(|force| force != "0");
    !forced && std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

fn target(path: &Path) -> Target {
    if path == Path::new("-") { Target::Stdout } else { Target::File(path.to_owned()) }
}

/// The format that a target's name tells.
fn format_of(target: &Target) -> Result<Format, Failure> {
    let Target::File(path) = target else { return Ok(Format::default()) };
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    Format::ALL.into_iter().find(|f| f.ending() == Some(&*ending)).ok_or_else(|| {
        Failure::new(format!("{target}: its ending tells no format")).help("say which with --format")
    })
}

pub(super) fn format_parser() -> impl clap::builder::TypedValueParser<Value = Format> {
    use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
    let values = Format::ALL.map(|f| PossibleValue::new(f.name()).help(f.help()));
    PossibleValuesParser::new(values).map(|name| {
        Format::ALL
            .into_iter()
            .find(|f| f.name() == name)
            .expect("the parser takes the names of formats alone")
    })
}
