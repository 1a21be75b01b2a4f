"""g++ reads samples of the grammar for C++, after declarations of what they name, as Clang does in the other tests."""

from __future__ import annotations

import random

import judge_gcc
import pytest
from grammar_texts import accepts, samples, texts
from test_grammar_samples import mutated

pytestmark = pytest.mark.skipif(not judge_gcc.is_there(), reason="there is no g++ on this machine")


def test_texts_and_samples_are_read() -> None:
    assert judge_gcc.refused([*texts("cpp")["accepted"], *samples("cpp", 100)]) == {}


def test_the_compiler_can_refuse() -> None:
    rejected = texts("cpp")["rejected"]
    assert len(judge_gcc.refused(rejected)) > len(rejected) / 2
    # among others as well, in one run
    assert judge_gcc.refused(["int a;", "int f( {}", "int b;", "int x", "struct C { int a; };"]).keys() == {1, 3}


def test_whatever_is_accepted_near_a_sample_is_read(request: pytest.FixtureRequest) -> None:
    source = random.Random(9)
    near = [*texts("cpp")["accepted"], *texts("cpp")["rejected"], *samples("cpp", 50, seed=4)]
    number = 5000 if request.config.getoption("--slow") else 300
    found = [text for text in (mutated(near, source) for _ in range(number)) if accepts("cpp", text)]
    assert [found[index] for index in judge_gcc.refused(found)] == []
    assert len(found) > number / 50


@pytest.mark.slow
def test_a_thousand_samples_are_read() -> None:
    drawn = samples("cpp", 1000, seed=2)
    assert judge_gcc.refused(drawn) == {}
    assert len(set(drawn)) > 300
