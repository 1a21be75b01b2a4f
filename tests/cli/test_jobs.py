"""Lines of standard input as they come: what is there is taken, what is not yet there is not waited for."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator

import pytest

from constrain.cli.jobs import Job, LineJobs, PromptJobs


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The end to write to of what is standard input."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "r", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield writing
    os.close(writing)


def told(job: Job | None) -> tuple[int, int, int, str] | None:
    return None if job is None else (job.number, job.sample, job.seed, job.prompt)


def test_what_is_not_there_is_not_waited_for(pipe: int) -> None:
    jobs = LineJobs(2, 10)
    assert jobs.next(wait=False) is None
    os.write(pipe, b"one\n\ntw")
    assert jobs.has_any()
    assert told(jobs.next(wait=False)) == (1, 0, 10, "one")
    assert told(jobs.next(wait=False)) == (1, 1, 11, "one")
    os.write(pipe, b"o\r\nthree")
    assert told(jobs.next(wait=True)) == (3, 0, 14, "two")
    assert told(jobs.next(wait=False)) == (3, 1, 15, "two")
    os.write(pipe, b"\n")
    assert [told(jobs.next(wait=True)), told(jobs.next(wait=True))] == [(4, 0, 16, "three"), (4, 1, 17, "three")]
    assert jobs.next(wait=False) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n \n", []),
        (b"a", [(1, "a")]),
        (b"a\n\nb\n", [(1, "a"), (3, "b")]),
        (b"a\r\nb\r\n", [(1, "a"), (2, "b")]),
        (b"x" * 200_000 + b"\n" + b"y" * 70_000, [(1, "x" * 200_000), (2, "y" * 70_000)]),
        (b"".join(b"%d\n" % n for n in range(1, 30_000)), [(n, str(n)) for n in range(1, 30_000)]),
    ],
)
def test_all_lines_come(data: bytes, expected: list[tuple[int, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert LineJobs(1, 0).has_any() == bool(expected)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    jobs = LineJobs(1, 0)
    assert [(job.number, job.prompt) for job in jobs] == expected
    assert jobs.next(wait=True) is None


def test_lines_that_are_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"good\nb\xffd\n")))
    first, second = LineJobs(1, 0)
    assert first.problem is None
    assert "byte offset 1" in str(second.problem)


def test_samples_of_a_prompt_have_seeds_in_order() -> None:
    assert [told(job) for job in PromptJobs("x", 3, 7)] == [(1, 0, 7, "x"), (1, 1, 8, "x"), (1, 2, 9, "x")]
