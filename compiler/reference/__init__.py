"""What a grammar means, as a recogniser so plain that it can be believed by reading it.

The native engine is clever; this package is not. It knows nothing of tokens until its last function, keeps nothing
from one text to the next but derivatives of expressions, and answers each question from the definition. Tests hold
every bit of the engine's masks against it, and ``docs/how-it-works.md`` derives the engine from it.

Two classical ideas, one for each layer of :class:`~constrain.compiler.grammar.Grammar`:
:mod:`~constrain.compiler.reference.expressions` uses Brzozowski's derivatives for expressions,
:mod:`~constrain.compiler.reference.symbols` Earley's algorithm for symbols. Together they give the property that masks
need: a state exists exactly when some text completes it. (But for guarded terminals, which ask
:mod:`~constrain.compiler.reference.distinct` of the text before them: of grammars with such, only
:func:`~constrain.compiler.reference.matches` is exact, and the other functions may say too much.)

Meant for small grammars: time grows with the grammar and the text, and nested expressions use Python's stack.
"""

from constrain.compiler.reference.symbols import Recogniser, State, mask, matches, viable_prefix

__all__ = ["Recogniser", "State", "mask", "matches", "viable_prefix"]
