"""Samples of every shipped grammar, none left out, are read by a program that nobody here wrote."""

from __future__ import annotations

import random
from collections.abc import Callable

import judges_data
import judges_languages
import pytest
from grammar_texts import accepts, samples, texts

from constrain import grammars

JUDGES: dict[str, Callable[[str], object]] = {**judges_data.JUDGES, **judges_languages.JUDGES}
EACH = pytest.mark.parametrize("name", grammars.names())


def refusals(name: str, candidates: list[str]) -> list[tuple[str, str]]:
    """The texts that the judge refuses, and why."""
    found = []
    for text in candidates:
        try:
            JUDGES[name](text)
        except Exception as error:
            found.append((text, f"{type(error).__name__}: {error}"))
    return found


def test_every_grammar_has_a_judge() -> None:
    assert sorted(JUDGES) == grammars.names()


@EACH
def test_accepted_texts_are_read(name: str) -> None:
    assert refusals(name, texts(name)["accepted"]) == []


@EACH
def test_judges_can_refuse(name: str) -> None:
    assert len(refusals(name, texts(name)["rejected"])) >= max(4, len(texts(name)["rejected"]) / 4)


@EACH
def test_fifty_samples_are_read(name: str) -> None:
    assert refusals(name, samples(name, 50)) == []


@EACH
@pytest.mark.slow
def test_a_thousand_samples_are_read(name: str) -> None:
    drawn = samples(name, 1000, seed=2)
    assert refusals(name, drawn) == []
    assert len(set(drawn)) > 300


def mutated(texts: list[str], source: random.Random) -> str:
    """A text near one of these: pieces removed, doubled, or put in from another."""
    text = source.choice(texts)
    for _ in range(source.randint(1, 3)):
        at, size = source.randint(0, len(text)), source.randint(0, 2)
        other = source.choice(texts)
        begin = source.randint(0, len(other))
        put = source.choice(["", text[at : at + size] * 2, other[begin : begin + source.randint(1, 4)]])
        text = text[:at] + put + text[at + size :]
    return text


@pytest.mark.parametrize("name", sorted(judges_data.JUDGES))
def test_whatever_is_accepted_near_a_sample_is_read(name: str, request: pytest.FixtureRequest) -> None:
    source, table = random.Random(name), texts(name)
    near = [*table["accepted"], *table["rejected"], *samples(name, 50, seed=4)]
    number = 5000 if request.config.getoption("--slow") else 300
    found = [text for text in (mutated(near, source) for _ in range(number)) if accepts(name, text)]
    assert refusals(name, found) == []
    assert len(found) > number / 50


@EACH
def test_samples_are_short_and_differ(name: str) -> None:
    drawn = samples(name, 200, seed=3, length=100)
    assert len(set(drawn)) > 60
    shortest = min(len(text.encode()) for text in drawn)
    assert max(len(text.encode()) for text in drawn) < shortest + 100 + 160
