"""Help is quick, complete, and its examples run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_shell import run_line

from constrain import __version__

COMMANDS = ["gen", "verify", "check", "next", "compile", "cache", "doctor", "grammar", "grammar list", "grammar show"]
COMMANDS += ["grammar sample", "grammar lint", "grammar convert"]
COMMANDS += ["schema", "schema lint", "schema show", "schema sample", "schema dsl"]
HEAVY = ["torch", "transformers", "numpy", "lark", "jsonschema_rs", "tokenizers"]


def test_help_imports_nothing_heavy(command_environment: dict[str, str]) -> None:
    program = (
        "import sys\n"
        "from constrain.cli.main import run\n"
        "code = run(['gen', '--help'])\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)\n"
        "sys.exit(code)"
    )

    ran = subprocess.run([sys.executable, "-c", program], env=command_environment, capture_output=True, text=True)

    assert ran.returncode == 0
    assert ran.stderr == "[]\n"


@pytest.mark.parametrize(
    "arguments", [["check", "--regex", "a", "-"], ["next", "--schema", "true"], ["doctor"], ["schema", "lint", "true"]]
)
def test_commands_without_a_model_do_not_import_torch(
    arguments: list[str], command_environment: dict[str, str]
) -> None:
    program = (
        "import sys\n"
        "from constrain.cli.main import run\n"
        f"run({arguments})\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program], env=command_environment, capture_output=True, text=True, input="a"
    )

    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_ends_with_examples(command: str, cli: Callable[..., Any]) -> None:
    ran = cli(*command.split(), "--help")

    assert ran.code == 0
    assert ran.err == ""
    text, _, examples = ran.out.partition("\n  Examples:\n")
    assert text.startswith("Usage: constrain")
    assert 1 <= len(examples.strip().splitlines()) <= 4
    assert ran.out == cli(*command.split(), "-h").out


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in ("gen", "verify", "doctor")])
def test_examples_in_help_run(
    command: str, cli: Callable[..., Any], root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace(root, tmp_path, monkeypatch)
    examples = cli(*command.split(), "--help").out.partition("\n  Examples:\n")[2]

    for line in examples.strip().splitlines():
        code, _ = run_line(line.strip(), cli, tmp_path)
        # what is judged in an example need not be good
        assert code == 0 or (command in ("check", "schema lint") and code == 1), line


def workplace(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the files that examples name, and a cache of its own."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CONSTRAIN_CACHE_DIR", str(folder / "cache"))
    (folder / "examples").symlink_to(root / "examples")
    (folder / "order.json").symlink_to(root / "examples" / "order.json")
    (folder / "codes.txt").write_text("ABC-1234\nXYZ-0001\n")
    (folder / "answer.json").write_text("{}")
    (folder / "answers.jsonl").write_text('{}\n{"a": 1}\n')


def test_version(cli: Callable[..., Any]) -> None:
    ran = cli("--version")

    assert (ran.code, ran.out, ran.err) == (0, f"constrain {__version__}\n", "")


@pytest.mark.parametrize("arguments", [[], ["grammar"], ["schema"]])
def test_without_a_command_help_is_the_answer_to_a_mistake(arguments: list[str], cli: Callable[..., Any]) -> None:
    ran = cli(*arguments)

    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("Usage: constrain")
