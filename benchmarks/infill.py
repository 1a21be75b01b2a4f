"""What a constraint costs a diffusion model, beside its own forward:  python benchmarks/infill.py SCHEMAS TOKENIZER.

For each schema: building the token automaton; the masks of all positions of an open canvas; a step under random logits,
whole and in its parts (weights of classes, forward and backward sums with the posterior, the best path with its
tokens), on the open canvas and on one of which half is decided; the same masks after commits. Every best path is read
by a matcher afterwards: it must be of the language. Set RAYON_NUM_THREADS=1 for the figures of one core.
"""

from __future__ import annotations

import argparse
import collections
import datetime
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import constrain
from constrain import CompiledGrammar, ConstrainError, LimitError, Vocabulary, compile_json_schema
from constrain.compiler.canvas import TokenAutomaton, token_automaton
from constrain.runtime.diffusion import DELETED, OPEN, Canvas
from corpus.loading import load

Times = dict[str, list[float]]


def closed(schema: Any) -> Any:
    """A schema whose objects have no members but those that they declare, as vendors' strict modes demand."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    if isinstance(found.get("properties"), dict) and found.get("type", "object") == "object":
        found.setdefault("additionalProperties", False)
    return found


def timed(times: Times, name: str, case: Callable[[], Any]) -> Any:
    """What a case gives; its milliseconds are noted down."""
    started = time.perf_counter()
    found = case()
    times[name].append((time.perf_counter() - started) * 1e3)
    return found


def plain_weights(automaton: TokenAutomaton, logits: NDArray[np.float32]) -> Callable[[], object]:
    """Sums of exponentials by class as one would write them in torch."""
    import torch

    class_of = torch.from_numpy(automaton.class_of().astype(np.int64))
    class_of[class_of < 0] = automaton.classes
    wide = torch.from_numpy(logits)[:, : len(class_of)]

    def weigh() -> object:
        high = wide.max(dim=1, keepdim=True).values
        sums = torch.zeros(len(wide), automaton.classes + 1)
        return sums.index_add_(1, class_of, (wide - high).exp()).log() + high

    return weigh


def read_back(grammar: CompiledGrammar, cells: NDArray[np.int64]) -> bool:
    """Is a finished canvas a text of the language with stop tokens behind it?"""
    matcher, stops = grammar.matcher(), set(grammar.vocabulary.eos_token_ids)
    written = [int(cell) for cell in cells if cell != DELETED]
    for place, token in enumerate(written):
        if token in stops:
            return matcher.is_accepting() and all(other in stops for other in written[place:])
        if not matcher.accept_token(token):
            return False
    return matcher.is_accepting()


def measure(grammar: CompiledGrammar, automaton: TokenAutomaton, logits: NDArray[np.float32], times: Times) -> bool:
    """All cases on one automaton. Were all best paths of the language?"""
    length = len(logits)
    canvas = timed(times, "open: sets", lambda: Canvas(automaton, np.full(length, OPEN)))
    if not canvas.is_possible:
        raise LimitError("too short")
    timed(times, "open: masks", canvas.allowed_classes)
    times["open: sets and masks"].append(times["open: sets"][-1] + times["open: masks"][-1])
    valid = True
    for state in ("open", "half decided"):
        started = time.perf_counter()
        timed(times, f"{state}: class weights", lambda: canvas.weigh(logits))
        timed(times, f"{state}: sums and posterior", canvas.posterior)
        path = timed(times, f"{state}: best path", canvas.best)
        times[f"{state}: whole step"].append((time.perf_counter() - started) * 1e3)
        valid &= read_back(grammar, path.cells)
        if state == "open":
            half = np.random.default_rng(0).permutation(length)[: length // 2]

            def commit(half: NDArray[np.int64] = half, cells: NDArray[np.int64] = path.cells) -> None:
                canvas.commit(half, cells[half])
                canvas.allowed_classes()

            timed(times, "half decided: commit and masks", commit)
    return valid


def row(name: str, numbers: Sequence[float]) -> str:
    """A line of the table."""
    ordered = sorted(numbers)
    high = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.9, 0.99)]
    return f"| {name} | {statistics.median(ordered):,.2f} | {high[0]:,.2f} | {high[1]:,.2f} | {ordered[-1]:,.2f} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("schemas", type=Path, help="a copy of JSONSchemaBench, or a file of MaskBench rows")
    parser.add_argument("tokenizer", type=Path, help="a tokenizer file")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every Nth schema (default: 1)")
    parser.add_argument("--length", type=int, default=256, help="positions of canvases (default: 256)")
    parser.add_argument("--max-states", type=int, default=5_000, help="budget of an automaton (default: 5,000)")
    parser.add_argument("--closed", action="store_true", help="take objects to have declared members only")
    parser.add_argument("--spread", type=float, default=3.0, help="standard deviation of logits (default: 3)")
    options = parser.parse_args(arguments)

    vocabulary = Vocabulary.from_file(options.tokenizer)
    shape = (options.length, vocabulary.vocab_size)
    logits = np.random.default_rng(0).normal(size=shape).astype(np.float32) * np.float32(options.spread)
    corpus = load(options.schemas)
    times: Times = collections.defaultdict(list)
    sizes: Times = collections.defaultdict(list)
    outcomes: collections.Counter[str] = collections.Counter()
    invalid = []
    for schema in corpus.rows[:: options.every]:
        try:
            given = closed(schema.schema) if options.closed else schema.schema
            grammar = compile_json_schema(given, vocabulary)
        except ConstrainError:
            outcomes["not compiled"] += 1
            continue
        started = time.perf_counter()
        try:
            automaton = token_automaton(grammar, options.length, max_states=options.max_states)
        except LimitError:
            outcomes["over the budget"] += 1
            times["build: given up"].append((time.perf_counter() - started) * 1e3)
            continue
        built = (time.perf_counter() - started) * 1e3
        try:
            valid = measure(grammar, automaton, logits, times)
        except LimitError:
            outcomes["longer than the canvas"] += 1
            continue
        if not valid:
            invalid.append(schema.id)
        outcomes["fit"] += 1
        times["build: automaton and classes"].append(built)
        for name in ("states", "classes", "groups", "edges"):
            sizes[name].append(getattr(automaton, name))
        if outcomes["fit"] % 10 == 1:
            timed(times, "open: class weights, plain torch", plain_weights(automaton, logits))

    print(
        f"{datetime.datetime.now(datetime.UTC).date()}: {corpus.source}{', closed' if options.closed else ''}, "
        f"{vocabulary.vocab_size:,} tokens, canvases of {options.length}, logits of spread {options.spread}; "
        f"constrain {constrain.__version__}, Python {platform.python_version()}, "
        f"RAYON_NUM_THREADS={os.environ.get('RAYON_NUM_THREADS', 'unset')}.\n"
    )
    print(", ".join(f"{name}: {count}" for name, count in outcomes.most_common()), end=".\n")
    print(f"Best paths that are no text of the language: {len(invalid)} {invalid[:5] if invalid else ''}\n")
    for title, columns in (("milliseconds", times), ("sizes", sizes)):
        print(f"| {title} | median | 90% | 99% | most |\n|---|--:|--:|--:|--:|")
        for name in sorted(columns):
            print(row(name, columns[name]))
        print()


if __name__ == "__main__":
    main()
