"""The benchmark of infilling, on bytes: what it measures is there, and what it finds out of paths is true."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import infill
from constrain import Vocabulary, compile_json_schema
from constrain.runtime.diffusion import DELETED

SCHEMAS = [
    {"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}}, "additionalProperties": False},
    {"type": "array", "items": {"$ref": "#"}},
    {"const": "as long as forty bytes, and then some"},
    {"type": "object", "properties": {"a": {"const": 1}}},
]


def test_tables(tokenizer_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tmp_path / "rows.jsonl"
    lines = [
        {"id": f"row-{place}", "split": "own", "schema": schema, "tests": []} for place, schema in enumerate(SCHEMAS)
    ]
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
    options = ["--length", "20", "--max-states", "100", "--closed"]
    infill.main([str(rows), str(tokenizer_folder / "tokenizer.json"), *options])
    printed = capsys.readouterr().out
    for text in ("fit: 2", "over the budget: 1", "longer than the canvas: 1", "no text of the language: 0"):
        assert text in printed
    for name in ("open: whole step", "half decided: commit and masks", "classes"):
        assert f"| {name} |" in printed


def test_objects_are_closed_where_nothing_else_is_said() -> None:
    inner = {"properties": {"b": {"additionalProperties": True, "properties": {}}}}
    assert infill.closed({"anyOf": [inner, {"type": "string"}]}) == {
        "anyOf": [
            {"properties": {"b": {"additionalProperties": True, "properties": {}}}, "additionalProperties": False},
            {"type": "string"},
        ]
    }


def test_paths_are_read_back() -> None:
    vocabulary = Vocabulary([b"1", b"2", b"12", None], [3])
    grammar = compile_json_schema({"const": 12}, vocabulary)
    for cells, expected in [
        ([0, 1], True),
        ([2, 3, 3], True),
        ([0, DELETED, 1, 3], True),
        ([0], False),
        ([0, 3, 1], False),
        ([2, 3, 0], False),
        ([1, 1], False),
    ]:
        assert infill.read_back(grammar, np.array(cells)) == expected
