"""What a task is: questions, right answers, and the forms that answers take."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Item", "Task", "items_of"]


@dataclass(frozen=True, slots=True)
class Item:
    """A question.

    Attributes:
        question: its text, on one line.
        gold: the right answer, as JSON has it.
        reasoning: a way to it, on one line and without quotes, so that JSON need not escape anything; empty where the
            task has none.
        options: the answers to choose from; empty where any may be right.
    """

    question: str
    gold: Any
    reasoning: str = ""
    options: tuple[str, ...] = ()


class Task(Protocol):
    """A kind of question."""

    name: str
    title: str
    instruction: str
    """Comes before the examples."""
    shots: int
    """How many examples the model is shown."""
    reasoning: str
    """``reasoned`` where the way to the answer is written as well, else ``direct``."""
    reasoning_length: int
    """Most characters of reasoning that a schema allows."""
    max_tokens: int
    """Most tokens of an output; about twice what right ones have."""
    marked: tuple[str, ...]
    """Which of the marks are reported."""

    def make(self, generator: random.Random) -> Item:
        """A random question."""

    def answer_schema(self, item: Item) -> dict[str, Any]:
        """The JSON Schema of the answer alone."""

    def as_text(self, gold: Any) -> str:
        """An answer as plain text, on one line."""

    def from_text(self, text: str, item: Item) -> Any:
        """The answer in a text that was meant to be such, read leniently; None where there is none."""

    def marks(self, answer: Any, item: Item) -> Mapping[str, float]:
        """How right an answer is, by field and as a whole (``exact``), from 0 to 1. ``answer`` may be any JSON."""


def items_of(task: Task, count: int, seed: int) -> tuple[list[Item], list[Item]]:
    """The examples that are shown and the questions that are asked, all different."""
    generator = random.Random(f"{task.name} {seed}")
    found: dict[str, Item] = {}
    while len(found) < task.shots + count:
        item = task.make(generator)
        found.setdefault(item.question, item)
    each = list(found.values())
    return each[: task.shots], each[task.shots :]
