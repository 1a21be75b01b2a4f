"""Outputs side by side: each is what it would be alone, whoever else is there, and fails alone."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from json_schema_random import Writer

from constrain import (
    BudgetError,
    CompiledGrammar,
    LimitError,
    ModelError,
    UnsatisfiableError,
    UnsupportedError,
    compile_json_schema,
    compile_regex,
)
from constrain.runtime import GenerationOptions, GenerationResult, generate
from constrain.runtime.decoding.batch import Batch, Ended, Request, generate_batch
from constrain.runtime.decoding.drafts import DraftMemory
from constrain.runtime.models import CausalModel
from constrain.runtime.models.rows import Rows
from constrain.runtime.monitors import Watch
from constrain.runtime.monitors.calls import MonitorCalls
from constrain.runtime.monitors.watch import NothingLeftError


@pytest.fixture(scope="module")
def exact(tiny_folder: Path) -> CausalModel:
    """In double precision."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(tiny_folder, dtype="float64")
    return CausalModel("exact", model, AutoTokenizer.from_pretrained(tiny_folder))


def request(exact: CausalModel, compiled: CompiledGrammar, seed: int, **more: Any) -> Request:
    """With settings and a prompt by the seed."""
    choose = Random(seed)
    settings: dict[str, Any] = choose.choice([{"method": "greedy"}, {"temperature": 0.3}, {"top_p": 0.8}])
    options = GenerationOptions(
        seed=seed,
        max_tokens=choose.choice([40, 200]),
        tokenization=choose.choice(["canonical", "any"]),
        heal=choose.random() < 0.2,
        repetition_penalty=choose.choice([1.0, 1.2]),
        logprobs=choose.random() < 0.7,
        **{"on_limit": "cut", **settings},
    )
    return Request(compiled, [5, *choose.choices(range(2, 288), k=choose.choice([1, 4, 30]))], options, **more)


def alone(exact: CausalModel, one: Request) -> GenerationResult:
    """The same by the plain loop."""
    return generate(exact, one.compiled, one.prompt_ids, one.options)


def same(together: GenerationResult | None, plain: GenerationResult) -> bool:
    """But for what tells of time."""
    assert together is not None
    assert together.sampling_logprob == pytest.approx(plain.sampling_logprob, abs=1e-4)
    if not isnan(plain.logprob):  # the plain loop doesn't read what comes last, where nobody wants to know
        assert together.logprob == pytest.approx(plain.logprob, abs=1e-4)
    names = ("text", "token_ids", "finish_reason", "is_complete", "limit", "prompt_tokens")
    return all(getattr(together, name) == getattr(plain, name) for name in names)


MORE = [(30, 30), *((6_000 + block * 250, 250) for block in range(4))]


@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 30), *(pytest.param(*part, marks=pytest.mark.slow) for part in MORE)],
)
def test_rows_are_what_they_would_be_alone(exact: CausalModel, first: int, count: int) -> None:
    """Constraints, settings and prompts of their own; shorter outputs make room for others."""

    def requests() -> Iterator[Request]:
        for seed in range(first, first + count):
            try:
                compiled = compile_json_schema(Writer(seed).document(), exact.vocabulary)
            except (UnsatisfiableError, UnsupportedError, LimitError):
                continue
            yield request(exact, compiled, seed, memory=DraftMemory() if seed % 3 else None)

    rows, done = Rows(exact), 0
    for ended in generate_batch(exact, requests(), size=Random(first).choice([3, 8]), rows=rows):
        assert same(ended.result, alone(exact, ended.request)), ended.request.options
        done += 1
    assert done > count * 2 // 3
    assert len(rows) == 0


def test_one_forward_reads_for_all(exact: CausalModel) -> None:
    compiled = compile_regex("[a-z]{12}", exact.vocabulary)
    rows, calls = Rows(exact), 0
    forward = rows.forward

    def counted(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        return forward(*arguments)

    rows.forward = counted  # type: ignore[method-assign]
    options = [GenerationOptions(seed=seed, max_tokens=12) for seed in range(6)]
    batch = list(generate_batch(exact, [Request(compiled, [5, 9], each) for each in options], rows=rows))
    together = calls
    longest = max(ended.result.model_calls for ended in batch if ended.result)
    assert together == longest
    assert sum(ended.result.model_calls for ended in batch if ended.result) > 3 * together


def test_texts_come_as_streams(exact: CausalModel) -> None:
    compiled = compile_regex("[a-zé]{12}", exact.vocabulary)
    pieces: list[list[str]] = [[], [], []]
    requests = [
        Request(compiled, [5, 9], GenerationOptions(seed=seed), on_text=pieces[seed].append) for seed in range(3)
    ]
    with Batch(exact) as batch:
        for each in requests:
            batch.join(each)
        ended = batch.step()
        assert not ended
        assert all(pieces)
        while len(batch):
            ended += batch.step()
    texts = {end.request: end.result.text for end in ended if end.result}
    assert ["".join(piece) for piece in pieces] == [texts[each] for each in requests]
    assert all(len(piece) > 1 for piece in pieces)


def errors(ended: list[Ended]) -> dict[Request, str]:
    """What went wrong, by request."""
    return {end.request: f"{type(end.error).__name__}: {end.error}" for end in ended if end.error}


def test_an_error_ends_its_own_row(exact: CausalModel) -> None:
    def raises(token_ids: Any, logits: Any) -> Any:
        return logits * float("nan")

    class Vetoes:
        def veto(self, prefix: str) -> str | None:
            return "never" if prefix else None

    compiled = compile_regex("[a-z]{9}", exact.vocabulary)
    watch = Watch(MonitorCalls(Vetoes(), deadline=10), compiled, "")
    good = [request(exact, compiled, seed) for seed in range(3)]
    small = Request(compiled, [5], GenerationOptions(max_tokens=1))
    broken = Request(compiled, [5], GenerationOptions(logits=(raises,)))
    vetoed = Request(compiled, [5], watch=watch)
    unknown = Request(compiled, [5, 10**6])
    ended = list(generate_batch(exact, [small, good[0], broken, vetoed, unknown, *good[1:]], size=8))
    assert {each: text.split(":")[0] for each, text in errors(ended).items()} == {
        small: BudgetError.__name__,
        broken: ModelError.__name__,
        vetoed: NothingLeftError.__name__,
        unknown: ModelError.__name__,
    }
    assert "there is no token 1000000" in errors(ended)[unknown]
    for end in ended:
        if end.request in good:
            assert same(end.result, alone(exact, end.request))


def test_rows_are_free_after_errors(exact: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, rows = compile_regex("[a-z]{9}", exact.vocabulary), Rows(exact)
    stop = RuntimeError("out of memory")

    def failing(*arguments: Any, **more: Any) -> torch.Tensor:
        raise stop

    monkeypatch.setattr(exact.network, "forward", failing)
    ended = list(generate_batch(exact, [Request(compiled, [5, 6]) for _ in range(3)], rows=rows))
    assert len(errors(ended)) == 3
    assert all("out of memory" in text for text in errors(ended).values())
    assert len(rows) == 0


def test_whoever_stops_asking_leaves_no_rows(exact: CausalModel) -> None:
    compiled, rows = compile_regex("[a-z]{1,90}", exact.vocabulary), Rows(exact)
    outputs = generate_batch(exact, (Request(compiled, [5, 6 + seed]) for seed in range(50)), rows=rows, size=4)
    next(outputs)
    assert len(rows) > 0
    outputs.close()  # type: ignore[attr-defined]
    assert len(rows) == 0
