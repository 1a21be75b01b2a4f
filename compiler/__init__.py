"""From a constraint to a token-level automaton: front ends, one grammar form, the native engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constrain._core import CompiledGrammar, Matcher, fill_batch
from constrain.compiler.compile import (
    compile_choices,
    compile_ebnf,
    compile_gbnf,
    compile_grammar,
    compile_json_schema,
    compile_lark,
    compile_regex,
    compile_spans,
    compile_structural_tag,
    compile_tools,
)
from constrain.compiler.grammar import Grammar, GrammarBuilder, Limits
from constrain.compiler.sizes import Sizes
from constrain.compiler.vocabulary import Vocabulary

if TYPE_CHECKING:
    from constrain.compiler.bitmask import allocate_token_bitmask

__all__ = [
    "CompiledGrammar",
    "Grammar",
    "GrammarBuilder",
    "Limits",
    "Matcher",
    "Sizes",
    "Vocabulary",
    "allocate_token_bitmask",
    "compile_choices",
    "compile_ebnf",
    "compile_gbnf",
    "compile_grammar",
    "compile_json_schema",
    "compile_lark",
    "compile_regex",
    "compile_spans",
    "compile_structural_tag",
    "compile_tools",
    "fill_batch",
]


def __getattr__(name: str) -> Any:
    # NumPy takes longer to import than the rest together, and `constrain --help` doesn't need it
    if name == "allocate_token_bitmask":
        from constrain.compiler.bitmask import allocate_token_bitmask

        return allocate_token_bitmask
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
