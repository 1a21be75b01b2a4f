"""Which notation a grammar is written in: the ending of its file's name says so, unless an option does."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from constrain.cli.problems import UsageProblem

if TYPE_CHECKING:
    from constrain.compiler.notation import Notation

__all__ = ["check_notation", "notation_of"]

_NAMES = ("lark", "gbnf", "ebnf")


def check_notation(option: str, value: str) -> Notation:
    """A notation by its name.

    Raises:
        UsageProblem: there is none of that name.
    """
    if not _is_notation(value):
        raise UsageProblem(f"{option} cannot be {value!r}", expected="'lark', 'gbnf' or 'ebnf'")
    return value


def notation_of(path: str, given: str | None, option: str) -> Notation:
    """The notation of a grammar file.

    Args:
        path: of the file, or ``-``.
        given: the notation that ``option`` names, if it does.
        option: the option's name.

    Raises:
        UsageProblem: there is no such notation.
    """
    if given is not None:
        return check_notation(option, given)
    ending = path.rpartition(".")[2].lower()
    return ending if _is_notation(ending) else "lark"


def _is_notation(name: str) -> TypeGuard[Notation]:
    return name in _NAMES
