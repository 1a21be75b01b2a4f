"""A pattern as instructions, the form in which it is run along a text; assertions and atomic groups included.

This is Thompson's construction (Communications of the ACM 11, 1968) with instructions for what a pattern may ask of the
text around a place. Counted repetitions are unfolded. Nothing recurses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from constrain.compiler.regex.ast import (
    Anchor,
    Atomic,
    CharacterClass,
    Concat,
    Look,
    Node,
    Ranges,
    Repeat,
    Union,
    character,
)
from constrain.compiler.regex.lengths import all_length_bounds
from constrain.errors import LimitError, UnsupportedError

__all__ = [
    "AtBegin",
    "AtEnd",
    "AtomicEnd",
    "Body",
    "Done",
    "Fork",
    "Instruction",
    "Program",
    "Read",
    "Test",
    "program_of",
]

MAXIMUM_INSTRUCTIONS = 100_000
"""Of one program; about 1 us each to make."""


@dataclass(frozen=True, slots=True)
class Read:
    """One character of a class, then ``next``."""

    characters: int
    next: int


@dataclass(frozen=True, slots=True)
class Fork:
    """Go on at any of the places; of those in an atomic group, at the first from which the group can be finished."""

    places: tuple[int, ...]
    group: int | None


@dataclass(frozen=True, slots=True)
class AtomicEnd:
    """The end of an atomic group."""

    group: int
    next: int


@dataclass(frozen=True, slots=True)
class AtBegin:
    """Go on at the start of the text only."""

    next: int


@dataclass(frozen=True, slots=True)
class AtEnd:
    """Go on at the end of the text only."""

    next: int


@dataclass(frozen=True, slots=True)
class Test:
    """Go on where an assertion holds."""

    body: int
    negative: bool
    next: int


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a body."""


Instruction: TypeAlias = Read | Fork | AtomicEnd | AtBegin | AtEnd | Test | Done


@dataclass(frozen=True, slots=True)
class Body:
    """The whole pattern, or an assertion's: the places it begins and ends at, and whether it looks behind."""

    entry: int
    end: int
    behind: bool


@dataclass(slots=True)
class Program:
    """Instructions by place. The first body is the pattern; those inside another body come after it."""

    instructions: list[Instruction] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    classes: list[Ranges] = field(default_factory=list)


_Task: TypeAlias = tuple[Node, int, int, int | None]
"""A node, the place of its first instruction, the place to go on at, and the innermost atomic group around it."""

_DONE = Done()
_LAST_LINE_END = Union((Anchor("end"), Look(Concat((character(10), Anchor("end"))), ahead=True, negative=False)))


def program_of(root: Node) -> Program:
    """The instructions of a pattern without intersections and complements.

    Raises:
        LimitError: its counted repetitions unfold to too many of them.
        UnsupportedError: a repetition in an atomic group whose turns may be empty.
    """
    return _Maker(root).program


class _Maker:
    def __init__(self, root: Node) -> None:
        self.program = Program()
        self._bounds = all_length_bounds(root) | all_length_bounds(_LAST_LINE_END)
        self._class_numbers: dict[Ranges, int] = {}
        self._groups = 0
        self._tasks: list[_Task] = []
        self._body(root, behind=False)
        while self._tasks:
            self._make(*self._tasks.pop())

    def _place(self) -> int:
        instructions = self.program.instructions
        if len(instructions) >= MAXIMUM_INSTRUCTIONS:
            raise LimitError(
                f"the pattern's repetitions, unfolded because of its assertions, take more than {MAXIMUM_INSTRUCTIONS} "
                "instructions",
                expected="smaller counts, or no assertion that crosses the repetition; this limit is fixed",
            )
        instructions.append(_DONE)
        return len(instructions) - 1

    def _body(self, node: Node, *, behind: bool) -> int:
        entry, end = self._place(), self._place()
        self.program.bodies.append(Body(entry, end, behind))
        self._tasks.append((node, entry, end, None))
        return len(self.program.bodies) - 1

    def _make(self, node: Node, place: int, after: int, group: int | None) -> None:
        instructions = self.program.instructions
        match node:
            case CharacterClass(ranges):
                number = self._class_numbers.setdefault(ranges, len(self._class_numbers))
                if number == len(self.program.classes):
                    self.program.classes.append(ranges)
                instructions[place] = Read(number, after)
            case Concat(parts):
                if not parts:
                    instructions[place] = Fork((after,), None)
                for index, part in enumerate(parts):
                    following = after if index == len(parts) - 1 else self._place()
                    self._tasks.append((part, place, following, group))
                    place = following
            case Union(parts):
                places = tuple([self._place() for _ in parts])
                instructions[place] = Fork(places, group)
                self._tasks.extend((part, start, after, group) for part, start in zip(parts, places, strict=True))
            case Repeat():
                self._repeat(node, place, after, group)
            case Anchor("begin"):
                instructions[place] = AtBegin(after)
            case Anchor("end"):
                instructions[place] = AtEnd(after)
            case Anchor():
                self._tasks.append((_LAST_LINE_END, place, after, None))
            case Look(body, ahead, negative):
                instructions[place] = Test(self._body(body, behind=not ahead), negative, after)
            case Atomic(part):
                self._groups += 1
                end = self._place()
                instructions[end] = AtomicEnd(self._groups, after)
                self._tasks.append((part, place, end, self._groups))
            case _:
                raise ValueError(f"{type(node).__name__} cannot be run along a text")

    def _repeat(self, node: Repeat, place: int, after: int, group: int | None) -> None:
        part, minimum, maximum, lazy = node.part, node.minimum, node.maximum, node.lazy
        shortest, longest = self._bounds[id(part)]
        if longest == 0:
            # more turns of what takes no text change nothing
            minimum, maximum = min(minimum, 1), 1 if maximum is None else min(maximum, 1)
        elif shortest == 0 and group is not None and maximum != 1:
            raise UnsupportedError(
                "a repetition whose turns may be empty, in an atomic group or possessive quantifier, "
                "is not implemented",
                expected="a repeated part that takes a character, or the group without '?>' or '+'",
            )
        instructions = self.program.instructions

        def fork(at: int, turn: int) -> None:
            instructions[at] = Fork((after, turn) if lazy else (turn, after), group)

        for _ in range(minimum):
            following = self._place()
            self._tasks.append((part, place, following, group))
            place = following
        if maximum is None:
            turn = self._place()
            fork(place, turn)
            self._tasks.append((part, turn, place, group))
            return
        for _ in range(maximum - minimum):
            turn, following = self._place(), self._place()
            fork(place, turn)
            self._tasks.append((part, turn, following, group))
            place = following
        instructions[place] = Fork((after,), None)
