"""``minLength``, ``maxLength``, ``pattern``, ``format``: lengths count characters, patterns see the decoded string."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

from constrain._core import CompiledGrammar
from constrain.compiler.emptiness import over_bytes
from constrain.compiler.grammar import Expression, GrammarBuilder
from constrain.compiler.json_schema import json_text, sources
from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.formats import FORMATS, UNRESTRICTED, key_of
from constrain.compiler.json_schema.model import (
    ALL_TYPES,
    STRING,
    NumberFacet,
    PatternTerm,
    Refusal,
    Schema,
    StringFacet,
)
from constrain.compiler.json_schema.numbers import INTEGER_FORMATS
from constrain.compiler.json_schema.options import Options
from constrain.compiler.json_schema.patterns import check_pattern, has_longest, term_body, term_text
from constrain.compiler.json_schema.values import exact

__all__ = ["body_of", "bounded", "complements", "merge", "read", "read_formats", "texts_of"]


def read(raw: dict[str, Any], pointer: str, options: Options) -> StringFacet:
    """The facet of a schema's length keywords, ``pattern``, and what strings are taken from."""
    minimum = raw.get("minLength")
    maximum = raw.get("maxLength")
    pattern = raw.get("pattern")
    if pattern is not None:
        check_pattern(pattern, f"{pointer}/pattern")
    taken = [
        sources.read(keyword, raw[keyword], f"{pointer}/{keyword}", options.data)
        for keyword in sources.KEYWORDS
        if keyword in raw
    ]
    return StringFacet(
        0 if minimum is None else int(exact(minimum, f"{pointer}/minLength")),
        None if maximum is None else int(exact(maximum, f"{pointer}/maxLength")),
        (*(() if pattern is None else (PatternTerm("pattern", pattern),)), *taken),
    )


def read_formats(
    raw: dict[str, Any], draft: Draft, options: Options, pointer: str
) -> list[PatternTerm | NumberFacet | Refusal]:
    """What ``format``, and in draft 7 the content keywords, ask for; nothing where they are annotations.

    Args:
        raw: the schema.
        draft: the draft that defines formats; one that only others define is taken from them.
        options: how formats are read.
        pointer: the schema's place.
    """
    if not (options.assert_formats or draft.asserts_formats):
        return []
    found: list[PatternTerm | NumberFacet | Refusal] = []
    if "format" in raw:
        found.extend(_format(raw["format"], draft, options, f"{pointer}/format"))
    if draft.asserts_contents:
        for keyword in ("contentEncoding", "contentMediaType"):
            if keyword not in raw or keyword in options.ignored_formats:
                continue
            if keyword == "contentEncoding" and raw[keyword] == "base64":
                found.append(PatternTerm("format", "byte"))
            else:
                what = f"{keyword} {raw[keyword]!r}"
                expected = f"'base64', draft 2019-09 or later, or ignore_formats (--ignore-format {keyword})"
                found.append(Refusal(STRING, what, f"{pointer}/{keyword}", expected))
    return found


def _format(name: Any, draft: Draft, options: Options, pointer: str) -> tuple[PatternTerm | NumberFacet | Refusal, ...]:
    if name in options.ignored_formats:
        return ()
    key = key_of(name, draft.name)
    if key is not None:
        return (PatternTerm("format", key),)
    if name in INTEGER_FORMATS:
        return (INTEGER_FORMATS[name],)
    if name in UNRESTRICTED or options.ignore_unknown_formats:
        return ()
    return (Refusal(ALL_TYPES, f"format {name!r}", pointer, f"{_ignoring(name)} ('unknown': all such)"),)


def _ignoring(name: str) -> str:
    return f"a format that is supported, or ignore_formats (--ignore-format {name}) to take it as a description"


_ANY = StringFacet()


def merge(facets: Sequence[StringFacet]) -> StringFacet:
    """The conjunction."""
    if len(facets) < 2:
        return facets[0] if facets else _ANY
    maxima = [facet.maximum for facet in facets if facet.maximum is not None]
    return StringFacet(
        max(facet.minimum for facet in facets),
        min(maxima, default=None),
        tuple(dict.fromkeys(term for facet in facets for term in facet.patterns)),
    )


def complements(facet: StringFacet) -> list[Schema]:
    """Schemas of which a string satisfies at least one exactly when it does not satisfy ``facet``."""
    found = []
    if facet.minimum > 0:
        found.append(Schema(types=STRING, string=StringFacet(maximum=facet.minimum - 1)))
    if facet.maximum is not None:
        found.append(Schema(types=STRING, string=StringFacet(minimum=facet.maximum + 1)))
    for term in facet.patterns:
        found.append(Schema(types=STRING, string=StringFacet(patterns=(term._replace(negated=not term.negated),))))
    return found


def body_of(
    builder: GrammarBuilder,
    facet: StringFacet,
    texts: Sequence[str] | None,
    excluded: Sequence[str],
    *,
    any_escape: bool = False,
    formats_bound: Literal["inner", "outer"] = "inner",
) -> Expression | None:
    """The bodies (no quotes) of the strings that satisfy ``facet``; None when there are none.

    Args:
        builder: where expressions go.
        facet: lengths and patterns.
        texts: if given, the only candidates.
        excluded: texts that are not allowed.
        any_escape: whether characters may be escaped that need not be.
        formats_bound: on which side formats are approximated that are not practically regular.
    """
    minimum, maximum, patterns = facet
    if maximum is not None and maximum < minimum:
        return None
    parts: list[Expression] = []
    if texts is not None:
        hidden = frozenset(excluded)
        texts = [
            text
            for text in texts
            if text not in hidden and len(text) >= minimum and (maximum is None or len(text) <= maximum)
        ]
        texts, patterns = _decided(texts, patterns)
        if not texts:
            return None
        parts.append(json_text.texts_body(builder, texts, any_escape))
    else:
        if minimum or maximum is not None or not patterns:
            parts.append(json_text.any_characters(builder, minimum, maximum, any_escape=any_escape))
        if excluded:
            parts.append(builder.complement(json_text.texts_body(builder, excluded, any_escape)))
            if len(parts) == 1:
                parts.append(json_text.any_characters(builder, any_escape=any_escape))
    parts.extend(term_body(builder, term, any_escape, formats_bound) for term in patterns)
    return builder.intersection(parts)


_SOME_TEXT = 64
"""Every format has a text of no more characters."""


def bounded(facet: StringFacet, most: int | None, excluded: tuple[str, ...] = ()) -> StringFacet:
    """With at most so many characters, or as many as there must be, unless there is a bound already.

    Args:
        facet: lengths and patterns.
        most: characters; None: no bound.
        excluded: texts that are not allowed.
    """
    if most is None or facet.maximum is not None or any(has_longest(term) for term in facet.patterns):
        return facet
    most = max(most, facet.minimum)
    is_format = len(facet.patterns) == 1 and facet.patterns[0].kind == "format" and not facet.patterns[0].negated
    if is_format and not facet.minimum and not excluded and most >= _SOME_TEXT:
        (term,) = facet.patterns
        if FORMATS[term.text].short is not None:
            return facet._replace(patterns=(term._replace(kind="short format"),))
        return facet._replace(maximum=most)
    return facet._replace(maximum=_least_bound(facet, most, excluded) if facet.patterns else most)


@lru_cache(maxsize=1024)
def _least_bound(facet: StringFacet, most: int, excluded: tuple[str, ...]) -> int:
    """A bound that some string keeps: ``most`` if it can be."""

    def language(facet: StringFacet) -> CompiledGrammar | None:
        builder = GrammarBuilder()
        body = body_of(builder, facet, None, excluded)
        return None if body is None else over_bytes(builder.finish(builder.terminal(body, "string")))

    if language(facet._replace(maximum=most)) is not None:
        return most
    whole = language(facet)
    return most if whole is None else len(json.loads(b'"%b"' % whole.matcher().shortest_completion()))


def texts_of(
    builder: GrammarBuilder, facet: StringFacet, texts: Sequence[str] | None, excluded: Sequence[str]
) -> Expression:
    """The strings themselves, not as JSON writes them; arguments as those of :func:`body_of`."""
    character = builder.char_class([(0, 0x10FFFF)])
    minimum, maximum, patterns = facet
    if maximum is not None and maximum < minimum:
        return builder.literals([])
    parts = [builder.repeat(character, minimum, maximum)]
    if texts is not None:
        if any(term.kind == "format" for term in patterns):
            texts, patterns = _decided(list(texts), patterns)
        parts.append(builder.literals(text.encode() for text in texts))
    if excluded:
        parts.append(builder.complement(builder.literals(text.encode() for text in excluded)))
    parts.extend(term_text(builder, term) for term in patterns)
    return builder.intersection(parts)


def _decided(texts: list[str], patterns: tuple[PatternTerm, ...]) -> tuple[list[str], tuple[PatternTerm, ...]]:
    """The texts that conform to all formats and are taken from all sources, and the other patterns.

    Of a given text a format is decided exactly, while its language may be a part of it only.
    """
    for term in patterns:
        if term.source is not None:
            texts = [text for text in texts if term.source.holds(text) != term.negated]
        elif term.kind == "format":
            from constrain.compiler.json_schema.formats.exact import conforms

            texts = [text for text in texts if conforms(term.text, text) != term.negated]
    return texts, tuple(term for term in patterns if term.kind == "pattern")
