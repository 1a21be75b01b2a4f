"""Expected-future weights as data: what a saved grammar carries, and nothing that depends on the process."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constrain.compiler.weights.chain import Chain
from constrain.compiler.weights.key import WeightsKey
from constrain.errors import ArtifactError

__all__ = ["BETAS", "LEAST", "FutureWeights"]

BETAS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Powers of the chances among which calibration chooses: 0 is to do without weights."""

LEAST = 1e-2
"""The part of the mean chance after a token that every token has at least.

States that look hopeless may not be, as one state stands for many texts: without this, the few draws that go through
one have nearly all the weight. Over toy models and five languages, what a draw weighs was most even (effective sample
size) for 1e-2, and the divergence from the model's law hardly above that for none; an absolute bound did nothing for
small chances and too much for large ones.
"""

ROUNDING = 1e-5
"""So much more than 1 the chances of a state may come to, as they are kept in 32 bits."""


@dataclass(frozen=True, eq=False)
class FutureWeights:
    """Weights of a model in a language. State 0 is where texts start.

    Attributes:
        key: what they are for.
        parents: int32 ``[m]``, a tree of tokens: the node before each; node 0 is the start.
        tokens: int32 ``[m]``, the token that leads to each node.
        places: int32 ``[m]``, the state that each node is at; -1 where it only leads on.
        indptr: int32 ``[n + 1]``, rows of states that tokens lead to from each state.
        indices: int32, these states.
        values: float32, how likely.
        ends: float32 ``[n]``, how likely the text ends there.
        counts: float32 ``[n]``, on how many observations that rests; what was taken from elsewhere counts as less
            than one.
        beta: the power of the chances that is used.
        least: the part of the mean chance after a token that every token has at least.
    """

    key: WeightsKey
    parents: NDArray[np.int32]
    tokens: NDArray[np.int32]
    places: NDArray[np.int32]
    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    values: NDArray[np.float32]
    ends: NDArray[np.float32]
    counts: NDArray[np.float32]
    beta: float = 1.0
    least: float = LEAST

    def __post_init__(self) -> None:
        """Refuse what makes no weights, and make the arrays read-only.

        Raises:
            ArtifactError: an array or number is out of range.
        """
        for problem, wrong in self._problems():
            if wrong:
                raise ArtifactError(f"not usable weights: {problem}")
        for array in self.arrays().values():
            array.flags.writeable = False

    def _problems(self) -> Any:
        """What may be wrong, each with whether it is; asked one after the other, as later ones rely on earlier ones."""
        types = {"parents": "i4", "tokens": "i4", "places": "i4", "indptr": "i4", "indices": "i4"}
        types |= {"values": "f4", "ends": "f4", "counts": "f4"}
        arrays = self.arrays()
        yield "an array has another type", any(arrays[name].dtype != np.dtype(kind) for name, kind in types.items())
        yield "an array has another shape", any(array.ndim != 1 for array in arrays.values())
        states, nodes = len(self.ends), len(self.parents)
        yield "they have no states", states == 0
        yield "they have no tree", nodes == 0 or len(self.tokens) != nodes or len(self.places) != nodes
        before = self.parents >= 0
        before[1:] &= self.parents[1:] < np.arange(1, nodes)
        yield "a node has no parent before it", not before.all() or self.parents[0] != 0
        yield "a token is below 0", bool((self.tokens < 0).any())
        yield "a node is at no state", bool(((self.places < -1) | (self.places >= states)).any())
        yield "the start is at another state", bool(self.places[0] != 0)
        yield "a state has no node", len(np.unique(self.places[self.places >= 0])) != states
        yield (
            "the rows are malformed",
            (
                len(self.indptr) != states + 1
                or self.indptr[0] != 0
                or self.indptr[-1] != len(self.indices)
                or bool((np.diff(self.indptr) < 0).any())
                or len(self.values) != len(self.indices)
            ),
        )
        yield "a row leads to no state", bool(((self.indices < 0) | (self.indices >= states)).any())
        numbers = np.concatenate([self.values, self.ends])
        yield "a chance is none", not ((numbers >= 0) & (numbers <= 1)).all()
        sums = np.add.reduceat(np.append(self.values, 0), self.indptr[:-1], dtype=np.float64)
        sums[np.diff(self.indptr) == 0] = 0  # where a row is empty, reduceat gives a number of another
        yield "the chances of a state come to more than 1", bool((sums + self.ends > 1 + ROUNDING).any())
        yield (
            "a count is none",
            len(self.counts) != states or not (np.isfinite(self.counts).all() and (self.counts >= 0).all()),
        )
        yield f"the power {self.beta} is not from 0 to 1", not 0 <= self.beta <= 1
        yield f"the least chance {self.least} is not above 0 and at most 1", not 0 < self.least <= 1

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by name, in the order in which they are declared."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name not in _NO_ARRAYS}

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.ends)

    def chain(self) -> Chain:
        """The rows, ready for sweeps."""
        values = self.values.astype(np.float64)
        ends = self.ends.astype(np.float64)
        # numbers of 32 bits may come to a little more than 1
        counts = np.diff(self.indptr)
        sums = np.bincount(np.repeat(np.arange(self.states), counts), values, self.states) + ends
        scale = 1 / np.maximum(sums, 1)
        return Chain(
            self.indptr.astype(np.int64), self.indices.astype(np.int64), values * np.repeat(scale, counts), ends * scale
        )

    def check(self, key: WeightsKey) -> None:
        """Are they of use for this?

        Raises:
            ArtifactError: they are for something else; all that differs is named.
        """
        self.key.check(key)

    def with_beta(self, beta: float) -> FutureWeights:
        """The same weights to another power."""
        return replace(self, beta=float(beta))

    def to_bytes(self) -> bytes:
        """As bytes, for :meth:`constrain.CompiledGrammar.with_weights`. Equal weights give equal bytes."""
        from constrain.compiler.weights.wire import to_bytes

        return to_bytes(self)

    @staticmethod
    def from_bytes(data: bytes) -> FutureWeights:
        """Read what :meth:`to_bytes` gave.

        Raises:
            ArtifactError: it is anything else.
        """
        from constrain.compiler.weights.wire import from_bytes

        return from_bytes(data)


_NO_ARRAYS = {"key", "beta", "least"}
