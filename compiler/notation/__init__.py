"""Grammars in other notations than Lark's, and from one notation to another.

``gbnf_reader`` and ``ebnf_reader`` make a tree (``tree``) of a text, ``checks`` finds what each name stands for,
``build`` makes the engine's grammar, with terminals where rules are ``regular``.
"""

from __future__ import annotations

from constrain.compiler.notation.read import START, build, read
from constrain.compiler.notation.tree import NOTATIONS, Notation, RuleSet

__all__ = ["NOTATIONS", "START", "Notation", "RuleSet", "build", "read"]
