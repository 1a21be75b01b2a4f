"""Lark grammars shipped with the package."""

from __future__ import annotations

from importlib.resources import files

from constrain.errors import GrammarError

__all__ = ["describe", "load", "names"]


def names() -> list[str]:
    """Names of the shipped grammars, sorted."""
    return sorted(entry.name[:-5] for entry in files(__package__).iterdir() if entry.name.endswith(".lark"))


def load(name: str) -> str:
    """Text of a shipped grammar.

    Raises:
        GrammarError: there is no grammar of that name.
    """
    if name not in names():
        raise GrammarError(f"no grammar is called {name!r}", expected=f"one of {', '.join(names())}")
    return files(__package__).joinpath(f"{name}.lark").read_text(encoding="utf-8")


def describe(name: str) -> str:
    """What a shipped grammar is: the first line of its header comment.

    Raises:
        GrammarError: there is no grammar of that name.
    """
    return load(name).partition("\n")[0].removeprefix("//").strip()
