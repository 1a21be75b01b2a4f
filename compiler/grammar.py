"""The one form that every front end produces: a context-free grammar over lexemes, as plain data.

Two layers, each a list in which an entry may only refer to earlier work:

* **expressions** are regular languages over bytes, closed under intersection and complement;
* **symbols** are terminals (one expression each), rules (alternatives, each a sequence of symbols), repeats and
  members (sequences of options, such as an object's properties).

The language of a grammar is the set of byte strings that split, in any way, into terminals derived from the start
symbol. There is no longest-match rule: ``"foo" | "foobar"`` accepts both; a grammar that wants one says how text is
split (:mod:`constrain.compiler.lexing`). All of it is UTF-8 text.

Front ends call :class:`GrammarBuilder`; the native core and :mod:`constrain.compiler.reference` both read
:class:`Grammar`. Builders intern: the same call twice gives the same id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, NewType, TypeAlias

from constrain.compiler.lexing import Lexing
from constrain.compiler.numeral import MAXIMUM_DIVISOR, MAXIMUM_PLACES, Numeral
from constrain.errors import LimitError, UnsupportedError

__all__ = [
    "MAXIMUM_DIVISOR",
    "MAXIMUM_PLACES",
    "TEXT_END",
    "Demand",
    "ExcerptSpelling",
    "ExcerptUnit",
    "Expression",
    "ExpressionNode",
    "Grammar",
    "GrammarBuilder",
    "Guard",
    "Limits",
    "Option",
    "State",
    "Symbol",
    "SymbolNode",
    "parts_of",
    "reachable",
]

Expression = NewType("Expression", int)
"""Index into ``Grammar.expressions``."""

Symbol = NewType("Symbol", int)
"""Index into ``Grammar.symbols``."""

ExcerptUnit: TypeAlias = Literal["choice", "char", "word", "sentence"]
"""What of some texts may be written, see :meth:`GrammarBuilder.choices` and :meth:`GrammarBuilder.spans`."""

ExcerptSpelling: TypeAlias = Literal["plain", "minimal", "any"]
"""How characters are written: as they are, or as in a JSON string with the escapes that it needs, or with any."""

TEXT_END = b"\xff"
"""Stands behind each text of an excerpt: no UTF-8 text holds this byte."""

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
    | tuple[Literal["numeral"], Numeral]
    | tuple[Literal["automaton"], tuple["State", ...]]
    | tuple[Literal["excerpt"], bytes, ExcerptUnit, ExcerptSpelling]
)

Guard: TypeAlias = Literal["distinct", "repeated", "begins"]
"""What a terminal asks of the text, see :meth:`GrammarBuilder.terminal`."""

SymbolNode: TypeAlias = (
    tuple[Literal["terminal"], str, Expression, Guard | None]
    | tuple[Literal["rule"], str, tuple[tuple[Symbol, ...], ...]]
    | tuple[Literal["repeat"], str, Symbol, int, int | None, Symbol | None]
    | tuple[
        Literal["members"],
        str,
        tuple["Option", ...],
        Symbol | None,
        Literal["schema", "any"],
        int,
        int | None,
        tuple[tuple["Demand", ...], ...],
    ]
)


class State(NamedTuple):
    """A state of an automaton.

    Attributes:
        accepting: may a text end here?
        steps: what is read on the way to another state, and the index of that state.
    """

    accepting: bool
    steps: tuple[tuple[Expression, int], ...]


class Option(NamedTuple):
    """What a member may be.

    Attributes:
        symbol: its language.
        required: at least one member is it.
        unique: at most one member is it.
        group: options of one group, which stand together, count as one for both; None: the option is alone.
        sets: facts that such a member sets, for demands.
    """

    symbol: Symbol
    required: bool = False
    unique: bool = True
    group: int | None = None
    sets: tuple[int, ...] = ()


class Demand(NamedTuple):
    """What members may have to come to.

    Attributes:
        needs: facts that some member sets.
        bars: facts that no member sets.
        minimum: fewest members.
        maximum: most members.
    """

    needs: tuple[int, ...] = ()
    bars: tuple[int, ...] = ()
    minimum: int = 0
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets of one compiled grammar. Each stops work that input can inflate; its error names the field.

    Attributes:
        max_lexer_states: distinct states of the lazily determinised lexer (about 2 KB each; those of many terminals
            count for more).
        max_expressions: distinct regular expressions that derivatives may create (about 120 bytes each; wide ones, and
            work on them, count for more).
        max_items: parser items (dotted rules with an origin) made by one byte of text. Ambiguity makes the same ones
            many times, which counts only where it is more than 128 times on average.
        max_parser_nodes: distinct parser states kept for one matcher's text (about 400 bytes each; those of many items
            count for more).
        max_mask_steps: automaton steps spent on one mask, the parser's work included; on one search for a way on
            without a repetition, where each byte that is tried counts for 64; and on a completion without repetitions,
            a byte each.
        max_pattern_length: characters of a regular expression (about 5 us each to read).
        max_grammar_tokens: words, signs and line ends of a grammar (about 20 us each to read).
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
        lexing: how text is split into terminals; None: every split counts.
    """

    expressions: tuple[ExpressionNode, ...]
    symbols: tuple[SymbolNode, ...]
    start: Symbol
    lexing: Lexing | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Fragment:
    """One expression apart from any builder.

    Attributes:
        nodes: as in a grammar; the last is the expression.
    """

    nodes: tuple[ExpressionNode, ...]


class _Numbered(dict[ExpressionNode, Expression]):
    """Gives a node that it does not hold the next number."""

    def __missing__(self, node: ExpressionNode) -> Expression:
        number = self[node] = Expression(len(self))
        return number


class GrammarBuilder:
    """Collects interned expressions and symbols, then :meth:`finish` freezes them into a :class:`Grammar`."""

    def __init__(self) -> None:
        self._expressions = _Numbered()
        self._symbols: list[SymbolNode] = []
        self._interned_symbols: dict[SymbolNode, Symbol] = {}
        self._undefined: dict[Symbol, str] = {}
        self._pasted: dict[Fragment, Expression] = {}

    def copy(self) -> GrammarBuilder:
        """A builder that goes on from here; what both hold has the same numbers."""
        other = GrammarBuilder()
        other._expressions.update(self._expressions)
        other._symbols.extend(self._symbols)
        other._interned_symbols.update(self._interned_symbols)
        other._undefined.update(self._undefined)
        other._pasted.update(self._pasted)
        return other

    # -- regular expressions over bytes ------------------------------------------------------------------------

    def literal(self, text: bytes) -> Expression:
        """Exactly ``text``; ``b""`` is the empty string."""
        return self._expressions["literal", text]

    def literals(self, texts: Iterable[bytes]) -> Expression:
        """Any one of ``texts`` (a finite set; none of them is the empty language)."""
        return self._expressions["literals", tuple(sorted(set(texts)))]

    def char_class(self, ranges: Iterable[tuple[int, int]]) -> Expression:
        """One Unicode scalar value in any of the inclusive ``ranges``, as UTF-8; surrogates are left out."""
        return self._expressions["char_class", normalise_ranges(ranges)]

    def concat(self, parts: Sequence[Expression]) -> Expression:
        """The parts one after the other; no parts is the empty string."""
        return parts[0] if len(parts) == 1 else self._expressions["concat", tuple(parts)]

    def union(self, parts: Iterable[Expression]) -> Expression:
        """Any of the parts; no parts is the empty language."""
        unique = set(parts)
        return unique.pop() if len(unique) == 1 else self._expressions["union", tuple(sorted(unique))]

    def intersection(self, parts: Iterable[Expression]) -> Expression:
        """All of the parts at once (at least one part)."""
        unique = set(parts)
        if not unique:
            raise ValueError("an intersection needs at least one part")
        return unique.pop() if len(unique) == 1 else self._expressions["intersection", tuple(sorted(unique))]

    def complement(self, part: Expression) -> Expression:
        """Every valid UTF-8 string that ``part`` does not match."""
        return self._expressions["complement", part]

    def repeat(self, part: Expression, minimum: int, maximum: int | None) -> Expression:
        """``part`` between ``minimum`` and ``maximum`` times (None: no upper bound)."""
        if minimum < 0 or (maximum is not None and maximum < minimum):
            raise ValueError(f"bad repetition bounds {minimum}, {maximum}")
        if (minimum, maximum) == (1, 1):
            return part
        return self._expressions["repeat", part, minimum, maximum]

    def choices(self, texts: Iterable[bytes], spelling: ExcerptSpelling = "plain") -> Expression:
        """Any one of ``texts`` (UTF-8), in a spelling: as :meth:`literals`, for so many of them that no trie is made.

        The engine looks them up in their sorted list, which takes little more memory than the texts.
        """
        return self._expressions["excerpt", b"".join(sorted({text + TEXT_END for text in texts})), "choice", spelling]

    def spans(
        self,
        texts: Iterable[bytes],
        unit: Literal["char", "word", "sentence"] = "char",
        spelling: ExcerptSpelling = "plain",
    ) -> Expression:
        """Any text but the empty one that stands in one of ``texts`` (UTF-8), from a unit's start to a unit's end.

        Words and sentences are those of Unicode Standard Annex #29, without white space at their ends; a sign that is
        no part of a word is a word of its own. The engine sorts all starts once: a document of any size is one
        expression.
        """
        return self._expressions["excerpt", b"".join([text + TEXT_END for text in texts]), unit, spelling]

    def fragment(self, expression: Expression) -> Fragment:
        """An expression of this builder, to be pasted into others."""
        return Fragment(tuple(self._expressions)[: expression + 1])

    def paste(self, fragment: Fragment) -> Expression:
        """The expression of another builder, as if it had been made here."""
        known = self._pasted.get(fragment)
        if known is None:
            numbers: list[Expression] = []
            for node in fragment.nodes:
                numbers.append(self._expressions[_renumbered(node, numbers)])
            known = self._pasted[fragment] = numbers[-1]
        return known

    def embed(self, grammar: Grammar) -> Symbol:
        """The start symbol of another grammar, whose texts become part of this one's.

        Raises:
            UnsupportedError: the other one says how text is split into terminals, which is known of whole texts only.
        """
        if grammar.lexing is not None:
            raise UnsupportedError(
                "a grammar with a lexer of its own is not supported as a part of a text",
                expected="one in which every split counts (--lexer complete)",
            )
        numbers: list[Expression] = []
        for node in grammar.expressions:
            numbers.append(self._expressions[_renumbered(node, numbers)])
        symbols: dict[Symbol, Symbol] = {}
        for index in reachable(grammar):
            symbol = grammar.symbols[index]
            if symbol[0] == "terminal":
                symbols[index] = self.terminal(numbers[symbol[2]], symbol[1], symbol[3])
            else:  # what it refers to may come later
                symbols[index] = Symbol(len(self._symbols))
                self._symbols.append(symbol)
        for index, number in symbols.items():
            symbol = grammar.symbols[index]
            if symbol[0] != "terminal":
                self._symbols[number] = _moved(symbol, symbols)
        return symbols[grammar.start]

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
        return self._expressions["multiple", divisor, places]

    def numeral(self, numeral: Numeral) -> Expression:
        """JSON's numerals of the numbers that meet some conditions, see :mod:`constrain.compiler.numeral`.

        The engine computes with digits and remainders, and has states without number: no intersection or complement may
        have this expression in it.
        """
        return self._expressions["numeral", numeral]

    def automaton(self, states: Iterable[tuple[bool, Iterable[tuple[Expression, int]]]]) -> Expression:
        """The texts that lead from the first of the states to one that accepts.

        For languages that are known as tables, where neither a formula of the other constructors nor the engine's own
        search through derivatives would be as small. A step reads any text of its expression, so that a step over a
        character class reads whole characters; steps may overlap. States that cannot be left for an accepting one do
        no harm.

        Args:
            states: whether each accepts, and its steps. An expression that is read holds no empty string, and no
                intersection or complement is in it.
        """
        table = tuple([State(accepting, tuple(steps)) for accepting, steps in states])
        if not table or any(not 0 <= to < len(table) for state in table for _, to in state.steps):
            raise ValueError("an automaton needs a state, and each step must lead to one")
        return self._expressions["automaton", table]

    # -- the context-free layer --------------------------------------------------------------------------------

    def terminal(self, expression: Expression, name: str, guard: Guard | None = None) -> Symbol:
        """A lexeme. ``name`` is for people (statistics, explanations).

        With one of the first two guards, the grammar must be one of JSON texts, or of texts that are JSON in parts. A
        ``"distinct"`` lexeme may end only where the container
        that it belongs to (the innermost open array or object, or the one that its last byte closes) holds no
        repetition so far: no two keys of the object are the same text, no two items of the array are the same JSON
        value. Guard all of the opening and closing brackets, separators and keys of a container, or at least the
        opening one and what comes between keys or items; a container that no guarded lexeme opens is not looked at.

        A ``"repeated"`` lexeme closes an array, opened by a ``"distinct"`` one, that holds a repetition. Two more
        equal items must be able to follow wherever such an array ends without one: that isn't looked into.

        After a ``"begins"`` lexeme, a part of the text may begin that is JSON; it may end anywhere. It must be certain
        where a part with guarded lexemes begins: of two ways to read a text, none may have such a lexeme before it that
        ends inside a part of the other.
        """
        return self._intern_symbol(("terminal", name, expression, guard))

    def rule(self, name: str) -> Symbol:
        """A new rule, to be given its alternatives by :meth:`define`; never interned."""
        symbol = Symbol(len(self._symbols))
        self._undefined[symbol] = name
        self._symbols.append(("rule", name, ()))
        return symbol

    def define(self, rule: Symbol, alternatives: Iterable[Sequence[Symbol]]) -> Symbol:
        """Give ``rule`` its alternatives, once. ``[]`` is the empty language, ``[[]]`` the empty string."""
        name = self._undefined.pop(rule, None)
        if name is None:
            raise ValueError(f"rule {self._symbols[rule][1]!r} is defined twice")
        self._symbols[rule] = ("rule", name, _distinct(alternatives))
        return rule

    def choice(self, name: str, alternatives: Iterable[Sequence[Symbol]]) -> Symbol:
        """A rule that is defined at once."""
        symbol = Symbol(len(self._symbols))
        self._symbols.append(("rule", name, _distinct(alternatives)))
        return symbol

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
        choices: Iterable[Iterable[Demand]] = (),
        name: str = "members",
    ) -> Symbol:
        """Between ``minimum`` and ``maximum`` members, each one of the options, with ``separator`` between neighbours.

        In ``"schema"`` order, members come in the order of the options (one that isn't unique may come several times
        in a row); in ``"any"`` order, as they like. Of each of the choices, one demand holds for all members together;
        then no member and no separator may be empty. The engine keeps what was seen in a register: any number of
        options and any bound is one rule.
        """
        if minimum < 0 or (maximum is not None and maximum < minimum):
            raise ValueError(f"bad number of members {minimum}, {maximum}")
        return self._intern_symbol(
            ("members", name, tuple(options), separator, order, minimum, maximum, tuple(map(tuple, choices)))
        )

    def finish(self, start: Symbol, lexing: Lexing | None = None) -> Grammar:
        """Freeze. Raises ValueError when a rule was never defined (a front end's bug, not a user's).

        With ``lexing`` there may be rules and terminals without guards only, and no terminal may be empty.
        """
        if self._undefined:
            raise ValueError(f"rules without a definition: {', '.join(self._undefined.values())}")
        return Grammar(expressions=tuple(self._expressions), symbols=tuple(self._symbols), start=start, lexing=lexing)

    def _intern_symbol(self, node: SymbolNode) -> Symbol:
        known = self._interned_symbols.get(node)
        if known is None:
            known = self._interned_symbols[node] = Symbol(len(self._symbols))
            self._symbols.append(node)
        return known


def _renumbered(node: ExpressionNode, numbers: list[Expression]) -> ExpressionNode:
    """A node whose parts have new numbers, which may come in another order."""
    if node[0] == "concat":
        return "concat", tuple([numbers[part] for part in node[1]])
    if node[0] == "repeat":
        return "repeat", numbers[node[1]], node[2], node[3]
    if node[0] == "union":
        return "union", tuple(sorted([numbers[part] for part in node[1]]))
    if node[0] == "intersection":
        return "intersection", tuple(sorted([numbers[part] for part in node[1]]))
    if node[0] == "complement":
        return "complement", numbers[node[1]]
    if node[0] == "automaton":
        return "automaton", tuple(
            [State(state.accepting, tuple([(numbers[part], to) for part, to in state.steps])) for state in node[1]]
        )
    return node


def reachable(grammar: Grammar) -> list[Symbol]:
    """The symbols that the start symbol leads to, itself among them, ascending."""
    found, agenda = {grammar.start}, [grammar.start]
    while agenda:
        new = set(parts_of(grammar.symbols[agenda.pop()])) - found
        found |= new
        agenda.extend(new)
    return sorted(found)


def parts_of(node: SymbolNode) -> list[Symbol]:
    """The symbols that one refers to."""
    if node[0] == "rule":
        return [part for parts in node[2] for part in parts]
    if node[0] == "repeat":
        return [node[2]] if node[5] is None else [node[2], node[5]]
    if node[0] == "members":
        return [option.symbol for option in node[2]] + ([] if node[3] is None else [node[3]])
    return []


def _moved(node: SymbolNode, symbols: Mapping[Symbol, Symbol]) -> SymbolNode:
    """A node, no terminal, whose parts have new numbers."""
    if node[0] == "rule":
        return "rule", node[1], tuple([tuple([symbols[part] for part in parts]) for parts in node[2]])
    separator = None
    if node[0] == "repeat":
        separator = None if node[5] is None else symbols[node[5]]
        return "repeat", node[1], symbols[node[2]], node[3], node[4], separator
    if node[0] == "members":
        options = tuple([option._replace(symbol=symbols[option.symbol]) for option in node[2]])
        separator = None if node[3] is None else symbols[node[3]]
        return "members", node[1], options, separator, node[4], node[5], node[6], node[7]
    return node


def _distinct(alternatives: Iterable[Sequence[Symbol]]) -> tuple[tuple[Symbol, ...], ...]:
    return tuple(dict.fromkeys(map(tuple, alternatives)))


def normalise_ranges(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Sorted, disjoint, non-adjacent inclusive ranges of Unicode scalar values (surrogates removed)."""
    return _normalised(tuple(ranges))


@lru_cache(maxsize=4096)  # a pattern has few classes, some of hundreds of ranges, which are asked for many times
def _normalised(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    if _is_normal(ranges):
        return ranges
    merged: list[tuple[int, int]] = []
    last = -2
    for low, high in sorted(ranges):
        if not 0 <= low <= high <= 0x10FFFF:
            raise ValueError(f"bad code point range {low:#x}-{high:#x}")
        if low > last + 1:
            merged.append((low, high))
            last = high
        elif high > last:
            merged[-1] = merged[-1][0], high
            last = high
    if not _is_normal(tuple(merged)):
        # U+D7FF and U+E000 are neighbours among scalar values, but their UTF-8 forms aren't in one byte range
        cut = [piece for low, high in merged for piece in ((low, min(high, 0xD7FF)), (max(low, 0xE000), high))]
        merged = [(low, high) for low, high in dict.fromkeys(cut) if low <= high]
    return tuple(merged)


def _is_normal(ranges: tuple[tuple[int, int], ...]) -> bool:
    """Are they so already? Those of hundreds of ranges nearly always are."""
    least = 0
    for low, high in ranges:
        if low < least or high < low or 0xD800 <= low <= 0xDFFF or (low < 0xD800 <= high):
            return False
        least = high + 2
    return least <= 0x110001
