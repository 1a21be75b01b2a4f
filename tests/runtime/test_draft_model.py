"""A model that drafts for another changes nothing but the time; where it can't, it is said what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from json_schema_random import Writer

from constrain import (
    LimitError,
    ModelError,
    UnsatisfiableError,
    UnsupportedError,
    Vocabulary,
    compile_json_schema,
    compile_regex,
)
from constrain.runtime import GenerationOptions, GenerationResult, generate
from constrain.runtime.decoding.batch import Request, generate_batch
from constrain.runtime.decoding.draft_model import DraftModel
from constrain.runtime.decoding.drafters import DraftMemory, Place
from constrain.runtime.models import CausalModel
from constrain.runtime.models.rows import Rows

CHEAP = 0.05
"""What a run of the draft model is said to cost, so that it is asked as if it were small."""


def load(folder: Path) -> CausalModel:
    """In double precision."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float64")
    return CausalModel(folder.name, model, AutoTokenizer.from_pretrained(folder))


@pytest.fixture(scope="module")
def exact(tiny_folder: Path) -> CausalModel:
    return load(tiny_folder)


@pytest.fixture(scope="module")
def smaller(make_folder: Callable[..., Path]) -> CausalModel:
    """Of one layer, and with a shorter context."""
    return load(make_folder(num_hidden_layers=1, max_position_embeddings=60))


def options(choose: Random, **more: Any) -> GenerationOptions:
    settings: dict[str, Any] = choose.choice([{"method": "greedy"}, {"temperature": 0.3}, {"top_p": 0.8}])
    return GenerationOptions(
        seed=choose.randrange(1000),
        max_tokens=40,
        on_limit="cut",
        tokenization=choose.choice(["canonical", "any"]),
        heal=choose.random() < 0.2,
        repetition_penalty=choose.choice([1.0, 1.2]),
        **settings,
        **more,
    )


def same(drafted: GenerationResult | None, plain: GenerationResult) -> bool:
    assert drafted is not None
    assert drafted.logprob == pytest.approx(plain.logprob, abs=1e-4)
    return (drafted.token_ids, drafted.finish_reason) == (plain.token_ids, plain.finish_reason)


@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 25), *(pytest.param(4_000 + block * 150, 150, marks=pytest.mark.slow) for block in range(3))],
)
def test_outputs_are_those_of_the_plain_loop(exact: CausalModel, smaller: CausalModel, first: int, count: int) -> None:
    rows, drafted, done = Rows(exact), 0, 0
    draft_models = [DraftModel(exact, exact, cost=CHEAP), DraftModel(smaller, exact), DraftModel(exact, exact)]
    for seed in range(first, first + count):
        choose = Random(seed)
        try:
            compiled = compile_json_schema(Writer(seed).document(), exact.vocabulary)
        except (UnsatisfiableError, UnsupportedError, LimitError):
            continue
        memory = choose.choice([None, DraftMemory()])
        prompt = [5, *choose.choices(range(2, 288), k=choose.choice([1, 4, 30]))]
        for draft_model in draft_models:
            chosen = options(choose)
            plain = generate(exact, compiled, prompt, chosen)
            quick = generate(exact, compiled, prompt, chosen, rows=rows, memory=memory, draft_model=draft_model)
            assert same(quick, plain), (seed, chosen)
            assert quick.model_calls <= plain.model_calls
            drafted += quick.drafted_tokens
            done += 1
        assert len(rows) == 0
    assert all(len(draft_model._rows) == 0 for draft_model in draft_models)
    assert done > 2 * count
    assert drafted > count


def test_a_model_knows_best_what_it_would_say_itself(exact: CausalModel) -> None:
    compiled = compile_regex("[a-z]{60}", exact.vocabulary)
    draft_model = DraftModel(exact, exact, cost=CHEAP)
    greedy = GenerationOptions(method="greedy", repetition_penalty=1.0)
    plain = generate(exact, compiled, [5, 9], greedy)
    quick = generate(exact, compiled, [5, 9], greedy, rows=Rows(exact), draft_model=draft_model)
    assert same(quick, plain)
    assert quick.model_calls < 0.6 * plain.model_calls
    assert quick.drafted_tokens > 0.4 * len(quick.token_ids)


def test_a_draft_model_that_costs_too_much_is_hardly_asked(exact: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = compile_regex("[a-z]{60}", exact.vocabulary)
    asked = {}
    for cost in (CHEAP, 1.0):
        draft_model = DraftModel(exact, exact, cost=cost)
        forward, calls = draft_model._rows.forward, []
        monkeypatch.setattr(draft_model._rows, "forward", lambda *args, f=forward, c=calls: (c.append(1), f(*args))[1])
        generate(exact, compiled, [5, 9], GenerationOptions(seed=1), rows=Rows(exact), draft_model=draft_model)
        asked[cost] = len(calls)
    assert 0 < asked[1.0] < 0.5 * asked[CHEAP]


def test_in_a_batch(exact: CausalModel, smaller: CausalModel) -> None:
    compiled = compile_regex('("[a-z ]{4,20}",){3}', exact.vocabulary)
    draft_model = DraftModel(smaller, exact, cost=CHEAP)
    requests = [
        Request(compiled, [5, 9, seed], options(Random(seed)), draft_model=draft_model) for seed in range(10, 16)
    ]
    ended = list(generate_batch(exact, requests, size=3))
    for each in ended:
        assert same(each.result, generate(exact, compiled, each.request.prompt_ids, each.request.options))
    assert len(draft_model._rows) == 0


def test_certain_text_is_drafted_without_the_model(exact: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    draft_model = DraftModel(exact, exact, cost=CHEAP)
    matcher = compile_regex("abc[xy](long certain text|long certain end)", exact.vocabulary).matcher()
    forward, runs = draft_model._rows.forward, []
    monkeypatch.setattr(draft_model._rows, "forward", lambda asked: (runs.append(asked), forward(asked))[1])
    drafter = draft_model.drafter()
    drafted = drafter.draft(Place(matcher, [5], b"", 40))
    text = b"".join(exact.vocabulary.text(token_id) for token_id in drafted.token_ids)
    assert re.match("abc[xy]long certain ", text.decode())
    assert 1 <= len(runs) <= 2
    assert len(drafter.draft(Place(matcher, [5], b"", 2))) == 2
    drafter.close()


def test_a_draft_model_that_fails_is_named(
    exact: CausalModel, smaller: CausalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled, rows = compile_regex("[a-z]{9}", exact.vocabulary), Rows(exact)

    def failing(*_: Any, **__: Any) -> Any:
        raise RuntimeError("out of luck")

    def senseless(*arguments: Any, **more: Any) -> Any:
        output = forward(*arguments, **more)
        output.logits[:] = float("nan")
        return output

    forward = smaller.network.forward
    for broken, says in ((failing, "running the model failed: out of luck"), (senseless, "its logits are not numbers")):
        draft_model = DraftModel(smaller, exact)
        with monkeypatch.context() as patch:
            patch.setattr(smaller.network, "forward", broken)
            with pytest.raises(ModelError, match=f"the draft model {smaller.name}: {says}"):
                generate(exact, compiled, [5, 9], rows=rows, draft_model=draft_model)
        assert (len(rows), len(draft_model._rows)) == (0, 0)


def test_other_tokens_are_refused(exact: CausalModel, tiny_folder: Path, make_folder: Callable[..., Path]) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_folder)
    tokenizer.add_tokens(["zebra"])
    more = load(make_folder(tokenizer=tokenizer))
    with pytest.raises(
        ModelError, match=rf"{more.name} has other tokens than {exact.name}: token 288 is 'zebra', not none"
    ):
        DraftModel(more, exact)
    with pytest.raises(ModelError, match="token 288 is none, not 'zebra'; expected a smaller model with the same"):
        DraftModel(exact, more)


def test_a_head_with_room_for_more_tokens_is_no_other_vocabulary(
    exact: CausalModel, make_folder: Callable[..., Path]
) -> None:
    wider = load(make_folder(vocab_size=320))
    assert wider.vocabulary.sha256 != exact.vocabulary.sha256
    for draft, target in ((wider, exact), (exact, wider)):
        compiled = compile_regex("[a-z]{20}", target.vocabulary)
        chosen = GenerationOptions(seed=3)
        draft_model = DraftModel(draft, target, cost=CHEAP)
        quick = generate(target, compiled, [5, 9], chosen, rows=Rows(target), draft_model=draft_model)
        assert same(quick, generate(target, compiled, [5, 9], chosen))


def test_vocabularies_may_differ_in_what_ends_an_output(exact: CausalModel, tiny_folder: Path) -> None:
    other = load(tiny_folder)
    vocabulary = exact.vocabulary
    table = [vocabulary.token(token_id) for token_id in range(vocabulary.vocab_size)]
    other.vocabulary = Vocabulary(table, [0, 1], encode=vocabulary.encode)
    assert other.vocabulary.sha256 != vocabulary.sha256
    DraftModel(other, exact)
