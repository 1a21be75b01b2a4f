"""``constrain weights fit``: a model writes texts of a compiled constraint, and what it does is kept in the file."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from constrain.cli import options as option
from constrain.cli import render
from constrain.cli.budget import read_budget
from constrain.cli.compiled import CompiledFile
from constrain.cli.generation import ModelChoice, Sampling, Session
from constrain.cli.problems import InputFileError, UsageProblem
from constrain.cli.progress import Progress
from constrain.cli.streams import decode, write
from constrain.cli.weights_show import figures

if TYPE_CHECKING:
    from constrain.compiler import Limits
    from constrain.runtime.decoding.faithful.weights import Fit

__all__ = ["EXAMPLES", "fit", "fit_compiled", "fit_file"]

EXAMPLES = option.examples(
    "constrain compile --schema examples/order.json -m embedded -o order.grammar",
    "constrain weights fit order.grammar --prompts orders.txt",
    "constrain gen --compiled order.grammar --method smc --weights stored 'Two blue mugs for Ada, paid.'",
)

TEXTS = 8
MAX_TOKENS = 256


def fit(
    artifact: Annotated[str, typer.Argument(metavar="FILE", help="A constraint that 'constrain compile -o' saved.")],
    prompts: Annotated[str, typer.Option("--prompts", metavar="FILE", help="Prompts of the kind to come, one a line.")],
    model: option.Model = None,
    system: option.System = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Where to save it [the same file].")
    ] = None,
    texts: Annotated[int, typer.Option("--texts", min=1, metavar="N", help="Texts to write for each prompt.")] = TEXTS,
    max_tokens: Annotated[
        int, typer.Option("--max-tokens", min=1, metavar="N", help="Longest text in tokens.")
    ] = MAX_TOKENS,
    temperature: Annotated[
        float, typer.Option("--temperature", metavar="T", help="The one that the weights are to be used with.")
    ] = 1.0,
    seed: Annotated[int | None, typer.Option("--seed", min=0, metavar="S", help="Same seed, same weights.")] = None,
    prompt_schema: option.PromptSchema = "auto",
    again: Annotated[
        bool, typer.Option("--again", help="Go on from the weights that the file holds, with further texts.")
    ] = False,
    device: option.Device = None,
    dtype: option.Dtype = None,
    revision: option.Revision = None,
    offline: option.Offline = False,
    verbose: option.Verbose = False,
    budget: option.Budget = None,
    as_json: option.Json = False,
) -> option.Job:
    """Learn how likely each state of a constraint is to end well under a model, and save that with the constraint.

    'gen --compiled FILE --weights stored' leads draws by it. The weights are for this model and temperature, and are
    refused for others.
    """
    if prompt_schema not in ("auto", "none"):
        raise UsageProblem(f"--prompt-schema cannot be {prompt_schema!r}", expected="'auto' or 'none'")
    if not temperature > 0:
        raise UsageProblem(f"--temperature is {temperature:g}", expected="a number above 0")
    limits = read_budget(budget or ())
    choice = ModelChoice(model, revision, offline, dtype, device, verbose)
    chosen = secrets.randbelow(1 << 31) if seed is None else seed

    def job() -> int:
        fitted = fit_file(
            artifact,
            _lines(prompts),
            choice,
            limits=limits,
            output=output,
            texts=texts,
            sampling=Sampling(chosen, max_tokens, method="asap", temperature=temperature),
            system=system,
            show_schema=prompt_schema == "auto",
            again=again,
        )
        told = {**figures(fitted.weights), "texts": fitted.texts, "model_calls": fitted.model_calls, "seed": chosen}
        if as_json:
            write(json.dumps(told))
        else:
            render.pairs([(name.replace("_", " "), render.number(value)) for name, value in told.items()])
        return 0

    return job


def fit_file(
    path: str,
    prompts: list[str],
    choice: ModelChoice,
    *,
    sampling: Sampling,
    limits: Limits | None = None,
    output: str | None = None,
    texts: int = TEXTS,
    system: str | None = None,
    show_schema: bool = True,
    again: bool = False,
) -> Fit:
    """Fit weights for a compiled file, and save it with them.

    Args:
        path: the file.
        prompts: what the model is to write about.
        choice: the model.
        sampling: how.
        limits: of the compiled constraint.
        output: where it is saved; the same file if not given.
        texts: for each prompt.
        system: what comes before a prompt.
        show_schema: is the model shown the schema?
        again: is what the file holds to be gone on from?

    Raises:
        ConstrainError: the file, the model or the prompts cannot be used.
    """
    from constrain.compiler.files import replaceable, write_whole
    from constrain.compiler.weights import FutureWeights
    from constrain.runtime.decoding.faithful.weights import fit_weights

    target = path if output is None else output
    replaceable(target)
    session = Session(CompiledFile(path, limits), choice, sampling, system=system, show_schema=show_schema)
    session.prepare()
    compiled = session.compiled
    start = FutureWeights.from_bytes(compiled.weights) if again and compiled.weights is not None else None
    with Progress() as progress:
        progress.announce(f"fitting weights to {len(prompts)} prompts")
        fitted = fit_weights(
            session.model,
            compiled,
            [session.encoded(prompt) for prompt in prompts],
            sampling.options(sampling.seed),
            session.rows,
            draws=texts,
            start=start,
            notify=progress.show,
        )
    write_whole(target, compiled.with_weights(fitted.weights.to_bytes()).to_bytes())
    render.note(render.saved(target, Path(target).stat().st_size))
    return fitted


def fit_compiled(path: str, prompts: str, model: str, *, revision: str | None, offline: bool) -> Fit:
    """The same for what was just compiled for a model, in the usual way."""
    choice = ModelChoice(model, revision, offline, None, None, verbose=False)
    sampling = Sampling(0, MAX_TOKENS, method="asap", temperature=1.0)
    return fit_file(path, _lines(prompts), choice, sampling=sampling)


def _lines(path: str) -> list[str]:
    """The prompts in a file."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputFileError(f"cannot read {path!r}: {error.strerror or error}") from None
    prompts = [line.strip() for line in decode(data, path).splitlines()]
    found = [prompt for prompt in prompts if prompt]
    if not found:
        raise InputFileError(f"there are no prompts in {path!r}", expected="one a line")
    return found
