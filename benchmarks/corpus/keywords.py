"""Which keywords and formats a schema uses: where they stand as keywords, never in values and names of properties."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from constrain import InputError
from constrain.compiler.json_schema.drafts import LATEST, Draft, detect_draft
from constrain.compiler.json_schema.subschemas import subschemas

__all__ = ["Facts", "facts"]

REGEX = jsonschema_rs.validator_for({"format": "regex"}, validate_formats=True)


@dataclass(frozen=True)
class Facts:
    """What is known about a schema before any engine sees it.

    Attributes:
        keywords: those that constrain values in its draft, wherever they occur.
        formats: the values of ``format``.
        valid: does its metaschema allow it, and is every pattern a regular expression? jsonschema-rs says so.
    """

    keywords: frozenset[str]
    formats: frozenset[str]
    valid: bool


def facts(schema: Any) -> Facts:
    """Walk a schema by the draft that it names, or by the latest."""
    draft, known = LATEST, True
    try:
        draft = detect_draft(schema)
    except InputError:
        known = False
    objects = list(_schema_objects(schema, draft))
    used = _keywords(draft).intersection(key for one in objects for key in one)
    formats = frozenset(one["format"] for one in objects if isinstance(one.get("format"), str))
    # nothing is known against a schema with a metaschema that is not at hand
    valid = (not known or _is_schema(schema, draft)) and all(map(REGEX.is_valid, _patterns(objects)))
    return Facts(used, formats, valid)


def _keywords(draft: Draft) -> frozenset[str]:
    """The draft's keywords, with those that are read together with one of them."""
    found = draft.keywords
    if "if" in found:
        found |= {"then", "else"}
    return found | {"minContains", "maxContains"} if draft.counts_contained else found


def _schema_objects(schema: Any, draft: Draft) -> Iterator[dict[str, Any]]:
    pending = [schema]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            yield one
            pending += [inner for _, inner in subschemas(one, draft)]


def _patterns(objects: Iterable[dict[str, Any]]) -> Iterator[str]:
    for one in objects:
        if isinstance(one.get("pattern"), str):
            yield one["pattern"]
        if isinstance(one.get("patternProperties"), dict):
            yield from one["patternProperties"]


def _is_schema(schema: Any, draft: Draft) -> bool:
    # the metaschema by its one name, so that it is never looked for on the network
    document = {**schema, "$schema": draft.metaschema or draft.uri} if isinstance(schema, dict) else schema
    try:
        return bool(jsonschema_rs.meta.is_valid(document))
    except ValueError:
        return False  # not JSON: a number past every float, or a lone surrogate
