"""Verdicts of the engine on texts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from constrain import Vocabulary, compile_grammar
from constrain.compiler.notation import Notation, build

__all__ = ["judged"]


def judged(
    grammar: str,
    notation: Notation,
    texts: Iterable[str],
    vocabulary: Vocabulary,
    *,
    start: str | None = None,
    lexer: Literal["complete", "contextual"] | None = None,
) -> dict[str, bool]:
    """Which of the texts are in the language."""
    compiled = compile_grammar(build(grammar, notation, start=start, lexer=lexer), vocabulary)
    verdicts = {}
    for text in texts:
        matcher = compiled.matcher()
        verdicts[text] = matcher.accept_bytes(text.encode()) and matcher.is_accepting()
    return verdicts
