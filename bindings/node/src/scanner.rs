//! The scanner. Scans run on a thread of Node's pool.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use leakward_shared::{Failure, Finding, ScanOptions};
use napi::bindgen_prelude::{AsyncTask, Buffer, Env};
use napi::{Error, Task};
use napi_derive::napi;

use crate::failure::raise;

/// See `ScannerOptions` in `index.d.ts`.
#[napi(object)]
#[derive(Default)]
pub struct ScannerOptions {
    pub settings: Option<String>,
    pub rules: Option<Vec<String>>,
    pub only_rules: Option<Vec<String>>,
    pub without_rules: Option<Vec<String>>,
    pub exclude: Option<Vec<String>>,
    pub baseline: Option<String>,
    pub min_severity: Option<String>,
    pub min_confidence: Option<String>,
    pub max_file_size: Option<f64>,
    pub inline_markers: Option<bool>,
    pub ignore_files: Option<bool>,
    pub threads: Option<u32>,
    pub time_limit: Option<f64>,
}

#[napi]
pub struct Scanner(Arc<leakward_shared::Scanner>);

#[napi]
impl Scanner {
    #[napi(constructor)]
    pub fn new(options: Option<ScannerOptions>) -> Result<Self, Error> {
        let options = options.unwrap_or_default();
        let options = ScanOptions {
            settings: options.settings.map(PathBuf::from),
            rules: options.rules.unwrap_or_default(),
            only_rules: options.only_rules.unwrap_or_default(),
            without_rules: options.without_rules.unwrap_or_default(),
            exclude: options.exclude.unwrap_or_default(),
            baseline: options.baseline.map(PathBuf::from),
            min_severity: options.min_severity,
            min_confidence: options.min_confidence,
            max_file_size: options.max_file_size.map(bytes).transpose()?,
            inline_markers: options.inline_markers,
            ignore_files: options.ignore_files,
            threads: options.threads.map(|threads| threads as usize),
            time_limit: options.time_limit.map(seconds).transpose()?,
        };
        options.scanner().map(|scanner| Self(Arc::new(scanner))).map_err(raise)
    }

    #[napi]
    pub fn scan_buffer(&self, path: String, data: Buffer) -> AsyncTask<Work> {
        // Copied: JavaScript may write to it meanwhile.
        self.work(What::Bytes(path, data.to_vec()))
    }

    #[napi]
    pub fn scan_files(&self, paths: Vec<String>) -> AsyncTask<Work> {
        self.work(What::Files(paths))
    }

    #[napi]
    pub fn scan_history(&self, place: String) -> AsyncTask<Work> {
        self.work(What::History(place))
    }

    #[napi]
    pub fn scan_staged(&self, place: String) -> AsyncTask<Work> {
        self.work(What::Staged(place))
    }

    #[napi]
    pub fn scan_range(&self, range: String, place: String) -> AsyncTask<Work> {
        self.work(What::Range(range, place))
    }

    fn work(&self, what: What) -> AsyncTask<Work> {
        AsyncTask::new(Work { scanner: self.0.clone(), what })
    }
}

/// A number of seconds that a time can have.
pub(crate) fn seconds(number: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(number)
        .map_err(|error| raise(Failure::usage(format_args!("{number}: not a number of seconds: {error}"))))
}

fn bytes(number: f64) -> Result<u64, Error> {
    let whole = number >= 0.0 && number.fract() == 0.0 && number <= 9e15;
    let refused = || raise(Failure::usage(format_args!("{number}: not a number of bytes")));
    // Whole and in range: it was just checked.
    if whole { Ok(number as u64) } else { Err(refused()) }
}

enum What {
    Bytes(String, Vec<u8>),
    Files(Vec<String>),
    History(String),
    Staged(String),
    Range(String, String),
}

/// One scan on its way.
pub struct Work {
    scanner: Arc<leakward_shared::Scanner>,
    what: What,
}

impl Task for Work {
    type Output = leakward_shared::Scan;
    type JsValue = Scan;

    fn compute(&mut self) -> napi::Result<leakward_shared::Scan> {
        let scan = match &self.what {
            What::Bytes(path, bytes) => self.scanner.scan_bytes(path.as_str(), bytes),
            What::Files(paths) => self.scanner.scan_files(paths),
            What::History(place) => self.scanner.scan_history(place),
            What::Staged(place) => self.scanner.scan_staged(place),
            What::Range(range, place) => self.scanner.scan_range(place, range),
        };
        scan.map_err(|error| raise(error.into()))
    }

    fn resolve(&mut self, _env: Env, scan: leakward_shared::Scan) -> napi::Result<Scan> {
        Ok(Scan(scan))
    }
}

#[napi]
pub struct Scan(leakward_shared::Scan);

#[napi(object)]
pub struct Gap {
    pub what: String,
    pub why: String,
}

#[napi(object)]
pub struct Skipped {
    pub reason: String,
    pub count: f64,
}

#[napi]
impl Scan {
    #[napi(getter)]
    pub fn findings(&self) -> Vec<Found> {
        self.0.findings().iter().cloned().map(Found).collect()
    }

    #[napi(getter)]
    pub fn suppressed(&self) -> Vec<Found> {
        self.0.suppressed().iter().cloned().map(Found).collect()
    }

    #[napi(getter)]
    pub fn is_complete(&self) -> bool {
        self.0.is_complete()
    }

    #[napi(getter)]
    pub fn gaps(&self) -> Vec<Gap> {
        self.0.gaps().iter().map(|gap| Gap { what: gap.what.to_string(), why: gap.why.clone() }).collect()
    }

    #[napi(getter)]
    pub fn skipped(&self) -> Vec<Skipped> {
        let told = |(reason, count): (leakward_shared::SkipReason, u64)| Skipped {
            reason: reason.as_str().to_owned(),
            count: count as f64,
        };
        self.0.skipped().map(told).collect()
    }

    #[napi(getter)]
    pub fn notes(&self) -> Vec<String> {
        self.0.notes().to_vec()
    }

    #[napi(getter)]
    pub fn blobs(&self) -> f64 {
        self.0.blobs() as f64
    }

    #[napi(getter)]
    pub fn bytes(&self) -> f64 {
        self.0.bytes() as f64
    }

    #[napi(getter)]
    pub fn elapsed(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

#[napi(js_name = "Finding")]
pub struct Found(Finding);

#[napi]
impl Found {
    #[napi(getter)]
    pub fn rule(&self) -> String {
        self.0.rule().to_owned()
    }

    #[napi(getter)]
    pub fn title(&self) -> String {
        self.0.title().to_owned()
    }

    #[napi(getter)]
    pub fn severity(&self) -> String {
        self.0.severity().as_str().to_owned()
    }

    #[napi(getter)]
    pub fn confidence(&self) -> String {
        self.0.confidence().as_str().to_owned()
    }

    #[napi(getter)]
    pub fn path(&self) -> String {
        self.0.path().to_string()
    }

    #[napi(getter)]
    pub fn line(&self) -> f64 {
        self.0.line() as f64
    }

    #[napi(getter)]
    pub fn column(&self) -> f64 {
        self.0.column() as f64
    }

    #[napi(getter)]
    pub fn start(&self) -> f64 {
        self.0.range().start as f64
    }

    #[napi(getter)]
    pub fn end(&self) -> f64 {
        self.0.range().end as f64
    }

    #[napi(getter)]
    pub fn commit(&self) -> Option<String> {
        self.0.commit().map(str::to_owned)
    }

    #[napi(getter)]
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint()
    }

    #[napi(getter)]
    pub fn masked(&self) -> String {
        self.0.masked()
    }

    /// The reason to open it is the caller's.
    #[napi]
    pub fn expose(&self) -> Buffer {
        self.0.secret().expose().into()
    }
}
