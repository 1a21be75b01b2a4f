"""The native engine (Rust, ``core/``). Import the public names from ``constrain`` instead."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from constrain.compiler.grammar import Grammar, Limits

__version__: str

class Vocabulary:
    """Token bytes and stop tokens of one tokenizer, with the trie that masks walk. Immutable."""

    def __new__(
        cls,
        token_bytes: Sequence[bytes | None],
        eos_token_ids: Sequence[int],
        *,
        vocab_size: int | None = None,
        encode: Callable[[str], Sequence[int]] | None = None,
    ) -> Vocabulary: ...
    @property
    def vocab_size(self) -> int:
        """Width of masks in bits."""
    @property
    def eos_token_ids(self) -> list[int]: ...
    @property
    def sha256(self) -> str:
        """Hash of token bytes, stop tokens and width, in hexadecimal."""
    @property
    def trie_nodes(self) -> int: ...
    @property
    def encode(self) -> Callable[[str], Sequence[int]] | None:
        """The tokenizer's own encoder, if one was given."""
    def token(self, token_id: int) -> bytes | None:
        """Bytes of a token; None for special, unused or unknown ids."""
    def to_bytes(self) -> bytes: ...
    @staticmethod
    def from_bytes(data: bytes) -> Vocabulary: ...

class CompiledGrammar:
    """A grammar for one vocabulary: immutable, shared freely between threads."""

    @property
    def vocabulary(self) -> Vocabulary: ...
    def matcher(self) -> Matcher:
        """A new sequence at the start of the language."""
    def statistics(self) -> dict[str, int]: ...

class Matcher:
    """State of one sequence. Not for concurrent use; fork it instead."""

    def fill_next_token_bitmask(self, bitmask: NDArray[np.int32], row: int = 0) -> None:
        """Overwrite ``bitmask[row]`` with the tokens allowed next.

        Args:
            bitmask: int32, shape ``[batch, ceil(vocab_size / 32)]``, C-contiguous; bit ``t & 31`` of word
                ``t >> 5`` is set when token ``t`` is allowed, i.e. when a completion exists after it.
            row: which row.

        Raises:
            ValueError: wrong dtype, shape or row.
            LimitError: a budget of ``Limits`` ran out.
        """
    def accept_token(self, token_id: int) -> bool:
        """Advance by a token; False and unchanged when it is not allowed."""
    def accept_bytes(self, data: bytes) -> bool:
        """Advance by bytes, as one step for ``rollback``; False and unchanged when not allowed."""
    def viable_prefix(self, data: bytes) -> int:
        """How many of the bytes could be accepted from here, without advancing."""
    def validate_tokens(self, token_ids: Sequence[int]) -> int:
        """How many of the tokens could be accepted from here, without advancing."""
    def rollback(self, steps: int) -> None:
        """Undo the last steps. ValueError when there are fewer."""
    def fork(self) -> Matcher: ...
    def reset(self) -> None: ...
    @property
    def steps(self) -> int:
        """Steps accepted so far."""
    def is_accepting(self) -> bool:
        """Is the text so far complete (could generation stop now)?"""
    def is_terminated(self) -> bool:
        """Was a stop token accepted?"""
    def next_bytes(self) -> bytes:
        """The distinct bytes that may come next, ascending."""
    def forced_bytes(self) -> bytes:
        """The longest run of bytes that every completion starts with."""
    def forced_tokens(self) -> list[int]:
        """The run of tokens that one-bit masks force from here."""
    def shortest_completion(self) -> bytes:
        """Bytes that complete the text from here (few of them; empty when already complete)."""

def compile_grammar(grammar: Grammar, vocabulary: Vocabulary, limits: Limits) -> CompiledGrammar:
    """Build the automaton. The GIL is released while it works.

    Raises:
        UnsatisfiableError: the language is empty.
        LimitError: a budget ran out.
    """

def unicode_class(query: str) -> list[tuple[int, int]] | None:
    r"""Code-point ranges of ``\p{query}`` (general category, script, binary property); None when unknown."""
