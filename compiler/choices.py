"""A finite set of strings as a constraint (``--choice``, ``--choice-file``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from constrain.compiler.data import choices_in
from constrain.compiler.grammar import Grammar, GrammarBuilder
from constrain.errors import InputError, UnsatisfiableError

__all__ = ["MAXIMUM_TRIE_BYTES", "build", "build_list"]

MAXIMUM_TRIE_BYTES = 100_000
"""Longer lists are looked up in their order, not made a trie: that takes a hundred bytes for each byte of them."""


def build(choices: Iterable[str]) -> Grammar:
    """Exactly one of ``choices``.

    Raises:
        UnsatisfiableError: there are no choices.
        TypeError: something is no text, or ``choices`` is one: its characters are hardly what was meant.
        InputError: a text that has no UTF-8.
    """
    if isinstance(choices, str | bytes):
        raise TypeError(f"choices must be several texts, not one {type(choices).__name__}")
    texts = [_encoded(number, choice) for number, choice in enumerate(choices)]
    if not texts:
        raise UnsatisfiableError("there is no choice to make", expected="at least one choice")
    return _of(texts)


def build_list(content: bytes | str, name: str = "the list") -> Grammar:
    """One of the lines of a list, see :func:`~constrain.compiler.data.choices_in`.

    Args:
        content: the list.
        name: what messages call it.

    Raises:
        DataError: it is not UTF-8, or holds no choice.
    """
    return _of(choices_in(content, name))


def _of(texts: Sequence[bytes]) -> Grammar:
    builder = GrammarBuilder()
    few = sum(map(len, texts)) <= MAXIMUM_TRIE_BYTES
    return builder.finish(builder.terminal(builder.literals(texts) if few else builder.choices(texts), "choice"))


def _encoded(number: int, choice: object) -> bytes:
    if not isinstance(choice, str):
        raise TypeError(f"choices[{number}] must be a str, not {type(choice).__name__}")
    try:
        return choice.encode()
    except UnicodeEncodeError:
        raise InputError(f"choices[{number}] holds a lone surrogate, which is no character") from None
