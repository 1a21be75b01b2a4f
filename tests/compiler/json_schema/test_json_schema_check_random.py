"""Random schemas: the judge of ``check`` and jsonschema-rs agree about random values in random spellings."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from test_json_schema_random import Writer

from constrain.cli.constraint import Constraint
from constrain.cli.json_documents import JsonJudge
from constrain.errors import LimitError, SchemaError, UnsatisfiableError, UnsupportedError

SEEDS = range(50_000, 50_300)


def spelled(value: Any, source: random.Random) -> str:
    """A value in some spelling: blanks, order and escapes as it comes."""

    def blanks() -> str:
        return "".join(source.choices(" \t\n\r", k=source.choice([0, 0, 0, 1, 2, 200])))

    def escaped(character: str) -> str:
        units = character.encode("utf-16-be").hex()
        return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))

    def text(characters: str) -> str:
        written = [
            escaped(each) if source.random() < 0.2 else json.dumps(each, ensure_ascii=False)[1:-1]
            for each in characters
        ]
        return f'"{"".join(written)}"'

    def write(part: Any) -> str:
        if isinstance(part, str):
            return blanks() + text(part) + blanks()
        if isinstance(part, list):
            return f"{blanks()}[{','.join(map(write, part)) or blanks()}]{blanks()}"
        if isinstance(part, dict):
            members = [f"{write(name)}:{write(each)}" for name, each in source.sample(list(part.items()), len(part))]
            return f"{blanks()}{{{','.join(members) or blanks()}}}{blanks()}"
        return blanks() + json.dumps(part) + blanks()

    return write(value)


def test_verdicts_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSTRAIN_CACHE_DIR", str(tmp_path))
    judged = valid = 0
    for seed in SEEDS:
        writer = Writer(seed)
        schema = writer.schema()
        if "$ref" in json.dumps(schema):
            schema = {**schema, "$defs": {"x": writer.schema(1), "y": writer.schema(2)}}
        try:
            judge = JsonJudge(Constraint("schema", json.dumps(schema), "a schema"))
        except (UnsupportedError, LimitError, UnsatisfiableError, SchemaError):
            continue
        validator = jsonschema_rs.validator_for(schema, validate_formats=True)
        for _ in range(12):
            value = writer.value()
            text = spelled(value, writer.random)
            assert json.loads(text) == value
            findings = judge.findings(text.encode())
            assert (not findings) == validator.is_valid(value), (seed, schema, text)
            # the place is the first one from which no text goes on: what is before it does not depend on what follows
            if findings:
                offset = findings[0].offset
                assert offset is not None
                before = text.encode()[:offset]
                # what is before it may be a whole text
                assert all(found.offset in (offset, len(before.rstrip())) for found in judge.findings(before)[:1])
                assert len(findings) > 1, (seed, schema, text)
            judged += 1
            valid += not findings
    assert judged > 8 * len(SEEDS)
    assert judged / 8 < valid < judged


@pytest.mark.slow
def test_verdicts_agree_on_many_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.SEEDS", range(60_000, 61_500))
    test_verdicts_agree(tmp_path, monkeypatch)
