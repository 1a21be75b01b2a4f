"""A grammar whose whole output matches a regular expression, and others with it, and none of yet others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from constrain.compiler.emptiness import has_text
from constrain.compiler.grammar import Grammar, GrammarBuilder, Limits
from constrain.compiler.regex.ast import Node
from constrain.compiler.regex.lower import lower
from constrain.compiler.regex.quoted import quoted
from constrain.errors import ConstrainError, LimitError, RegexError, Span, UnsatisfiableError

__all__ = ["build", "nothing_left"]

_DEFAULT_LIMITS = Limits()

Syntax = Literal["python", "ecma"]


def build(
    pattern: str,
    *,
    syntax: Syntax = "python",
    all_of: Sequence[str] = (),
    none_of: Sequence[str] = (),
    names: tuple[str, str] = ("all_of", "none_of"),
    limits: Limits = _DEFAULT_LIMITS,
) -> Grammar:
    """The texts that ``pattern`` matches from start to end, as a grammar of one terminal.

    Args:
        pattern: the regular expression.
        syntax: ``python`` is Python's ``re`` (as ``re.fullmatch`` reads it), ``ecma`` is ECMA-262 with the ``u`` flag.
        all_of: patterns that the text must match as well, from start to end (intersection).
        none_of: patterns that the text must not match from start to end (difference).
        names: what messages call these two.
        limits: how long the patterns may be, together.

    Raises:
        RegexError: not a regular expression; ``span`` points into the pattern, which a note names if it isn't the
            first.
        UnsupportedError: a construct that is not implemented, by name and column.
        LimitError: a pattern is too long, groups nest too deeply, or a count is too large.
        ValueError: an unknown ``syntax``.
    """
    limits.check("max_pattern_length", sum(map(len, [pattern, *all_of, *none_of])))
    builder = GrammarBuilder()
    parts = [lower(_read(pattern, syntax), builder)]
    for name, patterns in zip(names, (all_of, none_of), strict=True):
        for each in patterns:
            try:
                part = lower(_read(each, syntax), builder)
            except ConstrainError as error:
                error.add_note(f"{name} {quoted(each)}")
                raise
            parts.append(part if patterns is all_of else builder.complement(part))
    return builder.finish(builder.terminal(builder.intersection(parts), "regex"))


def _read(pattern: str, syntax: Syntax) -> Node:
    try:
        pattern.encode()
    except UnicodeEncodeError as error:
        raise RegexError("a lone surrogate is no character", span=Span(1, error.start + 1)) from None
    if syntax == "python":
        from constrain.compiler.regex import python_re

        return python_re.parse(pattern)
    if syntax == "ecma":
        from constrain.compiler.regex import ecma

        return ecma.whole_language(pattern)
    raise ValueError(f"unknown regex syntax {syntax!r}; expected 'python' or 'ecma'")


def nothing_left(
    pattern: str,
    *,
    syntax: Syntax = "python",
    all_of: Sequence[str] = (),
    none_of: Sequence[str] = (),
    names: tuple[str, str] = ("all_of", "none_of"),
    limits: Limits = _DEFAULT_LIMITS,
) -> UnsatisfiableError:
    """The error for patterns that no text satisfies (together): it names the first with which nothing is left.

    Args: as those of :func:`build`.
    """
    if not all_of and not none_of:
        return UnsatisfiableError(f"no text matches {quoted(pattern)}")
    conditions = [(names[0], each) for each in all_of] + [(names[1], each) for each in none_of]
    for count in range(len(conditions) + 1):
        wanted, unwanted = all_of[:count], none_of[: max(count - len(all_of), 0)]
        try:
            some = has_text(build(pattern, syntax=syntax, all_of=wanted, none_of=unwanted, limits=limits), limits)
        except LimitError:
            break
        if some:
            continue
        if count == 0:
            return UnsatisfiableError(f"no text matches {quoted(pattern)}")
        name, culprit = conditions[count - 1]
        others = " and meet the conditions before it" if count > 1 else ""
        return UnsatisfiableError(
            f"{name} {quoted(culprit)} leaves none of the texts that match {quoted(pattern)}{others}",
            expected="patterns that some whole text satisfies together ('.*' around a part lets it stand anywhere)",
        )
    return UnsatisfiableError("no text satisfies all of the patterns together")
