"""Random grammars for lark's contextual lexer, full of terminals that overlap."""

from __future__ import annotations

from random import Random

__all__ = ["random_grammar"]

_PATTERNS = [
    '"a"', '"b"', '"ab"', '"ba"', '"aa"', '"1"', '"a"i', "/a+/", "/[ab]+/", "/a|ab/", "/ab|a/", "/ab?/", "/1+/",
    r"/1+\.1*/", "/[a1]+/", "/a[ab1]*/", '/"[^"]*"/', "/a.*?b/", r"/\.1?/", "/b+a?/", r"/(?!ab\b)[ab]+/",
    r"/(?!(?:a|ab)\b)[ab][ab1]*/", "/[ab]{1,2}/", "/1(?:a|1)*/", "/(?:a|1|b1)+/", "/a(?:b1|[ab])*?1[ab]?/",
    "/(?:a|ab)(?:1|b)?/", "/b(?!1)(?:a1|.)*?1/", "/1.*?(?<!a)b+/",
]  # fmt: skip
_ASSERTING = [
    r"/[ab]+\b/", r"/a(?!\w)/", "/ab(?!1)/", r"/1+(?!\.)/", "/[ab]+(?![1.])/", r"/a\b/", "/(?:a|b)(?!b)/", r"/b\B/",
    "/ab?(?!a)/", "/./", '" "', '"."',
]  # fmt: skip
"""Patterns that look at what follows them, and what they meet."""
_IGNORED = ['" "', "/ +/", "/ /", "/ |b/"]


def random_grammar(seed: int, *, asserting: bool = False) -> str:
    """A grammar over ``a``, ``b``, ``1``, the point, the blank and the quote; lark takes about half of them.

    Args:
        seed: of the random generator.
        asserting: are most patterns such that look at what follows them?
    """
    random = Random(seed)
    patterns = [*_ASSERTING, *_PATTERNS[:12], *_ASSERTING] if asserting else _PATTERNS
    names = [f"T{index}" for index in range(random.randint(2, 5))]
    lines = []
    for name in names:
        priority = random.choice(["", "", "", "", ".1", ".-1", ".2"])
        lines.append(f"{name}{priority}: {random.choice(patterns)}")

    def symbol(depth: int) -> str:
        kind = random.random()
        if kind < 0.45:
            return random.choice(names)
        if kind < 0.7:
            return random.choice(patterns[:8])
        return random.choice("xyz") if kind < 0.9 or depth > 2 else f"({alternatives(depth + 1)})"

    def sequence(depth: int) -> str:
        length = random.choice([1, 1, 2, 2, 3]) if depth else random.choice([1, 2, 2, 3])
        suffixes = ["", "", "", "", "?", "*", "+", "~2", "~1..2"]
        return " ".join(symbol(depth) + random.choice(suffixes) for _ in range(length))

    def alternatives(depth: int) -> str:
        return " | ".join(sequence(depth) for _ in range(random.choice([1, 1, 2])))

    lines.extend(f"{rule}: {alternatives(0)}" for rule in ["start", "x", "y", "z"])
    if random.random() < 0.6:
        lines.append(f"%ignore {random.choice(_IGNORED)}")
    return "\n".join(lines)
