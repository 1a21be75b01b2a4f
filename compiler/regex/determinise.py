r"""Any pattern as a deterministic automaton over characters: assertions of every kind, wherever they stand.

The pattern is run along the text once, from left to right, and all that it can be asked is known or written down:

* what stands *before* a place is known: each lookbehind is run along from every place on, so that where its body ends,
  it holds;
* what stands *after* a place is not: a lookahead becomes a condition, a boolean formula over what the rest of the text
  must match. The formula for the rest after one more character is its derivative by that character. Negation is that
  of the formula.

So a thread of the pattern is an instruction together with the condition under which it counts, and a state of the
automaton is the threads of the pattern and those of its lookbehinds. Conditions are kept in one form
(:mod:`~constrain.compiler.regex.formulas`), which makes the states finite in number. (This is an alternating automaton
made deterministic, after Chandra, Kozen and Stockmeyer, Journal of the ACM 28, 1981; for regular expressions with
lookahead see Miyazaki and Minamide, APLAS 2019.)

An atomic group goes the way that a backtracking matcher would find first, whatever follows: of each choice in it, the
second way counts where the first cannot get to the group's end. That is a negated lookahead, and so needs nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from constrain.compiler.regex.alphabet import Alphabet
from constrain.compiler.regex.ast import ANY, NOTHING, Automaton, Node
from constrain.compiler.regex.formulas import FALSE, TRUE, Formula, Formulas
from constrain.compiler.regex.minimise import Row, minimised
from constrain.compiler.regex.program import (
    AtBegin,
    AtEnd,
    AtomicEnd,
    Done,
    Fork,
    Program,
    Read,
    Test,
    program_of,
)
from constrain.errors import LimitError

__all__ = ["Determiniser", "Place", "determinise"]

MAXIMUM_STATES = 20_000
"""Of the automaton before it is minimised."""

MAXIMUM_STEPS = 1_000_000
"""Threads moved, instructions followed and formulas made; a few microseconds each."""

_END = 0
"""The variable that holds where the text ends."""

_Threads: TypeAlias = dict[int, Formula]
"""Places of ``Read`` instructions, each with the condition under which the thread counts."""

_State: TypeAlias = tuple[bool, tuple[frozenset[tuple[int, Formula]], ...]]
"""May the text end here; and the threads of the pattern and of each lookbehind."""


def determinise(node: Node) -> Node:
    """All texts that a pattern matches from start to end, as a minimal automaton.

    Raises:
        LimitError: that has too many states, or takes too long.
        UnsupportedError: a repetition in an atomic group whose turns may be empty.
    """
    return Determiniser(program_of(node)).automaton()


class Place:
    """A place in the text: what lookbehinds say there, and what was found out."""

    def __init__(self, *, at_begin: bool) -> None:
        self.at_begin = at_begin
        self.behind: dict[int, Formula] = {}
        self.formulas: dict[tuple[int, int | None], Formula] = {}


class Determiniser:
    """The states of one program. Those with other surroundings than the ends of the text override the first methods."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._steps = 0
        self._formulas = Formulas(self._spend)
        self._alphabet = Alphabet(program.classes)
        self._end = program.bodies[0].end
        self._behind = [number for number, body in enumerate(program.bodies) if body.behind]
        # a bit for each lookbehind that is asked from an instruction on, and one for the start of the text
        self._asked = self._asked_from()
        # where any text may follow, as at the end of a pattern that is searched for
        self._free = self._free_places()
        # what stands for "the rest of the text is read from this instruction on (up to the end of this atomic group)"
        self._variables: dict[tuple[int, int | None], int] = {}
        self._meanings: list[tuple[int, int | None]] = [(-1, None)]
        self._placeless: dict[tuple[int, int | None], Formula] = {}
        self._facts: dict[Formula, tuple[int, int]] = {FALSE: (0, 0), TRUE: (0, 0)}

    # -- what surrounds the text -------------------------------------------------------------------------------

    def _accepts(self, done: Formula) -> bool:
        """May the text end where the pattern is done under this condition?"""
        return self._formulas.holds(done, _END)

    def _if_at_begin(self, place: Place) -> Formula:
        """Is this the start of the text?"""
        return TRUE if place.at_begin else FALSE

    def _begun_before(self, body: int) -> tuple[list[tuple[int, Formula]], Formula]:
        """The threads of a lookbehind that what stands before the first place has begun; and whether one is done."""
        return [], FALSE

    def _is_given(self, variable: int) -> bool:
        """Is it a variable about what stands before, which no character changes?"""
        return False

    # -- states ------------------------------------------------------------------------------------------------

    def automaton(self) -> Node:
        """The minimal automaton of the program."""
        rows: list[Row] = []
        accepting: list[bool] = []
        first = self._state(None, 0, 0)
        numbers = {first: 0}
        states = [first]
        while len(rows) < len(states):
            state = states[len(rows)]
            row: Row = {}
            size, needed = sum(map(len, state[1])), self._needed(state)
            for members, letters in self._alphabet.groups(self._classes(state)):
                self._spend(1 + size)
                after = self._state(state, members, needed)
                if not after[0] and not after[1][0]:
                    continue  # no thread of the pattern is left
                number = numbers.setdefault(after, len(states))
                if number == len(states):
                    states.append(after)
                    if number >= MAXIMUM_STATES:
                        raise _too_large(f"{MAXIMUM_STATES} states")
                row[number] = row.get(number, 0) | letters
            rows.append(row)
            accepting.append(state[0])
        accepting, rows = minimised(accepting, rows)
        if not any(accepting):
            return NOTHING
        ranges = self._alphabet.ranges
        return Automaton(
            tuple(
                (accepts, tuple(sorted((ranges(letters), to) for to, letters in row.items())))
                for accepts, row in zip(accepting, rows, strict=True)
            )
        )

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAXIMUM_STEPS:
            raise _too_large(f"{MAXIMUM_STEPS} steps")

    def _state(self, before: _State | None, members: int, needed: int) -> _State:
        """The state after a character that is in some classes; without a state before, the first one.

        Args:
            before: the state before the character.
            members: the classes, as bits.
            needed: what is needed of the lookbehinds from the state before on, as bits.
        """
        place = Place(at_begin=before is None)
        known: dict[Formula, Formula] = {}
        threads: list[frozenset[tuple[int, Formula]]] = []
        # bodies inside others have higher numbers: what they say is asked by those around them
        for index in reversed(range(len(self._behind))):
            body = self._behind[index]
            if before is not None and not needed >> body & 1:
                threads.append(frozenset())
                continue
            begun, done = self._begun_before(body) if before is None else ([], FALSE)
            entries = [(self._program.bodies[body].entry, TRUE), *begun]
            if before is not None:
                entries += self._moved(before[1][1 + index], members, place, known)
            reading, now = self._follow(entries, None, place)
            place.behind[body] = self._formulas.either(now, done)
            threads.append(frozenset(reading.items()))
        if before is None:
            entries = [(self._program.bodies[0].entry, TRUE)]
        else:
            entries = list(self._moved(before[1][0], members, place, known))
        reading, done = self._follow(entries, None, place)
        free = next((each for each in self._free if reading.get(each) == TRUE), None)
        if free is not None:
            # any text may follow: what the other threads say makes no difference
            return True, (frozenset([(free, TRUE)]), *[frozenset[tuple[int, Formula]]() for _ in self._behind])
        state = (self._accepts(done), (frozenset(reading.items()), *reversed(threads)))
        if self._behind:
            # lookbehinds that nobody will ask any more make no difference
            needed = self._needed(state)
            kept = []
            for body, each in zip(self._behind, state[1][1:], strict=True):
                kept.append(each if needed >> body & 1 else frozenset())
            state = (state[0], (state[1][0], *kept))
        return state

    def _moved(
        self, threads: Iterable[tuple[int, Formula]], members: int, place: Place, known: dict[Formula, Formula]
    ) -> Iterable[tuple[int, Formula]]:
        """Where threads are after a character, and what is left of their conditions."""
        for instruction, condition in threads:
            read = self._program.instructions[instruction]
            if isinstance(read, Read) and members >> read.characters & 1:
                yield read.next, self._derivative(condition, members, place, known)

    def _derivative(self, condition: Formula, members: int, place: Place, known: dict[Formula, Formula]) -> Formula:
        """What a condition on the text comes to after one character of it. ``known`` is of the place."""

        if condition <= TRUE:
            return condition

        def after(variable: int) -> Formula:
            if self._is_given(variable):
                return self._formulas.variable(variable)
            instruction, group = self._meanings[variable]
            read = self._program.instructions[instruction] if variable != _END else None
            if isinstance(read, Read) and members >> read.characters & 1:
                return self._formula(read.next, group, place)
            return FALSE

        return self._formulas.replaced(condition, after, known)

    def _classes(self, state: _State) -> int:
        """The classes that a state's threads and conditions tell apart, as bits."""
        found = 0
        for threads in state[1]:
            for instruction, condition in threads:
                found |= self._facts_of(condition)[0] | self._class_of(instruction)
        return found

    def _needed(self, state: _State) -> int:
        """The lookbehinds that will be asked from a state on, as bits."""
        found = 0
        for instruction, condition in state[1][0]:
            found |= self._facts_of(condition)[1] | self._asked[instruction]
        # one that is needed may have conditions that ask others
        for body, threads in zip(self._behind, state[1][1:], strict=True):
            if found >> body & 1:
                for instruction, condition in threads:
                    found |= self._facts_of(condition)[1] | self._asked[instruction]
        return found

    def _class_of(self, instruction: int) -> int:
        read = self._program.instructions[instruction]
        return 1 << read.characters if isinstance(read, Read) else 0

    def _facts_of(self, formula: Formula) -> tuple[int, int]:
        """The classes and lookbehinds that a condition asks about, as bits."""
        facts = self._facts
        stack = [formula]
        while stack:
            top = stack[-1]
            if top in facts:
                stack.pop()
                continue
            variable, low, high = self._formulas.parts(top)
            missing = [part for part in (low, high) if part not in facts]
            if missing:
                stack.extend(missing)
                continue
            classes, behind = facts[low][0] | facts[high][0], facts[low][1] | facts[high][1]
            instruction = self._meanings[variable][0]
            if instruction >= 0:
                classes |= self._class_of(instruction)
                behind |= self._asked[instruction]
            facts[top] = classes, behind
        return facts[formula]

    # -- within one place --------------------------------------------------------------------------------------

    def _follow(
        self, entries: Iterable[tuple[int, Formula]], group: int | None, place: Place
    ) -> tuple[_Threads, Formula]:
        """The threads that begin at some instructions, up to where they read; and when they are done.

        Args:
            entries: instructions, each with a condition.
            group: an atomic group whose end counts as being done.
            place: where in the text.
        """
        formulas = self._formulas
        reached: dict[int, Formula] = {}
        reading: _Threads = {}
        done = FALSE
        stack = list(entries)
        while stack:
            instruction, condition = stack.pop()
            before = reached.get(instruction, FALSE)
            if condition == FALSE or before == TRUE:
                continue
            either = condition if before == FALSE else formulas.either(before, condition)
            if either == before:
                continue
            self._spend(1)
            reached[instruction] = either
            match self._program.instructions[instruction]:
                case Read():
                    reading[instruction] = either
                case Done():
                    done = formulas.either(done, condition)
                case Fork(places, own) if own is None or own == group:
                    stack.extend([(each, condition) for each in reversed(places)])
                case Fork(places, own):
                    for each in places:
                        stack.append((each, condition))
                        finishes = self._formula(each, own, place)
                        condition = formulas.both(condition, formulas.negation(finishes))
                case AtomicEnd(own, after):
                    if own == group:
                        done = formulas.either(done, condition)
                    else:
                        stack.append((after, condition))
                case AtBegin(after):
                    stack.append((after, formulas.both(condition, self._if_at_begin(place))))
                case AtEnd(after):
                    stack.append((after, formulas.both(condition, formulas.variable(_END))))
                case Test(body, negative, after):
                    value = self._value(body, place)
                    if negative:
                        value = formulas.negation(value)
                    stack.append((after, formulas.both(condition, value)))
        return reading, done

    def _value(self, body: int, place: Place) -> Formula:
        """When an assertion holds."""
        asked = self._program.bodies[body]
        return place.behind[body] if asked.behind else self._formula(asked.entry, None, place)

    def _formula(self, instruction: int, group: int | None, place: Place) -> Formula:
        """When some of the text that follows can be read from an instruction to the end of its body, or of a group."""
        key = (instruction, group)
        kept = place.formulas if self._asked[instruction] else self._placeless
        known = kept.get(key)
        if known is None:
            formulas = self._formulas
            reading, known = self._follow([(instruction, TRUE)], group, place)
            for read, condition in reading.items():
                variable = self._variables.setdefault((read, group), len(self._meanings))
                if variable == len(self._meanings):
                    self._meanings.append((read, group))
                known = formulas.either(known, formulas.both(condition, formulas.variable(variable)))
            kept[key] = known
        return known

    def _free_places(self) -> list[int]:
        """The instructions of the pattern that read any number of any characters and are done."""
        instructions = self._program.instructions
        found = []
        for number, instruction in enumerate(instructions):
            if not isinstance(instruction, Read) or self._program.classes[instruction.characters] != ANY.ranges:
                continue
            fork = instructions[instruction.next]
            if isinstance(fork, Fork) and number in fork.places and self._end in map(self._passed, fork.places):
                found.append(number)
        return found

    def _passed(self, place: int) -> int:
        """Where an instruction that does nothing leads."""
        instruction = self._program.instructions[place]
        while isinstance(instruction, Fork) and len(instruction.places) == 1:
            (place,) = instruction.places
            instruction = self._program.instructions[place]
        return place

    def _asked_from(self) -> list[int]:
        """Of each instruction, the lookbehinds that may be asked from there on; bit 0 is the start of the text."""
        instructions = self._program.instructions
        before: list[list[int]] = [[] for _ in instructions]
        asked = [0] * len(instructions)
        for number, instruction in enumerate(instructions):
            match instruction:
                case Fork(places):
                    following = list(places)
                case Done():
                    following = []
                case Test(body, _, after):
                    following = [after, self._program.bodies[body].entry]
                    if self._program.bodies[body].behind:
                        asked[number] = 1 << body
                case AtBegin(after):
                    following = [after]
                    asked[number] = 1
                case _:
                    following = [instruction.next]
            for after in following:
                before[after].append(number)
        pending = [number for number, bits in enumerate(asked) if bits]
        while pending:
            number = pending.pop()
            for earlier in before[number]:
                if asked[earlier] | asked[number] != asked[earlier]:
                    asked[earlier] |= asked[number]
                    pending.append(earlier)
        return asked


def _too_large(what: str) -> LimitError:
    return LimitError(
        f"the pattern's assertions and atomic groups need an automaton of more than {what}",
        expected="smaller counts, or fewer assertions that look past repetitions; this limit is fixed",
    )
