r"""Terminals that ask what follows them: ``/a(?!b)/``, ``/[0-9]+\b/``, where every split of the text counts.

Such a terminal leaves a *debt*: a condition on the text from its end to the end of the whole text, ignored text
included. The terminals after it are read against that debt, and some of it may be left when they end. Debts are sets
of states of one automaton (``debts``), so there are finitely many of them, and a grammar can be multiplied out by
what is owed before and after each of its parts (``product``): the construction of Bar-Hillel, Perles and Shamir ("On
formal properties of simple phrase structure grammars", 1961), but only where a debt makes a difference. What comes of
it is a grammar like any other, in which every terminal is one language and no condition is left. So masks stay exact:
a way to go on that a debt makes impossible is not in the grammar.
"""

from __future__ import annotations

from constrain.compiler.lark.following.product import Lexeme, Way, multiplied

__all__ = ["Lexeme", "Way", "multiplied"]
