"""The parts of lark's grammar loader that lark does not publish, in one place and untyped as they are.

They have been stable from lark 1.1 to 1.3; the tests of this package exercise each.
"""

from __future__ import annotations

from typing import Any

from lark import load_grammar as _loader

__all__ = [
    "ApplyTemplates",
    "GrammarBuilder",
    "PrepareAnonTerminals",
    "PrepareLiterals",
    "TerminalTreeToPattern",
    "ValidateSymbols",
    "copy_tree",
    "eval_escaping",
    "explain_syntax_error",
    "grammar_parser",
    "literal_to_pattern",
]

ApplyTemplates: Any = _loader.ApplyTemplates
GrammarBuilder: Any = _loader.GrammarBuilder
PrepareAnonTerminals: Any = _loader.PrepareAnonTerminals
PrepareLiterals: Any = _loader.PrepareLiterals
TerminalTreeToPattern: Any = _loader.TerminalTreeToPattern
ValidateSymbols: Any = _loader.ValidateSymbols
copy_tree: Any = _loader.nr_deepcopy_tree
eval_escaping: Any = _loader.eval_escaping
explain_syntax_error: Any = _loader._translate_parser_exception
grammar_parser: Any = _loader._get_parser
literal_to_pattern: Any = _loader._literal_to_pattern
