"""From a constraint to a token-level automaton: front ends, one grammar form, the native engine."""

from __future__ import annotations

from constrain._core import CompiledGrammar, Matcher, Vocabulary, compile_grammar
from constrain.compiler.grammar import Grammar, GrammarBuilder, Limits

__all__ = ["CompiledGrammar", "Grammar", "GrammarBuilder", "Limits", "Matcher", "Vocabulary", "compile_grammar"]
