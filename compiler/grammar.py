"""The one form that every front end produces: a context-free grammar over lexemes, as plain data.

Two layers, each a list in which an entry may only refer to earlier work:

* **expressions** are regular languages over bytes, closed under intersection and complement;
* **symbols** are terminals (one expression each), rules (alternatives, each a sequence of symbols), repeats and
  members (sequences of options, such as an object's properties).

The language of a grammar is the set of byte strings that split, in any way, into terminals derived from the start
symbol. There is no longest-match rule: ``"foo" | "foobar"`` accepts both. All of it is UTF-8 text.

Front ends call :class:`GrammarBuilder`; the native core and :mod:`constrain.compiler.reference` both read
:class:`Grammar`. Builders intern: the same call twice gives the same id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, NewType, TypeAlias

from constrain.errors import LimitError

__all__ = [
    "MAXIMUM_DIVISOR",
    "MAXIMUM_PLACES",
    "Expression",
    "ExpressionNode",
    "Grammar",
    "GrammarBuilder",
    "Limits",
    "Option",
    "Symbol",
    "SymbolNode",
]

MAXIMUM_DIVISOR = 10**18
"""Of :meth:`GrammarBuilder.multiples`."""

MAXIMUM_PLACES = 18
"""Of :meth:`GrammarBuilder.multiples`."""

Expression = NewType("Expression", int)
"""Index into ``Grammar.expressions``."""

Symbol = NewType("Symbol", int)
"""Index into ``Grammar.symbols``."""

ExpressionNode: TypeAlias = (
    tuple[Literal["literal"], bytes]
    | tuple[Literal["literals"], tuple[bytes, ...]]
    | tuple[Literal["char_class"], tuple[tuple[int, int], ...]]
    | tuple[Literal["concat"], tuple[Expression, ...]]
    | tuple[Literal["union"], tuple[Expression, ...]]
    | tuple[Literal["intersection"], tuple[Expression, ...]]
    | tuple[Literal["complement"], Expression]
    | tuple[Literal["repeat"], Expression, int, int | None]
    | tuple[Literal["multiple"], int, int | None]
)

SymbolNode: TypeAlias = (
    tuple[Literal["terminal"], str, Expression]
    | tuple[Literal["rule"], str, tuple[tuple[Symbol, ...], ...]]
    | tuple[Literal["repeat"], str, Symbol, int, int | None, Symbol | None]
    | tuple[Literal["members"], str, tuple["Option", ...], Symbol | None, Literal["schema", "any"], int, int | None]
)


class Option(NamedTuple):
    """What a member may be.

    Attributes:
        symbol: its language.
        required: at least one member is it.
        unique: at most one member is it.
    """

    symbol: Symbol
    required: bool = False
    unique: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets of one compiled grammar. Each stops work that input can inflate; its error names the field.

    Attributes:
        max_lexer_states: distinct states of the lazily determinised lexer (about 2 KB each).
        max_expressions: distinct regular expressions that derivatives may create (about 120 bytes each; wide ones, and
            work on them, count for more).
        max_items: parser items (dotted rules with an origin) made by one byte of text.
        max_parser_nodes: distinct parser states kept for one matcher's text.
        max_mask_steps: automaton steps spent on one mask.
        max_pattern_length: characters of a regular expression (about 5 us each to read).
        max_grammar_tokens: words and signs of a Lark grammar (about 50 us each to read).
    """

    max_lexer_states: int = 250_000
    max_expressions: int = 2_000_000
    max_items: int = 200_000
    max_parser_nodes: int = 2_000_000
    max_mask_steps: int = 10_000_000
    max_pattern_length: int = 200_000
    max_grammar_tokens: int = 20_000

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a positive integer, not {value!r}")

    def check(self, name: str, needed: int) -> None:
        """Hold what an input needs against the field ``name``.

        Raises:
            LimitError: it needs more, in the words of the native engine.
        """
        value = getattr(self, name)
        if needed > value:
            raise LimitError(
                f"the constraint needs more than {name} = {value}; simplify it, or raise the budget with "
                f"Limits({name}=...)"
            )


@dataclass(frozen=True, slots=True)
class Grammar:
    """A front end's result; immutable, hashable, comparable.

    Attributes:
        expressions: nodes of the regular layer; a node refers only to smaller indices.
        symbols: nodes of the context-free layer; rules may refer to any index (recursion).
        start: the start symbol.
    """

    expressions: tuple[ExpressionNode, ...]
    symbols: tuple[SymbolNode, ...]
    start: Symbol


class GrammarBuilder:
    """Collects interned expressions and symbols, then :meth:`finish` freezes them into a :class:`Grammar`."""

    def __init__(self) -> None:
        self._expressions: dict[ExpressionNode, Expression] = {}
        self._symbols: list[SymbolNode | None] = []
        self._interned_symbols: dict[SymbolNode, Symbol] = {}
        self._rule_names: dict[Symbol, str] = {}

    # -- regular expressions over bytes ------------------------------------------------------------------------

    def literal(self, text: bytes) -> Expression:
        """Exactly ``text``; ``b""`` is the empty string."""
        return self._intern(("literal", text))

    def literals(self, texts: Iterable[bytes]) -> Expression:
        """Any one of ``texts`` (a finite set; none of them is the empty language)."""
        return self._intern(("literals", tuple(sorted(set(texts)))))

    def char_class(self, ranges: Iterable[tuple[int, int]]) -> Expression:
        """One Unicode scalar value in any of the inclusive ``ranges``, as UTF-8; surrogates are left out."""
        return self._intern(("char_class", normalise_ranges(ranges)))

    def concat(self, parts: Sequence[Expression]) -> Expression:
        """The parts one after the other; no parts is the empty string."""
        return parts[0] if len(parts) == 1 else self._intern(("concat", tuple(parts)))

    def union(self, parts: Iterable[Expression]) -> Expression:
        """Any of the parts; no parts is the empty language."""
        unique = tuple(sorted(set(parts)))
        return unique[0] if len(unique) == 1 else self._intern(("union", unique))

    def intersection(self, parts: Iterable[Expression]) -> Expression:
        """All of the parts at once (at least one part)."""
        unique = tuple(sorted(set(parts)))
        if not unique:
            raise ValueError("an intersection needs at least one part")
        return unique[0] if len(unique) == 1 else self._intern(("intersection", unique))

    def complement(self, part: Expression) -> Expression:
        """Every valid UTF-8 string that ``part`` does not match."""
        return self._intern(("complement", part))

    def repeat(self, part: Expression, minimum: int, maximum: int | None) -> Expression:
        """``part`` between ``minimum`` and ``maximum`` times (None: no upper bound)."""
        if minimum < 0 or (maximum is not None and maximum < minimum):
            raise ValueError(f"bad repetition bounds {minimum}, {maximum}")
        if (minimum, maximum) == (1, 1):
            return part
        return self._intern(("repeat", part, minimum, maximum))

    def multiples(self, divisor: int, places: int | None = None) -> Expression:
        """JSON's numerals of the multiples of ``divisor / 10**places``, without an exponent.

        The fraction may end in any number of zeros, or be left out if it is zero; without ``places`` there is none, and
        no ``-0``. The engine computes with remainders: a divisor of any size is one expression.

        Args:
            divisor: from 1 to ``MAXIMUM_DIVISOR``.
            places: up to ``MAXIMUM_PLACES``.
        """
        if not 1 <= divisor <= MAXIMUM_DIVISOR or not 0 <= (places or 0) <= MAXIMUM_PLACES:
            raise ValueError(f"bad divisor {divisor} / 10**{places}")
        return self._intern(("multiple", divisor, places))

    # -- the context-free layer --------------------------------------------------------------------------------

    def terminal(self, expression: Expression, name: str) -> Symbol:
        """A lexeme. ``name`` is for people (statistics, explanations)."""
        return self._intern_symbol(("terminal", name, expression))

    def rule(self, name: str) -> Symbol:
        """A new rule, to be given its alternatives by :meth:`define`; never interned."""
        symbol = Symbol(len(self._symbols))
        self._symbols.append(None)
        self._rule_names[symbol] = name
        return symbol

    def define(self, rule: Symbol, alternatives: Iterable[Sequence[Symbol]]) -> Symbol:
        """Give ``rule`` its alternatives, once. ``[]`` is the empty language, ``[[]]`` the empty string."""
        if self._symbols[rule] is not None:
            raise ValueError(f"rule {self._rule_names.get(rule, rule)!r} is defined twice")
        bodies = tuple(dict.fromkeys(tuple(alternative) for alternative in alternatives))
        self._symbols[rule] = ("rule", self._rule_names[rule], bodies)
        return rule

    def choice(self, name: str, alternatives: Iterable[Sequence[Symbol]]) -> Symbol:
        """A rule that is defined at once."""
        return self.define(self.rule(name), alternatives)

    def repeat_symbol(
        self, symbol: Symbol, minimum: int, maximum: int | None, separator: Symbol | None = None, name: str = "repeat"
    ) -> Symbol:
        """``symbol`` between ``minimum`` and ``maximum`` times, with ``separator`` between neighbours."""
        if minimum < 0 or (maximum is not None and maximum < minimum):
            raise ValueError(f"bad repetition bounds {minimum}, {maximum}")
        return self._intern_symbol(("repeat", name, symbol, minimum, maximum, separator))

    def members(
        self,
        options: Iterable[Option],
        separator: Symbol | None = None,
        *,
        order: Literal["schema", "any"] = "schema",
        minimum: int = 0,
        maximum: int | None = None,
        name: str = "members",
    ) -> Symbol:
        """Between ``minimum`` and ``maximum`` members, each one of the options, with ``separator`` between neighbours.

        In ``"schema"`` order, members come in the order of the options (one that isn't unique may come several times
        in a row); in ``"any"`` order, as they like. The engine keeps what was seen in a register: any number of
        options and any bound is one rule.
        """
        if minimum < 0 or (maximum is not None and maximum < minimum):
            raise ValueError(f"bad number of members {minimum}, {maximum}")
        return self._intern_symbol(("members", name, tuple(options), separator, order, minimum, maximum))

    def finish(self, start: Symbol) -> Grammar:
        """Freeze. Raises ValueError when a rule was never defined (a front end's bug, not a user's)."""
        missing = [self._rule_names[Symbol(i)] for i, node in enumerate(self._symbols) if node is None]
        if missing:
            raise ValueError(f"rules without a definition: {', '.join(missing)}")
        return Grammar(
            expressions=tuple(self._expressions),
            symbols=tuple(node for node in self._symbols if node is not None),
            start=start,
        )

    # -- interning -----------------------------------------------------------------------------------------------

    def _intern(self, node: ExpressionNode) -> Expression:
        return self._expressions.setdefault(node, Expression(len(self._expressions)))

    def _intern_symbol(self, node: SymbolNode) -> Symbol:
        known = self._interned_symbols.get(node)
        if known is None:
            known = self._interned_symbols[node] = Symbol(len(self._symbols))
            self._symbols.append(node)
        return known


def normalise_ranges(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Sorted, disjoint, non-adjacent inclusive ranges of Unicode scalar values (surrogates removed)."""
    pieces: list[tuple[int, int]] = []
    for low, high in ranges:
        if not 0 <= low <= high <= 0x10FFFF:
            raise ValueError(f"bad code point range {low:#x}-{high:#x}")
        if low < 0xD800:
            pieces.append((low, min(high, 0xD7FF)))
        if high > 0xDFFF:
            pieces.append((max(low, 0xE000), high))
    merged: list[tuple[int, int]] = []
    for low, high in sorted(pieces):
        # U+D7FF and U+E000 are neighbours among scalar values, but their UTF-8 forms aren't in one byte range
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)
