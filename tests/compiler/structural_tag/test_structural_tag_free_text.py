"""Free text with tags: every short text, decided by a scanner that knows nothing of grammars."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from constrain import InputError, Vocabulary, compile_structural_tag

ALPHABET = "<ab>"
LONGEST = 6


def scan(text: str, start: int, patterns: list[str]) -> tuple[int, str] | None:
    """The pattern that ends first at or after a start, the longest of those, and where it begins."""
    for end in range(start + 1, len(text) + 1):
        here = [pattern for pattern in patterns if end - len(pattern) >= start and text[:end].endswith(pattern)]
        if here:
            longest = max(here, key=len)
            return end - len(longest), longest
    return None


def endings(text: str, start: int, tag: dict[str, Any]) -> Iterator[int]:
    """Where a tag that begins here may end."""
    if not text.startswith(tag["begin"], start):
        return
    inside = start + len(tag["begin"])
    if tag["content"]["type"] == "any_text":
        found = scan(text, inside, [tag["end"]])
        if found is not None:
            yield found[0] + len(tag["end"])
        return
    for content in tag["content"]["elements"]:
        whole = content["value"] + tag["end"]
        if text.startswith(whole, inside):
            yield inside + len(whole)


def accepts(text: str, start: int, format: dict[str, Any], *, first: bool) -> bool:
    if first and format["at_least_one"]:
        after = [end for tag in format["tags"] for end in endings(text, start, tag)]
        if format["stop_after_first"]:
            return len(text) in after
        return any(accepts(text, end, format, first=False) for end in after)
    found = scan(text, start, [*format["triggers"], *format["excludes"]])
    if found is None:
        return True
    place, pattern = found
    if pattern not in format["triggers"]:
        return False
    after = [end for tag in format["tags"] if tag["begin"].startswith(pattern) for end in endings(text, place, tag)]
    if format["stop_after_first"]:
        return len(text) in after
    return any(accepts(text, end, format, first=False) for end in after)


def word(source: random.Random, least: int, most: int) -> str:
    return "".join(source.choice(ALPHABET) for _ in range(source.randint(least, most)))


def random_format(source: random.Random) -> dict[str, Any]:
    triggers = list(dict.fromkeys(word(source, 1, 3) for _ in range(source.randint(1, 3))))
    tags = []
    for trigger in triggers:
        for _ in range(source.randint(1, 2)):
            values = [{"type": "const_string", "value": word(source, 0, 2)} for _ in range(source.randint(1, 2))]
            content = {"type": "any_text"} if source.random() < 0.3 else {"type": "or", "elements": values}
            tags.append(
                {"type": "tag", "begin": trigger + word(source, 0, 1), "content": content, "end": word(source, 1, 2)}
            )
    return {
        "type": "triggered_tags",
        "triggers": triggers,
        "tags": tags,
        "excludes": [word(source, 1, 3)] if source.random() < 0.3 else [],
        "at_least_one": source.random() < 0.3,
        "stop_after_first": source.random() < 0.3,
    }


TEXTS = ["".join(letters) for size in range(LONGEST + 1) for letters in product(ALPHABET, repeat=size)]


def test_random_tags_are_read_as_a_scanner_reads_them(byte_vocabulary: Vocabulary) -> None:
    source = random.Random(7)
    compared = accepted = 0
    while compared < 25:
        format = random_format(source)
        try:
            compiled = compile_structural_tag(format, byte_vocabulary)
        except InputError as error:
            if error.pointer is None:
                raise
            continue  # triggers that hide each other, named with their place
        compared += 1
        for text in source.sample(TEXTS, 700):
            matcher = compiled.matcher()
            found = matcher.accept_bytes(text.encode()) and matcher.is_accepting()
            expected = accepts(text, 0, format, first=True)
            assert found == expected, (format, text)
            accepted += expected
    assert accepted > 1000


@pytest.mark.slow
def test_all_short_texts(byte_vocabulary: Vocabulary) -> None:
    source = random.Random(11)
    for _ in range(200):
        format = random_format(source)
        try:
            compiled = compile_structural_tag(format, byte_vocabulary)
        except InputError:
            continue
        for text in TEXTS:
            matcher = compiled.matcher()
            found = matcher.accept_bytes(text.encode()) and matcher.is_accepting()
            assert found == accepts(text, 0, format, first=True), (format, text)
