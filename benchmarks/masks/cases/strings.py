"""Regular languages: identifiers, counted repetition, length limits, a long list of strings."""

from __future__ import annotations

import json
import random

from masks.cases.case import Case
from masks.cases.words import sentence, word
from masks.constraint import Constraint

__all__ = ["string_cases"]

IDENTIFIER = "[a-zA-Z_][a-zA-Z0-9_]*"


def string_cases() -> list[Case]:
    """All cases of this file."""
    return [identifiers(), letters(), *(max_length(bound) for bound in (10, 1_000, 1_000_000)), enumeration()]


def identifiers() -> Case:
    """Names as in C: nearly every token can go on, and none closes the text."""
    source = random.Random("identifiers")
    names = [word(source) + "_" + word(source).capitalize() + str(source.randint(0, 99)) for _ in range(50)]
    return Case("identifiers", Constraint("regex", IDENTIFIER), [*names, "_", "x9"], ["9x", "two words", "caf\u00e9"])


def letters() -> Case:
    """A bound on characters that tokens of many lengths approach: ``^[a-zA-Z ]{1,400}$``."""
    source = random.Random("letters")
    valid = [sentence(source, length) for length in (1, 20, 399, 400)]
    invalid = [sentence(source, 401), "", "almost 1", "non-letters"]
    return Case("[a-zA-Z ]{1,400}", Constraint("regex", "[a-zA-Z ]{1,400}"), valid, invalid)


def max_length(bound: int) -> Case:
    """A JSON string of at most ``bound`` characters. Texts at the largest bound are of spaces, in few tokens."""
    source = random.Random(f"maxLength {bound}")
    schema = {"type": "string", "maxLength": bound}
    valid = [sentence(source, min(bound, 1_000)), "", "\u00e9" * min(bound, 10)]
    full = " " * bound if bound > 1_000 else sentence(source, bound)
    texts = [json.dumps(text, ensure_ascii=False) for text in [*valid, full]]
    over = json.dumps(full + " ")
    return Case(f"maxLength {bound:,}", Constraint("json_schema", schema), texts, [over, "1"])


def enumeration() -> Case:
    """One of 20,000 strings, as a list of products or places would be."""
    source = random.Random("enumeration")
    names: dict[str, None] = {}
    while len(names) < 20_000:
        names[f"{word(source)} {word(source)}"] = None
    strings = list(names)
    valid = [json.dumps(text) for text in strings[::1_000]]
    invalid = [json.dumps(text) for text in (strings[0] + "x", strings[1][:-1] + "?", "", "none of them")]
    return Case("enum of 20,000", Constraint("json_schema", {"enum": strings}), valid, invalid)
