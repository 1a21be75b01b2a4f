//! `Vocabulary`: subclassed in Python, which adds the readers of tokenizer files.

use std::sync::Arc;

use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::errors::{to_python, work};
use crate::artifact::hexadecimal;
use crate::error::Error;
use crate::vocabulary::{Vocabulary, file};

/// Token bytes and stop tokens of one tokenizer, with the trie that masks walk. Immutable.
#[pyclass(name = "Vocabulary", module = "constrain._core", subclass, frozen)]
pub struct PyVocabulary {
    pub inner: Arc<Vocabulary>,
    encode: Option<Py<PyAny>>,
}

fn whole(value: &Bound<'_, PyAny>, what: &str) -> PyResult<u32> {
    value.extract().map_err(|error: PyErr| {
        if !error.is_instance_of::<PyOverflowError>(value.py()) {
            return error;
        }
        let text = format!("{what} {value} is out of range; expected 0 to {}", u32::MAX);
        to_python(value.py(), Error::Vocabulary(text))
    })
}

#[pymethods]
impl PyVocabulary {
    #[new]
    #[pyo3(signature = (token_bytes, eos_token_ids, *, vocab_size=None, encode=None))]
    fn new(
        py: Python<'_>,
        token_bytes: Vec<Option<Bound<'_, PyBytes>>>,
        eos_token_ids: Vec<Bound<'_, PyAny>>,
        vocab_size: Option<Bound<'_, PyAny>>,
        encode: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let tokens: Vec<Option<Box<[u8]>>> = token_bytes
            .into_iter()
            .map(|token| token.map(|bytes| bytes.as_bytes().into()))
            .collect();
        let eos_token_ids: Vec<u32> = eos_token_ids
            .iter()
            .map(|id| whole(id, "stop token"))
            .collect::<PyResult<_>>()?;
        let vocab_size = vocab_size
            .map(|size| whole(&size, "vocab_size"))
            .transpose()?
            .map(|size| size as usize);
        let inner = work(py, move || Vocabulary::new(tokens, &eos_token_ids, vocab_size))?;
        Ok(PyVocabulary {
            inner: Arc::new(inner),
            encode,
        })
    }

    /// Read what `to_bytes` gave, without an encoder.
    ///
    /// ArtifactError when it is anything else.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, data: &[u8]) -> PyResult<Self> {
        let inner = work(py, move || file::from_bytes(data))?;
        Ok(PyVocabulary {
            inner: Arc::new(inner),
            encode: None,
        })
    }

    /// The vocabulary as bytes, without its encoder.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &file::to_bytes(&self.inner))
    }

    /// Width of masks in bits.
    #[getter]
    fn vocab_size(&self) -> usize {
        self.inner.vocab_size
    }

    /// The stop tokens, ascending.
    #[getter]
    fn eos_token_ids(&self) -> Vec<u32> {
        self.inner.eos_token_ids.clone()
    }

    /// Hash of token bytes, stop tokens and width, in hexadecimal.
    #[getter]
    fn sha256(&self) -> String {
        hexadecimal(&self.inner.sha256)
    }

    /// Bytes of the longest token.
    #[getter]
    fn longest_token(&self) -> usize {
        self.inner.trie.max_depth()
    }

    /// Size of the trie that masks walk.
    #[getter]
    fn trie_nodes(&self) -> usize {
        self.inner.trie.len()
    }

    /// The tokenizer's own encoder, if one was given.
    #[getter]
    pub fn encode(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.encode.as_ref().map(|encode| encode.clone_ref(py))
    }

    /// Bytes of a token; None for special, unused or unknown ids.
    fn token<'py>(&self, py: Python<'py>, token_id: u32) -> Option<Bound<'py, PyBytes>> {
        self.inner.token(token_id).map(|bytes| PyBytes::new(py, bytes))
    }
}
