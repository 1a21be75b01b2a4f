"""Random schemas against two validators, in both directions, with fixed seeds.

An instance that the validators take is taken: in every spelling where every spelling is asked for, and by default in
some order of its members. One that they refuse is taken in none. What a random walk through the masks writes is valid.
All of it holds, too, where objects with choices always run in lockstep, where they never do, and where what subschemas
evaluate is kept.
"""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from json_schema_random import Judges, Writer, number_of_spellings, spellings

from constrain import CompiledGrammar, Vocabulary
from constrain.compiler import compile_grammar, json_schema
from constrain.compiler.json_schema import algebra
from constrain.compiler.json_schema.options import read_options
from constrain.errors import ConstrainError, LimitError, UnsatisfiableError, UnsupportedError

EVERYTHING = {"whitespace": "flexible", "order": "any", "numbers": "any", "escapes": "any"}
"""The options that take every RFC 8259 text."""

MOST_SPELLINGS = 150
"""Orders of members that are tried of one value."""

INTEGRAL = re.compile(r"\.0\b|e\+")

FORCED = {
    "lockstep": {"combinations": 1},
    "product": {"combinations": 10**9},
    "annotations": {"annotates": True},
}
"""Ways of compiling that must not differ in what they take."""

Outcome = CompiledGrammar | ConstrainError
Compile = Callable[..., CompiledGrammar]
Takes = Callable[[CompiledGrammar, str], bool]


class Examiner:
    """Compiles schemas in several ways and asks all of the results the same."""

    def __init__(self, compiled: Compile, vocabulary: Vocabulary, takes: Takes, forced: bool) -> None:
        self._compiled = compiled
        self._vocabulary = vocabulary
        self._takes = takes
        self._forced = forced
        self.seen: Counter[str] = Counter()
        """How many outcomes and comparisons there were of each kind."""

    def examine(self, seed: int) -> None:
        """One schema and what is near it."""
        writer = Writer(seed)
        schema = writer.document()
        default = self._outcome(lambda: self._compiled(schema))
        any_spelling = {"as it is": self._outcome(lambda: self._compiled(schema, **EVERYTHING))}
        if self._forced:
            for name, way in FORCED.items():
                any_spelling[name] = self._outcome(lambda way=way: self._forced_compile(schema, **way))
        self.seen[type(default).__name__] += 1
        judges = Judges(schema)
        values = [writer.remembered() for _ in range(8)]
        for outcome in (default, default, *any_spelling.values()):
            if isinstance(outcome, CompiledGrammar):
                values.extend(self._walked(outcome, writer, judges, (seed, schema)))
        for value in values:
            for text in (json.dumps(value), writer.respelled(value)):
                verdict = judges.verdict(text)
                for name, outcome in any_spelling.items():
                    self._hold(outcome, [text], verdict, (seed, name, schema, text))
            plain = json.dumps(value)
            # in draft 4, there is no plain spelling of 1.0
            if number_of_spellings(value) <= MOST_SPELLINGS and not (writer.draft == "4" and INTEGRAL.search(plain)):
                self._hold(default, spellings(value), judges.verdict(plain), (seed, schema, value))

    def _walked(self, grammar: CompiledGrammar, writer: Writer, judges: Judges, place: Any) -> list[Any]:
        text = writer.walk(grammar.matcher()).decode()
        verdict = judges.verdict(text)
        assert verdict is not False, (*place, text)
        self.seen["walks judged"] += verdict is not None
        value = json.loads(text)
        if "Infinity" in json.dumps(value):
            return []
        return [value, writer.mutated(value), writer.mutated(writer.mutated(value))]

    def _hold(self, outcome: Outcome, texts: Iterable[str], verdict: bool | None, place: Any) -> None:
        if verdict is None:
            return
        if isinstance(outcome, CompiledGrammar):
            assert any(self._takes(outcome, text) for text in texts) == verdict, (verdict, *place)
            self.seen["valid" if verdict else "invalid"] += 1
        elif isinstance(outcome, UnsatisfiableError):
            assert not verdict, place

    @staticmethod
    def _outcome(compile_it: Callable[[], CompiledGrammar]) -> Outcome:
        try:
            return compile_it()
        except (UnsupportedError, LimitError, UnsatisfiableError) as error:
            return error

    def _forced_compile(self, schema: Any, *, combinations: int | None = None, annotates: bool = False) -> Any:
        with pytest.MonkeyPatch.context() as patched:
            if combinations is not None:
                patched.setattr(algebra, "_FEW_COMBINATIONS", combinations)
            if not annotates:
                return self._compiled(schema, **EVERYTHING)
            grammar = json_schema._lowered(schema, read_options(**EVERYTHING), annotates=True)
            return compile_grammar(grammar, self._vocabulary)


def run(seeds: range, examiner: Examiner) -> None:
    for seed in seeds:
        examiner.examine(seed)
    seen = examiner.seen
    assert seen["CompiledGrammar"] > 0.7 * len(seeds)
    assert seen["walks judged"] > len(seeds)
    assert min(seen["valid"], seen["invalid"]) > 10 * len(seeds)


def test_random_schemas(compiled: Compile, takes: Takes, byte_vocabulary: Vocabulary) -> None:
    run(range(200), Examiner(compiled, byte_vocabulary, takes, forced=True))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(6))
def test_many_random_schemas(block: int, compiled: Compile, takes: Takes, byte_vocabulary: Vocabulary) -> None:
    start = 10_000 + 1_000 * block
    run(range(start, start + 1_000), Examiner(compiled, byte_vocabulary, takes, forced=True))


DISPUTES = tomllib.loads((Path(__file__).parents[2] / "data/json_schema_disputes.toml").read_text())["dispute"]


@pytest.mark.parametrize("dispute", DISPUTES, ids=[dispute["name"] for dispute in DISPUTES])
def test_the_specification_decides(dispute: dict[str, Any], compiled: Compile, takes: Takes) -> None:
    schema, text = json.loads(dispute["schema"]), dispute["text"]
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    said = {
        "jsonschema_rs": jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(json.loads(text)),
        "jsonschema": kind(schema, format_checker=kind.FORMAT_CHECKER).is_valid(json.loads(text)),
    }
    # a validator that has been repaired is one to believe again
    assert sorted(name for name, verdict in said.items() if verdict != dispute["valid"]) == dispute["mistaken"]
    assert takes(compiled(schema, **EVERYTHING), text) == dispute["valid"]


def test_random_texts_of_patterns() -> None:
    """Names are held against patterns without the engine; Python's ``re`` is the oracle."""
    from constrain.compiler.json_schema.patterns import matches

    patterns = ["^a", "b$", "a|b", "(ab|a)(c|bcd)", "^(a*b?){2,3}$", "^[^a]+$", "^$", "a{2}", "(a?){3}b", "^(?:|a)+c$"]
    for pattern in patterns:
        for length in range(5):
            for letters in itertools.product("abc", repeat=length):
                text = "".join(letters)
                assert matches(text, pattern) == (re.search(pattern, text) is not None), (pattern, text)
