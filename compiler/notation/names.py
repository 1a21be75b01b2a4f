"""Names of rules as each notation allows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from constrain.compiler.notation.ebnf_reader import MACROS

__all__ = ["bnf_names", "lark_names"]

_RESERVED = frozenset((*MACROS, "true", "false"))


def bnf_names(names: Iterable[str], start: str) -> dict[str, str]:
    """Names for GBNF and EBNF: letters, digits and dashes, as all versions of both take them; the start is ``root``."""

    def spelled(name: str) -> str:
        plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "rule"
        return f"rule-{plain}" if plain[0].isdigit() or plain in _RESERVED else plain

    return _chosen(names, spelled, {start: "root"}, "-")


def lark_names(names: Iterable[str], terminals: frozenset[str], start: str) -> dict[str, str]:
    """Names for Lark: upper case for terminals, lower case for rules; the start is ``start``."""

    def spelled(name: str) -> str:
        plain = re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).strip("_").lower()
        plain = plain if plain[:1].isalpha() else f"rule_{plain}".rstrip("_")
        return plain.upper() if name in terminals else plain

    return _chosen(names, spelled, {start: "start"}, "_")


def _chosen(
    names: Iterable[str], spelled: Callable[[str], str], given: dict[str, str], separator: str
) -> dict[str, str]:
    chosen = dict(given)
    taken = set(given.values())
    for name in names:
        if name in chosen:
            continue
        wanted, number = spelled(name), 1
        found = wanted
        while found in taken:
            number += 1
            found = f"{wanted}{separator}{number}"
        chosen[name] = found
        taken.add(found)
    return chosen
