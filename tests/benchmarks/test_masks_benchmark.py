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
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "benchmarks"))

from masks.report import report  # noqa: E402  (the line above makes it importable)
from masks.results import EngineRun, InstanceResult, Run, SchemaResult, read_run, write_run  # noqa: E402
from masks.sample import Row, choose, instance_text, read_rows  # noqa: E402
from masks.tokenizer import Tokenizer as BenchmarkTokenizer  # noqa: E402
from masks.tokenizer import byte_alphabet  # noqa: E402

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
    {"id": "refused", "split": "b", "schema": {"type": "no-such-type"}, "tests": [{"valid": True, "data": 1}]},
]


@pytest.fixture
def tokenizer_folder(tmp_path: Path) -> Path:
    """A byte-level tokenizer of the 256 bytes, one merge and a stop token, as Hugging Face files."""
    alphabet = sorted(byte_alphabet(), key=byte_alphabet().__getitem__)
    vocabulary = {character: byte for byte, character in enumerate(alphabet)} | {'{"': 256}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[("{", '"')]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<stop>"])
    folder = tmp_path / "bytes"
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"eos_token": "<stop>"}')
    return folder


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
    command += ["--data", str(tmp_path / "rows.jsonl.gz"), "--tokenizer", str(tokenizer_folder), "--sample", "0"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "3 schemas, 6 instances" in done.stderr
    assert "wrong accept  mislabelled  instance 0  enum" in done.stdout
    assert "wrong reject  mislabelled  instance 1" in done.stdout
    assert "1 refused: SchemaError" in done.stdout

    run = read_run(copy / "results" / "tried" / "raw" / "bytes" / "maskbench")
    first, second, third = run.engines["constrain"].schemas
    assert [instance.verdict for instance in first.instances] == ["right"] * 3
    assert first.handled
    assert first.ttfm_us is not None
    assert first.instances[0].rejected_at is None
    assert len(first.instances[0].mask_ns) == len(first.instances[0].accept_ns) == len('{"n": 12}') - 1
    assert [instance.verdict for instance in second.instances] == ["wrong accept", "wrong reject"]
    assert third.status == "unsupported"
    assert report(run) in (copy / "results" / "tried" / "summary.md").read_text()


def test_bad_arguments_are_explained(tmp_path: Path, tokenizer_folder: Path) -> None:
    command = [sys.executable, str(SOURCE / "benchmarks" / "masks" / "run.py"), "--tokenizer", str(tokenizer_folder)]
    for arguments, message in (
        (["--data", str(tmp_path / "none.jsonl")], "no data at"),
        (["--data", __file__, "--engines", "constrain,unknown"], "no engine is called unknown"),
        (["--data", __file__, "--tokenizer", str(tmp_path / "none")], "no tokenizer at"),
    ):
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert message in done.stderr


@pytest.mark.parametrize(
    ("instance", "verdict"),
    [
        (InstanceResult(True, may_stop=True), "right"),
        (InstanceResult(True, may_stop=False), "wrong reject"),
        (InstanceResult(True, rejected_at=3), "wrong reject"),
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
    run = Run(settings | {"tokens": 4, "vocab_size": 9, "compact": False}, engines)
    write_run(run, tmp_path)
    text = report(read_run(tmp_path))
    common = text[text.index("common ground of constrain, llguidance: 1 schemas") :]
    (line,) = [line for line in common.splitlines() if line.startswith("| mask, mean")]
    assert line.split("|")[2].strip() == "5.00 (0.50x)"
    assert line.split("|")[3].strip() == "10.0"
