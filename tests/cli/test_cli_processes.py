"""What only a real process shows: signals, pipes, standard streams, start-up."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Start = Callable[..., "subprocess.Popen[bytes]"]


def test_pipes(start: Start) -> None:
    process = start("check", "--schema", '{"type": "string"}', "-")

    out, err = process.communicate(b'"caf\xc3\xa9"\n')

    assert (process.returncode, out, err) == (0, b"", b"1 document checked, none invalid\n")


def test_output_is_utf8_whatever_the_locale(command_environment: dict[str, str], start: Start) -> None:
    process = start("next", "--choice", "é", "--json", env={**command_environment, "PYTHONIOENCODING": "latin-1"})
    out, _ = process.communicate()

    assert process.returncode == 0
    assert "é".encode() in out


def test_streams_that_are_closed_or_full(command_environment: dict[str, str], root: Path) -> None:
    def run(redirection: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        line = f'exec "$0" -m constrain "$@" {redirection}'
        return subprocess.run(
            ["sh", "-c", line, sys.executable, *arguments],
            env=command_environment,
            cwd=root,
            capture_output=True,
            text=True,
        )

    closed = run("<&-", "gen", "--regex", "a")
    assert (closed.returncode, closed.stderr) == (4, "error: standard input is closed\n")
    unwritable = run(">&-", "next", "--regex", "a")
    assert (unwritable.returncode, unwritable.stderr) == (4, "error: standard output is closed\n")
    if Path("/dev/full").exists():
        for arguments in (("next", "--regex", "a"), ("--help",), ("check", "--help"), ("--version",)):
            full = run("> /dev/full", *arguments)
            assert (full.returncode, full.stderr) == (
                4,
                "error: cannot write to standard output: No space left on device\n",
            )


def test_no_escape_sequences_in_pipes(start: Start) -> None:
    out, err = start("next", "--regex", "[a-z]", "ä").communicate()

    assert b"\x1b" not in out + err


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs pseudo-terminals")
def test_a_table_on_a_terminal(start: Start) -> None:
    leader, follower = pty.openpty()
    process = start("next", "--regex", "[a-z]{2}", "a")
    process.communicate()
    on_terminal = subprocess.Popen(process.args, stdout=follower, stderr=subprocess.PIPE, env=_terminal_environment())
    _, err = on_terminal.communicate()
    os.close(follower)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)

    assert on_terminal.returncode == 0
    assert re.search(r"id.*token", shown)
    assert b"26 tokens of bytes allowed; the text is not complete yet" in err


def _terminal_environment() -> dict[str, str]:
    root = Path(__file__).resolve().parents[2]
    return {**os.environ, "PYTHONPATH": str(root / "src"), "TERM": "xterm", "COLUMNS": "100"}


def test_a_closed_pipe_is_quiet(start: Start) -> None:
    process = start("check", "--regex", "a", "--jsonl", "-")
    assert process.stdout is not None
    process.stdout.close()  # the reader is gone before the first line comes

    assert process.stdin is not None
    process.stdin.write(b"b\n" * 5000)
    process.stdin.close()

    assert process.wait() == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stdin = process.stdout = None


@pytest.mark.parametrize(
    "arguments", [("cache",), ("cache", "--json"), ("--help",), ("gen", "--help"), ("grammar", "-h"), ("--version",)]
)
def test_a_closed_pipe_is_quiet_whatever_is_printed(
    arguments: tuple[str, ...], start: Start, command_environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / ("a" * 64)).touch()
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**command_environment, "CONSTRAIN_CACHE_DIR": str(tmp_path)}
    process = start(*arguments, stdout=writer, env=environment)
    os.close(writer)

    _, err = process.communicate()

    assert (process.returncode, err) == (141, b"")


@pytest.mark.parametrize(
    ("number", "code", "says"),
    [(signal.SIGINT, 130, b"error: interrupted\n"), (signal.SIGTERM, 143, b"error: terminated\n")],
)
def test_signals_while_reading(number: signal.Signals, code: int, says: bytes, start: Start, tmp_path: Path) -> None:
    first = tmp_path / "first.txt"
    first.write_text("b")
    process = start("check", "--regex", "a", str(first), "-")
    assert process.stdout is not None
    report = process.stdout.readline()  # from now on it waits for standard input
    process.send_signal(number)

    _, err = process.communicate()

    assert b"unexpected 'b'" in report
    assert (process.returncode, err) == (code, says)


@pytest.mark.parametrize(
    ("number", "code", "says"),
    [(signal.SIGINT, 130, b"error: interrupted\n"), (signal.SIGTERM, 143, b"error: terminated\n")],
)
def test_signals_while_generating(
    number: signal.Signals, code: int, says: bytes, start: Start, tiny_model: Path
) -> None:
    process = start(
        *("gen", "-m", str(tiny_model), "--stream", "text", "--regex", "[a-z]+-[a-z]{400000}"),
        *("--max-tokens", "500000", "hello"),
    )
    assert process.stdout is not None
    written = process.stdout.read(3)
    process.send_signal(number)

    _, err = process.communicate()

    assert re.fullmatch(rb"[a-z-]{3}", written)
    assert (process.returncode, err) == (code, says)


def test_a_reader_that_leaves_while_text_streams(start: Start, tiny_model: Path) -> None:
    process = start(
        *("gen", "-m", str(tiny_model), "--stream", "text", "--regex", "[a-z]+-[a-z]{400000}"),
        *("--max-tokens", "500000", "hello"),
    )
    assert process.stdout is not None
    process.stdout.read(3)
    process.stdout.close()
    process.stdout = None

    _, err = process.communicate()

    assert (process.returncode, err) == (141, b"")
