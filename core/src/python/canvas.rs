//! `TokenAutomaton`, `CanvasBoard` and `decide_gaps`.

use std::sync::Arc;

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::arrays::numbers;
use super::bitmask::Bitmask;
use super::errors::work;
use super::grammar::PyCompiledGrammar;
use crate::canvas::automaton::{Automaton, NEVER, NO_CLASS, Options, START};
use crate::canvas::board::Board;
use crate::canvas::chart::{Chart, LEFT_OUT, best_path};
use crate::canvas::decide::{Decision, Part, decide};
use crate::canvas::logits::{Row, best_token, block, class_weights, drawn_token, log_sums};
use crate::canvas::sets::{Cell, has, members};
use crate::vocabulary::token_set::set_bit;

/// Cells that are no tokens.
const OPEN: i64 = -1;
const OPTIONAL: i64 = -2;
const DELETED: i64 = -3;

/// The token automaton of a compiled grammar, exact for canvases of up to `length` tokens. Immutable.
#[pyclass(name = "TokenAutomaton", module = "constrain._core", frozen)]
pub struct PyTokenAutomaton {
    inner: Arc<Automaton>,
}

#[pymethods]
impl PyTokenAutomaton {
    #[new]
    #[pyo3(signature = (grammar, length, *, max_states=5_000, max_edges=2_000_000, distinct=true, pad_token_ids=Vec::new()))]
    fn new(
        py: Python<'_>,
        grammar: &PyCompiledGrammar,
        length: usize,
        max_states: usize,
        max_edges: usize,
        distinct: bool,
        pad_token_ids: Vec<u32>,
    ) -> PyResult<Self> {
        let options = Options {
            length,
            max_states,
            max_edges,
            distinct,
            pads: pad_token_ids,
        };
        let inner = work(py, || Automaton::new(&grammar.inner, &options))?;
        Ok(PyTokenAutomaton { inner: Arc::new(inner) })
    }

    /// The most tokens of a canvas for which it is exact.
    #[getter]
    fn length(&self) -> usize {
        self.inner.length
    }

    /// Is it left out that keys or items must differ? Then it takes more than the language.
    #[getter]
    fn is_relaxed(&self) -> bool {
        self.inner.relaxed
    }

    /// States between tokens, with the one behind stop tokens.
    #[getter]
    fn states(&self) -> usize {
        self.inner.states()
    }

    /// Classes of tokens; the last is that of stop tokens.
    #[getter]
    fn classes(&self) -> usize {
        self.inner.classes()
    }

    /// Sets of classes on edges.
    #[getter]
    fn groups(&self) -> usize {
        self.inner.groups.len()
    }

    /// Edges, of a group each.
    #[getter]
    fn edges(&self) -> usize {
        self.inner.edges.items().len()
    }

    /// Fewest tokens of a text of the language; None where that is more than `length`.
    #[getter]
    fn fewest_tokens(&self) -> Option<usize> {
        Some(self.inner.fewest[START as usize]).filter(|&fewest| fewest != NEVER)
    }

    /// The class of each token: int32 `[vocab_size]`; -1 for tokens that are nowhere allowed.
    fn class_of<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i32>> {
        let number = |&class: &u32| if class == NO_CLASS { -1 } else { class as i32 };
        PyArray1::from_iter(py, self.inner.class_of.iter().map(number))
    }

    /// The tokens of a class, ascending: int64.
    #[pyo3(signature = (class, /))]
    fn tokens_of<'py>(&self, py: Python<'py>, class: usize) -> PyResult<Bound<'py, PyArray1<i64>>> {
        if class >= self.inner.classes() {
            let count = self.inner.classes();
            return Err(PyValueError::new_err(format!(
                "class {class} is out of range: there are {count}"
            )));
        }
        let tokens = self.inner.tokens.get(class).iter();
        Ok(PyArray1::from_iter(py, tokens.map(|&id| i64::from(id))))
    }
}

/// Logits as Python hands them in, read in place.
enum Logits<'py> {
    Single(PyReadonlyArray2<'py, f32>),
    Bits(PyReadonlyArray2<'py, u16>, bool),
}

impl<'py> Logits<'py> {
    /// `kind` tells what numbers of 16 bits are.
    fn new(array: &Bound<'py, PyAny>, kind: &str, rows: usize, width: usize) -> PyResult<Self> {
        let wrong = |what: &str| Err(PyValueError::new_err(format!("logits must be {what}")));
        let (logits, shape) = match kind {
            "single" => {
                let Some(array) = array
                    .cast::<PyArray2<f32>>()
                    .ok()
                    .and_then(|array| array.try_readonly().ok())
                else {
                    return wrong("a NumPy array of float32 with two dimensions");
                };
                let shape = (array.shape()[0], array.shape()[1]);
                (Logits::Single(array), shape)
            }
            "half" | "brain" => {
                let Some(array) = array
                    .cast::<PyArray2<u16>>()
                    .ok()
                    .and_then(|array| array.try_readonly().ok())
                else {
                    return wrong("a NumPy array of uint16 with two dimensions");
                };
                let shape = (array.shape()[0], array.shape()[1]);
                (Logits::Bits(array, kind == "half"), shape)
            }
            _ => return wrong("of the kind \"single\", \"half\" or \"brain\""),
        };
        if shape.0 != rows || shape.1 < width {
            return wrong(&format!("[{rows}, {width}] or wider, not [{}, {}]", shape.0, shape.1));
        }
        let contiguous = match &logits {
            Logits::Single(array) => array.is_c_contiguous(),
            Logits::Bits(array, _) => array.is_c_contiguous(),
        };
        if contiguous { Ok(logits) } else { wrong("C-contiguous") }
    }

    fn rows(&self) -> PyResult<Vec<Row<'_>>> {
        let wrong = |_| PyValueError::new_err("logits must be C-contiguous");
        Ok(match self {
            Logits::Single(array) => {
                let width = array.shape()[1].max(1);
                array
                    .as_slice()
                    .map_err(wrong)?
                    .chunks_exact(width)
                    .map(Row::Single)
                    .collect()
            }
            Logits::Bits(array, is_half) => {
                let kind = if *is_half { Row::Half } else { Row::Brain };
                let width = array.shape()[1].max(1);
                array.as_slice().map_err(wrong)?.chunks_exact(width).map(kind).collect()
            }
        })
    }
}

fn scale_of(temperature: f64) -> PyResult<f32> {
    let scale = (1.0 / temperature) as f32;
    if temperature > 0.0 && scale > 0.0 && scale.is_finite() {
        return Ok(scale);
    }
    Err(PyValueError::new_err(format!(
        "temperature must be above zero, not {temperature}"
    )))
}

/// The model's fault, as a ModelError.
fn not_finite(py: Python<'_>, row: usize) -> PyErr {
    let text = format!("the model's logits at position {row} have NaN or infinity among them");
    let made = py
        .import("constrain.errors")
        .and_then(|module| module.getattr("ModelError"))
        .and_then(|class| class.call1((text,)));
    made.map_or_else(|problem| problem, PyErr::from_value)
}

/// A canvas on an automaton: what may stand where, and how likely. Not for concurrent use.
#[pyclass(name = "CanvasBoard", module = "constrain._core")]
pub struct PyCanvasBoard {
    board: Board,
    /// What the cells were given as.
    tokens: Vec<i64>,
    chart: Option<Chart>,
    best: Vec<f64>,
    /// Where each of these is in its class; empty if it isn't known.
    blocks: Vec<u32>,
    deletions: Vec<f64>,
}

impl PyCanvasBoard {
    fn cell(automaton: &Automaton, cell: i64) -> PyResult<Cell> {
        match cell {
            OPEN => Ok(Cell::Open),
            OPTIONAL => Ok(Cell::Optional),
            DELETED => Ok(Cell::Deleted),
            _ => match u32::try_from(cell) {
                Ok(token) => Ok(Board::cell_of(automaton, token)),
                Err(_) => Err(PyValueError::new_err(format!("a cell can't be {cell}"))),
            },
        }
    }

    fn position(&self, position: i64) -> PyResult<usize> {
        let count = self.board.cells.len();
        let index = usize::try_from(position).ok().filter(|&index| index < count);
        index.ok_or_else(|| PyValueError::new_err(format!("position {position} is out of range: there are {count}")))
    }

    fn weighed(&mut self) -> PyResult<(&mut Chart, &Board)> {
        match &mut self.chart {
            Some(chart) => Ok((chart, &self.board)),
            None => Err(PyValueError::new_err("the canvas has no weights yet")),
        }
    }

    /// As `[positions, classes]`.
    fn shape(&self) -> [usize; 2] {
        [self.board.cells.len(), self.board.automaton.classes()]
    }

    fn deletions(&self, deletions: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
        let deletions = numbers::<f64>(deletions, "deletions")?;
        let count = self.board.cells.len();
        if deletions.len() != count || deletions.iter().any(|&log| log.is_nan() || log == f64::INFINITY) {
            return Err(PyValueError::new_err(format!(
                "deletions must be {count} numbers, neither NaN nor plus infinity"
            )));
        }
        Ok(deletions)
    }

    fn weigh_with(&mut self, sums: Vec<f64>, best: Vec<f64>, blocks: Vec<u32>, deletions: Vec<f64>) {
        self.chart = Some(Chart::new(&self.board, sums, deletions.clone()));
        self.best = best;
        self.blocks = blocks;
        self.deletions = deletions;
    }
}

fn path_numbers(path: &[u32]) -> impl Iterator<Item = i64> + '_ {
    path.iter().map(|&class| match class {
        LEFT_OUT => DELETED,
        class => i64::from(class),
    })
}

#[pymethods]
impl PyCanvasBoard {
    #[new]
    fn new(py: Python<'_>, automaton: &PyTokenAutomaton, cells: &Bound<'_, PyAny>) -> PyResult<Self> {
        let cells = numbers::<i64>(cells, "cells")?;
        let length = automaton.inner.length;
        if cells.len() > length {
            let count = cells.len();
            return Err(PyValueError::new_err(format!(
                "a canvas of {count} positions is longer than its automaton is exact for: {length}"
            )));
        }
        let tokens = cells.clone();
        let cells: PyResult<Vec<Cell>> = cells.iter().map(|&cell| Self::cell(&automaton.inner, cell)).collect();
        let (cells, automaton) = (cells?, automaton.inner.clone());
        let board = work(py, move || Ok(Board::new(automaton, cells)))?;
        Ok(PyCanvasBoard {
            board,
            tokens,
            chart: None,
            best: Vec::new(),
            blocks: Vec::new(),
            deletions: Vec::new(),
        })
    }

    /// Change cells: tokens, or -1 open, -2 optional, -3 left out.
    fn change(&mut self, positions: &Bound<'_, PyAny>, cells: &Bound<'_, PyAny>) -> PyResult<()> {
        let positions = numbers::<i64>(positions, "positions")?;
        let cells = numbers::<i64>(cells, "cells")?;
        if positions.len() != cells.len() {
            let (positions, cells) = (positions.len(), cells.len());
            return Err(PyValueError::new_err(format!(
                "{positions} positions, but {cells} cells"
            )));
        }
        let mut changes = Vec::with_capacity(cells.len());
        for (&position, &cell) in positions.iter().zip(&cells) {
            changes.push((self.position(position)?, Self::cell(&self.board.automaton, cell)?));
        }
        let places = changes.iter().map(|&(position, _)| position);
        // what may stand elsewhere only gets less where open cells are decided; else there may be classes without weights
        let narrows = |&(position, cell): &(usize, Cell)| match self.board.cells[position] {
            Cell::Optional => true,
            Cell::Open => cell != Cell::Optional && cell != Cell::Deleted,
            known => cell == known,
        };
        if !changes.iter().all(narrows) {
            self.chart = None;
        }
        if let (Some(first), Some(last)) = (places.clone().min(), places.max()) {
            self.board.change(&changes);
            for (&(position, _), &cell) in changes.iter().zip(&cells) {
                self.tokens[position] = cell;
            }
            if let Some(chart) = &mut self.chart {
                chart.forget(first, last);
            }
        }
        Ok(())
    }

    /// Can it be completed?
    fn is_possible(&self) -> bool {
        self.board.is_possible()
    }

    /// Which classes may stand at each position: bool `[positions, classes]`.
    fn allowed_classes<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<bool>>> {
        let [count, classes] = self.shape();
        let board = &mut self.board;
        let allowed = work(py, || {
            let mut allowed = vec![false; count * classes];
            for (position, row) in allowed.chunks_exact_mut(classes).enumerate() {
                members(&board.allowed(position)).for_each(|class| row[class as usize] = true);
            }
            Ok(allowed)
        })?;
        PyArray1::from_vec(py, allowed).reshape([count, classes])
    }

    /// Which positions may be left out: bool `[positions]`.
    fn may_delete<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<bool>> {
        let count = self.board.cells.len();
        PyArray1::from_iter(py, (0..count).map(|position| self.board.may_delete(position)))
    }

    /// Overwrite `bitmask[row]` with the tokens that may stand at a position.
    fn fill_bitmask(&mut self, py: Python<'_>, bitmask: &Bound<'_, PyAny>, position: i64, row: i64) -> PyResult<()> {
        let position = self.position(position)?;
        let mut bitmask = Bitmask::new(bitmask, self.board.automaton.class_of.len().div_ceil(32))?;
        let words = bitmask.row_mut(row)?;
        let (board, decided) = (&mut self.board, u32::try_from(self.tokens[position]));
        work(py, || {
            words.fill(0);
            for class in members(&board.allowed(position)) {
                if let Ok(id) = decided {
                    // its class has others that would fit, too
                    set_bit(words, id);
                    continue;
                }
                let tokens = board.automaton.tokens.get(class as usize).iter();
                tokens.for_each(|&id| set_bit(words, id));
            }
            Ok(())
        })
    }

    /// Runs of open cells, each with its tokens in a shortest completion; None where none is within the length.
    fn fewest_in_gaps(&self, py: Python<'_>) -> PyResult<Option<Vec<(usize, usize, usize)>>> {
        let gaps = work(py, || Ok(self.board.fewest_in_gaps()))?;
        Ok(gaps.map(|gaps| gaps.iter().map(|gap| (gap.start, gap.end, gap.needed)).collect()))
    }

    /// Weigh the classes at open positions by a model's logits.
    #[pyo3(signature = (logits, deletions, kind="single", temperature=1.0))]
    fn weigh(
        &mut self,
        py: Python<'_>,
        logits: &Bound<'_, PyAny>,
        deletions: &Bound<'_, PyAny>,
        kind: &str,
        temperature: f64,
    ) -> PyResult<()> {
        let [count, classes] = self.shape();
        let deletions = self.deletions(deletions)?;
        let logits = Logits::new(logits, kind, count, self.board.automaton.class_of.len())?;
        let (rows, scale) = (logits.rows()?, scale_of(temperature)?);
        let board = &mut self.board;
        let found = work(py, move || {
            let asked: Vec<Vec<u64>> = (0..count)
                .map(|position| match board.cells[position].is_open() {
                    true => board.allowed(position),
                    false => vec![0; classes.div_ceil(64)],
                })
                .collect();
            Ok(class_weights(&board.automaton, &rows, &asked, scale))
        })?;
        let weights = found.map_err(|row| not_finite(py, row))?;
        self.weigh_with(weights.sums, weights.best, weights.blocks, deletions);
        Ok(())
    }

    /// Weigh the classes by logarithms: float64, `[positions * classes]` each.
    fn weigh_classes(
        &mut self,
        sums: &Bound<'_, PyAny>,
        best: &Bound<'_, PyAny>,
        deletions: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let [count, classes] = self.shape();
        let deletions = self.deletions(deletions)?;
        let (sums, best) = (numbers::<f64>(sums, "sums")?, numbers::<f64>(best, "best")?);
        for (name, logs) in [("sums", &sums), ("best", &best)] {
            if logs.len() != count * classes || logs.iter().any(|&log| log.is_nan() || log == f64::INFINITY) {
                let expected = count * classes;
                return Err(PyValueError::new_err(format!(
                    "{name} must be {expected} numbers, neither NaN nor plus infinity"
                )));
            }
        }
        self.weigh_with(sums, best, Vec::new(), deletions);
        Ok(())
    }

    /// The logarithms that classes weigh, and those of their best tokens: float64 `[positions, classes]` each.
    #[allow(clippy::type_complexity)] // tuples of arrays, as Python gets them
    fn class_weights<'py>(
        &mut self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>)> {
        let shape = self.shape();
        let best = PyArray1::from_slice(py, &self.best);
        let (chart, _) = self.weighed()?;
        let sums = PyArray1::from_slice(py, chart.weights());
        Ok((sums.reshape(shape)?, best.reshape(shape)?))
    }

    /// Logarithm of the sum of the weights of all completions.
    fn log_total(&mut self, py: Python<'_>) -> PyResult<f64> {
        let (chart, board) = self.weighed()?;
        work(py, || Ok(chart.log_total(board)))
    }

    /// Shares of all weight, by class and of leaving a position out; None where there is no weight.
    #[allow(clippy::type_complexity)] // tuples of arrays, as Python gets them
    fn posterior<'py>(
        &mut self,
        py: Python<'py>,
    ) -> PyResult<Option<(Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<f64>>)>> {
        let shape = self.shape();
        let (chart, board) = self.weighed()?;
        let Some(found) = work(py, || Ok(chart.posterior(board)))? else {
            return Ok(None);
        };
        let classes = PyArray1::from_vec(py, found.classes).reshape(shape)?;
        Ok(Some((classes, PyArray1::from_vec(py, found.deletions))))
    }

    /// The heaviest completion, a class (or -3) for each position, and the logarithm of its weight; or None.
    fn best_path<'py>(&mut self, py: Python<'py>) -> PyResult<Option<(Bound<'py, PyArray1<i64>>, f64)>> {
        self.weighed()?;
        let found = work(py, || Ok(best_path(&self.board, &self.best, &self.deletions)))?;
        Ok(found.map(|(path, score)| (PyArray1::from_iter(py, path_numbers(&path)), score)))
    }

    /// A completion drawn by weight, with a number from 0 up to 1 for each position; None without weight.
    fn sample<'py>(
        &mut self,
        py: Python<'py>,
        numbers: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyArray1<i64>>>> {
        let numbers = self::numbers::<f64>(numbers, "numbers")?;
        let count = self.board.cells.len();
        if numbers.len() != count || !numbers.iter().all(|number| (0.0..1.0).contains(number)) {
            return Err(PyValueError::new_err(format!(
                "numbers must be {count}, from 0 up to 1"
            )));
        }
        let (chart, board) = self.weighed()?;
        let found = work(py, || Ok(chart.sample(board, &numbers)))?;
        Ok(found.map(|path| PyArray1::from_iter(py, path_numbers(&path))))
    }

    /// The best token of each class of a path, or with numbers from 0 up to 1 one drawn by its logit.
    #[pyo3(signature = (logits, path, numbers=None, kind="single", temperature=1.0))]
    fn tokens_on<'py>(
        &self,
        py: Python<'py>,
        logits: &Bound<'py, PyAny>,
        path: &Bound<'py, PyAny>,
        numbers: Option<&Bound<'py, PyAny>>,
        kind: &str,
        temperature: f64,
    ) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let [count, classes] = self.shape();
        let path = self::numbers::<i64>(path, "path")?;
        let numbers = numbers
            .map(|numbers| self::numbers::<f64>(numbers, "numbers"))
            .transpose()?;
        let fits = path.len() == count && numbers.as_ref().is_none_or(|numbers| numbers.len() == count);
        if !fits
            || !path
                .iter()
                .all(|&class| class == DELETED || (0..classes as i64).contains(&class))
        {
            return Err(PyValueError::new_err(format!(
                "a path must have {count} classes, and as many numbers"
            )));
        }
        let automaton = &self.board.automaton;
        let logits = Logits::new(logits, kind, count, automaton.class_of.len())?;
        let (rows, scale) = (logits.rows()?, scale_of(temperature)?);
        let cells = &self.board.cells;
        let tokens = work(py, || {
            let token = |position: usize| {
                let class = path[position];
                if class == DELETED || !cells[position].is_open() {
                    return Some(DELETED);
                }
                let tokens = automaton.tokens.get(class as usize);
                let token = match &numbers {
                    Some(numbers) => drawn_token(rows[position], tokens, numbers[position], scale),
                    None => match self.blocks.get(position * classes + class as usize) {
                        Some(&known) => best_token(rows[position], block(tokens, known)),
                        None => best_token(rows[position], tokens),
                    },
                };
                token.map(i64::from)
            };
            Ok((0..count)
                .map(|position| token(position).ok_or(position))
                .collect::<Result<Vec<i64>, usize>>())
        })?;
        Ok(PyArray1::from_vec(py, tokens.map_err(|row| not_finite(py, row))?))
    }

    /// Logarithms of the sums of exponentials of whole rows of logits, of open positions; 0 for others.
    #[pyo3(signature = (logits, kind="single", temperature=1.0))]
    fn log_sums<'py>(
        &self,
        py: Python<'py>,
        logits: &Bound<'py, PyAny>,
        kind: &str,
        temperature: f64,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let [count, _] = self.shape();
        let width = self.board.automaton.class_of.len();
        let logits = Logits::new(logits, kind, count, width)?;
        let (rows, scale) = (logits.rows()?, scale_of(temperature)?);
        let open: Vec<bool> = self.board.cells.iter().map(|cell| cell.is_open()).collect();
        let found = work(py, || Ok(log_sums(&rows, &open, width, scale)))?;
        Ok(PyArray1::from_vec(py, found.map_err(|row| not_finite(py, row))?))
    }

    /// May these classes stand on a way through the canvas, one for each position?
    fn accepts(&self, path: &Bound<'_, PyAny>) -> PyResult<bool> {
        let [count, classes] = self.shape();
        let path = numbers::<i64>(path, "path")?;
        if path.len() != count {
            return Err(PyValueError::new_err(format!("a path must have {count} classes")));
        }
        let mut at = START;
        for (position, &class) in path.iter().enumerate() {
            let cell = self.board.cells[position];
            let fits = match (cell, class) {
                (Cell::Open | Cell::Optional, 0..) => class < classes as i64,
                (Cell::Decided(decided), _) => class == i64::from(decided),
                (Cell::Optional | Cell::Deleted, DELETED) => true,
                _ => false,
            };
            let next = match class {
                _ if !fits => None,
                DELETED => Some(at),
                _ => self.board.automaton.after(at, class as u32),
            };
            match next {
                Some(next) if has(self.board.sets.words(self.board.completable[position + 1]), next) => at = next,
                _ => return Ok(false),
            }
        }
        Ok(self.board.automaton.accepting[at as usize])
    }
}

/// Can a text with gaps be completed? `(fillings, None)`, or `(None, (part, offset, expected bytes))`.
///
/// LimitError when more than `max_states` states of a language with endlessly many would have to be looked at.
#[pyfunction]
#[pyo3(signature = (grammar, parts, max_states=100_000, distinct=true))]
#[allow(clippy::type_complexity)] // tuples of arrays, as Python gets them
pub fn decide_gaps<'py>(
    py: Python<'py>,
    grammar: &PyCompiledGrammar,
    parts: Vec<Bound<'py, PyAny>>,
    max_states: usize,
    distinct: bool,
) -> PyResult<(
    Option<Vec<Bound<'py, PyBytes>>>,
    Option<(usize, usize, Bound<'py, PyBytes>)>,
)> {
    let read = |part: &Bound<'py, PyAny>| match part.cast::<PyBytes>() {
        Ok(text) => Ok(Part::Text(text.as_bytes().to_vec())),
        Err(_) => {
            let (least, most): (usize, Option<usize>) = part.extract()?;
            Ok(Part::Gap { least, most })
        }
    };
    let parts: Vec<Part> = parts.iter().map(read).collect::<PyResult<_>>()?;
    let decision = work(py, || decide(&grammar.inner, &parts, max_states, distinct))?;
    Ok(match decision {
        Decision::Possible(fillings) => {
            let fillings = fillings.iter().map(|bytes| PyBytes::new(py, bytes));
            (Some(fillings.collect()), None)
        }
        Decision::Blocked { part, offset, expected } => (None, Some((part, offset, PyBytes::new(py, &expected)))),
    })
}
