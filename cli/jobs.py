"""Outputs to make, one after the other: for a prompt, or for each line of standard input as it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from constrain.cli.problems import InputFileError
from constrain.cli.streams import StandardInputLines, decode
from constrain.errors import ConstrainError

__all__ = ["Job", "Jobs", "LineJobs", "PromptJobs"]


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """An output to make.

    Attributes:
        number: of its prompt, from 1.
        sample: of the outputs for the prompt, from 0.
        seed: what it is drawn with; it depends on these two and on ``--seed`` alone.
        prompt: what the user wrote.
        problem: why there is none.
    """

    number: int
    sample: int
    seed: int
    prompt: str = ""
    problem: ConstrainError | None = None


class Jobs(Protocol):
    """Jobs in order."""

    def next(self, *, wait: bool) -> Job | None:
        """The next job; None where there is none, or none yet and it is not to be waited for."""

    def __iter__(self) -> Iterator[Job]:
        """Each in turn, waited for."""


class PromptJobs:
    """Several outputs for one prompt."""

    def __init__(self, prompt: str, samples: int, seed: int) -> None:
        self._jobs = iter([Job(1, sample, seed + sample, prompt) for sample in range(samples)])

    def next(self, *, wait: bool) -> Job | None:
        """The next."""
        return next(self._jobs, None)

    def __iter__(self) -> Iterator[Job]:
        return self._jobs


class LineJobs:
    """Outputs for each line of standard input."""

    def __init__(self, samples: int, seed: int) -> None:
        self._lines = StandardInputLines()
        self._samples = samples
        self._seed = seed
        self._jobs: Iterator[Job] = iter(())

    def has_any(self) -> bool:
        """Is there a first one? It is waited for."""
        for line in self._lines:
            self._jobs = self._of_line(*line)
            return True
        return False

    def next(self, *, wait: bool) -> Job | None:
        """The next, if it is there."""
        job = next(self._jobs, None)
        if job is None and (wait or self._lines.is_ready()) and (line := next(self._lines, None)) is not None:
            self._jobs = self._of_line(*line)
            job = next(self._jobs)
        return job

    def __iter__(self) -> Iterator[Job]:
        while (job := self.next(wait=True)) is not None:
            yield job

    def _of_line(self, number: int, line: bytes) -> Iterator[Job]:
        prompt, problem = "", None
        try:
            prompt = decode(line, f"line {number}")
        except InputFileError as error:
            problem = error
        first = self._seed + (number - 1) * self._samples
        return (Job(number, sample, first + sample, prompt, problem) for sample in range(self._samples))
