"""Running the command line inside the test process."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from constrain.cli.main import run


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


class TerminalInput(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No variables of the user's, and a cache of the test's own; whatever a run sets is gone after it."""
    before = dict(os.environ)
    for name in ("NO_COLOR", "FORCE_COLOR", "CONSTRAIN_DEBUG", "HF_HUB_OFFLINE", "COLUMNS", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CONSTRAIN_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def cli() -> Callable[..., Ran]:
    """``cli("next", "--regex", "a")``: one run, in this process."""

    def invoke(*arguments: str, stdin: bytes | str | None = b"", terminal: bool = False) -> Ran:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        out, err = (Terminal(), Terminal()) if terminal else (io.StringIO(), io.StringIO())
        kind = TerminalInput if data is None else io.TextIOWrapper
        previous = sys.stdin
        sys.stdin = kind(io.BytesIO(data or b""))
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(arguments)
        finally:
            sys.stdin = previous
        return Ran(code, out.getvalue(), err.getvalue())

    return invoke


@pytest.fixture(scope="session")
def command_environment(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment for ``python -m constrain`` in a process of its own, with a cache of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "CONSTRAIN_"))}
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS"):
        environment.pop(name, None)
    paths = [str(root / "src"), environment.get("PYTHONPATH", "")]
    cache = str(tmp_path_factory.mktemp("cache"))
    return environment | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONUNBUFFERED": "1",
        "CONSTRAIN_CACHE_DIR": cache,
    }


@pytest.fixture
def start(command_environment: dict[str, str], root: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start ``python -m constrain ...`` with pipes; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def invoke(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "constrain", *arguments],
            **{
                "env": command_environment,
                "cwd": root,
                "stdin": subprocess.PIPE,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                **options,
            },
        )
        started.append(process)
        return process

    yield invoke
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
