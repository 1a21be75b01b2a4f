"""The benchmark of masks, end to end on a few rows with this engine, and its judgements one by one."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from masks.main import main
from masks.report import report, targets
from masks.results import EngineRun, InstanceResult, Run, SchemaResult, read_run, write_run
from masks.sample import Row, choose, in_schema_order, instance_text, read_rows
from masks.tokenizer import Tokenizer as BenchmarkTokenizer

SOURCE = Path(__file__).resolve().parents[2]

ROWS: list[dict[str, Any]] = [
    {
        "id": "right",
        "split": "a",
        "schema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
        "tests": [
            {"valid": True, "data": {"n": 12}},
            {"valid": False, "data": {"n": "x"}, "keyword": "type"},
            {"valid": False, "data": {}, "keyword": "required"},
        ],
    },
    {
        "id": "mislabelled",
        "split": "b",
        "schema": {"enum": ["é", "e"]},
        "tests": [{"valid": False, "data": "é", "keyword": "enum"}, {"valid": True, "data": "f"}],
    },
    {
        "id": "ordered",
        "split": "b",
        "schema": {"type": "array", "items": {"type": "object", "properties": {"b": {}, "a": {"maximum": 1}}}},
        "tests": [
            {"valid": True, "data": [{"b": 2, "a": 1}]},
            {"valid": True, "data": [{"a": 1, "b": 2}]},
            {"valid": True, "data": [{"a": 2, "b": 2}]},
        ],
    },
    {"id": "refused", "split": "b", "schema": {"type": "no-such-type"}, "tests": [{"valid": True, "data": 1}]},
]


def write_rows(path: Path) -> None:
    lines = [json.dumps({"_meta": {"source": "made for this test"}}), *map(json.dumps, ROWS)]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))


def test_token_bytes(tokenizer_folder: Path) -> None:
    tokenizer = BenchmarkTokenizer(tokenizer_folder)
    assert tokenizer.token_bytes() == [*(bytes([byte]) for byte in range(256)), b'{"', None]
    assert tokenizer.eos_id == 257
    assert tokenizer.vocab_size == 258
    assert tokenizer.encode('{"é"') == [256, 0xC3, 0xA9, ord('"')]


def test_a_run_judges_each_schema(tmp_path: Path, tokenizer_folder: Path) -> None:
    write_rows(tmp_path / "rows.jsonl.gz")
    copy = tmp_path / "checkout" / "benchmarks"  # results of a run are kept beside the code
    shutil.copytree(SOURCE / "benchmarks", copy, ignore=shutil.ignore_patterns(".peers", "results", "__pycache__"))
    command = [sys.executable, str(copy / "masks" / "run.py"), "--engines", "constrain", "--name", "tried"]
    other = shutil.copytree(tokenizer_folder, tmp_path / "other")
    command += ["--data", str(tmp_path / "rows.jsonl.gz"), "--sample", "0"]
    command += ["--tokenizer", str(tokenizer_folder), "--tokenizer", str(other)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "4 schemas, 9 instances" in done.stderr
    assert "wrong accept  mislabelled  instance 0  enum" in done.stdout
    assert "wrong reject  mislabelled  instance 1" in done.stdout
    assert "1 refused: SchemaError" in done.stdout

    run = read_run(copy / "results" / "tried" / "raw" / "bytes" / "maskbench")
    assert run.engines["constrain"].worker_starts == 3
    first, second, ordered, refused = run.engines["constrain"].schemas
    assert [instance.verdict for instance in first.instances] == ["right"] * 3
    assert first.handled
    assert first.ttfm_us is not None
    assert first.instances[0].rejected_at is None
    assert len(first.instances[0].mask_ns) == len(first.instances[0].accept_ns) == len('{"n": 12}') - 1
    assert [instance.verdict for instance in second.instances] == ["wrong accept", "wrong reject"]
    assert [instance.verdict for instance in ordered.instances] == ["right", "key order", "wrong reject"]
    assert refused.status == "unsupported"
    assert read_run(copy / "results" / "tried" / "raw" / "other" / "maskbench").engines["constrain"].schemas[0].handled
    assert report(run) in (copy / "results" / "tried" / "summary.md").read_text()


def test_declared_keys_come_first_and_in_order() -> None:
    schema = {"properties": {"b": {"items": {"properties": {"d": {}, "c": {}}}}, "a": {}, "z": {}}}
    ordered = in_schema_order({"x": {"c": 1}, "a": 1, "b": [{"c": 1, "d": 2}, 3]}, schema)
    assert json.dumps(ordered) == '{"b": [{"d": 2, "c": 1}, 3], "a": 1, "x": {"c": 1}}'
    assert in_schema_order([{"c": 1}], True) == [{"c": 1}]


def test_keys_are_ordered_through_references_and_branches() -> None:
    schema = {
        "allOf": [{"properties": {"b": {"$ref": "#/$defs/x~1y"}}}, {"$ref": "#/$defs/gone"}, {"$ref": "#"}],
        "properties": {"c": {}},
        "additionalProperties": {"anyOf": [{"properties": {"f": {}}}, {"properties": {"e": {}}}]},
        "$defs": {
            "x/y": {"items": {"oneOf": [{"$ref": "#/$defs/z"}]}},
            "z": {"then": {"properties": {"q": {}, "p": {}}}},
        },
    }
    data = {"a": {"e": 1, "f": 2}, "b": [{"p": 1, "q": 2}], "c": 0}
    expected = {"c": 0, "b": [{"q": 2, "p": 1}], "a": {"f": 2, "e": 1}}
    assert json.dumps(in_schema_order(data, schema)) == json.dumps(expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "none.jsonl"], "no data at"),
        (["hard", "soft"], "no part is called soft"),
        (["hard", "--tokenizer", "{folder}"], "two have the same"),
        (["hard", "--engines", "constrain,unknown"], "no engine is called unknown"),
        (["hard", "--tokenizer", "none"], "no tokenizer at"),
    ],
)
def test_bad_arguments_are_explained(
    arguments: list[str],
    message: str,
    tokenizer_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = [argument.format(folder=tokenizer_folder) for argument in arguments]
    monkeypatch.setattr(sys, "argv", ["run.py", "--tokenizer", str(tokenizer_folder), *arguments])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("instance", "verdict"),
    [
        (InstanceResult(True, may_stop=True), "right"),
        (InstanceResult(True, may_stop=False), "wrong reject"),
        (InstanceResult(True, rejected_at=3), "wrong reject"),
        (InstanceResult(True, rejected_at=3, in_order=True), "key order"),
        (InstanceResult(False, may_stop=True), "wrong accept"),
        (InstanceResult(False, may_stop=False), "right"),
        (InstanceResult(False, rejected_at=0), "right"),
        (InstanceResult(False, error="panic"), "engine error"),
    ],
)
def test_verdicts(instance: InstanceResult, verdict: str) -> None:
    assert instance.verdict == verdict


def test_choice_is_proportional_and_repeatable() -> None:
    rows = [
        Row(f"{split}{index}", split, {}) for split, size in (("a", 80), ("b", 19), ("c", 1)) for index in range(size)
    ]
    chosen = choose(rows, 20, seed=7)
    assert chosen == choose(rows, 20, seed=7) != choose(rows, 20, seed=8)
    assert [sum(row.split == split for row in chosen) for split in "abc"] == [16, 3, 1]
    assert choose(rows, 0, seed=7) == rows


def test_shared_rows_are_read(shared_data: Path) -> None:
    source, rows = read_rows(shared_data / "maskbench" / "sample.jsonl.gz")
    assert source
    assert len(rows) == 609
    assert len(choose(rows, 300, seed=7)) == 300


def test_instance_text() -> None:
    assert instance_text({"é": [1, 2]}, compact=False) == '{"é": [1, 2]}'
    assert instance_text({"é": [1, 2]}, compact=True) == '{"é":[1,2]}'
    assert instance_text("\ud800", compact=True) == '"\\ud800"'


def test_ratios_are_over_common_ground(tmp_path: Path) -> None:
    def result(status: Any, mask_us: int) -> SchemaResult:
        instance = InstanceResult(True, None, [mask_us * 1000] * 2, [1000, 1000], may_stop=True)
        return SchemaResult("s", "a", status, compile_us=1, ttfm_us=2, instances=[instance])

    engines = {
        "constrain": EngineRun("constrain", "1", 0.1, 20, 1, 1, [result("done", 5), result("done", 1000)]),
        "llguidance": EngineRun("llguidance", "2", 0.1, 20, 1, 1, [result("done", 10), result("timeout", 10)]),
    }
    settings = {"date": "2026-01-01", "processor": "a", "data": "d", "tokenizer_name": "t", "clock": "cpu"}
    settings |= {"schemas": "2", "seed": "7", "instances": "2"}
    run = Run(settings | {"tokens": 4, "vocab_size": 9, "compact": False, "rounds": 3}, engines)
    write_run(run, tmp_path)
    text = report(read_run(tmp_path))
    common = text[text.index("common ground of constrain, llguidance: 1 schemas") :]
    (line,) = [line for line in common.splitlines() if line.startswith("| mask, mean")]
    assert line.split("|")[2].strip() == "5.00 (0.50x)"
    assert line.split("|")[3].strip() == "10.0"
    held = {target.name: target for target in targets(run)}
    assert held["MaskBench: mask, mean, ratio to llguidance"].met
    assert held["MaskBench: mask + accept, mean, ratio to llguidance"].measured == pytest.approx(6 / 11)
