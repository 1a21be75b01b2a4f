"""What the tests of regular expressions share: a pattern compiled for the byte vocabulary, as a predicate."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from constrain import Limits, UnsatisfiableError, Vocabulary, compile_grammar
from constrain.compiler.grammar import GrammarBuilder
from constrain.compiler.regex import Node, lower

Language = Callable[[str], bool]


@pytest.fixture
def language(byte_vocabulary: Vocabulary) -> Callable[[Node], Language]:
    """From a tree to "is this text in its language?", asked of the engine byte by byte."""

    def make(node: Node) -> Language:
        builder = GrammarBuilder()
        grammar = builder.finish(builder.terminal(lower(node, builder), "regex"))
        try:
            compiled = compile_grammar(grammar, byte_vocabulary, Limits())
        except UnsatisfiableError:
            return lambda text: False

        def accepts(text: str) -> bool:
            matcher = compiled.matcher()
            return matcher.accept_bytes(text.encode()) and matcher.is_accepting()

        return accepts

    return make
