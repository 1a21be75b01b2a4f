"""llguidance with its defaults: any whitespace, strict about keywords that it does not know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import llguidance
import llguidance.hf
import llguidance.numpy
import numpy as np
from numpy.typing import NDArray

from masks.constraint import Constraint
from masks.engines import base
from masks.tokenizer import Tokenizer


class LLGuidance(base.Engine):
    package = "llguidance"

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__(tokenizer)
        self.tokens = llguidance.hf.from_tokenizer(
            tokenizer.for_transformers(), n_vocab=tokenizer.vocab_size, eos_token=tokenizer.eos_id
        )

    def compile(self, prepared: Any) -> base.Compiled:
        return _Compiled(llguidance.LLMatcher(self.tokens, _grammar(prepared), log_level=0))

    def batch(self, rows: int, threads: int) -> base.Batch:
        buffer = llguidance.numpy.allocate_token_bitmask(rows, self.tokenizer.vocab_size)
        return _Batch(buffer, llguidance.LLExecutor(threads))


def _grammar(constraint: Constraint) -> str:
    if constraint.kind == "regex":
        return str(llguidance.LLMatcher.grammar_from_regex(constraint.source))
    if constraint.kind == "lark":
        return str(llguidance.LLMatcher.grammar_from_lark(constraint.source))
    return json.dumps({"grammars": [{"json_schema": constraint.source}]})


class _Compiled(base.Compiled):
    def __init__(self, first: Any) -> None:
        if first.is_error():
            raise ValueError(first.get_error())
        self.first = first

    def matcher(self) -> base.Matcher:
        return _Matcher(self.first.deep_copy())


class _Matcher(base.Matcher):
    def __init__(self, matcher: Any) -> None:
        self.matcher = matcher

    def mask(self, into: NDArray[np.int32]) -> None:
        self.matcher.unsafe_compute_mask_ptr(into.ctypes.data, into.nbytes)
        if self.matcher.is_error():
            raise ValueError(self.matcher.get_error())

    def accept(self, token: int) -> bool:
        return bool(self.matcher.consume_token(token))

    def is_accepting(self) -> bool:
        return bool(self.matcher.is_accepting())


class _Batch(base.Batch):
    def __init__(self, buffer: NDArray[np.int32], executor: Any) -> None:
        self.buffer, self.executor = buffer, executor

    def fill(self, matchers: Sequence[base.Matcher]) -> None:
        own = [(matcher.matcher, row) for row, matcher in enumerate(matchers) if isinstance(matcher, _Matcher)]
        llguidance.numpy.fill_next_token_bitmask_par(self.executor, own, self.buffer)
