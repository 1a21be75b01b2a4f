"""Tokens per second with and without a constraint, on the embedded model:  python benchmarks/generate.py.

Each round generates one output under the schema and then, from the same prompt with the same sampler, as many tokens
with every token allowed. The rounds of the two alternate, so that both meet the same state of the machine. Time of the
prompt is in both.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import constrain
from constrain.cli import environment

if TYPE_CHECKING:
    from constrain.runtime import CausalModel, GenerationOptions

ROOT = Path(__file__).resolve().parents[1]
PROMPT = "Maria Lopez orders two mechanical keyboards and one USB-C cable, to be sent to Lisbon."


@dataclass(frozen=True)
class Round:
    """Seconds for one output, and of these what the mask, the model and the draw took."""

    tokens: int
    seconds: float
    mask: float
    model: float
    sampling: float


def constrained(
    model: CausalModel, compiled: constrain.CompiledGrammar, prompt: Sequence[int], options: GenerationOptions
) -> Round:
    """One output under the constraint."""
    from constrain.runtime import generate

    result = generate(model, compiled, prompt, options)
    timings = result.timings
    return Round(len(result.token_ids), result.seconds, timings.mask, timings.model, timings.sampling)


def unconstrained(model: CausalModel, prompt: Sequence[int], options: GenerationOptions, tokens: int) -> Round:
    """The same loop with every token allowed, for a given number of tokens; a stop token doesn't stop it."""
    from constrain.runtime.decoding.step import TokenChooser

    started = time.perf_counter()
    everything = np.arange(model.vocabulary.vocab_size)
    chooser = TokenChooser(options, prompt)
    cache = model.new_cache()
    unread = list(prompt)
    in_model = in_sampling = 0.0
    for _ in range(tokens):
        before = time.perf_counter()
        logits = model.forward(unread, cache).numpy()
        between = time.perf_counter()
        unread = [chooser.choose(chooser.shaped(logits), everything).token_id]
        in_model += between - before
        in_sampling += time.perf_counter() - between
    return Round(tokens, time.perf_counter() - started, 0.0, in_model, in_sampling)


def row(name: str, rounds: Sequence[Round]) -> str:
    """A line of the table: medians over the rounds."""

    def median(values: list[float]) -> float:
        return statistics.median(values)

    rate = median([r.tokens / r.seconds for r in rounds])
    parts = [
        median([getattr(r, part) / r.tokens * 1e3 for r in rounds]) for part in ("seconds", "model", "mask", "sampling")
    ]
    return f"| {name} | {rate:.1f} | " + " | ".join(f"{part:.2f}" for part in parts) + " |"


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schema", type=Path, default=ROOT / "examples" / "order.json")
    parser.add_argument("--prompt", default=PROMPT)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--max-tokens", type=int, default=512)
    parser.add_argument("-m", "--model", help="as for `constrain gen` (default: the embedded model)")
    options = parser.parse_args()

    environment.prepare_libraries(offline=False, verbose=False)  # as `constrain gen` does, before torch is imported
    import torch
    import transformers

    from constrain.runtime import GenerationOptions, load_model

    model = load_model(options.model)
    schema_text = options.schema.read_text(encoding="utf-8")
    started = time.perf_counter()
    compiled = constrain.compile_json_schema(schema_text, model.vocabulary)
    compile_ms = (time.perf_counter() - started) * 1e3
    prompt = model.encode_prompt(options.prompt, schema_text=schema_text, reserve=options.max_tokens)
    unconstrained(model, prompt, GenerationOptions(seed=0), 8)  # warms the model up

    with_it, without_it = [], []
    for seed in range(options.rounds):
        settings = GenerationOptions(seed=seed, max_tokens=options.max_tokens)
        with_it.append(constrained(model, compiled, prompt, settings))
        without_it.append(unconstrained(model, prompt, settings, with_it[-1].tokens))

    print(
        f"{datetime.datetime.now(datetime.UTC).date()}: {model.name}, {model.vocabulary.vocab_size:,} tokens; "
        f"{options.schema.name}, compiled in {compile_ms:.1f} ms; prompt of {len(prompt)} tokens, outputs of "
        f"{min(r.tokens for r in with_it)} to {max(r.tokens for r in with_it)}; medians of {options.rounds} rounds; "
        f"constrain {constrain.__version__}, torch {torch.__version__}, transformers {transformers.__version__}, "
        f"Python {platform.python_version()}, {torch.get_num_threads()} threads.\n"
    )
    print("| | tokens/s | ms/token | model | mask | draw |\n|---|--:|--:|--:|--:|--:|")
    print(row("constrained", with_it))
    print(row("unconstrained", without_it))
    share = statistics.median(r.mask / r.seconds for r in with_it)
    print(f"\nFinding and following the mask takes {share:.1%} of the time of a constrained output.")


if __name__ == "__main__":
    main()
