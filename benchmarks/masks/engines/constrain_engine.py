"""This project, by its public names. Any whitespace between JSON tokens, as for the other engines; all else default,
or with formats that nobody defined as annotations."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import constrain
from masks.constraint import Constraint
from masks.engines import base
from masks.tokenizer import Tokenizer


class Constrain(base.Engine):
    package = "constrain-lm"

    def __init__(self, tokenizer: Tokenizer, *, ignore_formats: Sequence[str] = ()) -> None:
        super().__init__(tokenizer)
        # imported when first used, which is no part of a compile
        for front_end in ("json_schema", "lark.contextual", "regex"):
            importlib.import_module(f"constrain.compiler.{front_end}")
        self.ignore_formats = ignore_formats
        self.vocabulary = self.new_vocabulary()

    def new_vocabulary(self) -> constrain.Vocabulary:
        """The tokenizer's tokens, with caches of their own."""
        tokenizer = self.tokenizer
        return constrain.Vocabulary(tokenizer.token_bytes(), [tokenizer.eos_id], vocab_size=tokenizer.vocab_size)

    def version(self) -> str:
        return constrain.__version__

    def compile(self, prepared: Any) -> base.Compiled:
        return _Compiled(self.grammar(prepared, self.vocabulary))

    def grammar(self, constraint: Constraint, vocabulary: constrain.Vocabulary) -> constrain.CompiledGrammar:
        """Compile with this project's own function for the kind of constraint."""
        if constraint.kind == "regex":
            return constrain.compile_regex(constraint.source, vocabulary)
        if constraint.kind == "lark":
            return constrain.compile_lark(constraint.source, vocabulary)
        return constrain.compile_json_schema(
            constraint.source, vocabulary, whitespace="flexible", ignore_formats=self.ignore_formats
        )

    def batch(self, rows: int, threads: int) -> base.Batch:
        return _Batch(np.zeros((rows, (self.tokenizer.vocab_size + 31) // 32), dtype=np.int32))


class ConstrainArtifact(Constrain):
    """Compiled and saved before the clock starts; what is timed is loading the file.

    Grammars are compiled with a vocabulary of their own, so that no cache is warm from that when they are loaded.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__(tokenizer)
        self.compiling = self.new_vocabulary()
        self.folder = tempfile.TemporaryDirectory()
        self.saved = 0

    def prepare(self, constraint: Constraint) -> Any:
        self.saved += 1
        path = Path(self.folder.name) / f"artifact-{self.saved}"
        grammar: Any = self.grammar(constraint, self.compiling)
        grammar.save(path)
        return path

    def compile(self, prepared: Any) -> base.Compiled:
        return _Compiled(constrain.CompiledGrammar.load(prepared, self.vocabulary))


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


class _Batch(base.Batch):
    """``constrain.fill_batch``, whose threads the environment sets."""

    def __init__(self, buffer: NDArray[np.int32]) -> None:
        self.buffer = buffer

    def fill(self, matchers: Sequence[base.Matcher]) -> None:
        own = [matcher.matcher for matcher in matchers if isinstance(matcher, _Matcher)]
        constrain.fill_batch(own, self.buffer)
