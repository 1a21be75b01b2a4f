"""Compile time and masks of each grammar that ships:  python benchmarks/grammars.py --tokenizer FOLDER.

Texts are samples of the grammar itself, the same for every engine. llguidance and xgrammar are given the grammar as it
is (both read a dialect of Lark); one that they refuse, or whose texts they judge otherwise, has no figures. Two targets
are looked at: at most 50 ms from the grammar's text to the automaton, and masks of at most twice the mean of those of
``json``.
"""

from __future__ import annotations

import argparse
import random
import statistics
from pathlib import Path

from constrain import Vocabulary, compile_grammar, grammars
from constrain.compiler import lark
from constrain.compiler.sample import Sampler
from masks.cases import Case
from masks.constraint import Constraint
from masks.engines import ENGINES
from masks.parts.hard import run_cases
from masks.results import SchemaResult
from masks.session import Options, Session
from masks.tables import number, table
from masks.tokenizer import Tokenizer

LATEST = Path(__file__).parent / "results" / "latest"
COMPILE_MS = 50
TIMES_JSON = 2


def case(name: str, texts: int, seed: int) -> Case:
    """A grammar with samples of it."""
    text = grammars.load(name)
    grammar = lark.build(text)
    sampler = Sampler(compile_grammar(grammar, Vocabulary.bytes()), grammar, random.Random(seed))
    return Case(name, Constraint("lark", text), [sampler.draw().decode() for _ in range(texts)], [])


def mask_us(result: SchemaResult) -> float:
    """Mean of all masks; not a number where the grammar was refused or a text judged otherwise."""
    times = [time for instance in result.instances for time in instance.mask_ns]
    return statistics.fmean(times) / 1000 if times and result.handled else float("nan")


def compile_ms(result: SchemaResult) -> float:
    """From the text to the automaton; not a number as for masks."""
    return result.compile_us / 1000 if result.compile_us is not None and result.handled else float("nan")


def report(engines: list[str], results: dict[str, list[SchemaResult]]) -> str:
    """Both tables in one, and what is over a target."""
    own = results[engines[0]]
    usual = next((mask_us(result) for result in own if result.id == "json"), float("nan"))
    header = ["grammar", *(f"compile ms, {name}" for name in engines), *(f"mask us, {name}" for name in engines)]
    rows, over = [], []
    for index, result in enumerate(own):
        each = [results[name][index] for name in engines]
        rows.append([result.id, *(number(compile_ms(one)) for one in each), *(number(mask_us(one)) for one in each)])
        if not compile_ms(result) <= COMPILE_MS:
            over.append(f"{result.id}: compiles in {number(compile_ms(result))} ms")
        if not mask_us(result) <= TIMES_JSON * usual:
            over.append(f"{result.id}: masks of {number(mask_us(result))} us, json's of {number(usual)}")
    targets = "\n".join(f"- {line}" for line in over) or "all within the targets"
    return f"{table('Grammars of the library', header, rows)}\n\nOver a target:\n\n{targets}"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Compile time and masks of each grammar that ships.")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json, or the folder that holds it")
    parser.add_argument("--engines", default="constrain,llguidance,xgrammar", help="of " + ", ".join(ENGINES))
    parser.add_argument("--only", default="", help="grammars whose names contain this text, and json")
    parser.add_argument("--texts", type=int, default=100, help="samples of each grammar")
    parser.add_argument("--seed", type=int, default=7, help="which samples")
    parser.add_argument("--rounds", type=int, default=3, help="walks of each grammar; the median counts")
    parser.add_argument("--limit", type=float, default=60, help="seconds for a grammar in an engine")
    parser.add_argument("--out", type=Path, default=LATEST, help="folder for single figures")
    given = parser.parse_args()
    names = [name for name in grammars.names() if given.only in name or name == "json"]
    cases = [case(name, given.texts, given.seed) for name in names]
    engines = given.engines.split(",")
    with Session(Options(engines), Tokenizer(given.tokenizer), given.out) as session:
        run = run_cases(session, cases, given.limit, "grammars", given.rounds)
    print(report(engines, {name: run.engines[name].schemas for name in engines}))


if __name__ == "__main__":
    main()
