//! `compile_grammar`, `CompiledGrammar` and `Matcher`.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::PyArray1;
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::arrays::numbers;
use super::bitmask::Bitmask;
use super::errors::{work, work_with_pauses};
use super::form::{read_grammar, read_limits};
use super::vocabulary::PyVocabulary;
use crate::artifact::{Description, LoadOptions, hexadecimal};
use crate::budget::Room;
use crate::matcher::{Compiled, Matcher, fill_masks};
use crate::precompute::MAX_BUDGET;

/// Build the automaton. The GIL is released while it works.
///
/// UnsatisfiableError when the language is empty, LimitError when a budget runs out.
#[pyfunction]
#[pyo3(signature = (grammar, vocabulary, limits, description=None))]
pub fn compile_grammar(
    py: Python<'_>,
    grammar: &Bound<'_, PyAny>,
    vocabulary: Py<PyVocabulary>,
    limits: &Bound<'_, PyAny>,
    description: Option<Description>,
) -> PyResult<PyCompiledGrammar> {
    let form = read_grammar(grammar)?;
    let limits = read_limits(limits)?;
    let description = description.unwrap_or_default();
    let tokens = vocabulary.get().inner.clone();
    let inner = work(py, move || {
        Ok(Compiled::new(form, tokens, limits)?.with_description(description))
    })?;
    Ok(PyCompiledGrammar {
        inner: Arc::new(inner),
        vocabulary,
    })
}

/// A grammar for one vocabulary: immutable, shared freely between threads.
#[pyclass(name = "CompiledGrammar", module = "constrain._core", frozen)]
pub struct PyCompiledGrammar {
    pub(super) inner: Arc<Compiled>,
    /// The vocabulary that it was compiled for.
    #[pyo3(get)]
    vocabulary: Py<PyVocabulary>,
}

/// Options of `load` and `from_bytes`.
fn load_options(limits: Option<&Bound<'_, PyAny>>, rebind: bool) -> PyResult<LoadOptions> {
    let limits = limits.map(read_limits).transpose()?.unwrap_or_default();
    Ok(LoadOptions { limits, rebind })
}

/// Bytes for masks that are made ahead.
fn budget(py: Python<'_>, bytes: &Bound<'_, PyAny>) -> PyResult<usize> {
    match bytes.extract::<usize>() {
        Ok(budget) if budget <= MAX_BUDGET => Ok(budget),
        Err(error) if !error.is_instance_of::<PyOverflowError>(py) => Err(error),
        _ => Err(PyValueError::new_err(format!(
            "budget_bytes {bytes} is out of range; expected 0 to {MAX_BUDGET}"
        ))),
    }
}

#[pymethods]
impl PyCompiledGrammar {
    /// As `load`, from what `to_bytes` gave.
    ///
    /// ArtifactError when it is corrupt, of another version or for another vocabulary, or asks for more than `limits`.
    #[staticmethod]
    #[pyo3(signature = (data, vocabulary, *, limits=None, rebind=false))]
    fn from_bytes(
        py: Python<'_>,
        data: &[u8],
        vocabulary: Py<PyVocabulary>,
        limits: Option<&Bound<'_, PyAny>>,
        rebind: bool,
    ) -> PyResult<Self> {
        let options = load_options(limits, rebind)?;
        let tokens = vocabulary.get().inner.clone();
        let inner = work(py, move || Compiled::from_bytes(data, tokens, &options))?;
        Ok(PyCompiledGrammar {
            inner: Arc::new(inner),
            vocabulary,
        })
    }

    /// Read what `save` wrote.
    ///
    /// ArtifactError when the file is missing, corrupt, of another version or for another vocabulary, or asks for more
    /// than `limits`.
    #[staticmethod]
    #[pyo3(signature = (path, vocabulary, *, limits=None, rebind=false))]
    fn load(
        py: Python<'_>,
        path: PathBuf,
        vocabulary: Py<PyVocabulary>,
        limits: Option<&Bound<'_, PyAny>>,
        rebind: bool,
    ) -> PyResult<Self> {
        let options = load_options(limits, rebind)?;
        let tokens = vocabulary.get().inner.clone();
        let inner = work(py, move || Compiled::load(&path, tokens, &options))?;
        Ok(PyCompiledGrammar {
            inner: Arc::new(inner),
            vocabulary,
        })
    }

    /// What `save` writes.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = work(py, || Ok(self.inner.to_bytes()))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Write the grammar to a file, whole or not at all. Equal grammars give equal bytes.
    ///
    /// ArtifactError when the file cannot be written.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        work(py, || self.inner.save(&path))
    }

    /// Compute masks ahead, of the states that are reached from the start with the fewest bytes first.
    ///
    /// Returns how many states were reached and how many of them have their masks, how many masks differ, and the size
    /// of what is kept. ValueError when `budget_bytes` is not from 0 to 128 MiB.
    fn precompute<'py>(&self, py: Python<'py>, budget_bytes: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let budget = budget(py, budget_bytes)?;
        let done = work_with_pauses(py, |pause| self.inner.precompute_with_pauses(budget, pause))?;
        let counts = PyDict::new(py);
        counts.set_item("reached_states", done.reached)?;
        counts.set_item("precomputed_states", done.covered)?;
        counts.set_item("distinct_masks", done.distinct_masks)?;
        counts.set_item("precomputed_bytes", done.bytes)?;
        Ok(counts)
    }

    /// Hash of the language's form, in hexadecimal: the same for every vocabulary.
    #[getter]
    fn sha256(&self) -> String {
        hexadecimal(&self.inner.form_sha256())
    }

    /// Expected-future weights, as `with_weights` took them; kept in a saved file.
    #[getter]
    fn weights<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.inner.weights.as_ref().map(|weights| PyBytes::new(py, weights))
    }

    /// The same grammar with other weights, or with none; all else is shared.
    fn with_weights(&self, py: Python<'_>, weights: Option<Vec<u8>>) -> Self {
        let inner = Compiled::clone(&self.inner).with_weights(weights);
        PyCompiledGrammar {
            inner: Arc::new(inner),
            vocabulary: self.vocabulary.clone_ref(py),
        }
    }

    /// What the grammar was made from; kept in a saved file.
    #[getter]
    fn description(&self) -> Description {
        self.inner.description.clone()
    }

    /// A new sequence at the start of the language.
    fn matcher(&self, py: Python<'_>) -> PyResult<PyMatcher> {
        Ok(PyMatcher {
            inner: work(py, || self.inner.matcher())?,
            encode: self.vocabulary.get().encode(py),
        })
    }

    /// Sizes of tables and counts of masks, by name.
    fn statistics<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let rows = work(py, || Ok(self.inner.statistics()))?;
        let statistics = PyDict::new(py);
        for (name, value) in rows {
            statistics.set_item(name, value)?;
        }
        Ok(statistics)
    }
}

/// State of one sequence. Not for concurrent use; fork it instead.
#[pyclass(name = "Matcher", module = "constrain._core")]
pub struct PyMatcher {
    inner: Matcher,
    /// The tokenizer's own encoder.
    encode: Option<Py<PyAny>>,
}

impl PyMatcher {
    /// Width of a mask.
    fn words(&self) -> usize {
        self.inner.compiled.vocabulary.words()
    }
}

/// An integer as a token id; None when no vocabulary is so large. Anything with `__index__` is an integer.
fn token(py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Option<u32>> {
    match id.extract() {
        Ok(id) => Ok(Some(id)),
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What may still be written.
fn room(tokens: usize, bytes: Option<usize>) -> Room {
    Room {
        tokens,
        bytes: bytes.unwrap_or(usize::MAX),
    }
}

/// Fill a row of `bitmask` for each matcher, over threads, without the GIL.
///
/// ValueError for a wrong dtype, shape or row; LimitError when a budget ran out for a matcher, whose row is left as it
/// was.
#[pyfunction]
#[pyo3(signature = (matchers, bitmask, rows=None))]
pub fn fill_batch(
    py: Python<'_>,
    matchers: Vec<PyRef<'_, PyMatcher>>,
    bitmask: &Bound<'_, PyAny>,
    rows: Option<Vec<i64>>,
) -> PyResult<()> {
    let rows = rows.unwrap_or_else(|| (0..matchers.len() as i64).collect());
    if rows.len() != matchers.len() {
        return Err(PyValueError::new_err(format!(
            "{} matchers need as many rows, not {}",
            matchers.len(),
            rows.len()
        )));
    }
    let Some(first) = matchers.first() else {
        return Ok(());
    };
    let words = first.words();
    if let Some(other) = matchers.iter().find(|matcher| matcher.words() != words) {
        return Err(PyValueError::new_err(format!(
            "the matchers' vocabularies differ in size: rows of {words} and of {} words",
            other.words()
        )));
    }
    let mut bitmask = Bitmask::new(bitmask, words)?;
    let rows: Vec<usize> = rows.into_iter().map(|row| bitmask.row(row)).collect::<PyResult<_>>()?;
    let targets = bitmask
        .rows_mut(&rows)
        .ok_or_else(|| PyValueError::new_err("the same row is named twice"))?;
    let jobs: Vec<(Matcher, &mut [u32])> = matchers
        .iter()
        .map(|matcher| matcher.inner.clone())
        .zip(targets)
        .collect();
    drop(matchers);
    work(py, || fill_masks(jobs))
}

#[pymethods]
impl PyMatcher {
    /// Overwrite `bitmask[row]` with the tokens allowed next.
    ///
    /// ValueError for a wrong dtype, shape or row; LimitError when a budget runs out.
    #[pyo3(signature = (bitmask, row=0))]
    fn fill_next_token_bitmask(&self, py: Python<'_>, bitmask: &Bound<'_, PyAny>, row: i64) -> PyResult<()> {
        let mut bitmask = Bitmask::new(bitmask, self.words())?;
        let words = bitmask.row_mut(row)?;
        // what is known takes less time than letting others run
        if self.inner.fill_known_mask(words) {
            return Ok(());
        }
        work(py, || self.inner.fill_mask(words))
    }

    /// Advance by a token; False and unchanged when it is not allowed.
    fn accept_token(&mut self, py: Python<'_>, token_id: &Bound<'_, PyAny>) -> PyResult<bool> {
        match token(py, token_id)? {
            Some(id) => work(py, || self.inner.accept_token(id)),
            None => Ok(false),
        }
    }

    /// Advance by bytes, as one step for `rollback`; False and unchanged when not allowed.
    ///
    /// Signals are handled while it works; what a handler raises leaves the sequence unchanged.
    fn accept_bytes(&mut self, py: Python<'_>, data: &[u8]) -> PyResult<bool> {
        work_with_pauses(py, |pause| self.inner.accept_bytes_in_slices(data, pause))
    }

    /// How many of the bytes could be accepted from here, without advancing.
    fn viable_prefix(&self, py: Python<'_>, data: &[u8]) -> PyResult<usize> {
        work_with_pauses(py, |pause| self.inner.viable_prefix_in_slices(data, pause))
    }

    /// How many of the tokens could be accepted from here, without advancing.
    fn validate_tokens(&self, py: Python<'_>, token_ids: Vec<Bound<'_, PyAny>>) -> PyResult<usize> {
        let mut ids = Vec::with_capacity(token_ids.len());
        for id in &token_ids {
            match token(py, id)? {
                Some(id) => ids.push(id),
                // an id that no vocabulary has ends the run like any other that isn't allowed
                None => break,
            }
        }
        work_with_pauses(py, |pause| self.inner.validate_tokens_in_slices(&ids, pause))
    }

    /// Undo the last steps. ValueError when there are fewer.
    fn rollback(&mut self, steps: i64) -> PyResult<()> {
        let known = self.inner.steps();
        if usize::try_from(steps).is_ok_and(|steps| self.inner.rollback(steps)) {
            return Ok(());
        }
        Err(PyValueError::new_err(format!(
            "cannot roll back {steps} steps: only {known} were accepted"
        )))
    }

    /// Another sequence at the same place; what one accepts leaves the other unchanged.
    fn fork(&self, py: Python<'_>) -> PyMatcher {
        PyMatcher {
            inner: self.inner.clone(),
            encode: self.encode.as_ref().map(|encode| encode.clone_ref(py)),
        }
    }

    /// Go back to the start of the language, with no steps to undo.
    fn reset(&mut self, py: Python<'_>) -> PyResult<()> {
        work(py, || self.inner.reset())
    }

    /// Steps accepted so far.
    #[getter]
    fn steps(&self) -> usize {
        self.inner.steps()
    }

    /// The tokens accepted so far; None where bytes were, too.
    fn accepted_tokens(&self) -> Option<Vec<u32>> {
        self.inner.accepted_tokens()
    }

    /// Is the text so far complete (could generation stop now)?
    fn is_accepting(&self) -> bool {
        self.inner.current().accepting
    }

    /// Was a stop token accepted?
    fn is_terminated(&self) -> bool {
        self.inner.current().terminated
    }

    /// The distinct bytes that may come next, ascending.
    fn next_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = work(py, || self.inner.next_bytes())?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Bytes that every completion starts with.
    ///
    /// At most 4,096 at once; after them there may be more.
    fn forced_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = work(py, || self.inner.forced_bytes())?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The tokens that come next whatever the model says: no call of it is needed for them.
    ///
    /// Spelled as the vocabulary's `encode` does, if it has one. Raises whatever `encode` raises.
    fn forced_tokens(&self, py: Python<'_>) -> PyResult<Vec<u32>> {
        if let Some(encode) = &self.encode {
            let run = work(py, || self.inner.forced_run())?;
            let encode = |text: &str| encode.call1(py, (text,))?.extract::<Vec<u32>>(py);
            let canonical = run.canonical(&self.inner.compiled.vocabulary, encode)?;
            if !canonical.is_empty() {
                return Ok(canonical);
            }
        }
        work(py, || self.inner.forced_tokens())
    }

    /// Tokens that complete the text from here, stop tokens aside, and whether it is known that no fewer do.
    #[pyo3(signature = (left=0, left_bytes=None))]
    fn fewest_tokens(
        &self,
        py: Python<'_>,
        left: usize,
        left_bytes: Option<usize>,
    ) -> PyResult<Option<(Vec<u32>, bool)>> {
        let found = work(py, || self.inner.fewest_tokens(room(left, left_bytes)))?;
        Ok(found.map(|found| (found.tokens.to_vec(), found.exact)))
    }

    /// Take the tokens from `bitmask[row]` that leave too little for what is needed after them; were there any?
    #[pyo3(signature = (bitmask, left, left_bytes=None, row=0))]
    fn keep_completable(
        &self,
        py: Python<'_>,
        bitmask: &Bound<'_, PyAny>,
        left: usize,
        left_bytes: Option<usize>,
        row: i64,
    ) -> PyResult<bool> {
        let mut bitmask = Bitmask::new(bitmask, self.words())?;
        let words = bitmask.row_mut(row)?;
        work(py, || self.inner.keep_completable(room(left, left_bytes), words))
    }

    /// Tokens that begin with these bytes, after which they go on as the text may from here.
    fn tokens_from(&self, py: Python<'_>, beginning: &[u8]) -> PyResult<Vec<u32>> {
        work(py, || self.inner.tokens_from(beginning))
    }

    /// No beginning of a text needs more tokens, or bytes, than this to be completed; None without such a bound.
    fn most_needed(&self, py: Python<'_>) -> PyResult<Option<usize>> {
        work(py, || self.inner.most_needed())
    }

    /// A number for what may follow: where it is the same, the same may, what must be distinct aside.
    fn state_hash(&self) -> u64 {
        self.inner.state_hash()
    }

    /// A number for the places from which texts go on alike, roughly: of a language, there are few.
    fn lump(&self, py: Python<'_>) -> PyResult<u64> {
        work(py, || self.inner.lump())
    }

    /// The lump after each of these tokens; 0 where one is not accepted.
    fn lumps_after<'py>(&self, py: Python<'py>, token_ids: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<u64>>> {
        let ids = numbers::<i64>(token_ids, "token_ids")?;
        let found = work(py, || self.inner.lumps_after(&ids))?;
        Ok(PyArray1::from_vec(py, found))
    }

    /// Must some things in the text differ, or be repeated, so that what it needs depends on all of it?
    fn is_tracked(&self) -> bool {
        self.inner.is_tracked()
    }

    /// Bytes that complete the text from here (few of them; empty when already complete).
    fn shortest_completion<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = work(py, || self.inner.shortest_completion())?;
        Ok(PyBytes::new(py, &bytes))
    }
}
