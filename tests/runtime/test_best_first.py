"""The most probable outputs, against the scores of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from constrain import BudgetError, CompiledGrammar, compile_choices, compile_regex, compile_spans
from constrain.runtime import GenerationOptions
from constrain.runtime.decoding.best_first import most_probable
from constrain.runtime.models import CausalModel
from constrain.runtime.models.rows import Rows

SYLLABLES = ["na", "me", "n", "a", "chess", "ch", "e", "ss", "{", '"', "é", "ing", "hik", " "]


@pytest.fixture(scope="module")
def exact(tiny_folder: Path) -> CausalModel:
    """In double precision."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(tiny_folder, dtype="float64")
    return CausalModel("exact", model, AutoTokenizer.from_pretrained(tiny_folder))


def spellings(model: CausalModel, text: bytes) -> Iterator[tuple[int, ...]]:
    """All ways to cut a text into tokens."""
    if not text:
        yield ()
    for token in by_bytes(model):
        if text.startswith(token):
            for rest in spellings(model, text[len(token) :]):
                for token_id in by_bytes(model)[token]:
                    yield (token_id, *rest)


@cache
def by_bytes(model: CausalModel) -> dict[bytes, list[int]]:
    found: dict[bytes, list[int]] = {}
    for token_id in range(model.vocabulary.vocab_size):
        if token := model.vocabulary.token(token_id):
            found.setdefault(token, []).append(token_id)
    return found


def ranked(model: CausalModel, prompt: list[int], texts: set[str], most: int) -> list[tuple[float, str]]:
    """Scores of all spellings of all texts, a stop token after them, the best first."""
    found = []
    for text in texts:
        for tokens in spellings(model, text.encode()):
            if len(tokens) <= most:
                logits = model.forward_last([*prompt, *tokens], model.new_cache(), len(tokens) + 1).double()
                path = [*tokens, model.eos_token_ids[0]]
                logprobs = logits.log_softmax(-1)
                found.append((sum(float(row[token]) for row, token in zip(logprobs, path, strict=True)), text))
    return sorted(found, reverse=True)


def check(model: CausalModel, rows: Rows, compiled: CompiledGrammar, texts: set[str], random: Random) -> int:
    prompt = random.choices(range(2, 288), k=3)
    options = GenerationOptions(max_tokens=random.choice([512, 4]))
    expected = ranked(model, prompt, texts, options.max_tokens)[:3]
    found = list(islice(most_probable(model, compiled, prompt, options, rows), 3))
    assert [result.text for result in found] == [text for _, text in expected]
    assert [result.logprob for result in found] == pytest.approx([score for score, _ in expected], abs=1e-5)
    assert len(rows) == 0
    return found[0].model_calls if found else 0


@pytest.mark.parametrize(
    ("first", "cases"), [(0, 25), *(pytest.param(100 * n, 100, marks=pytest.mark.slow) for n in range(1, 6))]
)
def test_choices_and_spans(exact: CausalModel, first: int, cases: int) -> None:
    rows = Rows(exact)
    for seed in range(first, first + cases):
        random = Random(seed)
        words = {"".join(random.choices(SYLLABLES, k=random.randint(1, 3))).strip() or "x" for _ in range(6)}
        if seed % 3:
            check(exact, rows, compile_choices(sorted(words), exact.vocabulary), words, random)
        else:
            pieces = [word for word in sorted(words) if word.isalpha()][:3] or ["name"]
            spans = {" ".join(pieces[i:j]) for i in range(len(pieces)) for j in range(i + 1, len(pieces) + 1)}
            check(exact, rows, compile_spans([" ".join(pieces)], exact.vocabulary, unit="word"), spans, random)


def test_few_of_many_choices_are_scored(exact: CausalModel) -> None:
    compiled = compile_regex("[a-z]{4}[0-9]{3}", exact.vocabulary)
    options = GenerationOptions(logits=(lambda _, logits: logits * 20,))
    found = list(islice(most_probable(exact, compiled, [5], options, Rows(exact)), 2))
    assert found[0].logprob >= found[1].logprob
    assert found[1].model_calls < 5_000


def test_the_search_says_when_it_is_given_up(exact: CausalModel) -> None:
    compiled = compile_regex("[a-z]{4}[0-9]{3}", exact.vocabulary)
    with pytest.raises(BudgetError, match=r"within 3 calls of the model; it has a probability of at most \d"):
        next(most_probable(exact, compiled, [5], GenerationOptions(), Rows(exact), max_model_calls=3))
