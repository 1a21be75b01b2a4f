"""constrain: make a language model's output belong to a language."""

from constrain.compiler import (
    CompiledGrammar,
    Grammar,
    GrammarBuilder,
    Limits,
    Matcher,
    Vocabulary,
    allocate_token_bitmask,
    compile_grammar,
    compile_json_schema,
    compile_lark,
    compile_regex,
)
from constrain.errors import (
    ArtifactError,
    BudgetError,
    ConstrainError,
    GrammarError,
    InputError,
    LimitError,
    ModelError,
    RegexError,
    SchemaError,
    UnsatisfiableError,
    UnsupportedError,
    VocabularyError,
)

__version__ = "0.1.0"

__all__ = [
    "ArtifactError",
    "BudgetError",
    "CompiledGrammar",
    "ConstrainError",
    "Grammar",
    "GrammarBuilder",
    "GrammarError",
    "InputError",
    "LimitError",
    "Limits",
    "Matcher",
    "ModelError",
    "RegexError",
    "SchemaError",
    "UnsatisfiableError",
    "UnsupportedError",
    "Vocabulary",
    "VocabularyError",
    "allocate_token_bitmask",
    "compile_grammar",
    "compile_json_schema",
    "compile_lark",
    "compile_regex",
]
