"""Lark grammars, read with lark's own loader, as grammars of the engine.

The language is lark's under its Earley parser with ``lexer="dynamic_complete"``: every split of the text into full
matches of the terminals, with ``%ignore`` terminals allowed before the first, between any two and after the last. Lazy
quantifiers in terminals match as little as they can, as in ``re.match``. Priorities, aliases, ``?``, ``!`` and ``_``
choose trees, not texts, and play no part.

Lark itself tries less in two places: of a terminal only the matches that ``re.match`` prefers on a prefix of the text
(of ``/a|ab/`` never ``ab``), and of what is ignored only one such match. Here every split counts.

``source`` parses the text and knows where every name stands, ``loading`` runs lark's loader and turns its complaints
into errors with a place, ``terminals`` makes regular expressions of terminals, ``rules`` makes symbols of rules.
"""

from __future__ import annotations

from constrain.compiler.lark.build import build

__all__ = ["build"]
