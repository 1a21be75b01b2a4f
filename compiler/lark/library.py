"""The grammars inside the installed lark, which ``%import`` reads where no file is found.

Only their texts are taken. Lark itself stays unimported: that and its grammar parser would take longer than all that is
done here.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from constrain.compiler.grammar import Limits
from constrain.compiler.lark.reader import read
from constrain.compiler.lark.source import Source

__all__ = ["names", "source"]


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The grammars there are."""
    return tuple(sorted(path.stem for path in _folder().glob("*.lark")))


@lru_cache(maxsize=16)
def source(name: str) -> Source:
    """One of them, read. KeyError: there is none of that name."""
    if name not in names():
        raise KeyError(name)
    text = (_folder() / f"{name}.lark").read_text(encoding="utf-8")
    file = f"lark's own {name}.lark"
    return Source(text, tuple(read(text, Limits(), file)), file)


def _folder() -> Path:
    lark = find_spec("lark")
    if lark is None or lark.origin is None:
        raise ModuleNotFoundError("%import reads the grammars of the package lark, which is not installed", name="lark")
    return Path(lark.origin).parent / "grammars"
