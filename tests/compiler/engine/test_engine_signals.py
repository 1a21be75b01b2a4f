"""Long calls handle signals: what a handler raises ends the call, and the sequence is where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from engine_driver import Tokens, allowed
from engine_notation import read_grammar

from constrain import CompiledGrammar, Matcher

AMBIGUOUS = 'start: start start | start start start | "a" | "b" |'
"""Reading a text takes time in the third power of its length."""

TEXT = bytes(Random(1).choices(b"ab", k=5_000))
"""Half an hour."""

CHILD = f"""
from random import Random
from constrain import Vocabulary, compile_lark
vocabulary = Vocabulary([b"a", b"b", None], [2])
matcher = compile_lark('start: e\\ne: e e | e e e | "a" | "b" |', vocabulary).matcher()
print("ready", flush=True)
matcher.accept_bytes(bytes(Random(1).choices(b"ab", k={len(TEXT)})))
"""


class Raised(Exception):
    """What the handler raises."""


@pytest.fixture
def alarm() -> Iterator[Callable[[float], None]]:
    """A signal after some seconds, at which an exception is raised."""

    def handle(number: int, frame: Any) -> None:
        raise Raised

    before = signal.signal(signal.SIGALRM, handle)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds) and None
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def ambiguous(byte_vocabulary_tokens: Tokens) -> CompiledGrammar:
    return byte_vocabulary_tokens.compile(read_grammar(AMBIGUOUS))


@pytest.mark.parametrize(
    "call",
    [
        lambda matcher: matcher.accept_bytes(TEXT),
        lambda matcher: matcher.viable_prefix(TEXT),
        lambda matcher: matcher.validate_tokens(list(TEXT)),
    ],
    ids=["accept_bytes", "viable_prefix", "validate_tokens"],
)
def test_a_handler_ends_a_call_and_nothing_has_changed(
    call: Callable[[Matcher], Any],
    ambiguous: CompiledGrammar,
    alarm: Callable[[float], None],
    byte_vocabulary_tokens: Tokens,
) -> None:
    matcher = ambiguous.matcher()
    assert matcher.accept_bytes(b"ab")
    before = allowed(matcher, byte_vocabulary_tokens)
    alarm(0.1)
    with pytest.raises(Raised):
        call(matcher)
    assert matcher.steps == 1
    assert allowed(matcher, byte_vocabulary_tokens) == before
    assert matcher.accept_bytes(TEXT[:50])
    matcher.rollback(2)
    assert matcher.steps == 0


def test_computing_ahead_ends_and_what_was_there_stays(
    byte_vocabulary_tokens: Tokens, alarm: Callable[[float], None]
) -> None:
    """It would take a minute."""
    compiled = byte_vocabulary_tokens.compile(read_grammar('start: A{0,500 / B}\nA: [a-z]{3,700}\nB: ", "?'))
    compiled.precompute(100_000)
    before = compiled.to_bytes()
    alarm(0.1)
    with pytest.raises(Raised):
        compiled.precompute(1 << 27)
    assert compiled.to_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals to send")
def test_an_interrupt_ends_a_process(root: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD],
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == -signal.SIGINT
    assert told.strip().endswith(b"KeyboardInterrupt")
