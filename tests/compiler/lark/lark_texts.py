"""Grammars to read: those of the corpora, of this project and of lark, and texts near them."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from random import Random

from constrain import grammars

ROOT = Path(__file__).resolve().parents[3]

LIBRARY = {
    entry.name.removesuffix(".lark"): entry.read_text(encoding="utf-8")
    for entry in files("lark").joinpath("grammars").iterdir()
    if entry.name.endswith(".lark")
}

CORPUS = [
    case["grammar"]
    for name in ("lark", "lark_errors")
    for case in tomllib.loads((ROOT / f"tests/data/{name}.toml").read_text(encoding="utf-8"))["case"]
]

ALL = [
    *CORPUS,
    *map(grammars.load, grammars.names()),
    *LIBRARY.values(),
    (ROOT / "benchmarks/masks/cases/data/c_like.lark").read_text(encoding="utf-8"),
]

_PIECE = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"i?|/(?:\\.|[^/\\\n])+/[a-z]*|%\w+|\w+|\s+|\S')
_MARKS = list('()[]{}|?*+~:.!,"/\\%#')
_WORDS = ["..", "->", "//", r"\"", '"a"', '"a"i', r'"\x41"', r'"\x4"', r'"\\"', "/b/", "/b/x", "/b/q", "2", "-1", "+3"]
_NAMES = ["A", "a", "_A", "_a", "start", "?a:", "!a:", "?!a:", "x{y}", "common", "é"]
_STATEMENTS = ["%ignore", "%override", "%extend", "%declare", "%import"]
_LINES = ["\n", "\n  | ", "\r\n", "\t", "\\\n", "\\ \n", "// c\n", "# c\n", "\f", '\na: "a"\n', "\nA.2: /a/\n"]
_ODD = [*_MARKS, *_WORDS, *_NAMES, *_STATEMENTS, *_LINES]


def near(random: Random, lines: int = 8) -> str:
    """A few lines of one of the grammars, with up to three changes."""
    text = random.choice(ALL).splitlines(keepends=True)
    begin = random.randint(0, max(0, len(text) - lines))
    pieces = _PIECE.findall("".join(text[begin : begin + lines]))
    for _ in range(random.randint(0, 3)):
        place = random.randint(0, len(pieces))
        kept = pieces[place : place + 1]
        changes = [
            [],
            [],
            [random.choice(_ODD)],
            [*kept, random.choice(_ODD)],
            kept * 2,
            [random.choice(pieces or _ODD)],
        ]
        pieces[place : place + 1] = random.choice(changes)
    return "".join(pieces)
