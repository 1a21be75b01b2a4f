"""constrain: make a language model's output belong to a language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constrain.compiler import (
    CompiledGrammar,
    Grammar,
    GrammarBuilder,
    Limits,
    Matcher,
    Sizes,
    Vocabulary,
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
    fill_batch,
)
from constrain.errors import (
    ArtifactError,
    BudgetError,
    ConstrainError,
    DataError,
    GrammarError,
    InputError,
    LimitError,
    ModelError,
    MonitorError,
    RegexError,
    SchemaError,
    UnsatisfiableError,
    UnsupportedError,
    VocabularyError,
)

if TYPE_CHECKING:
    from constrain.compiler import allocate_token_bitmask
    from constrain.runtime.generator import Generator

__version__ = "0.1.0"

__all__ = [
    "ArtifactError",
    "BudgetError",
    "CompiledGrammar",
    "ConstrainError",
    "DataError",
    "Generator",
    "Grammar",
    "GrammarBuilder",
    "GrammarError",
    "InputError",
    "LimitError",
    "Limits",
    "Matcher",
    "ModelError",
    "MonitorError",
    "RegexError",
    "SchemaError",
    "Sizes",
    "UnsatisfiableError",
    "UnsupportedError",
    "Vocabulary",
    "VocabularyError",
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
    if name == "allocate_token_bitmask":  # imports NumPy
        from constrain.compiler import allocate_token_bitmask

        return allocate_token_bitmask
    if name == "Generator":
        from constrain.runtime.generator import Generator

        return Generator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
