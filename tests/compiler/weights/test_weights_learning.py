"""Observations: what they come to, which states they make, and that weights bring draws nearer to the model's law."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from weights_toys import (
    STOP,
    VOCABULARY,
    WIDTH,
    Node,
    allowed,
    calibrated,
    key_of,
    observe,
    prompted_law,
    unigram_law,
    walk,
)

from constrain import ArtifactError, Vocabulary, compile_json_schema, compile_regex
from constrain.compiler.weights import Future, FutureWeights, Lump, OnlineFuture, fitted
from constrain.compiler.weights import lump as lump_module

IDS = {VOCABULARY.token(token_id): token_id for token_id in range(STOP)}
NESTED = {
    "$ref": "#/$defs/v",
    "$defs": {"v": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/v"}}, {"const": 1}]}},
}


def test_rows_hold_all_that_is_allowed() -> None:
    compiled, law = compile_regex("[abc]{1,4}x?", VOCABULARY), prompted_law(1, "")
    lump = Lump(compiled)
    observe(lump, compiled.matcher(), law(()))
    expected = float(law(())[allowed(compiled.matcher())].sum())
    with pytest.raises(ValueError, match="of what comes after it"):
        fitted(lump, key_of(compiled), guesses=0)
    for token_id in allowed(compiled.matcher()).tolist():
        observe(lump, walk(compiled.matcher(), [token_id]), law((token_id,)))
    row = fitted(lump, key_of(compiled), guesses=0).chain()
    assert row.goes_on(0) == pytest.approx(expected, rel=1e-6)
    assert row.ends[0] == 0.0


def test_means_of_several_observations() -> None:
    compiled = compile_regex("a*", VOCABULARY)
    lump = Lump(compiled)
    token_id = np.array([IDS[b"a"]])
    for chance, end in ((0.5, 0.2), (0.1, 0.6)):
        lump.observe(compiled.matcher(), token_id, np.log([chance]), math.log(end))
    weights = fitted(lump, key_of(compiled), guesses=0)
    assert weights.states == 1
    assert weights.values.tolist() == pytest.approx([0.3])
    assert weights.ends.tolist() == pytest.approx([0.4])
    assert weights.counts.tolist() == [2.0]
    # 0.4 + 0.3 (0.4 + 0.3 (...))
    future = Future(compiled, weights)
    assert future.chance(compiled.matcher(), 2) == pytest.approx(0.4 + 0.12 + 0.036)
    assert future.chance(compiled.matcher(), 10_000) == pytest.approx(0.4 / 0.7)
    assert future.chance(compiled.matcher(), -1) == 0.0


def test_where_only_the_end_is_left_it_is_certain() -> None:
    compiled = compile_regex("ab", VOCABULARY)
    lump = Lump(compiled)
    law = unigram_law(1)(())
    for text in ([], [IDS[b"a"]]):
        observe(lump, walk(compiled.matcher(), text), law)
    over = walk(compiled.matcher(), [IDS[b"ab"]])
    lump.observe(over, np.zeros(0, np.int64), np.zeros(0), math.log(0.01))  # the model is not asked there
    future = Future(compiled, fitted(lump, key_of(compiled), guesses=0))
    assert future.chance(over, 0) == 1.0
    both = float(law[IDS[b"ab"]] + law[IDS[b"a"]] * law[IDS[b"b"]])
    assert future.chance(compiled.matcher(), 2) == pytest.approx(both, rel=1e-5)


def test_of_many_tokens_the_likeliest_are_looked_up() -> None:
    words = [f"{number:x}".encode() for number in range(6_000)]
    vocabulary = Vocabulary([*words, b"."], [len(words) + 1], vocab_size=len(words) + 2)
    compiled = compile_regex("[0-9a-f]{1,3}(\\.[0-9a-f]*)?", vocabulary)
    random = np.random.default_rng(3)
    logprobs = np.full(len(words) + 1, -np.inf)
    matcher = compiled.matcher()
    token_ids = np.flatnonzero(matcher.lumps_after(np.arange(len(words) + 1)))
    assert len(token_ids) > lump_module.LOOKED_UP
    drawn = random.normal(0, 4, len(token_ids))
    logprobs = drawn - np.log(np.exp(drawn).sum()) + math.log(0.8)
    lump = Lump(compiled)
    lump.observe(matcher, token_ids, logprobs)
    found = lump.places[0].row
    assert sum(found.values()) == pytest.approx(0.8)
    after = matcher.lumps_after(token_ids)
    for number, chance in found.items():
        exact = np.exp(logprobs[after == lump.places[number].key]).sum()
        assert chance == pytest.approx(exact, rel=0.02)


def test_states_deep_inside_are_found_again() -> None:
    """A state tells little of what is open further out: texts that lead there must be those that were observed."""
    compiled = compile_json_schema(NESTED, VOCABULARY, whitespace="compact")
    lump, law = Lump(compiled), unigram_law(4)(())
    deep = compiled.matcher()
    for token in (b"[[", b"[[", b"[[", b"1", b"]]", b"]]", b"]]"):
        observe(lump, deep, law)
        assert deep.accept_token(IDS[token])
        if deep.lump() not in {place.key for place in lump.places}:
            pytest.fail(f"{token!r} leads to no state")
    weights = fitted(lump, key_of(compiled), guesses=0)
    again = Lump(compiled, weights)
    assert {place.key for place in again.places} <= {place.key for place in lump.places}
    assert len(again.places) == weights.states > 4


def test_what_was_seen_goes_on_where_it_was_left() -> None:
    compiled = compile_regex("a[abc]{2,5}x|b(0|1)*", VOCABULARY)
    laws = [prompted_law(2, "one"), prompted_law(2, "two")]
    weights = fitted(calibrated(compiled, laws, 20, 8), key_of(compiled))
    again = fitted(Lump(compiled, weights), key_of(compiled))
    one, other = Future(compiled, weights), Future(compiled, again)
    matcher = compiled.matcher()
    for token in (b"a", b"ab", b"c"):
        for left in (0, 3, 9):
            assert one.chance(matcher, left) == pytest.approx(other.chance(matcher, left), rel=1e-4)
        matcher.accept_token(IDS[token])
    more = Lump(compiled, weights)
    for _ in range(3_000):
        observe(more, compiled.matcher(), unigram_law(9)(()))
    shifted = fitted(more, key_of(compiled)).chain()
    expected = unigram_law(9)(())[allowed(compiled.matcher())].sum()
    assert shifted.goes_on(0) == pytest.approx(expected, rel=0.05)


def test_unknown_states_count_as_their_brothers() -> None:
    compiled = compile_regex("(a|b)x[abc]*|[01]{3}", VOCABULARY)
    lump, law = Lump(compiled), unigram_law(6)(())
    observe(lump, compiled.matcher(), law)
    observe(lump, walk(compiled.matcher(), [IDS[b"a"]]), law)
    observe(lump, walk(compiled.matcher(), [IDS[b"a"], IDS[b"x"]]), law)
    future = Future(compiled, fitted(lump, key_of(compiled), guesses=0, least=1e-9))
    token_ids = np.array([IDS[b"a"], IDS[b"0"], IDS[b"x"]])
    known, unknown, refused = future.log_psi_after(compiled.matcher(), token_ids, 6)
    assert known == unknown  # the only one that is known is the mean
    assert refused == -np.inf
    elsewhere = walk(compiled.matcher(), [IDS[b"0"]])
    assert future.log_psi(elsewhere, 6) == 0.0
    assert future.log_psi_after(elsewhere, np.array([IDS[b"1"]]), 6).tolist() == [0.0]


def test_weights_need_an_observation() -> None:
    compiled = compile_regex("a*", VOCABULARY)
    with pytest.raises(ValueError, match="observations at the start"):
        fitted(Lump(compiled), key_of(compiled))


LANGUAGES = {
    "nested": (lambda: compile_json_schema(NESTED, VOCABULARY, whitespace="compact"), 5),
    "text": (lambda: compile_regex('"[abc]{0,4}"', VOCABULARY), 5),
    "trap": (lambda: compile_regex("a[abc]{3}n|b(0|1)*|(0|1){4}-", VOCABULARY), 5),
}


def divergences(name: str, seed: int) -> tuple[float, float, float]:
    """Of masks, of weights that were fitted on other prompts, and of weights learnt online."""
    compiled, most = LANGUAGES[name][0](), LANGUAGES[name][1]
    tree = Node.tree(compiled.matcher(), most)
    assert tree is not None
    laws = [prompted_law(seed, f"training {index}") for index in range(5)]
    held_out = prompted_law(seed, "test")
    lump = calibrated(compiled, laws, 30, most, seed)
    future = Future(compiled, FutureWeights.from_bytes(fitted(lump, key_of(compiled)).to_bytes()))
    online, random = OnlineFuture(compiled), np.random.default_rng(seed)
    for _ in range(30):
        node: Node | None = tree
        while node is not None:
            here = held_out(node.text)
            token_ids = allowed(node.matcher)
            end = math.log(here[STOP]) if node.matcher.is_accepting() else -math.inf
            online.observe(node.matcher, token_ids, np.log(here[token_ids]), end)
            node = list(node.children.values())[int(random.integers(len(node.children)))] if node.children else None
    online.refresh()
    plain = tree.divergence(held_out, lambda node, ids: np.zeros(len(ids)))
    weighed = tree.divergence(held_out, lambda node, ids: future.log_psi_after(node.matcher, ids, node.left - 1))
    learnt = tree.divergence(held_out, lambda node, ids: online.log_psi_after(node.matcher, ids, node.left - 1))
    return plain, weighed, learnt


@pytest.mark.parametrize("name", LANGUAGES)
def test_weights_bring_draws_nearer_to_the_law(name: str) -> None:
    plain, weighed, learnt = np.mean([divergences(name, seed) for seed in range(3)], axis=0)
    assert plain > 0.2
    assert weighed < plain / 4
    assert learnt < plain / 4


def test_no_power_is_no_weights() -> None:
    compiled = LANGUAGES["trap"][0]()
    weights = fitted(calibrated(compiled, [prompted_law(1, "")], 5, 6), key_of(compiled), beta=0.0)
    future = Future(compiled, weights)
    found = future.log_psi_after(compiled.matcher(), np.arange(WIDTH - 1), 3)
    assert set(found.tolist()) == {0.0, -np.inf}


def test_online_begins_with_nothing_and_with_weights() -> None:
    compiled = LANGUAGES["trap"][0]()
    matcher, token_ids = compiled.matcher(), allowed(compiled.matcher())
    online = OnlineFuture(compiled, beta=0.5)
    assert not online.log_psi_after(matcher, token_ids, 4).any()
    assert online.observations == 0
    weights = fitted(calibrated(compiled, [prompted_law(1, "")], 9, 6), key_of(compiled), beta=0.25)
    begun = OnlineFuture(compiled, weights)
    static = Future(compiled, weights)
    np.testing.assert_array_equal(
        begun.log_psi_after(matcher, token_ids, 4), static.log_psi_after(matcher, token_ids, 4)
    )
    assert begun.beta == 0.25
    law = prompted_law(8, "")(())
    for _ in range(300):
        begun.observe(matcher, token_ids, np.log(law[token_ids]))
    assert begun.observations == 300
    assert not np.allclose(begun.log_psi_after(matcher, token_ids, 4), static.log_psi_after(matcher, token_ids, 4))
    assert begun.weights(key_of(compiled)).counts[0] > 300


USED_BY_ANOTHER = """
import json, sys
import numpy as np
from constrain import CompiledGrammar, Vocabulary
from constrain.compiler.weights import Future, FutureWeights
with open(sys.argv[1], "rb") as file:
    vocabulary = Vocabulary.from_bytes(file.read())
compiled = CompiledGrammar.load(sys.argv[2], vocabulary)
future = Future(compiled, FutureWeights.from_bytes(compiled.weights))
matcher = compiled.matcher()
said = []
for token_id in json.loads(sys.argv[3]):
    said += [future.log_psi_after(matcher, np.arange(vocabulary.vocab_size - 1), left).tolist() for left in (0, 2, 7)]
    matcher.accept_token(token_id)
print(json.dumps(said))
"""


def test_another_process_finds_its_states_again(tmp_path: Path) -> None:
    compiled = compile_json_schema(NESTED, VOCABULARY, whitespace="compact")
    weights = fitted(calibrated(compiled, [prompted_law(1, "")], 12, 12), key_of(compiled))
    carrying = compiled.with_weights(weights.to_bytes())
    files = [tmp_path / "vocabulary", tmp_path / "grammar"]
    files[0].write_bytes(VOCABULARY.to_bytes())
    carrying.save(files[1])
    text = [IDS[token] for token in (b"[[", b"1", b",", b"[", b"1", b"]]")]
    future, matcher, expected = Future(compiled, weights), compiled.matcher(), []
    for token_id in text:
        expected += [future.log_psi_after(matcher, np.arange(WIDTH - 1), left).tolist() for left in (0, 2, 7)]
        assert matcher.accept_token(token_id)
    done = subprocess.run(
        [sys.executable, "-c", USED_BY_ANOTHER, *map(str, files), json.dumps(text)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert json.loads(done.stdout) == expected
    assert len({tuple(row) for row in expected}) > 6


def test_bytes_of_other_things_are_refused() -> None:
    compiled = compile_regex("a*", VOCABULARY).with_weights(b"something else")
    assert compiled.weights is not None
    with pytest.raises(ArtifactError):
        FutureWeights.from_bytes(compiled.weights)
