"""Canvases beside every row of tokens there is: what may stand where, log Z, posteriors, the best completion."""

from __future__ import annotations

import math
from random import Random
from typing import NamedTuple

import numpy as np
import pytest
from canvas_oracle import Language, completions, random_cells, random_language, weight
from numpy.typing import NDArray

from constrain._core import CanvasBoard
from constrain.compiler.canvas import TokenAutomaton, token_automaton
from constrain.runtime.diffusion import DELETED, OPEN, OPTIONAL, Canvas

SEEDS = range(120)


class Case(NamedTuple):
    """A canvas of a random language, its completions with the logarithms of their weights, and what these come from."""

    language: Language
    automaton: TokenAutomaton
    cells: NDArray[np.int64]
    logits: NDArray[np.float64]
    deletion: float
    rows: dict[tuple[int, ...], float]

    def open_positions(self) -> list[int]:
        return [place for place, cell in enumerate(self.cells) if cell in (OPEN, OPTIONAL)]

    def board(self) -> CanvasBoard:
        """With class weights in double precision."""
        board = CanvasBoard(self.automaton, self.cells)
        sums = np.full((len(self.cells), self.automaton.classes), -np.inf)
        best = sums.copy()
        for class_ in range(self.automaton.classes):
            logits = self.logits[:, self.automaton.tokens_of(class_)]
            best[:, class_] = logits.max(axis=1)
            sums[:, class_] = np.logaddexp.reduce(logits, axis=1)
        board.weigh_classes(sums.ravel(), best.ravel(), np.full(len(self.cells), self.deletion))
        return board

    def chances(self) -> dict[tuple[int, ...], float]:
        high = max(self.rows.values())
        total = math.fsum(math.exp(log - high) for log in self.rows.values())
        return {row: math.exp(log - high) / total for row, log in self.rows.items()}


def case(seed: int) -> Case:
    choose = Random(seed)
    language = random_language(seed)
    length = choose.choice([1, 2, 3, 4, 4, 5, 5])
    automaton = token_automaton(language.compiled, choose.choice([length, length, length + 2]))
    cells = random_cells(choose, language, length)
    # sometimes what the constraint needs is as good as ruled out
    spread = choose.choice([1.0, 5.0, 400.0])
    numbers = np.random.default_rng(seed)
    logits = numbers.normal(size=(length, language.stop + 1)) * spread
    deletion = choose.uniform(-3, 3)
    rows = {row: weight(row, cells, logits, deletion) for row in completions(language, cells)}
    return Case(language, automaton, cells, logits, deletion, rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_allowed_sets_are_those_of_all_completions(seed: int) -> None:
    this = case(seed)
    canvas = Canvas(this.automaton, this.cells)
    assert canvas.is_possible == bool(this.rows)
    may_delete = canvas.may_delete()
    for place in range(len(this.cells)):
        found = {row[place] for row in this.rows}
        assert set(canvas.allowed_tokens(place)) == found - {DELETED}
        assert may_delete[place] == (DELETED in found)


def test_the_cases_are_of_every_kind() -> None:
    cases = [case(seed) for seed in SEEDS]
    possible = [this for this in cases if this.rows]
    assert 40 < len(possible) < len(cases) - 10
    assert sum(len(this.rows) > 10 for this in possible) > 15
    assert sum(DELETED in row for this in possible for row in this.rows) > 100
    assert len({this.language.name for this in cases}) > 40


@pytest.mark.parametrize("seed", SEEDS)
def test_weights_are_those_of_all_completions(seed: int) -> None:
    this = case(seed)
    board = this.board()
    if not this.rows:
        assert board.log_total() == -math.inf
        assert (board.posterior(), board.best_path(), board.sample(np.zeros(len(this.cells)))) == (None, None, None)
        return
    high = max(this.rows.values())
    expected = high + math.log(math.fsum(math.exp(log - high) for log in this.rows.values()))
    assert board.log_total() == pytest.approx(expected, abs=1e-9, rel=1e-12)
    chances = this.chances()
    classes, deletions = board.posterior() or pytest.fail("no posterior")
    for place in this.open_positions():
        for class_ in range(this.automaton.classes):
            tokens = set(this.automaton.tokens_of(class_).tolist())
            share = math.fsum(chance for row, chance in chances.items() if row[place] in tokens)
            assert classes[place, class_] == pytest.approx(share, abs=1e-9)
        left_out = math.fsum(chance for row, chance in chances.items() if row[place] == DELETED)
        assert deletions[place] == pytest.approx(left_out, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_path_is_the_heaviest_completion(seed: int) -> None:
    this = case(seed)
    if not this.rows:
        return
    canvas = Canvas(this.automaton, this.cells)
    logits = this.logits.astype(np.float32)
    canvas.weigh(logits, deletions=this.deletion)
    best = canvas.best()
    exact = {row: weight(row, this.cells, logits.astype(np.float64), this.deletion) for row in this.rows}
    found = tuple(best.cells.tolist())
    assert found in exact
    assert best.log_weight == pytest.approx(max(exact.values()), abs=1e-5, rel=1e-9)
    assert exact[found] == pytest.approx(max(exact.values()), abs=1e-5, rel=1e-9)
    chances = this.chances()
    for place, (cell, confidence) in enumerate(zip(best.cells, best.confidence, strict=True)):
        same = math.fsum(chance for row, chance in chances.items() if row[place] == cell)
        assert confidence == pytest.approx(same, abs=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_fewest_tokens_in_gaps(seed: int) -> None:
    this = case(seed)
    canvas = Canvas(this.automaton, this.cells)
    expected = fewest(this, Random(seed))
    gaps = canvas.fewest_in_gaps()
    if expected is None:
        assert gaps is None
        return
    assert gaps is not None
    assert sum(gap.needed for gap in gaps) == expected
    # with as many it is possible, and exactly so
    exact: list[int] = []
    for place, cell in enumerate(this.cells):
        if cell not in (OPEN, OPTIONAL):
            exact.append(int(cell))
        exact += [OPEN] * sum(gap.needed for gap in gaps if gap.start == place)
    assert not exact or Canvas(this.automaton, exact).is_possible


def fewest(this: Case, choose: Random) -> int | None:
    """By trying gaps of any length, the automaton's in all."""
    runs: list[int | None] = []
    for cell in this.cells:
        if cell in (OPEN, OPTIONAL):
            if not runs or runs[-1] is not None:
                runs.append(None)
        elif cell != DELETED:
            runs.append(int(cell))
        elif runs and runs[-1] is None:
            runs.append(DELETED)
    fixed = sum(run is not None and run != DELETED for run in runs)
    gaps = sum(run is None for run in runs)
    for total in range(max(this.automaton.length - fixed, -1) + 1):
        if total and not gaps:
            break
        for shares in splits(total, gaps):
            left = iter(shares)
            cells = [cell for run in runs for cell in ([OPEN] * next(left) if run is None else [run])]
            if any(True for _ in completions(this.language, np.array(cells, dtype=np.int64))):
                return total
    return None


def splits(total: int, count: int) -> list[list[int]]:
    if count == 0:
        return [[]] if total == 0 else []
    return [[first, *rest] for first in range(total + 1) for rest in splits(total - first, count - 1)]
