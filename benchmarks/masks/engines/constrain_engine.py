"""This project, by its public names. Any whitespace between JSON tokens, as for the other engines; all else default,
or with every keyword that is in preview."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import constrain
from masks.engines import base
from masks.tokenizer import Tokenizer


class Constrain(base.Engine):
    package = "constrain-lm"

    def __init__(self, tokenizer: Tokenizer, *, preview: Sequence[str] | Literal["all"] = ()) -> None:
        super().__init__(tokenizer)
        self.preview = preview
        self.vocabulary = constrain.Vocabulary(
            tokenizer.token_bytes(), [tokenizer.eos_id], vocab_size=tokenizer.vocab_size
        )

    def version(self) -> str:
        return constrain.__version__

    def compile(self, schema: Any) -> base.Compiled:
        return _Compiled(
            constrain.compile_json_schema(schema, self.vocabulary, whitespace="flexible", preview=self.preview)
        )


class _Compiled(base.Compiled):
    def __init__(self, grammar: constrain.CompiledGrammar) -> None:
        self.grammar = grammar

    def matcher(self) -> base.Matcher:
        return _Matcher(self.grammar.matcher())


class _Matcher(base.Matcher):
    def __init__(self, matcher: constrain.Matcher) -> None:
        self.matcher = matcher
        self.buffer: NDArray[np.int32] | None = None
        self.rows = np.zeros((1, 0), dtype=np.int32)

    def mask(self, into: NDArray[np.int32]) -> None:
        if self.buffer is not into:
            self.buffer, self.rows = into, into.reshape(1, -1)
        self.matcher.fill_next_token_bitmask(self.rows, 0)

    def accept(self, token: int) -> bool:
        return self.matcher.accept_token(token)

    def is_accepting(self) -> bool:
        return self.matcher.is_accepting()
