"""The bound of ignored text, for what a model writes: a part of the language, in which no blanks go on without end.

Where every split counts, all that is ignored between two terminals is one text, and a regular language: a bound of its
length is one more. A contextual lexer finds ignored terminals one by one, each as long as it gets; there the bound is
that of each of them, and comments come alone. What it finds beyond is not shortened but ruled out, so that no text is
split otherwise than before.
"""

from __future__ import annotations

from constrain.compiler.regex.ast import ANY, Node, intersection, repeat

__all__ = ["at_most"]


def at_most(texts: Node, most: int | None) -> Node:
    """Those texts that have at most so many characters; None: all of them."""
    return texts if most is None else intersection([texts, repeat(ANY, 0, most)])
