"""Token automata for canvases: a compiled grammar as what holds for a row of tokens that is written in any order."""

from __future__ import annotations

from collections.abc import Sequence

from constrain._core import CompiledGrammar, TokenAutomaton

__all__ = ["MAXIMUM_LENGTH", "TokenAutomaton", "token_automaton"]

MAXIMUM_LENGTH = 65_536
"""Positions of a canvas."""


def token_automaton(
    grammar: CompiledGrammar,
    length: int,
    *,
    max_states: int = 5_000,
    max_edges: int = 2_000_000,
    distinct: bool = True,
    pad_token_ids: Sequence[int] = (),
) -> TokenAutomaton:
    """The automaton of a grammar that is exact for canvases of up to ``length`` tokens.

    It takes rows of text tokens, behind which stop tokens may stand. Building it takes some milliseconds for a schema
    without recursion. Languages with many states (large bounds of lengths, nesting, names that must differ) do not fit
    into the budget at hundreds of tokens.

    Args:
        grammar: the language and its vocabulary.
        length: the most tokens of a canvas, from 1 to 65,536: as long as it may grow.
        max_states: the most states between tokens.
        max_edges: the most edges.
        distinct: must keys and items differ where the language says so? What was written is then part of a state.
            Without it, the automaton takes more than the language, and says so as ``is_relaxed``.
        pad_token_ids: tokens beside the vocabulary's stop tokens that may stand behind the text.

    Raises:
        ValueError: a length or budget out of range.
        LimitError: there are more states or edges.
        VocabularyError: a padding token is text, or is not in the vocabulary.
    """
    if type(length) is not int or not 1 <= length <= MAXIMUM_LENGTH:
        raise ValueError(f"length must be an integer from 1 to {MAXIMUM_LENGTH:,}, not {length!r}")
    for name, budget in {"max_states": max_states, "max_edges": max_edges}.items():
        if type(budget) is not int or not 1 <= budget <= 2**31:
            raise ValueError(f"{name} must be an integer from 1 to {2**31:,}, not {budget!r}")
    return TokenAutomaton(
        grammar,
        length,
        max_states=max_states,
        max_edges=max_edges,
        distinct=distinct,
        pad_token_ids=list(pad_token_ids),
    )
