"""``json`` agrees with Python's json module on texts near those of its table; names of shipped grammars."""

from __future__ import annotations

import json
import random

import pytest
from grammar_texts import accepts, texts

from constrain import GrammarError, grammars


def is_json(text: str) -> bool:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


def test_json_examples() -> None:
    table = texts("json")
    assert [text for text in table["accepted"] if not is_json(text)] == []
    assert [text for text in table["rejected"] if is_json(text)] == []


def test_json_agrees_with_python_on_mutated_texts() -> None:
    source = random.Random(7)
    alphabet = '{}[]:, "\\/bu0123456789+-.eEtrufalsn\n\x01é'
    originals = [*texts("json")["accepted"], *texts("json")["rejected"]]
    verdicts = set()
    for _ in range(3000):
        text = source.choice(originals)
        at, size = source.randint(0, len(text)), source.randint(0, 2)
        text = text[:at] + source.choice(alphabet) * source.randint(0, 2) + text[at + size :]
        verdict = is_json(text)
        assert accepts("json", text) == verdict, text
        verdicts.add(verdict)
    assert verdicts == {True, False}


def test_an_unknown_name_lists_the_known_ones() -> None:
    assert "json" in grammars.names()
    for ask in (grammars.load, grammars.describe):
        with pytest.raises(GrammarError, match=r"no grammar is called 'nonsense'.*json"):
            ask("nonsense")
