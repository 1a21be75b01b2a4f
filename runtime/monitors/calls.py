"""A monitor as the decoding loop calls it: answers are checked, failures say whose they are and where they happened."""

from __future__ import annotations

import inspect
import math
import time
import traceback
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar

from constrain.compiler.regex.ast import CharacterClass
from constrain.compiler.regex.python_re import parse
from constrain.errors import MonitorError, RegexError
from constrain.runtime.models.errors import first_line
from constrain.runtime.monitors.monitor import Monitor
from constrain.runtime.monitors.worker import DeadlineError, Worker

__all__ = ["DEADLINE", "MOST_SUGGESTIONS", "MonitorCalls", "describe_failure"]

DEADLINE = 10.0
"""Seconds for a call: the first of a static analyser may well take some."""

MOST_SUGGESTIONS = 100_000
"""More than these are taken for a generator without end."""

T = TypeVar("T")


class MonitorCalls:
    """The questions of one monitor.

    Attributes:
        name: what messages call it.
        word: its word characters, as ranges of code points.
        suggests, vetoes, scores: which questions it answers.
        seconds: spent in it so far.
        calls: how often it was called.
    """

    def __init__(self, monitor: Any, *, name: str | None = None, deadline: float | None = DEADLINE) -> None:
        """Look at what the monitor has.

        Raises:
            MonitorError: it has none of a monitor's methods, or ``word`` is no class of characters.
        """
        self.name = name or type(monitor).__name__
        self.seconds = 0.0
        self.calls = 0
        self._worker = Worker(deadline)
        self._monitor = monitor
        self.word = self._word()
        self.suggests = self._answers("triggered")
        if self.suggests != self._answers("suggest"):
            raise MonitorError(
                f"{self.name} has one of triggered(prefix) and suggest(prefix)", expected="both of them, or none"
            )
        self.vetoes = self._answers("veto")
        self.scores = self._answers("score")
        if not (self.suggests or self.vetoes or self.scores):
            raise MonitorError(
                f"{self.name} is no monitor: it answers none of the questions",
                expected="methods triggered(prefix) and suggest(prefix), or veto(prefix), or score(prefix)",
            )
        self._veto_knows = self.vetoes and self._takes_complete("veto")
        self._score_knows = self.scores and self._takes_complete("score")

    def begin(self, prompt: str) -> MonitorCalls:
        """The monitor of one output."""
        begin = getattr(self._monitor, "begin", None)
        begun = self._monitor if begin is None else self._call("begin", lambda: begin(prompt))
        if begun is None:
            raise MonitorError(f"the monitor {self.name} returns None from begin()", expected="self, or a copy of it")
        calls = MonitorCalls(begun, name=self.name, deadline=None)
        calls._worker = self._worker
        return calls

    def first_triggered(self, text: str, characters: str) -> int | None:
        """After how many of the further characters the monitor is first triggered; None if after none of them."""
        triggered = self._monitor.triggered

        def ask() -> int | None:
            return next((n for n in range(1, len(characters) + 1) if triggered(text + characters[:n])), None)

        return self._call("triggered", ask)

    def triggered(self, text: str) -> bool:
        """Is the monitor triggered after this text?"""
        return self._call("triggered", lambda: bool(self._monitor.triggered(text)))

    def suggestions(self, text: str) -> list[str] | None:
        """What it suggests, each once; None for no restriction."""

        def ask() -> object:
            answer = self._monitor.suggest(text)
            if isinstance(answer, Iterable) and not isinstance(answer, str | bytes):
                return list(islice(answer, MOST_SUGGESTIONS + 1))  # a generator works while it is read
            return answer

        answer = self._call("suggest", ask)
        if answer is None:
            return None
        if not isinstance(answer, list) or not all(isinstance(one, str) for one in answer):
            raise self._misanswers("suggest", answer, "texts, or None")
        if len(answer) > MOST_SUGGESTIONS:
            raise MonitorError(f"the monitor {self.name} suggests more than {MOST_SUGGESTIONS:,} texts")
        for one in answer:
            if not one.isascii() and any("\ud800" <= each <= "\udfff" for each in one):
                raise self._misanswers("suggest", one, "texts without surrogates")
        return list(dict.fromkeys(answer))

    def veto(self, text: str, complete: bool) -> str | None:
        """Why the text must not begin so, or be this one; None where it may."""
        arguments = (text, complete) if self._veto_knows else (text,)
        answer = self._call("veto", lambda: self._monitor.veto(*arguments))
        if isinstance(answer, str):
            return answer or None
        return "it must not be" if answer else None

    def score(self, text: str, complete: bool) -> float:
        """The logarithm of the text's weight."""
        arguments = (text, complete) if self._score_knows else (text,)
        answer = self._call("score", lambda: self._monitor.score(*arguments))
        try:
            value = float(answer)
        except (TypeError, ValueError):
            value = math.nan
        if math.isnan(value) or value == math.inf:
            raise self._misanswers("score", answer, "a number below infinity")
        return value

    def _call(self, question: str, task: Callable[[], T]) -> T:
        started = time.perf_counter()
        self.calls += 1
        try:
            return self._worker.call(task)
        except DeadlineError:
            raise MonitorError(
                f"the monitor {self.name} did not answer {question}() within {self._worker.deadline:g} s",
                expected="an answer in time; a longer deadline may be given",
            ) from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise self._failed(question, error) from error
        finally:
            self.seconds += time.perf_counter() - started

    def _failed(self, question: str, error: BaseException) -> MonitorError:
        return MonitorError(f"the monitor {self.name} failed in {question}(): {describe_failure(error)}")

    def _misanswers(self, question: str, answer: object, expected: str) -> MonitorError:
        shown = repr(answer)
        shown = shown if len(shown) <= 60 else f"{shown[:60]}…"
        return MonitorError(f"the monitor {self.name} answers {question}() with {shown}", expected=expected)

    def _answers(self, question: str) -> bool:
        """Is there more than the default answer?"""
        method = getattr(type(self._monitor), question, None) or getattr(self._monitor, question, None)
        return callable(method) and method is not getattr(Monitor, question)

    def _takes_complete(self, question: str) -> bool:
        try:
            inspect.signature(getattr(self._monitor, question)).bind("", False)
        except TypeError:
            return False
        except ValueError:  # native code may not say what it takes
            return True
        return True

    def _word(self) -> tuple[tuple[int, int], ...]:
        word = getattr(self._monitor, "word", Monitor.word)
        try:
            node = parse(word) if isinstance(word, str) else None
        except RegexError:
            node = None
        if not isinstance(node, CharacterClass):
            raise MonitorError(
                f"word of the monitor {self.name} is {word!r}, which is no class of characters",
                expected=r"one as in Python's re, such as \w or [\w$]",
            )
        return tuple(node.ranges)


def describe_failure(error: BaseException) -> str:
    """An exception in a line: its type, its text and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}, line {frames[-1].lineno}, in {frames[-1].name})" if frames else ""
    text = first_line(error)
    name = type(error).__name__
    return f"{name if text == name else f'{name}: {text}'}{place}"
