"""Expressions that many grammars share, such as those of strings, numbers and formats: written once, then copied."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from constrain.compiler.grammar import Expression, Fragment, GrammarBuilder

__all__ = ["MAXIMUM_FRAGMENTS", "shared"]

MAXIMUM_FRAGMENTS = 1024
"""Fragments that each function keeps; the least recently used goes first."""

_Arguments = ParamSpec("_Arguments")
_Written = TypeVar("_Written", bound=Expression | None)


def shared(
    write: Callable[Concatenate[GrammarBuilder, _Arguments], _Written],
) -> Callable[Concatenate[GrammarBuilder, _Arguments], _Written]:
    """Memoise, over all builders, a function whose expression depends on nothing but its hashable arguments."""

    @lru_cache(maxsize=MAXIMUM_FRAGMENTS)
    def written(*arguments: Hashable, **options: Hashable) -> Fragment | None:
        builder = GrammarBuilder()
        expression = write(builder, *arguments, **options)  # type: ignore[arg-type]  # as they came
        return None if expression is None else builder.fragment(expression)

    @wraps(write)
    def pasted(builder: GrammarBuilder, /, *arguments: _Arguments.args, **options: _Arguments.kwargs) -> _Written:
        fragment = written(*arguments, **options)  # type: ignore[arg-type]  # hashable, or lru_cache says so
        return cast(_Written, None if fragment is None else builder.paste(fragment))

    return pasted
