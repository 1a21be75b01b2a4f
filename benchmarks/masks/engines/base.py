"""What the worker asks of an engine: one Engine a process, one Compiled a constraint, one Matcher a text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from masks.constraint import Constraint
from masks.tokenizer import Tokenizer

__all__ = ["Batch", "Compiled", "Engine", "Matcher"]


class Matcher(ABC):
    """State of one generation."""

    @abstractmethod
    def mask(self, into: NDArray[np.int32]) -> None:
        """Fill the engine's buffer with the tokens allowed next: bit ``t & 31`` of word ``t >> 5``."""

    @abstractmethod
    def accept(self, token: int) -> bool:
        """Advance by a token that the mask allowed; False means that the engine contradicts its mask."""

    @abstractmethod
    def is_accepting(self) -> bool:
        """Could generation stop here?"""


class Compiled(ABC):
    """A constraint, ready for any number of generations."""

    @abstractmethod
    def matcher(self) -> Matcher:
        """Start a generation."""


class Batch(ABC):
    """Masks of many generations in one call, over the threads that it was made for."""

    buffer: NDArray[np.int32]
    """Shape ``[rows, ceil(vocab_size / 32)]``."""

    @abstractmethod
    def fill(self, matchers: Sequence[Matcher]) -> None:
        """Fill row ``i`` of the buffer with the mask of ``matchers[i]``."""


class Engine(ABC):
    """An engine set up for one tokenizer. The set-up time is reported and part of no other figure."""

    package: ClassVar[str]
    """Distribution whose version is reported."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer

    def version(self) -> str:
        """Version of the distribution."""
        return version(self.package)

    def buffer(self) -> NDArray[np.int32]:
        """The words that ``Matcher.mask`` fills, shape ``[ceil(vocab_size / 32)]``."""
        return np.zeros((self.tokenizer.vocab_size + 31) // 32, dtype=np.int32)

    def prepare(self, constraint: Constraint) -> Any:
        """What ``compile`` is given: work that may be done once, before the clock starts. Nothing, as a rule."""
        return constraint

    @abstractmethod
    def compile(self, prepared: Any) -> Compiled:
        """Compile what ``prepare`` returned. Any exception of the two counts as 'unsupported'."""

    def batch(self, rows: int, threads: int) -> Batch:
        """Masks for up to ``rows`` generations at once. An exception counts as 'unsupported'."""
        raise NotImplementedError(f"{self.package} has no masks for a batch")
