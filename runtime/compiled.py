"""Compiled grammars in the cache, so that a constraint is read once and not at every run.

An entry is what ``CompiledGrammar.save`` writes, under a hash of everything it depends on: the constraint's text and
options, the vocabulary, and the code that compiles. It is trusted no more than any file: one that cannot be used is
made anew, and a cache that cannot be written does without.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import cache as memoised
from pathlib import Path

from constrain import _core
from constrain.compiler import CompiledGrammar, Limits, Vocabulary
from constrain.errors import ArtifactError
from constrain.runtime.cache import Cache

__all__ = ["KIND", "MAX_BYTES", "MAX_ENTRIES", "compiled_once"]

KIND = "compiled"
"""What such entries are called in the cache."""

MAX_BYTES = 1000**3
MAX_ENTRIES = 500
"""Least recently used entries are removed beyond either. Most have some 10 kB."""


def compiled_once(
    cache: Cache,
    made_from: Mapping[str, object],
    vocabulary: Vocabulary,
    make: Callable[[], CompiledGrammar],
    *,
    limits: Limits | None = None,
) -> CompiledGrammar:
    """What ``make`` returns, from the cache where it is there.

    Args:
        cache: where to look and to keep it.
        made_from: all that the grammar's language depends on, in JSON's types.
        vocabulary: the tokens.
        make: compiles; only called when the cache has no usable entry.
        limits: budgets that ``make`` compiles under; None for the defaults.

    Raises:
        ConstrainError: whatever ``make`` raises, and nothing else.
    """
    limits = limits or Limits()
    key = _key(made_from, vocabulary, limits)
    found = cache.find(KIND, key)
    if found is not None:
        with suppress(ArtifactError):
            return CompiledGrammar.load(found, vocabulary, limits=limits)
    compiled = make()
    with suppress(OSError):
        kept = cache.add_bytes(KIND, key, compiled.to_bytes())
        cache.evict(keep=kept, kind=KIND, max_bytes=MAX_BYTES, max_entries=MAX_ENTRIES)
    return compiled


def _key(made_from: Mapping[str, object], vocabulary: Vocabulary, limits: Limits) -> str:
    parts = [made_from, vocabulary.sha256, asdict(limits), _code()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@memoised
def _code() -> list[list[object]]:
    """The code that compiles: names, sizes and times of change. A version alone would not tell the working copies of
    those who change it apart.
    """
    compiler = Path(__file__).parent.parent / "compiler"
    files = [Path(_core.__file__ or ""), *sorted(compiler.rglob("*.py"))]
    return [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files] + [[_core.__version__]]
