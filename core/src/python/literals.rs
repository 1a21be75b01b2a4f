//! `Literals`: what a monitor suggests, as a part of masks.

use std::sync::Arc;

use pyo3::prelude::*;

use super::bitmask::Bitmask;
use super::errors::work;
use super::vocabulary::PyVocabulary;
use crate::vocabulary::literals::Literals;

/// Texts of which one has to be spelled next and then end. Immutable.
#[pyclass(name = "Literals", module = "constrain._core", frozen)]
pub struct PyLiterals {
    inner: Arc<Literals>,
}

#[pymethods]
impl PyLiterals {
    #[new]
    fn new(py: Python<'_>, texts: Vec<String>, word: Vec<(u32, u32)>) -> PyResult<Self> {
        let inner = work(py, move || Ok(Literals::new(&texts, &word)))?;
        Ok(PyLiterals { inner: Arc::new(inner) })
    }

    /// May what comes begin with these bytes?
    fn allows(&self, data: &[u8]) -> bool {
        self.inner.allows(data)
    }

    /// Are these bytes one of the texts, no more and no less?
    fn is_whole(&self, data: &[u8]) -> bool {
        self.inner.is_whole(data)
    }

    /// Length of the text that these bytes begin with, once they show that it ended; else None.
    fn left_after(&self, data: &[u8]) -> Option<usize> {
        self.inner.left_after(data)
    }

    /// Take the tokens from `bitmask[row]` that cannot come after `begun`.
    #[pyo3(signature = (vocabulary, begun, bitmask, row=0))]
    fn keep_allowed(
        &self,
        py: Python<'_>,
        vocabulary: &PyVocabulary,
        begun: &[u8],
        bitmask: &Bound<'_, PyAny>,
        row: i64,
    ) -> PyResult<()> {
        let mut bitmask = Bitmask::new(bitmask, vocabulary.inner.words())?;
        let words = bitmask.row_mut(row)?;
        work(py, || {
            self.inner.keep_allowed(&vocabulary.inner, begun, words);
            Ok(())
        })
    }
}
