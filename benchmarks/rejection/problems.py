"""The five constraints that the embedded model writes under."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import constrain
from constrain import grammars

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar
    from constrain.runtime import CausalModel

__all__ = ["Problem", "problems"]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

SQL = (
    "-- Names of customers in Paris\nSELECT name FROM customers WHERE city = 'Paris';\n"
    "-- How many orders are there?\nSELECT COUNT(*) FROM orders;\n-- {}\n"
)

SMILES = "ethanol: CCO\nbenzene: c1ccccc1\nacetic acid: CC(=O)O\naspirin: CC(=O)Oc1ccccc1C(=O)O\n{}: "

PEOPLE = "Ada Lovelace <ada@example.com>, +44 020 7946\nJohn Miller <john.miller@mail.org>, +1 555 0147\n"

PERSON = r"[A-Z][a-z]+ [A-Z][a-z]+ <[a-z.]+@[a-z]+\.(com|org|net)>, \+[0-9]{1,3} [0-9]{3} [0-9]{4}"

PDDL = (
    "; put b on a\n(pick-up b)\n(stack b a)\n\n; put c on b, b was on c\n"
    "(unstack b c)\n(put-down b)\n(pick-up c)\n(stack c b)\n\n; {}\n"
)


@dataclass(frozen=True)
class Problem:
    """A constraint and what is asked; the output ends where ``until`` is written, if anywhere."""

    name: str
    compiled: CompiledGrammar
    prompts: Sequence[Sequence[int]]
    until: bytes


def problems(model: CausalModel) -> Iterator[Problem]:
    """JSON, SQL, SMILES, a pattern and PDDL."""
    schema = (EXAMPLES / "order.json").read_text("utf-8")
    orders = ("Two blue mugs for Ada, paid.", "One lamp and three chairs for Bob, not paid yet.", "Send Carla a scarf.")
    asked = [model.encode_prompt(order, schema_text=schema) for order in orders]
    yield Problem("JSON", constrain.compile_json_schema(json.loads(schema), model.vocabulary), asked, b"\0")
    for name, grammar, prompt, wanted, until in (
        ("SQL", "sql", SQL, ("Total of each customer", "The three dearest products", "Who ordered nothing?"), b"\n"),
        ("SMILES", "smiles", SMILES, ("caffeine", "ibuprofen", "a drug-like molecule"), b"\n"),
        ("PDDL", "pddl_plan", PDDL, ("put a on b, b on c", "move r1 to the hall", "drive truck1 to paris"), b"\n\n"),
    ):
        compiled = constrain.compile_lark(grammars.load(grammar), model.vocabulary)
        yield Problem(name, compiled, [model.encode_prompt(prompt.format(each)) for each in wanted], until)
    yield Problem("pattern", constrain.compile_regex(PERSON, model.vocabulary), [model.encode_prompt(PEOPLE)], b"\n")
