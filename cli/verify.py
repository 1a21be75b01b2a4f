"""``constrain verify``: do the methods keep what they promise, on one's own language and model?

The work is :mod:`constrain.runtime.decoding.faithful.honesty`; what the user reads of it is in ``verified``.
"""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from constrain.cli import options as option
from constrain.cli import render, verified
from constrain.cli.constraint_options import (
    ConstraintOptions,
    GrammarOptions,
    Named,
    SchemaOptions,
    SizeOptions,
    Spelling,
    Thoughts,
)
from constrain.cli.draws import DrawPlan, FormatWeight, Moves, Particles, check_weights
from constrain.cli.generation import ModelChoice, Sampling, Session
from constrain.cli.groups import grouped
from constrain.cli.jobs import Job
from constrain.cli.monitors import MonitorOptions
from constrain.cli.problems import InputFileError, UsageProblem
from constrain.cli.progress import Progress
from constrain.cli.prompt import reads_prompt
from constrain.cli.source import read_source
from constrain.cli.streams import read_standard_input, write

__all__ = ["EXAMPLES", "verify"]

EXAMPLES = option.examples(
    "constrain verify --choice yes --choice no --choice perhaps 'Is it raining?'",
    "constrain verify --regex '[ab]{1,3}' --max-tokens 3 --draws 500 --plot laws.svg 'Some letters:'",
    "constrain verify --method mask --method exact --json --choice red --choice green 'A colour:'",
)

METHODS = ("mask", "asap", "exact", "smc", "mcmc", "awrs")
"""As :data:`constrain.runtime.decoding.faithful.honesty.WATCHED_METHODS`, not imported for a look at the options; the
last is for monitors."""

WEIGHTED = ("mask", "asap", "smc", "mcmc")
"""That can use weights."""

FIGURES = (".svg", ".png")


@grouped
def verify(
    *,
    prompt: option.Prompt = None,
    named: Named,
    thoughts: Thoughts,
    compiled: option.Compiled = None,
    model: option.Model = None,
    system: option.System = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method", metavar="|".join(METHODS), help="Only this method; may be repeated [all; awrs with --monitor]."
        ),
    ] = None,
    draws: Annotated[int, typer.Option("--draws", min=1, metavar="N", help="Draws of each method.")] = 2_000,
    max_tokens: option.MaxTokens = 512,
    max_bytes: option.MaxBytes = None,
    temperature: Annotated[
        float, typer.Option("--temperature", metavar="T", help="Of the model that is kept to; above 0.")
    ] = 1.0,
    tokenization: Annotated[
        str,
        typer.Option(
            "--tokenization",
            metavar="canonical|any",
            help="Certain text as the tokenizer spells it, without asking the model; or in any way, each an output.",
        ),
    ] = "any",
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="S", help="Same seed, same draws.")] = 0,
    particles: Particles = None,
    moves: Moves = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="stored|online",
            help="With mask, asap, smc, mcmc: lead draws to where texts end well, as fitted or as it shows.",
        ),
    ] = None,
    format_weight: FormatWeight = None,
    watching: MonitorOptions,
    plot: Annotated[
        str | None,
        typer.Option("--plot", metavar="FILE", help="Draw the laws into an .svg or .png file; needs the 'plot' extra."),
    ] = None,
    prompt_schema: option.PromptSchema = "auto",
    spelling: Spelling,
    sizes: SizeOptions,
    schemas: SchemaOptions,
    grammars: GrammarOptions,
    budget: option.Budget = None,
    as_json: option.Json = False,
    device: option.Device = None,
    dtype: option.Dtype = None,
    revision: option.Revision = None,
    offline: option.Offline = False,
    verbose: option.Verbose = False,
) -> option.Job:
    """Hold the methods of 'gen' against the model's own distribution over a small language.

    Every output is listed and scored (5,000 at most); then each method's law is worked out where that can be done, and
    its draws are counted. KL is the Kullback-Leibler divergence in nats, its floor what exact draws would have; TV the
    total variation; ESS the effective sample size; p that of a chi-squared test, after Holm's correction.

    Exit code 1: a method does not keep what it promises. That mask is biased and smc and mcmc come only close is known.
    """
    methods = _methods(method, is_watched=watching.monitor is not None)
    if tokenization not in ("canonical", "any"):
        raise UsageProblem(f"--tokenization cannot be {tokenization!r}", expected="'canonical' or 'any'")
    if prompt_schema not in ("auto", "none"):
        raise UsageProblem(f"--prompt-schema cannot be {prompt_schema!r}", expected="'auto' or 'none'")
    if not temperature > 0:
        raise UsageProblem(f"--temperature cannot be {temperature:g}", expected="a number above 0: outputs are drawn")
    check_weights(weights, format_weight, is_compiled=compiled is not None)
    if weights is not None and not set(methods) & set(WEIGHTED):
        raise UsageProblem(f"--weights says nothing with --method {' and '.join(methods)}")
    _check_figure(plot)
    from_input = reads_prompt(prompt, system)
    source = read_source(
        ConstraintOptions(
            named=named,
            thoughts=thoughts,
            compiled=compiled,
            grammars=grammars,
            schemas=schemas,
            spelling=spelling,
            budget=budget,
        ),
        sizes=sizes,
        standard_input_taken=from_input,
    )
    plan = replace(_plan(methods, particles, moves), weights=weights, format_weight=format_weight)
    session = Session(
        source,
        ModelChoice(model, revision, offline, dtype, device, verbose),
        Sampling(
            seed,
            max_tokens,
            method="exact",  # whose rules about options are those of all
            tokenization=tokenization,
            max_bytes=max_bytes,
            temperature=temperature,
        ),
        system=system,
        show_schema=prompt_schema == "auto",
        monitor=watching.load(),
        plan=plan,
        drafts=False,
    )
    return lambda: _run(
        session,
        Job(1, 0, seed, read_standard_input("a prompt") if from_input else str(prompt)),
        methods,
        draws,
        plan,
        plot,
        as_json=as_json,
    )


def _methods(given: list[str] | None, *, is_watched: bool) -> tuple[str, ...]:
    for name in given or ():
        if name not in METHODS:
            raise UsageProblem(f"--method cannot be {name!r}", expected=" or ".join(repr(known) for known in METHODS))
        if name == "awrs" and not is_watched:
            raise UsageProblem("--method awrs is for --monitor", expected="one, or --method mask")
    return tuple(name for name in METHODS if (name in given if given else is_watched or name != "awrs"))


def _plan(methods: tuple[str, ...], particles: int | None, moves: int | None) -> DrawPlan:
    """Settings of the methods, each option with the method that it is for."""
    for name, value, of in (("--particles", particles, "smc"), ("--moves", moves, "mcmc")):
        if value is not None and of not in methods:
            raise UsageProblem(f"{name} says nothing without --method {of}")
    settings = {"particles": particles, "steps": moves}
    return DrawPlan({name: value for name, value in settings.items() if value is not None})


def _check_figure(path: str | None) -> None:
    """Find out before any work whether the figure can be drawn."""
    if path is None:
        return
    if Path(path).suffix.lower() not in FIGURES:
        raise UsageProblem(f"--plot cannot write {path!r}", expected="a file name that ends in .svg or .png")
    if find_spec("matplotlib") is None:
        raise UsageProblem(
            "--plot needs matplotlib, which is not installed", expected="pip install 'constrain-lm[plot]'"
        )


def _run(
    session: Session,
    job: Job,
    methods: tuple[str, ...],
    draws: int,
    plan: DrawPlan,
    plot: str | None,
    *,
    as_json: bool,
) -> int:
    if plot is not None:
        from constrain.compiler.files import replaceable

        if not replaceable(plot).parent.is_dir():  # what comes before may take long
            raise InputFileError(
                f"{plot} cannot be written: there is no such folder", expected="a folder that is there"
            )
    session.prepare()
    request = session.request_for(job)
    from constrain.runtime.decoding.faithful.honesty import examine

    with Progress() as progress:
        found = examine(
            session.model,
            request.compiled,
            request.prompt_ids,
            request.options,
            session.rows,
            methods=methods,
            draws=draws,
            settings=plan.made(),
            narrowed=request.narrowed,
            begun=request.begun,
            watch=request.watch,
            weights=None if plan.weights is None else lambda: plan.weights_of(request.compiled),
            notify=progress.show,
        )
    if as_json:
        write(json.dumps(verified.record(found, job.seed), ensure_ascii=False))
    else:
        verified.show(found, job.seed)
    if plot is not None:
        from constrain.cli.figure import save_figure

        save_figure(plot, found, session.model.vocabulary)
        render.note(render.saved(plot, Path(plot).stat().st_size))
    verified.judge(found)
    return 0 if found.is_honest else 1
