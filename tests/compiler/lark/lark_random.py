"""Random grammars in several files: rules, templates, terminals, repetitions, ranges, imports, changes to these.

Their terminals are such that lark's search finds every match of each, so that its verdicts can be compared.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import NamedTuple

__all__ = ["ALPHABET", "Project", "random_project"]

ALPHABET = "abc "

_LITERALS = [
    '"a"',
    '"b"',
    '"ab"',
    '"c"i',
    '"a".."b"',
    "/[ab]/",
    "/[^bc ]/",
    "/a+/",
    "/a[bc]/",
    '"ca"',
    r'"\x61"',
    "/B/i",
]


class Project(NamedTuple):
    """The grammar, and the files that it imports."""

    grammar: str
    files: dict[str, str]

    def write(self, folder: Path) -> Path:
        """Put the files into a folder."""
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return folder


class _Names(NamedTuple):
    """What can be used in a body."""

    rules: list[str]
    terminals: list[str]
    templates: list[str]


def random_project(seed: int) -> Project:
    """One of them; the same for the same seed."""
    return _Maker(Random(seed)).project()


class _Maker:
    def __init__(self, random: Random) -> None:
        self._random = random

    def project(self) -> Project:
        pick = self._random
        deeper = _Names(["leaf"], ["X"], [])
        files = {
            "parts/deep.lark": "\n".join(
                [f"leaf: {self.body(_Names([], ['X'], []))}", f"X: {self.terminal([])}", f"other: X {self.literal()}"]
            ),
            "parts/shapes.lark": "\n".join(
                [
                    "%import .deep.leaf" + pick.choice(["", " -> leaf"]),
                    "%import .deep (X, other)" if pick.random() < 0.3 else "%import .deep.X",
                    f"part{self.priority()}: {self.body(deeper)}",
                    f"_inner: {self.body(deeper)} | X",
                    f"W{self.priority()}: {self.terminal(['X'])}",
                    "%ignore X",
                    f"twice{{x}}: x {pick.choice(['x', 'X?', 'leaf', 'twice{X}?'])}",
                ]
            ),
        }
        names = _Names(["part", "inner", "one", "two"], ["A", "B", "V"], ["pair", "twice", "list"])
        lines = [
            "%import .parts.shapes.part",
            "%import .parts.shapes (twice)",
            f"%import .parts.shapes._inner -> {'inner'}",
            "%import .parts.shapes.W -> V",
            f"start: {self.body(names)}",
            f"?one{self.priority()}: {self.body(names)} | {self.literal()}",
            f"!two: {self.body(names)}" + pick.choice([" -> named", ""]),
            f"pair{{x, y}}: x {pick.choice(['y', 'y?', '[y]', 'y x'])}",
            f"list{{x}}: x ({self.literal()} x)*",
            f"A{self.priority()}: {self.terminal([])}",
            f"B{self.priority()}: {self.terminal(['A'])}",
        ]
        if pick.random() < 0.5:
            lines.append(f"%extend {pick.choice(['one', 'part', 'inner', 'two'])}: {self.body(names)}")
        if pick.random() < 0.3:
            lines.append(f"%override {pick.choice(['part', 'two'])}: {self.body(names)}")
        if pick.random() < 0.3:
            lines.append(f"%extend {pick.choice(['A', 'V'])}: {self.literal()}")
        if pick.random() < 0.4:
            lines.append('%ignore " "')
        return Project("\n".join(lines) + "\n", files)

    def body(self, names: _Names) -> str:
        return " | ".join(self.sequence(names, 1) for _ in range(self._random.choice([1, 1, 2])))

    def sequence(self, names: _Names, depth: int) -> str:
        return " ".join(self.item(names, depth) for _ in range(self._random.choice([1, 2, 2, 3])))

    def item(self, names: _Names, depth: int) -> str:
        pick = self._random
        kind = pick.random()
        if depth and kind < 0.15:
            inner = f"({self.sequence(names, depth - 1)} | {self.sequence(names, depth - 1)})"
            return inner + pick.choice(["", "?", "*", "+", "~2", "~0..2", "~1..3"])
        if depth and kind < 0.25:
            return f"[{self.sequence(names, depth - 1)}]"
        return self.atom(names, depth) + pick.choice(["", "", "", "", "?", "~1..2"])

    def atom(self, names: _Names, depth: int) -> str:
        pick = self._random
        if depth and names.templates and pick.random() < 0.25:
            template = pick.choice(names.templates)
            arguments = [self.atom(names, depth - 1) for _ in range(2 if template == "pair" else 1)]
            return f"{template}{{{', '.join(arguments)}}}"
        if pick.random() < 0.35:
            return self.literal()
        return pick.choice([*names.rules, *names.terminals])

    def literal(self) -> str:
        return self._random.choice(_LITERALS)

    def terminal(self, others: list[str]) -> str:
        pick = self._random
        parts = [self.literal(), *others, f'"{pick.choice("abc")}"']
        return pick.choice([" ".join(parts), f"({' | '.join(parts)})~1..2", f"{parts[0]}+", f'"b" {parts[0]}?'])

    def priority(self) -> str:
        return self._random.choice(["", "", ".1", ".-2", ".10"])
