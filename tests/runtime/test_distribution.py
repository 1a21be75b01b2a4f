"""The pure functions of sampling, each against the obvious loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from constrain.runtime.decoding.distribution import draw, log_sum_exp, normalise
from constrain.runtime.decoding.penalties import apply_count_penalties, apply_repetition_penalty
from constrain.runtime.decoding.truncation import keep_min_p, keep_top_k, keep_top_p

# few distinct values make ties, and minus infinity is a logit that models give
logit = st.sampled_from([-math.inf, -50.0, -3.0, -1.0, -0.5, 0.0, 0.25, 1.0, 2.0, 30.0]) | st.floats(-20, 20)
logits = st.lists(logit, min_size=1, max_size=30).filter(lambda values: max(values) > -math.inf)


def probabilities(values: list[float]) -> list[float]:
    total = math.fsum(math.exp(value) for value in values)
    return [math.exp(value) / total for value in values]


@given(logits)
def test_log_sum_exp_and_normalise(values: list[float]) -> None:
    array = np.array(values)
    assert log_sum_exp(array) == pytest.approx(math.log(math.fsum(math.exp(value) for value in values)), abs=1e-9)
    assert np.exp(normalise(array)) == pytest.approx(probabilities(values), abs=1e-12)


def test_log_sum_exp_neither_overflows_nor_fails() -> None:
    assert log_sum_exp(np.array([1e6, 1e6])) == pytest.approx(1e6 + math.log(2))
    assert log_sum_exp(np.array([-np.inf, -np.inf])) == -np.inf


@given(logits, st.integers(1, 40))
def test_top_k(values: list[float], k: int) -> None:
    best = sorted(range(len(values)), key=lambda index: (-values[index], index))[:k]
    assert np.flatnonzero(keep_top_k(np.array(values), k)).tolist() == sorted(best)


@given(logits, st.floats(0.01, 1.0))
def test_top_p(values: list[float], p: float) -> None:
    shares = probabilities(values)
    kept = np.flatnonzero(keep_top_p(np.array(values), p)).tolist()
    if p == 1.0:
        assert kept == list(range(len(values)))
        return
    order = sorted(range(len(values)), key=lambda index: (-values[index], index))
    assert sorted(order[: len(kept)]) == kept  # a prefix of the order of likelihood
    assert math.fsum(shares[index] for index in kept) >= p - 1e-9  # enough
    assert math.fsum(shares[index] for index in order[: len(kept) - 1]) < p + 1e-9  # and one fewer is not


def test_top_p_of_a_flat_distribution_looks_past_its_first_guess() -> None:
    assert keep_top_p(np.zeros(10_000), 0.5).sum() == 5000


@given(logits, st.floats(0.0, 1.0))
def test_min_p(values: list[float], p: float) -> None:
    peak = max(values)
    keep = keep_min_p(np.array(values), p)
    for value, kept in zip(values, keep.tolist(), strict=True):
        ratio = math.exp(value - peak)
        if abs(ratio - p) > 1e-9:
            assert kept == (ratio >= p)
    assert keep[values.index(peak)]


@given(logits)
def test_draws_follow_the_distribution(values: list[float]) -> None:
    array, shares, count = np.array(values), probabilities(values), 500
    drawn = [draw(array, (index + 0.5) / count) for index in range(count)]
    for index, share in enumerate(shares):
        assert abs(drawn.count(index) - share * count) <= 1.0001
    assert drawn == sorted(drawn)


@given(logits)
def test_the_ends_of_the_unit_interval_never_draw_the_impossible(values: list[float]) -> None:
    possible = {index for index, value in enumerate(values) if math.exp(value - max(values)) > 0}
    for uniform in (0.0, 5e-324, 0.5, 1.0 - 2**-53):
        assert draw(np.array(values), uniform) in possible


@given(logits, st.sets(st.integers(0, 29)), st.floats(0.1, 5.0))
def test_repetition_penalty(values: list[float], seen: set[int], penalty: float) -> None:
    seen = {index for index in seen if index < len(values)}
    expected = [
        (value / penalty if value > 0 else value * penalty) if index in seen else value
        for index, value in enumerate(values)
    ]
    array = np.array(values)
    assert apply_repetition_penalty(array, seen, penalty).tolist() == expected
    assert array.tolist() == values  # not in place


@given(logits, st.dictionaries(st.integers(0, 29), st.integers(1, 5)), st.floats(-2, 2), st.floats(-2, 2))
def test_count_penalties(values: list[float], counts: dict[int, int], presence: float, frequency: float) -> None:
    counts = {index: count for index, count in counts.items() if index < len(values)}
    expected = [
        value - (presence + frequency * counts[index]) if index in counts else value
        for index, value in enumerate(values)
    ]
    array = np.array(values)
    assert apply_count_penalties(array, counts, presence, frequency).tolist() == pytest.approx(expected)
    assert array.tolist() == values
