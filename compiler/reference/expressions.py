"""Regular expressions over bytes, by Brzozowski's derivatives (Journal of the ACM 11, 1964).

The derivative of a language by a byte is what may follow that byte in it. With it, matching a text is: take the
derivative by each byte, then see whether the empty string is left. Intersection and complement are as easy as union.
An expression whose language is empty is dead; :func:`alive` decides that exactly, by looking through all derivatives,
of which there are finitely many because the constructors below put equal unions and intersections into one form.

An expression here is a tuple of its kind and its parts::

    ("literals", texts)                any of a set of byte strings: none is the empty language, b"" the empty string
    ("char_class", ranges)             one Unicode scalar value, as UTF-8
    ("tail", n, ranges)                n continuation bytes of six bits each that spell a number in one of the ranges
    ("concat", parts)
    ("union", parts)                   a set of two or more
    ("intersection", parts)            a set of two or more
    ("not", part)                      every byte string, valid UTF-8 or not, that the part does not match
    ("repeat", part, minimum, maximum or None)
    ("multiple", divisor, places, value, unit)
                                       what is left of a numeral of a multiple of divisor / 10**places, see _multiple
    ("numeral", numeral, text)         what is left, after a text, of a numeral that meets conditions, see numerals
    ("automaton", states, index)       what is left of an automaton from a state on, see _Table
    ("excerpt", spelling, texts, begun)
                                       one of some texts, after some bytes of its first character, see excerpts
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeAlias

from constrain.compiler.grammar import Grammar
from constrain.compiler.reference import excerpts, numerals

__all__ = ["Node", "alive", "derivative", "derivatives", "expressions_of", "nullable"]

Node: TypeAlias = tuple[Any, ...]
Ranges: TypeAlias = tuple[tuple[int, int], ...]

EMPTY: Node = ("literals", frozenset())
EPSILON: Node = ("literals", frozenset([b""]))
ANYTHING: Node = ("not", EMPTY)
UTF8: Node = ("repeat", ("char_class", ((0, 0xD7FF), (0xE000, 0x10FFFF))), 0, None)


def literals(texts: Iterable[bytes]) -> Node:
    return ("literals", frozenset(texts))


def concat(parts: Sequence[Node]) -> Node:
    flat: list[Node] = []
    for part in parts:
        if part == EMPTY:
            return EMPTY
        flat.extend(part[1] if part[0] == "concat" else () if part == EPSILON else (part,))
    return EPSILON if not flat else flat[0] if len(flat) == 1 else ("concat", tuple(flat))


def union(parts: Iterable[Node]) -> Node:
    flat: set[Node] = set()
    for part in parts:
        flat.update(part[1] if part[0] == "union" else (part,))
    flat.discard(EMPTY)
    if ANYTHING in flat:
        return ANYTHING
    return EMPTY if not flat else flat.pop() if len(flat) == 1 else ("union", frozenset(flat))


def intersection(parts: Iterable[Node]) -> Node:
    flat: set[Node] = set()
    for part in parts:
        flat.update(part[1] if part[0] == "intersection" else (part,))
    flat.discard(ANYTHING)
    if EMPTY in flat:
        return EMPTY
    return ANYTHING if not flat else flat.pop() if len(flat) == 1 else ("intersection", frozenset(flat))


def negation(part: Node) -> Node:
    return part[1] if part[0] == "not" else ("not", part)


def repeat(part: Node, minimum: int, maximum: int | None) -> Node:
    if maximum == 0 or part == EPSILON:
        return EPSILON
    if part == EMPTY:
        return EPSILON if minimum == 0 else EMPTY
    return part if (minimum, maximum) == (1, 1) else ("repeat", part, minimum, maximum)


def expressions_of(grammar: Grammar) -> list[Node]:
    """The grammar's expressions, in order, built from the constructors above."""
    built: list[Node] = []
    for node in grammar.expressions:
        match node:
            case ("literal", text):
                built.append(literals([text]))
            case ("literals", texts):
                built.append(literals(texts))
            case ("char_class", ranges):
                built.append(("char_class", ranges) if ranges else EMPTY)
            case ("concat", parts):
                built.append(concat([built[part] for part in parts]))
            case ("union", parts):
                built.append(union(built[part] for part in parts))
            case ("intersection", parts):
                built.append(intersection(built[part] for part in parts))
            case ("complement", part):
                built.append(intersection([UTF8, negation(built[part])]))
            case ("repeat", part, minimum, maximum):
                built.append(repeat(built[part], minimum, maximum))
            case ("multiple", divisor, places):
                built.append(("multiple", divisor, places, None, 1))
            case ("numeral", numeral):
                built.append(("numeral", numeral, ""))
            case ("automaton", states):
                table = [(state.accepting, [(built[part], to) for part, to in state.steps]) for state in states]
                built.append(_Table(table).state(0))
            case ("excerpt", source, unit, spelling):
                taken = excerpts.texts_of(source, unit)
                built.append(("excerpt", spelling, taken, b"") if taken else EMPTY)
    return built


@lru_cache(maxsize=1 << 16)
def nullable(node: Node) -> bool:
    """Does the expression match the empty string?"""
    match node:
        case ("literals", texts):
            return b"" in texts
        case ("concat" | "intersection", parts):
            return all(map(nullable, parts))
        case ("union", parts):
            return any(map(nullable, parts))
        case ("not", part):
            return not nullable(part)
        case ("repeat", part, minimum, _):
            return minimum == 0 or nullable(part)
        case ("multiple", divisor, places, value, unit):
            ends_in_digit = value is not None and unit != "."
            return ends_in_digit and value % Fraction(divisor, 10 ** (places or 0)) == 0
        case ("numeral", numeral, text):
            return numerals.matches(numeral, text)
        case ("automaton", table, state):
            return bool(table.accepting[state])
        case ("excerpt", _, texts, begun):
            return not begun and "" in texts
    return False  # a character has at least one byte


@lru_cache(maxsize=1 << 16)
def derivative(node: Node, byte: int) -> Node:
    """What may follow ``byte`` in the expression."""
    match node:
        case ("literals", texts):
            return literals(text[1:] for text in texts if text[:1] == bytes([byte]))
        case ("char_class", ranges):
            if byte < 0x80:
                return EPSILON if any(low <= byte <= high for low, high in ranges) else EMPTY
            for lead, count, shortest in ((0xC0, 1, 0x80), (0xE0, 2, 0x800), (0xF0, 3, 0x10000)):
                if lead <= byte < lead + (0x40 >> count):
                    # an overlong form spells a number below the shortest that needs this many bytes
                    proper = tuple((max(low, shortest), high) for low, high in ranges if high >= shortest)
                    return tail(count, proper, byte - lead)
            return EMPTY
        case ("tail", count, ranges):
            return tail(count - 1, ranges, byte - 0x80) if 0x80 <= byte < 0xC0 else EMPTY
        case ("concat", parts):
            after = concat([derivative(parts[0], byte), *parts[1:]])
            return union([after, derivative(concat(parts[1:]), byte)]) if nullable(parts[0]) else after
        case ("union", parts):
            return union(derivative(part, byte) for part in parts)
        case ("intersection", parts):
            return intersection(derivative(part, byte) for part in parts)
        case ("not", part):
            return negation(derivative(part, byte))
        case ("repeat", part, minimum, maximum):
            rest = repeat(part, max(minimum - 1, 0), None if maximum is None else maximum - 1)
            return concat([derivative(part, byte), rest])
        case ("multiple", divisor, places, value, unit):
            return _multiple(divisor, places, value, unit, chr(byte))
        case ("numeral", numeral, text):
            longer = text + chr(byte)
            return ("numeral", numeral, longer) if numerals.begins(numeral, longer) else EMPTY
        case ("automaton", table, state):
            steps = table.steps[state]
            return union(concat([derivative(label, byte), table.state(to)]) for label, to in steps)
        case ("excerpt", spelling, texts, begun):
            left = excerpts.after(texts, spelling, begun, byte)
            return ("excerpt", spelling, *left) if left else EMPTY
    raise ValueError(f"not an expression: {node!r}")


class _Table:
    """The states of an automaton; two tables are never equal, which would only cost the reference time."""

    def __init__(self, states: Sequence[tuple[bool, Sequence[tuple[Node, int]]]]) -> None:
        self.accepting = [accepting for accepting, _ in states]
        self.steps = [[(label, to) for label, to in steps if alive(label)] for _, steps in states]
        before: list[list[int]] = [[] for _ in states]
        for state, steps in enumerate(self.steps):
            for _, to in steps:
                before[to].append(state)
        self._alive = {state for state, accepting in enumerate(self.accepting) if accepting}
        unexplored = list(self._alive)
        while unexplored:
            new = set(before[unexplored.pop()]) - self._alive
            self._alive |= new
            unexplored.extend(new)

    def state(self, index: int) -> Node:
        """What is left from a state on."""
        return ("automaton", self, index) if index in self._alive else EMPTY


def _multiple(divisor: int, places: int | None, value: Fraction | None, unit: Any, byte: str) -> Node:
    """What may follow a byte in a numeral.

    Args:
        divisor: together with ``places`` what divides the number.
        places: digits of the divisor's fraction; None where the numeral has no fraction.
        value: the number so far, less multiples of the divisor; None before the first digit.
        unit: what the last digit counted, 0 for a leading zero, "." after the point, "-" after the sign.
        byte: the next one.
    """
    exact = Fraction(divisor, 10 ** (places or 0))
    smallest = Fraction(1, 10 ** (places or 0))
    in_fraction = unit == "." or (unit != "-" and 0 < unit < 1)
    if byte == "-" and value is None and unit != "-":
        return ("multiple", divisor, places, None, "-")
    if byte == "." and value is not None and not in_fraction and places is not None:
        return ("multiple", divisor, places, value, ".")
    if byte not in "0123456789" or unit == 0 or (byte == "0" and unit == "-" and places is None):
        return EMPTY
    if not in_fraction:
        longer = (10 * (value or 0) + int(byte)) % exact
        return ("multiple", divisor, places, longer, 0 if value is None and byte == "0" else 1)
    unit = Fraction(1, 10) if unit == "." else unit / 10
    if unit < smallest:
        # no digit here can be part of a multiple
        return EMPTY if byte != "0" else ("multiple", divisor, places, value, min(smallest, Fraction(1, 10)))
    return ("multiple", divisor, places, (value + int(byte) * unit) % exact, unit)


def tail(count: int, ranges: Ranges, payload: int) -> Node:
    """The ``count`` bytes left of a number in ``ranges`` after a byte that gave its high bits, ``payload``."""
    size = 64**count
    base = payload * size
    inside = [(max(low - base, 0), min(high - base, size - 1)) for low, high in ranges]
    kept = tuple((low, high) for low, high in inside if low <= high)
    return EMPTY if not kept else EPSILON if count == 0 else ("tail", count, kept)


@lru_cache(maxsize=1 << 16)
def cuts(node: Node) -> frozenset[int]:
    """Bytes at which the derivative may change: it is the same for all bytes from one cut up to the next."""
    match node:
        case ("literals", texts):
            return frozenset(byte for text in texts if text for byte in (text[0], text[0] + 1))
        case ("char_class", ranges):
            leads = [chr(point).encode()[0] for bounds in ranges for point in bounds]
            # where lengths change, and after the lead bytes that allow only some continuations
            lengths = (0x80, 0xC2, 0xE0, 0xE1, 0xF0, 0xF1, 0xF4, 0xF5)
            return frozenset(leads).union((lead + 1 for lead in leads), lengths)
        case ("tail", count, ranges):
            payloads = [0x80 + bound // 64 ** (count - 1) for bounds in ranges for bound in bounds]
            return frozenset(payloads).union((payload + 1 for payload in payloads), (0x80, 0xC0))
        case ("concat", parts):
            first = cuts(parts[0])
            return first | cuts(concat(parts[1:])) if nullable(parts[0]) else first
        case ("union" | "intersection", parts):
            return frozenset().union(*map(cuts, parts))
        case ("not" | "repeat", part, *_):
            return cuts(part)
        case ("multiple", *_):
            return frozenset(range(ord("-"), ord("9") + 2))
        case ("numeral", *_):
            return frozenset(byte for sign in b"+-.0123456789Ee" for byte in (sign, sign + 1))
        case ("automaton", table, state):
            return frozenset().union(*(cuts(label) for label, _ in table.steps[state]))
        case ("excerpt", spelling, texts, begun):
            return frozenset(cut for byte in excerpts.first_bytes(texts, spelling, begun) for cut in (byte, byte + 1))
    raise ValueError(f"not an expression: {node!r}")


def derivatives(node: Node) -> Iterator[tuple[range, Node]]:
    """All derivatives: ranges of bytes that have the same one, with it; empty ones are left out."""
    bounds = sorted({0, 256} | cuts(node))
    for low, high in pairwise(bounds):
        after = derivative(node, low)
        if after != EMPTY:
            yield range(low, high), after


@lru_cache(maxsize=1 << 16)
def alive(node: Node) -> bool:
    """Does the expression match anything at all?"""
    match node:
        case ("literals", texts):
            return bool(texts)
        case ("concat", parts):
            return all(map(alive, parts))
        case ("union", parts):
            return any(map(alive, parts))
        case ("repeat", part, minimum, _):
            return minimum == 0 or alive(part)
        case ("multiple", _, _, _, unit) if unit in ("-", 0, 1):
            return True  # enough more digits of the whole part reach every remainder
        case ("numeral", *_) | ("automaton", *_) | ("excerpt", *_):
            return True  # no other is made
        case ("intersection", _) | ("not", _) | ("multiple", *_):
            # no rule on the parts decides these: look whether any derivative matches the empty string
            seen, unexplored = {node}, [node]
            while unexplored:
                current = unexplored.pop()
                if nullable(current):
                    return True
                new = {after for _, after in derivatives(current)} - seen
                seen |= new
                unexplored.extend(new)
            return False
    return True  # a character class with at least one range
