//! Failures as exceptions with a `kind`.

use std::pin::pin;
use std::time::{Duration, Instant};

use leakward_shared::{Failure, Handle, within};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;

pyo3::create_exception!(leakward, LeakwardError, PyException, "Something did not work; `kind` says what.");

/// The exception for `failure`.
pub(crate) fn raise(failure: Failure) -> PyErr {
    let error = LeakwardError::new_err(failure.message);
    Python::attach(|python| match error.value(python).setattr("kind", failure.kind) {
        Ok(()) => error,
        Err(other) => other,
    })
}

/// How long Ctrl-C may have to wait.
const STEP: Duration = Duration::from_millis(100);

/// Waits for `work` without keeping other Python threads from running; looks for Ctrl-C meanwhile. `None` when it does
/// not come within `limit`.
pub(crate) fn wait<T: Send>(
    python: Python<'_>,
    handle: &Handle,
    work: impl Future<Output = T> + Send,
    limit: Option<Duration>,
) -> PyResult<Option<T>> {
    let mut work = pin!(work);
    let begun = Instant::now();
    loop {
        let left = limit.map_or(STEP, |limit| limit.saturating_sub(begun.elapsed()).min(STEP));
        if let Some(outcome) = python.detach(|| within(handle, left, work.as_mut())) {
            return Ok(Some(outcome));
        }
        if limit.is_some_and(|limit| begun.elapsed() >= limit) {
            return Ok(None);
        }
        python.check_signals()?;
    }
}
