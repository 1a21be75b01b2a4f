"""``constrain compile``: a constraint as a file to load, and what it costs in figures."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from constrain.cli import options as option
from constrain.cli import render
from constrain.cli.constraint import Constraint
from constrain.cli.constraint_options import ConstraintOptions
from constrain.cli.groups import grouped
from constrain.cli.problems import UsageProblem
from constrain.cli.source import Source, read_source
from constrain.cli.streams import write
from constrain.cli.vocabularies import asked_with, exclusive, named_vocabulary
from constrain.cli.weights_fit import fit_compiled

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar, Vocabulary

__all__ = ["EXAMPLES", "compile_constraint"]

EXAMPLES = option.examples(
    "constrain compile --schema examples/order.json",
    "constrain compile --grammar json -o json.grammar --precompute --budget-mb 1",
    "constrain next --compiled json.grammar '[1, 2'",
)

DEFAULT_BUDGET_MB = 64
MAX_BUDGET_MB = 128


@grouped
def compile_constraint(
    *,
    constraint: ConstraintOptions,
    model: option.TokensOf = None,
    tokenizer: option.Tokenizer = None,
    revision: option.Revision = None,
    offline: option.Offline = False,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Save the automaton, for --compiled.")
    ] = None,
    precompute: Annotated[
        bool, typer.Option("--precompute", help="Compute masks of the states that are reached first; -o saves them.")
    ] = False,
    budget_mb: Annotated[
        int | None,
        typer.Option(
            "--budget-mb",
            min=1,
            max=MAX_BUDGET_MB,
            metavar="N",
            help=f"Megabytes (10^6 bytes) to compute masks ahead, at most {MAX_BUDGET_MB} [{DEFAULT_BUDGET_MB}].",
        ),
    ] = None,
    weights_from: Annotated[
        str | None,
        typer.Option(
            "--weights-from",
            metavar="PATH|NAME",
            help="With -o: fit weights to this model, whose tokens are taken (see 'constrain weights fit').",
        ),
    ] = None,
    prompts: Annotated[
        str | None, typer.Option("--prompts", metavar="FILE", help="With --weights-from: prompts to come, one a line.")
    ] = None,
    statistics: Annotated[
        bool, typer.Option("--stats", help="Show statistics, also with -o; without -o they are always shown.")
    ] = False,
    as_json: option.Json = False,
) -> option.Job:
    """Compile a constraint: save it with -o, and show statistics (times, sizes, how many tokens are allowed at first).

    Without -m or --tokenizer, tokens are single bytes. A saved automaton is for these tokens: 'gen' and 'next' take it
    with --compiled, and refuse it for others; for 'gen' without -m, compile with '-m embedded'. It holds the
    constraint's text, too.
    """
    exclusive(model, tokenizer)
    if (weights_from is None) != (prompts is None):
        raise UsageProblem("--weights-from and --prompts go together")
    if weights_from is not None:
        if model is not None or tokenizer is not None:
            raise UsageProblem("--weights-from names the model", expected="no -m or --tokenizer with it")
        if output is None:
            raise UsageProblem("--weights-from saves weights with the automaton", expected="-o FILE with it")
        model = weights_from
    if output == "-":
        raise UsageProblem("-o cannot be standard output", expected="a file")
    if output == "":
        raise UsageProblem("-o names no file", expected="a file")
    if budget_mb is not None and not precompute:
        raise UsageProblem("--budget-mb goes with --precompute only")
    source = read_source(constraint)
    memory = (budget_mb or DEFAULT_BUDGET_MB) * 1_000_000 if precompute else None

    def job() -> int:
        from constrain.compiler.files import replaceable, write_whole

        if output is not None:
            replaceable(output)  # compiling may take long, and end in vain
        name, vocabulary = named_vocabulary(model, tokenizer, revision=revision, offline=offline)
        asked_by = asked_with(model, tokenizer)
        made = _make(source, vocabulary, asked_by)
        ahead = _precompute(made.compiled, memory) if memory is not None else {}
        if output is not None:
            write_whole(output, made.compiled.to_bytes())
            render.note(render.saved(output, Path(output).stat().st_size))
        if output is not None and weights_from is not None and prompts is not None:
            fit_compiled(output, prompts, weights_from, revision=revision, offline=offline)
        if statistics or as_json or output is None:
            _show({**made.times, **ahead, **_measure(made.compiled), "vocabulary": name}, as_json)
        return 0

    return job


@dataclass(frozen=True, slots=True)
class _Made:
    """An automaton, and the seconds it took by name."""

    compiled: CompiledGrammar
    times: dict[str, float]


def _make(source: Source, vocabulary: Vocabulary, asked_by: str) -> _Made:
    """Never from the cache: what is shown is what it costs."""
    started = time.perf_counter()
    if not isinstance(source, Constraint):
        compiled = source.compiled_for(vocabulary, asked_by)
        return _Made(compiled, {"load_seconds": time.perf_counter() - started})
    grammar = source.grammar(vocabulary)
    read = time.perf_counter()
    compiled = source.compile(grammar, vocabulary)
    built = time.perf_counter()
    return _Made(compiled, {"read_seconds": read - started, "compile_seconds": built - read})


def _precompute(compiled: CompiledGrammar, memory: int) -> dict[str, int | float]:
    started = time.perf_counter()
    ahead = compiled.precompute(memory)
    seconds = time.perf_counter() - started
    share = ahead["precomputed_states"] / ahead["reached_states"]
    return {"precompute_seconds": seconds, **ahead, "share_covered": share}


def _measure(compiled: CompiledGrammar) -> dict[str, int | float]:
    from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids

    vocabulary = compiled.vocabulary
    bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
    started = time.perf_counter()
    compiled.matcher().fill_next_token_bitmask(bitmask, 0)
    masked = time.perf_counter()
    allowed = len(bitmask_to_ids(bitmask[0]))
    return {
        "first_mask_seconds": masked - started,
        **compiled.statistics(),
        "vocabulary_size": vocabulary.vocab_size,
        "trie_nodes": vocabulary.trie_nodes,
        "allowed_at_start": allowed,
        "mask_density_at_start": allowed / vocabulary.vocab_size,
    }


def _show(values: dict[str, int | float | str], as_json: bool) -> None:
    if as_json:
        write(json.dumps(values))
    else:
        render.pairs(render.statistics(values))
