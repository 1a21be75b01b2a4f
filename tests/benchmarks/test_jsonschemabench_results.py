"""Results that a run keeps and goes on from, and what is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from corpus.keywords import facts
from corpus.outcomes import outcome_of, reason_of
from corpus.report import Findings, report
from corpus.store import Store, StoreError, digest
from masks.results import EngineRun, InstanceResult, SchemaResult
from masks.sample import Instance, Row

ROW = Row("a", "A", {"type": "string"}, [Instance(True, "x")])
ABOUT = {"version": "1", "setup_s": 0.5, "clock_ns": 7}


def test_walks_are_kept_and_a_torn_line_is_not(tmp_path: Path) -> None:
    path = tmp_path / "raw" / "constrain.jsonl"
    store = Store(path, {"limit_s": 20})
    walk = SchemaResult("a", "A", compile_us=1.5, instances=[InstanceResult(True, None, [5, 6], [7], place="p")])
    store.begin(ABOUT)
    store.add(digest(ROW), walk)
    with path.open("a") as file:
        file.write('{"id": "b", "digest"')
    again = Store(path, {"limit_s": 20})
    assert (again.about, again.walks(ROW, digest(ROW))) == (ABOUT, [walk])
    again.begin(ABOUT)
    again.add(digest(ROW), walk)
    assert len(Store(path, {"limit_s": 20}).walks(ROW, digest(ROW))) == 2


def test_another_row_under_the_same_id_has_no_walks(tmp_path: Path) -> None:
    store = Store(tmp_path / "e.jsonl", {})
    store.begin(ABOUT)
    store.add(digest(ROW), SchemaResult("a", "A"))
    for other in (Row("a", "A", {"type": "null"}, ROW.instances), Row("a", "A", ROW.schema)):
        assert digest(other) != digest(ROW)
        assert store.walks(other, digest(other)) == []


def test_walks_made_another_way_are_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    Store(path, {"limit_s": 20}).begin(ABOUT)
    with pytest.raises(StoreError, match="limit_s 20, and this run has 5: name another --out"):
        Store(path, {"limit_s": 5})
    with pytest.raises(StoreError, match="version 1, and this run has 2"):
        Store(path, {"limit_s": 20}).begin(ABOUT | {"version": "2"})
    path.write_text("[]\n")
    with pytest.raises(StoreError, match="no file of results"):
        Store(path, {})


def refused(error: str, pointer: str | None = None) -> SchemaResult:
    return SchemaResult("a", "A", "unsupported", error, pointer)


FORMAT = {"properties": {"format": {"uniqueItems": True}, "a": {"format": "color"}}}


@pytest.mark.parametrize(
    ("result", "schema", "outcome", "reason"),
    [
        (SchemaResult("a", "A"), {}, "compiled", None),
        (SchemaResult("a", "A", "timeout", compile_us=3.0), {}, "compiled", None),
        (SchemaResult("a", "A", "timeout"), {}, "timeout", None),
        (SchemaResult("a", "A", "crash", exit=-9), {"type": 3}, "crash", None),
        (refused("SchemaError: no (at /type)", "/type"), {"type": 3}, "invalid", "SchemaError: no"),
        (refused("ValueError: bad type"), {"type": 3}, "invalid", "ValueError: bad type"),
        (refused("LimitError: 5 states"), {}, "limit", "LimitError: N states"),
        (refused("UnsatisfiableError: no value"), {}, "unsatisfiable", "UnsatisfiableError: no value"),
        (refused("UnsupportedError: format 'color'", "/properties/a/format"), FORMAT, "unknown format", "format color"),
        (refused("UnsupportedError: odd", "/properties/format"), FORMAT, "refused", "odd"),
        (refused("UnsupportedError: odd"), FORMAT, "refused", "odd"),
        (
            refused("UnsupportedError: uniqueItems is not supported here (at /x)", "/properties/format/uniqueItems"),
            FORMAT,
            "refused",
            "uniqueItems",
        ),
        (refused("UnsupportedError: $ref leads away", "/$ref"), {"$ref": "u"}, "refused", "$ref: $ref leads away"),
        (refused("ValueError: Unknown format: color"), FORMAT, "unknown format", "ValueError: Unknown format: color"),
        (refused("ValueError: Format x is not supported by Outlines"), {}, "unknown format", None),
        (refused("ValueError: information is not supported"), {}, "refused", None),
    ],
)
def test_outcomes_and_reasons(result: SchemaResult, schema: Any, outcome: str, reason: str | None) -> None:
    assert outcome_of(result, schema, facts(schema)) == outcome
    if reason is not None:
        assert reason_of(result, schema) == reason


def cells(text: str, title: str, label: str) -> list[str]:
    """The figures of one line of a table."""
    lines = text[text.index(title) :].splitlines()
    (line,) = [
        line for line in lines[: lines.index("", 2) if "" in lines[2:] else None] if line.startswith(f"| {label}")
    ]
    return [cell.strip() for cell in line.split("|")[2:-1]]


def test_tables() -> None:
    rows = [
        Row("1", "A", {"type": "string", "format": "color"}, [Instance(True, "x"), Instance(False, 1)]),
        Row("2", "A", {"type": "integer"}, [Instance(False, "x", "type")]),
        Row("3", "B", {"type": "null"}),
    ]
    good, bad = InstanceResult(True, None, [5], [5], may_stop=True), InstanceResult(False, "format", [5], may_stop=True)
    walked = SchemaResult("1", "A", compile_us=1, ttfm_us=2, instances=[good, bad])
    late = SchemaResult("2", "A", "timeout", compile_us=1, ttfm_us=2)
    bare = SchemaResult("3", "B", compile_us=1, ttfm_us=2)
    unknown = refused("UnsupportedError: format 'color' is not supported here", "/format")
    right = SchemaResult(
        "2", "A", compile_us=1, ttfm_us=2, instances=[InstanceResult(False, "type", [5], rejected_at=0)]
    )
    answered = [
        SchemaResult(row.id, row.split, compile_us=1, instances=[InstanceResult(valid, may_stop=True)])
        for row, valid in zip(rows[:2], (True, False), strict=True)
    ] + [SchemaResult("3", "B", error="not judged: the answer was cut off", compile_us=1)]
    engines = {
        "constrain": EngineRun("constrain", "1", 0.1, 20, 0, 0, [unknown, right, bare]),
        "xgrammar": EngineRun("xgrammar", "2", 0.1, 20, 0, 0, [walked, late, bare]),
        "server": EngineRun("server", "model", 0.0, 60, 0, 0, answered),
    }
    settings = {"date": "2026-01-01", "data": "copy", "available": 9, "chosen": 4, "tokenizer": "t", "vocab_size": 5}
    settings |= {"compact": False, "clock": "cpu", "rounds": 1, "machine": "a machine"}
    known = [facts(row.schema) for row in rows]
    text = report(Findings(settings, rows, known, engines, ["constrain", "xgrammar"], {"llama.cpp": "no package"}))
    assert "3 schemas of 4 chosen, 9 in copy; 3 instances; 1 schemas have none" in text
    assert "* llama.cpp: not run, no package" in text
    assert cells(text, "Coverage\n", "**compiled**") == ["2", "3", "3", "not run"]
    assert cells(text, "Coverage\n", "refused: a `format`") == ["1", "0", "0", "not run"]
    assert cells(text, "Compliance:", "schemas with") == ["2", "2", "-", "not run"]
    assert cells(text, "Compliance:", "**compiled, and") == ["1", "0", "-", "not run"]
    assert cells(text, "Compliance:", "**wrong accept**") == ["0", "1", "-", "not run"]
    assert cells(text, "Compliance:", "of these, instances that break only a `format`") == ["0", "1", "-", "not run"]
    assert cells(text, "Compliance:", "out of time") == ["0", "1", "-", "not run"]
    assert cells(text, "Coverage by dataset", "A ") == ["2", "1 (50.0 %)", "2 (100.0 %)", "2 (100.0 %)", "not run"]
    assert cells(text, "Compliance by dataset", "A ") == ["2", "1 (50.0 %)", "0 (0.0 %)", "-", "not run"]
    assert "| B " not in text[text.index("Compliance by dataset") : text.index("Coverage by keyword")]
    assert cells(text, "Coverage by keyword", "type ") == ["3", "2 (66.7 %)", "3 (100.0 %)", "3 (100.0 %)", "not run"]
    assert cells(text, "Coverage by `format`", "color ") == ["1", "0 (0.0 %)", "1 (100.0 %)", "1 (100.0 %)", "not run"]
    assert cells(text, "What constrain refused", "format color ") == ["1"]
    assert "What xgrammar refused" not in text
    assert cells(text, "Answers of the server (model)", "valid") == ["1"]
    assert cells(text, "Answers of the server (model)", "**not valid**") == ["1"]
    assert cells(text, "Answers of the server (model)", "not judged: the answer was cut off") == ["1"]
