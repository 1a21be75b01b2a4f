"""Random grammars full of terminals that ask what follows them."""

from __future__ import annotations

from random import Random

__all__ = ["random_grammar"]

_PLAIN = [
    '"a"',
    '"b"',
    '"ab"',
    '"1"',
    '" "',
    "/a+/",
    "/[ab]+/",
    "/ab?/",
    "/1+/",
    "/[a1]+/",
    "/(?!ab)[ab]{2}/",
    "/b+a?/",
]
_LOOKING = [
    "/a(?!b)/", "/a+(?!a)/", "/a(?!bb)/", "/[ab](?=1)/", "/a(?=.b)/", r"/[ab]+\b/", r"/a\b/", r"/1\B/", "/b$/",
    r"/a+\Z/", "/(?m:[ab]$)/", "/(?!ab)[ab]+/", r"/(?!(?:a|ab)\b)[ab]+/", "/(?!.*1)[ab]/", "/a(?!.*1)/", "/a(?=.*1)/",
    "/b(?!a$)/", "/a(?!b|1a)/", "/(?:a(?!1)|b)/", "/[ab]1?(?![ab]1)/", r"/(?:1(?!\b)|a)/", "/(?=a1)[a1]/", "/a(?=$|b)/",
    "/a(?! )/", "/b(?= *a)/", "/(?!a.a)a?b?1?a/", "/a(?!b(?!1))/", "/[^a](?!1)/",
]  # fmt: skip
_IGNORED = ['" "', "/ +/", "/ (?! )/", "/ +(?!1)/", "/ |b/", "/ (?=a)| b/"]


def random_grammar(seed: int) -> str:
    """A grammar over ``a``, ``b``, ``1`` and the blank."""
    random = Random(seed)
    names = [f"T{index}" for index in range(random.randint(2, 4))]
    lines = [f"{name}: {random.choice(_LOOKING if random.random() < 0.6 else _PLAIN)}" for name in names]

    def symbol(depth: int) -> str:
        kind = random.random()
        if kind < 0.6:
            return random.choice(names)
        if kind < 0.7:
            return random.choice(_PLAIN[:3])
        return random.choice("xyz") if kind < 0.9 or depth > 1 else f"({alternatives(depth + 1)})"

    def sequence(depth: int) -> str:
        suffixes = ["", "", "", "", "", "", "?", "*", "+", "~2", "~1..2"]
        return " ".join(symbol(depth) + random.choice(suffixes) for _ in range(random.choice([1, 2, 2, 3])))

    def alternatives(depth: int) -> str:
        return " | ".join(dict.fromkeys(sequence(depth) for _ in range(random.choice([1, 1, 2, 3]))))

    lines.extend(f"{rule}: {alternatives(0)}" for rule in ["start", "x", "y", "z"])
    if random.random() < 0.5:
        lines.append(f"%ignore {random.choice(_IGNORED)}")
    return "\n".join(lines)
