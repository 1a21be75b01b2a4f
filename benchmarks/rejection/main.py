"""Measure, and print the tables."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import constrain
from constrain.cli import environment
from constrain.runtime.decoding.awrs import STOPPING
from constrain.runtime.monitors.watch import MOST_REFUSALS
from faithful import tasks
from masks.machine import processor
from rejection import particles, tokens
from rejection.particles_report import report as report_particles
from rejection.problems import problems

if TYPE_CHECKING:
    from constrain.runtime import CausalModel

__all__ = ["main"]

DESCRIPTION = """Adaptive weighted rejection with a checker that nobody can look into.

tokens     The embedded model writes under five constraints. Its tokens are drawn from all of the vocabulary, and the
           checker, which is asked about one token at a time, is constrain's own matcher: so the exact mask is at hand
           to compare with. Some steps of the outputs, taken at random, are contexts, in each of which the draw is
           repeated:

           * how often is the checker asked for a token, and does that go with the local divergence, which is -log Z?
           * do the tokens follow the law of exact masking (chi-squared, over all contexts together)?
           * how much does the estimate of log Z vary, beside the estimators of the authors of AWRS, which get the same
             draws?
           * what does a token cost, beside asking about every token, and beside a mask of one's own?

particles  How close to the model's own distribution do outputs come in how much time: particles that draw so, beside
           plain masking and particles without it.
"""


def main() -> None:
    """Measure, print the tables, and write them to a file."""
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="tokens, particles (default: both)")
    parser.add_argument("--outputs", type=int, default=20, help="of each problem")
    parser.add_argument("--contexts", type=int, default=80, help="steps of these in which draws are repeated")
    parser.add_argument("--draws", type=int, default=60, help="in each context")
    parser.add_argument("--paths", type=int, default=12_000, help="particles that a law of particles is found from")
    parser.add_argument("--rounds", type=int, default=5, help="outputs that are timed, of each number of particles")
    parser.add_argument("--only", action="append", metavar="LANGUAGE", help="of the part particles; may be repeated")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, help="write the tables to this folder, as PART.md")
    parser.add_argument("-m", "--model", help="as for `constrain gen` (default: the embedded model)")
    options = parser.parse_args()
    parts = options.parts or ["tokens", "particles"]
    if unknown := set(parts) - {"tokens", "particles"}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are tokens and particles")
    if unknown := set(options.only or ()) - set(particles.LANGUAGES):
        parser.error(f"no such language: {', '.join(sorted(unknown))}; there are {', '.join(particles.LANGUAGES)}")
    if min(options.outputs, options.contexts, options.draws, options.paths, options.rounds) < 1:
        parser.error("numbers of outputs, contexts, draws, paths and rounds must be at least 1")

    environment.prepare_libraries(offline=False, verbose=False)
    from constrain.runtime import load_model

    model = load_model(options.model, cache_dir=environment.cache_directory())
    for part in parts:
        text = of_tokens(model, options) if part == "tokens" else of_particles(model, options)
        print(text)
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            (options.out / f"{part}.md").write_text(text, encoding="utf-8")


def _versions(model: CausalModel) -> str:
    import torch

    return (
        f"on {datetime.datetime.now(datetime.UTC).date()}: {model.name}, V = {model.vocabulary.vocab_size:,} tokens, "
        f"temperature 1; {processor()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, constrain "
        f"{constrain.__version__}, numpy {np.__version__}, Python {platform.python_version()}"
    )


def of_tokens(model: CausalModel, options: argparse.Namespace) -> str:
    """The part ``tokens``."""
    found = [
        tokens.measure(
            model, problem, outputs=options.outputs, contexts=options.contexts, draws=options.draws, seed=options.seed
        )
        for problem in problems(model)
    ]
    given_up = sum(each.outputs.given_up for each in found)
    sizes = f"--outputs {options.outputs} --contexts {options.contexts} --draws {options.draws}"
    said = (
        f"`python benchmarks/awrs.py tokens {sizes} --seed {options.seed}` {_versions(model)}; {options.draws} draws "
        f"in each context, stopping {STOPPING:g}. Of {options.outputs * len(found)} outputs, {given_up} were given up, "
        f"after {MOST_REFUSALS + 1:,} rejected tokens at one place."
    )
    tables = tokens.report(found, model.vocabulary.vocab_size)
    return f"# Adaptive weighted rejection with an opaque checker\n\n{textwrap.fill(said, 120)}\n\n{tables}"


def of_particles(model: CausalModel, options: argparse.Namespace) -> str:
    """The part ``particles``; what was found is kept as JSON, too."""
    known = {language.name: language for language in tasks.languages()}
    found: dict[str, dict[str, Any]] = {
        name: particles.measure(model, known[name], paths=options.paths, rounds=options.rounds, seed=options.seed)
        for name in options.only or particles.LANGUAGES
    }
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "particles.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    command = f"particles --paths {options.paths} --rounds {options.rounds} --seed {options.seed}"
    said = (
        f"`python benchmarks/awrs.py {command}` {_versions(model)}. KL, in nats, of the law of outputs from the "
        "model's own distribution over the language, by text, with the standard error of the jackknife. "
        f"Seconds of one output, on average over {options.rounds} that began with nothing known."
    )
    return f"# Particles under an opaque checker\n\n{textwrap.fill(said, 120)}\n\n{report_particles(found)}"
