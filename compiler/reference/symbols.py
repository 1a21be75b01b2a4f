"""Symbols, by Earley's algorithm (Communications of the ACM 13, 1970), with expressions as terminals.

A terminal is treated as one more kind of rule, whose progress is an expression. So terminals of different lengths may
be under way at once, each split of the text into terminals counts, and no longest match is preferred.

Symbols that derive no text and expressions that match none are left out from the start. Therefore whatever is under
way can be finished, and a state exists exactly when some text completes it.

Guarded terminals (:mod:`~constrain.compiler.reference.distinct`) are looked at where they end, and only there: with
them, a state may exist that no text completes, but none is accepting wrongly.

An item is a symbol under way, ``(symbol, progress, origin)``. The origin is the state in which it began; the progress
says what is left to do:

* of a terminal, the expression that remains;
* of a rule, the symbols that remain of one alternative;
* of a repeat, how many are done, and whether a separator was just read;
* of members, which options they were, with their number and the last of them, and whether a separator was just read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from constrain.compiler.grammar import Demand, Grammar, Guard, Option, Symbol
from constrain.compiler.reference.distinct import repeats
from constrain.compiler.reference.expressions import alive, derivative, derivatives, expressions_of, nullable
from constrain.errors import UnsatisfiableError, UnsupportedError

__all__ = ["Recogniser", "State", "mask", "matches", "viable_prefix"]

Item: TypeAlias = tuple[Symbol, Any, "State"]


class State:
    """One position in a text: Earley's item set. Immutable once built, so keeping one is a fork.

    Attributes:
        threads: the terminals under way, each with the expression that remains of it.
        waiting: for a symbol that may begin here, the items that go on when it is complete.
        complete: the symbols that began here and matched the empty string.
        accepting: is the whole text so far in the language?
        text: the whole text so far.
        begin: where in it the JSON text begins that guarded terminals are about.
    """

    __slots__ = ("accepting", "begin", "complete", "text", "threads", "waiting")

    def __init__(self, text: bytes = b"", begin: int = 0) -> None:
        self.text = text
        self.begin = begin
        self.threads: list[Item] = []
        self.waiting: dict[Symbol, set[Item]] = {}
        self.complete: set[Symbol] = set()
        self.accepting = False


ACCEPT: Item = (Symbol(-1), None, State())
"""Waits for the start symbol at the beginning of the text."""


NO_MEMBERS = (frozenset[int](), 0, 0, False, frozenset[int]())
"""The progress of members before the first: options seen, number, last option, after a separator."""


class Recogniser:
    """Reads a text byte by byte, and knows at each byte whether the text can still be completed.

    Raises:
        UnsatisfiableError: the language of the grammar is empty.
        UnsupportedError: the grammar says how text is split into terminals, which is not followed here.
    """

    def __init__(self, grammar: Grammar) -> None:
        if grammar.lexing is not None:
            raise UnsupportedError("the reference recogniser reads every split of a text, and follows no lexer")
        self.grammar = grammar
        self.expressions = expressions_of(grammar)
        self.productive: set[Symbol] = set()
        self._finishable: dict[tuple[Symbol, Any], bool] = {}
        before = -1
        while before != len(self.productive):
            before = len(self.productive)
            self.productive.update(Symbol(i) for i in range(len(grammar.symbols)) if self._derives_text(Symbol(i)))
        if grammar.start not in self.productive:
            raise UnsatisfiableError("no text at all is in the language of this grammar")

    def _derives_text(self, symbol: Symbol) -> bool:
        match self.grammar.symbols[symbol]:
            case ("terminal", _, expression, _):
                return alive(self.expressions[expression])
            case ("rule", _, alternatives):
                return any(self.productive.issuperset(alternative) for alternative in alternatives)
            case ("repeat", _, part, minimum, _, separator):
                separable = separator is None or separator in self.productive
                return minimum == 0 or (part in self.productive and (minimum == 1 or separable))
            case ("members", *_):
                self._finishable.clear()
                return self._can_finish(symbol, NO_MEMBERS)
        raise ValueError(f"not a symbol: {symbol!r}")

    # -- the three questions about an item: how does it begin, may it end here, what may come next ---------------------

    def _beginnings(self, symbol: Symbol) -> list[Any]:
        match self.grammar.symbols[symbol]:
            case ("terminal", _, expression, _):
                return [self.expressions[expression]]
            case ("rule", _, alternatives):
                return [alternative for alternative in alternatives if self.productive.issuperset(alternative)]
            case ("repeat", *_):
                return [(0, False)]
        return [NO_MEMBERS]

    def _may_end(self, symbol: Symbol, progress: Any) -> bool:
        match self.grammar.symbols[symbol]:
            case ("terminal", *_):
                return nullable(progress)
            case ("repeat", _, _, minimum, _, _):
                count, after_separator = progress
                return count >= minimum and not after_separator
            case ("members", _, options, _, _, minimum, _, choices):
                seen, count, _, after_separator, facts = progress
                required = {group for group, option in _grouped(options) if option.required}
                held = all(any(_holds(demand, facts, count) for demand in choice) for choice in choices)
                return held and required <= seen and count >= minimum and not after_separator
        return not progress

    def _next(self, symbol: Symbol, progress: Any) -> list[tuple[Symbol, Any]]:
        """The symbols that may come next in an item, each with the progress after it."""
        match self.grammar.symbols[symbol]:
            case ("rule", _, _):
                return [(progress[0], progress[1:])] if progress else []
            case ("repeat", _, part, minimum, maximum, separator):
                count, after_separator = progress
                if count == maximum:
                    return []
                if separator is not None and count > 0 and not after_separator:
                    step = (separator, (count, True))
                else:
                    # without an upper bound, counting past the lower one changes nothing
                    step = (part, (min(count + 1, max(minimum, 1)) if maximum is None else count + 1, False))
                return [step] if step[0] in self.productive else []
            case ("members", *_):
                steps = self._member_steps(symbol, progress)
                return [(part, after) for part, after in steps if self._can_finish(symbol, after)]
        return []

    def _member_steps(self, symbol: Symbol, progress: Any) -> list[tuple[Symbol, Any]]:
        """One more member or separator, whatever comes of it."""
        steps: list[tuple[Symbol, Any]] = []
        match self.grammar.symbols[symbol]:
            case ("members", _, options, separator, order, minimum, maximum, choices):
                seen, count, last, after_separator, facts = progress
                if count == maximum:
                    return []
                if separator is not None and count > 0 and not after_separator:
                    return [(separator, (seen, count, last, True, facts))] if separator in self.productive else []
                # without an upper bound, counting past the lower one changes nothing
                bounds = [bound for choice in choices for d in choice for bound in (d.minimum, (d.maximum or 0) + 1)]
                more = min(count + 1, max(minimum, 1, *bounds)) if maximum is None else count + 1
                required = frozenset[int]()
                for group, option in _grouped(options):
                    # in schema order, nothing comes back: what is required and was passed is missing for good, and what
                    # was passed besides makes no difference
                    missed = order == "schema" and (group < last or not required - {group} <= seen)
                    if option.required:
                        required |= {group}
                    if not missed and (group not in seen or not option.unique) and option.symbol in self.productive:
                        after = required | {group} if order == "schema" else seen | {group}
                        steps.append((option.symbol, (after, more, group, False, facts | frozenset(option.sets))))
        return steps

    def _can_finish(self, symbol: Symbol, progress: Any) -> bool:
        """Do some members lead from here to an end? By looking through all that may come."""
        reached, agenda = {progress}, [progress]
        while agenda:
            current = agenda.pop()
            known = self._finishable.get((symbol, current))
            if known or self._may_end(symbol, current):
                self._finishable[symbol, progress] = True
                return True
            if known is None:
                new = [after for _, after in self._member_steps(symbol, current) if after not in reached]
                reached.update(new)
                agenda.extend(new)
        self._finishable.update(((symbol, dead), False) for dead in reached)
        return False

    # -- Earley's algorithm --------------------------------------------------------------------------------------------

    def start(self) -> State:
        """Nothing read yet."""
        state = State()
        state.waiting[self.grammar.start] = {ACCEPT}
        return self._close(state, self._begin(self.grammar.start, state))

    def advance(self, state: State, byte: int) -> State | None:
        """The state after one more byte; None when no text of the language begins like that."""
        after = ((symbol, derivative(rest, byte), origin) for symbol, rest, origin in state.threads)
        threads = [item for item in after if alive(item[1])]
        return self._close(State(state.text + bytes([byte]), state.begin), threads) if threads else None

    def accepting(self, state: State) -> bool:
        """Is the text so far in the language?"""
        return state.accepting

    def next_bytes(self, state: State) -> set[int]:
        """The bytes with which some completion goes on."""
        found: set[int] = set()
        for _, rest, _ in state.threads:
            for values, after in derivatives(rest):
                if alive(after):
                    found.update(values)
        return found

    def _is_held_back(self, symbol: Symbol, state: State) -> bool:
        """May a guarded terminal not end here, since something was repeated, or nothing was?"""
        guard = self._guard(symbol)
        return guard in ("distinct", "repeated") and repeats(state.text[state.begin :]) == (guard == "distinct")

    def _guard(self, symbol: Symbol) -> Guard | None:
        node = self.grammar.symbols[symbol]
        return node[3] if node[0] == "terminal" else None

    def _begin(self, symbol: Symbol, state: State) -> list[Item]:
        return [(symbol, progress, state) for progress in self._beginnings(symbol)]

    def _close(self, state: State, items: list[Item]) -> State:
        """Fill a new state with the items that follow from ``items`` without reading a byte."""
        seen, agenda = set(items), items

        def add(item: Item) -> None:
            if item not in seen:
                seen.add(item)
                agenda.append(item)

        while agenda:
            symbol, progress, origin = agenda.pop()
            if self.grammar.symbols[symbol][0] == "terminal":
                state.threads.append((symbol, progress, origin))
            if self._may_end(symbol, progress) and not self._is_held_back(symbol, state):
                if origin is state:
                    state.complete.add(symbol)
                if self._guard(symbol) == "begins":
                    state.begin = len(state.text)
                for waiter in list(origin.waiting.get(symbol, ())):
                    if waiter is ACCEPT:
                        state.accepting = True
                    else:
                        add(waiter)
            for needed, rest in self._next(symbol, progress):
                if needed not in state.waiting:
                    state.waiting[needed] = set()
                    for item in self._begin(needed, state):
                        add(item)
                waiter = (symbol, rest, origin)
                state.waiting[needed].add(waiter)
                if needed in state.complete:
                    add(waiter)
        return state


def _grouped(options: Sequence[Option]) -> list[tuple[int, Option]]:
    """Options with the number of their group."""
    found: list[tuple[int, Option]] = []
    for option in options:
        together = bool(found) and option.group is not None and found[-1][1].group == option.group
        number = found[-1][0] + (not together) if found else 0
        found.append((number, option))
    return found


def _holds(demand: Demand, facts: frozenset[int], count: int) -> bool:
    enough = demand.minimum <= count and (demand.maximum is None or count <= demand.maximum)
    return enough and facts >= frozenset(demand.needs) and not facts & frozenset(demand.bars)


def matches(grammar: Grammar, data: bytes) -> bool:
    """Is ``data`` in the language of the grammar? Raises UnsatisfiableError when the language is empty."""
    states = _states(Recogniser(grammar), data)
    return len(states) == len(data) + 1 and states[-1].accepting


def viable_prefix(grammar: Grammar, data: bytes) -> int:
    """How many bytes of ``data`` begin a text of the language. Raises UnsatisfiableError when the language is empty."""
    return len(_states(Recogniser(grammar), data)) - 1


def _states(recogniser: Recogniser, data: bytes) -> list[State]:
    states = [recogniser.start()]
    for byte in data:
        after = recogniser.advance(states[-1], byte)
        if after is None:
            break
        states.append(after)
    return states


def mask(recogniser: Recogniser, state: State, token_bytes: Sequence[bytes | None]) -> set[int]:
    """The ids of the tokens after which some completion exists. Tokens without bytes are never among them."""
    allowed: set[int] = set()
    reached: dict[bytes, State | None] = {b"": state}
    for token, text in enumerate(token_bytes):
        if text:
            for end in range(1, len(text) + 1):
                before = reached[text[: end - 1]]
                if text[:end] not in reached:
                    reached[text[:end]] = None if before is None else recogniser.advance(before, text[end - 1])
            if reached[text] is not None:
                allowed.add(token)
    return allowed
