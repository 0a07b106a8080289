//! Programs with secrets in their environment.

use leakward_shared::{Handle, ProgramOptions};
use pyo3::prelude::*;

use crate::failure::{raise, wait};
use crate::scanner::seconds;

/// A program that was started.
#[pyclass(frozen, module = "leakward")]
pub(crate) struct Program {
    program: leakward_shared::Program,
    handle: Handle,
}

impl Program {
    pub(crate) fn start(client: &leakward_shared::Client, options: ProgramOptions) -> PyResult<Self> {
        let program = leakward_shared::Program::start(client, options).map_err(raise)?;
        Ok(Self { program, handle: client.handle() })
    }
}

#[pymethods]
impl Program {
    #[pyo3(signature = (timeout=None))]
    fn wait(&self, python: Python<'_>, timeout: Option<f64>) -> PyResult<Option<i32>> {
        let limit = timeout.map(seconds).transpose()?;
        match wait(python, &self.handle, self.program.wait(), limit)? {
            Some(Ok(code)) => Ok(Some(code)),
            Some(Err(failure)) => Err(raise(failure)),
            None => Ok(None),
        }
    }

    fn signal(&self, name: &str) -> PyResult<bool> {
        self.program.signal(name).map_err(raise)
    }

    fn told(&self) -> Vec<String> {
        self.program.told()
    }
}
