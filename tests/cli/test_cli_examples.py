"""Everything in ``examples/`` runs, and every command of the README and of the guides in ``docs/`` does."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import regex
from cli_command import command_in
from cli_shell import blocks, run_line

COVERED = {
    "check_outputs.sh",
    "exact_quotes.sh",
    "extract_many.sh",
    "faithful_api.py",
    "faithful_sampling.sh",
    "grammar_in_two_files.sh",
    "letter.txt",
    "monitors",  # tests/runtime/monitors/test_example_monitors.py
    "moves.gbnf",
    "note.ebnf",
    "order.json",
    "other_notations.sh",
    "outline.lark",
    "patterns.py",
    "people.txt",
    "python_api.py",
    "quote.json",
    "quotes.lark",
    "reminder.lark",
    "reviews.txt",
    "sentiment.json",
    "tags.json",
    "tags_and_tools.sh",
    "times.lark",
    "tools.json",
    "try_parser.py",
}


@pytest.fixture
def environment(command_environment: dict[str, str], cli: Callable[..., Any]) -> Iterator[dict[str, str]]:
    """An environment in which ``constrain`` is a command, installed or not."""
    with tempfile.TemporaryDirectory() as folder, command_in(Path(folder), cli):  # a socket's path must be short
        yield {**command_environment, "PATH": f"{folder}:{command_environment['PATH']}"}


def run(*arguments: str, environment: dict[str, str], root: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, env=environment, cwd=root, capture_output=True, text=True, input=text)


def test_every_example_is_covered_here(root: Path) -> None:
    assert {path.name for path in (root / "examples").iterdir() if path.name != "__pycache__"} == COVERED


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_check_outputs(environment: dict[str, str], root: Path) -> None:
    ran = run("examples/check_outputs.sh", environment=environment, root=root)

    assert ran.returncode == 1
    assert sorted(line.split(": ")[:2] for line in ran.stdout.splitlines()) == [
        ["<stdin>:2", "at /currency"],
        ["<stdin>:2", "at /total_cents"],
        ["<stdin>:2", "line 1, column 180, byte 179"],
    ]
    assert ran.stderr == "2 documents checked, 1 invalid\n"


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_extract_many(environment: dict[str, str], root: Path, tiny_model: Path) -> None:
    ran = run(
        *("examples/extract_many.sh", "-m", str(tiny_model)),
        environment=environment,
        root=root,
        text="What a lovely day!\nQuel dommage.\n",
    )

    records = [json.loads(line) for line in ran.stdout.splitlines()]
    schema = json.loads((root / "examples" / "sentiment.json").read_text("utf-8"))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [record["id"] for record in records] == ["1", "2"]
    assert all(jsonschema_rs.validator_for(schema).is_valid(record["data"]) for record in records)


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_grammar_in_two_files(environment: dict[str, str], root: Path) -> None:
    ran = run("examples/grammar_in_two_files.sh", environment=environment, root=root)

    assert ran.returncode == 1
    assert ran.stdout == "<stdin>:2: line 1, column 29, byte 28: unexpected '2'; expected one of '0', '1'\n"
    assert ran.stderr == "2 documents checked, 1 invalid\n"


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_other_notations(environment: dict[str, str], root: Path) -> None:
    ran = run("examples/other_notations.sh", environment=environment, root=root)

    assert ran.returncode == 0
    converted, _, found = ran.stdout.rpartition("\n\n")
    assert converted.startswith('start: TURN (" " TURN)~0..9')
    assert [json.loads(line)["valid"] for line in found.splitlines()] == [True, False]
    assert ran.stderr.startswith("no warnings\n")


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_exact_quotes(environment: dict[str, str], root: Path, tiny_model: Path) -> None:
    ran = run("examples/exact_quotes.sh", environment=environment, root=root)

    assert ran.returncode == 1
    assert sorted(line.split(": ")[:2] for line in ran.stdout.splitlines()) == [
        ["<stdin>:2", "at /quote"],
        ["<stdin>:2", "line 1, column 67, byte 66"],
        ["<stdin>:3", "at /speaker"],
        ["<stdin>:3", "line 1, column 18, byte 17"],
    ]
    written = run("examples/exact_quotes.sh", "-m", str(tiny_model), environment=environment, root=root)
    assert (written.returncode, written.stderr) == (0, "")
    answer = json.loads(written.stdout)
    assert answer["speaker"] in (root / "examples" / "people.txt").read_text("utf-8").splitlines()
    assert answer["quote"] in (root / "examples" / "letter.txt").read_text("utf-8")


def test_quotes_in_a_grammar(cli: Callable[..., Any], root: Path) -> None:
    grammar = ["--grammar", str(root / "examples" / "quotes.lark")]
    good = 'Ada Lovelace: "I am in a charming state of confusion."\nWilliam King-Noel: Yours ever,\n'
    assert cli("check", *grammar, "-", stdin=good).code == 0
    assert cli("check", *grammar, "-", stdin=good.replace("confusion", "mind")).code == 1


def test_outline(cli: Callable[..., Any], root: Path) -> None:
    grammar = ["--grammar", str(root / "examples" / "outline.lark")]
    good = "bread:\n  flour\n  yeast:\n    fresh\nbutter\n"
    assert cli("check", *grammar, "-", stdin=good).code == 0
    assert cli("check", *grammar, "-", stdin=good.replace("    fresh", "  fresh")).code == 1


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_tags_and_tools(environment: dict[str, str], root: Path, tiny_model: Path) -> None:
    ran = run("examples/tags_and_tools.sh", "-m", str(tiny_model), environment=environment, root=root)

    assert ran.returncode == 0, ran.stderr
    finding, first, record, answer = ran.stdout.splitlines()
    assert finding.startswith("<stdin>: line 1, column 35, byte 34: ")
    assert first == "91\t["
    (call,) = json.loads(record)["tool_calls"]
    tools = json.loads((root / "examples" / "tools.json").read_text("utf-8"))
    assert call["name"] == "get_weather"
    assert jsonschema_rs.validator_for(tools[0]["function"]["parameters"]).is_valid(call["arguments"])
    assert answer in ("yes", "no")


def test_python_api(environment: dict[str, str], root: Path) -> None:
    ran = run(sys.executable, "examples/python_api.py", environment=environment, root=root)

    assert (ran.returncode, ran.stderr) == (0, "")
    order, end, rest = ran.stdout.partition("\n}\n")
    schema = json.loads((root / "examples" / "order.json").read_text("utf-8"))
    assert jsonschema_rs.validator_for(schema).is_valid(json.loads(order + end))
    assert rest.startswith('forced next: aid", "customer": {"name": "\n')


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_faithful_sampling(environment: dict[str, str], root: Path, tiny_model: Path) -> None:
    ran = run("examples/faithful_sampling.sh", "A fine day.", str(tiny_model), environment=environment, root=root)

    assert ran.returncode == 0, ran.stderr
    records = [json.loads(line) for line in ran.stdout.splitlines()]
    schema = json.loads((root / "examples" / "sentiment.json").read_text("utf-8"))
    assert len(records) == 3
    assert all(jsonschema_rs.validator_for(schema).is_valid(record["data"]) for record in records)
    assert all(record["logweight"] < 0 for record in records)


def test_faithful_api(
    root: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(root / "examples" / "faithful_api.py")
    monkeypatch.setattr(sys, "argv", [path, str(tiny_model)])
    runpy.run_path(path, run_name="__main__")

    out, err = capsys.readouterr()
    assert err == ""
    *moods, bounds = out.splitlines()
    assert {line.split()[0] for line in moods} <= {"good", "bad", "mixed"}
    assert sum(int(line.split()[1]) for line in moods) == 20
    lower, upper = re.findall(r"[0-9.e-]+$|[0-9.e-]+(?= to)", bounds)
    assert 0 < float(lower) <= float(upper) < 1


def test_try_parser(environment: dict[str, str], root: Path) -> None:
    read = run(sys.executable, "examples/try_parser.py", "toml", "tomllib:loads", environment=environment, root=root)
    assert (read.returncode, read.stdout, read.stderr) == (0, "", "200 texts, 0 refused\n")
    refused = run(sys.executable, "examples/try_parser.py", "json5", "json:loads", environment=environment, root=root)
    assert refused.returncode == 1
    assert "JSONDecodeError" in refused.stdout


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_patterns(environment: dict[str, str], root: Path) -> None:
    ran = run(sys.executable, "examples/patterns.py", environment=environment, root=root)

    assert (ran.returncode, ran.stderr) == (0, "")
    *names, reason = ran.stdout.splitlines()
    assert len(names) == 5
    for name in names:
        assert regex.fullmatch(r"[\p{Latin}0-9._-]{1,16}", name)
        assert ".." not in name
        assert not re.fullmatch(r"(?i)(?:con|prn|aux|nul|(?:com|lpt)[1-9])(?:\..*)?|[.-].*|.*\.", name)
    assert reason.startswith("none_of '[.-].*|.*\\.' leaves none of the texts that match")


def _documented() -> Iterator[str]:
    """Commands of the README and the guides, lines that end in a backslash joined."""
    root = Path(__file__).resolve().parents[2]
    for guide in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
        for block in blocks(guide.read_text("utf-8"), "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip() and not line.startswith("make "):
                    yield line


def test_the_guide_has_commands() -> None:
    assert len(list(_documented())) > 20


def test_every_command_of_the_guide_runs(
    cli: Callable[..., Any], root: Path, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In order, in one folder: later commands read what earlier ones wrote. Models are replaced by the tiny one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSTRAIN_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "examples").symlink_to(root / "examples")
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("CREATE TABLE orders (id INTEGER, total INTEGER)")

    def constrain(*arguments: str, **options: Any) -> Any:
        models = ("./my-model", "./my-small-model", "embedded")
        replaced = [str(tiny_model) if argument in models else argument for argument in arguments]
        if replaced[0] in ("gen", "verify") and "-m" not in replaced:
            replaced[1:1] = ["-m", str(tiny_model)]
        if replaced[0] == "verify":
            replaced[1:1] = ["--draws", "50"]
        ran = cli(*replaced, **options)
        assert ran.code != 70, ran.err
        return ran

    for line in _documented():
        command, _, comment = line.partition("  # exit ")
        code, _ = run_line(command, constrain, tmp_path)
        assert code == int(comment or 0), line


def test_examples_in_the_help_of_gen_run(
    cli: Callable[..., Any], root: Path, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(root / "examples")
    (tmp_path / "orders.txt").write_text("Two mugs for Ada.\nOne lamp for Bob.\n")

    for line in cli("gen", "--help").out.partition("\n  Examples:\n")[2].strip().splitlines():
        code, _ = run_line(
            line, lambda *words, **options: cli(words[0], "-m", str(tiny_model), *words[1:], **options), tmp_path
        )
        assert code == 0, line
    assert len((tmp_path / "orders.jsonl").read_text().splitlines()) == 2
