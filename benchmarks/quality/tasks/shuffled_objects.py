"""Tracking three shuffled objects (BIG-bench, arXiv 2206.04615): after some swaps, who has what?"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from quality.tasks.task import Item
from quality.tasks.words import COLOURS

__all__ = ["ShuffledObjects"]

PEOPLE = ["Alice", "Bob", "Claire", "Dave", "Eve", "Fred", "Gertrude"]
ORDER = ("First", "Then", "Finally")
ANSWER_IS = re.compile(r"answer\s*(?:is|:)\s*(.*)", re.IGNORECASE)


class Story(NamedTuple):
    """What people swap."""

    begins: str
    objects: tuple[str, ...]
    swap: str


STORIES = (
    Story("are playing a game, each with a ball", tuple(f"{colour} ball" for colour in COLOURS), "swap balls"),
    Story("are at a party, each with a present", tuple(f"{colour} present" for colour in COLOURS), "swap presents"),
    Story(
        "are friends, each with a new book",
        ("Catch-22", "Emma", "Frankenstein", "Hamlet", "Lolita", "Moby Dick", "The Hobbit", "Ulysses"),
        "swap books",
    ),
)


class ShuffledObjects:
    """Three people, three objects, three swaps, three answers to choose from."""

    name = "shuffled_objects"
    title = "Shuffled objects"
    instruction = "Who has what at the end?"
    shots = 4
    reasoning = "direct"
    reasoning_length = 400
    max_tokens = 24
    marked: tuple[str, ...] = ("exact",)

    def make(self, generator: random.Random) -> Item:
        """A story."""
        story = generator.choice(STORIES)
        people = generator.sample(PEOPLE, 3)
        objects = generator.sample(story.objects, 3)
        has = dict(zip(people, objects, strict=True))
        begin = ", ".join(f"{person} has the {thing}" for person, thing in has.items())
        told, steps = [], [_state(has)]
        for when in ORDER:
            one, other = generator.sample(people, 2)
            has[one], has[other] = has[other], has[one]
            told.append(f"{when}, {one} and {other} {story.swap}.")
            steps.append(f"{one} and {other} swap: {_state(has)}")
        asked = generator.choice(people)
        options = tuple(generator.sample(objects, 3))
        question = (
            f"{people[0]}, {people[1]} and {people[2]} {story.begins}: {begin}. {' '.join(told)} "
            f"What does {asked} have at the end: {options[0]}, {options[1]} or {options[2]}?"
        )
        return Item(question, has[asked], " ".join(steps), options)

    def answer_schema(self, item: Item) -> dict[str, Any]:
        """One of the three."""
        return {"enum": list(item.options)}

    def as_text(self, gold: Any) -> str:
        """The object."""
        return str(gold)

    def from_text(self, text: str, item: Item) -> Any:
        """The option named after "the answer is", or else the first one that is named."""
        found = ANSWER_IS.findall(text)
        text = found[-1] if found else text
        named = sorted(
            (match.start(), option)
            for option in item.options
            for match in re.finditer(re.escape(option), text, re.IGNORECASE)
        )
        if not named:
            return None
        return named[0][1]

    def marks(self, answer: Any, item: Item) -> Mapping[str, float]:
        """Right or wrong."""
        return {"exact": float(isinstance(answer, str) and answer.strip().lower() == item.gold.lower())}


def _state(has: Mapping[str, str]) -> str:
    return ", ".join(f"{person} has {thing}" for person, thing in has.items()) + "."
