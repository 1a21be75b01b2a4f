"""Random small patterns, with anchors, lookaround and atomic groups everywhere, and texts to try them on."""

from __future__ import annotations

import itertools
import random

ATOMS = ["a", "b", "_", r"\n", "é", ".", r"\w", r"\W", r"\s", "[ab]", "[^a]", r"[^\w]", "B", " "]
QUANTIFIERS = ["*", "+", "?", "{2}", "{1,3}", "{0,2}?", "{2,}"]
# inside other repetitions, for a backtracking oracle must come to an end
SHORT_QUANTIFIERS = ["?", "{2}", "{1,2}", "{0,2}?"]
# cuts that what follows may feel
CUTS = ["(?>a|ab)", "(?>ab|a|_)", "[ab]?+", "a*+", "(?:a|ab){1,2}+", "(?>[ab]*?b)", "(?>(?=ab)a|_)", r"\w{1,2}+", ".?+"]
BEHIND = ["a", r"\w", "ab", "[ab]_", "a|b"]
SHORT_TEXTS = ["".join(text) for size in range(4) for text in itertools.product("ab_\n", repeat=size)]


class Patterns:
    """Patterns in Python's notation or, without what that has of its own, in ECMAScript's."""

    def __init__(self, source: random.Random, *, python: bool, cuts: bool = False) -> None:
        self._source = source
        self._python = python
        self._cuts = cuts

    def pattern(self, depth: int = 4) -> str:
        return "".join(self._part(depth, repeated=False) for _ in range(self._source.randint(1, 3)))

    def _part(self, depth: int, *, repeated: bool) -> str:
        source = self._source

        def inner(levels: int = 1, *, again: bool = False) -> str:
            return self._part(depth - levels, repeated=repeated or again)

        kind = source.random()
        if depth <= 0 or kind < 0.22:
            return source.choice(CUTS if self._cuts and source.random() < 0.4 else ATOMS)
        if kind < 0.42:
            return inner() + inner()
        if kind < 0.56:
            return f"(?:{inner()}|{inner()})"
        if kind < 0.72:
            quantifier = source.choice(SHORT_QUANTIFIERS if repeated else QUANTIFIERS)
            if self._cuts and not quantifier.endswith("?}") and source.random() < 0.4:
                quantifier = quantifier.rstrip("?") + "+" if quantifier != "?" else "?+"
            return f"(?:{inner(again=True)}){quantifier}"
        if kind < 0.78:
            return f"(?>{inner()}|{inner()})" if self._cuts else f"({inner()})"
        if kind < 0.85:
            return source.choice(["^", "$", r"\A", r"\Z", "(?m:^)", "(?m:$)"] if self._python else ["^", "$"])
        if kind < 0.89 and self._python:
            return f"(?i:{inner()})"
        behind = source.choice(BEHIND) if self._python else inner(2)
        return source.choice([f"(?={inner(2)})", f"(?!{inner(2)})", f"(?<={behind})", f"(?<!{behind})", r"\b", r"\B"])


def random_texts(source: random.Random) -> list[str]:
    longer = ["".join(source.choice("ab_ \nBé") for _ in range(source.randint(0, 8))) for _ in range(15)]
    return source.sample(SHORT_TEXTS, 30) + longer
