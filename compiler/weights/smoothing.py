"""From observations to a chain: states that were seen rarely, or only as where tokens lead, take what they lack from
the mean law of all observations, pushed through the language.

States are gone through from the start by how likely they are reached, since what is assumed of a state costs about as
much as a mask, and leads to further states. Beyond the bound on that, states are left out; what leads to them is taken
to lead where the rest of the row does.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constrain.compiler.weights.chain import Chain
from constrain.compiler.weights.lump import START, Lump, Place

__all__ = ["GUESSES", "GUESS_WEIGHT", "Smoothed", "smoothed"]

GUESSES = 1000
"""States at most of which something is assumed."""

GUESS_WEIGHT = 0.5
"""What is assumed counts as so many observations. From 0.05 to 3 it made little difference to toy models after five
draws; less was better in one language after two, more in another.
"""

ENOUGH = 16
"""With so many observations, nothing is assumed."""

UNLIKELY = 1e-7
"""States that are reached so rarely are not looked at."""


@dataclass(frozen=True, slots=True)
class Row:
    """Chances to go on, by state, and to end; on how many observations they rest."""

    goes_on: dict[int, float]
    end: float
    count: float


@dataclass(frozen=True, slots=True)
class Smoothed:
    """A chain, and of each of its states the number in the lump, and the observations that it rests on."""

    chain: Chain
    numbers: list[int]
    counts: NDArray[np.float64]


def smoothed(lump: Lump, guesses: int = GUESSES, *, witnessed: bool = False) -> Smoothed | None:
    """The chain of all states of which something is known; None where nothing is known of the start.

    Args:
        lump: the observations.
        guesses: of so many states at most something is assumed.
        witnessed: leave out states that no tokens are known to lead to.
    """
    rows = _rows(lump, guesses)
    if witnessed:
        rows = {number: row for number, row in rows.items() if lump.witness(lump.places[number]) is not None}
    rows = _closed(rows)
    if START not in rows:
        return None
    numbers = sorted(rows)
    states = {number: state for state, number in enumerate(numbers)}
    indptr = np.zeros(len(numbers) + 1, dtype=np.int64)
    indices: list[int] = []
    values: list[float] = []
    for state, number in enumerate(numbers):
        for to, chance in sorted(rows[number].goes_on.items()):
            indices.append(states[to])
            values.append(chance)
        indptr[state + 1] = len(indices)
    ends = np.array([rows[number].end for number in numbers])
    counts = np.array([rows[number].count for number in numbers])
    return Smoothed(
        Chain(indptr, np.array(indices, dtype=np.int64), np.array(values, dtype=np.float64), ends), numbers, counts
    )


def _rows(lump: Lump, guesses: int) -> dict[int, Row]:
    """Rows by state, as far as states are reached."""
    rows: dict[int, Row] = {}
    reached = [(-1.0, START)]
    best = {START: 1.0}
    while reached:
        chance, number = heapq.heappop(reached)
        place = lump.places[number]
        if number in rows:
            continue
        row, guessed = _row(lump, place, guesses > 0 and -chance > UNLIKELY)
        guesses -= guessed
        if row is None:
            continue
        rows[number] = row
        for to, onward in row.goes_on.items():
            likely = -chance * onward
            if to not in rows and likely > best.get(to, 0.0):
                best[to] = likely
                heapq.heappush(reached, (-likely, to))
    return rows


def _row(lump: Lump, place: Place, may_guess: bool) -> tuple[Row | None, bool]:
    """The row of a state, if there is one, and whether something was assumed for it."""
    if lump.stops(place):
        return Row({}, 1.0, max(place.count, 1.0)), False
    wanted = may_guess and place.count < ENOUGH and lump.observations > 0
    guess = lump.guess(place) if wanted else None
    if guess is None and place.count <= 0.0:
        return None, wanted
    weight = place.count
    goes_on, end = dict(place.row), place.end
    if guess is not None:
        for to, chance in guess[0].items():
            goes_on[to] = goes_on.get(to, 0.0) + GUESS_WEIGHT * chance
        end += GUESS_WEIGHT * guess[1]
        weight += GUESS_WEIGHT
    # rounding must not lead beyond what is certain
    scale = 1.0 / max(weight, sum(goes_on.values()) + end)
    shares = {to: chance * scale for to, chance in goes_on.items()}
    return Row(shares, end * scale, place.count or GUESS_WEIGHT), wanted


def _closed(rows: dict[int, Row]) -> dict[int, Row]:
    """Without states that lead nowhere known; what led to them leads where the rest of the row does."""
    while True:
        dead = {
            number
            for number, row in rows.items()
            if row.goes_on and not any(to in rows for to in row.goes_on) and row.end == 0.0
        }
        if not dead:
            break
        rows = {number: row for number, row in rows.items() if number not in dead}
    return {number: _spread(row, rows) for number, row in rows.items()}


def _spread(row: Row, rows: dict[int, Row]) -> Row:
    known = {to: chance for to, chance in row.goes_on.items() if to in rows}
    left = sum(known.values())
    scale = sum(row.goes_on.values()) / left if left > 0.0 else 0.0
    return Row({to: chance * scale for to, chance in known.items()}, row.end, row.count)
