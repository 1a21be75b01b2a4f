"""Outputs of the methods, several at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quality.answers import json_in
from quality.methods import Method
from quality.peers import Allows, Peers
from quality.prompts import THINK, prompt_of, schema_of
from quality.tasks import Item, Task

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar
    from constrain.runtime import CausalModel
    from constrain.runtime.decoding import GenerationResult
    from constrain.runtime.decoding.batch import Ended
    from constrain.runtime.models.rows import Row, Rows

__all__ = ["Decoder", "Output"]


@dataclass(frozen=True, slots=True)
class Output:
    """A text, and how many tokens it has."""

    text: str
    tokens: int


class Decoder:
    """Decodes questions of one task by any method."""

    def __init__(self, model: CausalModel, rows: Rows, task: Task, examples: Sequence[Item], peers: Peers) -> None:
        self._model = model
        self._rows = rows
        self._task = task
        self._examples = examples
        self._peers = peers
        self._compiled: dict[str, CompiledGrammar] = {}

    def outputs(self, method: Method, items: Sequence[Item], seeds: Sequence[int]) -> list[Output]:
        """One for each item."""
        prompts = [
            self._model.encode_prompt(
                prompt_of(self._task, self._examples, item, method.form), reserve=self._task.max_tokens
            )
            for item in items
        ]
        self._read_beginning(prompts[0])
        if method.decoder == "constrain":
            return self._constrained(method, items, prompts, seeds)
        allows: list[Allows | None] = [None] * len(items)
        if method.decoder != "free":
            schemas = [schema_of(self._task, item, method.form) for item in items]
            allows = [self._peers.allows(method.decoder, schema) for schema in schemas]
        return self._greedy(method, prompts, allows)

    def _read_beginning(self, prompt: Sequence[int]) -> None:
        """What prompts have in common is read once, not by each of those that begin together."""
        row = self._rows.join(prompt)
        self._rows.forward({row: prompt[row.length :]})
        self._rows.leave(row)

    def _greedy(
        self, method: Method, prompts: Sequence[Sequence[int]], allows: Sequence[Allows | None]
    ) -> list[Output]:
        """The likeliest token of those that are allowed, until a stop token, the end of the line or of the JSON."""
        ends = self._is_over if method.decoder == "free" else self._is_json
        rows, texts, written = self._rows, [b""] * len(prompts), [0] * len(prompts)
        live: dict[int, tuple[Row, Sequence[int], list[int]]] = {}
        for index, prompt in enumerate(prompts):
            row = rows.join(prompt)
            live[index] = row, prompt[row.length :], list(prompt)
        while live:
            logits = rows.forward({row: unread for row, unread, _ in live.values()})
            for index, (row, _, token_ids) in list(live.items()):
                scores = logits[row]
                allow = allows[index]
                if allow is not None:
                    scores = allow(token_ids, scores)
                token_id = int(scores.argmax())
                is_stop = token_id in self._model.eos_token_ids
                if not is_stop:
                    texts[index] += self._model.vocabulary.text(token_id)
                    written[index] += 1
                live[index] = row, [token_id], [*token_ids, token_id]
                if is_stop or written[index] == self._task.max_tokens or ends(texts[index], method):
                    rows.leave(row)
                    del live[index]
        return [Output(text.decode(errors="replace"), count) for text, count in zip(texts, written, strict=True)]

    def _is_over(self, text: bytes, method: Method) -> bool:
        """Does the line end, or the JSON?"""
        return b"\n" in text.lstrip(b"\n") or self._is_json(text, method)

    @staticmethod
    def _is_json(text: bytes, method: Method) -> bool:
        is_json = method.form.is_json and text.rstrip().endswith(b"}")
        return is_json and json_in(text.decode(errors="replace"), thinks=method.form.thinks) is not None

    def _constrained(
        self, method: Method, items: Sequence[Item], prompts: Sequence[list[int]], seeds: Sequence[int]
    ) -> list[Output]:
        from constrain.runtime.decoding import GenerationOptions
        from constrain.runtime.decoding.batch import Request, generate_batch
        from constrain.runtime.decoding.several import several

        searches = method.options.get("method") in ("beam", "map")
        chosen: dict[str, Any] = {"max_tokens": self._task.max_tokens, "logprobs": searches}
        chosen |= {name: value for name, value in method.options.items() if name != "whitespace"}
        requests = [
            Request(self._grammar(method, item), prompt, GenerationOptions(seed=seed, **chosen))
            for item, prompt, seed in zip(items, prompts, seeds, strict=True)
        ]
        if searches:
            results = [
                next(several(self._model, each.compiled, each.prompt_ids, each.options, self._rows, beams=4))
                for each in requests
            ]
        else:
            ended = {
                each.request: each
                for each in generate_batch(self._model, requests, size=len(requests), rows=self._rows)
            }
            results = [_result(ended[request]) for request in requests]
        return [Output(result.text, len(result.token_ids)) for result in results]

    def _grammar(self, method: Method, item: Item) -> CompiledGrammar:
        from constrain.compiler import compile_grammar, json_schema
        from constrain.compiler.thinking import marks_of, thinking_before

        schema = schema_of(self._task, item, method.form)
        whitespace = method.options.get("whitespace", "compact")
        key = repr((schema, whitespace, method.form.thinks))
        if key not in self._compiled:
            grammar = json_schema.build(schema, whitespace=whitespace)
            if method.form.thinks:
                grammar = thinking_before(grammar, marks_of(THINK), self._task.reasoning_length)
            self._compiled[key] = compile_grammar(grammar, self._model.vocabulary)
        return self._compiled[key]


def _result(ended: Ended) -> GenerationResult:
    if ended.result is None:
        raise ended.error or RuntimeError("an output ended without a result")
    return ended.result
