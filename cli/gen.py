"""``constrain gen``: a model writes text of the language.

This file reads arguments and loops over prompts; ``generation`` makes and judges one output.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer

from constrain.cli import options as option
from constrain.cli import render
from constrain.cli.constraint_options import (
    ConstraintOptions,
    GrammarOptions,
    Named,
    SchemaOptions,
    SizeOptions,
    Spelling,
    Thoughts,
)
from constrain.cli.draws import FAITHFUL, DrawOptions, TruncateBefore, read_plan
from constrain.cli.generation import ModelChoice, Sampling, Session
from constrain.cli.groups import grouped
from constrain.cli.jobs import Job, Jobs, LineJobs, PromptJobs
from constrain.cli.monitors import MonitorOptions, logits_of
from constrain.cli.outcome import Outcome
from constrain.cli.problems import InputFileError, UsageProblem
from constrain.cli.prompt import reads_prompt
from constrain.cli.source import read_source
from constrain.cli.streams import read_standard_input, write
from constrain.errors import ConstrainError

__all__ = ["EXAMPLES", "gen"]

EXAMPLES = option.examples(
    "constrain gen --schema examples/order.json 'Two blue mugs for Ada, paid.'",
    "constrain gen --choice positive --choice negative 'Mood of: what a lovely day!'",
    "echo 'Ada, 36' | constrain gen --regex '[A-Z][a-z]{1,15}: [0-9]{1,3}' -",
    "constrain gen --many --schema examples/order.json < orders.txt > orders.jsonl",
)

METHODS = ("mask", "greedy", "beam", "map", "awrs", *FAITHFUL, "best-of")


@grouped
def gen(
    *,
    prompt: option.Prompt = None,
    named: Named,
    thoughts: Thoughts,
    compiled: option.Compiled = None,
    model: option.Model = None,
    system: option.System = None,
    number: Annotated[
        int, typer.Option("-n", "--number", min=1, metavar="N", help="Outputs per prompt, with seeds S, S+1, ...")
    ] = 1,
    many: Annotated[
        bool, typer.Option("--many", help="One prompt per line of standard input, one JSON record per line out.")
    ] = False,
    batch: Annotated[
        int | None,
        typer.Option("--batch", min=1, metavar="N", help="With -n or --many: outputs that are made side by side [1]."),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            metavar="|".join(METHODS),
            help="How outputs are drawn or found; exact, asap, smc and mcmc keep to the model's own distribution.",
        ),
    ] = "mask",
    max_tokens: option.MaxTokens = 512,
    drafts: Annotated[
        str,
        typer.Option(
            "--drafts",
            metavar="auto|none",
            help="Guess what follows and read it in the same run of the model: faster, the same output.",
        ),
    ] = "auto",
    draft_model: Annotated[
        str | None,
        typer.Option(
            "--draft-model",
            metavar="PATH|NAME",
            help="A smaller model with the same tokens, which guesses as well; named as by -m.",
        ),
    ] = None,
    tokenization: Annotated[
        str | None,
        typer.Option(
            "--tokenization",
            metavar="canonical|any",
            help="Certain text as the tokenizer spells it, without asking the model [canonical]; or in any way.",
        ),
    ] = None,
    beams: Annotated[
        int | None,
        typer.Option("--beams", min=1, metavar="W", help="With --method beam: beginnings that are kept [4]."),
    ] = None,
    distinct: Annotated[
        bool, typer.Option("--distinct", help="With -n N: N different outputs, drawn without replacement.")
    ] = False,
    heal: Annotated[
        bool, typer.Option("--heal", help="Let the first token stand for the prompt's last one, too (token healing).")
    ] = False,
    max_bytes: option.MaxBytes = None,
    deadline: Annotated[
        float | None, typer.Option("--deadline", metavar="SECONDS", help="Longest time for one output [any time].")
    ] = None,
    on_limit: Annotated[
        str,
        typer.Option(
            "--on-limit",
            metavar="close|fail|raw",
            help="At a limit: be complete by then; or cut the output, and print nothing, or what there is (exit 5).",
        ),
    ] = "close",
    temperature: Annotated[
        float | None,
        typer.Option(
            "--temperature",
            min=0,
            metavar="T",
            help="Above 1 wilder, below 1 tamer, 0 greedy [0.7; 1 with exact, asap, smc and mcmc].",
        ),
    ] = None,
    top_k: Annotated[
        int | None, typer.Option("--top-k", min=1, metavar="K", help="Only the K likeliest of the allowed tokens.")
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option("--top-p", min=0, max=1, metavar="P", help="Only the likeliest allowed tokens with mass P."),
    ] = None,
    min_p: Annotated[
        float | None,
        typer.Option("--min-p", min=0, max=1, metavar="P", help="Only tokens at least P times as likely as the best."),
    ] = None,
    truncate_before: TruncateBefore = False,
    repetition_penalty: Annotated[
        float | None,
        typer.Option("--repetition-penalty", metavar="X", help="Above 1 makes tokens that occurred less likely [1]."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, metavar="S", help="Same seed, same output [a new one each time].")
    ] = None,
    on_nan: Annotated[
        str,
        typer.Option(
            "--on-nan", metavar="error|uniform", help="Where the model gives no allowed token a number: stop, or draw."
        ),
    ] = "error",
    prompt_schema: option.PromptSchema = "auto",
    spelling: Spelling,
    sizes: SizeOptions,
    schemas: SchemaOptions,
    grammars: GrammarOptions,
    budget: option.Budget = None,
    logits: Annotated[
        list[str] | None,
        typer.Option("--logits", metavar="MODULE:FUNCTION", help="Changes the logits first; may be repeated."),
    ] = None,
    watching: MonitorOptions,
    drawing: DrawOptions,
    stream: Annotated[
        str | None,
        typer.Option(
            "--stream",
            metavar="text|partial",
            help="Print text as it comes, or each value of a JSON text as it grows. The exit code judges it.",
        ),
    ] = None,
    envelope: Annotated[
        bool, typer.Option("--envelope", help="Print a JSON record with data, seed, log-probability and timings.")
    ] = False,
    device: option.Device = None,
    dtype: option.Dtype = None,
    revision: option.Revision = None,
    offline: option.Offline = False,
    verbose: option.Verbose = False,
) -> option.Job:
    """Generate text under one constraint.

    It is --schema, --regex, --choice, --choice-file, --substring-of, --grammar, --tags, --tools or --compiled.

    An output is printed once, when it is complete and validated. It is complete within --max-tokens, --max-bytes and
    --deadline; limits that no output fits into are refused (exit 5). One on which the validator and the automaton
    disagree is not printed (exit 6).
    """
    _refuse(method, drafts, tokenization, on_limit, on_nan, prompt_schema, stream)
    if draft_model is not None and drafts == "none":
        raise UsageProblem("--draft-model drafts", expected="no --drafts none with it")
    if stream and (many or envelope or number > 1):
        raise UsageProblem("--stream prints one plain output", expected="no --many, --envelope or -n with it")
    if batch is not None and not (many or number > 1):
        raise UsageProblem("--batch is for several outputs", expected="-n or --many with it")
    if distinct and method != "mask":
        raise UsageProblem("--distinct draws outputs", expected="--method mask with it")
    if beams is not None and method != "beam":
        raise UsageProblem("--beams goes with --method beam only")
    is_drawn = method in (*FAITHFUL, "best-of") or (method == "mask" and drawing.weights is not None)
    if distinct or is_drawn or method in ("beam", "map"):
        given: dict[str, object] = {
            "--batch": batch,
            "--draft-model": draft_model,
            "--heal": heal or None,
            "--stream": stream,
            "--on-limit": None if on_limit == "close" else on_limit,
        }
        if not is_drawn:
            given |= {"--monitor": watching.monitor, "--deadline": deadline}
        if method in ("beam", "map"):
            given |= {"--top-k": top_k, "--top-p": top_p, "--min-p": min_p}
        if method == "map":
            given |= {"--temperature": temperature, "--repetition-penalty": repetition_penalty}
        for name, value in given.items():
            if value is not None:
                raise UsageProblem(f"{name} says nothing with {'--distinct' if distinct else f'--method {method}'}")
    if is_drawn and temperature == 0:
        raise UsageProblem("--temperature 0 draws nothing", expected="one above 0, or --method greedy")
    if method in FAITHFUL and not truncate_before and (top_k, top_p, min_p) != (None, None, None):
        raise UsageProblem(
            f"--top-k, --top-p and --min-p over the allowed tokens distort what --method {method} keeps to",
            expected="--truncate-before with them: the truncated model is kept to then",
        )
    if truncate_before and top_k is None and top_p is None and min_p is None:
        raise UsageProblem("--truncate-before says when, not how much", expected="--top-k, --top-p or --min-p with it")
    plan = read_plan(method, drawing, many=many, monitor=watching.monitor, is_compiled=compiled is not None)
    if drawing.weights is not None and distinct:
        raise UsageProblem("--distinct does not go with --weights")
    if watching.monitor and heal:
        raise UsageProblem("--heal does not go with --monitor")
    if method == "awrs" and not watching.monitor:
        raise UsageProblem("--method awrs is for --monitor", expected="one, or --method mask")
    if many and prompt not in (None, "-"):
        raise UsageProblem("--many reads prompts from standard input", expected="no PROMPT with it")
    from_input = reads_prompt(prompt, system, many=many)
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
    first_seed = _seed(seed)
    session = Session(
        source,
        ModelChoice(model, revision, offline, dtype, device, verbose),
        Sampling(
            first_seed,
            max_tokens,
            method=method,
            tokenization=tokenization,
            heal=heal,
            logits=logits_of(logits or ()),
            max_bytes=max_bytes,
            deadline=deadline,
            on_limit="close" if on_limit == "close" else "cut",
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            truncate_before=truncate_before,
            repetition_penalty=repetition_penalty,
            on_nan=on_nan,
            logprobs=envelope or many,
        ),
        system=system,
        show_schema=prompt_schema == "auto",
        monitor=watching.load(),
        number=number,
        search="distinct" if distinct else method if is_drawn or method in ("beam", "map") else None,
        plan=plan,
        beams=beams,
        drafts=drafts == "auto",
        draft_model=draft_model,
    )
    if stream == "partial" and not source.is_json:
        raise UsageProblem("--stream partial is for JSON", expected="--schema, or --stream text")
    request = _Request(session, number, on_limit == "raw", envelope, stream, first_seed, batch or 1)
    if many:
        return lambda: _run_many(request)
    return lambda: _run_one(request, read_standard_input("a prompt") if from_input else str(prompt))


def _seed(given: int | None) -> int:
    """The seed; drawn when none is given, so that a record can always name it."""
    return secrets.randbelow(1 << 31) if given is None else given


def _refuse(
    method: str,
    drafts: str,
    tokenization: str | None,
    on_limit: str,
    on_nan: str,
    prompt_schema: str,
    stream: str | None,
) -> None:
    """Refuse words that say nothing."""
    for name, value, known in (
        ("--stream", stream or "text", ("text", "partial")),
        ("--method", method, METHODS),
        ("--drafts", drafts, ("auto", "none")),
        ("--tokenization", tokenization or "any", ("canonical", "any")),
        ("--on-limit", on_limit, ("close", "fail", "raw")),
        ("--on-nan", on_nan, ("error", "uniform")),
        ("--prompt-schema", prompt_schema, ("auto", "none")),
    ):
        if value not in known:
            raise UsageProblem(f"{name} cannot be {value!r}", expected=" or ".join(repr(text) for text in known))


@dataclass(frozen=True, slots=True)
class _Request:
    """What to do with outputs."""

    session: Session
    number: int
    print_cut: bool
    envelope: bool
    stream: str | None
    seed: int
    batch: int


def _run_one(request: _Request, prompt: str) -> int:
    """One prompt: plain text, or records with ``--envelope``. The worst output decides the exit code."""
    session, jobs = request.session, PromptJobs(prompt, request.number, request.seed)
    session.prepare()
    codes = []
    try:
        for _, outcome in _streamed(request, jobs) if request.stream else session.outputs(jobs, request.batch):
            if isinstance(outcome, ConstrainError):
                raise outcome
            if not request.stream:
                _print(request, outcome)
            _judge(request, outcome)
            codes.append(outcome.exit_code)
    finally:
        session.keep_trie()
    return max(codes)


def _streamed(request: _Request, jobs: Jobs) -> Iterator[tuple[Job, Outcome]]:
    """One output after the other, printed as it comes."""
    for job in jobs:
        if request.stream == "partial":
            yield job, _stream_values(request.session, job)
        else:
            outcome = request.session.output(job, on_text=lambda piece: write(piece, end=""))
            write("")
            yield job, outcome


def _stream_values(session: Session, job: Job) -> Outcome:
    """Values as they grow, each with the path that leads to it."""
    from constrain.runtime.partial_json import PartialJson, PartialValue

    reader = PartialJson()

    def show(values: list[PartialValue]) -> None:
        for value in values:
            told = {"path": value.pointer, "value": value.value, "complete": value.is_complete}
            write(json.dumps(told, ensure_ascii=False))

    outcome = session.output(job, on_text=lambda piece: show(reader.feed(piece)))
    if outcome.status == "ok":
        show(reader.close())
    return outcome


def _print(request: _Request, outcome: Outcome) -> None:
    printable = outcome.status == "ok" or (outcome.status == "truncated" and request.print_cut)
    if request.envelope:
        write(outcome.record(1, keep_cut=request.print_cut))
    elif printable:
        write(outcome.one_line() if request.number > 1 else outcome.text)


def _judge(request: _Request, outcome: Outcome) -> None:
    """The last word on standard error; silence is consent, but a stream is told that it is good."""
    if outcome.status == "ok":
        if request.stream:
            render.verdict(render.complete(outcome.tokens, outcome.seconds))
        return
    if outcome.status == "truncated" and request.print_cut:
        render.warning(outcome.reason)
        return
    render.problem(outcome.problem())


def _run_many(request: _Request) -> int:
    """One record per prompt and sample, as soon as it is there; a failed one does not stop the others."""
    session, failed = request.session, False
    jobs = LineJobs(request.number, request.seed)
    if not jobs.has_any():
        raise InputFileError("standard input is empty", expected="one prompt per line")
    session.prepare()
    for job, outcome in session.outputs(jobs, request.batch):
        if isinstance(outcome, ConstrainError):
            outcome = session.failure(outcome, job)
        write(outcome.record(job.number, keep_cut=request.print_cut))
        failed = failed or outcome.status != "ok"
    return 1 if failed else 0
