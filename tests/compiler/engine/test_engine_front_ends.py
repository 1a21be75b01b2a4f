"""Masks of a real vocabulary under what the front ends make: their corpora, the shipped grammars, real schemas."""

from __future__ import annotations

import gzip
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from engine_driver import Tokens
from engine_oracle import LIMITS, Oracle, check, position_after

from constrain import Grammar, InputError, UnsatisfiableError, grammars
from constrain.compiler import json_schema, lark, regex
from constrain.compiler.lark.header import read_header
from constrain.errors import LimitError, UnsupportedError

BLOCKS = 80
"""Parts of MaskBench's sample; the first runs always, the next few with --slow: a vocabulary's tokens take a while."""

LONGEST = 600
"""Bytes of a text that are looked at."""


def check_along(source: str, grammar: Grammar, text: bytes, tokens: Tokens, random: Random, count: int) -> int:
    """Check the masks at the start and at some places of a text, as far as it can be read; returns how many."""
    try:
        oracle = Oracle(grammar)
    except UnsatisfiableError:
        return 0
    compiled = tokens.compile(grammar, LIMITS)
    viable = compiled.matcher().viable_prefix(text[:LONGEST])
    places = {0, viable, *random.choices(range(viable + 1), k=count)}
    found = [position_after(oracle, text[:place], tokens) for place in sorted(places)]
    if viable < len(text[:LONGEST]):
        assert oracle.advance(found[-1].state, text[viable]) is None
    for position in random.sample(found, len(found)):
        check(compiled, position, tokens, source, "cold, then as texts go on")
    return len(found)


def build_schema(schema: Any) -> Grammar | None:
    """A schema's grammar; None when it has something that isn't implemented.

    Items may repeat: of distinct ones, the reference doesn't know every dead end (see test_engine_distinct.py).
    """
    try:
        return json_schema.build(without_distinct_items(schema), whitespace="flexible")
    except (UnsupportedError, LimitError):
        return None


def without_distinct_items(schema: Any) -> Any:
    """A schema without its ``uniqueItems``."""
    if isinstance(schema, dict):
        kept = {key: part for key, part in schema.items() if key != "uniqueItems" or part is not True}
        return {key: without_distinct_items(part) for key, part in kept.items()}
    return [without_distinct_items(part) for part in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize(
    ("corpus", "source", "texts", "build"),
    [
        ("json_schema", "schema", "accepts", lambda text: json_schema.build(text)),
        ("lark", "grammar", "texts", lark.build),
        ("regex_python", "pattern", "texts", regex.build),
    ],
    ids=["json_schema", "lark", "regex"],
)
def test_corpora(
    corpus: str,
    source: str,
    texts: str,
    build: Callable[[str], Grammar],
    root: Path,
    tekken_vocabulary_tokens: Tokens,
    request: pytest.FixtureRequest,
) -> None:
    cases = tomllib.loads((root / f"tests/data/{corpus}.toml").read_text("utf-8"))["case"]
    masks, random = 0, Random(corpus)
    for case in cases if request.config.getoption("--slow") else random.sample(cases, 8):
        try:
            grammar = build(case[source])
        except InputError:
            continue
        for text in random.sample(case[texts], min(2, len(case[texts]))):
            masks += check_along(case[source], grammar, text.encode(), tekken_vocabulary_tokens, random, 2)
    assert masks > 20


@pytest.mark.parametrize(
    "name", [name for name in grammars.names() if read_header(grammars.load(name)).lexer == "complete"]
)
def test_shipped_grammars(
    name: str, root: Path, tekken_vocabulary_tokens: Tokens, request: pytest.FixtureRequest
) -> None:
    accepted = tomllib.loads((root / f"tests/grammars/data/{name}.toml").read_text("utf-8"))["accepted"]
    random = Random(name)
    text = random.choice(sorted(accepted, key=len)[len(accepted) // 2 :])
    grammar, count = lark.build(grammars.load(name)), 4 if request.config.getoption("--slow") else 3
    assert check_along(name, grammar, text.encode(), tekken_vocabulary_tokens, random, count) > 2


@pytest.mark.parametrize(
    "block", [pytest.param(block, marks=[pytest.mark.slow] if block else []) for block in range(16)]
)
def test_real_schemas(block: int, shared_data: Path, tekken_vocabulary_tokens: Tokens) -> None:
    """MaskBench's sample, along its instances, written narrow and wide."""
    with gzip.open(shared_data / "maskbench/sample.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines][1:]
    masks = 0
    for row in rows[block::BLOCKS]:
        grammar, random = build_schema(row["schema"]), Random(row["id"])
        if grammar is not None and row["tests"]:
            indent, separators = random.choice([(None, (",", ":")), (None, (", ", ": ")), (2, (",", ": "))])
            instance = random.choice(row["tests"])["data"]
            text = json.dumps(instance, ensure_ascii=False, indent=indent, separators=separators)
            masks += check_along(row["id"], grammar, text.encode(), tekken_vocabulary_tokens, random, 4)
    assert masks > 20
