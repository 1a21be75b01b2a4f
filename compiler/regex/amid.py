r"""A pattern amid other text, as an automaton: where what stands around a match makes no difference to it.

``<!--(?:(?!-->).)*-->`` looks ahead in every turn of a repetition, but never past its end. So it is run along a text
of which neither the beginning nor the end is known: what stands before is a variable for each question about it (how
far has a lookbehind come? is this the start of the text?), and what follows is what remains of the conditions. Where
the pattern is done, its condition must have come to an answer without them.
"""

from __future__ import annotations

from constrain.compiler.regex.ast import Node
from constrain.compiler.regex.determinise import Determiniser, Place
from constrain.compiler.regex.formulas import FALSE, TRUE, Formula
from constrain.compiler.regex.program import AtomicEnd, Done, Fork, Program, Read, program_of
from constrain.errors import UnsupportedError

__all__ = ["determinise_amid"]


def determinise_amid(node: Node) -> Node:
    """The pieces that a pattern matches amid other text, whatever that is.

    Raises:
        UnsupportedError: what stands around a piece makes a difference, as far as its conditions show.
        LimitError: the automaton is too large.
    """
    return _Amid(program_of(node)).automaton()


class _Amid(Determiniser):
    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._given: dict[tuple[int, int], int] = {}

    def _accepts(self, done: Formula) -> bool:
        if done not in (FALSE, TRUE):
            raise UnsupportedError("an assertion or atomic group that asks about the text around a terminal")
        return done == TRUE

    def _if_at_begin(self, place: Place) -> Formula:
        return self._unknown(0, 0) if place.at_begin else FALSE

    def _begun_before(self, body: int) -> tuple[list[tuple[int, Formula]], Formula]:
        instructions = self._program.instructions
        seen: set[int] = set()
        pending = [self._program.bodies[body].entry]
        begun = []
        while pending:
            place = pending.pop()
            if place in seen:
                continue
            seen.add(place)
            match instructions[place]:
                case Read(_, after):
                    begun.append((place, self._unknown(body, place)))
                    pending.append(after)
                case Fork(places):
                    pending.extend(places)
                case Done():
                    pass
                case AtomicEnd(_, after):
                    pending.append(after)
                case other:
                    pending.append(other.next)
        return begun, self._unknown(body, -1)

    def _is_given(self, variable: int) -> bool:
        return variable in self._given.values()

    def _unknown(self, body: int, place: int) -> Formula:
        """The variable for what is not known: has this body come to this place (-1: to its end)?"""
        key = (body, place)
        if key not in self._given:
            self._given[key] = len(self._meanings)
            self._meanings.append((-1, None))
        return self._formulas.variable(self._given[key])
