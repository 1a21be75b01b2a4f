"""The two parts: whatever is missing among the results is measured, and kept at once."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import constrain
from faithful import genlm, held_out, tasks
from faithful.draws import METHODS, draw
from faithful.report import FIT
from faithful.spelling import needless_tokens, without

if TYPE_CHECKING:
    import argparse

    from constrain.runtime import CausalModel
    from faithful.store import Store

__all__ = ["solve", "weigh"]


WIDTH = 100


class Progress:
    """One line on standard error that says what is being done."""

    def __init__(self, task: str) -> None:
        """Begin a task."""
        self._task = task
        self._started = time.monotonic()

    def __call__(self, what: str) -> None:
        """Say it in the place of what was said before; to a file, only what is done is said."""
        if sys.stderr.isatty():
            print(f"\r{self._task}: {what}".ljust(WIDTH), end="", file=sys.stderr, flush=True)

    def done(self, what: str) -> None:
        """Say it for good."""
        self("")
        start = "\r" if sys.stderr.isatty() else ""
        print(f"{start}{self._task}: {what}, {time.monotonic() - self._started:.0f} s", file=sys.stderr, flush=True)


def weigh(model: CausalModel, language: tasks.Language, store: Store, options: argparse.Namespace) -> None:
    """Fit weights for a language, and try them on each held-out prompt."""
    from constrain.runtime import GenerationOptions
    from constrain.runtime.decoding.faithful.weights import fit_weights
    from constrain.runtime.models.rows import Rows

    settings = {
        "model": model.fingerprint[:12],
        "seed": options.seed,
        "draws": min(options.draws, held_out.COUNTS[-1]),
        "restarts": options.restarts,
        "prompts": options.prompts,
    }
    made = {**settings, "task": tasks.mark_of(language)}
    asked = language.held_out[: options.prompts]
    if all(store.has("weights", language.name, prompt, made) for prompt in (*asked, FIT)):
        return
    compiled = constrain.compile_lark(language.grammar, model.vocabulary)
    shaping = without(needless_tokens(model.vocabulary))
    sampling = GenerationOptions(method="asap", max_tokens=language.max_tokens, logits=(shaping,), seed=options.seed)
    rows = Rows(model)
    fitted = language.fitted[: options.prompts]
    progress, started = Progress(language.name), time.perf_counter()
    prompts = [model.encode_prompt(language.prompt(text)) for text in fitted]
    fit = fit_weights(model, compiled, prompts, sampling, rows, notify=progress)
    found = {
        "prompts": len(fitted),
        "texts": fit.texts,
        "calls": fit.model_calls,
        "seconds": round(time.perf_counter() - started, 2),
        "states": fit.weights.states,
        "power": fit.weights.beta,
    }
    store.add("weights", language.name, FIT, made, found)
    progress.done(f"fitted in {fit.model_calls:,} calls")
    for prompt in asked:
        if store.has("weights", language.name, prompt, made):
            continue
        progress = Progress(f"{language.name}, {prompt}")
        result = held_out.measure(
            model,
            compiled,
            model.encode_prompt(language.prompt(prompt)),
            sampling,
            rows,
            fit.weights,
            draws=settings["draws"],
            restarts=options.restarts,
            seed=options.seed,
            notify=progress,
        )
        store.add("weights", language.name, prompt, made, result)
        progress.done(f"{result['outputs']:,} outputs")


def solve(
    model: CausalModel, problem: tasks.Problem, store: Store, options: argparse.Namespace, peer: genlm.Peer | None
) -> None:
    """Draw outputs of a problem by every method."""
    made: dict[str, Any] = {
        "model": model.fingerprint[:12],
        "task": tasks.mark_of(problem),
        "seed": options.seed,
    }
    compiled = constrain.compile_lark(problem.grammar, model.vocabulary)
    for method in METHODS:
        draws = options.draws if method in ("asap", "online") else options.masked
        most_calls = options.exact_calls if method == "exact" else None
        settings = {**made, "draws": draws, "most_calls": most_calls}
        if store.has("problems", problem.name, method, settings):
            continue
        progress = Progress(problem.name)
        result = draw(
            model,
            compiled,
            problem,
            method,
            draws=draws,
            seed=options.seed,
            most_calls=most_calls,
            notify=progress,
        )
        store.add("problems", problem.name, method, settings, result)
        progress.done(f"{METHODS[method]}: {len(result['logprobs'])} draws, {result['calls']:,} calls")
    if peer is not None:
        settings = {**made, "runs": options.runs, "particles": genlm.PARTICLES, "version": genlm.version()}
        if not store.has("problems", problem.name, genlm.TITLE, settings):
            progress = Progress(problem.name)
            result = peer.draw(compiled, problem, runs=options.runs, seed=options.seed, notify=progress)
            store.add("problems", problem.name, genlm.TITLE, settings, result)
            progress.done(f"{genlm.TITLE}: {result['calls']:,} calls")
