//! `leakward report FILE`: a report that was written before, ours or another scanner's, in another format.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::output_flags::{OutputFlags, format_parser};
use super::{Failure, heading};
use crate::report::reader::{self, Dialect, Told};
use crate::report::{Format, Root};
use crate::scan::{FAILED, write_all};

/// write a report in another format; reads those of other scanners too
///
/// Read are JSON, JSON lines and SARIF of leakward, gitleaks, betterleaks, trufflehog, kingfisher, and SARIF of any
/// tool. Nothing is scanned. The exit code is 0 when the report is written, 2 when FILE cannot be read to its end.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    source: ReportFlags,
    /// write one page for a browser, complete in itself; the same as --format html
    #[arg(long, conflicts_with = "format", help_heading = heading::OUTPUT)]
    html: bool,
    /// format to write (repeatable)
    #[arg(long, short, alias = "to", value_name = "FORMAT", value_parser = format_parser(), help_heading = heading::OUTPUT)]
    format: Vec<Format>,
    /// file to write (repeatable); `-` is standard output. Its ending tells the format where none is named
    #[arg(long, short, value_name = "FILE", help_heading = heading::OUTPUT)]
    output: Vec<PathBuf>,
    /// show secrets that stand in FILE as they are
    #[arg(long, help_heading = heading::OUTPUT)]
    show_secrets: bool,
}

/// Which report is read.
#[derive(Debug, clap::Args)]
pub(super) struct ReportFlags {
    /// the report; `-` is standard input
    #[arg(value_name = "FILE", help_heading = heading::INPUT)]
    file: PathBuf,
    /// who wrote it [default: its content tells]
    #[arg(long, value_name = "TOOL", value_parser = dialect_parser(), help_heading = heading::INPUT)]
    from: Option<Dialect>,
}

impl Args {
    pub(super) fn run(mut self) -> Result<u8, Failure> {
        if self.html {
            self.format = vec![Format::Html];
        }
        let told = self.source.read()?;
        let outputs = OutputFlags::of(self.format, self.output, self.show_secrets).outputs()?;
        let root = Root::default();
        write_all(&outputs, &told.summary(&root)).map_err(Failure::new)?;
        Ok(if told.cut { FAILED } else { 0 })
    }
}

impl ReportFlags {
    /// The report at `file`, whoever wrote it.
    #[cfg(feature = "triage")]
    pub(super) fn of(file: PathBuf) -> Self {
        Self { file, from: None }
    }

    /// What the report tells.
    pub(super) fn read(&self) -> Result<Told, Failure> {
        let name = self.file.display();
        let cannot = |e: io::Error| Failure::new(format_args!("cannot read {name}: {e}"));
        let text = if self.file == Path::new("-") {
            let mut text = Vec::new();
            io::stdin().lock().read_to_end(&mut text).map_err(cannot)?;
            text
        } else {
            fs::read(&self.file).map_err(cannot)?
        };
        reader::read(&text, self.from).map_err(|e| Failure::new(format_args!("{name}: {e}")).help(e.help()))
    }
}

fn dialect_parser() -> impl clap::builder::TypedValueParser<Value = Dialect> {
    use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
    let values = Dialect::ALL.map(|d| PossibleValue::new(d.name()).help(d.help()));
    PossibleValuesParser::new(values).map(|name| {
        Dialect::ALL
            .into_iter()
            .find(|d| d.name() == name)
            .expect("the parser takes the names of dialects alone")
    })
}
