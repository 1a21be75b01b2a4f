"""``format`` and ``pattern``: names that nobody defined, and expressions that match anywhere."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from constrain.compiler.json_schema.formats import DRAFT_FORMATS, REGISTRY_FORMATS
from constrain.compiler.json_schema.lint.context import Context
from constrain.compiler.json_schema.lint.places import Place
from constrain.compiler.json_schema.lint.warning import LintWarning
from constrain.compiler.json_schema.pointers import shown

__all__ = ["open_ends", "unanchored_pattern", "unknown_format"]


def unknown_format(place: Place, context: Context) -> Iterator[LintWarning]:
    """Formats of no draft and no registry: they are refused, since nothing is ever left out silently."""
    name = place.keys.get("format")
    known = sorted(DRAFT_FORMATS | REGISTRY_FORMATS)
    if not isinstance(name, str) or name in known:
        return
    near = difflib.get_close_matches(name.lower().replace("_", "-"), known, 1, 0.75)
    ignoring = f"--ignore-format {name} to take it as a description"
    yield LintWarning(
        "unknown-format",
        f"{place.pointer}/format",
        f"the format {shown(name)} is not defined anywhere, and is refused",
        f"{shown(near[0])}, or {ignoring}" if near else f"a pattern, or {ignoring}",
    )


def unanchored_pattern(place: Place, context: Context) -> Iterator[LintWarning]:
    """Patterns without ``^`` or ``$``: whatever stands before or after is free, and endless."""
    pattern = place.keys.get("pattern")
    if not isinstance(pattern, str):
        return
    before, after = open_ends(pattern)
    if before or after:
        where = "before and after" if before and after else "before" if before else "after"
        yield LintWarning(
            "unanchored-pattern",
            f"{place.pointer}/pattern",
            f"the pattern may match anywhere: any text may stand {where} what it describes",
            f"{'^' if before else ''}...{'$' if after else ''}",
        )


def open_ends(pattern: str) -> tuple[bool, bool]:
    """Whether text may stand before, and after, what a pattern describes; judged by its outermost alternatives."""
    before = after = False
    for part in _alternatives(pattern):
        inner = _inner(part)
        ends = (not part.startswith("^"), not _ends_anchored(part)) if inner is None else open_ends(inner)
        before, after = before or ends[0], after or ends[1]
    return before, after


def _ends_anchored(part: str) -> bool:
    if not part.endswith("$"):
        return False
    slashes = len(part[:-1]) - len(part[:-1].rstrip("\\"))
    return slashes % 2 == 0


def _alternatives(pattern: str) -> list[str]:
    """The pattern, split at ``|`` outside groups and classes."""
    parts, start = [], 0
    for i, depth in _depths(pattern):
        if depth == 0 and pattern[i] == "|":
            parts.append(pattern[start:i])
            start = i + 1
    return [*parts, pattern[start:]]


def _inner(part: str) -> str | None:
    """What is inside, where the whole is one group that is there once."""
    if not part.startswith("(") or not part.endswith(")") or part.startswith(("(?=", "(?!", "(?<=", "(?<!")):
        return None
    if any(depth == 0 for i, depth in _depths(part) if 0 < i < len(part) - 1):
        return None
    body = part[1:-1]
    if body.startswith("?:"):
        return body[2:]
    return body.partition(">")[2] if body.startswith("?<") else body


def _depths(pattern: str) -> Iterator[tuple[int, int]]:
    """Places of characters that are neither escaped nor in a class, with the number of groups around each."""
    depth, in_class, escapes = 0, False, False
    for i, character in enumerate(pattern):
        if escapes:
            escapes = False
        elif character == "\\":
            escapes = True
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character == "(":
            yield i, depth
            depth += 1
        elif character == ")":
            depth -= 1
            yield i, depth
        else:
            yield i, depth
