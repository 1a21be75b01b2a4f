"""A canvas under a constraint: what may stand at each position, how likely, and what may be decided together.

Positions that are allowed one by one are not safe together. So a whole completion is found first, the best one or one
that is drawn, and any part of it may be committed: what is left of it is a completion of the rest.

All of it is exact. With w_i(t) the exponential of position i's logit of token t (divided by the temperature), the
weight of a completion is the product over the open positions, and Z their sum over all completions (forward and
backward over the token automaton, as in hidden Markov models: Rabiner 1989); a position that is left out has a weight
of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constrain._core import CanvasBoard, TokenAutomaton
from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids
from constrain.errors import BudgetError, ModelError, UnsatisfiableError
from constrain.runtime.diffusion.cells import DELETED, OPTIONAL, Gap, GapLength, cells_of

if TYPE_CHECKING:
    import torch

__all__ = ["Canvas", "Path", "Posterior"]


@dataclass(frozen=True, slots=True)
class Posterior:
    """How likely completions have what at each position; decided positions have what they have with 1.

    Attributes:
        classes: float64 ``[positions, classes]``, the share of all weight of completions with a token of the class.
        deletions: float64 ``[positions]``, the share of those that leave the position out.
    """

    classes: NDArray[np.float64]
    deletions: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Path:
    """One completion of a canvas. Any part of it may be committed.

    Attributes:
        cells: int64 ``[positions]``: tokens, and ``DELETED``.
        confidence: float64 ``[positions]``: how likely a completion has the same there; 1 where it is decided.
        log_weight: logarithm of the completion's weight.
    """

    cells: NDArray[np.int64]
    confidence: NDArray[np.float64]
    log_weight: float


class Canvas:
    """A row of positions, some decided, that shall become a text of a language with stop tokens behind it.

    Not for concurrent use; ``copy`` it instead.
    """

    def __init__(self, automaton: TokenAutomaton, cells: ArrayLike) -> None:
        """Find out what may stand where.

        Args:
            automaton: of the language; exact for canvases as long as this one.
            cells: int64 ``[positions]``: token ids, ``OPEN``, ``OPTIONAL`` or ``DELETED``.

        Raises:
            ValueError: no position, more than the automaton is exact for, or other numbers.
        """
        self._cells = np.array(cells, dtype=np.int64)
        if self._cells.ndim != 1 or not len(self._cells):
            raise ValueError(f"a canvas must be one row of positions, not of shape {list(self._cells.shape)}")
        self._automaton = automaton
        self._board = CanvasBoard(automaton, self._cells)
        self._weighed: _Weighed | None = None
        self._posterior: Posterior | None = None

    @classmethod
    def of_parts(cls, automaton: TokenAutomaton, parts: Iterable[Sequence[int] | Gap]) -> Canvas:
        """A canvas of fixed tokens and gaps, one behind the other."""
        return cls(automaton, cells_of(parts))

    def copy(self) -> Canvas:
        """Another canvas with the same cells and no weights."""
        return Canvas(self._automaton, self._cells)

    def __len__(self) -> int:
        """How many positions it has."""
        return len(self._cells)

    @property
    def automaton(self) -> TokenAutomaton:
        """The language."""
        return self._automaton

    @property
    def cells(self) -> NDArray[np.int64]:
        """What stands where: int64 ``[positions]``, a copy."""
        return self._cells.copy()

    @property
    def is_open(self) -> NDArray[np.bool_]:
        """Which positions are not decided: bool ``[positions]``."""
        open_: NDArray[np.bool_] = (self._cells < 0) & (self._cells != DELETED)
        return open_

    @property
    def is_complete(self) -> bool:
        """Is every position decided, and the row one of the language?"""
        return self.is_possible and not self.is_open.any()

    @property
    def is_possible(self) -> bool:
        """Can it be completed?"""
        return self._board.is_possible()

    def fewest_in_gaps(self) -> list[GapLength] | None:
        """How many tokens each run of open positions has in a shortest completion, were they as long as they like.

        All of them together are as few as can be; which has how many, where there is a choice, is not told.

        Returns:
            None where no number of tokens up to the automaton's length will do.
        """
        gaps = self._board.fewest_in_gaps()
        return None if gaps is None else [GapLength(*gap) for gap in gaps]

    def require_possible(self) -> None:
        """Refuse a canvas that can't be completed.

        Raises:
            BudgetError: with longer gaps it could be; it is told how long they must be.
            UnsatisfiableError: with gaps of any length it could not, as far as the automaton goes.
        """
        if self.is_possible:
            return
        gaps = self.fewest_in_gaps()
        if gaps is None:
            raise UnsatisfiableError(
                "the decided positions can't be completed, however many tokens come between them "
                f"(up to {self._automaton.length} in all)"
            )
        lengths = ", ".join(f"{gap.needed} at position {gap.start} (there are {gap.end - gap.start})" for gap in gaps)
        tokens = sum(gap.needed for gap in gaps) + int(np.count_nonzero(self._cells >= 0))
        raise BudgetError(
            f"the canvas can't be completed: a shortest completion has {tokens} tokens, its gaps have {lengths}"
        )

    def allowed_classes(self) -> NDArray[np.bool_]:
        """Which classes of tokens may stand at each position: bool ``[positions, classes]``.

        A class may where some completion of the whole canvas has one of its tokens there.
        """
        return self._board.allowed_classes()

    def allowed_tokens(self, position: int) -> NDArray[np.int64]:
        """The tokens that may stand at a position, ascending: int64."""
        class_of = self._automaton.class_of()
        bitmask = allocate_token_bitmask(1, len(class_of))
        self._board.fill_bitmask(bitmask, position, 0)
        return bitmask_to_ids(bitmask[0])

    def fill_bitmask(self, bitmask: NDArray[np.int32]) -> None:
        """Overwrite the rows of a bitmask, int32 ``[positions, words]``, with the tokens that may stand where."""
        for position in range(len(self)):
            self._board.fill_bitmask(bitmask, position, position)

    def may_delete(self) -> NDArray[np.bool_]:
        """Which positions may be left out: bool ``[positions]``."""
        return self._board.may_delete()

    def weigh(
        self,
        logits: torch.Tensor | NDArray[Any],
        *,
        temperature: float = 1.0,
        deletions: float | ArrayLike = 0.0,
    ) -> None:
        """Take a model's logits: what is said of completions from here on is said under them.

        Only those of open positions and allowed tokens are looked at. They stay in use until the next call, and must
        not be changed meanwhile. Commits leave them valid.

        Args:
            logits: ``[positions, vocab_size or more]``, float32, float16 or, of torch, bfloat16; other kinds of floats
                are converted.
            temperature: above zero; logits are divided by it.
            deletions: what leaving a position out weighs, as a logarithm like a logit: a number, or ``[positions]``.

        Raises:
            ModelError: logits that are NaN or plus infinity, or of too few tokens.
            ValueError: a wrong shape or temperature.
        """
        array, kind = _as_array(logits)
        if array.ndim != 2 or len(array) != len(self):
            raise ValueError(f"logits must be [{len(self)}, tokens], not {list(array.shape)}")
        width = len(self._automaton.class_of())
        if array.shape[1] < width:
            raise ModelError(f"the model has logits of {array.shape[1]} tokens, but the vocabulary has {width}")
        left_out = np.ascontiguousarray(np.broadcast_to(np.asarray(deletions, dtype=np.float64), len(self)))
        self._board.weigh(array, left_out, kind, float(temperature))
        self._weighed = _Weighed(array, kind, float(temperature), left_out)
        self._posterior = None

    def log_total(self) -> float:
        """log Z: logarithm of the sum of the weights of all completions; minus infinity where none has any."""
        self._weights()
        return self._board.log_total()

    def log_normaliser(self) -> float:
        """Logarithm of the sum of the weights of all rows, whether of the language or not.

        ``log_total() - log_normaliser()`` is the logarithm of the chance that the model's own law, every open position
        by itself, gives a row of the language, where no position is optional.
        """
        weighed = self._weights()
        return float(self._board.log_sums(weighed.logits, weighed.kind, weighed.temperature).sum())

    def posterior(self) -> Posterior:
        """How likely completions have what at each position, under the model's law and the constraint together.

        Raises:
            ModelError: no completion has any weight.
        """
        self._weights()
        if self._posterior is None:
            found = self._board.posterior()
            if found is None:
                raise _without_weight()
            self._posterior = Posterior(*found)
        return self._posterior

    def best(self) -> Path:
        """The completion of the highest weight (Viterbi 1967).

        Raises:
            ModelError: no completion has any weight.
        """
        weighed = self._weights()
        found = self._board.best_path()
        if found is None:
            raise _without_weight()
        path, log_weight = found
        tokens = self._board.tokens_on(weighed.logits, path, None, weighed.kind, weighed.temperature)
        return self._path(path, tokens, log_weight)

    def sample(self, random: np.random.Generator) -> Path:
        """A completion drawn in proportion to its weight.

        Raises:
            ModelError: no completion has any weight.
        """
        weighed = self._weights()
        path = self._board.sample(random.random(len(self)))
        if path is None:
            raise _without_weight()
        numbers = random.random(len(self))
        tokens = self._board.tokens_on(weighed.logits, path, numbers, weighed.kind, weighed.temperature)
        return self._path(path, tokens, None)

    def commit(self, positions: ArrayLike, cells: ArrayLike) -> None:
        """Decide positions, or none of them where that leaves a canvas that can't be completed.

        What a path has at any of its positions can always be committed, and so can more of the same path afterwards.

        Args:
            positions: int64 ``[k]``, open ones.
            cells: int64 ``[k]``: tokens, or ``DELETED`` where the position is optional.

        Raises:
            ValueError: a position that is decided already, or cells that can't be completed together.
        """
        where, what = np.array(positions, dtype=np.int64), np.array(cells, dtype=np.int64)
        if where.shape != what.shape or where.ndim != 1:
            raise ValueError(f"positions {list(where.shape)} and cells {list(what.shape)} do not fit together")
        if len(np.unique(where)) < len(where) or ((where < 0) | (where >= len(self))).any():
            raise ValueError(f"positions must differ and be from 0 to {len(self) - 1}")
        known = self._cells[where]
        wrong = (known >= 0) | (known == DELETED) | ((what < 0) & ~((what == DELETED) & (known == OPTIONAL)))
        if wrong.any():
            place = int(where[wrong][0])
            raise ValueError(f"position {place} is {self._cells[place]} and can't become {what[wrong][0]}")
        self._board.change(where, what)
        if not self.is_possible:
            self._board.change(where, known)
            self._reweigh()
            raise ValueError("these cells together leave no completion")
        self._cells[where] = what
        self._posterior = None

    def _path(self, path: NDArray[np.int64], tokens: NDArray[np.int64], log_weight: float | None) -> Path:
        """A path of classes with the tokens of its open positions."""
        weighed = self._weights()
        open_ = self.is_open
        places = np.arange(len(self))
        posterior = self.posterior()
        written = open_ & (tokens != DELETED)
        # what is looked up elsewhere is not used
        classes, ids = np.where(written, path, 0), np.where(written, tokens, 0)
        logits = _as_floats(weighed.logits[places, ids], weighed.kind) / weighed.temperature
        sums, _ = self._board.class_weights()
        with np.errstate(invalid="ignore"):
            share = posterior.classes[places, classes] * np.exp(logits - sums[places, classes])
        confidence = np.where(written, share, np.where(open_, posterior.deletions, 1.0))
        if log_weight is None:
            weights = np.where(written, logits, np.where(open_, weighed.deletions, 0.0))
            log_weight = float(weights.sum())
        return Path(np.where(open_, tokens, self._cells), np.minimum(confidence, 1.0), log_weight)

    def _weights(self) -> _Weighed:
        if self._weighed is None:
            raise ValueError("the canvas has no weights yet: call weigh first")
        return self._weighed

    def _reweigh(self) -> None:
        """Weights are lost where cells are opened again."""
        if self._weighed is not None:
            weighed = self._weighed
            self._board.weigh(weighed.logits, weighed.deletions, weighed.kind, weighed.temperature)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """The logits in use, as they lie in memory."""

    logits: NDArray[Any]
    kind: str
    temperature: float
    deletions: NDArray[np.float64]


def _without_weight() -> ModelError:
    return ModelError("the model rules out every completion: all have a token with a logit of minus infinity")


def _as_array(logits: torch.Tensor | NDArray[Any]) -> tuple[NDArray[Any], str]:
    """Logits as an array that the core reads in place where it can, and the kind of its numbers."""
    if not isinstance(logits, np.ndarray):
        import torch

        tensor = logits.detach().cpu().contiguous()
        if tensor.dtype == torch.bfloat16:
            return tensor.view(torch.uint16).numpy(), "brain"
        logits = tensor.numpy()
    if logits.dtype == np.float16:
        return np.ascontiguousarray(logits).view(np.uint16), "half"
    return np.ascontiguousarray(logits, dtype=np.float32), "single"


def _as_floats(numbers: NDArray[Any], kind: str) -> NDArray[np.float64]:
    """A few logits as float64."""
    if kind == "half":
        return numbers.view(np.float16).astype(np.float64)
    if kind == "brain":
        return (numbers.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return numbers.astype(np.float64)
