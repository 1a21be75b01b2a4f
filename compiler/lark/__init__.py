"""Lark grammars as grammars of the engine.

The language is lark's under its Earley parser with ``lexer="dynamic_complete"``: every split of the text into full
matches of the terminals, with ``%ignore`` terminals allowed before the first, between any two and after the last. Lazy
quantifiers in terminals match as little as they can, as in ``re.match``. Priorities, aliases, ``?``, ``!`` and ``_``
choose trees, not texts, and play no part. Assertions at a terminal's end are about the text that follows, see
``following``.

A terminal may also be taken from a file: ``%choices "file"`` and ``%substring_of "file" word`` (see ``taken``).

Lark itself tries less in two places: of a terminal only the matches that ``re.match`` prefers on a prefix of the text
(of ``/a|ab/`` never ``ab``), and of what is ignored only one such match. Here every split counts.

Grammars are read here and not by lark's loader, which takes longer to be imported and made ready than all of this; the
tests hold every step against it. ``tokens`` and ``reader`` make a tree (``syntax``) of the text, ``definitions`` finds
what each name stands for and takes ``imports`` from ``files`` and from lark's ``library``, ``checks`` looks at what the
names are used for and reads the ``literals``, ``terminals`` makes regular expressions of terminals, ``rules`` makes
symbols of rules.
"""

from __future__ import annotations

from constrain.compiler.lark.build import build
from constrain.compiler.lark.files import Files, Location, gathered, read_file
from constrain.compiler.lark.taken import file_names

__all__ = ["Files", "Location", "build", "file_names", "gathered", "read_file"]
