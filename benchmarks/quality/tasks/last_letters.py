"""Last letters (Wei et al., arXiv 2201.11903): which word do the last letters of some words make?"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any

from quality.tasks.task import Item
from quality.tasks.words import FIRST_NAMES, LAST_NAMES

__all__ = ["LastLetters"]

ANSWER_IS = re.compile(r"answer\s*(?:is|:)\s*(.*)", re.IGNORECASE)


class LastLetters:
    """Words are names of people."""

    name = "last_letters"
    title = "Last letters"
    instruction = "Take the last letter of each word and put these letters together."
    shots = 6
    reasoning = "reasoned"
    reasoning_length = 80
    max_tokens = 48
    marked: tuple[str, ...] = ("exact", "letters")

    def make(self, generator: random.Random) -> Item:
        """Two names."""
        words = [generator.choice(FIRST_NAMES), generator.choice(LAST_NAMES)]
        gold = "".join(word[-1] for word in words)
        steps = ", ".join(f"{word} ends in {word[-1]}" for word in words)
        return Item(" ".join(words), gold, f"{steps}.")

    def answer_schema(self, item: Item) -> dict[str, Any]:
        """Some small letters."""
        return {"type": "string", "pattern": "^[a-z]{1,8}$"}

    def as_text(self, gold: Any) -> str:
        """The letters."""
        return str(gold)

    def from_text(self, text: str, item: Item) -> Any:
        """The word after "the answer is", or else the last word; letters alone."""
        found = ANSWER_IS.findall(text)
        words = re.findall(r"[A-Za-z]+", found[-1] if found else text)
        if not words:
            return None
        return words[0 if found else -1].lower()

    def marks(self, answer: Any, item: Item) -> Mapping[str, float]:
        """All letters right, and the share of places with the right one; capitals do not matter."""
        given = answer.strip().lower() if isinstance(answer, str) else ""
        right = sum(one == other for one, other in zip(given, item.gold, strict=False))
        return {"exact": float(given == item.gold), "letters": right / max(len(given), len(item.gold))}
