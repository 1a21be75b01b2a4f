"""Texts near those of the corpora: valid ones with something wrong, in another place, too often or too large."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any

PIECE = re.compile(r"\w+|\s+|[^\w\s]")
ODD = [
    "",
    "\0",
    "\x7f",
    "é",
    "😀",
    "\u2028",
    "\ufeff",
    "'",
    '"',
    "\\",
    "/",
    "\n",
    "\t",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "|",
]
NUMBERS = [
    "0",
    "1",
    "2",
    "13",
    "255",
    "65536",
    "4294967295",
    "4294967296",
    "18446744073709551616",
    "-1",
    "1e308",
    "1e999",
]


def pieces(text: str) -> list[str]:
    """Words, white space and single marks."""
    return PIECE.findall(text)


def some(random: Random, parts: Sequence[str]) -> tuple[int, int]:
    """A few neighbours: from here, to there."""
    begin = random.randint(0, len(parts))
    return begin, min(len(parts), begin + random.choice([1, 1, 1, 2, 3, 8]))


def remove(random: Random, parts: list[str], _other: list[str]) -> list[str]:
    begin, end = some(random, parts)
    return parts[:begin] + parts[end:]


def repeat(random: Random, parts: list[str], _other: list[str]) -> list[str]:
    begin, end = some(random, parts)
    return parts[:begin] + parts[begin:end] * random.choice([2, 2, 3, 40, 400]) + parts[end:]


def insert(random: Random, parts: list[str], other: list[str]) -> list[str]:
    begin, _ = some(random, parts)
    return [*parts[:begin], random.choice([random.choice(ODD), random.choice(other or ODD)]), *parts[begin:]]


def splice(random: Random, parts: list[str], other: list[str]) -> list[str]:
    begin, end = some(random, parts)
    from_, to = some(random, other)
    return parts[:begin] + other[from_:to] + parts[end:]


def renumber(random: Random, parts: list[str], _other: list[str]) -> list[str]:
    return [random.choice(NUMBERS) if part.isdigit() and random.random() < 0.5 else part for part in parts]


def nest(random: Random, parts: list[str], _other: list[str]) -> list[str]:
    begin, end = some(random, parts)
    opening, closing = random.choice(
        [("(", ")"), ("[", "]"), ("{", "}"), ("(?:", ")*"), ('{"not":', "}"), ("(", "|x)")]
    )
    depth = random.choice([1, 2, 5, 30, 300])
    return parts[:begin] + [opening] * depth + parts[begin:end] + [closing] * depth + parts[end:]


MUTATIONS: list[Callable[[Random, list[str], list[str]], list[str]]] = [
    remove,
    remove,
    repeat,
    insert,
    insert,
    splice,
    splice,
    renumber,
    nest,
]


def mutated(random: Random, corpus: Sequence[str]) -> str:
    """One of the texts with one to four changes."""
    parts, other = (pieces(random.choice(corpus)) for _ in range(2))
    for _ in range(random.randint(1, 4)):
        parts = random.choice(MUTATIONS)(random, parts, other)
    return "".join(parts)


def values(document: Any) -> list[Any]:
    """A JSON document and all that is in it."""
    inside = list(document.values()) if isinstance(document, dict) else document if isinstance(document, list) else []
    return [document, *(value for part in inside for value in values(part))]


def grafted(random: Random, document: Any, parts: Sequence[Any], chance: float) -> Any:
    """A JSON document in which some values, keys and numbers are others."""
    if random.random() < chance:
        return random.choice([*parts, 0, -1, 13, 1e6, 2**64, 0.1, True, None, "", [], {}])
    if isinstance(document, list):
        return [grafted(random, part, parts, chance) for part in document]
    if isinstance(document, dict):
        words = [key for part in parts if isinstance(part, dict) for key in part] or [""]
        return {
            random.choice(words) if random.random() < chance / 2 else key: grafted(random, value, parts, chance)
            for key, value in document.items()
        }
    return document


def mutated_json(random: Random, corpus: Sequence[str]) -> str:
    """One of the texts that are JSON, with parts of others in it."""
    documents = []
    while len(documents) < 3:
        with suppress(ValueError):
            documents.append(json.loads(random.choice(corpus)))
    parts = [value for document in documents for value in values(document)]
    return json.dumps(grafted(random, documents[0], parts, random.choice([0.05, 0.1, 0.3])), ensure_ascii=False)
