"""What drafts save, on the embedded model:  python benchmarks/drafts.py.

Jobs are those of everyday: labels for a dozen texts, orders from one prompt. Each is done without drafts, with drafts
of one token after the other, and with drafts that may go on in several ways; with --draft-model, by one, too. Each
round does every job in every way once, so that all meet the same state of the machine; medians over the rounds.

Runs of the model, tokens that it read (drafts and what was certain among them; not those of prompts) and tokens that
came as drafted are the same in every round, and say more than times on a busy machine. Log-probabilities are wanted, as
with --many: otherwise nobody would ask what comes after the last choice.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import constrain
from constrain.cli import environment

if TYPE_CHECKING:
    from constrain.runtime import CausalModel, DraftModel

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
TEXTS = (
    "What a lovely day!",
    "Quel dommage.",
    "The soup was cold and the waiter rude.",
    "It is a table with four legs.",
    "I love this phone, best I ever had.",
    "Never again.",
    "The train leaves at nine.",
    "Thank you so much for your help!",
    "My order arrived broken.",
    "The book has 300 pages.",
    "Absolutely wonderful concert.",
    "I am so disappointed.",
)
JOBS = {
    "labels": ("sentiment.json", TEXTS, 2),
    "orders": ("order.json", ("Two blue mugs for Ada Lovelace, paid.",), 6),
}
"""By name, a schema of the examples, prompts, and outputs for each of these."""


@dataclass
class Sums:
    """Over all outputs of a job."""

    seconds: float = 0.0
    calls: int = 0
    read: int = 0
    accepted: int = 0
    tokens: int = 0


def measure(model: CausalModel, job: str, successors: int, draft_model: DraftModel | None) -> Sums:
    """Do a job; without drafts where ``successors`` is 0."""
    from constrain.runtime import GenerationOptions, generate
    from constrain.runtime.decoding.drafts import DraftMemory
    from constrain.runtime.models.rows import Rows

    name, prompts, number = JOBS[job]
    schema = json.loads((EXAMPLES / name).read_text())
    compiled = constrain.compile_json_schema(schema, model.vocabulary)
    rows, sums = Rows(model), Sums()
    memory = DraftMemory(successors=successors) if successors else None
    forward = rows.forward

    def counted(token_ids: Any, positions: Any, trees: Any) -> Any:
        sums.read += sum(map(len, token_ids.values())) + sum(map(len, trees.values()))
        return forward(token_ids, positions, trees)

    rows.forward = counted  # type: ignore[method-assign, assignment]
    for prompt in prompts:
        prompt_ids = model.encode_prompt(prompt, schema_text=json.dumps(schema))
        for seed in range(number):
            known = rows.join(prompt_ids)
            sums.read -= len(prompt_ids) - known.length
            rows.leave(known)
            options = GenerationOptions(seed=seed)
            started = time.perf_counter()
            result = generate(model, compiled, prompt_ids, options, rows=rows, memory=memory, draft_model=draft_model)
            sums.seconds += time.perf_counter() - started
            sums.calls += result.model_calls
            sums.accepted += result.drafted_tokens
            sums.tokens += len(result.token_ids)
    return sums


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--job", action="append", choices=JOBS, help="one of the jobs [all]; may be repeated")
    parser.add_argument("--model", help="as load_model takes it [the embedded one]")
    parser.add_argument("--draft-model", help="likewise [none]")
    chosen = parser.parse_args(arguments)
    environment.prepare_libraries(offline=chosen.model is None and chosen.draft_model is None, verbose=False)
    from constrain.runtime import DraftModel, load_model

    model = load_model(chosen.model, cache_dir=environment.cache_directory())
    ways: dict[str, tuple[int, DraftModel | None]] = {"none": (0, None), "chains": (1, None), "trees": (3, None)}
    if chosen.draft_model is not None:
        drafting = load_model(chosen.draft_model, cache_dir=environment.cache_directory())
        ways["trees, draft model"] = 3, DraftModel(drafting, model)
    found: dict[tuple[str, str], list[Sums]] = {}
    for _ in range(chosen.rounds):
        for job in chosen.job or JOBS:
            for way, (successors, draft_model) in ways.items():
                found.setdefault((job, way), []).append(measure(model, job, successors, draft_model))
    print(f"constrain {constrain.__version__}, {platform.machine()}, {datetime.date.today()}, {model.name}\n")
    print("| job | drafts | tokens | runs of the model | tokens read | as drafted | seconds |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for (job, way), rounds in found.items():
        sums, seconds = rounds[0], statistics.median(each.seconds for each in rounds)
        print(f"| {job} | {way} | {sums.tokens} | {sums.calls} | {sums.read} | {sums.accepted} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
