"""``constrain weights show``: what a compiled file knows of expected futures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from constrain.cli import options as option
from constrain.cli import render
from constrain.cli.compiled import CompiledFile
from constrain.cli.streams import write
from constrain.cli.vocabularies import asked_with, exclusive, named_vocabulary

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar
    from constrain.compiler.weights import FutureWeights

__all__ = ["EXAMPLES", "figures", "show"]

EXAMPLES = option.examples("constrain weights show order.grammar -m embedded")

TOKENS_LEFT = (16, 64, 256)


def show(
    artifact: Annotated[str, typer.Argument(metavar="FILE", help="A constraint that 'constrain compile -o' saved.")],
    model: option.TokensOf = None,
    tokenizer: option.Tokenizer = None,
    revision: option.Revision = None,
    offline: option.Offline = False,
    as_json: option.Json = False,
) -> option.Job:
    """Show what is known of how texts of a compiled constraint end.

    Without weights, that is what holds for every model: which texts can be completed, and within how many tokens.
    """
    exclusive(model, tokenizer)

    def job() -> int:
        from constrain.compiler.weights import FutureWeights

        _, vocabulary = named_vocabulary(model, tokenizer, revision=revision, offline=offline)
        compiled = CompiledFile(artifact).compiled_for(vocabulary, asked_with(model, tokenizer))
        told: dict[str, object] = {"fewest_tokens": _fewest(compiled)}
        if compiled.weights is None:
            told["model"] = None
        else:
            weights = FutureWeights.from_bytes(compiled.weights)
            told |= figures(weights) | _chances(compiled, weights)
        if as_json:
            write(json.dumps(told))
        else:
            shown = {name: "none: no weights were fitted" if value is None else value for name, value in told.items()}
            render.pairs([(name.replace("_", " "), render.number(value)) for name, value in shown.items()])
        return 0

    return job


def figures(weights: FutureWeights) -> dict[str, object]:
    """Weights by name, for people and programs."""
    return {
        "model": weights.key.model_name,
        "model_fingerprint": weights.key.model,
        "temperature": weights.key.temperature,
        "states": weights.states,
        "transitions": len(weights.indices),
        "observations": round(float(weights.counts[weights.counts >= 1].sum())),
        "power": weights.beta,
    }


def _fewest(compiled: CompiledGrammar) -> int | None:
    """Tokens of the shortest text, as far as it is known."""
    found = compiled.matcher().fewest_tokens()
    return None if found is None else len(found[0])


def _chances(compiled: CompiledGrammar, weights: FutureWeights) -> dict[str, float]:
    """How likely what the model writes is a text, by the tokens that it may have."""
    from constrain.compiler.weights.future import Future

    future, start = Future(compiled, weights), compiled.matcher()
    return {f"chance_within_{left}_tokens": float(f"{future.chance(start, left):.3g}") for left in TOKENS_LEFT}
