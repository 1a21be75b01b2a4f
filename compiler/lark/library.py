"""The grammars that ``%import`` reads: those inside the installed lark, and no file elsewhere.

Only their texts are taken. Lark itself stays unimported: that and its grammar parser would take longer than all that is
done here.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from constrain.compiler.grammar import Limits
from constrain.compiler.lark.reader import read
from constrain.compiler.lark.syntax import Statement

__all__ = ["names", "statements"]


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The grammars there are."""
    return tuple(sorted(path.stem for path in _folder().glob("*.lark")))


@lru_cache(maxsize=16)
def statements(name: str) -> tuple[Statement, ...]:
    """One of them, read. KeyError: there is none of that name."""
    if name not in names():
        raise KeyError(name)
    return tuple(read((_folder() / f"{name}.lark").read_text(encoding="utf-8"), Limits()))


def _folder() -> Path:
    lark = find_spec("lark")
    if lark is None or lark.origin is None:
        raise ModuleNotFoundError("%import reads the grammars of the package lark, which is not installed", name="lark")
    return Path(lark.origin).parent / "grammars"
