//! The scanner.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use leakward_shared::ScanOptions;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::failure::raise;

/// Looks for secrets.
#[pyclass(frozen, module = "leakward")]
pub(crate) struct Scanner(Arc<leakward_shared::Scanner>);

#[pymethods]
impl Scanner {
    #[new]
    #[pyo3(signature = (*, settings=None, rules=vec![], only_rules=vec![], without_rules=vec![], exclude=vec![],
        baseline=None, min_severity=None, min_confidence=None, max_file_size=None, inline_markers=true,
        ignore_files=true, threads=None, time_limit=None))]
    #[expect(
        clippy::too_many_arguments,
        reason = "keyword arguments in Python, each with a name and a default"
    )]
    fn new(
        settings: Option<PathBuf>,
        rules: Vec<String>,
        only_rules: Vec<String>,
        without_rules: Vec<String>,
        exclude: Vec<String>,
        baseline: Option<PathBuf>,
        min_severity: Option<String>,
        min_confidence: Option<String>,
        max_file_size: Option<u64>,
        inline_markers: bool,
        ignore_files: bool,
        threads: Option<usize>,
        time_limit: Option<f64>,
    ) -> PyResult<Self> {
        let options = ScanOptions {
            settings,
            rules,
            only_rules,
            without_rules,
            exclude,
            baseline,
            min_severity,
            min_confidence,
            max_file_size,
            inline_markers: Some(inline_markers),
            ignore_files: Some(ignore_files),
            threads,
            time_limit: time_limit.map(seconds).transpose()?,
        };
        options.scanner().map(|scanner| Self(Arc::new(scanner))).map_err(raise)
    }

    fn scan_bytes(&self, python: Python<'_>, path: &str, data: &[u8]) -> PyResult<Scan> {
        let data = data.to_vec();
        Scan::of(python.detach(|| self.0.scan_bytes(path, &data)))
    }

    fn scan_text(&self, python: Python<'_>, path: &str, text: &str) -> PyResult<Scan> {
        let text = text.to_owned();
        Scan::of(python.detach(|| self.0.scan_bytes(path, text.as_bytes())))
    }

    #[pyo3(signature = (*paths))]
    fn scan_files(&self, python: Python<'_>, paths: Vec<PathBuf>) -> PyResult<Scan> {
        Scan::of(python.detach(|| self.0.scan_files(paths)))
    }

    #[pyo3(signature = (place=PathBuf::from(".")))]
    fn scan_history(&self, python: Python<'_>, place: PathBuf) -> PyResult<Scan> {
        Scan::of(python.detach(|| self.0.scan_history(place)))
    }

    #[pyo3(signature = (place=PathBuf::from(".")))]
    fn scan_staged(&self, python: Python<'_>, place: PathBuf) -> PyResult<Scan> {
        Scan::of(python.detach(|| self.0.scan_staged(place)))
    }

    #[pyo3(signature = (range, place=PathBuf::from(".")))]
    fn scan_range(&self, python: Python<'_>, range: &str, place: PathBuf) -> PyResult<Scan> {
        Scan::of(python.detach(|| self.0.scan_range(place, range)))
    }
}

/// A number of seconds that a time can have.
pub(crate) fn seconds(number: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(number).map_err(|error| {
        raise(leakward_shared::Failure::usage(format_args!("{number}: not a number of seconds: {error}")))
    })
}

/// What one scan found, skipped and missed.
#[pyclass(frozen, module = "leakward")]
pub(crate) struct Scan(leakward_shared::Scan);

impl Scan {
    fn of<E: Into<leakward_shared::Failure>>(outcome: Result<leakward_shared::Scan, E>) -> PyResult<Self> {
        outcome.map(Self).map_err(|error| raise(error.into()))
    }
}

#[pymethods]
impl Scan {
    #[getter]
    fn findings(&self) -> Vec<Finding> {
        self.0.findings().iter().cloned().map(Finding).collect()
    }

    #[getter]
    fn suppressed(&self) -> Vec<Finding> {
        self.0.suppressed().iter().cloned().map(Finding).collect()
    }

    #[getter]
    fn is_complete(&self) -> bool {
        self.0.is_complete()
    }

    #[getter]
    fn gaps(&self) -> Vec<(String, String)> {
        self.0.gaps().iter().map(|gap| (gap.what.to_string(), gap.why.clone())).collect()
    }

    #[getter]
    fn skipped(&self) -> Vec<(&'static str, u64)> {
        self.0.skipped().map(|(reason, count)| (reason.as_str(), count)).collect()
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes().to_vec()
    }

    #[getter]
    fn blobs(&self) -> u64 {
        self.0.blobs()
    }

    #[getter]
    fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    #[getter]
    fn elapsed(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }

    fn __repr__(&self) -> String {
        let (found, gaps) = (self.0.findings().len(), self.0.gaps().len());
        format!("<leakward.Scan findings={found} gaps={gaps}>")
    }
}

/// One leaked secret.
#[pyclass(frozen, module = "leakward")]
pub(crate) struct Finding(leakward_shared::Finding);

#[pymethods]
impl Finding {
    #[getter]
    fn rule(&self) -> &str {
        self.0.rule()
    }

    #[getter]
    fn title(&self) -> &str {
        self.0.title()
    }

    #[getter]
    fn severity(&self) -> &'static str {
        self.0.severity().as_str()
    }

    #[getter]
    fn confidence(&self) -> &'static str {
        self.0.confidence().as_str()
    }

    #[getter]
    fn path(&self) -> String {
        self.0.path().to_string()
    }

    #[getter]
    fn line(&self) -> u64 {
        self.0.line()
    }

    #[getter]
    fn column(&self) -> u64 {
        self.0.column()
    }

    #[getter]
    fn start(&self) -> usize {
        self.0.range().start
    }

    #[getter]
    fn end(&self) -> usize {
        self.0.range().end
    }

    #[getter]
    fn commit(&self) -> Option<&str> {
        self.0.commit()
    }

    #[getter]
    fn fingerprint(&self) -> String {
        self.0.fingerprint()
    }

    #[getter]
    fn masked(&self) -> String {
        self.0.masked()
    }

    /// The reason to open it is the caller's.
    fn expose<'py>(&self, python: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(python, self.0.secret().expose())
    }

    fn __repr__(&self) -> String {
        format!("<leakward.Finding {} {}:{} {}>", self.rule(), self.path(), self.line(), self.masked())
    }
}
