"""Random texts of each format, and texts that are nearly so: the language and the decision agree."""

from __future__ import annotations

import json
import random
import tomllib
from pathlib import Path
from typing import Any

import pytest

from constrain import CompiledGrammar
from constrain.compiler.json_schema.formats import FORMATS, key_of
from constrain.compiler.json_schema.formats.exact import conforms

CASES = tomllib.loads((Path(__file__).parents[2] / "data/json_schema_formats.toml").read_text())["format"]
BY_FORMAT = pytest.mark.parametrize("case", CASES, ids=[f"{case['name']} {case.get('draft', '')}" for case in CASES])
LONGEST = 90
SAMPLES = 150
# what some format treats in a way of its own
CHARACTERS = (
    "aAfFzZ019-._~:/?#[]@!$&'()*+,;=%\\\"{}|<> \t\0\x7f\x80üßא٠。\u0301\u094d\u200d\u200e\ue000\uffff😀TPYMDWHS"
)


def sample(grammar: CompiledGrammar, rng: random.Random) -> str:
    """A string of the language, with many or few characters beyond ASCII."""
    matcher = grammar.matcher()
    matcher.accept_bytes(b'"')
    written = bytearray(b'"')
    size = rng.randrange(LONGEST)
    ascii_share = rng.choice((0.2, 0.8, 0.98))
    while len(written) <= size and not matcher.is_accepting():
        choices = matcher.next_bytes()
        plain = [byte for byte in choices if byte < 128]
        byte = rng.choice(plain if plain and rng.random() < ascii_share else list(choices))
        matcher.accept_bytes(bytes([byte]))
        written.append(byte)
    text: str = json.loads(bytes(written) + matcher.shortest_completion())
    return text


def mutated(text: str, rng: random.Random) -> str:
    place = rng.randrange(len(text) + 1)
    other = rng.choice((rng.choice(CHARACTERS), text[place : place + 1], "", rng.choice(text or "x")))
    return text[:place] + other + text[place + rng.choice((0, 1, 1, 2)) :]


@BY_FORMAT
def test_language_and_decision_agree(case: dict[str, Any], compiled: Any, takes: Any) -> None:
    key = key_of(case["name"], case.get("draft", "2020-12"))
    assert key is not None
    rng = random.Random(key)
    grammar = compiled({"type": "string", "format": case["name"]}, draft=case.get("draft"))
    samples = [sample(grammar, rng) for _ in range(SAMPLES)]
    assert [text for text in samples if not conforms(key, text)] == []
    near = [mutated(text, rng) for text in samples + case["valid"] * 4 + case["invalid"] * 2]
    near += [mutated(text, rng) for text in near]
    negation = compiled({"type": "string", "not": {"format": case["name"]}}, draft=case.get("draft"))
    exact = FORMATS[key].superset is None
    for text in near:
        spelled = json.dumps(text, ensure_ascii=False)
        taken, decided, refused = takes(grammar, spelled), conforms(key, text), takes(negation, spelled)
        if exact:
            assert (taken, refused) == (decided, not decided), text
        else:
            assert not (taken and not decided), text
            assert not (refused and decided), text


@BY_FORMAT
def test_samples_of_the_negation_do_not_conform(case: dict[str, Any], compiled: Any) -> None:
    key = key_of(case["name"], case.get("draft", "2020-12"))
    assert key is not None
    rng = random.Random(key)
    grammar = compiled({"type": "string", "not": {"format": case["name"]}}, draft=case.get("draft"))
    assert [text for text in (sample(grammar, rng) for _ in range(SAMPLES // 3)) if conforms(key, text)] == []
