"""What reading several sequences at once costs, on the embedded model:  python benchmarks/rows.py.

Milliseconds of one forward: the plain model with one token, then rows that read one token each (with a common prompt,
or each with its own), then one row that has drafted tokens verified. Each round measures every case once, so that all
meet the same state of the machine; medians over the rounds, and of the ratios to the plain model.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import constrain
from constrain.cli import environment

if TYPE_CHECKING:
    from constrain.runtime import CausalModel

Case = Callable[[], object]


class Tokens:
    """Random tokens, the same in every run."""

    def __init__(self, vocab_size: int) -> None:
        self._random = random.Random(0)
        self._vocab_size = vocab_size

    def __call__(self, count: int) -> list[int]:
        """Some of them."""
        return [self._random.randrange(self._vocab_size // 2) for _ in range(count)]


def plain(model: CausalModel, tokens: Tokens, prompt: int) -> Case:
    """One token of one sequence, as `constrain gen` reads it."""
    cache = model.new_cache()
    model.forward(tokens(prompt), cache)
    return lambda: model.forward(tokens(1), cache)


def batch(model: CausalModel, tokens: Tokens, prompt: int, count: int, *, common: bool) -> Case:
    """One token for each row."""
    from constrain.runtime.models.rows import Rows

    rows = Rows(model)
    beginning = tokens(prompt)
    joined = []
    for _ in range(count):
        text = [*beginning, *tokens(1)] if common else tokens(prompt)
        row = rows.join(text)
        rows.forward({row: text[row.length :]})
        joined.append(row)
    return lambda: rows.forward({row: tokens(1) for row in joined})


def verify(model: CausalModel, tokens: Tokens, prompt: int, count: int) -> Case:
    """Logits after each of some drafted tokens, which are taken back."""
    from constrain.runtime.models.rows import Rows

    rows = Rows(model)
    row = rows.join([])
    rows.forward({row: tokens(prompt)})

    def step() -> None:
        rows.forward({row: tokens(count)}, positions="all")
        rows.crop(row, prompt)

    return step


def layout(tokens: Tokens, prompt: int, count: int) -> Case:
    """Only the arrays of a forward of rows with a common prompt, mask and all; nothing is read."""
    import numpy as np

    from constrain.runtime.models.rows.layout import Costs, Query, lay_out

    high = prompt + count
    paths = [np.append(np.arange(prompt), prompt + index) for index in range(count)]
    queries = [Query(tokens(1)[0], path, index, prompt) for index, path in enumerate(paths)]
    costs = Costs(token=4000, logits=7000)
    return lambda: lay_out(queries, range(count), high, costs)


def measure(cases: dict[str, Case], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each case in each round."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, case in cases.items():
            started = time.perf_counter()
            case()
            if number:  # the first round warms up
                times[name].append((time.perf_counter() - started) * 1e3)
    return times


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompt", type=int, default=300, help="tokens of a prompt (default: 300)")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--dtype", help="as for `constrain gen`")
    parser.add_argument("-m", "--model", help="as for `constrain gen` (default: the embedded model)")
    options = parser.parse_args(arguments)

    environment.prepare_libraries(offline=False, verbose=False)  # as `constrain gen` does, before torch is imported
    import torch
    import transformers

    from constrain.runtime import load_model

    model = load_model(options.model, dtype=options.dtype)
    started = time.perf_counter()
    form = model.attention_form
    trial_ms = (time.perf_counter() - started) * 1e3
    tokens, prompt = Tokens(model.vocabulary.vocab_size), options.prompt
    cases = {"plain": plain(model, tokens, prompt)}
    for count in (1, 4, 16):
        cases[f"{count} rows, common prompt"] = batch(model, tokens, prompt, count, common=True)
    for count in (4, 16):
        cases[f"{count} rows, own prompts"] = batch(model, tokens, prompt, count, common=False)
    for count in (4, 8, 16):
        cases[f"verifying {count} tokens"] = verify(model, tokens, prompt, count)
    for count in (1, 16):
        cases[f"layout and mask alone, {count} rows"] = layout(tokens, prompt, count)
    times = measure(cases, options.rounds)

    print(
        f"{datetime.datetime.now(datetime.UTC).date()}: {model.name}, {model.network.dtype}, "
        f"{model.vocabulary.vocab_size:,} tokens, prompts of {prompt} tokens, "
        f"{'batched' if form else 'one row at a time'} (found out in {trial_ms:.0f} ms); medians of {options.rounds} "
        f"rounds; constrain {constrain.__version__}, torch {torch.__version__}, transformers "
        f"{transformers.__version__}, Python {platform.python_version()}, {torch.get_num_threads()} threads.\n"
    )
    print("| | ms | beside plain |\n|---|--:|--:|")
    for name, each in times.items():
        beside = statistics.median(one / other for one, other in zip(each, times["plain"], strict=True))
        print(f"| {name} | {statistics.median(each):.2f} | {beside:.3f} |")


if __name__ == "__main__":
    main()
