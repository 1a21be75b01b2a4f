"""A problem's outputs, drawn by one method: the probability that the model gives each, and what they cost.

Every method has a memory of its own, so that calls of the model and seconds are what it takes by itself. Outputs are
drawn at temperature 1, in any spelling, from the untruncated model; that is what all of them are to come close to.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from constrain.errors import BudgetError

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar
    from constrain.runtime import CausalModel
    from faithful.tasks import Problem

__all__ = ["METHODS", "draw"]

METHODS = {
    "masking": "plain masking",
    "asap": "ASAp",
    "online": "ASAp, online weights",
    "exact": "exact",
}
"""Those of constrain, with their titles."""

SHOWN = 3
"""Texts that are kept, the most frequent."""


def draw(
    model: CausalModel,
    compiled: CompiledGrammar,
    problem: Problem,
    method: str,
    *,
    draws: int,
    seed: int,
    most_calls: int | None,
    notify: Callable[[str], None],
) -> dict[str, Any]:
    """So many draws by a method of ``METHODS``, or fewer where it has used so many calls of the model."""
    from constrain.runtime import GenerationOptions
    from constrain.runtime.decoding.faithful import Draws, DrawSettings
    from constrain.runtime.decoding.faithful.weights import OnlineWeights
    from constrain.runtime.models.rows import Rows

    name = {"masking": "mask", "online": "asap"}.get(method, method)
    options = GenerationOptions(
        method=name, temperature=1.0, tokenization="any", max_tokens=problem.max_tokens, seed=seed
    )
    source = Draws(
        model,
        compiled,
        model.encode_prompt(problem.prompt),
        options,
        Rows(model),
        settings=DrawSettings(max_model_calls=most_calls),
        weights=OnlineWeights() if method == "online" else None,
    )
    logprobs: list[float] = []
    logweights: list[float] = []
    texts: Counter[str] = Counter()
    attempts, seconds = 0, 0.0
    bounds = None
    while len(logprobs) < draws and (most_calls is None or source.explorer.calls < most_calls):
        notify(f"{METHODS[method]}: draw {len(logprobs) + 1} of {draws}")
        started = time.perf_counter()
        try:
            result = next(source)
        except BudgetError:
            break  # what it took is counted
        finally:
            seconds += time.perf_counter() - started
        logprobs.append(round(result.logprob, 4))
        logweights.append(round(result.logweight, 4))
        texts[result.text] += 1
        attempts += result.attempts
        bounds = result.log_z
    return {
        "logprobs": logprobs,
        "logweights": logweights,
        "texts": texts.most_common(SHOWN),
        "attempts": attempts,
        "calls": source.explorer.calls,
        "seconds": round(seconds, 2),
        "log_z": bounds,
    }
