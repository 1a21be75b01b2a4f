"""Tools of the JSON Schema tests: does the engine take a whole text under a schema?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from constrain import CompiledGrammar, Vocabulary
from constrain.compiler import compile_grammar, json_schema


@pytest.fixture(scope="session")
def compiled(byte_vocabulary: Vocabulary) -> Callable[..., CompiledGrammar]:
    """Compile a schema for the byte vocabulary, with the front end's options and every keyword there is; without blanks
    unless they say so.
    """

    def compile_schema(schema: Any, **options: Any) -> CompiledGrammar:
        return compile_grammar(json_schema.build(schema, **{"whitespace": "compact", **options}), byte_vocabulary)

    return compile_schema


@pytest.fixture(scope="session")
def takes() -> Callable[[CompiledGrammar, str | bytes], bool]:
    """Whether a compiled grammar takes a whole text."""

    def take(grammar: CompiledGrammar, text: str | bytes) -> bool:
        matcher = grammar.matcher()
        return matcher.accept_bytes(text.encode() if isinstance(text, str) else text) and matcher.is_accepting()

    return take
