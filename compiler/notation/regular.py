"""Which rules and parts of rules are regular, and as what expressions.

A rule that does not contain itself is a regular language, and so is one that only repeats itself at an end (``r: a r |
b`` is ``a* b``, by Arden's lemma). As one terminal, such a rule costs the parser nothing and its masks are remembered
by the lexer. But not every regular rule is better off as one: what is long is wanted in pieces, a count around much is
a counter for the parser and a multitude of states for the lexer, and masks inside of free text (a string, a line) are
shared where it is a terminal of its own. So a terminal holds at most one piece of free text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from constrain.compiler.notation.components import components, uses_of
from constrain.compiler.notation.tree import (
    Choice,
    Difference,
    Lexeme,
    Name,
    Node,
    Repeat,
    Rule,
    RuleSet,
    flat_alternatives,
    names_in,
)
from constrain.compiler.regex.ast import CharacterClass, Complement, concat, intersection, repeat, subexpressions, union
from constrain.compiler.regex.ast import Node as RegexNode
from constrain.compiler.regex.ast import Repeat as RegexRepeat
from constrain.errors import LimitError, UnsupportedError

__all__ = ["Part", "Regular"]

MAXIMUM_SIZE = 5_000
"""Characters and classes of one terminal, those of the rules in it included."""

MAXIMUM_DIFFERENCE = 50_000
"""The same, of the two sides of a difference."""

MAXIMUM_COUNT = 8
"""What may be repeated more often inside a terminal is only a class."""

FREE_TEXT = 64
"""A loop over so many characters or more is free text."""


class Part(NamedTuple):
    """A part of a rule as a regular expression.

    Attributes:
        node: the expression.
        size: characters and classes in it.
        widest: characters of its largest class.
        free_text: loops over many characters, one after the other.
        counted: does it hold a large count?
    """

    node: RegexNode
    size: int
    widest: int
    free_text: int
    counted: bool


class Regular:
    """The regular rules of a grammar.

    Args:
        rules: the grammar.
        anything: whatever is regular counts, and not only what is better off as a terminal.
    """

    def __init__(self, rules: RuleSet, *, anything: bool = False) -> None:
        self._rules = rules
        self._anything = anything
        self._all: Regular | None = None
        self._parts: dict[int, tuple[Node, Part | None]] = {}
        self._known: dict[str, Part | None] = {}
        for component in components(uses_of(rules.rules)):
            known = self._of_rule(rules.rules[component[0]]) if len(component) == 1 else None
            for name in component:
                self._known[name] = known

    def of_rule(self, name: str) -> Part | None:
        """A rule as an expression; None where it is none."""
        return self._known[name]

    def of(self, node: Node) -> Part | None:
        """A part of a rule as an expression; None where it is none.

        Raises:
            UnsupportedError: a difference of what is not regular.
            LimitError: a difference of what is very large.
        """
        if id(node) not in self._parts:
            self._parts[id(node)] = node, self._made(node)  # the node is kept, so that its address stays its own
        return self._parts[id(node)][1]

    def _made(self, node: Node) -> Part | None:
        match node:
            case Lexeme(expression):
                return self._fitting(_measured(expression))
            case Name(name):
                return self._known.get(name)
            case Choice(alternatives):
                return self._choice([self.of_sequence(items) for items in alternatives])
            case Repeat(inner, minimum, maximum):
                part = self.of(inner)
                return None if part is None else self._repeated(part, minimum, maximum)
            case Difference():
                return self._fitting(self.difference(node))

    def of_sequence(self, items: Sequence[Node]) -> Part | None:
        """Items one after the other, as :meth:`of`."""
        return self.joined([self.of(item) for item in items])

    def joined(self, parts: Sequence[Part | None]) -> Part | None:
        """Parts one after the other."""
        known = [part for part in parts if part is not None]
        size, free = sum(part.size for part in known), sum(part.free_text for part in known)
        if len(known) < len(parts) or not self._fits(size, free):
            return None  # told before it is made, for it may be huge
        widest, counted = max([part.widest for part in known], default=0), any(part.counted for part in known)
        return Part(concat([part.node for part in known]), size, widest, free, counted)

    def difference(self, node: Difference) -> Part:
        """A difference, in whatever size; errors as for :meth:`of`."""
        kept, removed = self._side(node.left), self._side(node.right)
        expression = intersection([kept.node, Complement(removed.node)])
        return kept._replace(node=expression, size=kept.size + removed.size, free_text=min(kept.free_text, 1))

    # -- parts -------------------------------------------------------------------------------------------------

    def _choice(self, parts: Sequence[Part | None]) -> Part | None:
        known = [part for part in parts if part is not None]
        size, free = sum(part.size for part in known), max([part.free_text for part in known], default=0)
        if len(known) < len(parts) or not self._fits(size, free):
            return None
        widest, counted = max([part.widest for part in known], default=0), any(part.counted for part in known)
        return Part(union([part.node for part in known]), size, widest, free, counted)

    def _repeated(self, part: Part, minimum: int, maximum: int | None) -> Part | None:
        count = minimum if maximum is None else maximum
        is_class = isinstance(part.node, CharacterClass)
        counted = part.counted or count > MAXIMUM_COUNT
        if counted and count > 1 and not is_class and not self._anything:
            return None
        free = max(part.free_text, int(maximum != 1 and part.widest >= FREE_TEXT))
        return Part(repeat(part.node, minimum, maximum), part.size, part.widest, free, counted)

    def _side(self, node: Node) -> Part:
        """A side of a difference."""
        if not self._anything:
            self._all = self._all or Regular(self._rules, anything=True)
            return self._all._side(node)
        part = self.of(node)
        if part is None:
            raise UnsupportedError(
                "'-' beside what is no regular expression is not implemented",
                span=self._rules.span(node.at),
                expected="rules on both sides that do not contain themselves",
            )
        return part

    def _fitting(self, part: Part) -> Part | None:
        return part if self._fits(part.size, part.free_text) else None

    def _fits(self, size: int, free_text: int) -> bool:
        if not self._anything:
            return size <= MAXIMUM_SIZE and free_text <= 1
        if size > MAXIMUM_DIFFERENCE:
            raise LimitError(
                f"a side of a difference has more than {MAXIMUM_DIFFERENCE} characters and classes",
                expected="smaller ones; this limit is fixed",
            )
        return True

    # -- rules -------------------------------------------------------------------------------------------------

    def _of_rule(self, rule: Rule) -> Part | None:
        if all(name.text != rule.name for name in names_in(rule.body)):
            return self.of(rule.body)
        return self._of_loop(rule)

    def _of_loop(self, rule: Rule) -> Part | None:
        """A rule each of whose alternatives has the rule itself at the same end, or nowhere."""
        for place in (-1, 0):
            around: list[tuple[Node, ...]] = []
            ends: list[tuple[Node, ...]] = []
            for items in flat_alternatives(rule.body):
                if items and isinstance(own := items[place], Name) and own.text == rule.name:
                    around.append(items[:-1] if place else items[1:])
                else:
                    ends.append(items)
            inner = Choice((*around, *ends), rule.at)
            if all(name.text != rule.name for name in names_in(inner)):
                loop = Repeat(Choice(tuple(around), rule.at), 0, None, rule.at)
                end = Choice(tuple(ends), rule.at)
                return self.of_sequence((loop, end) if place else (end, loop))
        return None


def _measured(root: RegexNode) -> Part:
    """A leaf and what it comes to."""
    size = widest = 0
    free_text = counted = False
    for node in subexpressions(root):
        if isinstance(node, CharacterClass):
            size += 1
            widest = max(widest, sum(high - low + 1 for low, high in node.ranges))
        elif isinstance(node, RegexRepeat):
            free_text = free_text or node.maximum != 1
            counted = counted or max(node.minimum, node.maximum or 0) > MAXIMUM_COUNT
    return Part(root, size, widest, int(free_text and widest >= FREE_TEXT), counted)
