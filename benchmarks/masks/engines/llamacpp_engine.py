"""llama.cpp's grammars by way of llama-cpp-python: a schema becomes text in GBNF, which that version may parse or not.

Masks need a model in llama.cpp's own format, so there are none here: what can be told is which schemas it takes.
"""

from __future__ import annotations

import json
from typing import Any

from llama_cpp import LlamaGrammar

from masks.constraint import Constraint
from masks.engines import base


class LlamaCpp(base.Engine):
    package = "llama-cpp-python"

    def compile(self, prepared: Any) -> base.Compiled:
        return _Compiled(_grammar(prepared))


def _grammar(constraint: Constraint) -> Any:
    if constraint.kind != "json_schema":
        raise NotImplementedError(f"llama-cpp-python reads JSON Schemas and GBNF, not {constraint.kind}")
    return LlamaGrammar.from_json_schema(json.dumps(constraint.source), verbose=False)


class _Compiled(base.Compiled):
    def __init__(self, grammar: Any) -> None:
        self.grammar = grammar

    def matcher(self) -> base.Matcher:
        raise NotImplementedError("llama.cpp has masks only beside a model in its own format")
