"""Lark's contextual lexer: grammars whose texts are split as lark's LALR parser splits them.

There, a text is a sentence if the scanners of the terminals that the parser waits for, tried in lark's order, find
terminals that make one. The native engine follows that rule (:mod:`constrain.compiler.lexing`); here it is written
down: ``backus_naur`` makes rules of the shape that lark's LALR tables are made from, ``names`` gives every terminal the
name that lark gives it, ``scanners`` finds the order, and what each scanner takes (``words``: names without keywords).
"""

from __future__ import annotations

from constrain.compiler.lark.contextual.build import grammar_of

__all__ = ["grammar_of"]
