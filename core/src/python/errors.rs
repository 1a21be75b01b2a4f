//! Errors as the exceptions of `constrain.errors`; a panic as a RuntimeError.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError, PyValueError};
use pyo3::marker::Ungil;
use pyo3::prelude::*;

use crate::error::{Error, Result};
use crate::matcher::Pause;

pub fn to_python(py: Python<'_>, error: Error) -> PyErr {
    let name = match &error {
        Error::Limit { .. } | Error::Canvas { .. } | Error::Search { .. } | Error::TooLarge { .. } => "LimitError",
        Error::Unsatisfiable(_) => "UnsatisfiableError",
        Error::Unsupported(_) => "UnsupportedError",
        Error::Vocabulary(_) => "VocabularyError",
        Error::Artifact(_) => "ArtifactError",
        Error::Interrupted => return PyKeyboardInterrupt::new_err(()),
        Error::Malformed(text) => return PyValueError::new_err(text.clone()),
    };
    let made = py
        .import("constrain.errors")
        .and_then(|module| module.getattr(name))
        .and_then(|class| class.call1((error.to_string(),)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(problem) => problem,
    }
}

/// Runs native work without the GIL. Neither an error nor a panic gets past.
pub fn work<T: Ungil + Send>(py: Python<'_>, task: impl FnOnce() -> Result<T> + Ungil + Send) -> PyResult<T> {
    match py.detach(|| catch_unwind(AssertUnwindSafe(task))) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(to_python(py, error)),
        Err(_) => Err(PyRuntimeError::new_err(
            "internal error in the native engine; please report it with the constraint that caused it",
        )),
    }
}

/// As `work`, for what may take long: at each pause, signals are handled. What a handler raises ends the work.
pub fn work_with_pauses<T: Ungil + Send>(
    py: Python<'_>,
    task: impl FnOnce(Pause) -> Result<T> + Ungil + Send,
) -> PyResult<T> {
    let mut raised: Option<PyErr> = None;
    let done = work(py, || {
        task(&mut || {
            let handled = Python::attach(|py| py.check_signals());
            handled.map_err(|error| {
                raised = Some(error);
                Error::Interrupted
            })
        })
    });
    match raised {
        Some(error) => Err(error),
        None => done,
    }
}
