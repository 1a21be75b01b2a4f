"""Code of one's own from the command line: monitors, functions of the logits, streams of values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MONITORS = """
import numpy as np

class Colours:
    def __init__(self, first="red"):
        self.names = [first, "green"]

    def triggered(self, prefix):
        return prefix.endswith("<")

    def suggest(self, prefix):
        return [name + ">" for name in self.names if name not in prefix]

class Short:
    def veto(self, prefix, complete):
        return len(prefix) > 3 or (complete and len(prefix) < 3)

class Broken:
    def veto(self, prefix, complete):
        raise LookupError("nothing here")

class Never:
    def veto(self, prefix, complete):
        return "it is not to be"

print("imported")

def flat(token_ids, logits):
    return np.zeros_like(logits)

def fails(token_ids, logits):
    raise LookupError("no logits")

NUMBER = 5
"""


@pytest.fixture
def gen(
    cli: Callable[..., Any], tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MONITORS)

    def run(*arguments: str) -> Any:
        return cli("gen", "-m", str(tiny_model), "--seed", "1", *arguments, "x")

    return run


def test_suggestions(gen: Callable[..., Any]) -> None:
    for seed in range(4):
        ran = gen("--regex", "(<[a-z]+>){2}", "--monitor", "mine.py:Colours", "--seed", str(seed))
        assert ran.code == 0, ran.err
        assert ran.out in ("<red><green>\n", "<green><red>\n")
    ran = gen("--regex", "<[a-z]+>", "--monitor", "mine.py:Colours", "--monitor-arg", "first=green", "--envelope")
    record = json.loads(ran.out)
    assert record["data"] == "<green>"
    assert 0.5 < record["masked"]["monitor"] <= 1


def test_vetoes(gen: Callable[..., Any]) -> None:
    for tokens in ("512", "9", "3"):
        out = gen("--regex", "[a-z]*", "--monitor", "mine.py:Short", "-n", "3", "--max-tokens", tokens).out
        assert re.fullmatch("([a-z]{3}\n){3}", out)


def test_weights_of_what_a_monitor_accepts(gen: Callable[..., Any], tmp_path: Path) -> None:
    arguments = ("--method", "awrs", "--regex", "[a-c]{0,5}", "--monitor", "mine.py:Short", "--temperature", "1")
    alone = [json.loads(gen(*arguments, "--seed", str(seed), "--envelope").out) for seed in (1, 2, 3)]
    for record in alone:
        assert record["status"] == "ok"
        assert re.fullmatch("[a-c]{3}", record["data"])
        # three letters of 257 tokens, and then the stop: what is accepted is improbable
        assert record["logweight"] == record["logprob"] - record["sampling_logprob"] < -6
    ran = gen(*arguments, "--seed", "1", "--envelope", "-n", "3", "--batch", "2")
    beside = [json.loads(line) for line in ran.out.splitlines()]
    assert [record["data"] for record in beside] == [record["data"] for record in alone]
    for one, other in zip(beside, alone, strict=True):
        assert one["logweight"] == pytest.approx(other["logweight"], abs=1e-3)
    plain = gen(*arguments, "--seed", "1")
    assert (plain.code, plain.out) == (0, alone[0]["data"] + "\n")


def test_weights_for_many_prompts(cli: Callable[..., Any], gen: Callable[..., Any], tiny_model: Path) -> None:
    arguments = ("--method", "awrs", "--regex", "[a-c]{0,5}", "--monitor", "mine.py:Short", "--seed", "1")
    ran = cli("gen", "-m", str(tiny_model), *arguments, "--many", stdin="x\ny\n")
    assert ran.code == 0, ran.err
    records = [json.loads(line) for line in ran.out.splitlines()]
    assert [record["status"] for record in records] == ["ok", "ok"]
    assert all(record["logweight"] < 0 for record in records)
    assert records[0]["data"] + "\n" == gen(*arguments).out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--monitor", "mine.py:Broken"], 6, "LookupError: nothing here"),
        (["--monitor", "mine.py:Never"], 6, "it is not to be"),
        (["--monitor", "mine.py:Never", "--method", "awrs"], 6, "it is not to be"),
        (["--monitor", "mine.py:Missing"], 2, "has no 'Missing'"),
        (["--monitor", "nobody.py:Short"], 2, "there is no file nobody.py"),
        (["--monitor", "mine.py:Colours", "--monitor-arg", "last=red"], 2, "does not take these arguments"),
        (["--monitor-arg", "a=b"], 2, "--monitor-arg goes with --monitor only"),
        (["--monitor", "mine.py:Short", "--heal"], 2, "--heal does not go with --monitor"),
        (["--logits", "mine.py:fails"], 6, "fails: LookupError: no logits"),
        (["--logits", "mine.py:NUMBER"], 2, "is no function"),
        (["--logits", "mine:nothing"], 2, "has no 'nothing'"),
        (["--stream", "partial"], 2, "--stream partial is for JSON"),
        (["--stream", "all"], 2, "--stream cannot be 'all'"),
    ],
)
def test_mistakes(gen: Callable[..., Any], arguments: list[str], code: int, says: str) -> None:
    ran = gen("--regex", "[a-z]+", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert says in re.sub(r"\s+", " ", ran.err)


def test_functions_of_the_logits(gen: Callable[..., Any]) -> None:
    plain, flat = gen("--regex", "[a-z]{6}"), gen("--regex", "[a-z]{6}", "--logits", "mine.py:flat")
    assert plain.code == flat.code == 0
    assert plain.out != flat.out
    assert re.fullmatch("[a-z]{6}\n", flat.out)  # what the module prints is no data


def test_a_stream_of_values(gen: Callable[..., Any]) -> None:
    schema = (
        '{"type": "object", "properties": {"a": {"type": "string", "maxLength": 9}, "b": {"const": 1}}, '
        '"required": ["a", "b"], "additionalProperties": false}'
    )
    ran = gen("--schema", schema, "--stream", "partial")
    assert ran.code == 0
    lines = [json.loads(line) for line in ran.out.splitlines()]
    whole = json.loads(gen("--schema", schema).out)
    assert {line["path"]: line["value"] for line in lines if line["complete"]} == {"/a": whole["a"], "/b": 1}
    assert ran.err.startswith("ok: complete and valid")
