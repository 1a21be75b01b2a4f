"""The logits processor inside transformers' own ``generate``."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch

from constrain import ModelError, UnsupportedError, compile_regex
from constrain.runtime import GenerationOptions, generate
from constrain.runtime.integrations.transformers import ConstraintLogitsProcessor
from constrain.runtime.models import CausalModel

PATTERN = r"[a-c]{2,5}(-[0-9]{1,3})?"


def run(tiny: CausalModel, rows: int, processor: ConstraintLogitsProcessor, **settings: Any) -> list[list[int]]:
    prompt = torch.tensor([[5, 6, 7]] * rows)
    options = {"max_new_tokens": 20, "pad_token_id": 0, "eos_token_id": 1, **settings}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        output = tiny._model.generate(
            prompt, attention_mask=torch.ones_like(prompt), logits_processor=[processor], **options
        )
    return [[token for token in row if token not in (0, 1)] for row in output[:, 3:].tolist()]


def text(tiny: CausalModel, token_ids: list[int]) -> str:
    return b"".join(tiny.vocabulary.token(token_id) or b"" for token_id in token_ids).decode()


def test_batches_of_samples_are_valid(tiny: CausalModel) -> None:
    compiled = compile_regex(PATTERN, tiny.vocabulary)
    rows = run(tiny, 8, ConstraintLogitsProcessor(compiled), do_sample=True)
    texts = [text(tiny, row) for row in rows]
    assert all(re.fullmatch(PATTERN, each) for each in texts)
    assert len({len(row) for row in rows}) > 1  # some finish early and are padded


def test_greedy_is_our_own_greedy(tiny: CausalModel) -> None:
    compiled = compile_regex(PATTERN, tiny.vocabulary)
    theirs = run(tiny, 1, ConstraintLogitsProcessor(compiled), do_sample=False)[0]
    ours = generate(tiny, compiled, [5, 6, 7], GenerationOptions(method="greedy", max_tokens=20))
    assert theirs == list(ours.token_ids)


def test_a_second_use_is_refused(tiny: CausalModel) -> None:
    processor = ConstraintLogitsProcessor(compile_regex(PATTERN, tiny.vocabulary))
    run(tiny, 1, processor, do_sample=False)
    with pytest.raises(UnsupportedError, match="a new ConstraintLogitsProcessor"):
        run(tiny, 1, processor, do_sample=False)


def test_a_token_that_was_not_allowed_is_refused(tiny: CausalModel) -> None:
    processor = ConstraintLogitsProcessor(compile_regex("a", tiny.vocabulary))
    scores = processor(torch.tensor([[5]]), torch.zeros(1, tiny.vocabulary.vocab_size))
    allowed = torch.isfinite(scores[0]).nonzero().flatten().tolist()
    wrong = next(token_id for token_id in range(5, 200) if token_id not in allowed)
    with pytest.raises(ModelError, match=f"the token {wrong} came"):
        processor(torch.tensor([[5, wrong]]), torch.zeros(1, tiny.vocabulary.vocab_size))
