"""``constrain compile``: what a constraint costs, in figures. Saving the automaton comes with a later version."""

from __future__ import annotations

import json
import time

from constrain.cli import options as option
from constrain.cli import render
from constrain.cli.constraint import CompileOptions, Constraint, read_constraint
from constrain.cli.streams import write
from constrain.cli.vocabularies import exclusive, named_vocabulary

__all__ = ["EXAMPLES", "compile_statistics"]

EXAMPLES = option.examples(
    "constrain compile --schema examples/order.json",
    "constrain compile --grammar json --json",
)


def compile_statistics(
    schema: option.Schema = None,
    regex: option.Regex = None,
    choice: option.Choice = None,
    grammar: option.GrammarFile = None,
    start: option.Start = "start",
    draft: option.Draft = None,
    formats: option.Formats = "assert",
    ignore_format: option.IgnoreFormat = None,
    preview: option.Preview = None,
    whitespace: option.Whitespace = "compact",
    model: option.Model = None,
    tokenizer: option.Tokenizer = None,
    revision: option.Revision = None,
    offline: option.Offline = False,
    as_json: option.Json = False,
) -> option.Job:
    """Compile a constraint and show statistics: times, sizes, and how many tokens are allowed at the start.

    Without -m or --tokenizer, tokens are single bytes.
    """
    exclusive(model, tokenizer)
    constraint = read_constraint(
        schema=schema,
        regex=regex,
        choice=choice,
        grammar=grammar,
        options=CompileOptions(draft, formats, tuple(ignore_format or ()), whitespace, start, tuple(preview or ())),
    )

    def job() -> int:
        values = _measure(constraint, model, tokenizer, revision, offline)
        if as_json:
            write(json.dumps(values))
        else:
            render.pairs(render.statistics(values))
        return 0

    return job


def _measure(
    constraint: Constraint, model: str | None, tokenizer: str | None, revision: str | None, offline: bool
) -> dict[str, int | float | str]:
    from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids

    source, vocabulary = named_vocabulary(model, tokenizer, revision=revision, offline=offline)
    started = time.perf_counter()
    grammar = constraint.grammar()
    read = time.perf_counter()
    compiled = constraint.compile(grammar, vocabulary)
    built = time.perf_counter()
    bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
    compiled.matcher().fill_next_token_bitmask(bitmask, 0)
    masked = time.perf_counter()
    allowed = len(bitmask_to_ids(bitmask[0]))
    return {
        "read_seconds": read - started,
        "compile_seconds": built - read,
        "first_mask_seconds": masked - built,
        **compiled.statistics(),
        "vocabulary": source,
        "vocabulary_size": vocabulary.vocab_size,
        "trie_nodes": vocabulary.trie_nodes,
        "allowed_at_start": allowed,
        "mask_density_at_start": allowed / vocabulary.vocab_size,
    }
