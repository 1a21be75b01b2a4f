"""outlines-core with its defaults: the schema becomes one regular expression, and that an index over the vocabulary."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from outlines_core import Guide, Index, Vocabulary
from outlines_core.json_schema import build_regex_from_schema

from masks.constraint import Constraint
from masks.engines import base
from masks.tokenizer import Tokenizer


class OutlinesCore(base.Engine):
    package = "outlines-core"

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__(tokenizer)
        table: dict[bytes, list[int]] = {}
        for token, spelling in enumerate(tokenizer.token_bytes()):
            if spelling and token != tokenizer.eos_id:
                table.setdefault(spelling, []).append(token)
        self.vocabulary = Vocabulary(tokenizer.eos_id, table)

    def compile(self, prepared: Any) -> base.Compiled:
        return _Compiled(Index(_regex(prepared), self.vocabulary))


def _regex(constraint: Constraint) -> str:
    if constraint.kind == "regex":
        return str(constraint.source)
    if constraint.kind == "lark":
        raise NotImplementedError("outlines-core has no context-free grammars")
    return str(build_regex_from_schema(json.dumps(constraint.source)))


class _Compiled(base.Compiled):
    def __init__(self, index: Any) -> None:
        self.index = index

    def matcher(self) -> base.Matcher:
        return _Matcher(Guide(self.index))


class _Matcher(base.Matcher):
    def __init__(self, guide: Any) -> None:
        self.guide = guide

    def mask(self, into: NDArray[np.int32]) -> None:
        self.guide.write_mask_into(into.ctypes.data, into.size, into.itemsize)

    def accept(self, token: int) -> bool:
        self.guide.advance(token, return_tokens=False)
        return True

    def is_accepting(self) -> bool:
        return bool(self.guide.is_finished())
