"""``format`` and ``pattern``: names that nobody defined, and expressions that match anywhere."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from constrain.compiler.json_schema.formats import NAMES, UNRESTRICTED
from constrain.compiler.json_schema.lint.context import Context
from constrain.compiler.json_schema.lint.places import Place
from constrain.compiler.json_schema.lint.warning import LintWarning
from constrain.compiler.json_schema.numbers import INTEGER_FORMATS
from constrain.compiler.json_schema.pointers import shown

__all__ = ["open_ends", "unanchored_pattern", "unknown_format"]


def unknown_format(place: Place, context: Context) -> Iterator[LintWarning]:
    """Formats of no draft and no registry: they are refused, since nothing is ever left out silently."""
    name = place.keys.get("format")
    known = sorted(NAMES | UNRESTRICTED | set(INTEGER_FORMATS))
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
    """Whether text may stand before, and after, what a pattern describes; judged by what its alternatives begin and end
    with.
    """
    ends = [_ends(part) for part in _alternatives(pattern)]
    return any(before for before, _ in ends), any(after for _, after in ends)


def _ends(part: str) -> tuple[bool, bool]:
    if part in ("", "^", "$"):
        return True, True  # every text matches
    depths = list(_depths(part))
    before, after = not part.startswith("^"), not _ends_anchored(part)
    closed = next((i for i, depth in depths if part[i] == ")" and depth == 0), None)
    if before and closed is not None and (inner := _group(part[: closed + 1])) is not None:
        before = part[closed + 1 : closed + 2] in ("?", "*", "{") or open_ends(inner)[0]
    opened = next((i for i, depth in reversed(depths) if part[i] == "(" and depth == 0), None)
    if after and opened is not None and (inner := _group(part[opened:])) is not None:
        after = open_ends(inner)[1]
    return before, after


def _ends_anchored(part: str) -> bool:
    if not part.endswith("$"):
        return False
    slashes = len(part[:-1]) - len(part[:-1].rstrip("\\"))
    return slashes % 2 == 0


def _group(text: str) -> str | None:
    """What is inside, where a text is one group that consumes."""
    if not text.startswith("(") or not text.endswith(")") or text.startswith(("(?=", "(?!", "(?<=", "(?<!")):
        return None
    body = text[1:-1]
    if body.startswith("?:"):
        return body[2:]
    return body.partition(">")[2] if body.startswith("?<") else body


def _alternatives(pattern: str) -> list[str]:
    """The pattern, split at ``|`` outside groups and classes."""
    parts, start = [], 0
    for i, depth in _depths(pattern):
        if depth == 0 and pattern[i] == "|":
            parts.append(pattern[start:i])
            start = i + 1
    return [*parts, pattern[start:]]


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
