"""Commits: what is part of one completion is safe together, and what is found after them is what is found anew."""

from __future__ import annotations

import math
from collections import Counter
from random import Random

import numpy as np
import pytest
from canvas_oracle import completions, language_of, random_cells, random_language, weight
from goodness_of_fit import p_value

from constrain import BudgetError, ModelError, UnsatisfiableError
from constrain.compiler.canvas import token_automaton
from constrain.runtime.diffusion import DELETED, OPEN, OPTIONAL, Canvas, Gap

LETTERS = [b"a", b"b", b"aa", b"ab", b"ba"]


@pytest.mark.parametrize("seed", range(60))
def test_any_part_of_a_path_can_be_committed_and_completed(seed: int) -> None:
    choose, numbers = Random(seed), np.random.default_rng(seed)
    language = random_language(seed)
    length = choose.randint(1, 8)
    automaton = token_automaton(language.compiled, length)
    canvas = Canvas(automaton, np.where(random_cells(choose, language, length) == OPTIONAL, OPTIONAL, OPEN))
    if not canvas.is_possible:
        return
    while canvas.is_open.any():
        canvas.weigh(numbers.normal(size=(length, language.stop + 1)).astype(np.float32) * 8)
        path = canvas.sample(numbers) if choose.random() < 0.5 else canvas.best()
        left = np.flatnonzero(canvas.is_open)
        chosen = left[[choose.random() < 0.4 for _ in left]] if choose.random() < 0.9 else left[:1]
        canvas.commit(chosen, path.cells[chosen])
        assert canvas.is_possible
        # incremental sets and sums are those of a new canvas
        anew = canvas.copy()
        assert (canvas.allowed_classes() == anew.allowed_classes()).all()
        assert (canvas.may_delete() == anew.may_delete()).all()
    assert canvas.is_complete
    assert next(completions(language, canvas.cells)) == tuple(canvas.cells)


@pytest.mark.parametrize("seed", range(40))
def test_weights_outlast_commits(seed: int) -> None:
    choose, numbers = Random(seed), np.random.default_rng(seed)
    language = random_language(seed)
    length = choose.randint(2, 8)
    automaton = token_automaton(language.compiled, length)
    canvas = Canvas(automaton, np.where(random_cells(choose, language, length) == OPTIONAL, OPTIONAL, OPEN))
    if not canvas.is_possible:
        return
    logits = numbers.normal(size=(length, language.stop + 1)).astype(np.float32) * 4
    canvas.weigh(logits, deletions=0.5)
    canvas.log_total()
    while canvas.is_open.any():
        path = canvas.sample(numbers)
        left = np.flatnonzero(canvas.is_open)
        chosen = numbers.permutation(left)[: choose.randint(1, 2)]
        canvas.commit(chosen, path.cells[chosen])
        anew = canvas.copy()
        anew.weigh(logits, deletions=0.5)
        assert canvas.log_total() == pytest.approx(anew.log_total(), abs=1e-9)
        np.testing.assert_allclose(canvas.posterior().classes, anew.posterior().classes, atol=1e-9)
        np.testing.assert_allclose(canvas.posterior().deletions, anew.posterior().deletions, atol=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_samples_follow_the_law(seed: int) -> None:
    language = language_of("(?:ab?|b){1,4}", LETTERS)
    cells = np.array([OPEN, OPTIONAL, 1, OPEN])
    numbers = np.random.default_rng(seed)
    logits = numbers.normal(size=(4, 6)).astype(np.float32)
    law = {row: weight(row, cells, logits / 1.5, -0.3) for row in completions(language, cells)}
    total = math.log(math.fsum(math.exp(log) for log in law.values()))
    canvas = Canvas(token_automaton(language.compiled, 4), cells)
    canvas.weigh(logits, temperature=1.5, deletions=-0.3)
    assert canvas.log_total() == pytest.approx(total, abs=1e-5)
    drawn = [canvas.sample(numbers) for _ in range(4_000)]
    for path in drawn[:50]:
        assert path.log_weight == pytest.approx(law[tuple(path.cells.tolist())], abs=1e-5)
    counts = Counter(tuple(path.cells.tolist()) for path in drawn)
    assert len(law) > 20
    assert p_value(counts, {row: log - total for row, log in law.items()}) > 1e-3


def test_what_is_allowed_alone_may_not_be_together() -> None:
    language = language_of("aa|bb", LETTERS)
    canvas = Canvas(token_automaton(language.compiled, 2), [OPEN, OPEN])
    assert 0 in canvas.allowed_tokens(0)
    assert 1 in canvas.allowed_tokens(1)
    canvas.weigh(np.zeros((2, 6), dtype=np.float32))
    before = canvas.log_total()
    with pytest.raises(ValueError, match="together leave no completion"):
        canvas.commit([0, 1], [0, 1])
    assert list(canvas.cells) == [OPEN, OPEN]
    # aa; bb; the token of both letters with a stop token behind it
    assert canvas.log_total() == before == pytest.approx(math.log(3))
    canvas.commit([0], [0])
    assert list(canvas.allowed_tokens(1)) == [0]


def test_commits_that_are_none_are_refused() -> None:
    language = language_of("[ab]*", LETTERS)
    canvas = Canvas(token_automaton(language.compiled, 4), [OPEN, OPTIONAL, 0])
    for positions, cells in [([2], [0]), ([0], [DELETED]), ([0], [OPEN]), ([3], [0]), ([-1], [0]), ([0, 0], [0, 0])]:
        with pytest.raises(ValueError, match="position"):
            canvas.commit(positions, cells)
    canvas.commit([1], [DELETED])
    assert list(canvas.cells) == [OPEN, DELETED, 0]
    with pytest.raises(ValueError, match="no weights yet"):
        canvas.best()


def test_a_canvas_below_the_minimum_says_how_long_it_must_be() -> None:
    language = language_of("a{7}b", LETTERS)
    automaton = token_automaton(language.compiled, 12)
    assert automaton.fewest_tokens == 4
    Canvas.of_parts(automaton, [Gap(4)]).require_possible()
    with pytest.raises(BudgetError, match="shortest completion has 4 tokens, its gaps have 4 at position 0"):
        Canvas.of_parts(automaton, [Gap(3)]).require_possible()
    with pytest.raises(BudgetError, match=r"has 5 tokens, its gaps have 2 at position 1 \(there are 1\), 1 at"):
        Canvas.of_parts(automaton, [[0], Gap(1, optional=True), [0], Gap(1)]).require_possible()
    with pytest.raises(UnsatisfiableError, match="however many tokens"):
        Canvas.of_parts(automaton, [[1], Gap(5)]).require_possible()


def test_tokens_that_end_inside_a_character_are_no_letters() -> None:
    """A walk over tokens takes what keeps a string alive as a whole; these do, but lead elsewhere."""
    tokens = [b'"', b"a", b"ab\xc3", b"ab\xe2\x82", b"\xa9", b"\xac", b"ab"]
    canvas = Canvas(token_automaton(language_of('"[^"]*"', tokens).compiled, 5), [0, OPEN, OPEN, OPEN, 0])
    canvas.commit([1], [2])
    assert set(canvas.allowed_tokens(2)) == {4, 5}
    canvas.commit([2], [5])
    assert set(canvas.allowed_tokens(3)) == {1, 6}


def test_stop_tokens_and_padding_stand_behind_the_text() -> None:
    language = language_of("ab", LETTERS)
    with_padding = token_automaton(language.compiled, 6)
    stop = language.stop
    canvas = Canvas(with_padding, [OPEN] * 4)
    assert set(canvas.allowed_tokens(3)) == {stop}
    assert set(canvas.allowed_tokens(1)) == {1, stop}
    assert not Canvas(with_padding, [stop, OPEN, OPEN]).is_possible
    assert Canvas(with_padding, [3, stop, stop]).is_complete


def test_logits_that_rule_all_out_or_are_none() -> None:
    language = language_of("a|b", LETTERS)
    canvas = Canvas(token_automaton(language.compiled, 2), [OPEN, OPEN])
    logits = np.zeros((2, 6), dtype=np.float32)
    logits[0, :2] = -np.inf
    canvas.weigh(logits)
    assert canvas.log_total() == -math.inf
    for ask in (canvas.best, canvas.posterior, lambda: canvas.sample(np.random.default_rng(0))):
        with pytest.raises(ModelError, match="rules out every completion"):
            ask()
    for bad in (np.nan, np.inf):
        logits[0, 1] = bad
        with pytest.raises(ModelError, match="position 0 have NaN or infinity"):
            canvas.weigh(logits)
    with pytest.raises(ModelError, match="logits of 5 tokens, but the vocabulary has 6"):
        canvas.weigh(np.zeros((2, 5), dtype=np.float32))
    with pytest.raises(ValueError, match="logits must be"):
        canvas.weigh(np.zeros((3, 6), dtype=np.float32))
    for temperature in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="temperature"):
            canvas.weigh(np.zeros((2, 6), dtype=np.float32), temperature=temperature)
    with pytest.raises(ValueError, match="deletions"):
        canvas.weigh(np.zeros((2, 6), dtype=np.float32), deletions=math.nan)


def test_kinds_of_logits_say_the_same() -> None:
    import torch

    language = language_of("[ab]*", LETTERS)
    automaton = token_automaton(language.compiled, 5)
    # numbers that all kinds have
    numbers = torch.tensor(np.random.default_rng(5).integers(-16, 16, size=(5, 9)) / 4)
    totals = []
    for kind in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
        canvas = Canvas(automaton, [OPEN, OPTIONAL, 1, OPEN, OPEN])
        canvas.weigh(numbers.to(kind))
        best = canvas.best()
        totals.append((canvas.log_total(), canvas.log_normaliser(), best.log_weight, *best.cells, *best.confidence))
    assert totals[1:] == totals[:1] * 3
    wide = numbers.numpy().astype(np.float64)
    expected = sum(np.logaddexp.reduce(wide[place, :6]) for place in (0, 1, 3, 4))
    assert totals[0][1] == pytest.approx(expected, abs=1e-5)


def test_canvases_that_are_none_are_refused() -> None:
    language = language_of("a*", LETTERS)
    automaton = token_automaton(language.compiled, 3)
    for cells, text in [([], "one row"), ([[OPEN]], "one row"), ([OPEN] * 4, "longer than"), ([-4], "can't be -4")]:
        with pytest.raises(ValueError, match=text):
            Canvas(automaton, cells)
    assert not Canvas(automaton, [10**6]).is_possible
    with pytest.raises(ValueError, match="slots"):
        Gap(-1)
