"""What the worker asks of an engine: one Engine a process, one Compiled a schema, one Matcher an instance."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from masks.tokenizer import Tokenizer

__all__ = ["Compiled", "Engine", "Matcher"]


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
    """A schema, ready for any number of generations."""

    @abstractmethod
    def matcher(self) -> Matcher:
        """Start a generation."""


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

    @abstractmethod
    def compile(self, schema: Any) -> Compiled:
        """Compile a parsed schema, keys in the file's order. Any exception counts as 'unsupported'."""
