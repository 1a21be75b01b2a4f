"""xgrammar with any whitespace (its default), one compiler thread, and its compiler's cache on (its default).

``strict_mode=False`` is JSON Schema's own meaning of a missing ``additionalProperties``; True, the library's default,
forbids undeclared properties.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import xgrammar
from numpy.typing import NDArray

from masks.constraint import Constraint
from masks.engines import base
from masks.tokenizer import Tokenizer


class XGrammar(base.Engine):
    package = "xgrammar"

    def __init__(self, tokenizer: Tokenizer, *, strict_mode: bool) -> None:
        super().__init__(tokenizer)
        self.strict_mode = strict_mode
        information = xgrammar.TokenizerInfo.from_huggingface(
            tokenizer.for_transformers(), vocab_size=tokenizer.vocab_size, stop_token_ids=[tokenizer.eos_id]
        )
        self.compiler = xgrammar.GrammarCompiler(information, max_threads=1)
        self.bitmask = xgrammar.allocate_token_bitmask(1, tokenizer.vocab_size)
        self.words: NDArray[np.int32] = self.bitmask.numpy()[0]

    def buffer(self) -> NDArray[np.int32]:
        return self.words

    def compile(self, prepared: Any) -> base.Compiled:
        return _Compiled(self.grammar(prepared), self.bitmask)

    def grammar(self, constraint: Constraint) -> Any:
        """Compile with the library's own function for the kind of constraint."""
        if constraint.kind == "regex":
            return self.compiler.compile_regex(constraint.source)
        if constraint.kind == "lark":
            return self.compiler.compile_lark(constraint.source)
        return self.compiler.compile_json_schema(
            json.dumps(constraint.source), any_whitespace=True, strict_mode=self.strict_mode
        )

    def batch(self, rows: int, threads: int) -> base.Batch:
        return _Batch(xgrammar.allocate_token_bitmask(rows, self.tokenizer.vocab_size), threads)


class _Compiled(base.Compiled):
    def __init__(self, grammar: Any, bitmask: Any) -> None:
        self.grammar, self.bitmask = grammar, bitmask

    def matcher(self) -> base.Matcher:
        return _Matcher(xgrammar.GrammarMatcher(self.grammar), self.bitmask)


class _Matcher(base.Matcher):
    def __init__(self, matcher: Any, bitmask: Any) -> None:
        self.matcher, self.bitmask = matcher, bitmask
        self.stop_ids: list[int] = list(matcher.stop_token_ids)

    def mask(self, into: NDArray[np.int32]) -> None:
        if not self.matcher.fill_next_token_bitmask(self.bitmask):
            into.fill(-1)  # "every token is allowed, the buffer was left alone"

    def accept(self, token: int) -> bool:
        return bool(self.matcher.accept_token(token))

    def is_accepting(self) -> bool:
        words = self.bitmask.numpy()[0]
        self.mask(words)
        return any((int(words[stop >> 5]) >> (stop & 31)) & 1 for stop in self.stop_ids)


class _Batch(base.Batch):
    def __init__(self, bitmask: Any, threads: int) -> None:
        self.bitmask, self.buffer = bitmask, bitmask.numpy()
        self.batch = xgrammar.BatchGrammarMatcher(max_threads=threads)

    def fill(self, matchers: Sequence[base.Matcher]) -> None:
        own = [matcher.matcher for matcher in matchers if isinstance(matcher, _Matcher)]
        self.batch.batch_fill_next_token_bitmask(own, self.bitmask)
