"""The parts of a run beside MaskBench: on small things with this engine, and their tables from known times."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from masks.cases import BatchCase
from masks.cases.strings import identifiers, max_length
from masks.constraint import Constraint
from masks.parts.hard import BatchResult, run_batches, run_cases
from masks.parts.hard_report import case_figures, hard_report
from masks.results import EngineRun, InstanceResult, Run, SchemaResult
from masks.rounds import is_settled, median_walk
from masks.session import Options, Session
from masks.targets import Target, target_table
from masks.tokenizer import Tokenizer
from masks.truncate import truncate

SOURCE = Path(__file__).resolve().parents[2]
LINES = [{"id": "identifiers", "split": "a", "schema": {"type": "integer"}, "tests": [{"valid": True, "data": 12}]}]


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets worker processes import what this process can."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))


@pytest.mark.usefixtures("importable")
def test_cases_and_batches(tmp_path: Path, tokenizer_folder: Path) -> None:
    schema = Constraint("json_schema", {"type": "string"})
    batch = BatchCase("two schemas", [schema, Constraint("regex", "a+")], ['"a"', "aaaa", '""', "b"])
    with Session(Options(["constrain", "constrain-artifact"]), Tokenizer(tokenizer_folder), tmp_path) as session:
        run = run_cases(session, [identifiers(), max_length(10)], 20)
        batches = run_batches(session, [batch], 20)
    assert [result.handled for result in run.engines["constrain"].schemas] == [True, True]
    assert run.engines["constrain"].clock_ns > 0
    assert (batches[0].status, batches[0].rows, batches[0].wrong) == ("done", [4, 3, 2, 1], 1)
    text = hard_report(run, batches).text
    assert "55 right" in text
    assert "1 wrong" in text


@pytest.mark.usefixtures("importable")
def test_each_walk_has_a_process_and_the_median_counts(tmp_path: Path, tokenizer_folder: Path) -> None:
    with Session(Options(["constrain"]), Tokenizer(tokenizer_folder), tmp_path) as session:
        engine = run_cases(session, [identifiers()], 20, rounds=3).engines["constrain"]
    assert engine.worker_starts == 3
    assert [result.handled for result in engine.schemas] == [True]


def walk_of(ttfm_us: float, status: Literal["done", "timeout"] = "done") -> SchemaResult:
    return SchemaResult("case", "hard", status, ttfm_us=ttfm_us)


def test_a_walk_without_an_end_takes_longest() -> None:
    walks = [walk_of(5.0), walk_of(1.0, "timeout"), walk_of(7.0)]
    assert median_walk(walks) is walks[2]
    assert median_walk(walks[:1]) is walks[0]
    assert not is_settled([])
    assert not is_settled([walk_of(1e6)])
    assert is_settled([walk_of(1e6 + 1)])
    assert is_settled([SchemaResult("case", "hard")])


@pytest.mark.usefixtures("importable")
def test_every_part_runs(tmp_path: Path, tokenizer_folder: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, LINES)))
    copy = tmp_path / "checkout" / "benchmarks"  # results of a run are kept beside the code
    shutil.copytree(SOURCE / "benchmarks", copy, ignore=shutil.ignore_patterns(".peers", "results", "__pycache__"))
    command = [sys.executable, str(copy / "masks" / "run.py"), "hard", "repeated", "memory", "scaling"]
    command += ["--engines", "constrain", "--tokenizer", str(tokenizer_folder)]
    command += ["--data", str(tmp_path / "rows.jsonl"), "--only", "identifiers", "--compiles", "3"]
    command += ["--sizes", "257,1000", "--lengths", "1000", "--name", "tried"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    text = (copy / "results" / "tried" / "summary.md").read_text()
    assert text == done.stdout.removesuffix("\n")
    assert "# bytes: 258 ids" in text
    assert "| identifiers | constrain | 55 right |" in text
    assert text.count("Cost against the size of the vocabulary") == 1


def test_a_smaller_tokenizer(tmp_path: Path, tokenizer_folder: Path) -> None:
    whole = Tokenizer(tokenizer_folder)
    assert whole.encode('{"') == [256]
    smaller = truncate(whole, 257, tmp_path / "smaller")
    assert smaller.token_bytes() == [*(bytes([byte]) for byte in range(256)), None]
    assert smaller.eos_id == 256
    assert smaller.encode('{"é') == [*'{"é'.encode()]
    with pytest.raises(ValueError, match="258 ids"):
        truncate(whole, 259, tmp_path / "larger")


def walked(case: str, mask_us: float, *, right: bool = True) -> SchemaResult:
    valid = InstanceResult(True, None, [round(mask_us * 1000) + 500] * 3, [1500] * 3, may_stop=True)
    invalid = InstanceResult(False, None, [9_000_000], [], rejected_at=0 if right else None, may_stop=not right)
    return SchemaResult(case, "hard", compile_us=100, ttfm_us=400, instances=[valid, invalid])


def test_the_better_peer_is_one_that_is_right() -> None:
    def engine(name: str, first: SchemaResult, second: SchemaResult) -> EngineRun:
        return EngineRun(name, "1", 0.1, 60, 1, 1, [first, second], clock_ns=500)

    run = Run(
        {},
        {
            "constrain": engine("constrain", walked("x", 200), walked("y", 1.2)),
            "llguidance": engine("llguidance", walked("x", 1000), walked("y", 1.3)),
            "xgrammar": engine("xgrammar", walked("x", 1, right=False), SchemaResult("y", "hard", "timeout")),
        },
    )
    own, *_ = case_figures(run)
    assert own.mean == pytest.approx(200)  # without the clock's own 0.5 µs, and without the invalid text
    assert own.total == pytest.approx(400 + 3 * 200)
    assert own.accept == pytest.approx(1)
    section = hard_report(run, [])
    assert [target.measured for target in section.targets] == pytest.approx(
        [1000 / 3400, 0.2, 403.6 / 403.9, 1.2 / 1.3]
    )
    assert [target.met for target in section.targets] == [True, True, False, True]
    assert str(section.targets[3]) == "0.92 (1.20 µs)"
    assert "1 wrong accept" in section.text
    assert "more than 60 s" in section.text


def test_ends_of_a_long_text() -> None:
    masks = np.repeat([2_000, 5_000, 9_000], [1_000, 10_000, 1_000]).tolist()
    instance = InstanceResult(True, None, masks, [1_000] * len(masks), may_stop=True)
    result = SchemaResult("long", "hard", compile_us=1, ttfm_us=2, instances=[instance])
    run = Run({}, {"constrain": EngineRun("constrain", "1", 0.1, 60, 1, 1, [result])})
    text = hard_report(run, [BatchResult("b", "constrain", 1, "unsupported", "not built: there is no batch")]).text
    line = text[text.index("Long texts") :].splitlines()[4]
    assert [cell.strip() for cell in line.split("|")[4:-1]] == ["2.00", "9.00", "1.00", "1.00"]
    assert "* constrain: not built: there is no batch (b)" in text


def test_targets_by_vocabulary() -> None:
    held = {"one": [Target("t", 0.4, 0.5), Target("u", 3, 2)], "two": [Target("t", 0, 0.5, failed="refused")]}
    text = target_table(held)
    assert text.startswith("Targets: 1 of 3 met")
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    assert lines[1:] == [["t", "<= 0.5", "0.40", "refused"], ["u", "<= 2", "3.00 **missed**", "-"]]
    assert target_table({"one": []}) == ""
