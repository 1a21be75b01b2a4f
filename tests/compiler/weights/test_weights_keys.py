"""Weights for something else are refused, and the message says for what."""

from __future__ import annotations

from dataclasses import replace

import pytest
from weights_toys import VOCABULARY, calibrated, key_of, prompted_law

from constrain import ArtifactError, Vocabulary, compile_regex
from constrain.compiler.weights import Future, FutureWeights, Lump, WeightsKey, fitted

COMPILED = compile_regex("a[bc]*", VOCABULARY)
KEY = WeightsKey.of(COMPILED, "a" * 64, "org/one", 0.7)


@pytest.mark.parametrize(
    ("wanted", "parts"),
    [
        (replace(KEY, temperature=1.0), ["the temperature 0.7, not for 1"]),
        (replace(KEY, model="b" * 64, model_name="org/two"), ["the model org/one, not for org/two"]),
        (replace(KEY, model="b" * 64), ["the model org/one (aaaaaaaaaaaa), not for org/one (bbbbbbbbbbbb)"]),
        (replace(KEY, grammar="c" * 64), [f"the grammar {COMPILED.sha256[:12]}, not for cccccccccccc"]),
        (replace(KEY, vocabulary="d" * 64), ["the vocabulary", "not for dddddddddddd"]),
        (replace(KEY, model="b" * 64, temperature=2.0), ["org/one (aaa", "; and for the temperature 0.7, not for 2"]),
    ],
)
def test_what_differs_is_named(wanted: WeightsKey, parts: list[str]) -> None:
    with pytest.raises(ArtifactError) as caught:
        KEY.check(wanted)
    for part in parts:
        assert part in str(caught.value)
    assert caught.value.exit_code == 4


def test_the_same_model_by_another_name_is_the_same() -> None:
    KEY.check(replace(KEY, model_name="/models/one"))


@pytest.mark.parametrize(
    "change",
    [{"model": "A" * 64}, {"grammar": "a"}, {"temperature": 0.0}, {"temperature": float("inf")}, {"model_name": ""}],
)
def test_what_is_no_key(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must (be|have)"):
        replace(KEY, **change)  # type: ignore[arg-type]


def test_the_hash_of_a_language_is_that_of_its_form() -> None:
    wider = Vocabulary([bytes([byte]) for byte in range(256)], [256], vocab_size=257)
    assert compile_regex("a[bc]*", wider).sha256 == COMPILED.sha256
    assert compile_regex("a[bd]*", VOCABULARY).sha256 != COMPILED.sha256
    assert len(COMPILED.sha256) == 64


def test_weights_whose_texts_the_language_refuses() -> None:
    lump = calibrated(COMPILED, [prompted_law(1, "")], 3, 5)
    weights = fitted(lump, key_of(COMPILED))
    other = compile_regex("b[bc]*", VOCABULARY)
    for use in (lambda: Future(other, weights), lambda: Lump(other, weights)):
        with pytest.raises(ArtifactError, match="does not allow the token"):
            use()
    with pytest.raises(ArtifactError, match="the grammar"):
        weights.check(key_of(other))
    weights.check(key_of(COMPILED))
    FutureWeights.from_bytes(weights.to_bytes()).check(key_of(COMPILED))
