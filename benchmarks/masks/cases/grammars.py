"""Context-free grammars: C-like programs, and JSON nested deep."""

from __future__ import annotations

from pathlib import Path

from constrain import grammars
from masks.cases.case import Case
from masks.constraint import Constraint

__all__ = ["grammar_cases"]

DATA = Path(__file__).parent / "data"


def grammar_cases() -> list[Case]:
    """All cases of this file."""
    return [c_like(), nested_json()]


def c_like() -> Case:
    """A program of some hundred tokens. Names may be keywords, as in every grammar without a lexer of its own."""
    program = (DATA / "program.c").read_text(encoding="utf-8")
    invalid = [
        program + "}\n",
        program.replace("(n < 2)", "(n < )"),
        program.replace("return 1;", "return 1", 1),
        "return 1;",
    ]
    grammar = Constraint("lark", (DATA / "c_like.lark").read_text(encoding="utf-8"))
    return Case("C-like program", grammar, [program, "int n;"], invalid)


def nested_json(depth: int = 1_000) -> Case:
    """Arrays and objects within each other under a grammar of JSON."""
    grammar = Constraint("lark", grammars.load("json"))
    arrays = "[" * depth + "1" + "]" * depth
    objects = '{"a": [' * depth + "null" + "]}" * depth
    invalid = [arrays + "]", arrays[:-1], objects.replace("null", '"a": null'), objects[:-2] + "}]"]
    return Case(f"JSON grammar, {depth:,} deep", grammar, [arrays, objects], invalid)
