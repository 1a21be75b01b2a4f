"""llguidance with its defaults: any whitespace, strict about keywords that it does not know."""

from __future__ import annotations

import json
from typing import Any

import llguidance
import llguidance.hf
import numpy as np
from numpy.typing import NDArray

from masks.engines import base
from masks.tokenizer import Tokenizer


class LLGuidance(base.Engine):
    package = "llguidance"

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__(tokenizer)
        self.tokens = llguidance.hf.from_tokenizer(
            tokenizer.for_transformers(), n_vocab=tokenizer.vocab_size, eos_token=tokenizer.eos_id
        )

    def compile(self, schema: Any) -> base.Compiled:
        grammar = json.dumps({"grammars": [{"json_schema": schema}]})
        return _Compiled(llguidance.LLMatcher(self.tokens, grammar, log_level=0))


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
