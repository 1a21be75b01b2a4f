"""``constrain next``: what may come after a prefix, and whether the text could stop there."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from constrain.cli import options as option
from constrain.cli import render
from constrain.cli.constraint_options import ConstraintOptions
from constrain.cli.display import byte_name, byte_set, token_text
from constrain.cli.groups import grouped
from constrain.cli.source import read_source
from constrain.cli.streams import is_terminal, read_bytes, write
from constrain.cli.vocabularies import asked_with, exclusive, named_vocabulary

if TYPE_CHECKING:
    from constrain._core import Vocabulary
    from constrain.compiler import CompiledGrammar, Matcher

__all__ = ["EXAMPLES", "next_tokens"]

EXAMPLES = option.examples(
    "constrain next --regex '[0-9]{4}-[0-9]{2}' '2024'",
    """constrain next --schema '{"enum": ["red", "green"]}' '"'""",
    "constrain next --grammar json --json '[1, 2'",
)

SHOWN_ON_A_TERMINAL = 40


@grouped
def next_tokens(
    *,
    prefix: Annotated[
        str, typer.Argument(metavar="PREFIX", help="Text so far; '-' reads it from standard input.", show_default=False)
    ] = "",
    constraint: ConstraintOptions,
    model: option.TokensOf = None,
    tokenizer: option.Tokenizer = None,
    revision: option.Revision = None,
    offline: option.Offline = False,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=0, metavar="N", help="Show so many tokens [40 on a terminal, all elsewhere]."),
    ] = None,
    as_json: option.Json = False,
) -> option.Job:
    """Show the tokens or bytes that may come after PREFIX, and whether the text could stop there.

    Without -m or --tokenizer, tokens are single bytes. Exit code 1 when no text of the language starts with PREFIX.
    """
    exclusive(model, tokenizer)
    source = read_source(constraint, standard_input_taken=prefix == "-")

    def job() -> int:
        text = _prefix(prefix)
        name, vocabulary = named_vocabulary(model, tokenizer, revision=revision, offline=offline)
        asked_by = asked_with(model, tokenizer)
        return _run(source.compiled_for(vocabulary, asked_by), text, name, limit, as_json)

    return job


@dataclass(frozen=True, slots=True)
class _Token:
    token_id: int
    data: bytes | None
    """None for a stop token."""

    @property
    def name(self) -> str:
        return "<stop>" if self.data is None else token_text(self.data)


def _prefix(value: str) -> bytes:
    if value == "-":
        data = read_bytes("-")
        return data[:-2] if data.endswith(b"\r\n") else data[:-1] if data.endswith(b"\n") else data
    return value.encode("utf-8", "surrogateescape")  # exactly the bytes that the shell passed


def _run(compiled: CompiledGrammar, prefix: bytes, source: str, limit: int | None, as_json: bool) -> int:
    matcher = compiled.matcher()
    prefix = _meant(compiled, prefix)
    viable = matcher.viable_prefix(prefix)
    matcher.accept_bytes(prefix[:viable])
    if viable < len(prefix):
        return _not_viable(matcher, prefix, viable, as_json)
    allowed = _allowed(matcher, compiled.vocabulary)
    if as_json:
        shown = allowed if limit is None else allowed[:limit]
        write(json.dumps(_as_json(matcher, prefix, source, allowed, shown), ensure_ascii=False))
        return 0
    on_terminal = is_terminal(sys.stdout)
    count = limit if limit is not None else SHOWN_ON_A_TERMINAL if on_terminal else len(allowed)
    render.rows(
        [("id", "right"), ("token", "left")],
        ([str(token.token_id), token.name] for token in allowed[:count]),
    )
    if not on_terminal and count < len(allowed):
        render.note(render.more_tokens(len(allowed) - count))
    if on_terminal:
        render.note(render.allowed_tokens(len(allowed), min(count, len(allowed)), source, matcher.is_accepting()))
    return 0


def _allowed(matcher: Matcher, vocabulary: Vocabulary) -> list[_Token]:
    """Stop tokens first, then by id."""
    from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids

    bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
    matcher.fill_next_token_bitmask(bitmask, 0)
    stop = set(vocabulary.eos_token_ids)
    tokens = [_Token(i, None if i in stop else _shown(vocabulary, i)) for i in bitmask_to_ids(bitmask[0]).tolist()]
    return sorted(tokens, key=lambda token: token.data is not None)


def _meant(compiled: CompiledGrammar, prefix: bytes) -> bytes:
    """The prefix, with the special tokens that it names, where that leads further than their names as text."""
    from constrain.compiler.special_tokens import written

    special = getattr(compiled.vocabulary, "special_tokens", None)
    if not special:
        return prefix
    named = written(prefix.decode("utf-8", "surrogateescape"), special, errors="surrogateescape")
    return named if compiled.matcher().viable_prefix(named) == len(named) else prefix


def _shown(vocabulary: Vocabulary, token_id: int) -> bytes:
    """A token's bytes; of a special one, its name."""
    from constrain.compiler.special_tokens import text_of

    return text_of(vocabulary, token_id)


def _as_json(
    matcher: Matcher, prefix: bytes, source: str, allowed: list[_Token], shown: list[_Token]
) -> dict[str, object]:
    return {
        "viable": True,
        "prefix_bytes": len(prefix),
        "vocabulary": source,
        "could_stop": matcher.is_accepting(),
        "forced": token_text(matcher.forced_bytes()),
        "allowed": len(allowed),
        "tokens": [
            {"id": token.token_id, "stop": True}
            if token.data is None
            else {"id": token.token_id, "text": token.name, "bytes": token.data.hex()}
            for token in shown
        ],
    }


def _not_viable(matcher: Matcher, prefix: bytes, viable: int, as_json: bool) -> int:
    expected = byte_set(matcher.next_bytes())
    if as_json:
        value = {"viable": False, "prefix_bytes": len(prefix), "offset": viable, "expected": expected}
        write(json.dumps(value, ensure_ascii=False))
    render.not_viable(viable, byte_name(prefix[viable]), expected)
    return 1
