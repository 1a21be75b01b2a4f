"""Monitors that fail, hang or answer nonsense: an error that names the monitor and the place, and no hang."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from monitor_driver import write

from constrain import MonitorError, Vocabulary, compile_regex
from constrain.runtime.monitors import Monitor, Watch
from constrain.runtime.monitors.calls import MonitorCalls


@pytest.fixture(scope="module")
def compiled() -> Any:
    return compile_regex("[ab.]{1,8}", Vocabulary([b"a", b"b", b"."], [3], vocab_size=4))


class Dotted(Monitor):
    def triggered(self, prefix: str) -> bool:
        return True


class Raising(Monitor):
    def veto(self, prefix: str, complete: bool) -> bool:
        raise ValueError("no such table\nand more")


class Leaving(Monitor):
    def triggered(self, prefix: str) -> bool:
        sys.exit(3)

    def suggest(self, prefix: str) -> None:
        return None


class Deep(Dotted):
    def suggest(self, prefix: str) -> Any:
        return self.suggest(prefix)


class Impatient(Monitor):
    def veto(self, prefix: str, complete: bool) -> bool:
        raise TimeoutError


class Text(Dotted):
    def suggest(self, prefix: str) -> str:
        return "ab"


class Numbers(Dotted):
    def suggest(self, prefix: str) -> Any:
        return [1, 2]


class Surrogate(Dotted):
    def suggest(self, prefix: str) -> list[str]:
        return ["\ud800"]


class Endless(Dotted):
    def suggest(self, prefix: str) -> Iterator[str]:
        return (str(number) for number in count())


class Failing(Dotted):
    def suggest(self, prefix: str) -> Iterator[str]:
        yield "a"
        raise KeyError("b")


@pytest.mark.parametrize(
    ("monitor", "message"),
    [
        (
            Raising,
            r"the monitor Raising failed in veto\(\): ValueError: no such table \(.*test_calls.py, line \d+, in veto",
        ),
        (Leaving, r"failed in triggered\(\): SystemExit: 3"),
        (Deep, r"failed in suggest\(\): RecursionError"),
        (Impatient, r"failed in veto\(\): TimeoutError \("),
        (Text, r"answers suggest\(\) with 'ab'; expected texts, or None"),
        (Numbers, r"answers suggest\(\) with \[1, 2\]; expected texts, or None"),
        (Surrogate, r"answers suggest\(\) with '\\ud800'; expected texts"),
        (Endless, "suggests more than 100,000 texts"),
        (Failing, r"failed in suggest\(\): KeyError: 'b'"),
    ],
)
@pytest.mark.parametrize("deadline", [None, 30.0], ids=["in this thread", "with a deadline"])
def test_failures_are_errors_that_name_the_monitor(
    monitor: type[Monitor], message: str, deadline: float | None, compiled: Any
) -> None:
    with pytest.raises(MonitorError, match=message):
        write(compiled, monitor(), random.Random(0), deadline=deadline)


class Hanging(Monitor):
    """Hangs at ``b`` until it is let go."""

    def __init__(self) -> None:
        self.release = threading.Event()

    def veto(self, prefix: str, complete: bool) -> bool:
        if "b" in prefix:
            self.release.wait()
        return False


def test_a_monitor_that_hangs_is_an_error_and_can_be_asked_again(compiled: Any) -> None:
    monitor = Hanging()
    watch = Watch(monitor, compiled, deadline=1.0)
    watch.accept(0)
    try:
        with pytest.raises(MonitorError, match=r"the monitor Hanging did not answer veto\(\) within 1 s"):
            watch.accept(1)
        assert watch.refusal(0) is None  # by another thread; the late answer is nobody's
        assert watch.text == "a"
    finally:
        monitor.release.set()


def test_a_hanging_monitor_does_not_keep_the_process() -> None:
    code = """
from constrain import MonitorError, Vocabulary, compile_regex
from constrain.runtime.monitors import Watch
class Hanging:
    def veto(self, prefix):
        while True: pass
try:
    Watch(Hanging(), compile_regex("a", Vocabulary.bytes()), deadline=0.1).refusal(97)
except MonitorError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("the monitor Hanging did not answer veto() within 0.1 s")


def test_calls_are_made_in_one_thread_and_counted(compiled: Any) -> None:
    threads = set()

    class Noting(Monitor):
        def veto(self, prefix: str, complete: bool) -> bool:
            threads.add(threading.get_ident())
            time.sleep(0.001)
            return False

    calls = MonitorCalls(Noting())
    watches = [Watch(calls, compiled), Watch(calls, compiled)]
    for watch in watches:
        watch.accept(0)
        watch.accept(1)
        assert watch.calls == 2
        assert watch.seconds > 0.002
    assert len(threads) == 1
    assert threads != {threading.get_ident()}


def test_threads_end_with_their_monitor(compiled: Any) -> None:
    class Quick(Monitor):
        def veto(self, prefix: str, complete: bool) -> bool:
            return False

    before = set(threading.enumerate())
    watch = Watch(Quick(), compiled)
    watch.accept(0)
    (thread,) = set(threading.enumerate()) - before
    del watch
    thread.join(timeout=60)
    assert not thread.is_alive()


class Half:
    def suggest(self, prefix: str) -> list[str]:
        return []

    def veto(self, prefix: str) -> bool:
        return False


class Worded(Raising):
    word = "ab"


class BadlyWorded(Raising):
    word = "[a"


class Forgetful(Raising):
    def begin(self, prompt: str) -> None:
        pass


@pytest.mark.parametrize(
    ("monitor", "message"),
    [
        (object(), "object is no monitor: it answers none of the questions"),
        (Monitor(), "Monitor is no monitor"),
        (Half(), r"Half has one of triggered\(prefix\) and suggest\(prefix\)"),
        (Worded(), "word of the monitor Worded is 'ab', which is no class of characters"),
        (BadlyWorded(), r"word of the monitor BadlyWorded is '\[a'"),
        (Forgetful(), r"the monitor Forgetful returns None from begin\(\)"),
    ],
)
def test_what_is_no_monitor_is_refused(monitor: object, message: str, compiled: Any) -> None:
    with pytest.raises(MonitorError, match=message):
        Watch(monitor, compiled)


@pytest.mark.parametrize("answer", ["good", None, float("nan"), float("inf"), [1]])
def test_scores_are_numbers(answer: object, compiled: Any) -> None:
    class Scoring(Monitor):
        def score(self, prefix: str, complete: bool) -> Any:
            return answer

    with pytest.raises(MonitorError, match=r"answers score\(\) with"):
        Watch(Scoring(), compiled).score()
