"""Sweeps against NumPy, and against going through all texts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from weights_toys import VOCABULARY, Node, key_of, observe, unigram_law, walk

from constrain import compile_json_schema, compile_lark, compile_regex
from constrain._core import expected_future
from constrain.compiler.weights import Future, Lump, fitted
from constrain.compiler.weights.chain import MOST_LEFT, Chain, Sweeps

Rows = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]


def random_chain(seed: int, states: int, most: int = 7) -> Rows:
    random = np.random.default_rng(seed)
    indptr = np.append(0, np.cumsum(random.integers(0, most + 1, states)))
    indices = random.integers(0, states, indptr[-1])
    values, ends = random.random(indptr[-1]), random.random(states)
    total = np.bincount(np.repeat(np.arange(states), np.diff(indptr)), values, states) + ends
    allowed = random.choice([0.3, 0.9, 1.0], states)
    return indptr, indices, values * np.repeat(allowed / total, np.diff(indptr)), ends * allowed / total


def dense(rows: Rows) -> NDArray[np.float64]:
    indptr, indices, values, ends = rows
    matrix = np.zeros((len(ends), len(ends)))
    for state in range(len(ends)):
        for at in range(indptr[state], indptr[state + 1]):
            matrix[state, indices[at]] += values[at]
    return matrix


@pytest.mark.parametrize("seed", range(8))
def test_sweeps_are_products_of_matrices(seed: int) -> None:
    rows = random_chain(seed, 1 + seed * 13)
    found = expected_future(*rows, 30)
    expected, matrix, ends = [rows[3]], dense(rows), rows[3]
    for _ in range(30):
        expected.append(ends + matrix @ expected[-1])
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert found.max() <= 1.0
    assert (np.diff(found, axis=0) >= -1e-15).all()
    np.testing.assert_array_equal(expected_future(*rows, 20, found[10]), found[10:])


def test_many_states_over_threads() -> None:
    rows = random_chain(1, 9_000, 20)
    found = expected_future(*rows, 3)
    indptr, indices, values, ends = rows
    of = np.repeat(np.arange(len(ends)), np.diff(indptr))
    for before, after in pairwise(found):
        np.testing.assert_allclose(after, ends + np.bincount(of, values * before[indices], len(ends)), rtol=1e-12)


def test_certain_ends_stay_certain() -> None:
    """Shares that come to 1, as exactly as numbers can: no sum may be above."""
    states, random = 200, np.random.default_rng(3)
    values = random.random((states, 11))
    values /= values.sum(axis=1, keepdims=True)
    ends = np.zeros(states)
    ends[0], values[0] = 1.0, 0.0
    found = expected_future(
        np.arange(0, 11 * states + 1, 11), random.integers(0, states, 11 * states), values.ravel(), ends, 4_000
    )
    assert found.max() == 1.0
    assert found[-1].min() > 0.99


def test_a_chain_that_ended_stays_as_it_is() -> None:
    indptr, indices = np.array([0, 1, 1]), np.array([1])
    found = expected_future(indptr, indices, np.array([0.5]), np.array([0.25, 1.0]), 60_000)
    assert found.shape == (60_001, 2)
    np.testing.assert_array_equal(found[[0, 1, 60_000]], [[0.25, 1.0], [0.75, 1.0], [0.75, 1.0]])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"indptr": np.array([0, 1])}, "indptr must have 3 numbers, not 2"),
        ({"indptr": np.array([0, 2, 1])}, "indptr must rise from 0 to 1"),
        ({"indptr": np.array([0, 1, 1], dtype=np.int32)}, "indptr must be a NumPy array of int64"),
        ({"indices": np.array([2])}, "indices must be from 0 to 1"),
        ({"indices": np.array([-1])}, "indices must be from 0 to 1"),
        ({"indices": np.array([1, 1])}, "as many"),
        ({"values": np.array([np.nan])}, "finite"),
        ({"values": np.array([-0.5])}, "finite"),
        ({"values": np.array([0.8])}, "more than 1"),
        ({"values": np.array([[0.5]])}, "values must be a NumPy array of float64 with one dimension"),
        ({"ends": np.array([np.inf, 0.0])}, "finite"),
        ({"first": np.array([0.5])}, "a chance for each state"),
        ({"first": np.array([0.5, 1.5])}, "a chance for each state"),
        ({"steps": 1 << 17}, "too many at once"),
    ],
)
def test_arrays_that_make_no_chain(change: dict[str, object], reason: str) -> None:
    arguments: dict[str, object] = {
        "indptr": np.array([0, 1, 1]),
        "indices": np.array([1]),
        "values": np.array([0.5]),
        "ends": np.array([0.3, 1.0]),
        "steps": 3,
    }
    assert expected_future(**arguments).shape == (4, 2)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=reason):
        expected_future(**{**arguments, **change})  # type: ignore[arg-type]


def test_rows_are_made_as_far_as_asked_for() -> None:
    rows = random_chain(4, 30)
    sweeps, all_rows = Sweeps(Chain(*rows)), expected_future(*rows, MOST_LEFT)
    for left in (0, 40, 3, 200, 41, MOST_LEFT, MOST_LEFT + 5_000):
        np.testing.assert_array_equal(sweeps.row(left), all_rows[min(left, MOST_LEFT)])
    assert not sweeps.row(-1).any()


LANGUAGES = {
    "trap": lambda: compile_regex("a[abc]{2}k|b[abc]*x?|(0|1){3}-", VOCABULARY),
    "nested": lambda: compile_json_schema(
        {"anyOf": [{"type": "array", "items": {"$ref": "#"}}, {"const": 1}]}, VOCABULARY, whitespace="compact"
    ),
    "expression": lambda: compile_lark('start: part ("+" part)*\npart: "x" | "(" start ")"', VOCABULARY),
}


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_chance_to_end_is_that_of_all_texts(name: str) -> None:
    """Where a state says all about what comes, and every state was observed, nothing is approximate."""
    compiled, law, most = LANGUAGES[name](), unigram_law(2), 5
    tree = Node.tree(compiled.matcher(), most)
    assert tree is not None
    lump, nodes = Lump(compiled), [tree]
    for node in nodes:
        nodes.extend(node.children.values())
        observe(lump, node.matcher, law(()))
    future = Future(compiled, fitted(lump, key_of(compiled), guesses=0))
    compared = 0
    for node in nodes:
        # no text of so few tokens opens more than a state tells, and closes it again
        for left in range(4 - len(node.text)):
            within = Node.tree(node.matcher, left)
            expected = within.chance(law) if within else 0.0
            assert future.chance(node.matcher, left) == pytest.approx(expected, rel=1e-5, abs=1e-12)
            compared += expected > 0
    assert compared > 10


def test_weights_of_tokens_are_chances_after_them() -> None:
    compiled, law = LANGUAGES["trap"](), unigram_law(3)
    tree = Node.tree(compiled.matcher(), 5)
    assert tree is not None
    lump, nodes = Lump(compiled), [tree]
    for node in nodes:
        nodes.extend(node.children.values())
        observe(lump, node.matcher, law(()))
    weights = fitted(lump, key_of(compiled), beta=0.5, least=1e-12, guesses=0)
    future, token_ids = Future(compiled, weights), np.arange(VOCABULARY.vocab_size - 1)
    for left in range(5):
        found = future.log_psi_after(tree.matcher, token_ids, left)
        for token_id, log_psi in zip(token_ids.tolist(), found.tolist(), strict=True):
            if token_id not in tree.children:
                assert log_psi == -np.inf
                continue
            further = walk(tree.matcher, [token_id])
            chance = max(future.chance(further, left), 1e-300)
            if chance > 1e-9:
                assert log_psi == pytest.approx(0.5 * np.log(chance))
                assert future.log_psi(further, left) == pytest.approx(log_psi)
