//! The client of the secrets manager.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use leakward_shared::{ClientOptions, Failure, Name, ProgramOptions, Value, Watcher};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::failure::{raise, wait};
use crate::program::Program;
use crate::scanner::seconds;

/// Reads secrets through a cache that refreshes itself.
#[pyclass(frozen, module = "leakward")]
pub(crate) struct Client(Arc<leakward_shared::Client>);

#[pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (*, map_file=None, manager=None, ttl=None, max_stale=None, timeout=None))]
    fn new(
        python: Python<'_>,
        map_file: Option<PathBuf>,
        manager: Option<String>,
        ttl: Option<f64>,
        max_stale: Option<f64>,
        timeout: Option<f64>,
    ) -> PyResult<Self> {
        let time = |number: Option<f64>| number.map(seconds).transpose();
        let (ttl, max_stale, timeout) = (time(ttl)?, time(max_stale)?, time(timeout)?);
        let options = ClientOptions { map_file, manager, ttl, max_stale, timeout };
        let client = python.detach(|| leakward_shared::Client::open(&options));
        client.map(|client| Self(Arc::new(client))).map_err(raise)
    }

    #[pyo3(signature = (name, *, refuse_stale=false, timeout=None))]
    fn get(
        &self,
        python: Python<'_>,
        name: &str,
        refuse_stale: bool,
        timeout: Option<f64>,
    ) -> PyResult<Secret> {
        let name: Name = name.parse().map_err(raise)?;
        if let Some(held) = self.0.held(&name).map_err(raise)? {
            return Ok(Secret(held));
        }
        let work = self.0.get(name, refuse_stale, timeout.map(seconds).transpose()?);
        let read = wait(python, &self.0.handle(), work, None)?;
        let gone = || Err(Failure::new("closed", "the client is closed"));
        read.unwrap_or_else(gone).map(Secret).map_err(raise)
    }

    fn invalidate(&self, name: &str) -> PyResult<()> {
        self.0.invalidate(&name.parse().map_err(raise)?);
        Ok(())
    }

    fn watch(&self, name: &str) -> PyResult<Watch> {
        let watcher = self.0.watch(name.parse().map_err(raise)?).map_err(raise)?;
        Ok(Watch { watcher: Arc::new(watcher), client: self.0.clone() })
    }

    #[pyo3(signature = (command, variables, *, on_change="restart", wait=30.0, grace=10.0))]
    fn exec(
        &self,
        command: Vec<OsString>,
        variables: BTreeMap<String, String>,
        on_change: &str,
        wait: f64,
        grace: f64,
    ) -> PyResult<Program> {
        let options = ProgramOptions {
            command,
            variables: variables.into_iter().collect(),
            on_change: on_change.to_owned(),
            wait: seconds(wait)?,
            grace: seconds(grace)?,
        };
        Program::start(&self.0, options)
    }

    fn close(&self, python: Python<'_>) -> PyResult<()> {
        wait(python, &self.0.handle(), self.0.close(), None).map(drop)
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, python: Python<'_>, _exception: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<()> {
        self.close(python)
    }
}

/// A secret as it was read.
#[pyclass(frozen, module = "leakward")]
pub(crate) struct Secret(Value);

#[pymethods]
impl Secret {
    /// The reason to open it is the caller's.
    fn expose<'py>(&self, python: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(python, self.0.expose())
    }

    fn expose_text(&self) -> PyResult<&str> {
        let not_text = |_| raise(Failure::new("not-text", "the value is not UTF-8"));
        std::str::from_utf8(self.0.expose()).map_err(not_text)
    }

    fn field(&self, name: &str) -> PyResult<Self> {
        self.0.field(name).map(Self).map_err(raise)
    }

    #[getter]
    fn field_names(&self) -> Vec<String> {
        self.0.field_names()
    }

    #[getter]
    fn version(&self) -> &str {
        self.0.version()
    }

    #[getter]
    fn is_fresh(&self) -> bool {
        self.0.is_fresh()
    }

    #[getter]
    fn stale_for(&self) -> Option<f64> {
        self.0.stale().map(|(age, _)| age.as_secs_f64())
    }

    #[getter]
    fn stale_because(&self) -> Option<&'static str> {
        self.0.stale().map(|(_, cause)| cause)
    }

    fn __repr__(&self) -> String {
        format!("<leakward.Secret version={:?}>", self.0.version())
    }
}

/// The changes of one secret.
#[pyclass(frozen, module = "leakward")]
pub(crate) struct Watch {
    watcher: Arc<Watcher>,
    client: Arc<leakward_shared::Client>,
}

#[pymethods]
impl Watch {
    #[pyo3(signature = (timeout=None))]
    fn next(&self, python: Python<'_>, timeout: Option<f64>) -> PyResult<Option<Secret>> {
        let (watcher, limit) = (self.watcher.clone(), timeout.map(seconds).transpose()?);
        let next = wait(python, &self.client.handle(), async move { watcher.next().await }, limit)?;
        next.unwrap_or(Ok(None)).map(|value| value.map(Secret)).map_err(raise)
    }

    fn close(&self) {
        self.watcher.close();
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, python: Python<'_>) -> PyResult<Option<Secret>> {
        self.next(python, None)
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, pyo3::types::PyTuple>) {
        self.close();
    }
}
