//! Arrays of numbers that Python hands in, copied, and `expected_future`.

use numpy::{Element, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::errors::work;
use crate::future::Chain;

/// Rows of weights that are made at once.
const MAX_STEPS: usize = 1 << 16;
/// Numbers that are made at once.
const MAX_NUMBERS: usize = 1 << 28;

/// The numbers of an array with one dimension.
pub fn numbers<T: Element + Copy>(array: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<T>> {
    let wrong = || {
        let kind = T::get_dtype(array.py());
        PyValueError::new_err(format!("{name} must be a NumPy array of {kind} with one dimension"))
    };
    let array = array.cast::<PyArray1<T>>().map_err(|_| wrong())?;
    let array: PyReadonlyArray1<'_, T> = array.try_readonly().map_err(|_| wrong())?;
    Ok(array.as_array().iter().copied().collect())
}

/// The chance to have ended, by the tokens left and the state: W_0 = ends, W_b = ends + M W_{b-1}.
///
/// ValueError when the arrays make no chain.
#[pyfunction]
#[pyo3(signature = (indptr, indices, values, ends, steps, first=None))]
pub fn expected_future<'py>(
    py: Python<'py>,
    indptr: &Bound<'py, PyAny>,
    indices: &Bound<'py, PyAny>,
    values: &Bound<'py, PyAny>,
    ends: &Bound<'py, PyAny>,
    steps: usize,
    first: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let starts = numbers::<i64>(indptr, "indptr")?;
    let to = numbers::<i64>(indices, "indices")?;
    let chances = numbers::<f64>(values, "values")?;
    let ends = numbers::<f64>(ends, "ends")?;
    let first = first.map(|first| numbers::<f64>(first, "first")).transpose()?;
    let chain = Chain::new(&starts, &to, chances, ends).map_err(PyValueError::new_err)?;
    if let Some(first) = &first
        && (first.len() != chain.states() || !first.iter().all(|chance| (0.0..=1.0).contains(chance)))
    {
        return Err(PyValueError::new_err("first must be a chance for each state"));
    }
    let states = chain.states();
    if steps > MAX_STEPS || (steps + 1).saturating_mul(states) > MAX_NUMBERS {
        return Err(PyValueError::new_err(format!(
            "{steps} steps of {states} states are too many at once: at most {MAX_STEPS} steps, and {MAX_NUMBERS} numbers"
        )));
    }
    let rows = work(py, || Ok(chain.sweep(first, steps + 1)))?;
    PyArray1::from_vec(py, rows).reshape([steps + 1, states])
}
