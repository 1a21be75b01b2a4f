"""genlm-control on the same problems, where it is installed: adaptive weighted rejection in sequential Monte Carlo.

It gets the model object and the tokenizer that constrain has, and the same grammar. The end of the line, with which an
answer's text ends in constrain, is its stop token: so outputs have the same probability on both sides. A run of
particles gives outputs with weights; what is compared is their weighted mean, run by run. One call of the model is one
beginning that was not in its cache.
"""

from __future__ import annotations

import asyncio
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from faithful.draws import SHOWN

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar
    from constrain.runtime import CausalModel
    from constrain.runtime.decoding.faithful.explorer import Explorer
    from faithful.tasks import Problem

__all__ = ["PARTICLES", "RUNS", "TITLE", "Peer", "version"]

TITLE = "genlm-control"

PARTICLES = 16
"""Of a run, as many as ``smc`` has."""

RUNS = 8

RESAMPLE_BELOW = 0.5
"""Of the particles, as ``smc`` has it."""


def version() -> str | None:
    """Of genlm-control; None where it is not installed."""
    try:
        return metadata.version("genlm-control")
    except metadata.PackageNotFoundError:
        return None


class Peer:
    """genlm-control with one model."""

    def __init__(self, model: CausalModel) -> None:
        """Read the tokenizer's vocabulary in its way.

        Raises:
            Exception: whatever it raises where the tokenizer or the model does not suit it.
        """
        from genlm.backend.llm import AsyncTransformer
        from genlm.control import PromptedLLM

        self._model = model
        self._calls = 0
        self._backend = AsyncTransformer(model.network, model._tokenizer, batch_size=PARTICLES)
        self._prompted = PromptedLLM(self._backend, eos_byte_strings=[b"\n"])
        ends = [token_id for token_id in model.encode_prompt("\n") if model.vocabulary.token(token_id) == b"\n"]
        self._end = ends[-1]
        evaluate = self._backend._evaluate_queries

        def counted(queries: list[Any]) -> None:
            self._calls += len({tuple(query.prompt) for query in queries})
            evaluate(queries)

        self._backend._evaluate_queries = counted

    def draw(
        self,
        compiled: CompiledGrammar,
        problem: Problem,
        *,
        runs: int,
        seed: int,
        notify: Callable[[str], None],
    ) -> dict[str, Any]:
        """So many runs for a problem: the weighted mean of log P of each; or why there are none."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self._drawn(compiled, problem, runs, seed, notify)
        except Exception as error:  # it is to be told about, not to end the benchmark
            reason = f"{type(error).__name__}: {error}".partition("\n")[0]
            return {"failed": reason[:200], "means": [], "texts": [], "calls": self._calls, "seconds": 0.0}

    def _drawn(
        self, compiled: CompiledGrammar, problem: Problem, runs: int, seed: int, notify: Callable[[str], None]
    ) -> dict[str, Any]:
        import torch
        from genlm.control import AWRS, BoolCFG

        from constrain.runtime import GenerationOptions
        from constrain.runtime.decoding.faithful.explorer import Explorer
        from constrain.runtime.models.rows import Rows

        prompt_ids = self._model.encode_prompt(problem.prompt)
        options = GenerationOptions(method="smc", max_tokens=problem.max_tokens)
        explorer = Explorer(self._model, compiled, prompt_ids, options, Rows(self._model))
        np.random.seed(seed)
        torch.manual_seed(seed)
        self._backend.clear_cache()
        self._backend.cache_kv(prompt_ids)
        self._calls = 1
        self._prompted.prompt_ids = prompt_ids
        means: list[float] = []
        texts: Counter[str] = Counter()
        strange, seconds = 0, 0.0
        for run in range(runs):
            notify(f"{TITLE}: run {run + 1} of {runs}")
            started = time.perf_counter()
            if not run:
                condition = BoolCFG.from_lark(problem.open_grammar).coerce(self._prompted, f=b"".join)
            sampler = AWRS(self._prompted, condition, seed=seed + run)
            found = asyncio.run(sampler.smc(PARTICLES, RESAMPLE_BELOW, problem.max_tokens))
            seconds += time.perf_counter() - started
            weighed = list(zip(found.normalized_weights.tolist(), found.contexts, strict=True))
            known = [
                (weight, logprob)
                for weight, context in weighed
                if weight > 0.0 and (logprob := self._logprob(explorer, context)) is not None
            ]
            strange += sum(weight > 0.0 for weight, _ in weighed) - len(known)
            if known:
                means.append(sum(weight * logprob for weight, logprob in known) / sum(weight for weight, _ in known))
                best = max(weighed, key=lambda each: each[0])[1]
                texts[b"".join(bytes(token) for token in best[:-1]).decode(errors="replace")] += 1
        return {
            "means": means,
            "runs": runs,
            "particles": PARTICLES,
            "strange": strange,
            "texts": texts.most_common(SHOWN),
            "calls": self._calls,
            "seconds": round(seconds, 2),
        }

    def _logprob(self, explorer: Explorer, context: Sequence[Any]) -> float | None:
        """Log P of an output, by what constrain's own reading of the model says; None for what is no output there."""
        place, total = explorer.root, 0.0
        for token_id in (*(token.token_id for token in context[:-1]), self._end):
            explorer.read([place])
            index = int(np.searchsorted(place.ids, token_id))
            if place.is_whole or index == len(place.ids) or place.ids[index] != token_id:
                return None
            total += float(place.known[index])
            following = explorer.after(place, token_id)
            if following is None:
                return None
            place = following
        return total if place.is_whole else None
