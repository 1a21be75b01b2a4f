"""Measure what is missing, and print the tables."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import constrain
from constrain.cli import environment
from faithful import genlm, tasks
from faithful.parts import solve, weigh
from faithful.report import report
from faithful.store import Store
from masks.machine import processor

if TYPE_CHECKING:
    from constrain.runtime import CausalModel

__all__ = ["main"]

LATEST = Path(__file__).resolve().parents[1] / "results" / "latest" / "faithfulness"

DESCRIPTION = """How close do draws come to the model's own distribution over a language, and for how many calls of it?

weights   Languages of at most a few thousand outputs: the KL of the model's law from that of each method, in closed
          form, with precomputed weights and without, on prompts that the weights were not fitted to.
problems  String expressions, bit-vector expressions, bracketed parses: mean log P of outputs of plain masking, ASAp,
          ASAp with weights that it learns meanwhile, exact draws, and genlm-control where it is installed.

Results are added to OUT/results.json one by one, and the same command goes on where it was stopped.
"""


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="weights, problems (default: both)")
    parser.add_argument(
        "--out",
        type=Path,
        default=LATEST,
        help="folder for the results (default: benchmarks/results/latest/faithfulness)",
    )
    parser.add_argument("--only", action="append", metavar="NAME", help="of a language or problem; may be repeated")
    parser.add_argument("--draws", type=int, default=500, help="of ASAp for a problem; for a language, up to 100")
    parser.add_argument("--masked", type=int, default=200, help="draws of plain masking, and of exact, for a problem")
    parser.add_argument("--exact-calls", type=int, default=3_000, help="calls of the model after which exact gives up")
    parser.add_argument("--runs", type=int, default=genlm.RUNS, help="of genlm-control's particles for a problem")
    parser.add_argument("--restarts", type=int, default=5, help="of the draws for each held-out prompt")
    parser.add_argument("--prompts", type=int, help="fitted ones and held-out ones, at most so many of each [all]")
    parser.add_argument("--power", type=float, help="of weights, for the languages [1, as for asap]")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--report", action="store_true", help="only print the tables of what is in --out")
    parser.add_argument("-m", "--model", help="as for `constrain gen` (default: the embedded model)")
    options = parser.parse_args()
    parts = options.parts or ["weights", "problems"]
    if unknown := set(parts) - {"weights", "problems"}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are weights and problems")
    if min(options.draws, options.masked, options.exact_calls, options.restarts) < 1 or options.prompts == 0:
        parser.error("numbers of draws, calls, restarts and prompts must be at least 1")
    languages, problems = tasks.languages(), tasks.problems()
    names = {language.name for language in languages} | {problem.name for problem in problems}
    if unknown := set(options.only or ()) - names:
        parser.error(f"no language or problem is called {', '.join(sorted(unknown))}")
    store = Store(options.out / "results.json")
    if not options.report:
        environment.prepare_libraries(offline=False, verbose=False)
        from constrain.runtime import load_model

        model = load_model(options.model, cache_dir=environment.cache_directory())
        store.setting = _setting(model)
        if "weights" in parts:
            for language in languages:
                if not options.only or language.name in options.only:
                    weigh(model, language, store, options)
        if "problems" in parts:
            asked = [problem for problem in problems if not options.only or problem.name in options.only]
            peer = _peer(model, store) if asked and options.runs else None
            for problem in asked:
                solve(model, problem, store, options, peer)
    text = report(store, languages, problems)
    (options.out / "summary.md").write_text(text, encoding="utf-8")
    print(text, end="")


def _peer(model: CausalModel, store: Store) -> genlm.Peer | None:
    """genlm-control, where it is installed and takes the model."""
    if genlm.version() is None:
        return None
    try:
        return genlm.Peer(model)
    except Exception as error:  # it is to be told about, not to end the benchmark
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        store.setting[genlm.TITLE] = f"{genlm.version()}, which failed ({reason[:200]})"
        return None


def _setting(model: CausalModel) -> dict[str, str]:
    import torch
    import transformers

    return {
        "date": str(datetime.datetime.now(datetime.UTC).date()),
        "model": f"{model.name}, {model.network.dtype}, temperature 1".replace("torch.", ""),
        "machine": f"{processor()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads",
        "Python": platform.python_version(),
        "constrain": constrain.__version__,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "numpy": np.__version__,
        genlm.TITLE: genlm.version() or "not installed",
    }
